"""Which files may be opened: in a script all, on a server of several people each person's own."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable

__all__ = ["check_place", "confine", "may_be_opened"]

_folders: Callable[[], Iterable[str] | None] | None = None


def confine(folders: Callable[[], Iterable[str] | None] | None) -> None:
    """Let files be opened only where somebody says, in this process from now on.

    Parameters
    ----------
    folders : callable or None
        Gives the folders of whoever is at work, without links; None for all. None again lifts it.
    """
    global _folders
    _folders = folders


def may_be_opened(path: str | os.PathLike) -> bool:
    """Say whether a file, or a folder, lies where files may be opened, links followed.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    bool
    """
    folders = None if _folders is None else _folders()
    if folders is None:
        return True
    real = os.path.realpath(path)
    return any(real == folder or real.startswith(os.path.join(folder, "")) for folder in folders)


def check_place(path: str | os.PathLike) -> None:
    """Refuse a file that lies elsewhere.

    Parameters
    ----------
    path : path-like

    Raises
    ------
    PermissionError
    """
    if not may_be_opened(path):
        raise PermissionError(errno.EACCES, "it is not in your folder", os.fspath(path))
