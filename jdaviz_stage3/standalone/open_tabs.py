"""The tabs that a server has an app for: whose, and when a person last did something there."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .kept_sessions import KeptSession, Reason

__all__ = ["OpenTab", "OpenTabs", "end_tab", "is_of_a_person"]

_log = logging.getLogger(__name__)
_LONGEST = 30  # seconds in which a tab is ended

#: What a page sends by itself: signs of its panels, and what it asks for as it begins.
_BY_ITSELF = (
    "plugin_ping", "request_state", "kernel_info_request", "comm_info_request", "app-status",
)  # fmt: skip
_FIRST = 4096  # characters of a message in which such words stand


def is_of_a_person(message: str | bytes) -> bool:
    """Whether a message of a page comes of what a person does, as far as it tells.

    Parameters
    ----------
    message : str or bytes
    """
    start = message[:_FIRST]
    text = start.decode("utf-8", "replace") if isinstance(start, bytes) else start
    return not any(word in text for word in _BY_ITSELF)


@dataclass(eq=False)
class OpenTab:
    """A tab and its app.

    Attributes
    ----------
    key : str
        The id of its solara kernel.
    owner : str
        Digest of whom its session is kept for.
    user : str
        Whose token it came with.
    app : jdaviz helper
    is_connected : callable
        Whether a page of it is connected.
    end : callable
        Ends it: its app is closed, its session kept first.
    opened, used : float
        When it was opened, and when its person last did something, by the monotonic clock.
    reason : {'lost', 'memory', 'stopped'}
        Why its session will be kept if it is ended now.
    kept : KeptSession or None
        What it was restored from.
    is_ending : bool
        Whether it is being ended already, which takes as long as what its kernel works at.
    """

    key: str
    owner: str
    user: str
    app: Any
    is_connected: Callable[[], bool]
    end: Callable[[], None]
    opened: float = field(default_factory=time.monotonic)
    used: float = field(default_factory=time.monotonic)
    reason: Reason = "lost"
    kept: KeptSession | None = None
    is_ending: bool = False


def end_tab(tab: OpenTab) -> bool:
    """End a tab, from a thread that is not in the middle of another one.

    Parameters
    ----------
    tab : OpenTab

    Returns
    -------
    bool
        Whether it has ended; for one that is at work it is not waited for ever.
    """
    tab.is_ending = True
    ending = threading.Thread(target=tab.end, daemon=True)
    ending.start()
    ending.join(_LONGEST)
    if ending.is_alive():
        _log.warning("a tab that works could not be ended in %g s", _LONGEST)
    return not ending.is_alive()


class OpenTabs:
    """All of them, and the connections of pages to the server.

    Attributes
    ----------
    is_ending : bool
        Whether the server ends: no page is let in any more.
    """

    def __init__(self) -> None:
        self.is_ending = False
        self._tabs: dict[str, OpenTab] = {}
        self._users: dict[str, str] = {}  # of kernels that have an app or connections
        self._connections: Counter[str] = Counter()  # of users
        self._pages: Counter[str] = Counter()  # likewise of kernels
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[OpenTab]:
        with self._lock:
            return iter(list(self._tabs.values()))

    def __len__(self) -> int:
        return len(self._tabs)

    def get(self, key: str) -> OpenTab | None:
        """Return the tab of a kernel, None where that has no app."""
        return self._tabs.get(key)

    def add(self, tab: OpenTab) -> None:
        """Add a tab."""
        with self._lock:
            self._tabs[tab.key] = tab
            # its page may have lost its connection while the app was made
            self._users.setdefault(tab.key, tab.user)

    def discard(self, tab: OpenTab) -> None:
        """Take a tab out, if it is there."""
        with self._lock:
            if self._tabs.get(tab.key) is tab:
                del self._tabs[tab.key]
                self._forget(tab.key)

    def of_user(self, user: str) -> list[OpenTab]:
        """Return the tabs of a token."""
        return [tab for tab in self if tab.user == user]

    def connections(self, user: str) -> int:
        """How many websockets a token has open."""
        return self._connections[user]

    def user_of(self, key: str) -> str:
        """Whose token a kernel came with; an empty text where it is not known."""
        return self._users.get(key, "")

    def is_known(self, key: str) -> bool:
        """Whether a kernel has an app or a page."""
        return key in self._users

    @contextmanager
    def connected(self, key: str, user: str) -> Iterator[bool]:
        """Count a websocket while it is open.

        Parameters
        ----------
        key : str
            The id of its kernel.
        user : str
            Whose token it came with.

        Yields
        ------
        bool
            Whether the kernel is this user's.
        """
        with self._lock:
            is_own = self._users.setdefault(key, user) == user
            self._connections[user] += 1
            self._pages[key] += 1
        try:
            yield is_own
        finally:
            with self._lock:
                self._connections[user] -= 1
                self._pages[key] -= 1
                self._forget(key)

    def _forget(self, key: str) -> None:
        """Forget whose a kernel is that has neither an app nor a page."""
        if key not in self._tabs and not self._pages[key]:
            self._users.pop(key, None)
            del self._pages[key]

    def touch(self, key: str) -> None:
        """Note that a person does something in a tab."""
        tab = self._tabs.get(key)
        if tab is not None:
            tab.used = time.monotonic()

    def idle(self, seconds: float) -> list[OpenTab]:
        """Return those in which nobody has done anything for so long, or that nobody sees.

        Not those that are being ended: one that is stuck would be chosen again and again.

        Parameters
        ----------
        seconds : float

        Returns
        -------
        list of OpenTab
            First those whose page is not connected, then the others, each from the longest unused.
        """
        before = time.monotonic() - seconds
        seen = [(tab.is_connected(), tab.used, tab) for tab in self if not tab.is_ending]
        found = [entry for entry in seen if not entry[0] or entry[1] <= before]
        return [tab for *_, tab in sorted(found, key=lambda entry: entry[:2])]
