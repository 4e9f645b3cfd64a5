"""The spectra of a source through one grating or grism: 2-D above, 1-D below, lines over both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from astropy import units as u
from bqplot import Axis, Figure, Image, Label, LinearScale, Lines
from bqplot_image_gl.interacts import MouseInteraction, drag_events
from ipywidgets import VBox
from numpy.lib.stride_tricks import sliding_window_view
from specutils import Spectrum

from ..analysis.extraction.window import ExtractionWindow
from .figure_marks import INK
from .plain_figures import empty_png, png_of, range_of, repainting
from .spectral_lines import RestLines

__all__ = ["SpectrumFigure"]

#: Of the exposures, told apart by who is colour-blind; the combined spectrum is as what is written.
_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#8C564B")
_LINE, _WINDOW = "#d62728", "#ff9100"
_MOST_COLUMNS = 3000  # of a picture
_MOST_NAMES = 40  # of lines, beyond which names would lie over each other
_NAME_WIDTH, _NAME_LENGTH, _LEVELS = 0.02, 0.2, 4  # of a name, in parts of the axes
_LEFT, _RIGHT = 78, 16
_LOWEST = 0.5  # percentile of flux that is on the axis
_LINE_WIDTH = 3  # samples: what is narrower is no line


class SpectrumFigure:
    """Figures that show the spectra of one source after another.

    Parameters
    ----------
    drag : callable
        Called with the wavelengths (micron) at which a drag over the 1-D spectrum began and is.

    Attributes
    ----------
    widget : ipywidgets.VBox
    limits : tuple of float
        Of the wavelengths, micron.
    """

    def __init__(self, drag: Callable[[str, float, float], None]) -> None:
        self._drag = drag
        self._from = np.nan
        self.limits = (0.0, 1.0)
        self._x = LinearScale(min=0, max=1)
        self._flux, self._rows, self._unit = (LinearScale(min=0, max=1) for _ in range(3))
        nothing = np.array([])
        below, above = {"x": self._x, "y": self._flux}, {"x": self._x, "y": self._rows}
        self._spectra = Lines(
            x=nothing, y=nothing, scales=below, stroke_width=1, colors=list(_COLORS),
            display_legend=True, labels=[],
        )  # fmt: skip
        self._combined = Lines(
            x=nothing, y=nothing, scales=below, stroke_width=1.4, colors=[INK],
            display_legend=True, labels=[],
        )  # fmt: skip
        self._errors = Lines(
            x=nothing, y=nothing, scales=below, colors=[INK], opacities=[0.0], fill="between",
            fill_opacities=[0.15], fill_colors=[INK],
        )  # fmt: skip
        self._picture = Image(image=empty_png(), scales=above)
        across = {"x": self._x, "y": self._unit}
        lines = {"stroke_width": 1, "line_style": "dashed", "colors": [_LINE], "opacities": [0.7]}
        self._lines = Lines(x=nothing, y=nothing, scales=across, **lines)
        self._lines_above = Lines(x=nothing, y=nothing, scales=across, **lines)
        rows = {"x": LinearScale(min=0, max=1), "y": self._rows}
        window = {"colors": [_WINDOW], "stroke_width": 1.5}
        self._window = Lines(x=nothing, y=nothing, scales=rows, **window)
        self._source = Lines(x=nothing, y=nothing, scales=rows, line_style="dashed", **window)
        self._names = Label(
            x=nothing, y=nothing, text=[], scales=across, colors=[_LINE], default_size=11,
            rotate_angle=-90, align="end", x_offset=9, y_offset=4,
        )  # fmt: skip
        self._flux_axis = Axis(
            scale=self._flux, orientation="vertical", label_offset="60px", grid_lines="none",
            tick_format=".2~e", num_ticks=5,
        )  # fmt: skip
        wavelength = Axis(
            scale=self._x, label="Wavelength (µm)", label_offset="32px", grid_lines="none"
        )
        margins = {"left": _LEFT, "right": _RIGHT}
        self._below = Figure(
            marks=[self._errors, self._spectra, self._combined, self._lines, self._names],
            axes=[wavelength, self._flux_axis], legend_location="top-right",
            legend_style={"stroke-width": 0, "fill-opacity": 0.6},
            legend_text={"font-size": "11px"}, fig_margin={"top": 6, "bottom": 44, **margins},
            animation_duration=0,
        )  # fmt: skip
        self._above = Figure(
            marks=[self._picture, self._window, self._source, self._lines_above],
            title_style={"font-size": "13px"},
            fig_margin={"top": 24, "bottom": 2, **margins}, animation_duration=0,
        )  # fmt: skip
        self._below.layout.height, self._below.layout.width = "230px", "100%"
        self._above.layout.width = "100%"
        mouse = MouseInteraction(
            x_scale=self._x, y_scale=self._flux, events=drag_events, next=None, move_throttle=40
        )
        mouse.on_msg(self._mouse)
        self._below.interaction = mouse
        self.widget = VBox([self._above, self._below], layout={"flex": "0 0 auto"})

    def show(
        self, title: str, spectra: Sequence[tuple[str, Spectrum]],
        combined: tuple[str, Spectrum] | None, image: Spectrum | None,
        window: ExtractionWindow | None = None,
    ) -> None:  # fmt: skip
        """Show spectra.

        Parameters
        ----------
        title : str
        spectra : sequence of (str, Spectrum)
            1-D, with their names.
        combined : (str, Spectrum) or None
            Drawn over them.
        image : Spectrum or None
            2-D; the planned place of the source is marked where its axes are known.
        window : ExtractionWindow or None, optional
            Of the image, from which a spectrum was extracted.
        """
        everything = [one for _, one in spectra] + ([combined[1]] if combined else [])
        unit = everything[0].flux.unit if everything else u.dimensionless_unscaled
        drawn = [(name, *_xy(one, unit)) for name, one in spectra]
        with self._spectra.hold_sync():
            self._spectra.x, self._spectra.y = _ended(
                _padded([d[1] for d in drawn]), _padded([d[2] for d in drawn])
            )
            self._spectra.labels = [d[0] for d in drawn]
        over = _xy(combined[1], unit) if combined else (np.array([]), np.array([]))
        with self._combined.hold_sync():
            self._combined.x, self._combined.y = _ended(*over)
            self._combined.labels = [combined[0]] if combined else []
        self._show_errors(combined[1] if combined else None, unit)
        self._show_image(image)
        self._show_rows(image, window)
        x = np.concatenate([over[0], *(d[1] for d in drawn), _wavelengths(image)])
        self.limits = (float(np.nanmin(x)), float(np.nanmax(x))) if x.size else (0.0, 1.0)
        self._x.min, self._x.max = self.limits
        self._flux.min, self._flux.max = _limits([over[1]] if combined else [d[2] for d in drawn])
        kind = "Surface brightness" if u.sr in unit.bases else "Flux"
        self._flux_axis.label = f"{kind} ({unit})" if everything else ""
        self._above.title = title
        self._above.layout.height = "100px" if image is not None else "28px"

    def show_lines(self, lines: RestLines | None, redshift: float) -> None:
        """Draw lines where a redshift brings them.

        Parameters
        ----------
        lines : RestLines or None
            None for no lines.
        redshift : float
            NaN for none.
        """
        names: list[str] = []
        at = np.array([])
        if lines is not None and np.isfinite(redshift):
            names, at = lines.seen(redshift, *self.limits)
        x = np.repeat(at, 2).reshape(-1, 2)
        y = np.tile([0.0, 1.0], (at.size, 1))
        nothing = np.array([]), np.array([])
        for mark in (self._lines, self._lines_above):
            # above there is a title only, where there is no picture
            drawn = at.size and (mark is self._lines or self._picture.visible)
            with mark.hold_sync():
                mark.x, mark.y = (x, y) if drawn else nothing
        named = slice(0, len(names) if len(names) <= _MOST_NAMES else 0)
        with self._names.hold_sync():
            self._names.x, self._names.y = at[named], _heights(at[named], self.limits)
            self._names.text = names[named]

    def _show_errors(self, one: Spectrum | None, unit: u.UnitBase) -> None:
        """One standard deviation to both sides of the combined spectrum."""
        x = y = np.array([])
        if one is not None and one.uncertainty is not None:
            x, flux = _xy(one, unit)
            error = np.asarray(one.uncertainty.array, float)
            good = np.isfinite(flux) & np.isfinite(error) if flux.size else np.zeros(0, bool)
            x, y = x[good], np.array([(flux - error)[good], (flux + error)[good]])
        with self._errors.hold_sync():
            self._errors.x, self._errors.y = x, y if x.size else np.array([])

    def _show_image(self, image: Spectrum | None) -> None:
        if image is None:
            self._picture.visible = False
            return
        wavelength = _wavelengths(image)
        known = np.flatnonzero(np.isfinite(wavelength))
        known = known[np.argsort(wavelength[known])]
        # a picture has equal steps, which the wavelengths of a prism have not: the nearest column
        ends = wavelength[known[[0, -1]]]
        grid = np.linspace(*ends, min(_MOST_COLUMNS, 2 * known.size))
        column = np.round(np.interp(grid, wavelength[known], np.arange(known.size))).astype(int)
        values = np.where(_masked(image), np.nan, image.flux.value.astype(float))
        values = values[:, known[column]]
        low, high = range_of(values, 2, 99)
        with repainting(self._picture, png_of(values, low, high, "gray")):
            self._picture.x = ends
            self._picture.y = np.array([0.0, 1.0])
            self._picture.visible = True

    def _show_rows(self, image: Spectrum | None, window: ExtractionWindow | None) -> None:
        """Mark where the source was planned to be, and from where to where it was extracted."""
        edges: list[float] = []
        source: list[float] = []
        if image is not None:
            edges = [] if window is None else [window.lower, window.upper]
            planned = image.meta.get("offsets_from") == "planned source position"
            source = [image.meta["origin_row"]] if planned else []
        for mark, rows in ((self._window, edges), (self._source, source)):
            # the picture goes from the lower edge of row 0 to the upper one of the last
            part = (np.array(rows) + 0.5) / (1 if image is None else image.flux.shape[0])
            with mark.hold_sync():
                mark.x = np.tile([0.0, 1.0], (part.size, 1)) if part.size else part
                mark.y = np.repeat(part, 2).reshape(-1, 2) if part.size else part

    def _mouse(self, _: Any, data: dict[str, Any], __: Any) -> None:
        if data.get("event") not in drag_events or "domain" not in data:
            return
        at = float(data["domain"]["x"])
        if data["event"] == "dragstart":
            self._from = at
        if np.isfinite(self._from) and self._from > 0 and at > 0:
            self._drag(data["event"], self._from, at)
        if data["event"] == "dragend":
            self._from = np.nan


def _heights(at: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Where names begin, from the top: those of near lines below each other."""
    near = np.diff(at, prepend=-np.inf) < _NAME_WIDTH * (limits[1] - limits[0])
    level = np.arange(at.size) - np.maximum.accumulate(np.where(near, 0, np.arange(at.size)))
    return 1 - _NAME_LENGTH * (level % _LEVELS)


