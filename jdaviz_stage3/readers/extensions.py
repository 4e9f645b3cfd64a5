"""Access to the extensions of a FITS product: by name, checked, in native byte order."""

from __future__ import annotations

import os
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.io.fits.verify import VerifyWarning
from astropy.utils.exceptions import AstropyUserWarning

from ..errors import UnreadableProductError

__all__ = [
    "check_unchanged",
    "file_stamp",
    "check_complete",
    "check_undamaged",
    "extensions_named",
    "header_dict",
    "native",
    "open_product",
    "require_columns",
    "require_extension",
]

# Keywords that describe how the array is stored, not what was observed.
_STRUCTURAL = {
    "SIMPLE", "XTENSION", "BITPIX", "NAXIS", "EXTEND", "PCOUNT", "GCOUNT", "TFIELDS",
    "BZERO", "BSCALE", "CHECKSUM", "DATASUM", "COMMENT", "HISTORY", "",
}  # fmt: skip
_STRUCTURAL_PREFIXES = ("NAXIS", "TTYPE", "TFORM", "TUNIT", "TDIM", "TZERO", "TSCAL", "TNULL")


@contextmanager
def open_product(path: str | os.PathLike) -> Iterator[fits.HDUList]:
    """Open a FITS product memory-mapped, and turn what can go wrong with it into our errors.

    Parameters
    ----------
    path : path-like

    Yields
    ------
    astropy.io.fits.HDUList
        Closed on leaving. Arrays taken from it must have been copied by then (see `native`).

    Raises
    ------
    UnreadableProductError
        If the file cannot be opened, is no FITS file or is truncated.
    """
    name = Path(path).name
    try:
        with warnings.catch_warnings():
            # Truncation is raised as an error where it matters, by check_complete.
            warnings.filterwarnings("ignore", "File may have been truncated", AstropyUserWarning)
            warnings.filterwarnings("ignore", category=VerifyWarning)
            # memmap is astropy's default; asking for it by name refuses scaled integers (segm, DQ)
            with fits.open(path) as hdus:
                yield hdus
    except (OSError, EOFError, zlib.error, fits.VerifyError) as err:
        if not Path(path).exists():
            raise UnreadableProductError(f"{path}: the file is not there (any more)") from err
        raise UnreadableProductError(
            f"{name}: cannot be read as FITS ({err}); download it again"
        ) from err


def check_complete(hdu: fits.hdu.base.ExtensionHDU, path: str | os.PathLike) -> None:
    """Raise if the file ends before the extension's data do.

    Parameters
    ----------
    hdu : astropy.io.fits HDU
    path : path-like
        The file that it comes from.

    Raises
    ------
    UnreadableProductError
        If the file is truncated.
    """
    info = hdu.fileinfo()
    if info is None or getattr(info["file"], "compression", None):
        return  # in memory, or compressed: reading past the end raises EOFError
    expected = info["datLoc"] + abs(hdu.header["BITPIX"]) // 8 * _n_values(hdu.header)
    found = os.path.getsize(path)
    if found < expected:
        raise UnreadableProductError(
            f"{Path(path).name}: truncated ({found} bytes, but {hdu.name} ends at {expected}); "
            "download it again"
        )


def check_undamaged(hdus: fits.HDUList, path: str | os.PathLike) -> None:
    """Raise if the file ends within an extension, be it in the header or in the data.

    astropy stops at a header that is cut, as if the file ended before it.

    Parameters
    ----------
    hdus : astropy.io.fits.HDUList
    path : path-like
        The file that it comes from.

    Raises
    ------
    UnreadableProductError
        If the file is truncated.
    """
    last = hdus[len(hdus) - 1]  # counting reads all headers
    if len(hdus) > 1:
        check_complete(last, path)
    info = last.fileinfo()
    if info is None or getattr(info["file"], "compression", None):
        return
    end = info["datLoc"] + info["datSpan"]
    with open(path, "rb") as stream:
        stream.seek(end)
        rest = stream.read(8)
    if rest.startswith(b"XTENSION"):
        raise UnreadableProductError(
            f"{Path(path).name}: truncated in the header after {last.name or 'the primary one'} "
            f"({os.path.getsize(path)} bytes); download it again"
        )


