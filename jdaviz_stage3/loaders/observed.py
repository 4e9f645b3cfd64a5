"""What an app is like, in plain values: viewers, what they show and how, and plugins' settings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

from ..jdaviz_compat import (
    glue_viewer,
    layers_in_order,
    layers_of,
    layout_cells,
    open_panels,
    tray_plugins,
    viewer_kind,
    viewer_labels,
)

__all__ = [
    "LAYER_ATTRIBUTES",
    "OF_VIEWERS",
    "VIEWER_ATTRIBUTES",
    "differs",
    "observed",
    "plain",
    "setting_names",
    "settings_of",
]

#: What begins the keys that are about a viewer, whose label comes next.
OF_VIEWERS = ("viewer", "axes", "limits", "layer", "order")
#: What can be chosen of a layer, by glue's names and in the order in which it can be set again:
#: a percentile sets the limits, and limits of one's own take the percentile away.
LAYER_ATTRIBUTES = (
    "visible", "color", "alpha", "linewidth", "linestyle", "as_steps",  # lines
    "markers_visible", "line_visible", "size", "fill",  # points
    "cmap_mode", "cmap_att", "cmap_vmin", "cmap_vmax",
    "size_mode", "size_att", "size_vmin", "size_vmax",
    "bitmap_visible", "cmap", "stretch", "percentile", "v_min", "v_max", "contrast", "bias",
    "contour_visible", "level_mode", "n_levels", "c_min", "c_max",
)  # fmt: skip
# Those that say nothing unless another one has this value.
_ONLY_WITH = {
    "v_min": ("percentile", "Custom"), "v_max": ("percentile", "Custom"),
    "level_mode": ("contour_visible", True), "n_levels": ("contour_visible", True),
    "c_min": ("contour_visible", True), "c_max": ("contour_visible", True),
    "cmap_att": ("cmap_mode", "Linear"), "cmap_vmin": ("cmap_mode", "Linear"),
    "cmap_vmax": ("cmap_mode", "Linear"),
    "size_att": ("size_mode", "Linear"), "size_vmin": ("size_mode", "Linear"),
    "size_vmax": ("size_mode", "Linear"),
}  # fmt: skip
#: Likewise of a viewer.
VIEWER_ATTRIBUTES = (
    "color_mode", "function", "show_uncertainty", "x_att", "y_att", "x_log", "y_log", "hist_n_bin",
)  # fmt: skip
# Settings of jdaviz's plugins on which hangs what is seen. Others are analysis, or of no data.
_OF_JDAVIZ = {
    "Orientation": ("align_by",),
    "Unit Conversion": ("spectral_unit", "flux_unit", "angle_unit", "spectral_y_type"),
    "Spectral Slice": ("value",),
}


def observed(app: Any) -> dict[tuple, Any]:
    """Look at an app.

    Parameters
    ----------
    app : jdaviz helper, inner application or plugin

    Returns
    -------
    dict
        ``('viewer', label)`` its kind and the labels of its data; ``('axes', label, attribute)``;
        ``('limits', label)``; ``('layer', viewer, label, attribute)``; ``('order', label)`` of
        layers, but for points, empty where they lie as they came; ``('layout',)``; ``('panels',)``
        that are open; ``('plugin', label, control)``.
    """
    found: dict[tuple, Any] = {}
    for label in viewer_labels(app):
        viewer = glue_viewer(app, label)
        if viewer is not None:
            found |= {(what, label, *more): value for what, *more, value in _of_viewer(viewer)}
    found["layout",] = layout_cells(app)
    found["panels",] = open_panels(app)
    for label, plugin in tray_plugins(app).items():
        has_part = hasattr(plugin, "declared") and plugin.in_sessions
        values = settings_of(plugin) if has_part else {}
        for name in _OF_JDAVIZ.get(label, ()):
            values[name] = _control_of_jdaviz(plugin, name)
        found |= {("plugin", label, name): value for name, value in values.items()}
    return found


def _control_of_jdaviz(plugin: Any, name: str) -> Any:
    selected = getattr(plugin, f"{name}_selected", None)
    return getattr(plugin, name, None) if selected is None else selected


def _of_viewer(viewer: Any) -> Iterator[tuple]:
    layers = layers_of(viewer)
    labels = tuple(state.layer.label for state in layers if state.layer.data is state.layer)
    yield "viewer", (viewer_kind(viewer), labels)
    state = viewer.state
    is_table = hasattr(state, "x_att") and not hasattr(state, "reference_data")
    for name in VIEWER_ATTRIBUTES:
        if hasattr(state, name) and (is_table or name not in ("x_att", "y_att")):
            yield "axes", name, plain(getattr(state, name))
    limits = [getattr(state, name, None) for name in ("x_min", "x_max", "y_min", "y_max")]
    if all(isinstance(value, (int, float)) and math.isfinite(value) for value in limits):
        yield "limits", tuple(float(value) for value in limits)
    drawn = layers_in_order(viewer)
    places = [layers.index(layer) for layer in drawn]
    as_they_came = places == sorted(places)
    yield "order", () if as_they_came else tuple(layer.layer.label for layer in drawn)
    for layer in layers:
        for name, value in _of_layer(layer):
            yield "layer", layer.layer.label, name, value


@cache
def _attributes_of(kind: type) -> frozenset[str]:
    """Those that all layers of a kind have; most are lines, without most of them."""
    return frozenset(name for name in LAYER_ATTRIBUTES if hasattr(kind, name))


def _of_layer(layer: Any) -> Iterator[tuple[str, Any]]:
    kind, own = type(layer), vars(layer)
    of_kind = _attributes_of(kind)
    is_picture = hasattr(kind, "bitmap_visible")
    for name in LAYER_ATTRIBUTES:
        if name not in of_kind and name not in own:
            continue
        other, needed = _ONLY_WITH.get(name, ("", None))
        # the limits of a spectrum's layer are of no picture
        if other and getattr(layer, other, None) != needed:
            continue
        if name in ("percentile", "v_min", "v_max") and not is_picture:
            continue
        yield name, plain(getattr(layer, name))


def settings_of(plugin: Any) -> dict[str, Any]:
    """Return what the controls of a plugin of ours are set to, by their names in its API.

    Parameters
    ----------
    plugin : DeclaredControls

    Returns
    -------
    dict
    """
    values = {}
    for control in plugin.declared:
        # of some controls the trait is text that was typed, and the API has what it means
        own = control.name if control.trait else control.value_trait
        value = getattr(plugin, own)
        values[control.name] = list(value) if isinstance(value, (list, tuple)) else value
    if plugin.has_trait("keep_active"):
        values["keep_active"] = plugin.keep_active
    return values


def setting_names(label: str, plugin: Any) -> set[str]:
    """Return the names of the controls of a plugin that are part of a session.

    Parameters
    ----------
    label : str
        In the tray.
    plugin : jdaviz plugin
        None where there is none of this label.

    Returns
    -------
    set of str
    """
    own: tuple[str, ...] = ()
    if hasattr(plugin, "control_names"):
        own = (*plugin.control_names(), *plugin.more_in_sessions)
    return {*own, "keep_active", *_OF_JDAVIZ.get(label, ())}


def plain(value: Any) -> Any:
    """Return a value of glue's as one that can be written: colour maps and columns by their names.

    Parameters
    ----------
    value : object

    Returns
    -------
    str, float, bool, int or None
    """
    if value is None or type(value) in (str, float, bool, int):
        return value
    if hasattr(value, "resampled"):  # a colour map
        return value.name
    if hasattr(value, "label") and hasattr(value, "parent"):  # a component
        return value.label
    if hasattr(value, "item"):
        return value.item()
    return value


def differs(first: Any, second: Any) -> bool:
    """Whether two values differ by more than rounding.

    Parameters
    ----------
    first, second : object

    Returns
    -------
    bool
    """
    if type(first) is type(second) and type(first) in (str, bool, type(None)):
        return first != second
    numbers = [
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in (first, second)
    ]
    if all(numbers):
        return not math.isclose(first, second, rel_tol=1e-9)
    if isinstance(first, tuple) and isinstance(second, tuple) and len(first) == len(second):
        return any(differs(one, other) for one, other in zip(first, second, strict=True))
    if type(first) is not type(second):
        return True
    try:
        return bool(first != second)
    except (TypeError, ValueError):  # arrays, times that cannot be compared
        return repr(first) != repr(second)
