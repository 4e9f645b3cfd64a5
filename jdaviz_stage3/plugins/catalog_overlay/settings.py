"""How one catalog is drawn: the settings, each declared with the control that shows it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ...origin import of_suffix
from ..controls import By, Control

__all__ = ["COLORS", "MARKERS", "NONE", "SHAPES", "OverlaySettings", "setting_controls"]

NONE = "None"  # what is chosen where nothing is; the setting itself is an empty text then
SHAPES = {
    "Ellipse": "Moments of the light: semimajor_sigma, semiminor_sigma, orientation.",
    "Aperture": "Circles of an aperture that the fluxes were measured in.",
    "Circle": "Circles of one radius on the image.",
    "Marker": "Markers of one size on the screen.",
}
#: The markers that sources can be drawn with; see ``picture`` for their lines.
MARKERS = ("circle", "square", "diamond", "triangle", "star", "plus", "cross")
#: Colours of the catalogs in the order in which they are shown, extended and point-like sources;
#: bright on dark sky, and told apart with any of the common kinds of colour blindness.
COLORS = (
    ("#00e5ff", "#ffb300"),
    ("#76ff03", "#ff80ab"),
    ("#ea80fc", "#ffff00"),
    ("#ff6e40", "#80d8ff"),
)
_COLORMAPS = ("viridis", "plasma", "inferno", "cividis", "turbo", "coolwarm", "Spectral", "gray")
_SYMBOLS, _COLUMNS, _LABELS = "Symbols", "Size and color by column", "Labels and segments"
_BOTH_TYPES = {"has_types": (True,), "by_type": (True,)}
_BY_COLUMN = {"section": _COLUMNS, "unless": {"color_by": (NONE,)}}


def _setting(default: Any, kind: str, label: str | By, meaning: str, **options: Any) -> Any:
    """A field of the settings, with the control that shows it."""
    return field(
        default=default,
        metadata={"control": Control("", kind, label, meaning, default=default, **options)},
    )


def _is_segmentation(data: Any) -> bool:
    return of_suffix(data, "segm")


@dataclass
class OverlaySettings:
    """What is drawn of one catalog, and how; `setting_controls` says what each setting means."""

    visible: bool = _setting(False, "switch", "Show over images", "whether it is drawn")
    shape: str = _setting(
        "Ellipse",
        "choice",
        "Shape",
        "ellipses of the sources' moments, circles of an aperture of the catalog or of one radius, "
        "or markers of a fixed size on the screen",
        choices=SHAPES,
        lone=True,
        section=_SYMBOLS,
    )
    sigma: float = _setting(
        3.0,
        "number",
        "Semi-axes",
        "semi-axes of the ellipses, in standard deviations",
        unit="σ",
        above=0,
        least=0.1,
        step=0.5,
        hint="Standard deviations of the source's light along its axes.",
        when={"shape": ("Ellipse",)},
        section=_SYMBOLS,
    )
    aperture: str = _setting(
        "",
        "choice",
        "Encircled energy (%)",
        "which aperture, by its encircled energy in per cent as the catalog names it (``'70'``)",
        choices=(NONE,),
        hint="The aperture of the catalog that is drawn.",
        lone=True,
        when={"shape": ("Aperture",)},
        section=_SYMBOLS,
    )
    radius: float = _setting(
        5.0,
        "number",
        "Radius",
        "of the circles, pixels of the catalog's image",
        unit="pix",
        above=0,
        least=0.1,
        step=1,
        hint="Pixels of the catalog's image.",
        when={"shape": ("Circle",)},
        section=_SYMBOLS,
    )
    marker: str = _setting(
        "circle",
        "choice",
        "Marker",
        "the kind of markers",
        choices=MARKERS,
        when={"shape": ("Marker",)},
        section=_SYMBOLS,
    )
    by_type: bool = _setting(
        True,
        "switch",
        "Point-like sources differ",
        "whether point-like sources have their own symbol and colour",
        hint="A symbol and a colour of their own (is_extended, is_star).",
        when={"has_types": (True,)},
        section=_SYMBOLS,
    )
    point_marker: str = _setting(
        "diamond",
        "choice",
        "Marker of point-like sources",
        "the marker of point-like sources",
        choices=MARKERS,
        when=_BOTH_TYPES,
        section=_SYMBOLS,
    )
    marker_size: float = _setting(
        12.0,
        "number",
        "Marker size",
        "diameter of markers in screen pixels",
        unit="px",
        above=0,
        least=1,
        step=1,
        hint="Diameter on the screen.",
        section=_SYMBOLS,
    )
    line_width: float = _setting(
        1.5,
        "number",
        "Line width",
        "in screen pixels",
        unit="px",
        above=0,
        least=0.5,
        step=0.5,
        beside=True,
        section=_SYMBOLS,
    )
    color: str = _setting(
        COLORS[0][0],
        "color",
        By("has_types", {"true": By("by_type", {"true": "Extended"}, "Color")}, "Color"),
        "of the symbols, ``'#rrggbb'``",
        section=_SYMBOLS,
    )
    point_color: str = _setting(
        COLORS[0][1],
        "color",
        "Point-like",
        "of the symbols of point-like sources",
        when=_BOTH_TYPES,
        beside=True,
        section=_SYMBOLS,
    )
    size_by: str = _setting(
        "",
        "choice",
        "Size by",
        "the column that gives the markers' sizes",
        choices=(NONE,),
        hint="Larger is brighter; draws markers.",
        section=_COLUMNS,
    )
    size_max: float = _setting(
        32.0,
        "number",
        "Largest marker",
        "diameter of the largest of them in screen pixels; ``marker_size`` is that of the smallest",
        unit="px",
        above=0,
        least=1,
        step=1,
        unless={"size_by": (NONE,)},
        section=_COLUMNS,
    )
    color_by: str = _setting(
        "",
        "choice",
        "Color by",
        "the column that gives the colours",
        choices=(NONE,),
        hint="Sources without a value are dashed, or hollow among filled ones.",
        section=_COLUMNS,
    )
    fill: bool = _setting(
        False,
        "switch",
        "Fill symbols",
        "whether symbols with a size or a colour by a column are filled, lightly",
        hint="Else they are outlines, and the sources under them are seen.",
        section=_COLUMNS,
    )
    colormap: str = _setting(
        "viridis", "choice", "Color map", "of matplotlib", choices=_COLORMAPS, **_BY_COLUMN
    )
    color_stretch: str = _setting(
        "Auto",
        "choice",
        "Color stretch",
        "``'Auto'`` is logarithmic for fluxes",
        choices=("Auto", "Linear", "Log"),
        hint="Auto is logarithmic for fluxes.",
        **_BY_COLUMN,
    )
    color_min: float | None = _setting(
        None,
        "number",
        "From",
        "value at the lower end of the colour map; None for the 1st percentile",
        placeholder="1st percentile",
        optional=True,
        **_BY_COLUMN,
    )
    color_max: float | None = _setting(
        None,
        "number",
        "To",
        "value at its upper end; None for the 99th percentile",
        placeholder="99th percentile",
        optional=True,
        beside=True,
        **_BY_COLUMN,
    )
    labels: bool = _setting(
        True,
        "switch",
        "Labels",
        "whether the sources' labels are drawn",
        hint="The sources' labels, where few enough are in view.",
        section=_LABELS,
    )
    label_cap: int = _setting(
        40,
        "integer",
        "Most sources in view to label",
        "up to how many sources in view have their labels",
        above=-1,
        least=0,
        step=10,
        when={"labels": (True,)},
        section=_LABELS,
    )
    # conditions, all of which a source must meet: see `~jdaviz_stage3.analysis.select_sources`
    filters: list[str] = field(default_factory=list)
    segmentation: str = _setting(
        "",
        "dataset",
        "Outlines of segments",
        "the segmentation map whose outlines are drawn",
        hint="The segmentation map whose borders are drawn.",
        select={"filters": [_is_segmentation], "default_text": NONE},
        section=_LABELS,
    )
    positions: str = _setting(
        "Auto",
        "choice",
        "Positions",
        "which positions of the catalog are used",
        choices=("Auto", "Sky", "Pixels"),
        hint="Auto takes what fits the images' alignment.",
        section=_LABELS,
    )

    def differences(self, other: OverlaySettings) -> dict[str, object]:
        """Return the settings in which this differs from others.

        Parameters
        ----------
        other : OverlaySettings

        Returns
        -------
        dict
            Name and value here, in the order of the class.
        """
        names = [entry.name for entry in dataclasses.fields(self)]
        return {n: getattr(self, n) for n in names if getattr(self, n) != getattr(other, n)}


def setting_controls() -> Iterator[Control]:
    """The controls of the settings, in their order."""
    for entry in dataclasses.fields(OverlaySettings):
        if "control" in entry.metadata:
            control = replace(entry.metadata["control"], name=entry.name)
            empty = control.default in ("", None)
            if control.is_selection:  # the first of the choices, until there is a catalog
                control = replace(control, default=None if empty else control.default)
            elif empty:
                control = replace(control, default="")
            yield control
