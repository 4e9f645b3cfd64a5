"""What the White Light Curve plugin gives away, its API, and how its marks come and go."""

import re

import numpy as np
import pytest
import white_light_tools as tools
from astropy.time import TimeDelta
from astropy.timeseries import TimeSeries
from fresh_apps import new_app
from jdaviz.core.user_api import PluginUserApi
from make_spectra import time_series
from make_tables import light_curve
from white_light_tools import (
    CASES,
    CONFIGURATIONS,
    NAME,
    N,
    app_with,
    assert_same,
    canvas,
    drawn_flux,
    mark,
    n_marks,
    side_plot,
    spectrum_viewer,
)

import jdaviz_stage3 as stage3
from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.jdaviz_compat import (
    data_labels,
    data_of,
    remove_data,
    remove_viewers,
    shown_in,
    viewer_labels,
)

# ---- results ----


def test_added_curves_have_values_units_and_flags(plg, app, traces):
    plg.show(normalize="none")
    [label] = plg.add_to_app()
    assert data_labels(app) == [*app.loaded, label]
    assert label == f"{app.labels[0]} light curve"
    data, curve = data_of(app, label), plg.light_curve()
    for name in ("flux", "flux_err"):
        np.testing.assert_array_equal(data[name], curve[name].value)
        assert data.get_component(data.id[name]).units == "Jy"
    np.testing.assert_array_equal(np.asarray(data["outlier"], bool), curve["outlier"])
    np.testing.assert_array_equal(data["int_num"], curve["int_num"])
    np.testing.assert_allclose(data["BJD_TDB"], traces[0].time.jd, rtol=0, atol=1e-9)
    zero = np.floor(traces[0].time[0].jd)
    np.testing.assert_allclose(data["time"], traces[0].time.jd - zero, rtol=0, atol=1e-9)
    if plg._obj.has_viewers:
        [viewer] = shown_in(app, label)
        labels = [axis.label for axis in viewer.figure.axes[:2]]
        assert labels == ["BJD_TDB − 2460000 (d)", "Flux (Jy)"]
    plg.show(time_system="MJD_UTC", band_low=1.3)
    [other] = plg.add_to_app()
    data = data_of(app, other)
    np.testing.assert_allclose(data["JD_UTC"], traces[0].time_utc.jd, rtol=0, atol=1e-9)


def test_a_curve_of_the_same_label_is_replaced(plg, app):
    plg.show()
    for sigma in (5, "", 4):
        plg.outlier_sigma = sigma
        [label] = plg.add_to_app()
    assert data_labels(app) == [*app.loaded, label]
    assert data_of(app, label).meta["outlier_sigma"] == 4
    before = n_marks(app)
    plg.add_to_app()
    assert n_marks(app) == before


def test_curves_in_other_units_go_to_a_viewer_of_their_own(one, generalised):
    app = generalised
    one.show(normalize="none")
    [flux] = one.add_to_app()
    one.show(normalize="median", band_low=1.5)
    [relative] = one.add_to_app()
    one.show(band_low=1.6)
    [third] = one.add_to_app()
    [flux_viewer], [viewer] = shown_in(app, flux), shown_in(app, relative)
    assert flux_viewer is not viewer
    assert shown_in(app, third) == [viewer]
    one.show(time_system="MJD_UTC", band_low=1.7)
    [utc] = one.add_to_app()
    [viewer] = shown_in(app, utc)
    assert "JD_UTC" in viewer.figure.axes[0].label


def test_each_band_is_added(plg, app):
    plg.show(division="number of bands", division_value=3, bin_width=4)
    curve, labels = plg.light_curve(), plg.add_to_app()
    assert len(labels) == len(set(labels)) == 3
    for band, label in enumerate(labels):
        np.testing.assert_array_equal(data_of(app, label)["flux"], curve["flux"][:, band])
        assert f"{curve.meta['bands'][band][0]:.4g}–" in label
        assert "bins of 4 integrations" in label


def test_narrow_bands_have_different_labels(one, generalised):
    one.show(division="number of bands", division_value=20, band_low=1.5, band_high=1.506,
             band_edges="fractional")  # fmt: skip
    labels = one.add_to_app()
    assert len(set(labels)) == 20
    assert data_labels(generalised) == [*generalised.loaded, *labels]


