"""What a server allows its tabs: how long, how many, how much memory and disk."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits", "memory_size", "minutes"]

_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


@dataclass(frozen=True)
class Limits:
    """The limits of a server; the defaults of the command are these.

    Attributes
    ----------
    lost_minutes : float
        How long the app of a tab stays that is gone without a word: time to wake up a laptop.
    apps : int
        How many apps there may be at once for each token.
    memory : str
        How much memory the server may take, see `memory_size`.
    dropped : str
        How much the files may take that are dropped into the browser with each token, likewise; a
        share is of the disk of temporary files.
    """

    lost_minutes: float = 30.0
    apps: int = 50
    memory: str = "90%"
    dropped: str = "20%"


def minutes(text: str) -> float:
    """Read a time in minutes.

    Parameters
    ----------
    text : str

    Raises
    ------
    ValueError
        If it is no number above 0.
    """
    found = float(text)
    if not 0 < found < 1e6:  # NaN, too
        raise ValueError(f"{text} is no number of minutes above 0")
    return found


def memory_size(text: str, total: int) -> int:
    """Read an amount of memory, or of a disk.

    Parameters
    ----------
    text : str
        ``'8G'``, ``'500M'``, ``'80%'`` of what there is, or bytes.
    total : int
        What there is, in bytes.

    Returns
    -------
    int
        In bytes.

    Raises
    ------
    ValueError
        If it is none of these, or not above 0.
    """
    number, unit = text.strip().upper().removesuffix("B").removesuffix("I"), 1.0
    if number.endswith("%"):
        number, unit = number[:-1], total / 100
    elif number[-1:] in _UNITS:
        number, unit = number[:-1], _UNITS[number[-1]]
    try:
        size = float(number) * unit
    except ValueError:
        size = 0.0
    if not 0 < size < 2**60:
        raise ValueError(f"{text!r} is no amount of memory: write 8G, 500M, or 80%")
    return int(size)
