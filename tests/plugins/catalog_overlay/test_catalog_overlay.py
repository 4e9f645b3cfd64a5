"""The Catalog Overlay plugin through its API, in the generalised app and in Imviz."""

import re
import shutil
from dataclasses import replace

import astropy.units as u
import jdaviz
import matplotlib
import numpy as np
import overlay_tools as tools
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import QTable
from astropy.wcs import WCS
from fresh_apps import new_app
from glue.core import HubListener
from matplotlib.colors import to_hex
from overlay_tools import (
    by_row,
    canvas,
    demo,
    drawn,
    field,
    kinds,
    labels_drawn,
    legend,
    logged,
    marks,
    marks_of_plugin,
    native_markers,
    overlay,
    plugin,
    scene,
    text_of,
    viewer,
    write_catalog,
    zoom,
)
from photutils.centroids import centroid_com, centroid_sources
from python_code import run_python

import jdaviz_stage3 as stage3
from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.plugins.catalog_overlay import SourceSelectionMessage
from jdaviz_stage3.plugins.catalog_overlay.drawing import view_of
from jdaviz_stage3.plugins.catalog_overlay.legend_entries import short_titles

TUTORIAL = "aper_total_flux > 1e-7"
CYAN, AMBER = "#00e5ff", "#ffb300"


@pytest.fixture(scope="module")
def catalog():
    return stage3.read(demo("cat"))


@pytest.fixture(scope="module", params=tools.CONFIGURATIONS)
def app(request):
    """An app with the demo's field in it, loaded in one call."""
    app = new_app(request.param)
    stage3.load(demo("i2d"), demo("segm"), demo("cat"), app=app)
    return app


@pytest.fixture
def plg(app):
    """The plugin as it is after loading; afterwards there are no errors in the log."""
    plg = plugin(app)
    tools.reset(plg)
    app.plugins["Logger"].clear_history()
    yield plg
    align(app, "Pixels")
    assert logged(app) == []


def align(app, how):
    if app.plugins["Orientation"].align_by != how:
        app.plugins["Orientation"].align_by = how


def click(plg, row, **keys):
    _, x, y = drawn(plg)
    where = {"x": float(x[row]), "y": float(y[row])}
    canvas(plg)._mouse({"event": "click", "domain": where, **keys})


# ---- on at once ----


def assert_on(plg):
    assert plg.visible
    assert plg.viewer.selected
    assert scene(plg).in_view == plg.n_sources == 93
    assert set(kinds(plg)) == {("ellipse", CYAN), ("diamond", AMBER)}


def test_a_catalog_loaded_in_one_call_with_its_image_is_on(plg):
    assert_on(plg)
    assert plg.problem == ""


@pytest.mark.forked("deconfigged", "imviz")
@pytest.mark.parametrize("configuration", tools.CONFIGURATIONS)
def test_a_catalog_loaded_after_its_image_is_on(configuration):
    app = new_app(configuration)
    stage3.load(demo("i2d"), app=app)
    assert marks_of_plugin(app) == []
    stage3.load(demo("cat"), app=app)
    assert_on(plugin(app))
    # attaching once more, and loading the same once more, doubles nothing
    before = len(marks_of_plugin(app))
    stage3.attach(stage3.attach(app))
    assert len(marks_of_plugin(app)) == before
    assert logged(app, "error", "warning") == []


@pytest.mark.forked
def test_a_catalog_loaded_before_its_image_is_on():
    app = new_app()
    stage3.load(demo("cat"), app=app)
    assert not plugin(app).visible
    stage3.load(demo("i2d"), app=app)
    assert_on(plugin(app))
    # whose table, which was there first, is listened to
    [table] = [v for v in app._app._viewer_store.values() if hasattr(v, "widget_table")]
    table.widget_table.checked = [4]
    assert plugin(app).selected == [5]
    assert logged(app, "error", "warning") == []


@pytest.mark.forked
def test_a_catalog_of_another_observation_is_off(tmp_path):
    app = new_app()
    stage3.load(demo("i2d"), app=app)
    stage3.load(write_catalog(tmp_path, field(), tools.OTHER_ROOT), app=app)
    plg = plugin(app)
    assert not plg.visible
    assert marks_of_plugin(app) == []
    plg.visible = True  # by hand it is drawn where there are images
    assert plg.viewer.selected == ["Image"]
    assert scene(plg).in_view == 30


def test_overlay_and_native_markers_take_turns(app, plg):
    assert native_markers(plg) == [False]
    plg.visible = False
    assert scene(plg) is None
    assert native_markers(plg) == [True]
    assert not any(mark.visible for mark in marks_of_plugin(app))
    plg.visible = True
    assert native_markers(plg) == [False]
    assert scene(plg).in_view == 93


def test_the_eye_in_the_data_menu_hides_the_overlay(app, plg):
    menu = app.viewers[viewer(plg).reference].data_menu
    menu.set_layer_visibility(plg.catalog.selected, False)
    assert scene(plg) is None
    assert not any(mark.visible for mark in marks_of_plugin(app))
    assert native_markers(plg) == [False]
    menu.set_layer_visibility(plg.catalog.selected, True)
    assert scene(plg).in_view == 93
    assert native_markers(plg) == [False]


def test_a_viewer_can_be_taken_out_and_put_back(app, plg):
    name = viewer(plg).reference
    pictures = []
    for _ in range(2):
        plg.viewer = []
        assert not any(mark.visible for mark in marks_of_plugin(app))
        plg.viewer = [name]
        assert scene(plg).in_view == 93
        pictures.append(len(marks_of_plugin(app)))
    assert pictures[0] == pictures[1]


@pytest.mark.forked
def test_a_viewer_that_was_taken_out_stays_out_when_other_data_are_added(tmp_path):
    app = new_app()
    stage3.load(demo("i2d"), demo("cat"), app=app)
    plg = plugin(app)
    plg.viewer = []
    stage3.load(write_catalog(tmp_path, field(), tools.OTHER_ROOT), app=app)
    plg.catalog = f"{tools.ROOT} cat"
    assert plg.viewer.selected == []


# ---- the controls ----


def pixel(plg):
    """Size of a screen pixel, in a view that is made square."""
    zoom(viewer(plg), 164, 164, 170)
    assert len(drawn(plg)[0]) == 93
    dx, dy = scene(plg).view.pixel
    assert dx == pytest.approx(dy)
    return dx


def extended(catalog):
    return np.asarray(catalog["is_extended"])


@pytest.mark.parametrize("sigma", [3.0, 1.5])
def test_ellipses_have_the_axes_of_the_catalog(plg, catalog, sigma):
    plg.sigma = sigma
    body = extended(catalog)
    for name, column in (("rx", "semimajor_sigma"), ("ry", "semiminor_sigma")):
        size = pixel(plg)
        axes = by_row(plg, name)[body] * size
        np.testing.assert_allclose(axes, sigma * catalog[column].value[body], rtol=1e-6)
    # clockwise on the screen, while the catalog counts from +x to +y
    turn = by_row(plg, "angle")[body] + catalog["orientation"].to_value("deg")[body]
    np.testing.assert_allclose(np.mod(turn + 90, 180), 90, atol=1e-6)
    assert any(f"{sigma:g} σ" in line for line in legend(plg))


def test_apertures_have_the_radii_of_the_catalog(plg, catalog):
    parameters = catalog.meta["aperture_params"]
    parameters = eval(str(parameters), {"array": np.array, "float32": np.float32})
    plg.shape = "Aperture"
    size = pixel(plg)
    for energy, radius in zip(parameters["aperture_ee"], parameters["aperture_radii"], strict=True):
        plg.aperture = str(int(energy))
        found = by_row(plg, "rx")[extended(catalog)] * size
        np.testing.assert_allclose(found, radius, rtol=1e-5)


