"""How products were made, as lines of text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .processing import Provenance, compare_provenance

if TYPE_CHECKING:
    from .comparison import Comparison

__all__ = ["comparison_lines", "difference_lines", "in_words", "provenance_lines"]

_HEADINGS = {
    "pipeline_version": "pipeline", "pipeline_revision": "revision",
    "crds_context": "CRDS context", "crds_version": "CRDS version",
    "archive_version": "archive's version", "exposure_type": "exposure type", "pi": "PI",
}  # fmt: skip


def provenance_lines(made: Provenance) -> list[str]:
    """Say how a product was made.

    Parameters
    ----------
    made : Provenance

    Returns
    -------
    list of str
        Lines; the first is the name of the file.
    """
    rows = made.rows()
    facts = [
        (_HEADINGS.get(name, name), text) for section, name, text in rows if section == "product"
    ]
    lines = [made.path.name, *_aligned(facts)]
    for heading, section in (("Steps", "step"), ("Reference files", "reference file")):
        entries = [(name, text) for kind, name, text in rows if kind == section and text != "N/A"]
        if entries:
            lines += [f"  {heading}", *_aligned(entries, "    ")]
    if made.not_applicable:
        lines.append(f"    not applicable: {', '.join(made.not_applicable)}")
    if made.mixed:
        mixed = [(name, " | ".join(values)) for name, values in made.mixed.items()]
        lines += ["  Not the same for all exposures", *_aligned(mixed, "    ")]
    if made.exposures:
        lines += [f"  Exposures ({len(made.exposures)})", *(f"    {n}" for n in made.exposures)]
    if made.software:
        lines += ["  Software", *_aligned(list(made.software.items()), "    ")]
    if not (made.steps or made.references or made.software or made.pipeline_version):
        lines.append("  the file does not say with what it was made")
    return lines


def difference_lines(made: Sequence[Provenance]) -> list[str]:
    """Say what differs in how products were made.

    Parameters
    ----------
    made : sequence of Provenance
        Two or more.

    Returns
    -------
    list of str
        Lines: each thing that differs, and for each value the files that have it. Of products of
        several types only what they say differently: each type has steps of its own.
    """
    table = compare_provenance([one.path for one in made])
    files = [name for name in table.colnames if name not in ("section", "name", "differs")]
    one_type = len({one.suffix for one in made}) == 1
    lines = []
    silent = 0
    for row in table[table["differs"]]:
        values: dict[str, list[str]] = {}
        for file in files:
            values.setdefault(str(row[file]), []).append(file)
        if len(set(values) - {""}) < 2 and not one_type:
            silent += 1
            continue
        lines.append(f"  {row['section']}: {_HEADINGS.get(row['name'], row['name'])}")
        most = max(values.values(), key=len)
        for value, names in values.items():
            who = f"the other {len(names)}" if names is most and len(names) > 1 else ""
            lines.append(f"    {value or '(not said)'}: {who or ', '.join(names)}")
    same = len(table) - int(table["differs"].sum())
    head = f"What differs (the same in all: {same}"
    head += f"; said by some of them only: {silent})" if silent else ")"
    return [head, *lines]


def comparison_lines(made: Comparison) -> list[str]:
    """Say how two reductions of a product differ.

    Parameters
    ----------
    made : Comparison

    Returns
    -------
    list of str
        Lines: the two files, their headers, the numbers, what was assumed.
    """
    lines = [f"first   {made.first}", f"second  {made.second}"]
    lines.append(f"Headers: {len(made.headers)} differences")
    names = [f"{row['section']}: {in_words(row['name'])}" for row in made.headers]
    width = max(map(len, names), default=0)
    for name, row in zip(names, made.headers, strict=True):
        values = [str(row[which]) or "(not said)" for which in ("first", "second")]
        lines.append(f"  {name.ljust(width)}  {values[0]} | {values[1]}")
    if made.parts:
        lines.append("Numbers (first less second)")
        table = made.table
        for name in ("median", "sigma", "median_ratio", "sigma_in_errors"):
            table[name].format = ".4g"
        lines += [f"  {line}" for line in table.pformat(max_lines=-1, max_width=-1)]
    return [*lines, *(f"Note: {note}" for note in made.all_notes)]


def in_words(name: str) -> str:
    """Return what a field of a provenance is called where people read it.

    Parameters
    ----------
    name : str
        ``'pipeline_version'``; what has no other name is given back.

    Returns
    -------
    str
    """
    return _HEADINGS.get(name, name)


def _aligned(entries: Sequence[tuple[str, str]], indent: str = "  ") -> list[str]:
    width = max(len(name) for name, _ in entries)
    return [f"{indent}{name.ljust(width)}  {text}" for name, text in entries]
