"""Contrast curves: how faint a companion would be told from the noise, by its separation."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import QTable

from ...errors import Stage3Error, Stage3Warning
from ..scatter import sigma_of_deviations
from .elements import ElementSums, count_elements, ring_elements
from .separations import PixelAngles, check_positive, check_width, ring_radii
from .star import airy_fraction, as_image, flux_scale, peak_position, star_in_unit
from .thresholds import FEWEST_FOR_MAD, check_noise, detection_threshold

__all__ = ["contrast_curve", "without_companions"]

_FEWEST = 3  # elements; of two the scatter is one number
_AIRY_FWHM = 1.0290  # λ/D


def without_companions(
    image: np.ndarray, companions: Iterable[Sequence[float]], radius: float
) -> np.ndarray:
    """Return an image with NaN around known companions.

    Parameters
    ----------
    image : ndarray, shape (ny, nx)
    companions : iterable of (x, y)
        Pixels counted from 0.
    radius : float
        In pixels.

    Returns
    -------
    ndarray
        A copy.
    """
    result = image.copy()
    rows, columns = np.indices(image.shape)
    for x, y in companions:
        result[np.hypot(columns - x, rows - y) <= radius] = np.nan
    return result


def contrast_curve(
    image: Any,
    *,
    center: tuple[float, float],
    fwhm: float | u.Quantity,
    pixel_scale: u.Quantity | None = None,
    pixel_area: u.Quantity | None = None,
    star_flux: Any = None,
    star_psf: Any = None,
    aperture_fraction: float | None = None,
    error: Any = None,
    mask: Any = None,
    companions: Iterable[Sequence[float]] = (),
    companion_radius: float = 1.5,
    sigma: float = 5.0,
    throughput: Any = 1.0,
    separations: Any = None,
    inner: Any = None,
    outer: Any = None,
    noise: str = "std",
    lambda_over_d: u.Quantity | None = None,
    coverage: float = 1.0,
    fewest: int = _FEWEST,
) -> QTable:
    """Return the faintest companion that would be detected, for each separation from the star.

    At each separation circles of one FWHM lie side by side on a ring around the star. The scatter
    of the sums over them is the noise, and a companion is detected if its sum exceeds their mean by
    `detection_threshold` × noise.

    Parameters
    ----------
    image : ndarray, Quantity or NDData, shape (ny, nx)
        After subtraction of the star: one integration, a mean or median of them, or a mosaic.
        Masked arrays, too; what is not finite is excluded.
    center : tuple of float
        x and y of the star, pixels counted from 0 (`target_position`).
    fwhm : float or Quantity
        Of a point source: in pixels, or as an angle with ``pixel_scale``.
    pixel_scale : Quantity, optional
        Arcsec per pixel (`pixel_scale_of`). Without it separations are in pixels.
    pixel_area : Quantity, optional
        Solid angle of a pixel, PIXAR_SR, for images in MJy/sr.
    star_flux : Quantity or float, optional
        All light of the star, in a unit that sums over the image convert to: Jy for MJy/sr.
    star_psf : ndarray or Quantity, shape (ny, nx), optional
        In place of it, an image of the star that is not behind the mask: in the unit of ``image``
        and at its scale. The star is measured in a circle of one FWHM, as companions are.
    aperture_fraction : float, optional
        How much of the light of a point source is in a circle of one FWHM. By default that of a
        circular aperture without obstruction (`airy_fraction`), 0.47 where pixels are small; not
        needed with ``star_psf``.
    error : ndarray or Quantity, shape (ny, nx), optional
        Standard deviations of the pixels, for the column ``expected_noise``.
    mask : ndarray of bool, shape (ny, nx), optional
        True where a pixel is excluded.
    companions : iterable of (x, y), optional
        Known companions, in pixels, which are excluded.
    companion_radius : float, optional
        How far around each, in FWHM.
    sigma : float, optional
        Significance of a detection.
    throughput : float, callable or QTable, optional
        How much of a companion the mask and the subtraction have left: a number, a function of the
        separation (Quantity), or what `measured_throughput` gives. 1 by default.
    separations : Quantity or ndarray, optional
        Radii of the rings; in pixels if it has no unit. By default one FWHM apart, ``inner`` to
        ``outer``.
    inner, outer : Quantity or float, optional
        By default one FWHM, and the far corner of the image.
    noise : {'std', 'mad'}, optional
        Standard deviation, or 1.4826 × the median absolute deviation, around the median: single
        bright elements draw it less, but it needs 20 elements, and its threshold is higher.
    lambda_over_d : Quantity, optional
        For the column of separations in λ/D.
    coverage : float, optional
        How much of an element must not be excluded for it to count; all of it by default.
    fewest : int, optional
        Rings with fewer elements have no noise: NaN.

    Returns
    -------
    QTable
        A row a ring: ``separation``, ``separation_lod`` (λ/D; where that is known),
        ``n_elements`` that count, ``n_possible`` on a whole ring, ``mean`` and ``noise`` of the
        sums, ``expected_noise`` (with ``error``), ``factor`` (`detection_threshold`),
        ``threshold`` = factor × noise, in a circle of one FWHM; ``flux``, all light of a companion
        at the threshold; ``throughput``, ``contrast`` = flux / star and ``magnitude``
        = -2.5 log₁₀ contrast, NaN without the star's flux. ``meta`` says what was assumed
        (``assumptions``) and which rows are NaN, and why (``notes``).

    Raises
    ------
    Stage3Error
        If the arrays, units or numbers do not fit, or the star's flux is not positive.

    Warns
    -----
    Stage3Warning
        If there is no ring with enough elements.

    Notes
    -----
    Elements are taken to be independent and Gaussian. Residual speckles are neither: the
    probability of a false alarm is then larger than that of ``sigma``. Mean and standard deviation
    are those of all elements on the ring that count, companions masked, so that Student's t has
    n - 1 degrees of freedom (Mawet et al. 2014, ApJ 792, 97).
    """
    values, unit = as_image(image, mask, "the image")
    scale = flux_scale(unit, pixel_area)
    to_pixels = PixelAngles(pixel_scale)
    width = to_pixels(fwhm, "fwhm")
    check_noise(noise)
    fewest = max(fewest, FEWEST_FOR_MAD if noise == "mad" else 2)
    check_width(width)
    check_positive(sigma=sigma, companion_radius=companion_radius, coverage=coverage)
    radii = ring_radii(separations, inner, outer, center, width, values.shape, to_pixels)
    companions = [tuple(map(float, place)) for place in companions]
    values = without_companions(values, companions, companion_radius * width)
    sums = ElementSums(values, width, coverage)
    variances = None
    if error is not None:
        variances = ElementSums(_variances(error, values, unit), width, coverage, power=2)

    columns = {name: np.full(len(radii), np.nan) for name in ("mean", "noise", "expected_noise")}
    used = np.zeros(len(radii), int)
    for i, radius in enumerate(radii):
        places = ring_elements(center, radius, width)
        elements = sums.at(*places)
        elements = elements[np.isfinite(elements)]
        used[i] = len(elements)
        if len(elements) >= fewest:
            columns["mean"][i], columns["noise"][i] = _level(elements, noise)
            if variances is not None:
                found = variances.at(*places)
                if np.isfinite(found).any():
                    columns["expected_noise"][i] = np.sqrt(np.nanmean(found))
    factor = np.where(used >= fewest, detection_threshold(sigma, used, noise), np.nan)

    angles = to_pixels.back(radii)
    table = QTable({"separation": angles})
    if lambda_over_d is not None:
        table["separation_lod"] = radii / to_pixels(lambda_over_d, "lambda_over_d")
    table["n_elements"], table["n_possible"] = used, count_elements(radii, width)
    for name, column in columns.items():
        if name != "expected_noise" or variances is not None:
            table[name] = column * scale
    table["factor"] = factor
    table["threshold"] = factor * table["noise"]
    left = _throughput(throughput, angles)
    star, fraction, told = _star(star_flux, star_psf, aperture_fraction, width, unit, scale)
    table["flux"] = table["threshold"] / (fraction * left)
    table["throughput"] = left
    with np.errstate(divide="ignore", invalid="ignore"):
        contrast = table["flux"].value / star
        table["contrast"] = contrast
        table["magnitude"] = -2.5 * np.log10(contrast) * u.mag
    table.meta = _meta(
        table, center=center, fwhm=width, sigma=sigma, noise=noise, fraction=fraction, star=star,
        unit=scale.unit, told=told, throughput=throughput, companions=companions,
        radius=companion_radius, fewest=fewest, unitless=pixel_scale is None,
    )  # fmt: skip
    if not np.any(np.isfinite(columns["noise"])):
        warnings.warn(
            f"no separation has {fewest} resolution elements in the image: there is no "
            "contrast curve; look at the position of the star and at the masks",
            Stage3Warning,
            stacklevel=2,
        )
    return table


def _level(elements: np.ndarray, noise: str) -> tuple[float, float]:
    """Mean (or median) and scatter of sums."""
    if noise == "std":
        return float(elements.mean()), float(elements.std(ddof=1))
    middle = np.median(elements)
    return float(middle), float(sigma_of_deviations(elements - middle))


def _variances(error: Any, values: np.ndarray, unit: u.UnitBase) -> np.ndarray:
    """The variances of the pixels, in the unit of the image squared."""
    errors, of_errors = as_image(error, None, "the error image")
    if errors.shape != values.shape:
        raise Stage3Error(f"the error image has shape {errors.shape}, the image {values.shape}")
    if of_errors != unit and isinstance(error, u.Quantity):
        try:
            errors = (errors * of_errors).to_value(unit)
        except u.UnitConversionError as err:
            raise Stage3Error(f"the errors are in {of_errors}, the image in {unit}") from err
    return np.where(np.isfinite(values), errors**2, np.nan)


def _throughput(throughput: Any, separation: u.Quantity) -> np.ndarray:
    """How much of a companion is left at each separation."""
    if isinstance(throughput, QTable):
        known = throughput["separation"]
        try:
            x, at = known.to_value(separation.unit), separation.value
        except u.UnitConversionError as err:
            raise Stage3Error(
                f"the throughput is known by {known.unit}, the curve by {separation.unit}"
            ) from err
        order = np.argsort(x)
        left = np.interp(
            at, x[order], np.asarray(throughput["throughput"], float)[order], np.nan, np.nan
        )
    elif callable(throughput):
        left = np.broadcast_to(np.asarray(throughput(separation), float), separation.shape).copy()
    else:
        left = np.broadcast_to(np.asarray(throughput, float), separation.shape).copy()
    if np.any(left <= 0) or np.any(np.isinf(left)):
        raise Stage3Error("the throughput must be above zero, and finite")
    return left


def _star(
    star_flux: Any, star_psf: Any, aperture_fraction: float | None, fwhm: float,
    unit: u.UnitBase, scale: u.Quantity,
) -> tuple[float, float, str]:  # fmt: skip
    """The star's flux, the part of a point source in one element, and both in words."""
    if star_flux is not None and star_psf is not None:
        raise Stage3Error("give star_flux or star_psf, not both")
    if aperture_fraction is not None and not 0 < aperture_fraction <= 1:
        raise Stage3Error(f"aperture_fraction is {aperture_fraction!r}, expected 0 to 1")
    if aperture_fraction is None:
        fraction = airy_fraction(_AIRY_FWHM, _AIRY_FWHM / fwhm)
        of = "that of a circular aperture without obstruction, in these pixels"
    else:
        fraction, of = aperture_fraction, "as given"
    told = f"a circle of one FWHM holds {fraction:.3g} of a point source ({of})"
    if star_psf is not None:
        psf, of_psf = as_image(star_psf, None, "the image of the star")
        if isinstance(star_psf, u.Quantity) and of_psf != unit:
            try:
                psf = (psf * of_psf).to_value(unit)
            except u.UnitConversionError as err:
                raise Stage3Error(f"the star is in {of_psf}, the image in {unit}") from err
        place = peak_position(psf, fwhm)
        [inside] = ElementSums(psf, fwhm).at(*(np.array([axis]) for axis in place))
        if not np.isfinite(inside) or inside <= 0:
            raise Stage3Error(f"the sum over the star is {inside:.3g}, expected one above zero")
        star = inside * scale.value / fraction
        return star, fraction, f"{told}; the star in its image, in such a circle"
    if star_flux is None:
        return np.nan, fraction, f"{told}; the flux of the star is not given: no contrast"
    return star_in_unit(star_flux, scale.unit), fraction, f"{told}; the flux of the star as given"


