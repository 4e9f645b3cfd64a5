"""The controls of the plugin."""

from __future__ import annotations

from ..controls import Control, panel_of
from .partners import is_pipeline_spectrum, was_extracted_from

__all__ = ["ExtractionPanel"]

#: A base class with the traits of the controls.
ExtractionPanel = panel_of(
    Control(
        "dataset",
        "dataset",
        "Data",
        "the 2-D spectrum or cube that the pipeline has extracted a spectrum from",
        lone=True,
        select={"filters": [was_extracted_from]},
    ),
    Control(
        "spectrum",
        "dataset",
        "Pipeline's spectrum",
        "the x1d spectrum; that of the same source, slit and order until another is chosen",
        hint="The x1d spectrum of the same observation, source, slit and order.",
        lone=True,
        select={"filters": [is_pipeline_spectrum], "default_mode": "empty"},
    ),
    Control(
        "show_window",
        "switch",
        "Show the window",
        "whether the pipeline's windows are drawn over all data that have one",
        default=True,
        hint="Over all data whose x1d spectrum is loaded. Dashed: the planned source position.",
    ),
    Control(
        "color",
        "color",
        "Color",
        "of the windows",
        default="#ff9100",
    ),
    Control(
        "show_sum",
        "switch",
        "Draw it over the pipeline's spectrum",
        "whether the sum is drawn where the pipeline's spectrum is shown",
        default=True,
        section="Sum over the window",
    ),
)
