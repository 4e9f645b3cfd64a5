"""Polynomials fitted to the valid samples in each window: the operation of all linear smoothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from astropy import units as u
from scipy.ndimage import correlate1d

from .flux_arrays import Samples, Smoothed
from .windows import PixelWindows, WavelengthWindows

__all__ = ["fit_windows"]

# Numbers that are gathered at once where windows are not complete (16 MB of float64).
_CHUNK = 2_000_000


def fit_windows(
    samples: Samples,
    windows: PixelWindows | WavelengthWindows,
    kernel: Callable[[np.ndarray], np.ndarray],
    order: int,
    min_count: int,
) -> np.ndarray | u.Quantity | Smoothed:
    """Fit a polynomial in each window and take it at the middle of the window.

    Parameters
    ----------
    samples : Samples
        What to fit, shape (…, n) along the axis of the windows. Pixels without a wavelength become
        excluded in it, if the windows are in wavelength.
    windows : PixelWindows or WavelengthWindows
    kernel : callable
        Takes distances from the middle, float64 in pixels or in the unit of the wavelengths, and
        returns the weights of samples there, of the same shape; all 1 if ``order`` is above 0.
    order : int
        Of the polynomial; 0 is the weighted mean.
    min_count : int
        At least ``order + 1``; NaN where fewer valid samples are in the window.

    Returns
    -------
    ndarray or `~astropy.units.Quantity`, or `Smoothed`
        As the input was; the latter if the samples have a variance. The variance is Σ w² σ², w the
        weight of each sample in the result.
    """
    size = windows.size
    if isinstance(windows, WavelengthWindows):
        samples.exclude(~np.isfinite(windows.wavelength))
    shape = samples.values.shape
    values = samples.values.reshape(-1, size).astype(np.float64)
    valid = None if samples.valid is None else samples.valid.reshape(-1, size)
    spread = None if samples.variance is None else samples.variance.reshape(-1, size)
    if valid is not None:  # NaN times a weight of zero is NaN
        values[~valid] = 0
        spread = None if spread is None else np.where(valid, spread, 0)

    incomplete = np.ones(values.shape, dtype=bool)
    if isinstance(windows, PixelWindows) and windows.widest <= size:
        # Windows in which all is valid have the same weights everywhere.
        offsets = windows.offsets(np.arange(1))
        weights = _weights(np.ones(offsets.shape, dtype=bool), kernel(offsets), offsets, order)[0]
        smoothed = correlate1d(values, weights, axis=-1, mode="constant")
        variance = (
            None if spread is None else correlate1d(spread, weights**2, axis=-1, mode="constant")
        )
        incomplete[:] = False
        incomplete[:, windows.at_edge] = True
        if valid is not None:
            invalid = correlate1d((~valid).astype(np.int64), np.ones(windows.widest), axis=-1)
            incomplete |= invalid > 0
    else:
        smoothed = np.empty(values.shape)
        variance = None if spread is None else np.empty(values.shape)

    rows, centres = np.nonzero(incomplete)
    step = max(1, _CHUNK // (windows.widest * (order + 1)))
    for first in range(0, rows.size, step):
        row, centre = rows[first : first + step], centres[first : first + step]
        here = _fit_incomplete(
            values, valid, spread, windows, kernel, order, min_count, row, centre
        )
        smoothed[row, centre] = here[0]
        if variance is not None:
            variance[row, centre] = here[1]
    if windows.edge == "nan":
        smoothed[:, windows.at_edge] = np.nan
        if variance is not None:
            variance[:, windows.at_edge] = np.nan
    return samples.result(
        smoothed.reshape(shape), None if variance is None else variance.reshape(shape)
    )


def _fit_incomplete(
    values: np.ndarray,
    valid: np.ndarray | None,
    spread: np.ndarray | None,
    windows: PixelWindows | WavelengthWindows,
    kernel: Callable[[np.ndarray], np.ndarray],
    order: int,
    min_count: int,
    rows: np.ndarray,
    centres: np.ndarray,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return fit and variance at these places, each with the weights of its own valid samples."""
    pixels = windows.pixels(centres)
    outside = pixels < 0
    places = rows[:, None], np.maximum(pixels, 0)
    used = np.ones(pixels.shape, dtype=bool) if valid is None else valid[places]
    used[outside] = windows.edge == "zero"
    fitted = used.sum(axis=1) >= min_count
    offsets = np.broadcast_to(windows.offsets(centres), pixels.shape)[fitted]
    weights = np.zeros(pixels.shape)
    weights[fitted] = _weights(used[fitted], kernel(offsets), offsets, order)
    result = (weights * np.where(outside, 0, values[places])).sum(axis=1)
    result[~fitted] = np.nan
    if spread is None:
        return result, None
    if windows.edge in ("reflect", "nearest"):
        # A sample that stands at several places is one measurement: its weights add before they
        # are squared. Collect them at the first place of each pixel, counted from the lowest.
        lowest = pixels.min(axis=1, keepdims=True)
        collected = np.zeros(pixels.shape)
        np.add.at(collected, (np.arange(rows.size)[:, None], pixels - lowest), weights)
        weights = collected
        places = rows[:, None], np.minimum(lowest + np.arange(pixels.shape[1]), windows.size - 1)
        outside = np.zeros(pixels.shape, dtype=bool)
    # Only where there is a weight: an unknown variance that is not used must not matter.
    terms = np.where(outside | (weights == 0), 0, spread[places])
    variance = (weights**2 * terms).sum(axis=1)
    variance[~fitted] = np.nan
    return result, variance


def _weights(used: np.ndarray, kernel: np.ndarray, offsets: np.ndarray, order: int) -> np.ndarray:
    """Return the weights whose sum over the samples is the fitted polynomial at offset zero.

    Parameters
    ----------
    used : ndarray of bool, shape (m, k)
        At least ``order + 1`` in each row.
    kernel, offsets : ndarray, shape (m, k)
    order : int

    Returns
    -------
    ndarray of float, shape (m, k)
    """
    kernel = np.where(used, kernel, 0.0)
    if order == 0:
        return kernel / kernel.sum(axis=1, keepdims=True)
    # The powers of x in -1 … 1, so that they are of one size. With A = QR the coefficients are
    # R⁻¹ Qᵀ f, and the polynomial at zero is the first of them: w = Q R⁻ᵀ e₀ (weights are 1 or 0).
    offsets = np.where(used, offsets, 0.0)
    x = offsets / np.abs(offsets).max(axis=1, keepdims=True)
    powers = x[..., None] ** np.arange(order + 1) * kernel[..., None]
    q, r = np.linalg.qr(powers)
    first = np.zeros((*r.shape[:-1], 1))
    first[..., 0, :] = 1
    return (q @ np.linalg.solve(np.swapaxes(r, -1, -2), first))[..., 0]
