"""Columns of a binary table straight from the file, without astropy's table object.

Building that object reads the whole table, whatever is asked for. Here only the columns are read
that are asked for, row by row. Nothing is mapped into memory: the process that looks at a mapped
file which somebody cuts short is killed (SIGBUS), while reading says that there is nothing left.
One read a row is as quick.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import repeat
from pathlib import Path

import numpy as np
from astropy.io import fits

from ..errors import UnreadableProductError
from ..origin import FileStamp, check_unchanged, file_stamp
from .extensions import open_product

__all__ = [
    "StoredTable",
    "Stream",
    "as_unsigned",
    "open_unchanged",
    "read_decompressed",
    "read_parts",
    "read_parts_at",
    "unsigned_columns",
    "vector_length",
]

_UNSIGNED_OFFSET = 2**31  # FITS stores uint32 as int32 with TZERO = 2^31
#: What is read from: a file that is not buffered, or all that is in a compressed one.
Stream = io.FileIO | io.BytesIO
# Columns with fewer bytes between them are read in one go.
_APART = 256
_SMALL = 512  # bytes of parts that are read into one buffer


def vector_length(column: fits.Column) -> int:
    """Return how many values a column has in each row.

    Parameters
    ----------
    column : astropy.io.fits.Column

    Returns
    -------
    int
        1 for a column of numbers.
    """
    return int(np.prod(column.dtype.shape)) if column.dtype.shape else 1


def unsigned_columns(columns: fits.ColDefs) -> set[str]:
    """Return the names of the columns that hold uint32, stored as int32 with TZERO = 2^31.

    Parameters
    ----------
    columns : astropy.io.fits.ColDefs

    Returns
    -------
    set of str
    """
    return {column.name for column in columns if column.bzero == _UNSIGNED_OFFSET}


def as_unsigned(stored: np.ndarray) -> np.ndarray:
    """Turn int32 as stored into the uint32 that it stands for.

    Parameters
    ----------
    stored : ndarray of int32, any shape
        Big-endian, as in the file.

    Returns
    -------
    ndarray of uint32, same shape
        Big-endian.
    """
    # adding 2^31 modulo 2^32 is flipping the sign bit
    return stored.view(">u4") ^ np.uint32(_UNSIGNED_OFFSET)


@contextmanager
def open_unchanged(path: Path, stamp: FileStamp) -> Iterator[io.FileIO]:
    """Open a file for reading at known positions, if it is still the one they were found in.

    Parameters
    ----------
    path : path
    stamp : FileStamp
        Of the file when they were found.

    Yields
    ------
    file object
        Not buffered; closed on leaving.

    Raises
    ------
    UnreadableProductError
        If the file is not there any more, or was written anew, also while it was open here.
    """
    try:
        check_unchanged(path, stamp)
        with open(path, "rb", buffering=0) as stream:
            yield stream
        check_unchanged(path, stamp)
    except OSError as err:
        raise UnreadableProductError(f"{path}: the file is not there (any more) ({err})") from err


def read_decompressed(path: Path, stamp: FileStamp, start: int = 0, size: int = -1) -> bytes:
    """Read from a compressed file, in which there is no going back and forth.

    Parameters
    ----------
    path : path
    stamp : FileStamp
        See `open_unchanged`.
    start, size : int, optional
        Where to begin, and how many bytes to read, in what was compressed; all by default.

    Returns
    -------
    bytes
        Fewer than ``size`` where the file ends.

    Raises
    ------
    UnreadableProductError
        If the file is not there any more, was written anew, or is damaged.
    """
    with open_product(path) as hdus:
        check_unchanged(path, stamp)
        source = hdus[0].fileinfo()["file"]
        source.seek(start)
        return source.read(size)


def read_parts(
    stream: Stream, path: Path, start: int, size: int, *, stride: int = 0, count: int = 1
) -> np.ndarray:
    """Read equal parts at equal distances.

    Parameters
    ----------
    stream : file object
    path : path
        For the error message.
    start : int
        Where the first part begins.
    size : int
        Bytes of each part.
    stride : int, optional
        Bytes from one part's beginning to the next one's.
    count : int, optional
        Number of parts.

    Returns
    -------
    ndarray of uint8, shape (count, size)

    Raises
    ------
    UnreadableProductError
        If the file ends before the last part does.
    """
    if size == stride:  # without gaps: one part
        whole = read_parts_at(stream, path, range(start, start + 1), size * count)
        return whole.reshape(count, size)
    step = max(stride, 1)  # of one part alone, it does not matter
    return read_parts_at(stream, path, range(start, start + step * count, step), size)


def read_parts_at(stream: Stream, path: Path, starts: Sequence[int], size: int) -> np.ndarray:
    """Read equal parts anywhere in a file.

    Parameters
    ----------
    stream : file object
    path : path
        For the error message.
    starts : sequence of int
        Where each part begins.
    size : int
        Bytes of each part.

    Returns
    -------
    ndarray of uint8, shape (len(starts), size)

    Raises
    ------
    UnreadableProductError
        If the file ends before a part does.
    """
    # one call to the system for each part where it has one
    file = stream.fileno() if isinstance(stream, io.FileIO) and hasattr(os, "preadv") else None
    if file is not None and size <= _SMALL:
        # of small parts, most of the time goes into the array that each is read into
        joined = bytearray().join(map(os.pread, repeat(file), repeat(size), starts))
        if len(joined) == len(starts) * size:
            return np.frombuffer(joined, dtype=np.uint8).reshape(-1, size)
    parts = np.empty((len(starts), size), dtype=np.uint8)
    for start, piece in zip(starts, parts, strict=True):
        if file is None:
            stream.seek(start)
            have = stream.readinto(piece)
        else:
            have = os.preadv(file, [piece], start)
            if have < piece.size:
                stream.seek(start + have)
        while have < piece.size:
            if not (more := stream.readinto(piece[have:])):
                raise UnreadableProductError(
                    f"{path}: was cut short while it was read; download it again"
                )
            have += more
    return parts


class StoredTable:
    """Where the rows of a binary table are in its file.

    Parameters
    ----------
    hdu : astropy.io.fits.BinTableHDU
        Of an open file; it may be closed afterwards.
    path : path
        The file.

    Attributes
    ----------
    n_rows : int
    names : list of str
        Of the columns.
    start : int
        Where the table begins in the file; in what was compressed.
    compressed : bool
        Whether the whole table is decompressed, and kept, when anything is read.
    """

    def __init__(self, hdu: fits.BinTableHDU, path: Path):
        info = hdu.fileinfo()
        self.path = path
        self.n_rows = hdu.header["NAXIS2"]
        self.names = hdu.columns.names
        self._dtype = hdu.columns.dtype.newbyteorder(">")
        self.start = info["datLoc"]
        self._stamp = file_stamp(path)
        self.compressed = bool(getattr(info["file"], "compression", None))
        self._unsigned = unsigned_columns(hdu.columns)

    def column(self, name: str, rows: slice) -> np.ndarray:
        """Read some rows of a column.

        Parameters
        ----------
        name : str
        rows : slice
            With start and stop.

        Returns
        -------
        ndarray, shape (n_rows,) or (n_rows, n_values)
            As stored: big-endian.

        Raises
        ------
        UnreadableProductError
            If the file is not there any more, was written anew or cut.
        """
        with self._opened() as (stream, start):
            return self._read(stream, start, [name], rows)[name]

    def columns(self, names: Iterable[str]) -> dict[str, np.ndarray]:
        """Read all rows of columns with few bytes a row, in one pass where they are neighbours.

        Parameters
        ----------
        names : iterable of str

        Returns
        -------
        dict of str to ndarray
            As `column` returns them.
        """
        found: dict[str, np.ndarray] = {}
        with self._opened() as (stream, start):
            for together in self._neighbours(names):
                found |= self._read(stream, start, together, slice(0, self.n_rows))
        return found

    def blocks(
        self, name: str, rows_at_once: int, within: slice | None = None
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Read a column block by block, the file opened once.

        Parameters
        ----------
        name : str
        rows_at_once : int
        within : slice, optional
            With start and stop, the rows to read; all by default.

        Yields
        ------
        (slice, ndarray)
            The rows, and what `column` returns for them.
        """
        with self._opened() as (stream, start):
            start_row, stop_row = (
                (0, self.n_rows) if within is None else (within.start, within.stop)
            )
            for first in range(start_row, stop_row, rows_at_once):
                rows = slice(first, min(first + rows_at_once, stop_row))
                yield rows, self._read(stream, start, [name], rows)[name]

    def at(self, name: str, rows: np.ndarray) -> np.ndarray:
        """Read a column in rows anywhere in the table.

        Parameters
        ----------
        name : str
        rows : ndarray of int, shape (n,)

        Returns
        -------
        ndarray, shape (n,) or (n, n_values)
            As `column` returns it.
        """
        kind, offset = self._dtype.fields[name]
        with self._opened() as (stream, start):
            starts = (start + offset + rows * self._dtype.itemsize).tolist()
            values = read_parts_at(stream, self.path, starts, kind.itemsize).view(kind.base)
        values = values.reshape(len(rows), *kind.shape)
        return as_unsigned(values) if name in self._unsigned else values

    @contextmanager
    def _opened(self) -> Iterator[tuple[Stream, int]]:
        """Yield what to read from, and where the table begins in it."""
        if self.compressed:
            yield io.BytesIO(self._decompressed), 0
            return
        with open_unchanged(self.path, self._stamp) as stream:
            yield stream, self.start

    def _read(
        self, stream: Stream, start: int, names: list[str], rows: slice
    ) -> dict[str, np.ndarray]:
        """Read rows of columns, with what is between these columns."""
        fields = {name: self._dtype.fields[name] for name in names}
        first = min(offset for _, offset in fields.values())
        size = max(offset + kind.itemsize for kind, offset in fields.values()) - first
        stride = self._dtype.itemsize
        parts = read_parts(
            stream, self.path, start + rows.start * stride + first, size,
            stride=stride, count=rows.stop - rows.start,
        )  # fmt: skip
        part = np.dtype({
            "names": names,
            "formats": [kind for kind, _ in fields.values()],
            "offsets": [offset - first for _, offset in fields.values()],
            "itemsize": size,
        })  # fmt: skip
        table = parts.view(part)[:, 0]
        return {
            name: as_unsigned(table[name]) if name in self._unsigned else table[name]
            for name in names
        }

    def _neighbours(self, names: Iterable[str]) -> list[list[str]]:
        """Group columns that are so near to each other that one read a row does for them."""
        groups: list[list[str]] = []
        end = 0
        for name in sorted(names, key=lambda name: self._dtype.fields[name][1]):
            kind, offset = self._dtype.fields[name]
            if groups and offset - end < _APART:
                groups[-1].append(name)
            else:
                groups.append([name])
            end = offset + kind.itemsize
        return groups

    @cached_property
    def _decompressed(self) -> bytes:
        """The whole table of a compressed file."""
        # by its position: several extensions may have one name and one EXTVER
        size = self.n_rows * self._dtype.itemsize
        return read_decompressed(self.path, self._stamp, self.start, size)
