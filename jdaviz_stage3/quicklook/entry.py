"""What the pages say of one product: made once, by whatever process, and kept as a small file."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

from ..errors import Stage3Error, Stage3Warning, reason_of
from ..groups import findings_of_product, provenance
from ..groups.listing import in_words
from ..origin import file_stamp
from ..product_types import product_type
from ..version import VERSION
from .figures import drawings_of
from .quality import Measure, measures_of
from .reading import read_for_pages

__all__ = ["Entry", "Task", "failed", "kept", "make_entry", "remove_drafts", "write_whole"]

_DPI = 110
_SMALL = 180  # pixels, of the pictures in the index
_DRAFT = ".draft-"
_PICTURES, _ENTRIES = "pictures", "products"


@dataclass(frozen=True)
class Task:
    """A product to be drawn; small, so that it is sent to a worker as it is.

    Attributes
    ----------
    path : str
        The file.
    suffix : str
        Its type.
    catalog : str
        The catalog whose sources are drawn over it; empty if there is none.
    site : str
        The folder of the pages.
    facts : dict of str to str
        What is known from its header: target, mode, instrument, filter, …
    problem : str
        Why it cannot be read, where listing has found that.
    """

    path: str
    suffix: str
    site: str
    catalog: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def key(self) -> str:
        """A short name for its files: the product's own, and what tells it from others."""
        digest = hashlib.sha256(os.path.abspath(self.path).encode("utf-8", "surrogateescape"))
        # one byte a character: with what is put after it, it still makes a name for a file
        stem = "".join(
            c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in Path(self.path).stem
        )
        return f"{stem[:80]}-{digest.hexdigest()[:8]}"

    @property
    def stamp(self) -> list[Any]:
        """What tells whether the entry is still that of the files."""
        files = [path for path in (self.path, self.catalog) if path]
        return [VERSION, *([*dataclasses.astuple(file_stamp(path))] for path in files)]


