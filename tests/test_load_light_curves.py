"""Light-curve products in the generalised app: columns, labels, viewers, links."""

import warnings

import jdaviz
import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable
from light_curve_tools import bars_of
from make_tables import save_table

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import shown_in
from jdaviz_stage3.loaders.light_curve import light_curve_tables


def photometry_viewer(path, **options):
    app = jdaviz.new_app()
    [label] = stage3.load(path, app=app, **options)
    [viewer] = shown_in(app, label)
    return app, label, viewer


def test_photometry_shows_the_background_subtracted_flux_with_its_errors(tmp_path):
    days = 60000.25 + np.arange(4) / 500
    table = QTable({
        "MJD": days - 0.003, "BJD_TDB": days,
        "aperture_sum": [5.0, 6, 7, 8] * u.electron, "aperture_sum_err": [1.0] * 4 * u.electron,
        "net_aperture_sum": [1.0, 2, 3, 4] * u.electron,
        "net_aperture_sum_err": [0.1, 0.2, 0.3, 0.4] * u.electron,
    })  # fmt: skip
    path = save_table(table, tmp_path / "jw09997-o001_t001_nircam_clear_phot.ecsv")
    app, label, viewer = photometry_viewer(path)
    assert label == "jw09997-o001_t001_nircam_clear phot"
    data = app._app.data_collection[label]
    names = [component.label for component in data.main_components]
    assert names[:3] == ["time", "net_aperture_sum", "net_aperture_sum_err"]
    assert {"aperture_sum", "aperture_sum_err", "BJD_TDB", "JD_UTC"} <= set(names)
    assert viewer.figure.axes[0].label == "BJD_TDB − 2460000 (d)"
    assert viewer.figure.axes[1].label == "Aperture flux, background subtracted (electron)"
    x, low, high = bars_of(viewer.layers[0].error_mark)
    np.testing.assert_allclose(x, days - 59999.5, rtol=0, atol=1e-9)
    np.testing.assert_allclose(low, [0.9, 1.8, 2.7, 3.6])
    np.testing.assert_allclose(high, [1.1, 2.2, 3.3, 4.4])
    np.testing.assert_array_equal(viewer.layers[0].scatter_mark.y, [1, 2, 3, 4])
    np.testing.assert_allclose(data["BJD_TDB"], days + 2400000.5, rtol=0, atol=1e-9)
    np.testing.assert_allclose(data["JD_UTC"], days - 0.003 + 2400000.5, rtol=0, atol=1e-9)


def test_another_column_of_photometry(built):
    path = built("phot", "3.0")
    _, _, viewer = photometry_viewer(path, column="aperture_sum")
    assert viewer.state.y_att.label == "aperture_sum"
    assert viewer.figure.axes[1].label == "Aperture flux, background not subtracted (Jy)"
    assert len(bars_of(viewer.layers[0].error_mark)[0]) == 5


def test_a_column_that_is_not_there_is_named_with_those_that_are(built):
    app = jdaviz.new_app()
    with pytest.raises(stage3.Stage3Error, match=r"phot.ecsv: .*'sum' .*net_aperture_sum"):
        stage3.load(built("phot", "3.0"), app=app, column="sum")
    assert list(app.datasets) == []


def test_one_order_of_white_light(built):
    app = jdaviz.new_app()
    column = "whitelight_flux_order_2"
    [label] = stage3.load(built("whtlt", "1.19"), app=app, column=column)
    assert label.endswith("order 2")
    with pytest.raises(KeyError, match="no column 'x' to show; there is whitelight_flux_order_1"):
        light_curve_tables(stage3.read(built("whtlt", "1.19")), "x")


def test_choosing_another_column_in_the_viewer_brings_its_errors_and_label(built):
    _, label, viewer = photometry_viewer(built("phot", "3.0"))
    data = viewer.layers[0].layer
    assert len(viewer.layers[0].error_mark.x) == 0, "this file has no net_aperture_sum_err"
    viewer.state.y_att = data.id["aperture_sum"]
    assert viewer.figure.axes[1].label == "Aperture flux, background not subtracted (Jy)"
    assert len(bars_of(viewer.layers[0].error_mark)[0]) == 5


def test_photometry_without_barycentric_times_and_background(built):
    with pytest.warns(stage3.Stage3Warning, match="background is not subtracted"):
        _, _, viewer = photometry_viewer(built("phot", "1.20"))
    assert viewer.figure.axes[0].label == "JD_UTC − 2460000 (d)"
    assert viewer.state.x_min < viewer.state.x_max and viewer.state.y_min < viewer.state.y_max


def test_orders_of_a_product_loaded_into_one_viewer(built):
    app = jdaviz.new_app()
    path = built("whtlt", "1.19")
    [first] = stage3.load(path, app=app, column="whitelight_flux_order_1")
    [viewer] = shown_in(app, first)
    [second] = stage3.load(path, app=app, viewer=viewer.reference, column="whitelight_flux_order_2")
    assert [layer.layer.label for layer in viewer.layers] == [first, second]


def test_a_product_that_does_not_fit_the_viewer_is_not_loaded(built):
    app = jdaviz.new_app()
    [label] = stage3.load(built("phot", "3.0"), app=app)
    [viewer] = shown_in(app, label)
    with (
        pytest.warns(stage3.Stage3Warning, match="has no unit, the axis has the unit Jy"),
        pytest.raises(stage3.Stage3Error, match="could not be shown in Light curve"),
    ):
        stage3.load(built("whtlt", "1.19"), app=app, viewer=viewer.reference)
    assert list(app.datasets) == [label]


def test_columns_of_light_curves_are_linked_only_if_they_are_the_same(built):
    """jdaviz would take every column in days, and every flux, for the same as another."""
    app = jdaviz.new_app()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)
        stage3.load(built("phot", "3.0"), built("whtlt", "3.0"), built("whtlt", "1.18"), app=app)
    for link in app._app.data_collection.external_links:
        [one], [other] = link.cids1, link.cids2
        if "Pixel" not in one.label:
            assert one.label == other.label in ("time", "BJD_TDB", "JD_UTC")
            zeros = {data.meta["time_zero"] for data in (link.data1, link.data2)}
            systems = {data.meta["time_system_name"] for data in (link.data1, link.data2)}
            assert len(systems) == 1 and (one.label != "time" or len(zeros) == 1)
