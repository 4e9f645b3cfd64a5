"""The traces that light curves are taken from, prepared once for many bands."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from ...analysis import BandSums
from ...jdaviz_compat import as_read
from ...readers.time_series import SpectralTrace

__all__ = ["PreparedTraces", "has_trace", "integration_numbers", "row_of", "trace_of"]

_MOST = 4  # prepared traces that are kept: two detectors, before and after a change of flags


def has_trace(data: Any) -> bool:
    """Whether data (glue) are a spectral time series as it was loaded from an x1dints file."""
    return getattr(data, "ndim", 0) == 2 and isinstance(as_read(data), SpectralTrace)


def trace_of(data: Any) -> SpectralTrace:
    """Return the trace that data (glue) were loaded from.

    The flux in the app has no uncertainties and no flags, which light curves need.
    """
    return as_read(data)


def integration_numbers(trace: SpectralTrace) -> np.ndarray:
    """Number the integrations of a trace, each by itself, shape (n_int,), int.

    INT_NUM, or from 1 on where these start anew in each segment.
    """
    numbers = trace.int_num
    return numbers if np.unique(numbers).size == numbers.size else np.arange(1, numbers.size + 1)


def row_of(trace: SpectralTrace, integration: float) -> int:
    """Return the row of an integration number, the nearest one if there is none of it."""
    return int(np.argmin(np.abs(integration_numbers(trace) - float(integration))))


class PreparedTraces:
    """Traces with their excluded samples and band sums, by the settings they were made with."""

    def __init__(self):
        self._kept: OrderedDict[tuple, BandSums] = OrderedDict()

    def get(self, trace: SpectralTrace, dq_bits: list[str], excluded: str, errors: str) -> BandSums:
        """Return a trace prepared with these settings; the file is read if it must be.

        Parameters
        ----------
        trace : SpectralTrace
        dq_bits, excluded, errors
            See `jdaviz_stage3.analysis.white_light_curve`.

        Returns
        -------
        BandSums
        """
        key = (id(trace), tuple(sorted(dq_bits)), excluded, errors)
        if key not in self._kept:
            while len(self._kept) >= _MOST:
                self._kept.popitem(last=False)
            self._kept[key] = BandSums(trace, dq_bits=dq_bits, excluded=excluded, errors=errors)
        self._kept.move_to_end(key)
        return self._kept[key]

    def keep_only(self, traces: list[SpectralTrace]) -> None:
        """Forget the arrays of all other traces."""
        ids = {id(trace) for trace in traces}
        for key in [key for key in self._kept if key[0] not in ids]:
            del self._kept[key]
