"""Every private jdaviz name that this package touches, each with its reason.

jdaviz 5.0.5 is what these were written against; each docstring says what 5.1 offers instead.
Overriding a method that jdaviz documents as overridable does not count as touching.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = [
    "add_plugins",
    "add_to_viewer",
    "aligned_by_wcs",
    "application",
    "arrange_viewers",
    "catalog_meta",
    "catalogs_of",
    "configuration",
    "create_viewer",
    "data_labels",
    "data_of",
    "draw_as_circles",
    "dropped_file_name",
    "figure_size",
    "fit_when_drawn",
    "forget_app",
    "give_layout",
    "has_images",
    "hide_layer",
    "hide_server_files",
    "hide_table_selection_marks",
    "image_meta",
    "image_viewers",
    "images_in",
    "images_of",
    "importer_registry_name",
    "in_display_units",
    "is_catalog",
    "is_image_viewer",
    "is_spectrum_viewer",
    "layer_of",
    "on_every_app",
    "refresh_from_registries",
    "register_vue_components",
    "remove_data",
    "remove_viewers",
    "renew_snackbar",
    "replace_resolver",
    "replace_spectrum",
    "reset_spectral_limits",
    "restricted_formats",
    "send_importer_templates",
    "send_plain_table_rows",
    "set_missing_color",
    "show_alone",
    "show_flux_in",
    "show_message",
    "show_native_markers",
    "show_table_rows",
    "shown_in",
    "shows_median_of_other_target",
    "shows_target",
    "spatial_component_type",
    "spectral_component_type",
    "spectral_flux_unit",
    "spectral_region",
    "spectrum_of_data",
    "spectrum_viewers_showing",
    "table_viewers_of",
    "unique_data_label",
    "viewer_labels",
    "viewers_by_kind",
]


def application(app: Any) -> Any:
    """Return jdaviz's inner application of a helper (``Imviz()``, ``jdaviz.gca()``).

    Reason: data collection, hub and viewers hang on it, and the public ``.app`` of a helper is
    deprecated in favour of ``._app``. jdaviz 5.1: the same.
    """
    return getattr(app, "_app", app)


def configuration(app: Any) -> str:
    """Return the name of an app's configuration: ``'deconfigged'``, ``'imviz'``, ….

    Reason: no public name. jdaviz 5.1: the same; with 5.2 only ``'deconfigged'`` is left.
    """
    return application(app).config


def on_every_app(hook: Callable[[Any], None]) -> None:
    """Run ``hook(app)`` for the generalised apps that exist and for those to come.

    Reason: the only way to equip an app whichever of the packages is imported first.
    jdaviz 5.1: the same private name.
    """
    import jdaviz

    jdaviz._register_new_app_hook(hook)


def refresh_from_registries(app: Any) -> None:
    """Make an existing generalised app offer what has been registered after it was made.

    Reason: an app copies the registries when it is made. jdaviz 5.1: the same.
    """
    inner = application(app)
    inner.update_tray_items_from_registry()
    inner.update_new_viewers_from_registry()
    _renew_loaders(app)
    _renew_colormaps(app)
    send_importer_templates()


def _renew_loaders(app: Any) -> None:
    """Replace an app's loaders by instances of the classes that are registered now.

    Reason: loaders are made with the app, and ``update_loaders_from_registry`` keeps the
    instances that it finds. jdaviz 5.1: the same.
    """
    from ipywidgets import widget_serialization
    from jdaviz.core.registries import loader_resolver_registry

    inner = application(app)
    items = []
    for item in inner.state.loader_items:
        registered = loader_resolver_registry.members.get(item["name"])
        old = widget_serialization["from_json"](item["widget"], None)
        if registered is not None and type(old) is not registered:
            new = registered(
                app=inner,
                open_callback=old.open_callback,
                close_callback=old.close_callback,
                set_active_loader_callback=old.set_active_loader_callback,
            )
            item = {**item, "widget": "IPY_MODEL_" + new.model_id}
        items.append(item)
    inner.state.loader_items = items


def _renew_colormaps(app: Any) -> None:
    """Let the menus of an existing app know the colour maps that were added after it was made.

    Reason: each menu holds a copy, and cannot draw a layer whose colour map it does not know.
    jdaviz 5.1: the same.
    """
    from jdaviz.utils import cmap_samples

    inner = application(app)
    menus = [viewer._data_menu for viewer in inner._viewer_store.values()]
    menus += [plugin._obj for plugin in app.plugins.values()]
    for menu in menus:
        if hasattr(menu, "cmap_samples"):
            menu.cmap_samples = dict(cmap_samples)


def send_importer_templates() -> None:
    """Send the templates of the importers' forms to the browser, before any file is loaded.

    Reason: ipyvue makes the widget of a template once, and ``load`` makes importers while no
    widget is announced to the browser; a form of the same template that is shown later then fails
    with "widget model not found". jdaviz 5.1: to check.
    """
    import os

    from ipyvue.Template import get_template
    from jdaviz.core.registries import loader_importer_registry

    for importer in loader_importer_registry.members.values():
        if isinstance(importer.template_file, tuple):
            folder = os.path.dirname(importer.template_file[0])
            get_template(os.path.join(folder, importer.template_file[1]))


def add_plugins(app: Any, names: list[str]) -> None:
    """Add tray plugins to an ``Imviz()`` or ``Specviz()``, once each.

    Reason: the trays of these configurations come from a YAML file, and the hook for new apps
    does not fire for them. jdaviz 5.2 removes both classes.
    """
    from jdaviz.core.registries import tray_registry

    inner = application(app)
    have = {item["name"] for item in inner.state.tray_items}
    for name in names:
        if name not in have:
            item = inner._create_tray_item(tray_registry.members[name])
            inner.state.tray_items.append(item)


def restricted_formats(resolver: Any) -> list[str]:
    """Return the formats that the caller of ``load(…, format=…)`` asked for; empty for any.

    Reason: a resolver keeps them under a private name. jdaviz 5.1: the same.
    """
    return list(getattr(resolver, "_restrict_to_formats", None) or [])


def dropped_file_name(resolver: Any) -> str:
    """Return the name of the file that was dropped into the browser, empty if none.

    Reason: the resolver keeps it under a private name. jdaviz 5.1: the same.
    """
    return (getattr(resolver, "_file_info", None) or {}).get("name", "")


def replace_resolver(name: str, resolver: type) -> None:
    """Register a resolver class in place of the built-in one of that name.

    Reason: the registry's decorator cannot overwrite, and sets the label that loaders show.
    jdaviz 5.1: the same.
    """
    from jdaviz.core.registries import loader_resolver_registry

    resolver._registry_label = name
    loader_resolver_registry.add(name, resolver, overwrite=True)


def importer_registry_name(importer: Any) -> str:
    """Return the format name that an importer class is registered under.

    Reason: set on the class by the registry, without a public name. jdaviz 5.1: the same.
    """
    return importer._registry_label


def create_viewer(app: Any, reference: str, label: str) -> Any:
    """Create an empty viewer of a registered class.

    Reason: viewer creators exist for the built-in kinds and the generalised app only; importers
    of jdaviz itself call the same method. jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper
    reference : str
        The name under which the viewer class is registered, for example ``'spectrum-2d-viewer'``.
    label : str
        The viewer's label, made unique.

    Returns
    -------
    str
        The label that the viewer got.
    """
    from jdaviz.core.events import NewViewerMessage
    from jdaviz.core.registries import viewer_registry

    inner = application(app)
    label = inner.return_unique_name(label, typ="viewer")
    viewer_class = viewer_registry.members[reference]["cls"]
    inner._on_new_viewer(
        NewViewerMessage(viewer_class, data=None, sender=inner),
        vid=label,
        name=label,
        open_data_menu_if_empty=False,
    )
    return label


def show_message(app: Any, text: str, color: str = "error", timeout: int = 15000) -> None:
    """Show a line of text in the app's snackbar and keep it in its log.

    Reason: messages go over the app's hub, which only ``app._app`` gives. jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper or inner application
    text : str
        The message.
    color : {'info', 'success', 'warning', 'error'}
        What kind of message it is.
    timeout : int
        How long it is shown, in milliseconds.
    """
    from jdaviz.core.events import SnackbarMessage

    inner = application(app)
    inner.hub.broadcast(SnackbarMessage(text, color=color, timeout=timeout, sender=inner))


def spatial_component_type(comp_id: str, comp: Any, units: str, physical_type: str) -> str:
    """Name what a column is, by which jdaviz links data ('RA:angle', '0:pixel', …).

    Reason: jdaviz's rule for images and catalogs is a private function. jdaviz 5.1: the same.
    """
    from jdaviz.core.loaders.importers.image.image import _spatial_assign_component_type

    return _spatial_assign_component_type(comp_id, comp, units, physical_type)


def spectral_component_type(comp_id: str, comp: Any, units: str, physical_type: str) -> str:
    """Name what a component of a spectrum is, by which jdaviz links data ('spectral_axis', …).

    Reason: jdaviz's rule for spectra is a private function. jdaviz 5.1: the same.
    """
    from jdaviz.core.loaders.importers.spectrum_common import _spectrum_assign_component_type

    return _spectrum_assign_component_type(comp_id, comp, units, physical_type)


def is_spectrum_viewer(viewer: Any) -> bool:
    """Whether a (glue) viewer shows 1-D spectra.

    Reason: jdaviz's predicate is private. jdaviz 5.1: the same.
    """
    from jdaviz.core.registries import viewer_registry

    return isinstance(viewer, viewer_registry.members["spectrum-1d-viewer"]["cls"])


def catalog_meta(columns: list[str]) -> dict[str, str]:
    """Return the meta entries by which jdaviz finds positions and labels in a catalog.

    Reason: markers, links and the read-out look for private keys that jdaviz's importer sets.
    jdaviz 5.1: to check, for catalogs change.

    Parameters
    ----------
    columns : list of str
        Of the catalog: ``RA`` and ``Dec``, ``X`` and ``Y``, ``ID``, those that it has.
    """
    keys = {"ra": "RA", "dec": "Dec", "x": "X", "y": "Y"}
    meta = {f"_jdaviz_loader_{key}_col": name for key, name in keys.items() if name in columns}
    return meta | {"_jdaviz_id_col": "ID"}


def image_meta(extension: str) -> dict[str, str]:
    """Return the meta entry by which jdaviz tells an image from a data-quality array.

    Reason: a private key that jdaviz's importer sets. jdaviz 5.1: the same.
    """
    return {"_extname": extension}


def shown_in(importer: Any, data_label: str) -> list:
    """Return the glue viewers in which a data entry is shown.

    Reason: the public viewer objects do not give the viewer class's own methods.
    jdaviz 5.1: the same.
    """
    viewers = application(importer)._viewer_store.values()
    return [v for v in viewers if data_label in [layer.layer.label for layer in v.layers]]


def data_labels(app: Any) -> list[str]:
    """Return the labels of an app's data, layers without data (WCS orientations) aside.

    Reason: the public ``data_labels`` leaves children out. jdaviz 5.1: the same.
    """
    collection = application(app).data_collection
    return [data.label for data in collection if not data.meta.get("_WCS_ONLY", False)]


def remove_data(app: Any, labels: list[str]) -> None:
    """Remove data from an app and its viewers.

    Reason: ``data_item_remove`` hangs on the inner application. jdaviz 5.1: the same.
    """
    inner = application(app)
    for label in labels:
        inner.data_item_remove(label)


def viewer_labels(app: Any) -> list[str]:
    """Return the labels of an app's viewers.

    Reason: the public ``viewers`` builds an object for each. jdaviz 5.1: the same.
    """
    return list(application(app).get_viewer_reference_names())


def remove_viewers(app: Any, labels: list[str]) -> None:
    """Close viewers of an app.

    Reason: only the UI's callback closes a viewer. jdaviz 5.1: the same.
    """
    inner = application(app)
    for label in labels:
        inner.vue_destroy_viewer_item(label)


def unique_data_label(app: Any, label: str) -> str:
    """Return the label, with a number after it if data of that label exist.

    Reason: jdaviz makes labels of single entries unique by itself, not those of several.
    jdaviz 5.1: the same.
    """
    return application(app).return_unique_name(label, typ="data")


def arrange_viewers(app: Any, layout: dict) -> None:
    """Lay out the viewers of an app in rows and columns.

    Reason: new viewers go below each other, and there is no public way to place them.
    jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper
    layout : dict
        ``{'col': [...]}`` of viewer labels, tuples of labels (tabs), ``{'row': [...]}`` and
        further such dicts. Viewers that it does not name go below; names of viewers that there
        are not are left out.
    """
    inner = application(app)
    items = {item["reference"]: item for item in inner.state.viewer_items}

    def stack(*labels):
        found = [items.pop(label) for label in labels if label in items]
        return found and inner._create_stack_item(container="gl-stack", viewers=found)

    def build(part):
        if isinstance(part, (str, tuple)):
            return stack(*([part] if isinstance(part, str) else part))
        [(direction, parts)] = part.items()
        children = [child for child in map(build, parts) if child]
        return children and inner._create_stack_item(container=f"gl-{direction}", children=children)

    [column] = layout.values()
    children = [part for part in map(build, column) if part]
    children += [stack(label) for label in list(items)]
    inner.state.stack_items = [inner._create_stack_item(container="gl-col", children=children)]


def viewers_by_kind(app: Any) -> dict[str, list[str]]:
    """Return the labels of an app's viewers by the name of the class they are registered under.

    Reason: the public viewers do not say what kind they are. jdaviz 5.1: the same.
    """
    from jdaviz.core.registries import viewer_registry

    names = {member["cls"]: name for name, member in viewer_registry.members.items()}
    found: dict[str, list[str]] = {}
    for label, viewer in application(app)._viewer_store.items():
        found.setdefault(names.get(type(viewer), "other"), []).append(label)
    return found


def reset_spectral_limits(app: Any, labels: list[str]) -> None:
    """Show the whole of what spectrum viewers hold.

    Reason: a viewer keeps the limits of its first spectrum, and the next one may lie outside.
    jdaviz 5.1: the same.
    """
    for label, viewer in application(app)._viewer_store.items():
        if label in labels and is_spectrum_viewer(viewer):
            viewer.state.reset_limits()


def hide_layer(viewer: Any, data_label: str) -> None:
    """Hide a layer of a (glue) viewer; its switch is in the viewer's data menu.

    Reason: the data menu's API works through the public viewer. jdaviz 5.1: the same.
    """
    for layer in viewer.state.layers:
        if layer.layer.label == data_label:
            layer.visible = False


def shows_target(viewer: Any, target: str | None) -> bool:
    """Whether a (glue) viewer is empty or shows data of that target (TARGNAME).

    Reason: filters of jdaviz's viewer selections get the glue viewer. jdaviz 5.1: the same.
    """
    metas = [layer.layer.meta for layer in viewer.layers if hasattr(layer.layer, "meta")]
    return not metas or any(meta.get("TARGNAME") == target for meta in metas)


def spectral_flux_unit(app: Any) -> str | None:
    """Return the unit of the flux axes of the spectra that are shown, None if none is.

    Reason: jdaviz has one flux unit for all spectrum viewers, and the public plugin that sets it
    has one before there are spectra, too. jdaviz 5.1: the same.
    """
    for viewer in application(app)._viewer_store.values():
        if is_spectrum_viewer(viewer) and viewer.layers:
            return str(viewer.state.y_display_unit)
    return None


def show_flux_in(app: Any, unit: str) -> None:
    """Show the spectra of an app in this unit, and their viewers at limits that fit.

    Reason: an image that is loaded first makes MJy the unit of all spectra, with the axis limits
    still in the spectrum's own. The plugin's API is public; that limits need a reset is not
    documented. jdaviz 5.1: to check.
    """
    inner = application(app)
    plugin = inner._jdaviz_helper.plugins.get("Unit Conversion")
    if plugin is None or not hasattr(plugin, "flux_unit"):
        return
    if plugin.flux_unit.selected == unit or unit not in plugin.flux_unit.choices:
        return
    plugin.flux_unit.selected = unit
    for viewer in inner._viewer_store.values():
        if is_spectrum_viewer(viewer):
            viewer.set_plot_axes()
            viewer.state._reset_y_limits()


def shows_median_of_other_target(viewer: Any, target: str | None) -> bool:
    """Whether a (glue) viewer shows medians of time series only, and of another target.

    Reason: filters of jdaviz's viewer selections get the glue viewer. jdaviz 5.1: the same.
    """
    metas = [layer.layer.meta for layer in viewer.layers if hasattr(layer.layer, "meta")]
    medians = [meta for meta in metas if meta.get("statistic") == "median over time"]
    return bool(metas) and len(medians) == len(metas) and not shows_target(viewer, target)


def set_missing_color(viewer: Any, color: tuple[float, float, float, float]) -> None:
    """Draw NaN in an image viewer in this colour instead of that of the lowest value.

    Reason: glue-jupyter keeps the composite that has the setting under a private name.
    jdaviz 5.1: the same.
    """
    viewer._composite.cmap_bad = color


def fit_when_drawn(viewer: Any, settling: float = 5.0) -> None:
    """Show the whole of an image once the browser has told how large the viewer is.

    Reason: limits are set before the size is known, and kept in area when it becomes known, which
    cuts off an image in a viewer that is not square. The size arrives at a private listener.
    jdaviz 5.1: to check.

    Parameters
    ----------
    viewer : glue image viewer
    settling : float, optional
        Seconds after the first drawing in which the layout may still change; later changes keep
        what the user has zoomed to.
    """
    first_drawn = []

    def fit(change):
        if viewer.shape is None:
            return
        first_drawn.append(time.monotonic())
        if first_drawn[-1] - first_drawn[0] > settling:
            viewer._vl.unobserve(fit, names=["view_data"])
            return
        viewer.state.reset_limits()

    viewer._vl.observe(fit, names=["view_data"])


def draw_as_circles(viewer: Any, data_label: str, size: float = 7) -> None:
    """Draw the sources of a catalog as open circles that can be seen.

    Reason: the points' own style, 3 pixels and filled, has an API in Plot Options only, which
    works on what is selected there. jdaviz 5.1: the same.
    """
    for layer in viewer.state.layers:
        if layer.layer.label == data_label:
            layer.size, layer.fill = size, False


def give_layout(app: Any) -> None:
    """Give an app's widget the layout that ``show(height=…)`` sets the height of.

    Reason: with ipyvue 1.13 and later it has none, and jdaviz 5.0.5 raises AttributeError.
    jdaviz 5.1: to check.
    """
    from ipywidgets import Layout

    inner = application(app)
    if inner.layout is None:
        inner.layout = Layout()


# For plugins over images


def aligned_by_wcs(viewer: Any) -> bool:
    """Whether the images of an app are laid over each other by their WCS, not by pixels.

    Reason: the Orientation plugin's API gives it for Imviz and the generalised app under different
    conditions; the application always has it. jdaviz 5.1: the same.
    """
    return viewer.jdaviz_app._align_by == "wcs"


def images_of(viewer: Any) -> list:
    """Return the images (glue data) of the app that a viewer is in.

    Reason: the data collection hangs on the inner application. jdaviz 5.1: the same.
    """
    return [data for data in viewer.jdaviz_app.data_collection if _is_image(data)]


def images_in(viewer: Any) -> list:
    """Return the images (glue data) that are layers of a viewer, hidden ones too.

    Reason: orientations are layers as well, told apart by a private key. jdaviz 5.1: the same.
    """
    return [layer.layer for layer in viewer.layers if _is_image(layer.layer)]


def _is_image(data: Any) -> bool:
    return getattr(data, "ndim", 0) == 2 and not data.meta.get("_WCS_ONLY", False)


def is_catalog(data: Any) -> bool:
    """Whether data are a catalog, ours or jdaviz's.

    Reason: jdaviz goes by the importer's class name. jdaviz 5.1: the same.
    """
    return getattr(data, "meta", {}).get("_importer") == "CatalogImporter" and data.ndim == 1


def catalogs_of(app: Any) -> list:
    """Return the catalogs (glue data) of an app.

    Reason: the data collection hangs on the inner application. jdaviz 5.1: the same.
    """
    return [data for data in application(app).data_collection if is_catalog(data)]


def image_viewers(app: Any) -> list:
    """Return the (glue) viewers of an app that show images.

    Reason: the public viewers do not give marks and scales. jdaviz 5.1: the same.
    """
    viewers = application(app)._viewer_store.values()
    return [viewer for viewer in viewers if is_image_viewer(viewer)]


def is_image_viewer(viewer: Any) -> bool:
    """Whether a (glue) viewer is one of jdaviz's for images.

    Reason: jdaviz itself goes by the class name. jdaviz 5.1: the same.
    """
    return type(viewer).__name__ == "ImvizImageView"


def figure_size(viewer: Any) -> tuple[float, float] | None:
    """Return width and height of an image viewer in screen pixels, None until it is drawn.

    Reason: ``shape`` is the size that the browser has told, under no documented name.
    jdaviz 5.1: the same.
    """
    return None if viewer.shape is None else (viewer.shape[1], viewer.shape[0])


def layer_of(viewer: Any, data: Any) -> Any | None:
    """Return the state of the layer that shows data in a (glue) viewer, None if it has none.

    Reason: the public viewers do not give layer states. jdaviz 5.1: the same.
    """
    return next((state for state in viewer.state.layers if state.layer is data), None)


def show_native_markers(viewer: Any, data: Any, shown: bool) -> None:
    """Draw jdaviz's own markers of a catalog, or leave them to an overlay.

    Reason: the layer stays, with its switch in the viewer's data menu; that it draws no markers is
    a state of glue's layer. jdaviz 5.1: the same.
    """
    layer = layer_of(viewer, data)
    if layer is not None and hasattr(layer, "markers_visible"):
        layer.markers_visible = shown


def add_to_viewer(app: Any, label: str, data: Any) -> None:
    """Show data in the viewer of that label.

    Reason: the public data menu lists only what its filters let pass. jdaviz 5.1: the same.
    """
    application(app).add_data_to_viewer(label, data.label)


def table_viewers_of(app: Any, data: Any) -> list:
    """Return the (glue) table viewers that show a catalog.

    Reason: the public viewers do not give the table widget. jdaviz 5.1: rows can be selected
    through the API.
    """
    viewers = application(app)._viewer_store.values()
    tables = [viewer for viewer in viewers if hasattr(viewer, "widget_table")]
    return [viewer for viewer in tables if viewer.widget_table.data is data]


def show_table_rows(viewer: Any, rows: list[int]) -> None:
    """Check and highlight rows of a table viewer, and turn to the page of the first.

    Reason: the widget's traits, and the sorting that tells on which page a row is, have no API in
    jdaviz. jdaviz 5.1: rows can be selected through the API.
    """
    table = viewer.widget_table
    table.selection_enabled = True
    table.checked = list(rows)
    table.highlighted = rows[0] if rows else None
    if not rows:
        return
    place = int(np.flatnonzero(table._get_sorted_indices() == rows[0])[0])
    size = table.options.get("itemsPerPage", table.items_per_page)
    if size > 0:
        table.options = {**table.options, "page": place // size + 1}


def hide_table_selection_marks(viewer: Any) -> None:
    """Hide the circles that jdaviz puts around the checked rows of tables in an image viewer.

    Reason: the overlay highlights the same sources itself. jdaviz 5.1: to check.
    """
    from jdaviz.core.marks import TableSelectionMark

    for mark in viewer.figure.marks:
        if isinstance(mark, TableSelectionMark):
            mark.visible = False


# For plugins over spectra


def data_of(app: Any, label: str) -> Any | None:
    """Return the data (glue) of a label, None if there is none.

    Reason: the data collection hangs on the inner application. jdaviz 5.1: the same.
    """
    return next((d for d in application(app).data_collection if d.label == label), None)


def spectrum_of_data(data: Any) -> Any:
    """Return data (glue) as a `~specutils.Spectrum` in its own units.

    Reason: jdaviz's public ``get_data`` collapses 2-D data unless told not to, which only the
    translator can be. jdaviz 5.1: the same.
    """
    from specutils import Spectrum

    return data.get_object(cls=Spectrum, statistic=None)


def spectrum_viewers_showing(app: Any, label: str) -> list:
    """Return the (glue) viewers of 1-D spectra in which data are a visible layer.

    Reason: the public viewers do not give marks and scales. jdaviz 5.1: the same.
    """
    viewers = application(app)._viewer_store.values()
    return [
        viewer
        for viewer in viewers
        if is_spectrum_viewer(viewer)
        and any(layer.layer.label == label and layer.visible for layer in viewer.state.layers)
    ]


def in_display_units(viewer: Any, spectrum: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return spectral axis and flux of a spectrum in the units of a viewer's axes.

    Reason: the units are kept on the viewer's state; jdaviz's own conversion goes over the whole
    app, and between flux and surface brightness by a solid angle of 1 sr. jdaviz 5.1: the same.

    Raises
    ------
    astropy.units.UnitConversionError
        If the units do not convert.
    """
    from astropy import units as u

    axis = u.Quantity(spectrum.spectral_axis)
    x = axis.to_value(viewer.state.x_display_unit, u.spectral())
    y = spectrum.flux.to_value(viewer.state.y_display_unit, u.spectral_density(axis))
    return x, y


