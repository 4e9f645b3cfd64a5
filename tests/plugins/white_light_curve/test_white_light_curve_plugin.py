"""The White Light Curve plugin by its API and the mouse, in the generalised app and Specviz."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time
from other_thread import in_a_thread
from specutils import SpectralRegion
from white_light_tools import (
    CASES,
    OUTLIER,
    STEP,
    N,
    W,
    assert_same,
    bands_in,
    canvas,
    cursor_in,
    drag,
    drawn_flux,
    dynamic_viewer,
    expected_curve,
    figure,
    in_baseline,
    mark,
    mouse,
    side_plot,
    spectrum_line,
    spectrum_viewer,
    usable,
    x_of,
)

from jdaviz_stage3.analysis import transit_light_curve, white_light_curve
from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.jdaviz_compat import data_labels, remove_data
from jdaviz_stage3.plugins.white_light_curve import model, views
from jdaviz_stage3.plugins.white_light_curve.curves import LightCurves
from jdaviz_stage3.plugins.white_light_curve.model import transit_model
from jdaviz_stage3.viewers.curve_canvas import DrawnCurve
from jdaviz_stage3.viewers.curve_points import CurvePoints
from jdaviz_stage3.viewers.hints import Hints, _of_viewer
from jdaviz_stage3.viewers.keys import keyboard

# ---- the numbers ----


@pytest.mark.parametrize("settings, keywords", CASES, ids=lambda value: str(value)[:60])
def test_the_curve_is_that_of_the_analysis(plg, app, traces, settings, keywords):
    plg.show(**settings)
    expected = expected_curve(traces[0], keywords)
    curve = plg.light_curve()
    assert_same(curve, expected)
    np.testing.assert_allclose(curve["hours"], expected["hours"], rtol=0, atol=1e-9)
    whole = np.asarray(expected_curve(traces[0], keywords | {"bin_width": None})["flux"])
    if whole.ndim == 1:
        np.testing.assert_allclose(drawn_flux(plg)[1], whole, rtol=1e-9)
    assert data_labels(app) == app.loaded


def test_several_settings_one_by_one_or_at_once(plg, traces):
    settings = {name: value for case, _ in CASES[1:14] for name, value in case.items()}
    plg.keep_active = True
    for name, value in settings.items():
        setattr(plg, name, value)
    first = drawn_flux(plg)
    plg.show(**settings)
    np.testing.assert_array_equal(first, drawn_flux(plg))
    np.testing.assert_allclose(first[1], plg.light_curve()["flux"].value, rtol=1e-12)


def test_it_is_drawn_once_when_it_is_shown(plg, monkeypatch):
    """Long series take a third of a second each time; the viewer that it makes is new, too."""
    drawn, draw = [], views.Views._draw_curves
    monkeypatch.setattr(
        views.Views, "_draw_curves", lambda self, curves: drawn.append(1) or draw(self, curves)
    )
    assert not plg._obj.is_active
    plg._obj._views.viewer_label = ""  # as in a new app; one that is closed is drawn once more
    plg.show(outlier_sigma=4)
    assert plg._obj.is_active and len(drawn) == 1


def test_the_time_axis_says_what_it_is(plg, traces):
    time = traces[0].time
    plg.show()
    label = figure(plg).axes[0].label
    assert label == "BJD_TDB − 2460000 (d)"
    np.testing.assert_allclose(drawn_flux(plg)[0], time.jd - 2460000, rtol=0, atol=1e-9)
    plg.show(time_axis="hours")
    assert figure(plg).axes[0].label.startswith("Hours from")
    np.testing.assert_allclose(drawn_flux(plg)[0], np.arange(N) * STEP * 24, atol=1e-6)
    plg.show(mid_transit="2460000.868")
    zero = "mid-transit" if not plg.in_viewer else "BJD_TDB 2460000.86800"
    assert figure(plg).axes[0].label == f"Hours from {zero}"
    hours = (time - Time(2460000, 0.868, format="jd", scale="tdb")).to_value("hour")
    np.testing.assert_allclose(drawn_flux(plg)[0], hours, rtol=0, atol=1e-6)
    plg.show(mid_transit="", time_axis="date", time_system="MJD_UTC")
    assert figure(plg).axes[0].label == "JD_UTC − 2460000 (d)"
    np.testing.assert_allclose(
        drawn_flux(plg)[0], traces[0].time_utc.jd - 2460000, rtol=0, atol=1e-9
    )


def test_outliers_are_drawn_apart_and_have_no_say_in_the_limits(plg):
    plg.show()
    flagged = np.flatnonzero(plg.light_curve()["outlier"])
    assert OUTLIER in flagged
    good, odd = mark(plg, "points"), mark(plg, "outliers")
    assert len(odd.x) == len(flagged) and len(good.x) == N - len(flagged)
    assert (good.fill, odd.fill) == (True, False)
    assert good.colors != odd.colors
    assert canvas(plg).viewer.state.y_max < 1.02
    plg.outlier_sigma = ""
    assert mark(plg, "outliers") is None
    assert canvas(plg).viewer.state.y_max > 1.04


def test_error_bars_are_the_errors(plg):
    plg.show()
    curve = plg.light_curve()
    good = ~curve["outlier"]
    low, high = np.append(mark(plg, "errors").y, np.nan).reshape(-1, 3)[:, :2].T
    np.testing.assert_allclose((high - low) / 2, curve["flux_err"][good], rtol=1e-6)
    np.testing.assert_allclose((high + low) / 2, curve["flux"][good], rtol=1e-12)


def test_of_many_points_those_are_drawn_that_are_seen_and_all_when_zoomed(one):
    one.show()
    drawn, rng = canvas(one), np.random.default_rng(3)
    x, y = np.linspace(0, 1, 130_000), rng.normal(1, 1e-3, 130_000)
    y[70_000] = 0.9  # a dip of one integration
    flagged = np.zeros(x.size, bool)
    flagged[[5, 99_999]] = True
    y[99_999] = 1.05
    try:
        drawn.draw([DrawnCurve(CurvePoints(x, y, flagged=flagged))], "x", "y")
        points, outliers = drawn._marks[0, "points", "many"], drawn._marks[0, "outliers"]
        assert len(points.x) < 90_000
        assert np.float32(0.9) in points.y and set(outliers.x) == set(x[flagged])
        state = drawn.viewer.state
        low, high, bottom, top = (getattr(state, f"{a}_{e}") for a in "xy" for e in ("min", "max"))
        cells = (
            np.floor((points.x - low) / (high - low) * 1000),
            (points.y - bottom) / (top - bottom),
        )
        places = set(zip(cells[0].tolist(), np.floor(cells[1] * 500).tolist(), strict=True))
        every = (
            np.floor((x - low) / (high - low) * 1000),
            np.floor((y - bottom) / (top - bottom) * 500),
        )
        good = ~flagged
        wanted = set(zip(every[0][good].tolist(), every[1][good].tolist(), strict=True))
        assert len(wanted - places) < 0.005 * len(wanted), (
            "but for the rounding of single precision"
        )
        drawn.set_limits((0.5, 0.501, 0.99, 1.01))
        inside = (x >= 0.5) & (x <= 0.501) & (y >= 0.99) & (y <= 1.01)
        points = drawn._marks[0, "points"]
        np.testing.assert_array_equal(points.x, x[inside])
        assert (0, "points", "many") not in drawn._marks
    finally:
        drawn.refit()
        one.show()


def test_bins_are_drawn_over_the_points(plg, traces):
    plg.show(bin_width=5)
    expected = white_light_curve(traces[0], bin_width=5)
    np.testing.assert_allclose(mark(plg, "binned").y, expected["flux"], rtol=1e-12)
    np.testing.assert_allclose(mark(plg, "binned").x, expected["time"].jd - 2460000, atol=1e-9)
    assert len(drawn_flux(plg)[1]) == N
    plg.bin_width = ""
    assert mark(plg, "binned") is None


# ---- several curves ----


@pytest.mark.parametrize(
    "division, value", [("number of bands", 4), ("width", 0.6), ("resolving power", 4)]
)
def test_curves_of_bands_are_below_each_other(plg, division, value):
    plg.show(division=division, division_value=value)
    curve = plg.light_curve()
    flux, bands = curve["flux"].value, curve.meta["bands"]
    assert len(bands) > 2
    shifts = []
    for band, (low, high) in enumerate(bands):
        shift = drawn_flux(plg, band)[1] - flux[:, band]
        np.testing.assert_allclose(shift, shift[0], rtol=0, atol=1e-12)
        shifts.append(shift[0])
        assert mark(plg, "name", band).text == [f"{low:.4g}–{high:.4g} um"]
    kept = np.where(curve["outlier"], np.nan, flux)
    ranges = np.nanmax(kept, axis=0) - np.nanmin(kept, axis=0)
    assert shifts[0] == 0
    assert np.all(np.diff(shifts) < -ranges.max()), "neighbours would lie on each other"
    assert "shifted" in figure(plg).axes[1].label
    plg.normalize = "none"
    np.testing.assert_allclose(drawn_flux(plg, 1)[1], plg.light_curve()["flux"][:, 1].value)
    assert figure(plg).axes[1].label == "Flux (Jy)"


def test_the_bands_are_drawn_in_the_spectra(plg, app):
    plg.show(division="number of bands", division_value=3)
    bands = plg.light_curve().meta["bands"]
    for viewer in (spectrum_viewer(app), dynamic_viewer(app)):
        np.testing.assert_allclose(bands_in(viewer), bands)
    plg.division = "one band"
    for viewer in (spectrum_viewer(app), dynamic_viewer(app)):
        np.testing.assert_allclose(bands_in(viewer), [[0.9, 2.8]])


def test_two_orders_at_once(plg, app, traces):
    plg.show(dataset=app.labels)
    first, second = plg.light_curve()
    assert_same(first, expected_curve(traces[0], {}))
    assert_same(second, expected_curve(traces[1], {}))
    for index, trace in enumerate(traces):
        np.testing.assert_allclose(drawn_flux(plg, index)[1], [first, second][index]["flux"].value)
        assert mark(plg, "name", index).text == [trace.label]
    assert mark(plg, "points", 0).colors != mark(plg, "points", 1).colors
    assert bands_in(dynamic_viewer(app, 2)) == [pytest.approx([0.6, 1.4])]
    plg.dataset = app.labels[1:]
    assert_same(plg.light_curve(), expected_curve(traces[1], {}))
    assert mark(plg, "points", 1) is None


# ---- following the band ----


@pytest.mark.parametrize("unit", ["um", "Angstrom", "Hz"])
def test_an_edge_is_dragged_in_the_spectrum(plg, app, traces, unit):
    """Hz is shown as GHz or the like: the viewer's own word for it counts."""
    try:
        app.plugins["Unit Conversion"].spectral_unit = unit
        viewer = spectrum_viewer(app)
        plg.show(band_low=1.2, band_high=2.0)

        def place(micron):
            return (micron * u.um).to_value(viewer.state.x_display_unit, u.spectral())

        assert bands_in(viewer) == [pytest.approx(sorted([place(1.2), place(2.0)]))]
        drag(viewer, place(1.2), place(1.3), place(1.45))
        assert (plg.band_low, plg.band_high) == (pytest.approx(1.45, rel=1e-5), 2.0)
        drag(viewer, place(2.003), place(2.4))
        assert plg.band_high == pytest.approx(2.4, rel=1e-5)
        assert bands_in(viewer) == [pytest.approx(sorted([place(1.45), place(2.4)]), rel=1e-5)]
        expected = white_light_curve(traces[0], [plg.band_low, plg.band_high] * u.um)
        np.testing.assert_allclose(drawn_flux(plg)[1], expected["flux"].value, rtol=1e-12)
        before = plg.band_low, plg.band_high
        drag(viewer, place(1.8), place(1.9))  # not near an edge
        assert (plg.band_low, plg.band_high) == before
    finally:
        app.plugins["Unit Conversion"].spectral_unit = "um"