def _meta(table: QTable, **facts: Any) -> dict[str, Any]:
    """What was assumed, and what is missing, as ECSV can hold it."""
    given = facts["throughput"]
    plain = not callable(given) and not isinstance(given, QTable) and bool(np.all(given == 1))
    title = f"annular noise, {'no throughput' if plain else 'with throughput'}"
    is_std = facts["noise"] == "std"
    assumptions = [
        f"{facts['sigma']:g} σ"
        + (" with Student's t for few elements (Mawet et al. 2014)" if is_std else ""),
        "elements of one FWHM on a ring are independent and Gaussian",
        facts["told"],
        "throughput of mask and subtraction 1" if plain else "throughput as given",
    ]
    if not is_std:
        assumptions.append(
            "noise from the median absolute deviation, threshold for it by simulation"
        )
    if facts["companions"]:
        assumptions.append(
            f"{len(facts['companions'])} known companions masked to {facts['radius']:g} FWHM"
        )
    notes = []
    few = table["n_elements"] < facts["fewest"]
    if few.any():
        notes.append(
            f"{int(few.sum())} of {len(table)} separations have fewer than {facts['fewest']} "
            "resolution elements in the image: NaN"
        )
    partial = ~few & (table["n_elements"] < table["n_possible"])
    if partial.any():
        notes.append(f"{int(partial.sum())} rings lie partly outside of the image or on masks")
    if facts["unitless"]:
        notes.append("separations are in pixels: there is no pixel scale")
    unknown = ~np.isfinite(table["throughput"])
    if unknown.any():
        notes.append(f"the throughput is not known at {int(unknown.sum())} separations: NaN")
    star = facts["star"]
    return {
        "title": title,
        "sigma": float(facts["sigma"]),
        "noise_statistic": facts["noise"],
        "fwhm_pixels": float(facts["fwhm"]),
        "center": [float(axis) for axis in facts["center"]],
        "aperture_fraction": float(facts["fraction"]),
        "star_flux": None if np.isnan(star) else float(star),
        "flux_unit": str(facts["unit"]),
        "companions": [list(place) for place in facts["companions"]],
        "assumptions": assumptions,
        "notes": notes,
    }
