"""Stacks of images in the generalised app and in Imviz."""

import warnings

import jdaviz
import numpy as np
import pytest
from astropy.nddata import CCDData
from fresh_apps import new_app
from make_products import mosaic
from make_stacks import SHAPE, bright_object, segments, stack, stack_arrays

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import as_read, data_labels, data_of, glue_viewer, shown_in
from jdaviz_stage3.readers.stored_array import StoredArray
from jdaviz_stage3.viewers.picture_title import show_picture_title

# An app is the slower the more it has held: each test has a copy of its own.
pytestmark = pytest.mark.forked


@pytest.fixture(scope="module")
def arrays():
    return stack_arrays()


@pytest.fixture(scope="module")
def loaded(arrays, tmp_path_factory):
    """An app with two stacks, their labels, and how much of SCI was read for the first."""
    app, box, read = new_app(), StoredArray._box, []

    def counted(self, ends):
        read.append((self.name, np.prod([stop - start for start, stop in ends]) / self.size))
        return box(self, ends)

    folder = tmp_path_factory.mktemp("stacks")
    StoredArray._box = counted
    try:
        labels = stage3.load(stack(folder, "crfints", arrays=arrays), app=app)
    finally:
        StoredArray._box = box
    labels += stage3.load(stack(folder, "psfalign", model="QuadModel", shape=(2, 3, 6, 8)), app=app)
    return app, labels, read


def test_a_frame_is_shown_in_a_viewer_of_its_own(loaded, arrays):
    app, labels, _ = loaded
    [crfints], [psfalign] = (shown_in(app, label) for label in labels)
    assert [crfints.reference, psfalign.reference] == ["crfints stack", "psfalign stack"]
    image = app.get_data(labels[0])
    assert isinstance(image, CCDData) and str(image.unit) == "MJy / sr"
    np.testing.assert_array_equal(image.data, arrays["data"][0])
    assert image.wcs.has_celestial


def test_no_more_than_some_frames_are_read(loaded):
    """One is shown; the limits of the colours are those of a sample."""
    _, _, read = loaded
    assert max(part for _, part in read) <= 1 / SHAPE[0] * (1 + 1e-9)
    assert {name for name, _ in read} == {"SCI", "DQ"}


def test_title_says_which_and_when(loaded):
    app, labels, _ = loaded
    viewers = [shown_in(app, label)[0] for label in labels]
    titles = [show_picture_title(viewer).text for viewer in viewers]
    assert titles == [
        f"integration 1 of {SHAPE[0]}, BJD_TDB 2459990.501000",
        "integration 1 of 2, PSF 1 of 3",
    ]


def test_read_out_names_flags_and_frame(loaded, arrays):
    app, labels, _ = loaded
    [viewer] = shown_in(app, labels[0])
    readout = app._app.session.application._tools["g-coords-info"]
    for flags, names in ((4, " (JUMP_DET)"), (0, "")):
        row, column = (int(axis[0]) for axis in np.nonzero(arrays["dq"][0] == flags))
        readout._viewer_mouse_event(
            viewer, {"event": "mousemove", "domain": {"x": column, "y": row}}
        )
        value = arrays["data"][0, row, column]
        assert readout.row1b_text.startswith(
            f"{value:+10.5e} MJy / sr{names} · integration 1 of 12"
        )


def test_the_whole_stack_can_be_had_of_the_data(loaded, arrays):
    app, labels, _ = loaded
    found = as_read(data_of(app, labels[0]))
    assert found.axes == ("integration", "y", "x")
    np.testing.assert_array_equal(found.data, arrays["data"])


def test_title_of_a_segment(tmp_path):
    app = new_app()
    with pytest.warns(stage3.Stage3Warning, match="no INT_TIMES"):
        [label] = stage3.load(stack(tmp_path, "crfints", first=201, times=None), app=app)
    [viewer] = shown_in(app, label)
    assert show_picture_title(viewer).text == f"integration 201 (1 of {SHAPE[0]})"


