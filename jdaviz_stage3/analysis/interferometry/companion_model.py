"""A star with a companion as closure phases and V² see it: χ² of many positions at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from astropy import units as u
from scipy.optimize import nnls

__all__ = ["PARAMETERS", "RADIANS_PER_MAS", "CompanionModel"]

#: Of a companion: position and flux ratio.
PARAMETERS = 3

RADIANS_PER_MAS = float(u.mas.to(u.rad))
_FIRST_RATIOS = 14  # flux ratios that are tried at each position before the best is refined
_FAINTEST = 1e-4
_REFINEMENTS = 8
_CHUNK = 4_000  # positions at once


@dataclass(frozen=True)
class CompanionModel:
    """Measured closure phases and V², and the baselines that they are of.

    Attributes
    ----------
    x, y : ndarray, shape (n_baselines,)
        Spatial frequencies to the east and north in cycles per mas, each baseline once.
    smearing : ndarray, shape (n_baselines,)
        Relative bandwidth of each; 0 for one wavelength.
    closure : ndarray of -1, 0, 1, shape (n_baselines, n_triangles)
        With which sign each baseline's phase is in each closure phase.
    phases, phase_errors : ndarray, shape (n_triangles,)
        Closure phases in radians.
    vis2_rows : ndarray of int, shape (n_vis2,)
        Which baseline each V² is of.
    vis2, vis2_errors : ndarray, shape (n_vis2,)
    n_independent : int
        Independent closure phases (the rank of ``closure``) and V².
    correlation : float
        What the sum over closure phases is multiplied with: independent over all of them.
    """

    x: np.ndarray
    y: np.ndarray
    smearing: np.ndarray
    closure: np.ndarray
    phases: np.ndarray
    phase_errors: np.ndarray
    vis2_rows: np.ndarray
    vis2: np.ndarray
    vis2_errors: np.ndarray
    n_independent: int
    correlation: float

    @property
    def n_used(self) -> int:
        """How many closure phases and V² are used."""
        return len(self.phases) + len(self.vis2)

    @property
    def weights(self) -> np.ndarray:
        """What squares of residuals are multiplied with, shape (n_triangles + n_vis2,)."""
        return np.concatenate([self.correlation / self.phase_errors**2, 1 / self.vis2_errors**2])

    @property
    def measured(self) -> np.ndarray:
        """Closure phases and V², one after the other."""
        return np.concatenate([self.phases, self.vis2])

    def turns(self, east: np.ndarray, north: np.ndarray) -> np.ndarray:
        """Return the visibility of a companion alone.

        Parameters
        ----------
        east, north : ndarray, shape (n,)
            Its offset in mas.

        Returns
        -------
        ndarray of complex, shape (n, n_baselines)
        """
        cycles = np.multiply.outer(east, self.x) + np.multiply.outer(north, self.y)
        turn = np.exp(-2j * np.pi * cycles)
        return turn * np.sinc(cycles * self.smearing) if self.smearing.any() else turn

    def predicted(self, turn: np.ndarray, ratio: np.ndarray) -> np.ndarray:
        """Return what would be measured.

        Parameters
        ----------
        turn : ndarray of complex, shape (n, n_baselines)
            Of `turns`.
        ratio : ndarray, shape (n,)
            Flux of the companion over that of the star.

        Returns
        -------
        ndarray, shape (n, n_triangles + n_vis2)
        """
        star_and_companion = 1 + ratio[:, np.newaxis] * turn
        phases = np.angle(star_and_companion) @ self.closure
        if not len(self.vis2):
            return phases
        power = np.abs(star_and_companion[:, self.vis2_rows]) ** 2
        return np.concatenate([phases, power / (1 + ratio[:, np.newaxis]) ** 2], axis=1)

    def slopes(self, turn: np.ndarray, ratio: np.ndarray) -> np.ndarray:
        """Return the derivatives of `predicted` by the flux ratio.

        Parameters
        ----------
        turn : ndarray of complex, shape (n, n_baselines)
            Of `turns`.
        ratio : ndarray, shape (n,)
            Flux ratios.

        Returns
        -------
        ndarray, shape (n, n_triangles + n_vis2)
        """
        f = ratio[:, np.newaxis]
        power = np.abs(1 + f * turn) ** 2
        phases = (turn.imag / power) @ self.closure
        if not len(self.vis2):
            return phases
        rows = self.vis2_rows
        grows = 2 * (turn.real[:, rows] + f * np.abs(turn[:, rows]) ** 2) / (1 + f) ** 2
        return np.concatenate([phases, grows - 2 * power[:, rows] / (1 + f) ** 3], axis=1)

    def gradient(self, east: float, north: float, ratio: float) -> np.ndarray:
        """Return the derivatives of `predicted` of one companion.

        Parameters
        ----------
        east, north : float
            Its offset in mas.
        ratio : float
            Flux of the companion over that of the star.

        Returns
        -------
        ndarray, shape (n_triangles + n_vis2, 3)
            By east and north (per mas), and by the flux ratio.
        """
        cycles = east * self.x + north * self.y
        turn = np.exp(-2j * np.pi * cycles)
        smeared, spread = np.sinc(cycles * self.smearing), cycles * self.smearing
        # the derivative of sinc, which is 0 where nothing is smeared
        tiny = np.abs(spread) < 1e-6
        safe = np.where(tiny, 1.0, spread)
        bend = np.where(tiny, -(np.pi**2) / 3 * spread, (np.cos(np.pi * safe) - smeared) / safe)
        by_cycles = turn * (self.smearing * bend - 2j * np.pi * smeared)
        turn = turn * smeared
        both = 1 + ratio * turn
        moved = ratio * by_cycles[:, np.newaxis] * np.stack([self.x, self.y], axis=1)
        phases = self.closure.T @ (moved / both[:, np.newaxis]).imag
        rows = self.vis2_rows
        power = 2 * (both[rows, np.newaxis].conj() * moved[rows]).real / (1 + ratio) ** 2
        by_place = np.concatenate([phases, power]) if len(self.vis2) else phases
        by_ratio = self.slopes(turn[np.newaxis], np.array([ratio]))[0]
        return np.concatenate([by_place, by_ratio[:, np.newaxis]], axis=1)

    def residuals(self, predicted: np.ndarray, measured: np.ndarray | None = None) -> np.ndarray:
        """Return measured - predicted, closure phases within half a turn.

        Parameters
        ----------
        predicted : ndarray, shape (n, n_triangles + n_vis2)
            Of `predicted`.
        measured : ndarray, shape (n_triangles + n_vis2,), optional
            In place of what was measured.

        Returns
        -------
        ndarray, shape (n, n_triangles + n_vis2)
        """
        found = (self.measured if measured is None else measured) - predicted
        n = len(self.phases)
        found[..., :n] -= 2 * np.pi * np.round(found[..., :n] / (2 * np.pi))
        return found

    def chi2(self, turn: np.ndarray, ratio: np.ndarray) -> np.ndarray:
        """Return χ² of each position with its flux ratio.

        Parameters
        ----------
        turn : ndarray of complex, shape (n, n_baselines)
            Of `turns`.
        ratio : ndarray, shape (n,)
            Flux ratios.

        Returns
        -------
        ndarray, shape (n,)
        """
        return self.residuals(self.predicted(turn, ratio)) ** 2 @ self.weights

    @property
    def chi2_of_star(self) -> float:
        """The χ² without a companion."""
        turn = np.ones((1, len(self.x)), complex)
        return float(self.chi2(turn, np.zeros(1))[0])

    def best_ratios(
        self,
        east: np.ndarray,
        north: np.ndarray,
        limits: tuple[float, float],
        progress: Callable[[float], None] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the best flux ratio of each position and its χ².

        Parameters
        ----------
        east, north : ndarray, shape (n,)
            In mas.
        limits : tuple of float
            The smallest and the largest flux ratio.
        progress : callable, optional
            Called with how much is done, from 0 to 1.

        Returns
        -------
        ratio, chi2 : ndarray, shape (n,)
            A ratio of 0 where no companion is better than any.
        """
        parts = []
        for start in range(0, len(east), _CHUNK):
            if progress is not None:
                progress(start / len(east))
            part = slice(start, start + _CHUNK)
            parts.append(self._best(self.turns(east[part], north[part]), *limits))
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    def _best(
        self, turn: np.ndarray, min_ratio: float, max_ratio: float
    ) -> tuple[np.ndarray, np.ndarray]:
        n = len(turn)
        ratio, chi2 = np.zeros(n), np.full(n, self.chi2_of_star)
        faintest = min(max(_FAINTEST, min_ratio), max_ratio)
        for tried in np.geomspace(faintest, max_ratio, _FIRST_RATIOS):
            found = self.chi2(turn, np.full(n, tried))
            better = found < chi2
            ratio[better], chi2[better] = tried, found[better]
        damping = np.ones(n)
        for _ in range(_REFINEMENTS):  # Gauss and Newton, each position for itself
            slope = self.slopes(turn, ratio)
            off = self.residuals(self.predicted(turn, ratio))
            curvature = slope**2 @ self.weights
            step = (slope * off) @ self.weights / np.where(curvature > 0, curvature, 1)
            tried = np.clip(ratio + damping * step, min_ratio, max_ratio)
            found = self.chi2(turn, tried)
            better = found < chi2
            ratio[better], chi2[better] = tried[better], found[better]
            damping[~better] /= 4
        return ratio, chi2

    def noise(self, n: int, seed: int) -> np.ndarray:
        """Draw measurements of a star without companion.

        Parameters
        ----------
        n : int
        seed : int

        Returns
        -------
        ndarray, shape (n, n_triangles + n_vis2)
            Closure phases of independent Gaussian phases of the baselines, whose variances add up
            to those of the closure phases as well as they can; V² around 1.
        """
        rng = np.random.default_rng(seed)
        variances, _ = nnls(np.abs(self.closure.T), self.phase_errors**2)
        phases = rng.normal(size=(n, len(variances))) * np.sqrt(variances) @ self.closure
        vis2 = 1 + rng.normal(size=(n, len(self.vis2))) * self.vis2_errors
        return np.concatenate([phases, vis2], axis=1)
