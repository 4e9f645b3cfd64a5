"""Where the sources of a catalog lie in an image viewer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.coordinates import SkyCoord

from ...analysis import affine_between
from ...errors import Stage3Error
from ...jdaviz_compat import aligned_by_wcs, images_in, images_of
from ...origin import of_suffix, root_of
from ...viewers.image_frames import has_sky, pixel_to_pixel, to_pixels
from .sources import Sources

__all__ = ["SourcePositions", "image_of", "source_positions"]

# Images pixels over which the scale and rotation between two frames are taken.
_BASELINE = 10.0


@dataclass(frozen=True)
class SourcePositions:
    """Positions of the sources in the frame that a viewer draws in.

    Attributes
    ----------
    x, y : ndarray, shape (n,)
        Pixels of the viewer's reference frame; NaN where a source has no position.
    jacobian : ndarray, shape (2, 2), or None
        How the frame's pixels change with those of the catalog's own image; None if unknown.
    frame : {'sky', 'pixels'}
        Which positions of the catalog they come from.
    on_image : ndarray of bool, shape (n,), or None
        Which sources fall on an image of the viewer; None if that cannot be said.
    """

    x: np.ndarray
    y: np.ndarray
    jacobian: np.ndarray | None
    frame: str
    on_image: np.ndarray | None


def image_of(sources: Sources, viewer: Any, *, anywhere: bool = False) -> Any | None:
    """Return the image that a catalog was made from, where it is loaded.

    Parameters
    ----------
    sources : Sources
    viewer : glue image viewer
    anywhere : bool, optional
        Look in the whole app, not among the viewer's layers only.

    Returns
    -------
    glue.core.Data or None
        The mosaic of the same observation and filter, or else its segmentation map, which has the
        same pixels.
    """
    if not sources.root:
        return None
    images = images_of(viewer) if anywhere else images_in(viewer)
    own = [image for image in images if root_of(image) == sources.root]
    return min(own, key=lambda image: not of_suffix(image, "i2d"), default=None)


def source_positions(sources: Sources, viewer: Any, use: str = "Auto") -> SourcePositions:
    """Return where the sources lie in a viewer.

    Parameters
    ----------
    sources : Sources
    viewer : glue image viewer
    use : {'Auto', 'Sky', 'Pixels'}
        Which of the catalog's positions; 'Auto' takes pixels where the viewer is aligned by
        pixels and shows the catalog's own image, and sky positions elsewhere.

    Returns
    -------
    SourcePositions

    Raises
    ------
    Stage3Error
        If the positions that there are cannot be placed on what the viewer shows.
    """
    reference = viewer.state.reference_data
    if reference is None:
        raise Stage3Error(f"{viewer.reference}: shows no image to lay {sources.name} on")
    by_wcs = aligned_by_wcs(viewer)
    own = image_of(sources, viewer)
    if use == "Pixels" or (use == "Auto" and own is not None and not by_wcs and sources.pixels):
        found = _from_pixels(sources, viewer, own, by_wcs)
    elif sources.sky is not None and has_sky(reference):
        found = _from_sky(sources, viewer, reference, own)
    elif use == "Auto" and sources.pixels is not None and own is not None:
        found = _from_pixels(sources, viewer, own, by_wcs)
    else:
        raise Stage3Error(_why_not(sources, reference, own, use))
    own_positions = sources.sky if found.frame == "sky" else sources.pixels
    if not np.isfinite(own_positions[0] + own_positions[1]).any():
        raise Stage3Error(f"{sources.name}: none of its {len(sources)} sources has a position")
    return found


def _why_not(sources: Sources, reference: Any, own: Any, use: str) -> str:
    if use == "Sky" and sources.sky is None:
        return f"{sources.name}: has no sky positions; set positions to 'Auto' or 'Pixels'"
    if sources.sky is not None:
        return (
            f"{sources.name}: has sky positions, but {reference.label} has no WCS to place them; "
            "if the catalog was made from that image, set positions to 'Pixels'"
        )
    if own is None:
        return (
            f"{sources.name}: has pixel positions only, and the image they belong to is not in "
            "this viewer; add it, or set positions to 'Pixels' if they are pixels of what is shown"
        )
    return (
        f"{sources.name}: has pixel positions only, and {own.label} has no WCS to place them "
        "where images are aligned by WCS; align by pixels in the Orientation plugin"
    )


def _from_pixels(sources: Sources, viewer: Any, own: Any, by_wcs: bool) -> SourcePositions:
    if sources.pixels is None:
        raise Stage3Error(
            f"{sources.name}: has no pixel positions (xcentroid, ycentroid); set positions to 'Sky'"
        )
    x, y = sources.pixels
    if not by_wcs:
        image = own if own is not None else viewer.state.reference_data
        return SourcePositions(x, y, np.eye(2), "pixels", _inside(x, y, image))
    if own is None or not has_sky(own):
        raise Stage3Error(
            f"{sources.name}: pixel positions need the WCS of their image where images are aligned "
            "by WCS; load it into this viewer, or align by pixels in the Orientation plugin"
        )
    reference = viewer.state.reference_data
    there = pixel_to_pixel(own, reference, x, y)
    return SourcePositions(*there, _jacobian(own, reference, x, y), "pixels", _inside(x, y, own))


def _from_sky(sources: Sources, viewer: Any, reference: Any, own: Any) -> SourcePositions:
    by_wcs = aligned_by_wcs(viewer)
    # aligned by pixels, its own image is drawn on the pixels of the reference
    frame = own if own is not None and not by_wcs and has_sky(own) else reference
    x, y = to_pixels(frame, SkyCoord(*sources.sky, unit="deg"))
    image = own if own is not None else image_of(sources, viewer, anywhere=True)
    jacobian = np.eye(2) if frame is own else None
    if jacobian is None and image is not None and has_sky(image) and sources.pixels is not None:
        jacobian = _jacobian(image, reference, *sources.pixels)
    if jacobian is None and sources.pixels is not None:
        # Its image is not here, but the catalog holds both positions of each source.
        try:
            jacobian, _ = affine_between(*sources.pixels, x, y)
        except Stage3Error:
            jacobian = None
    return SourcePositions(x, y, jacobian, "sky", _on_any_image(viewer, reference, x, y))


def _on_any_image(viewer: Any, reference: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray | None:
    """Which positions in the reference frame fall on an image that the viewer shows."""
    images = images_in(viewer)
    if not images:
        return None
    on_image = np.zeros(len(x), dtype=bool)
    for image in images:
        if image is reference:
            on_image |= _inside(x, y, image)
        elif has_sky(image) and aligned_by_wcs(viewer):
            on_image |= _inside(*pixel_to_pixel(reference, image, x, y), image)
        elif not aligned_by_wcs(viewer):
            on_image |= _inside(x, y, image)
    return on_image


def _inside(x: np.ndarray, y: np.ndarray, image: Any) -> np.ndarray:
    ny, nx = image.shape
    return (x >= -0.5) & (x < nx - 0.5) & (y >= -0.5) & (y < ny - 0.5)


def _jacobian(image: Any, reference: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray | None:
    """Change of the reference frame's pixels with the image's, at the middle of the sources.

    None where that is not on the reference frame.

    Resampled images are tangent projections, so one matrix holds for all of the image to the
    second order in its size (3e-6 for 0.1 degrees).
    """
    there = np.isfinite(x + y)
    centre = image.shape[1] / 2, image.shape[0] / 2
    if there.any():
        centre = np.median(x[there]), np.median(y[there])
    half = _BASELINE / 2
    px = centre[0] + half * np.array([-1, 1, 0, 0])
    py = centre[1] + half * np.array([0, 0, -1, 1])
    rx, ry = pixel_to_pixel(image, reference, px, py)
    matrix = np.array([[rx[1] - rx[0], rx[3] - rx[2]], [ry[1] - ry[0], ry[3] - ry[2]]]) / _BASELINE
    return matrix if np.isfinite(matrix).all() else None
