"""Who may talk to the standalone server: an ASGI middleware in front of solara's application.

The page behind it can read every file that the person who started it can read, so each HTTP
request and each websocket passes two checks before solara sees it:

* a random token, from ``?token=`` at first and from a cookie after that: others who use this
  machine reach its ports, too. A proxy, and what measures, may send it as ``Authorization``. A
  server for this machine only can do without;
* where the server is for this machine only, the ``Host`` header must name it, or the proxy in front
  of it, which stops a web page that points its own name at 127.0.0.1 (DNS rebinding).

In all cases requests must come from our own page, by the ``Origin`` and the ``Sec-Fetch-Site``
that the browser sends. Of other pages, on other ports of this host too, only a link to the page
itself is followed. And no other page may show ours in a frame, where it could lead the mouse:
that, and what else the browser is to refuse, stands in the headers.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .base_url import BaseUrl
from .headers import protection

__all__ = ["LOCAL_HOSTS", "USER", "AccessGuard", "header_tokens", "is_local"]

#: The names of this machine that need no token.
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_BAD_HOST = "refused: this server answers to localhost only"
_BAD_TOKEN = "refused: open the whole address that the server printed, with its ?token="
_BAD_LENGTH = "refused: this request says in two ways where it ends"
_BAD_ORIGIN = "refused: this request comes from the page of another site"

_PAGE = "/"
_WHOLE_HOST = re.compile(rb"; *path=/(?=;|$)", re.I)  # in a cookie
#: The key of a scope under which is whose token a request came with.
USER = "jdaviz_stage3.user"


def is_local(host: str) -> bool:
    """Whether a host is this machine under one of the names in `LOCAL_HOSTS`."""
    return host.strip("[]").lower() in LOCAL_HOSTS


def _headers(scope: Scope, name: bytes) -> list[str]:
    """The values of a header."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _header(scope: Scope, name: bytes) -> str:
    """The value of a header, or an empty string where there is none."""
    return next(iter(_headers(scope, name)), "")


def header_tokens(scope: Scope) -> list[str]:
    """Return what the header ``Authorization`` gives as the token, of either scheme in use.

    Parameters
    ----------
    scope : mapping
        Of a request.
    """
    pairs = [value.partition(" ") for value in _headers(scope, b"authorization")]
    return [text.strip() for scheme, _, text in pairs if scheme.lower() in ("bearer", "token")]