def _masked(one: Spectrum) -> np.ndarray:
    return np.zeros(one.flux.shape, bool) if one.mask is None else np.asarray(one.mask, bool)


def _wavelengths(one: Spectrum | None) -> np.ndarray:
    return np.array([]) if one is None else one.spectral_axis.to_value(u.um)


def _xy(one: Spectrum, unit: u.UnitBase) -> tuple[np.ndarray, np.ndarray]:
    """Wavelengths in micron and flux, flagged samples NaN; in another unit nothing is drawn."""
    if not one.flux.unit.is_equivalent(unit):
        return np.array([]), np.array([])
    flux = np.where(_masked(one), np.nan, one.flux.to_value(unit))
    return _wavelengths(one), flux


def _limits(fluxes: Sequence[np.ndarray]) -> tuple[float, float]:
    """Limits within which lines are whole; single samples that stand out may be cut."""
    lows, highs = [], []
    for flux in fluxes:
        good = flux[np.isfinite(flux)]
        if good.size >= _LINE_WIDTH:
            windows = sliding_window_view(good, _LINE_WIDTH)
            middle = np.median(windows, axis=-1)
            lows.append(min(np.percentile(good, _LOWEST), middle.min()))
            # the top of a line of three samples is at most as far again above the others
            top, base = int(np.argmax(middle)), np.median(good)
            highs.append(min(windows[top].max(), 2 * middle[top] - base))
        elif good.size:
            lows.append(good.min())
            highs.append(good.max())
    return range_of(np.array([min(lows), max(highs)]) if lows else np.array([]))


def _padded(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of different lengths as one array, shape (n, longest), the rest NaN."""
    if not rows:
        return np.array([])
    out = np.full((len(rows), max(row.size for row in rows)), np.nan)
    for place, row in zip(out, rows, strict=True):
        place[: row.size] = row
    return out


def _ended(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lines, shape (n,) or (n_lines, n), that end at the last point which has a value, not in NaN.

    bqplot puts the (hidden) name of a line at its last point, and complains where that is nowhere.
    """
    x, y = np.array(x, float), np.array(y, float)
    for row_x, row_y in zip(np.atleast_2d(x), np.atleast_2d(y), strict=True):
        known = np.flatnonzero(np.isfinite(row_x) & np.isfinite(row_y))
        if known.size:
            last = known[-1]
            row_x[last:], row_y[last:] = row_x[last], row_y[last]
        else:  # a line of no length is not seen
            row_x[:] = row_y[:] = 0.0
    return x, y
