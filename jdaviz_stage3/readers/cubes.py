"""Spectral cubes (s3d): opened without reading them, and read by parts."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning

from ..errors import Stage3Warning, UnreadableProductError, reason_of
from ..origin import FileStamp, file_stamp
from .cube_spectrum import CubeSpectrum
from .extensions import (
    coordinates_without_number,
    header_dict,
    open_product,
    require_columns,
    require_extension,
)
from .quality import dq_value
from .stored_array import StoredArray
from .stored_cube import CUBE_DQ_BITS, StoredCube
from .units import parse_unit

__all__ = ["open_cube", "read_cube"]

_UNIT = "MJy / sr"  # of all cubes of the pipeline


def read_cube(
    path: str | os.PathLike, *, dq_bits: str | int | Iterable[str] | None = CUBE_DQ_BITS
) -> CubeSpectrum:
    """Open a spectral cube as a `~specutils.Spectrum`; its arrays are read when asked for.

    Parameters
    ----------
    path : path-like
        An s3d file.
    dq_bits : optional
        The data-quality flags that exclude a sample; 0 for none.

    Returns
    -------
    CubeSpectrum
        A `~specutils.Spectrum` of shape (n_wave, ny, nx). ``cube[10:20]`` reads these planes only,
        ``cube[:, 4, 5]`` the spectrum of one pixel; ``flux``, ``uncertainty`` (a standard
        deviation, from ERR) and ``mask`` (True where flagged, of no weight or not finite) read
        the whole of their arrays when they are first asked for. ``spectral_axis`` in micron.

    Raises
    ------
    UnreadableProductError
        If SCI is no cube, there are no wavelengths, or another array has another shape.

    Warns
    -----
    Stage3Warning
        If there is no unit (MJy/sr is taken), or no celestial coordinates.
    """
    return CubeSpectrum.of(open_cube(path, dq_bits=dq_bits))


def open_cube(
    path: str | os.PathLike, *, dq_bits: str | int | Iterable[str] | None = CUBE_DQ_BITS
) -> StoredCube:
    """Open a spectral cube for reading by parts; see `read_cube`.

    Parameters
    ----------
    path : path-like
    dq_bits : optional

    Returns
    -------
    StoredCube
    """
    name = Path(path).name
    with open_product(path) as hdus:
        stamp = file_stamp(path)
        science = require_extension(hdus, "SCI", path)
        shape = tuple(getattr(science, "shape", ()))
        if len(shape) != 3:
            found = " × ".join(map(str, shape)) or "no array"
            raise UnreadableProductError(
                f"{name}: SCI is no cube ({found}), expected wavelength × y × x; is it an s3d?"
            )
        if 0 in shape:
            raise UnreadableProductError(f"{name}: SCI is empty (shape {shape})")
        stored: dict[str, StoredArray | None] = {"SCI": StoredArray(path, stamp, science)}
        for extension in ("ERR", "DQ", "WMAP"):
            stored[extension] = _companion(hdus, extension, shape, path, stamp, dq_bits)
        if stored["ERR"] is None:
            warnings.warn(
                f"{name}: no ERR extension; there are no uncertainties", Stage3Warning, stacklevel=3
            )
        bunit = science.header.get("BUNIT")
        if bunit in (None, ""):
            warnings.warn(
                f"{name}: SCI has no BUNIT; taken to be in MJy/sr, as the pipeline writes cubes",
                Stage3Warning,
                stacklevel=3,
            )
        unit = parse_unit(bunit, f"{name}[SCI]", _UNIT) if bunit else u.Unit(_UNIT)
        wcs = _cube_wcs(science.header, hdus, path)
        spectral_axis = _wavelengths(wcs, shape[0], path)
        if not wcs.has_celestial:
            warnings.warn(
                f"{name}: SCI has no celestial coordinates (CTYPE1 = "
                f"{science.header.get('CTYPE1')!r}); positions are in pixels only",
                Stage3Warning,
                stacklevel=3,
            )
        meta = header_dict(hdus[0].header, science.header)
    return StoredCube(Path(path), stamp, stored, unit, wcs, spectral_axis, meta, dq_bits)


def _companion(
    hdus: fits.HDUList,
    name: str,
    shape: tuple[int, ...],
    path: str | os.PathLike,
    stamp: FileStamp,
    dq_bits: str | int | Iterable[str] | None,
) -> StoredArray | None:
    hdu = next((hdu for hdu in hdus if hdu.name == name), None)
    found = tuple(getattr(hdu, "shape", ()))
    if hdu is None or not found or (name == "DQ" and not dq_value(dq_bits)):
        return None
    if found != shape:
        sizes = [" × ".join(map(str, size)) for size in (found, shape)]
        way_out = "; dq_bits=0 leaves the flags out" if name == "DQ" else ""
        raise UnreadableProductError(
            f"{Path(path).name}: {name} has the shape {sizes[0]}, expected that of SCI, {sizes[1]}"
            f"{way_out}"
        )
    return StoredArray(path, stamp, hdu)


def _cube_wcs(header: fits.Header, hdus: fits.HDUList, path: str | os.PathLike) -> WCS:
    """The coordinates of SCI, from its keywords and the table that they may name."""
    name = Path(path).name
    kind = str(header.get("CTYPE3", ""))
    unit = str(header.get("CUNIT3", "")).strip()
    if not _is_length(unit):  # wcslib crashes where a table goes without
        found = f"CUNIT3 = {unit!r}" if unit else "no CUNIT3"
        raise UnreadableProductError(f"{name}: no wavelengths (SCI has {found}, expected um)")
    if wrong := coordinates_without_number(header):
        raise UnreadableProductError(f"{name}: SCI has {wrong}; download it again")
    if kind.endswith("-TAB"):
        _check_wavelength_table(header, hdus, path)
    else:
        step = {"CDELT3", "CD3_3"} & set(header)
        missing = [key for key in ("CTYPE3", "CRVAL3", "CRPIX3") if key not in header]
        if missing or not step:
            raise UnreadableProductError(
                f"{name}: no wavelengths (SCI has no "
                f"{', '.join([*missing, *([] if step else ['CDELT3'])])}); was it written by the "
                "pipeline?"
            )
    with warnings.catch_warnings():
        # wcslib's notes on dates it derived (MJD-OBS from DATE-OBS) do not concern positions
        warnings.simplefilter("ignore", FITSFixedWarning)
        try:
            wcs = WCS(header, fobj=hdus, naxis=3, preserve_units=True)
        except Exception as err:  # wcslib's own, and KeyError, ValueError of what reads the table
            raise UnreadableProductError(
                f"{name}: the coordinates of SCI cannot be read ({reason_of(err)})"
            ) from err
    if wcs.wcs.spec != 2:
        raise UnreadableProductError(
            f"{name}: no wavelengths (CTYPE3 = {kind!r}, expected WAVE or WAVE-TAB)"
        )
    return wcs


def _is_length(unit: str) -> bool:
    try:
        return u.Unit(unit).is_equivalent(u.m)
    except ValueError:
        return False


def _check_wavelength_table(
    header: fits.Header, hdus: fits.HDUList, path: str | os.PathLike
) -> None:
    table, column = str(header.get("PS3_0", "")), str(header.get("PS3_1", ""))
    where = f"{Path(path).name}: CTYPE3 = {header['CTYPE3']!r}, but"
    if not table or not column:
        raise UnreadableProductError(
            f"{where} PS3_0 and PS3_1 do not name the table of wavelengths and its column"
        )
    hdu = next((hdu for hdu in hdus if hdu.name == table.upper()), None)
    if hdu is None:
        raise UnreadableProductError(
            f"{where} the table of wavelengths, {table}, is not in the file; download it again"
        )
    if not isinstance(hdu, fits.BinTableHDU):
        raise UnreadableProductError(f"{where} {table} is no table; download it again")
    names = {name.upper(): name for name in hdu.columns.names}
    if column.upper() not in names:
        require_columns(hdu, [column], path)
    length, expected = int(np.prod(hdu.data[names[column.upper()]].shape)), header["NAXIS3"]
    if length < expected:
        raise UnreadableProductError(f"{where} {table} has {length} wavelengths, not {expected}")
    if length > expected:
        warnings.warn(
            f"{where} {table} has {length} wavelengths, not {expected}; the first are taken: is "
            "it the table of this cube?",
            Stage3Warning,
            stacklevel=5,
        )


def _wavelengths(wcs: WCS, n: int, path: str | os.PathLike) -> u.Quantity:
    name = Path(path).name
    try:
        axis = u.Quantity(wcs.spectral.pixel_to_world(np.arange(n))).to(u.um, u.spectral())
    except u.UnitsError as err:  # of CUNIT3, which may be missing
        raise UnreadableProductError(f"{name}: no wavelengths ({reason_of(err)})") from err
    steps = np.diff(axis.value)
    usable = np.all(np.isfinite(axis)) and np.all(axis > 0)
    if not (usable and (np.all(steps > 0) or np.all(steps < 0))):
        raise UnreadableProductError(
            f"{name}: wavelengths not in order, not positive or not finite ({axis[0]:.4g} to "
            f"{axis[-1]:.4g}); download it again"
        )
    return axis
