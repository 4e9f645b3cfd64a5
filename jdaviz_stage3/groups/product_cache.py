"""What is known of files from an earlier listing, in the user's cache folder; safe to delete."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from ..origin import FileStamp
from .listed_product import ListedProduct

__all__ = ["ProductCache", "cache_folder"]

#: To be raised when `ListedProduct` or what it is read from changes; what was kept is read anew.
_VERSION = 1
_KEPT_FOR = 90 * 86_400  # seconds after a file was last listed
_WAIT = 1.0  # seconds for another process that writes


def cache_folder() -> Path:
    """Return the folder of what may be deleted at any time.

    Returns
    -------
    path
        ``JDAVIZ_STAGE3_CACHE`` where it is set, or else what the platform has for caches.
    """
    given = os.environ.get("JDAVIZ_STAGE3_CACHE")
    if given:
        return Path(given)
    from platformdirs import user_cache_path

    return user_cache_path("jdaviz_stage3")


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
        start = os.path.join(folder, "")
        try:
            with closing(self._open()) as store:
                rows = store.execute(
                    "SELECT path, size, mtime_ns, facts FROM products WHERE path >= ? AND path < ?",
                    (start, start[:-1] + chr(ord(start[-1]) + 1)),
                ).fetchall()
            return {FileStamp(*row[:3]): _from_row(*row) for row in rows}
        except (sqlite3.Error, OSError, ValueError, TypeError):
            return {}

    def keep(self, products: Iterable[tuple[FileStamp, ListedProduct | None]]) -> None:
        """Keep what was found, for the next time.

        Parameters
        ----------
        products : iterable of (FileStamp, ListedProduct or None)
        """
        now = int(time.time())
        rows = [
            (stamp.path, stamp.size, stamp.mtime_ns, _to_json(found), now)
            for stamp, found in products
            if _can_keep(stamp)
        ]
        try:
            with closing(self._open()) as store, store:
                store.executemany("INSERT OR REPLACE INTO products VALUES (?, ?, ?, ?, ?)", rows)
                store.execute("DELETE FROM products WHERE listed < ?", (now - _KEPT_FOR,))
        except (sqlite3.Error, OSError):
            pass  # without it, the next listing takes as long as this one

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._checked()
        except sqlite3.OperationalError:
            raise  # locked, or not to be written: another's, not a damaged one
        except sqlite3.DatabaseError:
            self.path.unlink(missing_ok=True)
            return self._checked()

    def _checked(self) -> sqlite3.Connection:
        store = sqlite3.connect(self.path, timeout=_WAIT)
        try:
            if store.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                with store:
                    store.execute("DROP TABLE IF EXISTS products")
                    store.execute(
                        "CREATE TABLE products (path TEXT PRIMARY KEY, size INTEGER, "
                        "mtime_ns INTEGER, facts TEXT, listed INTEGER) WITHOUT ROWID"
                    )
                    store.execute(f"PRAGMA user_version = {_VERSION}")
        except sqlite3.Error:
            store.close()
            raise
        return store


def _can_keep(stamp: FileStamp) -> bool:
    """Whether SQLite takes it: no names that are no UTF-8, no times beyond the year 2262."""
    try:
        stamp.path.encode()
    except UnicodeEncodeError:
        return False
    return abs(stamp.mtime_ns) < 2**63


def _to_json(found: ListedProduct | None) -> str | None:
    if found is None:
        return None
    facts = {name: value for name, value in asdict(found).items() if value != ""}
    return json.dumps(facts | {"path": str(found.path)})


def _from_row(path: str, size: int, mtime_ns: int, facts: str | None) -> ListedProduct | None:
    if facts is None:
        return None
    known = json.loads(facts)
    return ListedProduct(**(known | {"path": Path(known["path"])}))
