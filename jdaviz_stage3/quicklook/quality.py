"""The numbers that a quality check begins with, by product type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from astropy import units as u
from astropy.table import QTable
from astropy.timeseries import TimeSeries
from astropy.utils.masked import Masked

from ..analysis import noise_figures, point_to_point_scatter, white_light_curve
from ..analysis.scatter import sigma_of_deviations
from ..product_types import product_type
from ..readers.addressed_sequence import AddressedSequence
from ..readers.large_image import LargeImage
from ..readers.spectral_trace import SpectralTrace

__all__ = ["Measure", "curve_of", "limiting_magnitude", "measures_of"]

#: Sources whose signal-to-noise ratio is between these tell the magnitude at 5 σ.
_ABOUT_FIVE = (4.0, 6.0)
_FEWEST = 5
#: Spectra of one file of which the signal-to-noise ratio is told; of more, so many spread evenly.
_MOST_SPECTRA = 200
#: Pixels of a large image that its numbers are of: the median of a background is known to a
#: thousandth of its scatter.
_SAMPLE = 1_500_000
_CURVES: WeakKeyDictionary[SpectralTrace, TimeSeries] = WeakKeyDictionary()


@dataclass(frozen=True)
class Measure:
    """One number.

    Attributes
    ----------
    name : str
        What it is, in words.
    value : float
    unit : str
        Empty for a plain number.
    note : str
        How it was found, and what was assumed.
    """

    name: str
    value: float
    unit: str = ""
    note: str = ""


def measures_of(data: Any, suffix: str) -> list[Measure]:
    """Measure what tells whether a product is good.

    Parameters
    ----------
    data : object
        As `jdaviz_stage3.read` gives it.
    suffix : str
        Its type.

    Returns
    -------
    list of Measure
        Without those that are not finite.
    """
    measure = _BY_IMPORTER.get(product_type(suffix).importer)
    if measure is None or suffix == "segm":
        return []
    return [one for one in measure(data) if np.isfinite(one.value)]


def limiting_magnitude(table: QTable) -> tuple[float, int]:
    """Return how faint the sources are that are found with five times their error.

    Parameters
    ----------
    table : astropy.table.QTable
        A source catalog with ``aper_total_flux`` or ``isophotal_flux``, and its error.

    Returns
    -------
    magnitude : float
        AB: median of that of the sources whose flux is 4 to 6 times its error; NaN where fewer than
        five are.
    count : int
        How many these are.

    Notes
    -----
    The error is that of the catalog: the variance that the pipeline propagates, without the
    correlation of resampled pixels. In crowded fields and for extended sources the number says
    what was found, not what the image could show.
    """
    for name in ("aper_total_flux", "isophotal_flux"):
        if name in table.colnames and f"{name}_err" in table.colnames:
            break
    else:
        return float("nan"), 0
    flux, error = (_filled(table[column]) for column in (name, f"{name}_err"))
    if not (flux.unit.is_equivalent(u.Jy) and error.unit.is_equivalent(u.Jy)):
        return float("nan"), 0
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (flux / error).to_value(u.one)
        near = (ratio > _ABOUT_FIVE[0]) & (ratio < _ABOUT_FIVE[1]) & (flux > 0)
    count = int(near.sum())
    if count < _FEWEST:
        return float("nan"), count
    return float(np.median(flux[near].to_value(u.ABmag))), count


def _filled(column: Any) -> u.Quantity:
    """A column, NaN where it is masked: what stands below a mask is no value."""
    if isinstance(column, Masked):
        return u.Quantity(column.unmasked, dtype=float) * np.where(column.mask, np.nan, 1.0)
    if isinstance(column, np.ma.MaskedArray):
        return u.Quantity(np.ma.filled(column.astype(float), np.nan), getattr(column, "unit", None))
    return u.Quantity(column, dtype=float)


def _of_image(image: Any) -> list[Measure]:
    if isinstance(image, AddressedSequence):
        return [Measure("Slits", float(len(image)))]
    large = isinstance(image.data, LargeImage)
    values = image.data.sample(_SAMPLE) if large else np.asarray(image.data)
    of_which = f"of {values.size} pixels in rows all over it: " if large else ""
    good = np.isfinite(values) if image.mask is None else np.isfinite(values) & ~image.mask
    if not good.any():
        return [Measure("Pixels with a value", 0.0, "%")]
    middle = float(np.median(values[good]))
    deviations = np.abs(values[good].astype(float) - middle)
    unit = str(image.unit)
    return [
        Measure("Pixels with a value", 100 * float(good.mean()), "%", of_which.rstrip(": ")),
        Measure(
            "Median", middle, unit,
            f"{of_which or 'of all pixels: '}the background, where sources are few",
        ),
        Measure(
            "Scatter from pixel to pixel", float(sigma_of_deviations(deviations)), unit,
            f"{of_which}1.4826 times the median deviation from the median; sources and gradients "
            "add to it",
        ),
    ]  # fmt: skip


def _of_catalog(table: QTable) -> list[Measure]:
    magnitude, count = limiting_magnitude(table)
    found = [Measure("Sources", float(len(table)))]
    if "is_extended" in table.colnames:
        extended = np.ma.filled(table["is_extended"], 0)
        known = np.nan_to_num(extended) if extended.dtype.kind == "f" else extended
        found.append(Measure("Extended", float(known.astype(bool).sum())))
    note = f"median of {count} sources with 4 to 6 times their error, by the catalog's errors"
    return [*found, Measure("Magnitude at 5 σ", magnitude, "AB mag", note)]


def _of_spectra(spectra: Any) -> list[Measure]:
    count = len(spectra)
    numbers = np.unique(np.linspace(0, count - 1, min(count, _MOST_SPECTRA)).astype(int))
    ratios, excluded, samples = [], 0, 0
    for number in numbers:
        spectrum = spectra[int(number)]
        flux = np.asarray(spectrum.flux.value, float)
        bad = ~np.isfinite(flux)
        if spectrum.mask is not None:
            bad |= np.asarray(spectrum.mask)
        excluded, samples = excluded + int(bad.sum()), samples + bad.size
        if spectrum.uncertainty is None or bad.all():
            continue
        error = np.asarray(spectrum.uncertainty.array, float)[~bad]
        usable = (error > 0) & np.isfinite(error)  # infinite: without a weight
        if usable.any():
            ratios.append(float(np.median(flux[~bad][usable] / error[usable])))
    of_how_many = "" if len(numbers) == count else f" of {len(numbers)} of them, spread evenly"
    found = [Measure("Spectra", float(count))]
    if ratios:
        note = f"of a spectrum, the median over its samples{of_how_many}"
        found.append(
            Measure("Signal to noise per sample, median", float(np.median(ratios)), "", note)
        )
        if len(ratios) > 1:
            found.append(Measure("the lowest", min(ratios)))
            found.append(Measure("the highest", max(ratios)))
    if samples:
        found.append(
            Measure("Samples excluded", 100 * excluded / samples, "%", of_how_many.strip())
        )
    return found


def curve_of(trace: SpectralTrace) -> TimeSeries:
    """Return the white light curve of a trace, made once for all that is told of it.

    Parameters
    ----------
    trace : SpectralTrace

    Returns
    -------
    astropy.timeseries.TimeSeries
        See `jdaviz_stage3.analysis.white_light_curve`.
    """
    found = _CURVES.get(trace)
    if found is None:
        found = _CURVES[trace] = white_light_curve(trace)
    return found


def _of_time_series(series: Any) -> list[Measure]:
    found = []
    for trace in series.traces:
        curve = curve_of(trace)
        noise = noise_figures(curve)
        of = f" ({trace.label})" if len(series) > 1 and trace.label else ""
        found.append(Measure(f"Integrations{of}", float(trace.n_integrations)))
        ppm = noise.in_ppm or {}
        names = ("scatter", "point_to_point", "expected")
        words = (
            "Scatter of the white light curve", "Scatter from point to point",
            "Expected of the errors",
        )  # fmt: skip
        notes = (f"about {noise.reference}", "second differences", "median error of a point")
        for name, text, note in zip(names, words, notes, strict=True):
            found.append(Measure(f"{text}{of}", float(ppm.get(name, np.nan)), "ppm", note))
        found.append(
            Measure(f"Outliers{of}", 100 * float(np.mean(curve["outlier"])), "%", "beyond 5 σ")
        )
    return found


def _of_light_curve(series: Any) -> list[Measure]:
    from ..plot.time_series import first_flux

    name = first_flux(series)
    values = _filled(series[name]).value
    middle = float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan")
    scatter = point_to_point_scatter(values) / middle * 1e6 if middle > 0 else float("nan")
    return [
        Measure("Integrations", float(len(series))),
        Measure("Scatter from point to point", scatter, "ppm", f"second differences of {name}"),
    ]


def _of_stack(stack: Any) -> list[Measure]:
    return [Measure("Frames", float(np.prod(stack.shape[:-2])))]


def _of_cube(cube: Any) -> list[Measure]:
    step = max(1, cube.shape[0] // 50)
    planes = cube.stored.values(slice(None, None, step))
    covered = np.isfinite(planes).any(axis=0)
    return [
        Measure("Wavelengths", float(cube.shape[0])),
        Measure("Spatial pixels with a value", 100 * float(covered.mean()), "%"),
    ]


def _of_observables(data: Any) -> list[Measure]:
    good = ~np.asarray(data.vis2["flag"], bool)
    values, errors = (np.asarray(data.vis2[name], float) for name in ("value", "error"))
    phase = u.Quantity(data.closure_phase["phase"], u.deg).value
    usable = ~np.asarray(data.closure_phase["flag"], bool) & np.isfinite(phase)
    found = [Measure("Baselines", float(len(data.vis2)))]
    shown = good & np.isfinite(values) & np.isfinite(errors)
    if shown.any():
        found.append(Measure("Squared visibility, median", float(np.median(values[shown]))))
        found.append(Measure("its error, median", float(np.median(errors[shown]))))
    if usable.any():
        rms = float(np.sqrt(np.mean(phase[usable] ** 2)))
        found.append(
            Measure("Closure phase, rms", rms, "deg", "0 for a point source without noise")
        )
    return found


_BY_IMPORTER: dict[str, Callable[[Any], list[Measure]]] = {
    "JWST image": _of_image,
    "JWST source catalog": _of_catalog,
    "JWST spectra": _of_spectra,
    "JWST spectral time series": _of_time_series,
    "JWST light curve": _of_light_curve,
    "JWST image stack": _of_stack,
    "JWST spectral cube": _of_cube,
    "JWST interferometry": _of_observables,
}
