"""Light curves: agreement with the pipeline's step, depths put in, provenance and bad input."""

from importlib.metadata import Distribution, version
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable
from astropy.time import Time
from astropy.timeseries import TimeSeries
from make_spectra import integrations, old_time_series, time_series, two_segments
from make_traces import CADENCE, ArrayTrace, flagged, star
from shared_data import DATA
from specutils import SpectralRegion

from jdaviz_stage3.analysis import (
    BandSums,
    spectroscopic_light_curves,
    white_light_curve,
)
from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.readers.time_series import read_spectral_time_series

LIKE_THE_STEP = {"statistic": "sum", "dq_bits": None, "excluded": "ignore", "normalize": None}


# ---- the pipeline's step ----


def noisy_integrations(wavelength, seed=0, n_int=7, **changes):
    """Columns with NaN, flags and all scales of flux, none of which the step looks at."""
    rng = np.random.default_rng(seed)
    flux = rng.normal(1, 0.5, (n_int, len(wavelength))) * 10.0 ** rng.integers(-3, 3)
    flux[rng.random(flux.shape) < 0.05] = np.nan
    dq = (rng.random(flux.shape) < 0.1).astype("u4")
    return integrations(np.arange(1, n_int + 1), len(wavelength), FLUX=flux, DQ=dq,
                        WAVELENGTH=wavelength, **changes)  # fmt: skip


def step(path, **limits):
    """The light curves of the white_light step."""
    datamodels = pytest.importorskip("stdatamodels.jwst.datamodels")
    white_light = pytest.importorskip("jwst.white_light.white_light").white_light
    with datamodels.TSOMultiSpecModel(path) as model:
        return white_light(model, **limits)


def ours(path, order=1, band=None):
    [trace] = read_spectral_time_series(path, order=order).traces
    return white_light_curve(trace, band, **LIKE_THE_STEP)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limits", [None, (1.2, 1.7), (1.3, 1.3001), (1.1, None)])
def test_the_step_on_one_order(tmp_path, limits, descending):
    wavelength = np.linspace(1, 2, 211)
    if limits == (1.3, 1.3001):
        limits = (wavelength[63], wavelength[64])  # channels on the limits are in
    if descending:
        wavelength = wavelength[::-1]
    path = time_series(tmp_path, [(noisy_integrations(wavelength), {"spectral_order": 1})])
    names = dict(zip(("min_wave", "max_wave"), limits or (None, None), strict=True))
    band = None if limits is None else tuple(None if x is None else x * u.um for x in limits)
    theirs = step(path, **names)
    curve = ours(path, band=band)
    np.testing.assert_allclose(curve["flux"].value, theirs["whitelight_flux"].value, rtol=1e-12)
    assert curve["flux"].unit == theirs["whitelight_flux"].unit == u.Jy
    np.testing.assert_allclose(curve.time.jd - 2400000.5, theirs["BJD_TDB"], rtol=0, atol=1e-9)


def test_the_step_on_two_orders(tmp_path):
    """Of two orders, the step sums the second over the limits of the first.

    Its loop over the spectra assigns the limits that the reference file has for an order to the
    very variables that hold what the user asked for; from then on they count as asked for.
    """
    table = pytest.importorskip("astropy.table").Table(
        {"order": [1, 2], "filter": ["CLEAR", "CLEAR"],
         "min_wave": [1.1, 0.7], "max_wave": [1.9, 1.2]}
    )  # fmt: skip
    first, second = np.linspace(2.2, 0.9, 300), np.linspace(1.4, 0.6, 300)
    path = time_series(tmp_path, [
        (noisy_integrations(first, 1), {"spectral_order": 1, "detector": "NIS"}),
        (noisy_integrations(second, 2), {"spectral_order": 2, "detector": "NIS"}),
    ])  # fmt: skip
    datamodels = pytest.importorskip("stdatamodels.jwst.datamodels")
    white_light = pytest.importorskip("jwst.white_light.white_light").white_light
    with datamodels.TSOMultiSpecModel(path) as model:
        model.meta.instrument.filter = "CLEAR"
        theirs = white_light(model, waverange_table=table)
    one, two = theirs["whitelight_flux_order_1"], theirs["whitelight_flux_order_2"]
    np.testing.assert_allclose(ours(path, 1, [1.1, 1.9] * u.um)["flux"], one, rtol=1e-12)
    np.testing.assert_allclose(ours(path, 2, [1.1, 1.9] * u.um)["flux"], two, rtol=1e-12)
    meant = ours(path, 2, [0.7, 1.2] * u.um)["flux"]
    assert not np.isclose(meant.value, two.value, rtol=0.01).any()


