"""2-D spectra and the 1-D spectra of the same observation, on one wavelength axis.

jdaviz shows 2-D spectra on pixels. Here the axis of a viewer of ours says wavelengths, and its
limits and those of the viewers of the 1-D spectra follow each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from astropy import units as u
from echo import delay_callback
from jdaviz.core.events import AddDataMessage, GlobalDisplayUnitChanged
from matplotlib.ticker import MaxNLocator

from ..jdaviz_compat import (
    leave_limits,
    set_missing_color,
    spectral_display_unit,
    spectrum_of_data,
    viewer_kind,
    viewers_of_kind,
)
from ..origin import of_suffix, origin_of
from .app_follower import AppFollower
from .dynamic_spectrum import MISSING_COLOR

__all__ = ["PixelWavelengths", "WavelengthLink"]

_LIMITS = ("x_min", "x_max")
_ROWS = ("y_min", "y_max")
_MOST_TICKS = 12


class PixelWavelengths:
    """The wavelengths of the columns of a 2-D spectrum, beyond its ends in even steps.

    Parameters
    ----------
    wavelength : ndarray, shape (n_wave,)
        Strictly rising or falling.
    """

    def __init__(self, wavelength: np.ndarray):
        pixels = np.arange(len(wavelength), dtype=float)
        # as far again on both sides, for limits that lie outside
        n = len(wavelength)
        before = wavelength[0] + (wavelength[1] - wavelength[0]) * np.array([-n, -1.0])
        after = wavelength[-1] + (wavelength[-1] - wavelength[-2]) * np.array([1.0, n])
        self._pixel = np.concatenate([[-n, -1.0], pixels, [n, 2 * n - 1]])
        self._wavelength = np.concatenate([before, wavelength, after])
        self.falling = bool(wavelength[0] > wavelength[-1])
        self.count = n

    def at(self, pixel: np.ndarray | float) -> np.ndarray:
        """Return the wavelengths of pixels."""
        return np.interp(pixel, self._pixel, self._wavelength)

    def pixel(self, wavelength: np.ndarray | float) -> np.ndarray:
        """Return the pixels of wavelengths, of which whole numbers are the middles."""
        if self.falling:
            return np.interp(wavelength, self._wavelength[::-1], self._pixel[::-1])
        return np.interp(wavelength, self._wavelength, self._pixel)


class WavelengthLink(AppFollower):
    """Lets the viewers of an app follow each other along the wavelength.

    Parameters
    ----------
    app : jdaviz application
    """

    def __init__(self, app: Any):
        self._app = ref(app)  # which it is kept for, and by
        self._followed: WeakKeyDictionary[Any, None] = WeakKeyDictionary()
        self._axes: WeakKeyDictionary[Any, PixelWavelengths] = WeakKeyDictionary()
        self._following = False
        hub = app.hub
        hub.subscribe(self, AddDataMessage, handler=lambda _: self.update())
        hub.subscribe(self, GlobalDisplayUnitChanged, handler=self._on_unit)

    def update(self) -> None:
        """Take up viewers that have come, and write the axes of those that show our 2-D spectra."""
        for viewer in [*self._viewers(2), *self._viewers(1)]:
            if viewer not in self._followed:
                self._followed[viewer] = None
                for name in _LIMITS:
                    viewer.state.add_callback(name, lambda *_, v=viewer: self._on_limits(v))
                if viewer in self._viewers(2):
                    for name in _ROWS:
                        viewer.state.add_callback(name, lambda *_, v=viewer: self._number_rows(v))
                self._on_limits(viewer)
        for viewer in self._viewers(2):
            if _image_in(viewer) is not None:
                set_missing_color(viewer, MISSING_COLOR)
                self._label(viewer)
                self._number_rows(viewer)

    def _viewers(self, dimensions: int) -> list[Any]:
        app = self._app()
        return [] if app is None else viewers_of_kind(app, f"spectrum-{dimensions}d-viewer")

    def _wavelengths(self, data: Any) -> PixelWavelengths:
        if data not in self._axes:
            axis = u.Quantity(spectrum_of_data(data).spectral_axis)
            self._axes[data] = PixelWavelengths(axis.to_value(u.um))
        return self._axes[data]

    def _on_unit(self, message: Any) -> None:
        if message.axis == "spectral":
            for viewer in self._viewers(2):
                self._label(viewer)

    def _on_limits(self, viewer: Any) -> None:
        """Show in the others what one viewer shows."""
        limits = np.array([getattr(viewer.state, name) for name in _LIMITS], dtype=float)
        if self._following or not np.isfinite(limits).all() or limits[0] == limits[1]:
            return
        self._following = True
        try:
            if viewer in self._viewers(2):
                self._from_image(viewer, limits)
            else:
                self._from_spectrum(viewer, limits)
        finally:
            self._following = False

    def _from_image(self, viewer: Any, limits: np.ndarray) -> None:
        data = _image_in(viewer)
        if data is None:
            return
        self._label(viewer)
        shown = self._wavelengths(data).at(limits)
        for other in self._viewers(1):
            if _linked(viewer, other):
                unit = u.Unit(other.state.x_display_unit)
                _set_limits(other.state, (shown * u.um).to_value(unit, u.spectral()))

    def _from_spectrum(self, viewer: Any, limits: np.ndarray) -> None:
        unit = viewer.state.x_display_unit
        for other in self._viewers(2):
            data = _image_in(other)
            if not unit or not _linked(other, viewer):
                continue
            axis = self._wavelengths(data)
            shown = (limits * u.Unit(unit)).to_value(u.um, u.spectral())
            pixels = np.sort(axis.pixel(shown))
            # the 1-D spectrum ends in the middle of the outermost pixels
            if np.all(np.abs(pixels - [0, axis.count - 1]) <= 0.5):
                pixels = np.array([-0.5, axis.count - 0.5])
            _set_limits(other.state, pixels)
            self._label(other)

    def _label(self, viewer: Any) -> None:
        """Write wavelengths along the axis of pixels."""
        data = _image_in(viewer)
        limits = [getattr(viewer.state, name) for name in _LIMITS]
        if data is None or None in limits:
            return
        axis = self._wavelengths(data)
        unit = spectral_display_unit(self._app()) or u.um
        low, high = np.sort((axis.at(limits) * u.um).to_value(unit, u.spectral()))
        values, pixels = _ticks(
            low, high, lambda x: axis.pixel((x * unit).to_value(u.um, u.spectral()))
        )
        texts = [f"{value:.10g}" for value in values]
        labels = dict(zip(map(_tick, pixels), texts, strict=True))
        scale = viewer.figure.axes[0]
        # the texts first: the ticks are drawn with those that are there
        scale.tick_labels = labels
        # falling: from rising ones the axis makes minor ticks, even ones of pixels
        scale.tick_values = np.array(sorted(labels, reverse=True), dtype=float)
        name = "Wavelength" if unit.is_equivalent(u.m) else "Spectral axis"
        scale.label = f"{name} [{unit}]"

    def _number_rows(self, viewer: Any) -> None:
        """Write whole numbers along the slit, where jdaviz rounds what lies between."""
        limits = [getattr(viewer.state, name) for name in _ROWS]
        if _image_in(viewer) is None or None in limits:
            return
        low, high = np.sort(limits)
        values = MaxNLocator(8, integer=True).tick_values(low, high)
        values = values[(values >= low) & (values <= high)]
        viewer.figure.axes[1].tick_values = values[::-1]


def _ticks(
    low: float, high: float, pixels_of: Callable[[np.ndarray], np.ndarray]
) -> tuple[list[float], list[float]]:
    """Round values, and their pixels: closer where there is room between coarser ones."""
    width = abs(float(np.diff(pixels_of(np.array([low, high])))[0]))
    values: list[float] = []
    pixels: list[float] = []
    for bins in (_MOST_TICKS // 3, _MOST_TICKS, 3 * _MOST_TICKS, 9 * _MOST_TICKS):
        found = MaxNLocator(bins, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        found = found[(found >= low) & (found <= high) & (found > 0)]
        for value, pixel in zip(found, pixels_of(found), strict=True):
            if all(abs(pixel - other) >= width / _MOST_TICKS for other in pixels):
                values.append(float(value))
                pixels.append(float(pixel))
    return values, pixels


def _tick(pixel: float) -> float | int:
    """A number that Python and JavaScript write alike."""
    rounded = round(float(pixel), 3)
    return int(rounded) if rounded.is_integer() else rounded


def _image_in(viewer: Any) -> Any | None:
    """The 2-D spectrum of ours that gives a viewer its axes."""
    data = viewer.state.reference_data
    return data if data is not None and of_suffix(data, "s2d") else None


def _linked(image_viewer: Any, spectrum_viewer: Any) -> bool:
    """Whether a viewer of a 2-D spectrum and one of 1-D spectra show the same observation."""
    data = _image_in(image_viewer)
    origins = [origin_of(layer.layer) for layer in spectrum_viewer.state.layers]
    return data is not None and origin_of(data).root in {o.root for o in origins if o is not None}


def _follow_by_link(viewer: Any, other: Any) -> bool:
    kinds = {viewer_kind(viewer): viewer, viewer_kind(other): other}
    pair = kinds.get("spectrum-2d-viewer"), kinds.get("spectrum-1d-viewer")
    return None not in pair and _linked(*pair)


leave_limits(_follow_by_link)


def _set_limits(state: Any, values: np.ndarray) -> None:
    """Set the limits of a viewer, in the direction that they have."""
    now = [getattr(state, name) for name in _LIMITS]
    low, high = np.sort(values)
    if None not in now and now[0] > now[1]:
        low, high = high, low
    span = abs(high - low)
    if None not in now and np.allclose(now, [low, high], rtol=0, atol=1e-9 * span):
        return
    with delay_callback(state, *_LIMITS):
        state.x_min, state.x_max = float(low), float(high)
