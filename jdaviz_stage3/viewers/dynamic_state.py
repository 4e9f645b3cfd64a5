"""What a dynamic-spectrum viewer knows of its axes and of what its channels are divided by."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from echo import CallbackProperty, delay_callback
from jdaviz.core.freezable_state import FreezableBqplotImageViewerState

from ..errors import UnreadableProductError
from .dynamic_axes import TimeAxis, WavelengthAxis
from .series_samples import average_in_words, integrations_for_average

__all__ = ["NORMALIZATIONS", "DynamicSpectrumViewerState"]

#: What the channels can be divided by.
NORMALIZATIONS = ("none", "median", "baseline")


class DynamicSpectrumViewerState(FreezableBqplotImageViewerState):
    """Limits in wavelength and time, and the form of both axes."""

    time_axis = CallbackProperty("date", docstring="What the time axis says")
    time_reference = CallbackProperty(None, docstring="Zero of the hours")

    def __init__(self, *args, **kwargs):
        self._axes: dict[tuple, Any] = {}
        self._divisors: dict[tuple, np.ndarray | None] = {}
        self.normalize = "median"  # else a transit of a per cent is not seen
        self._integrations: np.ndarray | None = None
        self.say: Callable[[str], None] = lambda text: None  # to the person, once the viewer is set
        super().__init__(*args, **kwargs)

    def _kept(self, key: tuple, make: Any) -> Any:
        # A few data, each with a few forms of the time axis: forgotten when it gets crowded.
        if key not in self._axes:
            if len(self._axes) > 20:
                self._axes.clear()
            self._axes[key] = make()
        return self._axes[key]

    def time_axis_of(self, data: Any) -> TimeAxis:
        """Return where the integrations of data lie."""
        reference = None if self.time_reference is None else self.time_reference.jd
        key = (data.uuid, data.shape, self.time_axis, reference)
        return self._kept(key, lambda: TimeAxis.of(data, self.time_axis, self.time_reference))

    def wavelength_axis_of(self, data: Any) -> WavelengthAxis:
        """Return where the channels of data lie."""
        return self._kept((data.uuid, data.shape), lambda: WavelengthAxis.of(data))

    def set_normalization(self, normalize: str, integrations: np.ndarray | None = None) -> None:
        """Choose what the channels are divided by.

        Parameters
        ----------
        normalize : {'none', 'median', 'baseline'}
        integrations : ndarray of bool, shape (n_int,), optional
            Whose mean is taken for ``'baseline'``.
        """
        self.normalize, self._integrations = normalize, integrations
        self._divisors.clear()

    def divisor_of(self, data: Any, attribute: Any) -> np.ndarray | None:
        """Return what each channel is divided by, shape (n_wave,); None for nothing.

        Channels without a positive average are NaN: a ratio to noise about 0 says nothing. One
        integration is not divided by itself.
        """
        if self.normalize == "none" or data.shape[0] < 2:
            return None
        key = (data.uuid, data.shape, attribute)
        if key not in self._divisors:
            try:
                self._divisors[key] = self._average(data, attribute)
            except UnreadableProductError as err:  # of a series that is read as it is drawn
                self.say(str(err))
                return np.full(data.shape[1], np.nan)
        return self._divisors[key]

    def divisor_in_words(self, data: Any, attribute: Any) -> str:
        """What the channels are divided by, in a word or a few; empty for nothing."""
        if self.divisor_of(data, attribute) is None:
            return ""
        return average_in_words(data, attribute, self.normalize, self._chosen)

    @property
    def _chosen(self) -> np.ndarray | None:
        """The integrations to average; None for all."""
        return self._integrations if self.normalize == "baseline" else None

    def _average(self, data: Any, attribute: Any) -> np.ndarray | None:
        among, average = self._chosen, np.nanmedian
        if self.normalize == "baseline":
            average = np.nanmean
            if among is None or among.shape != data.shape[:1]:
                return None  # other data's integrations
        flux = integrations_for_average(data, attribute, among)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # channels without a sample
            found = average(flux, axis=0)
        return np.where(found > 0, found, np.nan)

    def _get_reset_limits(self, return_as_world=False):
        data = [s.layer.data for s in self.layers if s.visible and s.layer.data.ndim == 2]
        if not data:
            return 0.0, 0.0, 0.0, 0.0  # jdaviz asks empty viewers too, and cannot take NaN
        x = [self.wavelength_axis_of(d).cells.limits for d in data]
        y = [self.time_axis_of(d).cells.limits for d in data]
        x_min, y_min = np.nanmin(x, axis=0)[0], np.nanmin(y, axis=0)[0]
        return x_min, np.nanmax(x, axis=0)[1], y_min, np.nanmax(y, axis=0)[1]

    def reset_limits(self, *event: Any) -> None:
        """Show the whole of the visible layers."""
        limits = self._get_reset_limits()
        if not np.all(np.isfinite(limits)) or limits[0] == limits[1] or limits[2] == limits[3]:
            return
        with delay_callback(self, "x_min", "x_max", "y_min", "y_max"):
            self.x_min, self.x_max, self.y_min, self.y_max = map(float, limits)
