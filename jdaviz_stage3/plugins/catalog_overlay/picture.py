"""Pictures of scenes and annotations as SVG, which the browser keeps while the view moves.

One picture costs next to nothing to move; single marks of bqplot, which are computed anew at each
step, keep panning at four fifths of the rate of the image alone up to some twenty ellipses
(tests/benchmarks/bench_overlay.py).
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from functools import cache
from html import escape

import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image

from .scene import ELLIPSE, LOST, Scene, Symbols, View

__all__ = [
    "document",
    "label_elements",
    "on_screen",
    "scene_elements",
    "symbol_elements",
]

_TURN = np.linspace(0, 2 * np.pi, 33)


def _closed(*corners: tuple[float, float]) -> list[np.ndarray]:
    return [np.array([*corners, corners[0]])]


def _strokes(*ends: tuple[float, float, float, float]) -> list[np.ndarray]:
    return [np.reshape(line, (2, 2)) for line in ends]


# Lines of the markers within -1 … 1, y downwards; of about the same area.
_LINES = {
    "circle": [np.column_stack([np.cos(_TURN), np.sin(_TURN)])],
    "square": _closed((-0.89, -0.89), (0.89, -0.89), (0.89, 0.89), (-0.89, 0.89)),
    "diamond": _closed((0, -1.15), (1.15, 0), (0, 1.15), (-1.15, 0)),
    "triangle": _closed((0, -1.1), (1.05, 0.8), (-1.05, 0.8)),
    "star": _closed(
        (0, -1.4), (0.32, -0.32), (1.4, 0), (0.32, 0.32),
        (0, 1.4), (-0.32, 0.32), (-1.4, 0), (-0.32, -0.32),
    ),
    "plus": _strokes((-1, 0, 1, 0), (0, -1, 0, 1)),
    "cross": _strokes((-0.8, -0.8, 0.8, 0.8), (-0.8, 0.8, 0.8, -0.8)),
    LOST: _strokes((-0.4, -0.4, 0.4, 0.4), (-0.4, 0.4, 0.4, -0.4)),
}  # fmt: skip

_FILL_OPACITY = 0.3
_DASH = 3, 2.5  # screen pixels of dashed lines
_HALO = "#000000"  # behind labels and lines, for them to be read on bright sources


def document(elements: Sequence[str], view: View) -> bytes:
    """Return an SVG document of the size of a view.

    Parameters
    ----------
    elements : sequence of str
        In screen pixels from the view's upper left corner.
    view : View

    Returns
    -------
    bytes
    """
    width, height = f"{view.width:.0f}", f"{view.height:.0f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {view.width:.2f} {view.height:.2f}" preserveAspectRatio="none">'
        f"{''.join(elements)}</svg>"
    ).encode()


def on_screen(view: View, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Convert positions in the viewer's frame to screen pixels from a view's upper left corner.

    Parameters
    ----------
    view : View
    x, y : ndarray

    Returns
    -------
    tuple of ndarray
    """
    dx, dy = view.pixel
    return (x - view.x[0]) / dx, (view.y[1] - y) / dy


