"""Pixels, regions and sources of a stack through its frames, in the light-curve viewers."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.table import QTable
from astropy.timeseries import TimeSeries

from ...analysis.stacks.centroids import centroid_series
from ...analysis.stacks.region_series import background_series, region_series
from ...analysis.stacks.series import pixel_series, series_table
from ...jdaviz_compat import data_labels, remove_data
from ...loaders.stack_data import StackData
from ..curves_in_app import add_curve, show_curve
from .pictures import three_axes

__all__ = ["SeriesInApp"]


class SeriesInApp:
    """Makes series of a stack, adds them to the app and shows them.

    Parameters
    ----------
    app : jdaviz helper, inner application or plugin
    """

    def __init__(self, app: Any):
        self._app = app
        self._pixel = ""  # the label of that of a pixel

    def of_pixel(self, data: StackData, x: float, y: float) -> TimeSeries | QTable:
        """Show a pixel, in place of the one before.

        Parameters
        ----------
        data : StackData
        x, y : float
            From 0.

        Returns
        -------
        TimeSeries or QTable
        """
        series = pixel_series(three_axes(data.stack, data.index), x, y)
        label, former = f"{data.label} pixel {series.meta['pixel']}", self._pixel
        self._pixel = label
        self._add(label, series)
        if former != label and former in data_labels(self._app):
            remove_data(self._app, [former])
        return series

    def of_region(
        self,
        data: StackData,
        region: np.ndarray,
        background: np.ndarray | None,
        *,
        name: str,
        statistic: str,
        missing: str,
    ) -> TimeSeries | QTable:
        """Show the sum or the mean over a region.

        Parameters
        ----------
        data : StackData
        region, background : ndarray of bool, shape (ny, nx)
            The background is subtracted, if there is one.
        name : str
            Of the region.
        statistic, missing : str
            See `jdaviz_stage3.analysis.region_series`.

        Returns
        -------
        TimeSeries or QTable
        """
        stack = three_axes(data.stack, data.index)
        series = region_series(stack, region, statistic, background=background, missing=missing)
        self._add(f"{data.label} {statistic} of {name}", series)
        return series

    def of_source(self, data: StackData, x: float, y: float, box: int) -> dict[str, Any]:
        """Show where a source is, and the background.

        Parameters
        ----------
        data : StackData
        x, y : float
            About where it is, from 0.
        box : int
            Pixels, of the square around it.

        Returns
        -------
        dict of str to TimeSeries or QTable
            ``'x'``, ``'y'``, ``'background'``.
        """
        stack = three_axes(data.stack, data.index)
        place = centroid_series(stack, x, y, box=box)
        background = background_series(stack)
        for axis in ("x", "y"):
            self._add(
                f"{data.label} {axis}",
                _moved(place, axis),
                f"{axis}_moved",
                viewer_label="Centroid",
            )
        self._add(f"{data.label} background", background, viewer_label="Background")
        return {"x": place, "y": place, "background": background}

    def _add(
        self, label: str, series: TimeSeries | QTable, column: str = "flux", viewer_label: str = ""
    ) -> None:
        table = series_table(series, column)
        add_curve(self._app, label, table)
        if viewer_label:
            show_curve(self._app, label, table, viewer_label=viewer_label)
        else:
            show_curve(self._app, label, table, with_loaded=True)


def _moved(place: TimeSeries | QTable, axis: str) -> TimeSeries | QTable:
    """A centroid with how far it is from where it mostly is: x and y are then on one scale."""
    series, column = place.copy(), f"{axis}_moved"
    known = series[axis][np.isfinite(series[axis])]
    series[column] = series[axis] - (np.median(known) if len(known) else 0 * series[axis].unit)
    if f"{axis}_err" in series.colnames:
        series[f"{column}_err"] = series[f"{axis}_err"]
    series[column].info.description = "Centroid − its median"
    return series
