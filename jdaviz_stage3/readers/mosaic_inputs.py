"""The exposures that a mosaic was made from: its list of them, their files, one pixel of each."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table
from astropy.time import Time
from astropy.wcs import WCS

from ..errors import UnreadableProductError
from ..fits_structure import read_structure
from ..origin import FileStamp, check_unchanged, file_stamp
from ..products import product_root
from .exposure_image import fits_wcs_of_exposure
from .extensions import open_product, require_extension
from .quality import dq_names
from .units import parse_unit

__all__ = [
    "ExposurePixel",
    "MosaicInput",
    "exposure_name",
    "file_of_input",
    "read_mosaic_inputs",
    "read_pixel",
]

# What may stand between the exposure's own name and its suffix: the association's number.
_ASSOCIATION = re.compile(r"_[aco]\d{3,}$")


@dataclass(frozen=True)
class MosaicInput:
    """One of the exposures that a mosaic was made from, as the mosaic lists it.

    Attributes
    ----------
    name : str
        Of its file, when the mosaic was made.
    region : str
        ``S_REGION``, its footprint; empty where the list has none.
    detector, filter : str
    start : astropy.time.Time or None
        When it began (EXPSTART, UTC).
    """

    name: str
    region: str
    detector: str
    filter: str
    start: Time | None


@dataclass(frozen=True)
class ExposurePixel:
    """What an exposure has at a place on the sky.

    Attributes
    ----------
    x, y : float
        Pixel position, 0-based; the values are those of the nearest pixel.
    value, error : float
        NaN where there is none.
    unit : str
    flags : tuple of str
        Names of the data-quality flags that are set.
    """

    x: float
    y: float
    value: float
    error: float
    unit: str
    flags: tuple[str, ...]


def read_mosaic_inputs(path: str | os.PathLike) -> list[MosaicInput]:
    """List the exposures that a mosaic was made from.

    Parameters
    ----------
    path : path-like
        An i2d.

    Returns
    -------
    list of MosaicInput
        By ``HDRTAB``, in which the pipeline keeps the keywords of each input.

    Raises
    ------
    UnreadableProductError
        If there is no HDRTAB, or none with file names.
    """
    with open_product(path) as hdus:
        hdu = require_extension(hdus, "HDRTAB", path)
        if not isinstance(hdu, fits.BinTableHDU) or "FILENAME" not in hdu.columns.names:
            raise UnreadableProductError(
                f"{Path(path).name}: HDRTAB has no FILENAME column; the exposures that the mosaic "
                "was made from are not known"
            )
        wanted = ("FILENAME", "S_REGION", "DETECTOR", "FILTER", "EXPSTART")
        have = [name for name in wanted if name in hdu.columns.names]
        table = Table({name: np.array(hdu.data[name]) for name in have})
    return [_input_of(row) for row in table]


def _input_of(row: Any) -> MosaicInput:
    def text(name: str) -> str:
        return str(row[name]).strip() if name in row.colnames else ""

    start = None
    if "EXPSTART" in row.colnames and np.isfinite(float(row["EXPSTART"])):
        start = Time(float(row["EXPSTART"]), format="mjd", scale="utc")
    return MosaicInput(text("FILENAME"), text("S_REGION"), text("DETECTOR"), text("FILTER"), start)


def file_of_input(mosaic: str | os.PathLike, names: Iterable[str]) -> dict[str, Path | None]:
    """Find the files of exposures beside a mosaic: its crf, or else its cal.

    Parameters
    ----------
    mosaic : path-like
        The i2d.
    names : iterable of str
        As the mosaic lists them.

    Returns
    -------
    dict of str to path or None
        Searched in the folder of the mosaic and, as MAST lays downloads out, in the folders beside
        it that are called after the exposures. A crf of the same exposure is taken where the
        mosaic lists a cal, whatever association it belongs to, and the other way round.
    """
    folder = Path(mosaic).absolute().parent
    here = _exposures_in(folder)
    found: dict[str, Path | None] = {}
    for name in names:
        stem = exposure_name(name)
        files = here.get(stem) or _exposures_in(folder.parent / stem).get(stem, [])
        found[name] = min(files, key=lambda p: (p.name != name, "_crf" not in p.name), default=None)
    return found


def _exposures_in(folder: Path) -> dict[str, list[Path]]:
    """The crf and cal files of a folder by their exposure."""
    found: dict[str, list[Path]] = {}
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return found
    for path in entries:
        if re.search(r"_(crf|cal)\.fits(\.gz)?$", path.name):
            found.setdefault(exposure_name(path.name), []).append(path)
    return found


def exposure_name(name: str) -> str:
    """Return what the files of one exposure have in common, whatever was made of it.

    Parameters
    ----------
    name : str
        Of a file: ``'jw…_02101_00001_nrcalong_o001_crf.fits'``.

    Returns
    -------
    str
        ``'jw…_02101_00001_nrcalong'``.
    """
    stem = re.sub(r"_(crf|cal|i2d)\.fits(\.gz)?$", "", Path(name).name)
    return _ASSOCIATION.sub("", product_root(stem))


def read_pixel(path: str | os.PathLike, position: SkyCoord) -> ExposurePixel | None:
    """Read what an exposure has at a place on the sky: one pixel, not the arrays.

    Parameters
    ----------
    path : path-like
        A crf, or a cal of an image.
    position : SkyCoord, scalar

    Returns
    -------
    ExposurePixel or None
        None where the place is not on the detector.

    Raises
    ------
    UnreadableProductError
        If the file is broken, or says nothing of positions.
    """
    path = Path(path)
    read_structure(path)  # raises if it is no file, or none that can be read
    stamp = file_stamp(path)
    wcs, shape = _coordinates(path, stamp)
    x, y = (float(value) for value in wcs.world_to_pixel(position))
    if not (-0.5 <= x < shape[1] - 0.5 and -0.5 <= y < shape[0] - 0.5):
        return None
    column, row = round(x), round(y)
    with open_product(path) as hdus:
        check_unchanged(path, stamp)
        science = require_extension(hdus, "SCI", path)

        def at(name: str) -> float | None:
            hdu = hdus[name] if name in hdus else None
            if hdu is None or hdu.shape != shape:
                return None
            return float(hdu.section[row, column])

        error, flags = at("ERR"), at("DQ")
        unit = parse_unit(science.header.get("BUNIT"), f"{Path(path).name}[SCI]")
        return ExposurePixel(
            x,
            y,
            float(science.section[row, column]),
            float("nan") if error is None else error,
            str(unit),
            tuple(dq_names(int(flags or 0))),
        )


@lru_cache(maxsize=256)  # each click asks all exposures of a mosaic
def _coordinates(path: Path, stamp: FileStamp) -> tuple[WCS, tuple[int, int]]:
    """Positions of the pixels of an exposure, and how many pixels it has; kept while it is as is.

    Finding them compares the keywords with the gwcs, which takes most of the time of a click.
    """
    with open_product(path) as hdus:
        check_unchanged(path, stamp)
        science = require_extension(hdus, "SCI", path)
        shape = science.shape
        wcs = fits_wcs_of_exposure(science.header, path, shape) if len(shape) == 2 else None
    if wcs is None:
        raise UnreadableProductError(
            f"{path.name}: has no celestial WCS; is it the exposure of an image?"
        )
    return wcs, shape
