"""Writing files: whole or not at all, and never over another one without being told to."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .errors import Stage3Error, reason_of

__all__ = ["check_place", "save_files"]


def save_files(
    path: str | os.PathLike, writers: Sequence[Callable[[Path], object]], overwrite: bool = False
) -> list[Path]:
    """Write one file, or several that are numbered.

    Parameters
    ----------
    path : path-like
        Of the file; ``~`` is the home folder. With several writers ``_1``, ``_2``, … is put before
        its suffix.
    writers : sequence of callable
        What writes each file: called with a path at which nothing is yet, whose name is that of
        the file.
    overwrite : bool, optional
        Whether files that are there may be replaced.

    Returns
    -------
    list of pathlib.Path
        Of the files, in the order of the writers.

    Raises
    ------
    Stage3Error
        If one of the files is there already, or cannot be written; nothing is then changed.

    Notes
    -----
    Each file is written in a temporary folder beside its place. All are complete, and on the disk,
    before the first gets its name, in one step. A file that is replaced hands on its permissions,
    and a symbolic link goes on pointing at what it points at.
    """
    with _in_words(path):
        targets = _numbered(_expanded(path), len(writers))
        for target in targets:
            _check_place(target, overwrite)
    with ExitStack() as folders:
        complete = []
        for target, write in zip(targets, writers, strict=True):
            with _in_words(target):
                place = Path(os.path.realpath(target))
                folder = folders.enter_context(
                    tempfile.TemporaryDirectory(
                        prefix=".jdaviz_stage3_", dir=place.parent, ignore_cleanup_errors=True
                    )
                )
                file = Path(folder) / place.name
                write(file)
                _flush(file)
                complete.append((file, place))
        for target, (file, place) in zip(targets, complete, strict=True):
            with _in_words(target):
                _move(file, place, overwrite)
    return targets


def check_place(path: str | os.PathLike, overwrite: bool = False) -> None:
    """See that one file can get its name, before the work whose result it is to hold.

    Parameters
    ----------
    path : path-like
    overwrite : bool, optional
        See `save_files`.

    Raises
    ------
    Stage3Error
        If it is there already, or there is no folder for it.
    """
    with _in_words(path):
        _check_place(_expanded(path), overwrite)


def _expanded(path: str | os.PathLike) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError as err:
        user = Path(path).parts[0]
        raise Stage3Error(
            f"{path}: cannot be written (there is no home folder {user}); give a full path"
        ) from err


def _numbered(path: Path, count: int) -> list[Path]:
    if count == 1:
        return [path]
    return [path.with_stem(f"{path.stem}_{number}") for number in range(1, count + 1)]


def _check_place(path: Path, overwrite: bool) -> None:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as err:
        if not path.parent.is_dir():
            raise Stage3Error(
                f"{path}: cannot be written (there is no folder {path.parent}); make it, or give "
                "another one"
            ) from err
        return
    if stat.S_ISDIR(mode):
        raise Stage3Error(f"{path}: cannot be written (it is a folder); add a file name")
    if not overwrite:
        raise Stage3Error(_is_there(path))
    if not stat.S_ISREG(mode):  # a device, a pipe
        raise Stage3Error(f"{path}: cannot be written (it is no file); give another name")


def _is_there(path: Path) -> str:
    return f"{path}: is there already; give another name, or overwrite it"


def _flush(file: Path) -> None:
    """Have a file on the disk: a full one is told no later than here, also on network drives."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def _move(file: Path, place: Path, overwrite: bool) -> None:
    if overwrite:
        if place.exists():
            shutil.copymode(place, file)
        os.replace(file, place)
        return
    # os.replace would take the place of a file that has come since it was looked for
    try:
        place.touch(exist_ok=False)
    except FileExistsError as err:
        raise Stage3Error(_is_there(place)) from err
    try:
        os.replace(file, place)
    except OSError:
        place.unlink()
        raise


@contextmanager
def _in_words(path: str | os.PathLike) -> Iterator[None]:
    """Turn what writing raises into an error that names the file."""
    try:
        yield
    except Stage3Error:
        raise
    except (OSError, ValueError, TypeError) as err:  # the last two: what the format cannot hold
        reason = getattr(err, "strerror", None) or reason_of(err)
        if isinstance(err, OSError) and err.errno is None:  # numpy counts what it could not write
            reason = f"{reason}; is the disk full?"
        raise Stage3Error(f"{path}: cannot be written ({reason})") from err
