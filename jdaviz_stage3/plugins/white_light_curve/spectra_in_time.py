"""The spectrum at the time cursor, and its ratio to the baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from bqplot import Lines
from jdaviz.core.custom_traitlets import IntHandleEmpty
from specutils import Spectrum
from traitlets import Bool, HasTraits, Unicode

from ...analysis import mean_spectrum, spectrum_ratio
from ...errors import Stage3Error
from ...jdaviz_compat import (
    data_of,
    in_display_units,
    replace_spectrum,
    spectrum_viewers_of_file,
)
from .fields import number
from .traces import integration_numbers, row_of

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
        self._last_spectra: dict[tuple, tuple] = {}
        super().__init__(*args, **kwargs)

    def spectrum(self) -> Spectrum | list[Spectrum]:
        """Return the spectrum at the time cursor, the mean of ``span`` integrations.

        Returns
        -------
        specutils.Spectrum or list of them
            One for one chosen trace, else a list in their order.

        Raises
        ------
        Stage3Error
            If no integration is chosen.
        """
        found = [self._spectrum_at_cursor(self._sums(label)) for label in self._chosen()]
        return found[0] if len(found) == 1 else found

    def ratio(self) -> Spectrum | list[Spectrum]:
        """Return that spectrum divided by the mean of the baseline.

        Returns
        -------
        specutils.Spectrum or list of them
            One for one chosen trace, else a list in their order; by the mean of all other
            integrations where there is no baseline.

        Raises
        ------
        Stage3Error
            If no integration is chosen, or none is in the baseline.
        """
        found = [self._ratio_at_cursor(self._sums(label)) for label in self._chosen()]
        return found[0] if len(found) == 1 else found

    def add_spectra(self, integrations: Iterable[int]) -> list[str]:
        """Add the spectra of integrations to the app, of each chosen trace.

        Parameters
        ----------
        integrations : iterable of int
            Their numbers; of each, the mean of ``span`` integrations is added.

        Returns
        -------
        list of str
            The labels of the data, shown where the trace's file is; one of the same label is
            replaced.

        Raises
        ------
        Stage3Error
            If there is no such integration; then none is added.
        """
        found = []
        for label in self._chosen():
            sums = self._sums(label)
            for wanted in np.atleast_1d(np.asarray(list(integrations))).tolist():
                numbers = integration_numbers(sums.trace)
                if wanted not in numbers:
                    raise Stage3Error(
                        f"{label}: no integration {wanted}; there are {numbers.min()} to "
                        f"{numbers.max()}"
                    )
                rows = self._rows_around(sums, wanted)
                spectrum = mean_spectrum(sums, rows)
                spectrum.meta |= {"integrations": numbers[rows].tolist(), "input": label}
                found.append((label, f"{label} integration {wanted}", spectrum))
        for label, name, spectrum in found:
            viewers = spectrum_viewers_of_file(self, data_of(self, label))
            replace_spectrum(self, name, spectrum, [viewer.reference for viewer in viewers])
        return [name for _, name, _ in found]

    def _rows_at_cursor(self, sums: Any) -> np.ndarray:
        """Which integrations the spectrum at the cursor is the mean of, bool, shape (n_int,)."""
        return self._rows_around(sums, self._integration())

    def _integration(self) -> float:
        if self.integration in ("", None):
            raise Stage3Error("integration is empty; give a number, or click in the light curve")
        return number(self.integration, "integration")

    def _rows_around(self, sums: Any, integration: float) -> np.ndarray:
        span = int(number(self.span, "span"))
        if span < 1:
            raise Stage3Error(f"span = {span}: at least one integration is needed")
        count = sums.n_integrations
        row = row_of(sums.trace, integration)
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
        last = self._last_spectra.get((function, sums.trace.label))
        if last is None or last[0] is not sums or last[1] != key:
            last = (sums, key, function(sums, *rows))
            self._last_spectra[function, sums.trace.label] = last
        return last[2]

    def _baseline_rows(self, sums: Any) -> np.ndarray:
        """Which integrations are in the baseline; all but those at the cursor without one."""
        if self.baseline_text.strip():
            return self._in_baseline(sums)
        return ~self._rows_at_cursor(sums)


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
                line = Lines(x=x[shown], y=y[shown], scales=scales, colors=[_COLOR],
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
