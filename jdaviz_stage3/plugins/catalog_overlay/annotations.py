"""Legend and the line on the source under the cursor, over an image viewer."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from bqplot import LinearScale

from .drawing import CatalogMarks, Picture, view_of
from .legend import BOX, Legend
from .legend_entries import TEXT
from .scene import View

__all__ = ["Annotations"]

_STRIP = 26  # height of the line on the source under the cursor, screen pixels


class Annotations:
    """What stands still over the image while it moves.

    Parameters
    ----------
    viewer : glue image viewer
    """

    def __init__(self, viewer: Any):
        self._viewer = viewer
        scales = {axis: LinearScale(min=0, max=1, allow_padding=False) for axis in ("x", "y")}
        self.legend = Legend(viewer)
        self._caption = Picture(viewer, scales, on_top=True)

    def draw(self, marks: Sequence[CatalogMarks]) -> None:
        """Draw the legend of what is shown.

        Parameters
        ----------
        marks : sequence of CatalogMarks
            Those that draw something.
        """
        self.legend.draw(marks)

    def say(self, line: str) -> None:
        """Show a line of text at the bottom, nothing if it is empty."""
        view = view_of(self._viewer)
        if view is None or not line:
            self._caption.hide()
            return
        self._caption.show(
            [
                f'<rect width="{view.width:.0f}" height="{_STRIP}" {BOX}/>',
                f'<text x="10" y="17" {TEXT}>{escape(line)}</text>',
            ],
            View((0, 1), (0, min(_STRIP / view.height, 1.0)), view.width, _STRIP),
        )

    def remove(self) -> None:
        """Take everything out of the viewer."""
        self.legend.remove()
        self._caption.remove()
