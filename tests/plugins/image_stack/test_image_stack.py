"""The tray plugin: which frame is shown."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from fresh_apps import new_app
from glue.core.roi import RectangularROI
from glue.core.subset import RoiSubsetState
from make_stacks import SHAPE, stack, stack_arrays
from regions import PixCoord, RectanglePixelRegion
from snackbars import snackbar_texts

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import data_of, glue_viewer, shown_in
from jdaviz_stage3.viewers.keys import keyboard
from jdaviz_stage3.viewers.picture_title import show_picture_title

LABEL = "psfsub stack"


@pytest.fixture(scope="module")
def arrays():
    return stack_arrays()


@pytest.fixture(scope="module")
def shared_app(arrays, tmp_path_factory):
    app = new_app()
    folder = tmp_path_factory.mktemp("stacks")
    stage3.load(stack(folder, "psfsub", arrays=arrays), app=app)
    stage3.load(stack(folder, "psfalign", model="QuadModel", shape=(2, 3, 6, 8)), app=app)
    return app


@pytest.fixture
def plugin(shared_app):
    plugin = shared_app.plugins["Image Stack"]
    plugin.keep_active = True
    plugin.stack = plugin.stack.choices[0]
    plugin.frame, plugin.picture, plugin.limits = 1, "frame", "whole stack"
    plugin.show_flagged, plugin.marked_flags = False, ["DO_NOT_USE"]
    plugin.reference_from, plugin.reference_to = 1, ""
    yield plugin
    plugin.keep_active = False


def shown(plugin):
    return plugin._obj.data().picture


def test_frames_are_shown_as_they_are_in_the_file(plugin, arrays):
    assert plugin.n_frames == SHAPE[0]
    for number in (2, SHAPE[0], 1):
        plugin.frame = number
        np.testing.assert_array_equal(shown(plugin), arrays["data"][number - 1])
        assert plugin._obj.title_text.startswith(f"integration {number} of {SHAPE[0]}, BJD_TDB")


@pytest.mark.parametrize("number", [0, -1, SHAPE[0] + 1])
def test_no_such_frame(plugin, number):
    plugin.frame = 2
    with pytest.raises(stage3.Stage3Error, match=rf"frame = {number}, expected 1 to {SHAPE[0]}"):
        plugin.frame = number
    assert plugin.frame == 2


def test_each_stack_keeps_its_frame(plugin):
    plugin.frame = 5
    plugin.stack = plugin.stack.choices[1]
    assert (plugin.n_frames, plugin.frame, plugin.psf) == (2, 1, 1)
    plugin.frame, plugin.psf = 2, 3
    assert plugin._obj.title_text == "integration 2 of 2, PSF 3 of 3"
    plugin.stack = plugin.stack.choices[0]
    assert plugin.frame == 5
    plugin.stack = plugin.stack.choices[1]
    assert (plugin.frame, plugin.psf) == (2, 3)
    plugin.frame = plugin.psf = 1


def test_each_frame_is_answered(plugin):
    """The browser sends the next number only then."""
    for number in (4, 5):
        before = plugin._obj.answered
        plugin.frame = number
        assert plugin._obj.answered == before + 1


def test_the_limits_of_all_frames_are_the_same(plugin, shared_app, arrays):
    layer = glue_viewer(shared_app, LABEL).state.layers[0]
    plugin.frame = 2
    limits = layer.v_min, layer.v_max
    plugin.frame = 3
    assert (layer.v_min, layer.v_max) == limits
    good = np.where(arrays["dq"] & 1, np.nan, arrays["data"])
    wanted = np.nanpercentile(good, [2.5, 97.5])
    np.testing.assert_allclose(limits, wanted, rtol=1e-5)
    layer.v_max = limits[1] / 2  # in Plot Options: frames keep it, other pictures have their own
    plugin.frame = 4
    assert layer.v_max == limits[1] / 2
    plugin.picture = "standard deviation"
    assert layer.v_max != limits[1] / 2
    plugin.picture = "frame"
    plugin.frame = 3
    assert (layer.v_min, layer.v_max) == limits
    plugin.limits = "each frame"
    wanted = np.nanpercentile(good[2], [2.5, 97.5])
    np.testing.assert_allclose((layer.v_min, layer.v_max), wanted, rtol=1e-5)
    plugin.limits = "as they are"
    layer.v_min = -7.0
    plugin.frame = 4
    assert layer.v_min == -7.0


@pytest.mark.parametrize(("key", "number"), [("ArrowRight", 1), ("ArrowLeft", SHAPE[0]), ("b", 3)])
def test_arrow_keys(plugin, shared_app, key, number):
    plugin.frame = SHAPE[0] if key == "ArrowRight" else 1
    if key == "b":
        plugin.frame = 3
    keyboard(shared_app).press(key, LABEL)
    assert plugin.frame == number


def test_flagged_pixels_of_the_frame_are_marked(plugin, shared_app, arrays):
    viewer = glue_viewer(shared_app, LABEL)
    plugin.show_flagged, plugin.marked_flags = True, ["OUTLIER", "SATURATED"]
    for number in (1, 4):
        plugin.frame = number
        [mark] = plugin._obj._marks[viewer]._flagged._marks.values()
        y, x = np.nonzero(arrays["dq"][number - 1] & (16 | 2))
        np.testing.assert_array_equal((mark.y, mark.x), (y, x))
        assert plugin._obj.flagged_text == f"{len(x)} flagged pixels are in view."
    plugin.show_flagged = False
    assert not plugin._obj._marks[viewer]._flagged._marks


def test_nothing_is_drawn_or_listened_to_while_closed(plugin, shared_app):
    plugin.show_flagged = True
    viewer = glue_viewer(shared_app, LABEL)
    before = len(viewer.figure.marks)
    plugin.keep_active = False
    assert len(viewer.figure.marks) < before and plugin._obj._marks == {}


def test_python_says_what_is_shown(plugin):
    plugin.frame = 7
    code = plugin.to_python()
    assert "plg.frame = 7" in code and "plg.picture = 'frame'" in code
    compile(code, "code", "exec")


def blanked(arrays):
    return np.where(arrays["dq"] & 1, np.nan, arrays["data"]).astype(float)


@pytest.mark.parametrize(
    ("picture", "title", "made"),
    [
        ("mean", "mean of integrations 2 to 9", lambda cube, _: np.nanmean(cube, axis=0)),
        ("median", "median of integrations 2 to 9", lambda cube, _: np.nanmedian(cube, axis=0)),
        ("standard deviation", "standard deviation of integrations 2 to 9",
         lambda cube, _: np.nanstd(cube, axis=0, ddof=1)),
        ("frame − median", "integration 3 of 12", lambda cube, f: f - np.nanmedian(cube, axis=0)),
        ("frame − mean", "integration 3 of 12", lambda cube, f: f - np.nanmean(cube, axis=0)),
    ],
)  # fmt: skip
def test_pictures_of_several_frames(plugin, arrays, picture, title, made):
    plugin.reference_from, plugin.reference_to = 2, 9
    plugin.frame, plugin.picture = 3, picture
    cube = blanked(arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of pixels that are never good
        wanted = made(cube[1:9], cube[2])
    np.testing.assert_allclose(shown(plugin), wanted, rtol=2e-6, atol=2e-6)
    assert plugin._obj.title_text.startswith(title) and plugin.problem == ""


def test_progress_is_told(plugin, monkeypatch):
    told = []
    monkeypatch.setattr("jdaviz_stage3.analysis.stacks.blocks._BLOCK", 400)
    monkeypatch.setattr(plugin._obj._pictures, "_kept", {})
    plugin._obj.observe(lambda change: told.append(change.new), "percent_done")
    try:
        for picture in ("median", "flagged frames"):
            told.clear()
            plugin.picture = picture
            assert len(told) > 3 and told == sorted(told) and told[-1] == 100
            plugin._obj.percent_done = 0
    finally:
        plugin._obj.unobserve_all("percent_done")
        plugin._obj.percent_done = 100


@pytest.mark.forked
def test_no_progress_is_left_of_what_failed(tmp_path):
    app = new_app()
    path = stack(tmp_path, "psfsub")
    stage3.load(path, app=app)
    plugin = app.plugins["Image Stack"]
    stack(tmp_path, "psfsub", shape=(3, 16, 20))
    plugin.picture = "median"
    assert "written anew" in plugin.problem and plugin._obj.percent_done == 100


def test_errors_and_flags_as_pictures(plugin, arrays):
    plugin.frame, plugin.picture = 3, "error"
    np.testing.assert_array_equal(shown(plugin), arrays["err"][2])
    plugin.marked_flags, plugin.picture = ["JUMP_DET", "SATURATED"], "flagged frames"
    np.testing.assert_array_equal(shown(plugin), (arrays["dq"] & 6 != 0).sum(axis=0))
    data = plugin._obj.data()
    assert data.get_component(data.main_components[0]).units == ""
    plugin.marked_flags = []
    assert "no flags chosen" in plugin.problem
    plugin.picture = "frame"
    assert plugin.problem == ""
    assert data.get_component(data.main_components[0]).units == "MJy / sr"


@pytest.mark.parametrize("numbers", [(0, 3), (5, 4), (1, 13)])
def test_no_such_range(plugin, arrays, numbers):
    plugin.picture = "frame"
    plugin.reference_from, plugin.reference_to = numbers
    plugin.picture = "mean"
    first, last = numbers
    assert (
        f"frames {first} to {last} asked for, expected two numbers from 1 to 12" in plugin.problem
    )
    np.testing.assert_array_equal(shown(plugin), arrays["data"][0])


def test_psfs_of_an_integration_are_combined(plugin):
    plugin.stack = plugin.stack.choices[1]
    plugin.frame = 2
    plugin.picture = "mean"
    stack = plugin._obj.data().stack
    assert plugin._obj.title_text == "mean of all PSFs of integration 2"
    good = np.where(stack.dq[1] & 1, np.nan, stack.science[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of pixels that are never good
        wanted = np.nanmean(good, axis=0)
    np.testing.assert_allclose(shown(plugin), wanted, rtol=1e-6)
    plugin.picture, plugin.frame = "frame", 1


def test_a_click_shows_the_pixel_in_time(plugin, shared_app, arrays):
    snackbar_texts(shared_app)
    marks = plugin._obj._marks[glue_viewer(shared_app, LABEL)]
    for x, y in ((7, 5), (8, 5)):
        click = {"event": "click", "domain": {"x": x + 0.4, "y": y - 0.3}}
        marks._done(click)
        pixels = [label for label in shared_app.datasets if "pixel (" in label]
        assert pixels == [f"{plugin.stack.selected} pixel ({x}, {y})"]
    table = shared_app.get_data(pixels[0])
    np.testing.assert_array_equal(table["flux"].value, arrays["data"][:, 5, 8])
    np.testing.assert_array_equal(table["flagged"], arrays["dq"][:, 5, 8] & 1 != 0)
    viewer = glue_viewer(shared_app, "Light curves")
    assert viewer.light_curve(viewer.state.layers[0].layer.data).flag == "flagged"
    marks._done({"event": "click", "domain": {"x": -5, "y": 3}})
    assert any("no column -5; there are 20" in text for text in snackbar_texts(shared_app))
    plugin.series_of_clicked = False
    marks._done({"event": "click", "domain": {"x": 2, "y": 2}})
    assert [label for label in shared_app.datasets if "pixel (" in label] == pixels
    plugin.series_of_clicked = True


def test_a_click_while_the_browser_is_silent(plugin, shared_app):
    """jdaviz takes a panel for closed when it hears nothing of it, as while a series is made."""
    marks = plugin._obj._marks[glue_viewer(shared_app, LABEL)]
    plugin.keep_active = False
    assert not plugin._obj._marks
    marks._done({"event": "click", "domain": {"x": 3, "y": 3}})
    assert f"{plugin.stack.selected} pixel (3, 3)" in shared_app.datasets
    plugin.keep_active = True
    [marks] = plugin._obj._marks.values()
    place = marks._place["place"]
    assert (list(place.x), list(place.y)) == ([3], [3])
    plugin.stack = plugin.stack.choices[1]
    assert plugin._obj.clicked == []


def test_region_in_time(plugin, shared_app, arrays):
    with pytest.raises(stage3.Stage3Error, match="no region is chosen"):
        plugin.region_series()
    tools = shared_app.plugins["Subset Tools"]
    x, y = 10, 8
    tools.import_region(RectanglePixelRegion(PixCoord(x, y), 3, 3), combination_mode="new")
    plugin.region, plugin.statistic, plugin.missing = "Subset 1", "mean", "nan"
    series = plugin.region_series()
    window = blanked(arrays)[:, y - 1 : y + 2, x - 1 : x + 2].reshape(SHAPE[0], -1)
    np.testing.assert_allclose(series["flux"].value, window.mean(axis=1), rtol=1e-6)
    assert f"{plugin.stack.selected} mean of Subset 1" in shared_app.datasets
    plugin.region = "None"
    # a subset lies over the image, whose title stays
    title = show_picture_title(glue_viewer(shared_app, LABEL))
    plugin.frame = 3
    assert title.text.startswith("integration 3 of 12")


def test_centroid_and_background_in_time(plugin, shared_app):
    plugin._obj.clicked = []
    with pytest.raises(stage3.Stage3Error, match="click on the source first"):
        plugin.drift()
    series = plugin.drift(10, 8)
    assert np.nanmedian(series["x"]["x"].value) == pytest.approx(10, abs=0.05)
    assert np.nanmedian(series["y"]["y"].value) == pytest.approx(8, abs=0.05)
    assert np.nanmedian(series["background"]["flux"].value) == pytest.approx(2, abs=0.1)
    for name in ("x", "y", "background"):
        assert f"{plugin.stack.selected} {name}" in shared_app.datasets
    # both axes on one scale, and the background where nothing bright makes it a flat line
    centroid, background = (
        [layer.layer.label for layer in glue_viewer(shared_app, label).state.layers]
        for label in ("Centroid", "Background")
    )
    drawn = [label for label in centroid if label in shared_app.datasets]  # no subsets
    assert drawn == [f"{plugin.stack.selected} {axis}" for axis in "xy"]
    for label in drawn:
        table = shared_app.get_data(label)
        axis = label[-1]
        assert np.nanmedian(table[f"{axis}_moved"].value) == pytest.approx(0, abs=1e-9)
        moved = table[axis] - np.nanmedian(table[axis])
        np.testing.assert_allclose(table[f"{axis}_moved"].value, moved.value)
    assert [label for label in background if label in shared_app.datasets] == [
        f"{plugin.stack.selected} background"
    ]


@pytest.mark.forked
def test_a_region_is_shown_with_the_photometry(built, tmp_path):
    app = new_app()
    path = stack(tmp_path, "crfints")
    with fits.open(path, mode="update") as hdus:
        hdus["SCI"].header["PIXAR_SR"] = 9.3e-14
    [label, phot] = stage3.load(path, built("phot", "3.0"), app=app)
    tools = app.plugins["Subset Tools"]
    tools.import_region(RectanglePixelRegion(PixCoord(10, 8), 3, 3))
    plugin = app.plugins["Image Stack"]
    plugin.region = "Subset 1"
    assert plugin.region_series()["flux"].unit == u.Jy
    [viewer] = shown_in(app, phot)
    curves = [layer.layer.label for layer in viewer.state.layers if layer.layer.ndim == 1]
    assert {phot, f"{label} sum of Subset 1"} <= set(curves)


@pytest.mark.forked
def test_a_region_of_something_else(built, tmp_path):
    app = new_app()
    labels = stage3.load(built("phot", "3.0"), stack(tmp_path, "crfints"), app=app)
    curve = data_of(app, labels[1])
    assert labels[1].endswith("phot")
    box = RoiSubsetState(curve.id["time"], curve.id["net_aperture_sum"], RectangularROI(0, 1, 0, 1))
    app._app.data_collection.new_subset_group("Subset 1", box)
    plugin = app.plugins["Image Stack"]
    plugin.region = "Subset 1"
    with pytest.raises(stage3.Stage3Error, match=f"Subset 1 is no region of {labels[0]}"):
        plugin.region_series()


@pytest.mark.forked
def test_stack_that_was_removed(tmp_path):
    app = new_app()
    [label] = stage3.load(stack(tmp_path, "psfsub"), app=app)
    plugin = app.plugins["Image Stack"]
    plugin.frame = 3
    app._app.data_item_remove(label)
    assert plugin.n_frames == 0 and not plugin._obj.playing
    assert plugin._obj.irrelevant_msg.startswith("No stack of images")
    stage3.load(tmp_path / f"{label.replace(' ', '_')}.fits", app=app)
    assert (plugin.n_frames, plugin.frame) == (SHAPE[0], 1)
