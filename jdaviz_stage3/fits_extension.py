"""One extension of a FITS file as its header describes it, in the words of the header."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["QUOTED", "WHOLE_NUMBER", "FitsStructure", "StoredExtension", "bytes_of_format"]

# Bytes of one value of a binary table's column, by the letter of TFORM (standard, table 18).
_WIDTHS = {"L": 1, "B": 1, "A": 1, "I": 2, "J": 4, "E": 4, "K": 8, "D": 8, "C": 8, "M": 16,
           "P": 8, "Q": 16}  # fmt: skip
#: A text as it is written, and a whole number.
QUOTED = re.compile(r"'((?:[^']|'')*)'")
WHOLE_NUMBER = re.compile(r"[+-]?\d+$")
_FORMAT = re.compile(r"(\d*)([LXBAIJKEDCMPQ])")


@dataclass(frozen=True)
class StoredExtension:
    """One HDU of a FITS file.

    Attributes
    ----------
    name : str
        EXTNAME in capitals; ``'PRIMARY'`` for the first without one.
    start, end : int
        Where its data begin and end, in bytes from the start of the (decompressed) file.
    values : dict of str to str
        The keywords that say how data are stored, and which order, detector and integration they
        are of, as they are written.
    """

    name: str
    start: int
    end: int
    values: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_table(self) -> bool:
        """Whether it is a binary table, and no image that is stored in one."""
        return self.text("XTENSION").rstrip() == "BINTABLE" and self.values.get("ZIMAGE") != "T"

    @property
    def axes(self) -> tuple[int, ...]:
        """Lengths of the axes as numpy has them; of a compressed image those of the image."""
        start = "ZNAXIS" if self.values.get("ZIMAGE") == "T" else "NAXIS"
        lengths = [self.number(f"{start}{i}") for i in range(self.number(start) or 0, 0, -1)]
        return tuple(length or 0 for length in lengths)

    @property
    def columns(self) -> dict[str, str]:
        """Names of the columns of a table, in their order, with their formats (TFORM)."""
        count = range(1, (self.number("TFIELDS") or 0) + 1) if self.is_table else ()
        return {self.text(f"TTYPE{i}"): self.text(f"TFORM{i}") for i in count}

    def text(self, keyword: str) -> str:
        """Return the value of a keyword as text.

        Parameters
        ----------
        keyword : str

        Returns
        -------
        str
            Empty where it is not there.
        """
        value = self.values.get(keyword, "")
        quoted = QUOTED.match(value)
        return quoted[1].replace("''", "'").rstrip() if quoted else value

    def number(self, keyword: str) -> int | None:
        """Return the value of a keyword as a whole number.

        Parameters
        ----------
        keyword : str

        Returns
        -------
        int or None
            None where it is not there, or no whole number.
        """
        value = self.values.get(keyword, "")
        return int(value) if WHOLE_NUMBER.match(value) else None


@dataclass(frozen=True)
class FitsStructure:
    """The HDUs of a FITS file.

    Attributes
    ----------
    extensions : tuple of StoredExtension
        The primary one first; those that are there, wholly or in part.
    truncated : str
        In words, where the file was cut; empty where it is whole.
    """

    extensions: tuple[StoredExtension, ...]
    truncated: str


def bytes_of_format(form: str) -> int | None:
    """Return how many bytes a column of a binary table has in each row.

    Parameters
    ----------
    form : str
        TFORM: ``'20A'``.

    Returns
    -------
    int or None
        None where that is no format.
    """
    found = _FORMAT.match(form)
    if found is None:
        return None
    count, letter = int(found[1] or 1), found[2]
    return -(-count // 8) if letter == "X" else count * _WIDTHS[letter]
