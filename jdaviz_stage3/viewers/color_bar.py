"""A colour bar beside a picture: which value each colour stands for."""

from __future__ import annotations

from typing import Any

import numpy as np
from bqplot import ColorAxis, ColorScale
from matplotlib.colors import to_hex

__all__ = ["BAR_MARGIN", "ColorBar"]

_STEPS = 17  # colours that the bar is made of; between them the browser blends
_WATCHED = ("v_min", "v_max", "cmap", "stretch", "visible", "contrast", "bias")
#: Room for the bar, its ticks and its label above a picture, in screen pixels.
BAR_MARGIN = 58


class ColorBar:
    """The colour bar of one viewer; it follows the uppermost image that is visible.

    Parameters
    ----------
    viewer : glue viewer with a bqplot figure
    label_of : callable
        Called with the state of a layer; gives what its values are, with the unit.
    """

    def __init__(self, viewer: Any, label_of: Any) -> None:
        self._viewer = viewer
        self._label_of = label_of
        self._scale = ColorScale(colors=["#000000", "#ffffff"], min=0.0, max=1.0)
        # above the picture: bqplot leaves 100 pixels free at either end, which a viewer seldom has
        # in height
        self.axis = ColorAxis(
            scale=self._scale, orientation="horizontal", side="top", tick_format=".5~g",
            num_ticks=5, visible=False,
        )  # fmt: skip
        figure = viewer.figure
        figure.axes = [*figure.axes, self.axis]
        viewer.state.add_callback("layers", self._follow)

    def _follow(self, *_: Any) -> None:
        for layer in self._images():
            for name in _WATCHED:
                # the same function twice is called once
                layer.add_callback(name, self.update)
        self.update()

    def _images(self) -> list[Any]:
        return [state for state in self._viewer.state.layers if hasattr(state, "v_min")]

    def update(self, *_: Any) -> None:
        """Show the colours of the uppermost visible image, nothing where there is none."""
        shown = [layer for layer in self._images() if layer.visible]
        if not shown:
            self.axis.visible = False
            return
        layer = shown[-1]
        low, high = layer.v_min, layer.v_max
        if low is None or high is None or not (np.isfinite(low) and np.isfinite(high)):
            return
        with self._scale.hold_sync():
            # the stretch puts the colours off the values; the bar is in values
            place = np.linspace(0, 1, _STEPS)
            colors = layer.cmap(np.clip(layer.stretch_object(place), 0, 1))
            self._scale.colors = [to_hex(color) for color in colors]
            self._scale.min, self._scale.max = float(low), float(high)
        with self.axis.hold_sync():
            self.axis.label = self._label_of(layer)
            self.axis.visible = True
