"""The exposures that a product was made of, by its HDRTAB: a row for each, a column a keyword."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from astropy.io import fits

from ..errors import UnreadableProductError
from ..fits_extension import StoredExtension, bytes_of_format
from ..fits_structure import read_structure
from ..origin import file_stamp
from ..readers.extensions import open_product
from ..readers.stored_table import open_unchanged, read_parts

__all__ = ["header_table"]

_TEXT = re.compile(r"(\d*)A")


def header_table(path: Path, keywords: set[str], starts: tuple[str, ...]) -> dict[str, list[str]]:
    """Read some columns of the HDRTAB of a product.

    Parameters
    ----------
    path : path
    keywords : set of str
        Names of columns.
    starts : tuple of str
        What names of further columns begin with.

    Returns
    -------
    dict of str to list of str
        Of each column that is there the values of all exposures, without blanks around them, in
        the order of the file. Empty where there is no HDRTAB.

    Raises
    ------
    UnreadableProductError
        If HDRTAB is no table, or cut.
    """
    stamp = file_stamp(path)
    structure = read_structure(path)
    table = next((one for one in structure.extensions if one.name == "HDRTAB"), None)
    if table is None:
        return {}
    if not table.is_table:
        raise UnreadableProductError(
            f"{path.name}: HDRTAB is no table, so its exposures are not known; download it again"
        )
    columns = [name for name in table.columns if name in keywords or name.startswith(starts)]
    wanted = set(columns)
    kind = _texts(table, wanted)
    with open(path, "rb") as stream:
        plain = stream.read(2) != b"\x1f\x8b"
    if kind is None or not plain or structure.truncated:
        return _by_astropy(path, wanted)
    with open_unchanged(path, stamp) as file:
        rows = read_parts(file, path, table.start, kind.itemsize * (table.number("NAXIS2") or 0))
    values = rows.reshape(-1).view(kind)
    return {
        name: [text.decode("ascii", "replace").strip() for text in values[name]] for name in columns
    }


def _texts(table: StoredExtension, wanted: set[str]) -> np.dtype | None:
    """The type of its rows; None where astropy has to tell: of columns that are no texts."""
    names, formats, offsets = [], [], []
    place = 0
    for name, form, width in _fields(table):
        if name in wanted:
            text = _TEXT.fullmatch(form.strip())
            if text is None or name in names or not width:
                return None
            names.append(name)
            formats.append(f"S{width}")
            offsets.append(place)
        place += width
    size = table.number("NAXIS1")
    if not names or place != size:
        return None
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})


def _fields(table: StoredExtension) -> Iterator[tuple[str, str, int]]:
    """Name, format and bytes of each column, in the order of the row."""
    for number in range(1, (table.number("TFIELDS") or 0) + 1):
        form = table.text(f"TFORM{number}")
        yield table.text(f"TTYPE{number}"), form, bytes_of_format(form) or 0


def _by_astropy(path: Path, wanted: set[str]) -> dict[str, list[str]]:
    with open_product(path) as hdus:
        hdu = hdus["HDRTAB"]
        if not isinstance(hdu, fits.BinTableHDU):
            return {}
        return {
            name: [str(value).strip() for value in hdu.data[name]]
            for name in hdu.columns.names
            if name in wanted
        }
