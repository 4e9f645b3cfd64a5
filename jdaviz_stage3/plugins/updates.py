"""Updates of what a plugin shows: one at a time, and none of them lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Updates"]


class Updates:
    """Runs the update of a plugin; what is asked for meanwhile, afterwards.

    An update can be asked for while one is running: by itself, as it changes what is followed; and
    by another thread, as jdaviz finds in a thread of its own that a panel was closed, and takes
    that back in the kernel's. Both may be right before the update has seen why.

    Parameters
    ----------
    update : callable
        Brings what is shown up to date with all that it depends on.
    """

    def __init__(self, update: Callable[[], None]):
        self._update = update
        self._lock = threading.Lock()
        self._thread: int | None = None  # the one that updates
        self._asked = False  # for another update, by other threads
        self._echoed = False  # by the thread that updates

    def ask(self) -> None:
        """Update now, or as soon as the update that is running is through."""
        with self._lock:
            if self._thread == threading.get_ident():
                self._echoed = True
                return
            self._asked = True
            if self._thread is not None:
                return
            self._thread = threading.get_ident()
        self._run()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take what this thread does inside for no reason to update."""
        with self._lock:
            free = self._thread is None
            if free:
                self._thread = threading.get_ident()
        try:
            yield
        finally:
            if free:
                self._echoed = False
                self._run()

    def _run(self) -> None:
        """Update as often as is asked for; after itself, once, in case that asks for ever."""
        repeated = False
        try:
            while True:
                with self._lock:
                    if not self._asked and (repeated or not self._echoed):
                        self._thread, self._echoed = None, False
                        return
                    repeated = not self._asked
                    self._asked = self._echoed = False
                self._update()
        except BaseException:
            with self._lock:
                self._thread, self._echoed = None, False
            raise
