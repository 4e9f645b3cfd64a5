"""Light curves in their viewer: which columns, error bars, flagged points, several at once."""

import jdaviz
import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable
from astropy.time import Time
from astropy.timeseries import TimeSeries
from emptied_apps import emptied
from glue.core.roi import RectangularROI
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from light_curve_tools import bars_of

import jdaviz_stage3 as stage3
from jdaviz_stage3.analysis.light_curves.table import LightCurveColumns, light_curve_table
from jdaviz_stage3.jdaviz_compat import add_to_viewer, create_viewer
from jdaviz_stage3.viewers.curve_points import MOST_ERROR_BARS, CurvePoints
from jdaviz_stage3.viewers.light_curve_readout import nearest_point, value_with_error

N = 40
FLAGGED = np.arange(N) == 10


def series(start=2460000.25, level=1.0, unit=u.dimensionless_unscaled, system="BJD_TDB", seed=1):
    """A light curve as the White Light Curve plugin makes it: one flagged, one missing point."""
    rng = np.random.default_rng(seed)
    flux = level * rng.normal(1, 1e-3, N)
    flux[FLAGGED], flux[20] = 1.5 * level, np.nan
    data = {
        "flux": flux * unit,
        "flux_err": level * rng.uniform(1e-3, 2e-3, N) * unit,
        "outlier": FLAGGED,
        "int_num": np.arange(101, 101 + N),
    }
    scale = "tdb" if system == "BJD_TDB" else "utc"
    time = Time(start + np.arange(N) / 500, format="jd", scale=scale)
    return TimeSeries(time=time, data=data, meta={"time_system": system})


class Shown:
    """An app with one light-curve viewer, to put light curves in."""

    def __init__(self, app):
        self.app = app
        self.label = create_viewer(self.app, "stage3-light-curve-viewer", "Light curve")
        self.viewer = self.app._app._viewer_store[self.label]

    def add(self, label, curve, **options):
        table = light_curve_table(curve, "flux", "Relative flux", **options)
        table.meta["_native_data_cls"] = QTable
        self.app._app.add_data(table, label)
        data = self.app._app.data_collection[label]
        add_to_viewer(self.app, self.label, data)
        return data

    @property
    def layers(self):
        return {layer.layer.label: layer for layer in self.viewer.layers}

    def read_out(self, x, y):
        info = self.app._app.session.application._tools["g-coords-info"]
        info.update_display(self.viewer, x, y)
        return info


@pytest.fixture(scope="module")
def used():
    return jdaviz.new_app()


@pytest.fixture
def shown(used):
    return Shown(emptied(used))


# ---- error bars and flagged points ----


@given(
    y=arrays(float, 7, elements=st.floats(-1e3, 1e3) | st.just(np.nan)),
    error=arrays(float, 7, elements=st.floats(-1, 10) | st.sampled_from([np.nan, np.inf, 0.0])),
)
def test_error_bars_are_those_of_the_points_that_have_them(y, error):
    points = CurvePoints(np.arange(7.0), y, error, np.zeros(7, dtype=bool))
    x, line = points.error_bars()
    expected = [
        (k, y[k] - error[k], y[k] + error[k])
        for k in range(7)
        if np.isfinite(y[k]) and np.isfinite(error[k]) and error[k] > 0
    ]
    assert len(x) == len(line) == max(3 * len(expected) - 1, 0)
    if expected:
        assert np.isfinite(line[-1]), "a trailing NaN floods the browser's console"
        found = np.append(line, np.nan).reshape(-1, 3)[:, :2]
        np.testing.assert_array_equal(found, [row[1:] for row in expected])
        np.testing.assert_array_equal(x[::3], [row[0] for row in expected])


def test_an_infinite_error_has_no_bar_and_does_not_stretch_the_limits():
    error = np.array([0.5, np.inf, np.nan, -1.0])
    points = CurvePoints(np.arange(4.0), np.arange(4.0), error)
    assert points.extent(points.good) == (0, 3, -0.5, 3)
    assert len(points.error_bars()[0]) == 2


def test_beyond_the_limit_there_are_no_bars_and_no_room_for_them():
    for more, bars in ((0, 3 * MOST_ERROR_BARS - 1), (1, 0)):
        x = np.arange(float(MOST_ERROR_BARS + more))
        points = CurvePoints(x, np.zeros(x.size), np.ones(x.size))
        assert len(points.error_bars()[0]) == bars
        assert points.extent(points.drawn)[2:] == ((-1, 1) if bars else (0, 0))


def test_flagged_points_are_drawn_apart(shown):
    data = shown.add("curve", series())
    layer = shown.layers["curve"]
    np.testing.assert_allclose(layer.flag_mark.y, data["flux"][FLAGGED].astype("f4"))
    np.testing.assert_allclose(layer.flag_mark.x, data["time"][FLAGGED].astype("f4"))
    assert layer.flag_mark.fill is False
    missing = np.isnan(layer.scatter_mark.y)
    np.testing.assert_array_equal(missing, FLAGGED | (np.arange(N) == 20))
    assert len(bars_of(layer.error_mark)[0]) == N - 1, "flagged points keep theirs"


