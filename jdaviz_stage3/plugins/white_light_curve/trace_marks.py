"""Bands, time cursors and spectra as marks in the viewers of the traces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy import units as u
from bqplot import LinearScale, Lines
from specutils import Spectrum

from ...jdaviz_compat import in_display_units

__all__ = ["CURSOR_COLOR", "BandEdges", "SpectrumLines"]

#: Of the time cursor, and of all that is of the integration there.
CURSOR_COLOR = "#ff7f0e"
_BAND = "#c75d2c"


class BandEdges:
    """Shaded bands in viewers, one mark each; edges that are dragged are the plugin's concern."""

    def __init__(self):
        self._marks: dict[tuple[Any, str, str, int], Lines] = {}
        self._full = LinearScale(min=0, max=1)

    def show(
        self, viewer: Any, label: str, bands: Sequence[u.Quantity], unit: str, shade: bool = True
    ) -> None:
        """Draw bands in a viewer whose x axis is in this unit, in place of those before.

        Parameters
        ----------
        viewer : glue viewer
        label : str
            Of the trace that they are of; a viewer can show several.
        bands : sequence of Quantity, shape (2,)
        unit : str
        shade : bool, optional
            Whether to shade them; not where a picture lies below.
        """
        scales = {"x": viewer.scales["x"], "y": self._full}
        for index, band in enumerate(bands):
            low, high = np.sort(band.to_value(unit, u.spectral()))
            values = {"x": [low, low, high, high], "y": [0.0, 1.0, 1.0, 0.0]}
            style = {
                "colors": [_BAND], "fill": "inside", "fill_colors": [_BAND], "stroke_width": 1.5,
                "fill_opacities": [(0.08, 0.16)[index % 2] if shade else 0.0], "opacities": [0.8],
            }  # fmt: skip
            self._put((viewer, label, "band", index), values, style, scales)
        self._remove(
            key
            for key in list(self._marks)
            if key[0] is viewer and key[1:3] == (label, "band") and key[3] >= len(bands)
        )

    def show_time(self, viewer: Any, label: str, y: float | None) -> None:
        """Draw the time cursor in a dynamic-spectrum viewer, or take it away."""
        key = (viewer, label, "cursor", 0)
        if y is None or not np.isfinite(y):
            self._remove([key] if key in self._marks else [])
            return
        scales = {"x": self._full, "y": viewer.scales["y"]}
        style = {"colors": [CURSOR_COLOR], "stroke_width": 1.5}
        self._put(key, {"x": [0.0, 1.0], "y": [y, y]}, style, scales)

    def keep_only(self, shown: Sequence[tuple[Any, str]]) -> None:
        """Take the bands and cursors of all other viewers and traces away."""
        self._remove(key for key in list(self._marks) if key[:2] not in shown)

    def clear(self) -> None:
        """Take all bands and cursors out of the viewers."""
        self._remove(list(self._marks))

    def _put(self, key: tuple, values: dict, style: dict, scales: dict) -> None:
        mark = self._marks.get(key)
        if mark is None:
            mark = Lines(scales=scales, **values, **style)
            self._marks[key] = mark
            key[0].figure.marks = [*key[0].figure.marks, mark]
        else:
            with mark.hold_sync():
                for name, value in values.items():
                    setattr(mark, name, value)

    def _remove(self, keys: Any) -> None:
        for key in list(keys):
            mark = self._marks.pop(key)
            figure = key[0].figure
            figure.marks = [other for other in figure.marks if other is not mark]
            mark.close()


class SpectrumLines:
    """Spectra as lines over spectrum viewers."""

    def __init__(self):
        self._lines: dict[tuple[Any, str], Lines] = {}

    def show(self, spectra: dict[tuple[Any, str], Spectrum]) -> None:
        """Draw spectra, by viewer and label, in place of those before."""
        for (viewer, label), spectrum in spectra.items():
            x, y = in_display_units(viewer, spectrum)
            there = np.flatnonzero(np.isfinite(y))
            # NaN within breaks the line; at its end it would make bqplot complain
            shown = slice(there[0], there[-1] + 1) if there.size else slice(0)
            line = self._lines.get((viewer, label))
            if line is None:
                scales = {axis: viewer.scales[axis] for axis in ("x", "y")}
                line = Lines(x=x[shown], y=y[shown], scales=scales, colors=[CURSOR_COLOR],
                             stroke_width=1.5, visible=bool(there.size))  # fmt: skip
                self._lines[viewer, label] = line
                viewer.figure.marks = [*viewer.figure.marks, line]
            else:
                with line.hold_sync():
                    line.x, line.y, line.visible = x[shown], y[shown], bool(there.size)
        self._remove([key for key in self._lines if key not in spectra])

    def clear(self) -> None:
        """Take the lines out of the viewers."""
        self._remove(list(self._lines))

    def _remove(self, keys: list[tuple[Any, str]]) -> None:
        for key in keys:
            line = self._lines.pop(key)
            figure = key[0].figure
            figure.marks = [mark for mark in figure.marks if mark is not line]
            line.close()
