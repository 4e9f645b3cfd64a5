"""What is left of closed tabs, let go of: by a thread that belongs to none of them.

A thread that is started while a tab's kernel runs keeps that kernel, and its app, as long as it
runs itself.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from .memory import give_back

__all__ = ["ClosedTabs"]

_CLOSING = 60.0  # seconds in which a tab's widgets are all closed
_SETTLING = 5.0  # seconds until threads have ended that know a closed app


@dataclass(frozen=True)
class _Closing:
    """A tab that is being closed.

    Attributes
    ----------
    closed : threading.Event
        Set when its kernel is closed.
    key : str
        What its states belong to.
    widgets : frozenset of str
        The model ids of its widgets.
    """

    closed: threading.Event
    key: str
    widgets: frozenset[str]


class ClosedTabs:
    """Lets go of what libraries keep of tabs, once their kernels are closed."""

    def __init__(self) -> None:
        self._coming: SimpleQueue[_Closing] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, closed: threading.Event, key: str, widgets: frozenset[str]) -> None:
        """Let go of a tab as soon as its kernel is closed; gives back at once.

        Parameters
        ----------
        closed : threading.Event
            Set when that is so.
        key : str
            See `jdaviz_stage3.jdaviz_compat.release`.
        widgets : frozenset of str
        """
        from solara.server.kernel_context import without_context

        self._coming.put(_Closing(closed, key, widgets))
        with self._lock:
            if self._thread is None:
                with without_context():
                    self._thread = threading.Thread(
                        target=self._work, name="closed tabs", daemon=True
                    )
                self._thread.start()

    def _work(self) -> None:
        """Release each; look for garbage after it, and once more when nothing knows it any more."""
        again: float | None = None
        while True:
            wait = None if again is None else max(0.0, again - time.monotonic())
            try:
                closing = self._coming.get(timeout=wait)
            except Empty:
                give_back()
                again = None
                continue
            _release(closing)
            if self._coming.empty():
                give_back()
            again = time.monotonic() + _SETTLING


def _release(closing: _Closing) -> None:
    from ..jdaviz_compat import release
    from ..loaders.dropped_files import forget_dropped

    if closing.closed.wait(_CLOSING):
        release(closing.key, closing.widgets)
        forget_dropped(closing.key)