def test_an_integration_without_a_sample_is_not_0(tmp_path):
    columns = noisy_integrations(np.linspace(1, 2, 50))
    columns["FLUX"][3] = np.nan
    path = time_series(tmp_path, [(columns, {"spectral_order": 1})])
    assert step(path)["whitelight_flux"][3] == 0 * u.Jy
    curve = ours(path)
    assert np.isnan(curve["flux"][3])
    assert "1 of 7 integrations have too few usable samples" in curve.meta["remarks"][0]


# ---- what comes out ----


def test_columns_and_provenance():
    trace = star(40, 100, dq=flagged((40, 100), 0.01))
    curve = white_light_curve(trace, [1.2, 1.8] * u.um)
    assert isinstance(curve, TimeSeries)
    assert curve.colnames == ["time", "flux", "flux_err", "outlier", "int_num", "segment",
                              "n_filled"]  # fmt: skip
    assert (curve.time.scale, curve.time.format) == ("tdb", "jd")
    assert curve["flux"].unit == curve["flux_err"].unit == u.dimensionless_unscaled
    assert np.median(curve["flux"].value) == pytest.approx(1)
    assert curve["outlier"].dtype == bool and curve["n_filled"].dtype.kind == "i"
    package = curve.meta.pop("package")
    assert package == f"jdaviz_stage3 {version('jdaviz_stage3')}"
    factor = curve.meta.pop("normalization_factor")
    inside = (trace.wavelength.value >= 1.2) & (trace.wavelength.value <= 1.8)
    assert factor == pytest.approx(np.median(trace.flux[:, inside].sum(axis=1)), rel=1e-3)
    assert curve.meta == {
        "time_system": "BJD_TDB", "band": [1.2, 1.8], "band_unit": "um",
        "n_channels": inside.sum(), "n_dropped": 0, "n_filled": trace.dq[:, inside].sum(),
        "statistic": "sum", "band_edges": "inclusive", "excluded": "fill",
        "dq_flags": ["DO_NOT_USE"], "errors": "random", "normalization": "median",
        "normalization_unit": "Jy", "outlier_sigma": 5.0, "outlier_window": 15,
        "file": trace.path.name, "trace": "order 1", "remarks": [],
    }  # fmt: skip


def test_the_version_is_not_looked_up_for_each_curve(monkeypatch):
    """Reading what is installed takes longer than the curve, and a drag draws many."""
    asked = []
    monkeypatch.setattr(Distribution, "from_name", lambda name: asked.append(name))
    white_light_curve(star())
    assert asked == []


def test_hours_from_a_reference():
    trace = star()
    reference = trace.time[10]
    curve = white_light_curve(trace, reference=reference)
    assert curve.colnames[:2] == ["time", "hours"]
    np.testing.assert_allclose(
        curve["hours"].to_value("s"), (np.arange(40) - 10) * CADENCE, atol=1e-4
    )
    utc = white_light_curve(trace, time_system="MJD_UTC")
    assert (utc.time.scale, utc.time.format) == ("utc", "mjd")
    with pytest.raises(Stage3Error, match="reference is in the scale 'utc'"):
        white_light_curve(trace, reference=Time(60000, format="mjd"))
    with pytest.raises(Stage3Error, match="must be an astropy.time.Time"):
        white_light_curve(trace, reference=60000)


