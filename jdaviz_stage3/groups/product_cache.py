"""What is known of files from an earlier listing, in the user's cache folder; safe to delete."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from ..origin import FileStamp
from .facts_store import FactsStore, cache_folder
from .listed_product import ListedProduct

__all__ = ["ProductCache", "cache_folder"]

#: To be raised when `ListedProduct` or what it is read from changes; what was kept is read anew.
_VERSION = 1


class ProductCache:
    """Products that were listed before, by path, size and time of writing.

    A cache that is damaged is made anew; where none can be written, nothing is kept.

    Parameters
    ----------
    path : path, optional
        The file; by default ``products.sqlite`` in `cache_folder`.
    """

    def __init__(self, path: Path | None = None):
        self.path = cache_folder() / "products.sqlite" if path is None else path
        self._store = FactsStore(self.path, _VERSION)

    def below(self, folder: str) -> dict[FileStamp, ListedProduct | None]:
        """Return what is known of the files below a folder.

        Parameters
        ----------
        folder : str
            Without links.

        Returns
        -------
        dict of FileStamp to ListedProduct or None
            None for those that are no products.
        """
        try:
            return {stamp: _from_json(facts) for stamp, facts in self._store.below(folder).items()}
        except (ValueError, TypeError, KeyError):  # written by another program
            return {}

    def keep(self, products: Iterable[tuple[FileStamp, ListedProduct | None]]) -> None:
        """Keep what was found, for the next time.

        Parameters
        ----------
        products : iterable of (FileStamp, ListedProduct or None)
        """
        self._store.keep((stamp, _to_json(found)) for stamp, found in products)


def _to_json(found: ListedProduct | None) -> str | None:
    if found is None:
        return None
    facts = {name: value for name, value in asdict(found).items() if value != ""}
    return json.dumps(facts | {"path": str(found.path)})


def _from_json(facts: str | None) -> ListedProduct | None:
    if facts is None:
        return None
    known = json.loads(facts)
    return ListedProduct(**(known | {"path": Path(known["path"])}))
