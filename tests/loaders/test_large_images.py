"""Images too large for the memory look and count as others do."""

import os

import numpy as np
import pytest
from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning
from fresh_apps import new_app
from glue.core.fixed_resolution_buffer import invalidate_cache
from make_products import mosaic
from regions import CirclePixelRegion, PixCoord

import jdaviz_stage3 as stage3
from jdaviz_stage3.errors import UnreadableProductError
from jdaviz_stage3.jdaviz_compat import shown_in
from jdaviz_stage3.loaders import stored_data
from jdaviz_stage3.loaders.large_image_data import LargeImageData
from jdaviz_stage3.readers import image as image_module
from jdaviz_stage3.readers.large_image import LargeImage

pytestmark = pytest.mark.forked  # each with an app of its own

SHAPE = (300, 400)


@pytest.fixture(scope="module")
def i2d(tmp_path_factory):
    rng = np.random.default_rng(2)
    data = rng.normal(1, 0.1, SHAPE).astype("f4")
    data[:9, :50] = np.nan
    arrays = {"data": data, "err": np.full(SHAPE, 0.1, "f4"), "wht": np.sqrt(np.abs(data))}
    return mosaic(tmp_path_factory.mktemp("large"), arrays=arrays)


def pictures(app, viewer):
    """What the viewer draws, in several zooms, with one image and the other."""
    viewer.shape = (70, 90)
    found = []
    for align in ("Pixels", "WCS"):
        app.plugins["Orientation"].align_by = align
        for layer in viewer.state.layers:
            layer.v_min, layer.v_max = 0.5, 1.5
        limits = viewer.state
        for zoom in (0.4, 1, 3, 20):
            width, height = np.array([limits.x_max, limits.y_max]) - [limits.x_min, limits.y_min]
            x, y = limits.x_min + width * 0.6, limits.y_min + height * 0.5
            width, height = width / zoom, height / zoom
            bounds = [(y - height / 2, y + height / 2, 70), (x - width / 2, x + width / 2, 90)]
            invalidate_cache()
            found.append(viewer._composite(bounds=bounds))
    app.plugins["Orientation"].align_by = "Pixels"
    return found


def worked_with(path):
    """Load SCI and WHT, and ask an app for what people ask."""
    app = new_app()
    label, weight = stage3.load(path, app=app, extension=["SCI", "WHT"])
    [viewer] = shown_in(app, label)
    data = app._app.data_collection[label]
    [limits] = [(s.v_min, s.v_max) for s in viewer.state.layers if s.layer.label == label]
    found = {"pictures": pictures(app, viewer), "limits": limits, "weight": weight}
    app.plugins["Subset Tools"].import_region(CirclePixelRegion(PixCoord(200, 150), 20))
    photometry = app.plugins["Aperture Photometry"]
    photometry.dataset, photometry.aperture = label, "Subset 1"
    with pytest.warns(AstropyUserWarning, match="nonfinite values"):  # of the corner
        [row] = photometry.calculate_photometry()[0]
    found |= {name: row[name] for name in ("sum", "mean", "max", "std")}
    readout = app._app.session.application._tools["g-coords-info"]
    readout._viewer_mouse_event(viewer, {"event": "mousemove", "domain": {"x": 33, "y": 44}})
    found["readout"] = readout.as_text()[0]
    component = data.id["data"]
    found["mean of all"] = data.compute_statistic("mean", component)
    found["brighter"] = (data[component] > 1.1).sum()
    found["object"] = app.get_data(label)
    return app, data, found


def test_it_looks_and_counts_as_in_memory(i2d, monkeypatch):
    _, in_memory, expected = worked_with(i2d)
    assert not isinstance(in_memory, LargeImageData)
    monkeypatch.setattr(image_module, "LARGE_IMAGE", 0)
    _, data, found = worked_with(i2d)
    assert isinstance(data, LargeImageData)
    for one, other in zip(found.pop("pictures"), expected.pop("pictures"), strict=True):
        assert one.std() > 0.01
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(found.pop("limits"), expected.pop("limits"), atol=0.1)
    one, other = found.pop("object"), expected.pop("object")
    assert one.unit == other.unit and isinstance(one, type(other)) and one.shape == other.shape
    np.testing.assert_array_equal(one.data, other.data)
    assert found == expected


