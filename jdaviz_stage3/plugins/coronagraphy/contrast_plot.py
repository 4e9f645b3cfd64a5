"""The contrast curve in the panel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from astropy import units as u
from astropy.table import QTable
from bqplot import Axis, Figure, Label, LinearScale, Lines, LogScale

from ...errors import Stage3Error

__all__ = ["CURVE_COLORS", "ContrastPlot"]

#: Of the curve of the image, and of the one that it is compared with.
CURVE_COLORS = ("#1f77b4", "#d95f02")
_MASK = "#e69500"
_SMALL = {"tick_style": {"font-size": 11}, "axis_label_style": {"font-size": 12}}
_GRID = {"grid_lines": "solid", "grid_color": "#8884"}


class ContrastPlot:
    """A figure with separations in arcsec below and in λ/D above; made when it is first drawn."""

    def __init__(self) -> None:
        self.figure: Figure | None = None

    @property
    def widget(self) -> str:
        """What the template shows; empty until there is a figure."""
        return "" if self.figure is None else f"IPY_MODEL_{self.figure.model_id}"

    def draw(
        self, curves: Sequence[QTable], column: str, y_label: str, inner_angle: u.Quantity | None
    ) -> None:  # fmt: skip
        """Draw curves in place of those that were there.

        Parameters
        ----------
        curves : sequence of QTable
            Of `contrast_curve`; one or two.
        column : str
            Which of their columns.
        y_label : str
        inner_angle : Quantity or None
            Of the mask.

        Raises
        ------
        Stage3Error
            If the second has another kind of unit.
        """
        if self.figure is None:
            self._make()
        unit = curves[0]["separation"].unit
        is_log = column != "magnitude"
        of_first = u.Quantity(curves[0][column]).unit
        try:
            drawn = [
                (c["separation"].to_value(unit), u.Quantity(c[column]).to_value(of_first))
                for c in curves
            ]
        except u.UnitConversionError as err:
            raise Stage3Error(f"Coronagraphy: the two curves have no common unit ({err})") from err
        if is_log:
            drawn = [(x, np.where(y > 0, y, np.nan)) for x, y in drawn]
        drawn = [_without_ends(x, y) for x, y in drawn]
        scale = self._log if is_log else self._linear
        self._x.min, self._x.max = 0.0, max(float(np.max(x, initial=0.1)) for x, _ in drawn)
        ticks = self._fit(scale, np.concatenate([y[np.isfinite(y)] for _, y in drawn]))
        scales = {"x": self._x, "y": scale}
        marks = [
            Lines(x=x, y=y, scales=scales, colors=[color], stroke_width=2)
            for (x, y), color in zip(drawn, CURVE_COLORS, strict=False)
        ]
        if inner_angle is not None and unit.is_equivalent(u.arcsec):
            angle = inner_angle.to_value(unit)
            marks.append(
                Lines(
                    x=[angle, angle], y=[0.0, 1.0], scales={"x": self._x, "y": self._whole},
                    colors=[_MASK], line_style="dashed", stroke_width=2,
                )
            )  # fmt: skip
        marks.append(
            Label(
                x=[1.0], y=[1.0], text=[curves[0].meta["title"]], align="end", x_offset=-6,
                y_offset=14, scales={"x": self._across, "y": self._whole}, default_size=12,
                colors=["#777777"], font_weight="normal",
            )
        )  # fmt: skip
        with self.figure.hold_sync():
            self.figure.axes = self._axes(curves[0], unit, scale, y_label, ticks)
            self.figure.marks = marks

    def _fit(self, scale: LogScale | LinearScale, known: np.ndarray) -> np.ndarray | None:
        """Have all values in view; ticks at 1, 2 and 5 of each decade, or as bqplot sets them."""
        low, high = (float(known.min()), float(known.max())) if len(known) else (1.0, 10.0)
        if scale is self._linear:
            scale.min, scale.max = low - 0.5, high + 0.5
            return None
        scale.min, scale.max = low / 1.5, high * 2
        decades = np.arange(np.floor(np.log10(scale.min)), np.ceil(np.log10(scale.max)) + 1)
        ticks = np.outer(10.0**decades, [1, 2, 5] if len(decades) < 4 else [1]).ravel()
        return ticks[(ticks >= scale.min) & (ticks <= scale.max)]

    def _axes(
        self, curve: QTable, unit: u.UnitBase, scale: LogScale | LinearScale, y_label: str,
        ticks: np.ndarray | None,
    ) -> list[Axis]:  # fmt: skip
        name = "arcsec" if unit == u.arcsec else "pixels"
        axes = [
            Axis(scale=self._x, label=f"Separation ({name})", label_offset="34",
                 tick_values=_round_steps(self._x.max), tick_format=".3~g", **_GRID, **_SMALL),
            Axis(scale=scale, orientation="vertical", label=y_label, label_offset="-54",
                 tick_format=".3~g" if ticks is None else ".0e", tick_values=ticks, **_GRID,
                 **_SMALL),
        ]  # fmt: skip
        if "separation_lod" in curve.colnames:
            ratio = curve["separation_lod"][-1] / curve["separation"][-1].value
            self._lod.min, self._lod.max = 0.0, float(self._x.max * ratio)
            axes.append(
                Axis(scale=self._lod, side="top", label="λ/D", label_offset="-28",
                     tick_values=_round_steps(self._lod.max), tick_format=".3~g",
                     grid_lines="none", **_SMALL)
            )  # fmt: skip
        return axes

    def _make(self) -> None:
        self._x, self._lod = LinearScale(), LinearScale()
        self._log, self._linear = LogScale(), LinearScale(reverse=True)  # the deepest limit below
        self._whole, self._across = LinearScale(min=0, max=1), LinearScale(min=0, max=1)
        self.figure = Figure(
            fig_margin={"top": 46, "bottom": 46, "left": 68, "right": 14},
            min_aspect_ratio=0.4, max_aspect_ratio=4.0,
        )  # fmt: skip
        self.figure.layout.height, self.figure.layout.width = "340px", "100%"


def _without_ends(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A curve from its first to its last value: at an end without one bqplot raises."""
    [known] = np.nonzero(np.isfinite(y))
    part = slice(known[0], known[-1] + 1) if len(known) else slice(0)
    return x[part], y[part]


def _round_steps(end: float) -> np.ndarray:
    """Round numbers from 0 to an end, five or so."""
    step = 10 ** np.floor(np.log10(max(end, 1e-9) / 4))
    step *= next((k for k in (1, 2, 5, 10) if end / (step * k) <= 6), 10)
    return np.arange(0, end, step)
