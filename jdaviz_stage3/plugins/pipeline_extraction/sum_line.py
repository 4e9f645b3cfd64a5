"""The sum as a line over the pipeline's spectrum."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from bqplot import Lines
from specutils import Spectrum

from ...jdaviz_compat import in_display_units, spectrum_viewers_showing
from ...viewers.figure_marks import FigureMarks

__all__ = ["SumLine"]

_COLOR = "#c75d2c"  # jdaviz's colour of what is active


class SumLine:
    """The line in all viewers that show the pipeline's spectrum.

    Parameters
    ----------
    app : jdaviz application
    """

    def __init__(self, app: Any):
        self._app = app
        self._marks = FigureMarks()

    def draw(self, label: str, total: Spectrum) -> None:
        """Draw a sum over the spectrum of that label, where the units allow it.

        Parameters
        ----------
        label : str
        total : specutils.Spectrum
        """
        for viewer in spectrum_viewers_showing(self._app, label):
            try:
                x, y = in_display_units(viewer, total)
            except u.UnitConversionError:
                continue
            there = np.flatnonzero(np.isfinite(y))
            shown = slice(there[0], there[-1] + 1) if there.size else slice(0)
            values = {"x": x[shown], "y": y[shown]}
            if there.size:  # in view
                viewer.state.y_min = min(viewer.state.y_min, float(np.nanmin(y)))
                viewer.state.y_max = max(viewer.state.y_max, float(np.nanmax(y)))
            self._marks.put(viewer, viewer, Lines, values, {"colors": [_COLOR], "stroke_width": 2})

    def clear(self) -> None:
        """Take the lines out of the viewers."""
        self._marks.remove(list(self._marks))
