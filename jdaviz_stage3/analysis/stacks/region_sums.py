"""Sums over the pixels of a region in each frame, with what is missing in some of them."""

from __future__ import annotations

from dataclasses import dataclass

import bottleneck as bn
import numpy as np

from .blocks import StackBlocks

__all__ = ["RegionSums", "region_sums"]

_ROUNDS = 2  # of medians, see `region_sums`
_LEAST_LIGHT = 0.5  # of what pixels usually have must be in those that are usable
_STEADY = 0.25  # of the usual sum: the scatter up to which its changes are those of the light


@dataclass(frozen=True, eq=False)
class RegionSums:
    """Weighted sums over a region.

    Attributes
    ----------
    total, variance : ndarray of float64, shape (n,)
        NaN where there is nothing to say.
    area : float
        Sum of the weights of pixels that are used, in pixels.
    n_missing : ndarray of int, shape (n,)
        Pixels of those that are not usable in a frame.
    n_pixels, n_dropped : int
        Pixels that are used, and that are left out in all frames.
    """

    total: np.ndarray
    variance: np.ndarray
    area: float
    n_missing: np.ndarray
    n_pixels: int
    n_dropped: int


def region_sums(blocks: StackBlocks, weights: np.ndarray, missing: str) -> RegionSums:
    """Sum a region in each frame.

    Parameters
    ----------
    blocks : StackBlocks
        Of the window of the region.
    weights : ndarray of float, shape (ny, nx)
    missing : {'fill', 'nan', 'drop'}
        See `jdaviz_stage3.analysis.region_series`.

    Returns
    -------
    RegionSums

    Notes
    -----
    With w the weights, f the values and m what a pixel usually has, ``'fill'`` gives

    F = Σ_good w f · Σ_all w m / Σ_good w m,

    as `jdaviz_stage3.analysis.BandSums` does with the channels of a spectrum. m is the median over
    frames of f / L, where L is the brightness of a frame against the others: 1 at first, then
    Σ_good w f / Σ_good w m with the first m. Where the sum has no light to go by, for Σ w m is not
    positive or the sums scatter by more than a quarter of it, L is 1 and the medians are added.
    """
    n, wanted = len(blocks), weights > 0
    usable_in = np.zeros(blocks.shape, int)
    for band in blocks.bands():
        usable_in[band.window] = np.count_nonzero(np.isfinite(band.values), axis=0)
    least = {"fill": n / 2, "drop": n, "nan": 1}[missing]
    used = wanted & (usable_in >= max(least, 1))
    weights = np.where(used, weights, 0.0)
    n_pixels, n_dropped = int(used.sum()), int(wanted.sum() - used.sum())
    nothing = np.full(n, np.nan)
    if not n_pixels:
        return RegionSums(nothing, nothing.copy(), 0.0, np.zeros(n, int), 0, n_dropped)
    total, variance, n_missing = _good_sums(blocks, weights)
    if missing == "nan":
        lacking = n_missing > 0
        total[lacking] = variance[lacking] = np.nan
    elif n_missing.any():
        total, variance = _filled(blocks, weights, total, variance, n_missing)
    return RegionSums(total, variance, float(weights.sum()), n_missing, n_pixels, n_dropped)


def _good_sums(
    blocks: StackBlocks, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums and variances of usable pixels, and how many others there are."""
    total, variance = np.zeros(len(blocks)), np.zeros(len(blocks))
    n_missing = np.zeros(len(blocks), int)
    for band in blocks.bands(errors=blocks.has_errors):
        factor = weights[band.window]
        good = np.isfinite(band.values)
        n_missing += np.count_nonzero(~good & (factor > 0), axis=(1, 2))
        total += np.nansum(band.values * factor, axis=(1, 2))
        if band.errors is not None:
            squares = np.square(band.errors * factor, dtype=np.float64)
            variance += np.where(good & (factor > 0), squares, 0).sum(axis=(1, 2))
    return total, variance if blocks.has_errors else variance + np.nan, n_missing


def _filled(
    blocks: StackBlocks,
    weights: np.ndarray,
    total: np.ndarray,
    variance: np.ndarray,
    n_missing: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Put in for what is missing what its pixels usually have, as bright as the rest is."""
    n = len(blocks)
    light, by_light = np.ones(n), True
    for _ in range(_ROUNDS):
        gone, usual_sum = np.zeros(n), 0.0
        for band in blocks.bands():
            factor = weights[band.window]
            usual = bn.nanmedian(band.values / light[:, None, None], axis=0) * factor
            usual = np.where(factor > 0, usual, 0.0)
            usual_sum += usual.sum()
            gone += np.where(np.isfinite(band.values), 0.0, usual).sum(axis=(1, 2))
        left = usual_sum - gone
        complete = total + gone * light
        spread = np.median(np.abs(complete - np.median(complete)))
        by_light = usual_sum > 0 and spread < _STEADY * usual_sum
        if not by_light:
            break
        told = (left > _LEAST_LIGHT * usual_sum) & (total > 0)
        light = np.where(told, total / np.where(told, left, 1), 1.0)
        light = light / np.median(light)
    if not by_light:
        empty = n_missing == np.count_nonzero(weights)
        return np.where(empty, np.nan, total + gone * light), variance
    enough = left > _LEAST_LIGHT * usual_sum
    ratio = np.where(enough, usual_sum / np.where(enough, left, 1), np.nan)
    return total * ratio, variance * ratio**2
