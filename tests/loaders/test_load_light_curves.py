"""Light-curve products in the generalised app: columns, labels, viewers, links."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable
from fresh_apps import new_app
from light_curve_tools import bars_of
from make_tables import light_curve, save_table

import jdaviz_stage3 as stage3
from jdaviz_stage3.analysis.light_curves.table import LightCurveColumns
from jdaviz_stage3.jdaviz_compat import shown_in
from jdaviz_stage3.loaders.light_curve import light_curve_tables
from jdaviz_stage3.origin import ORIGIN

pytestmark = pytest.mark.forked  # each with an app of its own


def photometry_viewer(path, **options):
    app = new_app()
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
    app = new_app()
    with pytest.raises(stage3.Stage3Error, match=r"phot.ecsv: .*'sum' .*net_aperture_sum"):
        stage3.load(built("phot", "3.0"), app=app, column="sum")
    assert list(app.datasets) == []


def test_one_order_of_white_light(built):
    app = new_app()
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
    app = new_app()
    path = built("whtlt", "1.19")
    [first] = stage3.load(path, app=app, column="whitelight_flux_order_1")
    [viewer] = shown_in(app, first)
    [second] = stage3.load(path, app=app, viewer=viewer.reference, column="whitelight_flux_order_2")
    assert [layer.layer.label for layer in viewer.layers] == [first, second]


def test_a_product_that_does_not_fit_the_viewer_is_not_loaded(built):
    app = new_app()
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
    app = new_app()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)
        stage3.load(built("phot", "3.0"), built("whtlt", "3.0"), built("whtlt", "1.18"), app=app)
    for link in app._app.data_collection.external_links:
        [one], [other] = link.cids1, link.cids2
        if "Pixel" not in one.label:
            assert one.label == other.label in ("time", "BJD_TDB", "JD_UTC")
            zeros = {LightCurveColumns.of(data.meta).zero for data in (link.data1, link.data2)}
            systems = {LightCurveColumns.of(data.meta).date for data in (link.data1, link.data2)}
            assert len(systems) == 1 and (one.label != "time" or len(zeros) == 1)


# ---- time systems, and what the data carry ----

DAYS = 59988.6 + np.arange(5) / 500
BARYCENTRIC = DAYS + 0.003


def two_detectors(folder, **replaced):
    """A whtlt of NIRSpec with two orders, the second detector a point shorter and later."""
    pad = np.array([1, 1, 1, 1, np.nan])
    times = {
        "MJD_UTC_NRS1": DAYS,
        "BJD_TDB_NRS1": BARYCENTRIC,
        "MJD_UTC_NRS2": (DAYS + 1e-3) * pad,
        "BJD_TDB_NRS2": (BARYCENTRIC + 1e-3) * pad,
    }
    fluxes = {f"whitelight_flux_order_{order}_{detector}": np.linspace(order, 0.9, 5) * u.Jy
              for order in (1, 2) for detector in ("NRS1", "NRS2")}  # fmt: skip
    return light_curve(folder, times | fluxes | replaced)


@pytest.mark.parametrize(
    ("time_system", "name", "offset"), [(None, "BJD_TDB", 0.003), ("MJD_UTC", "JD_UTC", 0.0)]
)
def test_white_light_against_either_time_has_both_dates(tmp_path, time_system, name, offset):
    app = new_app()
    options = {"time_system": time_system} if time_system else {}
    labels = stage3.load(two_detectors(tmp_path), app=app, **options)
    assert len(labels) == 4
    for label in labels:
        data = app._app.data_collection[label]
        utc = DAYS + 2400000.5
        if label.endswith("NRS2"):
            utc = np.append(utc[:-1] + 1e-3, np.nan)
        np.testing.assert_allclose(data["JD_UTC"], utc, rtol=0, atol=2e-9)
        np.testing.assert_allclose(data["BJD_TDB"], utc + 0.003, rtol=0, atol=2e-9)
        np.testing.assert_allclose(data["time"] + 2459989, utc + offset, rtol=0, atol=2e-9)
        assert LightCurveColumns.of(data.meta).date == name
        assert data.meta["time_system"] == (time_system or "BJD_TDB")
        [viewer] = shown_in(app, label)
        assert viewer.figure.axes[0].label == f"{name} − 2459989 (d)"


def test_photometry_against_utc(built):
    app, label, viewer = photometry_viewer(
        built("phot", "3.0"), time_system="MJD_UTC", column="aperture_sum"
    )
    assert viewer.figure.axes[0].label == "JD_UTC − 2460000 (d)"
    assert viewer.figure.axes[1].label == "Aperture flux, background not subtracted (Jy)"
    data = app._app.data_collection[label]
    days = np.arange(5) / 500 + 0.5
    np.testing.assert_allclose(data["time"], days, rtol=0, atol=1e-9)
    np.testing.assert_allclose(data["JD_UTC"], days + 2460000, rtol=0, atol=1e-9)
    np.testing.assert_allclose(data["BJD_TDB"], days + 2460000.003, rtol=0, atol=1e-9)
    assert len(bars_of(viewer.layers[0].error_mark)[0]) == 5


def test_light_curves_against_different_times_do_not_share_axes(built):
    app = new_app()
    [label] = stage3.load(built("whtlt", "3.0"), app=app)
    [viewer] = shown_in(app, label)
    with (
        pytest.warns(stage3.Stage3Warning, match="its times are JD_UTC, the axis is in BJD_TDB"),
        pytest.raises(stage3.Stage3Error, match="could not be shown"),
    ):
        stage3.load(built("whtlt", "3.0"), app=app, viewer=viewer.reference, time_system="MJD_UTC")


@pytest.mark.parametrize(
    ("product", "asked", "have"),
    [
        (("whtlt", "1.18"), "BJD_TDB", "there is MJD_UTC"),
        (("phot", "1.20"), "BJD_TDB", "there is MJD_UTC"),
        (("whtlt", "3.0"), "JD", "there is BJD_TDB and MJD_UTC"),
    ],
)
def test_a_time_system_that_the_file_has_not(built, product, asked, have):
    app = new_app()
    path = built(*product)
    with pytest.raises(stage3.Stage3Error) as caught:
        stage3.load(path, app=app, time_system=asked)
    assert str(caught.value) == f"{path.name}: no times in time_system {asked!r}; {have}"
    assert list(app.datasets) == []


def test_a_detector_without_utc_is_not_shown_against_it(tmp_path):
    path = two_detectors(tmp_path, MJD_UTC_NRS2=DAYS * np.nan)
    app = new_app()
    with pytest.raises(stage3.Stage3Error, match="of whitelight_flux_order_1_NRS2 in 'MJD_UTC'; "):
        stage3.load(path, app=app, time_system="MJD_UTC")
    [label] = stage3.load(
        path, app=app, time_system="MJD_UTC", column="whitelight_flux_order_2_NRS1"
    )
    assert list(app.datasets) == [label]


def test_a_time_system_without_a_single_time_gives_way_with_a_warning(tmp_path):
    columns = {"MJD_UTC": DAYS, "BJD_TDB": DAYS * np.nan, "whitelight_flux": np.ones(5) * u.Jy}
    app = new_app()
    with pytest.warns(stage3.Stage3Warning, match="no finite time in BJD_TDB; shown .* MJD_UTC"):
        [label] = stage3.load(light_curve(tmp_path, columns), app=app)
    assert LightCurveColumns.of(app._app.data_collection[label].meta).date == "JD_UTC"


@pytest.mark.parametrize(
    ("product", "choices"),
    [(("whtlt", "3.0"), ["BJD_TDB", "MJD_UTC"]), (("whtlt", "1.18"), ["MJD_UTC"]),
     (("phot", "3.0"), ["BJD_TDB", "MJD_UTC"]), (("phot", "1.20"), ["MJD_UTC"])],
)  # fmt: skip
def test_the_form_has_the_choice_of_times(built, product, choices):
    app = new_app()
    loader = app.loaders["file"]
    loader.filepath = str(built(*product))
    importer = loader.importer
    assert importer.time_system.choices == choices
    assert importer.time_system.selected == choices[0]
    form = importer._obj.form
    assert [field["name"] for field in form] == ["column", "time_system"]
    # in the page: the choice by its declared name
    template = importer._obj.template.template
    assert 'v-for="choice in form"' in template
    assert """@update:selected="$data[choice.name + '_selected'] = $event\"""" in template


