"""The running median of a spectrum, with its mask and its uncertainty."""

from __future__ import annotations

from typing import Unpack, overload

import bottleneck
import numpy as np
from astropy import units as u
from numpy.typing import ArrayLike
from scipy.ndimage import correlate1d

from .flux_arrays import Samples, Smoothed, WindowOptions
from .windows import PixelWindows, WavelengthWindows, checked_windows

__all__ = ["median_smooth"]

# Numbers that are gathered at once where each window has its own width (32 MB of float64).
_CHUNK = 4_000_000


@overload
def median_smooth(
    flux: ArrayLike | u.Quantity,
    width: int | u.Quantity,
    *,
    min_count: int = 1,
    uncertainty: None = None,
    **options: Unpack[WindowOptions],
) -> np.ndarray | u.Quantity: ...


@overload
def median_smooth(
    flux: ArrayLike | u.Quantity,
    width: int | u.Quantity,
    *,
    min_count: int = 1,
    uncertainty: ArrayLike | u.Quantity,
    **options: Unpack[WindowOptions],
) -> Smoothed: ...


def median_smooth(
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
    """Replace each sample by the median of the valid samples in the window around it.

    Parameters
    ----------
    flux : array_like or `~astropy.units.Quantity`, any shape
        Real numbers of any type and byte order. Samples that are not finite are excluded, and so
        are the masked ones of a `numpy.ma.MaskedArray`. It is never changed.
    width : int or `~astropy.units.Quantity`
        Full width of the window: an odd number of pixels (also as Quantity in pixels), or a
        Quantity that converts to the unit of ``wavelength``. Then the window of pixel i is all
        pixels with ``|λ - λi| <= width / 2`` (within rounding of λ), so that its number of pixels
        follows the grid, and may be even next to a jump of the step.
    mask : ndarray of bool, same shape as ``flux``, optional
        True excludes a sample. The result at an excluded pixel is the median of the valid ones in
        its window, like everywhere else: mask the result with the same mask if that is not wanted.
    edge : {'shrink', 'reflect', 'nearest', 'zero', 'nan'}, optional
        What stands beyond the first and last pixel: nothing, so that the window shrinks (the
        default); the spectrum mirrored, with the last pixel twice (as in `scipy.ndimage`); the
        last pixel repeated; zeros, as in `scipy.signal.medfilt`, to which the result is then equal
        bit by bit (finite flux, no mask); or ``'nan'``: the result is NaN there. A width in
        wavelength units takes ``'shrink'`` or ``'nan'``, which is where the window reaches
        beyond the outer borders of the end pixels.
    min_count : int, optional
        The result is NaN where fewer valid samples are in the window. What ``edge`` puts there
        counts.
    axis : int, optional
        The axis to smooth along; the others are never mixed.
    uncertainty : array_like or `~astropy.units.Quantity`, same shape as ``flux``, optional
        Standard deviations (1σ) of independent Gaussian noise. A value that is not finite, or is
        negative, is unknown and left out of the mean below.
    wavelength : `~astropy.units.Quantity`, shape (n,), optional
        Wavelength of each pixel along ``axis``, ascending or descending, in even or uneven steps;
        only used when ``width`` is in wavelength units. A pixel whose wavelength is not finite is
        used by no window, and its result is NaN.

    Returns
    -------
    ndarray or `~astropy.units.Quantity`, or `Smoothed`
        Of the shape and unit of ``flux``; float32 if it is float32, else float64. With
        ``uncertainty``, the named tuple ``(flux, uncertainty)``.

    Raises
    ------
    Stage3Error
        The width is even, not positive, not an integer, larger than the spectrum, or (in
        wavelength units) smaller than a pixel everywhere; shapes differ; units do not convert;
        wavelengths turn; ``edge``, ``axis`` or ``min_count`` is not possible; ``flux`` is empty.

    Notes
    -----
    Of an even number of valid samples, the mean of the middle two is taken, as in
    `numpy.nanmedian`, to which the result is equal to the last bit.

    The uncertainty is that of the median of n Gaussian values of equal mean,

    .. math:: σ_{median} ≈ \\sqrt{π/2}\\; σ_{rms} / \\sqrt{n + c} ≈ 1.2533\\, σ_{rms} / \\sqrt{n}

    with σrms² the mean of the valid variances in the window, c = 2 - π/2 = 0.43 for odd n and
    1.43 for even n ([1]_, within 1.5 % of the exact value from n = 3), and exactly σ for n = 1 and
    σrms/√2 for n = 2, where the median is the mean. It is approximate: it grows too large where
    uncertainties differ much within a window, and it does not contain the change of the spectrum
    itself within the window. With ``edge='reflect'``, samples that count twice do so in n as well:
    n = (Σm)²/Σm² for multiplicities m. With ``'nearest'`` and ``'zero'`` the uncertainty is NaN
    where the window reaches beyond the spectrum: most of its values are then one value, or no
    measurement. Neighbouring results share samples, hence are correlated.

    References
    ----------
    .. [1] Hodges J. L. & Lehmann E. L. 1967, "On Medians and Quasi Medians", JASA 62, 926
       (variance to order 1/n², the same for 2m and 2m + 1 values; for a Gaussian,
       π/2 / (n + 2 - π/2) with n odd).

    Examples
    --------
    >>> median_smooth([1.0, 9.0, 2.0, np.nan, 3.0], 3)
    array([5. , 2. , 5.5, 2.5, 3. ])
    """
    samples = Samples.of(flux, mask, uncertainty, axis)
    windows = checked_windows(width, wavelength, samples.values.shape[-1], edge, min_count)
    if isinstance(windows, WavelengthWindows):
        windows = windows.counted()  # the same windows in pixels are much faster
    if isinstance(windows, PixelWindows):
        values = _pixel_median(samples.values, windows, int(min_count))
    else:
        samples.exclude(~np.isfinite(windows.wavelength))
        values = _wavelength_median(samples.values, windows, int(min_count))
    variance = None
    if samples.variance is not None:
        variance = _median_variance(samples.variance, samples.valid, windows)
        variance[np.isnan(values)] = np.nan
    return samples.result(values, variance)


def _pixel_median(values: np.ndarray, windows: PixelWindows, min_count: int) -> np.ndarray:
    """Return the running medians along the last axis; values are NaN where excluded.

    The bulk is one call of bottleneck on the input as it is: no copy is made for padding, which
    would cost more than the fifth that the whole may be slower than that call.
    """
    half, width, size = windows.half, windows.widest, windows.size
    # The window of bottleneck ends at its pixel. At the start it has fewer pixels and is reckoned
    # with those, which is the shrinking window.
    median = bottleneck.move_median(values, width, min_count=min_count, axis=-1)
    if half == 0:
        return median
    median[..., : size - half] = median[..., half:]
    if windows.edge == "nan":
        median[..., :half] = np.nan
        median[..., size - half :] = np.nan
    elif windows.edge == "shrink":
        # The other end is a start when read backwards.
        median[..., size - half :] = np.nan
        if min_count <= 2 * half:
            backwards = values[..., : -2 * half - 1 : -1]
            end = bottleneck.move_median(backwards, 2 * half, min_count=min_count, axis=-1)
            median[..., size - half :] = end[..., half:][..., ::-1]
    else:
        positions = windows.positions()
        for place, target in ((positions[: 3 * half], slice(0, half)),
                              (positions[-3 * half :], slice(size - half, size))):  # fmt: skip
            padded = values[..., place]
            padded[..., place < 0] = 0
            end = bottleneck.move_median(padded, width, min_count=min_count, axis=-1)
            median[..., target] = end[..., 2 * half :]
    return median


def _wavelength_median(
    values: np.ndarray, windows: WavelengthWindows, min_count: int
) -> np.ndarray:
    """Return the medians along the last axis in windows that differ in width."""
    median = np.empty(values.shape, dtype=values.dtype)
    rows = values.size // windows.size
    step = max(1, _CHUNK // (windows.widest * rows))
    for first in range(0, windows.size, step):
        part = slice(first, min(first + step, windows.size))
        pixels = windows.pixels(np.arange(part.start, part.stop))
        inside = values[..., pixels]
        inside[..., pixels < 0] = np.nan
        median[..., part] = bottleneck.nanmedian(inside, axis=-1)
        if min_count > 1:
            count = np.isfinite(inside).sum(axis=-1)
            median[..., part][count < min_count] = np.nan
    if windows.edge == "nan":
        median[..., windows.at_edge] = np.nan
    return median


def _median_variance(
    variance: np.ndarray, valid: np.ndarray | None, windows: PixelWindows | WavelengthWindows
) -> np.ndarray:
    """Return the variance of the medians (formula and source: `median_smooth`)."""
    usable = np.ones(variance.shape, dtype=bool) if valid is None else valid
    known = usable & np.isfinite(variance)
    spread = np.where(known, variance, 0.0)
    count = _window_sum(np.ones(windows.size) if valid is None else valid, windows)
    measured = count if np.array_equal(known, usable) else _window_sum(known, windows)
    # Sums of whole windows, not differences of running sums: those lose the small variances next
    # to large ones.
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 is NaN: nothing is known there
        mean = _window_sum(spread, windows) / measured
        result = mean * _variance_factor(count)
        if isinstance(windows, WavelengthWindows) or windows.edge in ("shrink", "nan"):
            return result
        positions = windows.positions()
        for centre in windows.at_edge:
            if windows.edge != "reflect":
                result[..., centre] = np.nan
                continue
            inside, times = np.unique(
                positions[centre : centre + windows.widest], return_counts=True
            )
            used, counted = usable[..., inside] * times, known[..., inside] * times**2
            effective = used.sum(axis=-1) ** 2 / (used * times).sum(axis=-1)
            mean = (counted * spread[..., inside]).sum(axis=-1) / counted.sum(axis=-1)
            result[..., centre] = mean * _variance_factor(effective)
    return result


def _window_sum(values: np.ndarray, windows: PixelWindows | WavelengthWindows) -> np.ndarray:
    """Return the sums over each window, cut at the ends of the spectrum, in float64."""
    values = values.astype(np.float64, copy=False)
    if isinstance(windows, PixelWindows):
        return correlate1d(values, np.ones(windows.widest), axis=-1, mode="constant")
    borders = np.stack([windows.start, windows.stop], axis=1).ravel()
    ended = np.concatenate([values, np.zeros((*values.shape[:-1], 1))], axis=-1)
    sums = np.add.reduceat(ended, borders, axis=-1)[..., ::2]
    sums[..., windows.start == windows.stop] = 0  # reduceat gives one value for no values
    return sums


def _variance_factor(count: np.ndarray) -> np.ndarray:
    """Return the variance of the median of this many values of unit variance; NaN for none."""
    factor = np.pi / 2 / (count + 2 - np.pi / 2 + (count % 2 == 0))
    factor = np.where(count <= 2, 1 / count, factor)
    return np.where(count > 0, factor, np.nan)
