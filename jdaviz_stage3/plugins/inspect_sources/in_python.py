"""What is shown, and in which order, as Python code."""

from __future__ import annotations

from typing import Any

from .settings import NO_LINES
from .stepping import CATALOG_ORDER

__all__ = ["as_python"]

_DEFAULTS = {
    "order_by": CATALOG_ORDER, "descending": False, "only": "all", "filtered": False,
    "line_list": NO_LINES, "size": 3.0, "exposures": False,
}  # fmt: skip


def as_python(plugin: Any, reduction: str | None) -> str:
    """Return what makes the plugin show what it shows.

    Parameters
    ----------
    plugin : InspectSources
    reduction : str or None
        The one that was asked for; None for the newest.

    Returns
    -------
    str
    """
    lines = ["import jdaviz", "", 'plg = jdaviz.gca().plugins["Inspect Sources"]']
    if reduction is not None:  # each reduction has a file of its own
        lines.append(f"plg.find_sources({plugin.folder!r})")
        lines.append(f"plg.reduction = {reduction!r}")
    else:
        lines.append(f"plg.find_sources({plugin.folder!r}, {plugin.saved_to!r})")
    for name, default in _DEFAULTS.items():
        value = getattr(plugin, f"{name}_selected", None) or getattr(plugin, name)
        if value != default:
            lines.append(f"plg.{name} = {value!r}")
    if plugin.source is not None:
        lines.append(f"plg.select({plugin.source.label!r})")
    return "\n".join(lines)
