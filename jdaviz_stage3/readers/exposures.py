"""Single exposures on detector pixels: outlier-flagged (crf), and calibrated (cal)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from astropy.nddata import CCDData

from ..errors import Stage3Error
from ..fits_structure import read_primary_header
from ..origin import file_stamp
from .exposure_image import (
    Exposure,
    exposure_of,
    fits_wcs_of_exposure,
    plane_of,
    warn_without_flags,
)
from .extensions import open_product, require_extension
from .image import require_plane
from .slit_exposures import SlitExposures, has_slits, list_slit_exposures

__all__ = ["read_exposure", "read_exposure_planes"]


def read_exposure(
    path: str | os.PathLike,
    *,
    dq_bits: str | int | Iterable[str] | None = "DO_NOT_USE",
    uncertainty: bool = True,
    **address: Any,
) -> Exposure | SlitExposures:
    """Read one exposure on the pixels of its detector, or list the slits in it.

    Parameters
    ----------
    path : path-like
        A crf or a cal.
    dq_bits : optional
        The data-quality flags that exclude a pixel: see `jdaviz_stage3.readers.quality.dq_value`.
    uncertainty : bool, optional
        Whether to read ``ERR``, as a standard deviation.
    **address
        ``source_id``, ``slit``, ``exposure``, ``order``: restrict the slits that are listed: see
        `jdaviz_stage3.readers.addressed_sequence.AddressedSequence.select`.

    Returns
    -------
    Exposure
        ``data`` (ny, nx) in the unit of BUNIT, native byte order; ``mask`` True where a pixel has
        one of ``dq_bits`` or is not finite; ``flags`` the DQ array; ``wcs`` the FITS keywords that
        the pipeline fitted to the gwcs (TAN-SIP, to 0.01 pixels in current versions), None for
        spectra; ``gwcs`` the exact one; ``meta`` the keywords of the primary and the SCI header.
    jdaviz_stage3.readers.slit_exposures.SlitExposures
        Where the file holds slits (NIRSpec MOS and fixed slits, a source's exposures): a lazy
        sequence of these.

    Raises
    ------
    UnreadableProductError
        If SCI is missing, not two-dimensional or truncated, or DQ or ERR has another shape.
    Stage3Error
        If no slit agrees with the restriction, or the file has none.

    Warns
    -----
    Stage3Warning
        If there is no DQ, no finite pixel, or no WCS where there should be one.
    """
    address = {name: value for name, value in address.items() if value is not None}
    if has_slits(read_primary_header(path)):
        slits = list_slit_exposures(path, dq_bits=dq_bits)
        return slits.select(**address) if address else slits
    if address:
        raise Stage3Error(f"{Path(path).name}: one exposure without slits; leave out {[*address]}")
    with open_product(path) as hdus:
        stamp = file_stamp(path)
        require_extension(hdus, "SCI", path)
        wanted = ("SCI", "DQ", "ERR") if uncertainty else ("SCI", "DQ")
        planes = {name: hdus.index_of(name) for name in wanted if name in hdus}
        return exposure_of(hdus, planes, path, stamp, dq_bits=dq_bits)


def read_exposure_planes(
    path: str | os.PathLike, names: Iterable[str]
) -> list[tuple[str, CCDData]]:
    """Read only some planes of an exposure, as they are in the file.

    Parameters
    ----------
    path : path-like
    names : iterable of str
        ``'SCI'``, ``'DQ'``, ``'ERR'``, … (see `jdaviz_stage3.readers.image.image_extensions`).

    Returns
    -------
    list of (str, astropy.nddata.CCDData)
        Each with the FITS WCS of SCI, and without a mask.

    Raises
    ------
    UnreadableProductError
        If a plane is missing or no 2-D image, or SCI is asked for and its flags are no image.

    Warns
    -----
    Stage3Warning
        If SCI is asked for and there are no flags.
    """
    with open_product(path) as hdus:
        science = require_extension(hdus, "SCI", path)
        require_plane(science, path)
        names = list(names)
        if "SCI" in names and "DQ" not in names:
            if "DQ" in hdus:
                require_plane(hdus["DQ"], path)
            else:
                warn_without_flags(path)
        wcs = fits_wcs_of_exposure(science.header, path, science.shape)
        planes = []
        for name in names:
            require_extension(hdus, name, path)
            position = hdus.index_of(name)
            planes.append((name, plane_of(hdus, position, science.shape, path, wcs)))
    return planes
