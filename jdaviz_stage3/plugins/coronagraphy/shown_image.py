"""One image or stack around a star behind a mask: its pixels, and what its file says of them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.stats import sigma_clip

from ...analysis import (
    Occulter,
    TargetPosition,
    diffraction_fwhm,
    filter_wavelength,
    lambda_over_d,
    occulter_of,
    pixel_scale_of,
    target_position,
)
from ...errors import Stage3Error
from ...jdaviz_compat import is_image
from ...loaders.stack_data import StackData
from ...origin import origin_of
from ...readers.units import parse_unit

__all__ = ["COMBINED", "ShownImage", "has_mask", "is_science"]

#: What can be taken of a stack.
COMBINED = {
    "median": "Pixel by pixel, of all frames.",
    "mean": "Pixel by pixel, of all frames.",
    "sigma-clipped mean": "Of what is within 3 σ of the median.",
    "frame shown": "What the viewer shows now.",
}
_EXPOSURES = ("NRC_CORON", "MIR_LYOT", "MIR_4QPM")


def is_science(data: Any) -> bool:
    """Whether data (glue) are an image of what a detector saw: no flags, no errors, no spectrum.

    Parameters
    ----------
    data : glue.core.Data

    Returns
    -------
    bool
    """
    if not is_image(data):
        return False
    origin = origin_of(data)
    return origin is None or origin.part in ("", "SCI")


def has_mask(data: Any) -> bool:
    """Whether data (glue) are an image or a stack behind a coronagraph's mask.

    Parameters
    ----------
    data : glue.core.Data

    Returns
    -------
    bool
    """
    if not is_science(data):
        return False
    mask = str(data.meta.get("CORONMSK") or "NONE").strip().upper()
    kind = str(data.meta.get("EXP_TYPE") or "").strip().upper()
    return mask != "NONE" or kind in _EXPOSURES


class ShownImage:
    """An image or stack in the app, for what is computed of it.

    Parameters
    ----------
    data : glue.core.Data

    Attributes
    ----------
    data : glue.core.Data
    stack : ImageStack or None
        None for an image.
    """

    def __init__(self, data: Any):
        self.data = data
        self.stack = data.stack if isinstance(data, StackData) else None
        self._images: dict[str, u.Quantity] = {}

    @property
    def label(self) -> str:
        """Of the data."""
        return self.data.label

    @property
    def shape(self) -> tuple[int, int]:
        """(ny, nx)."""
        ny, nx = self.data.shape
        return ny, nx

    @property
    def wcs(self) -> Any:
        """Celestial WCS, or None."""
        coords = self.data.coords
        return coords if getattr(coords, "has_celestial", coords is not None) else None

    @cached_property
    def target(self) -> TargetPosition:
        """Where the star is, as the file has it."""
        return target_position(self.data.meta, self.wcs, self.shape)

    @cached_property
    def occulter(self) -> Occulter:
        """What hides it."""
        return occulter_of(self.data.meta)

    @cached_property
    def scale(self) -> u.Quantity | None:
        """Arcsec per pixel; None without a WCS."""
        return pixel_scale_of(self.wcs, *self.target.xy)

    @property
    def lambda_over_d(self) -> u.Quantity | None:
        """None where the filter is not known."""
        wavelength = filter_wavelength(self.data.meta)
        return None if wavelength is None else lambda_over_d(wavelength)

    @property
    def diffraction_fwhm(self) -> u.Quantity | None:
        """FWHM of a point source at the diffraction limit; None where the filter is not known."""
        wavelength = filter_wavelength(self.data.meta)
        return None if wavelength is None else diffraction_fwhm(wavelength)

    @property
    def pixel_area(self) -> u.Quantity | None:
        """Solid angle of a pixel: PIXAR_SR, or by the WCS."""
        try:
            area = float(self.data.meta["PIXAR_SR"])
        except (KeyError, TypeError, ValueError):
            area = np.nan
        if np.isfinite(area) and area > 0:
            return area * u.sr
        return None if self.scale is None else (self.scale.value * u.arcsec).to(u.rad) ** 2

    @property
    def unit(self) -> u.UnitBase:
        """Of the pixels."""
        if self.stack is not None:
            return self.stack.unit
        units = self.data.get_component(self.data.main_components[0]).units
        return parse_unit(str(units) if units else "", self.label)

    def image(self, combine: str) -> u.Quantity:
        """Return the pixels to be looked at.

        Parameters
        ----------
        combine : str
            One of `COMBINED`, for a stack.

        Returns
        -------
        Quantity, shape (ny, nx)
            NaN where excluded.
        """
        if self.stack is None:
            values = np.asarray(self.data[self.data.main_components[0]], float)
            return np.where(np.isfinite(values), values, np.nan) * self.unit
        if combine == "frame shown":
            values = np.array(self.data.picture, float)
            if self.data.is_frame:
                values = np.array(self.stack.frame(self.data.index, blank=True), float)
            return values * self.unit
        if combine not in self._images:
            self._images[combine] = _combined(self.frames(), combine) * self.unit
        return self._images[combine]

    def frames(self) -> np.ndarray:
        """Return all frames of a stack, of four axes those of the integration that is shown.

        Returns
        -------
        ndarray of float32, shape (n, ny, nx)
            NaN where excluded.
        """
        assert self.stack is not None
        place = self.data.index[0]
        if len(self.stack.shape) == 4:
            return self.stack.frames(place, place + 1)[0]
        return self.stack.frames(0, len(self.stack))

    def place(self, text: str) -> tuple[float, float]:
        """Return a position in pixels from what is written.

        Parameters
        ----------
        text : str
            ``x, y`` with a comma; or right ascension and declination as `SkyCoord` reads them.

        Returns
        -------
        tuple of float

        Raises
        ------
        Stage3Error
            If it is neither, or there is no WCS.
        """
        parts = [part.strip() for part in text.split(",")]
        if len(parts) == 2:
            try:
                x, y = (float(part) for part in parts)
            except ValueError:
                pass
            else:
                if np.isfinite(x) and np.isfinite(y):
                    return x, y
        expected = "x, y in pixels with a comma between them, or right ascension and declination"
        try:
            sky = SkyCoord(text, unit=_units_of(text))
        except Exception as err:  # astropy raises as many kinds as there are ways to write one
            raise Stage3Error(f"position {text!r}: expected {expected}") from err
        if self.wcs is None:
            raise Stage3Error(f"{self.label}: has no WCS; give x, y in pixels")
        x, y = (float(axis) for axis in self.wcs.world_to_pixel(sky))
        if not (np.isfinite(x) and np.isfinite(y)):
            raise Stage3Error(f"position {text!r}: is not in {self.label}")
        return x, y


def _units_of(text: str) -> Any:
    """Degrees, or hours and degrees where it looks like these."""
    return (u.hourangle, u.deg) if ":" in text or "h" in text else u.deg


def _combined(frames: np.ndarray, how: str) -> np.ndarray:
    """One image of frames; NaN where all of them are."""
    empty = ~np.isfinite(frames).any(axis=0)
    filled = np.where(empty, 0, frames)
    if how == "median":
        result = np.nanmedian(filled, axis=0)
    elif how == "mean":
        result = np.nanmean(filled, axis=0, dtype=float)
    else:
        clipped = sigma_clip(np.ma.masked_invalid(filled), sigma=3, axis=0, copy=True)
        result = np.ma.mean(clipped, axis=0).filled(np.nan)
    return np.where(empty, np.nan, result).astype(float)
