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


@dataclass(frozen=True)
class BaseUrl:
    """An address as visitors know it.

    Attributes
    ----------
    path : str
        Begins and ends with a slash.
    origin : str
        ``https://host:port`` of a proxy; empty without one, or where it hands on the host.
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
            If it is neither.
        """
        parts = urlsplit(text)
        path = f"/{parts.path.strip('/')}/".replace("//", "/")
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_path = not (parts.scheme or parts.netloc)
        if (
            not (is_whole or is_path)
            or parts.query
            or parts.fragment
            or "@" in parts.netloc
            or not _PATH.fullmatch(path)
            or {".", ".."} & set(path.split("/"))
        ):
            raise ValueError(
                f"{text!r} is no base address: write a path as /jwst/, or a whole address as "
                "https://tools.example.org/jwst/"
            )
        return cls(path, f"{parts.scheme}://{parts.netloc.lower()}" if is_whole else "")

    @property
    def netloc(self) -> str:
        """The host and port of the proxy."""
        return self.origin.partition("://")[2]

    @property
    def is_secure(self) -> bool:
        """Whether visitors come by https."""
        return self.origin.startswith("https:")


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
