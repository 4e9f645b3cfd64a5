"""Noise figures of light curves: Monte Carlo, and what must not count as noise."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time
from astropy.timeseries import TimeSeries
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jdaviz_stage3.analysis import (
    channel_scatter,
    noise_figures,
    point_to_point_scatter,
    scatter_with_bin_size,
)
from jdaviz_stage3.analysis.light_curves.band_sums import BandSums
from jdaviz_stage3.errors import Stage3Error

SIGMA = 2e-4


def white(n, seed=1, sigma=SIGMA):
    return 1 + np.random.default_rng(seed).normal(0, sigma, n)


def box_transit(n, depth=0.02):
    """1, and less in the middle third."""
    return 1 - depth * (np.abs(np.arange(n) - n / 2) < n / 6)


def red(n, seed=2, sigma=SIGMA):
    """Noise that remembers some fifty points (a first-order autoregression)."""
    rng, memory = np.random.default_rng(seed), np.exp(-1 / 50)
    steps = rng.normal(0, sigma * np.sqrt(1 - memory**2), n)
    values = np.empty(n)
    values[0] = rng.normal(0, sigma)
    for i in range(1, n):
        values[i] = memory * values[i - 1] + steps[i]
    return values


def curve_of(flux, error=SIGMA, outlier=None, **meta):
    """A light curve as white_light_curve returns it."""
    flux = u.Quantity(flux)
    n = flux.shape[0]
    time = Time(2459990.5 + np.arange(n) / 1440, format="jd", scale="tdb")
    curve = TimeSeries(time=time)
    curve["flux"] = flux
    if error is not None:
        curve["flux_err"] = np.full(flux.shape, error) * flux.unit
    curve["outlier"] = np.zeros(flux.shape, dtype=bool) if outlier is None else outlier
    curve.meta.update({"normalization": "median", "errors": "random"} | meta)
    return curve


# ---- point to point ----


def test_white_noise_point_to_point():
    """Monte Carlo: the mean is the noise put in, to a tenth of a per cent of its scatter."""
    found = [point_to_point_scatter(white(1000, seed)) for seed in range(300)]
    assert np.mean(found) == pytest.approx(SIGMA, rel=4 * np.std(found) / SIGMA / np.sqrt(300))
    assert np.std(found) / SIGMA < 0.06


@pytest.mark.parametrize("change", [
    lambda flux: flux * box_transit(flux.size),
    lambda flux: flux + np.linspace(0, 0.01, flux.size),
    lambda flux: np.where(np.arange(flux.size) % 97 == 0, 1.5, flux),
    lambda flux: np.where(np.arange(flux.size) % 41 == 0, np.nan, flux),
    lambda flux: np.where(np.arange(flux.size) % 41 == 0, np.inf, flux),
], ids=["transit", "trend", "outliers", "NaN", "infinity"])  # fmt: skip
def test_what_does_not_count_from_point_to_point(change):
    found = point_to_point_scatter(change(white(2000)))
    assert found == pytest.approx(point_to_point_scatter(white(2000)), rel=0.05)


def test_masked_and_quantity_input():
    flux = white(100)
    masked = np.ma.masked_array(np.where(np.arange(100) == 5, 99, flux), np.arange(100) == 5)
    missing = np.where(np.arange(100) == 5, np.nan, flux)
    assert point_to_point_scatter(masked) == point_to_point_scatter(missing)
    assert point_to_point_scatter(flux * u.mJy) == point_to_point_scatter(flux)


@pytest.mark.parametrize("flux", [[], [1.0], [1.0, 2.0, 1.0], [np.nan] * 9, [1, np.nan] * 9])
def test_too_few_pairs_give_nan(flux):
    assert np.isnan(point_to_point_scatter(flux))


def test_spectra_are_no_light_curve():
    with pytest.raises(Stage3Error, match=r"flux has shape \(2, 3\)"):
        point_to_point_scatter(np.ones((2, 3)))


@settings(max_examples=50)
@given(arrays(float, st.integers(5, 40), elements=st.floats(-1e3, 1e3)), st.floats(0.5, 100))
def test_point_to_point_scales_and_ignores_offsets(flux, factor):
    found = point_to_point_scatter(flux)
    assert found >= 0
    assert point_to_point_scatter(flux * factor + 3) == pytest.approx(
        found * factor, rel=1e-6, abs=1e-9 * factor
    )


# ---- figures ----


@pytest.mark.parametrize("n, reference", [
    (80, "a local parabola of 9 integrations"), (149, "a local parabola of 9 integrations"),
    (400, "a local parabola of 15 integrations"), (1000, "a local parabola of 31 integrations"),
])  # fmt: skip
def test_figures_of_white_noise(n, reference):
    """About a local parabola, whose share of the noise is given back."""
    found = [noise_figures(curve_of(white(n, seed))) for seed in range(200)]
    scatter = np.array([figures.scatter for figures in found])
    assert found[0].reference == reference
    # the MAD of few points is a little small, by 1/n or so
    assert scatter.mean() == pytest.approx(SIGMA, rel=4 * scatter.std() / SIGMA / 14 + 1 / n)
    assert found[0].expected == SIGMA
    assert found[0].ratio == found[0].scatter / SIGMA


def test_figures_in_ppm_and_words():
    figures = noise_figures(curve_of(white(500)))
    ppm = figures.in_ppm
    assert ppm["expected"] == pytest.approx(200)
    assert ppm["scatter"] == figures.scatter * 1e6
    text = figures.sentence()
    assert "about a local parabola of 15 integrations" in text
    assert f"{ppm['scatter']:.4g} ± {ppm['scatter_err']:.2g} ppm (500 points)" in text
    assert f"{figures.ratio:.3g} ± {figures.scatter_err / SIGMA:.2g} times that of" in text
    assert "photon and read noise, 200 ppm" in text
    assert f"{ppm['point_to_point']:.4g} ± {ppm['point_to_point_err']:.2g} ppm." in text


@pytest.mark.parametrize("with_model", [False, True])
@pytest.mark.parametrize("n", [8, 20, 30, 80, 150, 1000])
def test_errors_of_the_figures_are_their_scatter(n, with_model):
    """Monte Carlo; the standard deviation of 200 values is known to 5 %."""
    model = box_transit(n) if with_model else None
    light = 1 if model is None else model
    found = [noise_figures(curve_of(light * white(n, seed)), model) for seed in range(200)]
    for name, least in (("scatter", 80), ("point_to_point", 30)):
        values = np.array([getattr(figures, name) for figures in found])
        errors = np.array([getattr(figures, f"{name}_err") for figures in found])
        if not with_model and n < least:
            assert np.isnan(values).all() and np.isnan(errors).all()
        else:
            assert errors.mean() == pytest.approx(values.std(), rel=0.2 + 2 / n)
            assert values.mean() == pytest.approx(SIGMA, rel=0.05 + 1 / n)


@pytest.mark.parametrize("share", [0.2, 0.57, 0.8])
@pytest.mark.parametrize("n", [15, 20, 29, 30, 40, 60, 79, 80, 120])
def test_a_transit_in_a_short_curve_is_not_given_as_noise(n, share):
    """Box, slopes, curved bottom, 100 times the noise deep: right within 60 % or withheld."""
    x = (np.arange(n) - n / 2) / (share * n / 2)
    inside = np.clip(1 - x**2, 0, None)
    for shape in (np.abs(x) < 1, np.clip(2 * (1 - np.abs(x)), 0, 1),
                  np.clip(inside / 0.3, 0, 1) ** 1.5 * (1 + 0.3 * np.sqrt(inside))):  # fmt: skip
        light = 1 - 100 * SIGMA * shape
        found = [noise_figures(curve_of(light * white(n, seed))) for seed in range(30)]
        scatter = np.median([figures.scatter for figures in found]) / SIGMA
        points = np.median([figures.point_to_point for figures in found]) / SIGMA
        assert np.isnan(scatter) == (n < 80) and np.isnan(points) == (n < 30)
        assert np.isnan(scatter) or 0.9 < scatter < 1.6
        assert np.isnan(points) or 0.9 < points < 1.7


def test_short_curves_in_words():
    text = noise_figures(curve_of(white(20) * box_transit(20))).sentence()
    assert text == (
        "20 points are too few to tell noise from a transit without a model; expected is that of "
        "photon and read noise, 200 ppm."
    )
    figures = noise_figures(curve_of(white(40), None))
    ppm = figures.in_ppm
    assert figures.sentence() == (
        "40 points are too few to tell noise from a transit without a model; from point to point "
        f"the scatter is {ppm['point_to_point']:.4g} ± {ppm['point_to_point_err']:.2g} ppm, to "
        "which the corners of a transit add; there are no errors to compare it with."
    )
    model = box_transit(20)
    text = noise_figures(curve_of(white(20) * model), model).sentence()
    assert text.startswith("The scatter about the model is ") and " ± " in text


def test_flux_with_unit_is_relative_to_its_median():
    figures = noise_figures(curve_of(white(500) * 3 * u.Jy, 3 * SIGMA, normalization="none"))
    same = noise_figures(curve_of(white(500)))
    assert figures.unit == u.Jy
    assert figures.scatter == pytest.approx(3 * same.scatter, rel=1e-9)
    assert figures.in_ppm["scatter"] == pytest.approx(same.in_ppm["scatter"], rel=1e-4)


@pytest.mark.parametrize("n, duration, noise, most", [
    (300, 200, 3e-5, 1.3), (1000, 500, 2e-5, 1.3), (300, 120, 5e-5, 1.3), (84, 25, 2e-4, 1.7),
])  # fmt: skip
def test_a_transit_is_not_taken_for_noise_nor_noise_for_it(n, duration, noise, most):
    """Limb-darkened, of a deep planet: curved bottom, steep sides; never less than the noise."""
    x = (np.arange(n) - n / 2) / (duration / 2)
    inside = np.clip(1 - x**2, 0, None)
    light = 1 - 0.015 * np.clip(inside / 0.3, 0, 1) ** 1.5 * (1 + 0.3 * np.sqrt(inside))
    found = [noise_figures(curve_of(light * white(n, seed, noise), noise)) for seed in range(30)]
    assert 0.9 < np.median([figures.ratio for figures in found]) < most
    points = np.median([figures.point_to_point for figures in found])
    assert 0.9 < points / noise < most


def test_a_model_takes_the_transit_away():
    n = 80
    model = box_transit(n)
    with_model = noise_figures(curve_of(white(n) * model), model)
    assert with_model.ratio == pytest.approx(1, abs=0.4)
    assert with_model.reference == "the model"
    assert "slowly" not in with_model.sentence()
    in_jansky = curve_of(white(n) * model * 3 * u.Jy, 3 * SIGMA, normalization="none")
    assert noise_figures(in_jansky, model).ratio == pytest.approx(with_model.ratio, rel=1e-6)


def test_red_noise_shows_against_a_model_not_from_point_to_point():
    n = 2000
    figures = noise_figures(curve_of(white(n) + red(n)), np.ones(n))
    assert figures.scatter == pytest.approx(np.sqrt(2) * SIGMA, rel=0.15)
    assert figures.point_to_point == pytest.approx(SIGMA, rel=0.1)


def test_flagged_points_and_missing_ones_are_left_out():
    flux, outlier = white(300), np.zeros(300, dtype=bool)
    flux[::7], outlier[::7] = 5.0, True
    flux[3] = np.nan
    figures = noise_figures(curve_of(flux, outlier=outlier))
    assert figures.n_points == 300 - 43 - 1
    assert figures.ratio == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("error", [None, np.nan, 0.0])
def test_without_errors(error):
    figures = noise_figures(curve_of(white(200), error))
    assert np.isnan(figures.expected) and np.isnan(figures.ratio) and figures.errors == "none"
    assert "no errors to compare it with" in figures.sentence()


def test_total_errors_are_called_that():
    text = noise_figures(curve_of(white(200), errors="total")).sentence()
    assert "total errors (FLUX_ERROR)" in text


@pytest.mark.parametrize("flux", [[1.0], [np.nan] * 5, [1.0, 1.1]])
def test_too_short_a_curve(flux):
    figures = noise_figures(curve_of(np.array(flux)))
    assert np.isnan(figures.scatter)
    assert figures.sentence().startswith("Too few points")


def test_one_band_of_several():
    flux = np.stack([white(300), white(300, sigma=5 * SIGMA)], axis=1)
    curve = curve_of(flux)
    assert noise_figures(curve, band=1).scatter == noise_figures(curve_of(flux[:, 1])).scatter
    for band in (None, 2, -3):
        with pytest.raises(Stage3Error, match="has 2 bands and band is .*choose one from 0 to 1"):
            noise_figures(curve, band=band)


def test_a_negative_level_has_no_ppm():
    figures = noise_figures(curve_of(-white(200) * u.Jy, normalization="none"))
    assert figures.in_ppm is None
    assert "Jy" in figures.sentence()


def test_curves_and_models_that_do_not_fit():
    with pytest.raises(Stage3Error, match="model has 3 points, but the light curve 100"):
        noise_figures(curve_of(white(100)), np.ones(3))
    with pytest.raises(Stage3Error, match="no column flux"):
        noise_figures(TimeSeries(time=Time([1.0, 2.0], format="mjd")))


# ---- bin size ----


def test_white_noise_follows_the_line():
    """Monte Carlo: within 3.5 of its errors, and their size is that of the scatter."""
    tables = [scatter_with_bin_size(white(2000, seed)) for seed in range(300)]
    rms = np.array([table["rms"] for table in tables])
    table = tables[0]
    assert table["bin_size"][0] == 1 and table["bin_size"][-1] == 200
    np.testing.assert_array_equal(table["n_bins"], 2000 // table["bin_size"])
    pull = np.array([(t["rms"] - t["white_noise"]) / t["rms_err"] for t in tables])[:, 1:]
    assert np.mean(np.abs(pull) < 3.5) > 0.99
    np.testing.assert_allclose(rms.mean(axis=0), SIGMA / np.sqrt(table["bin_size"]), rtol=0.05)
    np.testing.assert_allclose(
        np.mean([t["rms_err"] for t in tables], axis=0), rms.std(axis=0), rtol=0.2
    )


def test_bins_against_a_loop():
    flux = white(57)
    table = scatter_with_bin_size(flux, max_bin=20)
    for row in table:
        size = row["bin_size"]
        means = [flux[i : i + size].mean() for i in range(0, 57 - size + 1, size)]
        assert len(means) == row["n_bins"]
        assert row["rms"].value == pytest.approx(np.std(means, ddof=1), rel=1e-9)


def test_red_noise_lies_above_the_line():
    table = scatter_with_bin_size(white(4000) + red(4000))
    last = table[table["bin_size"] > 30]
    assert np.all(last["rms"] > last["white_noise"] + 3 * last["rms_err"])


def test_bins_leave_out_missing_and_flagged_points():
    flux, outlier = white(200), np.zeros(200, dtype=bool)
    expected = scatter_with_bin_size(flux[20:], max_bin=10)
    flux[:10], outlier[10:20] = np.nan, True
    flux[10:20] = 50
    found = scatter_with_bin_size(flux * u.Jy, max_bin=10, outlier=outlier)
    np.testing.assert_allclose(found["rms"].value, expected["rms"].value, rtol=1e-9)
    assert found["rms"].unit == found["rms_err"].unit == found["white_noise"].unit == u.Jy


@pytest.mark.parametrize(
    ("flux", "keywords", "words"),
    [
        ([1.0], {}, "flux has 1 finite points; binning needs at least 2"),
        ([np.nan] * 9, {}, "flux has 0 finite points"),
        (np.ones(9), {"max_bin": 5}, "max_bin is 5; it must be an integer from 1 to 4"),
        (np.ones(9), {"max_bin": 0}, "max_bin is 0"),
        (np.ones(9), {"max_bin": 2.5}, "max_bin is 2.5"),
        (np.ones(9), {"outlier": [True]}, r"outlier has shape \(1,\), but flux \(9,\)"),
    ],
)
def test_bins_that_cannot_be(flux, keywords, words):
    with pytest.raises(Stage3Error, match=words):
        scatter_with_bin_size(flux, **keywords)


# ---- channels ----


def samples_of(flux, variance, wavelength):
    """The samples of a trace that is not in a file."""
    variance = None if variance is None else variance * u.Jy**2
    return BandSums(
        SimpleNamespace(
            wavelength=wavelength,
            usable_flux=lambda dq_bits: flux.copy() * u.Jy,
            flux_variance=lambda kind: variance,
            n_integrations=len(flux),
            label="order 1",
            path=Path("x1dints.fits"),
        )
    )


def test_scatter_of_each_channel():
    """Each channel has its own noise, in time a transit, a gap, and bad samples."""
    n_int, n_wave = 800, 30
    rng = np.random.default_rng(5)
    level = np.linspace(1e-3, 5e-3, n_wave)
    sigma = np.linspace(0.5, 3, n_wave) * 1e-5
    flux = level * box_transit(n_int)[:, None] + rng.normal(0, sigma, (n_int, n_wave))
    variance = np.broadcast_to((sigma / 1.5) ** 2, flux.shape).copy()
    bad = rng.random(flux.shape) < 0.05
    flux[bad] = np.nan
    variance[100] = 0
    table = channel_scatter(samples_of(flux, variance, np.linspace(5, 12, n_wave) * u.um))
    np.testing.assert_allclose(table["scatter"], sigma / level, rtol=0.25)
    np.testing.assert_allclose(table["expected"], sigma / level / 1.5, rtol=0.02)
    np.testing.assert_allclose(table["ratio"], 1.5, rtol=0.25)
    assert table["wavelength"].unit == u.um and table["scatter"].unit == ""


def test_channels_do_not_depend_on_the_chunks(monkeypatch):
    rng = np.random.default_rng(6)
    flux = rng.normal(1, 0.1, (40, 17))
    flux[rng.random(flux.shape) < 0.1] = np.nan
    samples = samples_of(flux, np.full(flux.shape, 0.01), np.arange(1, 18) * u.um)
    whole = channel_scatter(samples)
    monkeypatch.setattr("jdaviz_stage3.analysis.light_curves.noise._CHUNK", 100)
    parts = channel_scatter(samples)
    for name in whole.colnames:
        np.testing.assert_array_equal(whole[name], parts[name])
    assert np.isfinite(whole["scatter"]).all()
    for channel in range(17):
        scatter = point_to_point_scatter(flux[:, channel]) / np.nanmedian(flux[:, channel])
        assert whole["scatter"][channel].value == pytest.approx(scatter, rel=1e-12)


def test_channels_without_data_or_flux_are_nan():
    flux = np.random.default_rng(7).normal(1, 0.1, (20, 4))
    flux[:, 1], flux[1:, 2], flux[:, 3] = np.nan, np.nan, flux[:, 3] - 2
    wavelength = np.arange(1.0, 81.0).reshape(20, 4) * u.um
    table = channel_scatter(samples_of(flux, None, wavelength))
    np.testing.assert_array_equal(np.isfinite(table["scatter"]), [True, False, False, False])
    assert np.isnan(table["expected"]).all() and np.isnan(table["ratio"]).all()
    np.testing.assert_array_equal(table["wavelength"].value, np.median(wavelength.value, axis=0))
