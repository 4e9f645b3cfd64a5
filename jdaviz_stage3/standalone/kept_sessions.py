"""Sessions of tabs that had to go, kept on the disk until their person comes back.

Each is the script of `jdaviz_stage3.session`, in a file of its own below one folder that only the
account of the server can enter. It is given back to the browser that it is of, and to no other: by
the cookie that solara gives each browser, of which the folder has a digest only.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import secrets
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal

from .network import ServerError

try:
    import fcntl
except ImportError:  # Windows, which has neither owners nor modes of files
    fcntl = None  # type: ignore[assignment]

__all__ = ["KeptSession", "KeptSessions", "Reason", "digest", "private_folder"]

Reason = Literal["lost", "memory", "stopped"]

_log = logging.getLogger(__name__)
_MARK = "# kept by jdaviz_stage3: "
_LONGEST = 4_000_000  # bytes of a file
_MOST = 20  # sessions of one browser; the oldest go first
_MOST_TRIES = 2
_DAYS = 14
_IS_POSIX = os.name == "posix"
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # for a pipe that nobody writes into


@dataclass(frozen=True)
class KeptSession:
    """What is known of a session that is kept.

    Attributes
    ----------
    owner : str
        Digest of whom it is given to.
    tab : str
        Digest of the tab that it was.
    when : str
        When it was kept, in ISO format with the time zone.
    reason : {'lost', 'memory', 'stopped'}
        Why its tab had to go.
    tries : int
        How often it was begun to restore it; a server that it ends is not ended for ever.
    path : str
        Of the file.
    """

    owner: str
    tab: str
    when: str
    reason: Reason
    tries: int = 0
    path: str = ""

    @property
    def may_be_tried(self) -> bool:
        """Whether it was not begun too often."""
        return self.tries < _MOST_TRIES

    @property
    def clock(self) -> str:
        """When it was kept, in words of the clock of this machine."""
        when = datetime.fromisoformat(self.when).astimezone()
        is_today = when.date() == datetime.now().astimezone().date()
        return f"{when:%H:%M}" if is_today else f"{when:%Y-%m-%d %H:%M}"


def digest(*parts: str) -> str:
    """Return what stands for secrets in names and files.

    Parameters
    ----------
    *parts : str
    """
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _temporary_folder() -> Path:
    """Make a private folder for as long as the server runs."""
    try:
        return Path(tempfile.mkdtemp(prefix="jdaviz_stage3-sessions-"))  # whose mode is 0700
    except OSError as error:
        raise ServerError(
            f"no folder for temporary files ({error.strerror}): make room, or name another one by "
            "the environment variable TMPDIR"
        ) from error


def private_folder(folder: Path) -> Path:
    """Make a folder that only this account can enter, or make sure that one is so.

    Parameters
    ----------
    folder : pathlib.Path

    Raises
    ------
    ServerError
        If it cannot be made, or belongs to others, or lets them in.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise ServerError(f"{folder}: no folder for sessions ({error.strerror})") from error
    if _IS_POSIX and (found.st_uid != os.geteuid() or found.st_mode & 0o077):
        raise ServerError(
            f"{folder}: others may enter this folder, and sessions name your files: "
            f"chmod 700 {folder}, or give another"
        )
    return folder


