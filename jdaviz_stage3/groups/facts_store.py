"""What was found out about files, kept in the user's cache folder; safe to delete."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from ..origin import FileStamp

__all__ = ["FactsStore", "cache_folder"]

_KEPT_FOR = 90 * 86_400  # seconds after a file was last looked at
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


class FactsStore:
    """Texts about files, by path, size and time of writing.

    A store that is damaged is made anew; where none can be written, nothing is kept.

    Parameters
    ----------
    path : path
        Its file.
    version : int
        Of what the texts say: those of another are forgotten.
    """

    def __init__(self, path: Path, version: int):
        self.path = path
        self._version = version

    def below(self, folder: str) -> dict[FileStamp, str | None]:
        """Return what is known of the files below a folder.

        Parameters
        ----------
        folder : str
            Without links.

        Returns
        -------
        dict of FileStamp to str or None
        """
        start = os.path.join(folder, "")
        try:
            with closing(self._open()) as store:
                rows = store.execute(
                    "SELECT path, size, mtime_ns, facts FROM products WHERE path >= ? AND path < ?",
                    (start, start[:-1] + chr(ord(start[-1]) + 1)),
                ).fetchall()
            return {FileStamp(*row[:3]): row[3] for row in rows}
        except (sqlite3.Error, OSError, ValueError, TypeError):
            return {}

    def keep(self, facts: Iterable[tuple[FileStamp, str | None]]) -> None:
        """Keep what was found, for the next time.

        Parameters
        ----------
        facts : iterable of (FileStamp, str or None)
        """
        now = int(time.time())
        rows = [
            (stamp.path, stamp.size, stamp.mtime_ns, text, now)
            for stamp, text in facts
            if _can_keep(stamp)
        ]
        try:
            with closing(self._open()) as store, store:
                store.executemany("INSERT OR REPLACE INTO products VALUES (?, ?, ?, ?, ?)", rows)
                store.execute("DELETE FROM products WHERE listed < ?", (now - _KEPT_FOR,))
        except (sqlite3.Error, OSError):
            pass  # without it, the next time takes as long as this one

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
            if store.execute("PRAGMA user_version").fetchone()[0] != self._version:
                with store:
                    store.execute("DROP TABLE IF EXISTS products")
                    store.execute(
                        "CREATE TABLE products (path TEXT PRIMARY KEY, size INTEGER, "
                        "mtime_ns INTEGER, facts TEXT, listed INTEGER) WITHOUT ROWID"
                    )
                    store.execute(f"PRAGMA user_version = {self._version}")
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
