"""A sum over a window beside the pipeline's spectrum: their ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..scatter import sigma_of_deviations

__all__ = ["ExtractionComparison", "compare_extractions"]

#: Wavelengths that differ by less than this, in channels, are the same.
MOST_APART = 0.1


@dataclass(frozen=True, eq=False)
class ExtractionComparison:
    """The ratio of a sum to the pipeline's spectrum.

    Attributes
    ----------
    wavelength : ndarray, shape (n,)
        Of the channels that are in both.
    ratio : ndarray, shape (n,)
        Sum over pipeline; NaN where one of them is not finite, or the pipeline's is zero.
    median : float
        NaN where there is no channel to compare.
    scatter : float
        1.4826 × the median absolute deviation.
    n_channels : int
        In which the ratio is finite.
    """

    wavelength: np.ndarray
    ratio: np.ndarray
    median: float
    scatter: float
    n_channels: int


def compare_extractions(
    wavelength: np.ndarray,
    flux: np.ndarray,
    pipeline_wavelength: np.ndarray,
    pipeline_flux: np.ndarray,
) -> ExtractionComparison:
    """Divide a sum by the pipeline's spectrum, channel by channel.

    Channels go together if their wavelengths agree to a tenth of a channel; nothing is
    interpolated.

    Parameters
    ----------
    wavelength, flux : ndarray, shape (n,)
        Two or more, with rising or falling wavelengths.
    pipeline_wavelength, pipeline_flux : ndarray, shape (m,)
        In the same units.

    Returns
    -------
    ExtractionComparison
    """
    order = np.argsort(wavelength)
    grid = wavelength[order]
    # one more channel on both sides, for wavelengths that were rounded
    grid = np.concatenate([[2 * grid[0] - grid[1]], grid, [2 * grid[-1] - grid[-2]]])
    place = np.interp(pipeline_wavelength, grid, np.arange(-1.0, len(order) + 1))
    nearest = np.round(place).astype(int)
    same = (np.abs(place - nearest) < MOST_APART) & (nearest >= 0) & (nearest < len(order))
    mine = flux[order[nearest[same]]]
    theirs = np.asarray(pipeline_flux, dtype=float)[same]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(theirs != 0, mine / theirs, np.nan)
    ratio[~np.isfinite(ratio)] = np.nan
    n_channels = int(np.isfinite(ratio).sum())
    median = float(np.nanmedian(ratio)) if n_channels else np.nan
    scatter = float(sigma_of_deviations(ratio - median)) if n_channels else np.nan
    return ExtractionComparison(pipeline_wavelength[same], ratio, median, scatter, n_channels)
