"""Viewers and their layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glue.core import Data
from ipywidgets import DOMWidget

from .application import application
from .places import arrange_viewers, in_place_at_once, layout_cells
from .plain_text import as_tab_title

__all__ = [
    "NoLayerPanel",
    "add_to_viewer",
    "create_viewer",
    "draw_thick",
    "draw_unseen",
    "follow_layers",
    "glue_viewer",
    "hide_layer",
    "is_image_viewer",
    "lay_over_figure",
    "layer_of",
    "layers_in_order",
    "layers_of",
    "let_data_be_removed",
    "offer_only",
    "put_layers_in_order",
    "remove_viewers",
    "show_alone",
    "show_figure_without_data",
    "shown_in",
    "viewer_kind",
    "viewer_labels",
    "viewers_by_kind",
    "viewers_of_kind",
    "viewers_of_kind_showing",
]


class NoLayerPanel(DOMWidget):
    """Stands for glue-jupyter's panel with the settings of a layer, which jdaviz shows nowhere.

    Reason: glue-jupyter makes a panel for each layer as it comes, of a dozen widgets for an image
    and more for points: a tenth of what it takes to load a light curve. Viewers of ours name this
    class as theirs, under a private name. jdaviz 5.1: the same.

    Parameters
    ----------
    state : glue.core.State
        Of the layer.
    """

    def __init__(self, state: Any):
        super().__init__()


def follow_layers(viewer: Any) -> None:
    """Let jdaviz name, colour and hide the layers of a viewer of ours as those of its own.

    Reason: each viewer class of jdaviz calls this in its constructor, and it has no public name.
    jdaviz 5.1: the same.
    """
    viewer._subscribe_to_layers_update()


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
        The viewer's label, made unique and plain text.

    Returns
    -------
    str
        The label that the viewer got.
    """
    from jdaviz.core.events import NewViewerMessage
    from jdaviz.core.registries import viewer_registry

    inner = application(app)
    label = inner.return_unique_name(as_tab_title(label), typ="viewer")
    viewer_class = viewer_registry.members[reference]["cls"]
    with in_place_at_once(app):
        inner._on_new_viewer(
            NewViewerMessage(viewer_class, data=None, sender=inner),
            vid=label,
            name=label,
            open_data_menu_if_empty=False,
        )
        if any(item["id"] not in inner._viewer_store for item in inner.state.viewer_items):
            # Once one was closed, the browser can have lost the cell that new ones are put into.
            arrange_viewers(app, {"col": layout_cells(app)})
    return label


def shown_in(importer: Any, data_label: str) -> list:
    """Return the glue viewers in which a data entry is shown.

    Reason: the public viewer objects do not give the viewer class's own methods.
    jdaviz 5.1: the same.
    """
    viewers = application(importer)._viewer_store.values()
    return [v for v in viewers if data_label in [layer.layer.label for layer in v.layers]]


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


def viewer_kind(viewer: Any) -> str:
    """Return the name that a (glue) viewer's class is registered under, ``'other'`` if under none.

    Reason: the public viewers do not say what kind they are. jdaviz 5.1: the same.
    """
    from jdaviz.core.registries import viewer_registry

    names = {member["cls"]: name for name, member in viewer_registry.members.items()}
    return names.get(type(viewer), "other")


def viewers_by_kind(app: Any) -> dict[str, list[str]]:
    """Return the labels of an app's viewers by the name of the class they are registered under.

    Reason: the public viewers do not say what kind they are. jdaviz 5.1: the same.
    """
    found: dict[str, list[str]] = {}
    for label, viewer in application(app)._viewer_store.items():
        found.setdefault(viewer_kind(viewer), []).append(label)
    return found


def layer_of(viewer: Any, data: Any) -> Any | None:
    """Return the state of the layer that shows data in a (glue) viewer, None if it has none.

    Reason: the public viewers do not give layer states. jdaviz 5.1: the same.
    """
    return next((state for state in viewer.state.layers if state.layer is data), None)


