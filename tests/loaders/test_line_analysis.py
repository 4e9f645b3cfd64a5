"""jdaviz's Line Analysis on our spectra: excluded samples do not take the results away."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from fresh_apps import new_app
from make_spectra import extracted
from specutils import SpectralRegion, Spectrum

import jdaviz_stage3 as stage3


def columns() -> dict:
    """A line, descending in wavelength as LRS has it, flagged at both ends and beside the line."""
    wavelength = np.linspace(14, 4, 80)
    flux = 2 + 0.03 * wavelength + np.exp(-(((wavelength - 9) / 0.4) ** 2))
    dq = np.zeros(80, "u4")
    dq[[0, 1, 2, 33, 79]] = 1
    return {"WAVELENGTH": wavelength, "FLUX": flux, "FLUX_ERROR": 0.01 * flux, "DQ": dq}


@pytest.mark.forked
@pytest.mark.parametrize("subset", [None, (7.5, 10.0)])
def test_results_are_those_of_the_good_samples(tmp_path, subset):
    found = columns()
    path = extracted(tmp_path, [(found, {"source_type": "POINT"})])
    app = new_app()
    [label] = stage3.load(path, app=app)
    good = found["DQ"] == 0
    theirs = Spectrum(
        flux=found["FLUX"][good] * u.Jy,
        spectral_axis=found["WAVELENGTH"][good] * u.um,
        uncertainty=StdDevUncertainty(found["FLUX_ERROR"][good] * u.Jy),
    )
    app.load(theirs, format="1D Spectrum", data_label="good samples")
    analysis = app.plugins["Line Analysis"]
    if subset:
        region = SpectralRegion(*subset * u.um)
        app.plugins["Subset Tools"].import_region(region)
    results = []
    for name in (label, "good samples"):
        analysis.dataset = name
        if subset:
            analysis.spectral_subset = "Subset 1"
        results.append(analysis.get_results(add_to_table=False))
    for ours, expected in zip(*results, strict=True):
        assert float(ours["result"]) == pytest.approx(float(expected["result"]), rel=1e-9)
        errors = [float(each["uncertainty"] or "nan") for each in (ours, expected)]
        assert errors[0] == pytest.approx(errors[1], rel=1e-9, nan_ok=True)
    assert float(results[0][0]["uncertainty"]) > 0
    if subset:
        assert float(results[0][-1]["result"]) == pytest.approx(9, abs=0.05)
