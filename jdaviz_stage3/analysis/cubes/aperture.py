"""Spectra in a circle on the sky, of one cube or of several."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.nddata import StdDevUncertainty
from astropy.wcs.utils import proj_plane_pixel_scales
from photutils.aperture import CircularAnnulus, CircularAperture
from specutils import Spectrum

from ...errors import Stage3Error, Stage3Warning
from ...readers.stored_cube import StoredCube
from .planes import CubePlanes, planes_of
from .total import as_flux

__all__ = ["aperture_radius", "aperture_spectra", "aperture_spectrum", "pixel_scale"]

_SQUARE = 1e-3  # sides of pixels that differ by less
_COVERED = 0.995  # of the aperture; below that it is said


def aperture_spectrum(
    cube: Spectrum | StoredCube | CubePlanes,
    center: SkyCoord,
    radius: u.Quantity,
    *,
    reference: u.Quantity | None = None,
    annulus: tuple[u.Quantity, u.Quantity] | None = None,
) -> Spectrum:
    """Sum a cube over a circle on the sky, with the part of each pixel that lies in it.

    Parameters
    ----------
    cube : Spectrum or StoredCube
        Of three axes, wavelength first: as `jdaviz_stage3.read` gives it, of which only the window
        around the circle is read.
    center : SkyCoord
    radius : Quantity
        On the sky: one, or one for each wavelength.
    reference : Quantity, optional
        The wavelength at which the radius is ``radius``: it grows in proportion to wavelength, as
        the width of a diffraction-limited image does. Constant by default.
    annulus : pair of Quantities, optional
        Inner and outer radius of a ring whose mean surface brightness is subtracted; they grow as
        the radius does. Nothing is subtracted by default.

    Returns
    -------
    specutils.Spectrum
        In Jy for a cube in MJy/sr: surface brightness times solid angle. Its ``uncertainty``
        includes that of what was subtracted. ``meta["n_pixels"]`` is how many pixels the circle
        holds at each wavelength, excluded ones aside, ``meta["coverage"]`` the part of it that
        they are of all, ``meta["radius"]`` its radius. What is missing is not made up for;
        where all is, the flux is NaN and masked.

    Raises
    ------
    Stage3Error
        If the cube has no celestial coordinates, the centre is outside of it, or a radius is not
        a positive angle.

    Warns
    -----
    Stage3Warning
        If a part of the circle is outside the field or excluded, at some wavelengths or at all.

    Notes
    -----
    The overlap of circle and pixels is that of `photutils.aperture.CircularAperture` with
    ``method="exact"``. Uncertainties are those of independent pixels, √Σ(wσ)²: a lower limit, for
    neighbours in a resampled cube are not; NaN where one of them is not finite. Nothing is
    corrected for light outside the circle.
    """
    planes = planes_of(cube)
    x, y, scale = _place(planes, center)
    radii = aperture_radius(planes.wavelength, radius, reference).to_value(u.arcsec) / scale
    rings = None
    if annulus is not None:
        rings = [
            aperture_radius(planes.wavelength, edge, reference).to_value(u.arcsec) / scale
            for edge in annulus
        ]
        if np.any(rings[0] >= rings[1]):
            raise Stage3Error(f"the annulus is {annulus[0]} to {annulus[1]}: from small to large")
    farthest = float(np.max(radii if rings is None else np.maximum(radii, rings[1])))
    _, ny, nx = planes.shape
    rows, columns = _window(y, farthest, ny), _window(x, farthest, nx)
    place = (x - columns.start, y - rows.start)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    n_wave = planes.shape[0]
    total, variance, used, level, level_variance = (np.full(n_wave, np.nan) for _ in range(5))
    weights = _Weights(place, shape)
    for piece in planes.pieces(rows=rows, columns=columns):
        good = np.isfinite(piece.values)
        values = np.where(good, piece.values, 0).astype(float)
        errors = None if piece.errors is None else np.where(good, piece.errors, 0).astype(float)
        for i, k in enumerate(range(piece.start, piece.stop)):
            weight = weights.circle(radii[k]) * good[i]
            used[k] = weight.sum()
            total[k] = (weight * values[i]).sum()
            if errors is not None:
                variance[k] = _variance(weight, errors[i])
            if rings is not None:
                ring = weights.ring(rings[0][k], rings[1][k]) * good[i]
                if (norm := ring.sum()) > 0:
                    level[k] = (ring * values[i]).sum() / norm
                    if errors is not None:
                        level_variance[k] = _variance(ring, errors[i]) / norm**2
    if rings is not None:
        total -= level * used
        variance += level_variance * used**2
    coverage = used / (np.pi * radii**2)
    empty = (used == 0) | ~np.isfinite(total)
    total[empty] = variance[empty] = np.nan
    _warn_of_missing(coverage)
    meta = planes.meta | {
        "n_pixels": used, "coverage": coverage, "radius": radii * scale * u.arcsec,
        "center": center,
    }  # fmt: skip
    flux, error = (
        as_flux(each * planes.unit, planes.pixel_area) for each in (total, np.sqrt(variance))
    )
    return Spectrum(
        flux=flux,
        spectral_axis=planes.wavelength,
        uncertainty=StdDevUncertainty(error) if planes.has_errors else None,
        mask=empty,
        meta=meta,
    )


def aperture_spectra(
    cubes: Iterable[Spectrum | StoredCube | CubePlanes],
    center: SkyCoord,
    radius: u.Quantity,
    *,
    reference: u.Quantity | None = None,
    annulus: tuple[u.Quantity, u.Quantity] | None = None,
) -> list[Spectrum]:
    """Sum several cubes over the same circle on the sky: the bands of MIRI MRS.

    Parameters
    ----------
    cubes : iterable of Spectrum or StoredCube
    center : SkyCoord
    radius : Quantity
    reference : Quantity, optional
    annulus : pair of Quantities, optional
        See `aperture_spectrum`.

    Returns
    -------
    list of specutils.Spectrum
        In the order of their wavelengths. ``meta["band_name"]`` is what they are called:
        channel and band, or grating and filter.

    Raises
    ------
    Stage3Error
        As `aperture_spectrum` does; it says of which cube.
    """
    spectra = []
    for cube in cubes:
        planes = planes_of(cube)
        name = band_name(planes.meta)
        try:
            spectrum = aperture_spectrum(
                planes, center, radius, reference=reference, annulus=annulus
            )
        except Stage3Error as err:
            raise Stage3Error(f"{name}: {err}" if name else str(err)) from err
        spectrum.meta["band_name"] = name
        spectra.append(spectrum)
    return sorted(spectra, key=lambda spectrum: spectrum.spectral_axis.min())


def band_name(meta: dict[str, Any]) -> str:
    """Return what the band of a cube is called: ``'1 SHORT'``, ``'G395H F290LP'``.

    Parameters
    ----------
    meta : dict
        Keywords of its file.

    Returns
    -------
    str
        Empty where they do not say.
    """
    for keys in (("CHANNEL", "BAND"), ("GRATING", "FILTER")):
        words = [str(meta[key]).strip() for key in keys if meta.get(key) not in (None, "", "N/A")]
        if words:
            return " ".join(words)
    return ""


def aperture_radius(
    wavelength: u.Quantity, radius: u.Quantity, reference: u.Quantity | None = None
) -> u.Quantity:
    """Return the radius of an aperture at each wavelength.

    Parameters
    ----------
    wavelength : Quantity, shape (n_wave,)
    radius : Quantity
        One, or one for each wavelength.
    reference : Quantity, optional
        The wavelength at which it is ``radius``; it grows in proportion to wavelength.

    Returns
    -------
    Quantity, shape (n_wave,)

    Raises
    ------
    Stage3Error
        If it is no positive angle, or ``reference`` no wavelength.
    """
    try:
        angle = u.Quantity(radius).to(u.arcsec)
        if reference is not None:
            angle = angle * (wavelength / u.Quantity(reference).to(u.um, u.spectral())).to_value("")
    except (u.UnitConversionError, TypeError) as err:
        raise Stage3Error(
            f"the radius is {radius}, its reference {reference}: give an angle, such as "
            "0.5 * u.arcsec, and a wavelength or nothing"
        ) from err
    try:
        angles = np.broadcast_to(angle, wavelength.shape, subok=True)
    except ValueError as err:
        raise Stage3Error(
            f"there are {angle.size} radii, expected one or {wavelength.size}"
        ) from err
    if not np.all(angles > 0):
        raise Stage3Error(f"the radius is {radius}, expected more than 0")
    return angles


def pixel_scale(planes: CubePlanes) -> float:
    """Return the side of a pixel of a cube in arcsec.

    Parameters
    ----------
    planes : CubePlanes

    Returns
    -------
    float

    Raises
    ------
    Stage3Error
        If there are no celestial coordinates, or pixels are not square.
    """
    if not getattr(planes.wcs, "has_celestial", False):
        raise Stage3Error("the cube has no celestial coordinates, so there is no circle on the sky")
    sides = proj_plane_pixel_scales(planes.wcs.celestial) * 3600
    if abs(sides[0] / sides[1] - 1) > _SQUARE:
        raise Stage3Error(
            f"pixels are {sides[0]:.4g} × {sides[1]:.4g} arcsec, expected squares, in which a "
            "circle on the sky is one"
        )
    return float(np.mean(sides))


def _place(planes: CubePlanes, center: SkyCoord) -> tuple[float, float, float]:
    """Where the centre is, in pixels from 0, and the side of a pixel in arcsec."""
    scale = pixel_scale(planes)
    if not isinstance(center, SkyCoord) or not center.isscalar:
        raise Stage3Error("center is no SkyCoord of one position; give SkyCoord(ra, dec, unit=…)")
    x, y = (float(value) for value in planes.wcs.celestial.world_to_pixel(center))
    _, ny, nx = planes.shape
    if not (-0.5 <= x <= nx - 0.5 and -0.5 <= y <= ny - 0.5):
        middle = planes.wcs.celestial.pixel_to_world((nx - 1) / 2, (ny - 1) / 2)
        raise Stage3Error(
            f"the centre {center.to_string('hmsdms', precision=2)} is outside the field, "
            f"{center.separation(middle).to_value(u.arcsec):.3g} arcsec from its middle"
        )
    return x, y, scale


def _window(place: float, radius: float, length: int) -> slice:
    """The pixels along one axis that a circle may touch."""
    first, last = int(np.floor(place - radius)), int(np.ceil(place + radius))
    return slice(max(0, first), min(length, last + 1))


class _Weights:
    """The parts of pixels within circles about one place; the last ones are kept."""

    def __init__(self, place: tuple[float, float], shape: tuple[int, int]):
        self._place, self._shape = place, shape
        self._kept: dict[tuple[float, ...], np.ndarray] = {}

    def circle(self, radius: float) -> np.ndarray:
        return self._of((radius,), CircularAperture)

    def ring(self, inner: float, outer: float) -> np.ndarray:
        return self._of((inner, outer), CircularAnnulus)

    def _of(self, radii: tuple[float, ...], kind: type) -> np.ndarray:
        if radii not in self._kept:
            if len(self._kept) > 4:
                self._kept.clear()
            mask = kind(self._place, *radii).to_mask(method="exact").to_image(self._shape)
            self._kept[radii] = np.zeros(self._shape) if mask is None else mask
        return self._kept[radii]


def _variance(weight: np.ndarray, error: np.ndarray) -> float:
    """Σ(wσ)²; NaN only if the error of a pixel of the aperture is not known."""
    return float(np.square(weight * np.where(weight > 0, error, 0)).sum())


def _warn_of_missing(coverage: np.ndarray) -> None:
    best = float(np.nanmax(coverage, initial=0))
    if best < _COVERED:
        text = f"at most {best:.0%} of the aperture has samples that can be used"
    else:
        low = coverage[(coverage > 0) & (coverage < _COVERED)]
        if not low.size:
            return
        text = (
            f"at {low.size} of {coverage.size} wavelengths only a part of the aperture, down to "
            f"{low.min():.0%}, has samples that can be used"
        )
    warnings.warn(
        f"{text}; the rest is outside the field or excluded, and is not made up for "
        "(meta['coverage'] has the part for each wavelength)",
        Stage3Warning,
        stacklevel=3,
    )
