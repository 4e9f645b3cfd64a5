"""Edges that are dragged in viewers, and clicks in them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

__all__ = ["PointerEvents", "nearest_edge"]

_REACH = 0.02  # of the width of the view: how near to an edge a drag must begin
_EVENTS = ["dragstart", "dragmove", "dragend", "click"]


def nearest_edge(edges: list[tuple[Any, float]], x: float, low: float, high: float) -> Any | None:
    """Return the name of the edge that is near enough to be meant, None if none is.

    Parameters
    ----------
    edges : list of (name, position)
    x : float
        Where the drag begins.
    low, high : float
        What the view spans. An edge beyond it is taken for one at its border, so that it can be
        pulled in.
    """
    span = abs(high - low)
    if not edges or not span:
        return None
    inside = [(name, min(max(place, min(low, high)), max(low, high))) for name, place in edges]
    name, place = min(inside, key=lambda edge: abs(edge[1] - x))
    return name if abs(place - x) <= _REACH * span else None


class PointerEvents:
    """Mouse events of one viewer, while no tool of its toolbar is active.

    Parameters
    ----------
    viewer : glue viewer
    on_drag : callable
        Called with the phase (``'start'``, ``'move'``, ``'end'``), x and y on the axes. What it
        returns for ``'start'`` says whether it takes the drag.
    on_click : callable, optional
        Called with x and y.
    """

    def __init__(
        self,
        viewer: Any,
        on_drag: Callable[[str, float, float], bool | None],
        on_click: Callable[[float, float], None] | None = None,
    ):
        self.viewer = viewer
        self._on_drag, self._on_click = on_drag, on_click
        self._dragging = False
        viewer.add_event_callback(self._on_event, events=_EVENTS)

    def _on_event(self, event: dict) -> None:
        if "domain" not in event or event["domain"] is None:
            return
        x, y = float(event["domain"]["x"]), float(event["domain"]["y"])
        if not (math.isfinite(x) and math.isfinite(y)):
            return
        kind = event["event"]
        if kind == "click":
            if self._on_click is not None:
                self._on_click(x, y)
        elif kind == "dragstart":
            self._dragging = bool(self._on_drag("start", x, y))
        elif self._dragging:
            self._dragging = kind != "dragend"
            self._on_drag("move" if self._dragging else "end", x, y)

    def close(self) -> None:
        """Listen no longer."""
        self.viewer.remove_event_callback(self._on_event)
