"""The ``jdaviz-stage3`` command: ``open``, ``demo``, ``info`` and ``report``.

``info`` answers at once, so nothing here imports jdaviz, jwst or solara before it is needed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from .command_line import PROGRAM
from .info_command import add_info
from .report_command import add_report
from .standalone.command import add_serving

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process where not given.

    Returns
    -------
    int
        The exit code: 0 for success, 1 where a file or the server is at fault, 2 where the
        arguments are, 130 after Ctrl-C before the server runs.
    """
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has seen enough, as in `info … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    """The arguments that the command understands."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description="Open JWST Stage 3 products in jdaviz, in a web browser."
    )
    parser.add_argument("--version", action="version", version=_versions())
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    add_serving(commands)
    add_info(commands)
    add_report(commands)
    return parser


def _versions() -> str:
    """The versions that matter in a bug report, without importing the packages."""
    found = []
    for package in ("jdaviz_stage3", "jdaviz", "jwst"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} (not installed)")
    return ", ".join(found)
