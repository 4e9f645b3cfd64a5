"""Companions that are put into images, and what is left of them after a subtraction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import QTable
from scipy.ndimage import fourier_shift

from ...errors import Stage3Error
from .elements import ElementSums
from .separations import PixelAngles, check_positive
from .star import as_image, peak_position

__all__ = ["inject_companions", "measured_throughput"]

_APART = 4.0  # FWHM between companions that are put in together


def inject_companions(
    image: Any,
    psf: Any,
    positions: Iterable[Sequence[float]],
    contrast: Any,
    *,
    fwhm: float,
    star_flux: float | None = None,
    aperture_fraction: float | None = None,
    psf_center: tuple[float, float] | None = None,
) -> Any:
    """Add point sources to an image, or to all frames of a stack.

    Parameters
    ----------
    image : ndarray or Quantity, shape (ny, nx) or (n, ny, nx)
    psf : ndarray or Quantity, shape (my, mx)
        Image of a point source at the scale of ``image``; NaN counts as 0. Companions are beside
        the mask: the image of a star behind it (psfstack, psfalign) is none of them.
    positions : iterable of (x, y), or ndarray of shape (n, k, 2)
        Pixels counted from 0: the same in all frames, or those of each frame, for rolls.
    contrast : float or sequence of float
        Of the companions to the star. Without ``star_flux`` the PSF is the image of the star, and
        the companions are that many times it.
    fwhm : float
        Of the PSF in pixels, by which it is centred.
    star_flux : float, optional
        Sum over the star in the unit of ``image``, over all of its light with
        ``aperture_fraction``; the PSF is scaled to it.
    aperture_fraction : float, optional
        How much of the light of a point source is in a circle of one FWHM: then that circle around
        the PSF holds this part of contrast × ``star_flux``. Without it, the sum of the whole PSF is
        contrast × ``star_flux``.
    psf_center : tuple of float, optional
        x and y of its centre; by default where the sum over one FWHM is largest.

    Returns
    -------
    ndarray or Quantity
        A copy, NaN where it was. What lies outside of the image is lost.

    Raises
    ------
    Stage3Error
        If shapes, units or numbers do not fit.

    Notes
    -----
    The PSF is shifted by fractions of a pixel in Fourier space, as the pipeline's ``align_refs``
    does, with zeros around it: exact for an image at the diffraction limit with two pixels or more
    in a λ/D.
    """
    unit = getattr(image, "unit", None)
    frames = np.array(getattr(image, "value", image), dtype=float)
    if frames.ndim not in (2, 3):
        raise Stage3Error(f"the image has shape {frames.shape}, expected (ny, nx) or (n, ny, nx)")
    values = _in_unit(psf, unit if star_flux is None else None)
    check_positive(fwhm=fwhm)
    center = peak_position(values, fwhm) if psf_center is None else psf_center
    values = _scaled(np.nan_to_num(values), center, fwhm, star_flux, aperture_fraction)
    stack = frames if frames.ndim == 3 else frames[None]
    places = np.array(
        positions if isinstance(positions, np.ndarray) else list(positions), dtype=float
    )
    if places.ndim == 2:
        places = np.broadcast_to(places, (len(stack), *places.shape))
    if places.ndim != 3 or places.shape[::2] != (len(stack), 2):
        raise Stage3Error(
            f"positions have shape {places.shape}, expected (k, 2) or ({len(stack)}, k, 2)"
        )
    ratios = np.broadcast_to(np.asarray(contrast, float), places.shape[1])
    if not np.all(np.isfinite(ratios)) or not np.all(np.isfinite(places)):
        raise Stage3Error("positions and contrasts of companions must be finite")
    added: dict[tuple[float, float], tuple[np.ndarray, int, int]] = {}
    for frame, of_frame in zip(stack, places, strict=True):
        for (x, y), ratio in zip(of_frame, ratios, strict=True):
            key = (float(x), float(y))
            if key not in added:
                added[key] = _shifted(values, center, *key)
            _add(frame, *added[key], ratio)
    return frames if unit is None else frames * unit


def _in_unit(psf: Any, unit: Any) -> np.ndarray:
    """The PSF in the unit of an image, where both have one."""
    values, of_psf = as_image(psf, None, "the PSF")
    if unit is None or not isinstance(psf, u.Quantity):
        return values
    try:
        return (values * of_psf).to_value(unit)
    except u.UnitConversionError as err:
        raise Stage3Error(f"the PSF is in {of_psf}, the image in {unit}") from err


def _scaled(
    psf: np.ndarray, center: tuple[float, float], fwhm: float, star_flux: float | None,
    fraction: float | None,
) -> np.ndarray:  # fmt: skip
    """The PSF as the image of the star."""
    if star_flux is None:
        return psf
    check_positive(star_flux=star_flux)
    if fraction is None:
        total = psf.sum()
    else:
        [total] = ElementSums(psf, fwhm).at(*(np.array([axis]) for axis in center))
        star_flux = star_flux * fraction
    if not np.isfinite(total) or total <= 0:
        raise Stage3Error(f"the sum over the PSF is {total:.3g}, expected one above zero")
    return psf * (star_flux / total)


def _shifted(
    psf: np.ndarray, center: tuple[float, float], x: float, y: float
) -> tuple[np.ndarray, int, int]:
    """A PSF moved to a place: an array, and the row and column of its first pixel."""
    ny, nx = psf.shape
    pad = [max(8, side // 2) for side in (ny, nx)]
    wide = np.pad(psf, [(pad[0], pad[0]), (pad[1], pad[1])])
    moves = y - center[1], x - center[0]
    whole = [int(np.rint(move)) for move in moves]
    parts = [move - step for move, step in zip(moves, whole, strict=True)]
    moved = np.fft.ifft2(fourier_shift(np.fft.fft2(wide), parts)).real
    return moved, whole[0] - pad[0], whole[1] - pad[1]


def _add(frame: np.ndarray, psf: np.ndarray, row: int, column: int, ratio: float) -> None:
    """Add to the part of a frame that an array lies over."""
    low = max(row, 0), max(column, 0)
    high = min(row + psf.shape[0], frame.shape[0]), min(column + psf.shape[1], frame.shape[1])
    if low[0] >= high[0] or low[1] >= high[1]:
        return
    frame[low[0] : high[0], low[1] : high[1]] += (
        ratio * psf[low[0] - row : high[0] - row, low[1] - column : high[1] - column]
    )


def measured_throughput(
    image: Any,
    psf: Any,
    reduce: Callable[[Any], Any],
    *,
    center: tuple[float, float],
    fwhm: float | u.Quantity,
    separations: Any,
    contrast: float,
    pixel_scale: u.Quantity | None = None,
    n_angles: int = 6,
    mask_transmission: Callable[[Any], Any] | None = None,
    **scaling: Any,
) -> QTable:
    """Measure how much of a companion a reduction leaves.

    Companions are put into the frames before the reduction, at several position angles, and
    measured in the difference of what the reduction gives with them and without them.

    Parameters
    ----------
    image : ndarray or Quantity, shape (ny, nx) or (n, ny, nx)
        What is reduced: frames before the subtraction of the star.
    psf : ndarray or Quantity, shape (my, mx)
        Image of the star that is not behind the mask (`inject_companions`).
    reduce : callable
        Takes an array like ``image`` and returns one image (ny, nx) with the star at the same
        place.
    center : tuple of float
        x and y of the star.
    fwhm : float or Quantity
        In pixels, or as an angle with ``pixel_scale``.
    separations : Quantity or ndarray
        In pixels if it has no unit.
    contrast : float
        Of the companions: well above the noise, and far below what the subtraction takes for star.
    pixel_scale : Quantity, optional
        Arcsec per pixel.
    n_angles : int, optional
        How many position angles.
    mask_transmission : callable, optional
        How much of a companion the occulting mask lets through, by separation: what is put in is
        multiplied with it. All of it by default.
    **scaling
        ``star_flux``, ``aperture_fraction``, ``psf_center`` of `inject_companions`.

    Returns
    -------
    QTable
        ``separation``, ``throughput`` (mean over the angles), ``scatter`` (their standard
        deviation), ``n`` angles that count. NaN where an element lies outside of the image.

    Raises
    ------
    Stage3Error
        If shapes, units or numbers do not fit.

    Notes
    -----
    Companions less than four FWHM apart are put in one after another, so that none is measured in
    the wings of its neighbour. A subtraction that adapts to the frames removes less of a bright
    companion than of a faint one: take one near the detection threshold.
    """
    to_pixels = PixelAngles(pixel_scale)
    width = to_pixels(fwhm, "fwhm")
    check_positive(fwhm=width, contrast=contrast, n_angles=n_angles)
    radii = np.atleast_1d(to_pixels(separations, "separations"))
    angles = to_pixels.back(radii)
    passed = np.ones(len(radii))
    if mask_transmission is not None:
        passed = np.broadcast_to(np.asarray(mask_transmission(angles), float), radii.shape)
    psf = _in_unit(psf, None if "star_flux" in scaling else getattr(image, "unit", None))
    without = _image_of(reduce, image)
    left = np.full((n_angles, len(radii)), np.nan)
    n_groups = _groups(radii, width)
    for k, turn in enumerate(2 * np.pi * np.arange(n_angles) / n_angles):
        for group in n_groups:
            places = [
                (center[0] + radii[i] * np.cos(turn), center[1] + radii[i] * np.sin(turn))
                for i in group
            ]
            x, y = np.array(places).T
            options = dict(fwhm=width, **scaling)
            ratios = contrast * passed[group]
            added = inject_companions(image, psf, places, ratios, **options)
            alone = inject_companions(np.zeros(without.shape), psf, places, contrast, **options)
            found = ElementSums(_image_of(reduce, added) - without, width).at(x, y)
            left[k, group] = found / ElementSums(alone, width).at(x, y)
    count = np.isfinite(left).sum(axis=0)
    known = np.where(count > 0, count, np.nan)
    mean = np.nansum(left, axis=0) / known
    spread = np.sqrt(np.nansum((left - mean) ** 2, axis=0) / np.where(count > 1, count - 1, np.nan))
    return QTable(
        {"separation": angles, "throughput": mean, "scatter": spread, "n": count},
        meta={"contrast": float(contrast), "fwhm_pixels": float(width)},
    )


def _image_of(reduce: Callable[[Any], Any], image: Any) -> np.ndarray:
    reduced = reduce(image)
    values = np.asarray(getattr(reduced, "value", reduced), dtype=float)
    if values.ndim != 2:
        raise Stage3Error(f"the reduction gave shape {values.shape}, expected one image (ny, nx)")
    return values


def _groups(radii: np.ndarray, fwhm: float) -> list[list[int]]:
    """Indices of separations that are far enough apart to be measured together."""
    groups: list[list[int]] = []
    for i in np.argsort(radii):
        for group in groups:
            if radii[i] - radii[group[-1]] >= _APART * fwhm:
                group.append(int(i))
                break
        else:
            groups.append([int(i)])
    return groups
