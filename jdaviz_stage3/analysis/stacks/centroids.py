"""Where a source lies in each frame of a stack."""

from __future__ import annotations

from typing import Any

import bottleneck as bn
import numpy as np
from astropy import units as u
from astropy.table import QTable
from astropy.timeseries import TimeSeries

from ...errors import Stage3Error
from .blocks import StackBlocks
from .series import series_of_frames

__all__ = ["centroid_series"]

_MOST_STEPS = 30
_CONVERGED = 1e-6  # pixels
_FWHM = float(2 * np.sqrt(2 * np.log(2)))  # of a Gaussian of standard deviation 1
_BLOCK = 2_000_000  # values at a time, each with its weight and two products in double precision


def centroid_series(
    stack: Any, x: float, y: float, *, box: int = 11, fwhm: float = 3.0, frames: Any = None
) -> TimeSeries | QTable:
    """Measure the position of a source in each frame, in a Gaussian window that follows it.

    Parameters
    ----------
    stack : ImageStack, NDData or ndarray, shape (n, ny, nx)
    x, y : float
        About where it is: column and row, the centre of the first pixel is 0.
    box : int, optional
        Width of the square around it that is looked at, pixels; the median of its border is taken
        as the background of each frame.
    fwhm : float, optional
        Of the window, pixels; best that of the source.
    frames : slice, or array of int or bool, optional
        Which frames; all by default.

    Returns
    -------
    astropy.timeseries.TimeSeries or astropy.table.QTable
        Times and numbers as `pixel_series` has them; ``x``, ``y`` and, where the stack has errors,
        ``x_err``, ``y_err`` in pixels; ``n_missing``, the pixels of the box that were filled;
        ``flagged``, true where there are any within one FWHM of the source, or there is no value.
        NaN where there is no source, or it leaves the box.

    Raises
    ------
    Stage3Error
        If the place is outside of the images, or the box or the window has no pixels.

    Notes
    -----
    From the place of each step the next one is reached by 2 Σ w f (x_i - x) / Σ w f, w being a
    Gaussian around it: SExtractor's windowed positions (Bertin 2010, its manual; the factor of 2 is
    exact where window and source are of one width, and only decides how quick it is). Where it
    comes to rest, a symmetric source has its centre, whatever the window's width. The error is
    √(Σ w² σ² (x_i - x)²) / Σ w f (1 - (x_i - x)² / s²), s being the standard deviation of the
    window: by how much that place moves with the noise. Where window and source are of one width
    it is SExtractor's, 2 √(…) / Σ w f; of a source of twice the width it is 2.5 times that. A pixel
    that is not usable has its median over the frames put in its place, scaled by the rest of the
    box, and no error.
    """
    every = StackBlocks(stack, frames)
    ny, nx = every.shape
    if not (-0.5 <= x < nx - 0.5 and -0.5 <= y < ny - 0.5):
        raise Stage3Error(
            f"{every.name}: no place {x:.1f}, {y:.1f}; images have {ny} × {nx} pixels"
        )
    if box < 3 or not fwhm > 0:
        raise Stage3Error(f"{every.name}: a box of {box} and a window of {fwhm} pixels; expected 3 "
                          "or more, and more than 0")  # fmt: skip
    half = int(box) // 2
    rows, columns = (
        slice(max(round(at) - half, 0), min(round(at) + half + 1, size))
        for at, size in ((y, ny), (x, nx))
    )
    blocks = StackBlocks(stack, every.numbers, (rows, columns))
    found = blocks.whole(errors=blocks.has_errors)
    values, n_missing, missing = _filled(found.values.astype(np.float64))
    values -= _border_level(values)[:, None, None]
    start = np.array([y - rows.start, x - columns.start])
    n, per_frame = len(blocks), max(1, values[0].size)
    place, error = np.full((2, n), np.nan), np.full((2, n), np.nan)
    step = max(1, _BLOCK // per_frame)
    for first in range(0, n, step):
        part = slice(first, first + step)
        errors = None if found.errors is None else found.errors[part]
        place[:, part], error[:, part] = _windowed(
            values[part], errors, missing[part], start, fwhm / _FWHM
        )
    place[:, n_missing > per_frame / 2] = np.nan
    error[:, np.isnan(place[0])] = np.nan
    near = _near(missing, place, fwhm)
    place += np.array([[rows.start], [columns.start]])
    columns_of: dict[str, Any] = {"x": place[1] * u.pix, "y": place[0] * u.pix}
    if blocks.has_errors:
        columns_of |= {"x_err": error[1] * u.pix, "y_err": error[0] * u.pix}
    columns_of |= {"n_missing": n_missing, "flagged": near | ~np.isfinite(place[0])}
    series = series_of_frames(every, columns_of)
    series["x"].info.description = "Centroid, x"
    series["y"].info.description = "Centroid, y"
    series.meta |= {"box": int(box), "fwhm": float(fwhm)}
    return series


def _filled(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values without gaps, how many there were in each frame, and where."""
    missing = ~np.isfinite(values)
    n_missing = np.count_nonzero(missing, axis=(1, 2))
    if n_missing.any():
        usual = bn.nanmedian(values, axis=0)
        level = np.where(missing, 0, usual)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.nansum(values, axis=(1, 2)) / np.nansum(level, axis=(1, 2))
        ratio = np.where(np.isfinite(ratio) & (ratio > 0), ratio, 1.0)
        values = np.where(missing, usual * ratio[:, None, None], values)
    return values, n_missing, missing


def _border_level(values: np.ndarray) -> np.ndarray:
    border = np.ones(values.shape[1:], bool)
    border[1:-1, 1:-1] = False
    return bn.nanmedian(values[:, border], axis=1)


def _windowed(
    values: np.ndarray, errors: np.ndarray | None, missing: np.ndarray, start: np.ndarray,
    sigma: float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Positions (y, x) and their errors, shape (2, n), NaN where there is none."""
    n, ny, nx = values.shape
    axes = np.arange(ny), np.arange(nx)
    place = np.repeat(start[:, None].astype(float), n, axis=1)
    step = np.zeros((2, n))
    for _ in range(_MOST_STEPS):
        sums = _sums(values, place, axes, sigma)
        with np.errstate(invalid="ignore", divide="ignore"):
            step = np.where(sums[2] > 0, 2 * sums[:2] / sums[2], np.nan)
        place = place + step
        if not np.any(np.abs(step) > _CONVERGED):
            break
    size = np.array([[ny], [nx]])
    lost = np.any(~(np.abs(step) <= 1e-3) | (place < -0.5) | (place > size - 0.5), axis=0)
    place[:, lost] = np.nan
    if errors is None:
        return place, np.full((2, n), np.nan)
    squares = np.square(np.where(missing, 0, errors), dtype=np.float64)
    *spread, _ = _sums(squares, place, axes, sigma, power=2, moment=2)
    *second, total = _sums(values, place, axes, sigma, moment=2)
    slope = total - np.array(second) / sigma**2  # of Σ w f (x_i - x), along x
    with np.errstate(invalid="ignore", divide="ignore"):
        return place, np.where(slope > 0, np.sqrt(np.array(spread)) / slope, np.nan)


def _sums(
    values: np.ndarray, place: np.ndarray, axes: tuple[np.ndarray, np.ndarray], sigma: float,
    power: int = 1, moment: int = 1,
) -> np.ndarray:  # fmt: skip
    """Sums of values times a Gaussian, times the distance in y and in x, and of the first alone.

    The Gaussian to a power; the distance to that of the moment.
    """
    offsets = [axis - at[:, None] for axis, at in zip(axes, place, strict=True)]
    gauss_y, gauss_x = (np.exp(-0.5 * power * (each / sigma) ** 2) for each in offsets)
    along_x = np.einsum("iyx,ix->iy", values, gauss_x)
    along_y = np.einsum("iyx,iy->ix", values, gauss_y)
    moments = [
        np.sum(along_x * gauss_y * offsets[0] ** moment, axis=1),
        np.sum(along_y * gauss_x * offsets[1] ** moment, axis=1),
        np.sum(along_x * gauss_y, axis=1),
    ]
    return np.array(moments)


def _near(missing: np.ndarray, place: np.ndarray, fwhm: float) -> np.ndarray:
    """Frames with a missing pixel within one FWHM of the source."""
    rows, columns = np.arange(missing.shape[1]), np.arange(missing.shape[2])
    y, x = (np.nan_to_num(each, nan=-1e9) for each in place)
    squared = (rows - y[:, None])[:, :, None] ** 2 + (columns - x[:, None])[:, None, :] ** 2
    return np.any(missing & (squared <= fwhm**2), axis=(1, 2))