def test_edges_follow_a_change_of_unit(plg, app):
    viewer = spectrum_viewer(app)
    plg.show(band_low=1.2, band_high=2.0, integration=4)
    try:
        app.plugins["Unit Conversion"].spectral_unit = "Angstrom"
        assert bands_in(viewer) == [pytest.approx([12000, 20000])]
        assert np.ptp(spectrum_line(viewer).x) == pytest.approx(19000)
    finally:
        app.plugins["Unit Conversion"].spectral_unit = "um"
    assert bands_in(viewer) == [pytest.approx([1.2, 2.0])]


def test_an_edge_is_dragged_in_the_dynamic_spectrum(plg, app, traces):
    viewer = dynamic_viewer(app)
    plg.show()
    drag(viewer, 0.9, 1.1, 1.2, y=0.8)
    drag(viewer, 2.8, 2.5, y=0.8)
    assert (plg.band_low, plg.band_high) == pytest.approx((1.2, 2.5))
    assert bands_in(viewer) == [pytest.approx([1.2, 2.5])]
    expected = white_light_curve(traces[0], [1.2, 2.5] * u.um)
    np.testing.assert_allclose(drawn_flux(plg)[1], expected["flux"].value, rtol=1e-12)


@pytest.mark.parametrize("through", [[1.5, 1.9], [1.55, 1.58, 1.59, 1.598, 1.6, 1.603, 1.62, 1.9]])
def test_an_edge_is_dragged_across_the_other(plg, app, through):
    """Also where the band is narrower than a channel on the way."""
    plg.show(band_low=1.3, band_high=1.6)
    viewer = spectrum_viewer(app)
    drag(viewer, 1.3, *through)
    assert (plg.band_low, plg.band_high, plg.problem) == (1.6, 1.9, "")
    drag(viewer, 1.9, *through[::-1], 1.4)
    assert (plg.band_low, plg.band_high, plg.problem) == (1.4, 1.6, "")
    np.testing.assert_allclose(drawn_flux(plg)[1], plg.light_curve()["flux"].value)


