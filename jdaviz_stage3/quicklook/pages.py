"""The pages: an index that is searched and sorted, and one page a target and mode."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..product_types import product_type
from ..version import VERSION
from .entry import Entry, write_whole
from .quality import Measure

__all__ = ["measure_text", "write_pages"]

_PAGES = "pages"
_MOST = 100  # products of a page; of more, further ones


def write_pages(
    site: Path, entries: Sequence[Entry], paths: Sequence[str | os.PathLike], left_out: int
) -> None:
    """Write the index and the pages.

    Parameters
    ----------
    site : pathlib.Path
        Their folder.
    entries : sequence of Entry
    paths : sequence of path-like
        What was asked for.
    left_out : int
        How many exposures have no page.
    """
    from jinja2 import Environment, PackageLoader

    # everything in headers and names is text, never a part of the page
    templates = Environment(loader=PackageLoader(__name__), autoescape=True, trim_blocks=True)
    templates.filters |= {"measure": measure_text, "url": _url}
    together: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        key = (entry.facts.get("target", ""), entry.facts.get("mode", ""))
        together.setdefault(key, []).append(entry)
    folder = site / _PAGES
    folder.mkdir(exist_ok=True)
    common = {
        "version": VERSION,
        "made": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "paths": [str(Path(path).absolute()) for path in paths],
        "left_out": left_out,
    }
    places: dict[str, str] = {}
    wanted = set()
    for number, ((target, mode), members) in enumerate(sorted(together.items()), 1):
        stem = f"{number:03d}-{_plain(target)}-{_plain(mode)}"
        starts = range(0, len(members), _MOST)
        names = [
            f"{stem}{f'-{part}' if part > 1 else ''}.html" for part in range(1, len(starts) + 1)
        ]
        for part, (name, start) in enumerate(zip(names, starts, strict=True)):
            on_page = members[start : start + _MOST]
            wanted.add(name)
            places |= {entry.key: f"{_PAGES}/{name}" for entry in on_page}
            page = templates.get_template("target.html").render(
                target=target, mode=mode, parts=names, part=part,
                products=[_shown(entry) for entry in on_page], **common,
            )  # fmt: skip
            write_whole(folder / name, _encoded(page))
    for old in folder.glob("*-*.html"):
        if re.match(r"\d{3,}-", old.name) and old.name not in wanted:
            old.unlink()
    rows = [_shown(entry) | {"page": places[entry.key]} for entry in entries]
    index = templates.get_template("index.html").render(products=rows, **common)
    write_whole(site / "index.html", _encoded(index))


def _encoded(page: str) -> bytes:
    """A page as UTF-8: bytes of names, and characters of headers, that are none are shown so."""
    return page.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode()


def measure_text(measure: Measure) -> str:
    """Write a number with its unit.

    Parameters
    ----------
    measure : Measure

    Returns
    -------
    str
        ``'153 ppm'``
    """
    value = measure.value
    whole = float(value).is_integer() and abs(value) < 1e6
    text = f"{value:.0f}" if whole else f"{value:.4g}"
    return f"{text} {measure.unit}".strip()


def _shown(entry: Entry) -> dict[str, Any]:
    """What a template needs of an entry."""
    readable = bool(entry.suffix) and product_type(entry.suffix).can_load
    return {
        "entry": entry,
        "facts": entry.facts,
        "python": _python(entry.path) if readable else "",
        "command": f"jdaviz-stage3 open {shlex.quote(entry.path)}" if readable else "",
        "doubts": len(entry.findings) + len(entry.warnings) + len(entry.problems),
    }


def _python(path: str) -> str:
    return "\n".join(["import jdaviz_stage3 as stage3", f"stage3.load({path!r})", "stage3.show()"])


def _plain(text: str) -> str:
    kept = "".join(c.lower() if c.isascii() and c.isalnum() else "-" for c in text)
    return kept.strip("-")[:40] or "none"


def _url(path: str) -> str:
    return quote(path, errors="surrogateescape")
