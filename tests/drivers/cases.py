"""Several cases in one test, which says what it was that failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def case(name: object) -> Iterator[None]:
    """Name what is tried inside in the traceback, if it fails.

    For cases that an app takes one after another, each leaving it as it was: an app, or a load,
    for each of them takes longer than all of them.
    """
    try:
        yield
    except BaseException as err:  # what pytest.raises raises is no Exception
        err.add_note(f"in the case {name!r}")
        raise
