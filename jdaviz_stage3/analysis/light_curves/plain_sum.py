"""Plain sums of a spectrum over a band, and which band a series of sums was taken over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bottleneck
import numpy as np

__all__ = ["SummedBand", "agrees", "find_summed_band", "plain_sum"]

# Two sums of the same samples in another order agree to some 1e-14.
_TOLERANCE = 1e-10
# Rounding errors of running sums, relative to the sum of the absolute values.
_ROUNDING = 1e-13
_MOST_CANDIDATES = 20
_REFERENCES = 5
# Numbers of one chunk of integrations (32 MB of float64).
_CHUNK = 4_000_000

# low, high, below, above: see SummedBand
Limits = tuple[float, float, float, float]


@dataclass(frozen=True)
class SummedBand:
    """The band that sums were taken over, as far as the sums can tell.

    Parameters
    ----------
    low, high : float
        Wavelengths of its first and last channel; where the wavelengths differ between
        integrations, limits that choose the right channels of each.
    below, above : float
        Wavelengths of the next channels outside that would have changed the sums; -inf and inf
        where there are none. The limits that were used are in ``below < lower <= low`` and
        ``high <= upper < above``.
    agreeing : ndarray of bool, shape (n_int,)
        The integrations whose sum it gives.
    """

    low: float
    high: float
    below: float
    above: float
    agreeing: np.ndarray

    def round_limits(self) -> tuple[float | None, float | None]:
        """Return the limits of fewest decimals that choose the same channels.

        Returns
        -------
        lower, upper : float or None
            In the unit of the limits; None for no limit, or none of up to seven decimals.
        """
        lower = upper = None
        for scale in 10.0 ** np.arange(8):
            if lower is None and np.isfinite(self.below):
                candidate = np.floor(self.low * scale) / scale
                lower = float(candidate) if candidate > self.below else None
            if upper is None and np.isfinite(self.above):
                candidate = np.ceil(self.high * scale) / scale
                upper = float(candidate) if candidate < self.above else None
        return lower, upper

    def reach(self, wavelength: np.ndarray) -> tuple[float, float]:
        """Return its ends on these wavelengths: the last ones where nothing outside tells.

        Parameters
        ----------
        wavelength : ndarray of float, shape (n_wave,) or (n_int, n_wave)
            In the unit of the limits, NaN where there is none.

        Returns
        -------
        low, high : float
        """
        low = self.low if np.isfinite(self.below) else float(np.nanmin(wavelength))
        high = self.high if np.isfinite(self.above) else float(np.nanmax(wavelength))
        return low, high

    def has_limits_of(self, other: SummedBand) -> bool:
        """Whether one pair of limits explains both bands, on whatever wavelengths.

        Parameters
        ----------
        other : SummedBand
            In the same unit of wavelength.

        Returns
        -------
        bool
        """
        return max(self.below, other.below) < min(self.low, other.low) and max(
            self.high, other.high
        ) < min(self.above, other.above)


def plain_sum(
    flux: np.ndarray, wavelength: np.ndarray, low: float = -np.inf, high: float = np.inf
) -> np.ndarray:
    """Return the sum of all samples of a band that are not NaN, whatever their flags.

    Parameters
    ----------
    flux : ndarray of float, shape (n_int, n_wave)
    wavelength : ndarray of float, shape (n_wave,) or (n_int, n_wave)
        Samples whose wavelength is NaN are in no band.
    low, high : float, optional
        Limits of the band, which belong to it.

    Returns
    -------
    ndarray of float64, shape (n_int,)
        0 for an integration without a sample.
    """
    if wavelength.ndim == 1:
        channels = np.flatnonzero((wavelength >= low) & (wavelength <= high))
        if channels.size and channels[-1] - channels[0] + 1 == channels.size:
            return bottleneck.nansum(flux[:, channels[0] : channels[-1] + 1], axis=1)
        return bottleneck.nansum(flux[:, channels], axis=1)
    sums = np.empty(flux.shape[0])
    for rows in _blocks(flux.shape):
        inside = (wavelength[rows] >= low) & (wavelength[rows] <= high)
        sums[rows] = bottleneck.nansum(np.where(inside, flux[rows], np.nan), axis=1)
    return sums


def agrees(sums: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return where sums are the target's to a part in 10¹⁰.

    Parameters
    ----------
    sums, target : ndarray of float, shape (n_int,)
        In one unit.

    Returns
    -------
    ndarray of bool, shape (n_int,)
        False where either is not finite.
    """
    with np.errstate(invalid="ignore"):
        return np.abs(sums - target) <= _TOLERANCE * np.abs(target)