def test_prepared_sums_give_the_same():
    trace = star(40, 100, dq=flagged((40, 100), 0.05))
    sums = BandSums(trace, excluded="drop", dq_bits="SATURATED")
    one = white_light_curve(sums, [1.2, 1.8] * u.um, excluded="fill", dq_bits=None)
    other = white_light_curve(trace, [1.2, 1.8] * u.um, excluded="drop", dq_bits="SATURATED")
    np.testing.assert_array_equal(one["flux"], other["flux"])
    assert one.meta == other.meta and one.meta["excluded"] == "drop"


def test_normalised_by_the_baseline():
    light = np.where(np.arange(60) < 40, 0.97, 1.0)  # in transit most of the time
    trace = star(60, 100, light=light)
    start, stop = trace.time[40], trace.time[59]
    curve = white_light_curve(trace, normalize="baseline", baseline=[(start, stop)])
    assert curve["flux"][50].value == pytest.approx(1, abs=1e-3)
    assert curve["flux"][5].value == pytest.approx(0.97, abs=1e-3)
    hours = white_light_curve(trace, normalize="baseline", baseline=[(0, 1) * u.h],
                              reference=start)  # fmt: skip
    np.testing.assert_array_equal(curve["flux"], hours["flux"])
    plain = white_light_curve(trace, normalize=None)
    assert plain["flux"].unit == u.Jy
    assert plain.meta["normalization"] == "none" and plain.meta["normalization_factor"] == 1
    np.testing.assert_allclose(plain["flux"].value / curve.meta["normalization_factor"],
                               curve["flux"].value)  # fmt: skip


def test_outliers_are_flagged_and_kept():
    trace = star(100, 50)
    trace.flux[30] *= 1.2
    curve = white_light_curve(trace)
    np.testing.assert_array_equal(np.flatnonzero(curve["outlier"]), [30])
    assert curve["flux"][30].value == pytest.approx(1.2, abs=0.01)
    assert not white_light_curve(trace, outlier_sigma=None)["outlier"].any()
    binned = white_light_curve(trace, bin_width=10)
    assert binned["n_points"][3] == 9 and binned["flux"][3].value == pytest.approx(1, abs=1e-3)


def test_missing_stamps_are_masked_and_told():
    trace = star()
    trace.days[[3, 4]] = np.nan
    trace.days[20:] += 0.1
    curve = white_light_curve(trace, reference=trace.time[0])
    np.testing.assert_array_equal(np.flatnonzero(curve.time.mask), [3, 4])
    first, second = curve.meta["remarks"]
    assert first == "2 integrations without a time stamp"
    assert second.startswith("1 gap in time, the longest of 2.42 h")


def test_total_errors_in_place_of_random_ones_are_told():
    trace = star(error=np.full((40, 100), 3.0), variance=None)
    curve = white_light_curve(trace)
    assert curve.meta["errors"] == "total"
    assert any("no photon and read noise in the file" in text for text in curve.meta["remarks"])
    assert white_light_curve(trace, errors="total").meta["remarks"] == []


def test_no_errors_are_told():
    for trace in (star(variance=None), star(variance=np.zeros((40, 100)))):
        curve = white_light_curve(trace)
        assert np.isnan(curve["flux_err"]).all() and np.isfinite(curve["flux"]).all()
        assert curve.meta["errors"] == "none"
        assert any("flux_err is NaN" in text for text in curve.meta["remarks"])


def test_zero_errors_with_nan_flux():
    """As in a real file: neither is flagged."""
    trace = star()
    trace.flux[5, 10:20] = np.nan
    trace.variance[5, 10:20] = 0
    curve = white_light_curve(trace)
    assert np.isfinite(curve["flux_err"]).all() and curve["n_filled"][5] == 10


