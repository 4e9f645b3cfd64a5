"""The products below a folder: listed once, a part at a time, and remembered."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import UnknownProductError, UnreadableProductError
from ..folders import folders_below
from ..origin import FileStamp
from ..products import may_be_product
from .listed_product import ListedProduct, list_product
from .product_cache import ProductCache

__all__ = ["ProductList"]


class ProductList:
    """The products among files and below folders, to the bottom.

    Of each file the first header is read; of one that was listed before and has not been written
    since, nothing. Hidden files and folders are left out; links are followed, each folder once.

    Parameters
    ----------
    paths : iterable of path-like
        Files and folders.
    cache : ProductCache or None, optional
        Where to keep what was found; by default in the user's cache folder, None for nowhere.

    Attributes
    ----------
    products : list of ListedProduct
        Sorted by path, those that are broken among them; complete when `steps` has ended.
    n_others : int
        How many files are no products.
    unread : list of str
        Folders that cannot be read, with why.

    Raises
    ------
    UnreadableProductError
        If one of the paths is not there, or a folder that was asked for cannot be read.
    """

    def __init__(
        self,
        paths: Iterable[str | os.PathLike],
        cache: ProductCache | None = ProductCache(),  # noqa: B008  (no state)
    ):
        # os.path.expanduser, for that of Path raises where there is no such user
        self.paths = [Path(os.path.expanduser(path)).absolute() for path in paths]
        self.products: list[ListedProduct] = []
        self.n_others = 0
        self.unread: list[str] = []
        self._cache = cache
        for path in self.paths:
            if not os.path.exists(path):
                raise UnreadableProductError(f"{path}: no such file or folder; is the path right?")

    def finish(self) -> ProductList:
        """List all that is there at once.

        Returns
        -------
        ProductList
            The same.
        """
        for _ in self.steps():
            pass
        return self

    def steps(self) -> Iterator[tuple[int, int]]:
        """List one file after the other.

        Yields
        ------
        done, total : int
            Files; while folders are looked through, ``total`` grows.
        """
        known: dict[FileStamp, ListedProduct | None] = {}
        files: list[tuple[Path, FileStamp]] = []
        for path in self.paths:
            if not os.path.isdir(path):
                try:
                    files.append((path, _stamp(path)))
                except OSError as err:  # gone meanwhile
                    raise UnreadableProductError(
                        f"{path}: cannot be read ({err.strerror or err})"
                    ) from err
                continue
            if self._cache is not None:
                known |= self._cache.below(os.path.realpath(path))
            for folder in self._files_below(path):
                files += folder
                yield 0, len(files)
        files = list({stamp.path: (path, stamp) for path, stamp in files}.values())
        new: list[tuple[FileStamp, ListedProduct | None]] = []
        found: list[ListedProduct] = []
        try:
            for done, (path, stamp) in enumerate(files, 1):
                product = known.get(stamp)
                # anew where it was found by another path, through a link
                if stamp not in known or (product is not None and product.path != path):
                    try:
                        product = _listed(path)
                    except UnreadableProductError:
                        continue  # gone meanwhile
                    new.append((stamp, product))
                if product is None:
                    self.n_others += 1
                else:
                    found.append(product)
                yield done, len(files)
        finally:  # what was read is not read again, where the listing was stopped
            if self._cache is not None and new:
                self._cache.keep(new)
        self.products = sorted(found, key=lambda product: str(product.path))

    def _files_below(self, top: Path) -> Iterator[list[tuple[Path, FileStamp]]]:
        """The files of each folder that may be products, with their stamps."""
        for folder in folders_below(top):
            if folder.problem:
                self.unread.append(folder.problem)
            files: list[tuple[Path, FileStamp]] = []
            for entry in folder.files:
                if not may_be_product(entry.name):
                    self.n_others += 1
                    continue
                stamp = _stamp_of_entry(entry, folder.real)
                if stamp is not None:
                    files.append((Path(entry.path), stamp))
            yield files


def _listed(path: Path) -> ListedProduct | None:
    try:
        found = list_product(path)
    except UnknownProductError:
        return None
    # an empty file that never was any, a FITS file of somebody else that is broken
    return found if found.suffix or not found.problem else None


def _stamp(path: Path) -> FileStamp:
    status = os.stat(path)
    return FileStamp(os.path.realpath(path), status.st_size, status.st_mtime_ns)


def _stamp_of_entry(entry: os.DirEntry, folder: str) -> FileStamp | None:
    """The stamp of a file in a folder (without links); None if it is gone."""
    try:
        status = entry.stat()
        link = entry.is_symlink()
    except OSError:
        return None
    real = os.path.realpath(entry.path) if link else os.path.join(folder, entry.name)
    return FileStamp(real, status.st_size, status.st_mtime_ns)
