"""Two light curves of one observation, less each other, integration by integration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time
from astropy.timeseries import TimeSeries

from ...errors import Stage3Error
from ...readers.spectral_trace import SpectralTrace
from ..light_curves.noise import point_to_point_scatter
from ..light_curves.white_light import white_light_curve
from .differences import ASSUMED, Differences, in_unit

__all__ = ["LightCurveComparison", "compare_light_curves", "compare_traces"]

#: Of the time between two integrations: nearer ones are the same.
_SAME = 0.1
#: Where each has one integration only, so that there is no such time.
_DAYS = 1e-5


@dataclass(frozen=True, eq=False)
class LightCurveComparison:
    """First light curve less second.

    Attributes
    ----------
    time : Time, shape (n,)
        Of the integrations that both have.
    rows : tuple of two ndarray of int, shape (n,)
        Which rows of the two these are.
    differences : Differences, shape (n,)
    scatter : tuple of two float
        Of each curve, from neighbouring points; in the unit of the difference.
    normalized : bool
        Whether each was divided by its median before.
    notes : tuple of str
        What was assumed and done.
    """

    time: Time
    rows: tuple[np.ndarray, np.ndarray]
    differences: Differences
    scatter: tuple[float, float]
    normalized: bool
    notes: tuple[str, ...]

    def time_series(self) -> TimeSeries:
        """Return the residuals as a time series.

        Returns
        -------
        TimeSeries
            ``flux``, first less second, and ``flux_err`` where both have errors.
        """
        series = TimeSeries(time=self.time)
        series["flux"] = self.differences.difference
        if self.differences.error is not None:
            series["flux_err"] = self.differences.error
        return series


def compare_light_curves(
    first: TimeSeries,
    second: TimeSeries,
    column: str = "flux",
    *,
    second_column: str = "",
    normalize: bool | None = None,
) -> LightCurveComparison:
    """Take the difference of two light curves, of integrations of the same time.

    Parameters
    ----------
    first, second : TimeSeries
        Fluxes that are not finite, and rows with ``outlier``, are left out.
    column : str, optional
        Of the first; its error is ``column_err`` where there is one.
    second_column : str, optional
        Of the second, where it has another name.
    normalize : bool, optional
        Whether to divide each by its median over the common integrations. By default only where the
        units do not convert into one another, as in light curves of jwst before 3.0, which have
        none.

    Returns
    -------
    LightCurveComparison

    Raises
    ------
    Stage3Error
        If a column is not there, times are of different systems, or there is none in common.

    Notes
    -----
    Times are the same if they differ by less than a tenth of the time between integrations, of
    the curve with more of them. Time stamps that repeat are matched with the first.
    """
    curves = [(first, column, "first"), (second, second_column or column, "second")]
    for series, name, which in curves:
        if name not in series.colnames:
            known = ", ".join(c for c in series.colnames if c.startswith(("flux", "whitelight")))
            raise Stage3Error(f"the {which} light curve has no column {name!r} (found {known})")
    times = _times(curves)
    days = [np.ma.filled(np.ma.asarray(time.mjd, dtype=float), np.nan) for time in times]
    rows = _same_times(*days)
    if not rows[0].size:
        raise Stage3Error("the light curves have no time in common; is it one observation?")
    usable = [
        _usable(series, name, row) for (series, name, _), row in zip(curves, rows, strict=True)
    ]
    notes = []
    for (series, _, which), row in zip(curves, rows, strict=True):
        flagged = int(np.sum(series["outlier"][row])) if "outlier" in series.colnames else 0
        if flagged:
            notes.append(f"{flagged} integrations of the {which} are flagged as outliers, left out")
    if normalize is None:
        units = [value.unit for value, _ in usable]
        normalize = not units[1].is_equivalent(units[0])
        if normalize:
            named = [str(unit) or "no unit" for unit in units]
            notes.append(f"units are {named[0]} and {named[1]}: each is divided by its median")
    if normalize:
        usable = [
            _normalized(*one, which) for one, (_, _, which) in zip(usable, curves, strict=True)
        ]
    (one, one_error), (other, other_error) = usable
    other = in_unit(other, one.unit, "light curves")
    if other_error is not None:
        other_error = in_unit(other_error, one.unit, "light curves")
    made = Differences.of(one, other, one_error, other_error)
    if not made.n:
        raise Stage3Error("the light curves have no usable integration in common")
    notes.append(ASSUMED if made.error is not None else "not both have errors: there are none")
    return LightCurveComparison(
        times[0][rows[0]],
        rows,
        made,
        (point_to_point_scatter(one.value), point_to_point_scatter(other.value)),
        bool(normalize),
        tuple(notes),
    )


def compare_traces(first: SpectralTrace, second: SpectralTrace) -> LightCurveComparison:
    """Take the difference of two time series of spectra, each summed over its wavelengths.

    Parameters
    ----------
    first, second : SpectralTrace
        In the barycentric time system if both have that, else in UTC.

    Returns
    -------
    LightCurveComparison

    Raises
    ------
    Stage3Error
        As `compare_light_curves` and `jdaviz_stage3.analysis.white_light_curve`.
    """
    traces = first, second
    system = "BJD_TDB" if all(trace.time is not None for trace in traces) else "MJD_UTC"
    curves = [white_light_curve(t, normalize=None, time_system=system) for t in traces]
    return compare_light_curves(*curves)


def _times(curves: list[tuple[TimeSeries, str, str]]) -> list[Time]:
    """Times of both in one system, at the barycentre if both have these; of the right detector."""
    found = []
    for series, column, _ in curves:
        meta: dict[str, Any] = series[column].info.meta or {}
        names = [meta.get("time", "time"), meta.get("time_utc", "time_utc")]
        found.append({series[n].scale: series[n] for n in names[::-1] if n in series.colnames})
    common = [scale for scale in ("tdb", "utc") if all(scale in one for one in found)]
    if not common:
        scales = " and ".join("/".join(one).upper() for one in found)
        raise Stage3Error(
            f"the times of the light curves are {scales}: at the barycentre and at the telescope "
            "they differ by the light travel time; use one time system for both"
        )
    return [one[common[0]] for one in found]


def _normalized(
    value: u.Quantity, error: u.Quantity | None, which: str
) -> tuple[u.Quantity, u.Quantity | None]:
    median = np.nanmedian(value) if np.isfinite(value).any() else np.nan * value.unit
    if not (np.isfinite(median) and median != 0):
        raise Stage3Error(f"the {which} light curve has no median to divide by")
    divided = (value / median).to(u.dimensionless_unscaled)
    return divided, None if error is None else (error / median).to(u.dimensionless_unscaled)


def _same_times(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the two whose times are the same, each row once."""
    known = np.flatnonzero(np.isfinite(second))
    days, place = np.unique(second[known], return_index=True)
    if not days.size:
        return np.empty(0, int), np.empty(0, int)
    place = known[place]
    # the finer of the two: one may have every tenth integration only
    steps = [np.diff(one) for one in (np.unique(first[np.isfinite(first)]), days)]
    tolerance = _SAME * min((float(np.median(one)) for one in steps if one.size), default=_DAYS)
    upper = np.clip(np.searchsorted(days, first), 1, max(days.size - 1, 1))
    lower = upper - 1
    upper = np.minimum(upper, days.size - 1)
    nearest = np.where(np.abs(days[upper] - first) < np.abs(first - days[lower]), upper, lower)
    same = np.flatnonzero(np.abs(days[nearest] - first) <= tolerance)
    _, once = np.unique(nearest[same], return_index=True)
    rows = same[np.sort(once)]
    return rows, place[nearest[rows]]


def _usable(
    series: TimeSeries, column: str, rows: np.ndarray
) -> tuple[u.Quantity, u.Quantity | None]:
    value = u.Quantity(series[column][rows], dtype=float, copy=True)
    if "outlier" in series.colnames:
        value[np.asarray(series["outlier"][rows], bool)] = np.nan
    if f"{column}_err" not in series.colnames:
        return value, None
    return value, u.Quantity(series[f"{column}_err"][rows], dtype=float)
