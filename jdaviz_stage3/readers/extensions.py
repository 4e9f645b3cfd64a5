"""Access to the extensions of a FITS product: by name, checked, in native byte order."""

from __future__ import annotations

import os
import re
import traceback
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.io.fits.verify import VerifyWarning
from astropy.utils.exceptions import AstropyUserWarning

from ..errors import Stage3Error, UnreadableProductError, reason_of
from ..fits_structure import read_structure

__all__ = [
    "coordinates_without_number",
    "extension_names",
    "extensions_named",
    "extensions_of_each",
    "header_dict",
    "header_float",
    "header_int",
    "native",
    "native_in_place",
    "open_product",
    "require_columns",
    "require_extension",
    "require_names",
]

_NUMBER_OF_COORDINATES = re.compile(r"(CRVAL|CRPIX|CDELT)\d|(PC|CD)\d_\d")
# Keywords that describe how the array is stored, not what was observed.
_STRUCTURAL = {
    "SIMPLE", "XTENSION", "BITPIX", "NAXIS", "EXTEND", "PCOUNT", "GCOUNT", "TFIELDS",
    "BZERO", "BSCALE", "CHECKSUM", "DATASUM", "COMMENT", "HISTORY", "",
}  # fmt: skip
# What a broken file ends in, whoever reads it.
_OF_A_BROKEN_FILE = (
    OSError,  # a header without an end, an array that was cut, a file that went away
    EOFError,  # compressed data that end too early
    zlib.error,  # compressed data that are damaged
    fits.VerifyError,  # a card that is none
    ValueError,  # a value, a unit or a shape that cannot be
)
_STRUCTURAL_PREFIXES = ("NAXIS", "TTYPE", "TFORM", "TUNIT", "TDIM", "TZERO", "TSCAL", "TNULL")


@contextmanager
def open_product(path: str | os.PathLike, *, truncated: bool = False) -> Iterator[fits.HDUList]:
    """Open a FITS product, and turn what can go wrong with it into our errors.

    Parameters
    ----------
    path : path-like
    truncated : bool, optional
        Whether to open a file that was cut, too.

    Yields
    ------
    astropy.io.fits.HDUList
        Closed on leaving. Arrays are read when they are asked for, and not mapped: a map of a file
        that is cut while it is open ends the process.

    Raises
    ------
    UnreadableProductError
        If the file cannot be opened, is no FITS file, is damaged or truncated, or needs too much
        memory; also for what such files make of the code inside the ``with`` block. A mistake in
        that code is raised as it is.
    """
    name = Path(path).name
    structure = read_structure(path)
    if structure.truncated and not truncated:
        raise UnreadableProductError(structure.truncated)
    try:
        with warnings.catch_warnings():
            # Truncation is an error of ours, and what astropy mends in passing is none.
            warnings.filterwarnings("ignore", "File may have been truncated", AstropyUserWarning)
            warnings.filterwarnings("ignore", category=VerifyWarning)
            with fits.open(path, memmap=False) as hdus:
                yield hdus
    except (Stage3Error, Warning):
        raise
    except MemoryError as err:
        raise UnreadableProductError(
            f"{name}: there is not enough memory to read it ({reason_of(err)}); close other "
            "programs, or download it again if it is no large file"
        ) from err
    except Exception as err:
        if not (isinstance(err, _OF_A_BROKEN_FILE) or _raised_by_astropy(err)):
            raise
        if not Path(path).exists():
            raise UnreadableProductError(f"{path}: the file is not there (any more)") from err
        raise UnreadableProductError(
            f"{name}: cannot be read as FITS ({reason_of(err)}); download it again"
        ) from err


def _raised_by_astropy(err: Exception) -> bool:
    """Whether astropy has come to this: it has no common error for headers it did not expect.

    It ends in KeyError, TypeError, IndexError or AttributeError then, as mistakes of ours do.
    """
    *_, (frame, _) = traceback.walk_tb(err.__traceback__)
    return frame.f_globals.get("__name__", "").startswith("astropy.")


