"""All that can be seen of an app, to compare two."""

import numpy as np

# what follows from the rest, or is drawn by chance
_LEFT_OUT = {
    "zorder", "dpi", "zoom_center_x", "zoom_center_y", "zoom_radius", "title", "layers",
    "attribute_display_unit", "slices",
}  # fmt: skip


def _plain(value):
    if hasattr(value, "resampled"):
        return value.name
    if hasattr(value, "label"):
        return value.label
    if isinstance(value, (bool, int, float, str, np.number)) or value is None:
        return value
    return type(value).__name__


def _shown(state):
    found = {name: _plain(value) for name, value in state.as_dict().items()}
    return {name: value for name, value in found.items() if name not in _LEFT_OUT}


def state_of(app):
    """Data, viewers, layers, subsets, layout and overlays of an app, in plain values."""
    inner = app._app
    found = {"data": [data.label for data in inner.data_collection]}
    for label, viewer in inner._viewer_store.items():
        found[label] = _shown(viewer.state)
        found[label, "kind"] = type(viewer).__name__
        for layer in viewer.state.layers:
            found[label, layer.layer.label] = _shown(layer)
        names = [type(mark).__name__ for mark in viewer.figure.marks] if _drawn(viewer) else []
        found[label, "marks"] = sorted(names)
    for group in inner.data_collection.subset_groups:
        masks = {s.data.label: _count(s) for s in group.subsets}
        found["subset", group.label] = {**masks, "color": group.style.color}
    found["layout"] = _cells(inner.state.stack_items)
    return found


def _drawn(viewer):
    return hasattr(viewer, "figure")


def _count(subset):
    try:
        return int(subset.to_mask().sum())
    except Exception as err:  # of other axes
        return type(err).__name__


def _cells(items):
    return [
        _cells(item["children"]) or [viewer["reference"] for viewer in item["viewers"]]
        for item in items
    ]


def assert_same_state(first, second):
    """Two apps hold and show the same."""
    one, other = state_of(first), state_of(second)
    assert set(one) == set(other)
    for key, values in one.items():
        if not isinstance(values, dict):
            assert other[key] == values, key
            continue
        assert values.keys() == other[key].keys(), key
        for name, value in values.items():
            if isinstance(value, float):
                span = abs(values["x_max"] - values["x_min"]) if name[:2] == "x_" else 0
                span = abs(values["y_max"] - values["y_min"]) if name[:2] == "y_" else span
                np.testing.assert_allclose(
                    other[key][name], value, rtol=1e-6, atol=1e-6 * span, err_msg=f"{key} {name}"
                )
            else:
                assert other[key][name] == value, (key, name)
