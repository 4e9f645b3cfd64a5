"""The samples to smooth: checked, in a form for bottleneck and scipy, and back as they came."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

import numpy as np
from astropy import units as u

from ...errors import Stage3Error

__all__ = ["Samples", "Smoothed", "is_integer"]


class Smoothed(NamedTuple):
    """A smoothed array and its uncertainty.

    Attributes
    ----------
    flux : ndarray or `~astropy.units.Quantity`
    uncertainty : ndarray or `~astropy.units.Quantity`
        Standard deviation (1σ) of ``flux``, of the same shape and unit.
    """

    flux: np.ndarray | u.Quantity
    uncertainty: np.ndarray | u.Quantity


class WindowOptions(TypedDict, total=False):
    """What all smoothing functions take, for the types of their overloads."""

    mask: np.ndarray | None
    edge: str
    axis: int
    wavelength: u.Quantity | None


@dataclass
class Samples:
    """Checked input, with the axis to smooth along moved to the end (a view where possible).

    Attributes
    ----------
    values : ndarray of float32 or float64, shape (…, n)
        Native byte order; NaN where excluded.
    valid : ndarray of bool, same shape, or None
        False where excluded (masked or not finite); None means that all may be used.
    variance : ndarray of float64, same shape, or None
        Square of the uncertainty; NaN where the uncertainty is not finite or is negative.
    axis : int
        Where the last axis belongs.
    unit : `~astropy.units.Unit` or None
    """

    values: np.ndarray
    valid: np.ndarray | None
    variance: np.ndarray | None
    axis: int
    unit: u.UnitBase | None

    @classmethod
    def of(cls, flux: Any, mask: Any, uncertainty: Any, axis: int) -> Samples:
        """Check and convert what the public functions are given.

        Parameters
        ----------
        flux, mask, uncertainty : object
            See `jdaviz_stage3.analysis.median_smooth`; the last two may be None.
        axis : int
            The axis to smooth along.

        Returns
        -------
        Samples

        Raises
        ------
        Stage3Error
            If shapes differ, units do not convert, there is no such axis, nothing to smooth, or
            what is no real number.
        """
        unit = flux.unit if isinstance(flux, u.Quantity) else None
        hidden = np.ma.getmaskarray(flux) if isinstance(flux, np.ma.MaskedArray) else None
        values = np.asarray(flux.value if unit is not None else flux)
        if values.dtype.kind not in "biuf":
            raise Stage3Error(
                f"flux has data type {values.dtype}; real numbers are needed: convert it first"
            )
        if values.size == 0 or values.ndim == 0:
            raise Stage3Error(
                f"flux has shape {values.shape}: there is nothing to smooth; give at least one "
                "sample along the axis"
            )
        # bottleneck is compiled for native float32, float64, int32 and int64, and takes a Python
        # loop (500 times slower) for all else, such as the big-endian arrays of FITS files.
        single = values.dtype.kind == "f" and values.dtype.itemsize == 4
        values = values.astype(np.float32 if single else np.float64, copy=False)
        shape = values.shape
        axis = _checked_axis(axis, values.ndim)
        values = np.moveaxis(values, axis, -1)

        usable = np.isfinite(values)
        for exclude in (mask, hidden):
            if exclude is not None:
                usable &= ~np.moveaxis(_checked_mask(exclude, shape), axis, -1)
        valid = None if usable.all() else usable
        if valid is not None:
            values = np.where(valid, values, values.dtype.type(np.nan))
        variance = None
        if uncertainty is not None:
            sigma = _checked_uncertainty(uncertainty, shape, unit)
            sigma = np.moveaxis(sigma.astype(np.float64, copy=False), axis, -1)
            variance = np.where(np.isfinite(sigma) & (sigma >= 0), sigma, np.nan) ** 2
        return cls(values, valid, variance, axis, unit)

    def exclude(self, pixels: np.ndarray) -> None:
        """Exclude pixels of all rows.

        Parameters
        ----------
        pixels : ndarray of bool, shape (n,)
            True excludes the pixel at this place of the last axis.
        """
        if pixels.any():
            valid = np.isfinite(self.values) & ~pixels
            self.values = np.where(valid, self.values, self.values.dtype.type(np.nan))
            self.valid = valid

    def result(
        self, values: np.ndarray, variance: np.ndarray | None
    ) -> np.ndarray | u.Quantity | Smoothed:
        """Return the smoothed values as the input was: its axes, unit and precision.

        Parameters
        ----------
        values : ndarray of float, shape (…, n)
            Smoothed, of the shape of ``self.values``.
        variance : ndarray of float64, same shape, or None
            Of the smoothed values.

        Returns
        -------
        ndarray or `~astropy.units.Quantity`, or `Smoothed`
            The latter with a variance.
        """
        smoothed = self._restored(values)
        if variance is None:
            return smoothed
        return Smoothed(smoothed, self._restored(np.sqrt(variance)))

    def _restored(self, values: np.ndarray) -> np.ndarray | u.Quantity:
        values = np.moveaxis(values.astype(self.values.dtype, copy=False), -1, self.axis)
        return values if self.unit is None else u.Quantity(values, self.unit, copy=False)


def is_integer(number: Any) -> bool:
    """Whether something is a whole number; True and False are not, 11.0 is.

    Parameters
    ----------
    number : object

    Returns
    -------
    bool
    """
    if isinstance(number, (bool, np.bool_)) or not isinstance(number, numbers.Real):
        return False
    return isinstance(number, numbers.Integral) or float(number).is_integer()


def _checked_axis(axis: Any, ndim: int) -> int:
    if not is_integer(axis) or not -ndim <= axis < ndim:
        raise Stage3Error(
            f"axis is {axis!r}, but flux has {ndim} dimension{'s' if ndim > 1 else ''}: give an "
            f"integer from {-ndim} to {ndim - 1}"
        )
    return int(axis) % ndim


def _checked_mask(mask: Any, shape: tuple[int, ...]) -> np.ndarray:
    mask = np.asarray(mask)
    if mask.dtype.kind != "b":
        raise Stage3Error(
            f"mask has data type {mask.dtype}; it must be bool, True where a sample is excluded "
            "(for data-quality flags, jdaviz_stage3.readers.quality.dq_mask makes it)"
        )
    if mask.shape != shape:
        raise Stage3Error(
            f"mask has shape {mask.shape}, flux {shape}: they must be equal; "
            "numpy.broadcast_to makes one of the other"
        )
    return mask


def _checked_uncertainty(
    uncertainty: Any, shape: tuple[int, ...], unit: u.UnitBase | None
) -> np.ndarray:
    if isinstance(uncertainty, u.Quantity) and unit is None:
        raise Stage3Error(
            f"uncertainty has the unit {uncertainty.unit}, but flux has none: give both or neither"
        )
    try:
        sigma = uncertainty.to_value(unit) if isinstance(uncertainty, u.Quantity) else uncertainty
    except u.UnitConversionError as err:
        raise Stage3Error(
            f"uncertainty has the unit {uncertainty.unit}, which does not convert to that of flux, "
            f"{unit}"
        ) from err
    sigma = np.asarray(sigma)
    if sigma.dtype.kind not in "iuf":
        raise Stage3Error(
            f"uncertainty is {type(uncertainty).__name__} of data type {sigma.dtype}; an array of "
            "standard deviations is needed (of an astropy uncertainty: "
            ".represent_as(StdDevUncertainty).array)"
        )
    if sigma.shape != shape:
        raise Stage3Error(
            f"uncertainty has shape {sigma.shape}, flux {shape}: they must be equal; "
            "numpy.broadcast_to makes one of the other"
        )
    return sigma
