"""Weighted sums over stretches of channels from sums over blocks made in advance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

__all__ = ["BLOCK", "BlockSums", "Scope"]

#: Channels summed in advance: a band of 2048 adds up to 30 such sums and 128 single channels.
BLOCK = 64
_MOST_ENDS = 4  # sums over the channels at one end of a band that are kept


@dataclass(frozen=True)
class Scope:
    """The channels of a band, with their weights.

    Attributes
    ----------
    weights : ndarray of float64, shape (n_wave,) or (n_int, n_wave)
        1 inside, 0 outside, anything between at the ends.
    start, stop : int
        First channel of the band, and the one after its last.
    contiguous : bool
        Whether all between the first and the last channel have weight 1 in all integrations.
    """

    weights: np.ndarray
    start: int
    stop: int
    contiguous: bool

    @classmethod
    def of(cls, weights: np.ndarray, monotonic: bool) -> Scope:
        """Find the ends of a band in the weights of its channels.

        Parameters
        ----------
        weights : ndarray of float64, shape (n_wave,) or (n_int, n_wave)
            Some of them not 0.
        monotonic : bool
            Whether the wavelengths ascend or descend, so that a band has no holes.

        Returns
        -------
        Scope
        """
        inside = np.flatnonzero(weights if weights.ndim == 1 else weights.any(axis=0))
        return cls(weights, int(inside[0]), int(inside[-1]) + 1, monotonic and weights.ndim == 1)

    def squared(self) -> Scope:
        """Return the same channels with their weights squared."""
        return replace(self, weights=self.weights**2)

    def whole(self) -> Scope:
        """Return the same channels, each with weight 1."""
        return replace(self, weights=(self.weights > 0).astype(np.float64))


class BlockSums:
    """Sums of samples over blocks of channels, by integration.

    Parameters
    ----------
    samples : ndarray of float64, shape (n_int, n_wave)
        Finite; it is kept, not copied.
    weights : ndarray of float64, shape (n_wave,), optional
        Of each channel; 1 by default.
    """

    def __init__(self, samples: np.ndarray, weights: np.ndarray | None = None):
        self._samples = samples
        self._weights = weights
        self._blocks = _block_sums(samples, weights)
        self._ends: dict[tuple[int, int, bytes], np.ndarray] = {}

    def over(self, scope: Scope) -> np.ndarray:
        """Return the weighted sums over a band.

        Parameters
        ----------
        scope : Scope
            The channels of the band, and what each counts there.

        Returns
        -------
        ndarray of float64, shape (n_int,)
            In the unit of the samples.
        """
        if not scope.contiguous:
            return self._over_any(scope)
        # The channel at either end may have a weight of its own, which no block has in it.
        first, last = -(-(scope.start + 1) // BLOCK), (scope.stop - 1) // BLOCK
        if first >= last:
            return self._over_channels(scope, scope.start, scope.stop)
        total = self._blocks[:, first:last].sum(axis=1)
        total += self._end(scope, scope.start, first * BLOCK)
        total += self._end(scope, last * BLOCK, scope.stop)
        return total

    def _end(self, scope: Scope, start: int, stop: int) -> np.ndarray:
        """Sum over channels at an end of a band; as before while it is the other that moves."""
        key = (start, stop, scope.weights[start:stop].tobytes())
        if key not in self._ends:
            while len(self._ends) >= _MOST_ENDS:
                del self._ends[next(iter(self._ends))]
            self._ends[key] = self._over_channels(scope, start, stop)
        self._ends[key] = found = self._ends.pop(key)  # the last one that is forgotten
        return found

    def _over_channels(self, scope: Scope, start: int, stop: int) -> np.ndarray:
        weights = scope.weights[start:stop]
        if self._weights is not None:
            weights = weights * self._weights[start:stop]
        return self._samples[:, start:stop] @ weights

    def _over_any(self, scope: Scope) -> np.ndarray:
        part = slice(scope.start, scope.stop)
        weights = np.broadcast_to(scope.weights, self._samples.shape)[:, part]
        if self._weights is not None:
            weights = weights * self._weights[part]
        return np.einsum("ij,ij->i", self._samples[:, part], weights)


def _block_sums(samples: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Return the sums over whole blocks, shape (n_int, n_wave // BLOCK)."""
    n_int, n_wave = samples.shape
    n_blocks = n_wave // BLOCK
    each = np.ones(n_wave) if weights is None else weights
    if not samples.flags.c_contiguous:  # the integrations of a channel are neighbours
        found = np.empty((n_blocks, n_int))
        for block in range(n_blocks):
            channels = slice(block * BLOCK, (block + 1) * BLOCK)
            found[block] = each[channels] @ samples.T[channels]
        return found.T
    blocks = samples[:, : n_blocks * BLOCK].reshape(n_int, n_blocks, BLOCK)
    if weights is None:
        return np.einsum("ibk->ib", blocks)
    return np.einsum("ibk,bk->ib", blocks, weights[: n_blocks * BLOCK].reshape(n_blocks, BLOCK))
