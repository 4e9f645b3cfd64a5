"""A spectral cube in its file: samples, errors and what is excluded, for any part of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_area
from specutils import Spectrum

from ..errors import Stage3Error
from ..origin import FileStamp
from .quality import dq_mask
from .stored_array import StoredArray

__all__ = ["CUBE_DQ_BITS", "StoredCube", "pixel_area"]

#: The flags that exclude samples of a cube: cube_build sets NON_SCIENCE where no exposure looked,
#: as a rule with DO_NOT_USE, which alone marks holes within the field.
CUBE_DQ_BITS = ("DO_NOT_USE", "NON_SCIENCE")


class StoredCube:
    """A spectral cube in its file.

    Parameters
    ----------
    path : path
    stamp : FileStamp
        Of the file when it was opened.
    stored : dict of str to StoredArray or None
        ``SCI``, ``ERR``, ``DQ`` and ``WMAP``, None for what the file has not.
    unit : Unit
        Of SCI and ERR.
    wcs : astropy.wcs.WCS
        Of three axes: two on the sky, and wavelength.
    spectral_axis : Quantity, shape (n_wave,)
    meta : dict
        Keywords of the primary header and of SCI.
    dq_bits : optional
        The flags that exclude a sample.
    """

    def __init__(
        self,
        path: Path,
        stamp: FileStamp,
        stored: dict[str, StoredArray | None],
        unit: u.UnitBase,
        wcs: WCS,
        spectral_axis: u.Quantity,
        meta: dict[str, Any],
        dq_bits: str | int | Iterable[str] | None = CUBE_DQ_BITS,
    ):
        self.path, self.stamp = path, stamp
        self._stored = stored
        self.unit, self.wcs, self.spectral_axis, self.meta = unit, wcs, spectral_axis, meta
        self.dq_bits = dq_bits

    def __repr__(self) -> str:
        return f"<StoredCube {self.path.name}: {' × '.join(map(str, self.shape))} {self.unit}>"

    @property
    def shape(self) -> tuple[int, ...]:
        """(n_wave, ny, nx)."""
        return self.science.shape

    @property
    def science(self) -> StoredArray:
        """SCI as it is stored."""
        found = self._stored["SCI"]
        assert found is not None
        return found

    @property
    def error(self) -> StoredArray:
        """ERR as it is stored.

        Raises
        ------
        Stage3Error
            If the file has none.
        """
        found = self._stored["ERR"]
        if found is None:
            raise Stage3Error(f"{self.path.name}: has no ERR extension")
        return found

    @property
    def has_errors(self) -> bool:
        """Whether there is ERR."""
        return self._stored["ERR"] is not None

    @property
    def pixel_area(self) -> u.Quantity:
        """Solid angle of a pixel in sr: PIXAR_SR, or from the coordinates where it is missing."""
        return pixel_area(self.meta, self.wcs)

    def samples(
        self, view: Any = ..., *, errors: bool = True
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Read samples and their standard deviations, NaN where excluded.

        Parameters
        ----------
        view : index, optional
            As numpy takes it.
        errors : bool, optional
            Whether to read ERR, too.

        Returns
        -------
        values : ndarray of float32
        errors : ndarray of float32 or None
        """
        values = self.science[view]
        excluded = self.excluded(view, values)
        found = self._blank(self.error[view], excluded) if errors else None
        return self._blank(values, excluded), found

    def values(self, view: Any = ...) -> np.ndarray:
        """Read samples, NaN where excluded.

        Parameters
        ----------
        view : index, optional

        Returns
        -------
        ndarray of float32
        """
        return self.samples(view, errors=False)[0]

    def errors(self, view: Any = ...) -> np.ndarray:
        """Read standard deviations, NaN where samples are excluded.

        Parameters
        ----------
        view : index, optional

        Returns
        -------
        ndarray of float32
        """
        return self._blank(self.error[view], self.excluded(view))

    @staticmethod
    def _blank(values: np.ndarray, excluded: np.ndarray) -> np.ndarray:
        if not np.any(excluded):
            return values
        return np.where(excluded, values.dtype.type(np.nan), values)

    def covered(self, view: Any = ...) -> np.ndarray:
        """Read where any exposure has looked: WMAP is not 0.

        Parameters
        ----------
        view : index, optional

        Returns
        -------
        ndarray of bool
            True everywhere where the file has no WMAP.
        """
        weight = self._stored["WMAP"]
        if weight is None:
            return np.ones_like(self.science[view], dtype=bool)
        return weight[view] != 0

    def excluded(self, view: Any = ..., science: np.ndarray | None = None) -> np.ndarray:
        """Read which samples are excluded: flagged, of no weight (WMAP is 0), or not finite.

        Parameters
        ----------
        view : index, optional
        science : ndarray, optional
            Of the view, where it was read already.

        Returns
        -------
        ndarray of bool
        """
        excluded = ~np.isfinite(self.science[view] if science is None else science)
        dq, weight = self._stored["DQ"], self._stored["WMAP"]
        if dq is not None:
            excluded = excluded | dq_mask(dq[view], self.dq_bits)
        if weight is not None:
            excluded = excluded | (weight[view] == 0)
        return excluded

    def spectrum(self, view: Any = ..., *, blank: bool = False) -> Spectrum:
        """Read a part as a spectrum in memory.

        Parameters
        ----------
        view : index, optional
            Numbers and slices. The spectral axis stays, also where one plane is asked for.
        blank : bool, optional
            Whether excluded samples and their uncertainties are NaN.

        Returns
        -------
        specutils.Spectrum
            With ``mask`` and ``uncertainty``.
        """
        parts = self.science.full_view(view)
        if not isinstance(parts[0], slice):
            parts = (slice(int(parts[0]), int(parts[0]) + 1 or None), *parts[1:])
        science = self.science[parts]
        axes: dict[str, Any] = {"spectral_axis": self.spectral_axis[parts[0]]}
        if all(isinstance(part, slice) and part.step in (None, 1) for part in parts):
            axes = {"wcs": self.wcs[parts]}
        excluded = self.excluded(parts, science)
        error = self.error[parts] if self.has_errors else None
        if blank:
            science = self._blank(science, excluded)
            error = None if error is None else self._blank(error, excluded)
        return Spectrum(
            flux=u.Quantity(science, self.unit, copy=False),
            uncertainty=None if error is None else StdDevUncertainty(error, copy=False),
            mask=excluded,
            meta=dict(self.meta),
            spectral_axis_index=0,
            **axes,
        )


def pixel_area(meta: dict[str, Any], wcs: WCS) -> u.Quantity:
    """Return the solid angle of a pixel of a cube.

    Parameters
    ----------
    meta : dict
        With ``PIXAR_SR`` or without.
    wcs : astropy.wcs.WCS
        Where there is no such keyword.

    Returns
    -------
    Quantity
        In sr; NaN where it is not known.
    """
    given = meta.get("PIXAR_SR")
    if isinstance(given, (int, float)) and np.isfinite(given) and given > 0:
        return float(given) * u.sr
    if getattr(wcs, "has_celestial", False):
        return (proj_plane_pixel_area(wcs.celestial) * u.deg**2).to(u.sr)
    return np.nan * u.sr
