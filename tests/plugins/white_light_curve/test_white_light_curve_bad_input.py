"""The White Light Curve plugin on data, settings and events that are not as they should be.

Observers must not raise: what is wrong is told in ``problem``, and nothing stale stays drawn.
"""

import os
import shutil
import warnings

import numpy as np
import pytest
import white_light_tools as tools
from astropy import units as u
from astropy.time import Time
from fresh_apps import new_app
from make_spectra import time_series
from traitlets import TraitError
from white_light_tools import (
    CURSOR,
    NAME,
    N,
    W,
    app_with,
    bands_in,
    canvas,
    columns,
    drag,
    drawn_flux,
    dynamic_viewer,
    figure,
    lines,
    mark,
    mouse,
    spectrum_viewer,
    x_of,
)

import jdaviz_stage3 as stage3
from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.jdaviz_compat import data_labels, remove_data

HUGE = (-1, 0, 1e300, -1e300, 10**30, np.inf, np.nan, "", None, ".", "text", "1 um", [], "\0")
NUMBERS = (
    "band_low", "band_high", "outlier_sigma", "outlier_window", "bin_width", "integration", "span",
    "period", "radius_ratio", "scaled_axis", "inclination", "limb_darkening_1", "limb_darkening_2",
    "dynamic_percentile", "division_value",
)  # fmt: skip
MAY_BE_EMPTY = ("band_low", "band_high", "outlier_sigma", "bin_width", "integration")
METHODS = ("light_curve", "noise", "spectrum", "ratio", "to_python", "to_lightkurve", "add_to_app")


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return app_with("deconfigged", tools.write(tmp_path_factory.mktemp("x1dints")))


@pytest.fixture
def plg(app):
    """The plugin on good data, and drawing; afterwards it must draw as ever."""
    for plg in tools.clean(app):
        plg.show()
        yield plg
        tools.reset(plg)
        plg.show()
        assert_consistent(plg)
        assert plg._obj.noise_text and plg._obj.curve_text
        assert len(bands_in(spectrum_viewer(app))) == len(bands_in(dynamic_viewer(app))) == 1