def _hostname(netloc: str) -> str:
    """The host of a ``host:port``, without the port; empty where it cannot be understood."""
    if "@" in netloc:  # what stands before it is no part of a host, and no browser sends it
        return ""
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
    token : str or mapping of str to str, optional
        The secret that lets a browser in; of several the user of each. Without one, everybody is
        let in who may be at all.
    local : bool
        Whether only requests that name this machine as their host are let in.
    cookie : str
        The name of the cookie which keeps the token after the first request. Browsers share
        cookies between the ports of a host, so servers beside each other need different names.
    base : BaseUrl
        Where the page is for its visitors.
    headers : list of (bytes, bytes), optional
        Of each answer.
    """

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Awaitable[None]],
        token: str | Mapping[str, str] | None = None,
        local: bool = True,
        cookie: str = "jdaviz-stage3-token",
        base: BaseUrl = BaseUrl(),  # noqa: B008  (frozen)
        headers: list[tuple[bytes, bytes]] | None = None,
    ) -> None:
        self.app = app
        self.users = {token: ""} if isinstance(token, str) else token
        self.local = local
        self.cookie = cookie
        self.base = base
        self.headers = protection() if headers is None else headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, with a cookie where it brought the token, or refuse it."""
        if scope["type"] not in ("http", "websocket"):  # the server's own start and stop
            await self.app(scope, receive, send)
            return

        token = self._token(scope)
        reason = self._refusal(scope, token)
        if reason is not None:
            await self._refuse(scope, send, reason)
            return
        scope = {**scope, USER: (self.users or {}).get(token or "", "")}
        if scope["type"] == "http":
            came_with_token = token if token in self._query_tokens(scope) else None
            await self.app(scope, receive, self._with_headers(send, came_with_token))
        else:
            await self.app(scope, receive, send)

    def _token(self, scope: Scope) -> str | None:
        """The token that a request brings, in whichever way; None where it brings none of ours."""
        for candidates in (header_tokens, self._query_tokens, self._cookie_tokens):
            token = self._known(candidates(scope))
            if token is not None:
                return token
        return None

    def _refusal(self, scope: Scope, token: str | None) -> str | None:
        """Why a request is refused, or None where it is welcome."""
        if _headers(scope, b"content-length") and _headers(scope, b"transfer-encoding"):
            return _BAD_LENGTH  # a proxy may believe the other one
        host = _header(scope, b"host")
        # no page of another site can send this header without our leave
        by_header = token is not None and token in header_tokens(scope)
        if self.local and not by_header and not self._is_own(host):
            return _BAD_HOST
        if self.users is not None and token is None:
            return _BAD_TOKEN

        return _BAD_ORIGIN if self._is_foreign(scope, host) else None

    def _is_own(self, host: str) -> bool:
        """Whether a host is this machine, or the proxy in front of it."""
        named = bool(self.base.netloc) and host.lower() == self.base.netloc
        return named or is_local(_hostname(host))

    def _is_foreign(self, scope: Scope, host: str) -> bool:
        """Whether a request comes from another page, and is no link to ours.

        Browsers say so by ``Sec-Fetch-Site``, to hosts that they trust: those with https, and
        localhost. To others they send no cookie of ours from another page, for that is strict.
        """
        own = (host.lower(), self.base.netloc) if self.base.netloc else (host.lower(),)
        # each of them where there are several: who has added one does not know what we make of it
        origins = [origin.partition("://") for origin in _headers(scope, b"origin") if origin]
        if not all(place and place.lower() in own for *_, place in origins):
            return True
        sites = _headers(scope, b"sec-fetch-site")
        if all(site in ("", "same-origin", "none") for site in sites):  # none: typed in
            return False
        follows_link = (
            scope["type"] == "http"
            and scope["method"] in ("GET", "HEAD")
            and _header(scope, b"sec-fetch-mode") == "navigate"
            and _header(scope, b"sec-fetch-dest") == "document"
        )
        return not (follows_link and scope["path"] == _PAGE)

    def _known(self, candidates: Iterable[str]) -> str | None:
        """The candidate that is a token; the time does not tell how nearly one is."""
        found = None
        for candidate in candidates:
            for token in self.users or ():
                if secrets.compare_digest(candidate.encode(), token.encode()):
                    found = token
        return found

    def _query_tokens(self, scope: Scope) -> list[str]:
        """What the address gives as ``?token=``."""
        return parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [])

    def _cookie_tokens(self, scope: Scope) -> list[str]:
        """What the cookies give as the token.

        Split here: one cookie of another service that breaks the rules, and Python's reader of
        cookies gives none of those after it.
        """
        pairs = [part for value in _headers(scope, b"cookie") for part in value.split(";")]
        named = [pair.partition("=") for pair in pairs]
        return [value.strip() for name, _, value in named if name.strip() == self.cookie]

    def _with_headers(self, send: Send, token: str | None) -> Send:
        """A `send` which adds our headers to those of the answer, with a cookie of the token."""
        added = [*self.headers]
        if token is not None:
            secure = "; Secure" if self.base.is_secure else ""
            cookie = f"{self.cookie}={token}; Path={self.base.path}; HttpOnly; SameSite=Strict"
            added.append((b"set-cookie", f"{cookie}{secure}".encode()))

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                own = [self._kept_below(*header) for header in message.get("headers", [])]
                message["headers"] = [*own, *added]
            await send(message)

        return send_with_headers

    def _kept_below(self, name: bytes, value: bytes) -> tuple[bytes, bytes]:
        """A header; cookies of the application go to no page beside ours on the same host."""
        if name.lower() == b"set-cookie":
            value = _WHOLE_HOST.sub(b"; Path=" + self.base.path.encode(), value)
        return name, value

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
                    # where it is not clear what comes next, nothing does
                    *([(b"connection", b"close")] if reason == _BAD_LENGTH else []),
                    *self.headers,
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})
