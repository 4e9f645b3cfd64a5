"""Time systems of light curves, and what is odd about time stamps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from astropy.time import Time

from ..errors import Stage3Error

if TYPE_CHECKING:
    from ..readers.time_series import SpectralTrace

__all__ = [
    "TIME_SYSTEMS",
    "TimeStamps",
    "baseline_mask",
    "check_time_scale",
    "inspect_time_stamps",
    "seconds_from_first",
    "time_of",
]

#: Time systems of a light curve: attribute of the trace, and format in which it is printed.
TIME_SYSTEMS = {"BJD_TDB": ("time", "jd"), "MJD_UTC": ("time_utc", "mjd")}

#: A step longer than so many cadences is a gap. The steps of an exposure agree to a per mille or
#: so, and one lost integration makes one of 2: this is half-way.
GAP_FACTOR = 1.5

# Seconds: a BJD written as one number is good to 40 µs, and a limit may be that of a point.
_ROUNDING = 1e-4

# Scales that agree with TDB to 2 ms, and those that are UTC.
_SCALES = {"tdb": ("tdb", "tt"), "utc": ("utc",)}


@dataclass
class TimeStamps:
    """What was found in the time stamps of a series.

    Attributes
    ----------
    n_missing : int
        Integrations without a time stamp.
    repeated : ndarray of int
        Integrations whose time stamp an earlier one has.
    jumps_back : ndarray of int
        Integrations earlier than the one before them.
    gaps : list of (int, Quantity)
        (integration that a gap follows, hours from its time to that of the next one).
    cadence : Quantity or None
        Median of the steps forward, in seconds; None if there is no step forward.
    segment_starts : ndarray of int
        First integration of each segment; empty where segments are not given.
    """

    n_missing: int = 0
    repeated: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))
    jumps_back: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))
    gaps: list[tuple[int, u.Quantity]] = field(default_factory=list)
    cadence: u.Quantity | None = None
    segment_starts: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))

    def sentences(self) -> list[str]:
        """Say in words what is odd; positions count from 0.

        Returns
        -------
        list of str
            One sentence for each oddity, none if there is nothing odd.
        """
        found = []
        if self.n_missing:
            found.append(f"{_counted(self.n_missing, 'integration')} without a time stamp")
        if len(self.repeated):
            found.append(
                f"{_counted(len(self.repeated), 'repeated time stamp')}, the first at integration "
                f"{self.repeated[0]}"
            )
        if len(self.jumps_back):
            at = " a segment" if set(self.jumps_back) <= set(self.segment_starts) else ""
            where = f"at the start of{at}, " if at else ""
            found.append(
                f"times jump back {_counted(len(self.jumps_back), 'time')}, {where}the first at "
                f"integration {self.jumps_back[0]}"
            )
        if self.gaps:
            longest = max(gap for _, gap in self.gaps)
            found.append(
                f"{_counted(len(self.gaps), 'gap')} in time, the longest of {longest.value:.3g} h, "
                f"the first after integration {self.gaps[0][0]}"
            )
        return found


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def inspect_time_stamps(time: Time, segment: np.ndarray | None = None) -> TimeStamps:
    """Find missing and repeated time stamps, jumps back and gaps.

    Parameters
    ----------
    time : Time, shape (n_int,)
        Masked where there is no time stamp.
    segment : ndarray of int, shape (n_int,), optional
        Segment of each integration.

    Returns
    -------
    TimeStamps

    Notes
    -----
    A gap is a step of more than 1.5 times the median step forward; across integrations without a
    time stamp, of more than half a cadence above what these account for.
    """
    seconds = seconds_from_first(time)
    have = np.flatnonzero(np.isfinite(seconds))
    stamps = seconds[have]
    found = TimeStamps(n_missing=seconds.size - have.size)
    if segment is not None and len(segment):
        segment = np.asarray(segment)
        found.segment_starts = np.flatnonzero(np.append(True, segment[1:] != segment[:-1]))
    if have.size < 2:
        return found
    _, first = np.unique(stamps, return_index=True)
    found.repeated = have[np.setdiff1d(np.arange(stamps.size), first)]
    steps, passed = np.diff(stamps), np.diff(have)
    found.jumps_back = have[1:][steps < 0]
    if not (steps > 0).any():
        return found
    cadence = float(np.median(steps[steps > 0] / passed[steps > 0]))
    found.cadence = cadence * u.s
    gaps = np.flatnonzero(steps > (passed - 1 + GAP_FACTOR) * cadence)
    found.gaps = [(int(have[i]), (steps[i] * u.s).to(u.h)) for i in gaps]
    return found


def seconds_from_first(time: Time) -> np.ndarray:
    """Return the times in seconds from the first time stamp that there is.

    Parameters
    ----------
    time : Time, shape (n_int,)

    Returns
    -------
    ndarray of float64, shape (n_int,)
        NaN where there is no time stamp.
    """
    plain = time.unmasked
    days, parts = (np.where(time.mask, np.nan, part) for part in (plain.jd1, plain.jd2))
    have = np.flatnonzero(np.isfinite(days))
    if not have.size:
        return days
    # both parts apart: together they have no digits left for what is shorter than 40 µs
    return ((days - days[have[0]]) + (parts - parts[have[0]])) * 86400


def time_of(trace: SpectralTrace, system: str = "BJD_TDB") -> Time:
    """Return the mid-times of a trace in a time system, never in another one instead.

    Parameters
    ----------
    trace : SpectralTrace
    system : {'BJD_TDB', 'MJD_UTC'}, optional
        At the solar-system barycentre, or at the telescope.

    Returns
    -------
    Time, shape (n_int,)
        Scale ``'tdb'`` and format ``'jd'`` (the full BJD, 2400000.5 included), or scale ``'utc'``
        and format ``'mjd'``; masked where there is no time stamp.

    Raises
    ------
    Stage3Error
        If the file has no times in this system; the message says what it has.
    """
    if system not in TIME_SYSTEMS:
        raise Stage3Error(f"time_system is {system!r}; it must be one of {', '.join(TIME_SYSTEMS)}")
    attribute, style = TIME_SYSTEMS[system]
    time = getattr(trace, attribute)
    if time is None:
        others = [name for name, (other, _) in TIME_SYSTEMS.items() if name != system
                  and getattr(trace, other) is not None]  # fmt: skip
        have = (
            f"it has {others[0]}: use time_system={others[0]!r}"
            if others
            else "nor any other: a light curve needs time stamps"
        )
        raise Stage3Error(f"{trace.path.name}: no times in {system} in the file, {have}")
    return time.copy(format=style)


def check_time_scale(time: Time, of: Time, what: str) -> None:
    """Refuse a time whose scale is not that of a light curve.

    Between UTC and TDB are 69 s, and the light travels up to 8.3 minutes from the telescope to
    the barycentre, which no conversion of scales knows about.

    Parameters
    ----------
    time : Time
        Given by the user.
    of : Time
        Of the light curve.
    what : str
        What ``time`` is, for the message.

    Raises
    ------
    Stage3Error
        If one is UTC and the other TDB.
    """
    if not isinstance(time, Time):
        raise Stage3Error(
            f"{what} is {time!r}; it must be an astropy.time.Time of scale {of.scale!r}"
        )
    if time.scale not in _SCALES.get(of.scale, (of.scale,)):
        raise Stage3Error(
            f"{what} is in the scale {time.scale!r}, the light curve in {of.scale!r}: give "
            f"Time(..., scale={of.scale!r}), or choose the other time_system"
        )


def baseline_mask(time: Time, baseline: Any, reference: Time | None = None) -> np.ndarray:
    """Return which integrations are in any of the ranges of a baseline.

    Parameters
    ----------
    time : Time, shape (n_int,)
        Integrations without a time stamp are in none.
    baseline : list of (start, stop)
        Pairs of Time in the scale of ``time``, or of Quantity, counted from ``reference``; or one
        such pair. Ends are included.
    reference : Time, optional
        Needed where ranges are Quantities.

    Returns
    -------
    ndarray of bool, shape (n_int,)

    Raises
    ------
    Stage3Error
        If a range is not such a pair, is reversed or in another time scale, or no integration is
        in any of them.
    """
    seconds = seconds_from_first(time)
    inside = np.zeros(seconds.shape, dtype=bool)
    pairs = _pairs(baseline)
    if not np.isfinite(seconds).any():
        raise Stage3Error("no integration has a time stamp: there is no baseline to find")
    origin = time[int(np.flatnonzero(np.isfinite(seconds))[0])]
    for pair in pairs:
        start, stop = (_from(origin, limit, reference) for limit in pair)
        if start > stop:
            raise Stage3Error(f"a baseline runs from {pair[0]} to {pair[1]}; give the start first")
        with np.errstate(invalid="ignore"):
            inside |= (seconds >= start - _ROUNDING) & (seconds <= stop + _ROUNDING)
    if not inside.any():
        raise Stage3Error(
            f"no integration is in the baseline of {_counted(len(pairs), 'range')}; the time "
            f"stamps run from {np.min(time)} to {np.max(time)} ({time.scale})"
        )
    return inside


def _pairs(baseline: Any) -> list[tuple[Any, Any]]:
    example = "for example [(start, stop), ...] of Time, or of hours from reference"
    if baseline is None:
        raise Stage3Error(f"no baseline is given; give its time ranges, {example}")
    if not isinstance(baseline, (Iterable, u.Quantity, Time)):
        raise Stage3Error(f"baseline is {baseline!r}; give its time ranges, {example}")
    items = list(baseline)
    if len(items) == 2 and all(getattr(item, "shape", None) == () for item in items):
        items = [items]
    if not items or any(len(item) != 2 for item in items):
        raise Stage3Error(f"baseline is {baseline!r}; give its time ranges, {example}")
    return [tuple(item) for item in items]


def _from(origin: Time, limit: Any, reference: Time | None) -> float:
    """Return the seconds of a limit from a time of the curve."""
    if isinstance(limit, Time):
        check_time_scale(limit, origin, "a limit of the baseline")
        return float((limit - origin).to_value(u.s))
    try:
        offset = limit.to_value(u.s)
    except (AttributeError, u.UnitConversionError) as err:
        raise Stage3Error(
            f"a limit of the baseline is {limit!r}; give a Time, or a Quantity of time"
        ) from err
    if reference is None:
        raise Stage3Error("the baseline counts from a reference time, which is not given")
    check_time_scale(reference, origin, "reference")
    return float((reference - origin).to_value(u.s)) + float(offset)
