"""Keys over light curves and dynamic spectra: the time cursor, and what Escape takes back."""

from __future__ import annotations

from typing import Any

from ...viewers.keys import BACKWARD, FORWARD, Key
from .settings import is_empty

__all__ = ["CURVE_KEYS", "CurveKeys"]

CURVE_KEYS = (
    Key(FORWARD, "next integration", "next"),
    Key(BACKWARD, "integration before", "previous"),
    Key(
        ("Escape",),
        "take back the drag, else the time cursor, else the band",
        "take_back",
    ),
)


class CurveKeys:
    """Does what the keys say.

    Parameters
    ----------
    plugin : WhiteLightCurve
    dragging : Dragging
    """

    def __init__(self, plugin: Any, dragging: Any):
        self._plugin, self._dragging = plugin, dragging

    def next(self, viewer: str) -> None:
        """Move the time cursor to the next integration."""
        self._plugin.step(1)

    def previous(self, viewer: str) -> None:
        """Move the time cursor to the integration before."""
        self._plugin.step(-1)

    def take_back(self, viewer: str) -> bool:
        """Put back what is being dragged; else take away the time cursor; else take all channels.

        The band goes in the viewers of the trace only, where its edges are. A baseline that is no
        longer in the hand stays: it may have been typed.
        """
        plugin = self._plugin
        if self._dragging.put_back():
            return True
        if not is_empty(plugin.integration):
            plugin.integration = ""
            return True
        whole = is_empty(plugin.band_low) and is_empty(plugin.band_high)
        if whole or viewer in plugin.own_viewers:
            return False
        plugin.take_whole_band()
        return True