def test_limits_hold_every_error_bar_and_ignore_what_is_flagged(shown):
    data = shown.add("curve", series())
    good = ~FLAGGED & np.isfinite(data["flux"])
    low = (data["flux"] - data["flux_err"])[good].min()
    high = (data["flux"] + data["flux_err"])[good].max()
    x_min, x_max, y_min, y_max = shown.viewer.get_limits()
    assert x_min < data["time"].min() and data["time"].max() < x_max
    assert y_min < low and high < y_max < 1.1
    shown.viewer.set_limits(y_min=-5.0, y_max=5.0)
    shown.viewer.toolbar.tools["jdaviz:homezoom"].activate()
    assert shown.viewer.get_limits() == (x_min, x_max, y_min, y_max)


def test_limits_where_everything_is_flagged_or_one_point_is_left(shown):
    curve = series()
    curve["outlier"][:] = True
    data = shown.add("curve", curve)
    y_min, y_max = shown.viewer.get_limits()[2:]
    assert y_min < np.nanmin(data["flux"]) and np.nanmax(data["flux"]) < y_max
    other = Shown(shown.app)
    data = other.add("point", series()[:1])
    x_min, x_max, y_min, y_max = other.viewer.get_limits()
    assert x_min < data["time"][0] < x_max and y_min < data["flux"][0] < y_max


def test_marks_follow_their_layer(shown):
    shown.add("curve", series())
    marks = list(shown.viewer.figure.marks)
    layer = shown.layers["curve"]
    bars = layer.error_mark.y
    layer.visible = False
    assert len(layer.error_mark.x) == len(layer.flag_mark.x) == 0, "hidden marks cost, too"
    layer.visible = True
    np.testing.assert_array_equal(layer.error_mark.y, bars)
    shown.add("other", series(level=1.01, seed=2))
    shown.app._app.data_item_remove("other")
    assert shown.viewer.figure.marks == marks
    shown.app._app.data_item_remove("curve")
    assert shown.viewer.figure.marks == []
    data = shown.add("curve", series(level=3.0))
    assert shown.viewer.state.y_min > 2
    assert len(shown.layers["curve"].flag_mark.x) == 1
    assert shown.viewer.state.y_att is data.id["flux"]


def test_the_colour_of_error_bars_is_that_of_the_points(shown):
    shown.add("curve", series())
    layer = shown.layers["curve"]
    layer.state.color = "#00ff00"
    assert layer.error_mark.colors == ["#00ff00"]
    layer.state.zorder += 5
    figure = shown.viewer.figure.marks
    order = [layer.error_mark, layer.scatter_mark, layer.flag_mark]
    assert [mark for mark in figure if mark in order] == order


def test_marks_of_others_stay_when_layers_are_sorted(shown):
    import bqplot

    shown.add("curve", series())
    mine = bqplot.Lines(x=[0, 1], y=[0, 1], scales=shown.viewer.scales)
    shown.viewer.figure.marks = [*shown.viewer.figure.marks, mine]
    shown.layers["curve"].state.zorder += 5
    assert mine in shown.viewer.figure.marks


def test_a_subset_is_drawn_on_its_points(shown):
    data = shown.add("curve", series())
    x_min, x_max, y_min, y_max = shown.viewer.get_limits()
    shown.viewer.apply_roi(RectangularROI(x_min, (x_min + x_max) / 2, y_min, y_max))
    [subset] = [layer for layer in shown.viewer.layers if layer.layer is not data]
    assert subset.enabled and 0 < len(subset.scatter_mark.x) < N
    assert set(subset.scatter_mark.x) <= set(data["time"].astype("f4"))
    assert len(subset.error_mark.x) == 0


# ---- several light curves ----


def test_two_orders_on_one_pair_of_axes(shown):
    first, second = shown.add("order 1", series()), shown.add("order 2", series(level=0.9, seed=2))
    colors = {layer.state.color for layer in shown.viewer.layers}
    assert len(colors) == 2
    y_min, y_max = shown.viewer.get_limits()[2:]
    assert y_min < np.nanmin(second["flux"]) and 1.0 < y_max
    np.testing.assert_array_equal(
        shown.layers["order 1"].scatter_mark.x, first["time"].astype("f4")
    )


