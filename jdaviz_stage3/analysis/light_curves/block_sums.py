"""Weighted sums over stretches of channels from sums over blocks made in advance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

__all__ = ["BLOCK", "BlockSums", "Scope", "time_median"]

#: Channels summed in advance: a band of 2048 adds up to 30 such sums and 128 single channels.
BLOCK = 64


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
    samples : ndarray of float64 or bool, shape (n_int, n_wave)
        Finite; it is kept, not copied.
    weights : ndarray of float64, shape (n_wave,), optional
        Of each channel; 1 by default.
    where : ndarray of int, optional
        Positions in ``samples.ravel()`` of those that are not 0, where these are few.
    """

    def __init__(
        self,
        samples: np.ndarray,
        weights: np.ndarray | None = None,
        where: np.ndarray | None = None,
    ):
        self._samples = samples
        self._weights = weights
        if where is None:
            self._blocks = _block_sums(samples, weights)
        else:
            self._blocks = _block_counts(samples.shape, where, weights)

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
        total += self._over_channels(scope, scope.start, first * BLOCK)
        total += self._over_channels(scope, last * BLOCK, scope.stop)
        return total

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
    blocks = samples[:, : n_blocks * BLOCK].reshape(n_int, n_blocks, BLOCK)
    if weights is None:
        return np.einsum("ibk->ib", blocks)
    return np.einsum("ibk,bk->ib", blocks, weights[: n_blocks * BLOCK].reshape(n_blocks, BLOCK))


def _block_counts(
    shape: tuple[int, int], where: np.ndarray, weights: np.ndarray | None
) -> np.ndarray:
    """Return the same for samples that are 1 at these positions, else 0."""
    n_int, n_wave = shape
    n_blocks = n_wave // BLOCK
    row, channel = np.divmod(where, n_wave)
    # What comes after the last whole block is counted in one of its own, then left out.
    block = row * (n_blocks + 1) + np.minimum(channel // BLOCK, n_blocks)
    values = None if weights is None else weights[channel]
    sums = np.bincount(block, values, minlength=n_int * (n_blocks + 1))
    return sums.reshape(n_int, n_blocks + 1)[:, :n_blocks].astype(np.float64, copy=False)


def time_median(
    values: np.ndarray, usable: np.ndarray, level: np.ndarray | None = None
) -> np.ndarray:
    """Return the median over time of the usable samples of each channel.

    Parameters
    ----------
    values : ndarray of float64, shape (n_int, n_wave)
    usable : ndarray of bool, same shape
    level : ndarray of float64, shape (n_int,), optional
        What to divide each integration by; those where it is NaN do not count.

    Returns
    -------
    ndarray of float64, shape (n_wave,)
        The mean of the middle two where their number is even, as in `numpy.nanmedian`; NaN where
        there is none.
    """
    n_int, n_wave = values.shape
    median = np.empty(n_wave)
    if level is not None:
        known = np.isfinite(level)
        if not known.all():
            values, usable, level = values[known], usable[known], level[known]
            n_int = len(values)
        factor = 1 / level[:, None]
    count = np.count_nonzero(usable, axis=0)
    # Rows a power of two apart share few lines of the processor's cache: transposing by way of a
    # copy whose rows are not is four times as fast.
    rows = np.empty((n_int, BLOCK + 8))
    columns = np.empty((BLOCK, n_int))
    for start in range(0, n_wave, BLOCK):
        channels = slice(start, min(start + BLOCK, n_wave))
        n = channels.stop - start
        if level is None:
            rows[:, :n] = values[:, channels]
        else:
            np.multiply(values[:, channels], factor, out=rows[:, :n])
        if count[channels].min() < n_int:
            np.copyto(rows[:, :n], np.nan, where=~usable[:, channels])
        columns[:n] = rows[:, :n].T
        ordered = columns[:n]
        ordered.sort(axis=1)  # NaN last
        number, which = count[channels], np.arange(n)
        upper = ordered[which, np.minimum(number // 2, n_int - 1)]
        lower = ordered[which, np.maximum(number - 1, 0) // 2]
        median[channels] = np.where(number > 0, (lower + upper) / 2, np.nan)
    return median