def test_an_edge_beyond_the_data_stops_at_their_end(plg, app):
    plg.show(band_low=1.3, band_high=1.6)
    drag(dynamic_viewer(app), 1.6, 2.0, 7.0)
    assert plg.band_high == pytest.approx(2.8)
    assert plg.light_curve().meta["n_channels"] == np.sum(np.linspace(2.8, 0.9, W) >= 1.3) - 1
    assert plg.problem == ""


def test_the_band_drawn_is_the_one_that_is_dragged(plg, app):
    """Two orders with their medians in one viewer, each with its own ends."""
    plg.show(dataset=app.labels)
    viewer = spectrum_viewer(app)
    viewer.state.x_min, viewer.state.x_max = 0.5, 3.0
    for low, high in bands_in(viewer):
        drag(viewer, high, high - 0.1)
        assert plg.band_high == pytest.approx(high - 0.1, abs=1e-5)
        plg.show(band_low="", band_high="")
        drag(viewer, low, low + 0.1)
        assert plg.band_low == pytest.approx(low + 0.1, abs=1e-5)
        plg.show(band_low="", band_high="")


def test_the_band_follows_a_subset(plg, app, traces):
    subsets = app.plugins["Subset Tools"]
    subsets.import_region(SpectralRegion(1.3 * u.um, 1.7 * u.um))
    plg.show()
    plg.spectral_subset = "Subset 1"
    assert (plg.band_low, plg.band_high) == pytest.approx((1.3, 1.7))
    subsets.import_region(SpectralRegion(1.25 * u.um, 1.9 * u.um), edit_subset="Subset 1")
    assert (plg.band_low, plg.band_high) == pytest.approx((1.25, 1.9))
    expected = white_light_curve(traces[0], [1.25, 1.9] * u.um)
    np.testing.assert_allclose(drawn_flux(plg)[1], expected["flux"].value, rtol=1e-12)
    subsets.import_region(SpectralRegion(5 * u.um, 6 * u.um), edit_subset="Subset 1")
    assert "outside the data" in plg.problem
    assert canvas(plg).is_empty
    subsets.import_region(SpectralRegion(1.1 * u.um, 1.9 * u.um), edit_subset="Subset 1")
    assert plg.problem == "" and not canvas(plg).is_empty
    app._app.data_collection.remove_subset_group(app._app.data_collection.subset_groups[0])
    assert plg.spectral_subset.selected == "Entire Spectrum"
    assert (plg.band_low, plg.problem) == (pytest.approx(1.1), "")


