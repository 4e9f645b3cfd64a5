"""Operations on light curves: normalise, flag outliers, bin in time."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time
from astropy.timeseries import TimeSeries
from bottleneck import nanmedian
from scipy.ndimage import maximum_filter1d

from ...errors import Stage3Error
from ..scatter import sigma_of_deviations
from ..smoothing.flux_arrays import is_integer
from ..smoothing.median import median_smooth
from .time_stamps import inspect_time_stamps, seconds_from_first

__all__ = ["bin_light_curve", "flag_outliers", "normalization"]

# An outlier is so many times as far from the running median as the points beside it.
_ALONE = 4.0
# So that a point at the very start of a bin is in it, whatever the rounding of its time.
_ROUNDING = 1e-6


def normalization(flux: np.ndarray, baseline_mask: np.ndarray | None = None) -> float:
    """Return what to divide a light curve by: the median of its points.

    Parameters
    ----------
    flux : ndarray of float, shape (n_int,)
        NaN for points that do not count, such as outliers.
    baseline_mask : ndarray of bool, same shape, optional
        True for the points to use, all by default.

    Returns
    -------
    float

    Raises
    ------
    Stage3Error
        If no finite point is left, or their median is not positive.
    """
    flux = np.asarray(flux, dtype=np.float64)
    points = flux if baseline_mask is None else flux[baseline_mask]
    points = points[np.isfinite(points)]
    where = "the light curve" if baseline_mask is None else "the baseline"
    if not points.size:
        raise Stage3Error(
            f"no point of {where} that is finite and no outlier: there is nothing to normalise by; "
            "use normalize=None, or another band or baseline"
        )
    factor = float(np.median(points))
    if not factor > 0:
        raise Stage3Error(
            f"the median of {where} is {factor:.6g}: a curve is normalised by a positive number; "
            "use normalize=None, or another band"
        )
    return factor


def flag_outliers(flux: np.ndarray, sigma: float = 5.0, window: int = 15) -> np.ndarray:
    """Return which points are far from the running median of their neighbours.

    Parameters
    ----------
    flux : ndarray of float, shape (n_int,) or (n_int, n_bands)
        Each band by itself.
    sigma : float, optional
        Points farther from the running median than so many times the scatter are flagged.
    window : int, optional
        Width of the running median in integrations, odd. In a shorter series, its largest odd
        number of points.

    Returns
    -------
    ndarray of bool, same shape
        NaN is never flagged. No point is where most are equal: there is no scatter to compare
        with.

    Raises
    ------
    Stage3Error
        If ``sigma`` is not positive, or ``window`` is not a positive odd integer.

    Notes
    -----
    A point is flagged if it stands out on its own: if it is farther than ``sigma`` times the
    scatter, to one side, from the running median, and from where both its neighbours would be
    if moved to it along the slope of the curve (the running median of the slopes from the point
    before to the one after); and four times as far from the running median as either neighbour.
    Points of a transit, of its ingress and egress, of its curved bottom, or of a drift do not,
    for their neighbours are like them, from two points in transit on. For the same reason two
    outliers side by side are not flagged, nor is the first or last point: nothing tells them from
    a transit. On a steep slope, an outlier between its neighbours is none.

    The scatter is 1.4826 × the median absolute deviation (that of a Gaussian from its median is
    σ / 1.4826) of the residuals from the running median, or, if that is more, of the differences
    of a point from the line between the two beside it, over √(3/2): where a curve rises or falls
    within the whole window, as in ingress and egress, its running median is the curve itself, and
    residuals of 0 say nothing of the noise.

    In ingress and egress an outlier puts the median of its neighbours off by the step between two
    points. So of the points that are too far, only the farthest within a window is flagged; then
    the line between its neighbours is put in its place, and the medians and the scatter are taken
    anew, until no more is found. Beside a corner a good neighbour can be flagged in its stead.

    At the ends the window is cut to the points that there are, half a window at the very first and
    last.
    """
    flux = np.asarray(flux, dtype=np.float64)
    if not sigma > 0:
        raise Stage3Error(f"outlier_sigma is {sigma}; it must be positive, or None to flag none")
    if not is_integer(window) or window < 1 or window % 2 == 0:
        raise Stage3Error(f"outlier_window is {window!r}; it must be an odd number of integrations")
    if not flux.size:
        return np.zeros(flux.shape, dtype=bool)
    # one band after the other in memory
    values = np.ascontiguousarray(np.where(np.isfinite(flux), flux, np.nan).T)
    n_int = values.shape[-1]
    width = min(int(window), n_int - 1 + n_int % 2)
    flagged = np.zeros(values.shape, dtype=bool)
    for _ in range(width):  # no more than so many can hide each other
        height, scatter = _heights(values, flagged, width)
        with np.errstate(invalid="ignore"):  # NaN, for no point, flags none
            far = (height > sigma * scatter) & (scatter > 0)
        if not far.any():
            break
        height = np.where(far, height, 0.0)
        flagged |= far & (height == maximum_filter1d(height, width, mode="constant"))
    return np.ascontiguousarray(flagged.T)


def _heights(values: np.ndarray, flagged: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each point stands out from those around it, and how far it may: one sigma.

    Formulas: `flag_outliers`. Time is the last axis. NaN where a point is missing, flagged, or has
    a neighbour on one side only.
    """
    good = np.isfinite(values) & ~flagged
    left, right, to_left, to_right = _neighbours(values, good)
    slope = (right - left) / (to_left + to_right)
    line = left + slope * to_left
    median = median_smooth(np.where(flagged, line, values), width)
    trend = median_smooth(slope, width)

    residual = np.where(good, values - median, np.nan)
    beside = np.where(good, np.abs(values - line), np.nan)
    about_median = sigma_of_deviations(residual - _median(residual))
    scatter = np.fmax(about_median, sigma_of_deviations(beside) / np.sqrt(1.5))[..., np.newaxis]
    near = np.stack([left, right]) - median
    along = near + np.stack([trend * to_left, -trend * to_right])
    heights = []
    for sign in (1, -1):
        alone = sign * residual > _ALONE * (sign * near).max(axis=0)
        height = sign * residual - np.maximum(0, (sign * along).max(axis=0))
        heights.append(np.where(alone, height, 0.0))
    return np.where(np.isfinite(residual + line), np.maximum(*heights), np.nan), scatter


