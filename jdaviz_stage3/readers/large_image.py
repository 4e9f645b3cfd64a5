"""A large image that stays in its file: of a view those pixels are read that it shows.

A viewer shows one pixel of the image for each of its own, so that of a mosaic of 20 000 rows seven
hundred are read. Each of them lies in the file as one piece. No smaller copies are made for that:
the picture is the same as that of an image in memory, pixel by pixel.
"""

from __future__ import annotations

import io
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from ..errors import UnreadableProductError
from ..origin import FileStamp
from .stored_array import StoredArray

__all__ = ["LARGE_IMAGE", "LargeImage"]

#: Bytes from which on an image stays in its file; those of single detectors do not.
LARGE_IMAGE = 200_000_000

_AT_ONCE = 64_000_000  # bytes; one read gives 2 GB at most
_SAMPLED_ROWS = 256
_APART = 1024  # columns between which the row is not read for the two beside them


class LargeImage(StoredArray):
    """A 2-D image in its file, which is kept open.

    An open file stays readable when it is deleted, or another one is put in its place: what is
    loaded is not lost. From one that was changed in place nothing is read any more.

    Parameters
    ----------
    path : path-like
    stamp : FileStamp
        Of the file when the extension was found.
    hdu : astropy.io.fits.ImageHDU
        The extension, of the opened file. Axes of length 1 before the last two are left out.

    Raises
    ------
    UnreadableProductError
        If the file was written anew meanwhile, or cannot be opened.
    """

    def __init__(self, path: str | os.PathLike, stamp: FileStamp, hdu: fits.ImageHDU):
        super().__init__(path, stamp, hdu, hdu.shape[-2:])
        try:
            file = open(path, "rb", buffering=0)
        except OSError as err:
            raise UnreadableProductError(f"{path}: cannot be read ({err.strerror or err})") from err
        self._file = file
        self._sample: tuple[int, np.ndarray] | None = None
        weakref.finalize(self, file.close)
        self._check()

    def __deepcopy__(self, memo: dict) -> LargeImage:
        return self  # nothing of it changes, and a file cannot be copied

    def __getitem__(self, view: Any) -> np.ndarray:
        """Read a part; pixels at given rows and columns without what lies between them."""
        if isinstance(view, tuple) and len(view) == 2:
            y, x = view
            if isinstance(y, np.ndarray) and isinstance(x, np.ndarray) and y.ndim and x.ndim:
                if y.dtype.kind in "iu" and x.dtype.kind in "iu":
                    return self._pixels(*np.broadcast_arrays(y, x))
        return super().__getitem__(view)

    def sample(self, count: int) -> np.ndarray:
        """Read about so many pixels, from rows at random all over the image.

        Parameters
        ----------
        count : int

        Returns
        -------
        ndarray, shape (n,)
            The same at each call with the same number. All pixels of an image that has no more.
        """
        if self.size <= count:
            return self[...].ravel()
        if self._sample is None or self._sample[0] != count:
            chance = np.random.default_rng(self.shape)
            n_y, n_x = self.shape
            # one row of each of as many equal bands, so that no part is left out
            ends = np.linspace(0, n_y, min(n_y, _SAMPLED_ROWS, count) + 1).astype(int)
            rows = chance.integers(ends[:-1], ends[1:])
            columns = chance.integers(0, n_x, (len(rows), -(-count // len(rows))))
            found = self._pixels(np.broadcast_to(rows[:, None], columns.shape), columns)
            self._sample = (count, found.ravel()[:count])
        return self._sample[1]

    def _pixels(self, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Read pixels at rows and columns, of equal shapes."""
        shape = y.shape
        if y.size == 0:
            return np.empty(shape, self.dtype)
        for places, length in ((y, self.shape[0]), (x, self.shape[1])):
            low, high = int(_least(places).min()), int(_least(places).max())
            if low < -length or high >= length:
                raise IndexError(f"{low} to {high} is not within an axis of {length}")
        y, x = (
            places % length if int(_least(places).min()) < 0 else places
            for places, length in zip((y, x), self.shape, strict=True)
        )
        if self._in_memory:
            return super().__getitem__((y, x))
        y, x = y.reshape(-1, shape[-1]), x.reshape(-1, shape[-1])
        found = np.empty(y.shape, self._stored)
        with self._opened() as stream:
            if y.strides[1] == 0 or (y == y[:, :1]).all():
                self._read_lines(stream, y[:, 0], x, found)
            else:
                self._read_scattered(stream, y, x, found)
        return self._as_numbers(found).reshape(shape)

    def _read_lines(
        self, stream: io.FileIO, rows: np.ndarray, x: np.ndarray, found: np.ndarray
    ) -> None:
        """Read pixels of which each line is of one row of the image."""
        pieces = _pieces(x[0]) if x.strides[0] == 0 else None
        last = -1
        for line, row in enumerate(rows.tolist()):
            if row == last and pieces is not None:  # zoomed in, a row is on several lines
                found[line] = found[line - 1]
                continue
            last = row
            self._read_row(stream, row, x[line], pieces, found[line])

    def _read_scattered(
        self, stream: io.FileIO, y: np.ndarray, x: np.ndarray, found: np.ndarray
    ) -> None:
        """Read pixels anywhere, row by row of the image."""
        order = np.argsort(y, axis=None, kind="stable")
        rows, columns = y.ravel()[order], x.ravel()[order]
        starts = np.concatenate([[0], np.flatnonzero(np.diff(rows)) + 1])
        low = np.minimum.reduceat(columns, starts)
        lengths = (np.maximum.reduceat(columns, starts) - low + 1).tolist()
        firsts = (rows[starts] * self.shape[1] + low).tolist()
        columns -= np.repeat(low, np.diff([*starts, len(rows)]))
        values, row = np.empty(len(rows), self._stored), np.empty(self.shape[1], self._stored)
        ends = [*starts[1:].tolist(), len(rows)]
        for first, length, start, end in zip(firsts, lengths, starts.tolist(), ends, strict=True):
            self._read_into(stream, first, row[:length])
            values[start:end] = row[columns[start:end]]
        found.ravel()[order] = values

    def _read_row(
        self,
        stream: io.FileIO,
        row: int,
        columns: np.ndarray,
        pieces: list | None,
        values: np.ndarray,
    ) -> None:
        """Read some columns of one row into an array."""
        start = row * self.shape[1]
        for first, length, where in _pieces(columns) if pieces is None else pieces:
            part = np.empty(length, self._stored)
            self._read_into(stream, start + first, part)
            values[where] = part[columns[where] - first]

    def _box(self, box: list[tuple[int, int]]) -> np.ndarray:
        """Read from a first to behind a last row and column."""
        if self._in_memory:
            return super()._box(box)
        (y0, y1), (x0, x1) = box
        found = np.empty((max(y1 - y0, 0), max(x1 - x0, 0)), self._stored)
        n_x = self.shape[1]
        if found.size == 0:
            return found.astype(self.dtype)
        with self._opened() as stream:
            if found.shape[1] == n_x:
                self._read_into(stream, y0 * n_x, found.ravel())
            else:
                for row, values in enumerate(found, y0):
                    self._read_into(stream, row * n_x + x0, values)
        return self._as_numbers(found)

    def _read_into(self, stream: io.FileIO, first: int, values: np.ndarray) -> None:
        """Read consecutive values into a contiguous array."""
        content = values.view(np.uint8)
        place, done = self._start + first * self._stored.itemsize, 0
        while done < len(content):
            count = os.preadv(stream.fileno(), [content[done : done + _AT_ONCE]], place + done)
            if not count:
                raise self._cut()
            done += count

    @contextmanager
    def _opened(self) -> Iterator[io.FileIO]:
        try:
            self._check()
            yield self._file
            self._check()
        except OSError as err:
            raise UnreadableProductError(
                f"{self.path.name}: cannot be read any more ({err.strerror or err}); load it again"
            ) from err

    def _check(self) -> None:
        """Raise if what is in the file was changed."""
        status = os.fstat(self._file.fileno())
        if (status.st_size, status.st_mtime_ns) != (self.stamp.size, self.stamp.mtime_ns):
            raise UnreadableProductError(
                f"{Path(self.path).name}: was written anew since it was opened; load it again"
            )


def _least(places: np.ndarray) -> np.ndarray:
    """An array without the axes along which it was broadcast."""
    return places[tuple(slice(0, 1) if step == 0 else slice(None) for step in places.strides)]


def _pieces(columns: np.ndarray) -> list[tuple[int, int, Any]]:
    """The parts of a row to be read: where each begins, its length, which columns are in it.

    Two where the first columns lie far from the others: glue asks for column 0 wherever a view
    goes beyond an image.
    """
    low, high = int(columns.min()), int(columns.max())
    rest = columns != low
    if rest.any():
        second = int(columns[rest].min())
        if second - low > _APART:
            return [(low, 1, ~rest), (second, high - second + 1, rest)]
    return [(low, high - low + 1, slice(None))]