def test_nobody_reads_it_whole(i2d, monkeypatch):
    """Neither loading nor drawing, nor the histogram of Plot Options, nor the mouse."""
    monkeypatch.setattr(image_module, "LARGE_IMAGE", 0)
    whole, read = LargeImage._box, []

    def noted(image, box):
        read.append(box)
        return whole(image, box)

    monkeypatch.setattr(LargeImage, "_box", noted)
    app = new_app()
    [label] = stage3.load(i2d, app=app)
    [viewer] = shown_in(app, label)
    viewer.shape = (70, 90)
    viewer._composite_image.update(force=True)
    options = app.plugins["Plot Options"]
    options._obj.plugin_opened = options.keep_active = True
    options.stretch_preset = 95
    histogram = options._obj.stretch_histogram._app.data_collection["histogram"]["x"]
    assert histogram.shape == (10_000,)
    app.get_data(label)  # jdaviz asks for it to see a unit
    readout = app._app.session.application._tools["g-coords-info"]
    readout._viewer_mouse_event(viewer, {"event": "mousemove", "domain": {"x": 3, "y": 44}})
    assert readout.as_text()[0].startswith("Pixel x=0003.0 y=0044.0 Value +")
    rows = sum(y1 - y0 for (y0, y1), _ in read)
    assert rows < 10, read


def test_a_file_that_was_changed_in_place_is_said_once_and_can_be_loaded_again(i2d, monkeypatch):
    """Viewers draw and read out whenever data come: an error there is the end of loading."""
    monkeypatch.setattr(image_module, "LARGE_IMAGE", 0)
    app = new_app()
    [label] = stage3.load(i2d, app=app)
    [viewer] = shown_in(app, label)
    [state] = [s for s in viewer.state.layers if s.layer.label == label]
    readout = app._app.session.application._tools["g-coords-info"]
    move = {"event": "mousemove", "domain": {"x": 200, "y": 150}}
    readout._viewer_mouse_event(viewer, move)
    assert "Value" in readout.as_text()[0]
    said = []
    monkeypatch.setattr(stored_data, "show_error_of", lambda data, text: said.append(text))
    written = i2d.stat().st_mtime_ns
    os.utime(i2d, ns=(1, 1))
    try:
        for _ in range(2):
            invalidate_cache()
            drawn = state.get_sliced_data(bounds=[(0, 299, 7), (0, 399, 9)])
            assert drawn.shape == (7, 9) and np.isnan(drawn).all()
        readout._viewer_mouse_event(viewer, move)
        assert "Value" not in readout.as_text()[0]
        [again] = stage3.load(i2d, app=app)
        assert again != label and np.isfinite(app.get_data(again).data[150, 200])
        with pytest.raises(UnreadableProductError, match="load it again"):  # never a 0
            np.asarray(app.get_data(label).data)
    finally:
        os.utime(i2d, ns=(written, written))
    assert len(said) == 1 and i2d.name in said[0] and "load it again" in said[0]


def test_flags_of_a_large_image(i2d, tmp_path, monkeypatch):
    monkeypatch.setattr(image_module, "LARGE_IMAGE", 0)
    flags = (np.arange(SHAPE[0] * SHAPE[1]) % 3).astype("u4").reshape(SHAPE)
    path = tmp_path / i2d.name
    with fits.open(i2d) as hdus:
        hdus.append(fits.ImageHDU(flags, name="DQ"))
        hdus.writeto(path)
    app = new_app()
    [label] = stage3.load(path, app=app, extension="DQ")
    found = app._app.data_collection[label]["dq"]
    np.testing.assert_array_equal(found, np.where(flags == 0, np.nan, flags))
