"""Legend, colour bar and the line on the source under the cursor, over an image viewer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import numpy as np
from bqplot import LinearScale

from .drawing import CatalogMarks, Picture, view_of
from .picture import symbol_elements
from .scene import ELLIPSE, MEASURED, Symbols, View

__all__ = ["Annotations"]

_LINE = 20  # screen pixels from one line of the legend to the next
_LETTER = 6.7  # width of a letter at 12 pixels, on average
_STRIP = 26  # height of the line on the source under the cursor
_BAR = 120  # length of the colour bar
_BAR_LEFT = 80
_BOX = 'fill="#000000" fill-opacity="0.6"'
_TEXT = 'font-family="sans-serif" font-size="12" fill="#ffffff"'


class Annotations:
    """What stands still over the image while it moves.

    Parameters
    ----------
    viewer : glue image viewer
    """

    def __init__(self, viewer: Any):
        self._viewer = viewer
        scales = {axis: LinearScale(min=0, max=1, allow_padding=False) for axis in ("x", "y")}
        self._legend = Picture(viewer, scales, on_top=True)
        self._caption = Picture(viewer, scales, on_top=True)

    def draw(self, marks: Sequence[CatalogMarks]) -> None:
        """Draw the legend and the colour bars of what is shown.

        Parameters
        ----------
        marks : sequence of CatalogMarks
            Those that draw something.
        """
        frame = self._frame()
        lines = [line for entry in marks for line in _legend_lines(entry)]
        if frame is None or not lines:
            self._legend.hide()
            return
        width = 34 + _LETTER * max(len(text) for text, _ in lines)
        bars = [entry for entry in marks if entry.overlay.color_scale is not None]
        width = max(width, _BAR_LEFT + _BAR + 70 if bars else 0)
        height = 8 + _LINE * len(lines) + 40 * len(bars)
        # screen pixels from the upper left corner, as SVG counts them
        screen = View((0, frame.width), (frame.height, 0), frame.width, frame.height)
        elements = [f'<rect x="8" y="8" width="{width:.0f}" height="{height}" rx="4" {_BOX}/>']
        top = 8
        for text, symbol in lines:
            middle = top + 4 + _LINE / 2
            elements += symbol_elements([symbol(22, middle)], screen, 1.5) if symbol else []
            elements.append(f'<text x="36" y="{middle + 4:.0f}" {_TEXT}>{escape(text)}</text>')
            top += _LINE
        for entry in bars:
            elements += _color_bar(entry, top + 8)
            top += 40
        # no larger than it is: the browser paints all of a picture at each step of a pan
        self._legend.show(elements, _part(frame, width + 16, height + 16))

    def say(self, line: str) -> None:
        """Show a line of text at the bottom, nothing if it is empty."""
        frame = self._frame()
        if frame is None or not line:
            self._caption.hide()
            return
        self._caption.show(
            [
                f'<rect width="{frame.width:.0f}" height="{_STRIP}" {_BOX}/>',
                f'<text x="10" y="17" {_TEXT}>{escape(line)}</text>',
            ],
            _part(frame, frame.width, _STRIP, bottom=True),
        )

    def remove(self) -> None:
        """Take everything out of the viewer."""
        self._legend.remove()
        self._caption.remove()

    def _frame(self) -> View | None:
        """The whole viewer, in its own scales from 0 to 1."""
        view = view_of(self._viewer)
        return None if view is None else View((0, 1), (0, 1), view.width, view.height)


def _part(frame: View, width: float, height: float, bottom: bool = False) -> View:
    """The upper left corner of a viewer, or its bottom, of a size in screen pixels."""
    share = min(height / frame.height, 1.0)
    y = (0, share) if bottom else (1 - share, 1)
    return View((0, min(width / frame.width, 1.0)), y, width, height)


def _legend_lines(entry: CatalogMarks) -> list[tuple[str, Any]]:
    """Texts, each with a function that makes its symbol at a place in screen pixels."""
    overlay, settings = entry.overlay, entry.overlay.settings
    sources = overlay.sources
    name = sources.name
    shape = {
        "Ellipse": f"ellipses at {settings.sigma:g} σ",
        "Aperture": f"aperture of {settings.aperture} % encircled energy",
        "Circle": f"radius {settings.radius:g} pix",
        "Marker": "",
    }[settings.shape]
    positions = overlay.positions_in(entry.viewer)
    marker = settings.shape == "Marker" or positions.jacobian is None
    if entry.scene.density is not None:
        square = _symbol("square", settings.color, 5, filled=True)
        return [(f"{name}: density of sources; zoom in for symbols", square)]
    lines = []
    point = sources.point_like if settings.by_type else None
    measured = settings.shape in MEASURED and not marker
    kind = settings.marker if marker else "circle" if measured else ELLIPSE
    if overlay.color_scale is None and point is not None:
        kinds = "extended" if sources.known_type.all() else "extended or unknown"
        extended = f"{kinds} · {shape}" if shape and not marker else kinds
        lines.append((name, None))
        lines.append((extended, _symbol(kind, settings.color)))
        point_kind = kind if measured else settings.point_marker
        lines.append(("point-like", _symbol(point_kind, settings.point_color)))
    else:
        text = f"{name}: {shape}" if shape and not marker else name
        color = "#ffffff" if overlay.color_scale is not None else settings.color
        lines.append((text, _symbol(kind, color)))
    if settings.size_by:
        lines.append((f"larger: {overlay.size_meaning}", None))
    if overlay.without_value:
        columns = " or ".join(filter(None, dict.fromkeys((settings.color_by, settings.size_by))))
        logarithmic = overlay.color_scale is not None and overlay.color_is_log
        what = "without a positive" if logarithmic else "without"
        text = f"{overlay.without_value} {what} {columns}"
        lines.append((text, _symbol(kind, settings.color)))
    return lines


def _symbol(
    marker: str, color: str, radius: float = 6, filled: bool = False
) -> Callable[[float, float], Symbols]:
    """Return a function that puts a symbol of the legend at a place in screen pixels."""
    flat, tilt = (0.6, -30.0) if marker == ELLIPSE else (1, 0.0)

    def at(x: float, y: float) -> Symbols:
        values = (np.array([value], dtype=float) for value in (x, y, radius, flat * radius, tilt))
        return Symbols(marker, np.array([0]), *values, color, filled)

    return at


def _color_bar(entry: CatalogMarks, top: float) -> list[str]:
    overlay = entry.overlay
    scale, column = overlay.color_scale, overlay.settings.color_by
    step = _BAR / len(overlay.palette)
    elements = [
        f'<rect x="{_BAR_LEFT}" y="{top + 14:.0f}" width="{step + 0.5:.1f}" height="8" '
        f'fill="{color}" transform="translate({index * step:.1f} 0)"/>'
        for index, color in enumerate(overlay.palette)
    ]
    ends = [10**v if overlay.color_is_log else v for v in (scale.low, scale.high)]
    unit = overlay.sources.unit(column)
    title = column + (f" ({unit})" if unit else "") + (" · log" if overlay.color_is_log else "")
    low, high = (f"{end:.3g}" for end in ends)
    line = f'y="{top + 22:.0f}" {_TEXT}'
    elements += [
        f'<text x="16" y="{top + 8:.0f}" {_TEXT}>{escape(title)}</text>',
        f'<text x="{_BAR_LEFT - 6}" text-anchor="end" {line}>{low}</text>',
        f'<text x="{_BAR_LEFT + _BAR + 6}" {line}>{high}</text>',
    ]
    return elements
