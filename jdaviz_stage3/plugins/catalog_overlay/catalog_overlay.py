"""The tray plugin that lays catalogs over images."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.table import QTable
from glue.core.message import DataCollectionAddMessage, DataCollectionDeleteMessage
from jdaviz.core.events import (
    AddDataMessage,
    ChangeRefDataMessage,
    DataRenamedMessage,
    LinkUpdatedMessage,
    RemoveDataMessage,
    ViewerRemovedMessage,
    ViewerVisibleLayersChangedMessage,
)
from jdaviz.core.registries import tray_registry
from jdaviz.core.user_api import PluginUserApi
from traitlets import Unicode, observe

from ...errors import Stage3Error
from ...jdaviz_compat import (
    catalogs_of,
    image_viewers,
    images_in,
    images_of,
    is_image_viewer,
    layer_of,
    mend_reference,
    offer_options_that_act,
    show_message,
    tie_layer_color,
)
from ...origin import of_suffix, root_of
from ..panel import describe
from .canvas import OverlayCanvas
from .controls import SettingsControls
from .export import OverlayExport, overlay_lines
from .filters import FilterControls, SourceFilterMessage
from .legend_places import LegendPlaces
from .overlay import Overlay
from .problems import problems_of
from .selection import SelectionControls
from .settings import COLORS, OverlaySettings

__all__ = ["CatalogOverlay"]

_METHODS = (
    "filters", "add_filter", "remove_filter", "clear_filters", "select", "clear_selection",
    "zoom_to_selected", "open_table", "on_selection", "table", "export_catalog", "export_regions",
    "place_legend", "to_python",
)  # fmt: skip


@tray_registry("stage3-catalog-overlay", label="Catalog Overlay", category="data:analysis")
class CatalogOverlay(
    SelectionControls, FilterControls, LegendPlaces, OverlayExport, SettingsControls
):
    """Source catalogs over images: shapes, types, fluxes, labels, filters and selection.

    A catalog is drawn as soon as it is loaded beside the mosaic of the same observation and
    filter. All other settings are those of the catalog that ``catalog`` names.

    Only the following attributes and methods are available through the public plugin API:

    {controls}
    * ``filters``: the conditions that sources must meet to be drawn, as texts
    * :meth:`add_filter`, :meth:`remove_filter`, :meth:`clear_filters`
    * ``n_shown``, ``n_sources``: sources that meet them, and all (read only)
    * :meth:`table`: the sources that meet them
    * :meth:`select`, :meth:`clear_selection`, ``selected``, ``selected_table``
    * :meth:`zoom_to_selected`
    * :meth:`open_table`: the catalog in a table viewer
    * :meth:`on_selection`: be told when the selection changes
    * :meth:`place_legend`: the legend of one viewer, anywhere in it
    * :meth:`export_catalog`, :meth:`export_regions`, :meth:`to_python`
    * ``problem``: what could not be drawn as asked, empty if all is well (read only)
    """

    template_file = __file__, "catalog_overlay.vue"
    more_in_sessions = ("filters",)

    count_text = Unicode().tag(sync=True)
    problem = Unicode().tag(sync=True)

    def __init__(self, *args, **kwargs):
        self._overlays: dict[Any, Overlay] = {}
        self._canvases: dict[Any, OverlayCanvas] = {}
        self._problems_said: set[str] = set()
        super().__init__(*args, **kwargs)
        describe(
            self, "Show source catalogs over images, by what the sources are.", "catalog_overlay"
        )
        handlers = {
            AddDataMessage: self._on_shown,
            RemoveDataMessage: self._on_shown,
            DataCollectionAddMessage: lambda _: self._add_new_catalogs(),
            DataCollectionDeleteMessage: lambda message: self._forget_data(message.data),
            DataRenamedMessage: self._on_renamed,
            ViewerRemovedMessage: lambda _: self._forget_viewers(),
            LinkUpdatedMessage: lambda _: self.redraw(),
            ChangeRefDataMessage: lambda _: self.redraw(),
            ViewerVisibleLayersChangedMessage: lambda _: self.redraw(),
        }
        for message, handler in handlers.items():
            self.hub.subscribe(self, message, handler=handler)
        self._add_new_catalogs()
        for viewer in image_viewers(self):
            self._show_what_belongs(viewer)
        self.observe_traitlets_for_relevancy(
            traitlets_to_observe=["catalog_items"],
            irrelevant_msg_callback=lambda _: "" if self.catalog_items else "No catalog is loaded.",
        )

    @property
    def user_api(self) -> PluginUserApi:
        return PluginUserApi(
            self,
            expose=(*self.control_names(), *_METHODS),
            readonly=("selected", "selected_table", "n_shown", "n_sources", "problem"),
        )

    # ---- catalogs and viewers come and go ----

    def current(self) -> Overlay | None:
        """The overlay of the catalog that is chosen, None if there is none."""
        overlays = self._overlays.values()
        return next((o for o in overlays if o.sources.name == self.catalog_selected), None)

    def _add_new_catalogs(self) -> None:
        """Make an overlay, off, of each catalog that has come."""
        for data in catalogs_of(self):
            if data not in self._overlays:
                overlay = Overlay(data, OverlaySettings())
                used = [other.settings.color for other in self._overlays.values()]
                free = [pair for pair in COLORS if pair[0] not in used]
                overlay.colors = (free or COLORS)[0]
                overlay.settings = self.default_settings(overlay)
                self._overlays[data] = overlay
                self.hub.broadcast(SourceFilterMessage(self, overlay.sources.name))
        self._show_current()

    def default_settings(self, overlay: Overlay) -> OverlaySettings:
        """Return the settings that a catalog is drawn with at first."""
        color, point_color = overlay.colors
        return OverlaySettings(
            color=color,
            point_color=point_color,
            shape="Marker" if overlay.sources.axes is None else "Ellipse",
            aperture=next(reversed(overlay.sources.aperture_radii), ""),
        )

    def _on_shown(self, message: AddDataMessage) -> None:
        """Data were added to a viewer or taken out of it."""
        viewer = message.viewer
        self._follow_tables()
        if viewer is None or not is_image_viewer(viewer):
            return
        if isinstance(message, AddDataMessage):
            self._add_new_catalogs()
            self._show_what_belongs(viewer, message.data)
        self.redraw()

    def _on_renamed(self, message: DataRenamedMessage) -> None:
        """Settings name the segmentation map by its label."""
        for overlay in self._overlays.values():
            if overlay.settings.segmentation == message.old_label:
                overlay.settings.segmentation = message.new_label
        self.redraw()

    def _show_what_belongs(self, viewer: Any, new: Any | None = None) -> None:
        """Turn on the overlays of catalogs whose own mosaic a viewer shows.

        Of those that ``new`` data belong to, if any are given: what the user has switched off
        stays off when something else comes.
        """
        roots = _roots_in(viewer)
        for overlay in self._overlays.values():
            root = overlay.sources.root
            if new is not None and root_of(new) != root:
                continue
            if root in roots and viewer not in overlay.viewers:
                overlay.viewers.append(viewer)
                overlay.settings.visible |= not overlay.offered
                overlay.offered = True
            self._outline_own_segments(overlay)
        self._show_current()

    def _outline_own_segments(self, overlay: Overlay) -> None:
        """Outline the observation's own segmentation map, the first time that it is there."""
        own = self._own_segments(overlay)
        if own and not overlay.segments_offered:
            overlay.settings.segmentation = own
            overlay.segments_offered = True

    def _own_segments(self, overlay: Overlay) -> str:
        """The label of the observation's own segmentation map, empty if it is not there."""
        for data in images_of(self):
            if root_of(data) == overlay.sources.root and of_suffix(data, "segm"):
                return data.label
        return ""

    def _forget_data(self, data: Any) -> None:
        overlay = self._overlays.pop(data, None)
        if overlay is None:
            for other in self._overlays.values():
                if other.settings.segmentation == data.label:
                    other.settings.segmentation = ""
        else:
            self.hub.broadcast(SourceFilterMessage(self, overlay.sources.name))
            if len(overlay.selection):
                overlay.selection = overlay.selection[:0]
                self._announce(overlay)
        self.redraw()
        self._show_current()

    def _forget_viewers(self) -> None:
        there = image_viewers(self)
        for viewer in [viewer for viewer in self._canvases if viewer not in there]:
            self._canvases.pop(viewer).close()
        for overlay in self._overlays.values():
            for viewer in [viewer for viewer in overlay.viewers if viewer not in there]:
                overlay.forget(viewer)
        self._show_current()

    @observe("catalog_selected", "catalog_items")
    def _catalog_changed(self, *_: Any) -> None:
        self._show_current()

    def _show_current(self) -> None:
        """Set the controls to the catalog that is chosen."""
        if not self._controls_ready:
            return
        overlay = self.current()
        self.show_settings(overlay)
        self.show_filters(overlay)
        self._showing = True
        try:
            names = [viewer.reference for viewer in overlay.viewers] if overlay else []
            self.viewer.selected = [name for name in names if name in self.viewer.choices]
        finally:
            self._showing = False
        self._follow_tables()
        self._show_details(overlay)
        self._report()

    @observe("viewer_selected")
    def _viewers_changed(self, *_: Any) -> None:
        overlay = self.current()
        if overlay is None or not self._controls_ready or self._showing:
            return
        overlay.viewers = [v for v in image_viewers(self) if v.reference in self.viewer_selected]
        self.redraw()

    # ---- sessions ----

    def session_lines(self) -> list[str]:
        """Return the lines of Python that set each catalog that is not drawn as it is at first."""
        lines: list[str] = []
        last = None
        for overlay in self._overlays.values():
            viewers = [v for v in image_viewers(self) if overlay.sources.root in _roots_in(v)]
            default = self.default_settings(overlay)
            found = overlay_lines(overlay, default, viewers, self._own_segments(overlay))
            if found:
                last = overlay.sources.name
                lines += [f"plg.catalog = {last!r}", *found]
        chosen = self.catalog_selected
        if chosen and chosen != (last or next(iter(self.catalog.choices), "")):
            lines.append(f"plg.catalog = {chosen!r}")
        return lines + self.legend_lines()

    # ---- drawing ----

    def settings_changed(self, overlay: Overlay, name: str) -> None:
        if overlay.settings.visible and not overlay.viewers:
            overlay.viewers = image_viewers(self)
            self._show_current()
        if name == "visible":
            # the switch in the viewers' data menus goes along, both ways
            for viewer in overlay.viewers:
                layer = layer_of(viewer, overlay.sources.data)
                if layer is not None:
                    layer.visible = overlay.settings.visible
        self.redraw()

    def redraw(self) -> None:
        """Draw all overlays in all viewers."""
        for viewer in image_viewers(self):
            overlays = [o for o in self._overlays.values() if viewer in o.viewers]
            if overlays:
                mend_reference(viewer)
            for overlay in overlays:
                overlay.reopen(viewer)
                recolored = partial(self._recolored, overlay)
                tie_layer_color(viewer, overlay.sources.data, overlay.settings.color, recolored)
            if overlays and viewer not in self._canvases:
                canvas = OverlayCanvas(viewer, self._clicked, self._hovered)
                canvas.put_legend(self.legend_selected)
                self._canvases[viewer] = canvas
            if viewer in self._canvases:
                self._canvases[viewer].draw(overlays)
        marks = [each for canvas in self._canvases.values() for each in canvas.marks.values()]
        if any(each.switched for each in marks):
            offer_options_that_act(self)
        self._follow_tables()
        self._report()

    def _recolored(self, overlay: Overlay, color: str) -> None:
        """Draw a catalog in the colour that its layer was given in Plot Options."""
        if overlay.settings.color != color:
            overlay.settings.color = color
            self.show_settings(self.current())
            self.redraw()

    def _report(self) -> None:
        """Say how many sources are shown, and what could not be drawn as asked."""
        overlay = self.current()
        if overlay is None:
            self.count_text = self.problem = ""
            return
        self.count_text = f"{self.n_shown} of {self.n_sources} shown"
        problems = self._problems(overlay) if overlay.settings.visible else []
        self.problem = " ".join(problems)
        for text in problems:
            if text not in self._problems_said:
                self._problems_said.add(text)
                show_message(self, text, color="warning")

    def _problems(self, overlay: Overlay) -> list[str]:
        canvases = [self._canvases[v] for v in overlay.viewers if v in self._canvases]
        found = [text for canvas in canvases for text in problems_of(overlay, canvas)]
        return list(dict.fromkeys(found))

    # ---- what is shown ----

    @property
    def n_sources(self) -> int:
        """Number of sources in the catalog."""
        overlay = self.current()
        return len(overlay.sources) if overlay else 0

    @property
    def n_shown(self) -> int:
        """Number of sources that pass the filters and have a position."""
        overlay = self.current()
        return int(np.count_nonzero(overlay.passing & overlay.sources.placed)) if overlay else 0

    def placed_catalog(self, name: str) -> tuple[QTable, SkyCoord] | None:
        """Return all sources of a catalog, and where they are on the sky.

        Parameters
        ----------
        name : str
            Label of the catalog.

        Returns
        -------
        table : QTable
        places : SkyCoord, shape (n,)
            None instead of both where there is no such catalog, or it has no such places.
        """
        for overlay in self._overlays.values():
            sky = overlay.sources.sky if overlay.sources.name == name else None
            if sky is not None:
                table = overlay.sources.table(np.arange(len(overlay.sources)))
                return table, SkyCoord(*sky, unit="deg")
        return None

    def table(self) -> QTable:
        """Return the sources that pass the filters, with all columns."""
        overlay = self.current()
        if overlay is None:
            raise Stage3Error("Catalog Overlay: no catalog is loaded")
        return overlay.sources.table(np.flatnonzero(overlay.passing))


def _roots_in(viewer: Any) -> set[str]:
    """What the images in a viewer share with their catalogs in their names."""
    return {root_of(image) for image in images_in(viewer)} - {None, ""}
