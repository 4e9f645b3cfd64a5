"""What comes over the websockets of tabs, watched: whose they are, how many, and how much."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from .access import USER
from .open_tabs import OpenTabs, is_of_a_person

__all__ = ["Bucket", "TabWatch"]

_CHANNELS = re.compile(r"/jupyter/api/kernels/([A-Za-z0-9._-]{1,128})/channels")
_FOR_EACH_APP = 4  # websockets: a page, and windows that were taken out of it
# What a page gets through, a second over time and at once: opening the demo sends 43 messages, a
# mouse that moves 16 a second, and a file that is dropped comes in pieces of 2 MB.
_MESSAGES, _MESSAGES_AT_ONCE = 100.0, 1000.0
_BYTES, _BYTES_AT_ONCE = 3e7, 1e8
# New kernels a second over time; at once as many as there may be websockets. Each is 0.2 MB, and
# stays as long as the app of a lost tab even where no page of it has ever come so far as an app.
_KERNELS = 0.2


class Bucket:
    """Lets so many things pass a second over time, and more at once after a pause.

    Parameters
    ----------
    rate : float
        A second.
    most : float
        At once.
    now : float
        Time in seconds.
    """

    def __init__(self, rate: float, most: float, now: float) -> None:
        self.rate, self.most = rate, most
        self._left, self._at = most, now

    def wait(self, now: float, cost: float = 1) -> float:
        """Take some out, and say how long to wait before that may pass.

        Parameters
        ----------
        now : float
            Time in seconds.
        cost : float
            How many.

        Returns
        -------
        float
            In seconds; 0 where it need not wait.
        """
        self._left = min(self.most, self._left + (now - self._at) * self.rate) - cost
        self._at = now
        return max(0.0, -self._left / self.rate)


class TabWatch:
    """An ASGI middleware in front of the websockets of tabs.

    A user gets so many of them, each of which may send so many messages a second, and comes only to
    kernels of their own.

    Parameters
    ----------
    app : callable
        The ASGI application.
    tabs : OpenTabs
    apps : int
        How many apps a user may have.
    sleep : callable
        Waits a number of seconds.
    """

    def __init__(
        self,
        app: Callable[..., Awaitable[None]],
        tabs: OpenTabs,
        apps: int,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.app = app
        self.tabs = tabs
        self.most = apps * _FOR_EACH_APP
        self.sleep = sleep
        self._kernels: dict[str, Bucket] = {}  # of users

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Hand on what is no websocket, and of websockets what may pass."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        if self.tabs.is_ending:
            await send({"type": "websocket.close", "code": 1012, "reason": "the server ends"})
            return
        user = scope.get(USER, "")
        found = _CHANNELS.fullmatch(scope["path"])
        if found is None or self.tabs.connections(user) >= self.most:
            await send({"type": "websocket.close", "code": 1008, "reason": "refused: too many"})
            return
        key = found.group(1)
        is_new = not self.tabs.is_known(key)
        with self.tabs.connected(key, user) as is_own:
            if not is_own:
                await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
                return
            wait = self._wait_for_kernel(user) if is_new else 0.0
            if wait:
                await self.sleep(wait)
            await self.app(scope, self._watched(key, receive), send)

    def _wait_for_kernel(self, user: str) -> float:
        """How long a user waits for a new kernel, who opens them faster than a person does."""
        now = time.monotonic()
        return self._kernels.setdefault(user, Bucket(_KERNELS, self.most, now)).wait(now)

    def _watched(self, key: str, receive: Any) -> Callable[[], Awaitable[Any]]:
        """A ``receive`` that notes what a person does, and takes its time with a flood."""
        began = time.monotonic()
        messages = Bucket(_MESSAGES, _MESSAGES_AT_ONCE, began)
        lengths = Bucket(_BYTES, _BYTES_AT_ONCE, began)

        async def watched() -> Any:
            message = await receive()
            if message["type"] == "websocket.receive":
                content = message.get("text") or message.get("bytes") or ""
                if is_of_a_person(content):
                    self.tabs.touch(key)
                now = time.monotonic()
                wait = max(messages.wait(now), lengths.wait(now, len(content)))
                if wait:
                    await self.sleep(wait)
            return message

        return watched