# ---- the baseline ----


def test_baselines_are_dragged(plg, traces):
    trace = traces[0]
    plg.show()
    viewer = canvas(plg).viewer
    x = [x_of(row, trace) for row in range(N)]
    drag(viewer, x[2], x[5], x[8])
    assert plg.baseline == [], "not while it is not asked for"
    plg.pick_baseline = True
    drag(viewer, x[2] - 2e-4, x[5], x[8] + 2e-4)
    drag(viewer, x[33] + 2e-4, x[30], x[28] - 2e-4)  # from right to left
    plg.pick_baseline = False
    assert in_baseline(plg, trace) == [*range(2, 9), *range(28, 34)]
    drag(viewer, x[8] + 2e-4, x[9], x[11] + 2e-4)  # an edge
    drag(viewer, x[28], x[26], x[25] - 2e-4)
    assert in_baseline(plg, trace) == [*range(2, 12), *range(25, 34)]
    drag(viewer, x[11], x[5], x[1] - 2e-4, x[0] - 2e-4)  # past its own other end
    assert in_baseline(plg, trace) == [0, 1, *range(25, 34)]
    assert len([key for key in canvas(plg)._marks if key[0] == "range"]) == 2
    plg._obj.vue_clear_baseline()
    assert plg.baseline == []
    assert [key for key in canvas(plg)._marks if key[0] == "range"] == []


def test_the_pointer_says_where_a_drag_moves_an_edge(one, traces):
    one.show(baseline=[(0.25, 0.5)])
    viewer, start = canvas(one).viewer, x_of(0, traces[0])
    for hours, cursor in ((1.2, "auto"), (0.5, "ew-resize"), (1.2, "auto")):
        point = {"event": "mousemove", "domain": {"x": start + hours / 24, "y": 1.0}}
        viewer._on_mouse_interaction(None, point, None)
        assert viewer._mouse_interact.cursor == cursor


def test_an_edge_dropped_on_the_other_takes_no_other_range_along(one, traces):
    one.show(baseline=[(0.25, 0.5), (1.8, 2.2)])
    kept = in_baseline(one, traces[0])[-5:]
    viewer, start = canvas(one).viewer, x_of(0, traces[0])
    drag(viewer, *(start + hours / 24 for hours in (0.5, 0.25, 0.1)))
    assert set(kept) <= set(in_baseline(one, traces[0]))


