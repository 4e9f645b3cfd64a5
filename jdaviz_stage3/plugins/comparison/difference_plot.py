"""The figure of the panel: how two reductions differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from bqplot import Axis, Figure, LinearScale, Lines
from glue_jupyter.bqplot.compatibility import ScatterGL
from matplotlib.ticker import MaxNLocator

from ...analysis.comparison.catalogs import CatalogComparison
from ...analysis.comparison.cubes import CubeComparison
from ...analysis.comparison.images import ImageComparison
from ...analysis.comparison.spectra import SpectrumComparison
from ...analysis.comparison.tables import Part

__all__ = ["PLOTTED", "DifferencePlot", "Drawn", "drawn_of"]

#: What can be drawn of catalogs: the column of the table of sources of both, and its label.
PLOTTED = {
    "magnitude or flux": ("difference", "First − second"),
    "right ascension": ("d_ra", "Δα cos δ"),
    "declination": ("d_dec", "Δδ"),
}

_COLOR, _ZERO = "#1f77b4", "#888888"
_SMALL = {"tick_style": {"font-size": 11}, "axis_label_style": {"font-size": 12}}
_GRID = {"grid_lines": "solid", "grid_color": "#8884"}
_REACH = 8.0  # robust standard deviations that are in view


@dataclass(frozen=True, eq=False)
class Drawn:
    """What is drawn of a comparison.

    Attributes
    ----------
    x, y : ndarray of float, shape (n,)
        Finite.
    x_label, y_label : str
        With units.
    kind : {'line', 'points', 'steps'}
        Steps are those of a histogram: ``x`` has one edge more than there are counts.
    words : str
        What it shows, in a sentence.
    """

    x: np.ndarray
    y: np.ndarray
    x_label: str
    y_label: str
    kind: str
    words: str


def drawn_of(part: Part, plotted: str = "magnitude or flux") -> Drawn | None:
    """Say what to draw of a comparison.

    Parameters
    ----------
    part : ImageComparison or another comparison
    plotted : str, optional
        One of `PLOTTED`, of catalogs.

    Returns
    -------
    Drawn or None
        None where there is nothing to draw.
    """
    if isinstance(part, ImageComparison):
        table = part.differences.histogram()
        edges = np.append(table["low"].value, table["high"].value[-1])
        count = np.asarray(table["count"], float)
        label = f"First − second{_in(part.differences.unit)}"
        out = table.meta["below"] + table.meta["above"]
        words = "How many pixels differ by how much."
        words += f" {out} lie beyond the ends." if out else ""
        return Drawn(edges, count, label, "Pixels", "steps", words)
    if isinstance(part, CubeComparison):
        table = part.channels
        return _finite(
            table["wavelength"], table["median"], "Wavelength", "Median of first − second", "line",
            "The median over the pixels of each channel.",
        )  # fmt: skip
    of = part.differences
    if of is None:
        return None
    if isinstance(part, SpectrumComparison):
        return _finite(
            part.wavelength, of.difference, "Wavelength", "First − second", "line",
            "The difference, channel by channel.",
        )  # fmt: skip
    if isinstance(part, CatalogComparison):
        values = u.Quantity(part.matched["value_1"])
        column, label = PLOTTED[plotted]
        return _finite(
            values, part.matched[column], part.column, label, "points", "The sources of both."
        )
    days = part.time.mjd
    zero = float(np.floor(np.nanmin(days)))
    system = "BJD_TDB" if part.time.scale == "tdb" else "MJD_UTC"
    start = zero + 2400000.5 if part.time.scale == "tdb" else zero
    return _finite(
        (days - zero) * u.day, of.difference, f"{system} − {start:.9g}", "First − second", "points",
        "The integrations of both.",
    )  # fmt: skip


def _finite(
    x: u.Quantity, y: u.Quantity, x_label: str, y_label: str, kind: str, words: str
) -> Drawn:
    usable = np.isfinite(x.value) & np.isfinite(y.value)
    return Drawn(
        np.asarray(x.value[usable], float),
        np.asarray(y.value[usable], float),
        f"{x_label}{_in(x.unit)}",
        f"{y_label}{_in(y.unit)}",
        kind,
        words,
    )


def _in(unit: u.UnitBase) -> str:
    text = unit.to_string().replace(" ", "").replace("um", "µm")
    return f" ({text})" if text else ""


class DifferencePlot:
    """A figure with one curve; made when it is first drawn."""

    def __init__(self) -> None:
        self.figure: Figure | None = None

    @property
    def widget(self) -> str:
        """What the template shows; empty until there is a figure."""
        return "" if self.figure is None else f"IPY_MODEL_{self.figure.model_id}"

    def draw(self, drawn: Drawn) -> int:
        """Draw a comparison in place of the one before.

        Parameters
        ----------
        drawn : Drawn

        Returns
        -------
        int
            How many points lie outside of what is in view.
        """
        x, y = drawn.x, drawn.y
        scales = {"x": LinearScale(), "y": LinearScale()}
        scales["x"].min, scales["x"].max = _ends(x)
        low, high = _in_view(y) if drawn.kind != "steps" else (0.0, 1.05 * max(y.max(), 1.0))
        scales["y"].min, scales["y"].max = low, high
        marks = []
        if drawn.kind != "steps":
            marks.append(
                Lines(x=[*_ends(x)], y=[0.0, 0.0], scales=scales, colors=[_ZERO],
                      line_style="dashed", stroke_width=1)
            )  # fmt: skip
        if drawn.kind == "steps":
            marks.append(
                Lines(x=np.repeat(x, 2), y=np.concatenate([[0], np.repeat(y, 2), [0]]),
                      scales=scales, colors=[_COLOR], stroke_width=1.5, fill="bottom",
                      fill_opacities=[0.2])
            )  # fmt: skip
        elif drawn.kind == "line":
            marks.append(Lines(x=x, y=y, scales=scales, colors=[_COLOR], stroke_width=1))
        else:
            marks.append(
                ScatterGL(x=x, y=y, scales=scales, colors=[_COLOR], default_size=16,
                          default_opacities=[0.7])
            )  # fmt: skip
        axes = [
            Axis(scale=scales["x"], label=drawn.x_label, label_offset="34",
                 tick_values=_round_ticks(*_ends(x), 5), tick_format=".6~g", **_GRID, **_SMALL),
            Axis(scale=scales["y"], orientation="vertical", label=drawn.y_label,
                 label_offset="-60", tick_values=_round_ticks(low, high, 6),
                 tick_format=".1~e" if max(-low, high) < 1e-3 else ".4~g", **_GRID, **_SMALL),
        ]  # fmt: skip
        if self.figure is None:
            self.figure = Figure(
                fig_margin={"top": 12, "bottom": 46, "left": 72, "right": 16},
                min_aspect_ratio=0.4, max_aspect_ratio=4.0,
            )  # fmt: skip
            self.figure.layout.height, self.figure.layout.width = "280px", "100%"
        with self.figure.hold_sync():
            self.figure.axes, self.figure.marks = axes, marks
        return 0 if drawn.kind == "steps" else int(np.sum((y < low) | (y > high)))


def _round_ticks(low: float, high: float, most: int) -> np.ndarray:
    """Round numbers from low to high."""
    ticks = np.asarray(MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(low, high))
    return np.round(ticks[(ticks >= low) & (ticks <= high)], 12)


def _ends(values: np.ndarray) -> tuple[float, float]:
    """The range of values, and something around a single one."""
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _in_view(values: np.ndarray) -> tuple[float, float]:
    """A range around the median that outliers do not widen; zero is in it."""
    if not values.size:
        return -1.0, 1.0
    middle = float(np.median(values))
    reach = _REACH * 1.4826 * float(np.median(np.abs(values - middle)))
    if not reach > 0:
        reach = float(np.abs(values - middle).max()) or abs(middle) or 1.0
    low = min(0.0, max(float(values.min()), middle - reach))
    high = max(0.0, min(float(values.max()), middle + reach))
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin
