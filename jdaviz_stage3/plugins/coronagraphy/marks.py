"""What is drawn over images: the star, the mask, circles, north and east, companions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from bqplot import Label, Lines, Scatter

from ...analysis import north_and_east
from ...viewers.figure_marks import FigureMarks
from ...viewers.image_frames import to_frame
from .shown_image import ShownImage

__all__ = ["StarMarks"]

_ANGLES = np.linspace(0, 2 * np.pi, 121)
_STAR = {"colors": ["#ffb000"], "marker": "cross", "default_size": 140, "fill": False}
_MASK = {"colors": ["#ffb000"], "stroke_width": 2, "fill": "none", "line_style": "dashed"}
_CIRCLES = {"colors": ["#9ecae1"], "stroke_width": 1, "fill": "none"}
_ARROWS = {"colors": ["#ffb000"], "stroke_width": 2, "fill": "none"}
_LETTERS = {"colors": ["#ffb000"], "align": "middle", "default_size": 15, "font_weight": "bold"}
_KNOWN = {"colors": ["#00e5ff"], "marker": "circle", "default_size": 260, "fill": False}
_INJECTED = {"colors": ["#ff3d7f"], "marker": "diamond", "default_size": 240, "fill": False}


class StarMarks:
    """The marks in one viewer.

    Parameters
    ----------
    viewer : glue image viewer
    on_click : callable
        Called with x and y in the viewer's frame where the user clicks.
    """

    def __init__(self, viewer: Any, on_click: Callable[[float, float], None]):
        self.viewer = viewer
        self._marks = FigureMarks()
        self._on_click = on_click
        viewer.add_event_callback(self._clicked, events=["click"])

    def _clicked(self, event: dict) -> None:
        self._on_click(event["domain"]["x"], event["domain"]["y"])

    def draw(
        self, shown: ShownImage, star: tuple[float, float], circles: Sequence[float], marks: bool
    ) -> None:
        """Draw the star and what is around it.

        Parameters
        ----------
        shown : ShownImage
        star : tuple of float
            x and y, pixels of the image.
        circles : sequence of float
            Radii, in pixels.
        marks : bool
            Whether star, mask, north and east are drawn.
        """
        wanted = set()
        if marks:
            wanted |= self._points("star", shown, [star], _STAR)
            if (radius := _mask_radius(shown)) is not None:
                wanted |= self._circles("mask", shown, star, [radius], _MASK)
            wanted |= self._compass(shown, star)
        if len(circles):
            wanted |= self._circles("circles", shown, star, circles, _CIRCLES)
        drawn_here = {"star", "mask", "circles", "compass", "letters"}
        self._marks.remove([key for key in self._marks if key in drawn_here - wanted])

    def draw_companions(
        self, shown: ShownImage, known: Sequence[tuple[float, float]],
        injected: Sequence[tuple[float, float]],
    ) -> None:  # fmt: skip
        """Mark companions.

        Parameters
        ----------
        shown : ShownImage
        known, injected : sequence of (x, y)
            In pixels of the image.
        """
        for key, places, style in (("known", known, _KNOWN), ("injected", injected, _INJECTED)):
            if places:
                self._points(key, shown, places, style)
            else:
                self._marks.remove([key])

    def _points(self, key: str, shown: ShownImage, places: Sequence, style: dict) -> set[str]:
        x, y = to_frame(self.viewer, shown.data, *np.array(places, float).T)
        self._marks.put(self.viewer, key, Scatter, {"x": x, "y": y}, style)
        return {key}

    def _circles(
        self, key: str, shown: ShownImage, star: tuple[float, float], radii: Sequence[float],
        style: dict,
    ) -> set[str]:  # fmt: skip
        radius = np.asarray(radii, float)[:, None]
        x = star[0] + radius * np.cos(_ANGLES)
        y = star[1] + radius * np.sin(_ANGLES)
        x, y = to_frame(self.viewer, shown.data, x, y)
        colors = {"colors": style["colors"] * len(radius)}
        self._marks.put(self.viewer, key, Lines, {"x": x, "y": y}, style | colors)
        return {key}

    def _compass(self, shown: ShownImage, star: tuple[float, float]) -> set[str]:
        """Arrows to north and east from the star, outside of the mask."""
        directions = north_and_east(shown.wcs, *star)
        if directions is None:
            return set()
        length, start_at = min(shown.shape) / 5, 0.0
        if (radius := _mask_radius(shown)) is not None:
            length, start_at = max(length, 1.9 * radius), 1.05 * radius
        lines, letters = [], []
        for direction in directions:
            tip = np.array(star) + length * direction
            side = np.array([-direction[1], direction[0]]) * length / 14
            back = tip - direction * length / 9
            start = np.array(star) + max(0.3 * length, start_at) * direction
            lines.append([start, tip, back + side, tip, back - side])
            letters.append(np.array(star) + 1.18 * length * direction)
        points = np.array(lines)
        x, y = to_frame(self.viewer, shown.data, points[..., 0], points[..., 1])
        style = _ARROWS | {"colors": _ARROWS["colors"] * 2}
        self._marks.put(self.viewer, "compass", Lines, {"x": x, "y": y}, style)
        x, y = to_frame(self.viewer, shown.data, *np.array(letters).T)
        values = {"x": x, "y": y, "text": ["N", "E"]}
        style = _LETTERS | {"colors": _LETTERS["colors"] * 2}
        self._marks.put(self.viewer, "letters", Label, values, style)
        return {"compass", "letters"}

    def close(self) -> None:
        """Take everything out of the viewer, and no longer listen to it."""
        self.viewer.remove_event_callback(self._clicked)
        self._marks.remove(list(self._marks))


def _mask_radius(shown: ShownImage) -> float | None:
    """The inner working angle in pixels; None where it is not known."""
    angle, scale = shown.occulter.inner_angle, shown.scale
    return None if angle is None or scale is None else float((angle / scale).value)
