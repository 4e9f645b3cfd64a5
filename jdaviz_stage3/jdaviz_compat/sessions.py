"""What a session that is restored needs of an app: its plugins, names, limits and subsets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from glue.core import Data
from glue.core.subset import SubsetState

from .application import application
from .data import forget_removed_children

__all__ = [
    "add_subset",
    "home_limits",
    "is_orientation",
    "kept_limits",
    "marker_rows",
    "plugin_api",
    "put_markers",
    "rename_data",
    "rename_only",
    "renamed_along",
    "set_limits",
    "show_only",
    "subset_groups",
    "tray_plugins",
]

#: By (glue) viewer, limits that were set before the browser has drawn it.
_LIMITS: WeakKeyDictionary[Any, tuple[float, ...]] = WeakKeyDictionary()


def tray_plugins(app: Any) -> dict[str, Any]:
    """Return the plugins in the tray of an app, relevant or not, by their labels.

    Reason: the public ``plugins`` makes an object for each, and leaves out what does not apply now.
    jdaviz 5.1: the same.
    """
    from ipywidgets import widget_serialization

    from_json = widget_serialization["from_json"]
    items = application(app).state.tray_items
    return {item["label"]: from_json(item["widget"], None) for item in items}


def plugin_api(app: Any, label: str) -> Any | None:
    """Return the public API of a plugin, None where it does not apply or there is none.

    Reason: plugins hang on the helper, which sessions that have the inner application ask for.
    jdaviz 5.1: the same.
    """
    return application(app)._jdaviz_helper.plugins.get(label)


def is_orientation(data: Any) -> bool:
    """Whether data (glue) are an orientation, by which images are laid over each other by WCS.

    Reason: told apart by a private key. jdaviz 5.1: the same.
    """
    return bool(data.meta.get("_WCS_ONLY", False))


def rename_data(app: Any, old: str, new: str) -> None:
    """Rename data of an app.

    Reason: the public way is the menu of a viewer; and jdaviz keeps the labels of data that were
    removed, or renamed along with others, as if they were taken. jdaviz 5.1: the same.

    Raises
    ------
    ValueError
        If the new label is that of something else.
    """
    inner = application(app)
    taken = [one.label for one in (*inner.data_collection, *inner.data_collection.subset_groups)]
    if new not in taken:
        inner._reserved_labels.discard(new)
    inner.rename_data(old, new)


def rename_only(
    app: Any, old: str, new: str, along: Callable[[str], str] = lambda label: label
) -> None:
    """Rename data of an app, and no others along with them but for what is asked for.

    Reason: see `rename_data` and `renamed_along`. A private method takes ``X (1)`` for made of
    ``X``, even where that is the new label itself. jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz app
    old, new : str
    along : callable, optional
        What gives the labels of the others after it, from those before.

    Raises
    ------
    ValueError
        If the new label is that of something else.
    """
    inner = application(app)
    labels = [
        (data.label, new if data.label == old else along(data.label))
        for data in inner.data_collection
    ]
    inner._rename_derived_data = lambda *args: None  # of this app, for as long as this takes
    try:
        for before, label in sorted(labels, key=lambda pair: pair[0] != old):
            if before != label:
                rename_data(app, before, label)
    finally:
        del inner._rename_derived_data


def renamed_along(label: str, old: str, new: str) -> str:
    """Return what data are called after other data were renamed, of which they may be made.

    Reason: jdaviz goes by the beginning of the label, in a private method. jdaviz 5.1: the same.

    Parameters
    ----------
    label : str
        Before.
    old, new : str
        The labels of the other data.
    """
    made_of = label.split("(")[0].split("[")[0].strip()
    return label.replace(old, new) if made_of == old else label


def home_limits(viewer: Any) -> tuple[float, ...] | None:
    """Return the limits at which a (glue) viewer of images shows the whole, None if not known.

    Reason: they have no public name. jdaviz 5.1: the same.
    """
    limits = getattr(viewer.state, "_get_reset_limits", None)
    if limits is None or viewer.state.reference_data is None:
        return None
    return tuple(map(float, limits()))


def set_limits(viewer: Any, limits: tuple[float, ...]) -> None:
    """Set x_min, x_max, y_min and y_max of a (glue) viewer, and keep them when it is drawn.

    Reason: the public viewers of images have no ``set_limits``; `keep_fitted` sets others when
    the browser draws the viewer for the first time. jdaviz 5.1: the same.
    """
    _LIMITS[viewer] = limits
    viewer.set_limits(**dict(zip(("x_min", "x_max", "y_min", "y_max"), limits, strict=True)))


def kept_limits(viewer: Any) -> tuple[float, ...] | None:
    """Return the limits that `set_limits` has set, None for none."""
    return _LIMITS.get(viewer)


def show_only(app: Any, label: str, data_labels: list[str]) -> None:
    """Let a viewer show these data and no others.

    Reason: the public menu hides data, and does not take them out. jdaviz 5.1: the same.
    """
    inner = application(app)
    forget_removed_children(app)  # a parent brings those along that it had
    viewer = inner._viewer_store[label]
    # orientations stay: the images hang on them
    shown = [
        layer.layer.label
        for layer in viewer.layers
        if isinstance(layer.layer, Data) and not layer.layer.meta.get("_WCS_ONLY", False)
    ]
    for data_label in data_labels:
        if data_label not in shown:
            inner.add_data_to_viewer(label, data_label)
    for data_label in dict.fromkeys(shown):
        if data_label not in data_labels:
            inner.remove_data_from_viewer(label, data_label)


def add_subset(app: Any, label: str, state: SubsetState) -> None:
    """Add a subset, or change that of this label.

    Reason: the public ``import_region`` draws in the first viewer of the app, whatever it shows,
    and takes no regions of tables. jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper, inner application or plugin
    label : str
    state : glue.core.subset.SubsetState
    """
    collection = application(app).data_collection
    group = next((group for group in collection.subset_groups if group.label == label), None)
    if group is None:
        collection.new_subset_group(label, state)
    else:
        group.subset_state = state


def subset_groups(app: Any) -> list:
    """Return the subsets (glue) of an app.

    Reason: the data collection hangs on the inner application. jdaviz 5.1: the same.
    """
    return list(application(app).data_collection.subset_groups)


def marker_rows(app: Any) -> list[dict[str, Any]]:
    """Return the rows of jdaviz's *Markers*, each without the columns that say nothing in it.

    Reason: the public ``export_table`` leaves out other columns, and writes times and sky positions
    as text in some. jdaviz 5.1: the same.
    """
    plugin = tray_plugins(app).get("Markers")
    table = None if plugin is None else plugin.table._qtable
    rows = [] if table is None else [dict(zip(table.colnames, row, strict=True)) for row in table]
    return [{name: value for name, value in row.items() if _says(value)} for row in rows]


def _says(value: Any) -> bool:
    return value is not None and value == value and str(value) not in ("", "None")


def put_markers(app: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows to jdaviz's *Markers*, and mark them in their viewers, of images.

    Reason: the plugin adds what is under the cursor only. jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper or inner application
    rows : sequence of mapping
        As of `marker_rows`.
    """
    plugin = tray_plugins(app)["Markers"]
    for row in rows:
        usual = {n: plugin._default_table_values.get(n, "") for n in plugin.table.headers_avail}
        plugin.table.add_item({**usual, "value:unit": None, **row})
    for viewer in application(app)._viewer_store.values():
        if viewer.reference in {row["viewer"] for row in rows}:
            plugin._recompute_mark_positions(viewer)
