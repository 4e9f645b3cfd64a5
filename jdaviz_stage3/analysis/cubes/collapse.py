"""An image of a cube: one statistic of the samples of each pixel in a band."""

from __future__ import annotations

from typing import Any

import bottleneck as bn
import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty
from specutils import Spectrum

from ...errors import Stage3Error
from ...readers.stored_cube import StoredCube
from ..light_curves.bands import band_limits, band_weights, channel_edges
from .planes import CubePlanes, planes_of

__all__ = ["COLLAPSE_STATISTICS", "band_planes", "channel_widths", "collapse", "image_of"]

#: What `collapse` can take of the samples of a pixel.
COLLAPSE_STATISTICS = ("mean", "median", "sum", "integral", "max", "min")
_ROWS = 2_000_000  # values at a time for a median, which needs the whole band of a pixel


def collapse(
    cube: Spectrum | StoredCube | CubePlanes,
    band: Any = None,
    statistic: str = "mean",
    *,
    complete: bool | None = None,
) -> CCDData:
    """Make an image of a cube.

    Parameters
    ----------
    cube : Spectrum or StoredCube
        Of three axes, wavelength first: as `jdaviz_stage3.read` gives it, of which only the band
        is read.
    band : pair of Quantities or region, optional
        The lower and the upper limit; channels whose centre is within it are used. All by default.
    statistic : {'mean', 'median', 'sum', 'integral', 'max', 'min'}, optional
        ``'integral'`` is the sum of samples times the width of their channels, in the unit of the
        cube times micron: jdaviz's moment of order 0. Of a surface brightness per frequency
        that is no flux; `line_map` gives one.
    complete : bool, optional
        Whether a pixel needs all samples of the band; by default for a sum and an integral, which
        are too small where some are missing.

    Returns
    -------
    astropy.nddata.CCDData
        Shape (ny, nx), with ``uncertainty`` (a standard deviation) where the cube has one,
        ``mask`` (True where there is nothing to take), and the celestial ``wcs``.
        ``meta["n_samples"]`` is the number of samples of each pixel, ``meta["n_channels"]`` that
        of the band. Where masked, values are NaN.

    Raises
    ------
    Stage3Error
        If the statistic is none of these, or the band holds no channel.

    Notes
    -----
    Uncertainties are those of independent samples: of the mean √Σσ²/n, of the median 1.2533 times
    that (for more than two samples; its limit for many of equal σ), of the extremes that of the
    sample that was taken. Neighbours in a resampled cube are not independent, so they are lower
    limits. Where the error of a sample that is used is not finite, that of the result is NaN.
    """
    if statistic not in COLLAPSE_STATISTICS:
        raise Stage3Error(f"statistic is {statistic!r}; there is {', '.join(COLLAPSE_STATISTICS)}")
    planes = planes_of(cube)
    chosen = band_planes(planes, band)
    if statistic == "median":
        value, variance, count = _medians(planes, chosen)
    elif statistic in ("max", "min"):
        value, variance, count = _extremes(planes, chosen, statistic == "max")
    else:
        widths = channel_widths(planes.wavelength).to_value(u.um)
        factors = widths if statistic == "integral" else np.ones(planes.shape[0])
        value, variance, count = _sums(planes, chosen, factors)
        if statistic == "mean":
            with np.errstate(invalid="ignore", divide="ignore"):
                value, variance = value / count, variance / count**2
    if complete is None:
        complete = statistic in ("sum", "integral")
    missing = count < (len(chosen) if complete else 1)
    unit = planes.unit * u.um if statistic == "integral" else planes.unit
    meta = {"statistic": statistic, "n_samples": count, "n_channels": len(chosen)}
    return image_of(planes, value, variance, missing, unit, meta | _limits(planes, chosen))


def band_planes(planes: CubePlanes, band: Any) -> np.ndarray:
    """Return the numbers of the planes whose wavelength is within a band.

    Parameters
    ----------
    planes : CubePlanes
    band : pair of Quantities, region, or None

    Returns
    -------
    ndarray of int, shape (n,)
        In a row, for wavelengths of a cube are in order.

    Raises
    ------
    Stage3Error
        If there are none.
    """
    wavelength = planes.wavelength
    low, high = band_limits(band, wavelength.unit)
    first, last = (None if end is None else end * wavelength.unit for end in (low, high))
    return np.flatnonzero(band_weights(wavelength, first, last))


