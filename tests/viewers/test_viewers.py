"""What the viewers show and read out, and how they are laid out."""

import warnings

import numpy as np
import pytest
from fresh_apps import new_app

import jdaviz_stage3 as stage3
from jdaviz_stage3.demo import demo_products
from jdaviz_stage3.jdaviz_compat import shown_in


def product(suffix):
    return next(path for path in demo_products() if f"_{suffix}." in path.name)


@pytest.fixture(scope="module")
def app():
    """An app with all of the demo in it."""
    app = new_app()
    stage3.open_demo(app)
    return app


def read_out(app, viewer, x, y):
    info = app._app.session.application._tools["g-coords-info"]
    info.update_display(viewer, x, y)
    return info


def cells(item):
    """The labels of the viewers in each cell of the layout, from top left to bottom right."""
    own = [tuple(viewer["reference"] for viewer in item["viewers"])] if item["viewers"] else []
    return own + [cell for child in item["children"] for cell in cells(child)]


def test_the_demo_is_laid_out_two_by_two(app):
    [column] = app._app.state.stack_items
    assert [row["container"] for row in column["children"]] == ["gl-row", "gl-row"]
    assert cells(column) == [
        ("Image",),
        ("1D Spectrum",),
        ("Dynamic spectrum order 1", "Median spectrum order 1"),
        ("Light curve",),
    ]


@pytest.mark.forked
def test_the_layout_can_be_left_alone():
    app = new_app()
    stage3.load(product("i2d"), app=app)
    before = cells(app._app.state.stack_items[0])
    stage3.load(product("c1d"), app=app, arrange=False)
    assert cells(app._app.state.stack_items[0]) == [*before, ("1D Spectrum",)]


def test_the_cursor_reads_the_flux_of_the_mosaic_under_a_segmentation(app):
    [viewer] = shown_in(app, next(label for label in app.datasets if label.endswith(" i2d")))
    image = stage3.read(product("i2d"))
    y, x = np.unravel_index(np.nanargmax(image.data), image.shape)
    info = read_out(app, viewer, float(x), float(y))
    value, unit = info.row1b_text.split(" ", 1)
    expected = (image.data[y, x] * image.unit).to_value(unit)
    assert float(value) == pytest.approx(expected, rel=1e-5)


def test_the_cursor_reads_time_and_flux_of_the_nearest_integration(app):
    label = next(label for label in app.datasets if label.endswith("whtlt"))
    [viewer] = shown_in(app, label)
    series = stage3.read(product("whtlt"))
    data = app._app.data_collection[label]
    k = 20
    info = read_out(app, viewer, data["time"][k] + 1e-5, data["flux"][k])
    assert info.row1a_text == str(k + 1)
    assert info.row2_title == "BJD_TDB"
    assert float(info.row2_text) == pytest.approx(series["time"].jd[k], abs=1e-6)
    value, unit = info.row1b_text.split()
    assert unit == "Jy"
    assert float(value) == pytest.approx(series["whitelight_flux"].value[k], rel=1e-5)


def test_a_catalog_is_not_offered_to_light_curve_viewers(app):
    label = next(label for label in app.datasets if label.endswith(" cat"))
    assert [viewer.reference for viewer in shown_in(app, label)] == ["Image"]
    [again] = stage3.load(product("cat"), app=app)
    assert [viewer.reference for viewer in shown_in(app, again)] == ["Image"]


@pytest.mark.forked
def test_the_limits_show_all_orders(built):
    app = new_app()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)
        labels = stage3.load(
            built("x1d", "MRSMultiSpecModel"),
            built("x1d", "MultiSpecModel"),  # as bright, at shorter wavelengths
            app=app,
            quantity="flux",
        )
    [viewer] = {viewer.reference: viewer for x in labels for viewer in shown_in(app, x)}.values()
    for label in labels:
        wavelength = app.datasets[label].get_data().spectral_axis.value
        assert viewer.state.x_min <= wavelength.min() < wavelength.max() <= viewer.state.x_max


@pytest.mark.forked
def test_no_panel_of_a_layer_is_made_for_nobody(built):
    """glue-jupyter makes one for each layer, of a dozen widgets; jdaviz shows none of them."""
    from ipywidgets.widgets.widget import _instances

    app = new_app()
    before = set(_instances)
    labels = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)
        for key in (("whtlt", "3.0"), ("x1dints", "TSOMultiSpecModel")):
            labels += stage3.load(built(*key), app=app)
    made = {type(widget).__name__ for name, widget in _instances.items() if name not in before}
    panels = {name for name in made if name.endswith("LayerStateWidget")}
    assert panels == {"ProfileLayerStateWidget"}, "of jdaviz's own viewer, which we leave alone"
    assert all(viewer.layers for label in labels for viewer in shown_in(app, label))