def test_an_exported_curve_is_read_back(plg, app, tmp_path):
    plg.show(division="number of bands", division_value=2, time_system="MJD_UTC")
    path = plg.export(tmp_path / "bands.ecsv")
    found, curve = TimeSeries.read(path, format="ascii.ecsv"), plg.light_curve()
    assert np.all((found["time"] - curve["time"]).to_value("s") == 0)
    for name in ("flux", "flux_err", "outlier", "n_filled"):
        np.testing.assert_array_equal(found[name], curve[name])
    assert dict(found.meta) == dict(curve.meta)
    with pytest.raises(Stage3Error, match="there already"):
        plg.export(path)
    plg.export(path, overwrite=True)
    plg.show(division="one band", dataset=app.labels)
    first = plg.export(tmp_path / "orders.ecsv")
    files = sorted(file.name for file in tmp_path.glob("orders*"))
    assert files == ["orders_1.ecsv", "orders_2.ecsv"] and first.name == files[0]


@pytest.mark.parametrize("settings, keywords", CASES, ids=lambda value: str(value)[:60])
def test_the_python_code_gives_the_same_numbers(one, settings, keywords):
    one.show(**settings)
    code = one.to_python()
    exec(code, found := {})
    assert_same(found["curve"], one.light_curve())


def test_the_python_code_of_two_traces_keeps_both(one, generalised):
    one.show(dataset=generalised.labels)
    exec(one.to_python(), found := {})
    curves = [
        curve
        for value in found.values()
        for curve in (value if isinstance(value, list) else [value])
        if isinstance(curve, TimeSeries)
    ]
    factors = {curve.meta["normalization_factor"] for curve in curves}
    assert factors == {curve.meta["normalization_factor"] for curve in one.light_curve()}


def test_a_lightkurve_has_the_same_numbers(one, generalised):
    lightkurve = pytest.importorskip("lightkurve")
    one.show()
    found, curve = one.to_lightkurve(), one.light_curve()
    assert isinstance(found, lightkurve.LightCurve)
    np.testing.assert_array_equal(found.flux.value, curve["flux"].value)
    np.testing.assert_array_equal(found["quality"], curve["outlier"].astype(int))
    one.show(dataset=generalised.labels)
    assert len(one.to_lightkurve()) == 2


def test_noise_figures_are_those_of_the_curve(one):
    one.show(band_low=1.5)
    (figures, table), curve = one.noise(), one.light_curve()
    good = ~curve["outlier"]
    assert figures.n_points == good.sum()
    error = curve["flux_err"].value[good]
    assert figures.expected == pytest.approx(np.sqrt(np.mean(error**2)), rel=0.1)
    assert len(table) > 2
    assert f"{figures.n_points} points" in one.noise_text


# ---- the pipeline's curve ----

SUMMED = (1.2, 2.5)


@pytest.fixture
def whtlt(one, generalised, traces, tmp_path):
    """Labels of a whtlt as the pipeline makes it: a sum of what is not NaN, flagged or not."""
    return stage3.load(summed(tmp_path, traces, (SUMMED, (0.7, 1.3))), app=generalised)


def test_the_curve_of_the_pipeline_is_drawn_and_explained(one, generalised, traces, whtlt):
    assert one.pipeline.choices == ["None", *whtlt]
    one.show(pipeline=whtlt[0])
    text = one.pipeline_text
    assert "plain sum of FLUX from 1.2" in text and "flagged" in text
    raw, drawn = data_of(generalised, whtlt[0])["flux"], mark(one, "pipeline")
    np.testing.assert_allclose(drawn.y, raw / np.median(raw), rtol=1e-9)
    np.testing.assert_allclose(drawn.x, traces[0].time.jd - 2460000, rtol=0, atol=1e-8)
    one.normalize = "none"
    np.testing.assert_allclose(mark(one, "pipeline").y, raw, rtol=1e-12)
    one.use_pipeline_band()
    curve = one.light_curve()
    wavelength = traces[0].wavelength.value
    inside = (wavelength >= SUMMED[0]) & (wavelength <= SUMMED[1])
    assert curve.meta["n_channels"] + curve.meta["n_dropped"] == inside.sum()
    good = ~curve["outlier"]
    expected = (curve["flux"].value - raw)[good]
    np.testing.assert_allclose(side_plot(one, "residual").y, expected, rtol=1e-6, atol=1e-15)
    one.show(dq_bits=[], excluded="ignore", outlier_sigma="")
    np.testing.assert_allclose(side_plot(one, "residual").y, 0, atol=1e-12)
    remove_data(generalised, whtlt[:1])
    assert one.pipeline.selected == "None"
    assert mark(one, "pipeline") is side_plot(one, "residual") is None
    assert one.pipeline_text == one.problem == ""


