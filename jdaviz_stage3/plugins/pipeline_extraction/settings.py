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
    Control(
        "position",
        "text",
        "RA and Dec",
        "of the aperture in all cubes of the target; that of the pipeline's circle, of the target, "
        "or of the middle of the field where it is empty",
        default="",
        placeholder="those of the pipeline, or of the target",
        hint="16:02:00.1 -20:06:00, or in degrees: 240.5 -20.1",
        section="One aperture in all cubes",
    ),
    Control(
        "radius",
        "number",
        "Radius",
        "of that aperture, in arcsec",
        default=0.5,
        unit="arcsec",
        above=0.0,
        least=0.0,
        section="One aperture in all cubes",
    ),
    Control(
        "reference",
        "number",
        "at",
        "the wavelength (micron) at which the radius is that, and in proportion to which it grows; "
        "constant where it is empty",
        default="",
        unit="um",
        placeholder="all wavelengths",
        above=0.0,
        least=0.0,
        optional=True,
        beside=True,
        section="One aperture in all cubes",
    ),
    Control(
        "scale_bands",
        "switch",
        "Scale the bands when stitching",
        "whether stitching multiplies the bands so that neighbours agree where they overlap",
        default=False,
        hint="By the ratios above, to the first band. Otherwise they are left as they are.",
        section="One aperture in all cubes",
    ),
)
