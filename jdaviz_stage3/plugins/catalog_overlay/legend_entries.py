"""What the legend of a viewer says of its overlays: lines with symbols, and colour bars."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import numpy as np

from .drawing import CatalogMarks
from .picture import symbol_elements
from .scene import ELLIPSE, MEASURED, Symbols, View

__all__ = ["BAR_WIDTH", "TEXT", "color_bar", "legend_lines", "short_titles"]

_BAR = 120  # length of the colour bar, screen pixels
_BAR_LEFT = 80
#: How wide a colour bar with its numbers is.
BAR_WIDTH = _BAR_LEFT + _BAR + 70
#: How the legend's words are written.
TEXT = 'font-family="sans-serif" font-size="12" fill="#ffffff"'
_LONGEST = 28  # letters of a title
_PIPELINE = re.compile(r"^jw.*_(?:clear-)?([^_]+) cat(\b.*)$")


def short_titles(names: Sequence[str]) -> list[str]:
    """Return titles of catalogs: of one of the pipeline its filter, for the image says the rest.

    Parameters
    ----------
    names : sequence of str
        Labels of the catalogs.

    Returns
    -------
    list of str
        Different where the names are.
    """
    short = [_PIPELINE.sub(r"\1 catalog\2", name) for name in names]
    counts = Counter(short)
    titles = [s if counts[s] == 1 else name for s, name in zip(short, names, strict=True)]
    # the ends of names tell them apart
    return [t if len(t) <= _LONGEST else f"…{t[1 - _LONGEST :]}" for t in titles]


def legend_lines(entry: CatalogMarks, name: str) -> list[tuple[str, Any]]:
    """Return texts, each with a function that makes its symbol at a place in screen pixels.

    Parameters
    ----------
    entry : CatalogMarks
    name : str
        The title of the catalog.

    Returns
    -------
    list of (str, callable or None)
    """
    overlay, settings = entry.overlay, entry.overlay.settings
    sources = overlay.sources
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
        lines.append((text, _symbol(kind, settings.color, dashed=overlay.outlined)))
    return lines


def _symbol(
    marker: str, color: str, radius: float = 6, filled: bool = False, dashed: bool = False
) -> Callable[[float, float, View], list[str]]:
    """Return a function that draws a symbol of the legend at a place in screen pixels."""
    flat, tilt = (0.6, -30.0) if marker == ELLIPSE else (1, 0.0)

    def at(x: float, y: float, picture: View) -> list[str]:
        values = (np.array([value], dtype=float) for value in (x, y, radius, flat * radius, tilt))
        symbols = Symbols(marker, np.array([0]), *values, color, filled)
        return symbol_elements([symbols], picture, 1.5, outlined=dashed)

    return at


def color_bar(entry: CatalogMarks, left: float, top: float) -> list[str]:
    """Return the bar of a catalog's colours as SVG elements.

    Parameters
    ----------
    entry : CatalogMarks
    left, top : float
        Where it is, screen pixels.

    Returns
    -------
    list of str
    """
    overlay = entry.overlay
    scale, column = overlay.color_scale, overlay.settings.color_by
    step, start = _BAR / len(overlay.palette), left + _BAR_LEFT - 8
    elements = [
        f'<rect x="{start:.0f}" y="{top + 14:.0f}" width="{step + 0.5:.1f}" height="8" '
        f'fill="{color}" transform="translate({index * step:.1f} 0)"/>'
        for index, color in enumerate(overlay.palette)
    ]
    ends = [10**v if overlay.color_is_log else v for v in (scale.low, scale.high)]
    unit = overlay.sources.unit(column)
    title = column + (f" ({unit})" if unit else "") + (" · log" if overlay.color_is_log else "")
    low, high = (f"{end:.3g}" for end in ends)
    line = f'y="{top + 22:.0f}" {TEXT}'
    elements += [
        f'<text x="{left + 8:.0f}" y="{top + 8:.0f}" {TEXT}>{escape(title)}</text>',
        f'<text x="{start - 6:.0f}" text-anchor="end" {line}>{low}</text>',
        f'<text x="{start + _BAR + 6:.0f}" {line}>{high}</text>',
    ]
    return elements
