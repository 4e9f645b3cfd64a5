"""The panels of plugins: when one counts as closed."""

from __future__ import annotations

import time
from typing import Any

__all__ = ["SteadyPanel"]

_PATIENCE = 3.0  # seconds without a sign of a panel of which nobody has said that it is closed
_CLOSED = 0.4  # of one that has left the tray; another one, popped out, may still give signs
_LOOK = 0.2  # seconds between looks


class SteadyPanel:
    """Keeps the panel of a plugin of ours open while the page is busy.

    Reason: a panel in the page gives a sign every 200 ms, and jdaviz takes it for closed where none
    has come for 400 ms, by the page's clock. While the page draws much none comes; what is drawn
    for an open panel is taken away then, and drawn again at the next sign, which keeps the page
    busy: opening White Light Curve went to and fro a dozen times. Another machine's clock may be
    off by more than that for ever. What the page itself says of its tray is in the app's state.
    Private names: ``vue_plugin_ping``, ``_watch_active``, ``_ping_timestamp``, ``_sidebar``,
    ``_registry_name``. jdaviz 5.1: the same.
    """

    _was_in_tray = False

    def vue_plugin_ping(self, ping_timestamp: Any) -> None:
        """Take a sign of the panel, when it comes."""
        self._was_in_tray = self._in_tray()
        super().vue_plugin_ping(time.time() * 1000)

    def _watch_active(self) -> None:
        while time.time() - self._ping_timestamp / 1000 < self._patience():
            time.sleep(_LOOK)
        self.plugin_opened = False

    def _patience(self) -> float:
        """How long to wait for a sign, in seconds."""
        return _CLOSED if self._was_in_tray and not self._in_tray() else _PATIENCE

    def _in_tray(self) -> bool:
        """Whether the tray shows the panel."""
        state = self._app.state
        names = [item["name"] for item in state.tray_items]
        return (
            state.drawer_content == self._sidebar
            and self._registry_name in names
            and names.index(self._registry_name) in state.tray_items_open
        )