def spectral_region(select: Any) -> Any | None:
    """Return the region of the spectral subset that a plugin's selection names, None if none.

    Reason: the selection gives an object of jdaviz's, whose regions come from the inner
    application. jdaviz 5.1: the same.
    """
    return application(select.plugin).get_subsets(select.selected, simplify_spectral=True)


def replace_spectrum(app: Any, label: str, spectrum: Any, viewers: list[str]) -> None:
    """Add a 1-D or 2-D spectrum to an app, in place of one of that label.

    Reason: jdaviz's own results component adds one at a time under the label in its field.
    jdaviz 5.1: the same.
    """
    inner = application(app)
    if data_of(inner, label) is not None:
        remove_data(inner, [label])
    kind = "1D Spectrum" if spectrum.flux.ndim == 1 else "2D Spectrum"
    inner._jdaviz_helper.load(
        spectrum, loader="object", format=kind, data_label=label, viewer=viewers,
        auto_extract=False, ignore_invalid_kwargs=True,
    )  # fmt: skip


def show_alone(app: Any, label: str, reference: str, viewer_label: str) -> None:
    """Show data in a viewer of that label in place of what it shows; it is created if need be.

    Reason: viewers of ours have no creator, and the public ones add to what is shown.
    jdaviz 5.1: the same.
    """
    inner = application(app)
    if viewer_label not in inner._viewer_store:
        viewer_label = create_viewer(inner, reference, viewer_label)
    inner.add_data_to_viewer(viewer_label, label, clear_other_data=True)


