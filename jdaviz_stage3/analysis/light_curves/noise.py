"""How noisy a light curve is, against what its errors say and against time scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bottleneck
import numpy as np
from astropy import units as u
from astropy.table import QTable
from astropy.timeseries import TimeSeries
from numpy.typing import ArrayLike
from scipy.signal import savgol_coeffs, savgol_filter

from ...errors import Stage3Error
from ..scatter import sigma_of_deviations
from .curve_columns import column_of_band
from .noise_in_words import LEAST_DIFFERENCES, MODEL, NOTHING, NoiseFigures

if TYPE_CHECKING:
    from .band_sums import BandSums

__all__ = [
    "channel_scatter",
    "noise_figures",
    "point_to_point_scatter",
    "scatter_with_bin_size",
]

# Where no model is given, a local parabola stands for the star: from so many points on, one of so
# many integrations. Short ones where a transit has few points, whose corners they must not round.
# With still fewer the corners are most of the scatter.
_WINDOWS = ((1000, 31), (150, 15), (80, 9))
# With fewer points, without a model, a transit may be in most of the differences of neighbours.
_LEAST_POINTS = 30
# Relative error of 1.4826 MAD of n independent Gaussian values, times √n: 1 / √(2 × 0.3675), by the
# efficiency of the MAD; and of n second differences, which share points (by Monte Carlo).
_ERROR_OF_MAD, _ERROR_OF_DIFFERENCES = 1.17, 1.40
_ORDER = 2
_BIN_SIZES = 30
_FEWEST_BINS = 10
# Numbers of one chunk of channels (32 MB of float64).
_CHUNK = 4_000_000


def point_to_point_scatter(flux: ArrayLike | u.Quantity) -> float:
    """Return the standard deviation of white noise that neighbouring points tell.

    Parameters
    ----------
    flux : array_like or `~astropy.units.Quantity`, shape (n,)
        In time order. Differences with a value that is not finite are left out.

    Returns
    -------
    float
        In the unit of ``flux``; NaN with fewer than three differences.

    Raises
    ------
    Stage3Error
        If ``flux`` is not one-dimensional.

    Notes
    -----
    1.4826 MAD(x[i-1] - 2 x[i] + x[i+1]) / √6, with MAD the median absolute deviation from the
    median: of points of equal noise, this second difference has √6 times the noise of one. A
    slope adds nothing, outliers, the corners of a transit and its curved bottom little. Noise that
    is correlated from point to point is underestimated.
    """
    return float(_point_to_point(_values(flux, "flux")))


def noise_figures(
    curve: TimeSeries, model: ArrayLike | u.Quantity | None = None, *, band: int | None = None
) -> NoiseFigures:
    """Compare the scatter of a light curve with what its errors say.

    Parameters
    ----------
    curve : `~astropy.timeseries.TimeSeries`
        With the columns ``flux``, shape (n_int,), and, if there are errors, ``flux_err``; points
        flagged in ``outlier`` are left out.
    model : array_like or `~astropy.units.Quantity`, shape (n_int,), optional
        What the flux would be without noise; it is multiplied with the median of flux / model, so
        that a relative flux does. Without one, the scatter is that about a local
        parabola of 9 to 31 integrations; with fewer than 80 points there is none, and with fewer
        than 30 none from point to point.
    band : int, optional
        Which band, counted from 0, for spectroscopic curves with ``flux`` of shape
        (n_int, n_bands).

    Returns
    -------
    NoiseFigures

    Raises
    ------
    Stage3Error
        If the curve has no ``flux``, several bands of which none is chosen, or ``model`` another
        number of points.

    Notes
    -----
    The scatter is 1.4826 MAD of the residuals. A local parabola (Savitzky & Golay 1964, AnaCh 36,
    1627) takes part of white noise with it, and leaves √(1 - c) of it, with c its central
    coefficient; the scatter is corrected for that. It also takes with it what changes slower than
    its window, red noise as well as a transit: give a model where that matters, and see
    `scatter_with_bin_size`. Corners of a transit of few points add to it: for a transit a
    hundred times as deep as the noise up to half of it with 80 points, a quarter with 120; more for
    a deeper one. A curve shorter than that is all corners, so that without a model there is no
    scatter.

    ``scatter_err`` is 1.17 scatter / √n: 1.17 = 1 / √(2 × 0.3675), by the efficiency of the MAD of
    Gaussian values (Rousseeuw & Croux 1993, JASA 88, 1273). ``point_to_point_err`` is 1.40
    point_to_point / √n for n second differences, which share points (by Monte Carlo).
    """
    flux = column_of_band(curve, "flux", band)
    error = column_of_band(curve, "flux_err", band) if "flux_err" in curve.colnames else None
    values = _values(flux, "flux")
    if "outlier" in curve.colnames:
        values[np.asarray(column_of_band(curve, "outlier", band), dtype=bool)] = np.nan
    good = np.isfinite(values)
    residuals, reference, kept = _residuals(values, good, model)
    unit = u.Unit(getattr(flux, "unit", None) or "")
    expected = np.nan
    if error is not None:
        error = u.Quantity(error, unit) if getattr(error, "unit", None) is None else error.to(unit)
        sigma = _values(error, "flux_err")[good]
        expected = bottleneck.nanmedian(np.where(np.isfinite(sigma) & (sigma > 0), sigma, np.nan))
    normalised = curve.meta.get("normalization", "none") != "none"
    scatter = float(_robust_sigma(residuals[good])) / kept
    # the curved bottom of a transit has a slope, which differences of neighbours see
    differences = np.diff(values if model is None else residuals, 2)
    n_points, n_differences = int(good.sum()), int(np.isfinite(differences).sum())
    points = float(_robust_sigma(differences)) / np.sqrt(6)
    if model is None and n_points < _LEAST_POINTS:
        points = np.nan
    return NoiseFigures(
        scatter=scatter,
        point_to_point=points,
        expected=float(expected),
        level=1.0 if normalised else float(bottleneck.nanmedian(values)),
        unit=unit,
        n_points=n_points,
        errors=str(curve.meta.get("errors", "unknown")) if np.isfinite(expected) else "none",
        reference=reference,
        scatter_err=_ERROR_OF_MAD * scatter / np.sqrt(max(n_points, 1)),
        point_to_point_err=_ERROR_OF_DIFFERENCES * points / np.sqrt(max(n_differences, 1)),
    )


def scatter_with_bin_size(
    flux: ArrayLike | u.Quantity, *, max_bin: int | None = None, outlier: np.ndarray | None = None
) -> QTable:
    """Return how the scatter of a light curve falls when it is binned in time.

    Parameters
    ----------
    flux : array_like or `~astropy.units.Quantity`, shape (n,)
        In time order, best the residuals from a model: a transit counts as scatter. Values that
        are not finite are left out before binning.
    max_bin : int, optional
        Largest number of points in a bin; a tenth of the points by default.
    outlier : ndarray of bool, shape (n,), optional
        True leaves a point out.

    Returns
    -------
    `~astropy.table.QTable`
        One row a bin size, some 30 in even steps of the logarithm: ``bin_size`` (points in a bin)
        and ``n_bins``, int; ``rms``, the standard deviation of the binned flux; ``rms_err``; and
        ``white_noise``, what it would be if the points were independent. In the unit of ``flux``.

    Raises
    ------
    Stage3Error
        If there are fewer than two points, or ``max_bin`` leaves fewer than two bins.

    Notes
    -----
    For M bins of N points, ``rms`` = √(Σ (b - mean b)² / (M - 1)); what is left over after the
    last full bin is not used. ``rms_err`` = rms / √(2 (M - 1)), that of the standard deviation of
    M Gaussian values. ``white_noise`` = σ₁ / √N · √(M / (M - 1)) with σ₁ the rms at N = 1 ([1]_,
    [2]_). The last factor, customary, lies above the mean of independent noise by a part
    1 / (2 M) of it, well within ``rms_err``.

    References
    ----------
    .. [1] Pont F., Zucker S. & Queloz D. 2006, MNRAS 373, 231.
    .. [2] Winn J. N. et al. 2008, ApJ 683, 1076.
    """
    values = _values(flux, "flux")
    good = np.isfinite(values)
    if outlier is not None:
        outlier = np.asarray(outlier, dtype=bool)
        if outlier.shape != values.shape:
            raise Stage3Error(
                f"outlier has shape {outlier.shape}, but flux {values.shape}; they must agree"
            )
        good &= ~outlier
    values = values[good]
    if values.size < 2:
        raise Stage3Error(f"flux has {values.size} finite points; binning needs at least 2")
    largest = max(1, values.size // _FEWEST_BINS) if max_bin is None else max_bin
    if not isinstance(largest, (int, np.integer)) or not 1 <= largest <= values.size // 2:
        raise Stage3Error(
            f"max_bin is {max_bin!r}; it must be an integer from 1 to {values.size // 2}, half of "
            f"the {values.size} finite points"
        )
    sizes = np.unique(np.round(np.geomspace(1, largest, _BIN_SIZES)).astype(int))
    count = values.size // sizes
    values = values - values.mean()  # keeps the digits of small residuals of a large flux
    rms = np.array([_binned(values, size).std(ddof=1) for size in sizes])
    unit = u.Unit(getattr(flux, "unit", None) or "")
    table = QTable({"bin_size": sizes, "n_bins": count})
    table["rms"] = rms * unit
    table["rms_err"] = rms / np.sqrt(2 * (count - 1)) * unit
    table["white_noise"] = rms[0] / np.sqrt(sizes) * np.sqrt(count / (count - 1)) * unit
    return table


def channel_scatter(band_sums: BandSums) -> QTable:
    """Return the noise in time of each wavelength channel, and what its errors say.

    Parameters
    ----------
    band_sums : BandSums
        Samples of a trace; those that it excludes do not count.

    Returns
    -------
    `~astropy.table.QTable`
        One row a channel: ``wavelength`` (the median one, where it differs from row to row),
        ``scatter`` (from point to point, so that a transit does not count), ``expected`` (root of
        the median variance), both divided by the channel's median flux and dimensionless, and
        ``ratio``. NaN where a channel has fewer than three runs of three samples, or a
        median flux of zero or less.
    """
    wavelength = band_sums.wavelength
    if wavelength.ndim == 2:
        grid = bottleneck.nanmedian(np.asarray(wavelength.value, dtype=np.float64), axis=0)
        wavelength = u.Quantity(grid, wavelength.unit)
    n_int, n_wave = band_sums.flux.shape
    scatter, expected, level = np.full((3, n_wave), np.nan)
    step = max(1, _CHUNK // max(n_int, 1))
    for start in range(0, n_wave, step):
        part = slice(start, start + step)
        # the medians need one channel after the other in memory
        usable = band_sums.usable[:, part].T
        values = np.where(usable, band_sums.flux[:, part].T, np.nan)
        level[part] = bottleneck.nanmedian(values, axis=-1)
        scatter[part] = _point_to_point(values)
        variance = band_sums.variance[:, part].T  # 0 where not usable or not known
        variance = np.where(variance > 0, variance, np.nan)
        expected[part] = np.sqrt(bottleneck.nanmedian(variance, axis=-1))
    level[~(level > 0)] = np.nan
    return QTable(
        {
            "wavelength": wavelength,
            "scatter": u.Quantity(scatter / level),
            "expected": u.Quantity(expected / level),
            "ratio": u.Quantity(scatter / expected),
        }
    )


def _values(values: Any, name: str) -> np.ndarray:
    """Return values as float64 without unit, shape (n,), masked ones and infinities NaN."""
    values = np.ma.filled(getattr(values, "value", values), np.nan)
    plain = np.asarray(values, dtype=np.float64)
    if plain.ndim != 1:
        raise Stage3Error(f"{name} has shape {plain.shape}; one value an integration is needed")
    return np.where(np.isfinite(plain), plain, np.nan)


def _residuals(values: np.ndarray, good: np.ndarray, model: Any) -> tuple[np.ndarray, str, float]:
    """Return residuals, what they are from, and which part of white noise they have kept."""
    if model is not None:
        model = _values(model, "model")
        if model.shape != values.shape:
            raise Stage3Error(
                f"model has {model.size} points, but the light curve {values.size}; they must agree"
            )
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = values / model
        ratio[~np.isfinite(ratio)] = np.nan
        return values - model * bottleneck.nanmedian(ratio), MODEL, 1.0
    window = next((width for least, width in _WINDOWS if good.sum() >= least), 0)
    if window:
        kept = np.sqrt(1 - savgol_coeffs(window, _ORDER)[window // 2])
        residual = np.full(values.shape, np.nan)
        residual[good] = values[good] - savgol_filter(values[good], window, _ORDER)
        return residual, f"a local parabola of {window} integrations", float(kept)
    return np.full(values.shape, np.nan), NOTHING, 1.0


def _robust_sigma(values: np.ndarray) -> np.ndarray:
    """Return the standard deviations along the last axis by the MAD; NaN is left out."""
    centre = bottleneck.nanmedian(values, axis=-1)
    spread = sigma_of_deviations(values - np.expand_dims(centre, -1))
    few = np.isfinite(values).sum(axis=-1) < LEAST_DIFFERENCES
    return np.where(few, np.nan, spread)


def _point_to_point(values: np.ndarray) -> np.ndarray:
    """Return the formula of `point_to_point_scatter` along the last axis."""
    return _robust_sigma(np.diff(values, 2, axis=-1)) / np.sqrt(6)


def _binned(values: np.ndarray, size: int) -> np.ndarray:
    """Return the means of consecutive points; an incomplete last bin is left out."""
    count = values.size // size
    return values[: count * size].reshape(count, size).mean(axis=1)
