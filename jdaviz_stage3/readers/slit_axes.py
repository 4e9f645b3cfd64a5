"""The axes of a rectified 2-D spectrum: wavelengths, and offsets along the slit."""

from __future__ import annotations

import warnings
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits

from ..errors import UnreadableProductError
from .quality import has_wavelength

__all__ = [
    "SlitAxes",
    "axes_of_fits_wcs",
    "axes_of_gwcs",
    "axes_of_image",
    "fits_size",
    "in_order",
    "source_row_of_gwcs",
]

#: With more columns than this out of order, in parts of all, there is no wavelength axis.
MOST_OUT_OF_ORDER = 0.1


@dataclass(frozen=True, eq=False)
class SlitAxes:
    """What the pixels of a rectified 2-D spectrum are.

    Attributes
    ----------
    wavelength : Quantity, shape (n_wave,)
        Of each column; NaN where it is not known.
    source : str
        Where the wavelengths are from, in words.
    tilt : float
        By how many channels the wavelengths differ along the slit, at most.
    pixel_scale : float or None
        Arcsec from one row to the next.
    origin_row : float or None
        The row (from 0) that offsets are counted from.
    origin : str
        What lies there: ``'planned source position'``, ``'middle of the slit'``; empty where
        there are no offsets.
    """

    wavelength: u.Quantity
    source: str
    tilt: float = 0.0
    pixel_scale: float | None = None
    origin_row: float | None = None
    origin: str = ""

    def offsets(self, rows: np.ndarray | float) -> np.ndarray | None:
        """Return offsets along the slit in arcsec.

        Parameters
        ----------
        rows : ndarray or float
            Rows from 0, whole numbers in the middle of pixels.

        Returns
        -------
        ndarray, same shape, or None
            Growing with the row; None where they are not known.
        """
        if self.pixel_scale is None or self.origin_row is None:
            return None
        return (np.asarray(rows) - self.origin_row) * self.pixel_scale


def axes_of_fits_wcs(
    header: fits.Header,
    axis: int,
    n_wave: int,
    n_rows: int,
    table: Callable[[str, str], np.ndarray | None],
) -> SlitAxes | str:
    """Take the axes from FITS keywords: wavelength × offset in arcsec, as the pipeline writes them.

    The wavelengths are linear, or in a table (WAVE-TAB: Greisen et al. 2006, section 6).

    Parameters
    ----------
    header : astropy.io.fits.Header
        Of SCI.
    axis : {1, 2}
        The FITS axis of the wavelengths.
    n_wave, n_rows : int
        Pixels along both axes.
    table : callable
        Called with the names of an extension and a column, returns the (flat) array, or None.

    Returns
    -------
    SlitAxes, or str
        A string where the keywords are there, but not to be used: why. It is empty where there
        are none.
    """
    kind = str(header.get(f"CTYPE{axis}", "")).strip().upper()
    if not kind.startswith("WAVE"):
        return ""
    unit = str(header.get(f"CUNIT{axis}", "m"))
    reference = float(header.get(f"CRVAL{axis}", 0.0))
    pixel = float(header.get(f"CRPIX{axis}", 0.0))
    step = float(header.get(f"CDELT{axis}", 1.0))
    values = reference + step * (np.arange(n_wave) + 1 - pixel)
    if kind == "WAVE-TAB":
        extension, column = header.get(f"PS{axis}_0", ""), header.get(f"PS{axis}_1", "")
        stored = table(extension, column)
        if stored is None:
            return f"WAVE-TAB points to column {column!r} of {extension}, which is not in the file"
        index = values - 1
        values = np.full(n_wave, np.nan)
        inside = (index >= 0) & (index <= len(stored) - 1)
        values[inside] = np.interp(index[inside], np.arange(len(stored)), stored)
        if len(stored) != n_wave:
            return f"WAVE-TAB has {len(stored)} wavelengths for {n_wave} columns"
    elif kind != "WAVE" or f"CRVAL{axis}" not in header or f"CDELT{axis}" not in header:
        return f"CTYPE{axis} = {kind!r} without what it needs"
    try:
        wavelength = (values * u.Unit(unit)).to(u.um)
    except (ValueError, u.UnitConversionError):
        return f"CUNIT{axis} = {unit!r} is no unit of wavelength"
    axes = SlitAxes(wavelength, "the FITS WCS")
    return replace(axes, **_fits_offsets(header, 3 - axis, n_rows))


