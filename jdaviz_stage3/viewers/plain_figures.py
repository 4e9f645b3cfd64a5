"""Figures beside jdaviz's viewers: axes with units, as many points as the screen shows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from bqplot import Axis, Figure, LinearScale
from bqplot import Image as ImageMark
from bqplot.interacts import PanZoom
from ipywidgets import Image as ImageFile
from ipywidgets import ToggleButton
from matplotlib import colormaps
from matplotlib.image import imsave

__all__ = [
    "COLORS",
    "MOST_POINTS",
    "empty_png",
    "extremes",
    "plot",
    "png_of",
    "range_of",
    "repainting",
    "zoom_button",
]

#: The colour maps that are offered.
COLORS = ("viridis", "gray", "inferno", "magma", "coolwarm")
#: As many points as a plot shows without being slow: two for each of a screen's columns, and more.
MOST_POINTS = 4000
_MARGINS = {"top": 15, "bottom": 50, "left": 80, "right": 20}
_MISSING = (0.5, 0.5, 0.5)


def plot(x_label: str, y_label: str, height: int = 360, **axis_options: Any) -> Figure:
    """Make an empty figure with two axes.

    Parameters
    ----------
    x_label, y_label : str
        With their units.
    height : int
        Screen pixels.
    **axis_options
        Of both axes.

    Returns
    -------
    bqplot.Figure
        ``axes[0]`` is below, ``axes[1]`` on the left.
    """
    x, y = LinearScale(), LinearScale()
    axes = [
        Axis(scale=x, label=x_label, label_offset="36px", grid_lines="none", **axis_options),
        Axis(
            scale=y, label=y_label, orientation="vertical", label_offset="62px",
            grid_lines="none", **axis_options,
        ),
    ]  # fmt: skip
    figure = Figure(axes=axes, fig_margin=dict(_MARGINS), animation_duration=0)
    figure.layout.height, figure.layout.width = f"{height}px", "100%"
    return figure


def zoom_button(figure: Figure) -> ToggleButton:
    """Return a button that switches dragging and the wheel to panning and zooming.

    Parameters
    ----------
    figure : bqplot.Figure

    Returns
    -------
    ipywidgets.ToggleButton
    """
    x, y = (axis.scale for axis in figure.axes[:2])
    zoom = PanZoom(scales={"x": [x], "y": [y]})
    button = ToggleButton(
        description="Pan / zoom", tooltip="Drag to move, wheel to zoom", layout={"width": "100px"}
    )

    def switch(change: dict[str, Any]) -> None:
        figure.interaction = zoom if change["new"] else None

    button.observe(switch, "value")
    return button


def range_of(values: np.ndarray, low: float = 0, high: float = 100) -> tuple[float, float]:
    """Return the limits of an axis, somewhat wider than the values.

    Parameters
    ----------
    values : ndarray of float
    low, high : float
        Percentiles that are within.

    Returns
    -------
    tuple of float
        0 and 1 where no value is finite.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    bottom, top = (float(value) for value in np.percentile(finite, [low, high]))
    pad = 0.06 * (top - bottom) or 0.01 * abs(top) or 1.0
    return bottom - pad, top + pad


def extremes(x: np.ndarray, y: np.ndarray, most: int = MOST_POINTS) -> np.ndarray:
    """Choose the points that are drawn of very many: none that stands out is lost.

    Parameters
    ----------
    x, y : ndarray of float, shape (n,)
        In the order of x.
    most : int

    Returns
    -------
    ndarray of int
        Indices of the points whose x is finite, in their order: all, or of each of ``most / 2``
        stretches with equally many points the lowest and the highest.
    """
    rows = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if rows.size <= most:
        return np.flatnonzero(np.isfinite(x)) if x.size <= most else rows
    edges = np.linspace(0, rows.size, most // 2 + 1).astype(int)
    label = np.repeat(np.arange(edges.size - 1), np.diff(edges))
    order = np.lexsort((y[rows], label))  # within each stretch from the lowest to the highest
    chosen = np.concatenate([order[edges[:-1]], order[edges[1:] - 1]])
    return rows[np.unique(chosen)]


def png_of(values: np.ndarray, low: float, high: float, colors: str = "viridis") -> ImageFile:
    """Paint values as a picture, the first row at the bottom.

    Parameters
    ----------
    values : ndarray of float, shape (ny, nx)
        What is not finite is grey.
    low, high : float
        The values of the first and the last colour.
    colors : str
        One of `COLORS`.

    Returns
    -------
    ipywidgets.Image
    """
    scaled = (values - low) / ((high - low) or 1.0)
    painted = colormaps[colors](np.clip(np.nan_to_num(scaled), 0, 1))[..., :3]
    painted[~np.isfinite(values)] = _MISSING
    stream = io.BytesIO()
    imsave(stream, (255 * painted[::-1]).astype(np.uint8), format="png")
    return ImageFile(value=stream.getvalue(), format="png")


@contextmanager
def repainting(mark: ImageMark, picture: ImageFile) -> Iterator[None]:
    """Give a mark another picture, together with what else is set within this.

    Each picture is a widget of its own: the one before is closed, else all of them were kept.

    Parameters
    ----------
    mark : bqplot.Image
    picture : ipywidgets.Image
    """
    before = mark.image
    with mark.hold_sync():
        mark.image = picture
        yield
    before.layout.close()  # a widget, too
    before.close()


def empty_png() -> ImageFile:
    """Return a picture of nothing, which a figure begins with."""
    return png_of(np.full((2, 2), np.nan), 0, 1)
