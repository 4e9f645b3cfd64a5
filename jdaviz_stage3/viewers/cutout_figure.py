"""A small picture of a source, with the outline of its segment."""

from __future__ import annotations

import numpy as np
from astropy import units as u
from bqplot import Figure, Image, Label, LinearScale, Lines, Scatter

from ..identity import SourceCutout
from .plain_figures import empty_png, png_of, repainting

__all__ = ["CutoutFigure"]

_OUTLINE, _SOURCE = "#00e5ff", "#ff9800"
_SIZE = 210  # screen pixels
_PERCENTILES = (1.0, 99.5)
_BAR = 1.0 * u.arcsec


class CutoutFigure:
    """A figure that shows one cutout after another.

    Attributes
    ----------
    figure : bqplot.Figure
    """

    def __init__(self) -> None:
        self._x, self._y = LinearScale(min=0, max=1), LinearScale(min=0, max=1)
        scales = {"x": self._x, "y": self._y}
        nothing = np.array([])
        self._picture = Image(image=empty_png(), scales=scales)
        self._outline = Lines(
            x=nothing, y=nothing, scales=scales, colors=[_OUTLINE], stroke_width=1.5
        )
        self._place = Scatter(
            x=nothing, y=nothing, scales=scales, marker="cross", colors=[_SOURCE], default_size=60
        )
        self._bar = Lines(x=nothing, y=nothing, scales=scales, colors=["white"], stroke_width=2)
        self._bar_text = Label(
            x=nothing, y=nothing, text=[], scales=scales, colors=["white"], default_size=12,
            align="start",
        )  # fmt: skip
        self.figure = Figure(
            marks=[self._picture, self._outline, self._place, self._bar, self._bar_text],
            fig_margin={"top": 24, "bottom": 4, "left": 4, "right": 4},
            title_style={"font-size": "12px"}, animation_duration=0,
            min_aspect_ratio=1, max_aspect_ratio=1,
        )  # fmt: skip
        self.figure.layout.width = self.figure.layout.height = f"{_SIZE}px"
        self.figure.layout.flex = "0 0 auto"

    def show(self, cutout: SourceCutout, title: str) -> None:
        """Show a cutout.

        Parameters
        ----------
        cutout : SourceCutout
        title : str
        """
        size = cutout.values.shape[0]
        finite = cutout.values[np.isfinite(cutout.values)]
        low, high = np.percentile(finite, _PERCENTILES) if finite.size else (0.0, 1.0)
        for scale in (self._x, self._y):
            scale.min, scale.max = -0.5, size - 0.5
        with repainting(self._picture, png_of(cutout.values, float(low), float(high), "gray")):
            self._picture.x = self._picture.y = np.array([-0.5, size - 0.5])
        # rings one after the other, with a gap between them
        gap = np.full((1, 2), np.nan)
        rings = [part for ring in cutout.outline for part in (ring, gap)]
        points = np.concatenate(rings[:-1]) if rings else np.empty((0, 2))
        with self._outline.hold_sync():
            self._outline.x, self._outline.y = points[:, 0], points[:, 1]
        with self._place.hold_sync():
            self._place.x, self._place.y = np.array([cutout.x]), np.array([cutout.y])
        length = float((_BAR / cutout.scale).decompose())
        left, bottom = 0.05 * size, 0.06 * size
        with self._bar.hold_sync():
            self._bar.x, self._bar.y = np.array([left, left + length]), np.array([bottom, bottom])
        with self._bar_text.hold_sync():
            self._bar_text.x, self._bar_text.y = np.array([left]), np.array([bottom + 0.03 * size])
            self._bar_text.text = ["1″"]
        self.figure.title = title
