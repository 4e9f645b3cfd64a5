"""The standard deviation that a median absolute deviation tells."""

from __future__ import annotations

import bottleneck
import numpy as np

__all__ = ["sigma_of_deviations"]

# Standard deviation of a Gaussian over its median absolute deviation, 1 / Φ⁻¹(3/4): Rousseeuw P. J.
# & Croux C. 1993, J. Am. Stat. Assoc. 88, 1273; as `astropy.stats.mad_std` has it.
_SIGMA_OF_MAD = 1.482602218505602


def sigma_of_deviations(deviations: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Return 1.4826 × the median of absolute deviations, along the last axis.

    Parameters
    ----------
    deviations : ndarray of float, shape (..., n)
        From the median, or from a model; NaN is left out.
    out : ndarray, same shape, optional
        Where their absolute values go, ``deviations`` itself to save memory.

    Returns
    -------
    ndarray of float64, shape (...)
        The standard deviation of the Gaussian that has this median; NaN where there is no value.
    """
    return _SIGMA_OF_MAD * bottleneck.nanmedian(np.abs(deviations, out=out), axis=-1)
