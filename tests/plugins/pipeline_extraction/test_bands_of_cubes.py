"""One aperture in all cubes of a target, from the panel."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from fresh_apps import new_app
from make_cubes import CENTER, MRS_FACTORS, cube, cube_arrays, mrs_cubes

import jdaviz_stage3 as stage3
from jdaviz_stage3 import Stage3Error
from jdaviz_stage3.analysis import aperture_spectra, band_offsets, stitch
from jdaviz_stage3.jdaviz_compat import cube_viewers_showing, spectrum_viewers_showing

SOURCE = SkyCoord(*CENTER, unit="deg").spherical_offsets_by(0.15 * u.arcsec, -0.1 * u.arcsec)
TEXT = SOURCE.to_string("hmsdms", sep=":", precision=6)


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return mrs_cubes(tmp_path_factory.mktemp("mrs"), 30, (0, 1, 2))


@pytest.fixture(scope="module")
def loaded(paths):
    app = new_app()
    labels = stage3.load(*paths, app=app)
    plugin = app.plugins["Pipeline Extraction"]
    plugin.position, plugin.radius, plugin.reference = TEXT, 0.5, 8.0
    return app, labels, plugin


@pytest.fixture(scope="module")
def wanted(paths):
    cubes = [stage3.read(path) for path in paths]
    return aperture_spectra(cubes, SOURCE, 0.5 * u.arcsec, reference=8 * u.um)


def data(app, label):
    return app._app._jdaviz_helper.get_data(label)


def test_three_cubes_have_one_viewer_and_their_sums_another(loaded):
    app, labels, plugin = loaded
    assert list(app.viewers) == ["3D Spectrum", "1D Spectrum"]
    assert plugin._obj.n_cubes == 3
    [viewer] = spectrum_viewers_showing(app, labels[1])
    assert [layer.layer.label for layer in viewer.layers] == labels[1::2]
    assert plugin.dataset.choices == labels[::2]


def test_the_spectra_are_those_of_the_analysis(loaded, wanted):
    app, labels, plugin = loaded
    found = plugin.extract_bands()
    for spectrum, other, label in zip(found, wanted, labels[::2], strict=True):
        np.testing.assert_allclose(spectrum.flux.value, other.flux.value, rtol=1e-6)
        shown = data(app, f'{label} (r = 0.5" at 8 um)')
        np.testing.assert_allclose(shown.flux.value, other.flux.value, rtol=1e-6)
        [viewer] = spectrum_viewers_showing(app, f'{label} (r = 0.5" at 8 um)')
    # the sums over the fields are in the way, and hidden
    assert spectrum_viewers_showing(app, labels[1]) == []
    assert plugin.bands_text.startswith('3 cubes, r = 0.5" at 8 um, about 10:00:24.01')


def test_the_offsets_are_in_the_panel(loaded, wanted):
    _, _, plugin = loaded
    plugin.extract_bands(add_data=False)
    rows, table = plugin._obj.offsets, band_offsets(wanted)
    assert [row["bands"] for row in rows] == ["1 MEDIUM / 1 SHORT", "1 LONG / 1 MEDIUM"]
    for row, other, first in zip(rows, table, (0, 1), strict=True):
        ratio, error = map(float, row["ratio"].split(" ± "))
        assert ratio == pytest.approx(other["ratio"], abs=1e-4)
        assert error == pytest.approx(other["ratio_err"], abs=1e-4)
        assert ratio == pytest.approx(MRS_FACTORS[first + 1] / MRS_FACTORS[first], abs=0.01)
    assert rows[0]["overlap"] == "5.660–5.740"


@pytest.mark.parametrize("scale", [False, True])
def test_stitching(scale, loaded, wanted):
    app, _, plugin = loaded
    plugin.scale_bands = scale
    found, other = plugin.stitch_bands(), stitch(wanted, scale=scale)
    np.testing.assert_allclose(found.flux.value, other.flux.value, rtol=1e-6)
    label = '3 bands, r = 0.5" at 8 um' + (", scaled" if scale else "")
    np.testing.assert_allclose(data(app, label).flux.value, other.flux.value, rtol=1e-6)
    plugin.scale_bands = False


def test_another_cube_takes_the_place_of_the_one_that_is_shown(loaded):
    app, labels, plugin = loaded
    plugin.dataset = labels[4]
    plugin.show_cube()
    assert [len(cube_viewers_showing(app, label)) for label in labels[::2]] == [0, 0, 1]
    assert 6.53 < app.plugins["Spectral Slice"].value < 7.65
    plugin.dataset = labels[0]
    plugin.show_cube()
    plugin.show_cube()  # it is there
    assert [len(cube_viewers_showing(app, label)) for label in labels[::2]] == [1, 0, 0]
    assert list(app.viewers) == ["3D Spectrum", "1D Spectrum"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"position": "somewhere"}, "'somewhere' is no position"),
        ({"position": "10 20"}, "outside the field, .*; left out; 1 MEDIUM"),
        ({"radius": ""}, "radius is '', expected a number above 0"),
        ({"reference": 0.0}, "reference is 0.0, expected a number above 0"),
    ],
)
def test_apertures_that_cannot_be(settings, message, loaded):
    app, _, plugin = loaded
    before = list(app.datasets)
    try:
        for name, value in settings.items():
            setattr(plugin._obj, name, value)
        with pytest.raises(Stage3Error, match=message):
            plugin.extract_bands()
    finally:
        plugin.position, plugin.radius, plugin.reference = TEXT, 0.5, 8.0
    assert list(app.datasets) == before


@pytest.mark.forked
def test_a_radius_may_be_constant_and_the_position_that_of_the_target(tmp_path):
    app = new_app()
    path = cube(tmp_path, cube_arrays(np.linspace(5, 6, 12), (17, 21)), target=CENTER)
    stage3.load(path, app=app)
    plugin = app.plugins["Pipeline Extraction"]
    plugin.radius = 0.4
    [found] = plugin.extract_bands()
    assert plugin._obj.offsets == []
    np.testing.assert_allclose(found.meta["radius"].to_value(u.arcsec), 0.4)
    assert found.meta["center"].separation(SkyCoord(*CENTER, unit="deg")).arcsec < 1e-6
