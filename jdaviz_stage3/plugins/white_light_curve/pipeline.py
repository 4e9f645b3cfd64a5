"""The pipeline's white light curve beside ours."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from astropy.timeseries import TimeSeries

from ...analysis import (
    BandSums,
    PipelineComparison,
    compare_with_pipeline,
    matching_column,
    normalization,
)
from ...errors import Stage3Error
from ...readers.time_series import SpectralTrace

__all__ = ["PipelineCurve", "pipeline_level"]


class PipelineCurve:
    """One white light curve of the pipeline, with what tells how it was summed.

    Parameters
    ----------
    key : hashable
        That tells it from others.
    series : TimeSeries
        As it was read; its flux column is named as in the file.
    of_same_file : sequence of TimeSeries
        The further ones of its file.
    traces : sequence of SpectralTrace
        All that there are, among them those of the file that is compared.
    """

    def __init__(
        self,
        key: Hashable,
        series: TimeSeries,
        of_same_file: Sequence[TimeSeries],
        traces: Sequence[SpectralTrace],
    ):
        self.key = key
        self._series, self._of_same_file, self._traces = series, of_same_file, traces

    def compare(self, sums: BandSums) -> PipelineComparison | None:
        """Compare it with a trace; None where it is of another one."""
        trace, series = sums.trace, self._series.copy()  # columns are added
        column = matching_column(series, trace)
        if column is None:
            return None
        in_file = (other for other in self._traces if other.path == trace.path)
        first = next((other for other in in_file if other.order == 1), None)
        # what excluded samples do in the pipeline's curve, only sums without them can tell
        usual = "DO_NOT_USE" in sums.dq_flags and sums.excluded == "fill"
        ours = sums if usual else None
        if first is trace or first is None:
            return compare_with_pipeline(trace, series, column, band_sums=ours)
        for more in self._of_same_file:  # the column of order 1, which says what its limits are
            if matching_column(more, first) and len(more) == len(series):
                for name in set(more.colnames) - set(series.colnames):
                    series[name] = more[name]
        return compare_with_pipeline(
            trace, series, column, band_sums=ours,
            first_order=first if matching_column(series, first) else None,
        )  # fmt: skip


def pipeline_level(curve: TimeSeries, flux: np.ndarray, in_baseline: np.ndarray | None) -> float:
    """Return what the pipeline's flux is divided by to be normalised as ours is.

    Parameters
    ----------
    curve : TimeSeries
        Ours.
    flux : ndarray of float, shape (n_int,)
        The pipeline's.
    in_baseline : ndarray of bool, shape (n_int,), or None
        Needed where ours is divided by its baseline.

    Raises
    ------
    Stage3Error
        If they have no integration in common, or there is nothing to divide by.
    """
    if curve.meta["normalization"] != "none":
        return normalization(flux, in_baseline)
    if curve.meta["statistic"] == "sum":
        return 1.0
    both = np.isfinite(flux) & np.isfinite(curve["flux"].value)  # a mean beside a sum
    if not both.any():
        raise Stage3Error("the pipeline's curve has none of these integrations")
    return float(np.median(flux[both]) / np.median(curve["flux"].value[both]))