def test_a_baseline_is_dragged_while_the_curve_is_divided_by_it(one, traces):
    """It may hold no integration on the way, or not be there at first."""
    trace = traces[0]
    x = [x_of(row, trace) for row in range(N)]
    one.keep_active = True
    one.normalize = "baseline"
    assert one.problem == "" or "baseline" in one.problem
    drag(canvas(one).viewer, x[2] + 1e-4, x[2] + 3e-4, x[6] + 1e-4)  # what else would it be for
    assert in_baseline(one, trace) == [3, 4, 5, 6]
    drag(canvas(one).viewer, x[6], x[5], x[2] + 3e-4, x[9] + 1e-4)
    assert in_baseline(one, trace) == [*range(3, 10)]
    expected = white_light_curve(trace, normalize="baseline", baseline=one.baseline)
    np.testing.assert_allclose(drawn_flux(one)[1], expected["flux"].value, rtol=1e-12)


@pytest.mark.parametrize("time", ["2460000.868", "2460000.8681234", "2455000.123456", "2461118.6"])
def test_the_baseline_stays_where_it_is(one, traces, time):
    """When the zero of the hours moves, however far."""
    trace, rows = traces[0], [*range(0, 10), *range(25, 38)]
    half = STEP / 2 * u.day
    edges = [(trace.time[0] - half, trace.time[9] + half), (trace.time[25], trace.time[37])]
    one.show(baseline=edges)
    assert in_baseline(one, trace) == rows
    steps = [("mid_transit", time), ("time_axis", "hours"), ("time_axis", "date"),
             ("time_system", "MJD_UTC"), ("time_system", "BJD_TDB"), ("mid_transit", ""),
             ("time_system", "MJD_UTC"), ("time_axis", "hours"), ("time_system", "BJD_TDB"),
             ("mid_transit", time), ("mid_transit", "")]  # fmt: skip
    for name, value in steps:
        setattr(one, name, value)
        assert in_baseline(one, trace) == rows, (name, value)
        assert one.problem == ""
        shaded = [m for key, m in canvas(one)._marks.items() if key[0] == "range"]
        x = drawn_flux(one)[0]
        within = [np.flatnonzero((x > m.x[0] - 1e-5) & (x < m.x[-1] + 1e-5)) for m in shaded]
        assert np.concatenate(within).tolist() == rows


def test_a_baseline_in_utc_is_not_taken_for_one_in_tdb(one, traces):
    utc = traces[0].time_utc
    with pytest.raises(Stage3Error, match="utc"):
        one.baseline = [(utc[0], utc[9])]
        one.show(normalize="baseline")
    one.normalize = "median"
    one.baseline = []
    one.time_system = "MJD_UTC"
    one.baseline = [(utc[0], utc[9])]
    assert in_baseline(one, traces[0]) == [*range(10)]


def test_typed_ranges_are_hours_from_the_zero(one, traces):
    one.show(mid_transit="2460000.868")
    one._obj.baseline_text = "-1.5 to -1, 1 .. 1.5; 0:0.1"
    hours = (traces[0].time - Time(2460000, 0.868, format="jd", scale="tdb")).to_value("hour")
    inside = [(-1.5, -1), (1, 1.5), (0, 0.1)]
    expected = np.any([(hours >= a) & (hours <= b) for a, b in inside], axis=0)
    assert in_baseline(one, traces[0]) == np.flatnonzero(expected).tolist()
    assert one.problem == ""


# ---- the time cursor ----


@pytest.mark.parametrize("click_in", ["curve", "dynamic"])
def test_a_click_shows_that_integration(plg, app, traces, click_in):
    trace = traces[0]
    plg.show()
    x = x_of(12, trace) + 0.3 * STEP
    if click_in == "curve":
        mouse(canvas(plg).viewer, "click", x, 1.0)
    else:
        mouse(dynamic_viewer(app), "click", 1.7, x)
    assert plg.integration == 13
    assert "Integration 13, BJD_TDB" in plg._obj.cursor_text
    assert f"{trace.time[12].jd:.6f}" in plg._obj.cursor_text
    [cursor] = [m for key, m in canvas(plg)._marks.items() if key[0] == "cursor"]
    assert cursor.x[0] == pytest.approx(x_of(12, trace), abs=1e-9)
    assert cursor_in(dynamic_viewer(app)) == pytest.approx(x_of(12, trace), abs=STEP / 2)
    line = spectrum_line(spectrum_viewer(app))
    flux, wavelength = usable(trace)[12], trace.wavelength.value
    at = {round(w, 9): f for w, f in zip(wavelength, flux, strict=True) if np.isfinite(f)}
    there = np.isfinite(line.y)
    assert there.sum() == len(at)
    expected = [at[round(w, 9)] for w in line.x[there]]
    np.testing.assert_allclose(line.y[there], expected, rtol=1e-9)
    plg.show_spectrum = False
    assert spectrum_line(spectrum_viewer(app)) is None
    plg.integration = ""
    assert [key for key in canvas(plg)._marks if key[0] == "cursor"] == []
    assert plg._obj.cursor_text == ""


