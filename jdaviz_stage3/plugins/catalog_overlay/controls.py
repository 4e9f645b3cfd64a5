"""The controls of the plugin, kept equal to the settings of the catalog that is chosen."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import jdaviz
import traitlets
from jdaviz.core.template_mixin import PluginTemplateMixin
from traitlets import Bool

from ...errors import Stage3Warning
from ..controls import Control, panel_of
from .legend import CORNERS
from .overlay import Overlay
from .settings import NONE, SHAPES, OverlaySettings, setting_controls

__all__ = ["SettingsControls"]

_SETTINGS = {control.name: control for control in setting_controls()}
# Settings whose change asks for new colours or sizes.
_SCALES = ("size_by", "color_by", "colormap", "color_stretch", "color_min", "color_max")
_BASE = panel_of(
    Control(
        "catalog",
        "dataset",
        "Catalog",
        "the catalog whose settings these are",
        hint="All settings below are those of this catalog.",
        lone=True,
        select={"filters": ["is_catalog"]},
    ),
    _SETTINGS["visible"],
    Control(
        "viewer",
        "viewers",
        "Image viewers",
        "the image viewers that it is drawn in",
        hint="Where the catalog is drawn.",
        when={"visible": (True,)},
        select={"filters": ["is_imviz_image_viewer"], "default_mode": "empty"},
    ),
    *(control for name, control in _SETTINGS.items() if name != "visible"),
    Control(
        "legend",
        "choice",
        "Legend",
        "the corner of viewers that the legend is in, ``'Folded'`` or ``'Off'``; of all catalogs",
        choices=("Auto", *CORNERS, "Folded", "Off"),
        hint="Click on it to fold it. It leaves a corner where a selected source is.",
        section="Labels and segments",
    ),
    folded=("Symbols", "Size and color by column", "Labels and segments", "Export"),
)


class SettingsControls(_BASE, PluginTemplateMixin):
    """The controls, kept equal to the settings of the catalog that is chosen."""

    has_types = Bool(False).tag(sync=True)  # the catalog says which sources are point-like

    _controls_ready = False  # jdaviz chooses defaults before all of them are made

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._showing = False  # settings are being copied into the controls
        self.make_selections()
        self.show_settings(None)
        traits = [control.value_trait for control in _SETTINGS.values()]
        self.observe(self._control_changed, names=traits)
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
            for name, control in _SETTINGS.items():
                value = getattr(settings, name)
                if control.is_selection:
                    choices = getattr(self, name).choices
                    value = value if value in choices else choices[0]
                setattr(self, control.value_trait, "" if value is None else value)
        finally:
            self._showing = False

    def _control_changed(self, change: dict) -> None:
        overlay = self.current()
        if self._showing or overlay is None:
            return
        name = change["name"].removesuffix("_selected")
        value, control = change["new"], _SETTINGS[name]
        if control.is_selection:
            value = "" if value == NONE else value
        elif value == "" and control.optional:
            value = None
        elif value == "" and control.above is not None:
            return  # a field that is being typed into says nothing yet
        elif expected := control.expected(value):
            self._refuse(name, value, overlay, expected)
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

    def _refuse(self, name: str, value: Any, overlay: Overlay, expected: str) -> None:
        """Put a control back to what the setting is, and say why."""
        kept = getattr(overlay.settings, name)
        self._showing = True
        try:
            setattr(self, name, "" if kept is None else kept)
        finally:
            self._showing = False
        text = f"Catalog Overlay: {name} = {value!r} was not taken; {expected}"
        warnings.warn(text, Stage3Warning, skip_file_prefixes=_NOT_THE_CALLER)


# A warning is about the line that set the control, not about those that passed it on.
_NOT_THE_CALLER = tuple(
    str(Path(module.__file__).parent) for module in (traitlets, jdaviz, sys.modules[__package__])
)


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
