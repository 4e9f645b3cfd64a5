"""Spectra of parts of a time series, and their ratio."""

from __future__ import annotations

import warnings

import bottleneck
import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from specutils import Spectrum

from ...errors import Stage3Error
from ...readers.quality import has_wavelength
from ..scatter import sigma_of_deviations
from .band_sums import BandSums

__all__ = ["mean_spectrum", "median_over_time", "median_wavelength", "spectrum_ratio"]

_CHANNELS_AT_ONCE = 128  # 3000 integrations of them are 3 MB


def mean_spectrum(band_sums: BandSums, integrations: np.ndarray) -> Spectrum:
    """Take the mean over some integrations of a trace, channel by channel.

    Parameters
    ----------
    band_sums : BandSums
        The trace, with its excluded samples.
    integrations : ndarray of bool, shape (n_int,)

    Returns
    -------
    specutils.Spectrum
        Flux (n_wave,) in the unit of the trace: the mean of what is not excluded, NaN and masked
        where nothing is left. Its uncertainty is the propagated one, √Σσ² / n; that of a mean of
        channels whose samples were excluded in some integrations is of those that were not.

    Raises
    ------
    Stage3Error
        If no integration is chosen, or the wavelengths differ between integrations.
    """
    flux, error = _mean(band_sums, np.asarray(integrations, dtype=bool), "the time range")
    unit = band_sums.unit
    return _spectrum(band_sums, flux * unit, error * unit)


def spectrum_ratio(band_sums: BandSums, integrations: np.ndarray, baseline: np.ndarray) -> Spectrum:
    """Divide the mean spectrum of some integrations by that of others.

    Parameters
    ----------
    band_sums : BandSums
    integrations, baseline : ndarray of bool, shape (n_int,)
        What is divided, and by what: in and out of transit, for example.

    Returns
    -------
    specutils.Spectrum
        Dimensionless ratio (n_wave,); NaN where the baseline is not positive. Uncertainties of
        both are propagated, r √((σ₁/f₁)² + (σ₂/f₂)²), as if they were independent: the ranges
        should not overlap.

    Raises
    ------
    Stage3Error
        As for `mean_spectrum`.
    """
    above, above_error = _mean(band_sums, np.asarray(integrations, dtype=bool), "the time range")
    below, below_error = _mean(band_sums, np.asarray(baseline, dtype=bool), "the baseline")
    below = np.where(below > 0, below, np.nan)
    ratio = above / below
    error = np.hypot(above_error / below, ratio * below_error / below)
    return _spectrum(band_sums, ratio * u.one, error * u.one)


def median_over_time(flux: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take the median over time of each channel, and its error.

    Parameters
    ----------
    flux : ndarray of float, shape (n_int, n_wave)
        Excluded samples NaN.

    Returns
    -------
    median, error : ndarray of float64, shape (n_wave,)
        The error is the standard error of the median from the scatter in time: 1.2533 σ/√n for
        Gaussian noise, with σ = 1.4826 × the median absolute deviation; NaN for fewer than two
        samples. That scatter includes what the star does, so in a transit it is an upper limit.
    """
    median, error = np.empty((2, flux.shape[1]))
    for start in range(0, flux.shape[1], _CHANNELS_AT_ONCE):
        channels = slice(start, start + _CHANNELS_AT_ONCE)
        # medians along time are many times faster where time is contiguous; a copy also where it
        # is so already, as it is changed below
        series = np.array(flux[:, channels].T, order="C", copy=True)
        median[channels] = bottleneck.nanmedian(series, axis=1)
        count = np.sum(np.isfinite(series), axis=1)
        series -= median[channels, np.newaxis]
        scatter = sigma_of_deviations(series, out=series)
        with np.errstate(divide="ignore", invalid="ignore"):
            error[channels] = np.where(count > 1, 1.2533 * scatter / np.sqrt(count), np.nan)
    return median, error


def median_wavelength(wavelength: u.Quantity) -> u.Quantity:
    """Take the median over time of wavelengths that differ between integrations.

    Parameters
    ----------
    wavelength : Quantity, shape (n_int, n_wave)

    Returns
    -------
    Quantity, shape (n_wave,)
        NaN for channels without any.
    """
    there = np.isfinite(wavelength).any(axis=0)
    median = np.full(wavelength.shape[1], np.nan) * wavelength.unit
    median[there] = np.nanmedian(wavelength[:, there], axis=0)
    return median


def _mean(
    band_sums: BandSums, integrations: np.ndarray, name: str
) -> tuple[np.ndarray, np.ndarray]:
    if integrations.shape != (band_sums.n_integrations,) or not integrations.any():
        raise Stage3Error(f"{band_sums.trace.label}: no integration is in {name}")
    if band_sums.wavelength.ndim != 1:
        raise Stage3Error(
            f"{band_sums.trace.label}: the wavelengths of the integrations differ, so their mean "
            "by channels would mix wavelengths"
        )
    usable, variance = band_sums.usable[integrations], band_sums.variance[integrations]
    flux = np.where(usable, band_sums.flux[integrations], np.nan)
    # a variance of 0 is one that is not known
    variance = np.where(usable & (variance <= 0), np.nan, np.where(usable, variance, 0.0))
    count = np.sum(usable, axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # channels without a sample
        mean = np.nanmean(flux, axis=0)
        error = np.sqrt(np.sum(variance, axis=0)) / count
    return mean, np.where(count > 0, error, np.nan)


def _spectrum(band_sums: BandSums, flux: u.Quantity, error: u.Quantity) -> Spectrum:
    wavelength = band_sums.wavelength
    keep = has_wavelength(wavelength)
    return Spectrum(
        flux=flux[keep],
        spectral_axis=wavelength[keep],
        uncertainty=StdDevUncertainty(error[keep]),
        mask=~np.isfinite(flux.value[keep]),
    )