def _neighbours(values: np.ndarray, good: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the nearest good points before and after each point, NaN for none, and how far."""
    last = values.shape[-1] - 1
    row = np.arange(last + 1)
    before = np.full(values.shape, -1)
    np.maximum.accumulate(np.where(good, row, -1)[..., :-1], axis=-1, out=before[..., 1:])
    after = np.full(values.shape, last + 1)
    backwards = np.where(good, row, last + 1)[..., :0:-1]
    np.minimum.accumulate(backwards, axis=-1, out=after[..., -2::-1])
    left = np.take_along_axis(values, np.maximum(before, 0), axis=-1)
    right = np.take_along_axis(values, np.minimum(after, last), axis=-1)
    left[before < 0] = right[after > last] = np.nan
    return left, right, row - before, after - row


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median over time of each band; NaN, not a warning, for none."""
    return np.expand_dims(nanmedian(values, axis=-1), -1)


def bin_light_curve(curve: TimeSeries, width: u.Quantity | int) -> TimeSeries:
    """Average the points of a light curve in bins of time.

    Parameters
    ----------
    curve : TimeSeries
        With ``flux`` and ``flux_err``, shape (n_int,) or (n_int, n_bands), and, if it has them,
        ``outlier`` (points left out, as are those that are not finite) and ``hours``.
    width : Quantity or int
        Of a bin, in units of time; or number of integrations.

    Returns
    -------
    TimeSeries
        ``time`` (mean of the points used), ``hours`` if there were any, ``flux`` (plain mean of n
        points), ``flux_err`` (√Σσ² / n) and ``n_points`` of each bin that has a point. The meta of
        the curve, and ``bin_width`` and ``bin_width_unit``.

    Raises
    ------
    Stage3Error
        If the width is not positive, not a time, or a number that is not whole; or if no point is
        left.

    Notes
    -----
    A bin never reaches across a gap, see `jdaviz_stage3.analysis.inspect_time_stamps`: bins are
    counted from the first point after it. A bin narrower than the cadence holds one point. Points
    without a time stamp are left out. Where times jump back, the points are put in the order of
    time first, which ``meta['remarks']`` says. Of several bands, the time of a bin is that of all
    integrations with a point in any of them.
    """
    size, unit = _checked_width(width)
    remarks = list(curve.meta.get("remarks", []))
    seconds = seconds_from_first(curve.time)
    have = np.flatnonzero(np.isfinite(seconds))
    if not have.size:
        raise Stage3Error("no point of the light curve has a time stamp: there is nothing to bin")
    if have.size < len(curve):
        remarks.append(f"{len(curve) - have.size} points without a time stamp are in no bin")
    origin, seconds = curve.time[int(have[0])], seconds[have]
    if (np.diff(seconds) < 0).any():
        order = np.argsort(seconds, kind="stable")
        have, seconds = have[order], seconds[order]
        remarks.append("times jump back; for the bins, the points are in the order of time")
    label = _bin_labels(curve.time[have], seconds, size, unit)
    flux, error, good = _points(curve, have)
    rows = good.any(axis=1)
    if not rows.any():
        raise Stage3Error("no point of the light curve is finite and no outlier: nothing to bin")
    flux, error, good, label, seconds, have = (
        values[rows] for values in (flux, error, good, label, seconds, have)
    )
    starts = np.flatnonzero(np.append(True, label[1:] != label[:-1]))

    count = np.add.reduceat(good.astype(int), starts, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 is NaN: a band without a point
        mean = np.add.reduceat(np.where(good, flux, 0), starts, axis=0) / count
        spread = np.add.reduceat(np.where(good, error, 0) ** 2, starts, axis=0)
        spread = np.sqrt(spread) / count
    points = np.diff(np.append(starts, len(seconds)))
    shape = (len(starts), *curve["flux"].shape[1:])
    unit_of_flux = curve["flux"].unit
    middle = origin + np.add.reduceat(seconds, starts) / points * u.s
    binned = TimeSeries(time=_like(middle, curve.time))
    if "hours" in curve.colnames:
        hours = _values(curve["hours"])[have]
        binned["hours"] = np.add.reduceat(hours, starts) / points * u.h
    binned["flux"] = u.Quantity(mean.reshape(shape), unit_of_flux)
    binned["flux_err"] = u.Quantity(spread.reshape(shape), unit_of_flux)
    binned["n_points"] = count.reshape(shape)
    binned.meta.update(curve.meta, bin_width=size, bin_width_unit=unit, remarks=remarks)
    return binned


def _checked_width(width: Any) -> tuple[float | int, str]:
    """Return the width of a bin as a number and the name of its unit."""
    if isinstance(width, u.Quantity) and width.unit.is_equivalent(u.s) and width.isscalar:
        size, unit = float(width.value), width.unit.to_string()
    elif not isinstance(width, u.Quantity) and is_integer(width):
        size, unit = int(width), "integrations"
    else:
        raise Stage3Error(
            f"bin_width is {width!r}; give a time, such as 10 * u.min, or a whole number of "
            "integrations"
        )
    if not np.isfinite(size) or size <= 0:
        raise Stage3Error(f"bin_width is {width}; it must be positive")
    return size, unit


def _bin_labels(time: Time, seconds: np.ndarray, size: float, unit: str) -> np.ndarray:
    """Return a number for each point that changes from bin to bin; the times ascend."""
    gaps = [index for index, _ in inspect_time_stamps(time).gaps]
    starts = np.append(0, np.array(gaps, dtype=int) + 1)
    stretch = np.zeros(len(seconds), dtype=int)
    stretch[starts[1:]] = 1
    stretch = np.cumsum(stretch)
    if unit == "integrations":
        number = (np.arange(len(seconds)) - starts[stretch]) // size
    else:
        width = (size * u.Unit(unit)).to_value(u.s)
        number = np.floor((seconds - seconds[starts][stretch]) / width + _ROUNDING)
    new = (np.diff(number) != 0) | (np.diff(stretch) != 0)
    return np.cumsum(np.append(0, new))


def _points(curve: TimeSeries, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return flux, error and which points to use, each of shape (n_rows, n_bands)."""
    flux = _values(curve["flux"])[rows]
    error = _values(curve["flux_err"])[rows]
    good = np.isfinite(flux)
    if "outlier" in curve.colnames:
        good &= ~np.asarray(curve["outlier"], dtype=bool)[rows]
    return tuple(values.reshape(len(rows), -1) for values in (flux, error, good))


def _values(column: Any) -> np.ndarray:
    """Return the numbers of a column as float64, NaN where masked."""
    plain = getattr(column, "unmasked", column)
    values = np.array(getattr(plain, "value", plain), dtype=np.float64)
    values[np.broadcast_to(getattr(column, "mask", False), values.shape)] = np.nan
    return values


def _like(time: Time, other: Time) -> Time:
    """Return a time without a mask, in the scale and format of another."""
    copy = time.unmasked.copy()
    copy.format = other.format
    return copy
