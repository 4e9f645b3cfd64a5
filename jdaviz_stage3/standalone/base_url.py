"""Where the page is for its visitors: below a path, or behind a proxy under another name."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

__all__ = ["BaseUrl", "Below"]

Scope = MutableMapping[str, Any]
_PATH = re.compile(r"(/[A-Za-z0-9._~@-]+)*/")
# names in other alphabets are written as browsers send them, xn--…
_PLACE = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(.*))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65535


@dataclass(frozen=True)
class BaseUrl:
    """An address as visitors know it.

    Attributes
    ----------
    path : str
        Begins and ends with a slash.
    origin : str
        ``https://host:port`` of a proxy, without the port that browsers leave out; empty without
        a proxy, or where it hands on the host.
    """

    path: str = "/"
    origin: str = ""

    @classmethod
    def read(cls, text: str) -> BaseUrl:
        """Read what a person gives.

        Parameters
        ----------
        text : str
            A path as ``/jwst/``, or a whole address as ``https://tools.example.org/jwst/``.

        Returns
        -------
        BaseUrl

        Raises
        ------
        ValueError
            If it is neither, or has a port that no server can have.
        """
        try:
            parts = urlsplit(text)
        except ValueError as error:  # brackets that hold no IPv6 address
            raise ValueError(_no_address(text)) from error
        path = f"/{parts.path.strip('/')}/".replace("//", "/")
        place = _PLACE.fullmatch(parts.netloc)
        is_whole = parts.scheme in _DEFAULT_PORTS and place is not None
        is_path = not (parts.scheme or parts.netloc)
        if (
            not (is_whole or is_path)
            or parts.query
            or parts.fragment
            or not _PATH.fullmatch(path)
            or {".", ".."} & set(path.split("/"))
        ):
            raise ValueError(_no_address(text))
        return cls(path, _origin(parts.scheme, *place.groups()) if place else "")

    @property
    def netloc(self) -> str:
        """The host and port of the proxy."""
        return self.origin.partition("://")[2]

    @property
    def is_secure(self) -> bool:
        """Whether visitors come by https."""
        return self.origin.startswith("https:")


def _no_address(text: str) -> str:
    return (
        f"{text!r} is no base address: write a path as /jwst/, or a whole address as "
        "https://tools.example.org/jwst/"
    )


def _origin(scheme: str, host: str, written: str | None) -> str:
    """The origin of an address, as a browser writes it."""
    origin = f"{scheme}://{host.lower()}"
    if written is None:
        return origin
    is_number = written.isascii() and written.isdigit() and len(written) <= len(str(_LAST_PORT))
    port = int(written) if is_number else 0
    if not 0 < port <= _LAST_PORT:
        raise ValueError(
            f"{written!r} is no port of {host}: that of the proxy is a number from 1 to "
            f"{_LAST_PORT}, {_DEFAULT_PORTS[scheme]} where none is given"
        )
    # no Origin that a browser sends would be ours if the usual one were in it
    return origin if port == _DEFAULT_PORTS[scheme] else f"{origin}:{port}"


class Below:
    """Take the path below which an application is off the path of each request.

    Some proxies hand it on, others take it off themselves: both arrive.

    Parameters
    ----------
    app : callable
        The ASGI application.
    path : str
        Of a `BaseUrl`.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], path: str) -> None:
        self.app = app
        self.path = path

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Hand a request on."""
        if scope["type"] in ("http", "websocket"):
            path = scope["path"]
            if path == self.path[:-1] or path.startswith(self.path):
                rest = f"/{path[len(self.path) :]}"
                scope = {**scope, "path": rest, "raw_path": rest.encode()}
        await self.app(scope, receive, send)
