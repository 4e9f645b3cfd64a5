"""Spectra in the data collection whose values are read from their file when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from astropy import units as u
from specutils import Spectrum

from .stored_data import StoredData

__all__ = ["DeferredSpectrum", "StoredSpectralData"]


class DeferredSpectrum(Spectrum):
    """A spectrum in memory whose values are made when they are asked for; made by `of`."""

    _compute: Callable[[], np.ndarray] | None = None
    _is_held: Callable[[], bool] = staticmethod(lambda: False)

    @classmethod
    def of(
        cls,
        shape: tuple[int, ...],
        unit: u.UnitBase,
        spectral_axis: u.Quantity,
        compute: Callable[[], np.ndarray],
        meta: dict[str, Any],
        is_held: Callable[[], bool] | None = None,
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
        is_held : callable, optional
            Returns whether nobody needs the values for the time being: then they are 0.
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
        if is_held is not None:
            spectrum._is_held = is_held
        return spectrum

    @property
    def shape(self) -> tuple[int, ...]:
        return self._data.shape

    @property
    def data(self) -> np.ndarray:
        if self._compute is not None and not self._is_held():
            self._data, self._compute = self._compute(), None
        return self._data


class StoredSpectralData(StoredData):
    """Spectra, of one stored component."""

    _held = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let spectra of these data have no values meanwhile, for somebody who wants their unit.

        jdaviz's Unit Conversion looks for a ``flux`` in the first data that a viewer shows.
        """
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def get_object(self, cls=None, *, statistic="mean", **options):
        """Return the data as a spectrum whose arrays are read when they are asked for."""
        whole = statistic is None and cls in (None, Spectrum) and not options.get("attribute")
        if whole:
            return self._whole()
        if cls in (None, Spectrum):
            options["statistic"] = statistic
            if options == {"statistic": "mean"}:
                # jdaviz asks for it to see the wavelengths, at each change of units
                return self._mean(
                    lambda: super(StoredSpectralData, self).get_object(cls, **options).data
                )
        return super().get_object(cls, **options)

    def _whole(self) -> Spectrum:
        """All of it, not read yet."""
        raise NotImplementedError

    def _mean(self, compute: Callable[[], np.ndarray]) -> Spectrum:
        """The mean over all axes but that of wavelength, not computed yet."""
        raise NotImplementedError
