"""Two spectra of one source, less each other, in the channels of the first."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from astropy.table import QTable
from specutils import Spectrum

from ...errors import Stage3Error
from ..smoothing.spectrum import contiguous_runs
from .differences import ASSUMED, Differences, in_unit
from .interpolation import interpolate

__all__ = ["SpectrumComparison", "compare_spectra"]

#: Channels; wavelengths that agree to this are the same.
_SAME_GRID = 0.05
#: Which part of the channels must agree for the grids to be one: combine_1d drops channels.
_MOSTLY = 0.8


@dataclass(frozen=True, eq=False)
class SpectrumComparison:
    """First spectrum less second.

    Attributes
    ----------
    wavelength : Quantity, shape (n,)
        Of the channels of the first spectrum, in micron.
    differences : Differences, shape (n,)
    notes : tuple of str
        What was assumed and done.
    """

    wavelength: u.Quantity
    differences: Differences
    notes: tuple[str, ...]

    def spectrum(self) -> Spectrum:
        """Return the difference as a spectrum.

        Returns
        -------
        Spectrum
        """
        of = self.differences
        error = None if of.error is None else StdDevUncertainty(of.error.value, unit=of.unit)
        return Spectrum(
            flux=of.difference,
            spectral_axis=self.wavelength,
            uncertainty=error,
            mask=~np.isfinite(of.difference.value),
        )

    def in_bands(self, edges: u.Quantity | int) -> QTable:
        """Say how the two differ, band by band.

        Parameters
        ----------
        edges : Quantity, shape (n_bands + 1,), or int
            Limits of the bands, rising; or how many bands of equal width.

        Returns
        -------
        QTable
            ``low``, ``high``, ``n``, ``median``, ``sigma``, ``median_ratio``, ``sigma_in_errors``:
            of `Differences`. The upper limit belongs to the next band, the last one's to itself.

        Raises
        ------
        Stage3Error
            If there is less than one band, or limits do not rise.
        """
        axis = self.wavelength.value
        if isinstance(edges, int):
            if edges < 1:
                raise Stage3Error(f"{edges} bands, expected one or more")
            limits = np.linspace(axis.min(), axis.max(), edges + 1)
        else:
            limits = np.atleast_1d(u.Quantity(edges).to_value(u.um, u.spectral()))
        if limits.size < 2 or not (np.diff(limits) > 0).all():
            raise Stage3Error(f"limits of bands {limits} µm, expected two or more that rise")
        rows = []
        for low, high in zip(limits[:-1], limits[1:], strict=True):
            inside = (axis >= low) & ((axis <= high) if high == limits[-1] else (axis < high))
            of = self.differences
            part = Differences(
                of.difference[inside],
                of.ratio[inside],
                None if of.error is None else of.error[inside],
                of.bright[inside],
            )
            rows.append((low * u.um, high * u.um, part.n, part.median, part.sigma,
                         part.median_ratio, part.sigma_in_errors))  # fmt: skip
        names = ("low", "high", "n", "median", "sigma", "median_ratio", "sigma_in_errors")
        return QTable(rows=rows, names=names)


def compare_spectra(first: Spectrum, second: Spectrum) -> SpectrumComparison:
    """Take the difference of two spectra, channel by channel.

    Where wavelengths agree to a twentieth of a channel, samples are taken as they are, and channels
    that the second does not have are left out. Where less than four in five agree, the second is
    interpolated linearly at the wavelengths of the first, never across a gap in its wavelengths.

    Parameters
    ----------
    first, second : Spectrum of one dimension
        Samples that are masked or not finite are left out.

    Returns
    -------
    SpectrumComparison

    Raises
    ------
    Stage3Error
        If there is no common unit, or no wavelength in common.
    """
    axes: list[u.Quantity] = []
    values: list[u.Quantity] = []
    errors: list[u.Quantity | None] = []
    for spectrum in (first, second):
        if spectrum.flux.ndim != 1:
            raise Stage3Error(f"a spectrum has {spectrum.flux.ndim} axes, expected one")
        axis = u.Quantity(spectrum.spectral_axis).to(u.um, u.spectral())
        flux = u.Quantity(spectrum.flux, dtype=float, copy=True)
        error = None
        if spectrum.uncertainty is not None:
            found = spectrum.uncertainty.represent_as(StdDevUncertainty)
            error = u.Quantity(found.array, found.unit or flux.unit, dtype=float)
        if spectrum.mask is not None:
            flux[np.asarray(spectrum.mask, bool)] = np.nan
        unit = flux.unit if not values else values[0].unit
        change = u.spectral_density(axis)
        values.append(in_unit(flux, unit, "spectra", change))
        errors.append(None if error is None else in_unit(error, unit, "spectra", change))
        axes.append(axis)
    place = _places(axes[0].value, axes[1].value)
    inside = np.isfinite(place)
    if not inside.any():
        ends = [f"{a.value.min():.4g}–{a.value.max():.4g} µm" for a in axes]
        raise Stage3Error(f"the spectra have no wavelength in common: {ends[0]} and {ends[1]}")
    notes = []
    whole = np.round(place)
    nearest = axes[1].value[np.where(inside, whole, 0).astype(int)]
    # in wavelength: next to a gap of the second a channel is a small part of its step
    same = inside & (np.abs(place - whole) <= _SAME_GRID)
    same &= np.abs(axes[0].value - nearest) <= _SAME_GRID * _steps(axes)
    if same.sum() >= _MOSTLY * inside.sum():
        place = np.where(same, whole, np.nan)  # the others are dropped channels of the second
    else:
        notes.append(
            "the wavelengths of the two are not the same: the second spectrum was interpolated "
            "linearly at those of the first, which smooths its noise"
        )
        place[_in_gaps(axes[0].value, axes[1].value)] = np.nan
    other, other_error = interpolate(
        values[1].value, None if errors[1] is None else errors[1].value, place
    )
    unit = values[0].unit
    made = Differences.of(
        values[0],
        u.Quantity(other, unit, copy=False),
        errors[0],
        None if other_error is None else u.Quantity(other_error, unit, copy=False),
    )
    notes.append(ASSUMED if made.error is not None else "not both have errors: there are none")
    return SpectrumComparison(axes[0], made, tuple(notes))


def _steps(axes: list[u.Quantity]) -> np.ndarray | float:
    """To the nearer neighbour of each channel of the first, in micron."""
    if axes[0].size > 1:
        steps = np.abs(np.diff(axes[0].value))
        return np.fmin(np.append(steps, np.inf), np.append(np.inf, steps))
    others = np.abs(np.diff(axes[1].value))
    return float(np.median(others)) if others.size else float(axes[0].value[0])


def _in_gaps(wavelength: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which wavelengths lie between stretches of the others, where these have no channel."""
    grid = np.sort(others)
    inside = np.zeros(wavelength.shape, bool)
    for before, after in pairwise(contiguous_runs(grid)):
        inside |= (wavelength > grid[before.stop - 1]) & (wavelength < grid[after.start])
    return inside


def _places(wavelength: np.ndarray, others: np.ndarray) -> np.ndarray:
    """In which channel of the others wavelengths lie, as a fraction; NaN outside of them."""
    order = np.argsort(others)
    if others.size == 1:
        return np.where(np.isclose(wavelength, others[0], rtol=1e-6), 0.0, np.nan)
    grid = others[order]
    # rounding may put a wavelength just outside of the last one
    beyond = _SAME_GRID * np.array([grid[1] - grid[0], grid[-1] - grid[-2]])
    nearest = np.clip(wavelength, grid[0], grid[-1])
    numbers = np.interp(nearest, grid, order.astype(float))
    out = (wavelength < grid[0] - beyond[0]) | (wavelength > grid[-1] + beyond[1])
    numbers[out | ~np.isfinite(wavelength)] = np.nan
    return numbers
