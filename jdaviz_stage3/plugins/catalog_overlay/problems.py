"""What could not be drawn of a catalog as it was asked for, in words."""

from __future__ import annotations

import numpy as np

from .canvas import OverlayCanvas
from .overlay import Overlay

__all__ = ["problems_of"]


def problems_of(overlay: Overlay, canvas: OverlayCanvas) -> list[str]:
    """Return what could not be drawn of a catalog in one viewer, as sentences.

    Parameters
    ----------
    overlay : Overlay
    canvas : OverlayCanvas
        That of the viewer.

    Returns
    -------
    list of str
    """
    marks = canvas.marks.get(overlay)
    if marks is None:
        return []
    if marks.problem:
        return [f"{marks.problem}."]
    if marks.scene is None:
        return []
    found: list[str] = []
    positions = overlay.positions_in(canvas.viewer)
    if positions.on_image is not None and not positions.on_image.any():
        found.append(
            f"{overlay.sources.name}: 0 of {len(overlay.sources)} sources fall on the "
            f"image in {canvas.viewer.reference}; is it a catalog of another field?"
        )
    lost = np.count_nonzero(overlay.passing & ~np.isfinite(positions.x + positions.y))
    if lost:
        found.append(f"Sources without a position here, not drawn: {lost}.")
    ends = (overlay.settings.color_min, overlay.settings.color_max)
    if overlay.settings.color_by and overlay.color_is_log:
        if any(end is not None and end <= 0 for end in ends):
            found.append("A logarithmic color stretch needs positive ends; they are left out.")
    if marks.scene.without_shape:
        found.append(
            f"{marks.scene.without_shape} sources have no positive axes and are drawn as "
            "small crosses."
        )
    if canvas.segments[overlay].too_many:
        found.append("Too many segments in view to outline; zoom in to see them.")
    return found
