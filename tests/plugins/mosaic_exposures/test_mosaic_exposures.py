"""The Exposures plugin: from a place in a mosaic to the exposures that cover it."""

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from fresh_apps import new_app
from make_exposures import CRVAL, PIXEL, SHAPE, exposure_arrays, field
from make_products import mosaic
from snackbars import snackbar_texts

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import glue_viewer

OFFSETS = ((0, 0), (10, 4), (-12, 8), (300, 0))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Four exposures, the last of them beside the others, the second without its file."""
    return field(tmp_path_factory.mktemp("field"), OFFSETS, written=[0, 2, 3])


@pytest.fixture(scope="module")
def shared_app(files):
    app = new_app()
    stage3.load(files[0], app=app)
    return app


@pytest.fixture
def app(shared_app):
    """The mosaic in an app, and what a test has changed in it taken back."""
    plugin = shared_app.plugins["Exposures"]
    mosaic = plugin.mosaic.selected
    plugin.keep_active = True
    yield shared_app
    plugin._obj._forget_place()
    plugin.show_footprints, plugin.show_flagged, plugin.marked_flags = True, True, ["OUTLIER"]
    shared_app.plugins["Orientation"].align_by = "Pixels"
    for label in [label for label in shared_app.datasets if label != mosaic]:
        shared_app._app.data_item_remove(label)
    plugin._obj._update()


def sky_of(files, column, row, number=0):
    """Where a pixel of an exposure lies, by its gwcs."""
    return SkyCoord(*stage3.read(files[1][number]).gwcs(column, row), unit="deg")


def marks_in(app):
    plugin = app.plugins["Exposures"]._obj
    marks = plugin._marks[glue_viewer(app, "Image")]
    found = marks._marks | marks._marked._marks
    lines = {key: np.atleast_2d for key in ("all", "here")}  # bqplot makes one line flat
    return {
        key: tuple(lines.get(key, np.asarray)(axis) for axis in (mark.x, mark.y))
        for key, mark in found.items()
    }


def test_lists_what_covers_a_place(app, files):
    table = app.plugins["Exposures"].at(SkyCoord(*CRVAL, unit="deg"))
    assert [name[:27] for name in table["name"]] == [path.name[:27] for path in files[1][:3]]
    assert list(table["file"]) == [str(files[1][0]), "", str(files[1][2])]
    x0, y0 = (SHAPE[1] - 1) / 2, (SHAPE[0] - 1) / 2
    assert (table["x"][0], table["y"][0]) == pytest.approx((x0, y0), abs=0.01)
    values = exposure_arrays(seed=3)["data"]
    place = round(float(table["y"][2])), round(float(table["x"][2]))
    assert table["value"][2].value == pytest.approx(float(values[place]))
    assert np.isnan(table["value"][1]) and str(table["value"].unit) == "MJy / sr"


def test_flags_say_which_exposure_was_rejected_there(app, files):
    table = app.plugins["Exposures"].at(sky_of(files, 7, 5))
    assert table["flags"][0] == "DO_NOT_USE, OUTLIER"
    assert "OUTLIER" not in str(table["flags"][1:])


def test_nothing_covers_a_place_outside(app):
    plugin = app.plugins["Exposures"]
    assert len(plugin.at(SkyCoord(CRVAL[0] + 1, CRVAL[1], unit="deg"))) == 0
    assert plugin._obj.place_text.startswith("No exposures cover")
    with pytest.raises(stage3.Stage3Error, match="none is ticked"):
        plugin.load()


def test_a_click_chooses_the_place(app, files):
    plugin = app.plugins["Exposures"]
    viewer = glue_viewer(app, "Image")
    sky = sky_of(files, 20, 12)
    image = next(layer.layer for layer in viewer.state.layers)
    x, y = image.coords.world_to_pixel(sky)
    plugin._obj._marks[viewer]._clicked({"event": "click", "domain": {"x": x, "y": y}})
    assert plugin.position.separation(sky).mas < 1
    assert len(plugin._obj.rows) == 3
    where = marks_in(app)["place"]
    assert (where[0][0], where[1][0]) == pytest.approx((float(x), float(y)), abs=0.01)


def test_footprints_are_drawn_where_the_exposures_lie(app, files):
    plugin = app.plugins["Exposures"]
    image = stage3.read(files[0])
    drawn = marks_in(app)
    assert drawn["all"][0].shape == (4, 4) and "here" not in drawn
    for number in (0, 2, 3):
        wcs = stage3.read(files[1][number]).gwcs
        corners = wcs([-0.5, SHAPE[1] - 0.5], [-0.5, SHAPE[0] - 0.5], with_bounding_box=False)
        x, y = image.wcs.world_to_pixel(SkyCoord(*corners, unit="deg"))
        np.testing.assert_allclose(drawn["all"][0][number, [0, 2]], x, atol=0.01)
        np.testing.assert_allclose(drawn["all"][1][number, [0, 2]], y, atol=0.01)
    plugin.at(SkyCoord(*CRVAL, unit="deg"))
    drawn = marks_in(app)
    assert len(drawn["here"][0]) == 3 and len(drawn["all"][0]) == 1
    plugin.show_footprints = False
    assert "all" not in marks_in(app) and "here" in marks_in(app)


def test_loads_what_is_ticked(app, files):
    plugin = app.plugins["Exposures"]
    plugin.at(SkyCoord(*CRVAL, unit="deg"))
    labels = plugin.load()
    assert [label.rpartition(" ")[2] for label in labels] == ["crf", "crf[DQ]"] * 2
    assert app.plugins["Orientation"].align_by.selected == "WCS"
    assert [row["loaded"] for row in plugin._obj.rows] == [True, False, True]
    assert plugin.load() == []  # they are there


def test_flagged_pixels_are_marked_where_they_lie(app, files, monkeypatch):
    plugin = app.plugins["Exposures"]
    plugin.at(SkyCoord(*CRVAL, unit="deg"))
    plugin.load(files[1][0].name)
    viewer = glue_viewer(app, "Image")
    expected = sky_of(files, [7, 30], [5, 20])
    frame = viewer.state.reference_data.coords

    def marked():
        return frame.pixel_to_world(*marks_in(app)["flagged"])

    assert marked().separation(expected).deg.max() < 0.02 * PIXEL
    plugin.marked_flags = ["SATURATED"]
    assert marked().separation(sky_of(files, [11], [10])).deg.max() < 0.02 * PIXEL
    plugin.marked_flags = ["OUTLIER"]
    monkeypatch.setattr("jdaviz_stage3.viewers.flagged_pixels.MOST_MARKS", 1)
    plugin.show_footprints = False
    assert "flagged" not in marks_in(app) and "zoom in" in plugin._obj.flagged_text
    plugin.show_flagged = False
    assert plugin._obj.flagged_text == ""


def test_the_mosaic_and_its_exposures_blink_in_place(app, files):
    """Key b shows one after the other, none of their flags, where each was taken."""
    plugin = app.plugins["Exposures"]
    mosaic = plugin.mosaic.selected
    plugin.at(SkyCoord(*CRVAL, unit="deg"))
    loaded = [label for label in plugin.load() if not label.endswith("[DQ]")]
    viewer = glue_viewer(app, "Image")
    limits = [getattr(viewer.state, name) for name in ("x_min", "x_max", "y_min", "y_max")]

    def shown():
        return [layer.layer.label for layer in viewer.layers if layer.visible]

    def press(key, x=0.0, y=0.0):
        domain = {"x": x, "y": y}
        viewer.on_mouse_or_key_event({"event": "keydown", "key": key, "domain": domain})
        return shown()

    press("b")
    seen = [press("b") for _ in range(3)]
    assert all(len(labels) == 1 for labels in seen)
    assert sorted(labels[0] for labels in seen) == sorted([mosaic, *loaded])
    assert [press("b") for _ in range(3)] == seen
    assert press("B") == seen[1]  # and back
    assert [getattr(viewer.state, name) for name in ("x_min", "x_max", "y_min", "y_max")] == limits
    # a pixel of each exposure lies where its gwcs says, whichever is shown
    frame = viewer.state.reference_data.coords
    for number, label in zip((0, 2), loaded, strict=True):
        while press("b") != [label]:
            pass
        [layer] = [layer for layer in viewer.layers if layer.visible]
        x, y = frame.world_to_pixel(sky_of(files, 20, 15, number))
        bounds = [(float(y), float(y), 1), (float(x), float(x), 1)]
        image = layer.layer.compute_fixed_resolution_buffer(
            bounds, target_data=viewer.state.reference_data,
            target_cid=layer.state.attribute,
        )  # fmt: skip
        expected = stage3.read(files[1][number]).data[15, 20]
        assert np.asarray(image).reshape(-1)[0] == pytest.approx(float(expected))


def test_what_was_removed_can_be_loaded_again(app, files):
    """jdaviz remembers whose flags they were, and could not show them."""
    plugin = app.plugins["Exposures"]
    plugin.at(SkyCoord(*CRVAL, unit="deg"))
    for _ in range(2):
        labels = plugin.load(files[1][0].name)
        assert len(labels) == 2
        for label in labels:
            app._app.data_item_remove(label)


def test_nothing_is_drawn_while_closed(app):
    plugin = app.plugins["Exposures"]
    before = len(glue_viewer(app, "Image").figure.marks)
    plugin.keep_active = False
    assert len(glue_viewer(app, "Image").figure.marks) < before
    assert plugin._obj._marks == {}


@pytest.mark.forked
def test_place_goes_with_its_mosaic(files):
    app = new_app()
    stage3.load(files[0], app=app)
    plugin = app.plugins["Exposures"]
    plugin.at(SkyCoord(*CRVAL, unit="deg"))
    app._app.data_item_remove(plugin.mosaic.selected)
    assert plugin.position is None and plugin._obj.rows == []


@pytest.mark.parametrize("position", [None, (1, 2), SkyCoord([1, 2], [3, 4], unit="deg")])
def test_no_place(app, position):
    with pytest.raises(stage3.Stage3Error, match="is no place; give one SkyCoord"):
        app.plugins["Exposures"].at(position)


@pytest.mark.parametrize(
    ("name", "message"),
    [("jw_crf.fits", "is none of the exposures"), ("00002", "not found beside")],
)
def test_exposures_that_cannot_be_loaded(app, files, name, message):
    names = {path.name for path in files[1] if name in path.name} or {name}
    with pytest.raises(stage3.Stage3Error, match=message):
        app.plugins["Exposures"].load([files[1][0].name, *names])
    assert len(app.datasets) == 1


@pytest.mark.forked
def test_a_mosaic_without_its_list(tmp_path):
    app = new_app()
    stage3.load(mosaic(tmp_path), app=app)
    plugin = app.plugins["Exposures"]
    assert not plugin.problem  # nobody has looked
    plugin.keep_active = True
    assert "no HDRTAB extension" in plugin.problem
    with pytest.raises(stage3.Stage3Error, match="no HDRTAB"):
        plugin.at(SkyCoord(*CRVAL, unit="deg"))


@pytest.mark.forked
def test_a_broken_exposure_is_said(tmp_path):
    image, exposures = field(tmp_path / "field")
    exposures[1].write_bytes(exposures[1].read_bytes()[:4000])
    app = new_app()
    stage3.load(image, app=app)
    snackbar_texts(app)
    with pytest.warns(stage3.Stage3Warning, match="truncated"):
        table = app.plugins["Exposures"].at(SkyCoord(*CRVAL, unit="deg"))
    assert list(table["file"] != "") == [True, False, True]
    assert any("truncated" in text for text in snackbar_texts(app))


@pytest.mark.forked
def test_a_file_that_comes_later_is_found(tmp_path):
    image, exposures = field(tmp_path / "field")
    moved = exposures[1].rename(tmp_path / "elsewhere.fits")
    app = new_app()
    stage3.load(image, app=app)
    plugin = app.plugins["Exposures"]
    place = SkyCoord(*CRVAL, unit="deg")
    assert list(plugin.at(place)["file"] != "") == [True, False, True]
    moved.rename(exposures[1])
    assert all(plugin.at(place)["file"] != "")


@pytest.mark.forked
def test_a_footprint_that_is_none(tmp_path):
    image, _ = field(tmp_path / "field")
    with fits.open(image, mode="update") as hdus:
        hdus["HDRTAB"].data["S_REGION"][1] = "CIRCLE ICRS 1 2 3"
    app = new_app()
    stage3.load(image, app=app)
    plugin = app.plugins["Exposures"]
    plugin.keep_active = True
    assert len(plugin.at(SkyCoord(*CRVAL, unit="deg"))) == 2
    assert "1 without a footprint" in plugin._obj.summary_text


def test_as_python(app, files):
    plugin = app.plugins["Exposures"]
    plugin.show_footprints = False
    plugin.at(SkyCoord(*CRVAL, unit="deg"))
    code = plugin.to_python()
    plugin.show_footprints = True
    names = {"jdaviz": type("", (), {"gca": staticmethod(lambda: app)})}
    exec(code.replace("import jdaviz\n", ""), names)
    assert plugin.show_footprints is False and len(names["table"]) == 3
