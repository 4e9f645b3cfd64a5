"""The flux of an emission or absorption line in each pixel, its continuum subtracted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from astropy import constants
from astropy import units as u
from astropy.nddata import CCDData
from specutils import Spectrum

from ...errors import Stage3Error
from ...readers.stored_cube import StoredCube
from .collapse import band_planes, channel_widths, image_of
from .planes import CubePlanes, Piece, planes_of

__all__ = ["line_map"]

_SURFACE_BRIGHTNESS = u.MJy / u.sr
_LINE = u.W / u.m**2 / u.sr


def line_map(
    cube: Spectrum | StoredCube | CubePlanes,
    line: Any,
    continuum: Iterable[Any],
    *,
    order: int | None = None,
) -> CCDData:
    """Make a map of a line: what is above its continuum, integrated over the line.

    Parameters
    ----------
    cube : Spectrum or StoredCube
        Of three axes, wavelength first: as `jdaviz_stage3.read` gives it, of which only the bands
        are read.
    line : pair of Quantities or region
        The band of the line; channels whose centre is within it are used.
    continuum : sequence of pairs of Quantities or regions
        The bands of the continuum, as a rule one on each side of the line.
    order : {0, 1}, optional
        Of the polynomial in wavelength that is fitted to the samples of the continuum, pixel by
        pixel, each with the same weight: a straight line by default where there is more than
        one band, else a constant.

    Returns
    -------
    astropy.nddata.CCDData
        Shape (ny, nx): the integral over frequency of what is above the continuum, in W / (m² sr),
        positive for emission. A cube in another unit than a surface brightness per frequency is
        integrated over wavelength, in its unit times micron. ``uncertainty`` includes that of the
        fit; ``mask`` is True, and the value NaN, where a sample of the line is missing or a
        band of the continuum has none. ``meta["continuum"]`` is the mean of the continuum under
        the line (ny, nx) in the unit of the cube, ``meta["n_samples"]`` and
        ``meta["n_continuum"]`` are numbers of samples.

    Raises
    ------
    Stage3Error
        If a band holds no channel, the line lies in its continuum, bands of the continuum share
        channels, or the order is another.

    Notes
    -----
    Each sample of the line counts with the width of its channel in frequency, c Δλ / λ². The
    result is a linear combination of samples, and its uncertainty that of independent samples: a
    lower limit, for neighbours in a resampled cube are not.
    """
    planes = planes_of(cube)
    inside = band_planes(planes, line)
    bands = [band_planes(planes, band) for band in _several(continuum)]
    if order is None:
        order = 1 if len(bands) > 1 else 0
    if order not in (0, 1):
        raise Stage3Error(f"order is {order!r}; the continuum is a constant (0) or a line (1)")
    beside = np.unique(np.concatenate(bands))
    if len(beside) < sum(map(len, bands)):
        raise Stage3Error("the bands of the continuum overlap; join those that do into one")
    if (common := np.intersect1d(inside, beside)).size:
        raise Stage3Error(
            f"line and continuum share {common.size} channels, the first at "
            f"{planes.wavelength[common[0]]:.5g}; give bands beside each other"
        )
    weights, unit = _weights(planes)
    axis = planes.wavelength.to_value(u.um)
    x = axis - axis[inside].mean()  # so that the constant of the fit is that under the line
    fit = _Fit(planes.shape[1:])
    covered = np.ones(planes.shape[1:], bool)
    for band in bands:
        before = fit.s0.copy()
        for piece in planes.pieces(band[0], band[-1] + 1):
            fit.add(piece, x[piece.start : piece.stop])
        covered &= fit.s0 > before
    total, variance = np.zeros(planes.shape[1:]), np.zeros(planes.shape[1:])
    count = np.zeros(planes.shape[1:], int)
    for piece in planes.pieces(inside[0], inside[-1] + 1):
        weight = weights[piece.start : piece.stop, None, None]
        count += np.count_nonzero(np.isfinite(piece.values), axis=0)
        total += np.nansum(piece.values * weight, axis=0)
        if piece.variances is not None:
            variance += np.sum(piece.variances * weight**2, axis=0)
    below, below_variance = fit.integral(
        weights[inside].sum(), (weights[inside] * x[inside]).sum(), order
    )
    level, _ = fit.integral(1.0, 0.0, order)
    missing = (count < len(inside)) | ~covered | ~np.isfinite(below)
    meta = {
        "statistic": "line", "n_samples": count, "n_continuum": fit.s0.astype(int),
        "continuum": np.where(missing, np.nan, level), "n_channels": len(inside),
    }  # fmt: skip
    return image_of(planes, total - below, variance + below_variance, missing, unit, meta)


def _several(continuum: Any) -> list:
    """The bands of a continuum, of which one may be given alone."""
    if hasattr(continuum, "lower") or isinstance(continuum, u.Quantity):
        one = np.ndim(getattr(continuum, "value", 0)) < 2
        return [continuum] if one else list(continuum)
    bands = list(continuum)
    if bands and isinstance(bands[0], u.Quantity) and bands[0].isscalar:
        return [tuple(bands)]
    if not bands:
        raise Stage3Error("there is no band of the continuum; give one or more")
    return bands


def _weights(planes: CubePlanes) -> tuple[np.ndarray, u.UnitBase]:
    """What a sample counts in the integral, and the unit of that."""
    widths = channel_widths(planes.wavelength)
    if not planes.unit.is_equivalent(_SURFACE_BRIGHTNESS):
        return widths.to_value(u.um), planes.unit * u.um
    in_frequency = constants.c * widths / planes.wavelength**2
    return (planes.unit * in_frequency).to_value(_LINE), _LINE


class _Fit:
    """The sums of a least-squares fit of a constant or a line to the samples of each pixel."""

    def __init__(self, shape: tuple[int, ...]):
        self.s0, self.sx, self.sxx, self.sy, self.sxy = (np.zeros(shape) for _ in range(5))
        self.v0, self.vx, self.vxx = (np.zeros(shape) for _ in range(3))

    def add(self, piece: Piece, x: np.ndarray) -> None:
        good = np.isfinite(piece.values)
        x = x[:, None, None]
        self.s0 += good.sum(axis=0)
        self.sx += (good * x).sum(axis=0)
        self.sxx += (good * x**2).sum(axis=0)
        self.sy += np.nansum(piece.values, axis=0, dtype=float)
        self.sxy += np.nansum(piece.values * x, axis=0)
        variance = piece.variances
        if variance is not None:
            self.v0 += np.sum(variance, axis=0)
            self.vx += np.sum(variance * x, axis=0)
            self.vxx += np.sum(variance * x**2, axis=0)

    def integral(self, w0: float, w1: float, order: int) -> tuple[np.ndarray, np.ndarray]:
        """Σ w (a + b x) and its variance, of Σ w = w0 and Σ w x = w1."""
        with np.errstate(invalid="ignore", divide="ignore"):
            if order == 0:
                return w0 * self.sy / self.s0, (w0 / self.s0) ** 2 * self.v0
            determinant = self.s0 * self.sxx - self.sx**2
            # the sum is linear in the samples y: Σ y (constant + slope x)
            constant = (w0 * self.sxx - w1 * self.sx) / determinant
            slope = (w1 * self.s0 - w0 * self.sx) / determinant
            value = constant * self.sy + slope * self.sxy
            variance = constant**2 * self.v0 + 2 * constant * slope * self.vx + slope**2 * self.vxx
        return value, variance
