"""Flagged pixels of an image, marked in a viewer."""

from __future__ import annotations

from typing import Any

import numpy as np
from glue_jupyter.bqplot.compatibility import ScatterGL

from ..jdaviz_compat import aligned_by_wcs
from .figure_marks import FigureMarks
from .image_frames import pixel_to_pixel

__all__ = ["MOST_MARKS", "FlaggedPixels", "count_text", "pixels_in_viewer"]

#: With more flagged pixels in view than this, none is marked: a browser slows down with them.
MOST_MARKS = 5000

_KEY = "flagged"
_STYLE = {"colors": ["#ff3d7f"], "marker": "circle", "default_size": 40, "fill": False}


def pixels_in_viewer(viewer: Any, image: Any, flagged: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where pixels of an image lie in a viewer.

    Parameters
    ----------
    viewer : glue image viewer
    image : glue.core.Data
    flagged : ndarray of bool, shape (ny, nx)

    Returns
    -------
    x, y : ndarray of float
        Of those that are true.
    """
    y, x = (index.astype(float) for index in np.nonzero(flagged))
    if aligned_by_wcs(viewer):
        return pixel_to_pixel(image, viewer.state.reference_data, x, y)
    return x, y


class FlaggedPixels:
    """The marks on flagged pixels in one viewer.

    Parameters
    ----------
    viewer : glue image viewer
    """

    def __init__(self, viewer: Any):
        self.viewer = viewer
        self._marks = FigureMarks()

    def draw(self, x: np.ndarray, y: np.ndarray) -> int:
        """Mark pixels, in place of those that are marked.

        Parameters
        ----------
        x, y : ndarray
            Where they lie in the viewer.

        Returns
        -------
        int
            How many there are in view; they are marked if that is not above `MOST_MARKS`.
        """
        state = self.viewer.state
        low_x, high_x = sorted((state.x_min, state.x_max))
        low_y, high_y = sorted((state.y_min, state.y_max))
        within = (x >= low_x) & (x <= high_x) & (y >= low_y) & (y <= high_y)
        count = int(within.sum())
        if count == 0 or count > MOST_MARKS:
            self._marks.remove([_KEY])
        else:
            values = {"x": x[within], "y": y[within]}
            self._marks.put(self.viewer, _KEY, ScatterGL, values, _STYLE)
        return count

    def remove(self) -> None:
        """Take the marks away."""
        self._marks.remove(list(self._marks))


def count_text(count: int) -> str:
    """Say how many flagged pixels are in view; nothing where there are none.

    Parameters
    ----------
    count : int

    Returns
    -------
    str
    """
    if count > MOST_MARKS:
        return f"{count} flagged pixels are in view; zoom in to see them marked."
    return f"{count} flagged pixel{'s are' if count > 1 else ' is'} in view." if count else ""
