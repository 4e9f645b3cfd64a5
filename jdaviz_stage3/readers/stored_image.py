"""Where the array of an image extension is in its file, to read it when it is asked for."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from astropy.io import fits

from ..origin import FileStamp, check_unchanged
from .extensions import native, open_product
from .stored_table import open_unchanged, read_decompressed, read_parts

__all__ = ["StoredImage"]

_TYPES = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
_UNSIGNED = {16: (">u2", 2**15), 32: (">u4", 2**31)}  # BZERO of unsigned integers


class StoredImage:
    """The array of one image extension; nothing of it is read until `read`.

    Parameters
    ----------
    hdu : astropy.io.fits.ImageHDU or CompImageHDU
        Of an open file, which may be closed afterwards.
    position : int
        Of the extension in the file, the primary one 0.

    Attributes
    ----------
    shape : tuple of int
        As numpy has it; without a leading axis of length 1.
    """

    def __init__(self, hdu: fits.ImageHDU, position: int):
        header = hdu.header
        if isinstance(hdu, fits.BinTableHDU):  # bytes: a table of one row and one column
            sizes = [header["NAXIS2"], header["NAXIS1"]]
        else:
            sizes = list(hdu.shape)
        while len(sizes) > 2 and sizes[0] == 1:  # CON: one plane for every 32 input exposures
            sizes.pop(0)
        self.shape = tuple(sizes)
        self._position = position
        info = hdu.fileinfo()
        self._start = info["datLoc"]
        self._compressed = bool(getattr(info["file"], "compression", None))
        # without them astropy raises within, once for each
        bitpix, zero = header["BITPIX"], header["BZERO"] if "BZERO" in header else 0
        self._type = np.dtype(_TYPES[bitpix])
        self._offset = 0
        if bitpix in _UNSIGNED and zero == _UNSIGNED[bitpix][1]:
            self._offset = zero
        scale = header["BSCALE"] if "BSCALE" in header else 1
        scaled = scale != 1 or (zero != 0 and not self._offset)
        self._as_astropy = scaled or isinstance(hdu, fits.CompImageHDU)

    def read(self, path: Path, stamp: FileStamp) -> np.ndarray:
        """Read the array.

        Parameters
        ----------
        path : path
        stamp : FileStamp
            Of the file when the extension was found.

        Returns
        -------
        ndarray
            Of `shape`, in native byte order.

        Raises
        ------
        UnreadableProductError
            If the file is not there any more, was written anew or cut.
        """
        if 0 in self.shape:
            return np.empty(self.shape, self._type.newbyteorder("="))
        if self._as_astropy:
            with open_product(path) as hdus:
                check_unchanged(path, stamp)
                return native(hdus[self._position].data).reshape(self.shape)
        size = int(np.prod(self.shape)) * self._type.itemsize
        if self._compressed:
            stream = io.BytesIO(read_decompressed(path, stamp, self._start, size))
            stored = read_parts(stream, path, 0, size)
        else:
            with open_unchanged(path, stamp) as file:
                stored = read_parts(file, path, self._start, size)
        values = stored.view(self._type).reshape(self.shape)
        if self._offset:
            unsigned = _UNSIGNED[self._type.itemsize * 8][0]
            return native(values.view(unsigned) + np.array(self._offset, unsigned))
        return native(values)
