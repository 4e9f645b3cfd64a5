"""Two arrays of one quantity, less each other, and what is said of that in a few numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import bottleneck
import numpy as np
from astropy import units as u
from astropy.table import QTable

from ...errors import Stage3Error
from ..scatter import sigma_of_deviations

__all__ = ["ASSUMED", "Differences", "in_unit"]

#: What is said with every combined error.
ASSUMED = (
    "errors are added in quadrature, as if they were independent: reductions of the same exposures "
    "share most of their noise, so differences are expected to be smaller than these errors"
)
#: Ratios are told of samples that stand out by so many combined errors.
_BRIGHT = 5.0


@dataclass(frozen=True, eq=False)
class Differences:
    """First less second, sample by sample.

    Attributes
    ----------
    difference : Quantity of float, any shape
        NaN where one of the two has no usable sample.
    ratio : ndarray of float, same shape
        First over second; NaN there, and where the second is zero.
    error : Quantity of float, same shape, or None
        Combined in quadrature; None where one of the two has no errors. See `ASSUMED`.
    bright : ndarray of bool, same shape
        Samples that stand out of their errors by five; all usable ones where there are no errors.
    n_first_only, n_second_only : int
        How many samples only one of the two has.
    """

    difference: u.Quantity
    ratio: np.ndarray
    error: u.Quantity | None
    bright: np.ndarray
    n_first_only: int = 0
    n_second_only: int = 0

    @classmethod
    def of(
        cls,
        first: u.Quantity,
        second: u.Quantity,
        first_error: u.Quantity | None = None,
        second_error: u.Quantity | None = None,
    ) -> Differences:
        """Take the difference of two arrays.

        Parameters
        ----------
        first, second : Quantity of float, same shape
            In units that convert into one another; NaN where there is no usable sample.
        first_error, second_error : Quantity of float, same shape, optional
            Standard deviations.

        Returns
        -------
        Differences
            In the unit of the first.
        """
        unit = first.unit
        one, other = first.value, second.to_value(unit)
        difference = one - other
        difference[~np.isfinite(difference)] = np.nan
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = one / other
            ratio[~np.isfinite(ratio)] = np.nan
        error = None
        usable = np.isfinite(difference)
        bright = usable
        if first_error is not None and second_error is not None:
            sigma = np.hypot(first_error.to_value(unit), second_error.to_value(unit))
            sigma[~(np.isfinite(sigma) & usable)] = np.nan
            with np.errstate(invalid="ignore"):
                bright = np.abs(one + other) / 2 >= _BRIGHT * sigma
            bright &= sigma > 0
            error = u.Quantity(sigma, unit, copy=False)
        have_one, have_other = np.isfinite(one), np.isfinite(other)
        return cls(
            u.Quantity(difference, unit, copy=False),
            ratio,
            error,
            bright,
            int(np.sum(have_one & ~have_other)),
            int(np.sum(have_other & ~have_one)),
        )

    @property
    def unit(self) -> u.UnitBase:
        """Of the difference."""
        return self.difference.unit

    @cached_property
    def n(self) -> int:
        """How many samples both have."""
        return int(np.isfinite(self.difference.value).sum())

    @cached_property
    def median(self) -> u.Quantity:
        """Median of the difference; NaN where there is no sample in common."""
        return _median(self.difference.value) * self.unit

    @cached_property
    def sigma(self) -> u.Quantity:
        """Robust standard deviation, 1.4826 × the median absolute deviation from the median.

        NaN where less than two samples are in common.
        """
        return _robust_sigma(self.difference.value) * self.unit

    @cached_property
    def largest(self) -> u.Quantity:
        """The difference that is largest in size."""
        values = np.abs(self.difference.value)
        return (float(bottleneck.nanmax(values)) if self.n else np.nan) * self.unit

    @cached_property
    def median_ratio(self) -> float:
        """Median ratio of the samples that are ``bright``; NaN where there is none."""
        return _median(self.ratio[self.bright])

    @cached_property
    def sigma_in_errors(self) -> float:
        """Robust standard deviation of what differs from the median, over its error.

        1 for independent noise, NaN where there are no errors.
        """
        if self.error is None:
            return np.nan
        with np.errstate(divide="ignore", invalid="ignore"):
            # without the median, which over errors of all sizes would be scatter, too
            scaled = (self.difference.value - self.median.value) / self.error.value
        return _robust_sigma(scaled[np.isfinite(scaled)])

    def histogram(self, n_bins: int = 60, reach: float = 6.0) -> QTable:
        """Count differences around their median.

        Parameters
        ----------
        n_bins : int, optional
        reach : float, optional
            How far from the median the bins go, in robust standard deviations; to the largest
            difference where that is nearer, or where more than half of the differences are equal.

        Returns
        -------
        QTable
            ``low`` and ``high`` in the unit of the difference, ``count``; ``meta`` says how many
            lie below and above.
        """
        values = self.difference.value[np.isfinite(self.difference.value)].astype(float)
        if not isinstance(n_bins, int) or n_bins < 1:
            raise Stage3Error(f"n_bins = {n_bins!r}, expected a whole number from 1")
        middle = float(self.median.value) if values.size else 0.0
        farthest = float(np.abs(values - middle).max()) if values.size else 0.0
        half = reach * float(self.sigma.value)
        half = min(half, farthest) if half > 0 else farthest
        half = half or abs(middle) * 1e-6 or 1.0
        ends = (middle - half, middle + half)
        count, edges = np.histogram(values, n_bins, ends)  # of equal bins, which is quicker
        below, above = int(np.sum(values < ends[0])), int(np.sum(values > ends[1]))
        return QTable(
            {"low": edges[:-1] * self.unit, "high": edges[1:] * self.unit, "count": count},
            meta={"below": below, "above": above},
        )


def in_unit(
    values: u.Quantity, unit: u.UnitBase, what: str, equivalencies: list | None = None
) -> u.Quantity:
    """Convert the second of two arrays into the unit of the first.

    Parameters
    ----------
    values : Quantity
    unit : Unit
        Of the first.
    what : str
        What is compared, for the message: ``'images'``.
    equivalencies : list, optional

    Returns
    -------
    Quantity

    Raises
    ------
    Stage3Error
        If one does not convert into the other.
    """
    try:
        return values.to(unit, equivalencies=equivalencies or [])
    except u.UnitConversionError as err:
        named = [str(one) or "no unit" for one in (unit, values.unit)]
        raise Stage3Error(
            f"the {what} cannot be compared: the first is in {named[0]}, the second in {named[1]}"
        ) from err


def _median(values: np.ndarray) -> float:
    finite = np.isfinite(values).any()
    return float(bottleneck.nanmedian(values)) if finite else np.nan


def _robust_sigma(values: np.ndarray) -> float:
    if np.isfinite(values).sum() < 2:
        return np.nan
    return float(sigma_of_deviations((values - _median(values)).ravel()))
