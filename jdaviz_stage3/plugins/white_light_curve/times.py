"""The time axis of light curves: its system, its zeros, and the ranges of the baseline."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time, TimeDelta

from ...analysis import check_time_scale, time_of
from ...errors import Stage3Error
from ...readers.time_series import SpectralTrace
from ...readers.time_systems import TIME_SYSTEMS, time_system_of
from ...readers.times import days_between
from .settings import RANGE, CurveSettings, number

__all__ = ["Baseline", "CurveTimes", "parse_ranges"]

_EXAMPLE = "give its ranges, [(start, stop), …], as Time or in hours from the zero of the hours"

Ranges = list[tuple[Time, Time]]


class CurveTimes:
    """The times of some traces in the chosen system, and where they lie on the axis.

    Parameters
    ----------
    traces : mapping of str to SpectralTrace
        By their labels.
    settings : CurveSettings
    """

    def __init__(self, traces: Mapping[str, SpectralTrace], settings: CurveSettings):
        self._traces, self._settings = traces, settings
        self.in_hours = settings.time_axis == "hours"

    def of(self, trace: SpectralTrace) -> Time:
        """Return the time stamps of a trace; raises Stage3Error if it has none of that system."""
        return time_of(trace, self._settings.time_system)

    @cached_property
    def first(self) -> Time | None:
        """The first time stamp of the first trace that has any; None without one."""
        return self._one(np.nanargmin)

    @cached_property
    def last(self) -> Time | None:
        """Likewise the last one."""
        return self._one(np.nanargmax)

    def _one(self, which: Callable[[np.ndarray], int]) -> Time | None:
        for trace in self._traces.values():
            time = self.of(trace)
            days = np.ma.filled(time.mjd, np.nan)
            if np.isfinite(days).any():
                return time[int(which(days))]
        return None

    # ---- zeros ----

    @cached_property
    def day(self) -> Time:
        """The whole Julian day before the first of all time stamps: zero of the dates.

        Raises Stage3Error if there is none.
        """
        times = [self.of(trace) for trace in self._traces.values()]
        days = np.concatenate([np.ma.filled(time.jd, np.nan) for time in times])
        if not np.isfinite(days).any():
            raise Stage3Error("no integration has a time stamp: there is no time axis to draw on")
        return Time(np.floor(np.nanmin(days)), format="jd", scale=times[0].scale)

    @cached_property
    def reference(self) -> Time | None:
        """Zero of the hours; the first integration where no mid-transit is given.

        Raises Stage3Error if the mid-transit is no time, or of another system.
        """
        mid_transit = self._settings.mid_transit()
        if self._settings.time_system == "MJD_UTC":
            if mid_transit is not None and self.in_hours:
                raise Stage3Error(
                    "mid_transit is a BJD_TDB, up to 8 minutes from the UTC at the telescope; set "
                    "time_system to 'BJD_TDB' for hours from it"
                )
            return self.first
        return self.first if mid_transit is None else self._nearest_epoch(mid_transit)

    def _nearest_epoch(self, mid_transit: Time) -> Time:
        """The mid-transit of that orbit that is observed, where the period is known."""
        try:
            period = self._settings.number("period")
        except Stage3Error:  # not given, or half typed
            return mid_transit
        if self.first is None or period <= 0:
            return mid_transit
        orbits = np.round((self.first - mid_transit).to_value(u.day) / period)
        nearest = mid_transit + TimeDelta(orbits * period, format="jd")
        later = nearest + TimeDelta(period, format="jd")
        # the transit that begins after the first integration may be the next one
        return later if later < self.last and not self.first < nearest else nearest

    @property
    def zero_of_hours(self) -> Time | None:
        """`reference`, or the first integration while what is typed for it is no time."""
        try:
            return self.reference
        except Stage3Error:  # said where the curves are drawn
            return self.first

    # ---- on the axis ----

    def x_of(self, time: Time) -> np.ndarray:
        """Positions of times on the axis; NaN where there is no time stamp."""
        if self.in_hours:
            return days_between(self.zero_of_hours, time) * 24
        return days_between(self.day, time)

    def time_at(self, x: float) -> Time:
        """The time at a position on the axis."""
        if self.in_hours:
            return self.zero_of_hours + TimeDelta(x / 24, format="jd")
        return self.day + TimeDelta(x, format="jd")

    def label(self, short: bool = False) -> str:
        """The label of the axis; a short one for the width of the panel."""
        system = TIME_SYSTEMS[self._settings.time_system]
        if not self.in_hours:
            return system.date_label(self.day.jd)
        if not short:
            return system.hours_label(self.zero_of_hours)
        try:
            known = system.name == "BJD_TDB" and self._settings.mid_transit() is not None
        except Stage3Error:
            known = False
        return f"Hours from {'mid-transit' if known else 'first integration'}"

    def in_system(self, time: Time) -> Time:
        """A time in the chosen system, by the integrations of the first trace it is between."""
        trace = next(iter(self._traces.values()))
        now, before = self.of(trace), time_of(trace, time_system_of(time).name)
        known = ~(np.ma.getmaskarray(now.jd1) | np.ma.getmaskarray(before.jd1))
        row = int(np.argmin(np.abs((before[known] - time).sec)))
        return now[known][row] + (time - before[known][row])


def parse_ranges(text: str) -> list[tuple[float, float]]:
    """Read ranges as people type them: ``'0 to 0.5, 2.1 to 3'``.

    Parameters
    ----------
    text : str
        Ranges with a comma between two; ``..``, ``:`` or ``–`` do for ``to``.

    Returns
    -------
    list of (float, float)

    Raises
    ------
    Stage3Error
        If a part is no range; the message quotes it.
    """
    ranges = []
    for part in filter(str.strip, re.split(r"[,;]", text)):
        found = RANGE.match(part)
        if found is None:
            raise Stage3Error(f"baseline {part.strip()!r} is no range; write '0 to 0.5, 2.1 to 3'")
        low, high = float(found.group(1)), float(found.group(2))
        if not np.isfinite([low, high]).all():
            raise Stage3Error(f"baseline {part.strip()!r} is not finite")
        if low >= high:
            raise Stage3Error(f"baseline {part.strip()!r} ends before it starts")
        ranges.append((low, high))
    return ranges


class Baseline:
    """Ranges of time, and the text in hours that stands for them in the panel.

    The text has the digits that people read; the times are kept as they are, and where they are
    when the zero of the hours moves.
    """

    def __init__(self) -> None:
        self._times: Ranges = []
        self._text: str | None = ""  # that the times were shown as, or read from

    def ranges(self, text: str, times: CurveTimes) -> Ranges:
        """Return the ranges that a text stands for, in hours from what is their zero now.

        Raises
        ------
        Stage3Error
            If it is no text of ranges, or there is no zero.
        """
        if text != self._text:
            self._times, self._text = [], None
            hours = parse_ranges(text)
            zero = times.reference if hours else None
            if zero is None and hours:
                return []  # until there is a trace
            self._times = [tuple(_after(zero, edge) for edge in edges) for edges in hours]
            self._text = text
        return list(self._times)

    def take(self, ranges: Iterable | None, times: CurveTimes) -> str:
        """Take ranges, given as Time, Quantity or hours, and return their text.

        Raises
        ------
        Stage3Error
            If one of them is none; then those before stay.
        """
        pairs = [] if ranges is None else ranges
        if not np.iterable(pairs) or isinstance(pairs, str):
            raise Stage3Error(f"baseline = {ranges!r}: {_EXAMPLE}")
        pairs = list(pairs)
        if len(pairs) == 2 and not any(_is_pair(pair) for pair in pairs):
            pairs = [pairs]  # one range
        found = []
        for pair in pairs:
            if not _is_pair(pair):
                raise Stage3Error(f"baseline = {ranges!r}: {_EXAMPLE}")
            start, stop = (_edge(edge, times.reference) for edge in pair)
            if not start < stop:
                raise Stage3Error(f"baseline from {pair[0]} to {pair[1]} ends before it starts")
            found.append((start, stop))
        return self._show(found, times)

    def moved(self, times: CurveTimes) -> str | None:
        """Return the text for another zero of the hours, or another system; None for as it is."""
        if not self._times or self._text is None or times.first is None:
            return None
        found = self._times
        if found[0][0].scale != times.first.scale:  # the same integrations, in the other system
            found = [tuple(times.in_system(edge) for edge in edges) for edges in found]
        return self._show(found, times)

    def _show(self, ranges: Ranges, times: CurveTimes) -> str:
        zero = times.reference if ranges else None
        texts = [
            " to ".join(_decimal((edge - zero).to_value(u.hour)) for edge in r) for r in ranges
        ]
        self._times, self._text = ranges, ", ".join(texts)
        return self._text


def _is_pair(value: Any) -> bool:
    return getattr(value, "shape", (2,)) == (2,) and hasattr(value, "__len__") and len(value) == 2


def _decimal(hours: float) -> str:
    """Hours to a thirtieth of a second, far from zero, too."""
    return f"{hours:.5f}".rstrip("0").rstrip(".")


def _after(zero: Time, hours: float) -> Time:
    return zero + TimeDelta(hours / 24, format="jd")


def _edge(edge: Any, zero: Time | None) -> Time:
    """The time of an edge given as Time, or as hours from their zero."""
    if isinstance(edge, Time) and zero is not None:
        check_time_scale(edge, zero, "baseline")
        return edge
    if zero is None:
        raise Stage3Error("baseline: no trace with time stamps is chosen to count hours from")
    if isinstance(edge, u.Quantity) and not edge.unit.is_equivalent(u.hour):
        raise Stage3Error(f"baseline: {edge} is no time; give hours or a Time")
    hours = edge.to_value(u.hour) if isinstance(edge, u.Quantity) else number(edge, "baseline")
    return _after(zero, hours)