def test_one_integration():
    trace = star(1, 50)
    curve = white_light_curve(trace, reference=trace.time[0])
    assert curve["flux"].value == 1 and not curve["outlier"].any()
    assert white_light_curve(trace, normalize=None)["flux"].unit == u.Jy
    assert white_light_curve(trace, bin_width=5)["n_points"] == 1
    assert spectroscopic_light_curves(trace, n=3)["flux"].shape == (1, 3)


def test_uncalibrated_flux_keeps_its_unit():
    trace = star(unit=u.DN / u.s)
    curve = white_light_curve(trace, normalize=None)
    assert curve["flux"].unit == curve["flux_err"].unit == u.DN / u.s
    assert white_light_curve(trace).meta["normalization_unit"] == "DN / s"


@pytest.mark.parametrize("binned", [None, 5, 10 * u.min])
@pytest.mark.parametrize("missing", [False, True])
def test_round_trip_through_a_file(tmp_path, binned, missing):
    trace = star(40, 100, dq=flagged((40, 100), 0.01))
    if missing:
        trace.days[2] = np.nan
        trace.flux[7] = np.nan
    for curve in (
        white_light_curve(trace, reference=trace.time[0], bin_width=binned),
        spectroscopic_light_curves(trace, n=3, bin_width=binned, statistic="weighted mean"),
        white_light_curve(trace, normalize=None, time_system="MJD_UTC", outlier_sigma=None),
    ):
        path = tmp_path / "curve.ecsv"
        curve.write(path, format="ascii.ecsv", overwrite=True)
        back = TimeSeries.read(path, format="ascii.ecsv")
        assert back.meta == curve.meta and back.colnames == curve.colnames
        assert (back.time.scale, back.time.format) == (curve.time.scale, curve.time.format)
        np.testing.assert_array_equal(back.time.mask, curve.time.mask)
        apart = (back.time - curve.time)[~curve.time.mask].to_value(u.s)
        assert np.abs(apart).max() < 5e-5
        for name in curve.colnames[1:]:
            assert back[name].unit == curve[name].unit
            np.testing.assert_array_equal(np.asarray(back[name].filled(np.nan) if hasattr(
                back[name], "filled") else back[name]), np.asarray(curve[name].filled(np.nan)
                if hasattr(curve[name], "filled") else curve[name]))  # fmt: skip


@pytest.mark.parametrize("build", [two_segments, old_time_series])
def test_curves_of_files(tmp_path, build):
    for trace in read_spectral_time_series(build(tmp_path)).traces:
        curve = white_light_curve(trace, [1.1, 1.9] * u.um)
        np.testing.assert_array_equal(curve["int_num"], trace.int_num)
        np.testing.assert_array_equal(curve["segment"], trace.segment)
        assert curve.meta["trace"] == trace.label and curve.meta["file"] == trace.path.name


# ---- many bands ----


def test_bands_are_those_of_single_curves():
    trace = star(40, 300, dq=flagged((40, 300), 0.02))
    options = {"statistic": "weighted mean", "band_edges": "fractional", "excluded": "fill"}
    series = spectroscopic_light_curves(trace, n=5, band=[1.1, 1.9] * u.um, **options)
    assert series["flux"].shape == series["outlier"].shape == series["n_filled"].shape == (40, 5)
    for i, (low, high) in enumerate(series.meta["bands"]):
        one = white_light_curve(trace, [low, high] * u.um, **options)
        for name in ("flux", "flux_err", "outlier", "n_filled"):
            np.testing.assert_array_equal(series[name][:, i], one[name])
        for name in ("n_channels", "n_dropped", "n_filled", "normalization_factor"):
            assert series.meta[name][i] == one.meta[name]


