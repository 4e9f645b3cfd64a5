"""An app as a script, run in another one: the two are the same."""

import runpy

import numpy as np
import pytest
from app_states import assert_same_state, state_of
from astropy.io import fits
from fresh_apps import new_app
from glue.config import colormaps
from glue.core.edit_subset_mode import AndNotMode, NewMode, OrMode
from glue.core.roi import CircularROI, RectangularROI, XRangeROI
from make_cubes import cube, cube_arrays
from make_products import mosaic, segmentation
from make_spectra import time_series, two_slits
from make_tables import catalog
from sessions import restored
from white_light_tools import columns

import jdaviz_stage3 as stage3
from jdaviz_stage3.errors import Stage3Error, Stage3Warning
from jdaviz_stage3.jdaviz_compat import (
    create_viewer,
    data_labels,
    data_of,
    glue_viewer,
    layer_of,
    layers_in_order,
    put_layers_in_order,
    remove_data,
    rename_data,
    show_only,
    shown_in,
)
from jdaviz_stage3.session import run_script

NAMED = 'it\'s "M 51"\n{0} # é'


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Small products of several kinds; two of one name in two folders."""
    folder = tmp_path_factory.mktemp("program")
    (folder / "again").mkdir()
    series = [(columns(1), {"spectral_order": 1, "detector": "NIS"})]
    return {
        "folder": folder,
        "i2d": mosaic(folder),
        "again": mosaic(folder / "again"),
        "segm": segmentation(folder),
        "cat": catalog(folder),
        "x1d": two_slits(folder),
        "x1dints": time_series(folder, series),
        "s3d": cube(folder, cube_arrays(np.geomspace(5, 7, 30), (16, 20))),
    }


def draw(app, viewer, roi, mode=NewMode):
    """Draw a subset by hand."""
    edit = app._app.session.edit_subset_mode
    edit.mode = mode
    if mode is NewMode:
        edit.edit_subset = None
    glue_viewer(app, viewer).apply_roi(roi)


def mark(app, viewer, label, x, y):
    """Press m over a place, as jdaviz's *Markers* hears it."""
    plugin = app.plugins["Markers"]._obj
    told = {"axes_x": x, "axes_y": y, "data_label": label, "pixel_x": x, "pixel_y": y,
            "pixel:unreliable": False, "value": 0.25, "value:unit": "MJy / sr"}  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(plugin.coords_info), "as_dict", lambda self: dict(told))
        plugin._on_viewer_key_event(glue_viewer(app, viewer), {"event": "keydown", "key": "m"})


def marked(app, viewer):
    found = app.plugins["Markers"]._obj._get_mark(glue_viewer(app, viewer))
    return [np.asarray(found.x).tolist(), np.asarray(found.y).tolist()]


def order(app, viewer):
    """The places of the layers of a viewer in the order in which they lie over each other."""
    state = glue_viewer(app, viewer).state
    return [state.layers.index(layer) for layer in layers_in_order(glue_viewer(app, viewer))]


@pytest.mark.forked
def test_images_with_sources_and_regions(files, tmp_path):
    app = new_app()
    stage3.load(files["i2d"], files["segm"], files["cat"], app=app)
    stage3.load(files["again"], app=app, extension=["SCI", "ERR"])
    first, second = (label for label in data_labels(app) if label.endswith(("i2d", "i2d (1)")))
    rename_data(app, second, NAMED)
    remove_data(app, [f"{second}[ERR]"])
    draw(app, "Image", CircularROI(20.5, 12, 6))
    draw(app, "Image", RectangularROI(15, 18, 8, 14), OrMode)
    draw(app, "Image", CircularROI(20.5, 12, 2), AndNotMode)
    viewer = create_viewer(app, "imviz-image-viewer", "Beside")
    show_only(app, viewer, [NAMED])
    image = glue_viewer(app, "Image")
    layer = layer_of(image, data_of(app, first))
    layer.stretch, layer.v_min, layer.v_max = "log", 0.35, 0.5
    layer.cmap = next(colors for _, colors in colormaps.members if colors.name == "viridis")
    layer_of(image, data_of(app, NAMED)).visible = False
    image.set_limits(x_min=2.0, x_max=30.0, y_min=1.0, y_max=29.0)
    put_layers_in_order(image, layers_in_order(image)[::-1])  # beside points, which stay on top
    plg = app.plugins["Catalog Overlay"]
    plg.filters = ["aper_total_flux > 1e-8 Jy"]
    plg.color = "#ff0000"
    plg.select([2])
    mark(app, "Image", first, 12.25, 7.5)
    plg.legend = "Bottom left"
    plg.place_legend("Image", (0.5, 0.25), folded=True)
    other, text = restored(app, files["folder"], tmp_path)
    assert_same_state(app, other)
    assert order(other, "Image") == order(app, "Image") != sorted(order(app, "Image"))
    assert order(other, "Beside") == order(app, "Beside") and text.count("session.order(") == 1
    assert marked(other, "Image") == marked(app, "Image") == [[12.25], [7.5]]
    assert len(other.plugins["Markers"].export_table()) == 1
    assert 'plg.legend = "Bottom left"' in text.replace("'", '"')
    assert other.plugins["Catalog Overlay"]._obj.legend_lines() == plg._obj.legend_lines()
    there = other.plugins["Catalog Overlay"]
    assert (there.filters, there.color, there.selected) == (plg.filters, "#ff0000", [2])
    assert "Not restored" not in text
    assert text.count("session.load(") == 4
    assert "alpha" not in text  # as loading has it


