"""Finding the spectra of an extracted (x1d) or combined (c1d) product, of any layout."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import Any

from astropy.io import fits

from ..errors import UnreadableProductError
from ..origin import FileStamp, check_unchanged, file_stamp
from .addressed_sequence import check_quantity
from .extensions import header_float, header_int, open_product, require_columns
from .source_rows import read_source_rows
from .spectrum_sequence import SpectrumEntry, SpectrumSequence
from .stored_table import vector_length

__all__ = ["SpectrumEntry", "SpectrumSequence", "read_spectra"]

_EXTENSIONS = ("EXTRACT1D", "COMBINE1D")


def read_spectra(
    path: str | os.PathLike,
    *,
    source_id: int | Iterable[int] | None = None,
    order: int | Iterable[int] | None = None,
    exposure: str | int | Iterable[str | int] | None = None,
    slit: str | Iterable[str] | None = None,
    quantity: str = "auto",
    dq_bits: str | int | Iterable[str] | None = "DO_NOT_USE",
) -> SpectrumSequence:
    """List the spectra of an x1d or c1d file, of any layout; none is read yet.

    Parameters
    ----------
    path : path-like
    source_id, order, exposure, slit : optional
        Restrict the sequence: see `SpectrumSequence.select`.
    quantity : {'auto', 'flux', 'surface brightness'}, optional
        ``'auto'`` takes FLUX, or SURF_BRIGHT for extended sources (SRCTYPE or SOURCE_TYPE is
        EXTENDED). Where the one holds nothing but zeros and NaN and the other does not, the other.
    dq_bits : optional
        The data-quality flags that exclude a sample.

    Returns
    -------
    SpectrumSequence
        Its spectra have ``flux`` in the file's unit (Jy or MJy/sr; DN/s where the flux
        calibration was skipped), ``spectral_axis`` in micron, in the direction of the file,
        ``uncertainty`` a standard deviation, and ``mask`` True where the sample is flagged or not
        finite. The flagged values themselves are left as they are.

    Raises
    ------
    UnreadableProductError
        If there is no spectral table, or a table without WAVELENGTH or FLUX, or without rows.
    Stage3Error
        If no spectrum agrees with the restriction.
    """
    check_quantity(quantity)
    stamp = _stamp(path)
    name, entries = _listed(stamp, Path(path))
    sequence = SpectrumSequence(
        path, name, entries, quantity=quantity, dq_bits=dq_bits, stamp=stamp
    )
    if source_id is order is exposure is slit is None:
        return sequence
    return sequence.select(source_id=source_id, order=order, exposure=exposure, slit=slit)


def _stamp(path: str | os.PathLike) -> FileStamp:
    try:
        return file_stamp(path)
    except OSError:
        with open_product(path):  # says in words what is wrong
            raise


@lru_cache(maxsize=4)
def _listed(stamp: FileStamp, path: Path) -> tuple[str, tuple[SpectrumEntry, ...]]:
    """List the spectra of a file; of the last files, which people go back to, without reading."""
    with open_product(path) as hdus:
        check_unchanged(path, stamp)
        present = {hdu.name for hdu in hdus}
        name = next((n for n in _EXTENSIONS if n in present), None)
        if name is None:
            found = ", ".join(dict.fromkeys(hdu.name for hdu in hdus[1:]))
            problem = (
                f"no {' or '.join(_EXTENSIONS)} extension (found {found})"
                if found
                else "no extensions; the file is incomplete, download it again"
            )
            raise UnreadableProductError(f"{Path(path).name}: {problem}")
        primary = hdus[0].header
        entries: list[SpectrumEntry] = []
        for position, hdu in enumerate(hdus):
            if hdu.name == name:
                require_columns(hdu, ["WAVELENGTH", "FLUX"], path)
                entries += _table_entries(hdu, position, primary, path)
    if not entries:
        raise UnreadableProductError(f"{Path(path).name}: {name} has no rows; nothing to show")
    return name, tuple(_with_named_exposures(entries))


def _table_entries(
    hdu: fits.BinTableHDU, position: int, primary: fits.Header, path: str | os.PathLike
) -> list[SpectrumEntry]:
    """List the spectra of one extension: one, or in a WFSS table one for each row."""
    header = hdu.header
    n_rows = header["NAXIS2"]
    if n_rows == 0:
        return []
    of_all = SpectrumEntry(
        extension=position,
        row=None,
        source_id=header_int(header.get("SOURCEID")),
        order=header_int(header.get("SPORDER", primary.get("SPORDER"))),
        exposure=str(header.get("EXPGRPID") or header.get("FILENAME") or ""),
        slit=str(header.get("SLTNAME") or ""),
        detector=str(header.get("DETECTOR") or ""),
        source_type=str(header.get("SRCTYPE") or ""),
        n_wavelengths=n_rows,
        ra=header_float(header.get("SLIT_RA")),
        dec=header_float(header.get("SLIT_DEC")),
    )
    if "SOURCE_ID" not in hdu.columns.names:
        return [of_all]
    _check_vector_lengths(hdu, path)
    # column by column, for there are thousands of rows
    found = read_source_rows(hdu, Path(path))
    raw = found.source_type.tolist()
    words = {word: word.decode("ascii", "replace").strip(" \0") for word in set(raw)}
    types: Any = [words[word] for word in raw]
    columns: Any = of_all._replace(
        row=found.rows.tolist(),
        source_id=found.source_id.tolist(),
        source_type=types,
        n_wavelengths=found.n_wavelengths.tolist(),
        ra=found.ra.tolist(),
        dec=found.dec.tolist(),
    )
    values = (value if isinstance(value, list) else repeat(value) for value in columns)
    return list(map(SpectrumEntry._make, zip(*values)))  # noqa: B905 (repeat has no end)


def _with_named_exposures(entries: list[SpectrumEntry]) -> list[SpectrumEntry]:
    """Shorten what tells the exposures apart, and drop it where nothing needs telling apart."""
    keys = [(e.source_id, e.order, e.slit, e.detector) for e in entries]
    if len(set(keys)) == len(keys):
        return [entry._replace(exposure="") for entry in entries]
    named = {(key, entry.exposure) for key, entry in zip(keys, entries, strict=True)}
    if len(named) == len(keys) and all(entry.exposure for entry in entries):
        return entries
    # Without (distinct) names, number them: the extensions with the same of all else. A row's
    # source does not count, for a table lacks the sources that its exposure did not see.
    extensions: dict[tuple, dict[int, int]] = {}
    found = []
    for entry, key in zip(entries, keys, strict=True):
        numbers = extensions.setdefault(key if entry.row is None else key[1:], {})
        number = numbers.setdefault(entry.extension, len(numbers) + 1)
        found.append(entry._replace(exposure=str(number)))
    return found


def _check_vector_lengths(hdu: fits.BinTableHDU, path: str | os.PathLike) -> None:
    lengths = {
        name: vector_length(hdu.columns[name])
        for name in ("WAVELENGTH", "FLUX", "FLUX_ERROR", "ERROR", "DQ")
        if name in hdu.columns.names
    }
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise UnreadableProductError(
            f"{Path(path).name}: {hdu.name} has columns of unequal length ({found})"
        )
