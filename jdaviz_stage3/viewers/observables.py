"""Squared visibilities or closure phases against baseline."""

from __future__ import annotations

from collections import Counter
from typing import Any

from bqplot import Label, LinearScale
from glue.core import Data
from glue.utils import color2hex
from jdaviz.configs.imviz.plugins.coords_info.coords_info import CoordsInfo
from jdaviz.core.registries import viewer_registry

from .figure_marks import FigureMarks
from .light_curve import LightCurveViewer
from .light_curve_readout import describe_point, read_out_point

__all__ = ["ObservablesViewer"]

# Of the first, second, … data: told apart by who is colour-blind, and not the red of flags.
_LINE = 20  # screen pixels from one line of the legend to the next
_SIZE = 9  # of points, which are few
_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#8C564B")


@viewer_registry("stage3-observables-viewer", label="Interferometry (JWST Stage 3)")
class ObservablesViewer(LightCurveViewer):
    """Points of an observable against baseline, with error bars; target and reference together.

    Flagged points are hollow and red. Under the cursor stand the stations, the value and its error;
    in the corner, which colour is which product and target.
    """

    def __init__(self, session: Any, *args: Any, **kwargs: Any):
        self._legend = FigureMarks()
        self._corner = {axis: LinearScale(min=0, max=1, allow_padding=False) for axis in "xy"}
        super().__init__(session, *args, **kwargs)
        self.state.add_callback("layers", self._draw_legend)

    def add_data(self, data: Any, *args: Any, **kwargs: Any) -> bool | None:
        """Add data in a colour that the others in the viewer have not."""
        others = {layer.color for layer in self.state.layers if layer.layer is not data}
        added = super().add_data(data, *args, **kwargs)
        color = next((c for c in _COLORS if c not in others), _COLORS[0])
        for layer in self.state.layers:
            if layer.layer is data:
                layer.color, layer.size = color, _SIZE
        return added

    @property
    def legend(self) -> dict[str, str]:
        """The colour of each data entry that is shown, by its product type and target.

        By its label where several are of one type and target: exposures of a star.
        """
        layers = [
            layer for layer in self.state.layers if layer.visible and isinstance(layer.layer, Data)
        ]
        count = Counter(_said(layer.layer) for layer in layers)
        found = {}
        for layer in layers:
            said = _said(layer.layer)
            found[said if count[said] == 1 else layer.layer.label] = color2hex(layer.color)
        return found

    def _draw_legend(self, *_: Any) -> None:
        legend = self.legend
        for line, (text, color) in enumerate(legend.items()):
            values = {"x": [0.0], "y": [1.0], "text": [f"● {text}"]}
            style = {
                "colors": [color], "default_size": 13, "align": "start", "x_offset": 12,
                "y_offset": 18 + _LINE * line, "enable_hover": False,
            }  # fmt: skip
            self._legend.put(self, line, Label, values, style, self._corner)
        self._legend.remove([line for line in self._legend if line >= len(legend)])

    def describe_point(self, data: Data, row: int) -> dict[str, tuple[str, str]]:
        """Say which stations a point is of, its value, error and baseline."""
        facts = describe_point(self, data, row)
        names = {component.label for component in data.components}
        x, y, _ = self.columns_of(data)
        curve = self.light_curve(data)
        if "stations" in names:
            component = data.get_component(data.id["stations"])
            facts["number"] = ("Stations", str(component.labels[row]))
        elif {"row", "integration"} <= names and "stations" in data.meta:
            of_row, integration = (int(data[data.id[c]][row]) for c in ("row", "integration"))
            text = f"{data.meta['stations'][of_row]}, integration {integration}"
            facts["number"] = ("Stations", text)
        if curve is not None:
            facts["flux"] = (curve.words.get(y, y), facts["flux"][1])
            facts["time"] = (curve.time_label.partition(" (")[0] or "Baseline", facts["time"][1])
        if "flag" in facts:
            facts["flag"] = ("Flagged", "in the file, or no number")
        return facts


def _said(data: Data) -> str:
    """The product type and the target, or the label."""
    said = [data.meta.get(key) for key in ("product", "target")]
    return " ".join(str(word) for word in said if word) or data.label


CoordsInfo.register_viewer_class(ObservablesViewer)
CoordsInfo.register_viewer_update_handler(ObservablesViewer, read_out_point)