@pytest.mark.forked
def test_spectra_and_a_time_series(files, tmp_path):
    app = new_app()
    stage3.load(files["x1d"], app=app, slit="S1")
    stage3.load(files["x1dints"], app=app, data_label="transit")
    [label] = [name for name in data_labels(app) if name.startswith("transit") and "(" not in name]
    [viewer] = [viewer.reference for viewer in shown_in(app, f"{label} (median)")]
    draw(app, viewer, XRangeROI(1.2, 1.5))
    smooth = app.plugins["Median Smooth"]
    smooth.dataset = [f"{label} (median)"]
    smooth.width, smooth.spectral_subset = 7, "Subset 1"
    smooth.smooth()
    smooth.width = 31  # for the next one
    plg = app.plugins["White Light Curve"]
    plg.show(band_low=1, band_high=2.5, bin_width=4, mid_transit=2460000.9)
    plg.add_to_app()
    glue_viewer(app, viewer).set_limits(x_min=1.0, x_max=2.0)
    for layer in glue_viewer(app, viewer).state.layers:
        if layer.layer.label.endswith("px, Subset 1)"):
            layer.color, layer.linewidth = "#123456", 3
    other, text = restored(app, files["folder"], tmp_path)
    assert_same_state(app, other)
    there = other.plugins["White Light Curve"]
    np.testing.assert_array_equal(there.light_curve()["flux"], plg.light_curve()["flux"])
    assert other.plugins["Median Smooth"].width == 31
    assert "Not restored" not in text
    assert text.count("plg.smooth()") == 1


@pytest.mark.forked
def test_what_cannot_be_restored_is_said(files, tmp_path):
    app = new_app()
    stage3.load(files["s3d"], app=app)
    fits.writeto(tmp_path / "mine.fits", np.arange(200.0).reshape(10, 20))
    with pytest.warns(Stage3Warning, match="jdaviz's own importer"):
        stage3.load(tmp_path / "mine.fits", app=app)
    draw(app, "3D Spectrum", CircularROI(8, 9, 3))  # jdaviz extracts its spectrum
    app.plugins["Moment Maps"].calculate_moment(add_data=True)
    other, text = restored(app, files["folder"], tmp_path)
    [lost] = [label for label in data_labels(app) if label not in data_labels(other)]
    head = text.partition("import")[0]
    assert head.count("# - ") == 1
    assert f"# - {lost}: neither loaded" in head
    assert "Spectrum (Subset 1, sum)" in data_labels(other)
    remove_data(app, [lost])
    ours, theirs = state_of(app), state_of(other)
    assert {key: ours[key] for key in ("data", ("subset", "Subset 1"), "layout")} == {
        key: theirs[key] for key in ("data", ("subset", "Subset 1"), "layout")
    }


@pytest.mark.forked
def test_a_file_that_is_missing_is_one_line(files, tmp_path):
    app = new_app()
    stage3.load(files["i2d"], files["cat"], app=app)
    plg = app.plugins["Catalog Overlay"]
    plg.color = "#ff0000"
    script = stage3.session.save(app, files["folder"] / "session.py")  # paths relative to it
    assert "FOLDER = Path(__file__).parent" in script.read_text()
    script.write_text(
        script.read_text().replace('load("jw', 'load("./jw', 1).replace('load("jw', 'load("no/jw')
    )
    other = new_app()
    with pytest.warns(Stage3Warning, match="no/jw.*cat.ecsv: there is no such file") as caught:
        run_script(script, other)
    assert len([one for one in caught if issubclass(one.category, Stage3Warning)]) == 1
    assert data_labels(other) == data_labels(app)[:1]


@pytest.mark.forked
def test_an_app_with_nothing_in_it(tmp_path):
    app = new_app()
    text = stage3.session.to_python(app)
    assert "pass  # nothing was loaded" in text
    (tmp_path / "session.py").write_text(text)
    names = runpy.run_path(str(tmp_path / "session.py"))
    names["restore"](app)
    assert data_labels(app) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 +", "cannot be run"),
        ("print(1)", "no function restore"),
        ("raise SystemExit(3)", "cannot be run"),
        ("def restore(app): raise KeyError('M 51')", "ended with 'M 51'"),
    ],
)
def test_a_script_that_is_none(tmp_path, text, expected):
    (tmp_path / "session.py").write_text(text)
    with pytest.raises(Stage3Error, match=expected):
        run_script(tmp_path / "session.py", None)
