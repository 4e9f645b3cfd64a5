"""Squared visibilities or closure phases against baseline."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from bqplot import Axis, LinearScale
from echo import delay_callback
from glue.core import Data
from glue.utils import color2hex
from jdaviz.configs.imviz.plugins.coords_info.coords_info import CoordsInfo
from jdaviz.core.registries import viewer_registry

from ..analysis.interferometry.drawn_tables import AXES, EQUAL_AXES, OTHER_AXES
from ..analysis.light_curves.table import LightCurveColumns
from .curve_canvas import few_round_ticks
from .curve_points import CurvePoints
from .light_curve import LightCurveViewer
from .light_curve_layer import LightCurveArtist
from .light_curve_readout import describe_point, read_out_point
from .seen_points import MOST_POINTS, seen_points
from .stations import stations_of

__all__ = ["ObservablesViewer"]

_LINE = 18  # screen pixels from one line of the legend to the next
_SHORT = 28  # characters of an entry that leave room for another one
_INDENT = "\N{EM SPACE}" * 17  # of that: as wide as 28 characters at 13 pixels
_TOP = 12  # above the plot, beside the legend
_SIZE = 9  # of points, which are few
# Of the first, second, … data: told apart by who is colour-blind, and not the red of flags.
_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#8C564B")
_LIMITS = ("x_min", "x_max", "y_min", "y_max")


@viewer_registry("stage3-observables-viewer", label="Interferometry (JWST Stage 3)")
class ObservablesViewer(LightCurveViewer):
    """Points of an observable against baseline, with error bars; target and reference together.

    Flagged points are hollow and red. Under the cursor stand the stations, the value and its error;
    above the plot, which colour is which product and target. Of very many points those are drawn
    that can be told apart on the screen.
    """

    def __init__(self, session: Any, *args: Any, **kwargs: Any):
        self._entries: list[Axis] = []  # of the legend
        self._across = LinearScale(min=0, max=1, allow_padding=False)
        self._axis = next(iter(AXES))
        self._view: tuple = ()
        super().__init__(session, *args, **kwargs)
        self.state.add_callback("layers", self._draw_legend)
        for name in _LIMITS:
            self.state.add_callback(name, self._view_changed)

    def add_data(self, data: Any, *args: Any, **kwargs: Any) -> bool | None:
        """Add data in a colour that the others in the viewer have not."""
        others = {layer.color for layer in self.state.layers if layer.layer is not data}
        added = super().add_data(data, *args, **kwargs)
        color = next((c for c in _COLORS if c not in others), _COLORS[0])
        for layer in self.state.layers:
            if layer.layer is data:
                layer.color, layer.size = color, _SIZE
        return added

    # ---- what baselines are told in ----

    @property
    def axis(self) -> str:
        """What baselines are told in: a key of `AXES`."""
        return self._axis

    def show_against(self, axis: str) -> None:
        """Tell baselines, or u and v, in metres or as spatial frequencies.

        Data without wavelengths or baselines stay as they are.

        Parameters
        ----------
        axis : str
            A key of `AXES`.
        """
        if axis == self._axis:
            return
        self._axis, self._first = axis, None
        self._choose_columns()
        self._columns_changed()

    def light_curve(self, data: Data | None) -> LightCurveColumns | None:
        """Say which columns of data belong on the axes, as they are told now."""
        found = super().light_curve(data)
        if found is None:
            return None
        other = (data.meta.get(OTHER_AXES) or {}).get(self._axis)
        return found if other is None else replace(found, **other)

    @property
    def _is_square(self) -> bool:
        """Whether both axes are of the same kind: u and v."""
        return any(data.meta.get(EQUAL_AXES) for data in self._data_in())

    def reset_limits(self) -> None:
        """Fit the axes to all visible points; u and v alike, with east to the left."""
        super().reset_limits()
        if not self._is_square:
            return
        state = self.state
        half = max(abs(getattr(state, name) or 0.0) for name in _LIMITS) or 1.0
        self.figure.min_aspect_ratio = self.figure.max_aspect_ratio = 1.0
        if not self.scales["x"].reverse:
            self.scales["x"].reverse = True
            few_round_ticks(self, 4)
        with delay_callback(state, *_LIMITS):
            state.x_min, state.x_max = -half, half
            state.y_min, state.y_max = -half, half

    # ---- many points ----

    def seen(self, points: CurvePoints, rows: np.ndarray) -> np.ndarray | None:
        """Return which points are enough to be drawn; None for all of them."""
        limits = tuple(getattr(self.state, name) for name in _LIMITS)
        if len(points.x) <= MOST_POINTS or None in limits:
            return None
        return seen_points(points.x, points.y, rows, limits)

    def _view_changed(self, *_: Any) -> None:
        view = tuple(getattr(self.state, name) for name in _LIMITS)
        if view == self._view:
            return
        self._view = view
        for artist in self.layers:
            if isinstance(artist, LightCurveArtist):
                artist.view_changed()

    # ---- legend ----

    @property
    def legend(self) -> dict[str, str]:
        """The colour of each data entry that is shown, by its product type and target.

        By its label, without the plot, where several are of one type and target: exposures of a
        star.
        """
        layers = [
            layer for layer in self.state.layers if layer.visible and isinstance(layer.layer, Data)
        ]
        count = Counter(_said(layer.layer) for layer in layers)
        found = {}
        for layer in layers:
            said = _said(layer.layer)
            label = re.sub(r" \[[^\[\]]*\]", "", layer.layer.label)
            found[said if count[said] == 1 else label] = color2hex(layer.color)
        return found

    def _draw_legend(self, *_: Any) -> None:
        """Above the plot, where no points are; short ones two in a line."""
        legend = self.legend
        columns = 2 if all(len(text) <= _SHORT for text in legend) else 1
        n_lines = -(-len(legend) // columns)
        margin = {**self.figure.fig_margin, "top": _TOP + _LINE * n_lines}
        if margin != self.figure.fig_margin:
            self.figure.fig_margin = margin
        # as labels of axes without ticks: marks are cut off at the edge of the plot
        while len(self._entries) < len(legend):
            self._entries.append(
                Axis(scale=self._across, side="top", num_ticks=0, grid_lines="none",
                     color="transparent", label_location="start",
                     axis_label_style={"font-size": "13px", "text-anchor": "start"})
            )  # fmt: skip
        entries = self._entries[: len(legend)]
        for place, (entry, (text, color)) in enumerate(zip(entries, legend.items(), strict=True)):
            line, column = divmod(place, columns)
            with entry.hold_sync():
                entry.label = _INDENT * column + f"● {text}"
                entry.label_color = color
                entry.label_offset = f"{9 + _LINE * (n_lines - 1 - line)}px"
        axes = [*(axis for axis in self.figure.axes if axis not in self._entries), *entries]
        if axes != self.figure.axes:
            self.figure.axes = axes

    # ---- read-out ----

    def describe_point(self, data: Data, row: int) -> dict[str, tuple[str, str]]:
        """Say which stations a point is of, its value, error and baseline."""
        facts = describe_point(self, data, row)
        names = {component.label for component in data.components}
        _, y, _ = self.columns_of(data)
        curve = self.light_curve(data)
        stations = stations_of(data, row)
        if stations and "integration" in names:
            stations += f", integration {int(data[data.id['integration']][row])}"
        if stations:
            facts["number"] = ("Stations", stations)
        if curve is not None:
            title, _, unit = curve.time_label.partition(" (")
            facts["flux"] = (curve.words.get(y, y), facts["flux"][1])
            x = float(self.points_of(data).x[row])
            facts["time"] = (title or "Baseline", f"{x:.6g} {unit.removesuffix(')')}".strip())
        if "flag" in facts:
            facts["flag"] = ("Flagged", "in the file, or no number")
        return facts


def _said(data: Data) -> str:
    """The product type and the target, or the label."""
    said = [data.meta.get(key) for key in ("product", "target")]
    return " ".join(str(word) for word in said if word) or data.label


CoordsInfo.register_viewer_class(ObservablesViewer)
CoordsInfo.register_viewer_update_handler(ObservablesViewer, read_out_point)
