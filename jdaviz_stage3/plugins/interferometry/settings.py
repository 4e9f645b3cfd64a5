"""The controls of the plugin."""

from __future__ import annotations

from ...analysis.interferometry.drawn_tables import DRAWN
from ..controls import Control, panel_of
from .model_points import MODELS

__all__ = ["ERRORS", "SECTIONS", "InterferometryPanel"]

#: Where the errors of V² are from.
ERRORS = {
    "as in the file": "",
    "from amplitudes": "2 |V| σ: jwst divides those of ami-oi by the root of the number of "
    "integrations twice.",
}
_CALIBRATION, _SERIES = "Calibration", "Against integration"
_MODEL, _SEARCH = "Model", "Companion"
#: The titles of the sections, in their order.
SECTIONS = (_CALIBRATION, _SERIES, _SEARCH, _MODEL)
_BINARY = {"model": ("binary",)}

#: A base class with the traits of the controls.
InterferometryPanel = panel_of(
    Control(
        "dataset",
        "choice",
        "Product",
        "the product that is calibrated, searched, compared with the model, and saved",
        lone=True,
    ),
    Control(
        "plots",
        "flags",
        "Plots",
        "which plots there are: each is a viewer for all products",
        choices=tuple(DRAWN),
        hint="Each is a viewer, for all products.",
    ),
    Control(
        "x_axis",
        "choice",
        "Baselines in",
        "what baselines, u and v are told in: metres, or as spatial frequencies in millions of "
        "wavelengths or cycles per arcsec",
        choices={
            "m": "Metres.",
            "Mλ": "Spatial frequency, in millions of wavelengths.",
            "1/arcsec": "Spatial frequency, in cycles per arcsec.",
        },
    ),
    Control(
        "vis2_errors",
        "choice",
        "Errors of V²",
        "where the errors of squared visibilities are from, of products as they were loaded",
        choices=ERRORS,
    ),
    Control(
        "reference",
        "choice",
        "Reference",
        "the product of a star without companion that the chosen one is calibrated with",
        section=_CALIBRATION,
        lone=True,
    ),
    Control(
        "by_integration",
        "choice",
        "Product by integration",
        "the amimulti-oi whose series is shown, and that is averaged",
        section=_SERIES,
        lone=True,
    ),
    Control(
        "show_series",
        "switch",
        "Show what is clicked",
        "whether a click in a plot shows the baseline or triangle in each integration",
        section=_SERIES,
        default=True,
    ),
    Control(
        "clip_sigma",
        "number",
        "Clip at",
        "how many standard deviations from the median a value may be; '' for no clipping",
        section=_SERIES,
        default=3.0,
        unit="σ",
        placeholder="no clipping",
        above=0.0,
        least=0.0,
        optional=True,
    ),
    Control(
        "first_integration",
        "integer",
        "From integration",
        "the first integration of the average, from 1",
        section=_SERIES,
        default=1,
        least=1,
        above=0,
        patient=True,
    ),
    Control(
        "last_integration",
        "integer",
        "to",
        "the last one; '' for the last of the product",
        section=_SERIES,
        default="",
        placeholder="last",
        optional=True,
        least=1,
        above=0,
        patient=True,
        beside=True,
    ),
    Control(
        "extent",
        "number",
        "Out to",
        "how far from the star a companion is searched for, in mas; '' for half of λ over the "
        "shortest baseline",
        section=_SEARCH,
        default="",
        unit="mas",
        placeholder="λ/2B of the shortest baseline",
        above=0.0,
        least=0.0,
        optional=True,
    ),
    Control(
        "n_positions",
        "integer",
        "Positions",
        "how many positions along each axis",
        section=_SEARCH,
        default=100,
        above=1,
        least=2,
        hint="{step_text}",
        beside=True,
    ),
    Control(
        "min_ratio",
        "number",
        "Flux ratio from",
        "the smallest flux ratio, companion over star",
        section=_SEARCH,
        default=0.0,
        above=-1.0,
        least=0.0,
    ),
    Control(
        "max_ratio",
        "number",
        "to",
        "the largest flux ratio",
        section=_SEARCH,
        default=1.0,
        above=0.0,
        least=0.0,
        beside=True,
    ),
    Control(
        "use_vis2",
        "switch",
        "Use V² beside closure phases",
        "whether squared visibilities are used beside closure phases",
        section=_SEARCH,
        default=False,
    ),
    Control(
        "bandwidth_smearing",
        "switch",
        "Average fringes over the band",
        "whether fringes are averaged over the band",
        section=_SEARCH,
        default=False,
    ),
    Control(
        "sigma",
        "number",
        "A detection is",
        "the significance of a detection, in Gaussian standard deviations; with less, limits are "
        "drawn",
        section=_SEARCH,
        default=5.0,
        unit="σ",
        above=0.0,
        least=0.0,
    ),
    Control(
        "model",
        "choice",
        "Model",
        "what is drawn over the data of the chosen product",
        section=_MODEL,
        choices=MODELS,
    ),
    Control(
        "east",
        "number",
        "Companion ΔRA",
        "offset of the companion to the east, ΔRA cos Dec, in mas",
        section=_MODEL,
        default=100.0,
        unit="mas",
        when=_BINARY,
    ),
    Control(
        "north",
        "number",
        "ΔDec",
        "offset of the companion to the north, in mas",
        section=_MODEL,
        default=0.0,
        unit="mas",
        when=_BINARY,
        beside=True,
    ),
    Control(
        "flux_ratio",
        "number",
        "Flux ratio",
        "of the companion to the star",
        section=_MODEL,
        default=0.01,
        above=0.0,
        least=0.0,
        when=_BINARY,
    ),
    Control(
        "diameter",
        "number",
        "Diameter",
        "of the disc, in mas",
        section=_MODEL,
        default=20.0,
        unit="mas",
        above=0.0,
        least=0.0,
        when={"model": ("disc",)},
    ),
    folded=(_CALIBRATION, _SERIES, _MODEL),
)
