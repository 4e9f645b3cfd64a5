"""The controls of the plugin."""

from __future__ import annotations

from ..controls import Control, panel_of

__all__ = ["ProductsPanel"]

#: A base class with the traits of the controls.
ProductsPanel = panel_of(
    Control(
        "folder",
        "text",
        "Folder or association",
        "the folder, searched to the bottom, or the asn.json whose products are listed",
        default="",
        placeholder="mastDownload",
        own_part=True,
    ),
    Control(
        "search",
        "text",
        "Search",
        "words, all of which the name, type, target, mode, program, instrument or filter of a "
        "product must have",
        default="",
        placeholder="nircam f444w i2d",
        section="Products",
    ),
    Control(
        "shown",
        "choice",
        "Show",
        "which products the tree has",
        choices=("all", "not loaded", "loaded", "missing"),
        section="Products",
        beside=True,
    ),
    folded=(
        "Python",
        "Session as Python",
    ),
)
