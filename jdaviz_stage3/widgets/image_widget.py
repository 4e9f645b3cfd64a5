"""A mosaic with the sources of its catalog as a widget."""

from __future__ import annotations

import os
import warnings
from functools import partial
from html import escape
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.nddata import CCDData
from astropy.table import QTable, Table
from astropy.utils.exceptions import AstropyWarning
from bqplot import Image, Scatter
from ipywidgets import HTML, Button, Checkbox, Dropdown, FloatRangeSlider

from ..errors import Stage3Error
from ..viewers.plain_figures import COLORS, empty_png, plot, png_of, repainting, zoom_button
from .product_widget import ProductWidget, read_given
from .selection import SourceSelection, selection_of

__all__ = ["ImageWidget", "source_image"]

_MOST_PIXELS = 700  # along an axis: as many as the picture has on the screen
_MOST_SOURCES = 2000
_SOURCE, _SELECTED = "#00bcd4", "#ff9800"
#: What a value is drawn as, after it is scaled to 0 … 1.
_STRETCHES = {
    "asinh": lambda scaled: np.arcsinh(scaled / 0.1) / np.arcsinh(1 / 0.1),
    "linear": lambda scaled: scaled,
    "sqrt": np.sqrt,
}
_FLUXES = ("aper_total_flux", "isophotal_flux", "source_sum", "segment_flux")
_TOLD = ("aper_total_flux", "aper_total_abmag", "isophotal_flux", "isophotal_abmag", "source_sum")


