"""A program's quick look: pages with pictures and numbers, which need no server and no network."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import Stage3Error, reason_of
from ..groups import ListedProduct, ProductList, group_products, mode_of
from ..product_types import product_type
from ..progress import with_progress
from .entry import Entry, Task, failed, kept, make_entry, remove_drafts, write_whole
from .pages import write_pages
from .running import done_in_turn

__all__ = ["Report", "report"]

#: Places of the wheels that let all light through.
_OPEN = ("", "CLEAR", "CLEARP", "MIRROR")
#: What tells that a folder is one of ours.
_MARK = "stage3-report.json"


@dataclass(frozen=True)
class Report:
    """What was made.

    Attributes
    ----------
    index : pathlib.Path
        The first page.
    made, kept, failed : int
        Products that were drawn, that were drawn before and have not changed, and of which
        something could not be done: their pages say what.
    left_out : int
        Exposures (crf, cal, calints, crfints), which were not asked for.
    """

    index: Path
    made: int = 0
    kept: int = 0
    failed: int = 0
    left_out: int = 0


def report(
    paths: str | os.PathLike | Iterable[str | os.PathLike],
    output: str | os.PathLike,
    *,
    exposures: bool = False,
    workers: int | None = None,
    scheduler: str | None = None,
    overwrite: bool = False,
) -> Report:
    """Make pages of all products of a program: pictures, numbers, how they were made.

    Parameters
    ----------
    paths : path-like, or iterable of path-like
        Files, and folders, which are searched to the bottom.
    output : path-like
        The folder of the pages. One that was made before is continued: what was drawn and has not
        changed since is kept, so that a run that was stopped goes on from there.
    exposures : bool, optional
        Whether the exposures that products were made from get pages, too.
    workers : int, optional
        Processes of this machine; by default one for each processor and each 25 products, where
        the package ``distributed`` is installed. With 1 everything happens in this process.
    scheduler : str, optional
        Address of a scheduler of dask.distributed, whose workers are used instead. They must see
        the files and the folder of the pages by the same paths.
    overwrite : bool, optional
        Whether to draw everything anew.

    Returns
    -------
    Report

    Raises
    ------
    Stage3Error
        If there is no product, the folder holds something else or cannot be written, or the
        scheduler does not answer.

    Notes
    -----
    Each product is a task of its own, and its entry a file that is written in one step. A product
    that cannot be read, or whose worker dies, has a page that says why.

    A script that uses several workers needs ``if __name__ == "__main__":`` around what it does, as
    all that start processes.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> stage3.report("mastDownload", "site").index               # doctest: +SKIP
    """
    paths = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    site = Path(os.path.expanduser(output)).absolute()
    listed = _listed(paths, site)
    chosen = [one for one in listed if one.suffix != "asn" and (exposures or not _by_name(one))]
    if not chosen:
        raise Stage3Error(_nothing(paths, listed))
    begin = time.time()
    _prepare(site)
    tasks = _tasks(chosen, listed, site)
    entries: dict[str, Entry] = {}
    if not overwrite:
        entries = {task.key: entry for task in tasks if (entry := kept(task)) is not None}
    todo = [task for task in tasks if task.key not in entries]
    n_kept = len(entries)
    results = done_in_turn(make_entry, todo, workers=workers, scheduler=scheduler, told=_told)
    for task, key, problem in with_progress(results, "Products", "file", total=len(todo)):
        with _in_words(site):
            entries[task.key] = _entry(task, key, problem)
    in_order = [entries[task.key] for task in tasks]
    left_out = sum(one.suffix != "asn" for one in listed) - len(chosen)
    with _in_words(site):
        _mark(site)  # again, where the folder was removed meanwhile
        write_pages(site, in_order, paths, left_out)
        remove_drafts(site, begin)
    broken = sum(bool(entry.problems) for entry in in_order)
    return Report(site / "index.html", len(todo), n_kept, broken, left_out)


def _entry(task: Task, key: str, problem: str) -> Entry:
    """The entry of a product that was worked on."""
    made = failed(task, f"{Path(task.path).name}: {problem}") if problem else None
    found = made or Entry.load(Path(task.site), key)
    return found or failed(task, f"{task.path}: its entry is gone")


@contextmanager
def _in_words(site: Path) -> Iterator[None]:
    """Say which folder cannot be written: full, gone, or not ours."""
    try:
        yield
    except OSError as err:
        raise Stage3Error(
            f"{site}: the pages cannot be written ({err.strerror or reason_of(err)}); give another "
            "folder"
        ) from err


def _told(text: str) -> None:
    print(text, file=sys.stderr)


def _by_name(product: ListedProduct) -> bool:
    return bool(product.suffix) and product_type(product.suffix).by_name


def _listed(paths: Sequence[str | os.PathLike], site: Path) -> list[ListedProduct]:
    """The products, without what stands in the folder of the pages."""
    inside = os.path.join(os.path.realpath(site), "")
    found = ProductList(paths)
    for _ in with_progress(found.steps(), "Looking through folders", "file"):
        pass
    return [one for one in found.products if not os.path.realpath(one.path).startswith(inside)]


def _nothing(paths: Sequence[str | os.PathLike], listed: Sequence[ListedProduct]) -> str:
    where = ", ".join(map(str, paths))
    others = sorted({one.suffix for one in listed if one.suffix})
    if others:
        return (
            f"{where}: no combined product, only {', '.join(others)}; exposures get pages with "
            "exposures=True (--exposures)"
        )
    return f"{where}: no JWST Stage 3 product is there"


def _prepare(site: Path) -> None:
    """Make the folder of the pages, or see that it is one."""
    with _in_words(site):
        if site.exists() and not (site / _MARK).exists() and any(site.iterdir()):
            raise Stage3Error(
                f"{site}: is there, and is no report of ours; give a folder that is not there yet"
            )
        _mark(site)


def _mark(site: Path) -> None:
    """Make the folder, and note that it is ours."""
    site.mkdir(parents=True, exist_ok=True)
    write_whole(site / _MARK, json.dumps({"made by": "jdaviz_stage3"}).encode())


def _tasks(
    chosen: Sequence[ListedProduct], listed: Sequence[ListedProduct], site: Path
) -> list[Task]:
    modes = _modes(listed)
    catalogs = {
        (one.path.parent, one.root): str(one.path)
        for one in listed
        if one.suffix == "cat" and not one.problem
    }
    return [
        Task(
            str(one.path), one.suffix, str(site),
            catalogs.get((one.path.parent, one.root), "") if one.suffix == "i2d" else "",
            {
                "target": one.target or "Unknown target",
                "mode": modes.get(one.path, "Other"),
                "instrument": one.instrument,
                "filter": " ".join(
                    word for word in (one.filter, one.pupil, one.grating) if word not in _OPEN
                ),
                "program": one.program,
                "observation": one.observation,
                "version": one.pipeline_version,
            },
            one.problem,
        )
        for one in chosen
    ]  # fmt: skip


def _modes(listed: Sequence[ListedProduct]) -> dict[Path, str]:
    """What observers call the mode of each product."""
    modes: dict[Path, str] = {}
    for group in group_products(listed):
        for product in group.products:
            for files in (*product.files.values(), *product.exposure_files.values()):
                for path in files:
                    modes.setdefault(Path(path), mode_of(group))
    return modes
