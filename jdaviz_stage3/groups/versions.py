"""Versions of the pipeline as numbers."""

from __future__ import annotations

import re

__all__ = ["release_of"]

_RELEASE = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


def release_of(version: str) -> tuple[int, int, int] | None:
    """Return the numbers of a version of the pipeline.

    Parameters
    ----------
    version : str
        ``'1.20.0'``, ``'3.0.0.dev12+g1a2b3c'``.

    Returns
    -------
    tuple of three int, or None
        None where there are none.
    """
    found = _RELEASE.match(version)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None
