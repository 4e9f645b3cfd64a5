"""Spectral cubes."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from ..analysis import collapse
from .frame import as_read
from .images import image

__all__ = ["cube"]


def cube(data: Any, band: Any = None, *, statistic: str = "median", ax: Axes | None = None) -> Axes:
    """Draw one image of all wavelengths of a cube, or of a band.

    Parameters
    ----------
    data : path-like or specutils.Spectrum
        An s3d product.
    band : tuple of `~astropy.units.Quantity`, optional
        From and to; all wavelengths by default.
    statistic : str, optional
        See `jdaviz_stage3.analysis.collapse`.
    ax : matplotlib.axes.Axes, optional
        Those of a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    data = as_read(data)
    return image(collapse(data, band, statistic), ax=ax, name=f"{statistic.capitalize()}")
