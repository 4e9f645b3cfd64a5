"""The controls of the plugin, and the settings of the catalog that they show and change."""

from __future__ import annotations

import math
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import jdaviz
import traitlets
from jdaviz.core.custom_traitlets import FloatHandleEmpty, IntHandleEmpty
from jdaviz.core.template_mixin import (
    DatasetSelect,
    PluginTemplateMixin,
    ViewerSelect,
)
from traitlets import Bool, List, Unicode

from ...errors import Stage3Warning
from ..panel import add_choices
from .overlay import Overlay
from .picture import MARKERS
from .settings import COLOR_STRETCHES, POSITIONS, SHAPES, OverlaySettings

__all__ = ["OverlayControls"]

NONE = "None"
_COLORMAPS = ("viridis", "plasma", "inferno", "cividis", "turbo", "coolwarm", "Spectral", "gray")

# Settings that are numbers, with the least value (exclusive) that makes sense of each.
_LEAST = {
    "sigma": 0,
    "radius": 0,
    "marker_size": 0,
    "size_max": 0,
    "line_width": 0,
    "label_cap": -1,
}
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
# Settings that are chosen from a list, whose control is a selection.
_CHOSEN = (
    "shape", "aperture", "marker", "point_marker", "size_by", "color_by", "colormap",
    "color_stretch", "segmentation", "positions",
)  # fmt: skip
_PLAIN = (
    "visible", "sigma", "radius", "marker_size", "by_type", "color", "point_color", "line_width",
    "size_max", "color_min", "color_max", "labels", "label_cap",
)  # fmt: skip
_OPTIONAL = ("color_min", "color_max")
# Settings whose change asks for new colours or sizes.
_SCALES = ("size_by", "color_by", "colormap", "color_stretch", "color_min", "color_max")


