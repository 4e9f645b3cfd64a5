"""Data in the data collection whose values are read from their file when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from astropy import units as u
from glue.core import Data
from glue.core.component import Component
from glue.utils import compute_statistic
from specutils import Spectrum

__all__ = ["DeferredSpectrum", "StoredComponent", "StoredData"]

_PLANES = 24  # that a sample for the limits of the colours is taken from


class StoredComponent(Component):
    """Values that are read when they are asked for, excluded ones NaN.

    Parameters
    ----------
    stored : object
        That reads what it is indexed with; with ``shape``, ``ndim``, ``size`` and ``dtype``.
    unit : Unit
    """

    def __init__(self, stored: Any, unit: u.UnitBase):
        super().__init__(stored, units=unit.to_string())
        self._sample: tuple[int, np.ndarray] | None = None

    @property
    def numeric(self) -> bool:
        """They are, which glue would read one of them for."""
        return True

    def sample(self, count: int) -> np.ndarray:
        """Read about so many values, from planes all over the first axis.

        Parameters
        ----------
        count : int

        Returns
        -------
        ndarray, shape (n,)
        """
        if self._sample is None or self._sample[0] != count:
            length = self.shape[0]
            planes = np.unique(np.linspace(0, length - 1, min(length, _PLANES)).astype(int))
            values = np.concatenate([self[int(plane)].ravel() for plane in planes])
            self._sample = (count, values[:: max(1, len(values) // count)].copy())
        return self._sample[1]


class DeferredSpectrum(Spectrum):
    """A spectrum in memory whose values are made when they are asked for; made by `of`."""

    _compute: Callable[[], np.ndarray] | None = None

    @classmethod
    def of(
        cls,
        shape: tuple[int, ...],
        unit: u.UnitBase,
        spectral_axis: u.Quantity,
        compute: Callable[[], np.ndarray],
        meta: dict[str, Any],
        **options: Any,
    ) -> DeferredSpectrum:
        """Make one without its values.

        Parameters
        ----------
        shape : tuple of int
        unit : Unit
        spectral_axis : Quantity
        compute : callable
            Returns the values.
        meta : dict
        **options
            Further ones of `~specutils.Spectrum`.

        Returns
        -------
        DeferredSpectrum
        """
        # takes no memory: it stands for the array until that is asked for
        nothing = np.broadcast_to(np.float32(0), shape)
        spectrum = cls(
            flux=u.Quantity(nothing, unit, copy=False), mask=None, spectral_axis=spectral_axis,
            meta=dict(meta), **options,
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


class StoredData(Data):
    """Data with one stored component, which is read by parts where glue asks for parts."""

    def get_data(self, cid, view=None):
        """Return values as an array, also where all of them are asked for."""
        stored = isinstance(self._components.get(cid), StoredComponent)
        return super().get_data(cid, (Ellipsis,) if stored and view is None else view)

    def get_object(self, cls=None, *, statistic="mean", **options):
        """Return the data as a spectrum whose arrays are read when they are asked for."""
        whole = statistic is None and cls in (None, Spectrum) and not options.get("attribute")
        if whole:
            return self._whole()
        if cls in (None, Spectrum):
            options["statistic"] = statistic
            if options == {"statistic": "mean"}:
                # jdaviz asks for it to see the wavelengths, at each change of units
                return self._mean(lambda: super(StoredData, self).get_object(cls, **options).data)
        return super().get_object(cls, **options)

    def _whole(self) -> Spectrum:
        """All of it, not read yet."""
        raise NotImplementedError

    def _mean(self, compute: Callable[[], np.ndarray]) -> Spectrum:
        """The mean over all axes but that of wavelength, not computed yet."""
        raise NotImplementedError

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
