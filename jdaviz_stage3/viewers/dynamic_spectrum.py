"""Flux against wavelength and integration, for spectral time series."""

from __future__ import annotations

import numpy as np
from jdaviz.configs.specviz.plugins.viewers import Spectrum2DViewer
from jdaviz.core.registries import viewer_registry
from matplotlib.ticker import MaxNLocator

from ..jdaviz_compat import set_missing_color

__all__ = ["DynamicSpectrumViewer"]

_MOST_TICKS = 8
_MISSING = (0.76, 0.87, 0.95, 1.0)  # pale blue, which is on no grey scale


@viewer_registry("stage3-dynamic-spectrum-viewer", label="Dynamic spectrum (JWST Stage 3)")
class DynamicSpectrumViewer(Spectrum2DViewer):
    """A 2-D spectrum whose axes say wavelength and integration instead of pixels.

    The image is drawn on pixels, as jdaviz draws 2-D spectra. The ticks stand at the pixels of
    round wavelengths, so they are right for uneven and for descending wavelength grids too.
    """

    _axis_of = None  # data whose axis is kept

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        set_missing_color(self, _MISSING)
        for name in ("x_min", "x_max", "y_min", "y_max", "reference_data"):
            self.state.add_callback(name, self._update_ticks)

    @property
    def reference_spectral_axis(self) -> np.ndarray:
        """Wavelengths of the channels, shape (n_wave,), in the unit of the data."""
        # jdaviz's own averages the whole series over time to get at its axis, and keeps that of
        # the first data for all that come into the viewer.
        reference = self.state.reference_data
        known = reference.meta.get("_wavelength")
        if known is not None:
            return known.value
        if self._axis_of is not reference:
            self.__dict__.pop("reference_spectral_axis", None)
            self._axis_of, self._axis = reference, super().reference_spectral_axis
        return self._axis

    def set_plot_axes(self):
        super().set_plot_axes()
        self.figure.axes[1].label = "Integration"
        for axis in self.figure.axes[:2]:
            axis.num_ticks = None
        self._update_ticks()

    def _update_ticks(self, *args) -> None:
        data = self.state.reference_data
        limits = (self.state.x_min, self.state.x_max, self.state.y_min, self.state.y_max)
        if data is None or None in limits or data.ndim != 2 or data.coords is None:
            return
        x_axis, y_axis = self.figure.axes[:2]
        wavelength = self.reference_spectral_axis
        unit = getattr(data.meta.get("_wavelength"), "unit", "")
        x_axis.label = f"Wavelength [{unit}]" if unit else "Wavelength"
        _set_ticks(x_axis, *wavelength_ticks(wavelength, *limits[:2]))
        numbers = data.meta.get("_int_num", np.arange(1, data.shape[0] + 1))
        _set_ticks(y_axis, *integration_ticks(numbers, *limits[2:]))


def _set_ticks(axis, positions: np.ndarray, labels: list[str]) -> None:
    # The browser looks labels up by the number as JavaScript writes it: 19, not 19.0.
    keys = [str(int(p)) if p.is_integer() else repr(p) for p in positions.tolist()]
    axis.tick_labels = dict(zip(keys, labels, strict=True))
    axis.tick_values = positions


def wavelength_ticks(
    wavelength: np.ndarray, first: float, last: float
) -> tuple[np.ndarray, list[str]]:
    """Place ticks at round wavelengths.

    Parameters
    ----------
    wavelength : ndarray, shape (n_wave,)
        Of each pixel, strictly monotonic.
    first, last : float
        The range of pixels that is seen.

    Returns
    -------
    positions : ndarray
        In pixels.
    labels : list of str
    """
    pixels = np.arange(len(wavelength))
    seen = np.clip(sorted((first, last)), 0, len(wavelength) - 1)
    low, high = sorted(np.interp(seen, pixels, wavelength))
    values = MaxNLocator(_MOST_TICKS, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    values = values[(values >= low) & (values <= high)]
    ascending = np.argsort(wavelength)
    positions = np.interp(values, wavelength[ascending], pixels[ascending])
    return positions, [f"{value:.6g}" for value in values]


def integration_ticks(
    numbers: np.ndarray, first: float, last: float
) -> tuple[np.ndarray, list[str]]:
    """Place ticks at round rows and name them by their integration numbers.

    Parameters
    ----------
    numbers : ndarray, shape (n_int,)
        INT_NUM of each row.
    first, last : float
        The range of rows that is seen.

    Returns
    -------
    positions : ndarray
        In rows.
    labels : list of str
    """
    low, high = np.clip(sorted((first, last)), 0, len(numbers) - 1)
    rows = MaxNLocator(_MOST_TICKS, integer=True, steps=[1, 2, 5, 10]).tick_values(
        low + 1, high + 1
    )
    rows = rows.astype(int) - 1
    rows = rows[(rows >= low) & (rows <= high)]
    return rows.astype(float), [str(int(numbers[row])) for row in rows]
