"""What the tests of the White Light Curve plugin share."""

import fresh_apps
import numpy as np
from astropy import units as u
from astropy.time import Time
from bqplot import Lines, Scatter
from ipywidgets.widgets.widget import _instances
from make_spectra import integrations, time_series

import jdaviz_stage3 as stage3
from jdaviz_stage3.analysis import spectroscopic_light_curves, white_light_curve
from jdaviz_stage3.jdaviz_compat import (
    data_labels,
    remove_data,
    remove_viewers,
    shown_in,
    viewer_labels,
)

NAME = "White Light Curve"
CONFIGURATIONS = ("deconfigged", "specviz")
BAND, CURSOR = "#c75d2c", "#ff7f0e"
N, W, OUTLIER = 40, 64, 30
STEP = 1 / 288  # days
DEFAULTS = {
    "band_low": "", "band_high": "", "spectral_subset": "Entire Spectrum",
    "division": "one band", "division_value": 5, "statistic": "sum", "band_edges": "inclusive",
    "dq_bits": ["DO_NOT_USE"], "excluded": "fill", "errors": "random", "normalize": "median",
    "mid_transit": "", "time_system": "BJD_TDB", "time_axis": "date", "baseline": [],
    "pick_baseline": False, "outlier_sigma": 5, "outlier_window": 15, "bin_width": "",
    "bin_unit": "integrations", "integration": "", "span": 1, "show_spectrum": True,
    "show_ratio": False, "pipeline": "None", "show_transit": False, "period": "",
    "radius_ratio": 0.1, "scaled_axis": 10, "inclination": 90, "limb_darkening_1": 0.1,
    "limb_darkening_2": 0.3, "dynamic_normalize": "none", "dynamic_percentile": 99,
}  # fmt: skip


def columns(order):
    """A star with a transit, flags, missing samples and one outlier; wavelengths fall."""
    rng = np.random.default_rng(order)
    wavelength = np.linspace(2.8, 0.9, W) if order == 1 else np.linspace(1.4, 0.6, W)
    light = np.ones(N)
    light[14:24], light[OUTLIER] = 0.99, 1.05
    flux = np.outer(light, 1e-2 * order * (1 + 0.5 * np.sin(3 * wavelength)))
    flux *= rng.normal(1, 1e-3, (N, W))
    dq = np.zeros((N, W), "u4")
    dq[5, 20], dq[6:9, 30], dq[:, 3], dq[11, 40] = 1, 1, 1, 2
    noise = rng.uniform(0.9e-5, 1.1e-5, (N, W)) * order
    bad = (dq & 1) != 0
    flux[bad] *= 100
    flux[12, 25] = np.nan
    days = 60000.3 + np.arange(N) * STEP
    given = {"FLUX": flux, "WAVELENGTH": wavelength, "DQ": dq, "FLUX_VAR_POISSON": noise**2,
             "FLUX_VAR_RNOISE": noise**2 / 4, "FLUX_ERROR": 1.2 * noise,
             "MJD-AVG": days, "TDB-MID": days + 0.003}  # fmt: skip
    return integrations(np.arange(1, N + 1), W, **given)


def write(folder):
    """An x1dints of two orders."""
    parts = [(columns(order), {"spectral_order": order, "detector": "NIS"}) for order in (1, 2)]
    return time_series(folder, parts)


def app_with(configuration, path):
    """An app with the file in it; ``labels`` are the dynamic spectra of both orders."""
    app = fresh_apps.new_app(configuration)
    app.loaded = stage3.load(path, app=app)
    app.labels = [label for label in app.loaded if "(median)" not in label]
    app.first_viewers = viewer_labels(app)
    return app


def reset(plg, **settings):
    """Set all to what it is at first, and these; drawn once."""
    with plg._obj._updates.paused():
        for name, value in {**settings, **DEFAULTS}.items():
            setattr(plg, name, value)
    plg._obj._update()


