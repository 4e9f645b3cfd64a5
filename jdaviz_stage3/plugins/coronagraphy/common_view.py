"""One centre and one scale for all viewers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import Stage3Error
from ...jdaviz_compat import figure_size
from ...viewers.image_frames import to_frame
from .shown_image import ShownImage

__all__ = ["show_around"]


def show_around(viewer: Any, shown: ShownImage, star: tuple[float, float], width: float) -> None:
    """Show the star in the middle of a viewer.

    Parameters
    ----------
    viewer : glue image viewer
    shown : ShownImage
        An image in it.
    star : tuple of float
        x and y, pixels of the image.
    width : float
        Of the view, in arcsec: the shorter side of the viewer, so that viewers of equal size have
        one scale.

    Raises
    ------
    Stage3Error
        If the image has no scale.
    """
    if shown.scale is None:
        raise Stage3Error(f"{shown.label}: has no WCS, so that arcsec are not known in pixels")
    step = 1 / shown.scale.value  # pixels of the image, an arcsec long
    x, y = to_frame(viewer, shown.data, *np.array([star, (star[0] + step, star[1])]).T)
    arcsec = float(np.hypot(x[1] - x[0], y[1] - y[0]))  # in what the viewer draws on
    half_x = half_y = width / 2 * arcsec
    size = figure_size(viewer)
    if size is not None and min(size) > 0:
        half_x *= size[0] / min(size)
        half_y *= size[1] / min(size)
    with _together(viewer.state):
        viewer.state.x_min, viewer.state.x_max = float(x[0] - half_x), float(x[0] + half_x)
        viewer.state.y_min, viewer.state.y_max = float(y[0] - half_y), float(y[0] + half_y)


def _together(state: Any) -> Any:
    from echo import delay_callback

    return delay_callback(state, "x_min", "x_max", "y_min", "y_max")
