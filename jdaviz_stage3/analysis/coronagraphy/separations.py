"""Separations from the star: angles, pixels, and the rings of a contrast curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy import units as u

from ...errors import Stage3Error

__all__ = ["PixelAngles", "check_center", "check_positive", "check_width", "ring_radii"]

_FARTHEST = 10  # sizes of the image, from it to the star: rings farther out have endless elements


class PixelAngles:
    """Angles to pixels, and back where there is a scale.

    Parameters
    ----------
    scale : Quantity or None
        Arcsec per pixel.

    Raises
    ------
    Stage3Error
        If it is something else.
    """

    def __init__(self, scale: u.Quantity | None):
        self.scale: Any = scale
        if scale is None:
            return
        per_pixel = u.arcsec / u.pix
        is_angle = isinstance(scale, u.Quantity) and scale.unit.is_equivalent(u.arcsec)
        if is_angle:
            self.scale = scale / u.pix
        elif not isinstance(scale, u.Quantity) or not scale.unit.is_equivalent(per_pixel):
            raise Stage3Error(f"pixel_scale is {scale!r}, expected arcsec per pixel")
        if not self.scale > 0:
            raise Stage3Error(f"pixel_scale is {scale!r}, expected one above zero")

    def __call__(self, given: Any, name: str) -> Any:
        """Return a length in pixels."""
        if not isinstance(given, u.Quantity) or given.unit == u.dimensionless_unscaled:
            return np.asarray(given, float) if np.ndim(given) else float(given)
        if given.unit.is_equivalent(u.pix):
            return given.to_value(u.pix)
        if self.scale is None:
            raise Stage3Error(f"{name} is {given}: give pixel_scale, or {name} in pixels")
        try:
            return (given / self.scale).to_value(u.pix)
        except u.UnitConversionError as err:
            raise Stage3Error(f"{name} is {given}, expected an angle or pixels") from err

    def back(self, pixels: np.ndarray) -> u.Quantity:
        """Return angles.

        Parameters
        ----------
        pixels : ndarray of float

        Returns
        -------
        Quantity
            In arcsec; in pixels where there is no scale.
        """
        if self.scale is None:
            return pixels * u.pix
        return (pixels * u.pix * self.scale).to(u.arcsec)


def check_positive(**numbers: float) -> None:
    """Refuse what is no number above zero.

    Parameters
    ----------
    **numbers : float
        By their names.

    Raises
    ------
    Stage3Error
    """
    for name, value in numbers.items():
        if not np.isfinite(value) or value <= 0:
            raise Stage3Error(f"{name} is {value!r}, expected a number above zero")


def check_width(fwhm: float) -> None:
    """Refuse resolution elements that are smaller than a pixel: their sums are not independent.

    Parameters
    ----------
    fwhm : float
        In pixels.

    Raises
    ------
    Stage3Error
    """
    if not 1 <= fwhm < np.inf:
        raise Stage3Error(f"fwhm is {fwhm:.3g} pixels, expected 1 or more")


def check_center(center: Sequence[float], shape: tuple[int, int]) -> None:
    """Refuse a star that is nowhere, or nowhere near the image.

    Parameters
    ----------
    center : tuple of float
        x and y of the star, in pixels.
    shape : tuple of int
        Of the image.

    Raises
    ------
    Stage3Error
    """
    if not np.all(np.isfinite(center)):
        raise Stage3Error(f"the star is at {center!r}, expected x and y in pixels")
    if np.max(np.abs(center)) > _FARTHEST * max(shape):
        raise Stage3Error(
            f"the star is at x = {center[0]:.4g}, y = {center[1]:.4g}, far from the image of "
            f"{shape[1]} × {shape[0]} pixels"
        )


def ring_radii(
    separations: Any, inner: Any, outer: Any, center: Sequence[float], fwhm: float,
    shape: tuple[int, int], to_pixels: PixelAngles,
) -> np.ndarray:  # fmt: skip
    """Return the radii of the rings of a contrast curve, in pixels.

    Parameters
    ----------
    separations, inner, outer : Quantity, ndarray, float or None
        As of `contrast_curve`.
    center : tuple of float
        x and y of the star.
    fwhm : float
        In pixels.
    shape : tuple of int
        Of the image.
    to_pixels : PixelAngles

    Returns
    -------
    ndarray of float

    Raises
    ------
    Stage3Error
        If they are none.
    """
    check_center(center, shape)
    if separations is not None:
        radii = np.atleast_1d(to_pixels(separations, "separations"))
        if not np.all(np.isfinite(radii)) or np.any(radii <= 0):
            raise Stage3Error("separations must be above zero")
        return radii
    first = fwhm if inner is None else to_pixels(inner, "inner")
    if outer is None:
        rows, columns = np.array([0, shape[0] - 1]), np.array([0, shape[1] - 1])
        far = np.hypot(np.max(np.abs(columns - center[0])), np.max(np.abs(rows - center[1])))
        last = max(far, first)
    else:
        last = to_pixels(outer, "outer")
    if not 0 < first <= last:
        raise Stage3Error(f"inner is {first:.3g} and outer {last:.3g} pixels: from small to large")
    return np.arange(first, last * (1 + 1e-12), fwhm)
