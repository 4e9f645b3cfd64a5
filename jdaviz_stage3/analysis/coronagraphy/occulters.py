"""Occulting masks, and the width of an image at the diffraction limit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u

from ...errors import Stage3Error

__all__ = [
    "APERTURE_DIAMETER",
    "Occulter",
    "diffraction_fwhm",
    "filter_wavelength",
    "lambda_over_d",
    "occulter_of",
]

#: Diameter of JWST's aperture, as JDox gives it. That of the circle around all segments is 6.603 m
#: (Lightsey et al. 2012, Opt. Eng. 51, 011003).
APERTURE_DIAMETER = 6.5 * u.m

# FWHM of the image of a circular aperture without obstruction, in λ/D: 2J₁(x)/x = 1/√2.
_AIRY_FWHM = 1.0290

_NIRCAM = (
    "JDox, NIRCam Coronagraphic Imaging APT Template: 6 λ/D at 2.1, 3.35 and 4.1 μm for the round "
    "masks, half widths at the ends of the bars"
)
_MIRI = "Boccaletti et al. 2015, PASP 127, 633; JDox, MIRI Coronagraphic Imaging"

# Kind, inner working angle (arcsec) and where that is from. Names as in CORONMSK; NIRCam's have an
# A for the module since 2022, and no A before.
_OCCULTERS: dict[str, tuple[str, tuple[float, float], str]] = {
    "MASK210R": ("round mask", (0.40, 0.40), _NIRCAM),
    "MASK335R": ("round mask", (0.63, 0.63), _NIRCAM),
    "MASK430R": ("round mask", (0.81, 0.81), _NIRCAM),
    "MASKSWB": ("bar", (0.13, 0.39), _NIRCAM),
    "MASKLWB": ("bar", (0.29, 0.87), _NIRCAM),
    "4QPM_1065": ("four-quadrant phase mask", (0.33, 0.33), _MIRI),
    "4QPM_1140": ("four-quadrant phase mask", (0.36, 0.36), _MIRI),
    "4QPM_1550": ("four-quadrant phase mask", (0.49, 0.49), _MIRI),
    "LYOT_2300": ("Lyot spot", (2.16, 2.16), _MIRI),
}
# MIRI's masks without their number, and their filters.
_OF_FILTER = {
    "F1065C": "4QPM_1065", "F1140C": "4QPM_1140", "F1550C": "4QPM_1550", "F2300C": "LYOT_2300",
}  # fmt: skip
_MISNAMED = "F150W2"  # 0.15 um less than the pivot wavelength
_FILTER = re.compile(r"F(\d{3,4})(W2|[WMNC])")


@dataclass(frozen=True)
class Occulter:
    """What hides the star.

    Attributes
    ----------
    name : str
        CORONMSK; empty where it is not given.
    kind : str
        ``'round mask'``, ``'bar'``, ``'four-quadrant phase mask'``, ``'Lyot spot'``, ``'none'`` or
        ``'unknown'``.
    inner_angle : Quantity or None
        Inner working angle: where half of the light of a companion comes through; None where it is
        not known, or not one: along a bar.
    angles : tuple of two Quantities, or None
        Its least and largest: both ends of a bar.
    source : str
        Where the numbers are from.
    """

    name: str
    kind: str
    inner_angle: u.Quantity | None = None
    angles: tuple[u.Quantity, u.Quantity] | None = None
    source: str = ""

    @property
    def words(self) -> str:
        """The mask in a sentence."""
        if self.kind == "none":
            return "No occulting mask (CORONMSK is NONE)."
        if self.kind == "unknown":
            given = f"CORONMSK is {self.name}" if self.name else "there is no CORONMSK"
            return f"The inner working angle is not known: {given}."
        if self.inner_angle is None:
            assert self.angles is not None
            low, high = (angle.to_value(u.arcsec) for angle in self.angles)
            return (
                f'{self.name}, a {self.kind}: half width {low:.2f}" to {high:.2f}" along it, '
                f"where the target is along it is not said ({self.source})."
            )
        angle = self.inner_angle.to_value(u.arcsec)
        return f'{self.name}, a {self.kind}: inner working angle {angle:.2f}" ({self.source}).'


def occulter_of(meta: Mapping[str, Any]) -> Occulter:
    """Tell the occulting mask from the keywords of a file.

    Parameters
    ----------
    meta : mapping
        CORONMSK; for MIRI also FILTER, which goes with the mask.

    Returns
    -------
    Occulter

    Notes
    -----
    The angles are those of the masks' design, in the wavelength that each was made for.
    """
    name = str(meta.get("CORONMSK") or "").strip().upper()
    if name == "NONE":
        return Occulter(name, "none")
    key = re.sub(r"^MASKA(?=\d|SWB|LWB)", "MASK", name)
    if key in ("4QPM", "LYOT"):
        key = _OF_FILTER.get(str(meta.get("FILTER", "")).strip().upper(), key)
    if key not in _OCCULTERS:
        return Occulter(name, "unknown")
    kind, (low, high), source = _OCCULTERS[key]
    angles = (low * u.arcsec, high * u.arcsec)
    return Occulter(name, kind, angles[0] if low == high else None, angles, source)


def filter_wavelength(meta: Mapping[str, Any]) -> u.Quantity | None:
    """Return the nominal wavelength of a filter, which its name says.

    Parameters
    ----------
    meta : mapping
        PUPIL and FILTER; a filter in the pupil wheel is the narrower one.

    Returns
    -------
    Quantity or None
        In um: 4.44 for F444W. Within 2 % of the pivot wavelength; None where neither names a
        filter, and for F150W2, whose name is 10 % off.
    """
    for keyword in ("PUPIL", "FILTER"):
        name = str(meta.get(keyword, "")).strip().upper()
        found = _FILTER.fullmatch(name)
        if found and name != _MISNAMED:
            return int(found[1]) / 100 * u.um
    return None


def lambda_over_d(wavelength: u.Quantity, diameter: u.Quantity = APERTURE_DIAMETER) -> u.Quantity:
    """Return λ/D as an angle.

    Parameters
    ----------
    wavelength : Quantity
    diameter : Quantity, optional
        6.5 m by default. The Lyot stops of coronagraphs leave a smaller pupil: give its effective
        diameter, where it is known.

    Returns
    -------
    Quantity
        In arcsec.

    Raises
    ------
    Stage3Error
        If one of them is no positive length.
    """
    for name, value in (("wavelength", wavelength), ("diameter", diameter)):
        is_length = isinstance(value, u.Quantity) and value.unit.is_equivalent(u.m)
        if not is_length or not np.all(value > 0) or not np.all(np.isfinite(value)):
            raise Stage3Error(f"{name} is {value!r}, expected a positive length with its unit")
    return ((wavelength / diameter).decompose() * u.rad).to(u.arcsec)


def diffraction_fwhm(
    wavelength: u.Quantity, diameter: u.Quantity = APERTURE_DIAMETER
) -> u.Quantity:
    """Return the full width at half maximum of a point source at the diffraction limit.

    Parameters
    ----------
    wavelength : Quantity
    diameter : Quantity, optional
        As for `lambda_over_d`.

    Returns
    -------
    Quantity
        In arcsec: 1.029 λ/D, which is that of a circular aperture without obstruction. JWST's is a
        hexagon of segments, its Lyot stops cut more off: the width of an image of a star that is
        not behind the mask is the better number.
    """
    return _AIRY_FWHM * lambda_over_d(wavelength, diameter)
