"""The panels of plugins: which are open, and when one counts as closed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from .application import application

__all__ = ["SteadyPanel", "open_panels", "open_panels_of"]

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


def open_panels(app: Any) -> tuple[str, ...]:
    """Return the labels of the plugins whose panels are open in the tray of an app.

    Reason: ``open_in_tray`` of a plugin has no counterpart. jdaviz 5.1: the same.
    """
    state = application(app).state
    if state.drawer_content != "plugins":
        return ()
    labels = [item["label"] for item in state.tray_items]
    return tuple(labels[index] for index in state.tray_items_open if index < len(labels))


def open_panels_of(app: Any, labels: Sequence[str]) -> list[str]:
    """Open the panels of plugins in the tray of an app, and close all others.

    Reason: ``open_in_tray`` waits half a second for each. jdaviz 5.1: the same.

    Returns
    -------
    list of str
        Those of the labels that there are.
    """
    state = application(app).state
    known = [item["label"] for item in state.tray_items]
    found = [label for label in labels if label in known]
    state.tray_items_open = [known.index(label) for label in found]
    if found:
        state.drawer_content = "plugins"
    return found