@pytest.mark.parametrize("normalize", ["median", "baseline", "none"])
def test_the_curve_of_one_order_is_not_drawn_over_the_other(one, generalised, whtlt, normalize):
    one.show(dataset=generalised.labels, baseline=[(0, 1)], normalize=normalize)
    one.show(pipeline=whtlt[0])
    assert mark(one, "pipeline", 0) is not None and mark(one, "pipeline", 1) is None
    assert "plain sum of FLUX from 1.2" in one.pipeline_text
    one.show(pipeline=whtlt[1], dataset=generalised.labels[1:])
    assert "plain sum of FLUX from 0.7" in one.pipeline_text


def summed(folder, traces, bands):
    """A whtlt of plain sums of the traces' FLUX."""
    columns = {}
    for trace, (low, high) in zip(traces, bands, strict=True):
        inside = (trace.wavelength.value >= low) & (trace.wavelength.value <= high)
        sums = np.nansum(trace.flux.value[:, inside], axis=1)
        columns[f"whitelight_flux_order_{trace.order}"] = sums
    days = {"MJD_UTC": traces[0].time_utc.mjd, "BJD_TDB": traces[0].time.mjd}
    return light_curve(folder, days | columns)


def brighter(folder, factor):
    """The same time series of a brighter star, in a file of the same name."""
    parts = []
    for order in (1, 2):
        columns = tools.columns(order)
        columns["FLUX"] = columns["FLUX"] * factor
        parts.append((columns, {"spectral_order": order, "detector": "NIS"}))
    return time_series(folder, parts)


def folders(root, *names):
    for name in names:
        (root / name).mkdir()
        yield root / name


# whose second order has limits of its own, which no version of the pipeline gives it
@pytest.mark.filterwarnings("ignore:.*order 2 is summed between")
@pytest.mark.forked
def test_the_first_order_beside_a_curve_is_that_of_its_own_file(path, traces, tmp_path):
    """Not that of another star or another whtlt in the app, which come before it here."""
    bands = [SUMMED, SUMMED]
    others, own = folders(tmp_path, "others", "own")
    app = new_app()
    other = brighter(others, 3)
    stage3.load(other, app=app)
    stage3.load(summed(others, stage3.read(other).traces, [(1.3, 2.0), (0.7, 1.3)]), app=app)
    [own_second, _] = stage3.load(path, app=app, order=2)  # in the app before order 1
    stage3.load(path, app=app, order=1)
    curves = stage3.load(summed(own, traces, bands), app=app)
    plg = app.plugins[NAME]
    plg.keep_active = True
    plg.show(dataset=[own_second], pipeline=curves[1])
    assert "plain sum of FLUX from 1.2" in plg.pipeline_text
    assert "These are the limits of order 1" in plg.pipeline_text


@pytest.mark.forked
def test_each_of_two_files_is_compared_itself(path, traces, tmp_path):
    """Their traces have the same name, order 1."""
    app = app_with("deconfigged", path)
    others, own = folders(tmp_path, "others", "own")
    labels = stage3.load(brighter(others, 3), app=app)
    [curve, _] = stage3.load(summed(own, traces, [SUMMED, SUMMED]), app=app)
    plg = app.plugins[NAME]
    plg.keep_active = True
    both = [app.labels[0], next(label for label in labels if "(median)" not in label)]
    texts = []
    for chosen in both:
        plg.show(dataset=[chosen], pipeline=curve)
        texts.append(plg.pipeline_text)
    assert "plain sum of FLUX from 1.2" in texts[0] and "No plain sum" in texts[1]
    plg.show(dataset=both)
    assert plg.pipeline_text == " ".join(texts)


# ---- the API, the app ----


def test_the_docstring_names_what_there_is(plg):
    text = type(plg._obj).__doc__.split("public plugin API:")[1]
    documented = set(re.findall(r"``([a-z]\w*)``|:meth:`(\w+)`", text))
    documented = {a or b for a, b in documented}
    base = {*PluginUserApi(plg._obj, expose=())._expose} - {"show", "keep_active"}
    assert documented == set(plg._expose) - base
    for name in documented:
        getattr(plg, name)


