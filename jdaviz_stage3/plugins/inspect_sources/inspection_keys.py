"""Keys over the source that is shown: the next one, and its flag."""

from __future__ import annotations

from typing import Any

from ...viewers.keys import BACKWARD, FORWARD, Key

__all__ = ["INSPECTION_KEYS", "InspectionKeys"]

INSPECTION_KEYS = (
    Key(FORWARD, "next source", "next"),
    Key(BACKWARD, "source before", "previous"),
    Key(tuple("0123456789"), "flag the source", "flag", named=True),
)


class InspectionKeys:
    """Does what the keys say.

    Parameters
    ----------
    plugin : InspectSources
    """

    def __init__(self, plugin: Any):
        self._plugin = plugin

    def next(self, viewer: str) -> None:
        """Show the next source."""
        self._plugin.vue_step(1)

    def previous(self, viewer: str) -> None:
        """Show the source before."""
        self._plugin.vue_step(-1)

    def flag(self, viewer: str, name: str) -> None:
        """Flag the source; with its own flag, take that back."""
        self._plugin.toggle_flag(int(name))
