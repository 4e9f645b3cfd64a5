"""One image of a stack: mean, median, clipped mean, scatter, and differences to them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from astropy.nddata import CCDData, StdDevUncertainty
from astropy.stats import sigma_clip
from astropy.utils.exceptions import AstropyUserWarning
from astropy.wcs import WCS

from ...errors import Stage3Error
from .blocks import Block, StackBlocks

__all__ = ["STACK_STATISTICS", "collapse_stack", "image_of_stack", "median_variance_factor"]

_ERRORS = ("propagated", "scatter", "none")
_TILE = 16  # frames at a time: what is written then stays in the cache
_MOST_ROUNDS = 5  # of clipping, the default of astropy's own sigma clipping of images


def collapse_stack(
    stack: Any,
    statistic: str = "median",
    *,
    frames: Any = None,
    window: tuple[slice, slice] | None = None,
    sigma: float = 3.0,
    errors: str = "propagated",
    progress: Callable[[float], None] | None = None,
) -> CCDData:
    """Make one image of a stack, pixel by pixel through its frames.

    Flagged and non-finite pixels are left out. The stack is read in bands of rows, so that any size
    needs some 300 MB.

    Parameters
    ----------
    stack : ImageStack, NDData or ndarray, shape (n, ny, nx)
    statistic : {'median', 'mean', 'clipped mean', 'std', 'min', 'max'}, optional
        ``'clipped mean'``: of what is within ``sigma`` standard deviations of the median, found in
        up to 5 rounds (`astropy.stats.sigma_clip`). ``'std'``: of the sample, with n - 1.
    frames : slice, or array of int or bool, optional
        Which frames, from 0; all by default.
    window : (slice, slice), optional
        Rows and columns; all by default.
    sigma : float, optional
        For the clipped mean.
    errors : {'propagated', 'scatter', 'none'}, optional
        From the errors of the pixels, or from their scatter through the frames; without them it
        takes two thirds of the time.
    progress : callable, optional
        Called after each part with how much of the whole is done, from 0 to 1.

    Returns
    -------
    astropy.nddata.CCDData
        Shape of the window, float64, NaN and masked where no frame has a usable pixel;
        ``uncertainty`` a standard deviation, None where it is to be propagated and there are no
        errors. ``meta['n_samples']`` (ny, nx): how many frames were used in each pixel, without
        what was clipped; ``meta['frames']`` their numbers; ``meta['statistic']``,
        ``meta['errors']``.

    Raises
    ------
    Stage3Error
        If the statistic or the kind of errors is none of these, sigma not above 0, or nothing is
        chosen.

    Notes
    -----
    With n samples of a pixel, of errors σ and standard deviation s:

    ================== ================ ==========
    Statistic          propagated       scatter
    ================== ================ ==========
    mean, clipped mean √(Σσ²) / n       s / √n
    median             √(f Σσ²) / n     s √(f / n)
    std                s / √(2 (n - 1)) the same
    min, max           σ of that sample the same
    ================== ================ ==========

    f is the variance of the median of Gaussian samples over that of their mean: 1 for n up to 2,
    then (π/2) n / (n + 1/2) for odd n and (π/2) n / (n + 4/3) for even n, whose median is a mean of
    two; fitted to samples at random, which it meets to 0.6 % in the error. For samples of very
    different errors their scatter tells more. The error of a standard deviation, too, holds for
    Gaussian noise and many samples. Where the error of a sample is not finite, that of the result
    is NaN. With one sample there is no scatter, so NaN.
    """
    if statistic not in STACK_STATISTICS:
        raise Stage3Error(f"statistic is {statistic!r}; there is {', '.join(STACK_STATISTICS)}")
    if errors not in _ERRORS:
        raise Stage3Error(f"errors is {errors!r}; there is {', '.join(_ERRORS)}")
    if not 0 < sigma < np.inf:
        raise Stage3Error(f"sigma is {sigma!r}, expected a number above 0")
    blocks = StackBlocks(stack, frames, window)
    wanted = _wanted_errors(statistic, errors, blocks.has_errors)
    value, variance = (np.full(blocks.shape, np.nan) for _ in range(2))
    count = np.zeros(blocks.shape, int)
    of_band = STACK_STATISTICS[statistic]
    for band in blocks.bands(errors=wanted == "propagated"):
        pixels = _Pixels(band, wanted, sigma)
        value[band.window], variance[band.window], count[band.window] = of_band(pixels)
        if progress is not None:
            progress(band.rows.stop / blocks.shape[0])
    meta = {"statistic": statistic, "errors": wanted, "n_samples": count, "frames": blocks.numbers}
    return image_of_stack(blocks, value, None if wanted == "none" else variance, meta)


def _wanted_errors(statistic: str, errors: str, has_errors: bool) -> str:
    """Where the errors of a statistic are from, of a stack that has some or not."""
    if errors == "none":
        return errors
    if statistic == "std":
        return "scatter"
    if statistic in ("min", "max") or errors == "propagated":
        return "propagated" if has_errors else "none"
    return errors


def image_of_stack(
    blocks: StackBlocks, value: np.ndarray, variance: np.ndarray | None, meta: dict[str, Any]
) -> CCDData:
    """Make an image of what was computed of a stack.

    Parameters
    ----------
    blocks : StackBlocks
    value : ndarray of float, shape (ny, nx)
    variance : ndarray of float, shape (ny, nx), or None
    meta : dict
        Further entries.

    Returns
    -------
    astropy.nddata.CCDData
    """
    stack, wcs = blocks.stack, blocks.stack.wcs
    missing = ~np.isfinite(value)
    uncertainty = None
    if variance is not None:
        with np.errstate(invalid="ignore"):
            uncertainty = StdDevUncertainty(np.where(missing, np.nan, np.sqrt(variance)))
    return CCDData(
        np.where(missing, np.nan, value),
        unit=blocks.unit,
        mask=missing,
        uncertainty=uncertainty,
        wcs=wcs[blocks.window] if isinstance(wcs, WCS) else None,
        meta=dict(stack.meta) | meta,
    )


def median_variance_factor(n: np.ndarray) -> np.ndarray:
    """Return the variance of the median of Gaussian samples over that of their mean.

    Parameters
    ----------
    n : ndarray of int
        How many samples.

    Returns
    -------
    ndarray of float64, same shape
        1 for one and two samples, π/2 in the limit.

    Notes
    -----
    See `collapse_stack`.
    """
    n = np.asarray(n)
    factor = np.pi / 2 * n / (n + np.where(n % 2, 1 / 2, 4 / 3))
    return np.where(n > 2, factor, 1.0)


class _Pixels:
    """The pixels of a band, each with its samples, and what is to be known of them."""

    def __init__(self, band: Block, errors: str, sigma: float):
        self.band, self.errors, self.sigma = band, errors, sigma
        self.shape = band.values.shape[1:]

    @property
    def values(self) -> np.ndarray:
        """Shape (n, ny, nx), NaN where excluded."""
        return self.band.values

    def by_pixel(self, dtype: type = np.float32) -> np.ndarray:
        """Return the values with a row for each pixel, shape (ny nx, n)."""
        flat = self.values.reshape(len(self.values), -1)
        found = np.empty(flat.shape[::-1], dtype)
        for start in range(0, len(flat), _TILE):
            found[:, start : start + _TILE] = flat[start : start + _TILE].T
        return found

    def variance_of_mean(
        self, values: np.ndarray, used: np.ndarray, mean: np.ndarray, n: np.ndarray
    ) -> np.ndarray:
        """Return that of the mean of values, of which those that are not used are NaN."""
        with np.errstate(invalid="ignore", divide="ignore"):
            if self.errors == "scatter":
                return _squares(values, mean) / (n - 1) / n
            if self.band.errors is None:
                return np.full(self.shape, np.nan)
            summed = np.zeros(self.shape)
            for start in range(0, len(used), _TILE):
                part = slice(start, start + _TILE)
                squares = np.square(self.band.errors[part], dtype=np.float64)
                squares[~used[part]] = 0
                summed += squares.sum(axis=0)
            return summed / n**2


def _squares(values: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Sum of squared deviations from the mean, in double precision."""
    deviations = np.subtract(values, mean, dtype=np.float64)
    np.square(deviations, out=deviations)
    return np.nansum(deviations, axis=0)