@pytest.mark.parametrize("days", [1, -3, 30])
def test_days_from_another_zero_are_brought_to_that_of_the_axis(shown, days):
    first = shown.add("first", series(2460000.25))
    second = shown.add("second", series(2460000.25 + days, seed=2))
    zeros = [LightCurveColumns.of(data.meta).zero for data in (first, second)]
    assert zeros[1] - zeros[0] == days
    assert shown.viewer.figure.axes[0].label == "BJD_TDB − 2460000 (d)"
    found = shown.layers["second"].scatter_mark.x.astype(float) + 2460000
    np.testing.assert_allclose(found, second["BJD_TDB"], rtol=0, atol=5e-6)
    shown.app._app.data_item_remove("first")
    assert shown.viewer.figure.axes[0].label == f"BJD_TDB − {2460000 + days} (d)"
    np.testing.assert_array_equal(
        shown.layers["second"].scatter_mark.x, second["time"].astype("f4")
    )


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"unit": u.Jy}, "'flux' has the unit Jy, the axis has no unit"),
        ({"system": "MJD_UTC"}, "its times are JD_UTC, the axis is in BJD_TDB"),
    ],
)
def test_what_does_not_fit_the_axes_is_refused(shown, other, words):
    shown.add("first", series())
    with pytest.warns(stage3.Stage3Warning, match=f"second: {words}"):
        shown.add("second", series(**other))
    assert list(shown.layers) == ["first"]
    assert "second" in shown.app.datasets
    shown.viewer.show_light_curve("time", "flux", "its own time", "its own flux")
    assert shown.viewer.figure.axes[0].label == "BJD_TDB − 2460000 (d)", "that of what is shown"


def test_a_table_without_light_curve_is_refused(shown):
    table = QTable({"a": [1.0, 2.0], "b": [1.0, 2.0]})
    table.meta["_native_data_cls"] = QTable
    shown.app._app.add_data(table, "table")
    with pytest.warns(stage3.Stage3Warning, match="table: no light curve"):
        add_to_viewer(shown.app, shown.label, shown.app._app.data_collection["table"])
    assert not shown.viewer.layers


# ---- showing columns by name, reading out ----


def test_show_light_curve_by_name(shown):
    data = shown.add("curve", series())
    shown.viewer.show_light_curve(
        "time", "int_num", "Time", "Number", flux_err="flux_err", flag="outlier"
    )
    assert [axis.label for axis in shown.viewer.figure.axes[:2]] == ["Time", "Number"]
    np.testing.assert_array_equal(
        shown.layers["curve"].flag_mark.y, data["int_num"][FLAGGED].astype("f4")
    )
    assert len(bars_of(shown.layers["curve"].error_mark)[0]) == N
    shown.viewer.show_light_curve("time", "flux", "BJD", "F")
    assert shown.viewer.figure.axes[1].label == "F"
    assert shown.viewer.state.y_att is data.id["flux"]


def test_the_cursor_reads_integration_flux_error_and_date(shown):
    data = shown.add("curve", series(unit=u.Jy))
    k = 30
    info = shown.read_out(data["time"][k], data["flux"][k])
    assert (info.row1a_title, info.row1a_text) == ("Integration", str(101 + k))
    flux, _, error, unit = info.row1b_text.split()
    assert float(flux) == pytest.approx(data["flux"][k], abs=data["flux_err"][k] / 10)
    assert float(error) == pytest.approx(data["flux_err"][k], rel=0.05)
    assert unit == "Jy"
    assert info.row2_title == "BJD_TDB"
    assert float(info.row2_text) == pytest.approx(data["BJD_TDB"][k], abs=1e-6)
    assert info.row3_text == ""


def test_the_cursor_says_what_is_flagged(shown):
    data = shown.add("curve", series())
    row = int(np.flatnonzero(FLAGGED)[0])
    info = shown.read_out(data["time"][row], data["flux"][row])
    assert info.row1a_text == str(101 + row)
    assert (info.row3_title, info.row3_text.strip()) == ("Flagged", "as an outlier")


def test_the_cursor_finds_the_nearest_of_several_curves_and_none_that_is_hidden(shown):
    shown.add("first", series())
    second = shown.add("second", series(2460002.25, level=0.9, seed=2))
    position = second["time"][5] + 2, second["flux"][5]
    assert float(shown.read_out(*position).row2_text) == pytest.approx(second["BJD_TDB"][5])
    assert nearest_point(shown.viewer, *position)[0] is second
    shown.layers["second"].visible = False
    assert nearest_point(shown.viewer, *position)[0] is not second
    shown.layers["first"].visible = False
    assert nearest_point(shown.viewer, *position) is None
    assert shown.read_out(*position).row1b_text == ""


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.01367241, 5.04e-6, "0.0136724 ± 0.0000050"),
        (262.53861, 0.0312, "262.539 ± 0.031"),
        (123456.7, 345.6, "123457 ± 346"),
        (1.234567e-12, 3.4e-15, "(1.2346 ± 0.0034)e-12"),
        (3.2100208489, np.nan, "3.21002"),
        (3.2100208489, 0.0, "3.21002"),
    ],
)
def test_a_value_is_given_to_the_digits_of_its_error(value, error, text):
    assert value_with_error(value, error) == text


def test_a_cloned_viewer_shows_the_same(shown):
    shown.add("curve", series())
    shown.viewer.clone_viewer()
    clone = next(v for v in shown.app._app._viewer_store.values() if v is not shown.viewer)
    assert [axis.label for axis in clone.figure.axes[:2]] == [
        "BJD_TDB − 2460000 (d)",
        "Relative flux",
    ]
    np.testing.assert_array_equal(clone.layers[0].error_mark.y, shown.viewer.layers[0].error_mark.y)
