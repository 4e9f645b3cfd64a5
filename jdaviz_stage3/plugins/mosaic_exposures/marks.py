"""What is drawn over images: footprints, the chosen place, flagged pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from astropy.coordinates import SkyCoord
from bqplot import Lines, Scatter

from ...jdaviz_compat import aligned_by_wcs, images_in
from ...origin import origin_of
from ...readers.quality import dq_mask
from ...viewers.figure_marks import FigureMarks
from ...viewers.flagged_pixels import FlaggedPixels, pixels_in_viewer
from ...viewers.image_frames import has_sky, to_pixels

__all__ = ["ExposureMarks", "frame_of"]

_LIMITS = ("x_min", "x_max", "y_min", "y_max")
_ALL = {"colors": ["#8d99a6"], "stroke_width": 1, "fill": "none", "close_path": True}
_HERE = {"colors": ["#ffb000"], "stroke_width": 2, "fill": "none", "close_path": True}
_PLACE = {"colors": ["#ffb000"], "marker": "cross", "default_size": 120, "fill": False}


def frame_of(viewer: Any, mosaic: Any) -> Any | None:
    """Return the image whose pixels a viewer draws on, for positions on the sky.

    Parameters
    ----------
    viewer : glue image viewer
    mosaic : glue.core.Data
        The image that positions are of: aligned by pixels, that is on its own pixels.

    Returns
    -------
    glue.core.Data or None
        None if it has no celestial coordinates.
    """
    frame = viewer.state.reference_data if aligned_by_wcs(viewer) else mosaic
    return frame if has_sky(frame) else None


class ExposureMarks:
    """The marks in one viewer.

    Parameters
    ----------
    viewer : glue image viewer
    on_click : callable
        Called with x and y in the viewer's frame where the user clicks.
    on_move : callable
        Called when the limits of the viewer have changed.
    """

    def __init__(
        self, viewer: Any, on_click: Callable[[float, float], None], on_move: Callable[[], None]
    ):
        self.viewer = viewer
        self._marks = FigureMarks()
        self._marked = FlaggedPixels(viewer)
        self._flagged: WeakKeyDictionary = WeakKeyDictionary()
        self._on_click, self._on_move = on_click, on_move
        for limit in _LIMITS:
            viewer.state.add_callback(limit, self._moved)
        viewer.add_event_callback(self._clicked, events=["click"])

    def _moved(self, *_: Any) -> None:
        self._on_move()

    def _clicked(self, event: dict) -> None:
        self._on_click(event["domain"]["x"], event["domain"]["y"])

    def draw_footprints(
        self, frame: Any, footprints: Mapping[str, SkyCoord], here: set[str], shown: bool
    ) -> None:
        """Outline exposures, those at the chosen place in a colour of their own.

        Parameters
        ----------
        frame : glue.core.Data
            See `frame_of`.
        footprints : mapping of str to SkyCoord
        here : set of str
            The names of those at the place.
        shown : bool
            Whether the others are outlined, too.
        """
        names = [name for name in footprints if shown or name in here]
        for key, style, wanted in (
            ("all", _ALL, [name for name in names if name not in here]),
            ("here", _HERE, [name for name in names if name in here]),
        ):
            outlines = [to_pixels(frame, footprints[name]) for name in wanted]
            if not outlines:
                self._marks.remove([key])
                continue
            longest = max(len(x) for x, _ in outlines)
            x, y = (
                np.array([np.pad(o[axis], (0, longest - len(o[axis])), "edge") for o in outlines])
                for axis in (0, 1)
            )
            colors = {"colors": style["colors"] * len(outlines)}
            self._marks.put(self.viewer, key, Lines, {"x": x, "y": y}, style | colors)

    def draw_place(self, frame: Any, position: SkyCoord | None) -> None:
        """Mark the chosen place.

        Parameters
        ----------
        frame : glue.core.Data
        position : SkyCoord or None
        """
        if position is None:
            self._marks.remove(["place"])
            return
        x, y = to_pixels(frame, position)
        values = {"x": np.atleast_1d(x), "y": np.atleast_1d(y)}
        self._marks.put(self.viewer, "place", Scatter, values, _PLACE)

    def draw_flagged(self, flags: list[str]) -> int:
        """Mark the flagged pixels of the exposures that the viewer shows.

        Parameters
        ----------
        flags : list of str
            Names; none for no marks.

        Returns
        -------
        int
            How many there are in view: see `jdaviz_stage3.viewers.flagged_pixels.FlaggedPixels`.
        """
        places = self._flagged_pixels(flags) if flags else (np.empty(0), np.empty(0))
        return self._marked.draw(*places)

    def _flagged_pixels(self, flags: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Where they lie in the viewer, those of all exposures together."""
        visible = {layer.layer for layer in self.viewer.state.layers if layer.visible}
        places = [
            self._places(image, flags)
            for image in images_in(self.viewer)
            if _has_flags(image) and image in visible
        ]
        if not places:
            return np.empty(0), np.empty(0)
        return np.concatenate([p[0] for p in places]), np.concatenate([p[1] for p in places])

    def _places(self, image: Any, flags: list[str]) -> tuple[np.ndarray, np.ndarray]:
        frame = self.viewer.state.reference_data
        key = (tuple(flags), frame if aligned_by_wcs(self.viewer) else None)
        kept = self._flagged.get(image)
        if kept is None or kept[0] != key:
            values = image[image.main_components[0]]
            dq = np.where(np.isfinite(values), values, 0).astype(np.uint32)
            x, y = pixels_in_viewer(self.viewer, image, dq_mask(dq, flags))
            self._flagged[image] = kept = (key, (x, y))
        return kept[1]

    def close(self) -> None:
        """Take everything out of the viewer, and no longer listen to it."""
        for limit in _LIMITS:
            self.viewer.state.remove_callback(limit, self._moved)
        self.viewer.remove_event_callback(self._clicked)
        self._marks.remove(list(self._marks))
        self._marked.remove()


def _has_flags(image: Any) -> bool:
    origin = origin_of(image)
    return origin is not None and origin.part.startswith("DQ")
