"""The bytes of a FITS file from start to end, plain or gzip-compressed: header after header."""

from __future__ import annotations

import gzip
import io
import math
import os
import zlib
from pathlib import Path

from .errors import UnreadableProductError

__all__ = ["BLOCK", "CARD", "FitsStream", "TruncatedFile"]

BLOCK, CARD = 2880, 80  # bytes: FITS standard 4.0, section 3.1
_END = "END".ljust(8)
_LONGEST_HEADER = 10_000_000  # bytes; those of the pipeline have some ten thousand
# Beyond this a gzip file is none that the pipeline made: what it writes shrinks two- to twentyfold.
_MOST_EXPANSION, _MOST_EXPANDED = 200, 100_000_000
_CHUNK = 1_000_000


class TruncatedFile(Exception):
    """The file ends too early, within what the message says."""


class FitsStream:
    """The bytes of a file, decompressed if need be, read once from start to end.

    Parameters
    ----------
    path : path-like
    size : int
        Bytes of the file.

    Attributes
    ----------
    name : str
        Of the file.
    place : int
        How many bytes have been read, of what was compressed.
    ended : bool
        Whether there are no more.
    """

    def __init__(self, path: str | os.PathLike, size: int):
        self.name = Path(path).name
        self._stored = size
        with open(path, "rb") as start:
            self._gzip = start.read(2) == b"\x1f\x8b"
        self._file: io.BufferedIOBase = gzip.open(path) if self._gzip else open(path, "rb")
        self.place = 0
        self.ended = False

    def __enter__(self) -> FitsStream:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def size(self) -> float:
        """Bytes of the file; of a compressed one what is known of it."""
        if not self._gzip:
            return self._stored
        return self.place if self.ended else math.inf

    def read(self, count: int) -> bytes:
        """Read the next bytes.

        Parameters
        ----------
        count : int

        Returns
        -------
        bytes
            Fewer where the file ends.

        Raises
        ------
        TruncatedFile, UnreadableProductError
            If compressed data end too early, or are damaged.
        """
        try:
            content = self._file.read(count)
        except (EOFError, zlib.error, gzip.BadGzipFile) as err:
            if isinstance(err, EOFError):
                raise TruncatedFile("the compressed data") from err
            raise UnreadableProductError(
                f"{self.name}: its compressed data are damaged ({err}); download it again"
            ) from err
        self.place += len(content)
        self.ended = len(content) < count
        return content

    def skip_to(self, place: int) -> None:
        """Go on to a place; in a compressed file no further than a product would expand to.

        Parameters
        ----------
        place : int

        Raises
        ------
        UnreadableProductError
            If it is further than that.
        """
        if not self._gzip:
            self._file.seek(min(place, self._stored))
            self.place = place
            return
        if place > _MOST_EXPANDED + _MOST_EXPANSION * self._stored:
            raise UnreadableProductError(
                f"{self.name}: would expand to {place} bytes from {self._stored}, expected a "
                f"product that gzip shrinks less than {_MOST_EXPANSION}-fold; is it what you think?"
            )
        while self.place < place and not self.ended:
            self.read(min(_CHUNK, place - self.place))

    def header(self) -> str | None:
        """Read a header.

        Returns
        -------
        str or None
            None where none begins.

        Raises
        ------
        TruncatedFile
            If the file ends within a header that began as one.
        UnreadableProductError
            If what begins as a header is none.
        """
        blocks: list[str] = []
        first = self.place == 0
        while len(blocks) * BLOCK < _LONGEST_HEADER:
            block = self.read(BLOCK)
            if not blocks and not block.startswith(b"SIMPLE  =" if first else b"XTENSION"):
                return None
            try:
                text = block.decode("ascii")
            except UnicodeDecodeError:
                raise UnreadableProductError(
                    f"{self.name}: a FITS header holds bytes that are no text; download it again"
                ) from None
            if len(text) < BLOCK:
                raise TruncatedFile("the header")
            blocks.append(text)
            if _END in text and any(text.startswith(_END, i) for i in range(0, BLOCK, CARD)):
                return "".join(blocks)
        raise UnreadableProductError(f"{self.name}: a FITS header has no end; download it again")