def find_summed_band(
    flux: np.ndarray, wavelength: np.ndarray, target: np.ndarray
) -> SummedBand | None:
    """Find the band whose plain sums are these.

    Parameters
    ----------
    flux : ndarray of float, shape (n_int, n_wave)
    wavelength : ndarray of float, shape (n_wave,) or (n_int, n_wave)
        In any order.
    target : ndarray of float, shape (n_int,)
        The sums; NaN where there is none.

    Returns
    -------
    SummedBand or None
        The band that gives most of the sums, if it gives more than half of them.

    Notes
    -----
    With the running sum P of a spectrum over ascending wavelength, the channels from i up to j
    have the sum P[j] - P[i]. All pairs that give a target come from sorting P and searching it for
    P + target: n log n, whatever the signs. This is done on a sum of all integrations with random
    weights, in which no other band gives the target by chance, and if that fails (or wavelengths
    differ), on some single integrations; what is found is tried on all of them.
    """
    known = np.flatnonzero(np.isfinite(target) & (target != 0))
    if not known.size:
        return None
    bands = _of_common_grid if wavelength.ndim == 1 else _of_changing_grid
    best = None
    for limits in bands(flux, wavelength, target, known):
        agreeing = agrees(plain_sum(flux, wavelength, *limits[:2]), target)
        if best is None or agreeing.sum() > best.agreeing.sum():
            best = SummedBand(*limits, agreeing)
        if agreeing[known].all():
            return best
    return best if best is not None and best.agreeing.sum() > known.size / 2 else None


def _of_common_grid(
    flux: np.ndarray, wavelength: np.ndarray, target: np.ndarray, known: np.ndarray
) -> Iterator[Limits]:
    """Yield bands that may be the one, each once, where all integrations have one grid."""
    weights = np.zeros(target.size)
    weights[known] = np.random.default_rng(1).uniform(0.5, 1.5, known.size)
    combined = _weighted_sum(flux, weights)
    found = dict.fromkeys(_candidates(wavelength, combined, weights[known] @ target[known]))
    yield from found
    for row in known[_spread_out(known.size)]:
        others = _candidates(wavelength, flux[row], target[row])
        yield from [limits for limits in others if limits not in found]
        found |= dict.fromkeys(others)


def _of_changing_grid(
    flux: np.ndarray, wavelength: np.ndarray, target: np.ndarray, known: np.ndarray
) -> Iterator[Limits]:
    """Yield bands that may be the one, where each integration has its own wavelengths.

    Of one integration, the limits are known to lie between two of its channels each. They are
    tried half-way, and an integration whose sum they do not give narrows the ranges.
    """
    ends = float(np.nanmin(wavelength)), float(np.nanmax(wavelength))
    for start in known[_spread_out(known.size)]:
        for low, high, below, above in _candidates(wavelength[start], flux[start], target[start]):
            for _ in range(_MOST_CANDIDATES):
                limits = (
                    (low + below) / 2 if np.isfinite(below) else ends[0],
                    (high + above) / 2 if np.isfinite(above) else ends[1],
                )
                yield *limits, below, above
                agreeing = agrees(plain_sum(flux, wavelength, *limits), target)
                wrong = known[~agreeing[known]]
                if not wrong.size:
                    break
                row = wrong[wrong.size // 2]
                narrower = [
                    (min(low, its[0]), max(high, its[1]), max(below, its[2]), min(above, its[3]))
                    for its in _candidates(wavelength[row], flux[row], target[row])
                ]
                narrower = [its for its in narrower if its[2] < its[0] and its[1] < its[3]]
                if not narrower:
                    break
                low, high, below, above = narrower[0]


def _blocks(shape: tuple[int, int]) -> Iterator[slice]:
    step = max(1, _CHUNK // max(shape[1], 1))
    for start in range(0, shape[0], step):
        yield slice(start, start + step)


def _spread_out(count: int) -> np.ndarray:
    """Return a few of so many indices, the middle one first."""
    chosen = np.linspace(0, count - 1, min(count, _REFERENCES)).astype(int)
    return np.roll(chosen, -(chosen.size // 2))


def _weighted_sum(flux: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the sum of the spectra times these weights, NaN as 0."""
    total = np.zeros(flux.shape[1])
    for rows in _blocks(flux.shape):
        total += weights[rows] @ np.nan_to_num(flux[rows], posinf=0, neginf=0)
    return total


def _candidates(wavelength: np.ndarray, spectrum: np.ndarray, wanted: float) -> list[Limits]:
    """Return the bands of one spectrum that have this sum, nearest first.

    Each as (low, high, below, above): see `SummedBand`. Samples of 0 tell nothing, so the bands
    are the narrowest.
    """
    used = np.flatnonzero(np.isfinite(wavelength) & np.isfinite(spectrum) & (spectrum != 0))
    used = used[np.argsort(wavelength[used], kind="stable")]
    grid, values = wavelength[used], spectrum[used]
    running = np.concatenate([[0.0], np.cumsum(values)])
    order = np.argsort(running, kind="stable")
    ascending = running[order]
    reach = _TOLERANCE * abs(wanted) + _ROUNDING * np.abs(values).sum()
    first = np.searchsorted(ascending, running + wanted - reach, side="left")
    count = np.searchsorted(ascending, running + wanted + reach, side="right") - first
    start = np.repeat(np.arange(running.size), count)
    within = np.arange(start.size) - np.repeat(np.cumsum(count) - count, count)
    stop = order[np.repeat(first, count) + within]
    start, stop = start[stop > start], stop[stop > start]
    nearest = np.argsort(np.abs(running[stop] - running[start] - wanted), kind="stable")
    edges = np.concatenate([[-np.inf], grid, [np.inf]])
    return [
        (float(grid[i]), float(grid[j - 1]), float(edges[i]), float(edges[j + 1]))
        for i, j in zip(start[nearest], stop[nearest], strict=True)
    ][:_MOST_CANDIDATES]
