"""The colour bar: round values where their colours are, of the layer on top, only for our data."""

import io

import numpy as np
import pytest
from astropy.visualization import (
    AsinhStretch,
    LinearStretch,
    LogStretch,
    ManualInterval,
    SqrtStretch,
)
from fresh_apps import new_app
from make_products import label_image, mosaic, segmentation
from matplotlib import colormaps
from PIL import Image

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import glue_viewer
from jdaviz_stage3.viewers.bar_picture import with_color_bar
from jdaviz_stage3.viewers.color_scale import ColorScale

GRAY = colormaps["gray"]


@pytest.mark.parametrize("stretch", [LinearStretch(), SqrtStretch(), LogStretch(), AsinhStretch()])
@pytest.mark.parametrize(
    "limits", [(0.985, 1.012), (-0.2, 13.4), (1e-8, 4e-7), (5, 2), (1.00002, 1.000051), (0, 2e6)]
)
def test_a_number_stands_where_its_colour_is(stretch, limits):
    scale = ColorScale.of(limits, stretch, GRAY)
    for ticks in scale.ticks:
        assert ticks
        for place, text in ticks:
            value = float(text) * 10.0**scale.exponent
            expected = stretch(ManualInterval(*limits)(np.array([value])))[0]
            assert place == pytest.approx(expected, abs=2e-3)
    counts = [len(ticks) for ticks in scale.ticks]
    assert counts == sorted(counts) and counts[-1] >= 3
    assert len({text for _, text in scale.ticks[-1]}) == counts[-1]


def test_contrast_and_bias_leave_out_what_has_one_colour():
    scale = ColorScale.of((0, 100), LinearStretch(), GRAY, contrast=2.0, bias=0.3)
    # (x - bias) contrast + 1/2 is 0 at 0.05 and 1 at 0.55
    assert (scale.low, scale.high) == pytest.approx((5, 55), abs=0.1)
    places = {text: place for place, text in scale.ticks[-1]}
    assert places["30"] == pytest.approx(0.5, abs=2e-3)
    flat = ColorScale.of((0, 100), LinearStretch(), GRAY, contrast=0.5, bias=0.5)
    assert flat.colors[0] == "#404040" and flat.colors[-1] in ("#bfbfbf", "#c0c0c0")


@pytest.mark.parametrize("limits", [(1, 1), (np.nan, 1), (0, np.inf)])
def test_one_colour_is_no_bar(limits):
    assert ColorScale.of(limits, LinearStretch(), GRAY) is None


def window_of(app, label):
    from ipywidgets import widget_serialization

    [item] = [item for item in app._app.state.viewer_items if item["reference"] == label]
    return widget_serialization["from_json"](item["widget"], None)


@pytest.mark.forked
def test_the_bar_is_of_what_is_on_top(tmp_path):
    app = new_app()
    stage3.load(mosaic(tmp_path), app=app)
    bar = stage3.color_bar("Image", app)
    window, viewer = window_of(app, "Image"), glue_viewer(app, "Image")
    assert window.data_menu_widget == f"IPY_MODEL_{bar.model_id}"
    assert bar.menu == f"IPY_MODEL_{viewer._data_menu.model_id}"  # drawn by the bar
    [layer] = viewer.state.layers
    assert bar.title == "MJy/sr" and bar.limits == (layer.v_min, layer.v_max)

    layer.v_min, layer.v_max = 0.0, 10.0
    assert bar.limits == (0, 10) and [0.6, "6"] in bar.ticks[-2] and bar.percentile == "Custom"
    bar.stretch, bar.colormap = "log", "Viridis"
    assert (layer.stretch, layer.cmap.name) == ("log", "viridis")
    assert bar.colors[0] == "#440154" and [0.6, "6"] not in bar.ticks[-2]
    bar.vue_choose({"name": "percentile", "value": 90})
    assert layer.percentile == 90 and bar.limits == (layer.v_min, layer.v_max)
    bar.vue_choose({"name": "low", "value": "much"})
    assert "no number" in bar.error and bar.limits == (layer.v_min, layer.v_max)
    with pytest.raises(stage3.Stage3Error, match="stretch = 'cubic'; there is linear"):
        bar.stretch = "cubic"

    limits = bar.limits
    layer.attribute_display_unit = "Jy / sr"  # as jdaviz has it beside spectra in Jy
    assert bar.title == "MJy/sr" and bar.limits == pytest.approx(limits)
    bar.limits = 1, 3
    assert (layer.v_min, layer.v_max) == pytest.approx((1e6, 3e6))
    assert bar.limits == pytest.approx((1, 3))

    [segments] = stage3.load(segmentation(tmp_path), app=app)
    [of_segments] = [s for s in viewer.state.layers if s.layer.label == segments]
    assert not bar.words
    of_segments.visible = True  # labels have no order: the bar stays that of the mosaic
    count = len(np.unique(label_image())) - 1
    assert bar.words == f"{count} segment{'s' * (count > 1)}" and bar.title == "MJy/sr"
    layer.visible = False
    assert bar.words and not bar.colors

    of_segments.visible, layer.visible = False, True
    app.load(np.ones((10, 10)), format="Image", data_label="theirs")
    there = [s for s in viewer.state.layers if s.layer.label.startswith("theirs")]
    assert there and not bar.colors  # what is on top is not ours
    with pytest.raises(stage3.Stage3Error, match="no viewer 'Picture'; there is Image"):
        stage3.color_bar("Picture", app)


