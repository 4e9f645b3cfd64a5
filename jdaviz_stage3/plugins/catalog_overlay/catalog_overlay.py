"""The tray plugin that lays catalogs over images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from astropy.table import QTable
from glue.core.message import DataCollectionAddMessage, DataCollectionDeleteMessage
from jdaviz.core.events import (
    AddDataMessage,
    ChangeRefDataMessage,
    LinkUpdatedMessage,
    RemoveDataMessage,
    ViewerRemovedMessage,
    ViewerVisibleLayersChangedMessage,
)
from jdaviz.core.registries import tray_registry
from jdaviz.core.user_api import PluginUserApi
from traitlets import Any as AnyTrait
from traitlets import Bool, List, Unicode, observe

from ...errors import Stage3Error
from ...jdaviz_compat import (
    catalogs_of,
    image_viewers,
    images_in,
    is_image_viewer,
    show_message,
)
from .canvas import OverlayCanvas, zoom_to
from .controls import OverlayControls
from .export import ExportControls
from .filters import FilterControls
from .overlay import Overlay
from .selection import SourceSelectionMessage
from .settings import COLORS, OverlaySettings
from .table import TableLink

__all__ = ["CatalogOverlay"]


@tray_registry("stage3-catalog-overlay", label="Catalog Overlay", category="data:analysis")
class CatalogOverlay(FilterControls, ExportControls, OverlayControls):
    """Source catalogs over images: shapes, types, fluxes, labels, filters and selection.

    A catalog is drawn as soon as it is loaded beside the mosaic of the same observation and
    filter. All other settings are those of the catalog that ``catalog`` names.

    Only the following attributes and methods are available through the public plugin API:

    * ``catalog``: the catalog whose settings these are
    * ``viewer``: the image viewers that it is drawn in
    * ``visible``: whether it is drawn
    * ``shape``: ``'Ellipse'`` of the sources' moments, ``'Aperture'``, ``'Circle'``, ``'Marker'``
    * ``sigma``: semi-axes of the ellipses, in standard deviations
    * ``aperture``: which aperture, by its encircled energy in per cent
    * ``radius``: of the circles, pixels of the catalog's image
    * ``marker``, ``marker_size``: kind, and diameter in screen pixels
    * ``by_type``: whether point-like sources have their own symbol and colour
    * ``point_marker``, ``point_color``: those of point-like sources
    * ``color``, ``line_width``
    * ``size_by``, ``size_max``: column that gives the markers' sizes, and the largest in screen
      pixels (``marker_size`` is the smallest)
    * ``color_by``, ``colormap``, ``color_stretch``, ``color_min``, ``color_max``: column that gives
      the colours, and how
    * ``labels``, ``label_cap``: whether the sources' labels are drawn, and up to how many in view
    * ``segmentation``: the segmentation map whose outlines are drawn
    * ``positions``: ``'Auto'``, ``'Sky'`` or ``'Pixels'``
    * ``filters``: the conditions that sources must meet to be drawn, as texts
    * :meth:`add_filter`, :meth:`remove_filter`, :meth:`clear_filters`
    * ``n_shown``, ``n_sources``: sources that meet them, and all (read only)
    * :meth:`table`: the sources that meet them
    * :meth:`select`, :meth:`clear_selection`, ``selected``, ``selected_table``
    * :meth:`zoom_to_selected`
    * :meth:`open_table`: the catalog in a table viewer
    * :meth:`on_selection`: be told when the selection changes
    * :meth:`export_catalog`, :meth:`export_regions`, :meth:`to_python`
    * ``problem``: what could not be drawn as asked, empty if all is well (read only)
    """

    template_file = __file__, "catalog_overlay.vue"

    count_text = Unicode().tag(sync=True)
    problem = Unicode().tag(sync=True)
    hover_text = Unicode().tag(sync=True)
    selected_details = List().tag(sync=True)
    selected_title = Unicode().tag(sync=True)
    n_selected = AnyTrait(0).tag(sync=True)
    has_table = Bool(False).tag(sync=True)

    def __init__(self, *args, **kwargs):
        self._overlays: dict[Any, Overlay] = {}
        self._canvases: dict[Any, OverlayCanvas] = {}
        self._listeners: list[Callable[[list], None]] = []
        self._told: set[str] = set()
        self._tables = TableLink(kwargs["app"] if "app" in kwargs else args[0], self._rows_checked)
        super().__init__(*args, **kwargs)
        self._plugin_description = "Show source catalogs over images, by what the sources are."
        handlers = {
            AddDataMessage: self._on_shown,
            RemoveDataMessage: self._on_shown,
            DataCollectionAddMessage: lambda _: self._adopt(),
            DataCollectionDeleteMessage: lambda message: self._forget_data(message.data),
            ViewerRemovedMessage: lambda _: self._forget_viewers(),
            LinkUpdatedMessage: lambda _: self.redraw(),
            ChangeRefDataMessage: lambda _: self.redraw(),
            ViewerVisibleLayersChangedMessage: lambda _: self.redraw(),
        }
        for message, handler in handlers.items():
            self.hub.subscribe(self, message, handler=handler)
        self._adopt()
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
            expose=(
                "catalog",
                "viewer",
                "visible",
                "shape",
                "sigma",
                "aperture",
                "radius",
                "marker",
                "point_marker",
                "marker_size",
                "by_type",
                "color",
                "point_color",
                "line_width",
                "size_by",
                "size_max",
                "color_by",
                "colormap",
                "color_stretch",
                "color_min",
                "color_max",
                "labels",
                "label_cap",
                "segmentation",
                "positions",
                "filters",
                "add_filter",
                "remove_filter",
                "clear_filters",
                "select",
                "clear_selection",
                "zoom_to_selected",
                "open_table",
                "on_selection",
                "table",
                "export_catalog",
                "export_regions",
                "to_python",
            ),  # fmt: skip
            readonly=("selected", "selected_table", "n_shown", "n_sources", "problem"),
        )

    # ---- catalogs and viewers come and go ----

    def current(self) -> Overlay | None:
        """The overlay of the catalog that is chosen, None if there is none."""
        overlays = self._overlays.values()
        return next((o for o in overlays if o.sources.name == self.catalog_selected), None)

    def _adopt(self) -> None:
        """Make an overlay, off, of each catalog that has come."""
        for data in catalogs_of(self):
            if data not in self._overlays:
                overlay = Overlay(data, OverlaySettings())
                used = [other.settings.color for other in self._overlays.values()]
                free = [pair for pair in COLORS if pair[0] not in used]
                overlay.colors = (free or COLORS)[0]
                overlay.settings = self.default_settings(overlay)
                self._overlays[data] = overlay
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
        if viewer is not None and is_image_viewer(viewer) and isinstance(message, AddDataMessage):
            self._adopt()
            self._show_what_belongs(viewer)
        self._watch_tables()
        self.redraw()

    def _show_what_belongs(self, viewer: Any) -> None:
        """Turn on the overlays of catalogs whose own mosaic the viewer shows."""
        roots = {image.meta.get("_stage3_root") for image in images_in(viewer)} - {None, ""}
        for overlay in self._overlays.values():
            if overlay.sources.root in roots and viewer not in overlay.viewers:
                overlay.viewers.append(viewer)
                overlay.settings.visible = True
        self._show_current()

    def _forget_data(self, data: Any) -> None:
        overlay = self._overlays.pop(data, None)
        if overlay is None:
            for other in self._overlays.values():
                if other.settings.segmentation == data.label:
                    other.settings.segmentation = ""
        elif len(overlay.selection):
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

    @observe("catalog_selected")
    def _catalog_changed(self, *_: Any) -> None:
        self._show_current()

    def _show_current(self) -> None:
        """Set the controls to the catalog that is chosen."""
        overlay = self.current()
        self.show_settings(overlay)
        self.show_filters(overlay)
        self._showing = True
        try:
            names = [viewer.reference for viewer in overlay.viewers] if overlay else []
            self.viewer.selected = [name for name in names if name in self.viewer.choices]
        finally:
            self._showing = False
        self._watch_tables()
        self._show_details(overlay)
        self._report()

    def _watch_tables(self) -> None:
        """Listen to all tables of catalogs."""
        current = self.current()
        with_table = [o for o in self._overlays.values() if self._tables.watch(o)]
        self.has_table = current in with_table

    @observe("viewer_selected")
    def _viewers_changed(self, *_: Any) -> None:
        overlay = self.current()
        if overlay is None or self._showing:
            return
        overlay.viewers = [v for v in image_viewers(self) if v.reference in self.viewer_selected]
        self.redraw()

    # ---- drawing ----

    def settings_changed(self, overlay: Overlay, rescale: bool) -> None:
        if overlay.settings.visible and not overlay.viewers:
            overlay.viewers = image_viewers(self)
            self._show_current()
        if rescale:
            overlay.rescale()
        self.redraw()

    def redraw(self) -> None:
        """Draw all overlays in all viewers."""
        for viewer in image_viewers(self):
            overlays = [o for o in self._overlays.values() if viewer in o.viewers]
            if overlays and viewer not in self._canvases:
                self._canvases[viewer] = OverlayCanvas(viewer, self._clicked, self._hovered)
            if viewer in self._canvases:
                self._canvases[viewer].draw(overlays)
        self._report()

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
            if text not in self._told:
                self._told.add(text)
                show_message(self, text, color="warning")

    def _problems(self, overlay: Overlay) -> list[str]:
        found: list[str] = []
        for viewer in overlay.viewers:
            marks = self._canvases[viewer].marks.get(overlay) if viewer in self._canvases else None
            if marks is None:
                continue
            if marks.problem:
                found.append(marks.problem + ".")
                continue
            if marks.scene is None:
                continue
            positions = overlay.positions_in(viewer)
            if positions.on_image is not None and not positions.on_image.any():
                found.append(
                    f"{overlay.sources.name}: 0 of {len(overlay.sources)} sources fall on the "
                    f"image in {viewer.reference}; is it a catalog of another field?"
                )
            ends = (overlay.settings.color_min, overlay.settings.color_max)
            if overlay.settings.color_by and overlay.color_is_log:
                if any(end is not None and end <= 0 for end in ends):
                    found.append(
                        "A logarithmic color stretch needs positive ends; they are left out."
                    )
            if marks.scene.without_shape:
                found.append(
                    f"{marks.scene.without_shape} sources have no positive axes and are drawn as "
                    "small crosses."
                )
            if self._canvases[viewer].segments[overlay].too_many:
                found.append("Too many segments in view to outline; zoom in to see them.")
        return list(dict.fromkeys(found))

    # ---- what is shown ----

    @property
    def n_sources(self) -> int:
        """Number of sources in the catalog."""
        overlay = self.current()
        return len(overlay.sources) if overlay else 0

    @property
    def n_shown(self) -> int:
        """Number of sources that pass the filters."""
        overlay = self.current()
        return int(np.count_nonzero(overlay.passing)) if overlay else 0

    def table(self) -> QTable:
        """Return the sources that pass the filters, with all columns."""
        overlay = self.current()
        if overlay is None:
            raise Stage3Error("Catalog Overlay: no catalog is loaded")
        return overlay.sources.table(np.flatnonzero(overlay.passing))

    # ---- selection ----

    @property
    def selected(self) -> list:
        """Labels of the selected sources."""
        overlay = self.current()
        return overlay.sources.labels[overlay.selection].tolist() if overlay else []

    @property
    def selected_table(self) -> QTable | None:
        """The selected sources with all columns; None if no catalog is loaded."""
        overlay = self.current()
        return overlay.sources.table(overlay.selection) if overlay else None

    def select(self, labels: Any, zoom: bool = False) -> None:
        """Select sources: highlight them, and show their rows here and in table viewers.

        Parameters
        ----------
        labels : int, str or sequence of those
            The sources' labels.
        zoom : bool, optional
            Whether to zoom to them.

        Raises
        ------
        Stage3Error
            If the catalog has no source of a label; the selection stays as it was.
        """
        overlay = self._required()
        several = np.ndim(labels) or isinstance(labels, (set, frozenset))
        wanted = list(dict.fromkeys(np.array(list(labels)).tolist() if several else [labels]))
        rows = overlay.sources.rows_of(wanted)
        if len(rows) < len(wanted):
            there = set(overlay.sources.labels[rows].tolist())
            missing = [label for label in wanted if label not in there]
            raise Stage3Error(
                f"{overlay.sources.name}: no source with label {', '.join(map(repr, missing[:5]))} "
                f"(labels go from {overlay.sources.labels.min()} to {overlay.sources.labels.max()})"
                if len(overlay.sources)
                else f"{overlay.sources.name}: the catalog has no sources"
            )
        self._select_rows(overlay, rows)
        if zoom:
            self.zoom_to_selected()

    def clear_selection(self) -> None:
        """Select no source."""
        overlay = self.current()
        if overlay is not None:
            self._select_rows(overlay, np.empty(0, dtype=int))

    def on_selection(self, callback: Callable[[list], None]) -> Callable[[], None]:
        """Call a function with the labels of the selected sources when the selection changes.

        Parameters
        ----------
        callback : callable
            Takes a list of labels.

        Returns
        -------
        callable
            Call it to stop.
        """
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def zoom_to_selected(self) -> None:
        """Bring the selected sources into view, with what lies around them."""
        overlay = self._required()
        for viewer in overlay.viewers if len(overlay.selection) else ():
            positions = overlay.positions_in(viewer)
            zoom_to(viewer, positions, overlay.selection)

    def open_table(self) -> str:
        """Open the catalog in a table viewer, where rows can be checked to select sources.

        Returns
        -------
        str
            Label of the viewer.
        """
        label = self._tables.open(self._required())
        self.has_table = True
        return label

    def _select_rows(self, overlay: Overlay, rows: np.ndarray) -> None:
        if np.array_equal(rows, overlay.selection):
            return
        overlay.selection = rows
        for canvas in self._canvases.values():
            canvas.draw_selection(overlay)
        self._tables.show(overlay)
        if self.catalog_selected != overlay.sources.name:
            self.catalog_selected = overlay.sources.name
        self._show_details(overlay)
        self._announce(overlay)

    def _announce(self, overlay: Overlay) -> None:
        labels = overlay.sources.labels[overlay.selection].tolist()
        message = SourceSelectionMessage(self, overlay.sources.name, labels, overlay.selection)
        self.hub.broadcast(message)
        for listener in list(self._listeners):
            listener(labels)

    def _show_details(self, overlay: Overlay | None) -> None:
        """Show the last of the selected sources with all its columns."""
        rows = overlay.selection if overlay else np.empty(0, dtype=int)
        self.n_selected = len(rows)
        self.selected_title = overlay.sources.sentence(rows[-1]) if len(rows) else ""
        self.selected_details = overlay.sources.details(rows[-1]) if len(rows) else []

    def _clicked(self, overlay: Overlay, row: int, add: bool) -> None:
        rows = overlay.selection.tolist() if add else []
        rows = [other for other in rows if other != row] + ([] if row in rows else [row])
        self._select_rows(overlay, np.array(rows, dtype=int))

    def _hovered(self, line: str) -> None:
        self.hover_text = line

    def _rows_checked(self, data: Any, rows: np.ndarray) -> None:
        if data in self._overlays:
            self._select_rows(self._overlays[data], rows)

    # ---- from the browser ----

    def vue_clear_selection(self, *_: Any) -> None:
        self.clear_selection()

    def vue_zoom_to_selected(self, *_: Any) -> None:
        self.zoom_to_selected()

    def vue_open_table(self, *_: Any) -> None:
        self.open_table()

    def vue_show_python(self, *_: Any) -> None:
        self.python_code = self.to_python()
