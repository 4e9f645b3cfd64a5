"""Connections that say nothing: none of them keeps others out for long, with a token or without.

The server asks for the token once a request is there. Who only connects, or writes half a line,
would hold a place among the files that a process may have open, of which there are often 1024.
"""

from __future__ import annotations

import asyncio
from typing import Any

__all__ = ["allow_many_files", "with_deadline"]

_SECONDS = 30.0  # in which a request has come
_FILES = 10240


def with_deadline(protocol: type[asyncio.Protocol], seconds: float = _SECONDS) -> type:
    """Return a protocol that closes connections on which no request comes.

    Parameters
    ----------
    protocol : type
        One of uvicorn's for HTTP, which close what is left open after an answer, but wait for the
        first request, and for the rest of one, as long as it takes.
    seconds : float
        So long a request may take to come.

    Returns
    -------
    type
    """

    class WithDeadline(protocol):  # type: ignore[misc, valid-type]
        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget()
            super().connection_lost(exc)

        def _watch(self) -> None:
            """Begin to wait for a request, or end, where it is there."""
            if self.cycle is not None and not self.cycle.response_complete:
                self._forget()
            elif self._deadline is None:
                self._deadline = self.loop.call_later(seconds, self._give_up)

        def _forget(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _give_up(self) -> None:
            self._deadline = None
            is_answered = self.cycle is not None and not self.cycle.response_complete
            is_websocket = self.transport.get_protocol() is not self
            if not is_answered and not is_websocket:
                self.transport.close()

    return WithDeadline


def allow_many_files() -> None:
    """Let this process have thousands of files and connections open, where it may."""
    try:
        import resource
    except ImportError:  # Windows
        return
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS takes no more than this, whatever it says
    wanted = _FILES if most == resource.RLIM_INFINITY else min(most, _FILES)
    if least != resource.RLIM_INFINITY and least < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
