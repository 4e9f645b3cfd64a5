"""How much of each pixel of an image a region holds."""

from __future__ import annotations

from typing import Any

import numpy as np
from regions import PixelRegion, SkyRegion

from ...errors import Stage3Error

__all__ = ["PixelWeights", "pixel_weights"]


class PixelWeights:
    """The share of each pixel that is in a region, and the window around those that are.

    Parameters
    ----------
    weights : ndarray of float, shape (ny, nx)
        Of a whole image, from 0 to 1; some above 0.

    Attributes
    ----------
    window : (slice, slice)
        Rows and columns that hold it.
    weights : ndarray of float64
        Within the window.
    area : float
        Their sum, in pixels.
    """

    def __init__(self, weights: np.ndarray):
        rows, columns = (np.flatnonzero(weights.any(axis=axis)) for axis in (1, 0))
        self.window = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        self.weights = np.asarray(weights[self.window], float)
        self.area = float(self.weights.sum())


def pixel_weights(region: Any, shape: tuple[int, int], wcs: Any, name: str) -> PixelWeights:
    """Find out how much of each pixel a region holds.

    Parameters
    ----------
    region : ndarray, regions.PixelRegion, regions.SkyRegion, or photutils aperture
        An array of an image's shape, of bool or of weights from 0 to 1. The shares of pixels are
        exact; of annuli and combined regions of ``regions``, which has none for them, the pixels
        whose centre is within count.
    shape : tuple of int
        (ny, nx) of an image.
    wcs : WCS or None
        Of an image, for regions on the sky.
    name : str
        Of the file, for messages.

    Returns
    -------
    PixelWeights

    Raises
    ------
    Stage3Error
        If it is no region, has another shape, weights outside of 0 to 1, or holds no pixel.
    """
    if isinstance(region, SkyRegion):
        if wcs is None:
            raise Stage3Error(f"{name}: a region on the sky, but no coordinates; give it in pixels")
        region = region.to_pixel(wcs)
    if isinstance(region, PixelRegion):
        try:
            found = region.to_mask(mode="exact")
        except NotImplementedError:  # of annuli and what is put together
            found = region.to_mask(mode="center")
        weights = found.to_image(shape)
    elif hasattr(region, "to_mask"):
        weights = region.to_mask(method="exact").to_image(shape)
    else:
        weights = np.asarray(region)
        if weights.shape != tuple(shape):
            sizes = [" × ".join(map(str, size)) or "one number" for size in (weights.shape, shape)]
            raise Stage3Error(f"{name}: a region of {sizes[0]} pixels, expected {sizes[1]}")
        if weights.dtype.kind not in "bfiu" or not np.all((weights >= 0) & (weights <= 1)):
            raise Stage3Error(f"{name}: a region of other weights than 0 to 1")
    if weights is None or not np.any(weights > 0):
        raise Stage3Error(f"{name}: the region holds no pixel of the images")
    return PixelWeights(np.asarray(weights))
