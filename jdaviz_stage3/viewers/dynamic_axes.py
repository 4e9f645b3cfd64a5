"""The axes of a dynamic spectrum: wavelength, and time in the form that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time

from ..jdaviz_compat import spectrum_of_data
from ..origin import SeriesAxes, origin_of
from ..readers.time_systems import time_system_of
from ..readers.times import days_between
from .cells import Cells

__all__ = ["TIME_AXES", "TimeAxis", "WavelengthAxis", "series_axes"]

#: What the time axis can say.
TIME_AXES = ("date", "hours", "integration")


@dataclass(frozen=True)
class TimeAxis:
    """Where each integration is drawn.

    Attributes
    ----------
    cells : Cells
        One an integration that has a time stamp.
    label : str
        Axis label, with the time system and the unit.
    kind : str
        What is drawn; ``'integration'`` also where the times do not serve.
    """

    cells: Cells
    label: str
    kind: str

    @classmethod
    def of(cls, data: Any, kind: str = "date", reference: Time | None = None) -> TimeAxis:
        """Find the time axis of a dynamic spectrum.

        Parameters
        ----------
        data : glue data, shape (n_int, n_wave)
            With the mid-times of its integrations and their numbers in its origin; without them
            rows are counted.
        kind : {'date', 'hours', 'integration'}
            Days from the whole day before the first integration; hours from ``reference``; or
            the number of the integration.
        reference : Time, optional
            Zero of the hours; by default the first integration.

        Returns
        -------
        TimeAxis
            Along the integrations where there are no times, or time stamps repeat, which would
            draw integrations over each other.
        """
        time = series_axes(data).time
        count = data.shape[0]
        if kind == "integration" or time is None or len(time) != count:
            return cls._along_integrations(data, "Integration")
        days = np.ma.filled(time.mjd, np.nan)  # for the order alone
        known = np.sort(days[np.isfinite(days)])
        if known.size < 2:
            return cls._along_integrations(data, "Integration (too few time stamps)")
        if np.any(np.diff(known) == 0):
            return cls._along_integrations(data, "Integration (time stamps repeat)")
        system = time_system_of(time)
        if kind == "hours":
            start = time[int(np.nanargmin(days))] if reference is None else reference
            if start.scale != time.scale:
                start = getattr(start, time.scale)
            values = days_between(start, time) * 24
            label = "Hours from first integration"
            if reference is not None:
                label = system.hours_label(start)
            return cls(Cells.around(values), label, kind)
        zero = Time(np.floor(known[0] + 2400000.5), format="jd", scale=time.scale)
        return cls(Cells.around(days_between(zero, time)), system.date_label(zero.jd), kind)

    @classmethod
    def _along_integrations(cls, data: Any, label: str) -> TimeAxis:
        count = data.shape[0]
        numbers = np.asarray(series_axes(data).int_num, dtype=float)
        if numbers.shape != (count,) or np.unique(numbers).size < count:
            numbers, label = np.arange(1.0, count + 1), label.replace("Integration", "Row", 1)
        return cls(Cells.around(numbers), label, "integration")


@dataclass(frozen=True)
class WavelengthAxis:
    """Where each channel is drawn.

    Attributes
    ----------
    cells : Cells
        One a channel.
    label : str
    values : ndarray, shape (n_wave,)
        Wavelengths, in the direction of the data.
    unit : str
    """

    cells: Cells
    label: str
    values: np.ndarray
    unit: str

    @classmethod
    def of(cls, data: Any) -> WavelengthAxis:
        """Find the wavelength axis of a dynamic spectrum, or of any spectrum of two dimensions.

        Parameters
        ----------
        data : glue data, shape (n_int, n_wave)
            With its wavelengths in its origin, or with a spectral axis.

        Returns
        -------
        WavelengthAxis
            Along the channels where there are no wavelengths.
        """
        wavelength = series_axes(data).wavelength
        if wavelength is None or len(wavelength) != data.shape[1]:
            wavelength = _spectral_axis(data)
        if wavelength is None:
            channels = np.arange(float(data.shape[1]))
            return cls(Cells.around(channels), "Channel", channels, "")
        values, unit = u.Quantity(wavelength).value, str(u.Quantity(wavelength).unit)
        name = "Wavelength" if u.Unit(unit).is_equivalent(u.m) else "Spectral axis"
        return cls(Cells.around(values), f"{name} ({unit})", values, unit)


def series_axes(data: Any) -> SeriesAxes:
    """Return what is known of the rows and columns of data (glue); by default rows are counted."""
    origin = origin_of(data)
    if origin is None or origin.axes is None:
        return SeriesAxes(np.arange(1, data.shape[0] + 1))
    return origin.axes


def _spectral_axis(data: Any) -> u.Quantity | None:
    axis = u.Quantity(spectrum_of_data(data).spectral_axis)
    return axis if len(axis) == data.shape[1] else None
