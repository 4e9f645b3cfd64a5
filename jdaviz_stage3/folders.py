"""The products in a folder, for `jdaviz_stage3.load` and for ``jdaviz-stage3 info`` alike."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import Stage3Error, UnknownProductError, UnreadableProductError
from .products import identify, may_be_product

__all__ = ["product_files"]

# MAST's downloads lie in mastDownload/JWST/OBSERVATION/.
_MOST_LEVELS = 4


def product_files(folder: str | os.PathLike) -> tuple[list[Path], list[Path]]:
    """List the products in a folder; where it holds none itself, those in the folders below.

    Parameters
    ----------
    folder : path-like

    Returns
    -------
    products : list of path
        Sorted by name; those that are broken, too. Hidden files are left out.
    others : list of path
        The files beside them that are no products. In folders below, only those whose names say
        that they might be.

    Raises
    ------
    UnreadableProductError
        If the folder cannot be read.
    """
    try:
        files, below = _entries(Path(folder))
    except OSError as err:
        raise UnreadableProductError(f"{folder}: cannot be read ({err.strerror})") from err
    products, others = _told_apart(files)
    seen = {os.path.realpath(folder)}
    for _ in range(_MOST_LEVELS if all(map(_is_list, products)) else 0):
        # each folder once, however many links lead to it
        level = {os.path.realpath(path): path for path in below}
        below = []
        for real, path in level.items():
            if real in seen:
                continue
            seen.add(real)
            try:
                files, deeper = _entries(path)
            except OSError:
                continue  # somebody else's folder beside those with products
            # not each file of a home folder is opened
            found, rest = _told_apart([file for file in files if may_be_product(file.name)])
            products += found
            others += rest
            below += deeper if all(map(_is_list, found)) else []
    return products, others


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files and the folders in a folder, sorted, hidden ones left out."""
    entries = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    # os.path.isdir, for Path.is_dir raises where a folder may not be read
    return [p for p in entries if os.path.isfile(p)], [p for p in entries if os.path.isdir(p)]


def _told_apart(files: list[Path]) -> tuple[list[Path], list[Path]]:
    """The products among files, and the rest."""
    products: list[Path] = []
    others: list[Path] = []
    for path in files:
        (others if _is_no_product(path) else products).append(path)
    return products, others


def _is_list(path: Path) -> bool:
    """Whether a product is an association, whose products may lie in the folders below."""
    return path.suffix == ".json"


def _is_no_product(path: Path) -> bool:
    try:
        identify(path)
    except UnknownProductError:
        return True
    except Stage3Error:  # a broken one, or an empty file that never was any
        return not may_be_product(path.name)
    return False
