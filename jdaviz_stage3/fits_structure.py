"""What is where in a FITS file, from its headers, and whether that can be.

astropy takes the keywords that say how large an extension is as they are: a word in place of a
number ends in a TypeError somewhere, a TFIELDS of 10^9 in minutes of waiting, and a few MB of gzip
in as many GB of memory. Here they are looked at first, so that what is opened with astropy
afterwards is a FITS file in its outlines. Only headers are read, of a plain file.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

from astropy.io import fits

from .errors import UnreadableProductError
from .fits_extension import (
    QUOTED,
    WHOLE_NUMBER,
    FitsStructure,
    StoredExtension,
    bytes_of_format,
)
from .fits_stream import BLOCK, CARD, FitsStream, TruncatedFile
from .origin import FileStamp, file_stamp

__all__ = [
    "read_first_extension",
    "read_primary_header",
    "read_primary_texts",
    "read_structure",
]

_MOST_AFTER_THE_END = 1_000_000  # bytes after the last extension that do not matter
_BITPIX = {8, 16, 32, 64, -32, -64}
_STRUCTURAL = re.compile(
    r"(?:SIMPLE|XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TFIELDS|BSCALE|BZERO|EXTNAME"
    r"|(?:TFORM|TTYPE|TSCAL|TZERO)\d+|SPORDER|DETECTOR|INT_NUM|ZIMAGE|ZNAXIS\d*) *$"
)
_STRUCTURAL_INITIALS = "SXBNPGTEDIZ"


def read_structure(path: str | os.PathLike) -> FitsStructure:
    """Go over the headers of a FITS file, gzip-compressed or not, and check how they fit together.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    FitsStructure
        Kept, for files that are not written anew.

    Raises
    ------
    UnreadableProductError
        If it is no FITS file, a header says what cannot be (a word for a size, more columns than
        FITS allows, columns that do not fill a row), the compressed data are damaged, or they
        would expand to what no product does. That a file is cut is not raised: see ``truncated``.
    """
    try:
        return _read_structure(str(path), file_stamp(path))
    except OSError as err:
        raise _unreadable(path, err) from err


@lru_cache(maxsize=64)
def _read_structure(path: str, stamp: FileStamp) -> FitsStructure:
    found: list[StoredExtension] = []
    cut = ""
    with FitsStream(path, stamp.size) as stream:
        try:
            for extension in _extensions(stream):
                found.append(extension)
        except TruncatedFile as err:
            cut = f"in {err} after {found[-1].name}" if found else f"in {err}"
        if not cut and found and found[-1].end > stream.size:
            cut = f"({stream.size} bytes, but {found[-1].name} ends at {found[-1].end})"
    truncated = f"{stream.name}: truncated {cut}; download it again" if cut else ""
    if not found:
        raise UnreadableProductError(
            truncated or f"{stream.name}: not a FITS file; download it again"
        )
    return FitsStructure(tuple(found), truncated)


def read_first_extension(path: str | os.PathLike) -> StoredExtension | None:
    """Read the header of the first extension of a FITS file, and none behind it.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    StoredExtension or None
        None where there is no extension, or the file is cut before it.

    Raises
    ------
    UnreadableProductError
        As `read_structure`.
    """
    try:
        return _read_first_extension(str(path), file_stamp(path))
    except OSError as err:
        raise _unreadable(path, err) from err


@lru_cache(maxsize=64)
def _read_first_extension(path: str, stamp: FileStamp) -> StoredExtension | None:
    with FitsStream(path, stamp.size) as stream:
        try:
            return next(islice(_extensions(stream), 1, None), None)
        except TruncatedFile:
            return None


def read_primary_header(path: str | os.PathLike) -> fits.Header:
    """Read the primary header of a FITS file, gzip-compressed or not.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    astropy.io.fits.Header

    Raises
    ------
    UnreadableProductError
        If the file is not FITS or its first header is broken.
    """
    return fits.Header.fromstring(_primary_text(path))


def read_primary_texts(
    path: str | os.PathLike, keywords: Collection[str], starts: tuple[str, ...] = ()
) -> dict[str, str]:
    """Read a few keywords of the primary header as texts, ten times as fast as the whole.

    Parameters
    ----------
    path : path-like
    keywords : collection of str
        In capitals.
    starts : tuple of str, optional
        Also those that begin so, of two characters each: ``'S_'`` of the states of steps.

    Returns
    -------
    dict of str to str
        Of those that are there the values, without trailing blanks; what is no string as written.

    Raises
    ------
    UnreadableProductError
        If the file is not FITS, its first header is broken, or a string does not end.
    """
    text = _primary_text(path)
    wanted = {keyword.ljust(8): keyword for keyword in keywords}
    found: dict[str, str] = {}
    last = ""
    for start in range(0, len(text), CARD):
        name = text[start : start + 8]
        if name == "CONTINUE" and last and found[last].endswith("&"):
            found[last] = found[last][:-1] + _string(text[start + 8 : start + CARD], last, path)
            continue
        keyword = wanted.get(name, "")
        if name[:2] in starts:
            keyword = name.rstrip()
        last = keyword if keyword and keyword not in found else ""
        if last and text[start + 8 : start + 10] == "= ":
            found[last] = _string(text[start + 10 : start + CARD], last, path)
        else:
            last = ""
    return found


def _string(field: str, keyword: str, path: str | os.PathLike) -> str:
    """The value in the field of a card."""
    field = field.strip()
    if not field.startswith("'"):
        return field.partition("/")[0].strip()
    match = QUOTED.match(field)
    if match is None:
        raise UnreadableProductError(
            f"{Path(path).name}: the value of {keyword} cannot be read; download it again"
        )
    return match[1].replace("''", "'").rstrip()


def _primary_text(path: str | os.PathLike) -> str:
    try:
        return _read_primary_text(str(path), file_stamp(path))
    except OSError as err:
        raise _unreadable(path, err) from err


@lru_cache(maxsize=64)
def _read_primary_text(path: str, stamp: FileStamp) -> str:
    name = Path(path).name
    try:
        with FitsStream(path, stamp.size) as stream:
            text = stream.header()
    except TruncatedFile:
        text = None
    if text is None:
        raise UnreadableProductError(
            f"{name}: its FITS header cannot be read (it does not end); download it again"
        )
    _check_header(text, f"{name}: the primary header")
    return text


def _unreadable(path: str | os.PathLike, err: OSError) -> UnreadableProductError:
    if not Path(path).exists():
        return UnreadableProductError(f"{path}: the file is not there (any more)")
    return UnreadableProductError(f"{path}: cannot be read ({err.strerror or err})")


def _extensions(stream: FitsStream) -> Iterator[StoredExtension]:
    count = 0
    while (text := stream.header()) is not None:
        values, data = _check_header(text, f"{stream.name}: the header of extension {count}")
        name = values.get("EXTNAME", "").strip("' ").upper() or ("" if count else "PRIMARY")
        yield StoredExtension(name, stream.place, stream.place + data, values)
        stream.skip_to(stream.place + -(-data // BLOCK) * BLOCK)
        if stream.place >= stream.size:
            return
        count += 1
    rest = stream.size - stream.place
    if count and (rest if math.isfinite(rest) else len(stream.read(_MOST_AFTER_THE_END))) >= (
        _MOST_AFTER_THE_END
    ):
        raise UnreadableProductError(
            f"{stream.name}: after its extensions there is much that is no FITS; is it whole? "
            "Download it again"
        )


def _check_header(text: str, where: str) -> tuple[dict[str, str], int]:
    """Check the keywords that say how data are stored; gives these, and the bytes of the data."""
    values = _structural_values(text)

    def whole(keyword: str, low: int, high: int, default: int | None = None) -> int:
        value = values.get(keyword, default)
        if isinstance(value, str) and WHOLE_NUMBER.match(value) and len(value) < 20:
            value = int(value)
        if not isinstance(value, int) or not low <= value <= high:
            raise _impossible(where, keyword, value, f"a whole number from {low} to {high}")
        return value

    bitpix = whole("BITPIX", -64, 64)
    if bitpix not in _BITPIX:
        raise _impossible(where, "BITPIX", bitpix, "one of 8, 16, 32, 64, -32, -64")
    axes = [whole(f"NAXIS{i + 1}", 0, 2**62) for i in range(whole("NAXIS", 0, 999))]
    extra = whole("PCOUNT", 0, 2**62, 0)
    whole("GCOUNT", 1, 1, 1)
    for keyword, value in values.items():
        if keyword.startswith(("BSCALE", "BZERO", "TSCAL", "TZERO")) and not _is_number(value):
            raise _impossible(where, keyword, value, "a number")
    if values.get("XTENSION", "").startswith("'BINTABLE"):
        if len(axes) != 2 or bitpix != 8:
            raise _impossible(where, "NAXIS", len(axes), "a table of 2 axes of bytes")
        _check_columns(values, whole("TFIELDS", 0, 999), axes[0], where)
    return values, abs(bitpix) // 8 * (extra + (math.prod(axes) if axes else 0))


def _check_columns(values: dict[str, str], n_columns: int, width: int, where: str) -> None:
    total = 0
    for number in range(1, n_columns + 1):
        form = values.get(f"TFORM{number}", "")
        width_of_column = bytes_of_format(form.strip("' "))
        if not form.startswith("'") or width_of_column is None:
            raise _impossible(where, f"TFORM{number}", form or None, "a format such as '1D'")
        label = values.get(f"TTYPE{number}", "")
        if not label.startswith("'") or not label.strip("' "):
            raise _impossible(where, f"TTYPE{number}", label or None, "the name of a column")
        total += width_of_column
    if total != width:
        raise UnreadableProductError(
            f"{where} says that rows have {width} bytes, but its columns (TFORM) have {total}; "
            "download it again"
        )


def _impossible(where: str, keyword: str, value: object, expected: str) -> UnreadableProductError:
    found = f"no {keyword}" if value is None else f"{keyword} = {str(value)[:30]}"
    return UnreadableProductError(f"{where} has {found}, expected {expected}; download it again")


def _structural_values(text: str) -> dict[str, str]:
    """The structural keywords with their values as written, without comments; the first of each."""
    values: dict[str, str] = {}
    for start in range(0, len(text), CARD):
        keyword = text[start : start + 8]
        if (
            keyword[0] in _STRUCTURAL_INITIALS
            and text[start + 8 : start + 10] == "= "
            and _STRUCTURAL.match(keyword)
        ):
            values.setdefault(keyword.rstrip(), _value(text[start + 10 : start + CARD]))
    return values


def _value(field: str) -> str:
    field = field.strip()
    if field.startswith("'"):
        quoted = QUOTED.match(field)
        return quoted[0] if quoted else field
    return field.split("/")[0].strip()


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value.upper().replace("D", "E")))
    except ValueError:
        return False
