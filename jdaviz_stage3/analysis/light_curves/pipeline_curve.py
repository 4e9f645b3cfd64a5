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
from .pipeline_in_words import (
    band_in_words,
    excluded_samples_in_words,
    missing_points_in_words,
    unexplained_in_words,
)
from .plain_sum import SummedBand, agrees, find_summed_band, plain_sum
from .row_matching import MatchedRows, match_rows

if TYPE_CHECKING:
    from ...readers.time_series import SpectralTrace

__all__ = ["PipelineComparison", "compare_with_pipeline", "matching_column"]

_COLUMN = re.compile(r"whitelight_flux(?:_order_(\d+)|_(\d+))?(?:_([A-Z]\w*))?$")
_BY_NUMBER = (
    "The time stamps jump back: the pipeline sorted the times, but not the fluxes, which it has in "
    "the order of the integrations; they are put back to their integrations here."
)
_BY_FILE = (
    "The segments are not in the order of their times in the file of the spectra: the pipeline "
    "sorted the times, but not the fluxes, which it has in the order of the file; they are put "
    "back to their integrations here."
)


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
            band_in_words(explained, trace),
            *_of_first_order(explained, trace, pipeline, first_order),
        ]
        reasons += remarks + excluded_samples_in_words(
            trace, samples, sums, known, (low, high), band_sums
        )
    elif known.any():
        reasons = [unexplained_in_words(target, sums, band, trace), *remarks]
    else:
        reasons = ["No time of the pipeline's curve is that of an integration with flux: the two "
                   "files are probably not of one observation."]  # fmt: skip
    reasons += missing_points_in_words(matched, known, empty)
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
