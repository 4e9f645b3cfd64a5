"""A long spectral time series in the data collection that is read from its file by parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from astropy import units as u
from specutils import Spectrum

from ..jdaviz_compat import spectral_axis_at
from ..readers.stored_series import StoredSeries
from .stored_data import StoredComponent
from .stored_spectra import DeferredSpectrum, StoredSpectralData

__all__ = ["SeriesData"]


class SeriesData(StoredSpectralData):
    """A dynamic spectrum: integrations along y, wavelength along x; excluded samples NaN.

    Parameters
    ----------
    series : StoredSeries
    wavelength : Quantity, shape (n_wave,)
    meta : dict

    Attributes
    ----------
    series : StoredSeries
    spectral_axis : Quantity, shape (n_wave,)
    """

    def __init__(self, series: StoredSeries, wavelength: u.Quantity, meta: dict[str, Any]):
        self.series, self.spectral_axis = series, wavelength
        super().__init__(coords=self._deferred({}).wcs)
        self.add_component(StoredComponent(series, series.unit), "flux")
        self._preferred_translation = Spectrum
        self.meta.update(meta)
        self.meta.update(spectral_axis_at(1))

    def _deferred(self, meta: dict[str, Any]) -> DeferredSpectrum:
        series = self.series
        return DeferredSpectrum.of(
            series.shape, series.unit, self.spectral_axis, series.values, meta,
            is_held=lambda: self._held, spectral_axis_index=1,
        )  # fmt: skip

    def _whole(self) -> Spectrum:
        return self._deferred(self.meta)

    def _mean(self, compute: Callable[[], np.ndarray]) -> Spectrum:
        series = self.series
        return DeferredSpectrum.of(
            series.shape[1:], series.unit, self.spectral_axis, compute, self.meta,
            is_held=lambda: self._held,
        )  # fmt: skip
