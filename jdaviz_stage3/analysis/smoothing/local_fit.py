"""Linear smoothing of a spectrum: boxcar, Gaussian, Savitzky-Golay; with mask and exact errors.

All three are one operation: in the window of each pixel a polynomial (of order zero for boxcar and
Gaussian) is fitted to the valid samples with the weights of the kernel, and taken at the pixel. Of
order zero that is the kernel, renormalised over what is valid, as in `astropy.convolution` with
``nan_treatment='interpolate'``; of higher order with all valid it is the Savitzky-Golay filter.
"""

from __future__ import annotations

from typing import Any, Unpack, overload

import numpy as np
from astropy import units as u
from numpy.typing import ArrayLike

from ...errors import Stage3Error
from .flux_arrays import Samples, Smoothed, WindowOptions, is_integer
from .window_fit import fit_windows
from .windows import (
    PixelWindows,
    WavelengthWindows,
    check_count,
    check_options,
    checked_windows,
    in_pixels,
)

__all__ = ["boxcar_smooth", "gaussian_smooth", "savgol_smooth"]

# The Gaussian is cut at four standard deviations, as that of astropy.convolution.
_GAUSSIAN_EXTENT = 8


@overload
def boxcar_smooth(
    flux: ArrayLike | u.Quantity,
    width: int | u.Quantity,
    *,
    min_count: int = 1,
    uncertainty: None = None,
    **options: Unpack[WindowOptions],
) -> np.ndarray | u.Quantity: ...


@overload
def boxcar_smooth(
    flux: ArrayLike | u.Quantity,
    width: int | u.Quantity,
    *,
    min_count: int = 1,
    uncertainty: ArrayLike | u.Quantity,
    **options: Unpack[WindowOptions],
) -> Smoothed: ...


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
    return fit_windows(samples, windows, np.ones_like, 0, int(min_count))


@overload
def gaussian_smooth(
    flux: ArrayLike | u.Quantity,
    stddev: float | u.Quantity,
    *,
    min_count: int = 1,
    uncertainty: None = None,
    **options: Unpack[WindowOptions],
) -> np.ndarray | u.Quantity: ...


@overload
def gaussian_smooth(
    flux: ArrayLike | u.Quantity,
    stddev: float | u.Quantity,
    *,
    min_count: int = 1,
    uncertainty: ArrayLike | u.Quantity,
    **options: Unpack[WindowOptions],
) -> Smoothed: ...


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
    return fit_windows(
        samples, windows, lambda x: np.exp(-0.5 * (x / sigma) ** 2), 0, int(min_count)
    )


@overload
def savgol_smooth(
    flux: ArrayLike | u.Quantity,
    width: int | u.Quantity,
    polyorder: int = 2,
    *,
    min_count: int | None = None,
    uncertainty: None = None,
    **options: Unpack[WindowOptions],
) -> np.ndarray | u.Quantity: ...


@overload
def savgol_smooth(
    flux: ArrayLike | u.Quantity,
    width: int | u.Quantity,
    polyorder: int = 2,
    *,
    min_count: int | None = None,
    uncertainty: ArrayLike | u.Quantity,
    **options: Unpack[WindowOptions],
) -> Smoothed: ...


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
    return fit_windows(samples, windows, np.ones_like, needed - 1, max(int(least), needed))


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
