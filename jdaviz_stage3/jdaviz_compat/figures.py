"""The figures of viewers of images: their size in the browser, and what is saved of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from .sessions import kept_limits, set_limits

__all__ = [
    "change_saved_pictures",
    "figure_size",
    "figure_width",
    "keep_fitted",
    "when_resized",
]


def figure_size(viewer: Any) -> tuple[float, float] | None:
    """Return width and height of an image viewer in screen pixels, None until it is drawn.

    Reason: ``shape`` is the size that the browser has told, under no documented name.
    jdaviz 5.1: the same.
    """
    return None if viewer.shape is None else (viewer.shape[1], viewer.shape[0])


def figure_width(viewer: Any) -> float | None:
    """Return the width of the figure of an image viewer with its margins, screen pixels.

    Reason: see `figure_size`; None until it is drawn. jdaviz 5.1: the same.
    """
    size = figure_size(viewer)
    if size is None:
        return None
    margins = viewer.figure.fig_margin
    return size[0] + margins["left"] + margins["right"]


def change_saved_pictures(figure: Any, change: Callable[[bytes], bytes]) -> None:
    """Change the pictures (PNG) of a figure as they come from the browser to be saved.

    Reason: jdaviz's *Export* writes them as bqplot gives them, which is what is in the figure.
    A picture with a size of its own is of a copy of the viewer, and is not changed.
    jdaviz 5.1: to check.

    Parameters
    ----------
    figure : bqplot.Figure
    change : callable
        From the bytes of a PNG file to those of another.
    """
    as_it_is = figure.get_png_data

    def get_png_data(callback: Callable[[bytes], None], scale: float | None = None) -> None:
        as_it_is(lambda data: callback(change(bytes(data))), scale)

    figure.get_png_data = get_png_data


def when_resized(viewer: Any, changed: Callable[[], None]) -> Callable[[], None]:
    """Call when the browser tells that an image viewer has another size.

    Reason: limits say nothing of it: glue leaves them as they are where width and height change
    by the same factor, or where limits fit the size already that the browser tells first. The size
    arrives at a private listener, with each click of another view too. jdaviz 5.1: to check.

    Parameters
    ----------
    viewer : glue image viewer
    changed : callable
        Called after limits were fitted to the size.

    Returns
    -------
    callable
        What ends it.
    """
    last = [figure_size(viewer)]

    def look(_: Any) -> None:
        size = figure_size(viewer)
        if size is None or min(size) < 1 or size == last[0]:  # not on the page now, or the same
            return
        last[0] = size
        changed()

    viewer._vl.observe(look, names=["view_data"])
    return lambda: viewer._vl.unobserve(look, names=["view_data"])


def keep_fitted(viewer: Any, settling: float = 5.0) -> None:
    """Show the whole of an image once the browser has told how large the viewer is, and after.

    While the whole is shown, and nobody has zoomed or panned, it is fitted anew where the viewer
    gets another size: a panel or a table opens, the window changes.

    Reason: limits are set before the size is known, and kept in area when it changes, which cuts
    off an image or leaves it small. The size arrives at a private listener. jdaviz 5.1: to check.

    Parameters
    ----------
    viewer : glue image viewer
    settling : float, optional
        Seconds after the first drawing in which the layout may still change, and the image is
        fitted whatever is shown.
    """
    if viewer in _fitted:
        return
    _fitted[viewer] = None
    first_drawn: list[float] = []
    size: list[tuple[int, int]] = []  # for which it was fitted, or left as it was

    def fit(_: Any) -> None:
        if viewer.shape is None:
            return
        first_drawn[:] = first_drawn or [time.monotonic()]
        settles = time.monotonic() - first_drawn[0] <= settling
        limits = kept_limits(viewer) if settles else None
        if limits is not None:
            set_limits(viewer, limits)
        elif settles or (size and size[0] != viewer.shape and _shows_whole(viewer, size[0])):
            viewer.state.reset_limits()
        size[:] = [viewer.shape]

    viewer._vl.observe(fit, names=["view_data"])


_fitted: WeakKeyDictionary[Any, None] = WeakKeyDictionary()


def _shows_whole(viewer: Any, shape: tuple[int, int]) -> bool:
    """Whether a viewer that had this size showed the whole of its images.

    glue has kept the middle of the view and its area since.
    """
    state = viewer.state
    now = np.array([state.x_min, state.x_max, state.y_min, state.y_max], dtype=float)
    if not hasattr(state, "_get_reset_limits"):
        return False
    whole = np.array(state._get_reset_limits(), dtype=float)
    if not (np.isfinite(now).all() and np.isfinite(whole).all()):
        return False
    width, height = whole[1] - whole[0], whole[3] - whole[2]
    ratio = shape[0] / shape[1]
    width, height = max(width, height / ratio), max(height, width * ratio)
    shift = np.hypot(now[:2].mean() - whole[:2].mean(), now[2:].mean() - whole[2:].mean())
    area = (now[1] - now[0]) * (now[3] - now[2])
    return bool(shift < 0.01 * max(width, height) and abs(area / (width * height) - 1) < 0.02)
