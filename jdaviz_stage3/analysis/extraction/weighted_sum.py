"""Sums over pixels with weights, as the pipeline's box extraction makes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import Stage3Error

__all__ = ["ExtractedSum", "weighted_sum"]


@dataclass(frozen=True, eq=False)
class ExtractedSum:
    """Sums of an image or a cube over its pixels, one for each wavelength.

    Attributes
    ----------
    flux : ndarray, shape (n_wave,)
        NaN where no pixel is left.
    uncertainty : ndarray, shape (n_wave,), or None
        Standard deviation, for errors that are independent from pixel to pixel; resampling has
        made them less so, and the true ones larger.
    n_pixels : ndarray, shape (n_wave,)
        The sum of the weights that are left.
    n_missing : int
        How many pixels in the window were left out, in all.
    """

    flux: np.ndarray
    uncertainty: np.ndarray | None
    n_pixels: np.ndarray
    n_missing: int


def weighted_sum(
    flux: np.ndarray,
    weights: np.ndarray,
    uncertainty: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    axis: int | tuple[int, ...] = 0,
) -> ExtractedSum:
    """Sum over pixels with weights.

    Σ wᵢ fᵢ, with the variance Σ wᵢ² σᵢ². Pixels that are masked or not finite are left out, and
    nothing is put in their place: the sum is too small there.

    Parameters
    ----------
    flux : ndarray
    weights : ndarray, same shape
        Zero or more.
    uncertainty : ndarray, same shape, optional
        Standard deviations; one that is not finite makes that of the sum NaN.
    mask : ndarray of bool, same shape, optional
        True is left out.
    axis : int or tuple of int, optional
        The axes to sum over.

    Returns
    -------
    ExtractedSum

    Raises
    ------
    Stage3Error
        If the shapes differ.
    """
    arrays = [array for array in (weights, uncertainty, mask) if array is not None]
    if any(array.shape != flux.shape for array in arrays):
        found = ", ".join(str(array.shape) for array in (flux, *arrays))
        raise Stage3Error(f"flux, weights, uncertainty and mask differ in shape ({found})")
    wanted = weights > 0
    good = wanted & np.isfinite(flux)
    if mask is not None:
        good &= ~mask
    used = np.where(good, weights, 0.0)
    n_pixels = used.sum(axis=axis)
    total = np.where(good, flux, 0.0) * used
    summed = np.where(n_pixels > 0, total.sum(axis=axis), np.nan)
    error = None
    if uncertainty is not None:
        variance = (np.where(good, uncertainty, 0.0).astype(float) * used) ** 2
        error = np.where(n_pixels > 0, np.sqrt(variance.sum(axis=axis)), np.nan)
    return ExtractedSum(summed, error, n_pixels, int((wanted & ~good).sum()))
