"""What many files are and how they were made: each is looked at once, and remembered.

For ``jdaviz-stage3 info``. Headers are parsed by Python, so that threads do not help: many files
are shared among processes.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path

from . import folders, summary
from .errors import Stage3Error
from .groups.facts_store import FactsStore, cache_folder
from .groups.findings import file_provenance
from .groups.processing import Provenance
from .origin import FileStamp, file_stamp
from .progress import with_progress
from .summary import ProductSummary
from .version import VERSION

__all__ = ["LookedFile", "LookedFiles", "look_at"]

#: To be raised when what is kept has another form; that it was written by another version of the
#: package is seen by itself.
_VERSION = 1
#: Files from which on another process is worth its start.
_WORTH_A_PROCESS = 400
_AT_ONCE = 50  # files that a process is given


@dataclass(frozen=True)
class LookedFile:
    """What a file is.

    Attributes
    ----------
    product : bool
        Whether it is a product, or should be one.
    summary : ProductSummary or None
        None of what is no product.
    made : Provenance or None
        How it was made; None where that is not known.
    """

    product: bool
    summary: ProductSummary | None = None
    made: Provenance | None = None


def look_at(path: Path) -> LookedFile:
    """Read what is known of a file from its headers.

    Parameters
    ----------
    path : path

    Returns
    -------
    LookedFile
    """
    if not folders.is_product(path):
        return LookedFile(False)
    return LookedFile(True, summary.summarize(path), file_provenance(path))


class LookedFiles:
    """Files that were looked at.

    Parameters
    ----------
    store : FactsStore, optional
        Where to keep what was found; by default ``looked.sqlite`` in the user's cache folder.
    workers : int, optional
        Processes to share many files among; by default as many as there are processors.
    """

    def __init__(self, store: FactsStore | None = None, workers: int | None = None):
        self._store = store or FactsStore(cache_folder() / "looked.sqlite", _VERSION)
        self._workers = workers or os.cpu_count() or 1
        self._known: dict[FileStamp, str | None] = {}
        self._remembered: list[str] = []
        self._found: dict[Path, LookedFile] = {}

    def __getitem__(self, path: Path) -> LookedFile:
        if path not in self._found:
            self.look([path])
        return self._found[path]

    def files_below(self, top: Path) -> tuple[list[Path], list[Path]]:
        """List the products in a folder, or in those below it.

        Parameters
        ----------
        top : path

        Returns
        -------
        products, others : list of path
            As `jdaviz_stage3.folders.product_files`.

        Raises
        ------
        UnreadableProductError
            If the folder cannot be read.
        """
        self._remember(top)
        walked = folders.folders_below(top)
        here = [Path(entry.path) for entry in next(walked).files]
        self.look(here)
        if all(path.suffix == ".json" for path in here if self._found[path].product):
            below = chain.from_iterable(folder.files for folder in walked)
            self.look([Path(e.path) for e in below if folders.may_be_product(e.name)])
        return folders.product_files(top, lambda path: self[path].product)

    def look(self, files: Iterable[Path]) -> None:
        """Look at files, those that are not known from before.

        Parameters
        ----------
        files : iterable of path
        """
        files = list(files)
        if len(files) >= _AT_ONCE:
            for parent in {path.parent for path in files}:
                self._remember(parent)
        new: dict[Path, FileStamp | None] = {}
        for path in files:
            if path in self._found or path in new:
                continue
            stamp = _stamp(path)
            if stamp in self._known and (known := _remembered(path, self._known[stamp])):
                self._found[path] = known
            else:
                new[path] = stamp
        kept = []
        try:
            for path, found in zip(new, self._looked_at(list(new)), strict=True):
                self._found[path] = found
                stamp = new[path]
                if stamp is not None and _lasts(path, found) and _stamp(path) == stamp:
                    kept.append((stamp, _written(found)))
        finally:  # what was read is not read again, where somebody has stopped it
            if kept:
                self._store.keep(kept)

    def _remember(self, folder: Path) -> None:
        """Get what is known of the files below a folder."""
        real = os.path.realpath(folder)
        if not any(f"{real}{os.sep}".startswith(start) for start in self._remembered):
            self._remembered.append(os.path.join(real, ""))
            self._known |= self._store.below(real)

    def _looked_at(self, files: Sequence[Path]) -> Iterator[LookedFile]:
        count = min(self._workers, len(files) // _WORTH_A_PROCESS)
        if count < 2:
            yield from map(look_at, with_progress(files, "Reading", "file"))
            return
        done = 0
        try:
            with ProcessPoolExecutor(count, initializer=_leave_interrupts) as pool:
                found = pool.map(look_at, files, chunksize=_AT_ONCE)
                for one in with_progress(found, "Reading", "file", total=len(files)):
                    yield one
                    done += 1
        except BrokenProcessPool:  # ended from outside, perhaps for its memory
            yield from map(look_at, files[done:])


def _leave_interrupts() -> None:
    """Let Ctrl-C end the first process alone, which ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stamp(path: Path) -> FileStamp | None:
    try:
        return file_stamp(path)
    except (OSError, Stage3Error):  # gone meanwhile: looking at it says so
        return None


def _lasts(path: Path, found: LookedFile) -> bool:
    """Whether the same is true next time, too, as long as the file is not written.

    Not of what cannot be read, which may be for its rights; not of an association, of which is said
    how many of its products are there.
    """
    return path.suffix != ".json" and not (found.summary and found.summary.problem)


def _written(found: LookedFile) -> str:
    facts = {"by": VERSION, "product": found.product}
    for name in ("summary", "made"):
        part = getattr(found, name)
        facts[name] = None if part is None else asdict(part) | {"path": ""}
    return json.dumps(facts)


def _remembered(path: Path, text: str | None) -> LookedFile | None:
    """What was kept; None where it was by another version, or is damaged."""
    try:
        facts = json.loads(text or "")
        if facts.pop("by") != VERSION:
            return None
        parts = facts.pop("summary"), facts.pop("made")
        said = None if parts[0] is None else ProductSummary(**(parts[0] | {"path": path}))
        made = None if parts[1] is None else Provenance(**(parts[1] | {"path": path}))
        return LookedFile(facts["product"], said, _with_tuples(made))
    except (ValueError, TypeError, KeyError):
        return None


def _with_tuples(made: Provenance | None) -> Provenance | None:
    """JSON has lists only."""
    if made is None:
        return None
    return replace(
        made,
        not_applicable=tuple(made.not_applicable),
        exposures=tuple(made.exposures),
        mixed={name: tuple(values) for name, values in made.mixed.items()},
    )
