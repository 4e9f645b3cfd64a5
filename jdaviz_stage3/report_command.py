"""``jdaviz-stage3 report``: its arguments, and what it prints."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .command_line import fail, no_such, split

__all__ = ["add_report"]


def add_report(commands: Any) -> None:
    """Add the command to those of the parser.

    Parameters
    ----------
    commands : argparse subparsers
    """
    command = commands.add_parser(
        "report", help="make pages with pictures and numbers of all products of a program"
    )
    command.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a product or a folder of products"
    )
    command.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FOLDER",
        help="where the pages go; those that are there are continued",
    )  # fmt: skip
    command.add_argument(
        "--exposures", action="store_true",
        help="also the exposures that products were made from: crf, cal, calints, crfints",
    )  # fmt: skip
    command.add_argument(
        "--workers", type=_count, metavar="N",
        help="processes of this machine (one for each processor, where there is much to do)",
    )  # fmt: skip
    command.add_argument(
        "--scheduler", metavar="ADDRESS",
        help="a scheduler of dask.distributed, whose workers do it: tcp://host:8786",
    )  # fmt: skip
    command.add_argument(
        "--overwrite", action="store_true", help="draw everything anew, also what has not changed"
    )
    command.set_defaults(run=_report)


def _count(text: str) -> int:
    """A number of workers, for argparse."""
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{count} is no number of workers from 1")
    return count


def _report(arguments: argparse.Namespace) -> int:
    from .errors import Stage3Error
    from .quicklook import report

    _, missing = split(arguments.paths)
    if missing:
        return no_such(missing)
    try:
        made = report(
            arguments.paths, arguments.output, exposures=arguments.exposures,
            workers=arguments.workers, scheduler=arguments.scheduler,
            overwrite=arguments.overwrite,
        )  # fmt: skip
    except Stage3Error as err:
        return fail(str(err), 1)
    print(f"{made.made} products drawn, {made.kept} kept as they were; open {made.index}")
    if made.left_out:
        print(f"{made.left_out} exposures left out: --exposures takes them in")
    if made.failed:
        said = "1 product" if made.failed == 1 else f"{made.failed} products"
        print(f"Not everything could be done of {said}: the pages say why")
    return 0
