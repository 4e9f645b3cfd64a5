"""The products in a folder, for `jdaviz_stage3.load` and for ``jdaviz-stage3 info`` alike."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .confinement import may_be_opened
from .errors import Stage3Error, UnknownProductError, UnreadableProductError
from .products import identify, may_be_product
from .progress import with_progress

__all__ = ["Folder", "folders_below", "is_product", "kinds_of_files", "product_files"]

#: How many kinds of other files a message names.
_MOST_KINDS = 4


@dataclass
class Folder:
    """What lies in one folder, hidden files left out.

    Attributes
    ----------
    path : str
    real : str
        The path without links.
    files : list of os.DirEntry
        Sorted by name.
    below : list of str
        The folders in it, sorted; whoever walks may take some out.
    problem : str
        Why it cannot be read; empty if it can.
    """

    path: str
    real: str
    files: list[os.DirEntry] = field(default_factory=list)
    below: list[str] = field(default_factory=list)
    problem: str = ""


def folders_below(top: str | os.PathLike) -> Iterator[Folder]:
    """Walk a folder and those below it, to the bottom, level by level.

    Links are followed, each folder is walked once, however many links lead to it.

    Parameters
    ----------
    top : path-like

    Yields
    ------
    Folder
        The one at the top first. What is taken out of its ``below`` is not walked.

    Raises
    ------
    UnreadableProductError
        If the one at the top cannot be read.
    """
    seen: set[str] = set()
    waiting = deque([os.fspath(top)])
    while waiting:  # level by level, so that a folder itself comes before deeper links to it
        path = waiting.popleft()
        folder = Folder(path, os.path.realpath(path))
        if folder.real in seen:
            continue
        try:
            with os.scandir(path) as entries:
                for entry in sorted(entries, key=lambda entry: entry.name):
                    if entry.name.startswith(".") or not may_be_opened(entry.path):
                        continue
                    if _is(entry, "is_dir"):
                        folder.below.append(entry.path)
                    elif _is(entry, "is_file"):
                        folder.files.append(entry)
        except OSError as err:
            folder.problem = f"{path}: cannot be read ({err.strerror or err})"
            if not seen:
                raise UnreadableProductError(folder.problem) from err
        seen.add(folder.real)
        yield folder
        waiting += folder.below


def _is(entry: os.DirEntry, kind: str) -> bool:
    try:
        return getattr(entry, kind)()
    except OSError:  # a link in a circle, or what may not be looked at
        return False


def product_files(
    folder: str | os.PathLike, is_one: Callable[[Path], bool] | None = None
) -> tuple[list[Path], list[Path]]:
    """List the products in a folder; where it holds none itself, those in the folders below.

    Below, the search goes to the bottom, and ends where a folder has products: those in folders
    beside them are another reduction's, or what they were made from.

    Parameters
    ----------
    folder : path-like
    is_one : callable, optional
        Whether a file is a product, where somebody knows; by default `is_product`.

    Returns
    -------
    products : list of path
        Sorted by name; those that are broken, too. Hidden files are left out.
    others : list of path
        The files beside them that are no products. In folders below, those whose names say that
        they might be are looked at, the others are told by their names.

    Raises
    ------
    UnreadableProductError
        If the folder cannot be read.
    """
    products: list[Path] = []
    others: list[Path] = []
    walked = with_progress(folders_below(folder), "Looking for products", "folder")
    for number, found in enumerate(walked):
        files = [Path(entry.path) for entry in found.files]
        if number:  # not each file of a home folder is opened
            named = [path for path in files if may_be_product(path.name)]
            others += [path for path in files if not may_be_product(path.name)]
            files = named
        told = {path: (is_one or is_product)(path) for path in files}
        here = [path for path, product in told.items() if product]
        products += here
        others += [path for path, product in told.items() if not product]
        if not all(map(_is_list, here)):
            found.below.clear()
    return products, others


def kinds_of_files(paths: Collection[Path]) -> str:
    """Say what files are by their names, for a message.

    Parameters
    ----------
    paths : collection of path

    Returns
    -------
    str
        ``'12 .fits, 3 .png, such as x_rate.fits'``; empty of none.
    """
    if not paths:
        return ""
    counted = Counter(path.suffix.lower() or "without ending" for path in paths)
    kinds = [f"{count} {ending}" for ending, count in counted.most_common(_MOST_KINDS)]
    if len(counted) > _MOST_KINDS:
        kinds.append(f"{len(paths) - sum(n for _, n in counted.most_common(_MOST_KINDS))} more")
    ending = counted.most_common(1)[0][0]
    example = next(p for p in paths if (p.suffix.lower() or "without ending") == ending)
    return f"{', '.join(kinds)}, such as {example.name}"


def _is_list(path: Path) -> bool:
    """Whether a product is an association, whose products may lie in the folders below."""
    return path.suffix == ".json"


def is_product(path: Path) -> bool:
    """Say whether a file is a product, or should be one.

    Parameters
    ----------
    path : path

    Returns
    -------
    bool
        True of a broken one, too.
    """
    try:
        identify(path)
    except UnknownProductError:
        return False
    except Stage3Error:  # a broken one, or an empty file that never was any
        return may_be_product(path.name)
    return True
