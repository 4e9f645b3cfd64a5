"""The spectrum of a whole field, and of one window of pixels."""

from __future__ import annotations

import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from specutils import Spectrum

from ...readers.stored_cube import StoredCube
from .planes import CubePlanes, planes_of

__all__ = ["as_flux", "mean_of_sum", "summed_spectrum"]


def summed_spectrum(
    cube: Spectrum | StoredCube | CubePlanes, rows: slice = slice(None),
    columns: slice = slice(None),
) -> Spectrum:  # fmt: skip
    """Sum a cube over its pixels, wavelength by wavelength.

    Parameters
    ----------
    cube : Spectrum or StoredCube
        In MJy/sr, or another surface brightness.
    rows, columns : slice, optional
        The window of pixels; all by default.

    Returns
    -------
    specutils.Spectrum
        Surface brightness times the solid angle of a pixel, summed over the pixels that are not
        excluded: in Jy for a cube in MJy/sr. ``meta["n_pixels"]`` has their number for each
        wavelength; where it is 0 the flux is NaN and masked. The uncertainty is that of
        independent pixels: neighbours in a resampled cube are not, so it is a lower limit.
    """
    planes = planes_of(cube)
    n_wave = planes.shape[0]
    total, variance = np.full(n_wave, np.nan), np.full(n_wave, np.nan)
    n_pixels = np.zeros(n_wave, int)
    for piece in planes.pieces(rows=rows, columns=columns):
        where = slice(piece.start, piece.stop)
        n_pixels[where] = np.count_nonzero(np.isfinite(piece.values), axis=(1, 2))
        total[where] = np.nansum(piece.values, axis=(1, 2), dtype=float)
        if piece.variances is not None:
            variance[where] = np.sum(piece.variances, axis=(1, 2))
    empty = n_pixels == 0
    total[empty] = variance[empty] = np.nan
    flux, error = (
        as_flux(values * planes.unit, planes.pixel_area) for values in (total, np.sqrt(variance))
    )
    meta = planes.meta | {"n_pixels": n_pixels}
    return Spectrum(
        flux=flux,
        spectral_axis=planes.wavelength,
        uncertainty=StdDevUncertainty(error) if planes.has_errors else None,
        mask=empty,
        meta=meta,
    )


def as_flux(summed: u.Quantity, area: u.Quantity) -> u.Quantity:
    """Turn a sum of surface brightnesses into a flux density.

    Parameters
    ----------
    summed : Quantity
        Over pixels.
    area : Quantity
        Solid angle of a pixel.

    Returns
    -------
    Quantity
        In Jy where it is a flux density; what is no surface brightness stays as it is.
    """
    flux = summed * area if (summed.unit * u.sr).is_equivalent(u.Jy) else summed
    return flux.to(u.Jy) if flux.unit.is_equivalent(u.Jy) else flux


def mean_of_sum(total: Spectrum, cube: Spectrum | StoredCube | CubePlanes) -> Spectrum:
    """Turn a sum over pixels into their mean surface brightness.

    Parameters
    ----------
    total : specutils.Spectrum
        Of `summed_spectrum`, in Jy.
    cube : Spectrum or StoredCube
        What it is the sum of.

    Returns
    -------
    specutils.Spectrum
        In the unit of the cube.
    """
    planes = planes_of(cube)
    n_pixels = np.where(total.meta["n_pixels"] > 0, total.meta["n_pixels"], np.nan)
    area = n_pixels * planes.pixel_area
    uncertainty = total.uncertainty
    return Spectrum(
        flux=(total.flux / area).to(planes.unit),
        spectral_axis=total.spectral_axis,
        uncertainty=None
        if uncertainty is None
        else StdDevUncertainty((uncertainty.quantity / area).to(planes.unit)),
        mask=total.mask,
        meta=dict(total.meta),
    )