class ImageWidget(ProductWidget):
    """An image with sources to click; see `source_image`.

    Attributes
    ----------
    stretch, colors : ipywidgets.Dropdown
    percentiles : ipywidgets.FloatRangeSlider
        Of the pixels, that have the first and the last colour.
    show_sources : ipywidgets.Checkbox
    selection : SourceSelection or None
        Shared by the widgets of one catalog; ``selection.label`` is the source.
    """

    def __init__(
        self, image: CCDData, catalog: QTable | None, selection: SourceSelection | None, name: str
    ) -> None:
        self._pixels = np.asarray(image.data)
        self._wcs = image.wcs
        self._mask = None if image.mask is None else np.asarray(image.mask, bool)
        self.catalog, self.selection = catalog, selection
        self.stretch = Dropdown(
            description="Stretch", options=list(_STRETCHES), layout={"width": "170px"}
        )
        self.colors = Dropdown(
            description="Colours", options=COLORS, value="gray", layout={"width": "180px"}
        )
        self.percentiles = FloatRangeSlider(
            description="Percentiles", value=(1, 99.5), min=0, max=100, step=0.1,
            continuous_update=False, readout_format=".1f", layout={"width": "320px"},
        )  # fmt: skip
        self.show_sources = Checkbox(description="Sources", value=True, indent=False)
        self.caption = HTML("Click a source." if catalog is not None else "")
        whole = Button(description="Whole image", layout={"width": "110px"})
        self.figure = plot("x (pixels)", "y (pixels)", height=560)
        self._x, self._y = (axis.scale for axis in self.figure.axes[:2])
        self.figure.min_aspect_ratio = self.figure.max_aspect_ratio = 1
        scales = {"x": self._x, "y": self._y}
        self._picture = Image(image=empty_png(), scales=scales)
        nothing = np.array([])
        ring = partial(Scatter, x=nothing, y=nothing, scales=scales, marker="circle", fill=False)
        self._sources = ring(colors=[_SOURCE], stroke=_SOURCE, default_size=90, stroke_width=1.5)
        self._chosen = ring(colors=[_SELECTED], stroke=_SELECTED, default_size=240, stroke_width=3)
        self.figure.marks = [self._picture, self._sources, self._chosen]
        controls = [self.stretch, self.percentiles, self.colors]
        controls += [self.show_sources] if catalog is not None else []
        controls += [zoom_button(self.figure), whole, self.png_button(self._save_png)]
        super().__init__(name, controls, self.figure)
        self.children = [*self.children, self.caption]
        whole.on_click(lambda _: self.show_whole())
        with self._in_words():
            self.show_whole()
            self._place_sources()
        for control in (self.stretch, self.percentiles, self.colors):
            control.observe(lambda _: self._rescale(), "value")
        self.show_sources.observe(lambda _: self._draw_sources(), "value")
        for scale in (self._x, self._y):
            scale.observe(lambda _: self._paint(), ["min", "max"])
        self._sources.on_element_click(self._click)
        if selection is not None:
            selection.observe(lambda _: self._draw_selected(), "label")
            self._draw_selected()

    def _save_png(self) -> None:
        self.figure.save_png(f"{self._title or 'image'}.png")

    # ---- the image ----

    def show_whole(self) -> None:
        """Show the whole image, its pixels square."""
        rows, columns = self._pixels.shape
        half = max(rows, columns) / 2
        self._held = True
        self._x.min, self._x.max = columns / 2 - 0.5 - half, columns / 2 - 0.5 + half
        self._y.min, self._y.max = rows / 2 - 0.5 - half, rows / 2 - 0.5 + half
        self._held = False
        self._rescale()

    _held = False
    _limits: tuple[float, float] | None = None  # none where no pixel can be used

    def _rescale(self) -> None:
        step = max(1, int(np.sqrt(self._pixels.size / 1e6)))
        sample = self._pixels[::step, ::step]
        good = np.isfinite(sample)
        if self._mask is not None:
            good &= ~self._mask[::step, ::step]
        if not good.any():
            self._say("no pixel of the image can be used")
            return
        low, high = np.percentile(sample[good], self.percentiles.value)
        self._limits = float(low), float(high)
        self._paint()

    def _paint(self) -> None:
        """Draw what is in view, as finely as the screen shows it."""
        if (
            self._held
            or self._limits is None
            or None in (self._x.min, self._x.max, self._y.min, self._y.max)
        ):
            return
        rows, columns = self._pixels.shape
        left, right = _within(self._x.min, self._x.max, columns)
        bottom, top = _within(self._y.min, self._y.max, rows)
        if right <= left or top <= bottom:
            return
        across = max(1, -(-(right - left) // _MOST_PIXELS))
        up = max(1, -(-(top - bottom) // _MOST_PIXELS))
        right, top = left + (right - left) // across * across, bottom + (top - bottom) // up * up
        part = _block_means(self._pixels[bottom:top, left:right], up, across)
        low, high = self._limits
        scaled = np.clip((part - low) / ((high - low) or 1.0), 0, 1)
        drawn = _STRETCHES[self.stretch.value](scaled)
        with repainting(self._picture, png_of(drawn, 0, 1, self.colors.value)):
            self._picture.x = np.array([left - 0.5, right - 0.5])
            self._picture.y = np.array([bottom - 0.5, top - 0.5])

    # ---- the sources ----

    def _place_sources(self) -> None:
        if self.catalog is None:
            return
        self._labels = (
            np.asarray(self.catalog["label"])
            if "label" in self.catalog.colnames
            else (np.arange(1, len(self.catalog) + 1))
        )
        self._at = np.full((2, len(self.catalog)), np.nan)  # what is not known where is not drawn
        self._at = _pixel_positions(self._wcs, self.catalog)
        self._draw_sources()

    def _draw_sources(self) -> None:
        if self.catalog is None:
            return
        rows = np.flatnonzero(np.isfinite(self._at).all(axis=0))
        if rows.size > _MOST_SOURCES:
            rows = _brightest(self.catalog, rows, _MOST_SOURCES)
            self._say(f"the {_MOST_SOURCES} brightest of {len(self.catalog)} sources are drawn")
        self._rows = rows if self.show_sources.value else rows[:0]
        x, y = self._at[:, self._rows]
        with self._sources.hold_sync():
            self._sources.x, self._sources.y = x, y

    def _click(self, _: Any, event: dict[str, Any]) -> None:
        row = self._rows[event["data"]["index"]]
        self.selection.label = self._labels[row].item()

    def _draw_selected(self) -> None:
        rows = np.flatnonzero(self._labels == self.selection.label)
        if self.selection.label is None or not rows.size:
            self._chosen.x = self._chosen.y = np.array([])
            self.caption.value = "Click a source."
            return
        x, y = self._at[:, rows[:1]]
        with self._chosen.hold_sync():
            self._chosen.x, self._chosen.y = x, y
        self.caption.value = _caption(self.catalog[rows[0]], self.selection.label)


def _within(low: float, high: float, size: int) -> tuple[int, int]:
    """The pixels of an axis that are in view."""
    return max(0, int(np.floor(low + 0.5))), min(size, int(np.ceil(high + 0.5)))


def _block_means(pixels: np.ndarray, up: int, across: int) -> np.ndarray:
    """Means of blocks of pixels, those that are not finite left out."""
    if up == across == 1:
        return pixels.astype(float)
    rows, columns = pixels.shape
    blocks = pixels.reshape(rows // up, up, columns // across, across)
    good = np.isfinite(blocks)
    count = good.sum(axis=(1, 3))
    total = np.where(good, blocks, 0).sum(axis=(1, 3), dtype=float)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _pixel_positions(wcs: Any, catalog: QTable) -> np.ndarray:
    """Pixel positions of sources, shape (2, n): by the sky where both have it."""
    names = [name for name in catalog.colnames if isinstance(catalog[name], SkyCoord)]
    if names and wcs is not None and getattr(wcs, "has_celestial", True):
        with warnings.catch_warnings():  # sources that are off the image are NaN
            warnings.simplefilter("ignore", AstropyWarning)
            x, y = wcs.world_to_pixel(catalog[names[0]])
        return np.array([x, y], float).reshape(2, -1)
    for pair in (("xcentroid", "ycentroid"), ("x_centroid", "y_centroid")):
        if set(pair) <= set(catalog.colnames):
            return np.array([u.Quantity(catalog[name]).value for name in pair], float)
    raise Stage3Error("the catalog has no positions that the image's WCS can place")


def _brightest(catalog: QTable, rows: np.ndarray, most: int) -> np.ndarray:
    name = next((name for name in _FLUXES if name in catalog.colnames), None)
    if name is None:
        return rows[:most]
    flux = np.nan_to_num(u.Quantity(catalog[name]).value[rows], nan=-np.inf)
    return np.sort(rows[np.argsort(-flux, kind="stable")[:most]])


def _caption(row: Any, label: Any) -> str:
    parts = [f"<b>Source {escape(str(label))}</b>"]
    sky = next((row[n] for n in row.colnames if isinstance(row[n], SkyCoord)), None)
    if sky is not None:
        parts.append(f"{sky.to_string('hmsdms', precision=2, sep=':')} ({sky.frame.name.upper()})")
    for name in _TOLD:
        if name in row.colnames and np.isfinite(u.Quantity(row[name]).value):
            value = u.Quantity(row[name])
            parts.append(f"{name} {value.value:.5g} {escape(str(value.unit))}".strip())
    return " · ".join(parts)


def source_image(
    i2d: str | os.PathLike | CCDData, cat: str | os.PathLike | QTable | None = None
) -> ImageWidget:
    """Show a mosaic, with the sources of a catalog over it.

    Parameters
    ----------
    i2d : path-like or CCDData
        An i2d, segm or crf product, or what `jdaviz_stage3.read` made of it.
    cat : path-like or QTable, optional
        Its cat product. A click on a source selects it, also in a `catalog_table` of the same file
        or object.

    Returns
    -------
    ImageWidget
        The part in view is drawn as finely as the screen shows it: means of blocks of pixels of the
        whole, single pixels where you zoom in.

    Raises
    ------
    Stage3Error
        If one of them is another product, or cannot be read.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> stage3.widgets.source_image("jw…_i2d.fits", "jw…_cat.ecsv")    # doctest: +SKIP
    """
    image, name = read_given(i2d, ("i2d", "segm", "crf"), "an image", (CCDData,))
    if np.ndim(image.data) != 2:
        raise Stage3Error(f"an image of {np.ndim(image.data)} dimensions, expected 2")
    catalog = selection = None
    if cat is not None:
        catalog, _ = read_given(cat, ("cat",), "sources", (Table,))
        selection = selection_of(cat)
    return ImageWidget(image, catalog, selection, name)
