"""Samples that are missing in a time series, by channel, where they are few."""

from __future__ import annotations

import numpy as np

from .block_sums import Scope

__all__ = ["MissingSamples", "count_by_channel"]


class MissingSamples:
    """Where samples are missing, and sums of what is missing over bands.

    Parameters
    ----------
    missing : ndarray of bool, shape (n_int, n_wave)

    Attributes
    ----------
    shape : tuple of int
    row, channel : ndarray of int, shape (n,)
        Of each missing sample, by channel, then by integration.
    """

    def __init__(self, missing: np.ndarray):
        self.shape = missing.shape
        if missing.flags.c_contiguous:
            row, channel = np.nonzero(missing)
            # few bits are sorted without comparing
            kind = np.uint16 if missing.shape[1] <= 2**16 else np.uint32
            order = np.argsort(channel.astype(kind), kind="stable")
            row, channel = row[order], channel[order]
        else:
            channel, row = np.nonzero(missing.T)
        self.row, self.channel = row.astype(np.int32), channel.astype(np.int32)
        self._starts = np.searchsorted(self.channel, np.arange(missing.shape[1] + 1))

    def __len__(self) -> int:
        return len(self.row)

    def over(self, scope: Scope, weights: np.ndarray | None = None) -> np.ndarray:
        """Return the weighted sums of 1 for each missing sample of a band.

        Parameters
        ----------
        scope : Scope
            The channels of the band, and what each counts there.
        weights : ndarray of float64, shape (n_wave,), optional
            Of each channel beside that; 1 by default.

        Returns
        -------
        ndarray of float64, shape (n_int,)
        """
        inside = slice(self._starts[scope.start], self._starts[scope.stop])
        row, channel = self.row[inside], self.channel[inside]
        if scope.weights.ndim == 2:
            each = scope.weights[row, channel]
            if weights is not None:
                each = each * weights[channel]
        else:
            of_channel = scope.weights if weights is None else scope.weights * weights
            counts = np.diff(self._starts[scope.start : scope.stop + 1])
            each = np.repeat(of_channel[scope.start : scope.stop], counts)
        return np.bincount(row, each, minlength=self.shape[0])


def count_by_channel(missing: np.ndarray) -> np.ndarray:
    """Return in how many integrations each channel is missing.

    Parameters
    ----------
    missing : ndarray of bool, shape (n_int, n_wave)

    Returns
    -------
    ndarray of int, shape (n_wave,)
    """
    if not missing.flags.c_contiguous:
        return np.count_nonzero(missing.T, axis=1)
    count = np.zeros(missing.shape[1], dtype=int)
    some = np.flatnonzero(missing.any(axis=0))
    count[some] = np.count_nonzero(np.take(missing, some, axis=1), axis=0)
    return count