def channel_widths(wavelength: u.Quantity) -> u.Quantity:
    """Return the widths of channels: from half-way to one neighbour to half-way to the other.

    Parameters
    ----------
    wavelength : Quantity, shape (n_wave,)

    Returns
    -------
    Quantity, shape (n_wave,)

    Raises
    ------
    Stage3Error
        If there is one channel only, whose width is not known.
    """
    if len(wavelength) < 2:
        raise Stage3Error("the cube has one wavelength, and the width of its channel is not known")
    return np.abs(np.diff(channel_edges(wavelength)))


def image_of(
    planes: CubePlanes,
    value: np.ndarray,
    variance: np.ndarray,
    missing: np.ndarray,
    unit: u.UnitBase,
    meta: dict[str, Any],
) -> CCDData:
    """Make an image of what was computed of a cube.

    Parameters
    ----------
    planes : CubePlanes
        The cube, for its coordinates and keywords.
    value, variance : ndarray of float, shape (ny, nx)
    missing : ndarray of bool, shape (ny, nx)
        Where there is nothing: set to NaN here.
    unit : Unit
    meta : dict
        Further entries.

    Returns
    -------
    astropy.nddata.CCDData
    """
    wcs = planes.wcs.celestial if getattr(planes.wcs, "has_celestial", False) else None
    with np.errstate(invalid="ignore"):
        error = np.where(missing, np.nan, np.sqrt(variance))
    return CCDData(
        np.where(missing, np.nan, value),
        unit=unit,
        mask=missing,
        wcs=wcs,
        uncertainty=StdDevUncertainty(error) if planes.has_errors else None,
        meta=planes.meta | meta,
    )


def _limits(planes: CubePlanes, chosen: np.ndarray) -> dict[str, u.Quantity]:
    """The outer borders of the channels of a band."""
    if planes.shape[0] < 2:
        return {}
    edges = channel_edges(planes.wavelength)[[chosen[0], chosen[-1] + 1]]
    return {"band": u.Quantity([edges.min(), edges.max()])}


def _sums(
    planes: CubePlanes, chosen: np.ndarray, factors: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums of samples times a factor for each channel, their variances, and how many there are."""
    value, variance = np.zeros(planes.shape[1:]), np.zeros(planes.shape[1:])
    count = np.zeros(planes.shape[1:], int)
    for piece in planes.pieces(chosen[0], chosen[-1] + 1):
        factor = factors[piece.start : piece.stop, None, None]
        count += np.count_nonzero(np.isfinite(piece.values), axis=0)
        value += np.nansum(piece.values * factor, axis=0)
        if piece.variances is not None:
            variance += np.sum(piece.variances * factor**2, axis=0)
    return value, variance, count


def _extremes(
    planes: CubePlanes, chosen: np.ndarray, largest: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    worst = -np.inf if largest else np.inf
    value = np.full(planes.shape[1:], worst)
    variance, count = np.full(planes.shape[1:], np.nan), np.zeros(planes.shape[1:], int)
    for piece in planes.pieces(chosen[0], chosen[-1] + 1):
        found = np.isfinite(piece.values)
        count += np.count_nonzero(found, axis=0)
        filled = np.where(found, piece.values, worst)
        place = (np.argmax if largest else np.argmin)(filled, axis=0)[None]
        best = np.take_along_axis(filled, place, axis=0)[0]
        better = best > value if largest else best < value
        value[better] = best[better]
        if piece.errors is not None:
            error = np.take_along_axis(piece.errors, place, axis=0)[0]
            variance[better] = error[better].astype(float) ** 2
    return value, variance, count


def _medians(planes: CubePlanes, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    _, ny, nx = planes.shape
    value, variance = np.full((ny, nx), np.nan), np.full((ny, nx), np.nan)
    count = np.zeros((ny, nx), int)
    step = max(1, _ROWS // max(len(chosen) * nx, 1))
    for start in range(0, ny, step):
        rows = slice(start, min(start + step, ny))
        pieces = list(planes.pieces(chosen[0], chosen[-1] + 1, rows=rows))
        values = np.concatenate([piece.values for piece in pieces]).astype(float)
        n = count[rows] = np.count_nonzero(np.isfinite(values), axis=0)
        value[rows] = bn.nanmedian(values, axis=0)
        if planes.has_errors:
            variances = [piece.variances for piece in pieces if piece.variances is not None]
            summed = np.concatenate(variances).sum(axis=0)
            factor = np.where(n > 2, np.pi / 2, 1.0)  # of the variance of the mean
            with np.errstate(invalid="ignore", divide="ignore"):
                variance[rows] = factor * summed / n**2
    return value, variance, count