def _fits_offsets(header: fits.Header, axis: int, n_rows: int) -> dict[str, Any]:
    scale, row = header.get(f"CDELT{axis}"), header.get(f"CRPIX{axis}")
    if str(header.get(f"CUNIT{axis}", "")) != "arcsec" or scale is None or row is None:
        return {}
    row = float(row) - 1 - float(header.get(f"CRVAL{axis}", 0.0)) / float(scale)
    # the pipeline counts from row n // 2 where it does not know the source
    origin = "middle of the slit" if row == n_rows // 2 else "planned source position"
    return {"pixel_scale": float(scale), "origin_row": row, "origin": origin}


def fits_size(wcs: Any, axis: int, n_wave: int, n_rows: int) -> bool:
    """Whether the bounding box of a gwcs is that of an image of this size, if it has one.

    In a file that was put together from others, the gwcs may be one of another slit.

    Parameters
    ----------
    wcs : gwcs.WCS
    axis : {1, 2}
        The FITS axis of the wavelengths.
    n_wave, n_rows : int
        Pixels along both axes.

    Returns
    -------
    bool
    """
    box = wcs.bounding_box
    if box is None:
        return True
    limits = np.array(box.bounding_box(order="F"), dtype=float)
    size = (n_wave, n_rows) if axis == 1 else (n_rows, n_wave)
    return bool(np.all(np.abs(np.ptp(limits, axis=1) - size) <= 1))


