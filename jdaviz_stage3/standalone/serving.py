"""What a server has while it serves: its tabs, the sessions it keeps, its limits."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import reason_of
from .closed_tabs import ClosedTabs
from .kept_sessions import KeptSessions, Reason, digest
from .limits import Limits
from .memory import MemoryWatch, measure
from .open_tabs import OpenTab, OpenTabs, end_tab
from .opened import Request

__all__ = ["Serving"]

_log = logging.getLogger(__name__)


def _the_same_for_all(_: str) -> Path | None:
    return None


@dataclass
class Serving:
    """A server that runs, or what stands for one before it does.

    Attributes
    ----------
    request : Request
        What each new tab opens.
    limits : Limits
    kept : KeptSessions or None
        None: no session is kept.
    tabs : OpenTabs
    closed : ClosedTabs
    folder_of : callable
        Gives the folder of a user, which their tab opens and never leaves; None where there are no
        users.
    has_users : bool
        Whether there are users, each with a folder.
    restored, failed : int
        How many sessions were, and could not be.
    """

    request: Request = field(default_factory=Request)
    limits: Limits = field(default_factory=Limits)
    kept: KeptSessions | None = None
    tabs: OpenTabs = field(default_factory=OpenTabs)
    closed: ClosedTabs = field(default_factory=ClosedTabs)
    folder_of: Callable[[str], Path | None] = _the_same_for_all
    has_users: bool = False
    restored: int = 0
    failed: int = 0

    def __post_init__(self) -> None:
        self.memory = MemoryWatch(self.tabs, self.limits.memory)

    def request_of(self, user: str) -> Request:
        """What a new tab of a user opens: their folder, where they have one."""
        folder = self.folder_of(user)
        return self.request if folder is None else Request(paths=(folder,))

    def folders_of(self, user: str) -> list[str]:
        """Where files are that a user may open: their folder, and what they dropped into a browser.

        No path that a browser sends is opened.
        """
        from ..loaders.dropped_files import folders_of_dropped_files

        folder = self.folder_of(user)
        return [*([str(folder)] if folder else []), *folders_of_dropped_files(user)]

    def refusal(self, user: str) -> str:
        """Say why a user gets no app now; empty where they do.

        Their oldest app that no page is connected to is closed first, or anybody's if memory is
        short; the sessions are kept.

        Parameters
        ----------
        user : str
        """
        most = self.limits.apps
        if len(self.tabs.of_user(user)) >= most:
            gone = [t for t in self.tabs.idle(0) if t.user == user and not t.is_connected()]
            if not gone:
                return (
                    f"As many apps are open with this address as may be ({most}). Close another "
                    "tab, and reload this one."
                )
            end_tab(gone[0])
        if self.memory.is_short() and self.memory.look(measure(), time.monotonic()) is None:
            return (
                "The server is short of memory, and every app on it is in use. Close a tab that "
                "you do not need, and reload this one in a minute."
            )
        return ""

    def keep(self, tab: OpenTab) -> bool:
        """Keep the session of a tab; gives whether it was.

        Parameters
        ----------
        tab : OpenTab
            Of a kernel that nobody else works in now.
        """
        from ..jdaviz_compat import all_data
        from ..session import to_python

        goes_too = tab.reason == "stopped" and self.kept is not None and not self.kept.outlives
        if self.kept is None or goes_too or not all_data(tab.app):
            return False
        try:
            script = to_python(tab.app)
            self.kept.keep(tab.owner, digest(tab.key), script, tab.reason)
        except Exception as error:  # of whatever is in the app: the tab goes all the same
            _log.warning("the session of a tab could not be kept: %s", reason_of(error))
            return False
        if tab.kept is not None:
            self.kept.forget(tab.kept)
        return True

    def end_all(self, reason: Reason = "stopped") -> int:
        """End all tabs, their sessions kept; gives how many there were.

        Parameters
        ----------
        reason : {'stopped'}
        """
        self.tabs.is_ending = True  # or the pages come back at once
        tabs = list(self.tabs)
        for tab in tabs:
            tab.reason = reason
            end_tab(tab)
        return len(tabs)
