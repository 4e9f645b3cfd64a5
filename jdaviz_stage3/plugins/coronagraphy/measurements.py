"""What is measured of an image, with the settings of the panel."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import QTable

from ...analysis import SignalToNoise, contrast_curve, inject_companions, snr_map
from ...analysis.coronagraphy.star import airy_fraction, flux_scale, star_in_unit
from ...errors import Stage3Error
from .shown_image import ShownImage

__all__ = ["Measurement"]

_AIRY_FWHM = 1.0290  # λ/D
_SAME_SCALE = 0.01  # of pixels, relative to each other
_SIZE = 6  # FWHM, half of the side of a Gaussian that is injected


class Measurement:
    """An image and the settings.

    Parameters
    ----------
    shown : ShownImage
    panel : Coronagraphy
        Its controls are read when they are needed.
    own : bool
        Whether the position of the star and of companions are those of the panel: they are for the
        image that is chosen there. The companions of another one are at the same places on the sky.

    Attributes
    ----------
    shown : ShownImage
    """

    def __init__(self, shown: ShownImage, panel: Any, own: bool = True):
        self.shown, self._panel, self._own = shown, panel, own

    # ---- the settings ----

    @property
    def star(self) -> tuple[float, float]:
        """x and y of the star."""
        text = self._panel.center.strip()
        return self.shown.place(text) if text and self._own else self.shown.target.xy

    @property
    def fwhm(self) -> u.Quantity | float:
        """Of a point source: an angle, or pixels where there is no scale."""
        given = self._panel.fwhm
        if given in ("", None):
            width = self.shown.diffraction_fwhm
            if width is None:
                raise Stage3Error(
                    f"{self.shown.label}: the filter is not known; give fwhm, in arcsec"
                )
        else:
            width = _number(given, "fwhm") * u.arcsec
        if self.shown.scale is None:
            raise Stage3Error(
                f"{self.shown.label}: has no WCS, so that arcsec are not known in pixels"
            )
        return width

    @property
    def fwhm_pixels(self) -> float:
        """The same in pixels."""
        return float((self.fwhm / self.shown.scale).to_value(u.pix))

    @cached_property
    def companions(self) -> list[tuple[float, float]]:
        """Known companions, in pixels."""
        parts = [part.strip() for part in self._panel.companions.split(";")]
        chosen = self._panel.chosen_image()
        places = [chosen.place(part) for part in parts if part]
        if self._own or not places:
            return places
        if chosen.wcs is None or self.shown.wcs is None:
            raise Stage3Error(
                f"{self.shown.label}: known companions of {chosen.label} cannot be placed in it "
                "without a WCS of both"
            )
        sky = chosen.wcs.pixel_to_world(*np.array(places).T)
        return [
            tuple(map(float, place)) for place in np.transpose(self.shown.wcs.world_to_pixel(sky))
        ]

    @property
    def star_flux(self) -> Any:
        """Flux of the star, None where it is not given."""
        if self._panel.star_flux in ("", None):
            return None
        value = float(self._panel.star_flux)
        if self._panel.star_unit_selected == "mag(AB)":
            return value * u.ABmag
        return value * u.Unit(self._panel.star_unit_selected)

    @property
    def psf(self) -> ShownImage | None:
        """A star that is not behind the mask, where one is chosen."""
        return self._panel.chosen_psf()

    def star_image(self) -> u.Quantity:
        """Return its image, if that has the scale of the image."""
        assert self.psf is not None
        scales = [each.scale for each in (self.shown, self.psf)]
        if None not in scales and abs(float(scales[1] / scales[0]) - 1) > _SAME_SCALE:
            raise Stage3Error(
                f"{self.psf.label}: has pixels of {scales[1].value:.4f} arcsec, expected those of "
                f"{self.shown.label}, {scales[0].value:.4f} arcsec"
            )
        return self.psf.image(self.combine)

    @property
    def combine(self) -> str:
        """What is taken of a stack."""
        return self._panel.combine_selected

    @property
    def image(self) -> u.Quantity:
        """The pixels."""
        return self.shown.image(self.combine)

    def options(self) -> dict[str, Any]:
        """What `contrast_curve` is called with, beside the image."""
        options: dict[str, Any] = {
            "center": tuple(round(axis, 3) for axis in self.star),
            "fwhm": self.fwhm,
            "pixel_scale": self.shown.scale,
            "pixel_area": self.shown.pixel_area,
            "star_flux": self.star_flux,
            "sigma": _number(self._panel.sigma, "sigma"),
            "throughput": _number(self._panel.throughput, "throughput"),
            "companions": self.companions,
            "noise": self._panel.noise_selected,
            "lambda_over_d": self.shown.lambda_over_d,
        }
        return {name: value for name, value in options.items() if value is not None}

    # ---- results ----

    def contrast_curve(self) -> QTable:
        """Take the contrast curve."""
        options = self.options()
        if self.star_flux is None and self.psf is not None:
            options["star_psf"] = self.star_image()
        curve = contrast_curve(self.image, **options)
        curve.meta["image"] = self.shown.label
        if self.shown.stack is not None:
            one = self.combine == "frame shown"
            curve.meta["frames"] = self.shown.data.title if one else self.combine
        return curve

    def snr_map(self) -> SignalToNoise:
        """Take signal to noise at each pixel."""
        return snr_map(
            self.image, center=self.star, fwhm=self.fwhm, pixel_scale=self.shown.scale,
            companions=self.companions,
        )  # fmt: skip

    def brightest(self, found: SignalToNoise) -> str:
        """Say where the significance is largest."""
        if not np.isfinite(found.significance).any():
            return "No pixel has enough resolution elements on its ring."
        y, x = np.unravel_index(np.nanargmax(found.significance), found.significance.shape)
        n = found.n_elements[y, x]
        return (
            f"Most significant: {found.significance[y, x]:.1f} σ (S/N {found.snr[y, x]:.1f} of {n} "
            f"elements) at x = {x}, y = {y}, {self._separation(float(x), float(y))}."
        )

    def _separation(self, x: float, y: float) -> str:
        pixels = np.hypot(x - self.star[0], y - self.star[1])
        if self.shown.scale is None:
            return f"{pixels:.1f} pixels from the star"
        return f'{pixels * self.shown.scale.value:.2f}" from the star'

    def place(self, position: Any) -> tuple[float, float]:
        """Return a position in pixels.

        Parameters
        ----------
        position : str, SkyCoord or (x, y)
        """
        if isinstance(position, str):
            if not position.strip():
                raise Stage3Error("Coronagraphy: no position is given; click, or write one")
            return self.shown.place(position)
        if isinstance(position, SkyCoord):
            if self.shown.wcs is None:
                raise Stage3Error(f"{self.shown.label}: has no WCS; give x, y in pixels")
            x, y = (float(axis) for axis in self.shown.wcs.world_to_pixel(position))
            return x, y
        x, y = (float(axis) for axis in position)
        return x, y

    def with_companion(
        self, place: tuple[float, float], contrast: float
    ) -> tuple[u.Quantity, dict[str, float]]:
        """Put a companion into the image.

        Parameters
        ----------
        place : tuple of float
            x and y.
        contrast : float

        Returns
        -------
        image : Quantity
        found : dict
            Its place, separation, signal to noise and significance.
        """
        contrast = _number(contrast, "contrast")
        ny, nx = self.shown.shape
        if not (-0.5 <= place[0] < nx - 0.5 and -0.5 <= place[1] < ny - 0.5):
            raise Stage3Error(
                f"position x = {place[0]:.1f}, y = {place[1]:.1f}: is outside of {self.shown.label}"
            )
        image, width = self.image, self.fwhm_pixels
        fraction = airy_fraction(_AIRY_FWHM, _AIRY_FWHM / width)
        source = _gaussian(width) if self.psf is None else self.star_image()
        star = self.star_flux
        if star is None and self.psf is None:
            raise Stage3Error(
                "Coronagraphy: give the star's flux, or the image of a star that is not behind the "
                "mask, for the brightness of a companion"
            )
        if star is not None:
            scale = flux_scale(image.unit, self.shown.pixel_area)
            star = star_in_unit(star, scale.unit) / scale.value
        added = inject_companions(
            image, source, [place], contrast, fwhm=width, star_flux=star,
            aperture_fraction=None if star is None else fraction,
        )  # fmt: skip
        reach = np.hypot(place[0] - self.star[0], place[1] - self.star[1])
        found = snr_map(
            added, center=self.star, fwhm=width, companions=[*self.companions, place],
            inner=max(reach - 1.5, 1e-3), outer=reach + 1.5,
        )  # fmt: skip
        row, column = int(np.rint(place[1])), int(np.rint(place[0]))
        scale_of = self.shown.scale
        return added, {
            "x": place[0],
            "y": place[1],
            "separation": float(reach * (1 if scale_of is None else scale_of.value)),
            "snr": float(found.snr[row, column]),
            "significance": float(found.significance[row, column]),
        }

    def in_words(self, found: dict[str, float], contrast: float) -> str:
        """Say what was measured of an injected companion."""
        where = self._separation(found["x"], found["y"])
        if not np.isfinite(found["snr"]):
            return f"Injected {where}, where signal to noise is not known: too few elements."
        return (
            f"Injected {where} at contrast {contrast:.3g}: {found['significance']:.1f} σ, S/N "
            f"{found['snr']:.1f} at its pixel. It was put in after the subtraction, which takes "
            "nothing of it: throughput 1."
        )


def _number(value: Any, name: str) -> float:
    if not isinstance(value, (int, float)) or not 0 < value < np.inf:
        raise Stage3Error(f"{name} is {value!r}, expected a number above 0")
    return float(value)


def _gaussian(fwhm: float) -> np.ndarray:
    half = int(np.ceil(_SIZE * fwhm))
    axis = np.arange(-half, half + 1)
    return np.exp(-4 * np.log(2) * (axis**2 + axis[:, None] ** 2) / fwhm**2)
