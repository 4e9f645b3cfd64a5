"""Footprints on the sky: polygons as S_REGION has them, and whether they hold a place."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from ...errors import Stage3Error

__all__ = ["corners_of_region", "covers"]

_POLYGON = re.compile(r"^\s*POLYGON\s+(?:ICRS\s+)?((?:[-+\d.eE]+\s*)+)$", re.IGNORECASE)

# No detector is as small (radian), or as narrow by its length.
_SMALLEST, _NARROWEST = 1e-9, 1e-3


def corners_of_region(region: str) -> SkyCoord:
    """Return the corners of a footprint.

    Parameters
    ----------
    region : str
        ``S_REGION``: ``'POLYGON ICRS  ra dec ra dec …'``, degrees.

    Returns
    -------
    astropy.coordinates.SkyCoord, shape (n_corners,)
        ICRS, in the order of the polygon, the first one not repeated.

    Raises
    ------
    Stage3Error
        If it is no polygon of three corners or more, or one without an area.
    """
    found = _POLYGON.match(region)
    try:
        values = [float(word) for word in found[1].split()] if found else []
    except ValueError:
        values = []
    if len(values) >= 6 and len(values) % 2 == 0 and np.isfinite(values).all():
        ra, dec = np.array(values).reshape(-1, 2).T
        if len(ra) > 3 and (ra[0], dec[0]) == (ra[-1], dec[-1]):
            ra, dec = ra[:-1], dec[:-1]
        if (abs(dec) <= 90).all():
            corners = SkyCoord(ra, dec, unit="deg")
            if _has_no_area(corners):
                raise Stage3Error(f"S_REGION = {region!r} has no area: its corners are on one line")
            return corners
    raise Stage3Error(f"S_REGION = {region!r}, expected 'POLYGON ICRS ra dec ra dec …' in degrees")


def _has_no_area(corners: SkyCoord) -> bool:
    """Whether corners are in one place, or on one great circle."""
    _, length, width = np.linalg.svd(corners.cartesian.xyz.value.T, compute_uv=False)
    return bool(length < _SMALLEST or width < _NARROWEST * length)


def covers(footprints: Iterable[SkyCoord], position: SkyCoord) -> np.ndarray:
    """Return which of several footprints hold a place on the sky.

    Parameters
    ----------
    footprints : iterable of SkyCoord, each of shape (n_corners,)
        Polygons whose edges are great circles, smaller than a hemisphere.
    position : SkyCoord, scalar

    Returns
    -------
    ndarray of bool, shape (n_footprints,)
        A place on an edge may be told either way.
    """
    return np.array([_winds_around(corners, position) for corners in footprints], dtype=bool)


def _winds_around(corners: SkyCoord, position: SkyCoord) -> bool:
    """Whether a polygon goes round a place: the turns of its corners, seen from there, sum up.

    Directions on the sky from the place to the corners; each edge is turned through by less than
    half a circle, and the sum is a whole turn inside and none outside.
    """
    if (position.separation(corners) > 89 * u.deg).any():
        return False
    angle = position.position_angle(corners).rad
    steps = np.diff(angle, append=angle[:1])
    turns = (steps + np.pi) % (2 * np.pi) - np.pi
    return abs(turns.sum()) > np.pi
