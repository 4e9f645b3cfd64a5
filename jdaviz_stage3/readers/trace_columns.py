"""Columns of the integrations of a trace, from all the tables that it is in, as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .stored_integrations import IntegrationTable

__all__ = ["LONG_SERIES", "TraceColumns"]

#: Samples; the flux of a longer series takes more than 128 MB.
LONG_SERIES = 2**24
_AT_ONCE = 2**20  # samples that are worked on together


class TraceColumns:
    """Reads columns of a trace.

    Parameters
    ----------
    tables : sequence of IntegrationTable
        Where its integrations are.
    order : ndarray of int, shape (n_int,), or None
        The order in which they are wanted; None for that of the tables.
    n_wavelengths : int
        To which spectra are padded or cut.
    """

    def __init__(
        self, tables: Sequence[IntegrationTable], order: np.ndarray | None, n_wavelengths: int
    ):
        self._tables, self._order = tables, order
        n_int = sum(table.n_integrations for table in tables)
        self.shape = (n_int, n_wavelengths)

    @property
    def is_long(self) -> bool:
        """Whether its flux is too much to be read before it is asked for."""
        return self.shape[0] * self.shape[1] > LONG_SERIES

    def column(self, name: str, dtype: type = float) -> np.ndarray:
        """Read one column.

        Parameters
        ----------
        name : str
        dtype : type, optional

        Returns
        -------
        ndarray, shape (n_int, n_wave)
        """
        out: np.ndarray = np.empty(self.shape, dtype)
        for table, part in self._parts(out):
            table.read_into(name, part)
        return out if self._order is None else out[self._order]

    def usable_flux(self, bits: int) -> np.ndarray:
        """Read the flux, excluded samples NaN.

        Parameters
        ----------
        bits : int
            Of the flags that exclude a sample.

        Returns
        -------
        ndarray of float64, shape (n_int, n_wave)
            See `flux_variance` for its order in memory.
        """
        flux = self._by_channel()
        for table, part in self._parts(flux):
            table.read_into("FLUX", part)
            if bits:
                table.read_flagged(bits, part)
        for part in _pieces(flux):
            part[np.isinf(part)] = np.nan
        return self._ordered(flux)

    def usable_flux_of(self, places: np.ndarray, bits: int) -> np.ndarray:
        """Read the flux of some integrations, excluded samples NaN.

        Parameters
        ----------
        places : ndarray of int, shape (n,)
            In the order that is wanted, from 0.
        bits : int
            Of the flags that exclude a sample.

        Returns
        -------
        ndarray of float64, shape (n, n_wave)
        """
        rows = places if self._order is None else self._order[places]
        found = np.empty((len(rows), self.shape[1]))
        start = 0
        for table in self._tables:
            stop = start + table.n_integrations
            here = (rows >= start) & (rows < stop)
            if here.any():
                part = np.empty((np.count_nonzero(here), self.shape[1]))
                table.read_some("FLUX", rows[here] - start, part)
                if bits:
                    flags = np.empty(part.shape, np.uint32)
                    table.read_some("DQ", rows[here] - start, flags)
                    part[(flags & np.uint32(bits)) != 0] = np.nan
                found[here] = part
            start = stop
        found[np.isinf(found)] = np.nan
        return found

    def flux_variance(self, names: Sequence[str], squared: bool) -> np.ndarray:
        """Read the sum of columns, or the squares of one.

        Parameters
        ----------
        names : sequence of str
        squared : bool
            Whether they are errors. One below 0, which is not possible, stays below 0.

        Returns
        -------
        ndarray of float64, shape (n_int, n_wave)
            Of long series, the integrations of each channel are neighbours in memory: what is
            made of them, sums over bands and medians in time, goes by channels.
        """
        variance = self._by_channel()
        for table, part in self._parts(variance):
            for name in names:
                table.read_into(name, part, add=name != names[0])
        if squared:
            for part in _pieces(variance):
                part *= np.abs(part)
        return self._ordered(variance)

    def _parts(self, out: np.ndarray) -> Iterator[tuple[IntegrationTable, np.ndarray]]:
        """Yield each table and the part of an array that its integrations go into."""
        start = 0
        for table in self._tables:
            stop = start + table.n_integrations
            yield table, out[start:stop]
            start = stop

    def _by_channel(self) -> np.ndarray:
        return np.empty(self.shape, order="F" if self.is_long else "C")

    def _ordered(self, values: np.ndarray) -> np.ndarray:
        """The integrations in the order that is wanted; in place where they are many."""
        if self._order is None:
            return values
        if not self.is_long:
            return values[self._order]
        for channel in values.T:
            channel[:] = channel[self._order]
        return values


def _pieces(values: np.ndarray) -> Iterator[np.ndarray]:
    """Yield parts of an array of any order, each of few samples that are neighbours."""
    whole = values if values.flags.c_contiguous else values.T
    at_once = max(1, _AT_ONCE // max(whole.shape[1], 1))
    for start in range(0, len(whole), at_once):
        yield whole[start : start + at_once]
