"""Files that were dropped into the browser: on the disk, as long as their tab is open.

They are taken in piece by piece, so that none has to fit into memory, and only where there is room
for them: of what an address may drop, and on the disk.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..errors import Stage3Error

__all__ = [
    "folders_of_dropped_files",
    "forget_dropped",
    "keep_dropped",
    "limit_dropped",
    "was_dropped",
]

_PIECE = 8 * 2**20  # bytes that are asked for at a time; the page sends them in pieces of 1 MB
_LEFT_FREE = 0.05  # of the disk
# Whatever is neither FITS nor ASDF, jdaviz tries to read as a table, whole: 14 GB for 5 GB of zeros
_LARGEST_OTHER = 500_000_000  # bytes
_BEGINNINGS = (b"SIMPLE  =", b"#ASDF ")


@dataclass(eq=False)
class _Dropped:
    """A folder with one file, or with what has come of it so far.

    Attributes
    ----------
    folder : tempfile.TemporaryDirectory
        Removed when the process ends, if not before.
    size : int
        In bytes, as the page has said it.
    tab, user : str or None
        Whose it is.
    """

    folder: tempfile.TemporaryDirectory
    size: int
    tab: str | None
    user: str


def _nobody() -> None:
    return None


def _everybody() -> str:
    return ""


_dropped: list[_Dropped] = []
_lock = threading.Lock()
_most: int | None = None
_tab: Callable[[], str | None] = _nobody
_user: Callable[[], str] = _everybody


def limit_dropped(most: int, tab: Callable[[], str | None], user: Callable[[], str]) -> None:
    """Let each user drop so much at most, in this process from now on.

    Parameters
    ----------
    most : int
        In bytes, of all their files that are kept.
    tab, user : callable
        Give the tab and the user at work.
    """
    global _most, _tab, _user
    _most, _tab, _user = most, tab, user


def keep_dropped(name: str, size: object, read: Callable[[int], bytes]) -> Path | None:
    """Take a file in.

    Parameters
    ----------
    name : str
        As the page says it.
    size : int
        Likewise, in bytes.
    read : callable
        Gives the next bytes, at most as many as it is asked for.

    Returns
    -------
    pathlib.Path or None
        In a folder of its own, under its name; None where its tab was closed meanwhile.

    Raises
    ------
    Stage3Error
        If there is no room for it, or it does not come as it was announced.
    """
    bare = Path(name).name if name.isprintable() else ""  # no folders from the browser
    if not bare or bare == ".." or not isinstance(size, int) or size < 0:
        raise Stage3Error(f"{name!r} of {size!r} bytes is no file that a browser drops")
    dropped = _make_room(bare, size)
    path = Path(dropped.folder.name) / bare
    with ExitStack() as at_fault:
        at_fault.callback(_remove, dropped)
        try:
            with open(path, "xb") as stream:
                _take_in(bare, size, read, stream.write)
        except (Stage3Error, OSError) as error:
            if not _is_kept(dropped):  # nobody is there to whom it could be said
                return None
            if isinstance(error, OSError):
                raise Stage3Error(f"{bare}: cannot be kept ({error.strerror})") from error
            raise
        if _is_kept(dropped):
            at_fault.pop_all()
            return path
    return None


def _take_in(
    name: str, size: int, read: Callable[[int], bytes], write: Callable[[bytes], object]
) -> None:
    left = size
    while left > 0:
        try:
            piece = read(min(left, _PIECE))
        except Exception as error:  # ipyvuetify's own has no name: the page is gone, or slow
            raise Stage3Error(
                f"{name}: {_amount(size - left)} of {_amount(size)} came, then nothing more "
                f"({error}); drop it again"
            ) from error
        if not piece:
            raise Stage3Error(f"{name}: {_amount(size - left)} of {_amount(size)} came")
        if left == size > _LARGEST_OTHER and not piece.startswith(_BEGINNINGS):
            raise Stage3Error(
                f"{name}: not taken, for its {_amount(size)} are neither FITS nor ASDF; of other "
                f"files, which are read into memory whole, {_amount(_LARGEST_OTHER)} are taken"
            )
        write(piece)
        left -= len(piece)


def _make_room(name: str, size: int) -> _Dropped:
    """Make a folder for a file, where it may come."""
    try:
        return _room_in(tempfile.gettempdir(), name, size)
    except OSError as error:
        raise Stage3Error(f"{name}: cannot be kept ({error.strerror})") from error


def _room_in(place: str, name: str, size: int) -> _Dropped:
    user = _user()
    with _lock:  # the room of one is not given to two
        if _most is not None:
            taken = sum(other.size for other in _dropped if other.user == user)
            if size > _most - taken:
                raise Stage3Error(
                    f"{name}: not taken, for its {_amount(size)} are more than the "
                    f"{_amount(_most - taken)} that may still be dropped with this address; close "
                    "other tabs into which files were dropped, or start the server with more "
                    "(--dropped-limit)"
                )
        disk = shutil.disk_usage(place)
        coming = sum(other.size - _size_of(other) for other in _dropped)
        free = disk.free - coming - int(disk.total * _LEFT_FREE)
        if size > free:
            raise Stage3Error(
                f"{name}: not taken, for its {_amount(size)} are more than the "
                f"{_amount(max(0, free))} that the disk of {place} has left for such files"
            )
        folder = tempfile.TemporaryDirectory(prefix="jdaviz_stage3_", ignore_cleanup_errors=True)
        _dropped.append(_Dropped(folder, size, _tab(), user))
        return _dropped[-1]


def _size_of(dropped: _Dropped) -> int:
    """How much has come, in bytes; none where the machine has tidied its temporary files."""
    try:
        with os.scandir(dropped.folder.name) as entries:
            return sum(entry.stat().st_size for entry in entries)
    except FileNotFoundError:
        return 0


def _amount(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def _is_kept(dropped: _Dropped) -> bool:
    return any(other is dropped for other in list(_dropped))


def _remove(dropped: _Dropped) -> None:
    with _lock:
        if _is_kept(dropped):
            _dropped.remove(dropped)
    dropped.folder.cleanup()


def forget_dropped(tab: str) -> None:
    """Remove the files of a tab that is closed.

    Parameters
    ----------
    tab : str
    """
    for dropped in list(_dropped):
        if dropped.tab == tab:
            _remove(dropped)


def folders_of_dropped_files(user: str) -> list[str]:
    """Return where files are that a user has dropped, without links.

    Parameters
    ----------
    user : str

    Returns
    -------
    list of str
    """
    return [os.path.realpath(other.folder.name) for other in list(_dropped) if other.user == user]


def was_dropped(path: Path) -> bool:
    """Whether a file was dropped into the browser, and goes with its tab.

    Parameters
    ----------
    path : path

    Returns
    -------
    bool
    """
    return any(path.is_relative_to(other.folder.name) for other in list(_dropped))
