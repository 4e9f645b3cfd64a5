"""The traces that light curves are taken from, prepared once for many bands."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from ...analysis import BandSums
from ...readers.time_series import SpectralTrace
from ...readers.times import repeat

__all__ = ["PreparedTraces", "integration_numbers", "row_of"]

_MOST = 4  # prepared traces that are kept: two detectors, before and after a change of flags


def integration_numbers(trace: SpectralTrace) -> np.ndarray:
    """Number the integrations of a trace, each by itself, shape (n_int,), int.

    INT_NUM, or from 1 on where these start anew in each segment.
    """
    numbers = trace.int_num
    return np.arange(1, numbers.size + 1) if repeat(numbers) else numbers


def row_of(trace: SpectralTrace, integration: float) -> int:
    """Return the row of an integration number, the nearest one if there is none of it."""
    return int(np.argmin(np.abs(integration_numbers(trace) - float(integration))))


class PreparedTraces:
    """Traces with their excluded samples and band sums, by the settings they were made with."""

    def __init__(self):
        self._kept: OrderedDict[tuple, BandSums] = OrderedDict()
        # of each prepared trace, by what it is of: what it was made with, and the last result
        self._results: dict[int, dict[str, tuple[Any, Any]]] = {}

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
                self._forget(next(iter(self._kept)))
            self._kept[key] = BandSums(trace, dq_bits=dq_bits, excluded=excluded, errors=errors)
        self._kept.move_to_end(key)
        return self._kept[key]

    def keep_only(self, traces: list[SpectralTrace]) -> None:
        """Forget the arrays of all other traces."""
        ids = {id(trace) for trace in traces}
        for key in [key for key in self._kept if key[0] not in ids]:
            self._forget(key)

    def _forget(self, key: tuple) -> None:
        self._results.pop(id(self._kept.pop(key)), None)

    def result_of(self, name: str, sums: BandSums, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what was made of a prepared trace last; anew where that was of another key.

        Parameters
        ----------
        name : str
            What it is.
        sums : BandSums
        key : hashable
            All that it is made with beside them.
        make : callable
        """
        if not any(kept is sums for kept in self._kept.values()):
            return make()
        results = self._results.setdefault(id(sums), {})
        if name not in results or results[name][0] != key:
            results[name] = key, make()
        return results[name][1]
