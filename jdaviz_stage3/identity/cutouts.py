"""A piece of a mosaic around a source, with the outline of its segment; nothing else is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_scales

from ..analysis.sources.segment_outlines import segment_polygons
from ..errors import Stage3Error, UnreadableProductError
from ..origin import FileStamp, check_unchanged, file_stamp
from ..readers.extensions import native, open_product, require_extension
from ..readers.image import celestial_wcs, require_plane
from ..readers.units import parse_unit

__all__ = ["SourceCutout", "cut_out"]


@dataclass(frozen=True, eq=False)
class SourceCutout:
    """A square piece of a mosaic.

    Attributes
    ----------
    values : ndarray of float, shape (ny, nx)
        NaN where the mosaic ends or has no data.
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
    wcs, shape, unit = _geometry(mosaic, file_stamp(mosaic))
    scale = float(np.mean(proj_plane_pixel_scales(wcs))) * 3600
    x, y = (float(value) for value in wcs.world_to_pixel(position))
    if not (np.isfinite(x + y) and -0.5 <= x < shape[1] - 0.5 and -0.5 <= y < shape[0] - 0.5):
        return None
    half = max(2, round(size.to_value(u.arcsec) / scale / 2))
    left, bottom = round(x) - half, round(y) - half
    values = _piece(mosaic, left, bottom, 2 * half + 1, np.nan).astype(float)
    outline: list[np.ndarray] = []
    if segmentation is not None and label is not None:
        _, of_segments, _ = _geometry(segmentation, file_stamp(segmentation))
        if of_segments != shape:
            raise Stage3Error(
                f"{segmentation.name}: {of_segments[1]} × {of_segments[0]} pixels, but "
                f"{mosaic.name} has {shape[1]} × {shape[0]}; expected the map of this mosaic"
            )
        labels = _piece(segmentation, left, bottom, 2 * half + 1, 0)
        outline = segment_polygons(labels.astype(int), label)
    return SourceCutout(values, unit, x - left, y - bottom, scale * u.arcsec, outline)


@lru_cache(maxsize=64)
def _geometry(path: Path, stamp: FileStamp) -> tuple[WCS, tuple[int, int], u.UnitBase]:
    with open_product(path) as hdus:
        check_unchanged(path, stamp)
        hdu = require_extension(hdus, "SCI", path)
        require_plane(hdu, path)
        unit = parse_unit(hdu.header.get("BUNIT"), f"{path.name} SCI", "")
        wcs = celestial_wcs(hdu.header, path, required=False)
        if wcs is None:
            raise UnreadableProductError(
                f"{path.name}: no celestial WCS, by which sources are found; expected a mosaic"
            )
        return wcs, tuple(hdu.shape[-2:]), unit


def _piece(path: Path, left: int, bottom: int, size: int, missing: float) -> np.ndarray:
    """Read a square of pixels, ``missing`` where the image ends."""
    with open_product(path) as hdus:
        section = require_extension(hdus, "SCI", path).section
        rows, columns = section.shape[-2:]
        x = slice(max(left, 0), min(left + size, columns))
        y = slice(max(bottom, 0), min(bottom + size, rows))
        lead = (0,) * (len(section.shape) - 2)
        found = native(np.asarray(section[(*lead, y, x)]))
    kind = float if np.isnan(missing) else found.dtype
    square: np.ndarray = np.full((size, size), missing, dtype=kind)
    square[y.start - bottom : y.stop - bottom, x.start - left : x.stop - left] = found
    return square