class OverlayControls(PluginTemplateMixin):
    """The traits of the controls, kept equal to the settings of the catalog that is chosen."""

    catalog_items = List().tag(sync=True)
    catalog_selected = Unicode().tag(sync=True)
    viewer_items = List().tag(sync=True)
    viewer_selected = List([]).tag(sync=True)
    viewer_multiselect = Bool(True).tag(sync=True)

    visible = Bool(False).tag(sync=True)
    shape_items = List().tag(sync=True)
    shape_selected = Unicode().tag(sync=True)
    sigma = FloatHandleEmpty(3.0).tag(sync=True)
    aperture_items = List().tag(sync=True)
    aperture_selected = Unicode().tag(sync=True)
    radius = FloatHandleEmpty(5.0).tag(sync=True)
    marker_items = List().tag(sync=True)
    marker_selected = Unicode().tag(sync=True)
    point_marker_items = List().tag(sync=True)
    point_marker_selected = Unicode().tag(sync=True)
    marker_size = FloatHandleEmpty(12.0).tag(sync=True)
    by_type = Bool(True).tag(sync=True)
    has_types = Bool(False).tag(sync=True)
    color = Unicode().tag(sync=True)
    point_color = Unicode().tag(sync=True)
    line_width = FloatHandleEmpty(1.5).tag(sync=True)

    size_by_items = List().tag(sync=True)
    size_by_selected = Unicode().tag(sync=True)
    size_max = FloatHandleEmpty(32.0).tag(sync=True)
    color_by_items = List().tag(sync=True)
    color_by_selected = Unicode().tag(sync=True)
    colormap_items = List().tag(sync=True)
    colormap_selected = Unicode().tag(sync=True)
    color_stretch_items = List().tag(sync=True)
    color_stretch_selected = Unicode().tag(sync=True)
    color_min = FloatHandleEmpty("").tag(sync=True)
    color_max = FloatHandleEmpty("").tag(sync=True)

    labels = Bool(True).tag(sync=True)
    label_cap = IntHandleEmpty(40).tag(sync=True)
    segmentation_items = List().tag(sync=True)
    segmentation_selected = Unicode().tag(sync=True)
    positions_items = List().tag(sync=True)
    positions_selected = Unicode().tag(sync=True)

    _controls_ready = False  # jdaviz chooses defaults before all of them are made

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._showing = False  # settings are being copied into the controls
        self.catalog = DatasetSelect(
            self, "catalog_items", "catalog_selected", filters=["is_catalog"]
        )
        self.viewer = ViewerSelect(
            self,
            "viewer_items",
            "viewer_selected",
            "viewer_multiselect",
            filters=["is_imviz_image_viewer"],
            default_mode="empty",
        )
        self.segmentation = DatasetSelect(
            self,
            "segmentation_items",
            "segmentation_selected",
            filters=[_is_segmentation],
            default_text=NONE,
        )
        choices = {
            "shape": SHAPES,
            "aperture": (NONE,),
            "marker": MARKERS,
            "point_marker": MARKERS,
            "size_by": (NONE,),
            "color_by": (NONE,),
            "colormap": _COLORMAPS,
            "color_stretch": COLOR_STRETCHES,
            "positions": POSITIONS,
        }
        add_choices(self, choices)
        self.show_settings(None)
        for name in _PLAIN:
            self.observe(self._control_changed, names=[name])
        for name in _CHOSEN:
            self.observe(self._control_changed, names=[f"{name}_selected"])
        self._controls_ready = True

    # ---- for the plugin ----

    def current(self) -> Overlay | None:
        """The overlay whose settings the controls show; overridden by the plugin."""
        return None

    def settings_changed(self, overlay: Overlay, name: str) -> None:
        """Draw an overlay one of whose settings has changed; overridden by the plugin."""

    # ---- controls and settings ----

    def show_settings(self, overlay: Overlay | None) -> None:
        """Set the controls to what an overlay's settings are.

        Parameters
        ----------
        overlay : Overlay or None
            None for the defaults, where there is no catalog.
        """
        settings = overlay.settings if overlay else OverlaySettings()
        sources = overlay.sources if overlay else None
        self._showing = True
        try:
            columns = [NONE, *(sources.numeric_columns if sources else ())]
            self.size_by.choices = self.color_by.choices = columns
            self.aperture.choices = list(sources.aperture_radii if sources else ()) or [NONE]
            self.has_types = bool(sources and sources.point_like is not None)
            shapes = [shape for shape in SHAPES if _can_draw(shape, overlay)]
            self.shape.choices = shapes
            for name in _CHOSEN:
                value, choices = getattr(settings, name), getattr(self, name).choices
                setattr(self, f"{name}_selected", value if value in choices else choices[0])
            for name in _PLAIN:
                value = getattr(settings, name)
                setattr(self, name, "" if value is None else value)
        finally:
            self._showing = False

    def _control_changed(self, change: dict) -> None:
        overlay = self.current()
        if self._showing or overlay is None:
            return
        name = change["name"].removesuffix("_selected")
        value = change["new"]
        if name in _CHOSEN:
            value = "" if value == NONE else value
        elif value == "" and name in _OPTIONAL:
            value = None
        elif value == "" and name in _LEAST:
            return  # a field that is being typed into says nothing yet
        elif not _makes_sense(name, value):
            self._refuse(name, value, overlay)
            return
        if getattr(overlay.settings, name) == value:
            return
        setattr(overlay.settings, name, value)
        if name == "size_by":
            # ellipses and circles are as large as the sources are
            if value and overlay.settings.shape != "Marker":
                overlay.shape_before, overlay.settings.shape = overlay.settings.shape, "Marker"
            elif not value and overlay.shape_before:
                overlay.settings.shape, overlay.shape_before = overlay.shape_before, ""
            self.show_settings(overlay)
        elif name == "shape" and value != "Marker" and overlay.settings.size_by:
            overlay.settings.size_by = overlay.shape_before = ""
            overlay.rescale()
            self.show_settings(overlay)
        if name in _SCALES:
            overlay.rescale()
        self.settings_changed(overlay, name)

    def _refuse(self, name: str, value: Any, overlay: Overlay) -> None:
        """Put a control back to what the setting is, and say why."""
        kept = getattr(overlay.settings, name)
        self._showing = True
        try:
            setattr(self, name, "" if kept is None else kept)
        finally:
            self._showing = False
        text = f"Catalog Overlay: {name} = {value!r} was not taken; {_expected(name)}"
        warnings.warn(text, Stage3Warning, skip_file_prefixes=_NOT_THE_CALLER)


# A warning is about the line that set the control, not about those that passed it on.
_NOT_THE_CALLER = tuple(
    str(Path(module.__file__).parent) for module in (traitlets, jdaviz, sys.modules[__package__])
)


def _is_segmentation(data: Any) -> bool:
    return data.meta.get("_stage3_suffix") == "segm"


def _can_draw(shape: str, overlay: Overlay | None) -> bool:
    if overlay is None or shape == "Marker":
        return True
    sources = overlay.sources
    has = {
        "Ellipse": sources.axes is not None,
        "Aperture": bool(sources.aperture_radii),
        "Circle": sources.pixels is not None,
    }
    return has[shape]


def _makes_sense(name: str, value: Any) -> bool:
    if name in _LEAST:
        return isinstance(value, (int, float)) and math.isfinite(value) and value > _LEAST[name]
    if name in _OPTIONAL:
        return isinstance(value, (int, float)) and math.isfinite(value)
    if name in ("color", "point_color"):
        return bool(_COLOR.fullmatch(value))
    return True


def _expected(name: str) -> str:
    if name in _LEAST:
        return f"expected a number above {_LEAST[name]}"
    if name in _OPTIONAL:
        return "expected a finite number, or '' for the percentile"
    return "expected a colour as '#rrggbb'"
