"""Time stamps, some of which may be missing, and what is odd about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.time import Time

from .extensions import native, open_product

__all__ = [
    "TimeStamps",
    "counted",
    "days_between",
    "days_to_time",
    "inspect_time_stamps",
    "int_times_of",
    "repeat",
    "seconds_from_first",
    "stripe_times_of",
]

#: A step longer than so many cadences is a gap. The steps of an exposure agree to a per mille or
#: so, and one lost integration makes one of 2: this is half-way.
GAP_FACTOR = 1.5


def days_to_time(days: np.ndarray, scale: str) -> Time:
    """Turn modified Julian dates into times.

    Parameters
    ----------
    days : ndarray of float
        NaN where there is no time stamp.
    scale : str
        ``'tdb'`` or ``'utc'``.

    Returns
    -------
    astropy.time.Time
        Masked where there is no time stamp, for astropy refuses NaN; not masked if all are there.
    """
    missing = ~np.isfinite(days)
    values = np.ma.masked_array(days, missing) if missing.any() else days
    return Time(values, format="mjd", scale=scale)


def days_between(zero: Time, time: Time) -> np.ndarray:
    """Return the days from a time to others; microseconds survive, as in one float they do not.

    Parameters
    ----------
    zero : Time
        Of the same scale.
    time : Time

    Returns
    -------
    ndarray of float
        NaN where there is no time stamp.
    """
    jd1, jd2 = (np.ma.filled(part, np.nan) for part in (time.jd1, time.jd2))
    return (jd1 - zero.jd1) + (jd2 - zero.jd2)


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


def int_times_of(path: Path, system: str, int_num: np.ndarray) -> np.ndarray | None:
    """Look up integrations in INT_TIMES, for files whose spectral tables have no times.

    Parameters
    ----------
    path : path
    system : {'BJD_TDB', 'MJD_UTC'}
    int_num : ndarray of int, shape (n_int,)
        0 where it is not known.

    Returns
    -------
    ndarray of float, shape (n_int,), or None
        Days of the middle, NaN for a number that is not in the table or has no time there; None
        without the table or its columns, or where numbers repeat: which of the integrations of one
        number a time is of, nothing says.
    """
    column = f"int_mid_{system}"
    with open_product(path) as hdus:
        table = _table_with(hdus, "INT_TIMES", ["integration_number", column])
        if table is None or _numbers_repeat(int_num):
            return None
        number, days = native(table["integration_number"], int), native(table[column], float)
    return _by_number(number, days, int_num)


def stripe_times_of(path: Path, system: str, int_num: np.ndarray) -> np.ndarray | None:
    """Look up integrations in INT_TIMES_STRIPE, which multistripe SOSS has beside INT_TIMES.

    Parameters
    ----------
    path : path
    system : {'BJD_TDB', 'MJD_UTC'}
    int_num : ndarray of int, shape (n_int,)
        0 where it is not known.

    Returns
    -------
    ndarray of float, shape (n_int,), or None
        See `int_times_of`. As the pipeline computes it, the middle is that between the start of
        the first stripe and the end of the last.
    """
    names = [f"int_start_{system}", f"int_end_{system}"]
    with open_product(path) as hdus:
        table = _table_with(
            hdus, "INT_TIMES_STRIPE", ["integration_number", "stripe_number", *names]
        )
        if table is None or not len(table) or _numbers_repeat(int_num):
            return None
        number = native(table["integration_number"], int)
        stripe = native(table["stripe_number"], int)
        start, end = (native(table[name], float) for name in names)
    first, last = stripe == 1, stripe == stripe.max()
    begins = _by_number(number[first], start[first], int_num)
    return (begins + _by_number(number[last], end[last], int_num)) / 2


def _table_with(hdus: fits.HDUList, name: str, columns: list[str]) -> fits.FITS_rec | None:
    """Return a table if it is there and has these columns."""
    if name not in hdus or not isinstance(hdus[name], fits.BinTableHDU):
        return None
    return hdus[name].data if set(columns) <= set(hdus[name].columns.names) else None


def repeat(values: np.ndarray) -> bool:
    """Whether any of some values repeats another.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Not NaN.

    Returns
    -------
    bool
    """
    if (np.diff(values) > 0).all():  # as nearly always, and much quicker than looking
        return False
    return np.unique(values).size < values.size


def _numbers_repeat(int_num: np.ndarray) -> bool:
    """Whether several integrations have one number."""
    return repeat(int_num[int_num > 0])


def _by_number(number: np.ndarray, days: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the days of these numbers; NaN where there are none, or several that differ.

    Rows of number 0 or with 0 days were never filled.
    """
    filled = (number > 0) & np.isfinite(days) & (days > 0)
    number, days = number[filled], days[filled]
    if not number.size:
        return np.full(wanted.shape, np.nan)
    order = np.lexsort((days, number))
    number, days = number[order], days[order]
    first = np.searchsorted(number, wanted, side="left")
    last = np.searchsorted(number, wanted, side="right") - 1
    there = first <= last
    first, last = np.where(there, first, 0), np.where(there, last, 0)
    return np.where(there & (days[first] == days[last]), days[first], np.nan)


