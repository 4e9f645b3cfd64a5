"""Memory: how much a server takes, and which app is closed before the machine has none left."""

from __future__ import annotations

import ctypes
import gc
import logging
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from .limits import memory_size
from .open_tabs import OpenTab, OpenTabs, end_tab

__all__ = ["Memory", "MemoryWatch", "give_back", "measure"]

_log = logging.getLogger(__name__)
_LIMITS_OF_CONTAINERS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_EVERY = 5.0  # seconds between looks
_PATIENCE = 20.0  # seconds until what a closed app held is given back, before the next is closed
_IDLE = 60.0  # seconds without a person
_RESERVE = 0.04  # of all memory, below which the machine begins to swap


@dataclass(frozen=True)
class Memory:
    """Memory in bytes.

    Attributes
    ----------
    used : int
        By this process.
    available : int
        What the machine has left before it swaps.
    total : int
        What there is for this process: the machine's, or what its container may take.
    """

    used: int
    available: int
    total: int

    def is_short(self, limit: str) -> bool:
        """Whether an app has to be closed.

        Parameters
        ----------
        limit : str
            See `jdaviz_stage3.standalone.limits.memory_size`.
        """
        return self.used > memory_size(limit, self.total) or (
            self.available < _RESERVE * self.total
        )


def measure() -> Memory:
    """Measure the memory of this process and of the machine."""
    import psutil

    machine = psutil.virtual_memory()
    total = min([machine.total, *_container_limits()])
    return Memory(psutil.Process().memory_info().rss, machine.available, total)


def _container_limits() -> list[int]:
    found = []
    for path in _LIMITS_OF_CONTAINERS:
        try:
            found.append(int(path.read_text()))  # or the word "max"
        except (OSError, ValueError):
            continue
    return found


class MemoryWatch:
    """Closes the app that was not used for longest, its session kept, where memory is short.

    Parameters
    ----------
    tabs : OpenTabs
    limit : str

    Attributes
    ----------
    closed : int
        How many apps it has closed.
    """

    def __init__(self, tabs: OpenTabs, limit: str) -> None:
        self._tabs = tabs
        self._limit = limit
        self._end = threading.Event()
        self._wait_until = 0.0
        self.closed = 0

    def start(self) -> None:
        """Look every few seconds from now on, in a thread of its own."""
        threading.Thread(target=self._look_on, name="memory", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._end.set()

    def is_short(self) -> bool:
        """Whether there is no memory for one more app."""
        return measure().is_short(self._limit)

    def look(self, memory: Memory, now: float) -> OpenTab | None:
        """Close one app if memory is short.

        Parameters
        ----------
        memory : Memory
        now : float
            Time in seconds.

        Returns
        -------
        OpenTab
            The tab that was closed; None where none was.
        """
        if now < self._wait_until or not memory.is_short(self._limit):
            return None
        idle = self._tabs.idle(_IDLE)
        self._wait_until = now + _PATIENCE
        if not idle:
            _log.warning("memory is short (%s), and every app is used", _in_words(memory))
            return None
        tab = idle[0]
        tab.reason = "memory"
        _log.warning(
            "memory is short (%s): the app unused for longest is closed", _in_words(memory)
        )
        if not end_tab(tab):
            return None  # the next look takes another
        self.closed += 1
        return tab

    def _look_on(self) -> None:
        while not self._end.wait(_EVERY):
            try:
                self.look(measure(), time.monotonic())  # what it closes is given back as any tab
            except Exception:  # one look fails, and the next may not
                _log.exception("memory could not be looked at")


def _in_words(memory: Memory) -> str:
    used, available = (number / 2**30 for number in (memory.used, memory.available))
    return f"{used:.1f} GB taken, {available:.1f} GB left"


def give_back() -> None:
    """Give what was freed back to the machine: glibc keeps it for what comes next."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other C libraries have none
        if trim is not None:
            trim(0)
