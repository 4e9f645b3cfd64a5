"""The brightness of the star, and units of sums over pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.nddata import NDData
from scipy.special import j1

from ...errors import Stage3Error
from .elements import ElementSums

__all__ = ["airy_fraction", "as_image", "flux_scale", "peak_position", "star_in_unit"]

_MJY_SR = u.MJy / u.sr


def airy_fraction(diameter: float, pixel: float = 0.0) -> float:
    """Return how much of the light of a point source is in a circle around it.

    Parameters
    ----------
    diameter : float
        Of the circle, in λ/D.
    pixel : float, optional
        Side of a pixel, in λ/D. Light is spread over a pixel when it is detected, and again when
        parts of pixels are summed.

    Returns
    -------
    float
        Of a circular aperture without obstruction and aberrations, as a mean over where in a pixel
        the source is. Without pixels it is 1 - J₀²(πr) - J₁²(πr), r being the radius (Born & Wolf,
        8.5.2): 0.47 in one FWHM.

    Notes
    -----
    ∫ MTF(f) · R J₁(2πRf)/f · sinc²(p fₓ) sinc²(p f_y) d²f over the spatial frequencies f < D/λ that
    the aperture passes, with MTF = 2/π (arccos f - f √(1 - f²)), the pixel p and the radius R.
    """
    nodes, weights = np.polynomial.legendre.leggauss(80)
    f, turn = 0.5 * (nodes + 1), np.pi / 4 * (nodes + 1)
    transfer = 2 / np.pi * (np.arccos(f) - f * np.sqrt(1 - f**2))
    circle = diameter / 2 * j1(np.pi * diameter * f)  # the f of the area is that below J₁
    box = np.sinc(pixel * f[:, None] * np.cos(turn)) * np.sinc(pixel * f[:, None] * np.sin(turn))
    around = (box**2 * weights).sum(axis=1) * np.pi / 4 * 4  # four quadrants
    return float((transfer * circle * around * weights).sum() / 2)


def as_image(image: Any, mask: Any, what: str) -> tuple[np.ndarray, u.UnitBase]:
    """Check an image, and put NaN where it is masked.

    Parameters
    ----------
    image : ndarray, Quantity or NDData, shape (ny, nx)
        Masked arrays, too.
    mask : ndarray of bool, shape (ny, nx), or None
        True where a pixel is excluded.
    what : str
        What it is, for the error.

    Returns
    -------
    tuple
        A copy as float64, and the unit; none is dimensionless.

    Raises
    ------
    Stage3Error
        If it has another number of axes, or the mask another shape.
    """
    unit = u.Unit(getattr(image, "unit", None) or u.dimensionless_unscaled)
    values = getattr(image, "value", image)
    if isinstance(image, NDData):
        values = np.ma.array(image.data, mask=False if image.mask is None else image.mask)
    filled = np.ma.filled(np.ma.asanyarray(values).astype(float), np.nan)
    if filled.ndim != 2 or 0 in filled.shape:
        raise Stage3Error(f"{what} has shape {filled.shape}, expected one image (ny, nx)")
    filled = np.where(np.isfinite(filled), filled, np.nan)
    if mask is not None:
        mask = np.asarray(mask, bool)
        if mask.shape != filled.shape:
            raise Stage3Error(f"the mask has shape {mask.shape}, {what} {filled.shape}")
        filled[mask] = np.nan
    return filled, unit


def flux_scale(unit: u.UnitBase, pixel_area: u.Quantity | None) -> u.Quantity:
    """Return what a sum over pixels is to be multiplied with to be a flux density.

    Parameters
    ----------
    unit : Unit
        Of the image.
    pixel_area : Quantity or None
        Solid angle of a pixel (PIXAR_SR).

    Returns
    -------
    Quantity
        With a unit of Jy for surface brightnesses and flux densities; otherwise that of the image.

    Raises
    ------
    Stage3Error
        If it is a surface brightness, and the area is not known.
    """
    if unit.is_equivalent(_MJY_SR):
        area: Any = pixel_area
        is_area = isinstance(area, u.Quantity) and area.unit.is_equivalent(u.sr)
        if not is_area or not area > 0:
            raise Stage3Error(
                f"the image is in {unit}: give pixel_area, the solid angle of a pixel (PIXAR_SR), "
                f"for fluxes; found {pixel_area!r}"
            )
        return (1 * unit * area).to(u.Jy)
    if unit.is_equivalent(u.Jy):
        return (1 * unit).to(u.Jy)
    return 1 * unit


def star_in_unit(star_flux: Any, unit: u.UnitBase) -> float:
    """Return the flux of the star in the unit of the sums.

    Parameters
    ----------
    star_flux : Quantity or float
        A flux density; AB magnitudes, too. A bare number where the image has no unit.
    unit : Unit
        Of the sums over the image.

    Returns
    -------
    float

    Raises
    ------
    Stage3Error
        If it cannot be converted, or is not positive.
    """
    try:
        if isinstance(star_flux, u.Magnitude):
            value = float(star_flux.to_value(unit))
        else:
            value = float(u.Quantity(star_flux).to_value(unit))
    except (u.UnitsError, TypeError, ValueError) as err:
        expected = "a number" if unit == u.dimensionless_unscaled else f"a flux in {unit}"
        raise Stage3Error(f"the star's flux is {star_flux}, expected {expected}") from err
    if not np.isfinite(value) or value <= 0:
        raise Stage3Error(f"the star's flux is {star_flux}, expected one above zero")
    return value


def peak_position(psf: np.ndarray, fwhm: float) -> tuple[float, float]:
    """Return where the image of a point source is centred.

    Parameters
    ----------
    psf : ndarray, shape (ny, nx)
        NaN is left out.
    fwhm : float
        In pixels.

    Returns
    -------
    tuple of float
        x and y, from 0: the place around the brightest pixel at which the sum over one FWHM is
        largest, by a parabola through these sums at three places of each axis, a third of a FWHM
        apart.

    Raises
    ------
    Stage3Error
        If there is no positive pixel.
    """
    if not np.any(np.nan_to_num(psf) > 0):
        raise Stage3Error("the image of the point source has no pixel above zero")
    y, x = (float(i) for i in np.unravel_index(np.nanargmax(psf), psf.shape))
    sums = ElementSums(psf, fwhm, coverage=0.5)
    step = fwhm / 3
    for _ in range(8):
        around = np.array([-step, 0, step])
        shifts = [
            _vertex(sums.at(x + around, np.full(3, y)), step),
            _vertex(sums.at(np.full(3, x), y + around), step),
        ]
        x, y = x + shifts[0], y + shifts[1]
        if max(map(abs, shifts)) < 1e-4:
            break
    return x, y


def _vertex(values: np.ndarray, step: float) -> float:
    """Where the parabola through three values has its top, from the middle one."""
    left, middle, right = values
    bend = left - 2 * middle + right
    if not np.isfinite(bend) or bend >= 0:
        return 0.0
    return float(np.clip(step * (left - right) / (2 * bend), -step, step))
