"""Which sources a spectroscopic product holds: numbers and places, from headers and few columns."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from astropy.io import fits

from ..errors import UnreadableProductError
from ..origin import FileStamp, check_unchanged, file_stamp
from .extensions import header_float, header_int, open_product, require_columns
from .source_rows import on_the_sky, read_source_rows
from .spectrum_sequence import SpectrumEntry, SpectrumSequence

__all__ = ["SourceTable", "list_source_tables"]

_SPECTRA = ("EXTRACT1D", "COMBINE1D")
#: What says where a source is, the best first; the slit's place where its source's is not said.
_PLACES = (("SRCRA", "SRCDEC", True), ("SLIT_RA", "SLIT_DEC", False))


@dataclass(frozen=True, eq=False)
class SourceTable:
    """The sources of one extension: many in a table with a row a source, else one.

    Attributes
    ----------
    path : path
    stamp : FileStamp
        Of the file when it was listed.
    name : str
        Of the extension: ``'EXTRACT1D'``, ``'COMBINE1D'``, ``'SCI'``.
    extension : int
        Its position among the HDUs.
    rows : ndarray of int, shape (n,), or None
        Of the sources that have a spectrum; None where the whole extension is one source's.
    source_id : ndarray of int, shape (n,), or None
        None where the file does not number its source.
    ra, dec : ndarray of float, shape (n,)
        Degrees, ICRS; NaN where not said.
    of_source : bool
        Whether that is the source's place; else its slit's.
    n_wavelengths : ndarray of int, shape (n,)
    order : int or None
    source_type : ndarray of bytes, shape (n,)
        ``b'POINT'``, ``b'EXTENDED'``, …
    exposure, slit, detector, source_name : str
        Empty where not said.
    catalog : str
        Name of the file that has numbered its sources (SCATFILE), of slitless spectra; empty where
        not said.
    """

    path: Path
    stamp: FileStamp
    name: str
    extension: int
    rows: np.ndarray | None
    source_id: np.ndarray | None
    ra: np.ndarray
    dec: np.ndarray
    of_source: bool
    n_wavelengths: np.ndarray
    order: int | None
    source_type: np.ndarray
    exposure: str
    slit: str
    detector: str
    source_name: str
    catalog: str

    def __len__(self) -> int:
        return self.ra.size

    def sequence(self, element: int, **options: object) -> SpectrumSequence:
        """Return one source's spectrum, which is read when it is asked for.

        Parameters
        ----------
        element : int
            Which of the sources.
        **options
            ``quantity`` and ``dq_bits``, as of `read_spectra`.

        Returns
        -------
        SpectrumSequence, of length 1
        """
        entry = SpectrumEntry(
            extension=self.extension,
            row=None if self.rows is None else int(self.rows[element]),
            source_id=None if self.source_id is None else int(self.source_id[element]),
            order=self.order,
            exposure=self.exposure,
            slit=self.slit,
            detector=self.detector,
            source_type=self.source_type[element].decode("ascii", "replace").strip(" \0"),
            n_wavelengths=int(self.n_wavelengths[element]),
            ra=float(self.ra[element]),
            dec=float(self.dec[element]),
        )
        return SpectrumSequence(self.path, self.name, [entry], stamp=self.stamp, **options)  # type: ignore[arg-type]


def list_source_tables(path: str | os.PathLike) -> tuple[SourceTable, ...]:
    """List the sources of an x1d, c1d, s2d or source-based cal file.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    tuple of SourceTable
        One for each EXTRACT1D or COMBINE1D, or each SCI; none for a file without. Kept, for files
        that are not written anew.

    Raises
    ------
    UnreadableProductError
        If it cannot be read.
    """
    path = Path(path)
    try:
        stamp = file_stamp(path)
    except OSError as err:
        raise UnreadableProductError(f"{path}: {err.strerror or err}") from err
    return _listed(path, stamp)


@lru_cache(maxsize=256)
def _listed(path: Path, stamp: FileStamp) -> tuple[SourceTable, ...]:
    with open_product(path) as hdus:
        check_unchanged(path, stamp)
        names = {hdu.name for hdu in hdus}
        name = next((name for name in (*_SPECTRA, "SCI") if name in names), None)
        found = []
        for position, hdu in enumerate(hdus):
            if hdu.name == name:
                if name in _SPECTRA:
                    require_columns(hdu, ["WAVELENGTH", "FLUX"], path)
                found.append(_table_of(hdu, position, hdus[0].header, path, stamp))
    return tuple(table for table in found if len(table))


def _table_of(
    hdu: fits.hdu.base.ExtensionHDU, position: int, primary: fits.Header, path: Path,
    stamp: FileStamp,
) -> SourceTable:  # fmt: skip
    header = hdu.header
    rows, of_source = None, True
    if isinstance(hdu, fits.BinTableHDU) and "SOURCE_ID" in hdu.columns.names:
        found = read_source_rows(hdu, path)
        rows = found.rows
        numbers: np.ndarray | None = found.source_id
        ra, dec = found.ra, found.dec
        lengths, types = found.n_wavelengths, found.source_type
    else:
        number = header_int(header.get("SOURCEID"))
        place = (np.nan, np.nan)
        for ra_name, dec_name, says_source in _PLACES:
            place = header_float(header.get(ra_name)), header_float(header.get(dec_name))
            of_source = says_source
            if np.isfinite(place).all():
                break
        axis = "NAXIS2" if isinstance(hdu, fits.BinTableHDU) else "NAXIS1"
        lengths = np.array([header_int(header.get(axis)) or 0])
        there = lengths > 0
        numbers = None if number is None else np.array([number])[there]
        ra, dec = on_the_sky(*np.array(place)[:, np.newaxis][:, there])
        lengths = lengths[there]
        types = np.array([str(header.get("SRCTYPE") or "").encode()])[there]
    return SourceTable(
        path=path,
        stamp=stamp,
        name=hdu.name,
        extension=position,
        rows=rows,
        source_id=numbers,
        ra=ra,
        dec=dec,
        of_source=of_source,
        n_wavelengths=lengths,
        order=header_int(header.get("SPORDER", primary.get("SPORDER"))),
        source_type=types,
        exposure=str(header.get("EXPGRPID") or header.get("FILENAME") or ""),
        slit=str(header.get("SLTNAME") or ""),
        detector=str(header.get("DETECTOR") or primary.get("DETECTOR") or ""),
        source_name=str(header.get("SRCNAME") or "").strip(),
        catalog=_catalog_name(primary),
    )


def _catalog_name(primary: fits.Header) -> str:
    name = str(primary.get("SCATFILE") or "").strip()
    # it may be a path of the machine that the pipeline ran on
    return "" if name in ("N/A", "NONE") else re.split(r"[/\\]", name)[-1]
