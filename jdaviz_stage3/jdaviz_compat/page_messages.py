"""Messages to the page, which solara's event loop sends many at a time.

A page of jdaviz is some thousands of messages. Solara lets the thread of the app wait for each of
them until the event loop, which is another thread's, has sent it: that takes as long as making the
app. Here they stand in a queue, and the thread goes on.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["send_together", "without_waiting"]

_LONGEST_QUEUE = 32_000_000  # bytes or characters; who has sent more waits for the browser
_LAST_WORDS = 2.0  # seconds that a connection which is closed gets for what stands in its queue
_hurry = threading.local()


@contextmanager
def without_waiting() -> Iterator[None]:
    """Let this thread meanwhile wait for no browser, however much stands in its queue.

    What others wait for must not depend on how fast one of the browsers reads, or whether.
    """
    before = getattr(_hurry, "on", False)
    _hurry.on = True
    try:
        yield
    finally:
        _hurry.on = before


def send_together(starlette: Any) -> None:
    """Let the websockets of a server send what waits at once.

    Reason: solara's own way to do so (``experimental_performance``) looks every 50 ms, so that each
    answer is late by as much, and never says that the browser has gone. Private names: the two
    coroutines that send, the thread of the event loop. jdaviz 5.1: the same.

    Parameters
    ----------
    starlette : module
        ``solara.server.starlette``.
    """
    stock = starlette.WebsocketWrapper
    if not hasattr(stock, "_queue_of_stage3"):
        starlette.WebsocketWrapper = _with_queue(stock)


def _with_queue(stock: Any) -> Any:
    class WebsocketWithQueue(stock):
        """A websocket of solara with a queue for what is sent.

        The order is kept. That the browser has gone is said to whoever sends next.
        """

        _queue_of_stage3 = True

        def __init__(self, ws: Any, portal: Any) -> None:
            super().__init__(ws, portal)
            self._queue: deque[tuple[Callable[[Any], Awaitable[None]], str | bytes]] = deque()
            self._length = 0
            self._lock = threading.Lock()
            self._sending: Future[None] | None = None  # until the queue is empty
            self._failure: Exception | None = None

        def send_text(self, data: str) -> None:
            self._put(self._send_text_exc, data)

        def send_bytes(self, data: bytes) -> None:
            self._put(self._send_bytes_exc, data)

        def close(self) -> None:
            """Close the connection; a goodbye waits for no browser that does not read.

            Solara closes it while it closes the kernel, whose app would stay as long.
            """
            self._wait(_LAST_WORDS)
            ending = asyncio.run_coroutine_threadsafe(self._close_quietly(), self.event_loop)
            if threading.get_ident() != self._thread_id:
                wait([ending], _LAST_WORDS)

        async def _close_quietly(self) -> None:
            with suppress(Exception):  # of which kind does not matter: it has gone
                await self.ws.close()

        def _put(self, send: Callable[[Any], Awaitable[None]], data: str | bytes) -> None:
            if self._failure is not None:
                raise self._failure
            with self._lock:
                self._queue.append((send, data))
                self._length += len(data)
                if self._sending is None:
                    self._sending = asyncio.run_coroutine_threadsafe(
                        self._send_all(), self.event_loop
                    )
                too_long = self._length > _LONGEST_QUEUE
            if too_long and not getattr(_hurry, "on", False):
                self._wait()

        async def _send_all(self) -> None:
            while True:
                with self._lock:
                    if not self._queue or self._failure is not None:
                        self._queue.clear()
                        self._length = 0
                        self._sending = None
                        return
                    send, data = self._queue.popleft()
                    self._length -= len(data)
                try:
                    await send(data)
                except Exception as failure:  # of which kind, whoever sends next decides
                    self._failure = failure

        def _wait(self, seconds: float | None = None) -> None:
            """Wait until all is sent, or so long; the event loop itself does not."""
            sending = self._sending
            if sending is not None and threading.get_ident() != self._thread_id:
                wait([sending], seconds)

    return WebsocketWithQueue
