"""The aperture with which the pipeline has extracted a spectrum from a cube."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from photutils.aperture import CircularAperture

from ...errors import Stage3Error
from ...readers.stored_cube import StoredCube
from .aperture import pixel_scale
from .planes import planes_of

__all__ = ["PipelineAperture", "pipeline_aperture"]

_PROBED = 25  # planes in which it is looked how much of the circle holds samples
_WHOLE = 0.998  # of a circle: what is missing is rounding
_HALVINGS = 30


@dataclass(frozen=True, eq=False)
class PipelineAperture:
    """Where the pipeline has summed a cube.

    Attributes
    ----------
    x, y : float
        Its centre in pixels, that of the first pixel at 0.
    wavelength : Quantity, shape (n,)
        Of the channels of the spectrum.
    radius : ndarray of float, shape (n,), or None
        In pixels, NaN where nothing was summed; None where it was the whole field.
    n_pixels : ndarray of float, shape (n,)
        How many pixels the pipeline has summed: NPIXELS.
    coverage : float
        The least part of the circle that holds samples, of the planes that were looked at.
    center : SkyCoord or None
        None where the cube has no celestial coordinates.
    arcsec : float
        Side of a pixel; NaN where it is not known.
    target : SkyCoord or None
        TARG_RA, TARG_DEC.
    """

    x: float
    y: float
    wavelength: u.Quantity
    radius: np.ndarray | None
    n_pixels: np.ndarray
    coverage: float
    center: SkyCoord | None
    arcsec: float
    target: SkyCoord | None

    def radius_at(self, wavelength: u.Quantity) -> float:
        """Return the radius at the channel nearest to a wavelength.

        Parameters
        ----------
        wavelength : Quantity

        Returns
        -------
        float
            In pixels; NaN where it is the whole field.
        """
        if self.radius is None:
            return np.nan
        nearest = np.argmin(np.abs(self.wavelength - wavelength))
        return float(self.radius[nearest])


def pipeline_aperture(
    cube: StoredCube,
    meta: Mapping[str, Any],
    wavelength: u.Quantity,
    n_pixels: np.ndarray | None,
) -> PipelineAperture:
    """Find where the pipeline has summed, from what it says in the spectrum.

    Parameters
    ----------
    cube : StoredCube
        What it was extracted from.
    meta : mapping
        Keywords of the spectrum's extension: EXTR_X, EXTR_Y, SRCTYPE.
    wavelength : Quantity, shape (n,)
        Column WAVELENGTH of the spectrum.
    n_pixels : ndarray of float, shape (n,), or None
        Column NPIXELS.

    Returns
    -------
    PipelineAperture

    Raises
    ------
    Stage3Error
        If the spectrum does not say it.

    Notes
    -----
    ``extract_1d`` (jwst 3.0.0) writes the centre in pixels from 0 and no radius: that comes from a
    reference file. NPIXELS is the area of the circle where WMAP is not 0, so that the radius is
    √(NPIXELS/π) where samples fill the circle. Where they do not, it is the circle that holds
    NPIXELS of them, found in some planes and interpolated between these, for the radius is smooth.
    For extended sources (SRCTYPE is EXTENDED) the whole field is summed.
    """
    x, y = (meta.get(key) for key in ("EXTR_X", "EXTR_Y"))
    if not all(isinstance(value, (int, float)) and np.isfinite(value) for value in (x, y)):
        raise Stage3Error(
            f"does not say where it was extracted (EXTR_X = {x!r}, EXTR_Y = {y!r}); expected two "
            "numbers, as extract_1d writes them"
        )
    assert isinstance(x, (int, float)) and isinstance(y, (int, float))
    _, ny, nx = cube.shape
    if not (-0.5 <= x <= nx - 0.5 and -0.5 <= y <= ny - 0.5):
        raise Stage3Error(
            f"was extracted at x = {x:g}, y = {y:g} (EXTR_X, EXTR_Y), outside of the {nx} × {ny} "
            "pixels of the cube; is it the x1d of this cube?"
        )
    if n_pixels is None:
        raise Stage3Error("has no column NPIXELS, which the radius of its aperture follows from")
    planes = planes_of(cube)
    celestial = bool(cube.wcs.has_celestial)
    center = cube.wcs.celestial.pixel_to_world(x, y).icrs if celestial else None
    scale = pixel_scale(planes) if celestial else np.nan
    pixels = np.asarray(n_pixels, float)
    radius, coverage = None, 1.0
    if str(meta.get("SRCTYPE", "")).upper() != "EXTENDED":
        with np.errstate(invalid="ignore"):
            radius = np.where(pixels > 0, np.sqrt(pixels / np.pi), np.nan)
        radius, coverage = _filled(cube, (float(x), float(y)), wavelength, pixels, radius)
    return PipelineAperture(
        float(x), float(y), wavelength, radius, pixels, coverage, center, scale, _target(cube.meta)
    )


def _target(meta: Mapping[str, Any]) -> SkyCoord | None:
    ra, dec = meta.get("TARG_RA"), meta.get("TARG_DEC")
    known = all(isinstance(value, (int, float)) and np.isfinite(value) for value in (ra, dec))
    return SkyCoord(ra, dec, unit="deg") if known else None


def _filled(
    cube: StoredCube,
    place: tuple[float, float],
    wavelength: u.Quantity,
    pixels: np.ndarray,
    radius: np.ndarray,
) -> tuple[np.ndarray, float]:
    """The radius where a part of the circle holds no samples, and how much of it does."""
    known = np.flatnonzero(np.isfinite(radius))
    if not known.size:
        raise Stage3Error("was summed over no pixel at any wavelength (NPIXELS)")
    probed = known[np.unique(np.linspace(0, len(known) - 1, _PROBED).astype(int))]
    axis = cube.spectral_axis
    found, coverage = [], []
    for channel in probed:
        plane = int(np.argmin(np.abs(axis - wavelength[channel])))
        covered = cube.covered((plane,))
        if pixels[channel] * _WHOLE > covered.sum():
            raise Stage3Error(
                f"was summed over {pixels[channel]:.5g} pixels at {wavelength[channel]:.5g} "
                f"(NPIXELS), but the cube has {covered.sum()} there; is it the x1d of this cube?"
            )
        part = _held(place, radius[channel], covered) / pixels[channel]
        wanted = radius[channel]
        if part < _WHOLE:
            wanted = _solved(place, pixels[channel], covered, radius[channel])
        found.append(wanted)
        coverage.append(pixels[channel] / (np.pi * wanted**2))
    if min(coverage) >= _WHOLE:
        return radius, 1.0
    order = np.argsort(wavelength[probed].value)
    smooth = np.interp(wavelength.value, wavelength[probed].value[order], np.array(found)[order])
    return np.where(np.isfinite(radius), smooth, np.nan), float(min(coverage))


def _held(place: tuple[float, float], radius: float, covered: np.ndarray) -> float:
    """Area of a circle that holds samples, in pixels."""
    image = CircularAperture(place, radius).to_mask(method="exact").to_image(covered.shape)
    return 0.0 if image is None else float(np.sum(image * covered))


def _solved(place: tuple[float, float], pixels: float, covered: np.ndarray, radius: float) -> float:
    """The radius of the circle that holds so many samples."""
    low, high = radius, radius + float(np.hypot(*covered.shape))
    if _held(place, high, covered) < pixels * _WHOLE:
        return radius  # more than there are: of another cube
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _held(place, middle, covered) < pixels else (low, middle)
    return high
