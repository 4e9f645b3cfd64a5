"""What is drawn over a stack, and what is done in its viewers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from bqplot import Scatter

from ...loaders.stack_data import StackData
from ...readers.quality import dq_mask
from ...viewers.figure_marks import FigureMarks
from ...viewers.flagged_pixels import FlaggedPixels, pixels_in_viewer

__all__ = ["StackMarks"]

_LIMITS = ("x_min", "x_max", "y_min", "y_max")
_PLACE = {"colors": ["#ffb000"], "marker": "cross", "default_size": 120, "fill": False}


class StackMarks:
    """The marks in one viewer.

    Parameters
    ----------
    viewer : glue image viewer
    on_click : callable
        Called with x and y in the viewer's frame where the user clicks.
    on_move : callable
        Called when the limits of the viewer have changed.
    """

    def __init__(
        self,
        viewer: Any,
        on_click: Callable[[float, float], None],
        on_move: Callable[[], None],
    ):
        self.viewer = viewer
        self._flagged = FlaggedPixels(viewer)
        self._place = FigureMarks()
        self._known: tuple[Any, tuple[np.ndarray, np.ndarray]] | None = None
        self._on_click, self._on_move = on_click, on_move
        for limit in _LIMITS:
            viewer.state.add_callback(limit, self._moved)
        viewer.add_event_callback(self._done, events=["click"])

    def _moved(self, *_: Any) -> None:
        self._on_move()

    def _done(self, event: dict) -> None:
        self._on_click(event["domain"]["x"], event["domain"]["y"])

    def draw_flagged(self, data: StackData, flags: tuple[str, ...]) -> int:
        """Mark the flagged pixels of the frame that is shown.

        Parameters
        ----------
        data : StackData
        flags : tuple of str
            Names; none for no marks.

        Returns
        -------
        int
            How many there are in view: see `jdaviz_stage3.viewers.flagged_pixels.FlaggedPixels`.
        """
        found = data.flags() if flags else None
        if found is None:
            self._flagged.remove()
            return 0
        key = (data.label, data.index, flags, self.viewer.state.reference_data)
        if self._known is None or self._known[0] != key:
            self._known = (key, pixels_in_viewer(self.viewer, data, dq_mask(found, flags)))
        return self._flagged.draw(*self._known[1])

    def draw_place(self, place: tuple[Any, Any] | None) -> None:
        """Mark a place, x and y in the viewer's frame, or none."""
        if place is None:
            self._place.remove(["place"])
            return
        values = {axis: np.atleast_1d(at) for axis, at in zip("xy", place, strict=True)}
        self._place.put(self.viewer, "place", Scatter, values, _PLACE)

    def close(self) -> None:
        """Take everything out of the viewer, and no longer listen to it."""
        for limit in _LIMITS:
            self.viewer.state.remove_callback(limit, self._moved)
        self.viewer.remove_event_callback(self._done)
        self._flagged.remove()
        self._place.remove(["place"])