def test_circles_have_the_radius(plg, catalog):
    plg.shape = "Circle"
    plg.radius = 7.5
    size = pixel(plg)
    for axis in ("rx", "ry"):
        found = by_row(plg, axis)[extended(catalog)] * size
        np.testing.assert_allclose(found, 7.5, rtol=1e-6)


def test_markers_have_kind_and_size(plg, catalog):
    plg.shape, plg.marker, plg.marker_size = "Marker", "square", 20
    plg.point_marker = "star"
    assert set(kinds(plg)) == {("square", CYAN), ("star", AMBER)}
    np.testing.assert_allclose(by_row(plg, "rx"), 10)
    assert kinds(plg)["star", AMBER] == np.flatnonzero(~extended(catalog)).tolist()


def test_types_can_be_drawn_alike(plg):
    plg.by_type = False
    assert set(kinds(plg)) == {("ellipse", CYAN)}
    assert len(drawn(plg)[0]) == 93


def test_colors_and_line_width(plg):
    plg.color, plg.point_color, plg.line_width = "#ff0000", "#0000ff", 4
    assert set(kinds(plg)) == {("ellipse", "#ff0000"), ("diamond", "#0000ff")}
    svg = text_of(marks(plg)._symbols)
    assert 'stroke="#ff0000" stroke-width="4' in svg
    assert 'stroke="#0000ff" stroke-width="4' in svg
    assert CYAN not in svg


@pytest.mark.parametrize("column", ["aper_total_abmag", "aper_total_flux"])
def test_sizes_grow_with_brightness(plg, catalog, column):
    plg.size_by, plg.marker_size, plg.size_max = column, 6, 40
    assert plg.shape == "Marker"
    size = 2 * by_row(plg, "rx")
    values = np.asarray(getattr(catalog[column], "value", catalog[column]))
    there = np.isfinite(values) & ((values > 0) | ("mag" in column))
    assert size[there].min() == pytest.approx(6)
    assert size[there].max() == pytest.approx(40)
    brightness = -values if "mag" in column else values
    assert np.all(np.diff(size[there][np.argsort(brightness[there])]) >= 0)


def test_colors_follow_a_column(plg, catalog):
    plg.color_by = "aper_total_abmag"
    plg.colormap, plg.color_min, plg.color_max = "plasma", 20, 28
    values = np.asarray(catalog["aper_total_abmag"])
    palette = [to_hex(c) for c in matplotlib.colormaps["plasma"](np.linspace(0.15, 1, 12))]
    step = np.clip(np.floor((values - 20) / 8 * 12), 0, 11)
    for group in scene(plg).symbols:
        if group.filled:
            assert {palette[int(step[row])] for row in group.rows} == {group.color}
    hollow = sorted(r for s in scene(plg).symbols if not s.filled for r in s.rows)
    assert hollow == np.flatnonzero(~np.isfinite(values)).tolist()
    assert "aper_total_abmag" in legend(plg)
    assert {"20", "28"} <= set(legend(plg))


def test_colors_by_a_column_leave_the_galaxies_to_be_seen(plg):
    def fills():
        return set(re.findall(r"<g stroke=[^>]* fill=\"([^\"]*)\"", text_of(marks(plg)._symbols)))

    plg.color_by = "aper_total_abmag"
    assert fills() == {"none"} and "stroke-dasharray" in text_of(marks(plg)._symbols)
    plg.fill = True
    assert len(fills()) > 3 and "stroke-dasharray" not in text_of(marks(plg)._symbols)
    plg.fill, plg.color_by = False, "None"
    assert fills() == {"none"} and "stroke-dasharray" not in text_of(marks(plg)._symbols)


def test_the_layer_of_jdaviz_has_the_color_of_the_overlay_both_ways(app, plg):
    options = app.plugins["Plot Options"]
    options.viewer, options.layer = viewer(plg).reference, plg.catalog.selected

    def icon():
        [entry] = [
            item for item in viewer(plg)._data_menu.layer_items
            if item["label"] == plg.catalog.selected
        ]  # fmt: skip
        return entry["colors"]

    assert icon() == [CYAN]
    plg.color = "#123456"
    assert icon() == ["#123456"] and options.marker_color.value == "#123456"
    options.marker_color = "#FF8800"
    assert plg.color == "#ff8800" and icon()[0].lower() == "#ff8800"
    assert ("ellipse", "#ff8800") in kinds(plg)

    def offered(name):
        return getattr(options._obj, f"{name}_sync")["in_subscribed_states"]

    assert offered("marker_color") and offered("marker_visible")
    # of markers that are not drawn
    assert not offered("marker_size") and not offered("marker_fill")


def test_sources_without_a_value_are_counted(plg, catalog):
    column = "aper_total_abmag"
    missing = np.count_nonzero(~np.isfinite(catalog[column]))
    assert missing
    plg.color_by = column
    assert f"{missing} without {column}" in legend(plg)
    plg.add_filter("label <= 0")
    assert not any("without" in line for line in legend(plg))


def test_color_stretch(plg, catalog):
    plg.color_by = "aper_total_flux"
    assert any(line.endswith(" · log") for line in legend(plg))
    logarithmic = kinds(plg)
    plg.color_stretch = "Linear"
    assert kinds(plg) != logarithmic
    assert not any(line.endswith(" · log") for line in legend(plg))
    plg.color_stretch = "Log"
    assert kinds(plg) == logarithmic


def test_labels_up_to_the_cap(plg, catalog):
    assert labels_drawn(plg) == []  # 93 are more than 40
    plg.label_cap = 93
    assert sorted(labels_drawn(plg), key=int) == [str(label) for label in catalog["label"]]
    plg.labels = False
    assert labels_drawn(plg) == []


def test_labels_appear_when_few_sources_are_in_view(plg, catalog):
    x, y = float(catalog["xcentroid"][9]), float(catalog["ycentroid"][9])
    zoom(viewer(plg), x, y, 20)
    assert str(catalog["label"][9]) in labels_drawn(plg)


