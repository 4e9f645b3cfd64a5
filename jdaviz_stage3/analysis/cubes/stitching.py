"""Spectra of neighbouring bands: how they differ where they overlap, and one spectrum of all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from astropy.table import QTable
from specutils import Spectrum

from ...errors import Stage3Error
from ..light_curves.bands import band_weights, channel_edges
from ..scatter import sigma_of_deviations
from .aperture import band_name

__all__ = ["band_offsets", "stitch"]

_FEWEST = 3  # channels for a scatter


@dataclass
class _Band:
    """One spectrum as arrays, wavelengths ascending."""

    name: str
    wavelength: u.Quantity
    flux: np.ndarray  # NaN where excluded
    error: np.ndarray  # NaN where it is not known

    @property
    def ends(self) -> tuple[u.Quantity, u.Quantity]:
        """The first and the last wavelength with a flux: excluded channels at its ends are none."""
        known = np.flatnonzero(np.isfinite(self.flux))
        first, last = (known[0], known[-1]) if known.size else (0, -1)
        return self.wavelength[first], self.wavelength[last]

    def mean(self, low: u.Quantity, high: u.Quantity) -> tuple[float, float]:
        """Mean flux over a range of wavelengths, channels at its ends in part, and its error."""
        weight = band_weights(self.wavelength, low, high, "fractional")
        weight = weight * np.diff(channel_edges(self.wavelength.value))
        weight = np.where(np.isfinite(self.flux), weight, 0)
        if not weight.any():
            return np.nan, np.nan
        weight /= weight.sum()
        error = np.where(weight > 0, weight * self.error, 0)
        return float(np.nansum(weight * self.flux)), float(np.sqrt(np.sum(error**2)))


def band_offsets(spectra: Iterable[Spectrum]) -> QTable:
    """Compare neighbouring bands where they overlap. Nothing is changed.

    Parameters
    ----------
    spectra : iterable of specutils.Spectrum
        Of one source in several bands, in any order: of `aperture_spectra`, or x1d of the pipeline.

    Returns
    -------
    astropy.table.QTable
        One row for each pair of neighbours, by wavelength: ``band_1``, ``band_2`` (their names),
        ``low``, ``high`` (the overlap, from the first channel to the last that can be used in
        both, NaN where there is none), ``n_1``, ``n_2`` (channels in it that can be used),
        ``flux_1``, ``flux_2`` (means over it, channels at its ends in part), ``ratio`` (second to
        first), ``difference`` (second less first), each with ``_err``, and ``scatter``, the
        robust standard deviation of the ratio channel by channel.

    Raises
    ------
    Stage3Error
        If there are fewer than two spectra, or their units do not convert.

    Notes
    -----
    The uncertainties are propagated from those of the channels as independent ones. Where
    ``scatter`` / √n is much larger than ``ratio_err``, they are too small, or the ratio changes
    with wavelength.
    """
    bands, unit = _bands(spectra)
    if len(bands) < 2:
        raise Stage3Error(f"there is {len(bands)} spectrum; offsets are between two or more")
    rows = [_offset(first, second, unit) for first, second in pairwise(bands)]
    return QTable({name: _column([row[name] for row in rows]) for name in rows[0]})


def stitch(spectra: Iterable[Spectrum], *, scale: bool = False, reference: int = 0) -> Spectrum:
    """Join the spectra of neighbouring bands into one.

    Parameters
    ----------
    spectra : iterable of specutils.Spectrum
        Of one source in several bands, in any order.
    scale : bool, optional
        Whether to multiply bands so that neighbours agree where they overlap, with the ratios of
        `band_offsets`. They are left as they are by default.
    reference : int, optional
        Which band stays as it is then, counted from 0 by wavelength.

    Returns
    -------
    specutils.Spectrum
        In an overlap, the first band up to its middle and the second from there on (channels that
        are excluded at the end of a band do not overlap): nothing is averaged or resampled.
        ``meta["bands"]`` are the names of the bands, ``meta["band"]`` is which of them each
        channel is from, ``meta["cuts"]`` where they meet, ``meta["factors"]``
        and ``meta["factors_err"]`` what they were multiplied by. The uncertainty of a factor is
        part of the uncertainty of each channel: it is common to all of a band.

    Raises
    ------
    Stage3Error
        If there is no spectrum, units do not convert, one band lies within another, or bands are
        to be scaled that do not overlap.
    """
    bands, unit = _bands(spectra)
    factors, errors = np.ones(len(bands)), np.zeros(len(bands))
    if scale and len(bands) > 1:
        factors, errors = _factors(bands, unit, reference)
    cuts = [_cut(first, second) for first, second in pairwise(bands)]
    limits = [-np.inf, *cuts, np.inf]
    parts = []
    for number, band in enumerate(bands):
        values = band.wavelength.value
        keep = (values >= limits[number]) & (values < limits[number + 1])
        relative = errors[number] / factors[number]
        error = factors[number] * np.hypot(band.error, relative * band.flux)
        parts.append(
            (
                values[keep],
                factors[number] * band.flux[keep],
                error[keep],
                np.full(keep.sum(), number),
            )
        )
    axis, flux, error, which = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    known = np.isfinite(error).any()
    return Spectrum(
        flux=flux * unit,
        spectral_axis=axis * u.um,
        uncertainty=StdDevUncertainty(error * unit) if known else None,
        mask=~np.isfinite(flux),
        meta={
            "bands": [band.name for band in bands], "band": which, "cuts": np.array(cuts) * u.um,
            "factors": factors, "factors_err": errors,
        },
    )  # fmt: skip


def _bands(spectra: Iterable[Spectrum]) -> tuple[list[_Band], u.UnitBase]:
    """The spectra as arrays in the unit of the first one, by wavelength."""
    given = list(spectra)
    if not given:
        raise Stage3Error("there is no spectrum to join")
    unit, bands = given[0].flux.unit, []
    for number, spectrum in enumerate(given):
        wavelength = u.Quantity(spectrum.spectral_axis).to(u.um, u.spectral())
        if spectrum.flux.ndim != 1:
            raise Stage3Error(f"spectrum {number} has {spectrum.flux.ndim} axes, expected 1")
        try:
            flux = spectrum.flux.to_value(unit, u.spectral_density(wavelength))
        except u.UnitConversionError as err:
            raise Stage3Error(
                f"spectrum {number} is in {spectrum.flux.unit}, the first one in {unit}: give "
                "spectra of one kind"
            ) from err
        flux = flux.astype(float)
        error = np.full(flux.shape, np.nan)
        if spectrum.uncertainty is not None:
            deviation = spectrum.uncertainty.represent_as(StdDevUncertainty).quantity
            error = deviation.to_value(unit, u.spectral_density(wavelength)).astype(float)
        if spectrum.mask is not None:
            flux[np.asarray(spectrum.mask, bool)] = np.nan
        order = np.argsort(wavelength.value)
        name = str(spectrum.meta.get("band_name") or band_name(spectrum.meta) or number)
        bands.append(_Band(name, wavelength[order], flux[order], error[order]))
    return sorted(bands, key=lambda band: band.wavelength[0]), unit


def _overlap(first: _Band, second: _Band) -> tuple[u.Quantity, u.Quantity] | None:
    low, high = second.ends[0], first.ends[1]
    low, high = max(low, first.ends[0]), min(high, second.ends[1])
    return (low, high) if low < high else None


def _offset(first: _Band, second: _Band, unit: u.UnitBase) -> dict[str, object]:
    """One row of the table of offsets."""
    row: dict[str, object] = {"band_1": first.name, "band_2": second.name}
    overlap = _overlap(first, second)
    low, high = overlap or (np.nan * u.um, np.nan * u.um)
    counts, means = [], []
    for band in (first, second):
        inside = (band.wavelength >= low) & (band.wavelength <= high) & np.isfinite(band.flux)
        counts.append(int(inside.sum()))
        means.append(band.mean(low, high) if overlap is not None else (np.nan, np.nan))
    (one, one_err), (two, two_err) = means
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = two / one if one else np.nan
        ratio_err = abs(ratio) * np.hypot(one_err / one, two_err / two) if one and two else np.nan
    return row | {
        "low": low, "high": high, "n_1": counts[0], "n_2": counts[1],
        "flux_1": one * unit, "flux_1_err": one_err * unit,
        "flux_2": two * unit, "flux_2_err": two_err * unit,
        "ratio": ratio, "ratio_err": ratio_err,
        "difference": (two - one) * unit, "difference_err": np.hypot(one_err, two_err) * unit,
        "scatter": _scatter(first, second, overlap),
    }  # fmt: skip


def _scatter(first: _Band, second: _Band, overlap: tuple[u.Quantity, u.Quantity] | None) -> float:
    """How much the ratio differs from channel to channel of the first band."""
    if overlap is None:
        return np.nan
    inside = (first.wavelength >= overlap[0]) & (first.wavelength <= overlap[1])
    other = np.interp(first.wavelength.value[inside], second.wavelength.value, second.flux)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = other / first.flux[inside]
    ratio = ratio[np.isfinite(ratio)]
    if len(ratio) < _FEWEST:
        return np.nan
    return float(sigma_of_deviations(ratio - np.median(ratio)))


def _column(values: list) -> object:
    return u.Quantity(values) if isinstance(values[0], u.Quantity) else values


def _cut(first: _Band, second: _Band) -> float:
    """Where to go over from one band to the next, in micron."""
    if second.ends[1] <= first.ends[1]:
        raise Stage3Error(
            f"{second.name} lies within {first.name} ({second.ends[0]:.5g} to {second.ends[1]:.5g} "
            f"in {first.ends[0]:.5g} to {first.ends[1]:.5g}), so they cannot be joined at one "
            "wavelength; leave one of them out"
        )
    return float(np.mean([first.ends[1].value, second.ends[0].value]))


def _factors(bands: list[_Band], unit: u.UnitBase, reference: int) -> tuple[np.ndarray, np.ndarray]:
    """What brings each band to the level of the reference, and the error of it."""
    if not 0 <= reference < len(bands):
        raise Stage3Error(f"reference is {reference}; there are {len(bands)} bands, from 0")
    logarithm, variance = np.zeros(len(bands)), np.zeros(len(bands))
    for number, (first, second) in enumerate(pairwise(bands)):
        row = _offset(first, second, unit)
        ratio, error = float(row["ratio"]), float(row["ratio_err"])  # type: ignore[arg-type]
        if not (ratio > 0 and row["flux_1"] > 0):  # type: ignore[operator]
            raise Stage3Error(
                f"{first.name} and {second.name} do not overlap, or not with flux above 0, so one "
                "cannot be scaled to the other; leave scale out"
            )
        logarithm[number + 1] = logarithm[number] - np.log(ratio)
        variance[number + 1] = (error / ratio) ** 2
    factors = np.exp(logarithm - logarithm[reference])
    between = [
        np.sum(variance[min(n, reference) + 1 : max(n, reference) + 1]) for n in range(len(bands))
    ]
    return factors, factors * np.sqrt(between)
