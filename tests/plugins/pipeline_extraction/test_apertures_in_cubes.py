"""The pipeline's aperture in a cube: drawn slice by slice, in words, and summed."""

import jdaviz
import numpy as np
import pytest
from astropy import units as u
from make_cubes import CENTER, PIXEL_ARCSEC, cube, cube_arrays, extracted

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import shown_in

RADIUS = (0.3, 0.45)
AXIS = np.linspace(5, 7, 30)


def load(folder, source_type, **options):
    path = cube(folder, cube_arrays(AXIS, (17, 21)), target=CENTER)
    spectrum = extracted(path, folder, source_type, radius=RADIUS, **options)
    app = jdaviz.new_app()
    labels = stage3.load(path, spectrum, app=app)
    return app, labels, app.plugins["Pipeline Extraction"]


@pytest.fixture(scope="module")
def point(tmp_path_factory):
    return load(tmp_path_factory.mktemp("point"), "POINT", center=(10.4, 8.2))


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    return load(tmp_path_factory.mktemp("extended"), "EXTENDED")


def outline(app, label):
    """The line over the cube, as x and y."""
    [viewer] = shown_in(app, label)
    marks = [m for m in viewer.figure.marks if getattr(m, "colors", None) == ["#ff9100"]]
    [mark] = marks
    return np.array(mark.x), np.array(mark.y)


def test_after_loading_it_is_there(point):
    app, labels, plugin = point
    assert plugin.problem == ""
    assert plugin.dataset == labels[0] and plugin.spectrum == labels[2]
    text = plugin.window_text
    assert text.startswith('The pipeline summed a circle of radius 0.3" at 5 um to 0.45" at 7 um ')
    # 0.4 pixels west and 0.2 north of the target
    assert "about RA 10:00:24.00, Dec +02:12:00.03 (x = 10.40, y = 8.20, counted from 0)" in text
    assert '0.058" from the target' in text


@pytest.mark.parametrize("plane", [0, 13, 29])
def test_the_circle_follows_the_slice(plane, point):
    app, labels, _ = point
    app.plugins["Spectral Slice"].value = float(AXIS[plane])
    x, y = outline(app, labels[0])
    radius = np.interp(plane, (0, 29), RADIUS) / PIXEL_ARCSEC
    np.testing.assert_allclose(np.hypot(x - 10.4, y - 8.2), radius, rtol=1e-6)


def test_switching_it_off_and_on(point):
    app, labels, plugin = point
    plugin.show_window = False
    with pytest.raises(ValueError, match="not enough values"):
        outline(app, labels[0])
    app.plugins["Spectral Slice"].value = 6.0  # draws nothing either
    with pytest.raises(ValueError, match="not enough values"):
        outline(app, labels[0])
    plugin.show_window = True
    assert len(outline(app, labels[0])[0])


@pytest.mark.parametrize("kind", ["point", "extended"])
def test_the_sum_is_that_of_the_pipeline(kind, request):
    """Without a reference file for apertures, extract_1d corrects nothing."""
    _, _, plugin = request.getfixturevalue(kind)
    found = plugin.compare()
    assert found.median == pytest.approx(1, abs=1e-6) and found.scatter < 1e-6
    assert found.n_channels == 30
    assert "median 1, scatter" in plugin.ratio_text
    subtracted = "BACKGROUND is subtracted from the sum, too" in plugin.ratio_text
    assert subtracted == (kind == "point")


def test_the_sum_as_a_spectrum(point):
    app, labels, plugin = point
    total = plugin.extract()
    pipeline = app._app._jdaviz_helper.get_data(labels[2])
    np.testing.assert_allclose(total.flux.value, pipeline.flux.value, rtol=1e-6)
    assert total.flux.unit == u.Jy and np.all(total.uncertainty.array > 0)
    assert f"{labels[0]} (sum) (1)" in app.datasets or f"{labels[0]} (sum)" in app.datasets


def test_of_an_extended_source_it_is_the_field(extended):
    app, labels, plugin = extended
    assert plugin.window_text.startswith("The pipeline summed the whole field, 339 to 340 pixels")
    x, y = outline(app, labels[0])
    assert (x.min(), x.max(), y.min(), y.max()) == (-0.5, 20.5, -0.5, 16.5)


def test_an_x1d_of_the_field_is_in_the_unit_of_the_sum(extended):
    """FLUX, also of extended sources: what is shown beside it is a sum, too."""
    app, labels, _ = extended
    assert app._app._jdaviz_helper.get_data(labels[2]).flux.unit == u.Jy
