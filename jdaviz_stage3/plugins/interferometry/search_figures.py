"""The map of χ² and the detection limits in the panel."""

from __future__ import annotations

import io

import numpy as np
from astropy import units as u
from astropy.table import QTable
from bqplot import Axis, ColorAxis, ColorScale, Figure, Image, LinearScale, Lines, Scatter
from ipywidgets import Image as ImageFile
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.image import imsave
from matplotlib.ticker import MaxNLocator

from ...analysis.interferometry.binary_search import BinarySearch
from ...viewers.plain_figures import repainting

__all__ = ["ChiSquareMap", "LimitsPlot"]

_SMALL = {"tick_style": {"font-size": 11}, "axis_label_style": {"font-size": 12}}
_MOST = 200  # cells along an axis: as many as the panel shows
_HEIGHT = 290  # screen pixels
_MARGINS = {"top": 12, "bottom": 46, "left": 56, "right": 70}
_COLORS = ["#fde725", "#5ec962", "#21918c", "#3b528b", "#440154"]  # viridis, the lowest bright
_BEST, _MEDIAN, _WORST = "#d500f9", "#0072B2", "#E69F00"


class ChiSquareMap:
    """χ² over the position of the companion, north up and east to the left."""

    def __init__(self) -> None:
        self.figure: Figure | None = None

    @property
    def widget(self) -> str:
        """What the template shows; empty until there is a figure."""
        return "" if self.figure is None else f"IPY_MODEL_{self.figure.model_id}"

    def draw(self, found: BinarySearch) -> None:
        """Draw what a search has found in place of what was drawn.

        Parameters
        ----------
        found : BinarySearch
        """
        if self.figure is None:
            self._make()
        axis, chi2 = _coarser(found.east.to_value(u.mas), found.chi2)
        cell, half = axis[1] - axis[0], float(found.east.to_value(u.mas)[-1])
        self._x.min, self._x.max = -half, half
        self._y.min, self._y.max = -half, half
        known = chi2[np.isfinite(chi2)]
        self._color.min, self._color.max = float(known.min()), float(known.max())
        ticks = MaxNLocator(5).tick_values(-half, half)
        for drawn in self.figure.axes[:2]:
            drawn.tick_values = ticks[np.abs(ticks) <= half]
        self.figure.axes[2].tick_values = known[[known.argmin(), known.argmax()]]
        edges = np.array([axis[0] - cell / 2, axis[-1] + cell / 2])
        with repainting(self._map, ImageFile(value=_png(chi2), format="png")):
            self._map.x, self._map.y = edges, edges
        east, north = (found.best[name].to_value(u.mas) for name in ("east", "north"))
        there = found.best["flux_ratio"] > 0
        with self._best.hold_sync():
            self._best.x = np.array([east] if there else [])
            self._best.y = np.array([north] if there else [])

    def _make(self) -> None:
        self._x = LinearScale(reverse=True, allow_padding=False)
        self._y = LinearScale(allow_padding=False)
        self._color = ColorScale(colors=_COLORS)
        scales = {"x": self._x, "y": self._y}
        self._map = Image(image=ImageFile(value=_png(np.full((2, 2), np.nan))), scales=scales)
        nothing = np.array([])
        star = Scatter(
            x=np.zeros(1), y=np.zeros(1), scales=scales, marker="cross", colors=["#000000"],
            default_size=60,
        )  # fmt: skip
        self._best = Scatter(
            x=nothing, y=nothing, scales=scales, marker="circle", fill=False, colors=[_BEST],
            stroke=_BEST, default_size=150, stroke_width=2.5,
        )  # fmt: skip
        axes = [
            Axis(scale=self._x, label="ΔRA cos Dec (mas)", label_offset="34", num_ticks=5,
                 grid_lines="none", **_SMALL),
            Axis(scale=self._y, orientation="vertical", label="ΔDec (mas)", label_offset="-46",
                 num_ticks=5, grid_lines="none", **_SMALL),
            ColorAxis(scale=self._color, label="χ²", side="right", orientation="vertical",
                      label_offset="34", tick_format=".3~s", **_SMALL),
        ]  # fmt: skip
        self.figure = Figure(
            marks=[self._map, star, self._best], axes=axes,
            fig_margin=_MARGINS,
        )  # fmt: skip
        side = _HEIGHT - _MARGINS["top"] - _MARGINS["bottom"]
        width = side + _MARGINS["left"] + _MARGINS["right"]
        self.figure.min_aspect_ratio = self.figure.max_aspect_ratio = width / _HEIGHT
        self.figure.layout.height, self.figure.layout.width = f"{_HEIGHT}px", f"{width}px"


