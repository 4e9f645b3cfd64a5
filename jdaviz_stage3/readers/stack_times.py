"""Numbers and times of the integrations of a stack of images, from INT_TIMES."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.time import Time

from ..errors import Stage3Warning
from .extensions import header_int, native
from .time_systems import TIME_SYSTEMS
from .times import counted, days_to_time, inspect_time_stamps, stripe_times_of

__all__ = ["IntegrationTimes", "integration_times"]

_ENDS = ("start", "mid", "end")


@dataclass(frozen=True, eq=False)
class IntegrationTimes:
    """When the integrations of a stack were, as far as its file says.

    Attributes
    ----------
    int_num : ndarray of int, shape (n_int,), or None
        Their numbers in the exposure, the first is 1.
    days : dict of (str, str) to ndarray of float64, shape (n_int,)
        Modified Julian dates by ``'start'``, ``'mid'`` or ``'end'`` and time system, NaN where
        there is no time stamp. What has none at all is left out.
    """

    int_num: np.ndarray | None = None
    days: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)

    def time(self, end: str, system: str) -> Time | None:
        """Return times, masked where there is no time stamp.

        Parameters
        ----------
        end : {'start', 'mid', 'end'}
        system : {'BJD_TDB', 'MJD_UTC'}

        Returns
        -------
        astropy.time.Time, shape (n_int,), or None
            None if none of the integrations has one.
        """
        days = self.days.get((end, system))
        return None if days is None else days_to_time(days, TIME_SYSTEMS[system].scale)

    @property
    def systems(self) -> list[str]:
        """The time systems that there are mid-times in, barycentric first."""
        return [system for system in TIME_SYSTEMS if ("mid", system) in self.days]


def integration_times(hdus: fits.HDUList, n_int: int, path: str | os.PathLike) -> IntegrationTimes:
    """Find numbers and times of the integrations of an opened file.

    Parameters
    ----------
    hdus : astropy.io.fits.HDUList
    n_int : int
        How many integrations the stack has.
    path : path-like

    Returns
    -------
    IntegrationTimes

    Warns
    -----
    Stage3Warning
        If there is no INT_TIMES, or it has no row or no time for some integrations, or times repeat
        or jump back; what there is is kept.

    Notes
    -----
    Where INT_TIMES has as many rows as there are integrations, they are taken in their order. Else
    it may be that of the whole exposure beside one segment of it: rows are then found by the
    numbers that INTSTART and INTEND of the primary header give.
    """
    name = Path(path).name
    numbers = _numbers_of_header(hdus[0].header, n_int)
    table = _table(hdus)
    if table is None:
        _warn(f"{name}: no INT_TIMES with times of integrations; the images have no times")
        return IntegrationTimes(numbers)
    columns = {column.lower(): column for column in _numeric(table)}
    listed = native(table.data[columns["integration_number"]], float)
    listed = np.where(np.isfinite(listed), listed, 0).astype(int)
    rows = np.arange(n_int)
    if len(listed) == n_int:
        if np.all(listed > 0):
            if numbers is not None and np.any(numbers != listed):
                _warn(
                    f"{name}: INT_TIMES numbers the integrations {_span(listed)}, INTSTART and "
                    f"INTEND {_span(numbers)}; taken in the order of INT_TIMES"
                )
            numbers = listed
    else:
        rows = _rows_of(numbers, listed, n_int)
        n_found = int(np.count_nonzero(rows >= 0))
        if n_found < n_int:
            known = "" if numbers is not None else ", and INTSTART and INTEND do not number them"
            _warn(
                f"{name}: INT_TIMES has {counted(len(listed), 'row')}, but SCI "
                f"{counted(n_int, 'integration')}{known}; {n_int - n_found} without a time"
            )
    days = {}
    for end in _ENDS:
        for system in TIME_SYSTEMS:
            column = columns.get(f"int_{end}_{system}".lower())
            if column is not None and len(listed):
                found = native(table.data[column], float)[rows]
                days[end, system] = np.where((rows >= 0) & (found > 0), found, np.nan)
    days = {key: values for key, values in days.items() if np.isfinite(values).any()}
    if not any(("mid", system) in days for system in TIME_SYSTEMS) and np.any(rows >= 0):
        days |= _stripe_days(Path(path), numbers)
        if not days:
            _warn(f"{name}: INT_TIMES holds no finite time; the images have no times")
    found_times = IntegrationTimes(numbers, days)
    _warn_of_oddities(found_times, name)
    return found_times


def _table(hdus: fits.HDUList) -> fits.BinTableHDU | None:
    """INT_TIMES, if it has mid-times and says of which integrations they are."""
    hdu = next((hdu for hdu in hdus if hdu.name == "INT_TIMES"), None)
    if not isinstance(hdu, fits.BinTableHDU):
        return None
    names = {column.lower() for column in _numeric(hdu)}
    times = {f"int_mid_{system}".lower() for system in TIME_SYSTEMS}
    return hdu if "integration_number" in names and times & names else None


def _numeric(table: fits.BinTableHDU) -> list[str]:
    """The columns with a number in each row."""
    dtype = table.data.dtype if table.data is not None else np.dtype([])
    return [name for name in dtype.names or () if dtype[name].kind in "iuf"]


def _numbers_of_header(header: fits.Header, n_int: int) -> np.ndarray | None:
    """The numbers that INTSTART and INTEND give, if there are as many as integrations."""
    first, last = header_int(header.get("INTSTART")), header_int(header.get("INTEND"))
    if first is None or last is None or first < 1 or last - first + 1 != n_int:
        return None
    return np.arange(first, last + 1)


def _rows_of(numbers: np.ndarray | None, listed: np.ndarray, n_int: int) -> np.ndarray:
    """The row of each number that is listed once; -1 for the others."""
    if numbers is None or not len(listed):
        return np.full(n_int, -1)
    values, first, count = np.unique(listed, return_index=True, return_counts=True)
    place = np.minimum(np.searchsorted(values, numbers), len(values) - 1)
    once = (values[place] == numbers) & (count[place] == 1)
    return np.where(once, first[place], -1)


def _stripe_days(path: Path, numbers: np.ndarray | None) -> dict[tuple[str, str], np.ndarray]:
    """Mid-times from INT_TIMES_STRIPE, which multistripe subarrays have."""
    if numbers is None:
        return {}
    found = {system: stripe_times_of(path, system, numbers) for system in TIME_SYSTEMS}
    return {
        ("mid", system): days
        for system, days in found.items()
        if days is not None and np.isfinite(days).any()
    }


def _warn_of_oddities(times: IntegrationTimes, name: str) -> None:
    for system in times.systems[:1]:  # the other has the same ones
        time = times.time("mid", system)
        assert time is not None
        for oddity in inspect_time_stamps(time).sentences(gaps=False):
            _warn(f"{name}: {oddity}; the data are kept as they are")


def _span(numbers: np.ndarray) -> str:
    return f"{numbers.min()} to {numbers.max()}"


def _warn(text: str) -> None:
    warnings.warn(text, Stage3Warning, stacklevel=4)
