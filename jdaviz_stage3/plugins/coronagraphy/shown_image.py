"""One image or stack around a star behind a mask: its pixels, and what its file says of them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from ...analysis import (
    Occulter,
    TargetPosition,
    collapse_stack,
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
from ...viewers.image_frames import pixel_to_pixel

__all__ = ["COMBINED", "COMBINED_BY", "ShownImage", "has_mask", "is_science"]

#: What can be taken of a stack.
COMBINED = {
    "median": "Pixel by pixel, of all frames.",
    "mean": "Pixel by pixel, of all frames.",
    "sigma-clipped mean": "Of what is within 3 σ of the median.",
    "frame shown": "What the viewer shows now.",
}
#: What that is as a statistic of `collapse_stack`.
COMBINED_BY = {"median": "median", "mean": "mean", "sigma-clipped mean": "clipped mean"}
_SAME_PLACE = 0.01  # pixels
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
    if isinstance(data, StackData):
        return True
    if not is_image(data):
        return False
    if isinstance(data, StackData):  # its part may be "all segments"
        return True
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
        self._images: dict[tuple, u.Quantity] = {}

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
        """Of the pixels that are shown."""
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
            if not self.data.is_frame:
                return np.array(self.data.picture, float) * self.unit
            values = np.array(self.stack.frame(self.data.index, blank=True), float)
            return values * self.stack.unit
        key = (combine, self.data.index[:-1])  # of four axes another one for each integration
        if key not in self._images:
            found = collapse_stack(self._frames_of_stack(), COMBINED_BY[combine], errors="none")
            self._images[key] = found.data * self.stack.unit
        return self._images[key]

    def _frames_of_stack(self) -> Any:
        """The stack; of four axes that of the integration that is shown."""
        assert self.stack is not None
        return self.stack if len(self.stack.shape) == 3 else self.stack[self.data.index[0]]

    def frames(self) -> np.ndarray:
        """Return all frames of a stack, of four axes those of the integration that is shown.

        Returns
        -------
        ndarray of float32, shape (n, ny, nx)
            NaN where excluded.
        """
        stack = self._frames_of_stack()
        return stack.frames(0, len(stack))

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
        pixels = _pixels_in(text)
        if pixels is not None:
            return pixels
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

    def places_of(self, text: str, former: ShownImage) -> str:
        """Return positions that were written for another image, at their places on the sky.

        Parameters
        ----------
        text : str
            As for `place`, with semicolons between several.
        former : ShownImage

        Returns
        -------
        str
            Those in pixels in pixels of this image. Without WCS they stay in images of one shape,
            and are left out of others.
        """
        found = [self._place_of(part.strip(), former) for part in text.split(";")]
        return "; ".join(part for part in found if part)

    def _place_of(self, text: str, former: ShownImage) -> str:
        pixels = _pixels_in(text)
        if pixels is None:
            return text
        if self.wcs is None or former.wcs is None:
            return text if self.shape == former.shape else ""
        here = pixel_to_pixel(former.data, self.data, *(np.array(axis) for axis in pixels))
        if np.allclose(here, pixels, rtol=0, atol=_SAME_PLACE):
            return text
        return "{:.2f}, {:.2f}".format(*here) if np.all(np.isfinite(here)) else ""


def _pixels_in(text: str) -> tuple[float, float] | None:
    """What is written as x, y; None if it is something else."""
    parts = text.split(",")
    try:
        x, y = (float(part) for part in parts)
    except ValueError:
        return None
    return (x, y) if np.isfinite(x) and np.isfinite(y) else None


def _units_of(text: str) -> Any:
    """Degrees, or hours and degrees where it looks like these."""
    return (u.hourangle, u.deg) if ":" in text or "h" in text else u.deg
