"""The exceptions and warnings that this package raises, one family of each."""

from __future__ import annotations

import re

__all__ = [
    "Stage3Error",
    "UnknownProductError",
    "UnreadableProductError",
    "UnsupportedProductError",
    "ConditionError",
    "Stage3Warning",
    "reason_of",
]

_LONGEST_REASON = 200  # characters; parsers may quote a whole file
#: wcslib begins with the line of its source in which it found what the next line says.
_PLACE_IN_WCSLIB = re.compile(r"ERROR \d+ in \w+\(\) at line \d+ of file ")


class Stage3Error(ValueError):
    """Base of every error that jdaviz_stage3 raises about a file or its content.

    The message is one line: the file, what was found, what was expected, what to do.
    """


class UnknownProductError(Stage3Error):
    """The file is not a JWST Stage 3 product that this package knows."""


class UnreadableProductError(Stage3Error):
    """The file is missing, broken, or lacks what its product type must have."""


class UnsupportedProductError(Stage3Error):
    """The product is known, but cannot be shown (yet, or in this jdaviz configuration)."""


class ConditionError(Stage3Error):
    """A condition on a catalog's columns cannot be read, or does not fit the column."""


class Stage3Warning(UserWarning):
    """Something about a product that its user should know before publishing from it."""

    shown = False  # in an app, by the innermost of those that show what is warned of within


def reason_of(err: BaseException) -> str:
    """Return what an exception says in one short line, for a message of ours.

    Parameters
    ----------
    err : exception
        Of a library.

    Returns
    -------
    str
        Its first line that says something; the name of its class if none does.
    """
    lines = [line for line in str(err).strip().splitlines() if not _PLACE_IN_WCSLIB.match(line)]
    lines = lines or [type(err).__name__]
    first = " ".join(lines[0].split())
    return first if len(first) <= _LONGEST_REASON else f"{first[:_LONGEST_REASON]}…"