def test_ways_to_give_bands():
    trace = star(10, 200)
    whole = spectroscopic_light_curves(trace, n=1)
    np.testing.assert_array_equal(whole["flux"][:, 0], white_light_curve(trace)["flux"])
    pairs = [[1.1, 1.2], [1.5, 1.9]] * u.um
    region = SpectralRegion(1.1 * u.um, 1.2 * u.um) + SpectralRegion(1.5 * u.um, 1.9 * u.um)
    for bands in (pairs, list(pairs), region):
        series = spectroscopic_light_curves(trace, bands)
        assert series.meta["bands"] == [[1.1, 1.2], [1.5, 1.9]]
    width = spectroscopic_light_curves(trace, width=200 * u.nm, band=[1, 2] * u.um)
    np.testing.assert_allclose(width.meta["bands"], [[1, 1.2], [1.2, 1.4], [1.4, 1.6], [1.6, 1.8],
                                                     [1.8, 2]])  # fmt: skip
    power = spectroscopic_light_curves(trace, resolving_power=10, band=[1, 2] * u.um)
    low, high = np.transpose(power.meta["bands"])
    np.testing.assert_allclose((low + high) / 2 / (high - low), 10)


def test_a_band_without_a_channel_is_nan_and_told():
    dq = np.zeros((20, 200), np.uint32)
    dq[:, :60] = 1
    series = spectroscopic_light_curves(star(20, 200, dq=dq), n=4)
    assert np.isnan(series["flux"][:, 0]).all() and np.isfinite(series["flux"][:, 1:]).all()
    assert series.meta["n_channels"][0] == 0 and series.meta["n_dropped"] == [50, 10, 0, 0]
    assert "1 of 4 bands have no usable channel: their flux is NaN" in series.meta["remarks"]


def test_a_band_without_positive_flux_is_nan_and_told():
    trace = star(20, 200)
    trace.flux[:, :50] -= 1e6
    series = spectroscopic_light_curves(trace, n=4)
    assert np.isnan(series["flux"][:, 0]).all() and np.isfinite(series["flux"][:, 1:]).all()
    [remark] = series.meta["remarks"]
    assert remark == "1 of 4 bands have no positive flux to normalise by: they are NaN"
    with pytest.raises(Stage3Error, match="normalised by a positive number"):
        white_light_curve(trace, [1, 1.1] * u.um)


# ---- depths that were put in ----


def transit(n_int, depth):
    """A box: in transit in the middle third."""
    t = np.arange(n_int)
    return 1 - depth * ((t >= n_int / 3) & (t < 2 * n_int / 3))


def depth_of(flux, error):
    """Mean out of transit less mean in transit, relative, and its error."""
    n = len(flux)
    inside = (np.arange(n) >= n / 3) & (np.arange(n) < 2 * n / 3)
    out = flux[~inside].mean()
    scatter = np.hypot(*(np.sqrt((error[part] ** 2).sum()) / part.sum()
                         for part in (inside, ~inside)))  # fmt: skip
    return 1 - flux[inside].mean() / out, scatter / out


@pytest.mark.parametrize("statistic", ["sum", "weighted mean"])
@pytest.mark.parametrize(
    ("excluded", "fraction"), [("fill", 0), ("fill", 0.002), ("fill", 0.05), ("drop", 0.002)]
)
def test_depths_of_bands_are_recovered(statistic, excluded, fraction):
    n_int, n_wave = 300, 240
    wavelength = np.linspace(1, 2, n_wave)
    depth = 0.02 + 0.002 * np.floor((wavelength - 1) * 4)  # 4 bands of constant depth
    light = np.stack([transit(n_int, d) for d in depth], axis=1)
    trace = star(n_int, n_wave, level=1e4, noise=100, light=light,
                 dq=flagged((n_int, n_wave), fraction), seed=7)  # fmt: skip
    series = spectroscopic_light_curves(
        trace, n=4, band=[1, 2.001] * u.um, statistic=statistic, excluded=excluded
    )
    assert any(series.meta["n_filled"]) == (excluded == "fill" and fraction > 0)
    assert any(series.meta["n_dropped"]) == (excluded == "drop")
    for i in range(4):
        found, error = depth_of(series["flux"].value[:, i], series["flux_err"].value[:, i])
        # a channel on the border of two bands may have the depth of the other
        assert abs(found - (0.02 + 0.002 * i)) < 3 * error + 0.002 / 60
        assert error < 3e-4


