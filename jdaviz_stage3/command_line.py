"""What the commands share: the paths that they are given, and how they say what is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

__all__ = ["PROGRAM", "fail", "no_such", "split"]

PROGRAM = "jdaviz-stage3"


def fail(message: str, code: int) -> int:
    """Print one line about what is wrong, and give back the exit code.

    Parameters
    ----------
    message : str
    code : int

    Returns
    -------
    int
    """
    print(f"{PROGRAM}: {message}", file=sys.stderr)
    return code


def no_such(missing: Iterable[Path]) -> int:
    """Say which paths do not exist, and give back the exit code.

    Parameters
    ----------
    missing : iterable of pathlib.Path

    Returns
    -------
    int
        2, as of other arguments that are wrong.
    """
    return fail(f"no such file or folder: {', '.join(map(str, missing))}", 2)


def split(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Split paths into those that exist and those that do not.

    Parameters
    ----------
    paths : sequence of pathlib.Path

    Returns
    -------
    list of pathlib.Path, list of pathlib.Path
    """
    present = [path for path in paths if os.path.exists(path)]
    return present, [path for path in paths if path not in present]
