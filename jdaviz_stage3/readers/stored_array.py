"""An image extension straight from the file, by parts: planes, windows, spectra of single pixels.

A cube of 1.5 GB is opened without reading it, and one plane of it read in less than a millisecond.
Nothing is mapped into memory, for the reason that `stored_table` gives.
"""

from __future__ import annotations

import io
import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from ..errors import UnreadableProductError
from ..origin import FileStamp
from .extensions import native, open_product
from .stored_table import open_unchanged

__all__ = ["StoredArray"]

_UNSIGNED_OFFSET = 2**31  # FITS stores uint32 as int32 with BZERO = 2^31
_STORED = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}  # by BITPIX
_WHOLE_PLANE = 4  # rows of a window cover this part of a plane: it is read in one go


class StoredArray:
    """The array of an image extension with two axes or more, read when it is indexed.

    Parameters
    ----------
    path : path-like
    stamp : FileStamp
        Of the file when it was opened. From a file that was written anew nothing is read.
    hdu : astropy.io.fits.ImageHDU or CompImageHDU
        The extension, of the opened file.
    shape : tuple of int, optional
        Another shape of as many values: (1, ny, nx) for an image that is to be a stack of one.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
        Of what indexing gives: in native byte order.

    Notes
    -----
    Of a file that is compressed, in which there is no going back and forth, the whole array is
    read when it is first indexed, and kept.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        stamp: FileStamp,
        hdu: Any,
        shape: tuple[int, ...] | None = None,
    ):
        header = hdu.header
        self.path, self.stamp, self.name = Path(path), stamp, hdu.name
        self.shape = tuple(int(n) for n in (shape or hdu.shape))
        self._stored = np.dtype(_STORED[header["BITPIX"]])
        zero, scale = header.get("BZERO", 0), header.get("BSCALE", 1)
        self._unsigned = self._stored.str == ">i4" and (zero, scale) == (_UNSIGNED_OFFSET, 1)
        scaled = (zero, scale) != (0, 1) and not self._unsigned
        with open(path, "rb") as stream:
            compressed = stream.read(2) == b"\x1f\x8b"
        self._in_memory = compressed or scaled or isinstance(hdu, fits.CompImageHDU)
        self._array: np.ndarray | None = None
        self._start = 0 if self._in_memory else hdu.fileinfo()["datLoc"]
        self.dtype = self._stored.newbyteorder("=")
        if scaled or self._unsigned:
            self.dtype = np.dtype("f4" if scaled else "u4")

    @property
    def kept(self) -> bool:
        """Whether what indexing gives may be a part of an array that is kept: not to be changed."""
        return self._in_memory

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[...], dtype=dtype)

    def __getitem__(self, view: Any) -> np.ndarray:
        """Read a part: of each axis a number, a slice, or an array of numbers (as in numpy)."""
        if isinstance(view, np.ndarray) and view.dtype == bool:
            return self._box([(0, n) for n in self.shape])[view]
        boxes, within = [], []
        for index, length in zip(self.full_view(view), self.shape, strict=True):
            box, rest = _box_of(index, length)
            boxes.append(box)
            within.append(rest)
        return _taken(self._box(boxes), within)

    def full_view(self, view: Any) -> tuple:
        """Return an index with an entry for each axis.

        Parameters
        ----------
        view : index

        Returns
        -------
        tuple
            Slices for the axes that it leaves out.
        """
        parts = view if isinstance(view, tuple) else (view,)
        dots = [i for i, part in enumerate(parts) if part is Ellipsis]
        missing = (slice(None),) * (self.ndim - len(parts) + len(dots))
        if dots:
            return (*parts[: dots[0]], *missing, *parts[dots[0] + 1 :])
        return (*parts, *missing)

    def _box(self, box: list[tuple[int, int]]) -> np.ndarray:
        """Read from a first to behind a last value of each axis."""
        if self._in_memory:
            if self._array is None:
                self._array = self._read_all()
            return self._array[tuple(slice(*ends) for ends in box)]
        lengths = [max(stop - start, 0) for start, stop in box]
        if 0 in lengths:
            return np.empty(lengths, self.dtype)
        (*outer, (y0, y1), (x0, x1)) = box
        n_y, n_x = self.shape[-2:]
        if (y1 - y0) * _WHOLE_PLANE >= n_y:
            y0, y1 = 0, n_y  # and what is not wanted is dropped below
        rows = y1 - y0
        # of one row only what is wanted of it, of several all columns
        first, n_columns = (x0, x1 - x0) if rows == 1 else (0, n_x)
        width = self._stored.itemsize
        with self._opened() as stream:
            if rows == n_y and len(outer) == 1 and n_columns == n_x:
                found = self._read(stream, outer[0][0] * n_y * n_x, lengths[0] * n_y * n_x)
            else:
                outer_shape = lengths[:-2]
                found = np.empty((int(np.prod(outer_shape)), rows * n_columns), self._stored)
                starts = np.ravel_multi_index(
                    np.ix_(*[np.arange(*ends) for ends in outer]), self.shape[:-2]
                ).ravel() if outer else np.zeros(1, int)  # fmt: skip
                descriptor = stream.fileno()
                for row, plane in zip(found, starts, strict=True):
                    place = self._start + int((plane * n_y + y0) * n_x + first) * width
                    if os.preadv(descriptor, [row.view(np.uint8)], place) < row.nbytes:
                        raise self._cut()
        found = found.reshape(*lengths[:-2], rows, n_columns)
        y_start, x_start = box[-2][0] - y0, x0 - first
        columns = slice(x_start, x_start + lengths[-1])
        return self._as_numbers(found[..., y_start : y_start + lengths[-2], columns])

    def _opened(self) -> AbstractContextManager[io.FileIO]:
        """The file, if it is still the one that was opened."""
        return open_unchanged(self.path, self.stamp)

    def _read(self, stream: Any, first: int, count: int) -> np.ndarray:
        stream.seek(self._start + first * self._stored.itemsize)
        found = np.fromfile(stream, self._stored, count)
        if len(found) < count:
            raise self._cut()
        return found

    def _cut(self) -> UnreadableProductError:
        return UnreadableProductError(
            f"{self.path.name}: {self.name} ends too early; download it again"
        )

    def _as_numbers(self, stored: np.ndarray) -> np.ndarray:
        """Turn what was read into numbers, in its memory where all of it is wanted."""
        found = np.ascontiguousarray(stored)
        if not found.dtype.isnative:
            found = found.byteswap(inplace=True).view(self._stored.newbyteorder("="))
        if self._unsigned:  # adding 2^31 modulo 2^32 is flipping the sign bit
            found = found.view(np.uint32)
            found ^= np.uint32(_UNSIGNED_OFFSET)
        return found

    def _read_all(self) -> np.ndarray:
        with open_product(self.path) as hdus:
            hdu = next(hdu for hdu in hdus if hdu.name == self.name)
            return native(hdu.data, self.dtype).reshape(self.shape)


def _box_of(index: Any, length: int) -> tuple[tuple[int, int], Any]:
    """The values of an axis that an index lies within, and the index within those."""
    if isinstance(index, slice):
        wanted = range(*index.indices(length))
        if not wanted:
            return (0, 0), slice(None)
        low, high = min(wanted[0], wanted[-1]), max(wanted[0], wanted[-1])
        return (low, high + 1), slice(None, None, wanted.step)
    if isinstance(index, np.ndarray) and index.ndim:
        if index.dtype == bool:
            index = np.flatnonzero(index)
        # what was broadcast to this shape does not get larger by that
        small = index[tuple(slice(0, 1) if step == 0 else slice(None) for step in index.strides)]
        if small.size == 0:
            return (0, 0), small
        small = np.where(small < 0, small + length, small)
        low, high = int(small.min()), int(small.max())
        _check(low, high, length)
        return (low, high + 1), np.broadcast_to(small - low, index.shape)
    place = int(index)
    place += length if place < 0 else 0
    _check(place, place, length)
    return (place, place + 1), 0


def _check(low: int, high: int, length: int) -> None:
    if low < 0 or high >= length:
        raise IndexError(f"{low} to {high} is not within an axis of {length}")


def _taken(block: np.ndarray, within: list) -> np.ndarray:
    """Index a block; rows and columns of one plane in two steps, which is quicker than in one."""
    arrays = [index for index in within if isinstance(index, np.ndarray)]
    if len(arrays) == len(within) == 3 and block.shape[0] == 1:
        _, y, x = arrays
        if y.ndim >= 2 and y.strides[-1] == 0 and not any(x.strides[:-1]):
            rows, columns = y[..., 0].ravel(), x[(0,) * (x.ndim - 1)]
            return block[0][rows][:, columns].reshape(y.shape)
    return block[tuple(within)]
