"""Linear smoothing of a spectrum: boxcar, Gaussian, Savitzky-Golay; with mask and exact errors.

All three are one operation: in the window of each pixel a polynomial (of order zero for boxcar and
Gaussian) is fitted to the valid samples with the weights of the kernel, and taken at the pixel. Of
order zero that is the kernel, renormalised over what is valid, as in `astropy.convolution` with
``nan_treatment='interpolate'``; of higher order with all valid it is the Savitzky-Golay filter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from astropy import units as u
from numpy.typing import ArrayLike
from scipy.ndimage import correlate1d

from ...errors import Stage3Error
from .flux_arrays import Samples, Smoothed, is_integer
from .windows import (
    PixelWindows,
    WavelengthWindows,
    check_count,
    check_options,
    checked_windows,
    in_pixels,
)

__all__ = ["boxcar_smooth", "gaussian_smooth", "savgol_smooth"]

# Numbers that are gathered at once where windows are not complete (16 MB of float64).
_CHUNK = 2_000_000

# The Gaussian is cut at four standard deviations, as that of astropy.convolution.
_GAUSSIAN_EXTENT = 8


def boxcar_smooth(
    flux: ArrayLike | u.Quantity,
    width: int | u.Quantity,
    *,
    mask: np.ndarray | None = None,
    edge: str = "shrink",
    min_count: int = 1,
    axis: int = -1,
    uncertainty: ArrayLike | u.Quantity | None = None,
    wavelength: u.Quantity | None = None,
) -> np.ndarray | u.Quantity | Smoothed:
    """Replace each sample by the mean of the valid samples in the window around it.

    Parameters
    ----------
    flux : array_like or `~astropy.units.Quantity`, any shape
        Real numbers; samples that are not finite are excluded.
    width : int or `~astropy.units.Quantity`
        Full width of the window: an odd number of pixels, or in wavelength units.
    mask : ndarray of bool, same shape as ``flux``, optional
        True excludes a sample. The result there is made of the valid ones in its window.
    edge : {'shrink', 'reflect', 'nearest', 'zero', 'nan'}, optional
        What stands beyond the first and last pixel, as for
        `~jdaviz_stage3.analysis.median_smooth`.
    min_count : int, optional
        The result is NaN where fewer valid samples are in the window.
    axis : int, optional
        The axis to smooth along.
    uncertainty : array_like or `~astropy.units.Quantity`, same shape as ``flux``, optional
        Standard deviations (1σ) of independent noise of any distribution. Where a valid sample has
        an uncertainty that is not finite or is negative, that of the results made of it is NaN.
    wavelength : `~astropy.units.Quantity`, shape (n,), optional
        Wavelength of each pixel along ``axis``, needed for a width in wavelength units.

    Returns
    -------
    ndarray or `~astropy.units.Quantity`, or `~jdaviz_stage3.analysis.Smoothed`
        Of the shape and unit of ``flux``; float32 if it is float32, else float64. With
        ``uncertainty``, the named tuple ``(flux, uncertainty)``.

    Raises
    ------
    Stage3Error
        As for `~jdaviz_stage3.analysis.median_smooth`.

    Notes
    -----
    The variance is exact for independent samples: Σ w² σ² with the weights w of each sample (1/n
    for n valid ones; of a sample that ``edge`` repeats, the sum of its weights). Neighbouring
    results share samples, hence are correlated.

    Examples
    --------
    >>> boxcar_smooth([1.0, 2.0, np.nan, 4.0], 3, uncertainty=[1.0, 1.0, 1.0, 1.0]).flux
    array([1.5, 1.5, 3. , 4. ])
    """
    samples = Samples.of(flux, mask, uncertainty, axis)
    windows = checked_windows(width, wavelength, samples.values.shape[-1], edge, min_count)
    if isinstance(windows, WavelengthWindows):
        windows = windows.counted()  # the same windows in pixels are faster
    return _fit(samples, windows, np.ones_like, 0, int(min_count))


def gaussian_smooth(
    flux: ArrayLike | u.Quantity,
    stddev: float | u.Quantity,
    *,
    mask: np.ndarray | None = None,
    edge: str = "shrink",
    min_count: int = 1,
    axis: int = -1,
    uncertainty: ArrayLike | u.Quantity | None = None,
    wavelength: u.Quantity | None = None,
) -> np.ndarray | u.Quantity | Smoothed:
    """Replace each sample by the mean of the valid ones around it, with Gaussian weights.

    Parameters
    ----------
    flux : array_like or `~astropy.units.Quantity`, any shape
        Real numbers; samples that are not finite are excluded.
    stddev : float or `~astropy.units.Quantity`
        Standard deviation of the Gaussian (its full width at half maximum is 2.3548 times that),
        in pixels or in wavelength units. The window is cut at four standard deviations, as that
        of `astropy.convolution.Gaussian1DKernel`.
    mask : ndarray of bool, same shape as ``flux``, optional
        True excludes a sample. The result there is made of the valid ones in its window.
    edge : {'shrink', 'reflect', 'nearest', 'zero', 'nan'}, optional
        What stands beyond the first and last pixel, as for
        `~jdaviz_stage3.analysis.median_smooth`.
    min_count : int, optional
        The result is NaN where fewer valid samples are in the window.
    axis : int, optional
        The axis to smooth along.
    uncertainty : array_like or `~astropy.units.Quantity`, same shape as ``flux``, optional
        Standard deviations (1σ) of independent noise of any distribution. Where a valid sample has
        an uncertainty that is not finite or is negative, that of the results made of it is NaN.
    wavelength : `~astropy.units.Quantity`, shape (n,), optional
        Wavelength of each pixel along ``axis``, needed for a width in wavelength units. Every
        pixel has the weight of its distance, however wide it is.

    Returns
    -------
    ndarray or `~astropy.units.Quantity`, or `~jdaviz_stage3.analysis.Smoothed`
        Of the shape and unit of ``flux``; float32 if it is float32, else float64. With
        ``uncertainty``, the named tuple ``(flux, uncertainty)``.

    Raises
    ------
    Stage3Error
        ``stddev`` is not a positive number, larger than the spectrum, or so small that no window
        holds a second pixel; else as for `~jdaviz_stage3.analysis.median_smooth`.

    Notes
    -----
    The variance is exact for independent samples, as for `boxcar_smooth`.

    Examples
    --------
    >>> gaussian_smooth([0.0, 0.0, np.nan, 1.0, 1.0], 1).round(3)
    array([0.007, 0.084, 0.5  , 0.916, 0.993])
    """
    samples = Samples.of(flux, mask, uncertainty, axis)
    size = samples.values.shape[-1]
    check_options(edge, min_count)
    stddev = in_pixels(stddev)
    windows: PixelWindows | WavelengthWindows
    if isinstance(stddev, u.Quantity):
        windows = WavelengthWindows.of(
            stddev, wavelength, size, edge, name="stddev", extent=_GAUSSIAN_EXTENT
        )
        sigma = 2 * windows.half_width / _GAUSSIAN_EXTENT
    else:
        windows = _gaussian_windows(stddev, size, edge)
        sigma = float(stddev)
    check_count(min_count, windows)
    return _fit(samples, windows, lambda x: np.exp(-0.5 * (x / sigma) ** 2), 0, int(min_count))


def savgol_smooth(
    flux: ArrayLike | u.Quantity,
    width: int | u.Quantity,
    polyorder: int = 2,
    *,
    mask: np.ndarray | None = None,
    edge: str = "shrink",
    min_count: int | None = None,
    axis: int = -1,
    uncertainty: ArrayLike | u.Quantity | None = None,
    wavelength: u.Quantity | None = None,
) -> np.ndarray | u.Quantity | Smoothed:
    """Replace each sample by a polynomial fitted to the valid ones around it (Savitzky-Golay).

    Parameters
    ----------
    flux : array_like or `~astropy.units.Quantity`, any shape
        Real numbers; samples that are not finite are excluded.
    width : int or `~astropy.units.Quantity`
        Full width of the window: an odd number of pixels, or in wavelength units.
    polyorder : int, optional
        Order of the polynomial, less than the number of pixels in the window.
    mask : ndarray of bool, same shape as ``flux``, optional
        True excludes a sample. The result there is made of the valid ones in its window.
    edge : {'shrink', 'reflect', 'nearest', 'zero', 'nan'}, optional
        What stands beyond the first and last pixel, as for
        `~jdaviz_stage3.analysis.median_smooth`.
    min_count : int, optional
        The result is NaN where fewer valid samples are in the window; ``polyorder + 1`` by
        default, and at least.
    axis : int, optional
        The axis to smooth along.
    uncertainty : array_like or `~astropy.units.Quantity`, same shape as ``flux``, optional
        Standard deviations (1σ) of independent noise of any distribution. Where a valid sample has
        an uncertainty that is not finite or is negative, that of the results made of it is NaN.
    wavelength : `~astropy.units.Quantity`, shape (n,), optional
        Wavelength of each pixel along ``axis``, needed for a width in wavelength units. The
        polynomial is then one of the wavelength.

    Returns
    -------
    ndarray or `~astropy.units.Quantity`, or `~jdaviz_stage3.analysis.Smoothed`
        Of the shape and unit of ``flux``; float32 if it is float32, else float64. With
        ``uncertainty``, the named tuple ``(flux, uncertainty)``.

    Raises
    ------
    Stage3Error
        ``polyorder`` is not an integer from 0 to ``width - 1``; else as for
        `~jdaviz_stage3.analysis.median_smooth`.

    Notes
    -----
    Where all samples are valid it equals `scipy.signal.savgol_filter`. Where some are not, scipy
    returns NaN for the whole window; here the same least-squares fit is made to those that are
    valid. At the ends (with ``edge='shrink'``) and next to a gap wider than half the window, that
    is an extrapolation, and noisier: the uncertainty says by how much. Its variance is exact for
    independent samples, Σ w² σ² with the weight w of each sample in the fit.

    Examples
    --------
    >>> savgol_smooth([9.0, 4.0, 1.0, np.nan, 1.0, 4.0, 9.0], 5).round(9) + 0.0
    array([9., 4., 1., 0., 1., 4., 9.])
    """
    if not is_integer(polyorder) or polyorder < 0:
        raise Stage3Error(f"polyorder is {polyorder!r}; it must be an integer of at least 0")
    needed = int(polyorder) + 1
    samples = Samples.of(flux, mask, uncertainty, axis)
    least = 1 if min_count is None else min_count
    windows = checked_windows(width, wavelength, samples.values.shape[-1], edge, least)
    if needed > windows.widest:
        raise Stage3Error(
            f"polyorder is {polyorder}, but the widest window has {windows.widest} pixels: "
            f"give an order of at most {windows.widest - 1}, or a larger width"
        )
    return _fit(samples, windows, np.ones_like, needed - 1, max(int(least), needed))


def _gaussian_windows(stddev: Any, size: int, edge: str) -> PixelWindows:
    """Check a standard deviation in pixels and return its windows."""
    is_number = isinstance(stddev, (int, float, np.number)) and not isinstance(stddev, bool)
    if not is_number or not (np.isfinite(stddev) and stddev > 0):
        raise Stage3Error(f"stddev is {stddev!r}; it must be a positive number or a Quantity")
    if stddev > size:
        raise Stage3Error(
            f"stddev is {stddev} pixels, wider than the spectrum, which has {size}; give a "
            "smaller one"
        )
    half = int(np.ceil(_GAUSSIAN_EXTENT * stddev)) // 2
    if half == 0 and size > 1:
        raise Stage3Error(
            f"stddev is {stddev} pixels, smaller than a pixel everywhere: nothing would be "
            f"smoothed; give more than {1 / _GAUSSIAN_EXTENT}"
        )
    return PixelWindows(size, half, edge)


def _fit(
    samples: Samples,
    windows: PixelWindows | WavelengthWindows,
    kernel: Callable[[np.ndarray], np.ndarray],
    order: int,
    min_count: int,
) -> np.ndarray | u.Quantity | Smoothed:
    """Return the polynomials of this order fitted in each window, at the middle of the window.

    ``kernel`` gives the weight of a sample by its distance from the middle (pixels or wavelength).
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
