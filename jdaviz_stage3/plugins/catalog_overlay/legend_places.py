"""Where the legends of the image viewers are: of all of them, of one, and in a session."""

from __future__ import annotations

import math
from typing import Any

from traitlets import HasTraits, observe

from ...errors import Stage3Error
from .canvas import OverlayCanvas
from .legend import CORNERS

__all__ = ["LegendPlaces"]

_PLACES = ("Auto", *CORNERS, "Folded", "Off")
_DIGITS = 4  # of fractions of a viewer: a tenth of a pixel


class LegendPlaces(HasTraits):
    """The part of the plugin that puts legends where they are asked for.

    Attributes
    ----------
    _canvases : dict of glue viewer to OverlayCanvas
        The plugin's.
    """

    _canvases: dict[Any, OverlayCanvas]

    @observe("legend_selected")
    def _legend_moved(self, *_: Any) -> None:
        for canvas in self._canvases.values():
            canvas.put_legend(self.legend_selected)

    def step_legend(self, viewer: str) -> bool:
        """Put the legend of a viewer, by its label, into the next corner."""
        found = [c for v, c in self._canvases.items() if v.reference == viewer and c.marks]
        for canvas in found:
            canvas.step_legend()
        return bool(found)

    def place_legend(
        self,
        viewer: str,
        place: str | tuple[float, float],
        folded: bool | None = None,
    ) -> None:
        """Put the legend of one viewer where it is asked for, as the mouse does that drags it.

        Parameters
        ----------
        viewer : str
            Label of an image viewer with an overlay.
        place : str or (float, float)
            One of the choices of ``legend``; or how far to the right and down, each 0 … 1, of how
            far it can be moved.
        folded : bool, optional
            Whether it is folded, as a click does it; by default where it would hide much.

        Raises
        ------
        Stage3Error
            If there is no such viewer or no such place.
        """
        canvas = next((c for v, c in self._canvases.items() if v.reference == viewer), None)
        if canvas is None:
            known = ", ".join(repr(one.reference) for one in self._canvases) or "none"
            raise Stage3Error(
                f"Catalog Overlay: no legend in a viewer {viewer!r}; there are legends in: {known}"
            )
        canvas.put_legend(_checked(place), folded)

    def legend_lines(self) -> list[str]:
        """Return the lines of Python that put all legends where they are, none where untouched."""
        lines = []
        if self.legend_selected != "Auto":
            lines.append(f"plg.legend = {self.legend_selected!r}")
        for viewer, canvas in self._canvases.items():
            place, folded = canvas.annotations.legend.asked
            if not isinstance(place, str):
                place = tuple(round(float(part), _DIGITS) for part in place)
            if (place, folded) == (self.legend_selected, None) or not canvas.marks:
                continue
            more = "" if folded is None else f", folded={folded!r}"
            lines.append(f"plg.place_legend({viewer.reference!r}, {place!r}{more})")
        return lines


def _checked(place: Any) -> str | tuple[float, float]:
    if isinstance(place, str) and place in _PLACES:
        return place
    try:
        right, down = (float(part) for part in place)
    except (TypeError, ValueError):
        right = down = math.nan
    if not (0 <= right <= 1 and 0 <= down <= 1):
        raise Stage3Error(
            f"Catalog Overlay: place = {place!r} of a legend; expected one of "
            f"{', '.join(map(repr, _PLACES))}, or two numbers 0 … 1"
        )
    return right, down
