"""The time axis of a light curve: its system, its zero, and the ranges of the baseline."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time, TimeDelta
from jdaviz.core.custom_traitlets import FloatHandleEmpty
from traitlets import Bool, HasTraits, List, Unicode, observe

from ...analysis import check_time_scale, time_of
from ...errors import Stage3Error
from ...readers.time_systems import time_system_of
from .fields import RANGE, number

__all__ = ["TimeControls", "parse_ranges"]

_JULIAN_DATE = re.compile(r"^[2-9]\d{6}(\.\d*)?$")
_EXAMPLE = "give its ranges, [(start, stop), …], as Time or in hours from the zero of the hours"


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


def _is_pair(value: Any) -> bool:
    return getattr(value, "shape", (2,)) == (2,) and hasattr(value, "__len__") and len(value) == 2


def _decimal(hours: float) -> str:
    """Hours to a thirtieth of a second, far from zero, too."""
    return f"{hours:.5f}".rstrip("0").rstrip(".")


class TimeControls(HasTraits):
    """Traits for the time system, the zero of the hours and the baseline."""

    baseline_text = Unicode("").tag(sync=True)
    pick_baseline = Bool(False).tag(sync=True)
    time_system_items = List().tag(sync=True)
    time_system_selected = Unicode().tag(sync=True)
    time_axis_items = List().tag(sync=True)
    time_axis_selected = Unicode().tag(sync=True)
    mid_transit_text = Unicode("").tag(sync=True)
    period = FloatHandleEmpty("").tag(sync=True)

    _baseline_times: list[tuple[Time, Time]] = []
    _baseline_shown: str | None = ""  # the text that these times were shown as, or read from

    @property
    def mid_transit(self) -> Time | None:
        """Middle of the transit, BJD_TDB; None if it is not known."""
        try:
            return self._typed_mid_transit()
        except Stage3Error:
            return None

    def _typed_mid_transit(self) -> Time | None:
        text = self.mid_transit_text.strip()
        if not text:
            return None
        if not _JULIAN_DATE.match(text):
            raise Stage3Error(
                f"mid_transit {text!r} is no BJD, which have seven digits before the point "
                "(2460000.5); add 2400000.5 if it is an MJD"
            )
        whole, _, part = text.partition(".")
        return Time(float(whole), float(f"0.{part}0"), format="jd", scale="tdb")

    @mid_transit.setter
    def mid_transit(self, value: Time | float | str | None) -> None:
        if isinstance(value, Time):
            if value.scale != "tdb" or not value.isscalar:
                raise Stage3Error(
                    f"mid_transit is a Time of scale {value.scale!r}; give one BJD_TDB, "
                    "Time(..., scale='tdb')"
                )
            whole = np.floor(value.jd1 + value.jd2)
            part = f"{(value.jd1 - whole) + value.jd2:.10f}"
            value = f"{whole + float(part[0]):.0f}.{part[2:]}"
        elif value is not None and not isinstance(value, str):
            value = repr(number(value, "mid_transit"))
        self.mid_transit_text = "" if value is None else value

    def _reference(self) -> Time | None:
        """Zero of the hours; the first integration where no mid-transit is given."""
        if self.time_system_selected == "MJD_UTC":
            if self._typed_mid_transit() is not None and self.time_axis_selected == "hours":
                raise Stage3Error(
                    "mid_transit is a BJD_TDB, up to 8 minutes from the UTC at the telescope; set "
                    "time_system to 'BJD_TDB' for hours from it"
                )
            return self._first_time()
        mid_transit = self._typed_mid_transit()
        return self._first_time() if mid_transit is None else self._nearest_epoch(mid_transit)

    def _nearest_epoch(self, mid_transit: Time) -> Time:
        """The mid-transit of that orbit that is observed, where the period is known."""
        first = self._first_time()
        try:
            period = number(self.period, "period")
        except Stage3Error:  # not given, or half typed
            return mid_transit
        if first is None or period <= 0:
            return mid_transit
        orbits = np.round((first - mid_transit).to_value(u.day) / period)
        nearest = mid_transit + TimeDelta(orbits * period, format="jd")
        later = nearest + TimeDelta(period, format="jd")
        last = self._last_time()
        # the transit that begins after the first integration may be the next one
        return later if later < last and not first < nearest else nearest

    @property
    def baseline(self) -> list[tuple[Time, Time]]:
        """Ranges of time that are out of transit."""
        try:
            return self._baseline()
        except Stage3Error:
            return []

    def _baseline(self) -> list[tuple[Time, Time]]:
        if self.baseline_text != self._baseline_shown:
            self._read_baseline()
        return list(self._baseline_times)

    @baseline.setter
    def baseline(self, ranges: Iterable | None) -> None:
        pairs = [] if ranges is None else ranges
        if not np.iterable(pairs) or isinstance(pairs, str):
            raise Stage3Error(f"baseline = {ranges!r}: {_EXAMPLE}")
        pairs = list(pairs)
        if len(pairs) == 2 and not any(_is_pair(pair) for pair in pairs):
            pairs = [pairs]  # one range
        times = []
        for pair in pairs:
            if not _is_pair(pair):
                raise Stage3Error(f"baseline = {ranges!r}: {_EXAMPLE}")
            start, stop = (self._time_of(edge) for edge in pair)
            if not start < stop:
                raise Stage3Error(f"baseline from {pair[0]} to {pair[1]} ends before it starts")
            times.append((start, stop))
        self._show_baseline(times)

    def _show_baseline(self, times: list[tuple[Time, Time]]) -> None:
        """Keep ranges as they are, and show them in hours, to the digits that people read."""
        reference = self._reference() if times else None
        texts = [
            " to ".join(_decimal((edge - reference).to_value(u.hour)) for edge in edges)
            for edges in times
        ]
        self._baseline_times, self._baseline_shown = times, ", ".join(texts)
        self.baseline_text = self._baseline_shown

    @observe("baseline_text")
    def _baseline_typed(self, *_: Any) -> None:
        try:
            self._read_baseline()
        except Stage3Error:
            pass  # it is read again, and the words are shown, when the curve is drawn

    def _read_baseline(self) -> None:
        """Take ranges that were typed for hours from what is the zero of the hours now."""
        if self.baseline_text == self._baseline_shown:
            return
        self._baseline_times, self._baseline_shown = [], None
        ranges = parse_ranges(self.baseline_text)
        reference = self._reference() if ranges else None
        if reference is None and ranges:
            return  # until there is a trace
        hours = [[TimeDelta(edge / 24, format="jd") for edge in edges] for edges in ranges]
        self._baseline_times = [(reference + low, reference + high) for low, high in hours]
        self._baseline_shown = self.baseline_text

    def _time_of(self, edge: Any) -> Time:
        """The time of an edge given as Time, or as hours from their zero."""
        reference = self._reference()
        if isinstance(edge, Time) and reference is not None:
            check_time_scale(edge, reference, "baseline")
            return edge
        if reference is None:
            raise Stage3Error("baseline: no trace with time stamps is chosen to count hours from")
        if isinstance(edge, u.Quantity) and not edge.unit.is_equivalent(u.hour):
            raise Stage3Error(f"baseline: {edge} is no time; give hours or a Time")
        hours = edge.to_value(u.hour) if isinstance(edge, u.Quantity) else number(edge, "baseline")
        return reference + TimeDelta(hours / 24, format="jd")

    def _first_time(self) -> Time | None:
        return self._time_at(np.nanargmin)

    def _last_time(self) -> Time | None:
        return self._time_at(np.nanargmax)

    def _time_at(self, which: Callable[[np.ndarray], int]) -> Time | None:
        """One of the time stamps of the first chosen trace that has any."""
        for label in self._labels():
            time = time_of(self._trace(label), self.time_system_selected)
            days = np.ma.filled(time.mjd, np.nan)
            if np.isfinite(days).any():
                return time[int(which(days))]
        return None

    @observe(
        "mid_transit_text", "period", "time_system_selected", "time_axis_selected",
        "dataset_selected",
    )  # fmt: skip
    def _rebase_baseline(self, *_: Any) -> None:
        """Keep the baseline where it is when the zero of its hours moves."""
        if not self._ready or not self._baseline_times or self._baseline_shown is None:
            return
        try:
            first = self._first_time()
            times = self._baseline_times
            if first is None:
                return
            if times[0][0].scale != first.scale:  # the same integrations, in the other system
                times = [tuple(self._in_system(edge) for edge in edges) for edges in times]
            self._show_baseline(times)
        except Stage3Error:
            return  # the same words are shown when the curve is drawn

    def _in_system(self, time: Time) -> Time:
        """A time in the chosen time system, by the integrations that it is between."""
        trace = self._trace(self._labels()[0])
        now = time_of(trace, self.time_system_selected)
        before = time_of(trace, time_system_of(time).name)
        known = ~(np.ma.getmaskarray(now.jd1) | np.ma.getmaskarray(before.jd1))
        row = int(np.argmin(np.abs((before[known] - time).sec)))
        return now[known][row] + (time - before[known][row])