# For the standalone server


def register_vue_components() -> None:
    """Register jdaviz's Vue components and layout widgets in the current solara kernel.

    Reason: jdaviz registers them when it is imported, and solara keeps one registry a kernel, so
    a second kernel would find none. ``jdaviz.solara`` does the same, but ends the process when a
    tab is closed. jdaviz 5.1: the same.
    """
    import ipygoldenlayout
    import ipysplitpanes
    import ipyvue
    import jdaviz
    from jdaviz.app import custom_components

    ipysplitpanes.SplitPanes()
    ipygoldenlayout.GoldenLayout()
    for name, path in custom_components.items():
        ipyvue.register_component_from_file(name, path, jdaviz.__file__)
    ipyvue.register_component_from_file("g-viewer-tab", "container.vue", jdaviz.__file__)


def has_images(app: Any) -> bool:
    """Whether an app holds an image.

    Reason: the data collection hangs on the inner application. jdaviz 5.1: the same.
    """
    return any(data.ndim == 2 for data in application(app).data_collection)


def hide_server_files(keep: tuple[str, ...] = ("file drop",)) -> None:
    """Let every generalised app that this process makes from now on offer no file of the server.

    Reason: loaders and file choosers are made with the app, after its configuration is read, so a
    setting that is changed afterwards comes too late, and jdaviz has no argument for it
    (``App._default_configuration``). ``server_is_remote`` takes away the file choosers and saving
    on the server, ``disabled_loaders`` names the sources. jdaviz 5.1: the same.

    Parameters
    ----------
    keep : tuple of str
        The sources that stay, of those which jdaviz disables for a remote server.
    """
    from jdaviz import App
    from jdaviz.core.config import read_configuration

    remote = ("file", "file drop", "url", "object", "astroquery", "virtual observatory")
    configuration = read_configuration("deconfigged")
    configuration["settings"] |= {
        "server_is_remote": True,
        "disabled_loaders": [name for name in remote if name not in keep],
    }
    App._default_configuration = configuration


