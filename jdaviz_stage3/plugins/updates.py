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
        self._pauses: dict[int, bool] = {}  # threads in one; whether an update ran as it began
        self._asked = False  # for another update, by other threads
        self._echoed = False  # by the thread that updates

    @property
    def is_on(self) -> bool:
        """Whether this thread is updating."""
        return self._thread == threading.get_ident()

    def ask(self) -> None:
        """Update now, or as soon as the update or the pause that is on is through."""
        me = threading.get_ident()
        with self._lock:
            if self._thread == me:
                self._echoed = True
                return
            if self._pauses.get(me) is False:
                return
            self._asked = True
            if not self._begins(me):
                return
        self._run()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take what this thread does inside for no reason to update.

        No update begins in a pause, in any thread. One that is running in another thread as the
        pause begins is not waited for, as it may wait for this thread. It may see half of what is
        done in the pause, so that counts as a reason then, for an update after the pause.
        """
        me = threading.get_ident()
        with self._lock:
            within = self._thread == me or me in self._pauses
            if not within:
                self._pauses[me] = self._thread is not None
        if within:
            yield
            return
        try:
            yield
        finally:
            with self._lock:
                del self._pauses[me]
                begins = self._asked and self._begins(me)
            if begins:
                self._run()

    def _begins(self, thread: int) -> bool:
        """Let a thread update, unless one does or a pause is on; with the lock held."""
        if self._thread is not None or self._pauses:
            return False
        self._thread = thread
        return True

    def _run(self) -> None:
        """Update as often as is asked for; after itself, once, in case that asks for ever."""
        repeated = False
        try:
            while True:
                with self._lock:
                    again = self._echoed and not repeated
                    if self._pauses or not (self._asked or again):
                        self._asked |= again  # for the end of the pause
                        self._thread, self._echoed = None, False
                        return
                    repeated = not self._asked
                    self._asked = self._echoed = False
                self._update()
        except BaseException:
            with self._lock:
                self._thread, self._echoed = None, False
            raise
