"""Spectra of the data collection, with the samples that are to be excluded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy import units as u
from specutils import SpectralRegion, Spectrum

from ...analysis import pixels_within
from ...errors import Stage3Error
from ...jdaviz_compat import as_read, spectrum_of_data, stored_mask, without_jdaviz_keys
from ...readers.quality import excluded

__all__ = ["can_be_smoothed", "part_of", "result_label", "spectrum_as_read", "spectrum_to_smooth"]


def can_be_smoothed(data: Any) -> bool:
    """Whether data (glue) are a 1-D or 2-D spectrum, and no result of smoothing.

    Parameters
    ----------
    data : glue.core.Data

    Returns
    -------
    bool
    """
    if data.ndim not in (1, 2) or "smoothing" in data.meta:
        return False
    axes = getattr(data.coords, "world_axis_physical_types", None) or ()
    return any(str(axis).startswith(("em.", "spect.")) for axis in axes)


def spectrum_to_smooth(data: Any, dq_bits: Sequence[str]) -> tuple[Spectrum, str]:
    """Return a spectrum of the data collection, with a mask of what is to be excluded.

    Parameters
    ----------
    data : glue.core.Data
        A 1-D or 2-D spectrum.
    dq_bits : sequence of str
        Names of the data-quality flags that exclude a sample. Where the file's flags are not kept
        with the data, the samples that loading excluded are.

    Returns
    -------
    spectrum : specutils.Spectrum
        As it was read from the file, before excluded samples were blanked.
    excluded_by : str
        What its mask was made of: names of flags, ``'not finite'`` or ``'mask'``.

    Raises
    ------
    Stage3Error
        If it has no usable sample.
    """
    spectrum = spectrum_as_read(data)
    excluded_by = "mask"
    if spectrum is None:
        spectrum = spectrum_of_data(data)
        mask = ~np.isfinite(spectrum.flux.value) | stored_mask(data)
    else:
        dq = spectrum.meta.get("dq")
        mask = excluded(spectrum.flux.value, dq, list(dq_bits) or None)
        if dq is not None:
            excluded_by = "+".join(dq_bits) or "not finite"
    if mask.all():
        raise Stage3Error(
            f"{data.label}: no sample is left (finite, and without the flags "
            f"{', '.join(dq_bits) or 'none'}); exclude fewer flags"
        )
    meta = without_jdaviz_keys(spectrum.meta)
    meta.pop("dq", None)
    to_smooth = Spectrum(
        flux=spectrum.flux,
        spectral_axis=spectrum.spectral_axis,
        spectral_axis_index=getattr(spectrum, "spectral_axis_index", None),
        uncertainty=spectrum.uncertainty,
        mask=mask,
        meta=meta,
    )
    return to_smooth, excluded_by


def spectrum_as_read(data: Any) -> Spectrum | None:
    """Return the spectrum that data were loaded from, before excluded samples were blanked.

    Its values may have been changed in the app since, so it counts only where the data still hold
    what was read.

    Parameters
    ----------
    data : glue.core.Data

    Returns
    -------
    specutils.Spectrum or None
        None where it is not known.
    """
    kept = as_read(data)
    if not isinstance(kept, Spectrum) or kept.flux.shape != data.shape:
        return None
    now = spectrum_of_data(data)
    mask = np.zeros(data.shape, dtype=bool) if kept.mask is None else kept.mask
    same = (
        now.flux.unit == kept.flux.unit
        and np.array_equal(now.spectral_axis.value, kept.spectral_axis.value)
        and np.array_equal(stored_mask(data), mask)
        and _blanked_alike(now.flux.value, kept.flux.value, mask)
        and (now.uncertainty is None) == (kept.uncertainty is None)
        and (
            now.uncertainty is None
            or _blanked_alike(now.uncertainty.array, kept.uncertainty.array, mask)
        )
    )
    return kept if same else None


def _blanked_alike(now: np.ndarray, read: np.ndarray, mask: np.ndarray) -> bool:
    return np.array_equal(now, np.where(mask, np.nan, read), equal_nan=True)


def part_of(spectrum: Spectrum, region: SpectralRegion | None) -> Spectrum:
    """Return the pixels of a 1-D spectrum in a region, excluded samples NaN.

    Parameters
    ----------
    spectrum : specutils.Spectrum
    region : specutils.SpectralRegion or None

    Returns
    -------
    specutils.Spectrum
    """
    pixels = pixels_within(spectrum, region)
    mask = np.asarray(spectrum.mask, dtype=bool)[pixels]
    flux = spectrum.flux[pixels]
    flux[mask] = np.nan
    uncertainty = spectrum.uncertainty
    return Spectrum(
        flux=flux,
        spectral_axis=u.Quantity(spectrum.spectral_axis)[pixels],
        uncertainty=None if uncertainty is None else uncertainty[pixels],
        mask=mask,
    )


def result_label(label: str, method: str, width: Any, *details: str) -> str:
    """Return what a smoothed spectrum is called: ``'… c1d order 1 (median 11 px)'``.

    Parameters
    ----------
    label : str
        Of the input.
    method : str
    width : int, float or Quantity
    *details : str
        What else tells it from other results: the polynomial's order, the region.

    Returns
    -------
    str
    """
    text = f"{width.value:g} {width.unit}" if hasattr(width, "unit") else f"{width:g} px"
    sigma = "σ " if method == "gaussian" else ""
    return f"{label} ({', '.join([f'{method} {sigma}{text}', *filter(None, details)])})"
