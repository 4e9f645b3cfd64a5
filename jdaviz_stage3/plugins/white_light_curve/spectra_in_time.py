"""The spectrum at the time cursor, and its ratio to the baseline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from bqplot import Lines
from jdaviz.core.custom_traitlets import IntHandleEmpty
from specutils import Spectrum
from traitlets import Bool, HasTraits, Unicode

from ...analysis import mean_spectrum, spectrum_ratio
from ...errors import Stage3Error
from ...jdaviz_compat import in_display_units
from .controls import number

__all__ = ["SpectrumControls", "SpectrumLines"]

_COLOR = "#ff7f0e"


class SpectrumControls(HasTraits):
    """Traits for the time cursor."""

    integration = IntHandleEmpty("").tag(sync=True)
    span = IntHandleEmpty(1).tag(sync=True)
    show_spectrum = Bool(True).tag(sync=True)
    show_ratio = Bool(False).tag(sync=True)
    cursor_text = Unicode("").tag(sync=True)

    def __init__(self, *args: Any, **kwargs: Any):
        self._last_spectra: dict[Callable, tuple] = {}
        super().__init__(*args, **kwargs)

    def _rows_at_cursor(self, sums: Any) -> np.ndarray:
        """Which integrations the spectrum at the cursor is the mean of, bool, shape (n_int,)."""
        if self.integration == "":
            raise Stage3Error("integration is empty; give a number, or click in the light curve")
        span = int(number(self.span, "span"))
        if span < 1:
            raise Stage3Error(f"span = {span}: at least one integration is needed")
        count = sums.n_integrations
        row = self._prepared.row_of(sums.trace, int(self.integration))
        first = min(max(row - (span - 1) // 2, 0), max(count - span, 0))
        rows = np.zeros(count, dtype=bool)
        rows[first : first + span] = True
        return rows

    def _spectrum_at_cursor(self, sums: Any) -> Spectrum:
        return self._once(mean_spectrum, sums, self._rows_at_cursor(sums))

    def _ratio_at_cursor(self, sums: Any) -> Spectrum:
        rows = self._rows_at_cursor(sums)
        return self._once(spectrum_ratio, sums, rows, self._baseline_rows(sums))

    def _once(self, function: Callable[..., Spectrum], sums: Any, *rows: np.ndarray) -> Spectrum:
        """The last result of a function where nothing changed: dragging a band asks each time."""
        key = tuple(which.tobytes() for which in rows)
        last = self._last_spectra.get(function)
        if last is None or last[0] is not sums or last[1] != key:
            last = self._last_spectra[function] = (sums, key, function(sums, *rows))
        return last[2]

    def _baseline_rows(self, sums: Any) -> np.ndarray:
        """Which integrations are in the baseline; all but those at the cursor without one."""
        if self.baseline_text.strip():
            return self._in_baseline(sums)
        return ~self._rows_at_cursor(sums)


class SpectrumLines:
    """A spectrum as a line over spectrum viewers."""

    def __init__(self):
        self._lines: dict[Any, Lines] = {}

    def show(self, viewers: list[Any], spectrum: Spectrum) -> None:
        """Draw a spectrum in these viewers, in place of the one before."""
        for viewer in viewers:
            x, y = in_display_units(viewer, spectrum)
            there = np.flatnonzero(np.isfinite(y))
            shown = slice(there[0], there[-1] + 1) if there.size else slice(0)
            line = self._lines.get(viewer)
            if line is None:
                scales = {axis: viewer.scales[axis] for axis in ("x", "y")}
                line = Lines(x=x[shown], y=y[shown], scales=scales, colors=[_COLOR],
                             stroke_width=1.5, visible=bool(there.size))  # fmt: skip
                self._lines[viewer] = line
                viewer.figure.marks = [*viewer.figure.marks, line]
            else:
                with line.hold_sync():
                    line.x, line.y, line.visible = x[shown], y[shown], bool(there.size)
        self._remove([viewer for viewer in self._lines if viewer not in viewers])

    def clear(self) -> None:
        """Take the lines out of the viewers."""
        self._remove(list(self._lines))

    def _remove(self, viewers: list[Any]) -> None:
        for viewer in viewers:
            line = self._lines.pop(viewer)
            figure = viewer.figure
            figure.marks = [mark for mark in figure.marks if mark is not line]
            line.close()