def layers_of(viewer: Any) -> list:
    """Return the layer states of a (glue) viewer, orientations aside.

    Reason: as for `layer_of`; orientations are told apart by a private key. jdaviz 5.1: the same.
    """
    layers = getattr(viewer.state, "layers", ())
    return [s for s in layers if not getattr(s.layer, "meta", {}).get("_WCS_ONLY", False)]


def layers_in_order(viewer: Any) -> list:
    """Return the layer states of a (glue) viewer whose order can be changed, from the lowest.

    Reason: points cannot be put below or above others: glue's artist of a catalog in an image
    (``BqplotScatterLayerArtist._update_zorder``) fails on the image's layer, and in a viewer of
    points it takes away all marks that are no layer's. jdaviz leaves them out likewise where layers
    are dragged in the list of an image viewer. jdaviz 5.1: the same.
    """
    from glue.viewers.scatter.state import ScatterLayerState

    lines = [state for state in layers_of(viewer) if not isinstance(state, ScatterLayerState)]
    return sorted(lines, key=lambda state: state.zorder)


def put_layers_in_order(viewer: Any, states: Sequence[Any]) -> None:
    """Lay layers of a (glue) viewer over each other in this order, from the lowest.

    Reason: jdaviz's list of layers counts anew at each change as if somebody had dragged one; a
    private flag of its keeps it from that. jdaviz 5.1: the same.

    Parameters
    ----------
    viewer : glue viewer
    states : sequence of layer states
        All that `layers_in_order` gives.
    """
    menu = getattr(viewer, "_data_menu", None)
    if menu is not None:
        menu.prevent_layer_items_recursion = True
    try:
        for place, state in enumerate(states, 1):
            state.zorder = place
    finally:
        if menu is not None:
            menu.prevent_layer_items_recursion = False


def hide_layer(viewer: Any, data_label: str) -> None:
    """Hide a layer of a (glue) viewer; its switch is in the viewer's data menu.

    Reason: the data menu's API works through the public viewer. jdaviz 5.1: the same.
    """
    for layer in viewer.state.layers:
        if layer.layer.label == data_label:
            layer.visible = False


def add_to_viewer(app: Any, label: str, data: Any) -> None:
    """Show data in the viewer of that label.

    Reason: the public data menu lists only what its filters let pass; and in Imviz the
    application takes every viewer for one of images, and fails on a table after adding the data.
    jdaviz 5.1: the same; with 5.2 there is no Imviz any more.
    """
    inner = application(app)
    viewer = inner._viewer_store[label]
    if inner.config == "imviz" and not is_image_viewer(viewer):
        viewer.add_data(data)
    else:
        inner.add_data_to_viewer(label, data.label)


def show_alone(app: Any, label: str, reference: str, viewer_label: str) -> None:
    """Show data in a viewer of that label in place of what it shows; it is created if need be.

    Reason: viewers of ours have no creator, and the public ones add to what is shown.
    jdaviz 5.1: the same.
    """
    inner = application(app)
    if viewer_label in inner._viewer_store:
        # one by one: "clear other data" hides it, and leaves it the reference of the axes
        viewer = inner._viewer_store[viewer_label]
        data = [layer.layer for layer in viewer.layers if isinstance(layer.layer, Data)]
        for other in data:  # their subsets go along
            inner.remove_data_from_viewer(viewer_label, other.label)
    else:
        viewer_label = create_viewer(inner, reference, viewer_label)
    inner.add_data_to_viewer(viewer_label, label)


def draw_thick(viewer: Any, data_label: str, width: float = 2) -> None:
    """Draw data in a (glue) spectrum viewer with a line that stands out.

    Reason: the style has an API in Plot Options only, which works on what is selected there.
    jdaviz 5.1: the same.
    """
    for layer in viewer.state.layers:
        if layer.layer.label == data_label:
            layer.linewidth = width