def clean(app):
    """The plugin as it is at first; afterwards nothing may be in the app's log."""
    plg = app.plugins[NAME]
    plg.keep_active = False
    remove_data(app, [label for label in data_labels(app) if label not in app.loaded])
    remove_viewers(app, [label for label in viewer_labels(app) if label not in app.first_viewers])
    reset(plg, dataset=app.labels[:1])
    for group in list(app._app.data_collection.subset_groups):
        app._app.data_collection.remove_subset_group(group)
    if app._app.config == "deconfigged":
        plg.in_viewer = True
    assert (plg.problem, data_labels(app)) == ("", app.loaded)
    app.plugins["Logger"].clear_history()
    yield plg
    assert errors_logged(app) == []


def errors_logged(app):
    """What the app's log has in red."""
    return [e["text"] for e in app.plugins["Logger"].history if e["color"] == "error"]


# ---- what is drawn ----


def canvas(plg):
    return plg._obj._views._canvas


def figure(plg):
    return plg._obj._views.curve_viewer.figure


def mark(plg, kind, index=0):
    """What is drawn of a curve, None if it is not."""
    found = canvas(plg)._marks.get((index, kind))
    assert found is None or any(found is drawn for drawn in figure(plg).marks)
    return found


def drawn_flux(plg, index=0):
    """All points of a curve, outliers too, in the order of time."""
    parts = [m for m in (mark(plg, "points", index), mark(plg, "outliers", index)) if m]
    x, y = (np.concatenate([getattr(part, axis) for part in parts]) for axis in "xy")
    order = np.argsort(x)
    return x[order], y[order]


def spectrum_viewer(app, order=1):
    [viewer, *_] = shown_in(app, f"{app.labels[order - 1]} (median)")
    return viewer


def dynamic_viewer(app, order=1):
    [viewer] = shown_in(app, app.labels[order - 1])
    return viewer


def side_plot(plg, name):
    """The points of the residual or the ratio in the panel, None if the panel has no such plot."""
    model = getattr(plg._obj, f"{name}_widget")
    if not model:
        return None
    marks = _instances[model.removeprefix("IPY_MODEL_")].figure.marks
    return next(m for m in marks if isinstance(m, Scatter) and m.visible and len(m.x))


def lines(viewer, color):
    """The visible lines of a colour in a viewer's figure."""
    found = [m for m in viewer.figure.marks if isinstance(m, Lines) and m.visible]
    return [m for m in found if m.colors[:1] == [color]]


def bands_in(viewer):
    """Lower and upper edge of each band drawn in a viewer, in its units."""
    return [[float(np.min(m.x)), float(np.max(m.x))] for m in lines(viewer, BAND)]


def cursor_in(viewer):
    """Where the time cursor is in a dynamic-spectrum viewer, None if it is not."""
    found = lines(viewer, CURSOR)
    assert len(found) <= 1
    return float(found[0].y[0]) if found else None


def spectrum_line(viewer):
    """The line of the spectrum at the cursor, None if there is none."""
    found = lines(viewer, CURSOR)
    assert len(found) <= 1
    return found[0] if found else None


def n_marks(app):
    """How many marks there are in each figure of the app."""
    return {
        label: len(viewer.figure.marks)
        for label, viewer in app._app._viewer_store.items()
        if hasattr(viewer, "figure")
    }


def mouse(viewer, kind, x, y=0.0):
    event = {"event": kind, "domain": {"x": float(x), "y": float(y)}}
    viewer._on_mouse_interaction(None, event, [])


def drag(viewer, *xs, y=0.0):
    mouse(viewer, "dragstart", xs[0], y)
    for x in xs[1:]:
        mouse(viewer, "dragmove", x, y)
    mouse(viewer, "dragend", xs[-1], y)


def x_of(row, trace):
    """Where an integration is on the time axis (date)."""
    days = trace.time.jd1 - np.floor(trace.time[0].jd) + trace.time.jd2
    return float(days[row])


