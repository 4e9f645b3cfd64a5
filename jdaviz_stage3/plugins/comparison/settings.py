"""The controls of the plugin."""

from __future__ import annotations

from ..controls import Control, panel_of
from .difference_plot import PLOTTED
from .loaded_parts import can_be_compared

__all__ = ["ComparisonPanel"]

#: A base class with the traits of the controls.
ComparisonPanel = panel_of(
    Control(
        "first",
        "dataset",
        "First",
        "the reduction that the other one is subtracted from",
        select={"filters": [can_be_compared]},
        lone=True,
    ),
    Control(
        "second",
        "dataset",
        "Second",
        "the reduction that is subtracted, of the same type of product",
        select={"filters": [can_be_compared]},
        lone=True,
    ),
    Control(
        "radius",
        "number",
        "Sources are one within",
        "within which distance sources of two catalogs are one, in arcsec",
        default=0.2,
        above=0.0,
        least=0.0,
        unit="arcsec",
        when={"kind": ("cat",)},
    ),
    Control(
        "column",
        "text",
        "Column",
        "which magnitude or flux of catalogs is compared; empty for the total one",
        default="",
        placeholder="aper_total_abmag",
        hint="A magnitude or flux that both catalogs have.",
        when={"kind": ("cat",)},
    ),
    Control(
        "plotted",
        "choice",
        "Plot",
        "what is drawn of catalogs against the magnitude or flux of the first",
        choices=tuple(PLOTTED),
        section="Numbers",
        when={"kind": ("cat",)},
    ),
)
