"""A cube and its x1d as the pipeline has written them."""

import numpy as np
import pytest
from astropy import units as u
from shared_data import DATA

import jdaviz_stage3 as stage3
from jdaviz_stage3.analysis import summed_spectrum

if not DATA.is_dir():
    pytest.skip("the folder ../shared/data is not beside the repository", allow_module_level=True)


def test_the_sum_over_the_field_is_the_pipelines_spectrum():
    """Of an extended source: FLUX is the sum, NPIXELS how many pixels have samples."""
    [cube], [spectrum] = (
        list((DATA / "simulated" / "spec3").glob(f"*ch1-short_{kind}.fits"))
        for kind in ("s3d", "x1d")
    )
    found = summed_spectrum(stage3.read(cube))
    spectra = stage3.read(spectrum, quantity="flux")
    np.testing.assert_allclose(found.flux.to_value(u.Jy), spectra[0].flux.to_value(u.Jy), rtol=1e-6)
    np.testing.assert_allclose(found.uncertainty.array, spectra[0].uncertainty.array, rtol=1e-5)
    np.testing.assert_array_equal(found.meta["n_pixels"], spectra.column(0, "NPIXELS").value)
    np.testing.assert_allclose(
        found.spectral_axis.to_value(u.um), spectra[0].spectral_axis.to_value(u.um), rtol=1e-7
    )
