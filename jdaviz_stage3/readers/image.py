"""Mosaics (i2d) and segmentation maps (segm) as `~astropy.nddata.CCDData`."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, StdDevUncertainty
from astropy.wcs import WCS, FITSFixedWarning, WcsError

from ..errors import Stage3Warning, UnreadableProductError, reason_of
from ..origin import file_stamp
from .extensions import (
    coordinates_without_number,
    header_dict,
    native_in_place,
    open_product,
    require_extension,
)
from .large_image import LARGE_IMAGE, LargeImage
from .stored_gwcs import StoredGwcs
from .units import parse_unit

__all__ = [
    "ImagePlane",
    "celestial_wcs",
    "image_extensions",
    "image_plane",
    "is_plane",
    "open_image",
    "read_image",
    "read_segmentation",
    "require_plane",
    "warn_if_blank",
]

_MOST_WCS_ERROR = 0.001  # pixels, of FITS keywords fitted to a gwcs


def image_extensions(path: str | os.PathLike) -> list[str]:
    """List the names of the 2-D image extensions of a product, SCI first.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    list of str
        For an i2d: SCI, ERR, CON, WHT, VAR_POISSON, VAR_RNOISE, VAR_FLAT.
    """
    with open_product(path) as hdus:
        names = [hdu.name for hdu in hdus[1:] if is_plane(hdu)]
    return sorted(names, key=lambda name: name != "SCI")


def is_plane(hdu: fits.hdu.base.ExtensionHDU) -> bool:
    """Say whether an extension is a 2-D image, or a CON with a single plane.

    Parameters
    ----------
    hdu : astropy.io.fits extension HDU

    Returns
    -------
    bool
    """
    if not isinstance(hdu, (fits.ImageHDU, fits.CompImageHDU)) or hdu.header["NAXIS"] < 2:
        return False
    # CON is (1, ny, nx): one plane for every 32 input exposures
    return all(hdu.header[f"NAXIS{i}"] == 1 for i in range(3, hdu.header["NAXIS"] + 1))


@dataclass(frozen=True, eq=False)
class ImagePlane:
    """One image of a product.

    Attributes
    ----------
    values : ndarray or LargeImage, shape (ny, nx)
        In memory, in native byte order, or, of a large one, in its file.
    unit : Unit
        From BUNIT.
    wcs : astropy.wcs.WCS or None
        The celestial one of SCI, as in `read_image`.
    meta : dict
        Keywords of the primary and the extension's header.
    """

    values: np.ndarray | LargeImage
    unit: u.UnitBase
    wcs: WCS | None
    meta: dict[str, Any]


def open_image(
    path: str | os.PathLike, *, extension: str = "SCI", large: int | None = None
) -> ImagePlane:
    """Open one image of a resampled product to be looked at.

    Parameters
    ----------
    path : path-like
        An i2d file.
    extension : str, optional
        Which image, as in `read_image`.
    large : int, optional
        From how many bytes on it stays in its file, unless that is compressed or scaled,
        or marks missing values of whole numbers; by default
        `jdaviz_stage3.readers.large_image.LARGE_IMAGE`.

    Returns
    -------
    ImagePlane

    Raises
    ------
    UnreadableProductError
        As `read_image`.

    Warns
    -----
    Stage3Warning
        As `read_image`.
    """
    stamp = file_stamp(path)
    with open_product(path) as hdus:
        science = require_extension(hdus, "SCI", path)
        hdu = science if extension == "SCI" else require_extension(hdus, extension, path)
        require_plane(hdu, path)
        values: np.ndarray | LargeImage | None = None
        # whole numbers of which one (BLANK) stands for no value become floats as they are read
        blank = hdu.header["BITPIX"] > 0 and "BLANK" in hdu.header
        if hdu.size >= (LARGE_IMAGE if large is None else large) and not blank:
            stored = LargeImage(path, stamp, hdu)
            values = None if stored.kept else stored
        if values is None:
            values = image_plane(hdu, path)
        plane = ImagePlane(values, *_described(hdus, hdu, science, path))
        if extension == "SCI":
            _warn_if_blank(values, path)
    return plane


def read_image(
    path: str | os.PathLike,
    *,
    extension: str = "SCI",
    uncertainty: bool = True,
    mask: bool = True,
) -> CCDData:
    """Read one image of a resampled product.

    Parameters
    ----------
    path : path-like
        An i2d file.
    extension : str, optional
        Which image: ``'SCI'``, ``'ERR'``, ``'WHT'``, … (see `image_extensions`).
    uncertainty : bool, optional
        Whether to read ``ERR`` along with ``SCI``, as a standard deviation.
    mask : bool, optional
        Whether to make a mask; it takes a quarter of the memory of the image.

    Returns
    -------
    astropy.nddata.CCDData
        ``data`` (ny, nx), native byte order, in the file's type (float32 as a rule); ``unit``
        from BUNIT; ``mask`` True where the value is not finite; ``wcs`` the celestial FITS WCS of
        SCI, which for a resampled image (TAN projection, no distortion) is the same as the gwcs;
        where keywords are missing, one fitted to the gwcs (to 0.001 pixels); ``meta`` the keywords
        of the primary and the extension's header.

    Raises
    ------
    UnreadableProductError
        If the extension is missing, not two-dimensional, or truncated.

    Warns
    -----
    Stage3Warning
        If there is no WCS, or only a part of its keywords, or no finite pixel.
    """
    with open_product(path) as hdus:
        science = require_extension(hdus, "SCI", path)
        hdu = science if extension == "SCI" else require_extension(hdus, extension, path)
        data = image_plane(hdu, path)
        unit, wcs, meta = _described(hdus, hdu, science, path)
        image = CCDData(
            data,
            unit=unit,
            mask=~np.isfinite(data) if mask and data.dtype.kind == "f" else None,
            wcs=wcs,
            meta=meta,
        )
        if extension == "SCI":
            warn_if_blank(image, path)
            # a mosaic made without an error array still has ERR's header, for its BUNIT
            if uncertainty and "ERR" in hdus and is_plane(hdus["ERR"]):
                error = image_plane(hdus["ERR"], path)
                image.uncertainty = StdDevUncertainty(error, unit=unit, copy=False)
    return image


def _described(
    hdus: fits.HDUList, hdu: fits.ImageHDU, science: fits.ImageHDU, path: str | os.PathLike
) -> tuple[u.UnitBase, WCS | None, dict[str, Any]]:
    """What the headers say of an image: unit, coordinates, keywords."""
    unit = parse_unit(hdu.header.get("BUNIT"), f"{Path(path).name}[{hdu.name}]")
    wcs = celestial_wcs(science.header, path)
    return unit, wcs, header_dict(hdus[0].header, hdu.header)


def read_segmentation(path: str | os.PathLike) -> CCDData:
    """Read a segmentation map.

    Parameters
    ----------
    path : path-like
        A segm file.

    Returns
    -------
    astropy.nddata.CCDData
        ``data`` (ny, nx) uint32: the ``label`` of the catalog's source that the pixel belongs to,
        0 for none. Dimensionless. ``wcs`` is None where the file holds none: it is then that of
        the mosaic it was made from.
    """
    with open_product(path) as hdus:
        hdu = require_extension(hdus, "SCI", path)
        return CCDData(
            image_plane(hdu, path).astype(np.uint32, copy=False),
            unit=u.dimensionless_unscaled,
            wcs=celestial_wcs(hdu.header, path, required=False),
            meta=header_dict(hdus[0].header, hdu.header),
        )


def require_plane(hdu: fits.hdu.base.ExtensionHDU, path: str | os.PathLike) -> None:
    """Raise if an extension is not a 2-D image.

    Parameters
    ----------
    hdu : astropy.io.fits extension HDU
    path : path-like
        The file, for the error message.

    Raises
    ------
    UnreadableProductError
    """
    if not is_plane(hdu):
        shape = " × ".join(str(n) for n in getattr(hdu, "shape", ())) or "none"
        raise UnreadableProductError(
            f"{Path(path).name}: {hdu.name} is not a 2-D image (shape {shape})"
        )


def image_plane(hdu: fits.hdu.base.ExtensionHDU, path: str | os.PathLike) -> np.ndarray:
    """Take out the array of an extension.

    Parameters
    ----------
    hdu : astropy.io.fits extension HDU
    path : path-like
        The file, for the error message.

    Returns
    -------
    ndarray, shape (ny, nx), native byte order

    Raises
    ------
    UnreadableProductError
        If it is not a 2-D image.
    """
    require_plane(hdu, path)
    stored = hdu.data.reshape(hdu.shape[-2:])
    del hdu.data  # what is changed in place is not read again
    return native_in_place(stored)


def celestial_wcs(
    header: fits.Header, path: str | os.PathLike, required: bool = True
) -> WCS | None:
    """Return the celestial FITS WCS of an image, or one fitted to the file's gwcs.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Of SCI.
    path : path-like
    required : bool, optional
        Whether to warn where the file has none.

    Returns
    -------
    astropy.wcs.WCS or None
    """
    name = Path(path).name
    with warnings.catch_warnings():
        # wcslib's notes on dates it derived (MJD-OBS from DATE-OBS) do not concern positions
        warnings.simplefilter("ignore", FITSFixedWarning)
        wcs, refused = None, coordinates_without_number(header)
        try:
            wcs = None if refused else WCS(header, naxis=2)
        except WcsError as err:  # one axis without the other, a matrix of zeros
            refused = reason_of(err).rstrip(".")
    missing = _missing_wcs_keywords(header) if wcs is not None and wcs.has_celestial else []
    if wcs is not None and wcs.has_celestial and not missing:
        return wcs
    if missing or refused:
        what = f"SCI has CTYPE1 = {header.get('CTYPE1')!r}, but no {', '.join(missing)}"
        if refused:
            what = f"the WCS keywords of SCI do not fit together ({refused})"
        if (fitted := _wcs_of_gwcs(path)) is not None:
            said = f"{name}: {what}; positions are by the gwcs in the file"
            warnings.warn(said, Stage3Warning, stacklevel=3)
            return fitted
    else:
        what = "SCI has no celestial WCS keywords"
    if required or missing or refused:
        warnings.warn(f"{name}: {what}; positions are in pixels only", Stage3Warning, stacklevel=3)
    return None


def _missing_wcs_keywords(header: fits.Header) -> list[str]:
    """Keywords without which wcslib takes 0 or 1: a position that looks right and is none."""
    missing = [key for key in ("CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2") if key not in header]
    if not ({"CDELT1", "CDELT2"} <= set(header) or {"CD1_1", "CD2_2"} <= set(header)):
        missing.append("CDELT1, CDELT2")
    return missing


def _wcs_of_gwcs(path: str | os.PathLike) -> WCS | None:
    """Fit FITS keywords to the gwcs of the file's ASDF extension; seconds, for what it imports."""
    gwcs = StoredGwcs(path).get()
    if gwcs is None:
        return None
    try:
        return WCS(gwcs.to_fits_sip(max_pix_error=_MOST_WCS_ERROR))
    except Exception:  # astropy.modeling and gwcs share no error; pixels are left without it
        return None


def warn_if_blank(image: CCDData, path: str | os.PathLike) -> None:
    """Warn of an image without a finite pixel that is not masked.

    Parameters
    ----------
    image : astropy.nddata.CCDData
    path : path-like

    Warns
    -----
    Stage3Warning
    """
    if image.mask is None:
        _warn_if_blank(image.data, path)
    elif image.mask.all():
        _say_blank(path)


def _warn_if_blank(values: np.ndarray | LargeImage, path: str | os.PathLike) -> None:
    # row by row, for the first that has one is enough
    if not any(np.isfinite(values[row]).any() for row in range(len(values))):
        _say_blank(path)


def _say_blank(path: str | os.PathLike) -> None:
    warnings.warn(f"{Path(path).name}: the image has no finite pixel", Stage3Warning, stacklevel=4)
