"""Lines over spectrum viewers that show what smoothing would give."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from astropy import units as u
from jdaviz.core.marks import PluginLine
from specutils import Spectrum

from ...jdaviz_compat import in_display_units, spectrum_viewers_showing

__all__ = ["SmoothingPreview"]

_SMOOTHED = "#c75d2c"  # jdaviz's colour of what is active
_RESIDUAL = "#7b1fa2"
_RESIDUAL_SUFFIX = " residual"


class SmoothingPreview:
    """The smoothed spectra and their residuals in all spectrum viewers that show the input.

    Parameters
    ----------
    app : jdaviz application
    """

    def __init__(self, app: Any):
        self._app = app
        self._lines: dict[tuple[Any, str], PluginLine] = {}
        self._drawn: set[tuple[Any, str]] = set()
        self._room: dict[Any, tuple[float, float]] = {}  # y_min before and after `make_room`

    def show(
        self,
        label: str,
        spectrum: Spectrum,
        smoothed: Spectrum,
        *,
        with_smoothed: bool = True,
        with_residual: bool = False,
    ) -> list[str]:
        """Draw the preview of one spectrum.

        Parameters
        ----------
        label : str
            Of the input in the app.
        spectrum : specutils.Spectrum
            The part of the input that was smoothed.
        smoothed : specutils.Spectrum
        with_smoothed, with_residual : bool, optional
            What to draw: the result; the input minus the result, around zero.

        Returns
        -------
        list of str
            Viewers in whose units it cannot be drawn: jdaviz converts between flux and surface
            brightness by a solid angle of 1 sr, which we do not.
        """
        left_out = []
        for viewer in spectrum_viewers_showing(self._app, label):
            try:
                in_display_units(viewer, smoothed)
            except u.UnitConversionError:
                left_out.append(viewer.reference)
                continue
            if with_smoothed:
                self._draw(viewer, label, smoothed, _SMOOTHED, 2.0)
            if with_residual:
                difference = Spectrum(
                    flux=spectrum.flux - smoothed.flux, spectral_axis=smoothed.spectral_axis
                )
                self._draw(viewer, f"{label}{_RESIDUAL_SUFFIX}", difference, _RESIDUAL, 1.0)
        return left_out

    def make_room(self) -> None:
        """Extend the flux axes so that the residuals, which lie around zero, are in view."""
        for (viewer, name), line in self._lines.items():
            if name.endswith(_RESIDUAL_SUFFIX) and len(line.y):
                low = 1.1 * float(np.nanmin(line.y))
                if low < viewer.state.y_min:
                    before, _ = self._room.get(viewer, (viewer.state.y_min, low))
                    viewer.state.y_min = low
                    self._room[viewer] = before, low

    def give_back_room(self) -> None:
        """Undo `make_room`, except where the axes have been changed since."""
        for viewer, (before, low) in self._room.items():
            if viewer.state.y_min == low:
                viewer.state.y_min = before
        self._room.clear()

    def _draw(self, viewer: Any, name: str, spectrum: Spectrum, color: str, width: float) -> None:
        self._drawn.add((viewer, name))
        line = self._lines.get((viewer, name))
        if line is None:
            line = PluginLine(viewer, visible=False, colors=[color], stroke_width=width)
            line.auto_update_units = False  # the plugin draws anew
            self._lines[viewer, name] = line
            viewer.figure.marks = [*viewer.figure.marks, line]
        x, y = in_display_units(viewer, spectrum)
        # NaN within breaks the line; at its end it would make bqplot complain
        there = np.flatnonzero(np.isfinite(y))
        shown = slice(there[0], there[-1] + 1) if there.size else slice(0)
        with line.hold_sync():
            line.x, line.y = x[shown], y[shown]
            line.visible = bool(there.size)

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Keep the lines that are drawn inside, and take all others out of the viewers."""
        self._drawn = set()
        yield
        self._remove([key for key in self._lines if key not in self._drawn])

    def clear(self) -> None:
        """Take all lines out of the viewers."""
        self._remove(list(self._lines))

    def _remove(self, keys: list[tuple[Any, str]]) -> None:
        for viewer, name in keys:
            line = self._lines.pop((viewer, name))
            viewer.figure.marks = [mark for mark in viewer.figure.marks if mark is not line]
            # jdaviz's marks listen to changes of units
            line.hub.unsubscribe_all(line)
            line.close()
