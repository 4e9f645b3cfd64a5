"""The controls of the plugin."""

from __future__ import annotations

from typing import Any

from ...origin import of_suffix, origin_of
from ...readers.quality import DQ_FLAGS
from ..controls import Control, panel_of

__all__ = ["ExposuresPanel", "is_mosaic"]


def is_mosaic(data: Any) -> bool:
    """Whether data (glue) are the image of a mosaic.

    Parameters
    ----------
    data : glue.core.Data

    Returns
    -------
    bool
    """
    origin = origin_of(data)
    return of_suffix(data, "i2d") and origin is not None and origin.part == "SCI"


#: A base class with the traits of the controls.
ExposuresPanel = panel_of(
    Control(
        "mosaic",
        "dataset",
        "Mosaic",
        "the mosaic whose exposures these are",
        select={"filters": [is_mosaic]},
    ),
    Control(
        "show_footprints",
        "switch",
        "Footprints",
        "whether the outlines of all exposures are drawn",
        default=True,
        hint="Of all exposures; those at the chosen place stand out.",
        section="Drawn over the image",
    ),
    Control(
        "show_flagged",
        "switch",
        "Flagged pixels of loaded exposures",
        "whether the flagged pixels of exposures that are loaded are marked",
        default=True,
        section="Drawn over the image",
    ),
    Control(
        "marked_flags",
        "flags",
        "Flags",
        "names of the data-quality flags whose pixels are marked",
        choices=tuple(DQ_FLAGS),
        default=["OUTLIER"],
        hint="OUTLIER is what outlier detection has rejected.",
        when={"show_flagged": (True,)},
        section="Drawn over the image",
    ),
)