def _mean_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    used = np.isfinite(values)
    n = np.count_nonzero(used, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nansum(values, axis=0, dtype=np.float64) / n, n, used


def _mean(pixels: _Pixels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mean, n, used = _mean_of(pixels.values)
    return mean, pixels.variance_of_mean(pixels.values, used, mean, n), n


def _clipped_mean(pixels: _Pixels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    kept = pixels.by_pixel(np.float64)
    with warnings.catch_warnings():
        # of NaN, which are what is excluded
        warnings.filterwarnings("ignore", "Input data contains invalid", AstropyUserWarning)
        kept = sigma_clip(
            kept, sigma=pixels.sigma, maxiters=_MOST_ROUNDS, axis=1, masked=False, copy=False
        )
    values = kept.T.reshape(pixels.values.shape)
    mean, n, used = _mean_of(values)
    return mean, pixels.variance_of_mean(values, used, mean, n), n


def _median(pixels: _Pixels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    in_order = pixels.by_pixel(pixels.values.dtype.type)
    in_order.sort(axis=1)  # NaN come last; numpy's own sort is quicker than a selection
    n = np.count_nonzero(~np.isnan(in_order), axis=1)
    rows = np.arange(len(n))
    below, above = in_order[rows, (n - 1) // 2], in_order[rows, n // 2 - (n == 0)]
    value = (below.astype(np.float64) + above) / 2
    n = n.reshape(pixels.shape)
    variance = np.full(pixels.shape, np.nan)
    if pixels.errors != "none":
        used, mean = np.isfinite(pixels.values), value.reshape(pixels.shape)
        if pixels.errors == "scatter":
            mean, _, used = _mean_of(pixels.values)
        variance = pixels.variance_of_mean(pixels.values, used, mean, n)
    return value.reshape(pixels.shape), median_variance_factor(n) * variance, n


def _std(pixels: _Pixels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mean, n, _ = _mean_of(pixels.values)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.where(n > 1, _squares(pixels.values, mean) / (n - 1), np.nan)
        return np.sqrt(variance), variance / (2 * (n - 1)), n


def _extreme(largest: bool) -> Callable[[_Pixels], tuple[np.ndarray, np.ndarray, np.ndarray]]:
    def of_pixels(pixels: _Pixels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        values = pixels.values
        there = np.isfinite(values)
        n = np.count_nonzero(there, axis=0)
        filled = np.where(there, values, -np.inf if largest else np.inf)
        place = (np.argmax if largest else np.argmin)(filled, axis=0)[None]
        value = np.take_along_axis(values, place, axis=0)[0].astype(np.float64)
        variance = np.full(pixels.shape, np.nan)
        if pixels.band.errors is not None:
            error = np.take_along_axis(pixels.band.errors, place, axis=0)[0]
            variance = np.square(error, dtype=np.float64)
        return np.where(n > 0, value, np.nan), variance, n

    return of_pixels


#: The statistics of `collapse_stack`, by name.
STACK_STATISTICS: dict[str, Callable[[_Pixels], tuple[np.ndarray, np.ndarray, np.ndarray]]] = {
    "median": _median,
    "mean": _mean,
    "clipped mean": _clipped_mean,
    "std": _std,
    "min": _extreme(largest=False),
    "max": _extreme(largest=True),
}
