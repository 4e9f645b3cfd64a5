"""The columns of a slitless table that say which sources its rows are of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from ..errors import UnreadableProductError
from .extensions import native
from .stored_table import StoredTable, vector_length

__all__ = ["SourceRows", "on_the_sky", "read_source_rows"]

_COLUMNS = ("SOURCE_ID", "N_ALONGDISP", "SOURCE_TYPE", "SOURCE_RA", "SOURCE_DEC")


@dataclass(frozen=True, eq=False)
class SourceRows:
    """The rows of a table that hold a spectrum; every exposure has a row for every source.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        Their places in the table.
    source_id, n_wavelengths : ndarray of int, shape (n,)
    source_type : ndarray of bytes, shape (n,)
        ``b'POINT'``, ``b'EXTENDED'``, …; empty where the table does not say.
    ra, dec : ndarray of float, shape (n,)
        Degrees, ICRS; NaN where not said.
    """

    rows: np.ndarray
    source_id: np.ndarray
    n_wavelengths: np.ndarray
    source_type: np.ndarray
    ra: np.ndarray
    dec: np.ndarray


def read_source_rows(hdu: fits.BinTableHDU, path: Path) -> SourceRows:
    """Read which sources the rows of an EXTRACT1D or COMBINE1D are of; no spectrum is read.

    Parameters
    ----------
    hdu : BinTableHDU
        With a column SOURCE_ID.
    path : path
        Its file.

    Returns
    -------
    SourceRows
        Without the rows whose N_ALONGDISP is 0: blank where the source fell off the detector.

    Raises
    ------
    UnreadableProductError
        If one of the columns does not hold one number, or one word, a row.
    """
    n_rows = hdu.header["NAXIS2"]
    there = [name for name in _COLUMNS if name in hdu.columns.names]
    stored = StoredTable(hdu, path).columns(there)
    columns = {name: native(values) for name, values in stored.items()}
    for name, values in columns.items():
        expected = "S" if name == "SOURCE_TYPE" else "iuf"
        if values.dtype.kind not in expected or values.ndim != 1:
            raise UnreadableProductError(
                f"{path.name}: {name} of {hdu.name} holds {values.dtype} {values.shape[1:] or ''}, "
                f"expected one {'word' if expected == 'S' else 'number'} a row"
            )
    width = vector_length(hdu.columns["WAVELENGTH"]) if "WAVELENGTH" in hdu.columns.names else 0
    lengths = np.nan_to_num(columns.get("N_ALONGDISP", np.full(n_rows, width)))
    lengths = np.clip(lengths, 0, width)
    rows = np.flatnonzero(lengths > 0)
    unknown = np.full(n_rows, np.nan)
    ra, dec = on_the_sky(*(np.asarray(columns.get(name, unknown), float) for name in _COLUMNS[-2:]))
    types = columns.get("SOURCE_TYPE", np.zeros(n_rows, "S1"))
    numbers = np.nan_to_num(columns["SOURCE_ID"]).astype(int)
    return SourceRows(
        rows, numbers[rows], lengths[rows].astype(int), types[rows], ra[rows], dec[rows]
    )


def on_the_sky(ra: np.ndarray, dec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return places as they are, both NaN where they are none: fill values, beyond a pole.

    Parameters
    ----------
    ra, dec : ndarray of float, shape (n,)
        Degrees.

    Returns
    -------
    ra, dec : ndarray of float, shape (n,)
    """
    with np.errstate(invalid="ignore"):
        there = (np.abs(ra) <= 360) & (np.abs(dec) <= 90)
    return np.where(there, ra, np.nan), np.where(there, dec, np.nan)
