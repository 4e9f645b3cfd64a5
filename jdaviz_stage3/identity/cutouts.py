"""A piece of an image around a source, with the outline of its segment; nothing else is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.wcs import WCS, NoConvergence
from astropy.wcs.utils import proj_plane_pixel_scales

from ..analysis.sources.segment_outlines import segment_polygons
from ..errors import Stage3Error, UnreadableProductError
from ..origin import FileStamp, check_unchanged, file_stamp
from ..readers.exposure_image import fits_wcs_of_exposure
from ..readers.extensions import native, open_product, require_extension
from ..readers.image import celestial_wcs, require_plane
from ..readers.quality import dq_mask
from ..readers.units import parse_unit

__all__ = ["SourceCutout", "cut_out", "cut_out_exposure"]


@dataclass(frozen=True, eq=False)
class SourceCutout:
    """A square piece of a mosaic, or of an exposure.

    Attributes
    ----------
    values : ndarray of float, shape (ny, nx)
        NaN where the image ends or has no data.
    unit : Unit
    x, y : float
        Pixel of the source in ``values``, 0-based.
    scale : Quantity
        Of a pixel along its side, arcsec.
    outline : list of ndarray, shape (k, 2)
        Rings around the pixels of its segment, x and y in ``values``; empty where there is none.
    """

    values: np.ndarray
    unit: u.UnitBase
    x: float
    y: float
    scale: u.Quantity
    outline: list[np.ndarray]


def cut_out(
    mosaic: Path, position: SkyCoord, size: u.Quantity, *,
    segmentation: Path | None = None, label: int | None = None,
) -> SourceCutout | None:  # fmt: skip
    """Read the piece of a mosaic around a place.

    Parameters
    ----------
    mosaic : path
        An i2d.
    position : SkyCoord
        Scalar.
    size : Quantity
        Side of the square, an angle.
    segmentation : path, optional
        The segm of the same pixels.
    label : int, optional
        The source's value in it.

    Returns
    -------
    SourceCutout or None
        None where the place is not on the mosaic.

    Raises
    ------
    UnreadableProductError
        If one of the files cannot be read, or the mosaic has no celestial WCS.
    Stage3Error
        If the segmentation map has another shape than the mosaic.
    """
    geometry = _geometry(mosaic, _stamp(mosaic))
    square = _square(geometry, position, size)
    if square is None:
        return None
    x, y, scale, left, bottom, width = square
    values = _piece(mosaic, left, bottom, width, np.nan).astype(float)
    outline: list[np.ndarray] = []
    if segmentation is not None and label is not None:
        of_segments, shape = _geometry(segmentation, _stamp(segmentation)).shape, geometry.shape
        if of_segments != shape:
            raise Stage3Error(
                f"{segmentation.name}: {of_segments[1]} × {of_segments[0]} pixels, but "
                f"{mosaic.name} has {shape[1]} × {shape[0]}; expected the map of this mosaic"
            )
        labels = _piece(segmentation, left, bottom, width, 0)
        outline = segment_polygons(labels.astype(int), label)
    return SourceCutout(values, geometry.unit, x - left, y - bottom, scale * u.arcsec, outline)


def cut_out_exposure(path: Path, position: SkyCoord, size: u.Quantity) -> SourceCutout | None:
    """Read the piece of an exposure around a place, on the pixels of its detector.

    Parameters
    ----------
    path : path
        A crf or cal of an image.
    position : SkyCoord
        Scalar.
    size : Quantity
        Side of the square, an angle.

    Returns
    -------
    SourceCutout or None
        Pixels flagged DO_NOT_USE are NaN. None where the place is not on the exposure.

    Raises
    ------
    UnreadableProductError
        If it cannot be read, or is no image of the sky.
    """
    geometry = _geometry(path, _stamp(path), exposure=True)
    square = _square(geometry, position, size)
    if square is None:
        return None
    x, y, scale, left, bottom, width = square
    values = _piece(path, left, bottom, width, np.nan).astype(float)
    if geometry.flagged:
        flags = _piece(path, left, bottom, width, 0, "DQ").astype(np.uint32)
        values[dq_mask(flags)] = np.nan
    return SourceCutout(values, geometry.unit, x - left, y - bottom, scale * u.arcsec, [])


@dataclass(frozen=True, eq=False)
class _Geometry:
    """What is known of an image without its pixels."""

    wcs: WCS
    shape: tuple[int, int]
    unit: u.UnitBase
    flagged: bool  # whether it has a DQ of its shape


def _square(
    geometry: _Geometry, position: SkyCoord, size: u.Quantity
) -> tuple[float, float, float, int, int, int] | None:
    """Where a place is (x, y), the scale (arcsec), and first column, row and width of a square."""
    scale = float(np.mean(proj_plane_pixel_scales(geometry.wcs))) * 3600
    try:
        x, y = (float(value) for value in geometry.wcs.world_to_pixel(position))
    except NoConvergence:  # of a distortion, far outside of the image
        return None
    ny, nx = geometry.shape
    if not (np.isfinite(x + y) and -0.5 <= x < nx - 0.5 and -0.5 <= y < ny - 0.5):
        return None
    half = max(2, round(size.to_value(u.arcsec) / scale / 2))
    return x, y, scale, round(x) - half, round(y) - half, 2 * half + 1


def _stamp(path: Path) -> FileStamp:
    try:
        return file_stamp(path)
    except OSError as err:
        raise UnreadableProductError(f"{path}: the file is not there (any more) ({err})") from err


@lru_cache(maxsize=128)
def _geometry(path: Path, stamp: FileStamp, *, exposure: bool = False) -> _Geometry:
    with open_product(path) as hdus:
        check_unchanged(path, stamp)
        hdu = require_extension(hdus, "SCI", path)
        require_plane(hdu, path)
        unit = parse_unit(hdu.header.get("BUNIT"), f"{path.name} SCI", "")
        shape = tuple(hdu.shape[-2:])
        flagged = exposure and "DQ" in hdus and tuple(hdus["DQ"].shape) == shape
        header = hdu.header
    if exposure:
        wcs = fits_wcs_of_exposure(header, path, shape)
    else:
        wcs = celestial_wcs(header, path, required=False)
    if wcs is None:
        what = "an exposure of an image" if exposure else "a mosaic"
        raise UnreadableProductError(
            f"{path.name}: no celestial WCS, by which sources are found; expected {what}"
        )
    return _Geometry(wcs, shape, unit, flagged)


def _piece(
    path: Path, left: int, bottom: int, size: int, missing: float, name: str = "SCI"
) -> np.ndarray:
    """Read a square of pixels, ``missing`` where the image ends."""
    with open_product(path) as hdus:
        section = require_extension(hdus, name, path).section
        rows, columns = section.shape[-2:]
        x = slice(max(left, 0), min(left + size, columns))
        y = slice(max(bottom, 0), min(bottom + size, rows))
        lead = (0,) * (len(section.shape) - 2)
        found = native(np.asarray(section[(*lead, y, x)]))
    kind = float if np.isnan(missing) else found.dtype
    square: np.ndarray = np.full((size, size), missing, dtype=kind)
    square[y.start - bottom : y.stop - bottom, x.start - left : x.stop - left] = found
    return square
