"""The usable flux of a spectral time series, read by integrations when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .plane_samples import PlaneSamples
from .quality import dq_value

if TYPE_CHECKING:
    from astropy import units as u

    from .spectral_trace import SpectralTrace

__all__ = ["ENOUGH_INTEGRATIONS", "StoredSeries", "spread_over"]

#: So many integrations of a long series stand for all of them in an average over time: with a
#: scatter of 1 % in each, their median is good to 3e-4.
ENOUGH_INTEGRATIONS = 2000
_GOLDEN = (np.sqrt(5) - 1) / 2


class StoredSeries:
    """Stands for the flux of a trace, excluded samples NaN; indexing reads integrations.

    Parameters
    ----------
    trace : SpectralTrace
    dq_bits : optional
        See `jdaviz_stage3.readers.quality.dq_value`.
    channels : ndarray of bool, shape (n_wave,), optional
        Those to have; all by default.

    Attributes
    ----------
    shape : tuple of int
        (n_int, n_used).
    dtype : dtype
    unit : Unit
    """

    def __init__(
        self,
        trace: SpectralTrace,
        dq_bits: str | int | Iterable[str] | None = "DO_NOT_USE",
        channels: np.ndarray | None = None,
    ):
        self._trace, self._bits = trace, dq_value(dq_bits)
        self._channels = None if channels is None or channels.all() else channels
        n_used = trace.n_wavelengths if channels is None else np.count_nonzero(channels)
        self.shape = (trace.n_integrations, int(n_used))
        self.dtype = np.dtype(np.float64)
        self.unit: u.UnitBase = trace.tables[0].unit("FLUX")
        self._samples = PlaneSamples(self)

    @property
    def ndim(self) -> int:
        """Two."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of samples."""
        return self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, view: Any) -> np.ndarray:
        return self.values(view)

    def sample(self, count: int) -> np.ndarray:
        """Read about so many samples, of integrations all over the series.

        Parameters
        ----------
        count : int

        Returns
        -------
        ndarray of float64, shape (n,)
        """
        return self._samples.read(count)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.values(), dtype=dtype)

    def values(self, view: Any = None) -> np.ndarray:
        """Read samples.

        Parameters
        ----------
        view : optional
            An index as numpy takes it, without None; all by default. Only the integrations in it
            are read.

        Returns
        -------
        ndarray of float64
            A new array.
        """
        if view is None or view is Ellipsis:
            return self._used(self._trace.usable_flux(self._bits).value)
        if isinstance(view, np.ndarray) and view.dtype == bool and view.ndim == 2:
            rows = np.flatnonzero(view.any(axis=1))
            return self._read(rows)[view[rows]]
        first, *rest = view if isinstance(view, tuple) else (view,)
        if first is Ellipsis:
            missing = len(self.shape) - len(rest)
            first, rest = slice(None), [slice(None)] * (missing - 1) + rest
        if isinstance(first, slice):
            rows = np.arange(self.shape[0])[first]
            return self._read(rows)[(slice(None), *rest)]
        index = np.arange(self.shape[0])[first]
        rows, place = np.unique(index, return_inverse=True)
        return self._read(rows)[(place.reshape(np.shape(index)), *rest)]

    def some(self, count: int, among: np.ndarray | None = None) -> np.ndarray:
        """Read so many integrations, spread evenly over all.

        Parameters
        ----------
        count : int
        among : ndarray of bool, shape (n_int,), optional
            Those to choose from; all by default.

        Returns
        -------
        ndarray of float64, shape (n, n_used)
            All of them where there are no more.
        """
        places = np.arange(self.shape[0]) if among is None else np.flatnonzero(among)
        return self._read(places[spread_over(len(places), count)])

    def for_average(self, among: np.ndarray | None = None) -> np.ndarray:
        """Read the integrations that an average over time is taken of.

        Parameters
        ----------
        among : ndarray of bool, shape (n_int,), optional
            As in `some`.

        Returns
        -------
        ndarray of float64, shape (n, n_used)
            `ENOUGH_INTEGRATIONS` of them at most.
        """
        return self.some(ENOUGH_INTEGRATIONS, among)

    def average_in_words(self, name: str, among: np.ndarray | None = None) -> str:
        """Say of how many integrations an average is, where it is not of all.

        Parameters
        ----------
        name : str
            Of the average.
        among : ndarray of bool, shape (n_int,), optional
            As in `some`.

        Returns
        -------
        str
            ``'median'``, ``'median of 2000'``: short, for it stands beside a colour bar.
        """
        count = self.shape[0] if among is None else np.count_nonzero(among)
        if count <= ENOUGH_INTEGRATIONS:
            return name
        return f"{name} of {ENOUGH_INTEGRATIONS}"

    def _read(self, rows: np.ndarray) -> np.ndarray:
        return self._used(self._trace.usable_flux_of(rows, self._bits))

    def _used(self, flux: np.ndarray) -> np.ndarray:
        return flux if self._channels is None else flux[:, self._channels]


def spread_over(n_int: int, count: int) -> np.ndarray:
    """Return places of integrations that are spread evenly over a series.

    Parameters
    ----------
    n_int : int
    count : int
        How many; all where there are no more.

    Returns
    -------
    ndarray of int, shape (n,)
        Ascending; the first one and the last one among them. One of each of as many equal
        stretches, without a period: with one of two, all of them may be flagged.
    """
    edges = np.linspace(0, n_int, min(n_int, count) + 1).astype(int)
    places = edges[:-1] + (np.arange(len(edges) - 1) * _GOLDEN % 1 * np.diff(edges)).astype(int)
    places[-1:] = n_int - 1
    return places
