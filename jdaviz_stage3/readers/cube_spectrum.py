"""A `~specutils.Spectrum` of three axes whose arrays are read when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from specutils import Spectrum

from ..errors import Stage3Error

if TYPE_CHECKING:
    from .stored_cube import StoredCube

__all__ = ["CubeSpectrum"]


class CubeSpectrum(Spectrum):
    """A spectral cube, read by parts: ``cube[10:20]``, ``cube[:, 4, 5]``; made by `of`.

    What indexing gives is a plain spectrum in memory. ``flux``, ``mask`` and ``uncertainty`` read
    all of their array when they are first asked for, and keep it. The samples that the mask
    excludes are left as they are in the file, unless they were to be blanked.

    Parameters
    ----------
    flux : Quantity
    **options
        Those of `~specutils.Spectrum`, for what specutils makes of it in memory.
    """

    _stored: StoredCube | None = None
    _blank = False
    _unread: frozenset[str] = frozenset()

    def __init__(self, flux: u.Quantity | None = None, **options: Any):
        super().__init__(flux, **options)

    @classmethod
    def of(
        cls, stored: StoredCube, *, blank: bool = False, meta: dict[str, Any] | None = None
    ) -> CubeSpectrum:
        """Make one of a cube in its file, without reading it.

        Parameters
        ----------
        stored : StoredCube
        blank : bool, optional
            Whether excluded samples and their uncertainties are NaN.
        meta : dict, optional
            In place of that of the file.

        Returns
        -------
        CubeSpectrum
        """
        # takes no memory: it stands for the array until that is asked for
        nothing = np.broadcast_to(np.float32(0), stored.shape)
        cube = cls(
            flux=u.Quantity(nothing, stored.unit, copy=False),
            wcs=stored.wcs,
            mask=False,
            spectral_axis_index=0,
            meta=dict(stored.meta if meta is None else meta),
        )
        cube._stored, cube._blank = stored, blank
        cube._unread = frozenset({"data", "mask", "uncertainty"})
        return cube

    @property
    def is_stored(self) -> bool:
        """Whether it stands for a cube in its file."""
        return self._stored is not None

    @property
    def stored(self) -> StoredCube:
        """The cube in its file.

        Raises
        ------
        Stage3Error
            If it is in memory only, as what was computed of a cube is.
        """
        if self._stored is None:
            raise Stage3Error("this cube is in memory only, and has no file")
        return self._stored

    @property
    def shape(self) -> tuple[int, ...]:
        """(n_wave, ny, nx)."""
        return self._data.shape

    def _read(self, what: str) -> bool:
        """Whether to read an array now, for it was asked for the first time."""
        if what not in self._unread:
            return False
        self._unread -= {what}
        return True

    @property
    def data(self) -> np.ndarray:
        """The values as they are in the file, shape (n_wave, ny, nx)."""
        if self._read("data"):
            self._data = self.stored.values() if self._blank else self.stored.science[...]
        return self._data

    @property
    def mask(self) -> np.ndarray | None:
        """True where a sample is flagged, has no weight, or is not finite."""
        if self._read("mask"):
            self._mask: np.ndarray | None = self.stored.excluded()
        return self._mask

    @mask.setter
    def mask(self, value: np.ndarray | None) -> None:
        self._unread -= {"mask"}
        self._mask = value

    @property
    def uncertainty(self) -> StdDevUncertainty | None:
        """A standard deviation, from ERR; None if the file has none."""
        if self._read("uncertainty") and self.stored.has_errors:
            error = self.stored.errors() if self._blank else self.stored.error[...]
            self.uncertainty = StdDevUncertainty(error, copy=False)
        return super().uncertainty

    @uncertainty.setter
    def uncertainty(self, value: Any) -> None:
        self._unread -= {"uncertainty"}
        Spectrum.uncertainty.fset(self, value)  # which ties it to this spectrum

    def __getitem__(self, item: Any) -> Spectrum:
        if self._stored is None or not self._unread:
            return super().__getitem__(item)
        return self._stored.spectrum(self._by_number(item), blank=self._blank)

    def _by_number(self, item: Any) -> Any:
        """The index with wavelengths turned into numbers of planes."""
        parts: list[Any] = list(item) if isinstance(item, tuple) else [item]
        if isinstance(parts[0], slice):
            parts[0] = self._planes(parts[0])
        return tuple(parts)

    def _planes(self, wanted: slice) -> slice:
        if not any(isinstance(end, u.Quantity) for end in (wanted.start, wanted.stop)):
            return wanted
        axis = self.spectral_axis.value
        inside = np.ones(axis.shape, bool)
        for end, compare in ((wanted.start, np.greater_equal), (wanted.stop, np.less)):
            if end is not None:
                inside &= compare(axis, end.to_value(self.spectral_axis.unit, u.spectral()))
        planes = np.flatnonzero(inside)
        if not planes.size:
            raise Stage3Error(
                f"no wavelengths from {wanted.start} to {wanted.stop}; the cube has "
                f"{axis.min():.4g} to {axis.max():.4g} {self.spectral_axis.unit}"
            )
        return slice(int(planes[0]), int(planes[-1]) + 1)

    def __repr__(self) -> str:
        if not self._unread:
            return super().__repr__()
        axis = self.spectral_axis
        return (
            f"<CubeSpectrum {' × '.join(map(str, self.shape))} {self.unit}, "
            f"{axis[0].value:.4g} to {axis[-1]:.4g}; {self.stored.path.name}>"
        )

    __str__ = __repr__
