"""A lazy sequence of `~specutils.Spectrum`: what it holds, and how one is built when asked for."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import StdDevUncertainty
from specutils import Spectrum

from ..errors import Stage3Warning, UnreadableProductError
from ..origin import FileStamp, check_unchanged
from .addressed_sequence import AddressedSequence
from .extensions import header_dict, native, open_product
from .quality import excluded, has_wavelength
from .stored_table import StoredTable
from .units import parse_unit

__all__ = ["SpectrumEntry", "SpectrumSequence"]

# Value and error columns: extract_1d writes FLUX_ERROR, combine_1d ERROR.
_FLUX = ("FLUX", ("FLUX_ERROR", "ERROR"))
_SURFACE_BRIGHTNESS = ("SURF_BRIGHT", ("SB_ERROR",))


class SpectrumEntry(NamedTuple):
    """Where one spectrum of a file is, and what it is of.

    A tuple, for a slitless file has 20 000 of them.

    Attributes
    ----------
    extension : int
        Position of its EXTRACT1D or COMBINE1D among the HDUs of the file, the primary one 0. EXTVER
        would not tell: in files that people put together all of them may have the same.
    row : int or None
        Row in a WFSS table (jwst 1.19 and later); None where the whole table is one spectrum.
    source_id : int or None
        Label of the source in the catalog (WFSS) or its number (MOS, fixed slits).
    order : int or None
        Spectral order.
    exposure : str
        What tells its exposure apart from the others in the file; empty if there is only one.
    slit : str
        Name of the slit.
    detector : str
        Name of the detector, where the extension says it.
    source_type : str
        ``'POINT'``, ``'EXTENDED'``, ``'UNKNOWN'`` or empty.
    n_wavelengths : int
        Length of the spectrum.
    ra, dec : float
        Position of the source in degrees (ICRS); NaN where unknown.
    """

    extension: int
    row: int | None
    source_id: int | None
    order: int | None
    exposure: str
    slit: str
    detector: str
    source_type: str
    n_wavelengths: int
    ra: float
    dec: float


class SpectrumSequence(AddressedSequence):
    """The spectra of an x1d or c1d file; each is read from the file when it is asked for.

    Parameters
    ----------
    path : path-like
    name : {'EXTRACT1D', 'COMBINE1D'}
        The extensions that hold the spectra.
    entries : sequence of SpectrumEntry
    quantity : {'auto', 'flux', 'surface brightness'}, optional
        What to read: see `read_spectra`.
    dq_bits : optional
        The data-quality flags that exclude a sample: see
        `jdaviz_stage3.readers.quality.dq_value`.
    stamp : FileStamp, optional
        Of the file when its spectra were listed; as it is now by default. From a file that was
        written anew since, no spectrum is read.
    exposures : sequence of str, optional
        Names of the exposures of the file, in its order, by which a selection counts them; those of
        the entries by default.

    Examples
    --------
    >>> spectra = read_spectra("jw…_x1d.fits")            # doctest: +SKIP
    >>> spectra.table                                     # doctest: +SKIP
    >>> spectra.select(source_id=7, order=1)[0]           # doctest: +SKIP
    """

    fields = (*AddressedSequence.fields, "n_wavelengths")

    def __init__(
        self,
        path: str | os.PathLike,
        name: str,
        entries: Sequence[SpectrumEntry],
        *,
        quantity: str = "auto",
        dq_bits: str | int | Iterable[str] | None = "DO_NOT_USE",
        stamp: FileStamp | None = None,
        exposures: Sequence[str] | None = None,
    ):
        super().__init__(path, entries, stamp=stamp, exposures=exposures)
        self.name = name
        self.quantity = quantity
        self.dq_bits = dq_bits

    def __repr__(self) -> str:
        return f"<SpectrumSequence {self.path.name}: {len(self)} spectra>"

    def _with_entries(self, entries: Sequence[SpectrumEntry]) -> SpectrumSequence:
        return SpectrumSequence(
            self.path,
            self.name,
            entries,
            quantity=self.quantity,
            dq_bits=self.dq_bits,
            stamp=self.stamp,
            exposures=self.exposures,
        )

    def _read(self, entries: Sequence[SpectrumEntry]) -> list[Spectrum]:
        with open_product(self.path) as hdus:
            check_unchanged(self.path, self.stamp)
            return [self._build(hdus, entry) for entry in entries]

    def column(self, index: int, name: str) -> u.Quantity | None:
        """Read any column of one spectrum, as it is in the file.

        Parameters
        ----------
        index : int
        name : str
            For example ``'BACKGROUND'``, ``'NPIXELS'``.

        Returns
        -------
        Quantity, shape (n_wavelengths,), or None
            None where the table has no such column.
        """
        entry = self.entries[index]
        with open_product(self.path) as hdus:
            check_unchanged(self.path, self.stamp)
            hdu = hdus[entry.extension]
            if name not in hdu.columns.names:
                return None
            values, unit = _SampleReader(hdu, entry, self.path)(name)
            return values * unit

    def _build(self, hdus: fits.HDUList, entry: SpectrumEntry) -> Spectrum:
        hdu = hdus[entry.extension]
        take = _SampleReader(hdu, entry, self.path)
        wavelength, unit = take("WAVELENGTH", "um")
        value, error, flux_unit, column = _choose_quantity(take, entry, self.quantity)
        dq = take("DQ")[0] if "DQ" in hdu.columns.names else None
        keep = _usable_wavelengths(wavelength, f"{self.path.name} {self.name}")
        if not keep.size:
            raise UnreadableProductError(
                f"{self.path.name}: no finite wavelength in {self.name} (extension "
                f"{entry.extension}{'' if entry.row is None else f', row {entry.row}'}); nothing "
                "to show"
            )
        mask = excluded(value, dq, self.dq_bits)[keep]
        if not value[keep][~mask].any():
            warnings.warn(
                f"{self.path.name}: no usable sample (finite and non-zero {column}, not flagged) "
                f"in {self.name} (extension {entry.extension})",
                Stage3Warning,
                stacklevel=4,
            )
        uncertainty = None
        if error is not None:
            uncertainty = StdDevUncertainty(error[keep] * flux_unit)
        meta = self._meta(hdus, hdu, entry, column)
        if dq is not None:
            meta["dq"] = dq[keep]
        return Spectrum(
            flux=value[keep] * flux_unit,
            spectral_axis=wavelength[keep] * unit,
            uncertainty=uncertainty,
            mask=mask,
            meta=meta,
        )

    def _meta(self, hdus, hdu, entry: SpectrumEntry, column: str) -> dict[str, Any]:
        meta = header_dict(hdus[0].header, hdu.header)
        meta.update(
            source_id=entry.source_id,
            order=entry.order,
            slit=entry.slit,
            exposure=entry.exposure,
            source_type=entry.source_type,
            extension=entry.extension,
            column=column,
            dq_bits=str(self.dq_bits),
        )
        if entry.row is not None:
            meta["row"] = entry.row
        if np.isfinite(entry.ra):
            meta.update(source_ra=entry.ra, source_dec=entry.dec)
        return meta


class _SampleReader:
    """Reads columns of one spectrum, whole or one row's vector, without the padding."""

    def __init__(self, hdu: fits.BinTableHDU, entry: SpectrumEntry, path: Path):
        self.hdu = hdu
        self.entry = entry
        self.table = StoredTable(hdu, path)
        self.where = f"{path.name} {hdu.name}"

    def __call__(self, column: str, default_unit: str = "") -> tuple[np.ndarray, u.UnitBase]:
        """Return (values, shape (n_wavelengths,), native byte order) and the column's unit."""
        row = self.entry.row
        if row is None:
            values = native(self.table.column(column, slice(0, self.table.n_rows)))
        else:
            values = native(self.table.column(column, slice(row, row + 1)))[0]
            values = values[: self.entry.n_wavelengths]
        unit = parse_unit(self.hdu.columns[column].unit, f"{self.where}.{column}", default_unit)
        return values.reshape(-1), unit


