"""The plugin on series whose numbers, times or comparison are not as usual."""

import numpy as np
import pytest
from astropy.timeseries import TimeSeries
from make_spectra import integrations, time_series
from make_tables import light_curve
from white_light_tools import NAME

import jdaviz_stage3 as stage3

N, W = 60, 30


def columns(numbers, start=0.0, segment=1, **changes):
    """A steady star, a little brighter with each integration."""
    n = len(numbers)
    flux = np.outer(1 + 1e-4 * np.arange(n), np.linspace(1, 2, W)) * 1e-2
    days = 60000.3 + start + np.arange(n) / 288
    given = {"FLUX": flux, "WAVELENGTH": np.linspace(1, 2, W), "FLUX_ERROR": flux * 1e-3,
             "MJD-AVG": days, "TDB-MID": days + 0.003}  # fmt: skip
    return integrations(numbers, W, segment, **(given | changes))


@pytest.fixture(scope="module")
def app():
    import jdaviz

    return jdaviz.new_app()


def opened(app, path):
    labels = stage3.load(path, app=app)
    plg = app.plugins[NAME]
    plg.show(dataset=[labels[0]], pipeline="None", integration="", dq_bits=["DO_NOT_USE"],
             excluded="fill", normalize="median")  # fmt: skip
    return plg, labels


def test_integrations_numbered_anew_in_each_segment_are_told_apart(app, tmp_path):
    parts = [(columns(np.arange(1, 31), 0.0, 1), {}), (columns(np.arange(1, 31), 1.0, 2), {})]
    plg, _ = opened(app, time_series(tmp_path, parts))
    curves = plg._obj.curves
    time = curves.times.x_of(curves.times.of(curves.traces[curves.labels[0]]))
    plg._obj._views.dragging._click_curve(float(time[40]), 1.0)
    assert plg.integration == 41
    expected = plg.light_curve()["time"][40].jd
    assert f"{expected:.6f}" in plg._obj.cursor_text
    flux = stage3.read(tmp_path / stage3.read(tmp_path / next(tmp_path.glob("*.fits"))).path.name)
    np.testing.assert_allclose(plg.spectrum().flux.value, flux.traces[0].flux.value[40])


def test_a_missing_time_stamp_hinders_neither_saving_nor_the_model(app, tmp_path):
    part = columns(np.arange(1, N + 1))
    part["TDB-MID"][0] = np.nan
    with pytest.warns(stage3.Stage3Warning, match="without a time stamp"):
        plg, _ = opened(app, time_series(tmp_path, [(part, {})]))
    path = plg.export(tmp_path / "curve.ecsv")
    again = TimeSeries.read(path, format="ascii.ecsv")
    assert np.ma.getmaskarray(again["time"].jd1).tolist() == [True] + [False] * (N - 1)
    pytest.importorskip("batman", reason="the model needs batman")
    plg.show(show_transit=True, period=3.0, mid_transit=plg.light_curve()["time"][30])
    model = plg._obj._views.curve_viewer and plg._obj._views._canvas._marks[0, "model"]
    assert np.isfinite(model.y).all()
    plg.show(show_transit=False, mid_transit=None, period="")


def whtlt(folder, flux, days):
    return light_curve(folder, {"BJD_TDB": days, "MJD_UTC": days - 0.003, "whitelight_flux": flux})


def test_a_curve_of_another_observation_takes_nothing_away(app, tmp_path):
    part = columns(np.arange(1, N + 1))
    plg, _ = opened(app, time_series(tmp_path, [(part, {})]))
    days = part["TDB-MID"] + 500
    [other] = stage3.load(whtlt(tmp_path, np.ones(N), days), app=app)
    plg.show(pipeline=other)
    assert (0, "points") in plg._obj._views._canvas._marks
    assert (0, "pipeline") not in plg._obj._views._canvas._marks
    assert "No time of the pipeline's curve" in plg.pipeline_text


def test_flags_that_this_curve_does_not_exclude_are_counted_all_the_same(app, tmp_path):
    part = columns(np.arange(1, N + 1))
    dq = np.zeros((N, W), "u4")
    dq[10, 5] = 1
    flux = part["FLUX"].copy()
    flux[10, 5] *= 50
    plg, labels = opened(app, time_series(tmp_path, [(part | {"FLUX": flux, "DQ": dq}, {})]))
    [pipeline] = stage3.load(whtlt(tmp_path, flux.sum(axis=1), part["TDB-MID"]), app=app)
    plg.show(pipeline=pipeline, dq_bits=[], excluded="ignore")
    without = flux[10].sum() - flux[10, 5] + part["FLUX"][10, 5]
    assert "1 sample flagged DO_NOT_USE" in plg.pipeline_text
    assert f"{100 * (flux[10].sum() / without - 1):.2f}"[:2] in plg.pipeline_text
