"""An image on detector pixels: its flags, and where its pixels lie on the sky."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.nddata import CCDData, StdDevUncertainty
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_scales

from ..errors import Stage3Warning, UnreadableProductError, reason_of
from ..origin import FileStamp, check_unchanged
from .extensions import header_dict, native
from .image import celestial_wcs, image_plane, is_plane, warn_if_blank
from .quality import dq_mask, excluded
from .stored_gwcs import NO_GWCS, StoredGwcs
from .units import parse_unit

if TYPE_CHECKING:
    from gwcs import WCS as GWCS

__all__ = ["Exposure", "exposure_of", "fits_wcs_of_exposure", "plane_of", "warn_without_flags"]

_MOST_OFFSET = 0.05  # pixels, of the file's FITS keywords from its gwcs
_FIT_ERROR = 0.01  # pixels, of keywords that are fitted to it: what the pipeline asks for


class Exposure(CCDData):
    """An image on the pixels of its detector.

    Parameters
    ----------
    *args, **kwd
        Those of `astropy.nddata.CCDData`.

    Attributes
    ----------
    flags : ndarray of uint32, shape (ny, nx), or None
        The DQ array; `flagged` takes its bits by name.
    """

    _file: tuple[Path, FileStamp, tuple[str | int, ...]] | None = None

    @property
    def gwcs(self) -> GWCS | None:
        """Pixels to sky as the pipeline has it, distortion included; None where there is none.

        Of a spectrum to sky and wavelength. Read from the file when it is asked for.
        `astropy.nddata.CCDData` takes FITS WCS only, which is why ``wcs`` is the approximation.

        Raises
        ------
        UnreadableProductError
            If the file was written anew since.

        Warns
        -----
        Stage3Warning
            If it cannot be read.
        """
        if self._file is None:  # made of an exposure by arithmetic, say
            return None
        path, stamp, keys = self._file
        check_unchanged(path, stamp)
        stored = StoredGwcs(path)
        wcs = stored.get(*keys)
        if wcs is None:
            warnings.warn(f"{path.name}: {stored.problem}", Stage3Warning, stacklevel=2)
        return wcs

    def flagged(self, *names: str) -> np.ndarray:
        """Return where any of these data-quality flags is set.

        Parameters
        ----------
        *names : str
            For example ``'OUTLIER'``, ``'JUMP_DET'``: the names that the ``jwst`` package gives
            the bits.

        Returns
        -------
        ndarray of bool, shape (ny, nx)
            False everywhere where the file has no DQ.

        Raises
        ------
        Stage3Error
            If a name is not a data-quality flag.
        """
        flags = np.zeros(self.shape, np.uint32) if self.flags is None else self.flags
        return dq_mask(flags, names)


def exposure_of(
    hdus: fits.HDUList,
    planes: Mapping[str, int],
    path: str | os.PathLike,
    stamp: FileStamp,
    *,
    dq_bits: str | int | Iterable[str] | None,
    tree: tuple[str | int, ...] = (),
) -> Exposure:
    """Build an exposure from its extensions.

    Parameters
    ----------
    hdus : astropy.io.fits.HDUList
    planes : mapping of str to int
        Positions of SCI and, where there are any, DQ and ERR.
    path : path-like
    stamp : FileStamp
    dq_bits : optional
        The data-quality flags that exclude a pixel.
    tree : tuple, optional
        Where its gwcs is in the ASDF tree: see `jdaviz_stage3.readers.stored_gwcs.StoredGwcs.get`.

    Returns
    -------
    Exposure
    """
    science = hdus[planes["SCI"]]
    data = image_plane(science, path)
    unit = parse_unit(science.header.get("BUNIT"), f"{Path(path).name}[SCI]")
    dq = _dq_plane(hdus, planes, data.shape, path)
    image = Exposure(
        data,
        unit=unit,
        mask=excluded(data, dq, dq_bits),
        flags=dq,
        wcs=None if tree else fits_wcs_of_exposure(science.header, path, data.shape),
        meta=header_dict(hdus[0].header, science.header),
    )
    warn_if_blank(image, path)
    # an exposure without an error array still has ERR's header, for its BUNIT
    if "ERR" in planes and is_plane(hdus[planes["ERR"]]):
        error = image_plane(hdus[planes["ERR"]], path)
        _check_shape("ERR", error, data.shape, path)
        image.uncertainty = StdDevUncertainty(error, unit=unit, copy=False)
    image._file = (Path(path), stamp, tree)
    return image


def plane_of(
    hdus: fits.HDUList,
    position: int,
    shape: tuple[int, ...],
    path: str | os.PathLike,
    wcs: WCS | None = None,
) -> CCDData:
    """Read one extension of an exposure as it is in the file.

    Parameters
    ----------
    hdus : astropy.io.fits.HDUList
    position : int
        Of the extension.
    shape : tuple of int
        Of its SCI.
    path : path-like
    wcs : astropy.wcs.WCS, optional

    Returns
    -------
    astropy.nddata.CCDData
        Without a mask.
    """
    hdu = hdus[position]
    data = image_plane(hdu, path)
    _check_shape(hdu.name, data, shape, path)
    unit = parse_unit(hdu.header.get("BUNIT"), f"{Path(path).name}[{hdu.name}]")
    image = CCDData(data, unit=unit, wcs=wcs, meta=header_dict(hdus[0].header, hdu.header))
    if hdu.name == "SCI":
        warn_if_blank(image, path)
    return image


def warn_without_flags(path: str | os.PathLike) -> None:
    """Warn that an exposure has no flags.

    Parameters
    ----------
    path : path-like

    Warns
    -----
    Stage3Warning
    """
    warnings.warn(
        f"{Path(path).name}: no DQ extension; only pixels that are not finite are left out",
        Stage3Warning,
        stacklevel=5,
    )


def _dq_plane(
    hdus: fits.HDUList,
    planes: Mapping[str, int],
    shape: tuple[int, ...],
    path: str | os.PathLike,
) -> np.ndarray | None:
    if "DQ" not in planes:
        warn_without_flags(path)
        return None
    dq = native(image_plane(hdus[planes["DQ"]], path), np.uint32)
    _check_shape("DQ", dq, shape, path)
    return dq


def _check_shape(
    name: str, array: np.ndarray, shape: tuple[int, ...], path: str | os.PathLike
) -> None:
    if array.shape != shape:
        found, expected = (" × ".join(map(str, s)) for s in (array.shape, shape))
        raise UnreadableProductError(
            f"{Path(path).name}: {name} has {found} pixels, but SCI {expected}; download it again"
        )


def fits_wcs_of_exposure(
    header: fits.Header, path: str | os.PathLike, shape: tuple[int, ...]
) -> WCS | None:
    """Return a FITS WCS of an exposure of an image that agrees with its gwcs; None for a spectrum.

    The pipeline fits keywords to the gwcs, with the distortion (TAN-SIP) in current versions, and
    without it, or before the alignment to other exposures, in older ones. So the two are compared,
    and where they differ by more than a twentieth of a pixel, keywords are fitted anew.

    Of a spectrum the keywords say something about the product to come, such as the axes of a cube:
    with them each pixel would get a position that is wrong.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Of SCI.
    path : path-like
    shape : tuple of int
        (ny, nx).

    Returns
    -------
    astropy.wcs.WCS or None

    Warns
    -----
    Stage3Warning
        If keywords are missing, or are not what the gwcs says.
    """
    if header.get("WCSAXES", 2) != 2 or "WAVE" in str(header.get("CTYPE3", "")):
        return None
    wcs = celestial_wcs(header, path, required=False)
    stored = StoredGwcs(path)
    gwcs = stored.get()
    name = Path(path).name
    if gwcs is not None and gwcs.world_n_dim != 2:
        return None  # to the sky and to wavelengths, whatever the keywords say
    if gwcs is None:
        if wcs is None:
            _warn(f"{name}: neither WCS keywords nor a gwcs; positions are in pixels only")
        elif stored.problem != NO_GWCS:
            _warn(f"{name}: {stored.problem}; positions are by the WCS keywords of SCI")
        return wcs
    offset = np.inf if wcs is None else _largest_offset(wcs, gwcs, shape)
    if offset <= _MOST_OFFSET:
        return wcs
    found = "SCI has no celestial WCS keywords"
    if wcs is not None:
        found = f"the WCS keywords of SCI are up to {offset:.2g} pixels off the gwcs in the file"
    try:
        fitted = WCS(gwcs.to_fits_sip(max_pix_error=_FIT_ERROR, npoints=32))
    except Exception as err:  # astropy.modeling and gwcs share no error
        instead = "in pixels only" if wcs is None else "that far off"
        _warn(
            f"{name}: {found}, and none can be fitted ({reason_of(err)}); positions are {instead}"
        )
        return wcs
    _warn(f"{name}: {found}; positions are by the gwcs")
    return fitted


def _warn(text: str) -> None:
    warnings.warn(text, Stage3Warning, stacklevel=4)


def _largest_offset(wcs: WCS, gwcs: GWCS, shape: tuple[int, ...]) -> float:
    """The largest distance between the two on a grid over the detector, in pixels."""
    y, x = np.meshgrid(*(np.linspace(0, size - 1, 7) for size in shape), indexing="ij")
    by_keywords = SkyCoord(*wcs.all_pix2world(x, y, 0), unit="deg")
    by_gwcs = SkyCoord(*gwcs(x, y, with_bounding_box=False), unit="deg")
    pixel = np.mean(proj_plane_pixel_scales(wcs))  # degrees
    return float(np.nanmax(by_keywords.separation(by_gwcs).deg) / pixel)
