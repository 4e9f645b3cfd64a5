"""The address of the standalone server: which port it can have, and how it is written."""

from __future__ import annotations

import errno
import getpass
import os
import socket
import sys
from collections.abc import Mapping

from .base_url import BaseUrl

__all__ = ["DEFAULT_PORT", "ServerError", "addresses", "choose_port", "has_browser", "ssh_line"]

DEFAULT_PORT = 8765
_PORTS_TO_TRY = 100
_WILDCARDS = ("", "0.0.0.0", "::")


class ServerError(RuntimeError):
    """The server cannot run; the message is one line for the person who started it."""


def addresses(
    host: str,
    port: int,
    token: str | None,
    base: BaseUrl = BaseUrl(),  # noqa: B008  (frozen)
) -> list[str]:
    """Write the addresses to open; the last one is for a browser on this machine.

    Parameters
    ----------
    host : str
        The address that the server listens on.
    port : int
        Its port.
    token : str, optional
        Its token, where it asks for one.
    base : BaseUrl
        Where the page is for its visitors.

    Returns
    -------
    list of str
        One address, or two where the server listens on all of them.
    """
    query = f"{base.path}?token={token}" if token else base.path
    if base.origin:
        return [f"{base.origin}{query}"]
    names = [socket.gethostname(), "127.0.0.1"] if host in _WILDCARDS else [host]
    return [f"http://{f'[{name}]' if ':' in name else name}:{port}{query}" for name in names]


def has_browser(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether a browser that is opened here is seen by who opens it.

    Parameters
    ----------
    environ : mapping
        The environment.
    platform : str
        See `sys.platform`.

    Returns
    -------
    bool
        False over ssh without a display, and on a machine that has no display.
    """
    if "DISPLAY" in environ or "WAYLAND_DISPLAY" in environ:
        return True
    return platform in ("darwin", "win32") and "SSH_CONNECTION" not in environ


def ssh_line(port: int, environ: Mapping[str, str] = os.environ) -> str:
    """Write the command that brings a port of this machine to that of the person.

    Parameters
    ----------
    port : int
    environ : mapping
        The environment, which says over which port ssh has come.

    Returns
    -------
    str
    """
    _, _, _, own_port = ([*environ.get("SSH_CONNECTION", "").split(), "", "", "", ""])[:4]
    way = f"-p {own_port} " if own_port not in ("", "22") else ""
    return f"ssh -N {way}-L {port}:localhost:{port} {_account()}@{socket.gethostname()}"


def _account() -> str:
    """The name of this account; in containers some have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "USER"


def choose_port(host: str, port: int | None) -> int:
    """Choose the port to listen on.

    Parameters
    ----------
    host : str
        The address to listen on.
    port : int, optional
        The port that is asked for; 0 for any that is free.

    Returns
    -------
    int
        That port, or `DEFAULT_PORT` or the next free one where none is asked for.

    Raises
    ------
    ServerError
        If the port that was asked for, or each that was tried, cannot be used.
    """
    if port == 0:
        with socket.create_server(("", 0)) as probe:
            return probe.getsockname()[1]
    if port is not None:
        problem = _listen_problem(host, port)
        if problem is not None:
            raise ServerError(f"cannot listen on {host} port {port}: {problem.strerror}")
        return port
    for candidate in range(DEFAULT_PORT, DEFAULT_PORT + _PORTS_TO_TRY):
        problem = _listen_problem(host, candidate)
        if problem is None:
            return candidate
        if problem.errno != errno.EADDRINUSE:
            raise ServerError(f"cannot listen on {host}: {problem.strerror}")
    raise ServerError(
        f"no free port between {DEFAULT_PORT} and {candidate}: choose one with --port"
    )


def _listen_problem(host: str, port: int) -> OSError | None:
    """Why one cannot listen on a port, on each address that the host stands for."""
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        return error
    missing: OSError | None = None
    usable = False
    for family, kind, protocol, _, address in found:
        try:
            with socket.socket(family, kind, protocol) as probe:
                if os.name == "posix":
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(address)
                usable = True
        except OSError as error:
            # `localhost` names ::1 on machines without IPv6 too, and 127.0.0.1 then does
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                return error
            missing = error
    return None if usable else missing
