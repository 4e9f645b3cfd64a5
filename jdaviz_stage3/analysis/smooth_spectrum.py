"""Smoothing a whole spectrum: with its mask, its uncertainty, and a note of what was done."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from numpy.typing import ArrayLike
from specutils import SpectralRegion, Spectrum

from ..errors import Stage3Error
from .median import median_smooth
from .samples import Smoothed
from .smoothing import boxcar_smooth, gaussian_smooth, savgol_smooth

__all__ = ["SMOOTHING_METHODS", "contiguous_runs", "smooth_spectrum"]

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
        What stands beyond the ends of the spectrum, and on both sides of a gap.
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
    axis = _spectral_axis_index(spectrum)
    wavelength = u.Quantity(spectrum.spectral_axis)
    keep = _within(wavelength, region)
    take = _along(axis, keep)
    flux = spectrum.flux[take]
    sigma = _standard_deviation(spectrum)
    sigma = None if sigma is None else sigma[take]
    own = spectrum.mask if mask is None else np.asarray(mask, dtype=bool)
    if own is not None and np.shape(own) != spectrum.flux.shape:
        raise Stage3Error(
            f"mask has shape {np.shape(own)}, but the flux {spectrum.flux.shape}; "
            "it needs one value a sample"
        )
    excluded = None if own is None else np.asarray(own, dtype=bool)[take]
    options: dict[str, Any] = {"edge": edge, "axis": axis}
    if min_count is not None:
        options["min_count"] = min_count
    if method == "savgol":
        options["polyorder"] = polyorder
    wavelength = wavelength[keep]
    runs = contiguous_runs(wavelength.value)
    smoothed = np.full(flux.shape, np.nan, dtype=np.result_type(flux.dtype, np.float32)) * flux.unit
    spread = None if sigma is None else np.full(flux.shape, np.nan) * sigma.unit
    for run in runs:
        part = _along(axis, run)
        fitting = width if len(runs) == 1 else _fitting(width, wavelength[run], method, polyorder)
        if fitting is None:
            continue
        result = SMOOTHING_METHODS[method](
            flux[part],
            fitting,
            mask=None if excluded is None else excluded[part],
            uncertainty=None if sigma is None else sigma[part],
            wavelength=wavelength[run] if _in_wavelength(width) else None,
            **options,
        )
        if isinstance(result, Smoothed):
            smoothed[part], spread[part] = result.flux, result.uncertainty
        else:
            smoothed[part] = result
    if not fill:
        left_out = ~np.isfinite(flux.value) if excluded is None else excluded
        smoothed[left_out | ~np.isfinite(flux.value)] = np.nan
    note = {
        "method": method,
        "width": f"{width} px" if not isinstance(width, u.Quantity) else str(width),
        "edge": edge,
        "package": f"jdaviz_stage3 {_version()}",
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


def _spectral_axis_index(spectrum: Spectrum) -> int:
    index = getattr(spectrum, "spectral_axis_index", None)
    return spectrum.flux.ndim - 1 if index is None else int(index)


def _along(axis: int, part: slice | np.ndarray) -> tuple:
    return (*(slice(None) for _ in range(axis)), part)


def _within(wavelength: u.Quantity, region: SpectralRegion | None) -> slice | np.ndarray:
    if region is None:
        return slice(None)
    inside = np.zeros(len(wavelength), dtype=bool)
    for part in region:
        ends = [
            u.Quantity(end).to(wavelength.unit, u.spectral()) for end in (part.lower, part.upper)
        ]
        inside |= (wavelength >= min(ends)) & (wavelength <= max(ends))
    if not inside.any():
        raise Stage3Error(
            f"no pixel of the spectrum ({wavelength.min():.6g} to {wavelength.max():.6g}) lies in "
            "the chosen region; choose another, or none"
        )
    return inside


def _standard_deviation(spectrum: Spectrum) -> u.Quantity | None:
    if spectrum.uncertainty is None:
        return None
    uncertainty = spectrum.uncertainty.represent_as(StdDevUncertainty)
    return u.Quantity(uncertainty.array, uncertainty.unit or spectrum.flux.unit)


def _in_wavelength(width: Any) -> bool:
    return isinstance(width, u.Quantity) and width.unit not in (u.pix, u.dimensionless_unscaled)


def _fitting(width: Any, wavelength: u.Quantity, method: str, polyorder: int) -> Any:
    """The width for one of several stretches: no wider than it is; None if it is too short."""
    size = wavelength.size
    if method == "savgol" and size <= polyorder + 1:
        return None
    if method == "gaussian":
        return width
    if not _in_wavelength(width):
        return min(width, size - 1 + size % 2) if np.isscalar(width) else width
    if size == 1:
        return 1  # whatever the width: there is nothing else to take
    steps = np.abs(np.diff(wavelength))
    span = steps.sum() + (steps[0] + steps[-1]) / 2
    return min(width.to(wavelength.unit, copy=False), span)


def _version() -> str:
    try:
        return version("jdaviz_stage3")
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "0+unknown"
