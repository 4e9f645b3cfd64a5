"""The aperture that is found in a spectrum, against what the pipeline's own function was given."""

import numpy as np
import pytest
from astropy import units as u
from make_cubes import PIXEL_ARCSEC, cube, cube_arrays, extracted

import jdaviz_stage3 as stage3
from jdaviz_stage3 import Stage3Error
from jdaviz_stage3.analysis.cubes.pipeline_aperture import pipeline_aperture
from jdaviz_stage3.readers.cubes import open_cube

RADIUS = (0.3, 0.45)  # arcsec at the first and the last wavelength


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cube")


@pytest.fixture(scope="module")
def path(folder):
    arrays = cube_arrays(np.linspace(5, 7, 30), (17, 21))
    return cube(folder, arrays, target=(150.1, 2.2))


def aperture_of(cube_path, spectrum_path):
    spectra = stage3.read(spectrum_path, quantity="flux")
    columns = [spectra.column(0, name) for name in ("WAVELENGTH", "NPIXELS")]
    return pipeline_aperture(open_cube(cube_path), spectra[0].meta, columns[0], columns[1].value)


def test_centre_and_radius_are_those_of_the_pipeline(path, folder):
    found = aperture_of(path, extracted(path, folder, radius=RADIUS, center=(9.3, 8.4)))
    assert (found.x, found.y) == (9.3, 8.4)
    np.testing.assert_allclose(found.radius * PIXEL_ARCSEC, np.linspace(*RADIUS, 30), rtol=1e-6)
    # but for one hole, in the plane 3
    assert found.coverage == pytest.approx(1 - 1 / (np.pi * found.radius[3] ** 2), abs=1e-4)
    assert found.radius_at(6.01 * u.um) * PIXEL_ARCSEC == pytest.approx(0.375, abs=0.003)
    wanted = stage3.read(path).wcs.celestial.pixel_to_world(9.3, 8.4)
    assert found.center.separation(wanted).arcsec < 1e-6


def test_at_the_target_it_is_said_where_that_is(path, folder):
    """Without a centre the pipeline takes TARG_RA and TARG_DEC: the middle of the field."""
    found = aperture_of(path, extracted(path, folder, radius=RADIUS))
    assert (found.x, found.y) == pytest.approx((10, 8), abs=1e-5)
    assert found.center.separation(found.target).arcsec < 1e-4


def test_at_the_edge_of_what_was_exposed_the_circle_is_still_the_pipelines(path, folder):
    """NPIXELS leaves out what no exposure saw: √(NPIXELS/π) would be too small."""
    found = aperture_of(path, extracted(path, folder, radius=RADIUS, center=(1.8, 8.0)))
    assert 0.5 < found.coverage < 0.9
    np.testing.assert_allclose(found.radius * PIXEL_ARCSEC, np.linspace(*RADIUS, 30), rtol=2e-3)
    assert np.all(np.sqrt(found.n_pixels / np.pi) < 0.97 * found.radius)


def test_an_extended_source_is_the_whole_field(path, folder):
    found = aperture_of(path, extracted(path, folder, "EXTENDED", name="extended_x1d.fits"))
    assert found.radius is None and np.isnan(found.radius_at(6 * u.um))
    # the first column was not exposed
    np.testing.assert_allclose(found.n_pixels, 17 * 20, atol=1)
    assert (found.x, found.y) == (10, 8)


def test_a_spectrum_that_does_not_say_it_is_refused(path):
    stored, axis = open_cube(path), np.linspace(5, 7, 30) * u.um
    with pytest.raises(Stage3Error, match=r"where it was extracted \(EXTR_X = None, EXTR_Y = 3"):
        pipeline_aperture(stored, {"EXTR_Y": 3.0}, axis, np.ones(30))
    with pytest.raises(Stage3Error, match="no column NPIXELS"):
        pipeline_aperture(stored, {"EXTR_X": 4.0, "EXTR_Y": 3.0}, axis, None)
    with pytest.raises(Stage3Error, match=r"x = 1e\+09, y = 3 .EXTR_X, EXTR_Y., outside of the 21"):
        pipeline_aperture(stored, {"EXTR_X": 1e9, "EXTR_Y": 3.0}, axis, np.ones(30))
    for n_pixels in (1e12, 1000):
        with pytest.raises(Stage3Error, match="summed over .* pixels at 5 um"):
            pipeline_aperture(stored, {"EXTR_X": 4.0, "EXTR_Y": 3.0}, axis, np.full(30, n_pixels))
    with pytest.raises(Stage3Error, match="over no pixel at any wavelength"):
        pipeline_aperture(stored, {"EXTR_X": 4.0, "EXTR_Y": 3.0}, axis, np.zeros(30))