class LimitsPlot:
    """The faintest companion by separation, the deepest limit below."""

    def __init__(self) -> None:
        self.figure: Figure | None = None

    @property
    def widget(self) -> str:
        """What the template shows; empty until there is a figure."""
        return "" if self.figure is None else f"IPY_MODEL_{self.figure.model_id}"

    def draw(self, limits: QTable, best: tuple[float, float] | None) -> None:
        """Draw limits in place of those that were drawn.

        Parameters
        ----------
        limits : QTable
            Of `detection_limits`.
        best : tuple of float or None
            Separation in mas and contrast in magnitudes of the best fit, for comparison.
        """
        if self.figure is None:
            self._make()
        separation = limits["separation"].to_value(u.mas)
        curves = [
            -2.5 * np.log10(np.asarray(limits[name], float))
            for name in ("flux_ratio", "flux_ratio_worst")
        ]
        known = np.concatenate([curve[np.isfinite(curve)] for curve in curves])
        points = [] if best is None or not np.isfinite(best).all() else [best]
        values = np.concatenate([known, [point[1] for point in points]])
        low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
        self._y.min, self._y.max = float(low - 0.3), float(high + 0.3)
        self._x.min = 0.0
        self._x.max = float(max([separation.max(), *(point[0] for point in points)]))
        for drawn, scale in zip(self.figure.axes, (self._x, self._y), strict=True):
            ticks = MaxNLocator(6).tick_values(scale.min, scale.max)
            drawn.tick_values = ticks[(ticks >= scale.min) & (ticks <= scale.max)]
        for mark, curve in zip(self._curves, curves, strict=True):
            there = np.isfinite(curve)
            with mark.hold_sync():
                mark.x, mark.y = separation[there], curve[there]
        with self._best.hold_sync():
            self._best.x = np.array([point[0] for point in points])
            self._best.y = np.array([point[1] for point in points])

    def _make(self) -> None:
        self._x = LinearScale(allow_padding=False)
        self._y = LinearScale(reverse=True, allow_padding=False)
        scales, nothing = {"x": self._x, "y": self._y}, np.array([])
        self._curves = [
            Lines(x=np.zeros(1), y=np.zeros(1), scales=scales, colors=[color], stroke_width=2)
            for color in (_MEDIAN, _WORST)
        ]
        self._best = Scatter(
            x=nothing, y=nothing, scales=scales, marker="circle", fill=False, colors=[_BEST],
            stroke=_BEST, default_size=110, stroke_width=2.5,
        )  # fmt: skip
        grid = {"grid_lines": "solid", "grid_color": "#8884"}
        axes = [
            Axis(scale=self._x, label="Separation (mas)", label_offset="34", num_ticks=6, **grid,
                 **_SMALL),
            Axis(scale=self._y, orientation="vertical", label="Contrast (mag)", label_offset="-40",
                 num_ticks=6, **grid, **_SMALL),
        ]  # fmt: skip
        self.figure = Figure(
            marks=[*self._curves, self._best], axes=axes,
            fig_margin={"top": 10, "bottom": 46, "left": 54, "right": 14},
            min_aspect_ratio=0.4, max_aspect_ratio=4.0,
        )  # fmt: skip
        self.figure.layout.height, self.figure.layout.width = "260px", "100%"


def _png(values: np.ndarray) -> bytes:
    """A picture, its first row below; transparent where there is no value."""
    colors = LinearSegmentedColormap.from_list("chi2", _COLORS).with_extremes(bad=(0, 0, 0, 0))
    # as large as it is shown, for a browser that smooths what it enlarges
    times = max(_MOST // len(values), 1)
    stream = io.BytesIO()
    imsave(stream, np.kron(np.ma.masked_invalid(values)[::-1], np.ones((times, times))),
           cmap=colors, format="png")  # fmt: skip
    return stream.getvalue()


def _coarser(axis: np.ndarray, chi2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A map of no more cells than can be seen: of those that are put together the lowest."""
    step = -(-len(axis) // _MOST)
    if step == 1:
        return axis, chi2
    n = -(-len(axis) // step)
    padded = np.full((n * step, n * step), np.inf)
    padded[: len(axis), : len(axis)] = np.where(np.isfinite(chi2), chi2, np.inf)
    lowest = padded.reshape(n, step, n, step).min(axis=(1, 3))
    middle = axis[0] + (np.arange(n) * step + (step - 1) / 2) * (axis[1] - axis[0])
    return middle, np.where(np.isfinite(lowest), lowest, np.nan)
