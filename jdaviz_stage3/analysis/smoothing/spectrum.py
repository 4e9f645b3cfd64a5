"""Smoothing a whole spectrum: with its mask, its uncertainty, and a note of what was done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from numpy.typing import ArrayLike
from specutils import SpectralRegion, Spectrum

from ...errors import Stage3Error
from ...version import VERSION
from .flux_arrays import Smoothed
from .local_fit import boxcar_smooth, gaussian_smooth, savgol_smooth
from .median import median_smooth

__all__ = ["SMOOTHING_METHODS", "contiguous_runs", "pixels_within", "smooth_spectrum"]

#: What `smooth_spectrum` can do, by name.
SMOOTHING_METHODS: dict[str, Callable] = {
    "median": median_smooth,
    "boxcar": boxcar_smooth,
    "gaussian": gaussian_smooth,
    "savgol": savgol_smooth,
}

#: A step of the wavelengths so many times as large as its neighbours' is a gap: between the
#: detectors of NIRSpec it is hundreds of them, within a detector's distortion below 1.1.
GAP_FACTOR = 5.0
_NEIGHBOURS = 11


def contiguous_runs(wavelength: ArrayLike, factor: float = GAP_FACTOR) -> list[slice]:
    """Return the stretches of a spectrum between which wavelengths are missing.

    Parameters
    ----------
    wavelength : array_like of float, shape (n,)
        Ascending or descending.
    factor : float, optional
        A step is a gap where it is more than that many times the running median of the steps
        around it (11 of them).

    Returns
    -------
    list of slice
        One slice over all where there is no gap.
    """
    steps = np.abs(np.diff(np.asarray(wavelength, dtype=float)))
    if not steps.size:
        return [slice(0, len(np.atleast_1d(wavelength)))]
    window = min(_NEIGHBOURS, steps.size - 1 + steps.size % 2)
    usual = median_smooth(steps, max(1, window))
    ends = [0, *(np.flatnonzero(steps > factor * usual) + 1).tolist(), steps.size + 1]
    return [slice(start, stop) for start, stop in zip(ends[:-1], ends[1:], strict=True)]


def smooth_spectrum(
    spectrum: Spectrum,
    method: str = "median",
    width: float | u.Quantity = 11,
    *,
    mask: np.ndarray | None = None,
    edge: str = "shrink",
    min_count: int | None = None,
    polyorder: int = 2,
    fill: bool = True,
    region: SpectralRegion | None = None,
) -> Spectrum:
    """Smooth a spectrum along its spectral axis, never across a gap in wavelength.

    Parameters
    ----------
    spectrum : specutils.Spectrum
        1-D or 2-D; it is not changed. Samples that its mask excludes (True), or that are not
        finite, are used by no window.
    method : {'median', 'boxcar', 'gaussian', 'savgol'}, optional
        See `median_smooth`, `boxcar_smooth`, `gaussian_smooth`, `savgol_smooth`.
    width : number or `~astropy.units.Quantity`, optional
        Full width of the window in pixels (odd), or in wavelength units; for ``'gaussian'`` the
        standard deviation of the kernel.
    mask : ndarray of bool, shape of the flux, optional
        Instead of the spectrum's own.
    edge : {'shrink', 'reflect', 'nearest', 'zero', 'nan'}, optional
        What stands beyond the ends of the spectrum, and on both sides of a gap; in a stretch that
        is shorter than the window, the window shrinks.
    min_count : int, optional
        The result is NaN where fewer valid samples are in the window; by default 1, for
        ``'savgol'`` one more than ``polyorder``.
    polyorder : int, optional
        Of the polynomial of ``'savgol'``.
    fill : bool, optional
        Whether an excluded sample gets the value that the valid ones in its window give; if not,
        NaN. The mask of the result is that of the input either way.
    region : specutils.SpectralRegion, optional
        Only what lies in it, ends included, is used, and is in the result.

    Returns
    -------
    specutils.Spectrum
        Flux of the same unit; uncertainty (standard deviation) where the input has one; mask and
        meta of the input, with ``meta['smoothing']``: method, width, edge, the package's version,
        and that neighbouring samples are now correlated.

    Raises
    ------
    Stage3Error
        See the functions of the methods; or if the region holds no pixel of the spectrum.

    Examples
    --------
    >>> smoothed = smooth_spectrum(spectrum, "median", 11)             # doctest: +SKIP
    >>> smoothed = smooth_spectrum(spectrum, "boxcar", 20 * u.nm)      # doctest: +SKIP
    """
    if method not in SMOOTHING_METHODS:
        raise Stage3Error(f"method is {method!r}; it must be one of {', '.join(SMOOTHING_METHODS)}")
    own = spectrum.mask if mask is None else np.asarray(mask, dtype=bool)
    if own is not None and np.shape(own) != spectrum.flux.shape:
        raise Stage3Error(
            f"mask has shape {np.shape(own)}, but the flux {spectrum.flux.shape}; "
            "it needs one value a sample"
        )
    options: dict[str, Any] = {"edge": edge}
    if min_count is not None:
        options["min_count"] = min_count
    if method == "savgol":
        options["polyorder"] = polyorder
    axis = _spectral_axis_index(spectrum)
    pixels = pixels_within(spectrum, region)
    take: tuple[slice | np.ndarray, ...] = (*(slice(None) for _ in range(axis)), pixels)
    wavelength = u.Quantity(spectrum.spectral_axis)[pixels]
    excluded = None if own is None else np.asarray(own, dtype=bool)[take]
    sigma = _standard_deviation(spectrum)
    smoother = _Smoother(
        SMOOTHING_METHODS[method],
        width,
        options,
        np.moveaxis(spectrum.flux[take], axis, -1),
        None if excluded is None else np.moveaxis(excluded, axis, -1),
        None if sigma is None else np.moveaxis(sigma[take], axis, -1),
        wavelength,
    )
    try:
        values, spread = smoother.smooth(_runs(u.Quantity(spectrum.spectral_axis).value, pixels))
    except Stage3Error as err:
        if region is None:
            raise
        raise Stage3Error(f"{err} (in the chosen region)") from err
    smoothed = np.moveaxis(values, -1, axis)
    spread = None if spread is None else np.moveaxis(spread, -1, axis)
    if not fill:
        left_out = ~np.isfinite(spectrum.flux[take].value)
        left_out = left_out if excluded is None else left_out | excluded
        smoothed[left_out] = np.nan
        if spread is not None:
            spread[left_out] = np.nan
    note: dict[str, Any] = {
        "method": method,
        "width": str(width) if isinstance(width, u.Quantity) else f"{width} px",
        "edge": edge,
        "package": f"jdaviz_stage3 {VERSION}",
        "note": "neighbouring samples are correlated",
    }
    if method == "savgol":
        note["polyorder"] = polyorder
    return Spectrum(
        flux=smoothed,
        spectral_axis=wavelength,
        spectral_axis_index=axis,
        uncertainty=None if spread is None else StdDevUncertainty(spread),
        mask=excluded,
        meta={**spectrum.meta, "smoothing": note},
    )


def pixels_within(spectrum: Spectrum, region: SpectralRegion | None) -> np.ndarray:
    """Return the pixels of a spectrum in a region, both ends included.

    Parameters
    ----------
    spectrum : specutils.Spectrum
    region : specutils.SpectralRegion or None
        In units that convert to those of the spectral axis, or in pixels; None for all.

    Returns
    -------
    ndarray of int
        Places along the spectral axis, ascending.

    Raises
    ------
    Stage3Error
        If no pixel lies in it, or its unit does not convert.
    """
    wavelength = u.Quantity(spectrum.spectral_axis)
    if region is None:
        return np.arange(wavelength.size)
    inside = np.zeros(wavelength.size, dtype=bool)
    for part in region:
        ends, axis = u.Quantity([part.lower, part.upper]), wavelength
        if ends.unit in (u.pix, u.dimensionless_unscaled):
            axis = np.arange(wavelength.size) * ends.unit
        try:
            ends = ends.to(axis.unit, u.spectral())
        except u.UnitConversionError as err:
            raise Stage3Error(
                f"the region is in {ends.unit}, which does not convert to {axis.unit}"
            ) from err
        inside |= (axis >= ends.min()) & (axis <= ends.max())
    if not inside.any():
        raise Stage3Error(
            f"no pixel of the spectrum ({wavelength.min():.6g} to {wavelength.max():.6g}) lies in "
            "the chosen region; choose another, or none"
        )
    return np.flatnonzero(inside)


def _runs(wavelength: np.ndarray, pixels: np.ndarray) -> list[slice]:
    """Stretches of the chosen pixels without a gap in wavelength, and without pixels left out."""
    number = np.zeros(wavelength.size, dtype=int)
    for index, run in enumerate(contiguous_runs(wavelength)):
        number[run] = index
    breaks = (np.diff(pixels) > 1) | (np.diff(number[pixels]) != 0)
    ends = [0, *(np.flatnonzero(breaks) + 1).tolist(), pixels.size]
    return [slice(start, stop) for start, stop in zip(ends[:-1], ends[1:], strict=True)]


def _spectral_axis_index(spectrum: Spectrum) -> int:
    index = getattr(spectrum, "spectral_axis_index", None)
    return spectrum.flux.ndim - 1 if index is None else int(index)


def _standard_deviation(spectrum: Spectrum) -> u.Quantity | None:
    if spectrum.uncertainty is None:
        return None
    try:
        uncertainty = spectrum.uncertainty.represent_as(StdDevUncertainty)
    except TypeError as err:
        kind = type(spectrum.uncertainty).__name__
        raise Stage3Error(
            f"the uncertainty is of a kind that says no standard deviation ({kind}); set it to "
            "None, or give a StdDevUncertainty"
        ) from err
    return u.Quantity(uncertainty.array, uncertainty.unit or spectrum.flux.unit)


@dataclass
class _Smoother:
    """One of the methods on arrays whose last axis is the spectral one."""

    method: Callable
    width: Any
    options: dict[str, Any]
    flux: u.Quantity
    excluded: np.ndarray | None
    sigma: u.Quantity | None
    wavelength: u.Quantity

    def smooth(self, runs: list[slice]) -> tuple[u.Quantity, u.Quantity | None]:
        """Smooth each stretch by itself."""
        if len(runs) > 1:
            # Settings that do not fit the whole are an error; those that do not fit one of its
            # stretches are not.
            self._call(np.ones(self.wavelength.size), None, None, self.wavelength)
        kind = np.float32 if self.flux.dtype.newbyteorder("=") == np.float32 else np.float64
        values = np.full(self.flux.shape, np.nan, dtype=kind) * self.flux.unit
        spread = None if self.sigma is None else np.full(self.flux.shape, np.nan) * self.sigma.unit
        for run in runs:
            excluded = None if self.excluded is None else self.excluded[..., run]
            sigma = None if self.sigma is None else self.sigma[..., run]
            part = self.flux[..., run], excluded, sigma, self.wavelength[run]
            try:
                result = self._call(*part)
            except Stage3Error:
                if len(runs) == 1:
                    raise
                result = self._short(*part)
            if result is None:
                continue
            if spread is None:
                values[..., run] = result
            else:
                values[..., run], spread[..., run] = result.flux, result.uncertainty
        return values, spread

    def _call(self, flux, excluded, sigma, wavelength):
        in_wavelength = isinstance(self.width, u.Quantity) and self.width.unit not in (
            u.pix,
            u.dimensionless_unscaled,
        )
        return self.method(
            flux,
            self.width,
            mask=excluded,
            uncertainty=sigma,
            wavelength=wavelength if in_wavelength else None,
            **self.options,
        )

    def _short(self, flux, excluded, sigma, wavelength):
        """Smooth a stretch that the window is too wide or too narrow for.

        Too wide: the window shrinks to what there is, whatever the edges are, for which excluded
        samples are put on both sides. Too narrow: nothing to smooth. None if neither is possible.
        """
        if self.options["edge"] == "nan":
            return None
        size = wavelength.size
        beyond = self.wavelength.size
        pad = [(0, 0)] * (flux.ndim - 1) + [(beyond, beyond)]
        mask = np.zeros(flux.shape, dtype=bool) if excluded is None else excluded
        padded = _Smoother(
            self.method, self.width, {**self.options, "edge": "shrink"}, self.flux, None, None,
            self.wavelength,
        )  # fmt: skip
        try:
            result = padded._call(
                np.pad(flux.value.astype(float), pad, constant_values=np.nan) * flux.unit,
                np.pad(mask, pad, constant_values=True),
                None
                if sigma is None
                else np.pad(sigma.value, pad, constant_values=np.nan) * sigma.unit,
                _extended(wavelength, beyond, self.wavelength),
            )
        except Stage3Error:
            alone = self.options.get("min_count", 1) in (None, 1)
            if self.options.get("polyorder", 0) > 0 or not alone:
                return None
            good = np.isfinite(flux.value) & ~mask
            kept = np.where(good, flux.value, np.nan) * flux.unit
            if sigma is None:
                return kept
            return Smoothed(kept, np.where(good, sigma.value, np.nan) * sigma.unit)
        middle = slice(beyond, beyond + size)
        if isinstance(result, Smoothed):
            return Smoothed(result.flux[..., middle], result.uncertainty[..., middle])
        return result[..., middle]


def _extended(wavelength: u.Quantity, beyond: int, whole: u.Quantity) -> u.Quantity:
    """A stretch of wavelengths, gone on with at its ends in the steps that it has there."""
    steps = np.diff(wavelength)
    usual = np.median(np.diff(whole))
    first, last = (steps[0], steps[-1]) if steps.size else (usual, usual)
    count = np.arange(1, beyond + 1)
    return np.concatenate(
        [wavelength[0] - first * count[::-1], wavelength, wavelength[-1] + last * count]
    )
