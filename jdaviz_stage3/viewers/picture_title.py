"""What is shown of a stack, written into the upper left corner of an image viewer."""

from __future__ import annotations

from typing import Any
from weakref import ref

from bqplot import Label, LinearScale
from glue.core import Data, HubListener
from glue.core.message import NumericalDataChangedMessage

from ..jdaviz_compat import kept_with
from .figure_marks import FigureMarks

__all__ = ["PictureTitle", "show_picture_title"]

# Twice, dark behind bright: it is read on any colour.
_STYLES = {
    "behind": {"colors": ["#000000"], "x_offset": 11, "y_offset": 23},
    "front": {"colors": ["#ffffff"], "x_offset": 10, "y_offset": 22},
}
_COMMON = {"default_size": 14, "font_weight": "bold", "align": "start", "enable_hover": False}


class PictureTitle(HubListener):
    """The title of the topmost image of a viewer, where that is of a stack.

    Parameters
    ----------
    viewer : glue image viewer
    """

    def __init__(self, viewer: Any):
        self._viewer = ref(viewer)  # which it is kept for
        self._marks = FigureMarks()
        scales = {axis: LinearScale(min=0, max=1, allow_padding=False) for axis in ("x", "y")}
        for key, style in _STYLES.items():
            values = {"x": [0.0], "y": [1.0], "text": [""]}
            self._marks.put(viewer, key, Label, values, _COMMON | style, scales)
        viewer.state.add_callback("layers", self.update)
        viewer.hub.subscribe(self, NumericalDataChangedMessage, handler=self.update)
        self.update()

    @property
    def text(self) -> str:
        """What is written."""
        return self._marks["front"].text[0]

    def update(self, *_: Any) -> None:
        """Write what is shown now."""
        viewer = self._viewer()
        if viewer is None:
            return
        # subsets lie over the images
        shown = [
            layer
            for layer in viewer.state.layers
            if layer.visible and isinstance(layer.layer, Data)
        ]
        top = max(shown, key=lambda layer: layer.zorder, default=None)
        title = getattr(top.layer, "title", "") if top is not None else ""
        for mark in self._marks.values():
            if list(mark.text) != [title]:
                mark.text = [title]


def show_picture_title(viewer: Any) -> PictureTitle:
    """Write the title of what is shown of a stack into a viewer from now on.

    Parameters
    ----------
    viewer : glue image viewer
        Once is enough, more is harmless.

    Returns
    -------
    PictureTitle
    """
    return kept_with(viewer, PictureTitle)
