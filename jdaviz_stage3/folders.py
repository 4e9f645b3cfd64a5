"""The products in a folder, for `jdaviz_stage3.load` and for ``jdaviz-stage3 info`` alike."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import Stage3Error, UnknownProductError, UnreadableProductError
from .products import has_suffix, identify

__all__ = ["product_files"]

# MAST's downloads lie in mastDownload/JWST/OBSERVATION/.
_MOST_LEVELS = 4


def product_files(
    folder: str | os.PathLike, levels: int = _MOST_LEVELS
) -> tuple[list[Path], list[Path]]:
    """List the products in a folder; where it holds none itself, those in the folders below.

    Parameters
    ----------
    folder : path-like
    levels : int, optional
        How many levels of folders below to look into.

    Returns
    -------
    products : list of path
        Sorted by name; those that are broken, too. Hidden files are left out.
    others : list of path
        The files beside them that are no products.

    Raises
    ------
    UnreadableProductError
        If the folder cannot be read.
    """
    try:
        entries = sorted(Path(folder).iterdir())
    except OSError as err:
        raise UnreadableProductError(f"{folder}: cannot be read ({err.strerror})") from err
    products, others, below = [], [], []
    for path in entries:
        if path.name.startswith("."):
            continue
        if os.path.isdir(path):  # Path.is_dir raises where a folder may not be read
            below.append(path)
        elif os.path.isfile(path):
            (others if _is_no_product(path) else products).append(path)
    if products or not levels:
        return products, others
    for path in below:
        try:
            found, rest = product_files(path, levels - 1)
        except UnreadableProductError:
            continue  # somebody else's folder beside those with products
        products += found
        others += rest
    return products, others


def _is_no_product(path: Path) -> bool:
    try:
        identify(path)
    except UnknownProductError:
        return True
    except Stage3Error:  # a broken one, or an empty file that never was any
        return not (has_suffix(path.name) or ".fit" in path.name.lower())
    return False
