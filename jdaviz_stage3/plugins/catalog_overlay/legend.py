"""The legend over an image viewer: it folds, is dragged, and goes out of the way of selections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np
from bqplot import LinearScale

from ...errors import Stage3Error
from .drawing import CatalogMarks, Picture, view_of
from .legend_entries import BAR_WIDTH, TEXT, color_bar, legend_lines, short_titles
from .picture import on_screen
from .scene import View

__all__ = ["BOX", "CORNERS", "Legend"]

#: Where the legend can be, in the order in which corners are tried.
CORNERS = ("Top left", "Bottom left", "Bottom right", "Top right")
#: What annotations are written on.
BOX = 'fill="#000000" fill-opacity="0.6"'
_LINE = 20  # screen pixels from one line to the next
_LETTER = 6.7  # width of a letter at 12 pixels, on average
_EDGE = 8  # between the legend and the edges of the viewer
_BELOW = 28  # at the bottom, where the line on the source under the cursor is
_BESIDE = 32  # at the right, where jdaviz has the icons of layers
_COLOR_BAR = 84  # further at the upper right, where the colour bar of the image is
_AROUND = 12  # around a selected source
_MOST = 0.2  # of the viewer that it covers before it folds by itself
_FOLDED = 74, 22  # its width and height then


class Legend:
    """What symbols and colours mean, in a corner of a viewer.

    Parameters
    ----------
    viewer : glue image viewer

    Attributes
    ----------
    place : str
        One of `CORNERS`, ``'Auto'`` for the first of them, ``'Folded'`` or ``'Off'``.
    box : tuple of float or None
        Left, top, width and height in screen pixels; None where nothing is drawn.
    """

    def __init__(self, viewer: Any):
        self._viewer = viewer
        scales = {axis: LinearScale(min=0, max=1, allow_padding=False) for axis in ("x", "y")}
        self.picture = Picture(viewer, scales, on_top=True)
        self.place = "Auto"
        self.box: tuple[float, float, float, float] | None = None
        self._folded: bool | None = None  # as it was clicked; None until it was
        self._is_folded = False
        self._hold: tuple[float, float] | None = None  # from its corner to the hand that drags it
        self._put_at: tuple[float, float] | None = None  # by hand: fractions of the free room

    def draw(self, marks: Sequence[CatalogMarks]) -> None:
        """Draw the legend and the colour bars of what is shown.

        Parameters
        ----------
        marks : sequence of CatalogMarks
            Those that draw something.
        """
        view = view_of(self._viewer)
        titles = short_titles([entry.overlay.sources.name for entry in marks])
        pairs = zip(marks, titles, strict=True)
        lines = [line for entry, title in pairs for line in legend_lines(entry, title)]
        if view is None or not lines or self.place == "Off":
            self.box = None
            self.picture.hide()
            return
        bars = [entry for entry in marks if entry.overlay.color_scale is not None]
        width = 46 + _LETTER * max(len(text) for text, _ in lines)
        width = max(width, BAR_WIDTH if bars else 0)
        height = 8 + _LINE * len(lines) + 40 * len(bars)
        selected = _selected(marks, view)
        self._is_folded, (left, top) = self._where(view, (width, height), selected)
        if self._is_folded:
            width, height = _FOLDED
        self.box = left, top, width, height
        # its own picture: the browser paints all of one at each step of a pan
        own = View((0, width), (height, 0), width, height)
        elements = [f'<rect width="{width:.0f}" height="{height:.0f}" rx="4" {BOX}/>']
        if self._is_folded:
            elements.append(f'<text x="8" y="15" {TEXT}>▸ Legend</text>')
        else:
            elements += _contents(lines, bars, own)
            elements.append(f'<text x="{width - 16:.0f}" y="16" {TEXT}>▾</text>')
        x, y = left / view.width, 1 - top / view.height
        part = (x, x + width / view.width), (y - height / view.height, y)
        self.picture.show(elements, View(*part, width, height))

    def holds(self, x: float, y: float) -> bool:
        """Whether a place (pixels of the viewer's frame) is on the legend."""
        view = view_of(self._viewer)
        if view is None or self.box is None:
            return False
        left, top, width, height = self.box
        right, down = on_screen(view, np.array(x), np.array(y))
        return bool(left <= right <= left + width and top <= down <= top + height)

    def take(self, x: float, y: float) -> bool:
        """Take it into the hand at a place (pixels of the viewer's frame), if it is there."""
        self._hold = None
        if self.holds(x, y):
            right, down = on_screen(view_of(self._viewer), np.array(x), np.array(y))
            self._hold = float(right) - self.box[0], float(down) - self.box[1]
        return self._hold is not None

    def drag(self, x: float, y: float) -> bool:
        """Move it with the hand, which is at this place; it stays within the viewer, and there.

        Returns
        -------
        bool
            Whether it is in the hand.
        """
        view = view_of(self._viewer)
        if self._hold is None or view is None or self.box is None:
            return False
        at = np.array(on_screen(view, np.array(x), np.array(y)), dtype=float) - self._hold
        free = _free_room(view, self.box[2:])
        self._put_at = tuple(np.clip(np.divide(at, free, out=np.zeros(2), where=free > 0), 0, 1))
        return True

    def step(self) -> None:
        """Put it into the next corner, from wherever it is."""
        place = CORNERS[0]
        if self._put_at is None and self.place in (*CORNERS, "Auto"):
            now = max(CORNERS.index(self.place) if self.place in CORNERS else 0, 0)
            place = CORNERS[(now + 1) % len(CORNERS)]
        self.put(place)

    def turn(self) -> None:
        """Fold or unfold it; it stays so until it is turned again."""
        self._folded = not self._is_folded

    def put(self, place: str | tuple[float, float], folded: bool | None = None) -> None:
        """Put it where it is asked for; it forgets how it was turned, and where it was dragged.

        Parameters
        ----------
        place : str or (float, float)
            As the attribute; or how far to the right and down, as if it were dragged there:
            fractions of the room that it leaves free.
        folded : bool, optional
            As if it were clicked until it is.
        """
        self._folded, self._put_at = folded, None
        if isinstance(place, str):
            self.place = place
        else:
            self._put_at = place

    @property
    def asked(self) -> tuple[str | tuple[float, float], bool | None]:
        """What `put` would be called with for it to be where it is."""
        return self.place if self._put_at is None else self._put_at, self._folded

    def remove(self) -> None:
        """Take it out of the viewer."""
        self.box = None
        self.picture.remove()

    def _where(
        self, view: View, size: tuple[float, float], selected: np.ndarray
    ) -> tuple[bool, tuple[float, float]]:
        """Whether it is folded, and its upper left corner, off what is selected if that can be."""
        width, height = size
        folded = self._folded
        if folded is None:
            fits = width < view.width and height < view.height
            much = not fits or width * height > _MOST * view.width * view.height
            folded = self.place == "Folded" or much
        if self._put_at is not None:  # also over what is selected: somebody wants it there
            left, top = np.multiply(self._put_at, _free_room(view, _FOLDED if folded else size))
            return folded, (float(left), float(top))
        first = self.place if self.place in CORNERS else CORNERS[0]
        corners = sorted(CORNERS, key=lambda corner: corner != first)  # the others as they are
        for is_folded in (False, True)[folded:]:
            extent = _FOLDED if is_folded else size
            for corner in corners:
                place = _upper_left(corner, view, extent)
                if not _covers(place, extent, selected):
                    return is_folded, place
        return True, _upper_left(first, view, _FOLDED)


def _contents(lines: list, bars: Iterable[CatalogMarks], own: View) -> list[str]:
    found, top = [], 0.0
    for text, symbol in lines:
        middle = top + 4 + _LINE / 2
        found += symbol(14, middle, own) if symbol else []
        left = 28 if symbol else 8
        found.append(f'<text x="{left}" y="{middle + 4:.0f}" {TEXT}>{escape(text)}</text>')
        top += _LINE
    for entry in bars:
        found += color_bar(entry, 0, top + 8)
        top += 40
    return found


def _selected(marks: Sequence[CatalogMarks], view: View) -> np.ndarray:
    """Where selected sources are on the screen, shape (n, 2)."""
    found = [np.empty((0, 2))]
    for entry in marks:
        rows = entry.overlay.selection
        if len(rows):
            try:
                positions = entry.overlay.positions_in(entry.viewer)
            except Stage3Error:  # said where it is drawn
                continue
            found.append(np.transpose(on_screen(view, positions.x[rows], positions.y[rows])))
    return np.concatenate(found)


def _upper_left(corner: str, view: View, size: tuple[float, float]) -> tuple[float, float]:
    top, left = corner.startswith("Top"), corner.endswith("left")
    right = _BESIDE + (_COLOR_BAR if top else 0)
    x = _EDGE if left else view.width - right - size[0]
    y = _EDGE if top else view.height - _BELOW - _EDGE - size[1]
    return max(float(x), 0.0), max(float(y), 0.0)


def _free_room(view: View, size: tuple[float, float]) -> np.ndarray:
    """How far the legend can go to the right and down."""
    return np.maximum(np.array([view.width, view.height]) - size, 0.0)


def _covers(place: tuple[float, float], size: tuple[float, float], selected: np.ndarray) -> bool:
    low, high = np.array(place) - _AROUND, np.array(place) + size + _AROUND
    return bool(np.any(np.all((selected > low) & (selected < high), axis=1)))