def axes_of_gwcs(
    wcs: Any, axis: int, n_wave: int, n_rows: int, source_row: float | None = None
) -> SlitAxes:
    """Take the axes from the gwcs: pixels -> RA, Dec, wavelength.

    Parameters
    ----------
    wcs : gwcs.WCS
    axis : {1, 2}
        The FITS axis of the wavelengths.
    n_wave, n_rows : int
        Pixels along both axes.
    source_row : float, optional
        The row of the planned source position, where it is known.

    Returns
    -------
    SlitAxes

    Raises
    ------
    ValueError
        If it gives no wavelengths in a unit of length.
    """
    columns = np.arange(n_wave, dtype=float)
    middle = (n_rows - 1) / 2
    row = middle if source_row is None else source_row
    found = []
    for at in dict.fromkeys((row, 0.0, n_rows - 1.0)):
        rows = np.full(n_wave, at)
        world = wcs(*((columns, rows) if axis == 1 else (rows, columns)))
        found.append(np.asarray(world[2], dtype=float))
    unit = u.Unit(wcs.output_frame.unit[2])
    wavelength = (found[0] * unit).to(u.um)
    scale = _pixel_scale(wcs, axis, n_wave // 2, row)
    return SlitAxes(
        wavelength,
        "the gwcs",
        tilt=_tilt(wavelength.value, (np.array(found[1:]) * unit).to_value(u.um)),
        pixel_scale=scale,
        origin_row=row if scale else None,
        origin="" if not scale else "planned source position" if source_row is not None
        else "middle of the slit",
    )  # fmt: skip


def _pixel_scale(wcs: Any, axis: int, column: int, row: float) -> float | None:
    """The angle on the sky from one row to the next, in arcsec, None where there is none."""
    ends = []
    for at in (row - 0.5, row + 0.5):
        pixel = (float(column), at) if axis == 1 else (at, float(column))
        if "slit_frame" in wcs.available_frames:
            # by the slit: in files of old pipelines the sky position runs away along the dispersion
            _, along, wavelength = wcs.get_transform("detector", "slit_frame")(*pixel)
            world = wcs.get_transform("slit_frame", "world")(0.0, along, wavelength)
        else:
            world = wcs(*pixel)
        ends.append(world[:2])
    if not np.isfinite(ends).all():
        return None
    first, second = (SkyCoord(*end, unit="deg") for end in ends)
    scale = float(first.separation(second).arcsec)
    return scale if scale > 0 else None


def source_row_of_gwcs(
    wcs: Any, axis: int, n_wave: int, n_rows: int, header: Mapping[str, Any]
) -> float | None:
    """Return the row of the planned source position, as the pipeline's extract_1d finds it.

    NIRSpec: SRCXPOS and SRCYPOS in the slit. MIRI LRS: DITH_RA and DITH_DEC on the sky.

    Parameters
    ----------
    wcs : gwcs.WCS
    axis : {1, 2}
        The FITS axis of the wavelengths.
    n_wave, n_rows : int
        Pixels along both axes.
    header : mapping
        The keywords of the primary and the SCI header.

    Returns
    -------
    float or None
        From 0; None where it is not known, or outside of the image.
    """
    middle = [(n_wave - 1) / 2, (n_rows - 1) / 2]
    if axis == 2:
        middle.reverse()
    if "slit_frame" in wcs.available_frames:
        if header.get("SRCXPOS") is None or header.get("SRCYPOS") is None:
            return None
        wavelength = wcs.get_transform("detector", "slit_frame")(*middle)[2]
        place = wcs.get_transform("slit_frame", "detector")(
            header["SRCXPOS"], header["SRCYPOS"], wavelength
        )
    elif header.get("DITH_RA") is not None and header.get("DITH_DEC") is not None:
        wavelength = wcs(*middle)[2]
        place = wcs.backward_transform(header["DITH_RA"], header["DITH_DEC"], wavelength)
    else:
        return None
    row = float(place[1] if axis == 1 else place[0])
    return row if -0.5 <= row <= n_rows - 0.5 else None


def axes_of_image(wavelength: np.ndarray) -> SlitAxes:
    """Take the wavelengths from the image of them.

    Parameters
    ----------
    wavelength : ndarray, shape (n_rows, n_wave)
        In micron; NaN or 0 where there is none.

    Returns
    -------
    SlitAxes
        With the median along the slit of each column.
    """
    values = np.where(has_wavelength(wavelength), wavelength, np.nan).astype(float)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        median = np.nanmedian(values, axis=0)
    return SlitAxes(median * u.um, "WAVELENGTH", tilt=_tilt(median, values))


def _tilt(wavelength: np.ndarray, others: np.ndarray) -> float:
    """By how many channels other rows' wavelengths differ from these, at most."""
    if len(wavelength) < 2 or not others.size:
        return 0.0
    step = np.abs(np.gradient(wavelength))
    with np.errstate(divide="ignore", invalid="ignore"):
        channels = np.abs(others - wavelength) / step
    channels = channels[np.isfinite(channels)]
    return float(channels.max()) if channels.size else 0.0


def in_order(axes: SlitAxes, where: str) -> tuple[u.Quantity, np.ndarray]:
    """Return wavelengths for all columns that grow or fall strictly, as specutils requires.

    No column is taken away, so that pixels stay those of the file. Columns without a wavelength
    of their own (none, zero, repeated, out of order) get one between those of their neighbours, or
    beyond them in a constant ratio, and are told apart.

    Parameters
    ----------
    axes : SlitAxes
    where : str
        File and slit, for messages.

    Returns
    -------
    Quantity, shape (n_wave,)
    ndarray of bool, shape (n_wave,)
        Which columns have a wavelength of their own.

    Raises
    ------
    UnreadableProductError
        If fewer than two columns have one, or more than a tenth of those are out of order.
    """
    values = axes.wavelength.value
    own = has_wavelength(values)
    if own.sum() < 2:
        raise UnreadableProductError(
            f"{where}: {'one' if own.any() else 'no'} finite wavelength for {len(values)} columns "
            f"({axes.source}); there is no axis to show it on"
        )
    good = np.flatnonzero(own)
    falling = np.median(np.diff(values[good])) < 0  # not by the ends, one of which may be wrong
    rising = _rising(-values[good] if falling else values[good])
    out = len(good) - len(rising)
    if out > MOST_OUT_OF_ORDER * len(good) or len(rising) < 2:
        raise UnreadableProductError(
            f"{where}: the wavelengths are not in order along the dispersion ({axes.source}: {out} "
            f"of {len(good)} columns); there is no axis to show it on"
        )
    good = good[rising]
    own = np.zeros(len(values), dtype=bool)
    own[good] = True
    filled = np.interp(np.arange(len(values)), good, values[good])
    first, last = good[0], good[-1]
    # in a constant ratio, which is never zero or negative
    filled[:first] = filled[first] * (filled[first] / filled[first + 1]) ** np.arange(first, 0, -1)
    beyond = np.arange(1, len(values) - last)
    filled[last + 1 :] = filled[last] * (filled[last] / filled[last - 1]) ** beyond
    return filled * axes.wavelength.unit, own


def _rising(values: np.ndarray) -> np.ndarray:
    """Indices of the longest part of some values, in their order, that rises strictly.

    Of equal values it is the first that counts.
    """
    if np.all(np.diff(values) > 0):
        return np.arange(len(values))
    ends: list[float] = []  # the lowest end of a rising part of each length
    where: list[int] = []
    before = np.full(len(values), -1)
    for index, value in enumerate(values.tolist()):
        length = bisect_left(ends, value)
        if length < len(ends) and ends[length] == value:
            continue
        before[index] = where[length - 1] if length else -1
        ends[length : length + 1] = [value]
        where[length : length + 1] = [index]
    found = [where[-1]]
    while before[found[-1]] >= 0:
        found.append(int(before[found[-1]]))
    return np.array(found[::-1])
