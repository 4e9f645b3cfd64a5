"""How far above the noise of its ring a companion must be."""

from __future__ import annotations

from functools import lru_cache

import bottleneck
import numpy as np
from scipy import optimize, stats

from ...errors import Stage3Error
from ..scatter import sigma_of_deviations

__all__ = ["FEWEST_FOR_MAD", "NOISE_STATISTICS", "check_noise", "detection_threshold"]

#: How the noise of a ring is taken: the standard deviation, or 1.4826 × the median absolute
#: deviation around the median, which single bright elements draw less.
NOISE_STATISTICS = ("std", "mad")
#: With fewer elements the median absolute deviation tells too little of the noise for a threshold.
FEWEST_FOR_MAD = 20

# Numbers of elements for which the threshold of the MAD is simulated; between them it is
# interpolated in 1/n.
_SIMULATED = (20, 24, 29, 35, 43, 53, 66, 84, 110, 150, 220, 350, 700, 2000)
_DRAWS = 3_000_000  # elements, for each of them
_SEED = 20140801


def check_noise(noise: str) -> None:
    """Refuse what is none of `NOISE_STATISTICS`.

    Parameters
    ----------
    noise : str

    Raises
    ------
    Stage3Error
    """
    if noise not in NOISE_STATISTICS:
        raise Stage3Error(f"noise is {noise!r}, expected one of {', '.join(NOISE_STATISTICS)}")


def detection_threshold(sigma: float, n: np.ndarray | int, noise: str = "std") -> np.ndarray:
    """Return how many times the noise above its ring a companion must be.

    Parameters
    ----------
    sigma : float
        The significance: a Gaussian exceeds that many standard deviations as often as noise will
        exceed the threshold.
    n : int or ndarray of int
        Number of resolution elements from which level and noise were taken.
    noise : {'std', 'mad'}, optional
        What was taken: mean and standard deviation, or median and median absolute deviation.

    Returns
    -------
    ndarray of float
        For the standard deviation τ √(1 + 1/n), τ being where Student's t of n - 1 degrees of
        freedom has the false-alarm probability of ``sigma`` (Mawet et al. 2014, ApJ 792, 97, eqs. 9
        and 10); NaN for n < 2. For the median absolute deviation that which has this probability
        for Gaussian noise, to 5 %, NaN for fewer than `FEWEST_FOR_MAD`.

    Raises
    ------
    Stage3Error
        If the noise is none of them.

    Notes
    -----
    The threshold of the median absolute deviation solves Σ P(x > m + k s) = N P(σ) over N draws of
    n elements, m and s being the median and the noise of each draw. It is larger than that of the
    standard deviation, for the MAD of few elements is often much too small: about 15 instead of 7.5
    for 20 elements and 5 σ, 5.7 instead of 5.2 for 150.
    """
    check_noise(noise)
    n = np.asarray(n, float)
    if noise == "mad":
        found = np.interp(-1 / np.maximum(n, 1), *_of_mad(float(sigma)))
        return np.where(n >= FEWEST_FOR_MAD, found, np.nan)
    freedom = np.where(n >= 2, n - 1, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        return stats.t.isf(stats.norm.sf(sigma), freedom) * np.sqrt(1 + 1 / n)


@lru_cache(maxsize=16)
def _of_mad(sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """-1/n, and the thresholds there."""
    rng = np.random.default_rng(_SEED)
    wanted = stats.norm.logsf(sigma)
    factors = []
    for n in _SIMULATED:
        draws = rng.standard_normal((_DRAWS // n, n))
        level = bottleneck.median(draws, axis=1)
        spread = sigma_of_deviations(draws - level[:, None])

        def excess(log_factor: float, level=level, spread=spread) -> float:
            chance = stats.norm.sf(level + np.exp(log_factor) * spread).mean()
            return np.log(max(chance, 1e-320)) - wanted

        factors.append(np.exp(optimize.brentq(excess, np.log(sigma) - 1, np.log(sigma) + 6)))
    return -1 / np.array(_SIMULATED), np.array(factors)