@pytest.mark.parametrize("name", ["no_such_setting", "problem", "light_curve", "spectrum"])
def test_show_refuses_what_is_no_setting(one, name):
    one.show(band_low=1.3)
    before = drawn_flux(one)
    with pytest.raises(Stage3Error, match=name):
        one.show(**{"band_low": 1.7, name: True})
    np.testing.assert_array_equal(drawn_flux(one)[1], one.light_curve()["flux"].value)
    if name == "no_such_setting":
        np.testing.assert_array_equal(drawn_flux(one), before)


def test_marks_come_and_go_with_the_panel(plg, app):
    before = n_marks(app)
    plg.show(integration=4, baseline=[(0, 1)])
    once = n_marks(app)
    for i in range(50):
        plg.band_low = 1 + i / 100
        plg.integration = i % N + 1
        plg.normalize = ("median", "none")[i % 2]
    assert n_marks(app) == once
    plg.show(division="number of bands", division_value=6, dataset=app.labels, band_low="")
    plg.show(bin_width=4, integration="")
    plg.show(
        integration=4, division="one band", dataset=app.labels[:1], bin_width="", normalize="median"
    )
    assert n_marks(app) == once
    plg.keep_active = False
    after = n_marks(app)
    assert {label: after[label] for label in before} == before
    plg.keep_active = True
    assert n_marks(app) == once


@pytest.mark.forked("deconfigged", "specviz")
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_marks_go_with_the_trace(configuration, path):
    app = app_with(configuration, path)
    plg, spectrum = app.plugins[NAME], spectrum_viewer(app)
    before = len(spectrum.figure.marks)
    plg.show(integration=4)
    remove_data(app, app.labels[:1])
    assert plg.dataset.selected == app.labels[1:]
    np.testing.assert_allclose(drawn_flux(plg)[1], plg.light_curve()["flux"].value)
    plg.keep_active = False
    remove_data(app, app.labels[1:])
    assert canvas(plg).is_empty
    assert len(spectrum.figure.marks) == before
    assert plg._obj.curve_text == plg.noise_text == plg.problem == ""
    with pytest.raises(Stage3Error, match="no trace is chosen"):
        plg.light_curve()


@pytest.mark.forked
def test_closing_viewers(path):
    app = app_with("deconfigged", path)
    plg = app.plugins[NAME]
    plg.show(integration=4)
    assert plg._obj.plot_widget == ""
    [label] = [label for label in viewer_labels(app) if label not in app.first_viewers]
    remove_viewers(app, [label])
    assert plg.in_viewer is False
    assert plg._obj.plot_widget.startswith("IPY_MODEL_")
    plg.band_low = 1.3
    np.testing.assert_allclose(drawn_flux(plg)[1], plg.light_curve()["flux"].value)
    for name in app.first_viewers:
        remove_viewers(app, [name])
        plg.band_low += 0.01
        assert plg.problem == ""
    plg.in_viewer = True
    [label] = viewer_labels(app)
    np.testing.assert_allclose(drawn_flux(plg)[1], plg.light_curve()["flux"].value)
    assert [e for e in app.plugins["Logger"].history if e["color"] == "error"] == []


def test_viewers_that_were_closed_stay_closed(one, generalised):
    app = generalised
    for _ in range(2):
        for settings in ({"time_system": "BJD_TDB"}, {"time_system": "MJD_UTC", "band_low": 1.3}):
            one.show(in_viewer=True, **settings)
            one.add_to_app()
        mine = [label for label in viewer_labels(app) if label not in app.first_viewers]
        assert set(viewer_labels(app)) == set(app._app._viewer_store)
        assert len(mine) == 3
        for label in mine:
            remove_viewers(app, [label])
        assert sorted(viewer_labels(app)) == sorted(app.first_viewers)


@pytest.mark.forked
def test_a_time_series_that_is_loaded_later_can_be_chosen(path):
    app = new_app()
    assert NAME not in app.plugins
    app.loaded = stage3.load(path, app=app, order=2)
    plg = app.plugins[NAME]
    assert plg.dataset.selected == app.loaded[:1]
    plg.show()
    mid = plg.light_curve()["time"][19] + TimeDelta(0, format="jd")
    plg.mid_transit = f"{mid.jd:.6f}"
    labels = stage3.load(path, app=app, order=1)
    plg.dataset = [app.loaded[0], labels[0]]
    assert len(plg.light_curve()) == 2 and plg.problem == ""
