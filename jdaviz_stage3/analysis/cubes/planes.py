"""A cube in pieces of some planes, so that what is computed of it needs no more at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from specutils import Spectrum

from ...errors import Stage3Error
from ...readers.cube_spectrum import CubeSpectrum
from ...readers.stored_cube import StoredCube, pixel_area

__all__ = ["CubePlanes", "Piece", "planes_of"]

_PIECE = 1_000_000  # values in a piece: some MB, whatever the size of the cube


@dataclass(frozen=True)
class Piece:
    """Some planes of a cube.

    Attributes
    ----------
    start : int
        Number of its first plane.
    values : ndarray of float, shape (n, ny, nx)
        NaN where samples are excluded.
    errors : ndarray of float, shape (n, ny, nx), or None
        Standard deviations; None where the cube has none, or they were not asked for.
    """

    start: int
    values: np.ndarray
    errors: np.ndarray | None

    @property
    def stop(self) -> int:
        """Number of the plane behind its last one."""
        return self.start + len(self.values)

    @property
    def variances(self) -> np.ndarray | None:
        """Squares of the errors, to be summed: 0 where samples are excluded.

        NaN where a sample is used whose error is not known: what is summed with it has none.
        """
        if self.errors is None:
            return None
        return np.where(np.isfinite(self.values), np.square(self.errors, dtype=float), 0.0)


class CubePlanes:
    """A cube with wavelength along its first axis, read in pieces; see `planes_of`.

    Parameters
    ----------
    cube : Spectrum or StoredCube
    """

    def __init__(self, cube: Spectrum | StoredCube):
        self._cube = cube
        self.unit: u.UnitBase = cube.unit
        self.wcs = cube.wcs
        self.meta: dict[str, Any] = dict(cube.meta)
        self.wavelength = u.Quantity(cube.spectral_axis).to(u.um, u.spectral())
        self.shape: tuple[int, ...] = tuple(cube.shape)

    @property
    def has_errors(self) -> bool:
        """Whether the cube has uncertainties."""
        if isinstance(self._cube, StoredCube):
            return self._cube.has_errors
        return self._cube.uncertainty is not None

    @property
    def pixel_area(self) -> u.Quantity:
        """Solid angle of a pixel, in sr."""
        return pixel_area(self.meta, self.wcs)

    def pieces(
        self, start: int = 0, stop: int | None = None, *, errors: bool = True,
        rows: slice = slice(None), columns: slice = slice(None),
    ) -> Iterator[Piece]:  # fmt: skip
        """Read planes, some at a time.

        Parameters
        ----------
        start, stop : int, optional
            The first plane, and that behind the last.
        errors : bool, optional
            Whether uncertainties are wanted.
        rows, columns : slice, optional
            The window of the planes that is wanted.

        Yields
        ------
        Piece
        """
        stop = self.shape[0] if stop is None else stop
        window = self._size(rows, 1) * self._size(columns, 2)
        step = max(1, _PIECE // max(window, 1))
        for first in range(start, stop, step):
            view = (slice(first, min(first + step, stop)), rows, columns)
            yield Piece(first, *self._read(view, errors and self.has_errors))

    def _size(self, part: slice, axis: int) -> int:
        return len(range(*part.indices(self.shape[axis])))

    def _read(self, view: tuple, errors: bool) -> tuple[np.ndarray, np.ndarray | None]:
        cube = self._cube
        if isinstance(cube, StoredCube):
            return cube.samples(view, errors=errors)
        values = np.array(cube.data[view], float)
        excluded = ~np.isfinite(values)
        if cube.mask is not None:
            excluded |= np.broadcast_to(np.asarray(cube.mask, bool), self.shape)[view]
        values[excluded] = np.nan
        if not errors:
            return values, None
        uncertainty = cube.uncertainty.represent_as(StdDevUncertainty)
        found = u.Quantity(uncertainty.array[view], uncertainty.unit or self.unit)
        return values, np.where(excluded, np.nan, found.to_value(self.unit))


def planes_of(cube: Spectrum | StoredCube | CubePlanes) -> CubePlanes:
    """Return a cube for reading in pieces.

    Parameters
    ----------
    cube : Spectrum or StoredCube
        Of three axes: as `jdaviz_stage3.read` gives it, where only what is needed is read of the
        file, or any other `~specutils.Spectrum`.

    Returns
    -------
    CubePlanes

    Raises
    ------
    Stage3Error
        If it has no three axes, or wavelength is not along the first one.
    """
    if isinstance(cube, CubePlanes):
        return cube
    if isinstance(cube, CubeSpectrum) and cube.is_stored:
        return CubePlanes(cube.stored)
    if not isinstance(cube, (Spectrum, StoredCube)):
        raise Stage3Error(
            f"{type(cube).__name__} is no spectral cube; jdaviz_stage3.read('…_s3d.fits') gives one"
        )
    if len(cube.shape) != 3:
        raise Stage3Error(f"the cube has {len(cube.shape)} axes, expected wavelength × y × x")
    if isinstance(cube, Spectrum) and cube.spectral_axis_index != 0:
        raise Stage3Error(
            "wavelength is not along the first axis of the cube; make it so with "
            "Spectrum(…, move_spectral_axis='first')"
        )
    return CubePlanes(cube)
