"""What the pictures share: axes, words with units, stretches, colour bars."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from astropy import units as u
from astropy.visualization import AsinhStretch, ImageNormalize, LinearStretch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import Stage3Error
from ..readers.large_image import LargeImage

__all__ = [
    "FLAGGED",
    "INK",
    "add_color_bar",
    "as_read",
    "axes_for",
    "binned",
    "in_words",
    "norm_of",
    "step_of",
    "thinned",
]

#: Of curves, and of what is flagged; told apart by who is colour-blind.
INK, FLAGGED = "#0072B2", "#D55E00"
#: What was not measured, in images: what stands behind them.
_NO_VALUE = "0.6"
#: Percentiles of the values between which an image has its colours, by stretch.
_LIMITS = {"asinh": (2.0, 99.5), "linear": (2.0, 98.0)}
#: Samples along an axis of an image, twice what a figure of a page resolves.
_MOST = 1500
_AT_ONCE = 8_000_000  # pixels of a large image that are in memory together


def as_read(what: Any, **options: Any) -> Any:
    """Read a file; give back what is read already.

    Parameters
    ----------
    what : path-like or object
    **options
        For `jdaviz_stage3.read`.

    Returns
    -------
    object
    """
    if not isinstance(what, str | os.PathLike):
        return what
    from ..readers import read

    return read(what, **options)


def axes_for(ax: Axes | None, *, wcs: Any = None, size: tuple[float, float] = (7.0, 4.2)) -> Axes:
    """Give the axes to draw into: those given, or those of a new figure.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
    wcs : astropy.wcs.WCS, optional
        Celestial, of two axes; new axes show its coordinates.
    size : tuple of float, optional
        Of a new figure, in inches.

    Returns
    -------
    matplotlib.axes.Axes

    Notes
    -----
    The figure is made without pyplot, so that none stays behind in a session that makes thousands;
    where pyplot shows figures by itself, as in a notebook, it shows what is given back.
    """
    if ax is not None:
        return ax
    figure = Figure(figsize=size, layout="constrained")
    if wcs is None:
        return figure.add_subplot()
    axes = figure.add_subplot(projection=wcs)
    axes.coords[0].set_axislabel("Right ascension (ICRS)")
    axes.coords[1].set_axislabel("Declination (ICRS)", minpad=0.4)
    for coordinate in axes.coords:
        coordinate.display_minor_ticks(True)
    return axes


def in_words(name: str, unit: Any) -> str:
    """Return what stands beside an axis: the name, and the unit if there is one.

    Parameters
    ----------
    name : str
    unit : astropy.units.Unit or str or None

    Returns
    -------
    str
        ``'Flux (MJy / sr)'``
    """
    text = "" if unit is None else u.Unit(unit).to_string()
    return f"{name} ({text})" if text else name


def norm_of(values: np.ndarray, stretch: str) -> ImageNormalize:
    """Return which value has which place on the scale of colours.

    Parameters
    ----------
    values : ndarray of float
        What is not finite does not count.
    stretch : {'asinh', 'linear'}
        For images of the sky, and for what differs little. From percentile 2 to 99.5, and to 98.

    Returns
    -------
    astropy.visualization.ImageNormalize

    Raises
    ------
    Stage3Error
        If there is no such stretch.
    """
    if stretch not in _LIMITS:
        raise Stage3Error(f"stretch={stretch!r} is none of {', '.join(map(repr, _LIMITS))}")
    finite = values[np.isfinite(values)]
    low, high = np.percentile(finite, _LIMITS[stretch]) if finite.size else (0.0, 1.0)
    if low == high:
        high = low + (abs(low) or 1.0)
    shape = AsinhStretch(0.1) if stretch == "asinh" else LinearStretch()
    return ImageNormalize(vmin=low, vmax=high, stretch=shape, clip=False)


def step_of(shape: tuple[int, ...], most: int = _MOST) -> int:
    """Return of how many pixels along each axis one is drawn.

    Parameters
    ----------
    shape : tuple of int
        Of the image.
    most : int, optional

    Returns
    -------
    int
        1 where all of them are.
    """
    return max(1, -(-max(shape[:2]) // most))


def thinned(values: np.ndarray | LargeImage, most: int = _MOST) -> np.ndarray:
    """Return every n-th row and column, so that no axis is longer than a picture can show.

    Parameters
    ----------
    values : ndarray or LargeImage, shape (ny, nx)
    most : int, optional

    Returns
    -------
    ndarray
        A view of an array in memory; of an image in its file, no more than this is read.
    """
    step = step_of(values.shape, most)
    if isinstance(values, LargeImage):
        return values[np.ix_(*(np.arange(0, length, step) for length in values.shape))]
    return values[::step, ::step]


def binned(
    values: np.ndarray | LargeImage, mask: np.ndarray | None = None, most: int = _MOST
) -> np.ndarray:
    """Return the means of n × n pixels, so that no axis is longer than a picture can show.

    Of single pixels that were picked instead, stars between them would be lost.

    Parameters
    ----------
    values : ndarray or LargeImage, shape (ny, nx)
        One in its file is read some rows at a time.
    mask : ndarray of bool, shape (ny, nx), optional
        What does not count; neither does what is not finite.
    most : int, optional

    Returns
    -------
    ndarray of float64
        NaN where none of the pixels counts. With n of 1 the values themselves, in a new array.
    """
    n_y, n_x = values.shape
    step = step_of(values.shape, most)
    at_once = step * max(1, _AT_ONCE // (step * n_x))  # rows
    bands = []
    for start in range(0, n_y, at_once):
        band = np.asarray(values[start : start + at_once])
        good = np.isfinite(band)
        if mask is not None:
            good &= ~mask[start : start + at_once]
        total = _sums(np.where(good, band, 0), step, float)
        count = _sums(good, step, np.int64)
        bands.append(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))
    return np.concatenate(bands)


def _sums(values: np.ndarray, step: int, dtype: Any) -> np.ndarray:
    """Sums over blocks of step × step values; those at the ends may be smaller."""
    if step == 1:
        return values.astype(dtype)
    rows, columns = (np.arange(0, length, step) for length in values.shape)
    of_rows = np.add.reduceat(values, rows, axis=0, dtype=dtype)
    return np.add.reduceat(of_rows, columns, axis=1)


def add_color_bar(drawn: Any, ax: Axes, text: str) -> None:
    """Put a colour bar beside the axes.

    Parameters
    ----------
    drawn : matplotlib.cm.ScalarMappable
    ax : matplotlib.axes.Axes
    text : str
        Quantity and unit.
    """
    ax.set_facecolor(_NO_VALUE)  # what was not measured is not drawn
    ax.figure.colorbar(drawn, ax=ax, label=text, extend="both")