def require_extension(
    hdus: fits.HDUList, name: str, path: str | os.PathLike
) -> fits.hdu.base.ExtensionHDU:
    """Return the first extension of that name, whatever EXTVER it was given.

    Parameters
    ----------
    hdus : astropy.io.fits.HDUList
    name : str
        EXTNAME.
    path : path-like
        The file, for the error message.

    Returns
    -------
    astropy.io.fits extension HDU

    Raises
    ------
    UnreadableProductError
        If there is none.
    """
    hdu = next((hdu for hdu in hdus if hdu.name == name), None)
    if hdu is None:
        found = ", ".join(dict.fromkeys(h.name for h in hdus[1:])) or "no extensions at all"
        raise UnreadableProductError(
            f"{Path(path).name}: no {name} extension (found {found}); is it complete?"
        )
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

    Returns
    -------
    list of astropy.io.fits extension HDUs

    Raises
    ------
    UnreadableProductError
        If there is none.
    """
    return [hdu for hdu in hdus if hdu.name == name] or [require_extension(hdus, name, path)]


def extension_names(hdus: fits.HDUList, path: str | os.PathLike) -> list[str]:
    """Return what the extensions of an open file are called, the primary one first.

    Parameters
    ----------
    hdus : astropy.io.fits.HDUList
    path : path-like
        The file, whose headers have been gone over when it was opened: astropy looks a name up each
        time that it is asked for, which takes a tenth of listing a thousand extensions.

    Returns
    -------
    list of str
    """
    names = [extension.name for extension in read_structure(path).extensions]
    return names if len(names) == len(hdus) else [hdu.name for hdu in hdus]


def extensions_of_each(
    hdus: fits.HDUList,
    names: Sequence[str],
    belongs: Callable[[fits.hdu.base.ExtensionHDU], bool] = lambda hdu: True,
    found_names: Sequence[str] | None = None,
) -> list[dict[str, int]]:
    """Tell which extensions belong to each SCI: of its EXTVER, or, where that does not tell, place.

    In files that people put together all may have the same EXTVER: then the first ERR is that of
    the first SCI, where there are as many of both. Else they are left out.

    Parameters
    ----------
    hdus : astropy.io.fits.HDUList
    names : sequence of str
        EXTNAMEs, beginning with SCI.
    belongs : callable, optional
        Whether an extension of such a name is one to take.
    found_names : sequence of str, optional
        Of all extensions, as `extension_names` gives them.

    Returns
    -------
    list of dict of str to int
        Of each SCI, in the order of the file, the positions by name, in the order of ``names``.
    """
    positions: dict[str, list[int]] = {name: [] for name in names}
    known = [hdu.name for hdu in hdus] if found_names is None else found_names
    for position, (hdu, name) in enumerate(zip(hdus, known, strict=True)):
        if name in positions and (name == "SCI" or belongs(hdu)):
            positions[name].append(position)
    versions = [hdus[position].ver for position in positions["SCI"]]
    distinct = len(set(versions)) == len(versions)
    found: list[dict[str, int]] = [{"SCI": position} for position in positions["SCI"]]
    for name in names[1:]:
        numbers = [hdus[position].ver for position in positions[name]]
        if distinct and len(set(numbers)) == len(numbers):
            place = dict(zip(versions, found, strict=True))
            for version, position in zip(numbers, positions[name], strict=True):
                if version in place:
                    place[version][name] = position
        elif not distinct and len(numbers) == len(versions):
            for planes, position in zip(found, positions[name], strict=True):
                planes[name] = position
    return found


def coordinates_without_number(header: fits.Header) -> str:
    """Say which keywords of the coordinates hold no number, for which wcslib takes its default.

    Parameters
    ----------
    header : astropy.io.fits.Header

    Returns
    -------
    str
        ``"CDELT3 = 'x', which is no number"``; empty where there is none.
    """
    wrong = [
        f"{key} = {value!r}"
        for key, value in header.items()
        if _NUMBER_OF_COORDINATES.fullmatch(key)
        and not (isinstance(value, (int, float)) and np.isfinite(value))
    ]
    return f"{', '.join(wrong)}, which is no number" if wrong else ""


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
    require_names(hdu.name, have, names, path)


def require_names(
    table: str, have: Sequence[str], names: Sequence[str], path: str | os.PathLike
) -> None:
    """Raise unless a table has all these columns, of which the names are known.

    Parameters
    ----------
    table : str
        EXTNAME.
    have : sequence of str
        The names of its columns; none where it is no table.
    names : sequence of str
    path : path-like
        The file, for the error message.

    Raises
    ------
    UnreadableProductError
        If a column is missing.
    """
    missing = [name for name in names if name not in have]
    if missing:
        raise UnreadableProductError(
            f"{Path(path).name}: {table} has no {' and no '.join(missing)} column (found "
            f"{', '.join(have[:8]) or 'no table'}{', …' if len(have) > 8 else ''}); was it "
            "written by another program than the JWST pipeline?"
        )


def native(array: np.ndarray, dtype: np.dtype | type | None = None) -> np.ndarray:
    """Copy an array out of a FITS file into contiguous memory in native byte order.

    FITS is big-endian, on which numpy is slow and which scipy.ndimage refuses.

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


def native_in_place(array: np.ndarray) -> np.ndarray:
    """Turn an array of a FITS file that is nobody else's into native byte order, in its memory.

    Parameters
    ----------
    array : ndarray
        Changed, and not to be used any more.

    Returns
    -------
    ndarray
        Same shape; a copy where the array cannot be changed.
    """
    if not (array.flags.writeable and array.flags.c_contiguous) or array.dtype.hasobject:
        return native(array)
    if not array.dtype.isnative:
        array = array.byteswap(inplace=True).view(array.dtype.newbyteorder("="))
    return array.view(np.ndarray)


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


def header_int(value: object) -> int | None:
    """Return the value of a keyword as a whole number.

    Parameters
    ----------
    value : object
        What a header holds; None where it has no such keyword.

    Returns
    -------
    int or None
        None where it is no number.
    """
    return int(value) if isinstance(value, (int, float, np.integer)) else None


def header_float(value: object) -> float:
    """Return the value of a keyword as a number.

    Parameters
    ----------
    value : object
        What a header holds; None where it has no such keyword.

    Returns
    -------
    float
        NaN where it is no number.
    """
    return float(value) if isinstance(value, (int, float)) else float("nan")
