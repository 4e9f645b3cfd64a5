"""Keys over a stack: from frame to frame, and no pixel marked."""

from __future__ import annotations

from typing import Any

from ...viewers.keys import BACKWARD, FORWARD, Key

__all__ = ["FRAME_KEYS", "FrameKeys"]

FRAME_KEYS = (
    Key(FORWARD, "next frame", "next"),
    Key(BACKWARD, "frame before", "previous"),
    Key(("Escape",), "mark no pixel", "forget_pixel"),
)


class FrameKeys:
    """Does what the keys say.

    Parameters
    ----------
    plugin : ImageStackPlugin
    """

    def __init__(self, plugin: Any):
        self._plugin = plugin

    def next(self, viewer: str) -> None:
        """Go on by one frame, from the last to the first."""
        self._step(1)

    def previous(self, viewer: str) -> None:
        """Go back by one frame."""
        self._step(-1)

    def forget_pixel(self, viewer: str) -> bool:
        """Mark no pixel; the series of the one that was stays."""
        was_marked = bool(self._plugin.clicked)
        self._plugin.mark_pixel([])
        return was_marked

    def _step(self, by: int) -> None:
        count = self._plugin.n_frames
        if count:
            self._plugin.frame = (self._plugin.frame - 1 + by) % count + 1
