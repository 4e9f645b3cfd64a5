"""The controls of the plugin."""

from __future__ import annotations

from ...viewers.spectral_lines import line_lists
from ..controls import Control, panel_of
from .stepping import CATALOG_ORDER, TABLE_ORDER

__all__ = ["NO_LINES", "ONE_REDUCTION", "InspectPanel"]

NO_LINES = "none"
#: What stands for a reduction where there is no choice.
ONE_REDUCTION = "only one"
_ORDER, _FOUND, _VIEW = "Order", "Found", "View"

#: A base class with the traits of the controls.
InspectPanel = panel_of(
    Control(
        "folder",
        "text",
        "Folder or association",
        "the folder, searched to the bottom, or the asn.json whose sources are looked at",
        default="",
        placeholder="mastDownload",
        own_part=True,
    ),
    Control(
        "reduction",
        "choice",
        "Reduction",
        "which one counts of several reductions of one product, by its folder; the newest at first",
        choices=(ONE_REDUCTION,),
        section=_ORDER,
    ),
    Control(
        "order_by",
        "choice",
        "In the order of",
        "what the sources are sorted by: the catalog's order, that of its table as it is sorted in "
        "the app, or one of its columns",
        choices=(CATALOG_ORDER,),
        hint="{order_text}",
        section=_ORDER,
        lone=True,
    ),
    Control(
        "descending",
        "switch",
        "Largest first",
        "whether the largest value comes first",
        default=False,
        section=_ORDER,
        unless={"order_by_selected": (CATALOG_ORDER, TABLE_ORDER)},
    ),
    Control(
        "only",
        "choice",
        "Show",
        "which sources are stepped through",
        choices=("all", "with spectra", "not looked at", "looked at"),
        section=_ORDER,
    ),
    Control(
        "filtered",
        "switch",
        "Only what Catalog Overlay shows",
        "whether only sources are stepped through that pass the filters of *Catalog Overlay*, if "
        "the catalog is loaded",
        hint="{filter_text}",
        default=False,
        section=_ORDER,
    ),
    Control(
        "redshift",
        "number",
        "Redshift",
        "of the source, at which lines are drawn; a drag over a spectrum moves them",
        default="",
        optional=True,
        placeholder="not known",
        above=-1,
        step=0.01,
        section=_FOUND,
    ),
    Control(
        "flag",
        "integer",
        "Flag",
        "a grade from 0 to 9",
        default="",
        optional=True,
        placeholder="none",
        own_part=True,
    ),
    Control(
        "kind",
        "text",
        "Class",
        "what the source is",
        default="",
        placeholder="emission lines",
        own_part=True,
    ),
    Control(
        "comment",
        "text",
        "Comment",
        "one line",
        default="",
        own_part=True,
    ),
    Control(
        "inspector",
        "text",
        "Your name",
        "who looks at them; it is kept with each source",
        default="",
        placeholder="account",
        own_part=True,
    ),
    Control(
        "line_list",
        "choice",
        "Line list",
        "the lines that are drawn at the redshift, of jdaviz's lists; wavelengths in air are "
        "turned into those in vacuum",
        choices=(NO_LINES, *line_lists()),
        section=_VIEW,
    ),
    Control(
        "size",
        "number",
        "Size of pictures",
        "side of the pictures of the source",
        default=3.0,
        above=0,
        unit="arcsec",
        section=_VIEW,
    ),
    Control(
        "exposures",
        "switch",
        "Single exposures",
        "whether the exposures of images (crf, cal) that the source is on, and its slits in "
        "exposures, are shown, too",
        default=False,
        section=_VIEW,
    ),
    folded=("Python",),
)
