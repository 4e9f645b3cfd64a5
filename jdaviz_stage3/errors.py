"""The exceptions and warnings that this package raises, one family of each."""

from __future__ import annotations

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


def reason_of(err: BaseException) -> str:
    """Return what an exception says in one short line, for a message of ours.

    Parameters
    ----------
    err : exception
        Of a library.

    Returns
    -------
    str
        Its first line; the name of its class if it says nothing.
    """
    lines = str(err).strip().splitlines() or [type(err).__name__]
    first = " ".join(lines[0].split())
    return first if len(first) <= _LONGEST_REASON else f"{first[:_LONGEST_REASON]}…"