def test_no_title_over_another_image(tmp_path):
    app = new_app()
    [image] = stage3.load(mosaic(tmp_path), app=app)
    [label] = stage3.load(stack(tmp_path, "psfsub"), app=app, viewer="Image")
    title = show_picture_title(glue_viewer(app, "Image"))
    assert title.text.startswith("integration 1")
    layers = glue_viewer(app, "Image").state.layers
    next(layer for layer in layers if layer.layer.label == label).visible = False
    assert title.text == "" and app.datasets.keys() == {image, label}


def test_spectra_have_pixels_only(tmp_path):
    app = new_app()
    with warnings.catch_warnings():  # of a spectrum nobody misses a sky
        warnings.simplefilter("error", stage3.Stage3Warning)
        [label] = stage3.load(bright_object(tmp_path), app=app)
    assert app.get_data(label).wcs is None


def test_segments_are_joined_where_it_is_asked_for(tmp_path):
    paths, arrays = segments(tmp_path)
    app = new_app()
    [alone] = stage3.load(paths[1], app=app)
    [joined] = stage3.load(paths[1], app=app, segments="all")
    assert "-seg002" in alone and "-seg" not in joined
    assert as_read(data_of(app, alone)).shape[0] == 3
    found = as_read(data_of(app, joined))
    np.testing.assert_array_equal(found.data, arrays["data"])
    plugin = app.plugins["Image Stack"]
    plugin.stack = joined
    plugin.frame = 6
    assert plugin._obj.title_text.startswith("integration 6 of 12")
    np.testing.assert_array_equal(plugin._obj.data().picture, arrays["data"][5])


def test_no_other_segments(tmp_path):
    path = stack(tmp_path, "psfsub")
    with pytest.raises(stage3.Stage3Error, match="all"):
        stage3.load(path, app=new_app(), segments="all")


def test_one_integration(tmp_path):
    app = new_app()
    [label] = stage3.load(stack(tmp_path, "calints", shape=(1, 6, 8)), app=app)
    assert app.get_data(label).shape == (6, 8)
    assert app.plugins["Image Stack"].n_frames == 1


def test_folder_leaves_out_what_products_were_made_from(tmp_path):
    stack(tmp_path, "crfints")
    stack(tmp_path, "psfsub")
    app = new_app()
    with pytest.warns(stage3.Stage3Warning, match=r"not part of the first view \(1 crfints\)"):
        labels = stage3.load(tmp_path, app=app)
    assert [label.rpartition(" ")[2] for label in labels] == ["psfsub"]


def test_file_that_was_written_anew_is_not_read(tmp_path, arrays):
    app = new_app()
    path = stack(tmp_path, "psfsub")
    stage3.load(path, app=app)
    stack(tmp_path, "psfsub", shape=(3, 16, 20))
    plugin = app.plugins["Image Stack"]
    plugin.frame = 2
    assert "written anew" in plugin.problem and path.name in plugin.problem
    assert plugin._obj.data().index == (0,)


@pytest.mark.forked("imviz")
def test_in_imviz(tmp_path):
    with pytest.warns(DeprecationWarning, match="Imviz is deprecated"):
        viz = jdaviz.Imviz()
    paths = mosaic(tmp_path), stack(tmp_path, "psfsub")
    labels = stage3.load(*paths, app=viz, align_by="WCS")
    assert [viewer.reference for viewer in shown_in(viz, labels[1])] == ["psfsub stack"]
    plugin = viz.plugins["Image Stack"]
    plugin.frame = 3
    for x in (4, 5):  # the first is removed; under WCS jdaviz could not do that
        plugin.pixel_series(x, 6)
    assert [label for label in data_labels(viz) if "pixel" in label] == [
        f"{labels[1]} pixel (5, 6)"
    ]
    assert viz.plugins["Orientation"].align_by.selected == "WCS"
