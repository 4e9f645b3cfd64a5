"""A cube in the data collection that is read from its file by parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from specutils import Spectrum

from ..jdaviz_compat import spectral_axis_at
from ..readers.cube_spectrum import CubeSpectrum
from ..readers.plane_samples import PlaneSamples
from ..readers.stored_cube import StoredCube
from .stored_data import StoredComponent
from .stored_spectra import DeferredSpectrum, StoredSpectralData

__all__ = ["CubeData"]


class _Parts:
    """What stands for the array: jdaviz takes single values of it under the cursor."""

    def __init__(self, cube: StoredCube):
        self.shape, self.ndim, self.size = cube.shape, len(cube.shape), cube.science.size
        self.dtype = cube.science.dtype
        self._cube = cube
        self._samples = PlaneSamples(self)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, view: Any) -> np.ndarray:
        return self._cube.values(view)

    def sample(self, count: int) -> np.ndarray:
        return self._samples.read(count)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self._cube.values(), dtype=dtype)


class CubeData(StoredSpectralData):
    """Data of a cube: its samples, and no others.

    Parameters
    ----------
    cube : StoredCube
    """

    def __init__(self, cube: StoredCube):
        super().__init__(coords=cube.wcs)
        self.add_component(StoredComponent(_Parts(cube), cube.unit), "flux")
        self._cube = cube
        self._preferred_translation = Spectrum
        self.meta.update(cube.meta)
        self.meta.update(spectral_axis_at(0))

    def _whole(self) -> Spectrum:
        return CubeSpectrum.of(self._cube, blank=True, meta=self.meta)

    def _mean(self, compute: Callable[[], np.ndarray]) -> Spectrum:
        cube = self._cube
        return DeferredSpectrum.of(
            cube.shape[:1], cube.unit, cube.spectral_axis, compute, self.meta
        )
