"""What is said of the pipeline's own white light curve beside the trace that it was made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u

from ...errors import Stage3Error
from .band_sums import BandSums
from .plain_sum import SummedBand
from .row_matching import MatchedRows

if TYPE_CHECKING:
    from ...readers.time_series import SpectralTrace

__all__ = [
    "band_in_words",
    "excluded_samples_in_words",
    "missing_points_in_words",
    "unexplained_in_words",
]

# The ratio of two curves is a constant factor if it scatters by less.
_CONSTANT = 1e-9
_EXCLUDED = {"fill": "filled", "drop": "left out with their channels", "ignore": "left out"}


def band_in_words(band: SummedBand, trace: SpectralTrace) -> str:
    """Say over which band the pipeline's curve is a plain sum.

    Parameters
    ----------
    band : SummedBand
        Whose plain sum the curve is.
    trace : SpectralTrace
        That it was made of.

    Returns
    -------
    str
    """
    if np.isinf(band.below) and np.isinf(band.above):
        return "The pipeline's curve is the plain sum of all FLUX."
    grid, unit = trace.wavelength.value, trace.wavelength.unit
    low, high = band.reach(grid)
    text = f"The pipeline's curve is the plain sum of FLUX from {low:.5g} to {high:.5g} {unit}"
    if grid.ndim == 1:
        count = int(np.sum((grid >= low) & (grid <= high)))
        text += f", {count} of {grid.size} channels"
    limits = [
        f"{name} limit of {limit:.8g} {unit}"
        for name, limit in zip(("lower", "upper"), band.round_limits(), strict=True)
        if limit is not None
    ]
    return f"{text}, as from a {' and an '.join(limits)}.".replace("a upper", "an upper")


def excluded_samples_in_words(
    trace: SpectralTrace,
    samples: np.ndarray,
    sums: np.ndarray,
    known: np.ndarray,
    limits: tuple[float, float],
    band_sums: BandSums | None,
) -> list[str]:
    """Say how many flagged and missing samples the pipeline has in its sums, and what they do.

    Parameters
    ----------
    trace : SpectralTrace
        That the curve was made of.
    samples : ndarray of float, shape (n_int, n_wave)
        Its FLUX, whatever the flags say.
    sums : ndarray of float, shape (n_int,)
        Their plain sum over the band.
    known : ndarray of bool, shape (n_int,)
        Where the pipeline has a point.
    limits : tuple of float
        First and last wavelength of the band, in the unit of the trace.
    band_sums : BandSums or None
        Of the trace; made where it is None and there are such samples.

    Returns
    -------
    list of str
        A sentence, or none if there are no such samples.
    """
    grid = trace.wavelength.value
    inside = (grid >= limits[0]) & (grid <= limits[1]) & known[:, None]
    finite = np.isfinite(samples)
    missing = int(np.sum(~finite & inside & finite.any(axis=0)))
    flagged = int(np.sum(finite & inside & np.isnan(trace.usable_flux().value)))
    if not missing and not flagged:
        return []
    parts = []
    if flagged:
        parts.append(f"includes {_counted(flagged, 'sample')} flagged DO_NOT_USE")
    if missing:
        parts.append(f"counts {_counted(missing, 'sample')} that {_are(missing)} NaN as 0")
    text = f"It {' and '.join(parts)}"
    try:
        band_sums = BandSums(trace) if band_sums is None else band_sums
        ours = band_sums.light_curve(*u.Quantity(limits, trace.wavelength.unit)).flux
    except Stage3Error:
        return [f"{text}."]
    both = np.isfinite(ours) & np.isfinite(sums) & known
    if not both.any():
        return [f"{text}."]
    change = sums[both] / np.median(sums[both]) - ours[both] / np.median(ours[both])
    return [
        f"{text}: with such samples {_EXCLUDED[band_sums.excluded]}, points of the same band "
        f"change by up to {_part(np.abs(change).max())}."
    ]


def missing_points_in_words(
    matched: MatchedRows, known: np.ndarray, empty: np.ndarray
) -> list[str]:
    """Say which integrations have no point in the pipeline's curve, and why.

    Parameters
    ----------
    matched : MatchedRows
        The rows of the pipeline's curve on the integrations of the trace.
    known : ndarray of bool, shape (n_int,)
        Where it has a point.
    empty : ndarray of bool, shape (n_int,)
        Where no sample of the trace is finite.

    Returns
    -------
    list of str
        A sentence for each reason.
    """
    reasons = []
    if count := int(np.sum(matched.found & ~known & empty)):
        reasons.append(
            f"{_counted(count, 'integration')} without a finite sample {_are(count)} 0 in the "
            "pipeline's curve, and missing here."
        )
    if count := int(np.sum(matched.found & ~known & ~empty)):
        reasons.append(f"{_counted(count, 'integration')} {_are(count)} NaN in it.")
    dropped = ~matched.found & matched.repeated
    if count := int(dropped.sum()):
        reasons.append(
            f"{_counted(count, 'integration')} {_are(count)} not in it: the time stamp repeats an "
            "earlier one."
        )
    if count := int(np.sum(~matched.found & ~dropped)):
        reasons.append(f"{_counted(count, 'integration')} {_are(count)} not in it.")
    if count := matched.n_left_over:
        reasons.append(f"{_counted(count, 'point')} of it {_are(count)} of no integration.")
    return reasons


def unexplained_in_words(
    target: np.ndarray, sums: np.ndarray, band: SummedBand | None, trace: SpectralTrace
) -> str:
    """Say how far the pipeline's curve is from the sum of all FLUX.

    Parameters
    ----------
    target : ndarray of float, shape (n_int,)
        The pipeline's flux, in the unit of the trace.
    sums : ndarray of float, shape (n_int,)
        Sum of all FLUX.
    band : SummedBand or None
        The one that gives most of it.
    trace : SpectralTrace
        That it was made of.

    Returns
    -------
    str
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = target / sums
    ratio = ratio[np.isfinite(ratio)]
    if not ratio.size:
        return "The pipeline's curve has flux where the spectra have none."
    factor = float(np.median(ratio))
    scatter = float(np.sqrt(np.mean((ratio / factor - 1) ** 2))) if factor else np.inf
    if scatter < _CONSTANT:
        return (
            f"The pipeline's curve is the plain sum of all FLUX times {factor:.9g}, the same in "
            "all integrations: another unit, or a normalisation."
        )
    text = (
        "No plain sum of FLUX over a band gives the pipeline's curve, for a reason not found. It "
        f"is {factor:.6g} times the sum of all FLUX (median), which is not constant: the ratio "
        f"scatters by {_part(scatter)} (rms)."
    )
    if band is not None:
        text += (
            f" The sum from {band.low:.5g} to {band.high:.5g} {trace.wavelength.unit} gives "
            f"{int(band.agreeing.sum())} of {int(np.isfinite(target).sum())} integrations."
        )
    return text


def _part(value: float) -> str:
    """None

    Parameters
    ----------
    target : ndarray of float, shape (n_int,)
        The pipeline's flux, in the unit of the trace.
    sums : ndarray of float, shape (n_int,)
        Sum of all FLUX.
    band : SummedBand or None
        The one that gives most of it.
    trace : SpectralTrace
        That it was made of.

    Returns
    -------
    str
    """
    return f"{value * 1e6:.3g} ppm" if value < 1e-3 else f"{value * 100:.3g} %"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
