"""Sums over the pixels of a region in each frame, with what is missing in some of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import bottleneck as bn
import numpy as np

from .blocks import Block, StackBlocks

__all__ = ["RegionSums", "region_sums"]

_ROUNDS = 2  # of medians, see `region_sums`
_LEAST_LIGHT = 0.5  # of what pixels usually have must be in those that are usable
_STEADY = 0.25  # of the usual sum: the scatter up to which its changes are those of the light
_ALIKE = 0.5  # how much of the squared changes of pixels may be left of one source that varies


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


def region_sums(
    blocks: StackBlocks, weights: np.ndarray, missing: str, level: np.ndarray | None = None
) -> RegionSums:
    """Sum a region in each frame.

    Parameters
    ----------
    blocks : StackBlocks
        Of the window of the region.
    weights : ndarray of float, shape (ny, nx)
    missing : {'fill', 'nan', 'drop'}
        See `jdaviz_stage3.analysis.region_series`.
    level : ndarray of float, shape (n,), optional
        Of the background of each frame, which is subtracted from its pixels: it does not vary with
        the source, and what is missing is filled by how bright that is.

    Returns
    -------
    RegionSums
        NaN where the level is.

    Notes
    -----
    With w the weights, f the values and m what a pixel usually has, ``'fill'`` gives

    F = Σ_good w f · Σ_all w m / Σ_good w m,

    as `jdaviz_stage3.analysis.BandSums` does with the channels of a spectrum. m is the median over
    frames of f / L, where L is the brightness of a frame against the others: 1 at first, then
    Σ_good w f / Σ_good w m with the first m. Where the sum has no light to go by, m itself is added
    in place of what is missing: where Σ w m is not positive, or the sums scatter by more than a
    quarter of it and the pixels do not follow them, Σ (w f - L w m)² being, in most frames, more
    than half of Σ (w f - w m)².
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
    lit = blocks if level is None else _WithoutBackground(blocks, np.nan_to_num(level))
    total, variance, n_missing = _good_sums(lit, weights)
    if missing == "nan":
        lacking = n_missing > 0
        total[lacking] = variance[lacking] = np.nan
    elif n_missing.any():
        total, variance = _filled(lit, weights, total, variance, n_missing)
    if level is not None:
        total, variance = total + 0 * level, variance + 0 * level
    return RegionSums(total, variance, float(weights.sum()), n_missing, n_pixels, n_dropped)


class _WithoutBackground:
    """The frames less a level each."""

    def __init__(self, blocks: StackBlocks, level: np.ndarray):
        self._blocks, self._level = blocks, level[:, None, None]
        self.has_errors = blocks.has_errors

    def __len__(self) -> int:
        return len(self._blocks)

    def bands(self, *, errors: bool = False) -> Iterator[Block]:
        for band in self._blocks.bands(errors=errors):
            yield replace(band, values=band.values - self._level)


def _good_sums(
    blocks: StackBlocks | _WithoutBackground, weights: np.ndarray
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
    blocks: StackBlocks | _WithoutBackground,
    weights: np.ndarray,
    total: np.ndarray,
    variance: np.ndarray,
    n_missing: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Put in for what is missing what its pixels usually have, as bright as the rest is."""
    n = len(blocks)
    light = np.ones(n)
    for _ in range(_ROUNDS):
        gone, usual_sum = np.zeros(n), 0.0
        for band in blocks.bands():
            usual = _usual(band.values, light, weights[band.window])
            usual_sum += usual.sum()
            gone += np.where(np.isfinite(band.values), 0.0, usual).sum(axis=(1, 2))
        left = usual_sum - gone
        told = (left > _LEAST_LIGHT * usual_sum) & (total > 0)
        found = np.where(told, total / np.where(told, left, 1), 1.0)
        if not _is_light(blocks, weights, total + gone * light, usual_sum, light, found):
            empty = n_missing == np.count_nonzero(weights)
            return np.where(empty, np.nan, total + gone * light), variance
        light = found / np.median(found)
    enough = left > _LEAST_LIGHT * usual_sum
    ratio = np.where(enough, usual_sum / np.where(enough, left, 1), np.nan)
    return total * ratio, variance * ratio**2


def _usual(values: np.ndarray, light: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Median of pixels over frames that are made equally bright, times their weights."""
    usual = bn.nanmedian(values / light[:, None, None], axis=0) * factor
    return np.where(factor > 0, usual, 0.0)


def _is_light(
    blocks: StackBlocks | _WithoutBackground,
    weights: np.ndarray,
    complete: np.ndarray,
    usual_sum: float,
    light: np.ndarray,
    found: np.ndarray,
) -> bool:
    """Whether changes of the sum are those of a source: small, or alike in all of its pixels."""
    if not usual_sum > 0:
        return False
    if np.median(np.abs(complete - np.median(complete))) < _STEADY * usual_sum:
        return True
    steady, scaled = np.zeros(len(blocks)), np.zeros(len(blocks))
    for band in blocks.bands():
        factor = weights[band.window]
        usual = _usual(band.values, light, factor)
        for squares, brightness in ((steady, np.ones_like(found)), (scaled, found)):
            rest = band.values * factor - usual * brightness[:, None, None]
            squares += np.nansum(np.square(rest, dtype=np.float64), axis=(1, 2))
    return bool(np.median(scaled) < _ALIKE * np.median(steady))