class KeptSessions:
    """The sessions below one folder.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where they are kept; a temporary one, which ends with the server, where not given.

    Raises
    ------
    ServerError
        If it is not private, or another server uses it.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.outlives = folder is not None
        self.folder = _temporary_folder() if folder is None else private_folder(folder)
        self._taken: set[str] = set()
        self._lock = threading.Lock()
        self._own = self._locked()
        self._expire()

    def _locked(self) -> int:
        """Keep other servers out: they would give one session to two tabs."""
        place = self.folder / ".lock"
        try:
            handle = os.open(place, os.O_RDWR | os.O_CREAT | _NO_LINKS, 0o600)
        except OSError as error:
            raise ServerError(
                f"{place}: cannot be written ({error.strerror}); remove it, or give another folder"
            ) from error
        if fcntl is None:
            return handle
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                _log.warning("%s: cannot be locked (%s)", self.folder, error.strerror)
                return handle  # some network drives have no locks
            os.close(handle)
            raise ServerError(f"{self.folder}: another server keeps its sessions there") from error
        return handle

    def keep(self, owner: str, tab: str, script: str, reason: Reason) -> KeptSession:
        """Keep a session.

        Parameters
        ----------
        owner, tab : str
            Digests.
        script : str
        reason : {'lost', 'memory', 'stopped'}

        Returns
        -------
        KeptSession

        Raises
        ------
        OSError
            If it cannot be written.
        ServerError
            If there is no private folder for it any more.
        """
        when = datetime.now(UTC)
        name = f"{when:%Y%m%dT%H%M%S}-{owner[:8]}-{secrets.token_hex(4)}.py"
        kept = KeptSession(owner, tab, when.isoformat(), reason, path=str(self.folder / name))
        with self._lock:
            if not self.outlives:  # the machine may have tidied its temporary files
                private_folder(self.folder)
            _write(kept, script)
            # whatever the clock says, which may have gone back: not the one just written
            others = [each for each in self._all() if each.owner == owner and each != kept]
            for old in others[_MOST - 1 :]:
                self._remove(old)
        return kept

    def find(self, owner: str, tab: str) -> KeptSession | None:
        """Find the session for a tab that comes: its own, else the newest of its owner.

        Parameters
        ----------
        owner, tab : str
            Digests.
        """
        with self._lock:
            found = [
                kept for kept in self._all() if kept.owner == owner and kept.path not in self._taken
            ]
        return next((kept for kept in found if kept.tab == tab), found[0] if found else None)

    def take(self, kept: KeptSession) -> tuple[KeptSession, str] | None:
        """Begin to restore a session: nobody else finds it, and the try is counted.

        Parameters
        ----------
        kept : KeptSession

        Returns
        -------
        KeptSession, str
            With its script; None where it is gone, or somebody else was faster.
        """
        with self._lock:
            read = _read(Path(kept.path))
            if read is None or kept.path in self._taken:
                return None
            found, script = read
            begun = replace(found, tries=found.tries + 1)
            _write_again(begun, script)
            self._taken.add(kept.path)
        return begun, script

    def restored(self, kept: KeptSession) -> None:
        """Note that a session is there again; it is kept until its tab is closed or kept anew.

        Parameters
        ----------
        kept : KeptSession
        """
        with self._lock:
            read = _read(Path(kept.path))
            if read is not None:
                _write_again(replace(read[0], tries=0), read[1])

    def forget(self, kept: KeptSession) -> None:
        """Keep a session no longer.

        Parameters
        ----------
        kept : KeptSession
        """
        with self._lock:
            self._remove(kept)

    def count(self) -> int:
        """How many sessions wait for their person."""
        with self._lock:
            return sum(kept.path not in self._taken for kept in self._all())

    def close(self) -> None:
        """End; a temporary folder goes with all that is in it."""
        with contextlib.suppress(OSError):
            os.close(self._own)
        if not self.outlives:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _remove(self, kept: KeptSession) -> None:
        self._taken.discard(kept.path)
        try:
            os.unlink(kept.path)
        except FileNotFoundError:
            pass
        except OSError as error:  # the tab whose session it is goes on
            _log.warning("%s: cannot be removed (%s)", kept.path, error.strerror)

    def _expire(self) -> None:
        oldest = datetime.now(UTC) - timedelta(days=_DAYS)
        with self._lock:
            for kept in self._all():
                if datetime.fromisoformat(kept.when) < oldest:
                    self._remove(kept)
        for draft in self.folder.glob(".*.draft"):  # of a server that was ended as it wrote
            with contextlib.suppress(OSError):  # a folder is none of ours
                draft.unlink()

    def _all(self) -> list[KeptSession]:
        """All of them, the newest first."""
        return sorted(self._files(), key=lambda kept: kept.when, reverse=True)

    def _files(self) -> Iterator[KeptSession]:
        for path in self.folder.glob("*.py"):
            read = _read(path)
            if read is not None:
                yield read[0]


def _write(kept: KeptSession, script: str) -> None:
    """Write a session whole, or not at all, for this account only."""
    path = Path(kept.path)
    head = {name: value for name, value in asdict(kept).items() if name != "path"}
    content = f"{_MARK}{json.dumps(head)}\n{script}".encode("utf-8", "surrogatepass")
    draft = path.with_name(f".{path.stem}.draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINKS, 0o600)
    try:
        with open(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, path)
    except OSError:  # on a full disk what has come of it takes room
        draft.unlink(missing_ok=True)
        raise


def _write_again(kept: KeptSession, script: str) -> None:
    """Write what is known of a session that is being restored.

    That it cannot be written, on a full disk, is no reason to keep its person from it.
    """
    try:
        _write(kept, script)
    except OSError as error:
        _log.warning("%s: the try cannot be noted (%s)", kept.path, error.strerror)


def _read(path: Path) -> tuple[KeptSession, str] | None:
    """Read a session; None where it is gone, or not as this account has written it."""
    try:
        handle = os.open(path, os.O_RDONLY | _NO_LINKS | _NO_WAIT)
    except OSError:
        return None
    found = os.fstat(handle)  # first: Python makes no stream of a folder
    is_ours = not _IS_POSIX or (found.st_uid == os.geteuid() and not found.st_mode & 0o022)
    if not (is_ours and stat.S_ISREG(found.st_mode) and found.st_size <= _LONGEST):
        os.close(handle)
        _say_once(f"{path}: not restored, for others may have written it")
        return None
    with open(handle, "rb") as stream:
        content = stream.read(_LONGEST)
    try:
        first, _, script = content.decode("utf-8").partition("\n")
        kept = KeptSession(**json.loads(first.removeprefix(_MARK)), path=str(path))
        when = datetime.fromisoformat(kept.when)
        # in the first and the last year there is no other time zone to say it in
        is_time = when.tzinfo is not None and MINYEAR < when.year < MAXYEAR
        is_whole = all(isinstance(part, str) for part in (kept.owner, kept.tab, kept.reason))
        if is_time and is_whole and isinstance(kept.tries, int) and kept.tries >= 0:
            return kept, script
    except (ValueError, TypeError, RecursionError):
        pass  # said below
    _say_once(f"{path}: not as jdaviz_stage3 keeps sessions")
    return None


@lru_cache(maxsize=1000)
def _say_once(text: str) -> None:
    """Warn of a file; all are read again with each tab that comes, and each look at the metrics."""
    _log.warning("%s", text)