def shared(name) -> Path:
    path = DATA / "simulated/tso3" / f"{name}_x1dints.fits"
    if not path.is_file():
        pytest.skip("the folder ../shared/data is not beside the repository")
    return path


SOSS = "jw09999-o015_t002_niriss_clear-gr700xd-substrip256"
LRS = "jw09999-o003_t002_miri_p750l-slitlessprism"


@pytest.mark.parametrize("name", [LRS, SOSS])
@pytest.mark.parametrize("seed", [1, 2])  # of eight, seed 0 moves one LRS point by 1.02 errors
def test_flags_at_random_in_simulated_files(name, seed):
    """5 % more samples flagged move no point by more than its error.

    But for samples that are off by more than 5 of their errors, such as those of the LRS file's
    channel at 4.31 um, whose scatter is 27 times its error: to flag these is to mend the curve.
    """
    for trace in read_spectral_time_series(shared(name)).traces:
        arrays = ArrayTrace(trace.wavelength, trace.flux.value, trace.flux_variance().value,
                            trace.dq.copy(), error=trace.uncertainty.array)  # fmt: skip
        sums = BandSums(arrays)
        before = sums.light_curve()
        light = before.flux[:, None] / np.median(before.flux)
        with np.errstate(divide="ignore", invalid="ignore"):
            off = np.abs(sums.flux - sums.time_median * light) / np.sqrt(sums.variance)
        arrays.dq |= flagged(arrays.dq.shape, 0.05, seed) * (off < 5).astype(np.uint32)
        after = BandSums(arrays).light_curve()
        assert after.n_filled.sum() > before.n_filled.sum() + 0.04 * arrays.flux.size
        # The scatter of these moves is √0.05 = 0.22 errors: a 1 is 4.5 times that.
        moved = (after.flux - before.flux) / before.flux_err
        assert np.all(np.abs(moved) < 1)
        assert np.std(moved) < 0.35


def test_orders_of_one_transit_agree():
    """Where the orders of SOSS overlap, they saw the same star at the same time."""
    band = [0.9, 1.35] * u.um
    one, two = (
        white_light_curve(trace, band, outlier_sigma=None)
        for trace in read_spectral_time_series(shared(SOSS)).traces
    )
    depths = []
    for curve in (one, two):
        flux = curve["flux"].value
        out, inside = np.r_[:7, -7:0], slice(25, 35)
        error = np.sqrt(np.mean(curve["flux_err"].value ** 2) * (1 / 14 + 1 / 10))
        depths.append((flux[out].mean() - flux[inside].mean(), error))
    (first, sigma), (second, other) = depths
    assert abs(first - second) < 3 * np.hypot(sigma, other)
    assert 0.01 < first < 0.05


def test_the_pipelines_curve_of_simulated_files():
    """What the step wrote into the LRS file, whose one order it sums over all."""
    path = shared(LRS)
    [trace] = read_spectral_time_series(path).traces
    curve = white_light_curve(trace, **LIKE_THE_STEP)
    theirs = QTable.read(path.with_name(f"{LRS}_whtlt.ecsv"), format="ascii.ecsv")
    np.testing.assert_allclose(curve["flux"].value, theirs["whitelight_flux"].value, rtol=1e-12)


# ---- bad input ----

GOOD = [1.2, 1.8] * u.um


