"""What each channel of a spectral time series usually has, and how bright the star is when."""

from __future__ import annotations

import numpy as np

from .missing_samples import MissingSamples
from .time_medians import time_median

__all__ = ["usual_flux"]

# Parts of the spectrum that are asked.
_PARTS = 32
# Integrations that tell the brightness, and what channels with nothing to fill have. These only set
# how much of the band the others are: with a scatter of the band of 1e-4, to 1e-5 of that, for one
# channel of 1000 1e-8 of the flux.
_ENOUGH = 100
# Spread over the series without a period, which flags may have.
_GOLDEN = (np.sqrt(5) - 1) / 2
# The share of the light that is missing must be known to this, in rounds that each take off three
# quarters of what is wrong with it, or more.
_TOLERANCE = 1e-6
_MOST_ROUNDS = 20
_ROWS_AT_ONCE = 2048  # integrations whose parts are looked at together


class _SpectrumParts:
    """The flux of parts of the spectrum, and what of it is missing.

    Parameters
    ----------
    flux : ndarray of float64, shape (n_int, n_wave)
        0 where it is not usable.
    missing : MissingSamples
        In channels that are not left out.
    """

    def __init__(self, flux: np.ndarray, missing: MissingSamples):
        self._n_int, n_wave = flux.shape
        self._starts = np.arange(0, n_wave, max(1, n_wave // _PARTS))
        if flux.flags.c_contiguous:
            self._flux = np.add.reduceat(flux, self._starts, axis=1)
        else:
            self._flux = np.add.reduceat(flux.T, self._starts, axis=0).T
        self._channel = missing.channel
        part = np.searchsorted(self._starts, self._channel, side="right") - 1
        self._place = missing.row.astype(np.intp) * len(self._starts) + part

    def missing(self, usual: np.ndarray) -> np.ndarray:
        """Return what each part lacks, shape (n_int, n_parts), of what its channels usually have.

        Parameters
        ----------
        usual : ndarray of float64, shape (n_wave,)
            0 for channels that are left out.
        """
        size = self._n_int * len(self._starts)
        gone = np.bincount(self._place, usual[self._channel], minlength=size)
        return gone.reshape(self._n_int, -1)

    def missing_share(self, usual: np.ndarray) -> np.ndarray:
        """Return which share of all light is missing, shape (n_int,); 0 where there is none."""
        total = usual.sum()
        return self.missing(usual).sum(axis=1) / total if total > 0 else np.zeros(self._n_int)

    def brightness(self, usual: np.ndarray) -> np.ndarray | None:
        """Return how bright each integration is, against the others.

        Each part says how bright its usable samples are, against what these usually have; of the
        parts, the median by flux is taken, so that no hot pixel decides.

        Parameters
        ----------
        usual : ndarray of float64, shape (n_wave,)
            0 for channels that are left out.

        Returns
        -------
        ndarray of float64, shape (n_int,), or None
            1 in the median, NaN where too little is left to say; None for noise about 0.
        """
        of_part = np.add.reduceat(usual, self._starts)
        if of_part.sum() <= 0:
            return None
        left = self.missing(usual)
        np.subtract(of_part, left, out=left)
        level = np.empty(self._n_int)
        for start in range(0, self._n_int, _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            level[rows] = _level(self._flux[rows], left[rows], of_part)
        bright = level > 0
        if not bright.any():
            return None
        return np.where(bright, level, np.nan) / np.median(level[bright])


def _level(flux: np.ndarray, left: np.ndarray, of_part: np.ndarray) -> np.ndarray:
    """Return the brightness of integrations before it is compared, shape (n_int,)."""
    told = (of_part > 0) & (left > of_part / 2)
    level = flux / np.where(told, left, 1)
    return _weighted_median(np.where(told, level, np.inf), np.where(told, of_part, 0.0))


def usual_flux(
    flux: np.ndarray, usable: np.ndarray, missing: MissingSamples, incomplete: np.ndarray
) -> np.ndarray:
    """Return what each channel has when the star is as bright as usual.

    Parameters
    ----------
    flux : ndarray of float64, shape (n_int, n_wave)
        0 where it is not usable.
    usable : ndarray of bool, same shape
    missing : MissingSamples
        In channels that are not left out.
    incomplete : ndarray of bool, shape (n_wave,)
        Channels with such samples.

    Returns
    -------
    ndarray of float64, shape (n_wave,)
        0 for channels that are left out.

    Notes
    -----
    The flux is taken as f[t, c] = L[t] S[c] (1 + noise), with L the light of the star and S its
    spectrum, the noise symmetric about 0. What is sought is S, to one factor for all channels,
    whichever of their samples are missing. The median over time of f[t, c] is S[c] times something
    between the brightest and the faintest L, which depends on the share of the transit in the
    integrations that the channel has, and on its noise: in a channel of little noise it is the
    level out of transit as long as that has more than half of them, in one of much noise the mean.
    So each channel, also those that lack nothing, is divided by L first; the median of
    f[t, c] / L[t] is S[c] for any noise, in any of the integrations.

    L comes from the sums over parts of the spectrum, see `_SpectrumParts.brightness`, for which S
    must be known: from the medians over time at first, which puts L off by the missing share of the
    light times what these are off, where samples are missing. The medians of f / L then are closer,
    and so on: what is wrong is multiplied each time by about the share of the channels with missing
    samples times the share of time in which they are, a quarter at most.

    Where there is no light to divide by, the medians over time are returned.
    """
    some, parts = _some_integrations(len(flux)), _SpectrumParts(flux, missing)
    sample, there = (flux, usable) if some is None else (flux[some], usable[some])
    first = time_median(sample, there)
    if some is not None:
        _replace(first, np.isnan(first) & usable.any(axis=0), flux, usable)
    first[np.isnan(first)] = 0
    usual = first
    for _ in range(_MOST_ROUNDS):
        level = parts.brightness(usual)
        if level is None:
            if some is not None:
                _replace(first, incomplete, flux, usable)
            return first
        better = time_median(sample, there, level if some is None else level[some])
        better = np.where(np.isnan(better), usual, better)
        change = np.abs(parts.missing_share(better) - parts.missing_share(usual)).max()
        usual = better
        if change < _TOLERANCE:
            break
    if some is not None:
        _replace(usual, incomplete, flux, usable, level)
    return usual


def _some_integrations(n_int: int) -> np.ndarray | None:
    """Return which integrations are looked at first; None for all."""
    if n_int <= 2 * _ENOUGH:
        return None
    return np.unique((np.arange(_ENOUGH) * _GOLDEN % 1 * n_int).astype(int))


def _replace(
    usual: np.ndarray,
    channels: np.ndarray,
    flux: np.ndarray,
    usable: np.ndarray,
    level: np.ndarray | None = None,
) -> None:
    """Put in the medians of all integrations for these channels, where there are any."""
    which = np.flatnonzero(channels)
    if not which.size:
        return
    found = time_median(flux, usable, level, which)
    usual[which] = np.where(np.isnan(found), usual[which], found)


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted median of each row; 0 where all weights are 0."""
    order = np.argsort(values, axis=1)
    running = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    which = np.argmax(running >= running[:, -1:] / 2, axis=1)
    found = np.take_along_axis(values, order, axis=1)[np.arange(len(values)), which]
    return np.where(running[:, -1] > 0, found, 0.0)
