"""How faint a companion could be seen, against its separation from the star."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from matplotlib.axes import Axes

from .. import analysis
from ..errors import Stage3Error
from .frame import INK, as_read, axes_for, in_words

__all__ = ["contrast_curve"]


def contrast_curve(data: Any, *, ax: Axes | None = None, **settings: Any) -> Axes:
    """Draw the flux that a companion would need for 5 σ, against its separation.

    Parameters
    ----------
    data : path-like, ImageStack, or astropy.nddata.CCDData
        A psfsub product, of whose frames the median is taken, or an i2d product of coron3.
    ax : matplotlib.axes.Axes, optional
        Those of a new figure by default.
    **settings
        For `jdaviz_stage3.analysis.contrast_curve`. By default the star is at TARG_RA and TARG_DEC
        (`~jdaviz_stage3.analysis.target_position`), and the width of its image is that of the
        diffraction limit at the wavelength that the filter's name says. With ``star_flux`` the
        contrast is drawn.

    Returns
    -------
    matplotlib.axes.Axes
        What lies behind the mask is shaded.

    Raises
    ------
    Stage3Error
        If the filter is not known and no ``fwhm`` is given, or no ring can be measured.
    """
    data = as_read(data)
    meta = data.meta
    image = data if np.ndim(data.data) == 2 else analysis.collapse_stack(data)
    target = analysis.target_position(meta, image.wcs, image.shape)
    wavelength = analysis.filter_wavelength(meta)
    if wavelength is not None:
        settings = {"fwhm": analysis.diffraction_fwhm(wavelength)} | settings
    if "fwhm" not in settings:
        raise Stage3Error("plot.contrast_curve: the filter is not known; give fwhm, in arcsec")
    scale = analysis.pixel_scale_of(image.wcs, target.x, target.y)
    if "PIXAR_SR" in meta:
        settings = {"pixel_area": float(meta["PIXAR_SR"]) * u.sr} | settings
    elif scale is not None:
        settings = {"pixel_area": (scale * u.pix) ** 2} | settings
    options: dict[str, Any] = {"center": (target.x, target.y), "pixel_scale": scale, **settings}
    curve = analysis.contrast_curve(image, **options)
    name = "contrast" if options.get("star_flux") is not None else "flux"
    values = u.Quantity(curve[name])
    if not np.isfinite(values).any():
        raise Stage3Error("plot.contrast_curve: no ring around the star can be measured")
    ax = axes_for(ax)
    ax.plot(curve["separation"].value, values.value, color=INK, marker=".", lw=1)
    inner = analysis.occulter_of(meta).inner_angle
    if inner is not None and curve["separation"].unit == u.arcsec:
        ax.axvspan(0, inner.to_value(u.arcsec), color="0.85", label="behind the mask", zorder=0)
        ax.legend(fontsize="small")
    sigma = options.get("sigma", 5.0)
    words = "Contrast" if name == "contrast" else "Flux of a point source"
    ax.set(
        xlabel=in_words("Separation", curve["separation"].unit),
        ylabel=in_words(f"{words} at {sigma:g} σ", values.unit), yscale="log",
    )  # fmt: skip
    ax.set_xlim(left=0)
    return ax
