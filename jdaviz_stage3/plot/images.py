"""Mosaics, exposures, segmentation maps and stacks of images."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.nddata import CCDData
from astropy.table import QTable
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from ..analysis import collapse_stack
from ..errors import Stage3Error
from ..readers.addressed_sequence import AddressedSequence
from ..readers.catalog import pixel_columns, sky_column
from .frame import (
    INK,
    add_color_bar,
    as_read,
    axes_for,
    binned,
    in_words,
    norm_of,
    step_of,
    thinned,
)

__all__ = ["image", "segmentation_map", "sources", "stack"]

_SIZE = (7.0, 5.6)
_COLORS = 20  # of the sources of a segmentation map, again and again


def image(
    data: Any, sources: Any = None, *, ax: Axes | None = None, stretch: str = "asinh",
    name: str = "Surface brightness",
) -> Axes:  # fmt: skip
    """Draw an image on the sky, and the sources of a catalog over it.

    Parameters
    ----------
    data : path-like or astropy.nddata.CCDData
        An i2d, crf or cal product, or an image that was made of one; shape (ny, nx). What its mask
        excludes is grey, as is what is not finite. Of an exposure with slits the first is drawn.
    sources : path-like or astropy.table.QTable, optional
        A cat product; each source is a circle.
    ax : matplotlib.axes.Axes, optional
        Those of a new figure by default, with coordinates where the image has a celestial WCS.
    stretch : {'asinh', 'linear'}, optional
        See Notes.
    name : str, optional
        What the values are, for the colour bar.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    Stage3Error
        If there is no such stretch, no pixel has a value, or the catalog has no positions that the
        image can show.

    Notes
    -----
    Colours go from the 2nd to the 99.5th percentile of the values, by asinh; from the 2nd to the
    98th where ``stretch='linear'``. Of an image larger than 1500 pixels means of n × n are drawn.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> ax = stage3.plot.image("my_i2d.fits", "my_cat.ecsv")     # doctest: +SKIP
    >>> ax.figure.savefig("field.pdf")                           # doctest: +SKIP
    """
    data = as_read(data)
    if isinstance(data, AddressedSequence):  # the slits of an exposure
        data = data[0]
    values = _good(data)
    if not np.isfinite(values).any():
        raise Stage3Error("plot.image: no pixel of the image has a value")
    wcs = _celestial(data)
    ax = axes_for(ax, wcs=wcs, size=_SIZE)
    # first the mean, then its colour: else a star of few pixels has that of what is around it
    style = {"cmap": "gray", "norm": norm_of(values, stretch), "interpolation_stage": "data"}
    drawn = _draw(ax, values, data.shape, **style)
    add_color_bar(drawn, ax, in_words(name, data.unit))
    if sources is not None:
        _draw_sources(ax, as_read(sources), wcs, data.shape)
    return ax


def segmentation_map(data: Any, *, ax: Axes | None = None) -> Axes:
    """Draw which pixels belong to which source.

    Parameters
    ----------
    data : path-like or astropy.nddata.CCDData of int, shape (ny, nx)
        A segm product.
    ax : matplotlib.axes.Axes, optional
        Those of a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        Neighbouring labels have different colours, which come again after twenty.
    """
    data = as_read(data)
    labels = np.asarray(thinned(data.data))
    ax = axes_for(ax, wcs=_celestial(data), size=_SIZE)
    of_sources = matplotlib.colormaps["tab20"](np.arange(_COLORS) / _COLORS)
    colors = ListedColormap(np.vstack([[0, 0, 0, 1], of_sources]))
    _draw(
        ax, np.where(labels > 0, 1 + labels % _COLORS, 0), data.shape,
        cmap=colors, vmin=-0.5, vmax=_COLORS + 0.5, interpolation="nearest",
    )  # fmt: skip
    return ax


def sources(data: Any, *, ax: Axes | None = None) -> Axes:
    """Draw where the sources of a catalog are on the sky.

    Parameters
    ----------
    data : path-like or astropy.table.QTable
        A cat product.
    ax : matplotlib.axes.Axes, optional
        Those of a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        East is to the left. Distances from the middle of the field, in arcsec.

    Raises
    ------
    Stage3Error
        If the catalog has no sources, or no positions on the sky.
    """
    table = as_read(data)
    column = sky_column(table)
    if not len(table):
        raise Stage3Error("plot.sources: the catalog has no sources")
    if column is None:
        raise Stage3Error("plot.sources: the catalog has no positions on the sky")
    sky = SkyCoord(table[column])
    x, y, z = (float(np.nanmean(part)) for part in sky.cartesian.xyz.value)
    middle = SkyCoord(x, y, z, representation_type="cartesian", frame=sky.frame.name)
    middle = SkyCoord(middle.spherical.lon, middle.spherical.lat, frame=sky.frame.name)
    east, north = (offset.to_value("arcsec") for offset in middle.spherical_offsets_to(sky))
    ax = axes_for(ax, size=_SIZE)
    ax.plot(east, north, ".", color=INK, ms=3)
    ax.set(
        xlabel="East of the middle (arcsec)", ylabel="North of the middle (arcsec)",
        title=f"{len(table)} sources around {middle.to_string('hmsdms', precision=1, sep=':')}",
    )  # fmt: skip
    ax.set_aspect("equal", adjustable="datalim")
    ax.invert_xaxis()
    return ax


def stack(data: Any, *, statistic: str = "median", ax: Axes | None = None) -> Axes:
    """Draw one image of all frames of a stack.

    Parameters
    ----------
    data : path-like or ImageStack, shape (n, ny, nx)
        A calints, crfints, psfstack, psfalign, psfsub or amilg product; of four axes, as early
        pipelines align PSFs, the first integration.
    statistic : str, optional
        See `jdaviz_stage3.analysis.collapse_stack`: flagged and non-finite pixels are left out.
    ax : matplotlib.axes.Axes, optional
        Those of a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    data = as_read(data)
    of_what = f"of {data.shape[-3]} frames"
    if len(data.shape) == 4:  # PSFs aligned to each integration, by early pipelines
        data, of_what = data[0], f"{of_what}, integration 1"
    of_all = collapse_stack(data, statistic, errors="none")
    return image(of_all, ax=ax, name=f"{statistic.capitalize()} {of_what}")