def test_the_line_is_in_the_units_of_the_viewer(plg, app, traces):
    viewer, units = spectrum_viewer(app), app.plugins["Unit Conversion"]
    plg.show(integration=13)
    try:
        units.flux_unit = "erg / (Angstrom s cm2)"
        line = spectrum_line(viewer)
        flux = usable(traces[0])[12] * u.Jy
        expected = flux.to(viewer.state.y_display_unit, u.spectral_density(traces[0].wavelength))
        there = np.isfinite(line.y)
        np.testing.assert_allclose(
            np.sort(line.y[there]), np.sort(expected.value[np.isfinite(expected)]), rtol=1e-6
        )
    finally:
        units.flux_unit = "Jy"


@pytest.mark.parametrize("span", [1, 2, 5, N])
@pytest.mark.parametrize("baseline", [None, (0, 1.01)])
def test_spectrum_and_ratio_are_means(one, traces, span, baseline):
    trace = traces[0]
    one.show(integration=18, span=span, show_ratio=span < N or bool(baseline),
             baseline=[baseline] if baseline else [])  # fmt: skip
    first = max(17 - (span - 1) // 2, 0) if span < N else 0
    flux = usable(trace)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # channels without a sample
        mean = np.nanmean(flux[first : first + span], axis=0)
        below = np.arange(N) < 13 if baseline else np.ones(N, bool)
        if not baseline:
            below[first : first + span] = False
        ratio = mean / np.nanmean(flux[below], axis=0)
    np.testing.assert_allclose(one.spectrum().flux.value, mean, rtol=1e-12)
    if baseline or span < N:
        np.testing.assert_allclose(one.ratio().flux.value, ratio, rtol=1e-12)
        drawn = side_plot(one, "ratio")
        np.testing.assert_allclose(np.sort(drawn.y), np.sort(ratio[np.isfinite(ratio)]))
    else:
        with pytest.raises(Stage3Error, match="no integration is in the baseline"):
            one.ratio()
    one.show_ratio = False
    assert side_plot(one, "ratio") is None


def test_the_cursor_is_in_the_images_of_all_chosen_traces(one, generalised, traces):
    app = generalised

    viewers = [dynamic_viewer(app, order) for order in (1, 2)]
    one.show(integration=5)
    assert [cursor_in(viewer) is not None for viewer in viewers] == [True, False]
    one.dataset = app.labels[::-1]
    for number in (5, 20):
        one.integration = number
        expected = pytest.approx(x_of(number - 1, traces[0]), abs=STEP / 2)
        assert [cursor_in(viewer) for viewer in viewers] == [expected] * 2
    one.integration = ""
    assert [cursor_in(viewer) for viewer in viewers] == [None, None]


def test_buttons_step_through_time(one):
    one.show()
    for step, number in ((1, 1), (1, 2), (10, 12), (-1, 11), (999, N), (-999, 1)):
        one._obj.vue_step(step)
        assert one.integration == number


def test_keys_step_through_time_and_escape_takes_back_what_was_last(one, generalised, traces):
    press, dynamic = keyboard(generalised).press, dynamic_viewer(generalised)
    one.show()  # where the viewer was closed, the panel has the curve
    one.show(in_viewer=True, integration="")
    own = canvas(one).viewer.reference
    assert press("ArrowRight", own) and press("ArrowDown", dynamic.reference)
    assert one.integration == 2
    assert press("ArrowLeft", dynamic.reference) and one.integration == 1
    one.band_low, one.band_high = 1.2, 2.0
    mouse(dynamic, "dragstart", 1.2)
    mouse(dynamic, "dragmove", 1.5)
    assert one.band_low == pytest.approx(1.5, rel=1e-5)
    press("Escape", dynamic.reference)
    assert one.band_low == 1.2, "as before the drag, which is over"
    mouse(dynamic, "dragmove", 1.6)
    mouse(dynamic, "dragend", 1.6)
    assert one.band_low == 1.2
    press("Escape", own)
    assert one.integration == "" and one.band_low == 1.2
    assert not press("Escape", own), "the band's edges are in another viewer"
    assert press("Escape", dynamic.reference) and one.band_low == one.band_high == ""
    one.keep_active = False
    assert own not in keyboard(generalised).bound


def test_a_hint_says_what_can_be_dragged_until_that_is_done(one, generalised):
    dynamic = dynamic_viewer(generalised)
    one._obj._views.hints = Hints()  # as it begins
    one.show()  # where the viewer was closed, the panel has the curve
    one.show(band_low=1.2, in_viewer=True)
    assert hint_over(dynamic) == "Drag the edges of the band"
    one.keep_active = False
    assert hint_over(dynamic) == "", "only while the panel is open"
    one.show(normalize="baseline", baseline=[(0, 1)])
    own = canvas(one).viewer
    assert "baseline" in hint_over(own)
    drag(dynamic, 1.2, 1.5)
    assert hint_over(dynamic) == "" and "baseline" in hint_over(own)
    _of_viewer[own].vue_dismiss()
    one.show(normalize="baseline", baseline=[(0, 2)])
    assert hint_over(dynamic) == hint_over(own) == "", "for good"


def hint_over(viewer):
    return _of_viewer[viewer].text


def test_dynamic_spectra_are_normalised(plg, app, traces):
    viewer, flux = dynamic_viewer(app), usable(traces[0])
    [state] = [s for s in viewer.state.layers if hasattr(s, "stretch_to")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a channel without a sample
        for settings, expected in (
            ({"dynamic_normalize": "median"}, np.nanmedian(flux, axis=0)),
            ({"dynamic_normalize": "baseline"}, np.nanmean(flux, axis=0)),
            ({"baseline": [(0, 1.01)]}, np.nanmean(flux[:13], axis=0)),
        ):
            plg.show(**settings)
            divisor = viewer.state.divisor_of(state.layer, state.attribute)
            np.testing.assert_allclose(divisor, expected, rtol=1e-12)
    plg.dynamic_normalize = "none"
    assert viewer.state.divisor_of(state.layer, state.attribute) is None


def test_dynamic_spectra_have_the_time_axis_of_the_curve(plg, app, traces):
    plg.show(time_axis="hours", mid_transit="2460000.868", integration=7)
    viewer = dynamic_viewer(app)
    hours = (traces[0].time - Time(2460000, 0.868, format="jd", scale="tdb")).to_value("hour")
    assert cursor_in(viewer) == pytest.approx(hours[6], abs=STEP * 12)
    mouse(viewer, "click", 1.7, hours[20])
    assert plg.integration == 21
    plg.time_axis = "date"
    assert "BJD_TDB" in viewer.figure.axes[1].label


# ---- a model over it ----


def test_a_transit_model_lies_over_the_curve(plg, traces):
    pytest.importorskip("batman")
    given = {"period": 3.1, "radius_ratio": 0.1, "scaled_axis": 12.0, "inclination": 89.5,
             "limb_darkening_1": 0.2, "limb_darkening_2": 0.1}  # fmt: skip
    plg.show(mid_transit="2460000.868", show_transit=True, **given)
    t0 = Time(2460000, 0.868, format="jd", scale="tdb")
    options = {"t0": t0, "period": 3.1 * u.day, "radius_ratio": 0.1, "scaled_axis": 12.0,
               "inclination": 89.5 * u.deg, "limb_darkening": (0.2, 0.1)}  # fmt: skip
    line, curve = mark(plg, "model"), plg.light_curve()
    days = line.x + np.floor(traces[0].time[0].jd)
    fine = transit_light_curve(Time(days, format="jd", scale="tdb"), **options)
    model = transit_light_curve(traces[0].time, **options)
    good = ~curve["outlier"]
    level = np.nanmedian((curve["flux"] / model)[good])
    np.testing.assert_allclose(line.y, fine * level, rtol=1e-4)
    assert line.y.min() < 0.992
    residual = side_plot(plg, "residual")
    expected = (curve["flux"] - model * level)[good] * 1e6
    np.testing.assert_allclose(residual.y, expected, rtol=1e-6, atol=1e-3)
    plg.show_transit = False
    assert mark(plg, "model") is None
    assert side_plot(plg, "residual") is None


MODEL = {"mid_transit": "2460000.868", "period": 3.1, "radius_ratio": 0.1, "scaled_axis": 12.0,
         "inclination": 89.5, "limb_darkening_1": 0.2, "limb_darkening_2": 0.1}  # fmt: skip


def test_the_model_is_evaluated_once_for_all_that_shows_it(plg, traces, monkeypatch):
    """At the times of the curve, and at those of the line: not again for words and residual."""
    pytest.importorskip("batman", reason="the model needs batman")
    plg.show(show_transit=True, period=3, mid_transit="2460000.868", band_high=2.0)
    evaluated = []

    def counted(settings, time):
        evaluated.append(len(time))
        return transit_model(settings, time)

    monkeypatch.setattr(views, "transit_model", counted)
    plg.band_high = 2.1
    assert len(evaluated) == 2 and evaluated[0] == N and evaluated[1] > N
    assert side_plot(plg, "residual") is not None and "the model" in plg.noise_text


def assert_only_the_model_is_missing(app, plg, trace):
    expected = usable(trace).sum(axis=1).size
    assert plg.problem == ""
    assert len(drawn_flux(plg)[1]) == expected == N
    assert mark(plg, "model") is None
    assert side_plot(plg, "residual") is None
    assert plg._obj.curve_text and plg.noise_text
    assert bands_in(spectrum_viewer(app)) and bands_in(dynamic_viewer(app))
    [label] = plg.add_to_app()
    assert label in data_labels(app)
    remove_data(app, [label])


def test_a_model_that_is_incomplete_is_all_that_is_missing(app, plg, traces, monkeypatch):
    monkeypatch.setattr(model, "find_spec", lambda name: None)
    plg.show()
    before = drawn_flux(plg), plg.noise_text
    plg.radius_ratio = ""
    plg.show_transit = True
    assert plg.model_problem == (
        "No transit model: mid_transit, period and radius_ratio (Rp/R*) are empty; the package "
        "batman is not installed (pip install batman-package)."
    )
    assert_only_the_model_is_missing(app, plg, traces[0])
    np.testing.assert_array_equal(drawn_flux(plg), before[0])
    assert plg.noise_text == before[1]
    with pytest.raises(Stage3Error, match="mid_transit, period and .* batman"):
        plg.show()
    with pytest.raises(Stage3Error, match="mid_transit, period and .* batman"):
        plg.noise()
    assert_only_the_model_is_missing(app, plg, traces[0])
    plg.show_transit = False
    assert plg.model_problem == ""
    plg.show()


def test_what_a_model_lacks_is_said_until_it_is_there(app, plg, traces):
    pytest.importorskip("batman")
    plg.show(show_transit=True, **MODEL)
    complete = mark(plg, "model").y
    for name, value in MODEL.items():
        setattr(plg, name, "")
        assert f"{name} " in plg.model_problem and "empty" in plg.model_problem
        assert_only_the_model_is_missing(app, plg, traces[0])
        setattr(plg, name, value)
        assert plg.model_problem == ""
        np.testing.assert_array_equal(mark(plg, "model").y, complete)
        assert side_plot(plg, "residual") is not None


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"scaled_axis": 0.5}, "scaled_axis is 0.5; it must be greater than 1"),
        ({"inclination": -3}, "inclination is -3"),
        ({"period": 0}, "period is 0"),
        ({"period": np.inf}, "period = inf"),
        ({"time_system": "MJD_UTC"}, "set time_system to 'BJD_TDB'"),
        ({"period": "", "time_system": "MJD_UTC"}, "period is empty; .* set time_system"),
    ],
)
def test_a_model_that_cannot_be(app, plg, traces, settings, words):
    pytest.importorskip("batman")
    plg.show(show_transit=True, **MODEL)
    for name, value in settings.items():
        setattr(plg, name, value)
    with pytest.raises(Stage3Error, match=f"No transit model: .*{words}"):
        plg.show()
    assert_only_the_model_is_missing(app, plg, traces[0])


