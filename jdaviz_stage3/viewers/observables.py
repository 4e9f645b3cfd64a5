"""Squared visibilities or closure phases against baseline."""

from __future__ import annotations

from typing import Any

from glue.core import Data
from jdaviz.configs.imviz.plugins.coords_info.coords_info import CoordsInfo
from jdaviz.core.registries import viewer_registry

from .light_curve import LightCurveViewer
from .light_curve_readout import describe_point, read_out_point

__all__ = ["ObservablesViewer"]

# Of the first, second, … data: told apart by who is colour-blind, and not the red of flags.
_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#8C564B")


@viewer_registry("stage3-observables-viewer", label="Interferometry (JWST Stage 3)")
class ObservablesViewer(LightCurveViewer):
    """Points of an observable against baseline, with error bars; target and reference together.

    Flagged points are hollow and red. Under the cursor stand the stations, the value and its error.
    """

    def add_data(self, data: Any, *args: Any, **kwargs: Any) -> bool | None:
        """Add data in a colour that the others in the viewer have not."""
        others = {layer.color for layer in self.state.layers if layer.layer is not data}
        added = super().add_data(data, *args, **kwargs)
        color = next((c for c in _COLORS if c not in others), _COLORS[0])
        for layer in self.state.layers:
            if layer.layer is data:
                layer.color = color
        return added

    def describe_point(self, data: Data, row: int) -> dict[str, tuple[str, str]]:
        """Say which stations a point is of, its value, error and baseline."""
        facts = describe_point(self, data, row)
        names = {component.label for component in data.components}
        x, y, _ = self.columns_of(data)
        curve = self.light_curve(data)
        if "stations" in names:
            component = data.get_component(data.id["stations"])
            facts["number"] = ("Stations", str(component.labels[row]))
            if "integration" in names:
                facts["number"] = (
                    "Stations",
                    f"{component.labels[row]}, integration {data[data.id['integration']][row]:.0f}",
                )
        if curve is not None:
            facts["flux"] = (curve.words.get(y, y), facts["flux"][1])
            facts["time"] = (curve.time_label.partition(" (")[0] or "Baseline", facts["time"][1])
        if "flag" in facts:
            facts["flag"] = ("Flagged", "in the file, or no number")
        return facts


CoordsInfo.register_viewer_class(ObservablesViewer)
CoordsInfo.register_viewer_update_handler(ObservablesViewer, read_out_point)
