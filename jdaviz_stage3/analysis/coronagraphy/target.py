"""Where the star is in a coronagraphic image, and where north is."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from ...errors import Stage3Error

__all__ = ["TargetPosition", "north_and_east", "pixel_scale_of", "target_position"]

_MOST_UNEQUAL = 0.03  # sides of pixels; those of NIRCam's and MIRI's detectors differ by up to 1 %
_ARROW = 1.0 * u.arcsec  # how far north and east are followed


@dataclass(frozen=True)
class TargetPosition:
    """A star's place in an image.

    Attributes
    ----------
    x, y : float
        Pixels, counted from 0.
    how : str
        ``'TARG_RA, TARG_DEC'``, ``'CRPIX'`` or ``'frame'``.
    words : str
        That in a sentence, with why no better way was open.
    sky : SkyCoord or None
        Of TARG_RA and TARG_DEC, where it was found by them.
    """

    x: float
    y: float
    how: str
    words: str
    sky: SkyCoord | None = None

    @property
    def xy(self) -> tuple[float, float]:
        """Both coordinates."""
        return self.x, self.y


def target_position(meta: Mapping[str, Any], wcs: Any, shape: tuple[int, int]) -> TargetPosition:
    """Find the target in an image: by its coordinates, by the reference pixel, or in the middle.

    Parameters
    ----------
    meta : mapping
        Keywords: TARG_RA and TARG_DEC (degrees, ICRS), CRPIX1 and CRPIX2 where there is no WCS.
    wcs : astropy.wcs.WCS or gwcs.WCS or None
        Celestial, of two axes.
    shape : tuple of int
        ny and nx.

    Returns
    -------
    TargetPosition

    Notes
    -----
    TARG_RA and TARG_DEC are those of the middle of the exposure: proper motion is in them already
    (keyword dictionary of ``stdatamodels``), so MU_RA and MU_DEC are not applied again. Through the
    WCS they are as good as the pointing. The reference pixel of an exposure is the reference
    position of its aperture, where the mask is; that of a mosaic is where resampling has put it. A
    way whose position is outside of the image is passed over, and that is said.
    """
    ny, nx = shape
    passed = []
    sky = _target_on_sky(meta)
    if sky is None:
        passed.append("TARG_RA and TARG_DEC are not given")
    elif wcs is None or not getattr(wcs, "has_celestial", True):
        passed.append("there is no celestial WCS for TARG_RA and TARG_DEC")
    else:
        with warnings.catch_warnings():
            # of distortions that are not inverted far outside of the image
            warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
            warnings.filterwarnings("ignore", ".*failed to converge", UserWarning)
            x, y = (float(axis) for axis in wcs.world_to_pixel(sky))
        if _inside(x, y, shape):
            return TargetPosition(
                x, y, "TARG_RA, TARG_DEC", _sentence("TARG_RA and TARG_DEC through the WCS"), sky
            )
        place = f" (x = {x:.1f}, y = {y:.1f})" if np.isfinite(x) and np.isfinite(y) else ""
        passed.append(f"TARG_RA and TARG_DEC lie outside the image{place}")
    pixel = _reference_pixel(meta, wcs)
    if pixel is None:
        passed.append("there is no CRPIX")
    elif _inside(*pixel, shape):
        return TargetPosition(*pixel, "CRPIX", _sentence("the reference pixel (CRPIX)", passed))
    else:
        passed.append(f"CRPIX lies outside the image (x = {pixel[0]:.1f}, y = {pixel[1]:.1f})")
    return TargetPosition(
        (nx - 1) / 2, (ny - 1) / 2, "frame", _sentence("the middle of the image", passed)
    )


def _target_on_sky(meta: Mapping[str, Any]) -> SkyCoord | None:
    try:
        place = float(meta["TARG_RA"]), float(meta["TARG_DEC"])
    except (KeyError, TypeError, ValueError):
        return None
    if not np.all(np.isfinite(place)) or abs(place[1]) > 90:
        return None
    return SkyCoord(*place, unit="deg", frame="icrs")


def _reference_pixel(meta: Mapping[str, Any], wcs: Any) -> tuple[float, float] | None:
    """CRPIX, counted from 0."""
    given: Any = getattr(getattr(wcs, "wcs", None), "crpix", None)
    if given is None:
        given = meta.get("CRPIX1"), meta.get("CRPIX2")
    try:
        x, y = (float(value) - 1 for value in given)
    except (TypeError, ValueError):
        return None
    return (x, y) if np.isfinite(x) and np.isfinite(y) else None


def _inside(x: float, y: float, shape: tuple[int, int]) -> bool:
    return bool(-0.5 <= x < shape[1] - 0.5 and -0.5 <= y < shape[0] - 0.5)


def _sentence(what: str, passed: list[str] | None = None) -> str:
    return f"The target is at {what}" + (f": {'; '.join(passed)}." if passed else ".")


def pixel_scale_of(wcs: Any, x: float, y: float) -> u.Quantity | None:
    """Return the side of a pixel on the sky.

    Parameters
    ----------
    wcs : astropy.wcs.WCS or gwcs.WCS or None
        Celestial, of two axes.
    x, y : float
        Where, in pixels counted from 0.

    Returns
    -------
    Quantity or None
        In arcsec per pixel; the mean of both sides. None without a WCS.

    Raises
    ------
    Stage3Error
        If the sides differ by more than 3 %: a circle on the sky is none in pixels then.
    """
    if wcs is None or not getattr(wcs, "has_celestial", True):
        return None
    here = wcs.pixel_to_world(x, y)
    sides = [
        here.separation(wcs.pixel_to_world(x + dx, y + dy)).to_value(u.arcsec)
        for dx, dy in ((1, 0), (0, 1))
    ]
    if not np.all(np.isfinite(sides)) or min(sides) <= 0:
        return None
    if abs(sides[0] / sides[1] - 1) > _MOST_UNEQUAL:
        raise Stage3Error(
            f"pixels are {sides[0]:.4g} × {sides[1]:.4g} arcsec, expected squares: a circle on the "
            "sky is none in pixels"
        )
    return np.mean(sides) * u.arcsec / u.pix


def north_and_east(wcs: Any, x: float, y: float) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the directions of north and east in an image.

    Parameters
    ----------
    wcs : astropy.wcs.WCS or gwcs.WCS or None
        Celestial, of two axes.
    x, y : float
        Where, in pixels counted from 0.

    Returns
    -------
    tuple of two ndarrays, or None
        Unit vectors (x, y) in pixels; None without a WCS.
    """
    if wcs is None or not getattr(wcs, "has_celestial", True):
        return None
    here = wcs.pixel_to_world(x, y)
    found = []
    for angle in (0, 90) * u.deg:  # position angles are from north through east
        ends = np.array(wcs.world_to_pixel(here.directional_offset_by(angle, _ARROW)), float)
        step = ends - (x, y)
        if not np.all(np.isfinite(step)):
            return None
        found.append(step / np.hypot(*step))
    return found[0], found[1]
