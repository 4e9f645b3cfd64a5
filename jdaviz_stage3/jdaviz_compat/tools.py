"""The tools of viewers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["leave_limits", "pace_moves", "point_with"]


def leave_limits(linked: Callable[[Any, Any], bool]) -> None:
    """Let jdaviz's tools that zoom 1-D and 2-D spectra together leave pairs of viewers as they are.

    Reason: these tools convert limits in the wrong direction once wavelengths are shown in another
    unit than that of the data, and go by the first data of the app. Viewers that follow each other
    by our link would be sent to wavelengths that are none. The tools stay: without them, those that
    move the flux axis alone are the first of their kind. No public way to choose what they match.
    jdaviz 5.1: to check.

    Parameters
    ----------
    linked : callable
        Called with two (glue) viewers, says whether they follow each other by themselves.
    """
    from jdaviz.configs.specviz.plugins.tools import _MatchedXZoomMixin

    stock = _MatchedXZoomMixin._map_limits

    def mapped(self: Any, from_viewer: Any, to_viewer: Any, limits: dict[str, Any]) -> Any:
        if linked(from_viewer, to_viewer):
            return {name: getattr(to_viewer.state, name) for name in limits}
        return stock(self, from_viewer, to_viewer, limits)

    _MatchedXZoomMixin._map_limits = mapped


def point_with(viewer: Any, cursor: str) -> None:
    """Give the mouse pointer a shape over the figure of a (glue) viewer.

    Reason: glue-jupyter keeps what follows the mouse under a private name. jdaviz 5.1: the same.

    Parameters
    ----------
    viewer : glue viewer
    cursor : str
        As CSS names it: ``'auto'``, ``'ew-resize'``.
    """
    viewer._mouse_interact.cursor = cursor


def pace_moves(viewer: Any, milliseconds: int) -> None:
    """Have the page tell of the mouse in a (glue) viewer not more often than that.

    It always tells of the last place.

    Reason: as for `point_with`. jdaviz 5.1: the same.

    Parameters
    ----------
    viewer : glue viewer
    milliseconds : int
        Between two messages; bqplot-image-gl takes 50 by itself.
    """
    viewer._mouse_interact.move_throttle = milliseconds
