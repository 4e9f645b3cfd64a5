"""Series over the frames of a stack, with their times, as the light-curve viewer draws them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import QTable
from astropy.timeseries import TimeSeries

from ...errors import Stage3Error
from ...readers.quality import dq_names, dq_value
from ...readers.time_systems import TIME_SYSTEMS
from ..light_curves.table import LightCurveColumns, light_curve_table
from .blocks import StackBlocks

__all__ = ["pixel_series", "series_of_frames", "series_table"]


def pixel_series(stack: Any, x: float, y: float, *, frames: Any = None) -> TimeSeries | QTable:
    """Return the values of one pixel through the frames of a stack.

    Parameters
    ----------
    stack : ImageStack, NDData or ndarray, shape (n, ny, nx)
    x, y : int or float
        Column and row, from 0; of a place between the middles of pixels the pixel it lies in.
    frames : slice, or array of int or bool, optional
        Which frames; all by default.

    Returns
    -------
    astropy.timeseries.TimeSeries or astropy.table.QTable
        ``time`` (BJD_TDB where there is it, else UTC: ``meta['time_system']``) and ``time_utc``; a
        table without them where the stack has no times. ``integration`` or ``psf``, the number of
        the frame from 0, and ``int_num``; ``flux``, NaN where it is not finite, and ``flux_err`` in
        the unit of the stack; ``flags``, the data-quality flags, and ``flagged``, true where the
        pixel must not be used.

    Raises
    ------
    Stage3Error
        If the pixel is outside of the images.
    """
    blocks = StackBlocks(stack, frames)
    for place, size, axis in ((x, blocks.shape[1], "column"), (y, blocks.shape[0], "row")):
        if not -0.5 <= place < size - 0.5:
            raise Stage3Error(f"{blocks.name}: no {axis} {place:g}; there are {size}, from 0")
    x, y = math.floor(x + 0.5), math.floor(y + 0.5)
    blocks = StackBlocks(stack, frames, (slice(y, y + 1), slice(x, x + 1)))
    found = blocks.whole(blank=False, errors=blocks.has_errors, flags=blocks.has_flags)
    flux = found.values[:, 0, 0].astype(float)
    columns: dict[str, Any] = {"flux": np.where(np.isfinite(flux), flux, np.nan) * blocks.unit}
    if found.errors is not None:
        columns["flux_err"] = found.errors[:, 0, 0].astype(float) * blocks.unit
    if found.flags is not None:
        columns["flags"] = found.flags[:, 0, 0]
    columns["flagged"] = np.isnan(blocks.whole().values[:, 0, 0])
    series = series_of_frames(blocks, columns)
    series["flux"].info.description = f"Pixel ({x}, {y})"
    series.meta["pixel"] = (x, y)
    return series


def series_of_frames(blocks: StackBlocks, columns: Mapping[str, Any]) -> TimeSeries | QTable:
    """Make a series of what was found of each frame, with numbers and times.

    Parameters
    ----------
    blocks : StackBlocks
        The frames.
    columns : mapping of str to column
        Of as many rows as there are frames.

    Returns
    -------
    astropy.timeseries.TimeSeries or astropy.table.QTable
        The latter where the stack has no times; see `pixel_series`.
    """
    stack, numbers = blocks.stack, blocks.numbers
    times = {
        system: time[numbers]
        for system, time in (("BJD_TDB", stack.times), ("MJD_UTC", stack.times_utc))
        if time is not None
    }
    meta: dict[str, Any] = {"stack": blocks.name, "dq_flags": _excluding(stack)}
    series = QTable(meta=meta)
    if times:
        system, time = next(iter(times.items()))
        series = TimeSeries(time=time, meta=meta | {"time_system": system})
        for other in list(times)[1:]:
            series[f"time_{TIME_SYSTEMS[other].scale}"] = times[other]
    series[blocks.axis] = numbers
    if stack.int_num is not None:
        series["int_num"] = np.asarray(stack.int_num)[numbers]
    for name, column in columns.items():
        series[name] = column
    return series


def _excluding(stack: Any) -> list[str]:
    """The names of the flags that exclude pixels."""
    return dq_names(dq_value(stack.dq_bits)) if stack.dq is not None else []


def series_table(series: TimeSeries | QTable, flux: str = "flux", words: str = "") -> QTable:
    """Make a table of a series that the light-curve viewer can draw.

    Parameters
    ----------
    series : TimeSeries or QTable
        As from `pixel_series`, `region_series`, `background_series` or `centroid_series`.
    flux : str, optional
        The column to draw.
    words : str, optional
        What it is, for the axis; by default its ``info.description``.

    Returns
    -------
    QTable
        As `jdaviz_stage3.analysis.light_curves.table.light_curve_table` makes it; of a series
        without times against the number of the frame, from 1.

    Raises
    ------
    KeyError
        If there is no such column.
    """
    error = f"{flux}_err" if f"{flux}_err" in series.colnames else None
    flag = "flagged" if "flagged" in series.colnames else None
    timed = isinstance(series, TimeSeries) and not np.all(series.time.mask)
    if timed:
        return light_curve_table(series, flux, words, flux_err=error, flag=flag)
    axis = "psf" if "psf" in series.colnames else "integration"
    table = QTable(meta=dict(series.meta))
    names = [axis, flux, *(name for name in (error, flag) if name)]
    for name in [*names, *(name for name in series.colnames if name not in names)]:
        if name not in ("time", "time_utc"):
            table[name] = series[name]
    # from 1, as the pipeline counts, and the titles of frames
    numbers = series["int_num"] if "int_num" in series.colnames else series[axis] + 1
    table[axis] = np.asarray(numbers) * u.dimensionless_unscaled
    found = LightCurveColumns(
        time=axis, flux=flux, flux_err=error, flag=flag,
        words={flux: words or series[flux].info.description or flux},
        time_label="PSF" if axis == "psf" else "Integration",
    )  # fmt: skip
    table.meta |= found.in_meta()
    return table
