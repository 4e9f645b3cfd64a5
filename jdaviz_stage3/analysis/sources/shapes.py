"""Shapes of sources as they are seen in another frame, and the affine map between two frames."""

from __future__ import annotations

import numpy as np
from astropy import units as u
from numpy.typing import ArrayLike

from ...errors import Stage3Error

__all__ = ["affine_between", "projected_ellipses"]


def projected_ellipses(
    semimajor: ArrayLike | u.Quantity,
    semiminor: ArrayLike | u.Quantity,
    orientation: ArrayLike | u.Quantity,
    jacobian: ArrayLike,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the ellipses that sources' ellipses are in another frame.

    An ellipse is the image of the unit circle under the stretch by its semi-axes and the rotation
    by its orientation, ``R(orientation) @ diag(semimajor, semiminor)``. Times the Jacobian that is
    still a linear image of the circle; its singular values are the new semi-axes and its first
    left singular vector is the direction of the new major axis. So it is right in a frame that is
    rotated, flipped, scaled or sheared against the catalog's pixels.

    Parameters
    ----------
    semimajor, semiminor : array or Quantity, shape (n,)
        Semi-axes in the catalog's pixels (photutils' ``semimajor_sigma``, any multiple of it).
    orientation : array in radians or Quantity, shape (n,)
        Angle of the major axis from the catalog's +x pixel axis towards +y (photutils'
        ``orientation``).
    jacobian : array of float, shape (2, 2)
        Change of the other frame's (x, y) with the catalog's pixel (x, y).

    Returns
    -------
    semimajor, semiminor : ndarray of float, shape (n,)
        In the units of the other frame; NaN where anything is not finite or an axis is not
        positive.
    orientation : ndarray of float, shape (n,)
        Radians from the other frame's +x axis towards its +y axis, from -pi/2 to pi/2.

    Raises
    ------
    astropy.units.UnitConversionError
        If semi-axes have a unit other than pixels.
    """
    major, minor = (u.Quantity(axis, u.pix, dtype=float).value for axis in (semimajor, semiminor))
    angle = u.Quantity(orientation, u.rad, dtype=float).value
    usable = np.isfinite(major + minor + angle) & (major > 0) & (minor > 0)
    cosine, sine = np.cos(angle[usable]), np.sin(angle[usable])
    stretched = np.empty((np.count_nonzero(usable), 2, 2))
    stretched[:, 0, 0], stretched[:, 1, 0] = major[usable] * cosine, major[usable] * sine
    stretched[:, 0, 1], stretched[:, 1, 1] = -minor[usable] * sine, minor[usable] * cosine
    directions, axes, _ = np.linalg.svd(np.asarray(jacobian, dtype=float) @ stretched)
    out = np.full((3, len(major)), np.nan)
    out[0, usable], out[1, usable] = axes.T
    x, y = directions[:, 0, 0], directions[:, 1, 0]
    sign = np.where(x < 0, -1, 1)  # an axis has no direction
    out[2, usable] = np.arctan2(sign * y, sign * x)
    return out[0], out[1], out[2]


def affine_between(
    x_from: ArrayLike, y_from: ArrayLike, x_to: ArrayLike, y_to: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Return the affine map that best takes one set of positions to another.

    Parameters
    ----------
    x_from, y_from, x_to, y_to : array of float, shape (n,)
        The same points in both frames; those not finite in both are left out.

    Returns
    -------
    matrix : ndarray of float, shape (2, 2)
    offset : ndarray of float, shape (2,)
        ``matrix @ (x_from, y_from) + offset`` is (x_to, y_to) with the least sum of squares.

    Raises
    ------
    Stage3Error
        If fewer than 3 points are usable, or they lie on a line, which leaves the map undetermined.
    """
    values = np.array([x_from, y_from, x_to, y_to], dtype=float)
    values = values[:, np.isfinite(values).all(axis=0)]
    if values.shape[1] < 3:
        raise Stage3Error(f"{values.shape[1]} points in both frames; an affine map needs 3 or more")
    # Centred and scaled: positions are often large against their differences (degrees on the
    # sky), and the axes may have different units.
    centre = values.mean(axis=1, keepdims=True)
    centred = values - centre
    scale = np.abs(centred[:2]).max(axis=1, keepdims=True)
    if (scale > 0).all():
        # what the subtraction leaves of rounding errors must not count as a second dimension
        noise = 8 * np.finfo(float).eps * np.abs(values[:2]).max(axis=1, keepdims=True) / scale
        solution, _, rank, _ = np.linalg.lstsq(
            (centred[:2] / scale).T, centred[2:].T, rcond=max(1e-12, noise.max())
        )
        if rank == 2:
            matrix = solution.T / scale.T
            return matrix, (centre[2:] - matrix @ centre[:2])[:, 0]
    raise Stage3Error(
        f"{values.shape[1]} points on a line do not determine an affine map; add one off the line"
    )
