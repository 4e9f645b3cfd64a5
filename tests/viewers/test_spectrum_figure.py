"""The axes of the figures of a source's spectra."""

import numpy as np
import pytest
from astropy import units as u
from specutils import Spectrum

from jdaviz_stage3.viewers.spectrum_figure import SpectrumFigure


def limits(flux, combined):
    """The limits of the flux axis where a spectrum is shown, as one of an exposure or combined."""
    wavelength = np.linspace(1, 2, len(flux)) * u.um
    one = Spectrum(flux=flux * u.Jy, spectral_axis=wavelength)
    figure = SpectrumFigure(lambda *_: None)
    figure.show("", [] if combined else [("x1d", one)], ("c1d", one) if combined else None, None)
    return figure._flux.min, figure._flux.max


@pytest.mark.parametrize("combined", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_lines_are_whole_and_single_samples_are_cut(combined, seed):
    noise = np.random.default_rng(seed).normal(1, 0.1, 300)
    low, high = limits(noise, combined)
    assert low < 0.85 and 1.15 < high < 1.6
    line = noise.copy()
    line[150:153] += [3, 5, 2.8]
    assert line.max() <= limits(line, combined)[1] < 1.3 * line.max()
    outlier = noise.copy()
    outlier[150], outlier[40] = 1e3, np.nan
    assert high - 0.4 < limits(outlier, combined)[1] < 2
    assert limits(np.full(300, np.nan), combined) == (0, 1)
