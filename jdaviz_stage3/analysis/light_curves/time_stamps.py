"""Time systems of light curves, and the baseline's ranges of time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from astropy.time import Time

from ...errors import Stage3Error
from ...readers.time_systems import TIME_SYSTEMS
from ...readers.times import TimeStamps, inspect_time_stamps, seconds_from_first

if TYPE_CHECKING:
    from ...readers.time_series import SpectralTrace

__all__ = [
    "TimeStamps",
    "baseline_mask",
    "check_time_scale",
    "inspect_time_stamps",
    "seconds_from_first",
    "time_of",
]

# Seconds: a BJD written as one number is good to 40 µs, and a limit may be that of a point.
_ROUNDING = 1e-4


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
    chosen = TIME_SYSTEMS[system]
    time = getattr(trace, chosen.attribute)
    if time is None:
        others = [
            other.name
            for other in TIME_SYSTEMS.values()
            if other is not chosen and getattr(trace, other.attribute) is not None
        ]
        have = (
            f"it has {others[0]}: use time_system={others[0]!r}"
            if others
            else "nor any other: a light curve needs time stamps"
        )
        raise Stage3Error(f"{trace.path.name}: no times in {system} in the file, {have}")
    return time.copy(format=chosen.style)


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
    if time.scale not in _agreeing(of.scale):
        raise Stage3Error(
            f"{what} is in the scale {time.scale!r}, the light curve in {of.scale!r}: give "
            f"Time(..., scale={of.scale!r}), or choose the other time_system"
        )


def _agreeing(scale: str) -> tuple[str, ...]:
    """Return the scales whose times can stand for those of a scale."""
    found = (other.agreeing for other in TIME_SYSTEMS.values() if other.scale == scale)
    return next(found, (scale,))


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
        ranges = f"{len(pairs)} range{'' if len(pairs) == 1 else 's'}"
        raise Stage3Error(
            f"no integration is in the baseline of {ranges}; the time stamps run from "
            f"{np.min(time)} to {np.max(time)} ({time.scale})"
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
