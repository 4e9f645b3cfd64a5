"""Who may talk to the standalone server: an ASGI middleware in front of solara's application.

The page behind it can read every file that the person who started it can read, so each HTTP
request and each websocket passes one of two checks before solara sees it:

* on this machine only (no token): the ``Host`` header must name this machine, which stops a web
  page that points its own name at 127.0.0.1 (DNS rebinding);
* on any other address: the random token, from ``?token=`` at first and from a cookie after that.

In both cases a websocket, or a request that is not a plain read, must come from our own page: its
``Origin``, where the browser sends one, must be the host that it asks.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["LOCAL_HOSTS", "AccessGuard", "is_local"]

#: The names of this machine that need no token.
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_BAD_HOST = "refused: this server answers to localhost only"
_BAD_TOKEN = "refused: open the whole address that the server printed, with its ?token="
_BAD_ORIGIN = "refused: this request comes from the page of another site"


def is_local(host: str) -> bool:
    """Whether a host is this machine under one of the names in `LOCAL_HOSTS`."""
    return host.strip("[]").lower() in LOCAL_HOSTS


def _header(scope: Scope, name: bytes) -> str:
    """The value of a header, or an empty string where there is none."""
    for key, value in scope["headers"]:
        if key.lower() == name:
            return value.decode("latin-1")
    return ""


def _hostname(netloc: str) -> str:
    """The host of a ``host:port``, without the port; empty where it cannot be understood."""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


class AccessGuard:
    """Refuse (403) what is not allowed to reach the application behind.

    Parameters
    ----------
    app : callable
        The ASGI application to protect.
    token : str, optional
        The secret that lets a browser in. Without one, only requests that name this machine as
        their host are let in.
    cookie : str
        The name of the cookie which keeps the token after the first request. Browsers share
        cookies between the ports of a host, so servers beside each other need different names.
    """

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Awaitable[None]],
        token: str | None = None,
        cookie: str = "jdaviz-stage3-token",
    ) -> None:
        self.app = app
        self.token = token
        self.cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, with a cookie where it brought the token, or refuse it."""
        if scope["type"] not in ("http", "websocket"):  # the server's own start and stop
            await self.app(scope, receive, send)
            return

        reason = self._refusal(scope)
        if reason is not None:
            await self._refuse(scope, send, reason)
        elif scope["type"] == "http" and self._matches(self._query_tokens(scope)):
            await self.app(scope, receive, self._with_cookie(send))
        else:
            await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> str | None:
        """Why a request is refused, or None where it is welcome."""
        host = _header(scope, b"host")
        if self.token is None:
            if not is_local(_hostname(host)):
                return _BAD_HOST
        elif not self._matches([*self._query_tokens(scope), *self._cookie_tokens(scope)]):
            return _BAD_TOKEN

        origin = _header(scope, b"origin")
        reads = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        if origin and not reads and origin.partition("://")[2].lower() != host.lower():
            return _BAD_ORIGIN
        return None

    def _matches(self, candidates: Iterable[str]) -> bool:
        """Whether one of the candidates is the token, in a time that does not tell how nearly."""
        if self.token is None:
            return False
        expected = self.token.encode()
        return any(
            [secrets.compare_digest(candidate.encode(), expected) for candidate in candidates]
        )

    def _query_tokens(self, scope: Scope) -> list[str]:
        """What the address gives as ``?token=``."""
        return parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [])

    def _cookie_tokens(self, scope: Scope) -> list[str]:
        """What the cookies give as the token."""
        try:
            morsel = SimpleCookie(_header(scope, b"cookie")).get(self.cookie)
        except CookieError:
            return []
        return [] if morsel is None else [morsel.value]

    def _with_cookie(self, send: Send) -> Send:
        """A `send` which adds the cookie to the headers of the answer."""
        cookie = f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict"

        async def send_with_cookie(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", []),
                    (b"set-cookie", cookie.encode()),
                    (b"referrer-policy", b"no-referrer"),
                ]
            await send(message)

        return send_with_cookie

    async def _refuse(self, scope: Scope, send: Send, reason: str) -> None:
        """Answer 403; a websocket that is closed before it is accepted is answered so too."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
            return
        body = f"{reason}\n".encode()
        await send(
            {
                "type": "http.response.start",
                "status": 403,
                "headers": [
                    (b"content-type", b"text/plain; charset=utf-8"),
                    (b"content-length", str(len(body)).encode()),
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})
