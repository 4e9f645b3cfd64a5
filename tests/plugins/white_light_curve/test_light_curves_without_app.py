"""Traces and settings give light curves, with no app and no widgets."""

import subprocess
import sys

import numpy as np
import pytest
from astropy import units as u
from astropy.time import TimeDelta
from make_traces import star

from jdaviz_stage3.analysis import mean_spectrum, spectrum_ratio, white_light_curve
from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.plugins.white_light_curve import model
from jdaviz_stage3.plugins.white_light_curve.curves import LightCurves
from jdaviz_stage3.plugins.white_light_curve.settings import CurveSettings
from jdaviz_stage3.plugins.white_light_curve.times import Baseline

N, W = 40, 12


@pytest.fixture(scope="module")
def trace():
    return star(N, W, days=60000.3 + np.arange(N) / 288)


def curves(trace, baseline=None, **settings):
    return LightCurves({"trace": trace}, CurveSettings(**settings), baseline)


def test_the_light_curve_is_that_of_the_analysis(trace):
    found = curves(trace, outlier_sigma="", errors="total").curves()["trace"]
    expected = white_light_curve(trace, outlier_sigma=None, errors="total", reference=trace.time[0])
    for name in ("flux", "flux_err", "hours"):
        np.testing.assert_array_equal(found[name].value, expected[name].value)


def test_bins_and_bands(trace):
    low, high = np.sort(trace.wavelength.to_value("um"))[[1, -2]]
    taken = curves(trace, band_low=low, band_high=high, bin_width=4, outlier_sigma="")
    found = taken.curves()["trace"]
    assert len(found) == N // 4 and len(taken.curves(binned=False)["trace"]) == N
    np.testing.assert_allclose(found.meta["band"], [low, high], rtol=1e-12)
    several = curves(trace, division="number of bands", division_value=3).curves()["trace"]
    assert several["flux"].shape == (N, 3)
    with pytest.raises(Stage3Error, match=f"the trace has {W} channels"):
        curves(trace, division="number of bands", division_value=W + 1).curves()


def test_spectrum_and_ratio_at_the_cursor(trace):
    taken = curves(trace, integration=5, span=3, baseline_text="2 to 3")
    rows = np.isin(np.arange(N), [3, 4, 5])
    sums = taken.sums("trace")
    expected = mean_spectrum(sums, rows)
    np.testing.assert_array_equal(taken.spectrum("trace").flux, expected.flux)
    hours = (trace.time - trace.time[0]).to_value(u.hour)
    below = (hours >= 2 - 1e-7) & (hours <= 3 + 1e-7)
    np.testing.assert_array_equal(taken.in_baseline("trace"), below)
    ratio = spectrum_ratio(sums, rows, below)
    np.testing.assert_array_equal(taken.ratio("trace").flux, ratio.flux)
    with pytest.raises(Stage3Error, match="integration is empty"):
        curves(trace).spectrum("trace")


def test_a_spectrum_is_taken_anew_only_where_something_changed(trace):
    first = curves(trace, integration=5)
    again = LightCurves(
        first.traces, CurveSettings(integration=5, band_low=1.0), prepared=first._prepared
    )
    other = LightCurves(first.traces, CurveSettings(integration=6), prepared=first._prepared)
    spectrum = first.spectrum("trace")
    assert again.spectrum("trace") is spectrum
    assert other.spectrum("trace") is not spectrum
    first._prepared.keep_only([])
    assert first.spectrum("trace") is not spectrum


def test_the_baseline_stays_where_it_is_when_its_zero_moves(trace):
    baseline = Baseline()
    before = curves(trace, baseline)
    edges = [(trace.time[2], trace.time[8])]
    text = baseline.take(edges, before.times)
    mid_transit = f"{trace.time[20].jd:.7f}"
    after = curves(trace, baseline, mid_transit_text=mid_transit, time_axis="hours")
    moved = baseline.moved(after.times)
    assert moved != text
    settings = CurveSettings(baseline_text=moved, mid_transit_text=mid_transit, time_axis="hours")
    assert LightCurves({"trace": trace}, settings, baseline).baseline() == edges


def test_an_edge_in_terrestrial_time_is_one_at_the_barycentre(trace):
    """Not one in UTC at the telescope, which is minutes from it."""
    baseline = Baseline()
    taken = curves(trace, baseline)
    baseline.take([(trace.time[2].tt, trace.time[8].tt)], taken.times)
    baseline.moved(taken.times)
    [(start, stop)] = baseline.ranges(baseline.moved(taken.times), taken.times)
    assert abs((start - trace.time[2]).sec) < 2e-3 and abs((stop - trace.time[8]).sec) < 2e-3
    assert start.scale == "tdb"


def test_positions_on_the_axis_and_back(trace):
    for axis in ("date", "hours"):
        times = curves(trace, time_axis=axis).times
        x = times.x_of(trace.time)
        assert np.all(np.abs((times.time_at(x[7]) - trace.time[7]).sec) < 1e-4)
    assert times.label() == f"Hours from BJD_TDB {trace.time[0].jd:.5f}"


def test_what_a_model_lacks_is_said_at_once(trace):
    settings = CurveSettings(show_transit=True, inclination="", period="text")
    with pytest.raises(Stage3Error, match="mid_transit and inclination are empty; period = 'text'"):
        model.transit_model(settings, trace.time)


def test_the_noise_is_that_of_the_residual(trace):
    pytest.importorskip("batman", reason="the model needs batman")
    mid = trace.time[20] + TimeDelta(10, format="sec")
    settings = CurveSettings(
        show_transit=True, period=3.0, mid_transit_text=f"{mid.jd:.7f}", radius_ratio=1e-6
    )
    [(figures, _)] = LightCurves({"trace": trace}, settings).noise()
    assert figures.reference == "the model" and figures.n_points <= N


def test_light_curves_need_no_front_end():
    statement = (
        "import sys, types, importlib.util as i\n"
        "import jdaviz_stage3\n"
        "from pathlib import Path\n"
        "root = Path(jdaviz_stage3.__file__).parent / 'plugins'\n"
        "for name in ('jdaviz_stage3.plugins', 'jdaviz_stage3.plugins.white_light_curve'):\n"
        "    package = sys.modules[name] = types.ModuleType(name)\n"
        "    package.__path__ = [str(root.joinpath(*name.split('.')[2:]))]\n"
        "import jdaviz_stage3.plugins.white_light_curve.curves\n"
        "print(*{name.split('.')[0] for name in sys.modules})\n"
    )
    done = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not {"jdaviz", "glue", "bqplot", "ipywidgets", "traitlets"} & set(done.stdout.split())