@dataclass
class TimeStamps:
    """What was found in the time stamps of a series.

    Attributes
    ----------
    n_missing : int
        Integrations without a time stamp.
    repeated : ndarray of int, shape (k,)
        Integrations, counted from 0, whose time stamp an earlier one has.
    jumps_back : ndarray of int, shape (k,)
        Integrations earlier than the one before them.
    gaps : list of (int, Quantity)
        (integration that a gap follows, hours from its time to that of the next one).
    cadence : Quantity or None
        Median of the steps forward, in seconds; None if there is no step forward.
    segment_starts : ndarray of int, shape (k,)
        First integration of each segment; empty where segments are not given.
    bare_segments : list of int
        Segments without any time stamp beside others that have some.
    """

    n_missing: int = 0
    repeated: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))
    jumps_back: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))
    gaps: list[tuple[int, u.Quantity]] = field(default_factory=list)
    cadence: u.Quantity | None = None
    segment_starts: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))
    bare_segments: list[int] = field(default_factory=list)

    def sentences(self, *, gaps: bool = True) -> list[str]:
        """Say in words what is odd; positions count from 0.

        Parameters
        ----------
        gaps : bool, optional
            Whether to speak of gaps, which hinder only what counts on even times.

        Returns
        -------
        list of str
            One sentence for each oddity, none if there is nothing odd.
        """
        found = []
        if self.n_missing:
            where = ""
            if self.bare_segments:
                numbers = ", ".join(map(str, self.bare_segments))
                several = "s" if len(self.bare_segments) > 1 else ""
                where = f", none in segment{several} {numbers}"
            found.append(f"{counted(self.n_missing, 'integration')} without a time stamp{where}")
        if len(self.repeated):
            found.append(
                f"{counted(len(self.repeated), 'repeated time stamp')}, the first at integration "
                f"{self.repeated[0]}"
            )
        if len(self.jumps_back):
            at_segments = set(self.jumps_back) <= set(self.segment_starts)
            where = "at the start of a segment, " if at_segments else ""
            found.append(
                f"times jump back {counted(len(self.jumps_back), 'time')}, {where}the first at "
                f"integration {self.jumps_back[0]}"
            )
        if self.gaps and gaps:
            longest = max(gap for _, gap in self.gaps)
            found.append(
                f"{counted(len(self.gaps), 'gap')} in time, the longest of {longest.value:.3g} h, "
                f"the first after integration {self.gaps[0][0]}"
            )
        return found


def counted(number: int, noun: str) -> str:
    """Say how many there are.

    Parameters
    ----------
    number : int
    noun : str
        For one.

    Returns
    -------
    str
        ``'1 gap'``, ``'2 gaps'``.
    """
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
        if have.size:
            found.bare_segments = sorted(set(segment.tolist()) - set(segment[have].tolist()))
    if have.size < 2:
        return found
    steps, passed = np.diff(stamps), np.diff(have)
    if not (steps > 0).all():
        _, first = np.unique(stamps, return_index=True)
        again = np.ones(stamps.size, dtype=bool)
        again[first] = False
        found.repeated = have[again]
    found.jumps_back = have[1:][steps < 0]
    if not (steps > 0).any():
        return found
    cadence = float(np.median(steps[steps > 0] / passed[steps > 0]))
    found.cadence = cadence * u.s
    gaps = np.flatnonzero(steps > (passed - 1 + GAP_FACTOR) * cadence)
    found.gaps = [(int(have[i]), (steps[i] * u.s).to(u.h)) for i in gaps]
    return found