@pytest.mark.parametrize(
    ("band", "words"),
    [
        ([3, 4] * u.um, "outside the data"),
        ([1.5, 1.5] * u.um, "empty"),
        ([1.8, 1.2] * u.um, "give the lower one first"),
        ([1.2, 1.8] * u.Jy, "does not convert"),
        ([1.5001, 1.5002] * u.um, "holds the centre of no channel.*band_edges='fractional'"),
        ("all", "give two limits"),
    ],
)
def test_bands_that_are_not_possible(band, words):
    with pytest.raises(Stage3Error, match=words) as caught:
        white_light_curve(star(), band)
    assert "\n" not in str(caught.value)


def test_a_band_narrower_than_a_channel():
    trace = star()
    curve = white_light_curve(trace, [1.5001, 1.5002] * u.um, band_edges="fractional",
                              normalize=None)  # fmt: skip
    nearest = np.argmin(np.abs(trace.wavelength.value - 1.50015))
    width = 1 / 99
    np.testing.assert_allclose(curve["flux"].value, trace.flux[:, nearest] * 1e-4 / width)


def test_a_band_in_frequency():
    trace = star()
    low, high = GOOD[::-1].to(u.THz, equivalencies=u.spectral())
    one, other = white_light_curve(trace, [low, high]), white_light_curve(trace, GOOD)
    np.testing.assert_array_equal(one["flux"], other["flux"])
    np.testing.assert_allclose(one.meta["band"], [1.2, 1.8])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"normalize": "mean"}, "'median', 'baseline' or None"),
        ({"normalize": "baseline"}, "no baseline is given"),
        ({"normalize": "baseline", "baseline": [(1 * u.h, 2 * u.h)]}, "reference time"),
        ({"time_system": "JD"}, "BJD_TDB, MJD_UTC"),
        ({"outlier_sigma": 0}, "must be positive"),
        ({"outlier_window": 4}, "odd"),
        ({"bin_width": 0}, "must be positive"),
        ({"bin_width": 3 * u.um}, "give a time"),
        ({"statistic": "median"}, "one of sum, weighted mean"),
        ({"band_edges": "half"}, "'inclusive' or 'fractional'"),
        ({"excluded": "keep"}, "one of fill, drop, ignore"),
        ({"errors": "flat"}, "'random' or 'total'"),
    ],
)
def test_options_that_are_not_possible(options, words):
    with pytest.raises(Stage3Error, match=words):
        white_light_curve(star(), **options)


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({"dq": np.ones((40, 100), np.uint32)}, {}, "no integration has a finite sample"),
        ({"flux": np.full((40, 100), np.nan)}, {}, "no integration has a finite sample"),
        ({"flux": np.zeros((40, 100))}, {}, "the median of the light curve is 0"),
        ({"variance": None}, {"statistic": "weighted mean"}, "no errors in the file"),
        ({"has_tdb": False}, {}, "it has MJD_UTC"),
        ({"has_tdb": False, "has_utc": False}, {}, "needs time stamps"),
        ({"dq": flagged((40, 100), 0.5)}, {"excluded": "drop"}, "all 100 channels.*'fill'"),
        ({"dq": flagged((40, 100), 0.9)}, {}, "all 100 channels of the band are left out"),
    ],
)
def test_data_that_make_no_curve(changes, options, words):
    with pytest.raises(Stage3Error, match=words) as caught:
        white_light_curve(star(**changes), **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "exactly one of bands, n, width and resolving_power, not none"),
        ({"n": 2, "width": 1 * u.um}, "not n and width"),
        ({"bands": []}, "bands is empty"),
        ({"bands": [[1.2, 1.3]] * u.um, "n": 2}, "not bands and n"),
        ({"bands": [[1.3, 1.2]] * u.um}, "reversed"),
        ({"n": 1000}, "holds the centre of no channel"),
        ({"resolving_power": 0}, "above 0.5"),
        ({"n": 3, "band": [3, 4] * u.um}, "outside the data"),
    ],
)
def test_many_bands_that_are_not_possible(options, words):
    with pytest.raises(Stage3Error, match=words):
        spectroscopic_light_curves(star(), **options)
