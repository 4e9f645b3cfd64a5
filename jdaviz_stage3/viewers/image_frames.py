"""Positions in one image, on the sky, and in another image."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from astropy.coordinates import SkyCoord

from ..jdaviz_compat import aligned_by_wcs

__all__ = ["has_sky", "pixel_to_pixel", "to_frame", "to_image", "to_pixels", "unbounded"]


def has_sky(image: Any) -> bool:
    """Say whether an image has celestial coordinates.

    Parameters
    ----------
    image : glue.core.Data

    Returns
    -------
    bool
    """
    return bool(getattr(image.coords, "has_celestial", image.coords is not None))


def pixel_to_pixel(start: Any, end: Any, x: np.ndarray, y: np.ndarray):
    """Convert pixel positions of one image to those of another through the sky.

    Parameters
    ----------
    start, end : glue.core.Data
        Images with celestial coordinates.
    x, y : ndarray

    Returns
    -------
    tuple of ndarray
        x and y.
    """
    if start is end:
        return x, y
    return to_pixels(end, unbounded(start).pixel_to_world(x, y))


# Coordinates without their bounding box, by the image that they are of.
_unbounded_coords: WeakKeyDictionary = WeakKeyDictionary()


def unbounded(image: Any) -> Any:
    """Return coordinates of an image that hold beyond its edges, too; a gwcs gives NaN there.

    Parameters
    ----------
    image : glue.core.Data

    Returns
    -------
    astropy.wcs.WCS or gwcs.WCS
    """
    if getattr(image.coords, "bounding_box", None) is None:
        return image.coords
    if image not in _unbounded_coords:
        coords = deepcopy(image.coords)  # a shallow copy shares the box
        coords.bounding_box = None
        _unbounded_coords[image] = coords
    return _unbounded_coords[image]


def to_pixels(image: Any, sky: SkyCoord) -> tuple[np.ndarray, np.ndarray]:
    """Convert positions on the sky to pixels of an image, beyond its edges, too.

    Parameters
    ----------
    image : glue.core.Data
        With celestial coordinates.
    sky : SkyCoord

    Returns
    -------
    tuple of ndarray
        x and y.
    """
    x, y = unbounded(image).world_to_pixel(sky)
    return np.asarray(x, dtype=float), np.asarray(y, dtype=float)


def to_image(viewer: Any, image: Any, x: float, y: float) -> tuple[float, float]:
    """Convert a place in a viewer to pixels of an image that it shows.

    Parameters
    ----------
    viewer : glue image viewer
    image : glue.core.Data
    x, y : float
        In the viewer's frame.

    Returns
    -------
    x, y : float
    """
    reference = viewer.state.reference_data
    if not _by_sky(viewer, image):
        return float(x), float(y)
    found = pixel_to_pixel(reference, image, np.array(x, float), np.array(y, float))
    return float(found[0]), float(found[1])


def to_frame(viewer: Any, image: Any, x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Convert pixels of an image to what a viewer that shows it draws on.

    Parameters
    ----------
    viewer : glue image viewer
    image : glue.core.Data
    x, y : float or ndarray

    Returns
    -------
    x, y : ndarray
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    if not _by_sky(viewer, image):
        return x, y
    return pixel_to_pixel(image, viewer.state.reference_data, x, y)


def _by_sky(viewer: Any, image: Any) -> bool:
    """Whether the pixels of an image lie in a viewer where the sky says."""
    return aligned_by_wcs(viewer) and has_sky(image) and has_sky(viewer.state.reference_data)
