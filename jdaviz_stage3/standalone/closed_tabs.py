"""What is left of closed tabs, let go of: by a thread that belongs to none of them.

A thread that is started while a tab's kernel runs keeps that kernel, and its app, as long as it
runs itself.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from .memory import give_back

__all__ = ["ClosedTabs"]

_log = logging.getLogger(__name__)
_TURN = 1.0  # seconds for which a tab whose kernel is not closed yet keeps the others waiting
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
        late: list[_Closing] = []  # whose kernels are not closed yet: none keeps the others waiting
        while True:
            waits = [max(0.0, again - time.monotonic())] if again is not None else []
            waits += [_TURN] if late else []
            try:
                coming = self._coming.get(timeout=min(waits, default=None))
                coming.closed.wait(_TURN)
                late.append(coming)
            except Empty:
                pass  # time to look again
            closed = [closing for closing in late if closing.closed.is_set()]
            late = [closing for closing in late if closing not in closed]
            for closing in closed:
                _release(closing)
            if closed:
                if self._coming.empty():
                    give_back()
                again = time.monotonic() + _SETTLING
            elif again is not None and time.monotonic() >= again:
                give_back()
                again = None


def _release(closing: _Closing) -> None:
    """Let go of a tab; what fails there is of this tab only, and the next ones have their turn."""
    from ..jdaviz_compat import release
    from ..loaders.dropped_files import forget_dropped

    work = (
        lambda: release(closing.key, closing.widgets),
        lambda: forget_dropped(closing.key),
    )
    for let_go in work:
        try:
            let_go()
        except Exception:  # of whatever the libraries keep
            _log.exception("something of a closed tab is kept")