def is_image_viewer(viewer: Any) -> bool:
    """Whether a (glue) viewer is one of jdaviz's for images.

    Reason: jdaviz itself goes by the class name. jdaviz 5.1: the same.
    """
    return type(viewer).__name__ == "ImvizImageView"


def glue_viewer(app: Any, label: str) -> Any | None:
    """Return the (glue) viewer of a label, None if there is none.

    Reason: the public viewers do not give figure, scales and mouse events. jdaviz 5.1: the same.
    """
    return application(app)._viewer_store.get(label)


def lay_over_figure(viewer: Any, widget: Any) -> bool:
    """Draw a widget over the figure of a (glue) viewer.

    Reason: the window of a viewer has places for its tools, its list of layers and its figure
    only. The widget takes the place of the list, which has no height, and draws it.
    jdaviz 5.1: to check.

    Parameters
    ----------
    viewer : glue viewer
    widget : VuetifyTemplate
        With a trait ``menu``, the widget that it is to draw in its own template.

    Returns
    -------
    bool
        False if the viewer has no window yet.
    """
    from ipywidgets import widget_serialization

    app = getattr(viewer, "jdaviz_app", None)  # a figure in a panel has none
    for item in () if app is None else app.state.viewer_items:
        if item["id"] == getattr(viewer, "_reference_id", None):
            window = widget_serialization["from_json"](item["widget"], None)
            widget.menu = window.data_menu_widget
            window.data_menu_widget = f"IPY_MODEL_{widget.model_id}"
            return True
    return False


def draw_unseen(app: Any, widget: Any) -> None:
    """Have a widget in the page of an app that nobody sees, for what it does there.

    Reason: jdaviz has a place for such widgets, without a public name. jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper or inner application
    widget : DOMWidget
    """
    inner = application(app)
    inner.invisible_children = [*inner.invisible_children, widget]


def viewers_of_kind(app: Any, kind: str) -> list:
    """Return the (glue) viewers of a registered class.

    Reason: as for `glue_viewer`. jdaviz 5.1: the same.
    """
    viewers = application(app)._viewer_store.values()
    return [viewer for viewer in viewers if viewer_kind(viewer) == kind]


def viewers_of_kind_showing(app: Any, kind: str, data_label: str) -> list:
    """Return the (glue) viewers of a registered class in which a data entry is a visible layer.

    Reason: as for `glue_viewer`. jdaviz 5.1: the same.
    """
    return [
        viewer
        for viewer in viewers_of_kind(app, kind)
        if any(layer.layer.label == data_label and layer.visible for layer in viewer.state.layers)
    ]


def let_data_be_removed(viewer: Any) -> None:
    """Let data be removed from an app that has this viewer, one without reference data.

    Reason: where images are aligned by WCS, jdaviz 5.0.5 asks every viewer for the label of its
    reference data when data are removed, and fails with AttributeError on tables and scatter plots,
    which have none. jdaviz 5.1: to check.

    Parameters
    ----------
    viewer : glue viewer
    """
    if not hasattr(viewer.state, "reference_data"):
        object.__setattr__(viewer.state, "reference_data", Data(label=""))


def offer_only(viewer: Any, data_filter: Any) -> None:
    """Let the menu of a (glue) viewer offer only the data that pass a filter.

    Reason: jdaviz's own viewers do the same; the public menu hides its selection.
    jdaviz 5.1: the same.
    """
    viewer._data_menu.dataset.add_filter(data_filter)


def show_figure_without_data(viewer: Any) -> None:
    """Show the figure of a (glue) viewer that has no data, for marks of our own.

    Reason: where a viewer has no data, its menu covers the figure with a list of what could be
    loaded. jdaviz 5.1: the same.
    """
    menu = viewer._data_menu

    def count_one(*_: Any) -> None:
        if menu.loaded_n_data == 0:
            menu.loaded_n_data = 1

    menu.observe(count_one, names=["loaded_n_data"])
    count_one()
