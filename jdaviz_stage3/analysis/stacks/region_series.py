"""Series of a region of a stack, and of the background, with errors."""

from __future__ import annotations

import warnings
from typing import Any

import bottleneck as bn
import numpy as np
from astropy import units as u
from astropy.stats import sigma_clip
from astropy.table import QTable
from astropy.timeseries import TimeSeries
from astropy.utils.exceptions import AstropyUserWarning

from ...errors import Stage3Error
from ...readers.extensions import header_float
from .blocks import StackBlocks
from .collapse import median_variance_factor
from .region_sums import region_sums
from .regions_of_pixels import PixelWeights, pixel_weights
from .series import series_of_frames

__all__ = ["MISSING_PIXELS", "background_series", "region_series"]

#: What becomes of pixels that are not usable in some frames.
MISSING_PIXELS = ("fill", "nan", "drop")
_STATISTICS = ("sum", "mean")
_BORDER = 4  # pixels


def region_series(
    stack: Any,
    region: Any,
    statistic: str = "sum",
    *,
    background: Any = None,
    missing: str = "fill",
    frames: Any = None,
) -> TimeSeries | QTable:
    """Return the sum or the mean over a region in each frame of a stack.

    Parameters
    ----------
    stack : ImageStack, NDData or ndarray, shape (n, ny, nx)
    region : ndarray, region or aperture
        Pixels as bool or weights (ny, nx); a region of ``regions`` in pixels or on the sky, or an
        aperture of ``photutils``. Pixels that its edge cuts count by their share, as in the
        pipeline's photometry; of an annulus of ``regions`` those whose centre is within count.
    statistic : {'sum', 'mean'}, optional
    background : like region, optional
        Where the background of each frame is taken, see `background_series`; its level times the
        area is subtracted. None to subtract nothing.
    missing : {'fill', 'nan', 'drop'}, optional
        A sum in which a pixel is missing is too low. ``'fill'``: in its place stands what it
        usually has, scaled by how bright the rest of the region is in that frame; a pixel that is
        missing in more than half of the frames is left out in all. ``'nan'``: frames with a
        missing pixel have no value, only pixels that are never usable are left out. ``'drop'``:
        pixels that are missing in any frame are left out in all.
    frames : slice, or array of int or bool, optional
        Which frames; all by default.

    Returns
    -------
    astropy.timeseries.TimeSeries or astropy.table.QTable
        Times and numbers as `pixel_series` has them; ``flux`` and ``flux_err``: the sum of a
        surface brightness in Jy, as the pipeline's photometry has it, where the stack has PIXAR_SR,
        else in the unit of the stack. ``n_missing``, the pixels that were missing, and ``flagged``,
        true where there are any or there is no value. With a background ``background``, its level
        per pixel, and ``background_err``. In the meta ``area`` (pixels), ``n_pixels``,
        ``n_dropped``, how many are left out in all frames, and ``missing``.

    Raises
    ------
    Stage3Error
        If an option is none of these, or the region holds no pixel.

    Notes
    -----
    Errors are those of independent pixels: √Σ(wσ)², times the ratio by which the sum was filled,
    and with a background, (area · σ_background)² is added to the square. Neighbours are not wholly
    independent (of a detector's 1/f noise, say): lower limits.
    """
    for value, known, what in (
        (statistic, _STATISTICS, "statistic"),
        (missing, MISSING_PIXELS, "missing"),
    ):
        if value not in known:
            raise Stage3Error(f"{what} is {value!r}; there is {', '.join(known)}")
    every = StackBlocks(stack, frames)
    pixels = _weights(every, region)
    blocks = StackBlocks(stack, frames, pixels.window)
    columns: dict[str, Any] = {}
    if background is None:
        sums = region_sums(blocks, pixels.weights, missing)
        flux, variance = sums.total, sums.variance
    else:
        level, level_err, _ = _levels(every, _weights(every, background))
        sums = region_sums(blocks, pixels.weights, missing, level)
        flux, variance = sums.total, sums.variance + (sums.area * level_err) ** 2
        columns = {"background": level * every.unit, "background_err": level_err * every.unit}
    norm = sums.area if statistic == "mean" and sums.area else 1.0
    total, error = flux / norm * every.unit, np.sqrt(variance) / norm * every.unit
    if statistic == "sum" and every.unit.is_equivalent(u.Jy / u.sr):
        solid_angle = header_float(every.stack.meta.get("PIXAR_SR")) * u.sr
        if np.isfinite(solid_angle) and solid_angle > 0:
            total, error = ((each * solid_angle).to(u.Jy) for each in (total, error))
    found: dict[str, Any] = {"flux": total}
    if every.has_errors:
        found["flux_err"] = error
    found |= {"n_missing": sums.n_missing, "flagged": (sums.n_missing > 0) | ~np.isfinite(flux)}
    series = series_of_frames(every, found | columns)
    words = f"{statistic.capitalize()} of {sums.n_pixels} pixels"
    series["flux"].info.description = words + (" − background" if columns else "")
    series.meta |= {
        "statistic": statistic, "missing": missing, "area": sums.area, "n_pixels": sums.n_pixels,
        "n_dropped": sums.n_dropped,
    }  # fmt: skip
    return series


