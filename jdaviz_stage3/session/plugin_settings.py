"""The part of a script that sets the plugins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import Stage3Error
from ..jdaviz_compat import tray_plugins
from ..loaders.observed import differs
from .draft import Draft

__all__ = ["PluginValues", "plugin_lines"]

_UNKNOWN = object()
#: Controls of jdaviz on which hangs where subsets and limits are; these are set before them.
FIRST = ("Orientation", "Unit Conversion")
_OF_DATA = ("dataset", "datasets")
_OF_NO_TEXT = {"mid_transit": None}
# What is going on, or a tool in the hand.
_NOT_KEPT = ("playing", "pick_baseline", "click")


class PluginValues:
    """What the plugins are set to while the script is run, as far as that is known.

    Parameters
    ----------
    draft : Draft
    """

    def __init__(self, draft: Draft):
        self._draft = draft
        self._plugins = tray_plugins(draft.app)
        after = draft.journal.after_loading
        self._known = {
            key[1:]: value
            for key, value in after.items()
            if key[0] == "plugin" and key not in draft.journal.touched
        }

    def lines(self, plugin: str, values: Mapping[str, Any], *, whole: bool = False) -> list[str]:
        """Write the lines that set a plugin.

        Parameters
        ----------
        plugin : str
            Its label.
        values : mapping
            Of its controls.
        whole : bool, optional
            Whether to write also what is as it is supposed to be, but not the plugin's default:
            other controls follow the data that are chosen.

        Returns
        -------
        list of str

        Raises
        ------
        Stage3Error
            If a value cannot be written.
        """
        lines = []
        defaults = self._defaults(plugin)
        for name, value in self._in_order(plugin, values):
            if whole and name == "keep_active":
                continue  # what it draws is drawn when all is made
            known = self._known.get((plugin, name), _UNKNOWN)
            is_same = known is not _UNKNOWN and not differs(known, value)
            is_default = name in defaults and not differs(defaults[name], value)
            if name in _NOT_KEPT or (is_same and (is_default or not whole)):
                continue
            lines.append(f"plg.{name} = {self._draft.code.of(value)}")
            self._known[plugin, name] = value
        return lines

    def _in_order(self, plugin: str, values: Mapping[str, Any]) -> list[tuple[str, Any]]:
        """In the order of the panel, or that in which the plugin wants to be set."""
        order = getattr(self._plugins.get(plugin), "order_of_settings", {})
        order = {**order, "keep_active": len(values)}  # then it draws at each change
        return sorted(values.items(), key=lambda item: order.get(item[0], len(order)))

    def _defaults(self, plugin: str) -> dict[str, Any]:
        found: dict[str, Any] = {"keep_active": False}
        for control in getattr(self._plugins.get(plugin), "declared", ()):
            if control.kind in (*_OF_DATA, "viewers"):
                continue
            default = control.default
            if control.trait:  # text that was typed, and the API has what it means
                default = _OF_NO_TEXT.get(control.name, [])
            if default is None and control.kind in ("choice", "flags") and control.choices:
                default = next(iter(control.choices))
            default = "" if default is None and control.kind in ("number", "integer") else default
            default = "Entire Spectrum" if control.kind == "subset" else default
            default = "None" if control.kind == "region" else default
            found[control.name] = list(default) if isinstance(default, tuple) else default
        return found


def plugin_lines(draft: Draft, values: PluginValues, *, first: bool) -> list[str]:
    """Write the lines that set the plugins as they are now.

    Parameters
    ----------
    draft : Draft
    values : PluginValues
    first : bool
        Whether those on which subsets and limits hang, or the others.
    """
    lines: list[str] = []
    for label, plugin in tray_plugins(draft.app).items():
        if (label in FIRST) != first:
            continue
        try:
            body = _own_lines(plugin)
            if body is None:
                body = values.lines(label, _changed(draft, label, plugin))
        except Stage3Error as err:
            draft.lost.append(f"{label}: its settings ({err})")
            continue
        if body:
            lines.append(f"with session.plugin({draft.code.of(label)}) as plg:")
            lines += [f"    {line}" for line in body]
    return lines


def _own_lines(plugin: Any) -> list[str] | None:
    """What the plugin itself writes, where its controls are not all that it holds."""
    write = getattr(plugin, "session_lines", None)
    return None if write is None else write()


def _changed(draft: Draft, label: str, plugin: Any) -> dict[str, Any]:
    found = {
        key[2]: value
        for key, value in draft.now.items()
        if key[:2] == ("plugin", label) and key in draft.changed
    }
    data = {one.name for one in getattr(plugin, "declared", ()) if one.kind in _OF_DATA}
    found = {
        name: value
        for name, value in found.items()
        if name not in data or (value and not draft.lost_data.intersection(_chosen(value)))
    }
    if found.keys() <= data:
        # jdaviz chooses others when data come and go
        found = {n: v for n, v in found.items() if _chosen(v) not in _first(plugin, n)}
    if getattr(plugin, "own_viewers", ()) and plugin.in_sessions:
        found["keep_active"] = True  # what it draws is there, though no panel is open yet
    return found


def _chosen(value: Any) -> list:
    return value if isinstance(value, list) else [value]


def _first(plugin: Any, name: str) -> tuple[list, ...]:
    """What a choice of data is without anybody's doing: nothing, or the first."""
    choices = list(getattr(plugin, name).choices)
    return [], [""], choices[:1]
