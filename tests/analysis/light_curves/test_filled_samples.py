"""Filled samples leave no step in a light curve: Monte Carlo against the spectrum put in."""

import numpy as np
import pytest
from astropy import units as u
from make_traces import ArrayTrace

from jdaviz_stage3.analysis import BandSums

N_INT, N_WAVE, SEEDS = 240, 160, 8
DEPTH = 0.01
WAVELENGTH = np.linspace(1, 2, N_WAVE)
SPECTRUM = 1 + 0.5 * np.sin(9 * WAVELENGTH)
FLAGGED = {  # integrations, of so many in transit from the given one on
    "in the first 40 %": lambda first, n: np.arange(N_INT) < 0.4 * N_INT,
    "in the last 40 %": lambda first, n: np.arange(N_INT) >= 0.6 * N_INT,
    "in the first half of the transit": lambda first, n: (
        (np.arange(N_INT) >= first) & (np.arange(N_INT) < first + n // 2)
    ),
    "before the middle of the transit": lambda first, n: (
        np.arange(N_INT) < min(first + n // 2, N_INT // 2)
    ),
    "in every other integration": lambda first, n: np.arange(N_INT) % 2 == 0,
}


def transit(share, depth=DEPTH):
    """The light of the star, its first integration in transit, and how many there are."""
    n = round(share * N_INT)
    first = (N_INT - n) // 2
    light = np.ones(N_INT)
    light[first : first + n] -= depth
    return light, first, n


def filled(flux, bad):
    trace = ArrayTrace(WAVELENGTH * u.um, flux, np.ones(flux.shape), bad.astype(np.uint32))
    curve = BandSums(trace).light_curve()
    assert curve.n_filled.sum() == bad.sum() and curve.n_dropped == 0
    return curve.flux


def by_the_true_spectrum(flux, bad):
    """The formula of the docs with what the channels really have: no filling can do better."""
    good = np.where(bad, 0.0, 1.0)
    return (flux * good).sum(axis=1) * SPECTRUM.sum() / (good @ SPECTRUM)


def differences(light, rows, share, noise):
    """Step at the flagged integrations, and change of the depth, for each seed."""
    step, depth = np.empty((2, SEEDS))
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        flux = np.outer(light, SPECTRUM) * (1 + rng.normal(0, noise, (N_INT, N_WAVE)))
        bad = np.zeros(flux.shape, dtype=bool)
        bad[np.ix_(rows, rng.choice(N_WAVE, round(share * N_WAVE), replace=False))] = True
        best = by_the_true_spectrum(flux, bad)
        found = filled(flux, bad)
        ratio = found / best
        step[seed] = ratio[rows].mean() / ratio[~rows].mean() - 1
        depth[seed] = _depth(found, light) - _depth(best, light)
    return step, depth


def _depth(curve, light):
    return 1 - curve[light < 1].mean() / curve[light == 1].mean()


def expected_step(rows, share, noise):
    """Its standard deviation: medians of n samples are known to 1.25 σ/√n, or 100 at worst."""
    lacking, others = (1.25 * noise / np.sqrt(n) for n in (np.sum(~rows), 100))
    of_one = np.sqrt(np.mean(SPECTRUM**2)) / SPECTRUM.sum()
    incomplete = round(share * N_WAVE)
    return of_one * np.hypot(
        np.sqrt(incomplete) * lacking,
        share * np.sqrt(N_WAVE - incomplete) * others / (1 - share),
    )


@pytest.mark.parametrize("where", FLAGGED)
@pytest.mark.parametrize("in_transit", [0.1, 0.3, 0.4, 0.5, 0.6, 0.9])
def test_no_step_where_samples_are_filled(in_transit, where):
    """Over noise (0.017, 0.6 and 2 times the depth, per sample) and share of the channels."""
    light, first, n = transit(in_transit)
    rows = FLAGGED[where](first, n)
    for noise in (1.7e-4, 5.78e-3, 2e-2):
        for share in (0.02, 0.1, 0.45):
            step, depth = differences(light, rows, share, noise)
            sigma = expected_step(rows, share, noise)
            tell = f"noise {noise}, {share:.0%} of the channels, steps {step * 1e6} ppm"
            assert abs(step.mean()) < 4 * sigma / np.sqrt(SEEDS) + 1e-6, tell
            assert np.sqrt(np.mean(step**2)) < 1.8 * sigma + 1e-6, tell
            assert abs(depth.mean()) < 4 * sigma / np.sqrt(SEEDS) + 1e-6, tell


@pytest.mark.parametrize("where", FLAGGED)
@pytest.mark.parametrize("in_transit", [0.3, 0.6])
def test_channels_of_another_depth_move_a_point_by_no_more_than_their_part_of_it(in_transit, where):
    """By p δ, as the docs have it, whichever channels are missing when."""
    light, first, n = transit(in_transit)
    rows = FLAGGED[where](first, n)
    other = transit(in_transit, DEPTH + 0.002)[0]
    odd = np.arange(N_WAVE) % 10 == 3
    flux = np.where(odd, other[:, None], light[:, None]) * SPECTRUM
    bad = rows[:, None] & odd
    moved = filled(flux, bad) / flux.sum(axis=1) - 1
    part = SPECTRUM[odd].sum() / SPECTRUM.sum()
    assert np.abs(moved).max() < part * 0.002 * 1.03
    assert np.abs(moved[~rows]).max() < 1e-12
