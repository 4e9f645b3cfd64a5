"""Resolution elements: circles of one FWHM that lie side by side on a ring around the star."""

from __future__ import annotations

from itertools import product

import numpy as np
from photutils.geometry import circular_overlap_grid
from scipy.ndimage import map_coordinates
from scipy.signal import oaconvolve

from ...errors import Stage3Error

__all__ = ["ElementSums", "SumGrid", "count_elements", "ring_elements"]

_TOLERANCE = 1e-9  # of counts and areas, for what rounding does
_MOST_NODES = 40_000_000  # of a grid of sums: 320 MB


def count_elements(radius: np.ndarray, fwhm: float) -> np.ndarray:
    """Return how many circles fit on rings without overlap.

    Parameters
    ----------
    radius : ndarray of float
        Of the rings, in pixels.
    fwhm : float
        Diameter of the circles, in pixels.

    Returns
    -------
    ndarray of int
        ⌊π / arcsin(FWHM / 2r)⌋, for the chord between neighbours is at least one FWHM; 0 where the
        ring is narrower than one circle.
    """
    radius = np.asarray(radius, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.arcsin(np.minimum(fwhm / (2 * radius), 1))
    count = np.floor(np.pi / share + _TOLERANCE)
    return np.where(radius < fwhm / 2 * (1 - _TOLERANCE), 0, count).astype(int)


def ring_elements(
    center: tuple[float, float], radius: float, fwhm: float, start: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres of the circles on one ring, equally spaced.

    Parameters
    ----------
    center : tuple of float
        x and y of the star.
    radius, fwhm : float
        In pixels.
    start : float, optional
        Angle of the first one from the x axis, in radians.

    Returns
    -------
    tuple of ndarrays
        x and y, each of shape (`count_elements`,).
    """
    count = int(count_elements(np.array(radius), fwhm))
    angle = start + 2 * np.pi * np.arange(count) / max(count, 1)
    return center[0] + radius * np.cos(angle), center[1] + radius * np.sin(angle)


class ElementSums:
    """Sums of an image over circles, with the part of each pixel that lies in them.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        What is not finite is excluded.
    fwhm : float
        Diameter of the circles, in pixels.
    coverage : float, optional
        How much of a circle must not be excluded, or outside of the image; for the others there is
        no sum. What is missing of a circle that has enough counts as its mean.
    power : int, optional
        Of the parts of pixels: 2 for sums of variances.
    """

    def __init__(self, image: np.ndarray, fwhm: float, coverage: float = 1.0, power: int = 1):
        self.fwhm, self.coverage, self.power = fwhm, coverage, power
        good = np.isfinite(image)
        self.values = np.where(good, image, 0).astype(float)
        self.good = good.astype(float)
        self._reach = int(np.ceil(fwhm / 2 + 0.5))

    @property
    def area(self) -> float:
        """Of a circle, in pixels."""
        return np.pi * (self.fwhm / 2) ** 2

    def at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the sums over circles at given places.

        Parameters
        ----------
        x, y : ndarray of float, shape (n,)
            Their centres.

        Returns
        -------
        ndarray of float, shape (n,)
            NaN where too much is excluded.
        """
        return np.array([self._one(*place) for place in zip(x, y, strict=True)], float)

    def _one(self, x: float, y: float) -> float:
        if not (np.isfinite(x) and np.isfinite(y)):
            return np.nan
        reach, radius = self._reach, self.fwhm / 2
        column, row = int(np.rint(x)), int(np.rint(y))
        ny, nx = self.values.shape
        low_x, high_x = max(column - reach, 0), min(column + reach + 1, nx)
        low_y, high_y = max(row - reach, 0), min(row + reach + 1, ny)
        if low_x >= high_x or low_y >= high_y:
            return np.nan
        weights = circular_overlap_grid(
            low_x - 0.5 - x, high_x - 0.5 - x, low_y - 0.5 - y, high_y - 0.5 - y,
            high_x - low_x, high_y - low_y, radius, 1, 1,
        )  # fmt: skip
        window = slice(low_y, high_y), slice(low_x, high_x)
        held = float((weights * self.good[window]).sum()) / self.area
        if held < self.coverage - _TOLERANCE or held <= 0:
            return np.nan
        total = float((weights**self.power * self.values[window]).sum())
        return total / min(held, 1.0) ** self.power


class SumGrid:
    """These sums at nodes between the pixels, for very many places.

    Exact at the nodes, and linear between them: with eight nodes a pixel and a circle of two pixels
    or more, that is within half a per cent of the scatter of the sums.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
    fwhm : float
    coverage : float, optional
        As of `ElementSums`.
    per_pixel : int, optional
        Nodes along the side of a pixel.

    Raises
    ------
    Stage3Error
        If the image has so many pixels that the grid would take much memory.
    """

    def __init__(self, image: np.ndarray, fwhm: float, coverage: float = 1.0, per_pixel: int = 8):
        ny, nx = image.shape
        if ny * nx * per_pixel**2 > _MOST_NODES:
            raise Stage3Error(
                f"an image of {nx} × {ny} pixels is too large for a map of signal to noise; "
                "give outer, the largest separation"
            )
        self.per_pixel = per_pixel
        sums = ElementSums(image, fwhm, coverage)
        reach = int(np.ceil(fwhm / 2 + 1))
        side = 2 * reach + 1
        self.nodes = np.empty((ny * per_pixel, nx * per_pixel))
        for i, j in product(range(per_pixel), repeat=2):
            # centred at (j, i) / per_pixel from the middle of a pixel
            edges = [offset / per_pixel for offset in (j, i)]
            x, y = (-reach - 0.5 - edges[0], -reach - 0.5 - edges[1])
            weights = circular_overlap_grid(
                x, x + side, y, y + side, side, side, fwhm / 2, 1, 1
            )[::-1, ::-1]  # fmt: skip
            held = oaconvolve(sums.good, weights, mode="same") / sums.area
            total = oaconvolve(sums.values, weights, mode="same")
            with np.errstate(divide="ignore", invalid="ignore"):
                total = np.where(held < coverage - 1e-6, np.nan, total / np.clip(held, None, 1.0))
            self.nodes[i::per_pixel, j::per_pixel] = total

    @property
    def at_pixels(self) -> np.ndarray:
        """The sums at the middle of each pixel, shape (ny, nx)."""
        return self.nodes[:: self.per_pixel, :: self.per_pixel]

    def at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the sums at given places.

        Parameters
        ----------
        x, y : ndarray of float
            Of any shape.

        Returns
        -------
        ndarray of float
            NaN where too much is excluded.
        """
        places = np.array([y, x]) * self.per_pixel
        return map_coordinates(self.nodes, places, order=1, mode="constant", cval=np.nan)
