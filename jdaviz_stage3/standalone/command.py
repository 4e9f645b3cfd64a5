"""``jdaviz-stage3 open`` and ``demo``: their arguments, and what is looked at before the server.

Nothing here imports jdaviz or solara before it is needed.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from ..command_line import PROGRAM, fail, no_such, split
from .arguments import add_server_arguments, server_options

__all__ = ["add_serving"]


def add_serving(commands: Any) -> None:
    """Add the commands to those of the parser.

    Parameters
    ----------
    commands : argparse subparsers
    """
    opening = commands.add_parser(
        "open", help="open products, or the script of a session, in the browser"
    )
    demo = commands.add_parser("demo", help="open the small products that come with the package")
    demo.set_defaults(paths=[])
    for command in (opening, demo):
        command.set_defaults(run=_open, demo=command is demo)
        add_server_arguments(command)

    opening.add_argument(
        "--source",
        type=_numbers,
        metavar="N[,N…]",
        help="of spectra, those of these sources: SOURCE_ID, the catalog's label",
    )
    opening.add_argument(
        "--order", type=_numbers, metavar="N[,N…]", help="of spectra, those of these orders"
    )
    opening.add_argument(
        "--format", help='have jdaviz\'s own importer of this name open the files, as "Image"'
    )
    opening.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="a product or a folder of products; or a script of your own that "
        "jdaviz_stage3.session has written (*.py); without any, the app is empty",
    )


def _numbers(text: str) -> list[int]:
    """Whole numbers between commas, for argparse."""
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no whole number, or several with commas between them"
        ) from None


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options of loading that ``open`` was given."""
    names = {"source": "source_id", "order": "order", "format": "format"}
    given = {option: getattr(arguments, name, None) for name, option in names.items()}
    return {option: value for option, value in given.items() if value is not None}


def _problem(path: Path) -> str:
    """Why a path cannot be opened, as far as its header tells; empty if it can, or is a folder."""
    from ..errors import Stage3Error, UnknownProductError
    from ..products import identify

    if os.path.isdir(path):
        return ""
    try:
        kind = identify(path)
    except UnknownProductError as error:
        # jdaviz's own importers may know it, but for what was to be an association
        return str(error) if path.suffix == ".json" else ""
    except Stage3Error as error:
        return str(error)
    if kind.can_load:
        return ""
    return f"{path.name}: a Stage 3 {kind.suffix} product ({kind.name}), which cannot be shown yet"


def _open(arguments: argparse.Namespace) -> int:
    """``open`` and ``demo``: serve the app until Ctrl-C."""
    if arguments.users_folder is not None and (arguments.paths or arguments.demo):
        return fail("--users-folder says what each user opens: give no other paths, no demo", 2)
    _, missing = split(arguments.paths)
    if missing:
        return no_such(missing)
    scripts = [path for path in arguments.paths if path.suffix == ".py" and path.is_file()]
    if scripts and (len(arguments.paths) > 1 or _options(arguments)):
        return fail(f"{scripts[0]} is a script: it is opened alone, and says what it loads", 2)
    problems = [] if scripts else [_problem(path) for path in arguments.paths]
    if problems and all(problems):
        for problem in problems:
            print(f"{PROGRAM}: {problem}", file=sys.stderr)
        return 1

    print("Starting jdaviz…", file=sys.stderr, flush=True)
    try:
        from .server import ServerError, serve
    except ModuleNotFoundError as error:
        return fail(f'{error.name} is not installed: pip install "jdaviz_stage3[app]"', 1)
    try:
        serve(
            [] if scripts else arguments.paths,
            script=scripts[0] if scripts else None,
            demo=arguments.demo,
            options=_options(arguments),
            **server_options(arguments),
        )
    except ServerError as error:
        return fail(str(error), 1)
    return 0