def in_baseline(plg, trace):
    """The rows that the baseline of the API holds."""
    times = trace.time if plg.time_system.selected == "BJD_TDB" else trace.time_utc
    inside = np.zeros(N, bool)
    for start, stop in plg.baseline:
        assert start.scale == times.scale
        after, before = ((times - edge).to_value("s") for edge in (start, stop))
        inside |= (after > -1e-3) & (before < 1e-3)
    return np.flatnonzero(inside).tolist()


def usable(trace):
    return trace.usable_flux("DO_NOT_USE").value


# ---- the numbers ----

HOUR = u.hour
CASES = [
    ({}, {}),
    ({"band_low": 1.2, "band_high": 2.01}, {"band": [1.2, 2.01] * u.um}),
    ({"band_low": 1.53}, {"band": (1.53 * u.um, None)}),
    ({"band_high": 1.53}, {"band": (None, 1.53 * u.um)}),
    ({"band_low": 1.2, "band_high": 2.01, "band_edges": "fractional"},
     {"band": [1.2, 2.01] * u.um, "band_edges": "fractional"}),
    ({"statistic": "weighted mean"}, {"statistic": "weighted mean"}),
    ({"dq_bits": []}, {"dq_bits": []}),
    ({"dq_bits": ["DO_NOT_USE", "SATURATED"]}, {"dq_bits": ["DO_NOT_USE", "SATURATED"]}),
    ({"excluded": "drop"}, {"excluded": "drop"}),
    ({"excluded": "ignore"}, {"excluded": "ignore"}),
    ({"errors": "total"}, {"errors": "total"}),
    ({"normalize": "none"}, {"normalize": None}),
    ({"outlier_sigma": ""}, {"outlier_sigma": None}),
    ({"outlier_sigma": 3, "outlier_window": 7}, {"outlier_sigma": 3, "outlier_window": 7}),
    ({"bin_width": 4}, {"bin_width": 4}),
    ({"bin_width": 900, "bin_unit": "s"}, {"bin_width": 900 * u.s}),
    ({"bin_width": 21, "bin_unit": "min"}, {"bin_width": 21 * u.min}),
    ({"time_system": "MJD_UTC"}, {"time_system": "MJD_UTC"}),
    ({"time_axis": "hours", "mid_transit": "2460000.868"},
     {"reference": Time(2460000, 0.868, format="jd", scale="tdb")}),
    ({"normalize": "baseline", "baseline": [(0, 1.01), (2.2, 3)]},
     {"normalize": "baseline", "baseline": [(0 * HOUR, 1.01 * HOUR), (2.2 * HOUR, 3 * HOUR)]}),
    ({"division": "number of bands", "division_value": 4}, {"n": 4}),
    ({"division": "width", "division_value": 0.4, "band_low": 1, "band_high": 2.6},
     {"width": 0.4 * u.um, "band": [1, 2.6] * u.um}),
    ({"division": "resolving power", "division_value": 6}, {"resolving_power": 6}),
    ({"division": "number of bands", "division_value": 3, "bin_width": 5, "normalize": "none"},
     {"n": 3, "bin_width": 5, "normalize": None}),
]  # fmt: skip


def assert_same(curve, expected):
    assert curve["time"].scale == expected["time"].scale
    assert np.all((curve["time"] - expected["time"]).to_value("s") == 0)
    for name in set(expected.colnames) - {"time", "hours"}:
        assert u.Quantity(curve[name]).unit == u.Quantity(expected[name]).unit
        np.testing.assert_allclose(curve[name], expected[name], rtol=1e-12, err_msg=name)
    for name in set(expected.meta) - {"remarks"}:
        assert curve.meta[name] == expected.meta[name], name


def expected_curve(trace, keywords):
    reference = trace.time[0] if keywords.get("time_system") != "MJD_UTC" else trace.time_utc[0]
    keywords = {"reference": reference} | keywords
    several = {"n", "width", "resolving_power"} & set(keywords)
    function = spectroscopic_light_curves if several else white_light_curve
    return function(trace, **keywords)
