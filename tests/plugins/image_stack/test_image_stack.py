"""The tray plugin: which frame is shown."""

import jdaviz
import numpy as np
import pytest
from make_stacks import SHAPE, stack, stack_arrays

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import glue_viewer

LABEL = "psfsub stack"


@pytest.fixture(scope="module")
def arrays():
    return stack_arrays()


@pytest.fixture(scope="module")
def shared_app(arrays, tmp_path_factory):
    app = jdaviz.new_app()
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
    marks = plugin._obj._marks[glue_viewer(shared_app, LABEL)]
    marks._done({"event": "keydown", "key": key})
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


def test_stack_that_was_removed(tmp_path):
    app = jdaviz.new_app()
    [label] = stage3.load(stack(tmp_path, "psfsub"), app=app)
    plugin = app.plugins["Image Stack"]
    plugin.frame = 3
    app._app.data_item_remove(label)
    assert plugin.n_frames == 0 and not plugin._obj.playing
    assert plugin._obj.irrelevant_msg.startswith("No stack of images")
    stage3.load(tmp_path / f"{label.replace(' ', '_')}.fits", app=app)
    assert (plugin.n_frames, plugin.frame) == (SHAPE[0], 1)
