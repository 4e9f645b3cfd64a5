"""Light curves as tables whose times are short enough to read, and what such tables hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import QTable
from astropy.time import Time
from astropy.timeseries import TimeSeries

from ...readers.time_systems import TIME_SYSTEMS

__all__ = ["LIGHT_CURVE", "LightCurveColumns", "light_curve_table"]

#: The key of a table's meta under which `LightCurveColumns` are.
LIGHT_CURVE = "light_curve"


@dataclass(frozen=True)
class LightCurveColumns:
    """Which columns of a table are a light curve.

    Attributes
    ----------
    time, flux : str
        Columns of the time, in days from ``zero``, and of what is drawn against it.
    flux_err, flag : str or None
        Columns of the errors of the flux, and of bool, true for points flagged as outliers.
    zero : float or None
        The Julian date that the times count from; None where they count from something else.
    time_system : str
        Of the times, ``'BJD_TDB'`` or ``'MJD_UTC'``; empty where it is not known.
    words : dict of str to str
        What columns are, in words.
    time_label, flux_label : str
        Axis labels, where they are not to be made of the above.
    """

    time: str = "time"
    flux: str = "flux"
    flux_err: str | None = None
    flag: str | None = None
    zero: float | None = None
    time_system: str = ""
    words: dict[str, str] = field(default_factory=dict)
    time_label: str = ""
    flux_label: str = ""

    @property
    def date(self) -> str:
        """Name of the full Julian date, also of the column that holds it; empty if not known."""
        return TIME_SYSTEMS[self.time_system].date if self.time_system else ""

    def in_meta(self) -> dict[str, dict[str, Any]]:
        """Return this as an entry of a table's meta: plain values, which every format writes."""
        return {LIGHT_CURVE: dataclasses.asdict(self)}

    @classmethod
    def of(cls, meta: Mapping[str, Any]) -> LightCurveColumns | None:
        """Find out what a table's meta say.

        Parameters
        ----------
        meta : mapping
            With an entry as `in_meta` makes it, if the table is a light curve.

        Returns
        -------
        LightCurveColumns or None
            None if the meta say nothing of a light curve.
        """
        found = meta.get(LIGHT_CURVE)
        names = {entry.name for entry in dataclasses.fields(cls)}
        # a table that somebody made can have a word of that name, too
        return cls(**found) if isinstance(found, dict) and found.keys() <= names else None


def light_curve_table(
    series: TimeSeries,
    flux: str = "flux",
    words: str = "",
    *,
    flux_err: str | None = None,
    flag: str | None = None,
    band: int | None = None,
    columns: Sequence[str] | None = None,
) -> QTable:
    """Make a table of a time series that the light-curve viewer can draw.

    Parameters
    ----------
    series : astropy.timeseries.TimeSeries
        Of n_int rows, with ``meta['time_system']`` ``'BJD_TDB'`` or ``'MJD_UTC'``. The times in the
        other system, where there are any, in ``time_utc`` or ``time_tdb``.
    flux : str, optional
        The column to draw.
    words : str, optional
        What it is, for the axis label; by default its ``info.description`` or its name.
    flux_err, flag : str, optional
        The columns of its 1-sigma errors, and of bool, true for rows flagged as outliers.
    band : int, optional
        Which band of columns that have several; without it they are left out.
    columns : sequence of str, optional
        The further columns to take, in their order; by default all.

    Returns
    -------
    QTable
        ``time``, in days from the whole day before the first integration (NaN where there is no
        time); ``flux``, its error and its flag; the further columns; and the full Julian date under
        the name of its time system (``BJD_TDB``, ``JD_UTC``), in the other system, too, where the
        series has it. Its meta are those of the series and, under `LIGHT_CURVE`, a
        `LightCurveColumns`.

    Raises
    ------
    KeyError
        If there is no such column.
    """
    system = TIME_SYSTEMS[series.meta["time_system"]]
    jd1, jd2 = (np.ma.filled(part, np.nan) for part in (series.time.jd1, series.time.jd2))
    zero = float(np.floor(np.nanmin(jd1 + jd2)))
    table = QTable(meta=dict(series.meta))
    # jd1/jd2 keep the microseconds that one float of days would lose
    table["time"] = ((jd1 - zero) + jd2) * u.day
    first = [name for name in (flux, flux_err, flag) if name]
    others = series.colnames if columns is None else columns
    for name in [*first, *(name for name in others if name not in first)]:
        column = series[name]
        if isinstance(column, Time):
            continue
        if column.ndim == 1:
            table[name] = column
        elif band is not None:
            table[name] = column[:, band]
    table[system.date] = (jd1 + jd2) * u.day
    for other in TIME_SYSTEMS.values():
        column = f"time_{other.scale}"
        if column in series.colnames and other is not system:
            table[other.date] = np.ma.filled(series[column].jd, np.nan) * u.day
    described = {
        name: series[name].info.description
        for name in series.colnames
        if name in table.colnames and series[name].info.description
    }
    if words:
        described[flux] = words
    found = LightCurveColumns(
        flux=flux, flux_err=flux_err, flag=flag, zero=zero, time_system=system.name,
        words=described,
    )  # fmt: skip
    table.meta |= found.in_meta()
    return table