@pytest.mark.parametrize("time_system", ["BJD_TDB", "MJD_UTC"])
def test_data_say_which_column_of_which_file_they_are(tmp_path, time_system):
    app = new_app()
    path = two_detectors(tmp_path)
    labels = stage3.load(path, app=app, time_system=time_system)
    columns = set()
    for label in labels:
        meta = app._app.data_collection[label].meta
        origin = meta[ORIGIN]
        columns.add(origin.column)
        assert label.endswith(origin.column[len("whitelight_flux_") :].replace("_", " "))
        assert origin.suffix == "whtlt"
        assert origin.root == path.name.removesuffix("_whtlt.ecsv")
        assert str(origin.path) == str(path)
    assert columns == {f"whitelight_flux_order_{o}_{d}" for o in (1, 2) for d in ("NRS1", "NRS2")}


@pytest.mark.parametrize("column", [None, "aperture_sum"])
def test_photometry_says_which_column_it_shows(built, column):
    path = built("phot", "3.0")
    app, label, _ = photometry_viewer(path, **({"column": column} if column else {}))
    meta = app._app.data_collection[label].meta
    origin = meta[ORIGIN]
    assert origin.column == (column or "net_aperture_sum")
    assert (origin.suffix, str(origin.path)) == ("phot", str(path))
    assert origin.root == path.name.removesuffix("_phot.ecsv")