@pytest.fixture
def load(tmp_path):
    """Load time series of these columns and return app and plugin; its log must stay empty."""
    apps = []

    def load(*parts, configuration="deconfigged", **keywords):
        path = time_series(
            tmp_path,
            [(part, {"spectral_order": i, "detector": "NIS"}) for i, part in enumerate(parts, 1)],
            **keywords,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the readers, about what is wrong
            app = app_with(configuration, path)
        app.path = path
        apps.append(app)
        # also where jdaviz does not list it
        return app, app._app.get_tray_item_from_name("stage3-white-light-curve").user_api

    yield load
    for app in apps:
        assert tools.errors_logged(app) == []


def kinds_drawn(plg):
    """What is drawn of curves; the cursor and the baseline, which are settings, aside."""
    keys = [] if canvas(plg) is None else canvas(plg)._marks
    return {key for key in keys if key[0] not in ("cursor", "range")}


def assert_consistent(plg):
    """What is drawn is what the settings give now; nothing, where they give nothing."""
    assert "\n" not in plg.problem
    try:
        curve = plg.light_curve()
    except Stage3Error:
        assert plg.problem
        # a curve there must be, for a baseline to be drawn into it, and while a time is typed
        typing = "mid_transit" in plg.problem
        if not typing and (plg.normalize.selected != "baseline" or plg._obj.baseline_text):
            assert kinds_drawn(plg) == set(), plg.problem
        return
    if not kinds_drawn(plg):
        assert plg.problem
        return
    curves = curve if isinstance(curve, list) else [curve]
    whole = [c for c in curves if "int_num" in c.colnames and c["flux"].ndim == 1]
    for index, curve in enumerate(whole):
        drawn = drawn_flux(plg, index)[1]
        expected = curve["flux"].value[np.isfinite(curve["flux"].value)]
        np.testing.assert_allclose(np.sort(drawn), np.sort(expected), rtol=1e-9)


def use(plg):
    """Try everything; what is not possible says so, and nothing else happens."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)
        _use(plg)


def _use(plg):
    steps = [
        {"integration": 1}, {"show_ratio": True}, {"span": 3}, {"baseline": [(0, 0.5)]},
        {"normalize": "baseline"}, {"normalize": "none"}, {"time_axis": "hours"},
        {"time_system": "MJD_UTC"}, {"time_system": "BJD_TDB", "bin_width": 3},
        {"bin_unit": "min", "bin_width": 11},
        {"bin_width": "", "division": "number of bands", "division_value": 2},
        {"division": "one band", "statistic": "weighted mean"},
        {"statistic": "sum", "errors": "total"}, {"excluded": "drop"}, {"excluded": "ignore"},
        {"dynamic_normalize": "median"}, {"dynamic_normalize": "baseline"},
        {"band_edges": "fractional", "dq_bits": []}, {"mid_transit": "2460000.9"},
        {"show_transit": True, "period": 3},
    ]  # fmt: skip
    plg.keep_active = True
    for step in steps:
        for name, value in step.items():
            try:
                setattr(plg, name, value)
            except Stage3Error:
                assert name == "baseline"  # in hours, where there are no times
            assert_consistent(plg)
        adding = step in (steps[0], steps[10], steps[-1])  # which takes longer than the rest
        for method in METHODS[: None if adding else -1]:
            try:
                getattr(plg, method)()
            except Stage3Error as err:
                assert "\n" not in str(err)
    if canvas(plg) is not None:
        viewer = canvas(plg).viewer
        mouse(viewer, "click", viewer.state.x_min or 0.0)
        drag(viewer, viewer.state.x_min or 0.0, viewer.state.x_max or 1.0)
    plg._obj.vue_step(1)
    plg._obj.vue_whole_band()
    plg._obj.vue_clear_baseline()
    plg._obj.vue_use_pipeline_band()
    plg._obj.vue_show_python()
    assert_consistent(plg)


# ---- data ----


@pytest.mark.forked("deconfigged", "specviz")
@pytest.mark.parametrize("configuration", tools.CONFIGURATIONS)
@pytest.mark.parametrize("n", [1, 2])
def test_hardly_any_integration(load, configuration, n):
    part = {k: v[:n] if np.ndim(v) else v for k, v in columns(1).items() if k != "WAVELENGTH"}
    app, plg = load(part | {"WAVELENGTH": columns(1)["WAVELENGTH"]}, configuration=configuration)
    plg.show()
    assert plg.problem == ""
    assert len(drawn_flux(plg)[1]) == n
    assert f"Too few points ({n})" in plg.noise_text
    plg.integration = 1
    plg.show_ratio = True
    assert_consistent(plg)
    use(plg)


@pytest.mark.forked
def test_all_integrations_are_flagged(load):
    app, plg = load(columns(1) | {"DQ": np.full((N, W), 1, "u4")})
    with pytest.raises(Stage3Error, match="DO_NOT_USE; choose other flags"):
        plg.show()
    assert plg.problem.count("no integration has a finite sample") == 1
    assert lines(spectrum_viewer(app), CURSOR) == []
    assert_consistent(plg)
    plg.dq_bits = ["SATURATED"]
    assert plg.problem == ""
    assert len(drawn_flux(plg)[1]) == N
    plg.dq_bits = ["DO_NOT_USE"]
    assert_consistent(plg)
    use(plg)


@pytest.mark.forked
def test_some_integrations_are_flagged(load):
    dq = columns(1)["DQ"]
    dq[4:7] = 1
    _, plg = load(columns(1) | {"DQ": dq})
    plg.show()
    assert len(drawn_flux(plg)[1]) == N - 3
    assert "3 of 40 integrations" in plg._obj.curve_text
    plg.integration = 5  # of which there is no spectrum
    assert_consistent(plg)
    use(plg)


TIMES = {
    "nan": np.full(N, np.nan),
    "equal": np.full(N, 60000.0),
    "some": np.where(np.arange(N) % 4, 60000 + np.arange(N) / 288, np.nan),
    "backwards": 60000 - np.arange(N) / 288,
}


@pytest.mark.forked
@pytest.mark.parametrize("days", TIMES.values(), ids=TIMES)
def test_times(load, days):
    _, plg = load(columns(1) | {"MJD-AVG": days, "TDB-MID": days})
    plg.keep_active = True
    if np.isnan(days).all():
        assert "no times in BJD_TDB in the file" in plg.problem
        assert "needs time stamps" in plg.problem
    else:
        assert plg.problem == ""
        assert len(drawn_flux(plg)[1]) == np.isfinite(days).sum()
    words = {"equal": "39 repeated time stamps", "some": "10 integrations without a time stamp",
             "backwards": "imes jump back"}  # fmt: skip
    [name] = [name for name, values in TIMES.items() if values is days]
    assert words.get(name, "") in plg._obj.curve_text
    plg.integration = 1
    assert plg.problem or mark(plg, "points") is not None
    if name != "some":  # of which some points are in the curve, and cannot be drawn
        use(plg)


@pytest.mark.forked
def test_traces_of_different_lengths(load):
    short = {k: v[:17] if np.ndim(v) else v for k, v in columns(2).items() if k != "WAVELENGTH"}
    app, plg = load(columns(1), short | {"WAVELENGTH": columns(2)["WAVELENGTH"]})
    plg.show(dataset=app.labels)
    assert [len(curve) for curve in plg.light_curve()] == [N, 17]
    for number in (1, 17, 18, N):
        plg.integration = number
        assert plg.problem == ""
        assert_consistent(plg)
    use(plg)


@pytest.mark.forked
def test_traces_in_different_units(load, tmp_path):
    app, plg = load(columns(1))
    (tmp_path / "counts").mkdir()
    other = time_series(tmp_path / "counts", [(columns(2), {"spectral_order": 2})],
                        units={"FLUX": "DN/s", "FLUX_ERROR": "DN/s"})  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)  # its median is not shown
        [label, *_] = stage3.load(other, app=app)
    plg.show(dataset=[*app.labels, label])
    assert_consistent(plg)
    plg.normalize = "none"
    assert "different units (DN / s, Jy)" in plg.problem
    assert kinds_drawn(plg) == set()
    plg.dataset = [label]
    assert_consistent(plg)
    assert plg._obj._views.curve_viewer.figure.axes[1].label == "Flux (DN / s)"
    plg.integration = 3
    use(plg)


@pytest.mark.forked
def test_counts_instead_of_flux(load):
    app, plg = load(columns(1), units={"FLUX": "DN/s", "FLUX_ERROR": "DN/s"})
    plg.show(normalize="none", integration=4)
    assert plg._obj._views.curve_viewer.figure.axes[1].label == "Flux (DN / s)"
    assert plg.light_curve()["flux"].unit == u.Unit("DN/s")
    assert_consistent(plg)
    use(plg)


ERRORS = {
    "missing": {"FLUX_ERROR": np.nan, "FLUX_VAR_POISSON": np.nan, "FLUX_VAR_RNOISE": np.nan},
    "zero": {"FLUX_ERROR": 0, "FLUX_VAR_POISSON": 0, "FLUX_VAR_RNOISE": 0},
    "negative": {"FLUX_ERROR": -1, "FLUX_VAR_POISSON": -1, "FLUX_VAR_RNOISE": -1},
}


@pytest.mark.forked
@pytest.mark.parametrize("changes", ERRORS.values(), ids=ERRORS)
def test_errors_that_are_none(load, changes):
    """As in a real file: errors of 0 where the flux is NaN."""
    flux = columns(1)["FLUX"]
    flux[:, 3] = np.nan
    _, plg = load(columns(1) | {"FLUX": flux} | changes)
    plg.show()
    assert plg.light_curve().meta["errors"] == "none"
    assert np.isnan(plg.light_curve()["flux_err"]).all()
    assert mark(plg, "errors") is None
    assert "no errors to compare it with" in plg.noise_text
    plg.statistic = "weighted mean"
    assert "no errors in the file to weight by; use statistic='sum'" in plg.problem
    assert_consistent(plg)
    use(plg)


@pytest.mark.forked
def test_wavelengths_that_differ_from_row_to_row(load):
    shift = np.linspace(0, 0.02, N)[:, None]
    app, plg = load(columns(1) | {"WAVELENGTH": columns(1)["WAVELENGTH"] + shift})
    plg.show(band_low=1.3, band_high=1.9)
    assert plg.problem == ""
    mouse(canvas(plg).viewer, "click", x_of(5, plg._obj.curves.traces[app.labels[0]]))
    assert plg.integration == 6
    with pytest.raises(Stage3Error, match="wavelengths of the integrations differ"):
        plg.spectrum()
    assert_consistent(plg)  # it has no spectrum, but it has its curve
    drag(dynamic_viewer(app), 1.9, 2.1)
    assert plg.band_high == pytest.approx(2.1)
    use(plg)


# ---- what goes away ----


@pytest.mark.forked("deconfigged", "specviz")
@pytest.mark.parametrize("configuration", tools.CONFIGURATIONS)
def test_the_data_are_removed_while_it_is_open(load, configuration):
    app, plg = load(columns(1), columns(2), configuration=configuration)
    plg.show(dataset=app.labels, integration=4, show_ratio=True, baseline=[(0, 1)])
    viewer = spectrum_viewer(app)
    mouse(viewer, "dragstart", 0.9)  # in the middle of a drag
    for label in app.labels:
        remove_data(app, [label])
        mouse(viewer, "dragmove", 1.0)
    mouse(viewer, "dragend", 1.0)
    assert plg.dataset.selected in ([], "")
    assert canvas(plg).is_empty
    assert lines(viewer, CURSOR) == bands_in(viewer) == []
    for text in (plg.problem, plg.noise_text, plg._obj.curve_text, plg._obj.cursor_text):
        assert text == ""
    for method in (*METHODS[:2], *METHODS[5:], "show"):
        with pytest.raises(Stage3Error, match="no trace is chosen"):
            getattr(plg, method)()
    before = data_labels(app)
    plg._obj.vue_add_to_app()
    plg._obj.vue_save_file()
    assert data_labels(app) == before
    [told] = app.plugins["Logger"].history[-1:]
    assert "no trace is chosen" in told["text"]
    app.plugins["Logger"].clear_history()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stage3.Stage3Warning)
        labels = stage3.load(app.path, app=app)
    plg.dataset = labels[:1]
    plg.show()
    assert_consistent(plg)


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    """An app that has read a file of two orders; each fork has it, and the file as it was."""
    path = tools.write(tmp_path_factory.mktemp("going"))
    app = app_with("deconfigged", path)
    app.path, app.kept = path, shutil.copy2(path, path.with_suffix(".kept"))
    return app


@pytest.mark.forked
@pytest.mark.parametrize("drawn_before", [False, True])
@pytest.mark.parametrize("what", ["deleted", "moved", "cut", "overwritten", "empty"])
def test_the_file_goes_away(reading, what, drawn_before):
    """Arrays are read when they are needed."""
    app, plg = reading, reading.plugins[NAME]
    shutil.copy2(app.kept, app.path)  # with its time, which the app knows it by
    if drawn_before:
        plg.show()
    path, content = app.path, app.path.read_bytes()
    if what == "moved":
        path.rename(path.with_suffix(".moved"))
    elif what == "deleted":
        path.unlink()
    elif what == "cut":
        os.truncate(path, len(content) // 3)
    else:
        path.write_bytes(b"x" * len(content) if what == "overwritten" else b"")
    plg.keep_active = True
    plg.excluded = "drop"
    assert path.name in plg.problem
    assert_consistent(plg)
    with pytest.raises(Stage3Error):
        plg.add_to_app()
    plg.dataset = app.labels[1:]
    assert path.name in plg.problem
    plg.integration = 3
    assert_consistent(plg)
    assert data_labels(app) == app.loaded
    if what == "moved":
        path.with_suffix(".moved").rename(path)
        plg.show(dataset=app.labels[:1])
        assert_consistent(plg)
    else:  # there may be other data in it now
        path.write_bytes(content)
        with pytest.raises(Stage3Error, match="load it again"):
            plg.show(dataset=app.labels[:1])
    assert tools.errors_logged(app) == []


# ---- bands ----

BANDS = [
    (5, 6, "outside the data, which are from 0.9 to 2.8"),
    (0.1, 0.2, "outside the data"),
    (3, "", "outside the data"),
    ("", 0.5, "outside the data"),
    (1.5, 1.5, "the band is empty"),
    (2, 1, "reversed"),
    (1.6, 1.603, "holds the centre of no channel"),
]


@pytest.mark.parametrize("low, high, words", BANDS)
@pytest.mark.parametrize("division", ["one band", "number of bands"])
def test_bands_that_are_none(app, plg, low, high, words, division):
    plg.show(division=division, division_value=2, integration=3)
    with pytest.raises(Stage3Error, match=words if division == "one band" else "."):
        plg.show(band_low=low, band_high=high)
    assert "\n" not in plg.problem
    assert kinds_drawn(plg) == set()
    with pytest.raises(Stage3Error):
        plg.add_to_app()
    assert data_labels(app) == app.loaded


def test_a_band_narrower_than_a_channel_can_be_fractional(plg):
    plg.show(band_low=1.6, band_high=1.603, band_edges="fractional")
    assert_consistent(plg)


# ---- fields ----


@pytest.mark.parametrize("name", NUMBERS)
def test_garbage_in_a_number(plg, name):
    """What jdaviz's fields do not take leaves the value that was, as in all its plugins."""
    plg.show(show_transit=True, period=3, mid_transit="2460000.868", integration=5,
             show_ratio=True, baseline=[(0, 1)])  # fmt: skip
    if name == "division_value":
        plg.division = "number of bands"
    good = getattr(plg, name)
    for value in HUGE:
        before = getattr(plg, name)
        try:
            setattr(plg, name, value)
        except (TraitError, Stage3Error):
            assert getattr(plg, name) == before or np.isnan(before)
        if value in ("", None) and name in MAY_BE_EMPTY:
            assert plg.problem == "", f"{name} = {value!r}"
        assert_drawn_or_told(plg, name, value)
    setattr(plg, name, good)
    assert plg.problem == ""


def assert_drawn_or_told(plg, name, value):
    assert "\n" not in plg.problem
    try:
        plg.light_curve()
    except Stage3Error:
        assert plg.problem, f"{name} = {value!r}"
        assert mark(plg, "points") is None


@pytest.mark.parametrize("bands", [5, None, 1.5 * u.um])
def test_bands_that_are_no_list_are_refused(plg, bands):
    with pytest.raises(Stage3Error, match="no list of pairs"):
        plg.bands = bands
    assert plg.division == "one band"


@pytest.mark.parametrize("division", ["number of bands", "width", "resolving power"])
@pytest.mark.parametrize("value", [-1, 0, 0.5, 1e-9, 1e-5, 1e4, 1e6, 1e9, 1e300, np.nan, "", None])
def test_garbage_in_a_division(plg, division, value, monkeypatch):
    plg.division_value = 0.4 if division == "width" else 4
    plg.division = division
    plg.division_value = value
    if plg.problem == "":  # more curves than channels would freeze the app while one types
        curves = plg.light_curve()
        assert not isinstance(curves, list) or len(curves) <= W
    assert_drawn_or_told(plg, division, value)


@pytest.mark.parametrize(
    "text",
    ["text", "nan", "inf", "1e400", "-1", "2.46e6", "2460000.5e3", "2460000.5.5", "2460000,5",
     "59999.5", "99999999999999", "1e300", "2460000.", ".5", "\0"],
)  # fmt: skip
def test_garbage_in_mid_transit(plg, text):
    for axis in ("date", "hours"):
        plg.time_axis = axis
        try:
            plg.mid_transit = text
        except Stage3Error:
            continue
        plg.time_system = "MJD_UTC"
        plg.time_system = "BJD_TDB"
        assert_consistent(plg)
        if text not in ("2460000.",):
            assert "mid_transit" in plg.problem, text
            assert len(drawn_flux(plg)[1]) == N  # the curve does not go while one types
            first = f"{plg._obj.curves.times.first.jd:.5f}"
            said = ("first integration", first) if axis == "hours" else ("(d)",)
            assert figure(plg).axes[0].label.endswith(said)
            drag(canvas(plg).viewer, 0.803, 0.82)  # no range, but no error either
        plg.mid_transit = ""
        assert plg.problem == ""


@pytest.mark.parametrize(
    "text, words",
    [("text", "'text' is no range"), ("0 to", "'0 to' is no range"), ("0 to 1 to 2", "no range"),
     ("1 to 0", "ends before it starts"), ("1 to 1", "ends before"), ("nan to 1", "no range"),
     ("0 to 1e999", ""), ("1e308 to 1.5e308", ""), ("5 to 6", ""), ("0-1", "no range"),
     (",;,", ""), ("0 to 1, x", "'x' is no range"), ("\0", "")],
)  # fmt: skip
def test_garbage_in_the_baseline(plg, text, words):
    for normalize in ("median", "baseline"):
        plg.normalize = normalize
        plg._obj.baseline_text = text
        assert words in plg.problem
        plg.dynamic_normalize = "baseline"
        plg.mid_transit = "2460000.9"
        plg.mid_transit = ""
        drag(canvas(plg).viewer, 0.803, 0.82)
        plg.dynamic_normalize = "none"
        plg._obj.baseline_text = ""


@pytest.mark.parametrize(
    "ranges",
    [5, "0 to 1", [(0,)], [(1, 0)], [(0, np.nan)], [(0, np.inf)], [(0 * u.m, 1 * u.m)],
     [("a", "b")],
     [Time([60000.0, 60001.0], format="mjd", scale="utc")],
     [(0, 1, 2)], [None]],
    ids=str,
)  # fmt: skip
def test_baselines_that_are_none_are_refused(plg, ranges):
    plg.baseline = [(0, 1)]
    before = plg.baseline
    with pytest.raises(Stage3Error):
        plg.baseline = ranges
    assert plg.baseline == before


def test_a_choice_that_there_is_not_leaves_the_one_that_was(plg):
    for name in ("division", "statistic", "band_edges", "excluded", "errors", "normalize",
                 "bin_unit", "time_system", "time_axis", "dynamic_normalize", "pipeline",
                 "spectral_subset", "dataset", "dq_bits"):  # fmt: skip
        before = getattr(plg, name).selected
        with pytest.raises(ValueError):
            setattr(plg, name, ["none of it"] if isinstance(before, list) else "none of it")
        assert getattr(plg, name).selected == before
        with pytest.raises(Stage3Error, match=name):
            plg.show(**{name: "none of it"})
    assert_consistent(plg)


def test_no_dataset_is_chosen(plg, app):
    plg.dataset = []
    assert canvas(plg).is_empty
    assert bands_in(spectrum_viewer(app)) == []
    plg._obj.vue_step(1)
    plg.dataset = app.labels[:1]
    assert_consistent(plg)


@pytest.mark.parametrize(
    "name", ["/no/such/folder/x", "~nosuchuser/x", "a" * 300, "a\0b", "/proc/x"]
)
def test_files_that_cannot_be_written(plg, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Stage3Error):
        plg.export(name)
    plg._obj.export_name = name
    plg._obj.vue_save_file()
    assert plg._obj.export_error and not plg._obj.export_done
    assert list(tmp_path.iterdir()) == []
    plg._obj.export_name = plg._obj.export_error = ""


# ---- the mouse ----


def test_events_that_make_no_sense(plg, app):
    plg.show(band_low=1.2, band_high=2.0, baseline=[(0, 1)], pick_baseline=True)
    before = plg.band_low, plg.band_high, plg._obj.baseline_text
    for viewer in (spectrum_viewer(app), dynamic_viewer(app), canvas(plg).viewer):
        mouse(viewer, "dragmove", 1.2)  # no start
        mouse(viewer, "dragend", 1.2)
        for x in (np.nan, np.inf, -np.inf):
            mouse(viewer, "dragstart", x, x)
            mouse(viewer, "dragmove", x, x)
            mouse(viewer, "dragend", x, x)
            mouse(viewer, "click", x, x)
        assert plg.problem == ""
    assert (plg.band_low, plg.band_high, plg._obj.baseline_text) == before
    for x in (0, -1, 1e300, np.nan, np.inf):
        for viewer, start in ((spectrum_viewer(app), 1.2), (dynamic_viewer(app), 1.2)):
            drag(viewer, start, x, 1.2)
            plg.show(band_low=1.2, band_high=2.0)
        drag(canvas(plg).viewer, 0.803, x)
        plg._obj.baseline_text = "0 to 1"
    assert_consistent(plg)


@pytest.mark.forked
def test_an_app_without_time_series():
    app = new_app()
    assert NAME not in app.plugins
    plg = app._app.get_tray_item_from_name("stage3-white-light-curve").user_api
    assert plg._obj.irrelevant_msg == "No spectral time series (x1dints) is loaded."
    plg.band_low = 1
    plg.integration = 3
    plg.mid_transit = "2460000.9"
    plg.keep_active = True
    for method in ("light_curve", "add_to_app", "noise", "to_lightkurve"):
        with pytest.raises(Stage3Error, match="no trace is chosen"):
            getattr(plg, method)()
    assert plg.problem == ""
    assert app.plugins["Logger"].history == []