def test_a_comparison_that_fails_leaves_the_curve(app, plg, traces, monkeypatch):
    """As any other thing that is laid over it."""

    def fail(curves, label):
        raise Stage3Error("no comparison")

    plg.show()
    monkeypatch.setattr(LightCurves, "comparison", fail)
    plg._obj._update()
    assert plg.problem == "no comparison"
    assert len(drawn_flux(plg)[1]) == N
    assert bands_in(spectrum_viewer(app)) and plg._obj.curve_text
    monkeypatch.undo()
    plg.show()


# ---- a slow browser ----


def test_a_panel_that_is_open_again_while_it_is_cleared_is_drawn(app, plg, monkeypatch):
    """After a stall jdaviz's thread finds the panel closed, and the ping that opens it comes."""
    plg.show(integration=5)
    before = bands_in(spectrum_viewer(app)), cursor_in(dynamic_viewer(app))
    views = plg._obj._views
    clear = views.clear

    def clear_and_be_opened():
        clear()
        in_a_thread(lambda: setattr(plg, "keep_active", True))

    monkeypatch.setattr(views, "clear", clear_and_be_opened)
    in_a_thread(lambda: setattr(plg, "keep_active", False))
    monkeypatch.undo()
    assert (bands_in(spectrum_viewer(app)), cursor_in(dynamic_viewer(app))) == before
    drag(dynamic_viewer(app), before[0][0][1], 2.1)
    assert plg.band_high == pytest.approx(2.1)


def test_a_setting_that_changes_while_it_is_drawn_counts(app, plg, traces, monkeypatch):
    plg.show()
    traces_views = plg._obj._views.of_traces
    draw = traces_views.draw_bands

    def draw_and_change(*args):
        draw(*args)
        if plg.band_high != 2.01:
            plg.band_high = 2.01

    monkeypatch.setattr(traces_views, "draw_bands", draw_and_change)
    plg.band_low = 1.2
    monkeypatch.undo()
    curve = white_light_curve(traces[0], [1.2, 2.01] * u.um)
    np.testing.assert_allclose(drawn_flux(plg)[1], curve["flux"], rtol=1e-9)
    assert bands_in(spectrum_viewer(app)) == [pytest.approx([1.2, 2.01])]
