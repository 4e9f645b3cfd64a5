"""The arguments of the commands that serve, ``open`` and ``demo``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .base_url import BaseUrl
from .limits import Limits, memory_size, minutes

__all__ = ["add_server_arguments", "server_options"]

_DEFAULT = Limits()


def add_server_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments.

    Parameters
    ----------
    command : argparse.ArgumentParser
    """
    command.add_argument(
        "--host",
        default="localhost",
        help="the address to listen on (%(default)s); on any other than this machine's own, no "
        "file of it is offered",
    )
    command.add_argument(
        "--port", type=_port, help="the port to listen on (8765, or the next free one)"
    )
    command.add_argument(
        "--no-browser", action="store_true", help="print the address, and leave the browser to me"
    )
    command.add_argument(
        "--no-token",
        action="store_true",
        help="on this machine only: ask for no token, everybody who uses this machine gets in",
    )
    command.add_argument(
        "--base-url",
        type=_read_by(BaseUrl.read),
        default=BaseUrl(),
        metavar="URL",
        help="where visitors find the page: a path as /jwst/, or the whole address of the proxy in "
        "front",
    )
    more = command.add_argument_group("sessions and limits")
    more.add_argument(
        "--sessions",
        type=Path,
        metavar="FOLDER",
        help="keep sessions and token here, over restarts; without, sessions of lost tabs are kept "
        "as long as the server runs",
    )
    more.add_argument(
        "--lost-minutes",
        type=_read_by(minutes),
        default=_DEFAULT.lost_minutes,
        metavar="MINUTES",
        help="how long the app of a tab stays that is gone without a word (%(default)g); its "
        "session is kept after that",
    )
    more.add_argument(
        "--apps-limit",
        type=_apps,
        default=_DEFAULT.apps,
        metavar="N",
        help="how many apps may be open with one address (%(default)s)",
    )
    more.add_argument(
        "--memory-limit",
        type=_read_by(_memory),
        default=_DEFAULT.memory,
        metavar="SIZE",
        help="above this much memory (8G, 80%%) the app unused for longest is closed, its session "
        f"kept ({_DEFAULT.memory.replace('%', '%%')})",
    )
    more.add_argument(
        "--dropped-limit",
        type=_read_by(_memory),
        default=_DEFAULT.dropped,
        metavar="SIZE",
        help="how much the files may take that are dropped into the browser with one address (8G, "
        f"or a share of the disk: {_DEFAULT.dropped.replace('%', '%%')})",
    )
    more.add_argument(
        "--users-folder",
        type=Path,
        metavar="FOLDER",
        help="serve several people: each folder in this one has an address of its own, which opens "
        "what is in it, and nothing else",
    )
    more.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="how to log; json has more, a line for each thing that happens",
    )


def server_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what `jdaviz_stage3.standalone.server.serve` takes of the arguments.

    Parameters
    ----------
    arguments : argparse.Namespace
    """
    return {
        "host": arguments.host,
        "port": arguments.port,
        "open_browser": not arguments.no_browser,
        "ask_for_token": not arguments.no_token,
        "base": arguments.base_url,
        "sessions": arguments.sessions,
        "users_folder": arguments.users_folder,
        "limits": Limits(
            arguments.lost_minutes,
            arguments.apps_limit,
            arguments.memory_limit,
            arguments.dropped_limit,
        ),
        "log_format": arguments.log_format,
    }


def _read_by(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """What argparse calls, which shows the message of an error."""

    def reader(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return reader


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is not between 0 and 65535")
    return port


def _apps(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than one app")
    return number


def _memory(text: str) -> str:
    """An amount of memory as it was written: the machine it is of is known later."""
    if memory_size(text, 100) > 100 and "%" in text:
        raise ValueError(f"{text} is more than there is")
    return text
