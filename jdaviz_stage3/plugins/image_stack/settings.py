"""The controls of the plugin."""

from __future__ import annotations

from typing import Any

from ...loaders.stack_data import StackData
from ...readers.quality import DQ_FLAGS
from ..controls import Control, panel_of
from .pictures import PICTURES, REFERENCED

__all__ = ["LIMITS", "StackPanel", "is_stack"]

#: How the limits of the colours are chosen.
LIMITS = {
    "whole stack": "The same for all frames, so that they can be compared.",
    "each frame": "Those of what is shown, each time.",
    "as they are": "What Plot Options says.",
}
_PICTURE, _FLAGS, _SERIES = "Picture", "Flags", "In time"
_REGIONS = {"filters": ["is_spatial"], "default_text": "None"}


def is_stack(data: Any) -> bool:
    """Whether data (glue) are a picture of a stack.

    Parameters
    ----------
    data : glue.core.Data

    Returns
    -------
    bool
    """
    return isinstance(data, StackData)


#: A base class with the traits of the controls.
StackPanel = panel_of(
    Control(
        "stack",
        "dataset",
        "Stack",
        "the stack of images",
        select={"filters": [is_stack]},
    ),
    Control(
        "frame",
        "integer",
        "Frame",
        "which frame is shown, from 1",
        own_part=True,
        default=1,
    ),
    Control(
        "psf",
        "integer",
        "PSF",
        "which PSF, from 1, where a stack has several for each integration",
        own_part=True,
        default=1,
    ),
    Control(
        "playing",
        "switch",
        "Play",
        "whether one frame is shown after the other, while the panel is open",
        own_part=True,
        default=False,
    ),
    Control(
        "speed",
        "number",
        "Speed",
        "frames a second at which they are played; fewer where the browser is slower",
        own_part=True,
        default=5.0,
        above=0,
        unit="a second",
    ),
    Control(
        "picture",
        "choice",
        "Show",
        "what is shown",
        section=_PICTURE,
        choices=PICTURES,
    ),
    Control(
        "reference_from",
        "integer",
        "From frame",
        "the first of the frames that others are compared with, or that are combined, from 1",
        section=_PICTURE,
        patient=True,
        default=1,
        when={"picture": REFERENCED},
        least=1,
    ),
    Control(
        "reference_to",
        "integer",
        "to frame",
        "the last of them; '' for the last of the stack",
        section=_PICTURE,
        patient=True,
        default="",
        optional=True,
        placeholder="last",
        when={"picture": REFERENCED},
        least=1,
        beside=True,
    ),
    Control(
        "clip_sigma",
        "number",
        "Clip at",
        "how many standard deviations from the median a value may be in the clipped mean",
        section=_PICTURE,
        patient=True,
        default=3.0,
        above=0,
        unit="σ",
        when={"picture": ("sigma-clipped mean",)},
    ),
    Control(
        "limits",
        "choice",
        "Limits of the colours",
        "how the limits of the colours are chosen",
        section=_PICTURE,
        choices=LIMITS,
    ),
    Control(
        "show_flagged",
        "switch",
        "Flagged pixels",
        "whether the flagged pixels of the frame are marked",
        default=False,
        section=_FLAGS,
    ),
    Control(
        "marked_flags",
        "flags",
        "Flags",
        "names of the data-quality flags that are marked, and counted",
        choices=tuple(DQ_FLAGS),
        default=["DO_NOT_USE"],
        hint="Marked in the frame; counted where flagged frames are shown.",
        section=_FLAGS,
    ),
    Control(
        "series_of_clicked",
        "switch",
        "Series of the clicked pixel",
        "whether a click in the image adds the series of the pixel",
        default=True,
        hint="A click in the image shows its pixel through all frames.",
        section=_SERIES,
    ),
    Control(
        "region",
        "region",
        "Region",
        "the subset of the image whose series :meth:`region_series` gives",
        section=_SERIES,
        select=_REGIONS,
        lone=True,
    ),
    Control(
        "statistic",
        "choice",
        "Sum or mean",
        "what is taken of the region",
        section=_SERIES,
        choices=("sum", "mean"),
        unless={"region": ("None", "")},
    ),
    Control(
        "background",
        "region",
        "Background",
        "the subset of the image where the background is taken that is subtracted",
        section=_SERIES,
        select=_REGIONS,
        unless={"region": ("None", "")},
    ),
    Control(
        "missing",
        "choice",
        "Flagged pixels",
        "what becomes of flagged pixels of the region",
        section=_SERIES,
        choices={
            "fill": "What they usually have, scaled by the rest of the region, stands for them.",
            "nan": "Frames in which one is flagged have no value.",
            "drop": "Pixels that are flagged in any frame are left out in all.",
        },
        unless={"region": ("None", "")},
    ),
    Control(
        "box",
        "integer",
        "Box for the centroid",
        "width of the square around the clicked pixel in which the source is measured",
        section=_SERIES,
        default=11,
        above=2,
        unit="pixels",
    ),
)
