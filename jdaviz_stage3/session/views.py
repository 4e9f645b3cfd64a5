"""The part of a script that says which viewers there are, what they show and how."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..jdaviz_compat import (
    glue_viewer,
    home_limits,
    is_image_viewer,
    marker_rows,
    tray_plugins,
)
from ..loaders.observed import differs, plain
from .draft import Draft

__all__ = ["fits_whole", "look_lines", "viewer_lines", "viewers_of_plugins"]

#: Of layers that no loading has left, what goes without saying.
_USUAL = {
    "visible": True, "alpha": 1.0, "linewidth": 1, "linestyle": "solid", "as_steps": False,
    "markers_visible": True, "line_visible": False, "size": 3, "fill": True, "cmap_mode": "Fixed",
    "size_mode": "Fixed", "bitmap_visible": True, "cmap": "gray", "stretch": "linear",
    "contrast": 1, "bias": 0.5, "contour_visible": False,
}  # fmt: skip
# Likewise of those of subsets, whose colour is that of the subset.
_USUAL_OF_SUBSETS = {"visible": True, "alpha": 0.5}
_DIGITS = 8  # of limits, of what the axis spans
_AXES_USUAL = {
    "color_mode": "Colormaps", "function": "sum", "show_uncertainty": False, "x_log": False,
    "y_log": False,
}  # fmt: skip


def viewer_lines(draft: Draft) -> list[str]:
    """Write the lines for the viewers that there are, and what they show."""
    labels = _viewers(draft)
    by_plugins = viewers_of_plugins(draft)
    lines: list[str] = []
    for label in labels:
        if label not in by_plugins:
            lines += _viewer(draft, label)
    if not draft.is_straight():  # loading may open others
        lines += draft.call("close_all_but", *labels)
    return lines


def look_lines(draft: Draft) -> list[str]:
    """Write the lines for styles, limits and layout, and for open panels."""
    lines: list[str] = []
    for label in _viewers(draft):
        lines += _layers(draft, label)
        if order := draft.now.get(("order", label)):
            lines += draft.call("order", label, *order)
        lines += _limits(draft, label)
    lines += _markers(draft)
    if ("layout",) in draft.changed and _viewers(draft):
        lines += draft.call("layout", *draft.now["layout",])
    if draft.now.get(("panels",)):
        lines += draft.call("open_panels", *draft.now["panels",])
    return lines


def _markers(draft: Draft) -> list[str]:
    """Write the rows of *Markers* in images; jdaviz itself loses those in spectra."""
    images = [label for label in _viewers(draft) if is_image_viewer(glue_viewer(draft.app, label))]
    rows = marker_rows(draft.app)
    there = [
        {name: plain(value) for name, value in row.items()}
        for row in rows
        if row.get("viewer") in images and row.get("data_label") in draft.labels()
    ]
    if len(there) < len(rows):
        draft.lost.append(f"{len(rows) - len(there)} rows of Markers, which are not in images")
    return draft.call("markers", there) if there else []


def viewers_of_plugins(draft: Draft) -> set[str]:
    """Return the labels of the viewers that plugins open by themselves, to draw in them."""
    found: set[str] = set()
    for plugin in tray_plugins(draft.app).values():
        found.update(getattr(plugin, "own_viewers", ()))
    return found


def _viewers(draft: Draft) -> list[str]:
    return [key[1] for key in draft.now if key[0] == "viewer"]


def _viewer(draft: Draft, label: str) -> list[str]:
    kind, shown = draft.now["viewer", label]
    axes = {
        key[2]: value
        for key, value in draft.now.items()
        if key[:2] == ("axes", label) and key in draft.changed and not _is_usual(draft, key, value)
    }
    new = ("viewer", label) not in draft.journal.after_loading
    if draft.is_straight() and not new and not axes:
        return []
    if kind == "other":
        draft.lost.append(f"{label}: a viewer of a kind that is not registered")
        return []
    return draft.call("viewer", label, kind, list(shown), **axes)


def _is_usual(draft: Draft, key: tuple, value: Any) -> bool:
    """Whether an attribute of a viewer that somebody has opened is what it is in a new one."""
    new = key not in draft.journal.after_loading or key in draft.journal.touched
    return new and key[2] in _AXES_USUAL and not differs(_AXES_USUAL[key[2]], value)


def _layers(draft: Draft, label: str) -> list[str]:
    styles: dict[str, dict[str, Any]] = {}
    for key, value in draft.now.items():
        if key[:2] != ("layer", label):
            continue
        _, _, data, name = key
        if _to_be_said(draft, key, value):
            styles.setdefault(data, {})[name] = value
    lines: list[str] = []
    for data, style in styles.items():
        if style.get("percentile") == "Custom":
            del style["percentile"]  # as soon as there are limits
        if style:
            lines += draft.call("draw", label, data, **style)
    return lines


def _to_be_said(draft: Draft, key: tuple, value: Any) -> bool:
    name = key[3]
    if key[2] not in draft.labels():
        return name in _USUAL_OF_SUBSETS and differs(_USUAL_OF_SUBSETS[name], value)
    if name == "color" and not _is_picture(draft, key):
        # which it gets hangs on what came before it
        return key in draft.changed or not draft.is_straight()
    if key not in draft.changed:
        # limits go with the percentile
        return name in ("v_min", "v_max") and (*key[:3], "percentile") in draft.changed
    if key in draft.journal.after_loading:
        return True
    return (
        name in _USUAL
        and differs(_USUAL[name], value)
        or (name not in _USUAL and not (name == "percentile" and value == 95) and name != "color")
    )


def _is_picture(draft: Draft, key: tuple) -> bool:
    """Whether a layer is drawn with a colour map, and its colour is of no account."""
    of_colormap = draft.now.get(("axes", key[1], "color_mode")) == "Colormaps"
    return of_colormap and (*key[:3], "bitmap_visible") in draft.now


def _limits(draft: Draft, label: str) -> list[str]:
    key = ("limits", label)
    if key not in draft.now or key not in draft.changed:
        return []
    limits = draft.now[key]
    home = home_limits(glue_viewer(draft.app, label))
    if home is not None and fits_whole(limits, home):
        return []
    return draft.call("limits", label, x=_readable(limits[:2]), y=_readable(limits[2:]))


def _readable(ends: tuple[float, float]) -> tuple[float, ...]:
    """Round limits to what nobody can see."""
    span = abs(ends[1] - ends[0])
    if not span:
        return ends
    decimals = _DIGITS - int(np.floor(np.log10(span)))
    return tuple(round(end, decimals) for end in ends)


def fits_whole(limits: tuple[float, ...], home: tuple[float, ...]) -> bool:
    """Whether limits are those at which all is shown, in a viewer of whatever shape.

    Parameters
    ----------
    limits, home : tuple of float
        x_min, x_max, y_min and y_max; those of all that is shown.

    Returns
    -------
    bool
        Where one axis just holds everything, and the other has it in its middle.
    """
    (x, y), (home_x, home_y) = (np.reshape(found, (2, 2)) for found in (limits, home))
    spans = np.array([np.ptp(x) / np.ptp(home_x), np.ptp(y) / np.ptp(home_y)])
    shifts = np.array([np.mean(x) - np.mean(home_x), np.mean(y) - np.mean(home_y)])
    middle = np.abs(shifts) <= 1e-6 * np.array([np.ptp(home_x), np.ptp(home_y)])
    return bool(middle.all() and (spans >= 1 - 1e-6).all() and (np.abs(spans - 1) < 1e-6).any())