def _n_values(header: fits.Header) -> int:
    axes = [header[f"NAXIS{i + 1}"] for i in range(header["NAXIS"])]
    count = int(np.prod(axes)) if axes else 0
    return header.get("GCOUNT", 1) * (header.get("PCOUNT", 0) + count)


def require_extension(
    hdus: fits.HDUList, name: str, path: str | os.PathLike, version: int = 1
) -> fits.hdu.base.ExtensionHDU:
    """Return the extension of that name, checked to be complete.

    Parameters
    ----------
    hdus : astropy.io.fits.HDUList
    name : str
        EXTNAME.
    path : path-like
        The file, for the error message.
    version : int, optional
        EXTVER.

    Raises
    ------
    UnreadableProductError
        If there is none, or it is truncated.
    """
    try:
        hdu = hdus[name, version]
    except KeyError:
        found = ", ".join(dict.fromkeys(h.name for h in hdus[1:])) or "no extensions at all"
        raise UnreadableProductError(
            f"{Path(path).name}: no {name} extension (found {found}); is it complete?"
        ) from None
    check_complete(hdu, path)
    return hdu


def extensions_named(hdus: fits.HDUList, name: str, path: str | os.PathLike) -> list:
    """Return every extension of that name, in the order of the file, at least one.

    Parameters
    ----------
    hdus : astropy.io.fits.HDUList
    name : str
        EXTNAME.
    path : path-like
        The file, for the error message.

    Raises
    ------
    UnreadableProductError
        If there is none, or the last one is truncated.
    """
    found = [hdu for hdu in hdus if hdu.name == name]
    if not found:
        require_extension(hdus, name, path)
    check_complete(found[-1], path)
    return found


def require_columns(hdu: fits.BinTableHDU, names: Sequence[str], path: str | os.PathLike) -> None:
    """Raise unless the table has all these columns.

    Parameters
    ----------
    hdu : astropy.io.fits.BinTableHDU
    names : sequence of str
    path : path-like
        The file, for the error message.

    Raises
    ------
    UnreadableProductError
        If a column is missing, or the extension is no table.
    """
    have = list(hdu.columns.names) if isinstance(hdu, fits.BinTableHDU) else []
    missing = [name for name in names if name not in have]
    if missing:
        raise UnreadableProductError(
            f"{Path(path).name}: {hdu.name} has no {' and no '.join(missing)} column (found "
            f"{', '.join(have[:8]) or 'no table'}{', …' if len(have) > 8 else ''}); was it "
            "written by another program than the JWST pipeline?"
        )


def native(array: np.ndarray, dtype: np.dtype | type | None = None) -> np.ndarray:
    """Copy an array out of a FITS file into contiguous memory in native byte order.

    FITS is big-endian, on which numpy is slow and which scipy.ndimage refuses; and a
    memory-mapped array dies with its file.

    Parameters
    ----------
    array : ndarray
    dtype : dtype, optional
        The type to convert to; by default the same in native byte order.

    Returns
    -------
    ndarray
        Same shape.
    """
    dtype = np.dtype(dtype if dtype is not None else array.dtype).newbyteorder("=")
    return np.array(array, dtype=dtype, order="C", copy=True, subok=False)


def header_dict(*headers: fits.Header) -> dict[str, object]:
    """Merge headers into a plain dict without the keywords on how the data are stored.

    Parameters
    ----------
    *headers : astropy.io.fits.Header
        Later ones win.

    Returns
    -------
    dict
    """
    merged: dict[str, object] = {}
    for header in headers:
        for key, value in header.items():
            if key in _STRUCTURAL or key.startswith(_STRUCTURAL_PREFIXES):
                continue
            if not isinstance(value, fits.card.Undefined):
                merged[key] = value
    return merged


def file_stamp(path: str | os.PathLike) -> tuple[int, int]:
    """Return what tells whether a file has been written since: its size and when it was.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    (int, int)
        Bytes, and nanoseconds.
    """
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns


def check_unchanged(path: str | os.PathLike, stamp: tuple[int, int]) -> None:
    """Refuse a file that has been written since it was opened.

    Arrays are read when they are asked for, from where they were: in another file, that is
    anything.

    Parameters
    ----------
    path : path-like
    stamp : (int, int)
        See `file_stamp`.

    Raises
    ------
    UnreadableProductError
    """
    if file_stamp(path) != stamp:
        raise UnreadableProductError(f"{path}: was written anew since it was opened; load it again")