def renew_snackbar(app: Any) -> None:
    """Give an app an empty message queue of its own; what was in it stays in the app's log.

    Reason: ``ApplicationState.snackbar_queue`` is one object for all apps of a process, so with
    two tabs open the messages of one appear in the other; and there is no public way to drop
    messages that are out of date. jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper
    """
    from jdaviz.utils import SnackbarQueue

    state = application(app).state
    state.snackbar_queue = SnackbarQueue()
    state.snackbar["show"] = False


def send_plain_table_rows() -> None:
    """Let table viewers send rows that solara can write as JSON.

    Reason: glue-jupyter puts numpy scalars into its rows. Jupyter sends them, with ``'nan'`` for
    what is not a number; solara fails on a row with both an integer and a NaN, which every JWST
    catalog has, and the table stays empty. jdaviz 5.1: the same.
    """
    from glue_jupyter.table.viewer import TableBase

    TableBase.items.tag(to_json=_plain_rows)


def _plain_rows(rows: Any, widget: Any = None) -> Any:
    """Rows with Python's numbers, and a text where a number is none that JSON knows."""

    def plain(value: Any) -> Any:
        value = value.item() if isinstance(value, np.generic) else value
        return str(value) if isinstance(value, float) and not math.isfinite(value) else value

    return rows and [{key: plain(value) for key, value in row.items()} for row in rows]


def forget_app(app: Any) -> None:
    """Take an app out of jdaviz's list of apps, so that its memory can be freed.

    Reason: ``jdaviz.new_app`` keeps each app for ever, and a server makes one a browser tab. The
    index of the current app (``jdaviz._current_index``) must stay inside the list. jdaviz 5.1:
    the same.

    Parameters
    ----------
    app : jdaviz helper
    """
    import jdaviz

    with contextlib.suppress(ValueError):
        jdaviz.get_all_apps().remove(app)
    jdaviz._current_index = max(0, len(jdaviz.get_all_apps()) - 1)
