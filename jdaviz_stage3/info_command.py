"""``jdaviz-stage3 info``: its arguments, and what it prints.

It answers at once, so nothing here imports jdaviz, jwst or solara.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .command_line import fail, no_such, split

if TYPE_CHECKING:
    from .summary import ProductSummary

__all__ = ["add_info"]

_GAP = "  "
#: The columns of the table: heading, field of ProductSummary, least width when room is short.
_COLUMNS = (
    ("File", "path", 24),
    ("Type", "type", 4),
    ("Instrument", "instrument", 6),
    ("Target", "target", 6),
    ("Pipeline", "pipeline_version", 6),
    ("Shape", "shape", 9),
    ("On loading", "action", 16),
)


def add_info(commands: Any) -> None:
    """Add the command to those of the parser.

    Parameters
    ----------
    commands : argparse subparsers
    """
    info = commands.add_parser("info", help="say what products are, and what is wrong with them")
    info.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a product or a folder of products"
    )
    info.add_argument("--json", action="store_true", help="print JSON instead of a table")
    info.add_argument(
        "--provenance",
        action="store_true",
        help="say how products were made: versions, steps, reference files, exposures; of several "
        "what differs",
    )
    info.add_argument(
        "--compare",
        action="store_true",
        help="say how two reductions of one product differ: the first less the second",
    )
    info.set_defaults(run=_info)


def _info(arguments: argparse.Namespace) -> int:
    """``info``: a table of what each path is."""
    from .errors import Stage3Error
    from .folders import kinds_of_files
    from .groups.findings import findings_of
    from .looked_files import LookedFiles
    from .summary import summarize

    present, missing = split(arguments.paths)
    if arguments.compare:
        return _compare(present, missing, as_json=arguments.json)
    files: list[Path] = []
    others = 0
    looked = LookedFiles()
    with warnings.catch_warnings(action="ignore"):  # what is wrong stands in the summaries
        for path in present:
            try:
                products, rest = looked.files_below(path) if path.is_dir() else ([path], [])
            except Stage3Error as error:
                fail(str(error), 1)
                continue
            if not products:
                there = kinds_of_files(rest) or "no files at all"
                fail(f"{path}: no Stage 3 product in this folder or those below: {there}", 1)
            files += products
            others += len(rest)
        if arguments.provenance:
            return _provenance(files, missing, as_json=arguments.json)
        looked.look(files)
        summaries = [looked[file].summary or summarize(file) for file in files]
        found = findings_of([made for file in files if (made := looked[file].made)])

    if arguments.json:
        findings = [finding.as_dict() for finding in found]
        rows = [
            dataclasses.asdict(row)
            | {"path": str(row.path)}
            | {"findings": [one for one in findings if str(row.path) in one["paths"]]}
            for row in summaries
        ]
        print(json.dumps(rows, indent=2, default=str))
    elif summaries:
        _print_table(summaries)
        if found:
            print(f"\n{len(found)} known defect{'s' if len(found) > 1 else ''}:")
        for finding in found:
            print(f"{_GAP}{_one_line(finding.text)}\n{_GAP * 2}({_one_line(finding.source)})")
        if others:
            print(f"\n{others} other file{'s' if others > 1 else ''} not shown: no Stage 3 product")
    if missing:
        return no_such(missing)
    return 1 if not summaries or any(row.problem for row in summaries) else 0


def _provenance(files: Sequence[Path], missing: Sequence[Path], *, as_json: bool) -> int:
    """``info --provenance``: how each product was made, and what differs between them."""
    from .errors import Stage3Error
    from .groups import provenance
    from .groups.listing import difference_lines, provenance_lines
    from .products import identify

    made = []
    problems = 0
    for file in files:
        try:
            if len(files) > 1 and identify(file).container == "json":
                continue  # an association among its products
            made.append(provenance(file))
        except Stage3Error as error:
            problems += 1
            fail(_one_line(str(error)), 1)
    if as_json:
        print(json.dumps([one.as_dict() for one in made], indent=2))
    else:
        blocks = [provenance_lines(one) for one in made]
        if len(made) > 1:
            blocks.append(difference_lines(made))
        print("\n\n".join("\n".join(map(_printable, block)) for block in blocks))
    if missing:
        return no_such(missing)
    return 1 if problems or not made else 0


def _compare(present: Sequence[Path], missing: Sequence[Path], *, as_json: bool) -> int:
    """``info --compare``: what differs between two reductions."""
    from .errors import Stage3Error
    from .groups.comparison import compare
    from .groups.listing import comparison_lines

    if missing:
        return no_such(missing)
    if len(present) != 2:
        return fail(f"--compare takes two files, found {len(present)}", 2)
    try:
        with warnings.catch_warnings(action="ignore"):
            made = compare(*present)
    except Stage3Error as error:
        return fail(_one_line(str(error)), 1)
    print(made.to_json() if as_json else "\n".join(map(_printable, comparison_lines(made))))
    return 0


def _print_table(summaries: Sequence[ProductSummary]) -> None:
    """Print the table, then the problems, in the width of the terminal."""
    cells = [[_text(row, field) for _, field, _ in _COLUMNS] for row in summaries]
    cells.insert(0, [heading for heading, _, _ in _COLUMNS])
    widths = _widths(cells)
    for number, line in enumerate(cells):
        print(
            _GAP.join(
                _fit(cell, width).ljust(width) for cell, width in zip(line, widths, strict=True)
            ).rstrip()
        )
        if number == 0:
            print(_GAP.join("-" * width for width in widths))

    wrong = [row for row in summaries if row.problem]
    if wrong:
        print(f"\n{len(wrong)} of {len(summaries)} with a problem:")
        for row in wrong:
            problem = _one_line(row.problem).removeprefix(f"{Path(row.path).name}: ")
            print(f"{_GAP}{row.path}: {problem}")


def _text(row: ProductSummary, field: str) -> str:
    """A field of a summary as a cell: the name of a path, a dash for nothing."""
    if field == "path":
        return Path(row.path).name or str(row.path)
    if field == "action" and row.problem:
        return "see below"
    return _one_line(str(getattr(row, field) or "")) or "-"


def _one_line(text: str) -> str:
    """A text without line breaks, and without what could steer the terminal."""
    return _printable(" ".join(text.split()))


def _printable(text: str) -> str:
    """A text without what could steer the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def _widths(cells: Sequence[Sequence[str]]) -> list[int]:
    """The width of each column: as wide as its cells, narrowed till all fit the terminal.

    Output that goes into a file or another program is never narrowed.
    """
    widths = [max(len(line[number]) for line in cells) for number in range(len(_COLUMNS))]
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return widths
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - shutil.get_terminal_size().columns
    while excess > 0:
        room = [width - least for width, (_, _, least) in zip(widths, _COLUMNS, strict=True)]
        widest = room.index(max(room))
        if room[widest] <= 0:
            break
        widths[widest] -= 1
        excess -= 1
    return widths


def _fit(text: str, width: int) -> str:
    """A text in a width; what is left out is left out of its middle, since names end in types."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"