@pytest.mark.forked
@pytest.mark.parametrize("value", [0.25, 0.0, -3.0])
def test_a_constant_image_has_its_value_in_the_middle_of_a_bar(tmp_path, value):
    arrays = {"data": np.full((30, 40), value, "f4"), "err": np.ones((30, 40), "f4")}
    app = new_app()
    stage3.load(mosaic(tmp_path, arrays), app=app)
    bar = stage3.color_bar("Image", app)
    low, high = bar.limits
    assert low < value < high and (low + high) / 2 == pytest.approx(value, abs=1e-6)
    assert len(bar.colors) > 2
    assert any(place == pytest.approx(0.5, abs=0.01) for place, _ in bar.ticks[-1])
    bar.limits = (value - 5, value + 5)
    assert bar.limits == (value - 5, value + 5)


@pytest.mark.forked
def test_data_of_others_have_no_bar():
    app = new_app()
    app.load(np.ones((10, 10)), format="Image")
    [label] = app.viewers
    viewer = glue_viewer(app, label)
    assert window_of(app, label).data_menu_widget == f"IPY_MODEL_{viewer._data_menu.model_id}"
    with pytest.raises(stage3.Stage3Error, match="no image of a Stage 3 product"):
        stage3.color_bar(label, app)


@pytest.mark.parametrize("pixels", [1, 2])
def test_a_bar_is_painted_into_a_picture(pixels):
    """Over it, where it has no room for the bar; else beside it, as high as the plot."""
    colors, ticks = ["#ff0000", "#00ff00"], [[(0.0, "1"), (1.0, "2")]]
    over = painted(colors, ticks, "Jy", size=(400, 300), pixels=pixels)
    assert over.shape[:2] == (300 * pixels, 400 * pixels)
    reds, greens = (
        np.argwhere(np.abs(over - rgb).sum(-1) < 40) for rgb in ((255, 0, 0), (0, 255, 0))
    )
    assert greens[:, 0].max() < reds[:, 0].min()  # the highest value above
    assert 96 <= np.ptp([*reds[:, 0], *greens[:, 0]]) / pixels + 20 <= 140
    assert reds[:, 1].min() > 300 * pixels  # at the right
    assert (np.abs(over - 255).sum(-1) < 9).sum() > 20  # white numbers on a shade
    beside = painted(colors, ticks, "Jy", (400, 300), pixels, inset=(12.0, 60.0, 80.0))
    rows, columns = np.nonzero(np.abs(beside - (128, 128, 0)).max(-1) < 40)  # the middle
    assert abs(rows.mean() / pixels - (12 + 240) / 2) < 3
    assert 320 * pixels < columns.min() and columns.max() < (320 + 20) * pixels
    assert painted(colors, ticks, "Jy", (400, 20), pixels).std() == 0  # no room


def png(size, pixels=1):
    """A grey picture of so many screen pixels, with so many of its own for each along both axes."""
    written = io.BytesIO()
    Image.new("RGB", tuple(pixels * side for side in size), "#808080").save(written, "PNG")
    return written.getvalue()


def painted(colors, ticks, title, size, pixels, **more):
    found = with_color_bar(png(size, pixels), size[0], colors, ticks, title, **more)
    return np.asarray(Image.open(io.BytesIO(found)).convert("RGB"), dtype=int)


@pytest.mark.forked
def test_a_picture_that_is_saved_has_the_bar_unless_that_is_folded_away(tmp_path):
    app = new_app()
    stage3.load(mosaic(tmp_path), app=app)
    viewer, picture = glue_viewer(app, "Image"), png((500, 400))
    bar = stage3.color_bar("Image", app)

    def saved():
        got = []
        viewer.figure.get_png_data(got.append)
        viewer.figure._handle_custom_msgs(None, {"event": "upload_png"}, [memoryview(picture)])
        return got[0]

    assert saved() == picture  # no browser has drawn it
    now = "2026-01-01T00:00:00"
    view = {"width": 500, "height": 400, "focused_at": now, "resized_at": now}
    viewer._vl.view_data = {"view": view}
    assert saved() != picture and Image.open(io.BytesIO(saved())).size == (500, 400)
    bar.folded = True
    assert saved() == picture