@dataclass
class Entry:
    """What is known of one product.

    Attributes
    ----------
    key, path, name, suffix, type_name : str
    facts : dict of str to str
    pictures : list of dict
        ``file`` below the folder of the pages, ``text`` what it shows.
    small : str
        The picture of the index; empty if there is none.
    measures : list of Measure
    made : list of (str, str)
        How it was made.
    findings : list of dict
        ``text`` and ``source`` of what is known to be wrong.
    warnings : list of str
        What reading it said.
    problems : list of str
        What could not be done, with why.
    stamp : list
    """

    key: str
    path: str
    name: str
    suffix: str
    type_name: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    pictures: list[dict[str, str]] = field(default_factory=list)
    small: str = ""
    measures: list[Measure] = field(default_factory=list)
    made: list[tuple[str, str]] = field(default_factory=list)
    findings: list[dict[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    stamp: list[Any] = field(default_factory=list)

    def save(self, site: Path) -> None:
        """Write it, whole or not at all.

        Parameters
        ----------
        site : pathlib.Path
            The folder of the pages.
        """
        folder = site / _ENTRIES
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(dataclasses.asdict(self), indent=1)
        write_whole(folder / f"{self.key}.json", text.encode())

    @classmethod
    def load(cls, site: Path, key: str) -> Entry | None:
        """Read one that was made before.

        Parameters
        ----------
        site : pathlib.Path
            The folder of the pages.
        key : str

        Returns
        -------
        Entry or None
            None if there is none, or it is not whole.
        """
        try:
            told = json.loads((site / _ENTRIES / f"{key}.json").read_text())
            told["measures"] = [Measure(**one) for one in told["measures"]]
            entry = cls(**told)
            return entry if entry.key == key and entry._is_whole() else None
        # of another version, cut short, or written by somebody else
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    def _is_whole(self) -> bool:
        """Whether all of it is what the pages take, and its pictures are its own."""
        texts = [self.path, self.name, self.suffix, self.type_name, self.small]
        texts += [*self.facts.keys(), *self.facts.values(), *self.warnings, *self.problems]
        texts += [text for one in (*self.pictures, *self.findings) for text in one.values()]
        texts += [text for name, value in self.made for text in (name, value)]
        texts += [text for one in self.measures for text in (one.name, one.unit, one.note)]
        files = [picture["file"] for picture in self.pictures] + [self.small or self._picture("")]
        return (
            all(isinstance(text, str) for text in texts)
            and all(isinstance(one.value, float) for one in self.measures)
            and all(file.startswith(self._picture("")) and file.count("/") == 1 for file in files)
        )

    def _picture(self, end: str) -> str:
        return f"{_PICTURES}/{self.key}-{end}"


def kept(task: Task) -> Entry | None:
    """Return the entry of a product that was made before and is that of its files still.

    Parameters
    ----------
    task : Task

    Returns
    -------
    Entry or None
        None also where one of its pictures is gone, and where something went wrong.
    """
    site = Path(task.site)
    entry = Entry.load(site, task.key)
    try:
        if entry is None or entry.stamp != json.loads(json.dumps(task.stamp)):
            return None
    except OSError:
        return None
    if entry.problems or (entry.path, entry.suffix, entry.facts) != (
        task.path, task.suffix, task.facts,
    ):  # fmt: skip
        return None
    files = [entry.small, *(picture["file"] for picture in entry.pictures)]
    return entry if all((site / file).is_file() for file in files if file) else None


def failed(task: Task, reason: str) -> Entry:
    """Return the entry of a product that nothing could be made of.

    Parameters
    ----------
    task : Task
    reason : str

    Returns
    -------
    Entry
    """
    name = os.path.basename(task.path)
    entry = Entry(task.key, task.path, name, task.suffix, facts=task.facts, problems=[reason])
    if task.suffix:
        entry.type_name = product_type(task.suffix).name
    entry.save(Path(task.site))
    return entry


def make_entry(task: Task) -> str:
    """Draw and measure one product.

    Parameters
    ----------
    task : Task

    Returns
    -------
    str
        The key of the entry, whose file is there now: an entry that says why, where the product is
        broken.
    """
    if task.problem or not task.suffix:
        return failed(task, task.problem or f"{task.path}: its type is not known").key
    name = os.path.basename(task.path)
    entry = Entry(
        task.key, task.path, name, task.suffix, product_type(task.suffix).name, task.facts
    )
    # before it is read: a file that is replaced meanwhile is drawn anew the next time
    entry.stamp = task.stamp
    data = cache(
        lambda: read_for_pages(task.path, task.suffix)
    )  # once, for all that is drawn and measured
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", Stage3Warning)
        for work in (_draw, _measure, _tell):
            try:
                work(task, entry, data)
            except Stage3Error as err:
                entry.problems.append(str(err))
            except Exception as err:  # of whatever library, on whatever file: the others go on
                entry.problems.append(f"{name}: {_DOING[work]} failed ({reason_of(err)})")
    entry.warnings = list(dict.fromkeys(str(one.message) for one in said))
    entry.problems = list(dict.fromkeys(entry.problems))
    entry.save(Path(task.site))
    return entry.key


def _draw(task: Task, entry: Entry, data: Callable[[], Any]) -> None:
    folder = Path(task.site) / _PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    catalog = Path(task.catalog) if task.catalog else None
    for number, (text, draw) in enumerate(drawings_of(task.suffix), 1):
        figure: Any = draw(data(), catalog).figure
        file = folder / f"{task.key}-{number}.png"
        _write(file, partial(figure.savefig, dpi=_DPI))
        entry.pictures.append({"file": f"{_PICTURES}/{file.name}", "text": text})
        if not entry.small:
            small = folder / f"{task.key}-small.png"
            _write(small, partial(_shrink, file))
            entry.small = f"{_PICTURES}/{small.name}"


def _measure(task: Task, entry: Entry, data: Callable[[], Any]) -> None:
    entry.measures = measures_of(data(), task.suffix)


def _tell(task: Task, entry: Entry, _: Callable[[], Any]) -> None:
    made = provenance(task.path)
    entry.made = [
        (f"{'' if section == 'product' else section + ': '}{in_words(name)}", text)
        for section, name, text in made.rows()
    ]
    found = findings_of_product(task.path)
    entry.findings = [{"text": one.text, "source": one.source} for one in found]


_DOING = {_draw: "drawing", _measure: "measuring", _tell: "reading how it was made"}


def _shrink(picture: Path, path: Path) -> None:
    from PIL import Image

    with Image.open(picture) as image:
        image.thumbnail((_SMALL, _SMALL))
        image.save(path)


def _write(file: Path, write: Callable[[Path], object]) -> None:
    handle, draft = tempfile.mkstemp(prefix=_DRAFT, suffix=file.suffix, dir=file.parent)
    os.close(handle)
    try:
        write(Path(draft))
        os.chmod(draft, 0o644)
        os.replace(draft, file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)  # the folder itself may be gone
        raise


def remove_drafts(site: Path, before: float) -> None:
    """Remove what a process that was killed has left half written.

    Parameters
    ----------
    site : pathlib.Path
        The folder of the pages.
    before : float
        Only what was written last before this time, in seconds since 1970.
    """
    for folder in (site, site / _PICTURES, site / _ENTRIES, site / "pages"):
        for draft in folder.glob(f"{_DRAFT}*"):
            try:
                if draft.stat().st_mtime < before:
                    draft.unlink()
            except FileNotFoundError:  # it has got its name
                pass


def write_whole(file: Path, content: bytes) -> None:
    """Write a file in one step: whoever reads meanwhile finds the old one or the new one.

    Parameters
    ----------
    file : path
    content : bytes
    """
    _write(file, lambda path: path.write_bytes(content))
