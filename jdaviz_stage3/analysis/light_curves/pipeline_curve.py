"""What the pipeline's own white light curve (whtlt) is a sum of, and why ours differs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

import numpy as np
from astropy import units as u
from astropy.timeseries import TimeSeries

from ...errors import Stage3Error
from .band_sums import BandSums
from .plain_sum import SummedBand, agrees, find_summed_band, plain_sum
from .row_matching import MatchedRows, match_rows

if TYPE_CHECKING:
    from ...readers.time_series import SpectralTrace

__all__ = ["PipelineComparison", "compare_with_pipeline", "matching_column"]

_COLUMN = re.compile(r"whitelight_flux(?:_order_(\d+)|_(\d+))?(?:_([A-Z]\w*))?$")
# The ratio of two curves is a constant factor if it scatters by less.
_CONSTANT = 1e-9
_BY_NUMBER = (
    "The time stamps jump back: the pipeline sorted the times, but not the fluxes, which it has in "
    "the order of the integrations; they are put back to their integrations here."
)
_BY_FILE = (
    "The segments are not in the order of their times in the file of the spectra: the pipeline "
    "sorted the times, but not the fluxes, which it has in the order of the file; they are put "
    "back to their integrations here."
)
_EXCLUDED = {"fill": "filled", "drop": "left out with their channels", "ignore": "left out"}


@dataclass(frozen=True)
class PipelineComparison:
    """A column of a whtlt beside the trace that it was made of.

    Parameters
    ----------
    column : str
        Name of the column.
    pipeline_flux : `~astropy.units.Quantity`, shape (n_int,)
        Its flux on the integrations of the trace; NaN where the pipeline has none. In the unit of
        the trace, also where the file has no units.
    plain_sum : `~astropy.units.Quantity`, shape (n_int,)
        Sum of all FLUX that is not NaN between ``limits``, or of the whole spectrum if there are
        none; NaN where no sample is finite.
    residual : `~astropy.units.Quantity`, shape (n_int,)
        ``pipeline_flux`` - ``plain_sum``.
    limits : `~astropy.units.Quantity`, shape (2,), or None
        First and last wavelength of the band whose plain sum is ``pipeline_flux`` in all
        integrations that have it, ascending; None if there is none.
    reasons : list of str
        A sentence for each thing that makes the pipeline's curve what it is.
    """

    column: str
    pipeline_flux: u.Quantity
    plain_sum: u.Quantity
    residual: u.Quantity
    limits: u.Quantity | None
    reasons: list[str]

    def sentence(self) -> str:
        """Say why the pipeline's curve and one of this package differ, in plain words.

        Returns
        -------
        str
            The ``reasons``, one after the other.
        """
        return " ".join(self.reasons)

    def on_scale_of(self, curve: TimeSeries) -> u.Quantity:
        """Return the pipeline's flux times a constant, so that it lies on another curve.

        Parameters
        ----------
        curve : `~astropy.timeseries.TimeSeries`
            Of the same integrations, not binned, with a column ``flux``.

        Returns
        -------
        `~astropy.units.Quantity`, shape (n_int,)
            In the unit of the curve's flux; of the same median as it, over the integrations that
            both have.

        Raises
        ------
        Stage3Error
            If the curve has another number of points, or none in common.
        """
        flux, ours = self.pipeline_flux.value, u.Quantity(curve["flux"])
        if ours.shape != flux.shape:
            raise Stage3Error(
                f"the curve has shape {ours.shape}, but {self.column} {flux.shape}; a curve of one "
                "band that is not binned is needed"
            )
        both = np.isfinite(flux) & np.isfinite(ours.value)
        level = np.median(flux[both]) if both.any() else 0.0
        if level == 0:
            raise Stage3Error(f"no integration has flux in both the curve and {self.column}")
        return flux * (np.median(ours.value[both]) / level) * ours.unit


def matching_column(series: TimeSeries, trace: SpectralTrace) -> str | None:
    """Return the column of a whtlt that belongs to a trace.

    Parameters
    ----------
    series : `~astropy.timeseries.TimeSeries`
        As `jdaviz_stage3.readers.light_curve.read_white_light` returns it.
    trace : SpectralTrace

    Returns
    -------
    str or None
        None if no column, or more than one, is of the trace's order and detector.
        ``whitelight_flux_1``, ``_2`` of files up to jwst 1.18, which do not name the orders, are
        taken as orders 1, 2.
    """
    found = []
    for column in series.colnames:
        match = _COLUMN.match(column)
        if not match:
            continue
        order = match.group(1) or match.group(2)
        detector = match.group(3)
        if order is not None and trace.order is not None and int(order) != trace.order:
            continue
        if detector is not None and trace.detector and detector != trace.detector:
            continue
        found.append(column)
    return found[0] if len(found) == 1 else None


def compare_with_pipeline(
    trace: SpectralTrace,
    pipeline: TimeSeries,
    column: str,
    *,
    band_sums: BandSums | None = None,
    first_order: SpectralTrace | None = None,
) -> PipelineComparison:
    """Find out what the pipeline's white light curve is the sum of.

    Parameters
    ----------
    trace : SpectralTrace
        The trace that the curve was made of.
    pipeline : `~astropy.timeseries.TimeSeries`
        A whtlt as `jdaviz_stage3.readers.light_curve.read_white_light` returns it.
    column : str
        Its column for the trace: see `matching_column`.
    band_sums : BandSums, optional
        Of the trace, to tell what its excluded samples do in the pipeline's curve. By default one
        that fills those flagged DO_NOT_USE or not finite, made if the band has any.
    first_order : SpectralTrace, optional
        Order 1 of the same file and detector, if ``trace`` is of a higher one: tells whether the
        limits of the latter are those of order 1.

    Returns
    -------
    PipelineComparison

    Raises
    ------
    Stage3Error
        The whtlt has no such column, or the trace has no times of the system of the whtlt.

    Notes
    -----
    The white_light step of the pipeline (jwst 1.19 to 3.0) sums FLUX over the channels between
    two inclusive limits, taking NaN as 0 and whatever the flags say. The limits are parameters of
    the step (min_wavelength, max_wavelength), or for NIRISS SOSS of the wavelengthrange reference
    file; those of the first order stay in force for the orders after it. The step leaves out
    integrations without a time stamp and those whose MJD-AVG repeats an earlier one, sorts the
    times of what is left, but not the fluxes, and writes 0 for an integration of which all samples
    are NaN. All of that is looked for here in the numbers; two sums are the same if they agree to
    a part in 10¹⁰.
    """
    matched = match_rows(trace, pipeline, column)
    samples = trace.usable_flux(None)
    unit, samples = samples.unit, samples.value
    target, band, remarks = _explained(trace, samples, pipeline, column, matched)
    known = np.isfinite(target)
    explained = band if _explains(band, target) else None
    grid = trace.wavelength.value
    low, high = explained.reach(grid) if explained else (-np.inf, np.inf)
    inside = (grid >= low) & (grid <= high)
    empty = ~(np.isfinite(samples) & inside).any(axis=1)
    sums = np.where(empty, np.nan, plain_sum(samples, grid, low, high))
    if explained:
        reasons = [
            _band_in_words(explained, trace),
            *_of_first_order(explained, trace, pipeline, first_order),
        ]
        reasons += remarks + _excluded_samples(trace, samples, sums, known, (low, high), band_sums)
    elif known.any():
        reasons = [_unexplained(target, sums, band, trace), *remarks]
    else:
        reasons = ["No time of the pipeline's curve is that of an integration with flux: the two "
                   "files are probably not of one observation."]  # fmt: skip
    reasons += _missing_points(matched, known, empty)
    return PipelineComparison(
        column=column,
        pipeline_flux=target * unit,
        plain_sum=sums * unit,
        residual=(target - sums) * unit,
        limits=u.Quantity([low, high], trace.wavelength.unit) if explained else None,
        reasons=reasons,
    )


def _explained(
    trace: SpectralTrace,
    samples: np.ndarray,
    pipeline: TimeSeries,
    column: str,
    matched: MatchedRows,
) -> tuple[np.ndarray, SummedBand | None, list[str]]:
    """Return the pipeline's flux in the trace's unit, the band it is of, and remarks on both."""
    factor, remarks = _conversion(pipeline[column].unit, trace.tables[0].unit("FLUX"))
    grid = trace.wavelength.value
    target = matched.flux * factor
    band = _summed_band(samples, grid, target)
    if _explains(band, target):
        return target, band, remarks
    for flux, remark in ((matched.in_order, _BY_NUMBER), (matched.in_file_order, _BY_FILE)):
        if flux is None:
            continue
        other = _summed_band(samples, grid, flux * factor)
        if _explains(other, flux * factor):
            return flux * factor, other, [*remarks, remark]
    return target, band, remarks


def _explains(band: SummedBand | None, target: np.ndarray) -> TypeGuard[SummedBand]:
    """Whether a band gives all the sums that there are."""
    return band is not None and bool(band.agreeing[np.isfinite(target)].all())


def _summed_band(
    samples: np.ndarray, wavelength: np.ndarray, target: np.ndarray
) -> SummedBand | None:
    """Return the band whose plain sum this is: the whole spectrum, or what a search finds."""
    agreeing = agrees(plain_sum(samples, wavelength), target)
    known = np.isfinite(target)
    if known.any() and agreeing[known].all():
        low, high = np.nanmin(wavelength), np.nanmax(wavelength)
        return SummedBand(float(low), float(high), -np.inf, np.inf, agreeing)
    return find_summed_band(samples, wavelength, target)


def _conversion(unit: u.UnitBase | None, wanted: u.UnitBase) -> tuple[float, list[str]]:
    """Return the factor from the pipeline's unit to the trace's, and a remark if it is not 1."""
    if unit in (None, u.dimensionless_unscaled, wanted):
        return 1.0, []
    try:
        return unit.to(wanted), [f"It is in {unit}, the spectra in {wanted}."]
    except u.UnitConversionError:
        return 1.0, [
            f"It is in {unit}, the spectra in {wanted}, which do not convert: they are not of the "
            "same calibration."
        ]


def _band_in_words(band: SummedBand, trace: SpectralTrace) -> str:
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


def _of_first_order(
    band: SummedBand,
    trace: SpectralTrace,
    pipeline: TimeSeries,
    first_order: SpectralTrace | None,
) -> list[str]:
    """Say whether the limits of a higher order are those of order 1."""
    limited = np.isfinite(band.below) or np.isfinite(band.above)
    if not limited or trace.order is None or trace.order < 2:
        return []
    habit = "the white_light step uses those of order 1 for the orders after it as well"
    column = matching_column(pipeline, first_order) if first_order is not None else None
    if first_order is None or column is None:
        return [f"These may be the limits of order 1: {habit}."]
    matched = match_rows(first_order, pipeline, column)
    samples = first_order.usable_flux(None).value
    target, first, _ = _explained(first_order, samples, pipeline, column, matched)
    if not _explains(first, target):
        return [f"These may be the limits of order 1, whose own sum is not explained: {habit}."]
    if first.has_limits_of(band):
        return [f"These are the limits of order 1: {habit}."]
    return ["These are not the limits of order 1."]


def _excluded_samples(
    trace: SpectralTrace,
    samples: np.ndarray,
    sums: np.ndarray,
    known: np.ndarray,
    limits: tuple[float, float],
    band_sums: BandSums | None,
) -> list[str]:
    """Say how many flagged and missing samples the pipeline has in its sums, and what they do."""
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


def _missing_points(matched: MatchedRows, known: np.ndarray, empty: np.ndarray) -> list[str]:
    """Say which integrations have no point in the pipeline's curve, and why."""
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


def _unexplained(
    target: np.ndarray, sums: np.ndarray, band: SummedBand | None, trace: SpectralTrace
) -> str:
    """Say how far the pipeline's curve is from the sum of all FLUX."""
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
    return f"{value * 1e6:.3g} ppm" if value < 1e-3 else f"{value * 100:.3g} %"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