SAME = ["sigma", "radius", "marker_size", "size_max", "line_width"]
BAD = [
    *((name, value) for name in SAME for value in (0, -1, float("nan"), float("inf"))),
    ("label_cap", -1),
    ("color", "red"),
    ("color", "#12345"),
    ("point_color", "rgb(1, 2, 3)"),
    ("color_min", float("nan")),
    ("color_max", float("inf")),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_warns_and_changes_nothing(plg, name, value):
    if name in ("color_min", "color_max"):
        plg.color_by = "aper_total_abmag"
    before, picture = getattr(plg, name), text_of(marks(plg)._symbols)
    settings = vars(overlay(plg).settings).copy()
    for _ in range(2):  # the second time as well
        with pytest.warns(stage3.Stage3Warning, match=name):
            setattr(plg, name, value)
        assert vars(overlay(plg).settings) == settings
        assert text_of(marks(plg)._symbols) == picture
        assert getattr(plg, name) == before


@pytest.mark.parametrize("name", ["sigma", "label_cap", "color_min"])
def test_a_field_that_is_being_emptied_changes_nothing(plg, name):
    picture = text_of(marks(plg)._symbols)
    setattr(plg, name, "")
    assert text_of(marks(plg)._symbols) == picture


@pytest.mark.parametrize(
    "name", ["shape", "marker", "size_by", "color_by", "colormap", "positions", "catalog"]
)
def test_what_is_not_among_the_choices_is_refused(plg, name):
    before = getattr(plg, name).selected
    with pytest.raises(ValueError, match="nonsense"):
        setattr(plg, name, "nonsense")
    assert getattr(plg, name).selected == before
    assert scene(plg).in_view == 93


def test_every_control_of_the_docstring_is_in_the_api(plg):
    named = re.findall(r"``(\w+)``|:meth:`(\w+)`", type(plg._obj).__doc__)
    names = {first or second for first, second in named}
    assert names <= set(dir(plg))
    offered = {name for name in dir(plg) if not name.startswith("_")}
    assert {n for n in offered if not hasattr(jdaviz.core.user_api.PluginUserApi, n)} - names <= {
        "close_in_tray", "open_in_tray", "show", "api_methods", "keep_active",
    }  # fmt: skip


# ---- positions ----


def on_image(plg, x, y):
    """Positions in the viewer's frame as pixels of the mosaic, through the viewer's own WCS."""
    reference = viewer(plg).state.reference_data
    image = next(d for d in viewer(plg).jdaviz_app.data_collection if d.label.endswith(" i2d"))
    if reference is image:
        return x, y
    return image.coords.world_to_pixel(reference.coords.pixel_to_world(x, y))


@pytest.mark.parametrize("alignment", ["Pixels", "WCS"])
@pytest.mark.parametrize("positions", ["Auto", "Sky", "Pixels"])
def test_symbols_sit_on_the_positions_of_the_catalog(app, plg, catalog, alignment, positions):
    align(app, alignment)
    plg.positions = positions
    rows, x, y = drawn(plg)
    assert rows.tolist() == list(range(93))
    sky = viewer(plg).state.reference_data.coords.pixel_to_world(x, y)
    assert sky.separation(catalog["sky_centroid"]).max() < 0.1 * 0.0629 * u.arcsec
    px, py = on_image(plg, x, y)
    assert np.hypot(px - catalog["xcentroid"], py - catalog["ycentroid"]).max() < 0.1
    assert plg.problem == ""


@pytest.mark.parametrize("alignment", ["Pixels", "WCS"])
def test_symbols_sit_on_the_light_of_the_image(app, plg, catalog, alignment):
    """The centre of light is measured here, not taken from the catalog."""
    align(app, alignment)
    image = stage3.read(demo("i2d")).data
    clean = np.nan_to_num(image - np.nanmedian(image))
    x, y = on_image(plg, *drawn(plg)[1:])
    lone = ~extended(catalog) & (catalog["nn_dist"].value > 12)
    lone &= catalog["aper_total_flux"].value > 1e-7
    lone &= (x > 12) & (x < image.shape[1] - 12) & (y > 12) & (y < image.shape[0] - 12)
    assert np.count_nonzero(lone) >= 5
    cx, cy = centroid_sources(clean, x[lone], y[lone], box_size=7, centroid_func=centroid_com)
    assert np.hypot(cx - x[lone], cy - y[lone]).max() < 0.5


def test_ellipses_are_turned_with_the_image(app, plg, catalog):
    """End points of the long axes, as drawn, lie on the sky where those of the catalog lie."""
    align(app, "WCS")
    body = extended(catalog) & (catalog["ellipticity"] > 0.2)
    _, x, y = drawn(plg)
    dx, dy = scene(plg).view.pixel
    angle = np.radians(by_row(plg, "angle"))
    long = by_row(plg, "rx")
    tip = on_image(plg, x + long * np.cos(angle) * dx, y - long * np.sin(angle) * dy)
    turn = np.arctan2(tip[1] - catalog["ycentroid"], tip[0] - catalog["xcentroid"])
    expected = catalog["orientation"].to_value("rad")
    off = np.mod(np.degrees(turn - expected)[body] + 90, 180) - 90
    assert np.abs(off).max() < 0.5
    length = np.hypot(tip[0] - catalog["xcentroid"], tip[1] - catalog["ycentroid"])[body]
    np.testing.assert_allclose(length, 3 * catalog["semimajor_sigma"].value[body], rtol=0.01)


def test_symbols_follow_another_orientation(app, plg, catalog):
    align(app, "WCS")
    orientation = app.plugins["Orientation"]
    orientation.add_orientation(rotation_angle=40, east_left=True, label="turned", wrt_data=None)
    orientation.orientation = "turned"
    assert viewer(plg).state.reference_data.label == "turned"
    viewer(plg).state.reset_limits()
    rows, x, y = drawn(plg)
    assert len(rows)  # jdaviz shows a part of the image only
    sky = viewer(plg).state.reference_data.coords.pixel_to_world(x, y)
    assert sky.separation(catalog["sky_centroid"][rows]).max() < 0.1 * 0.0629 * u.arcsec
    orientation.orientation = "Default orientation"


# ---- filters ----


def passing(catalog):
    flux = catalog["aper_total_flux"].to_value("Jy")
    error = catalog["aper_total_flux_err"].to_value("Jy")
    return {
        TUTORIAL: flux > 1e-7,
        "aper_total_flux > 0.1 uJy": flux > 1e-7,
        "is_extended == True": extended(catalog),
        "is_extended != True": ~extended(catalog),
        "aper_total_flux / aper_total_flux_err >= 20": flux / error >= 20,
        "aper_total_abmag < 26": np.asarray(catalog["aper_total_abmag"]) < 26,
        "label <= 40": np.asarray(catalog["label"]) <= 40,
        "sky_centroid.dec > -27.791 deg": catalog["sky_centroid"].dec.deg > -27.791,
    }


def assert_shown(plg, expected):
    assert plg.n_shown == expected.sum()
    assert plg._obj.count_text == f"{expected.sum()} of 93 shown"
    assert drawn(plg)[0].tolist() == np.flatnonzero(expected).tolist()
    assert plg.table()["label"].tolist() == (np.flatnonzero(expected) + 1).tolist()


@pytest.mark.parametrize("number", range(8))
def test_a_filter_shows_what_numpy_says(plg, catalog, number):
    condition, expected = list(passing(catalog).items())[number]
    plg.add_filter(condition)
    assert 0 < expected.sum() < 93
    assert_shown(plg, expected)


def test_filters_are_joined_by_and(plg, catalog):
    expected = passing(catalog)
    three = [TUTORIAL, "is_extended == True", "aper_total_flux / aper_total_flux_err >= 20"]
    for count in (1, 2, 3):
        plg.add_filter(three[count - 1])
        assert len(plg.filters) == count
        assert_shown(plg, np.all([expected[text] for text in three[:count]], axis=0))
    plg.remove_filter(0)
    assert_shown(plg, expected[three[1]] & expected[three[2]])
    plg.remove_filter()
    assert_shown(plg, expected[three[1]])
    plg.clear_filters()
    assert_shown(plg, np.ones(93, dtype=bool))
    plg.filters = three
    assert_shown(plg, np.all([expected[text] for text in three], axis=0))
    with pytest.raises(stage3.Stage3Error, match="no filter 7"):
        plg.remove_filter(7)
    plg.filters = TUTORIAL
    assert_shown(plg, expected[TUTORIAL])


def test_a_filter_that_is_there_already_is_not_there_twice(plg):
    plg.add_filter("label < 20")
    with pytest.warns(stage3.Stage3Warning, match="label < 20: is a filter already"):
        plg.add_filter("label<20")
    assert plg.filters == ["label < 20"]
    panel = plg._obj
    panel.filter_column, panel.filter_operator, panel.filter_value = "label", "<", "20"
    panel.vue_add_filter()
    assert plg.filters == ["label < 20"] and "already" in panel.filter_error
    panel.filter_value = "30"
    panel.vue_add_filter()
    assert len(plg.filters) == 2 and panel.filter_error == ""
    panel.vue_clear_filters()
    assert plg.filters == [] and plg.n_shown == plg.n_sources


def test_filters_from_the_fields_of_the_page(plg, catalog):
    obj = plg._obj
    obj.filter_column, obj.filter_divisor = "aper_total_flux", "aper_total_flux_err"
    obj.filter_operator, obj.filter_value = ">=", "20"
    obj.vue_add_filter()
    assert_shown(plg, passing(catalog)["aper_total_flux / aper_total_flux_err >= 20"])
    obj.vue_edit_filter(0)
    assert (obj.filter_column, obj.filter_divisor) == ("aper_total_flux", "aper_total_flux_err")
    assert (obj.filter_operator, obj.filter_value) == (">=", "20")
    before = plg.filters
    obj.filter_value = "many"
    obj.vue_add_filter()
    assert obj.filter_error
    assert plg.filters == before
    obj.filter_operator, obj.filter_value = "<", "20"
    obj.vue_add_filter()  # in the place of the one that is changed
    assert obj.filter_error == ""
    assert_shown(plg, ~passing(catalog)["aper_total_flux / aper_total_flux_err >= 20"])
    obj.vue_remove_filter(0)
    assert plg.n_shown == 93


# ---- selection ----


class Heard(HubListener):
    """What is said on the hub about selections."""

    def __init__(self, app):
        self.messages = []
        app._app.hub.subscribe(self, SourceSelectionMessage, handler=self.messages.append)


def test_select_tells_everyone(app, plg, catalog):
    heard, called = Heard(app), []
    stop = plg.on_selection(called.append)
    plg.select([5, 12])
    assert plg.selected == [5, 12]
    assert plg.selected_table["label"].tolist() == [5, 12]
    assert plg.selected_table.colnames == catalog.colnames
    assert plg.selected_table["aper_total_flux"].unit == u.Jy
    assert called == [[5, 12]]
    assert [(m.catalog, m.labels, m.rows.tolist()) for m in heard.messages] == [
        (plg.catalog.selected, [5, 12], [4, 11])
    ]
    plg.select([5, 12])  # nothing new
    assert len(called) == len(heard.messages) == 1
    stop()
    plg.clear_selection()
    assert plg.selected == []
    assert len(plg.selected_table) == 0
    assert called == [[5, 12]]
    assert heard.messages[-1].labels == []
    app._app.hub.unsubscribe_all(heard)


def test_select_highlights_on_the_image(plg):
    highlight = marks(plg)._highlight
    assert text_of(highlight) == ""
    plg.select(5)
    svg = text_of(highlight)
    assert ">5</text>" in svg
    assert svg.count("<ellipse") + svg.count("<path") == 1
    plg.clear_selection()
    assert text_of(highlight) == ""


def test_select_shows_the_row_in_the_plugin(plg, catalog):
    plg.select(5)
    assert plg._obj.n_selected == 1
    assert plg._obj.selected_title.startswith("Source 5 · ")
    details = {entry["name"]: entry for entry in plg._obj.selected_details}
    own = {n for n in catalog.colnames if not isinstance(catalog[n], SkyCoord)}
    assert own <= set(details)
    assert details["aper_total_flux"]["unit"] == "Jy"
    value = catalog["aper_total_flux"].value[4]
    assert float(details["aper_total_flux"]["value"]) == pytest.approx(value)
    assert details["label"]["description"].startswith("Unique source")
    assert details["is_extended"]["value"] == str(bool(catalog["is_extended"][4]))


def test_a_label_that_there_is_not_changes_nothing(plg):
    plg.select(5)
    for wrong in (999, [6, 999], "five", np.array([999])):
        with pytest.raises(stage3.Stage3Error, match="no source with label (999|'five')"):
            plg.select(wrong)
        assert plg.selected == [5]


def test_a_source_is_selected_once(plg):
    plg.select([5, 5])
    assert plg.selected == [5]


def test_zoom_to_the_selected(plg, catalog):
    plg.select(5, zoom=True)
    state = viewer(plg).state
    x, y = catalog["xcentroid"][4], catalog["ycentroid"][4]
    assert (state.x_min + state.x_max) / 2 == pytest.approx(x, abs=0.1)
    assert (state.y_min + state.y_max) / 2 == pytest.approx(y, abs=0.1)
    assert 20 < state.x_max - state.x_min < 80
    plg.select([1, 93])
    plg.zoom_to_selected()
    for row in (0, 92):
        assert state.x_min < catalog["xcentroid"][row] < state.x_max
        assert state.y_min < catalog["ycentroid"][row] < state.y_max


def test_clicks_select(plg, catalog):
    lone = np.argsort(-catalog["nn_dist"].value)[:3]
    first, second, _ = (int(row) for row in lone)
    labels = [int(catalog["label"][row]) for row in (first, second)]
    click(plg, first)
    assert plg.selected == labels[:1]
    click(plg, second)
    assert plg.selected == labels[1:]
    click(plg, first, ctrlKey=True)
    assert sorted(plg.selected) == sorted(labels)
    click(plg, first, metaKey=True)  # takes it away again
    assert plg.selected == labels[1:]
    nowhere = {"event": "click", "domain": {"x": -500.0, "y": -500.0}}
    canvas(plg)._mouse(nowhere)
    assert plg.selected == labels[1:]


def test_what_is_not_drawn_cannot_be_clicked(plg, catalog):
    row = int(np.flatnonzero(extended(catalog))[0])
    where = {"x": float(catalog["xcentroid"][row]), "y": float(catalog["ycentroid"][row])}
    plg.add_filter("is_extended == False")
    canvas(plg)._mouse({"event": "click", "domain": where})
    assert int(catalog["label"][row]) not in plg.selected
    plg.clear_filters()
    plg.clear_selection()
    plg.visible = False
    canvas(plg)._mouse({"event": "click", "domain": where})
    assert plg.selected == []


def test_the_line_on_the_source_under_the_cursor(plg, catalog):
    row = int(np.argmax(catalog["nn_dist"].value))
    where = {"x": float(catalog["xcentroid"][row]), "y": float(catalog["ycentroid"][row])}
    canvas(plg)._mouse({"event": "mousemove", "domain": where})
    line = plg._obj.hover_text
    flux, error = (catalog[f"aper_total_flux{end}"].value[row] for end in ("", "_err"))
    place = catalog["sky_centroid"][row]
    assert line.startswith(f"Source {catalog['label'][row]} · ")
    assert place.ra.to_string("hourangle", sep=":", precision=3, pad=True) in line
    assert place.dec.to_string(sep=":", precision=2, pad=True, alwayssign=True) in line
    assert f" aper_total {flux:.4g} ± {error:.2g} Jy" in line
    assert f"{catalog['aper_total_abmag'][row]:.2f}" in line
    assert line.endswith("extended" if catalog["is_extended"][row] else "point-like")
    assert line.split(" · ")[0] in text_of(canvas(plg).annotations._caption)
    canvas(plg)._mouse({"event": "mouseleave"})
    assert plg._obj.hover_text == ""
    assert text_of(canvas(plg).annotations._caption) == ""


# ---- the legend ----


def test_titles_of_catalogs_are_short_and_different():
    demo, other, others = f"{tools.ROOT} cat", f"{tools.OTHER_ROOT} cat", "jw1_nircam_f200w cat"
    assert short_titles([demo, other]) == ["f444w-sub320 catalog", "f200w catalog"]
    assert short_titles(["stars", f"{demo} (1)"]) == ["stars", "f444w-sub320 catalog (1)"]
    long, other_long = short_titles([other, others]), short_titles([f"{'a' * 40}{n}" for n in "12"])
    assert len(set(long)) == len(set(other_long)) == 2
    assert max(map(len, [*long, *other_long])) <= 28


def test_the_legend_goes_out_of_the_way_of_what_is_selected(plg):
    drawn_legend, view = canvas(plg).annotations.legend, viewer(plg)
    zoom(view, 80, 80, 90)
    left, top, width, height = drawn_legend.box
    assert left == top == 8
    rows, x, y = drawn(plg)
    shown = view_of(view)
    # bring a source under the legend, then select it
    pixel = np.abs(shown.pixel)
    source = int(np.argmin(np.hypot(x - 80, y - 80)))
    dx = x[source] - (shown.x[0] + (left + width / 2) * pixel[0])
    dy = y[source] - (shown.y[1] - (top + height / 2) * pixel[1])
    zoom(view, 80 + dx, 80 + dy, 90)
    assert drawn_legend.box[:2] == (8, 8)
    plg.select(overlay(plg).sources.labels[rows[source]])
    assert drawn_legend.box[0] == 8 and drawn_legend.box[1] > top + height
    zoom(view, 80, 80, 90)  # it is not under the corner any more
    assert drawn_legend.box[:2] == (8, 8)
    zoom(view, 80 + dx, 80 + dy, 90)
    assert drawn_legend.box[1] > top + height
    plg.clear_selection()
    assert drawn_legend.box[:2] == (8, 8)


def test_a_click_folds_the_legend_and_selects_nothing(plg):
    drawn_legend, shown = canvas(plg).annotations.legend, view_of(viewer(plg))
    full = legend(plg)
    dx, dy = np.abs(shown.pixel)
    where = {"x": shown.x[0] + 14 * dx, "y": shown.y[1] - 14 * dy}
    canvas(plg)._mouse({"event": "click", "domain": where})
    assert legend(plg) == ["▸ Legend"] and plg.selected == []
    area = np.prod(drawn_legend.box[2:])
    canvas(plg)._mouse({"event": "click", "domain": where})
    assert legend(plg) == full and np.prod(drawn_legend.box[2:]) > 3 * area


def test_the_legend_is_where_it_is_put(plg):
    drawn_legend, shown = canvas(plg).annotations.legend, view_of(viewer(plg))
    try:
        plg.legend = "Bottom right"
        left, top, width, height = drawn_legend.box
        assert 0 < shown.width - left - width < 50 and 0 < shown.height - top - height < 50
        assert "plg.legend = 'Bottom right'" in plg.to_python()
        plg.legend = "Folded"
        assert legend(plg) == ["▸ Legend"]
        plg.legend = "Off"
        assert legend(plg) == []
    finally:
        plg.legend = "Auto"
    assert len(legend(plg)) >= 3


def test_the_legend_is_dragged_and_stays_there(plg):
    drawn_legend, view = canvas(plg).annotations.legend, viewer(plg)
    zoom(view, 80, 80, 90)
    shown, (left, top, *size) = view_of(view), drawn_legend.box

    def at(right, down):
        dx, dy = np.abs(shown.pixel)
        return {"x": shown.x[0] + right * dx, "y": shown.y[1] - down * dy}

    def mouse(kind, right, down):
        canvas(plg)._mouse({"event": kind, "domain": at(right, down)})

    mouse("dragstart", left + 20, top + 10)
    mouse("dragmove", left + 70, top + 55)
    mouse("dragmove", left + 140, top + 75)
    mouse("dragend", left + 140, top + 75)
    np.testing.assert_allclose(drawn_legend.box, (left + 120, top + 65, *size))
    assert plg.selected == []
    # also over what is selected, for somebody wants it there
    rows, x, y = drawn(plg)
    inside = [row for row, x, y in zip(rows, x, y, strict=True) if drawn_legend.holds(x, y)]
    plg.select(overlay(plg).sources.labels[inside or rows[:1]])
    np.testing.assert_allclose(drawn_legend.box[:2], (left + 120, top + 65))
    plg.clear_selection()
    # as Python
    [line] = plg._obj.legend_lines()
    canvas(plg).put_legend("Auto")
    exec(line, {"plg": plg})
    np.testing.assert_allclose(drawn_legend.box, (left + 120, top + 65, *size), atol=0.1)
    assert line in plg.to_python()
    for place in ("Middle", (0.5, 1.2), 3):
        with pytest.raises(Stage3Error, match="expected one of 'Auto', 'Top left'"):
            plg.place_legend(view.reference, place)
    with pytest.raises(Stage3Error, match=f"there are legends in: '{view.reference}'"):
        plg.place_legend("no viewer", "Off")
    # folded it is there, too; where it is folded, its room is larger
    mouse("click", left + 140, top + 75)
    assert legend(plg) == ["▸ Legend"] and drawn_legend.box[0] > left + 120
    mouse("dragstart", drawn_legend.box[0] + 5, drawn_legend.box[1] + 5)
    mouse("dragmove", 1e4, -1e4)  # no further than the edges
    np.testing.assert_allclose(drawn_legend.box[:2], (shown.width - drawn_legend.box[2], 0))
    mouse("dragend", 1e4, -1e4)
    # beside it nothing is dragged
    mouse("dragstart", 5, shown.height - 5)
    mouse("dragmove", 50, 50)
    np.testing.assert_allclose(drawn_legend.box[:2], (shown.width - drawn_legend.box[2], 0))
    # k: from corner to corner
    corners = []
    for _ in range(5):
        assert plg._obj.step_legend(view.reference)
        corners.append(tuple(bool(edge > 100) for edge in drawn_legend.box[:2]))
    assert corners == [(False, False), (False, True), (True, True), (True, False), (False, False)]
    assert not plg._obj.step_legend("no viewer")
    canvas(plg).put_legend("Auto")
    assert drawn_legend.box[:2] == (8, 8)


def test_what_is_drawn_is_not_stretched_when_the_viewer_gets_another_size(plg):
    """Though limits stay as they are: the same shape, or a session that was saved in it."""
    view = viewer(plg)
    browser_tells(view, 800, 600)
    zoom(view, 80, 80, 60)
    plg.select(overlay(plg).sources.labels[:1])
    for width, height in ((400, 300), (1600, 1200), (1590, 1192)):
        browser_tells(view, width, height)
        assert stretches(marks(plg)._symbols, view) == pytest.approx((1, 1), abs=2e-3)
        assert stretches(canvas(plg).segments[overlay(plg)]._fill, view) == (
            pytest.approx((1, 1), abs=2e-3)
        )
        assert stretches(canvas(plg).annotations.legend.picture, view) == (
            pytest.approx((1, 1), abs=1e-2)  # of whole pixels
        )
    plg.clear_selection()
    view._vl.view_data = {}


def browser_tells(view, width, height):
    """What glue hears when a browser has drawn a viewer, or its size has changed."""
    now = "2026-01-01T00:00:00"
    size = {"width": width, "height": height, "focused_at": now, "resized_at": now}
    view._vl.view_data = {"view": size}


def stretches(picture, view):
    """How many screen pixels there are for one of a picture, along x and y."""
    [(width, height)] = re.findall(r'<svg [^>]*width="(\d+)" height="(\d+)"', text_of(picture))
    mark, scales = picture.mark, picture.mark.scales
    ends = ((mark.x, scales["x"], width), (mark.y, scales["y"], height))
    parts = [np.ptp(at) / abs(scale.max - scale.min) / int(own) for at, scale, own in ends]
    return tuple(np.multiply(parts, view.shape[::-1]))


def test_in_a_small_viewer_the_legend_is_folded_at_first(plg, monkeypatch):
    monkeypatch.setattr("jdaviz_stage3.plugins.catalog_overlay.legend.view_of", small_view)
    canvas(plg).put_legend("Auto")
    assert legend(plg) == ["▸ Legend"]


def small_view(view):
    return replace(view_of(view), width=300.0, height=150.0)


# ---- tables ----


@pytest.fixture
def table(app, plg):
    """The catalog's table, opened by the plugin (once: the second time it says which)."""
    label = plg.open_table()
    assert plg.open_table() == label
    table = app._app._viewer_store[label].widget_table
    table.options = {**table.options, "sortBy": [], "sortDesc": [], "page": 1}
    return table


def test_the_table_has_each_column_once_with_its_unit(plg, table):
    headers = [header["text"] for header in table.headers]
    assert headers[:3] == ["RA [deg]", "Dec [deg]", "label"]
    assert "aper_total_flux [Jy]" in headers and "aper_total_abmag" in headers
    assert not {"X", "Y", "ID"} & set(headers)
    assert "X" not in table.items[0] and "xcentroid" in table.items[0]
    plg.visible = False  # as jdaviz has it
    assert {"X", "Y", "ID", "aper_total_flux"} <= {header["text"] for header in table.headers}
    plg.visible = True
    assert [header["text"] for header in table.headers] == headers


def test_rows_checked_in_the_table_are_selected(plg, table):
    table.checked = [2, 40]
    assert plg.selected == [3, 41]
    assert text_of(marks(plg)._highlight)
    table.checked = []
    assert plg.selected == []


def test_a_row_clicked_in_the_table_is_selected(plg, table):
    table.highlighted = 17
    assert plg.selected == [18]
    assert table.checked == [17]


def test_selecting_turns_the_table_to_the_row(plg, table):
    plg.select([48, 3])
    assert sorted(table.checked) == [2, 47]
    assert table.highlighted == 47
    assert table.options["page"] == 47 // table.options["itemsPerPage"] + 1
    plg.clear_selection()
    assert table.checked == []


@pytest.mark.parametrize("descending", [False, True])
def test_selecting_turns_a_sorted_table_to_the_row(plg, catalog, table, descending):
    table.options = {
        **table.options, "sortBy": ["aper_total_flux"], "sortDesc": [descending], "page": 1,
    }  # fmt: skip
    flux = catalog["aper_total_flux"].value
    place = np.count_nonzero(flux > flux[47] if descending else flux < flux[47])
    plg.select(48)
    assert table.checked == [47]
    assert table.options["page"] == place // table.options["itemsPerPage"] + 1


@pytest.mark.forked
def test_a_table_that_was_opened_by_hand_is_listened_to():
    app = new_app()
    labels = stage3.load(demo("i2d"), demo("cat"), app=app)
    plg = plugin(app)
    creator = app.new_viewers["Table"]
    creator.dataset = labels[1]
    creator()
    [view] = [v for v in app._app._viewer_store.values() if hasattr(v, "widget_table")]
    plg.select(9)
    assert view.widget_table.checked == [8]
    assert plg._obj.has_table
    view.widget_table.checked = [2, 5]
    assert plg.selected == [3, 6]
    app._app.vue_destroy_viewer_item(view.reference)
    plg.select(9)
    assert not plg._obj.has_table
    assert plg.open_table() in app.viewers
    assert logged(app) == []


# ---- several catalogs ----


def test_two_catalogs_have_their_own_colors_and_settings(tmp_path, app, plg):
    first = plg.catalog.selected
    [second] = stage3.load(write_catalog(tmp_path, field(), tools.OTHER_ROOT), app=app)
    try:
        plg.sigma = 2
        plg.add_filter(TUTORIAL)
        plg.select(5)
        plg.catalog = second
        assert (plg.sigma, plg.filters, plg.selected, plg.visible) == (3, [], [], False)
        plg.visible = True
        plg.shape = "Marker"
        plg.sigma = 5
        colors = {o.settings.color for o in canvas(plg).marks} | {
            o.settings.point_color for o in canvas(plg).marks
        }
        assert len(colors) == 4
        lines = legend(plg)  # the filters tell the catalogs apart
        assert "f444w-sub320 catalog" in lines and "f200w catalog" in lines
        heard = []
        stop = plg.on_selection(heard.append)
        # a click on a source of the other catalog chooses that
        plg.select(2)
        plg.catalog = first
        assert (plg.sigma, plg.shape, plg.selected) == (2, "Ellipse", [5])
        assert len(plg.filters) == 1
        stop()
        plg.catalog = second
        assert (plg.sigma, plg.shape, plg.selected, plg.filters) == (5, "Marker", [2], [])
        _, x, y = drawn(plg)
        plg.catalog = first
        plg.visible = False
        canvas(plg)._mouse({"event": "click", "domain": {"x": x[20], "y": y[20]}})
        assert plg.catalog.selected == second
        assert plg.selected == [21]
    finally:
        app._app.data_item_remove(second)
        plg.catalog = first
    assert [o.sources.name for o in canvas(plg).marks] == [first]


# ---- segmentation maps ----


@pytest.fixture
def outlined(plg):
    plg.segmentation = f"{tools.ROOT} segm"
    return plg


def segments(plg):
    return canvas(plg).segments[overlay(plg)]


def corners(path, view):
    """Positions of an SVG path in the viewer's frame."""
    numbers = np.array(re.findall(r"-?[\d.]+", path), dtype=float).reshape(-1, 2)
    dx, dy = view.pixel
    return view.x[0] + numbers[:, 0] * dx, view.y[1] - numbers[:, 1] * dy


@pytest.mark.parametrize("alignment", ["Pixels", "WCS"])
def test_the_selected_segment_is_filled_where_it_is(app, plg, alignment):
    align(app, alignment)
    assert text_of(segments(plg)._fill) == ""
    plg.select(12)
    svg = text_of(segments(plg)._fill)
    [path] = re.findall(r' d="([^"]*)"', svg)
    assert re.search(r'fill-opacity="0\.[1-4]', svg)
    x, y = on_image(plg, *corners(path, segments(plg)._drawn))
    rows, columns = np.nonzero(fits.getdata(demo("segm"), "SCI") == 12)
    rough = 0.1 * max(map(abs, segments(plg)._drawn.pixel)) + 0.1
    assert x.min() == pytest.approx(columns.min() - 0.5, abs=rough)
    assert x.max() == pytest.approx(columns.max() + 0.5, abs=rough)
    assert y.min() == pytest.approx(rows.min() - 0.5, abs=rough)
    assert y.max() == pytest.approx(rows.max() + 0.5, abs=rough)


@pytest.mark.parametrize("alignment", ["Pixels", "WCS"])
def test_outlines_lie_on_the_borders(app, outlined, alignment):
    plg = outlined
    align(app, alignment)
    svg = text_of(segments(plg)._outlines)
    [path] = re.findall(r' d="([^"]*)"', svg)
    assert f'stroke="{CYAN}"' in svg
    assert svg.count("fill=") == 0 or 'fill="none"' in svg
    px, py = on_image(plg, *corners(path, segments(plg)._drawn))
    rough = 0.1 * max(map(abs, segments(plg)._drawn.pixel)) + 0.1
    # corners of pixels, beside a pixel of one label and one of another
    off = np.hypot(px + 0.5 - np.round(px + 0.5), py + 0.5 - np.round(py + 0.5))
    assert off.max() < rough
    labels = np.pad(fits.getdata(demo("segm"), "SCI"), 1)
    i, j = np.round(py + 0.5).astype(int), np.round(px + 0.5).astype(int)
    around = np.array([labels[i + a, j + b] for a in (0, 1) for b in (0, 1)])
    assert np.all(around.min(axis=0) != around.max(axis=0))
    plg.segmentation = "None"
    assert text_of(segments(plg)._outlines) == ""


def test_outlines_are_computed_once(monkeypatch, app, plg):
    from jdaviz_stage3.plugins.catalog_overlay import overlay as module

    count, calls = module.segment_edges, []
    monkeypatch.setattr(module, "segment_edges", lambda *a: calls.append(1) or count(*a))
    overlay(plg)._edges = segments(plg)._frame = None  # what the other tests have left
    plg.segmentation = f"{tools.ROOT} segm"
    assert len(calls) == 1
    plg.sigma = 2
    plg.select([3, 4])
    plg.add_filter(TUTORIAL)
    zoom(viewer(plg), 100, 100, 20)
    align(app, "WCS")
    plg.visible = False
    plg.visible = True
    plg.segmentation = "None"
    plg.segmentation = f"{tools.ROOT} segm"
    assert len(calls) == 1


def test_outlines_go_with_the_overlay(outlined):
    plg = outlined
    plg.select(12)
    plg.visible = False
    assert text_of(segments(plg)._outlines) == text_of(segments(plg)._fill) == ""
    plg.visible = True
    assert text_of(segments(plg)._outlines)
    assert text_of(segments(plg)._fill)


# ---- export ----


def test_the_filtered_catalog_goes_round(tmp_path, plg, catalog):
    plg.add_filter(TUTORIAL)
    path = plg.export_catalog(tmp_path / "bright_cat.ecsv")
    again = stage3.read(path)
    expected = catalog[passing(catalog)[TUTORIAL]]
    assert again.colnames == expected.colnames
    assert str(again.meta) == str(expected.meta)
    for name in expected.colnames:
        if isinstance(expected[name], SkyCoord):
            assert again[name].separation(expected[name]).max() < 1e-6 * u.arcsec
            continue
        assert again[name].dtype == expected[name].dtype
        assert getattr(again[name], "unit", None) == getattr(expected[name], "unit", None), name
        assert again[name].info.description == expected[name].info.description
        np.testing.assert_allclose(
            np.asarray(again[name], dtype=float), np.asarray(expected[name], dtype=float), rtol=1e-5
        )
    with pytest.raises(stage3.Stage3Error, match="is there already"):
        plg.export_catalog(path)
    assert plg.export_catalog(path, overwrite=True) == path


def test_regions_are_where_the_sources_are(tmp_path, plg, catalog):
    from regions import Regions

    plg.add_filter("label <= 10")
    regions = Regions.read(plg.export_regions(tmp_path / "sources.reg"), format="ds9")
    assert [str(region.meta["text"]) for region in regions] == [str(n) for n in range(1, 11)]
    places = SkyCoord([getattr(region, "center") for region in regions])  # noqa: B009
    assert places.separation(catalog["sky_centroid"][:10]).max() < 0.1 * 0.0629 * u.arcsec


def test_the_python_of_the_settings_makes_the_same_picture(app, plg):
    plg.sigma, plg.color, plg.size_by = 2, "#ff0000", "aper_total_abmag"
    plg.shape, plg.color_by, plg.color_max = "Circle", "aper_total_flux", 1e-6
    plg.filters = [TUTORIAL, "is_extended == True"]
    plg.segmentation = f"{tools.ROOT} segm"
    code, picture = plg.to_python(), text_of(marks(plg)._symbols)
    tools.reset(plg)
    assert text_of(marks(plg)._symbols) != picture
    run_python(code, app)
    assert text_of(marks(plg)._symbols) == picture
    assert plg.to_python() == code


# ---- many sources ----


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """The demo's mosaic with 20 000 sources."""
    table = field(20_000)
    path = write_catalog(tmp_path_factory.mktemp("crowded"), table)
    app = new_app()
    stage3.load(demo("i2d"), path, app=app)
    return app, table


def test_many_sources_are_a_density_and_exact_when_zoomed_in(crowded):
    app, table = crowded
    plg = plugin(app)
    density = scene(plg).density
    assert density.sum() == len(table) == scene(plg).in_view
    assert scene(plg).symbols == []
    assert any("density" in line for line in legend(plg))
    # where the sources are: half of the image's height, counted from below
    edge = scene(plg).view
    ys = np.linspace(*edge.y, len(density) + 1)
    middle = np.searchsorted(ys, 160)
    y = table["ycentroid"]
    assert density[:middle].sum() == pytest.approx(np.sum(y < ys[middle]), abs=1)

    zoom(viewer(plg), 150, 150, 20)
    assert scene(plg).density is None
    (x0, x1), (y0, y1) = scene(plg).view.x, scene(plg).view.y
    x = table["xcentroid"]
    inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
    assert drawn(plg)[0].tolist() == np.flatnonzero(inside).tolist()
    viewer(plg).state.reset_limits()
    assert scene(plg).density.sum() == len(table)


def test_few_of_many_are_exact(crowded):
    app, table = crowded
    plg = plugin(app)
    plg.add_filter("aper_total_flux > 0.99 uJy")
    expected = np.flatnonzero(table["aper_total_flux"] > 0.99 * u.uJy)
    assert drawn(plg)[0].tolist() == expected.tolist()
    plg.clear_filters()
    assert scene(plg).density is not None


def test_sources_of_a_density_can_be_selected(crowded):
    app, table = crowded
    plg = plugin(app)
    plg.select(777)
    assert ">777</text>" in text_of(marks(plg)._highlight)
    plg.clear_selection()


def test_panning_in_the_browser_draws_what_comes_into_view(crowded):
    app, table = crowded
    plg = plugin(app)
    view = viewer(plg)
    zoom(view, 100, 100, 10)
    before = scene(plg).view
    canvas(plg)._next = 0.0
    with view.scales["x"].hold_trait_notifications():
        view.scales["x"].min, view.scales["x"].max = 190.0, 210.0
    after = scene(plg).view
    assert after.x[0] <= 190 and after.x[1] >= 210
    assert before.x[1] < 190
    view.state.reset_limits()


# ---- what is removed ----


@pytest.fixture(params=tools.CONFIGURATIONS)
def busy(request):
    """An app whose overlay has everything on."""
    app = new_app(request.param)
    stage3.load(demo("i2d"), demo("segm"), demo("cat"), app=app)
    plg = plugin(app)
    plg.segmentation = f"{tools.ROOT} segm"
    plg.color_by = "aper_total_abmag"
    plg.select([3, 4])
    click(plg, 10)
    canvas(plg)._mouse({"event": "mousemove", "domain": {"x": 100.0, "y": 100.0}})
    return app


@pytest.mark.forked
def test_a_catalog_is_removed(busy):
    plg = plugin(busy)
    plg.open_table()
    view, heard = viewer(plg), []
    layers = list(view.figure.marks)
    plg.select([3, 4])
    plg.on_selection(heard.append)
    busy._app.data_item_remove(f"{tools.ROOT} cat")
    assert marks_of_plugin(busy) == []
    assert len(view.figure.marks) < len(layers)
    assert heard == [[]]
    obj = plg._obj
    assert (obj.count_text, plg.problem, plg.selected, plg.n_sources) == ("", "", [], 0)
    zoom(view, 50, 50, 10)  # nothing listens any more
    view.state.reset_limits()
    stage3.load(demo("cat"), app=busy)
    assert_on(plugin(busy))
    assert plugin(busy).selected == []
    assert logged(busy) == []


@pytest.mark.forked
def test_a_viewer_is_removed(busy):
    plg = plugin(busy)
    view = viewer(plg)
    busy._app.vue_destroy_viewer_item(view.reference)
    assert not [m for m in view.figure.marks if hasattr(m, "image") and m in marks_of_plugin(busy)]
    assert not any(
        getattr(getattr(m, "image", None), "format", "") == "svg+xml" for m in view.figure.marks
    )
    assert plg.viewer.selected == []
    view.state.x_min = 3.0  # nothing listens any more
    plg.select(9)
    plg.sigma = 2
    assert marks_of_plugin(busy) == []
    assert logged(busy) == []


@pytest.mark.forked("imviz")
def test_the_images_are_removed(busy):
    plg = plugin(busy)
    busy._app.data_item_remove(f"{tools.ROOT} segm")
    assert plg.segmentation == "None"
    assert scene(plg) is not None
    busy._app.data_item_remove(f"{tools.ROOT} i2d")
    assert not any(mark.visible for mark in marks_of_plugin(busy))
    plg.select(9)
    plg.sigma = 2
    if busy._app.config == "imviz":
        return
    stage3.load(demo("i2d"), app=busy)
    plg.visible = True
    assert scene(plg).in_view == 93
    assert plg.problem == ""
    assert logged(busy) == []
    assert not [t for t in logged(busy, "warning") if "another field" in t]


@pytest.mark.forked("imviz")
def test_one_of_two_viewers_is_removed():
    app = new_app("imviz")
    app.create_image_viewer()
    stage3.load(demo("i2d"), demo("cat"), app=app)
    plg = plugin(app)
    app._app.add_data_to_viewer("imviz-1", f"{tools.ROOT} i2d")
    assert plg.viewer.selected == ["imviz-0", "imviz-1"]
    assert all(c.marks[overlay(plg)].scene for c in plg._obj._canvases.values())
    app.destroy_viewer("imviz-1")
    assert plg.viewer.selected == ["imviz-0"]
    assert scene(plg).in_view == 93
    plg.sigma = 2
    assert logged(app) == []


# ---- the imaging views of the pipeline notebooks, in three lines or fewer ----


def renamed(folder, mode):
    """The demo's field as products of another mode: i2d, segm, cat."""
    names = {"i2d": "fits", "segm": "fits", "cat": "ecsv"}
    return [shutil.copy(demo(s), folder / f"jw09990-o001_t001_{mode}_{s}.{e}") for s, e in
            names.items()]  # fmt: skip


def short_wavelength(folder):
    """The demo's mosaic with pixels of half the size, as of the short wavelength channel."""
    path = folder / "jw09998-o001_t001_nircam_clear-f200w-sub320_i2d.fits"
    with fits.open(demo("i2d")) as hdus:
        header = hdus[0].header.copy()
        header["FILENAME"] = path.name
        wcs = WCS(hdus["SCI"].header)
        wcs.wcs.crpix = wcs.wcs.crpix * 2 - 0.5
        wcs.wcs.cdelt = wcs.wcs.cdelt / 2
        data = np.kron(hdus["SCI"].data, np.ones((2, 2), "f4"))
    image = fits.ImageHDU(data, name="SCI", header=wcs.to_header())
    image.header["BUNIT"] = "MJy/sr"
    fits.HDUList([fits.PrimaryHDU(header=header), image]).writeto(path)
    return path


@pytest.mark.forked
def test_nircam_imaging(tmp_path, catalog):
    app, long, cat, short = new_app(), demo("i2d"), demo("cat"), short_wavelength(tmp_path)

    stage3.load(short, long, cat, app=app, align_by="WCS")
    app.plugins["Catalog Overlay"].shape = "Marker"

    plg = plugin(app)
    assert plg.viewer.selected == ["Image"]
    shown = [layer.layer.label for layer in viewer(plg).layers]
    assert [label.split()[-1] for label in shown if "i2d" in label] == ["i2d", "i2d"]
    assert {marker for marker, _ in kinds(plg)} == {"circle", "diamond"}
    sky = viewer(plg).state.reference_data.coords.pixel_to_world(*drawn(plg)[1:])
    assert sky.separation(catalog["sky_centroid"]).max() < 0.1 * 0.0629 * u.arcsec


@pytest.mark.forked
def test_niriss_imaging(tmp_path, catalog):
    app, (i2d, _, cat) = new_app(), renamed(tmp_path, "niriss_clear-f200w")

    stage3.load(i2d, cat, app=app)

    assert_on(plugin(app))
    assert sorted(legend(plugin(app))[1:])[1] == "point-like"


@pytest.mark.forked
def test_miri_imaging(tmp_path, catalog):
    app, (i2d, _, cat) = new_app(), renamed(tmp_path, "miri_f770w")

    stage3.load(i2d, cat, app=app)
    plg = app.plugins["Catalog Overlay"]
    plg.shape, plg.marker, plg.color, plg.point_marker, plg.point_color = "Marker", "triangle", "#0000ff", "circle", "#ff0000"  # noqa: E501 # fmt: skip

    star = np.flatnonzero(~extended(catalog)).tolist()
    assert kinds(plg)["circle", "#ff0000"] == star
    assert len(kinds(plg)["triangle", "#0000ff"]) == 93 - len(star)


@pytest.mark.forked
def test_niriss_wfss_direct_image(tmp_path, catalog):
    app, (i2d, segm, cat) = new_app(), renamed(tmp_path, "niriss_f200w-gr150r")

    labels = stage3.load(i2d, segm, cat, app=app)
    plg = app.plugins["Catalog Overlay"]
    plg.segmentation, plg.label_cap = labels[1], 100

    assert text_of(canvas(plg).segments[overlay(plg)]._outlines)
    assert len(labels_drawn(plg)) == len(drawn(plg)[0]) == 93


@pytest.mark.forked
def test_coronagraphy_target(tmp_path):
    app, (i2d, *_) = new_app(), renamed(tmp_path, "miri_f1065c-mask1065")
    header = fits.getheader(i2d)
    target = SkyCoord(header["TARG_RA"], header["TARG_DEC"], unit="deg")

    stage3.load(i2d, app=app)
    app.load(QTable({"sky_centroid": target.reshape(1)}), format="Catalog")
    app.plugins["Catalog Overlay"].visible = True

    plg = plugin(app)
    _, x, y = drawn(plg)
    sky = viewer(plg).state.reference_data.coords.pixel_to_world(x, y)
    assert sky.separation(target).max() < 0.01 * u.arcsec
    assert plg.problem == ""


# ---- what others do meanwhile ----


@pytest.mark.forked
def test_a_renamed_segmentation_map_stays_outlined(busy):
    plg = plugin(busy)
    label = plg.segmentation.selected
    busy._app.rename_data(label, "my map")
    assert plg.segmentation.selected == "my map"
    plg._obj._show_current()
    assert segments(plg).map.label == "my map"
    assert "plg.segmentation = 'my map'" in plg.to_python()


@pytest.mark.forked
def test_a_listener_that_raises_stops_nothing(busy):
    plg = plugin(busy)
    heard = []

    def broken(labels):
        raise RuntimeError("not ours")

    plg.on_selection(broken)
    plg.on_selection(heard.append)
    plg.select([9])
    assert heard == [[9]]
    plg.clear_selection()
    assert heard == [[9], []]


@pytest.mark.forked
def test_what_changes_nothing_is_not_sent_again(busy):
    """Messages of the app come by the dozen when something is loaded."""
    plg = plugin(busy)
    pictures = [mark.image for mark in marks_of_plugin(busy)]
    for _ in range(3):
        plg._obj.redraw()
    assert [mark.image for mark in marks_of_plugin(busy)] == pictures
    plg.sigma = 4
    assert [mark.image for mark in marks_of_plugin(busy)] != pictures


@pytest.mark.forked
def test_drawing_leaves_no_widgets_behind(busy):
    from ipywidgets.widgets.widget import _instances

    plg = plugin(busy)
    plg.sigma = 1.5
    before = len(_instances)
    for step in range(10):
        plg.sigma = 2 + step / 10
    assert len(_instances) == before


@pytest.mark.forked
def test_switched_off_outlines_stay_off_in_the_code(busy):
    plg = plugin(busy)
    plg.segmentation = "None"
    assert "plg.segmentation = 'None'" in plg.to_python()