def _good(data: CCDData) -> np.ndarray:
    """What is drawn of an image: NaN where it is excluded."""
    mask = data.mask
    if mask is not None:
        mask = np.broadcast_to(np.asarray(mask), data.shape)
    return binned(data.data, mask)


def _celestial(data: CCDData) -> Any:
    """The FITS WCS of an image; None where it has none that axes can show."""
    wcs = data.wcs
    return wcs if getattr(wcs, "has_celestial", False) and wcs.pixel_n_dim == 2 else None


def _draw(ax: Axes, values: np.ndarray, shape: tuple[int, ...], **options: Any) -> Any:
    rows, columns = shape[-2:]
    step = step_of(shape)
    # pixels as they are counted, however many of them are drawn; the last block may be a part
    right, top = (step * length - 0.5 for length in values.shape[::-1])
    drawn = ax.imshow(values, origin="lower", extent=(-0.5, right, -0.5, top), **options)
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(-0.5, rows - 0.5))
    if not hasattr(ax, "coords"):
        ax.set(xlabel="x (pixels)", ylabel="y (pixels)")
    return drawn


def _draw_sources(ax: Axes, table: QTable, wcs: Any, shape: tuple[int, ...]) -> None:
    sky, pixels = sky_column(table), pixel_columns(table)
    if wcs is not None and sky is not None:
        x, y = wcs.world_to_pixel(SkyCoord(table[sky]))
    elif pixels is not None:
        x, y = (np.asarray(getattr(table[n], "value", table[n]), float) for n in pixels)
    else:
        raise Stage3Error("plot.image: the catalog has no positions that this image can show")
    style: dict[str, Any] = {"facecolors": "none", "edgecolors": "#E69F00", "linewidths": 0.8}
    ax.scatter(x, y, s=40, **style, label=f"{len(table)} sources")
    ax.set(xlim=(-0.5, shape[1] - 0.5), ylim=(-0.5, shape[0] - 0.5))