def _choose_quantity(
    take: _SampleReader, entry: SpectrumEntry, quantity: str
) -> tuple[np.ndarray, np.ndarray | None, u.UnitBase, str]:
    """Return values, errors, unit and column name of flux or surface brightness."""
    names = take.hdu.columns.names
    if quantity == "auto":
        wanted = _SURFACE_BRIGHTNESS if entry.source_type == "EXTENDED" else _FLUX
    else:
        wanted = _FLUX if quantity == "flux" else _SURFACE_BRIGHTNESS
    if wanted[0] not in names:
        wanted = _FLUX
    values, unit = take(wanted[0])
    if quantity == "auto" and not _has_signal(values):
        other = _FLUX if wanted is _SURFACE_BRIGHTNESS else _SURFACE_BRIGHTNESS
        if other[0] in names:
            other_values, other_unit = take(other[0])
            if _has_signal(other_values):
                wanted, values, unit = other, other_values, other_unit
    error_column = next((name for name in wanted[1] if name in names), None)
    error = take(error_column)[0] if error_column else None
    return values, error, unit, wanted[0]


def _has_signal(values: np.ndarray) -> bool:
    return bool(np.any(np.isfinite(values) & (values != 0)))


def _usable_wavelengths(wavelength: np.ndarray, where: str) -> np.ndarray:
    """Indices of a strictly monotonic run of finite wavelengths, as specutils requires."""
    keep = np.flatnonzero(has_wavelength(wavelength))
    steps = np.diff(wavelength[keep])
    if np.all(steps > 0) or np.all(steps < 0):
        return keep
    order = keep[np.unique(wavelength[keep], return_index=True)[1]]
    warnings.warn(
        f"{where}: wavelengths are not in order; sorted, and {keep.size - order.size} repeated "
        "ones left out",
        Stage3Warning,
        stacklevel=5,
    )
    return order