def background_series(
    stack: Any, region: Any = None, *, sigma: float = 3.0, frames: Any = None
) -> TimeSeries | QTable:
    """Return the level of the background in each frame of a stack.

    Parameters
    ----------
    stack : ImageStack, NDData or ndarray, shape (n, ny, nx)
    region : like that of `region_series`, optional
        An annulus, say; pixels of which half or more is within count. By default the border of the
        images, 4 pixels wide.
    sigma : float, optional
        What is further than so many standard deviations from the median is left out.
    frames : slice, or array of int or bool, optional
        Which frames; all by default.

    Returns
    -------
    astropy.timeseries.TimeSeries or astropy.table.QTable
        Times and numbers as `pixel_series` has them; ``flux``, the median of what is usable and not
        clipped, per pixel; ``flux_err``, that of a median by its scatter, see `collapse_stack`;
        ``n_pixels``, how many these are; ``flagged``, true where there is no value.

    Raises
    ------
    Stage3Error
        If the region holds no pixel, or sigma is not above 0.
    """
    if not 0 < sigma < np.inf:
        raise Stage3Error(f"sigma is {sigma!r}, expected a number above 0")
    every = StackBlocks(stack, frames)
    if region is None:
        inner = tuple(slice(_BORDER, max(size - _BORDER, _BORDER)) for size in every.shape)
        region = np.ones(every.shape, bool)
        region[inner] = False
    level, error, n_used = _levels(every, _weights(every, region), sigma)
    series = series_of_frames(every, {
        "flux": level * every.unit, "flux_err": error * every.unit, "n_pixels": n_used,
        "flagged": ~np.isfinite(level),
    })  # fmt: skip
    series["flux"].info.description = "Background per pixel"
    return series


def _weights(blocks: StackBlocks, region: Any) -> PixelWeights:
    stack = blocks.stack
    on_the_sky = not isinstance(region, np.ndarray) and hasattr(region, "to_pixel")
    return pixel_weights(region, stack.frame_shape, stack.wcs if on_the_sky else None, blocks.name)


def _levels(
    every: StackBlocks, pixels: PixelWeights, sigma: float = 3.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clipped medians of each frame, their errors by scatter, and the number of pixels."""
    blocks = StackBlocks(every.stack, every.numbers, pixels.window)
    within = pixels.weights >= 0.5
    if not within.any():
        raise Stage3Error(f"{every.name}: no pixel lies by half or more in the background's region")
    level, error = np.full(len(blocks), np.nan), np.full(len(blocks), np.nan)
    n_used = np.zeros(len(blocks), int)
    for piece in blocks.pieces():
        values = piece.values[:, within].astype(np.float64)
        with warnings.catch_warnings():
            # of NaN, which are what is excluded
            warnings.filterwarnings("ignore", "Input data contains invalid", AstropyUserWarning)
            kept = sigma_clip(values, sigma=sigma, axis=1, masked=False, copy=False)
        n = n_used[piece.frames] = np.count_nonzero(np.isfinite(kept), axis=1)
        level[piece.frames] = bn.nanmedian(kept, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            scatter = bn.nanstd(kept, axis=1, ddof=1)
            error[piece.frames] = scatter * np.sqrt(median_variance_factor(n) / n)
    return level, error, n_used
