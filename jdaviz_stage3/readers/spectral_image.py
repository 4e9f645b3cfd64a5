"""A rectified 2-D spectrum of one slit or source; its arrays are read when they are asked for."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from specutils import Spectrum

from ..errors import Stage3Error, Stage3Warning, UnreadableProductError, reason_of
from ..origin import FileStamp, check_unchanged
from .addressed_sequence import check_quantity
from .extensions import header_dict
from .slit_axes import (
    SlitAxes,
    axes_of_fits_wcs,
    axes_of_gwcs,
    axes_of_image,
    fits_size,
    in_order,
    source_row_of_gwcs,
)
from .stored_gwcs import NO_GWCS, StoredGwcs
from .stored_image import StoredImage
from .units import parse_unit

__all__ = ["MOST_TILT", "SpectralImage", "SpectralImageEntry"]

#: Wavelengths that differ along the slit by less than this, in channels, are taken for the same.
MOST_TILT = 0.05


@dataclass(frozen=True)
class SpectralImageEntry:
    """Where one rectified 2-D spectrum of a file is, and what it is of.

    Attributes
    ----------
    extension : int
        Position of its SCI among the HDUs of the file, the primary one 0.
    source_id : int or None
        Number of the source (MOS, fixed slits), its label in the catalog (WFSS).
    order : int or None
        Spectral order.
    exposure : str
        What tells it from others with the same source, order and slit; empty if nothing needs to.
    slit : str
        Name of the slit.
    detector : str
        Name of the detector, where the extension says it.
    source_type : str
        ``'POINT'``, ``'EXTENDED'``, ``'UNKNOWN'`` or empty.
    n_wavelengths, n_rows : int
        Its size along the dispersion and along the slit.
    dispersion_axis : {1, 2}
        The axis of the FITS array along which the wavelength changes: 1 is x.
    ra, dec : float
        Position of the source in degrees (ICRS); NaN where unknown.
    """

    extension: int
    source_id: int | None
    order: int | None
    exposure: str
    slit: str
    detector: str
    source_type: str
    n_wavelengths: int
    n_rows: int
    dispersion_axis: int
    ra: float
    dec: float


@dataclass(frozen=True, eq=False)
class SpectralImage:
    """A rectified 2-D spectrum in its file.

    All arrays are given with the wavelength along the last axis. Where the dispersion is along y
    (MIRI LRS), they are transposed.

    Attributes
    ----------
    path : pathlib.Path
    stamp : FileStamp
        Of the file when it was listed; from a file that was written anew nothing is read.
    entry : SpectralImageEntry
    """

    path: Path
    stamp: FileStamp
    entry: SpectralImageEntry
    _planes: Mapping[str, StoredImage] = field(repr=False)
    _headers: tuple = field(repr=False)
    _gwcs: StoredGwcs = field(repr=False)
    _slit: int | None = field(repr=False)
    _table: Callable[[str, str], np.ndarray | None] = field(repr=False)

    def __deepcopy__(self, memo: dict) -> SpectralImage:
        # nothing here is changed by anyone
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The arrays that it has: ``'SCI'``, ``'ERR'``, ``'WHT'``, ``'CON'``, …."""
        return tuple(self._planes)

    @property
    def where(self) -> str:
        """File and slit, for messages."""
        entry = self.entry
        parts = [f"source {entry.source_id}" if entry.source_id is not None else "", entry.slit]
        return " ".join([self.path.name, *filter(None, parts)])

    @cached_property
    def header(self) -> dict[str, Any]:
        """The keywords of the primary and the SCI header."""
        return header_dict(*self._headers)

    def array(self, name: str) -> np.ndarray:
        """Read one array.

        Parameters
        ----------
        name : str
            One of `names`.

        Returns
        -------
        ndarray, shape (n_rows, n_wavelengths)
            In native byte order; CON can have a leading axis, one plane for 32 exposures.

        Raises
        ------
        Stage3Error
            If it has no array of that name.
        UnreadableProductError
            If the file was written anew or cut since it was listed.
        """
        if name not in self._planes:
            raise Stage3Error(f"{self.where}: no {name} array; it has {', '.join(self._planes)}")
        values = self._planes[name].read(self.path, self.stamp)
        if self.entry.dispersion_axis == 2:
            values = np.ascontiguousarray(np.swapaxes(values, -1, -2))
        return values

    def _array_like_science(self, name: str) -> np.ndarray | None:
        """The array, None where there is none of SCI's size."""
        shape = self._planes["SCI"].shape
        if name not in self._planes or self._planes[name].shape[-2:] != shape:
            return None
        return self.array(name)

    @cached_property
    def axes(self) -> SlitAxes:
        """Its axes: from the FITS WCS, the gwcs, or the image of wavelengths, the first there is.

        Raises
        ------
        UnreadableProductError
            If it has none of them.
        """
        entry, notes = self.entry, []
        axis, size = entry.dispersion_axis, (entry.n_wavelengths, entry.n_rows)
        header = self._headers[-1]
        found = axes_of_fits_wcs(header, axis, *size, table=self._table)
        if isinstance(found, SlitAxes):
            return found
        if found:
            notes.append(found)
        axes = self._axes_of_gwcs(notes)
        if axes is None:
            wavelength = self._array_like_science("WAVELENGTH")
            if wavelength is not None and np.any(wavelength > 0):
                axes = axes_of_image(wavelength)
        if axes is None:
            raise UnreadableProductError(
                f"{self.where}: no wavelengths (no FITS WCS of them, no gwcs, no WAVELENGTH"
                f"{'; ' + '; '.join(notes) if notes else ''}); there is no axis to show it on"
            )
        if notes:
            self._warn(f"{'; '.join(notes)}; wavelengths are from {axes.source}")
        return axes

    def prepare_all(self) -> None:
        """Read what all slits of the file share, before many of them are read."""
        check_unchanged(self.path, self.stamp)
        self._gwcs.prepare_all()

    def _axes_of_gwcs(self, notes: list[str]) -> SlitAxes | None:
        """Take the axes from the gwcs; where there is one that cannot be used, note why."""
        entry = self.entry
        axis, size = entry.dispersion_axis, (entry.n_wavelengths, entry.n_rows)
        check_unchanged(self.path, self.stamp)
        wcs = self._gwcs.get() if self._slit is None else self._gwcs.of_slit(self._slit)
        if wcs is None:
            if self._gwcs.problem != NO_GWCS:
                notes.append(self._gwcs.problem)
            return None
        if not fits_size(wcs, axis, *size):
            notes.append("its gwcs is one of an image of another size")
            return None
        try:
            row = source_row_of_gwcs(wcs, axis, *size, self.header)
            return axes_of_gwcs(wcs, axis, *size, source_row=row)
        except Exception as err:  # whatever the transforms of a broken gwcs raise
            notes.append(f"its gwcs cannot be used ({reason_of(err)})")
            return None

    def spectrum(self, quantity: str = "auto") -> Spectrum:
        """Read it.

        Parameters
        ----------
        quantity : {'auto', 'flux', 'surface brightness'}, optional
            See `jdaviz_stage3.readers.spectral_images.read_spectral_images`.

        Returns
        -------
        specutils.Spectrum
            See `jdaviz_stage3.readers.spectral_images.read_spectral_images`.

        Raises
        ------
        UnreadableProductError
            If there are no wavelengths, or they are not in order.
        Stage3Error
            If the quantity cannot be had.
        """
        check_quantity(quantity)
        axes = self.axes
        wavelength, own = in_order(axes, self.where)
        science = self.array("SCI")
        mask = ~np.isfinite(science) | ~own | self._without_data()
        self._warn_of(axes, science, mask, own)
        unit_text = self._headers[-1].get("BUNIT")
        if not unit_text:
            self._warn("SCI has no BUNIT; its values are shown without a unit")
        unit = parse_unit(unit_text, f"{self.where} SCI")
        error = self._array_like_science("ERR")
        if error is None:
            what = "ERR has another shape than SCI" if "ERR" in self._planes else "no ERR extension"
            self._warn(f"{what}; there are no uncertainties")
        factor = self._factor(unit, quantity)
        if factor != 1:
            unit = unit * factor.unit
            science = science * factor.value
            error = None if error is None else error * factor.value
        return Spectrum(
            flux=science * unit,
            spectral_axis=wavelength,
            spectral_axis_index=1,
            uncertainty=None if error is None else StdDevUncertainty(error * unit),
            mask=mask,
            meta=self._meta(axes),
        )

    def _factor(self, unit: u.UnitBase, quantity: str) -> u.Quantity:
        """What values are multiplied with: the solid angle of a pixel, one over it, or 1."""
        per_sr, per_pixel = (unit.is_equivalent(kind) for kind in (u.Jy / u.sr, u.Jy))
        if not (quantity == "flux" and per_sr or quantity == "surface brightness" and per_pixel):
            return u.Quantity(1)
        area = self.header.get("PIXAR_SR")
        if not isinstance(area, (int, float)) or not area > 0:
            raise Stage3Error(
                f"{self.where}: has no PIXAR_SR, the solid angle of a pixel, so its {unit} cannot "
                f"be given as {quantity}"
            )
        return area * u.sr if per_sr else 1 / (area * u.sr)

    def _without_data(self) -> np.ndarray:
        """Where no exposure has contributed: the weight is zero, or no bit of the context is set.

        There the value is NaN, and zero in files of jwst before 1.9.
        """
        empty = np.zeros((self.entry.n_rows, self.entry.n_wavelengths), dtype=bool)
        weight = self._array_like_science("WHT")
        if weight is not None:
            return empty | ~(weight > 0)
        context = self._array_like_science("CON")
        if context is not None:
            return empty | ~(context.reshape(-1, *empty.shape) != 0).any(axis=0)
        return empty

    def _warn_of(
        self, axes: SlitAxes, science: np.ndarray, mask: np.ndarray, own: np.ndarray
    ) -> None:
        if axes.tilt > MOST_TILT:
            at = "the middle of the slit" if axes.source == "WAVELENGTH" else f"the {axes.origin}"
            self._warn(
                f"the wavelength changes along the slit, by up to {axes.tilt:.2g} channels; the "
                f"axis holds that of {at}"
            )
        lost = int((~own & np.isfinite(science) & (science != 0)).any(axis=0).sum())
        if lost:
            self._warn(
                f"{lost} of {len(own)} columns have no wavelength of their own ({axes.source}); "
                "they are left out"
            )
        if not science[~mask].any():
            self._warn("no usable pixel (finite and non-zero SCI, with a weight and a wavelength)")

    def _meta(self, axes: SlitAxes) -> dict[str, Any]:
        entry = self.entry
        meta = self.header | {
            "source_id": entry.source_id,
            "order": entry.order,
            "slit": entry.slit,
            "exposure": entry.exposure,
            "source_type": entry.source_type,
            "dispersion_axis": entry.dispersion_axis,
            "wavelengths_from": axes.source,
        }
        if np.isfinite(entry.ra):
            meta |= {"source_ra": entry.ra, "source_dec": entry.dec}
        if axes.pixel_scale is not None:
            meta |= {
                "pixel_scale": axes.pixel_scale,
                "origin_row": axes.origin_row,
                "offsets_from": axes.origin,
            }
        return meta

    @property
    def offset(self) -> u.Quantity | None:
        """Offset of each row along the slit, in arcsec; None where it is not known.

        ``axes.origin`` says what it is counted from.
        """
        offsets = self.axes.offsets(np.arange(self.entry.n_rows))
        return None if offsets is None else offsets * u.arcsec

    def _warn(self, text: str) -> None:
        warnings.warn(f"{self.where}: {text}", Stage3Warning, stacklevel=4)
