"""A cube in the data collection that is read from its file by parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from astropy import units as u
from glue.core import Data
from glue.core.component import Component
from glue.utils import compute_statistic
from specutils import Spectrum

from ..jdaviz_compat import spectral_axis_first
from ..readers.cube_spectrum import CubeSpectrum
from ..readers.stored_cube import StoredCube

__all__ = ["CubeData", "StoredComponent"]

_PLANES = 24  # that a sample for the limits of the colours is taken from


class StoredComponent(Component):
    """Values of a cube that are read when they are asked for, excluded ones NaN.

    Parameters
    ----------
    cube : StoredCube
    """

    def __init__(self, cube: StoredCube):
        super().__init__(_Parts(cube), units=cube.unit.to_string())
        self._sample: tuple[int, np.ndarray] | None = None

    @property
    def numeric(self) -> bool:
        """They are, which glue would read one of them for."""
        return True

    def sample(self, count: int) -> np.ndarray:
        """Read about so many values, from planes all over the cube.

        Parameters
        ----------
        count : int

        Returns
        -------
        ndarray, shape (n,)
        """
        if self._sample is None or self._sample[0] != count:
            n_wave = self.shape[0]
            planes = np.unique(np.linspace(0, n_wave - 1, min(n_wave, _PLANES)).astype(int))
            values = np.concatenate([self[int(plane)].ravel() for plane in planes])
            self._sample = (count, values[:: max(1, len(values) // count)].copy())
        return self._sample[1]


class _Parts:
    """What stands for the array: jdaviz takes single values of it under the cursor."""

    def __init__(self, cube: StoredCube):
        self.shape, self.ndim, self.size = cube.shape, len(cube.shape), cube.science.size
        self.dtype = cube.science.dtype
        self._cube = cube

    def __getitem__(self, view: Any) -> np.ndarray:
        return self._cube.values(view)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self._cube.values(), dtype=dtype)


class _MeanSpectrum(Spectrum):
    """The mean over the pixels of a cube, computed when its values are asked for."""

    _compute: Callable[[], np.ndarray] | None = None

    @classmethod
    def of(
        cls, cube: StoredCube, compute: Callable[[], np.ndarray], meta: dict[str, Any]
    ) -> _MeanSpectrum:
        nothing = np.broadcast_to(np.float32(0), cube.shape[:1])
        spectrum = cls(
            flux=u.Quantity(nothing, cube.unit, copy=False), mask=None,
            spectral_axis=cube.spectral_axis, meta=dict(meta),
        )  # fmt: skip
        spectrum._compute = compute
        return spectrum

    @property
    def shape(self) -> tuple[int, ...]:
        return self._data.shape

    @property
    def data(self) -> np.ndarray:
        if self._compute is not None:
            self._data, self._compute = self._compute(), None
        return self._data


class CubeData(Data):
    """Data of a cube: its samples, and no others.

    Parameters
    ----------
    cube : StoredCube
    """

    def __init__(self, cube: StoredCube):
        super().__init__(coords=cube.wcs)
        self.add_component(StoredComponent(cube), "flux")
        self._cube = cube
        self._preferred_translation = Spectrum
        self.meta.update(cube.meta)
        self.meta.update(spectral_axis_first())

    def get_data(self, cid, view=None):
        """Return values as an array, also where all of them are asked for."""
        stored = isinstance(self._components.get(cid), StoredComponent)
        return super().get_data(cid, (Ellipsis,) if stored and view is None else view)

    def get_object(self, cls=None, *, statistic="mean", **options):
        """Return the cube as a spectrum whose arrays are read when they are asked for."""
        whole = statistic is None and cls in (None, Spectrum) and not options.get("attribute")
        if whole:
            return CubeSpectrum.of(self._cube, blank=True, meta=self.meta)
        if cls in (None, Spectrum):
            options["statistic"] = statistic
            if options == {"statistic": "mean"}:
                # jdaviz asks for it to see the wavelengths, at each change of units
                return _MeanSpectrum.of(self._cube, lambda: self._mean(cls), self.meta)
        return super().get_object(cls, **options)

    def _mean(self, cls: type) -> np.ndarray:
        return super().get_object(cls, statistic="mean").data

    def compute_statistic(self, statistic, cid, *args, **options):
        """Compute a statistic, of a sample without reading all the rest."""
        count = options.get("random_subset")
        component = self._components.get(cid)
        parts = ("subset_state", "axis", "view")
        of_all = not args and all(options.get(key) is None for key in parts)
        if not (count and of_all and isinstance(component, StoredComponent)):
            return super().compute_statistic(statistic, cid, *args, **options)
        kept = ("finite", "positive", "percentile")
        keywords = {key: options[key] for key in kept if key in options}
        return compute_statistic(statistic, component.sample(count), **keywords)