def symbol_elements(
    groups: Sequence[Symbols], view: View, width: float, outlined: bool = False
) -> list[str]:
    """Return symbols as SVG elements.

    Parameters
    ----------
    groups : sequence of Symbols
    view : View
        The picture's.
    width : float
        Of the lines, screen pixels.
    outlined : bool, optional
        Whether nothing is filled: then what is not filled otherwise, for it has no value, has
        dashed lines.

    Returns
    -------
    list of str
    """
    found = []
    for group in groups:
        x, y = on_screen(view, group.x, group.y)
        dashed = outlined and not group.filled and group.marker != LOST
        dash = f' stroke-dasharray="{_DASH[0]} {_DASH[1]}"' if dashed else ""
        fill = f'"{group.color}" fill-opacity="{_FILL_OPACITY}"' if group.filled else '"none"'
        fill = '"none"' if outlined else fill
        found.append(f'<g stroke="{group.color}" stroke-width="{width}" fill={fill}{dash}>')
        values = zip(x, y, group.angle, group.rx, group.ry, strict=True)
        if group.marker == ELLIPSE:
            found += [
                f'<ellipse transform="translate({px:.2f} {py:.2f})rotate({angle:.1f})" '
                f'rx="{rx:.2f}" ry="{ry:.2f}"/>'
                for px, py, angle, rx, ry in values
            ]
        else:
            # scaled with the symbol, so that lines are of the same width in all
            path = _svg_path(group.marker)
            found += [
                f'<path transform="translate({px:.2f} {py:.2f})scale({rx:.2f})" '
                f'stroke-width="{width / rx:.3f}"{_scaled_dash(rx) if dashed else ""} d="{path}"/>'
                for px, py, _, rx, _ in values
            ]
        found.append("</g>")
    return found


def _scaled_dash(radius: float) -> str:
    return f' stroke-dasharray="{_DASH[0] / radius:.3f} {_DASH[1] / radius:.3f}"'


@cache
def _svg_path(marker: str) -> str:
    def line(points: np.ndarray) -> str:
        closed = len(points) > 2
        corners = points[:-1] if closed else points
        return "M" + "L".join(f"{x:.3g} {y:.3g}" for x, y in corners) + ("Z" if closed else "")

    return "".join(line(points) for points in _LINES[marker])


def label_elements(
    texts: Sequence[str], x: np.ndarray, y: np.ndarray, view: View, color: str
) -> list[str]:
    """Return labels, to the upper right of positions, as SVG elements.

    Parameters
    ----------
    texts : sequence of str
    x, y : ndarray
        Positions in the viewer's frame.
    view : View
        The picture's.
    color : str

    Returns
    -------
    list of str
    """
    if not len(texts):
        return []
    px, py = on_screen(view, x, y)
    found = [
        f'<g font-family="sans-serif" font-size="12" font-weight="600" fill="{color}" '
        f'stroke="{_HALO}" stroke-width="3" stroke-linejoin="round" paint-order="stroke">'
    ]
    found += [
        f'<text x="{left + 8:.1f}" y="{top - 7:.1f}">{escape(text)}</text>'
        for text, left, top in zip(texts, px, py, strict=True)
    ]
    return [*found, "</g>"]


def scene_elements(scene: Scene, color: str, width: float, outlined: bool = False) -> list[str]:
    """Return the symbols or the density of a scene as SVG elements.

    Parameters
    ----------
    scene : Scene
    color : str
        Of the density.
    width : float
        Of the lines, screen pixels.
    outlined : bool, optional
        See `symbol_elements`.

    Returns
    -------
    list of str
    """
    if scene.density is not None:
        return [_image(_density_png(scene.density, color), scene.view)]
    return symbol_elements(scene.symbols, scene.view, width, outlined)


def _image(png: bytes, view: View) -> str:
    return (
        f'<image width="{view.width:.2f}" height="{view.height:.2f}" preserveAspectRatio="none" '
        f'style="image-rendering:pixelated" '
        f'href="data:image/png;base64,{base64.b64encode(png).decode()}"/>'
    )


def _density_png(counts: np.ndarray, color: str) -> bytes:
    """Picture of a density: the catalog's colour, the more opaque the more sources."""
    top = counts.max() or 1
    opacity = np.where(counts > 0, 0.35 + 0.6 * np.log1p(counts) / np.log1p(top), 0)
    pixels = np.empty((*counts.shape, 4), dtype=np.uint8)
    pixels[..., :3] = np.round(255 * np.array(to_rgb(color)))
    pixels[..., 3] = np.round(255 * opacity)
    stream = io.BytesIO()
    # the first row of a picture is its top
    Image.fromarray(pixels[::-1]).save(stream, "PNG", compress_level=1)
    return stream.getvalue()
