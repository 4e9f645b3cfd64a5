"""A picture of a slit in one exposure, as wide as the viewer."""

from __future__ import annotations

import numpy as np
from bqplot import Figure, Image, LinearScale

from .plain_figures import empty_png, png_of, range_of, repainting

__all__ = ["StripFigure"]

_PERCENTILES = (2, 99)
_MARGINS = {"top": 22, "bottom": 2, "left": 78, "right": 16}
_HEIGHT, _LEAST, _MOST = 3, 40, 240  # screen pixels: of a row, of a strip


class StripFigure:
    """A figure that shows one slit after another.

    Attributes
    ----------
    figure : bqplot.Figure
    """

    def __init__(self) -> None:
        self._x, self._y = LinearScale(min=0, max=1), LinearScale(min=0, max=1)
        self._picture = Image(image=empty_png(), scales={"x": self._x, "y": self._y})
        self.figure = Figure(
            marks=[self._picture], fig_margin=dict(_MARGINS), title_style={"font-size": "12px"},
            animation_duration=0,
        )  # fmt: skip
        self.figure.layout.width = "100%"
        self.figure.layout.flex = "0 0 auto"

    def show(self, values: np.ndarray, title: str) -> None:
        """Show a slit.

        Parameters
        ----------
        values : ndarray of float, shape (ny, nx)
            NaN where there is nothing; drawn on its side where it is higher than wide.
        title : str
        """
        if values.shape[0] > values.shape[1]:
            values = values.T
        ny, nx = values.shape
        low, high = range_of(values, *_PERCENTILES)
        with repainting(self._picture, png_of(values, low, high, "gray")):
            self._picture.x = np.array([-0.5, nx - 0.5])
            self._picture.y = np.array([-0.5, ny - 0.5])
        self._x.min, self._x.max, self._y.min, self._y.max = -0.5, nx - 0.5, -0.5, ny - 0.5
        margins = _MARGINS["top"] + _MARGINS["bottom"]
        self.figure.layout.height = f"{margins + min(max(_HEIGHT * ny, _LEAST), _MOST)}px"
        self.figure.title = title
