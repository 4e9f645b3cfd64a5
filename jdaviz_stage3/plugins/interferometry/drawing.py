"""Which plots there are, and what the plugin draws into them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from astropy import units as u
from glue.core import Data
from traitlets import HasTraits, List, Unicode, observe

from ...analysis.interferometry.drawn_tables import DRAWN, base_title
from ...errors import Stage3Error
from ...jdaviz_compat import (
    adding_data,
    arrange_viewers,
    remove_viewers,
    show_message,
    viewers_by_kind,
    viewers_of_kind,
)
from ...layout import layout_of
from ...origin import origin_of
from ...viewers.keys import BACKWARD, FORWARD, Key, keyboard
from ...viewers.light_curve_readout import value_with_error
from ...viewers.stations import stations_of
from ..panel import do_as_asked
from .marks import ObservableMarks, goes_with
from .model_points import SkyModel
from .products import VIEWER, InterferometryInApp, products_in, show_plot

__all__ = ["ObservablesDrawing"]

_MOST_ROWS = 60  # of values in the panel
# Table -> value, error, in words, unit.
_SAID = {
    "vis2": ("value", "error", "V²", ""),
    "visibility": ("phase", "phase_error", "Visibility phase", "deg"),
    "closure_phase": ("phase", "phase_error", "Closure phase", "deg"),
}


class ObservablesDrawing(HasTraits):
    """Mixed into the plugin, whose controls and updates it uses."""

    marked = Unicode().tag(sync=True)
    marked_rows = List().tag(sync=True)
    model_text = Unicode().tag(sync=True)
    problem = Unicode().tag(sync=True)
    observables: Callable[[], Any]  # the plugin's own

    viewer_keys = (
        Key(FORWARD, "next baseline or triangle", "next_stations"),
        Key(BACKWARD, "the one before", "previous_stations"),
        Key(("Escape",), "mark none", "mark_none"),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        self._marks: dict[Any, ObservableMarks] = {}
        self._following = False  # which plots there are, not asking for them
        super().__init__(*args, **kwargs)

    # ---- plots ----

    def _plot_viewers(self) -> dict[Any, str]:
        """The viewers, each with which of `DRAWN` it shows."""
        found = {viewer: base_title(_shown_in(viewer)) for viewer in viewers_of_kind(self, VIEWER)}
        return {viewer: title for viewer, title in found.items() if title in DRAWN}

    def follow_plots(self) -> None:
        """Have the control say which plots there are, and all of them the chosen axis."""
        viewers = self._plot_viewers()
        there = [title for title in DRAWN if title in viewers.values()]
        if there != self.plots_selected:
            self._following = True
            try:
                self.plots_selected = there
            finally:
                self._following = False
        for viewer in viewers:
            viewer.show_against(self.x_axis_selected)

    @observe("plots_selected")
    def _change_plots(self, change: Any) -> None:
        """Open and close viewers, as the control says."""
        if not self._ready or self._following:
            return
        viewers = self._plot_viewers()
        wanted = change["new"]
        products = products_in(self)
        with self._updates.paused(), adding_data(self):
            gone = [v.reference for v, title in viewers.items() if title not in wanted]
            if gone:
                remove_viewers(self, gone)
            opened = [title for title in wanted if title not in viewers.values()]
            for title in opened:
                shown = [show_plot(self, product, title) for product in products.values()]
                if products and not any(shown):
                    show_message(self, f"Interferometry: no product has a {title.lower()}")
            if opened:
                arrange_viewers(self, layout_of(viewers_by_kind(self)))
        self._update()

    # ---- marks ----

    def draw(self, product: InterferometryInApp | None) -> None:
        """Draw what is marked, and the model, while the plugin is active.

        Parameters
        ----------
        product : InterferometryInApp or None
            That is chosen.
        """
        viewers = self._plot_viewers() if self.is_active else {}
        keyboard(self).listen(self, self.viewer_keys, viewers)
        for gone in [viewer for viewer in self._marks if viewer not in viewers]:
            self._marks.pop(gone).close()
        for viewer in viewers:
            if viewer not in self._marks:
                self._marks[viewer] = ObservableMarks(viewer, self._clicked)
            self._marks[viewer].draw_marked(self.marked)
        self.marked_rows = self._values_of_marked() if self.marked else []
        self._draw_model(product, viewers)

    def _clicked(self, data: Data, row: int) -> None:
        """Mark what was clicked; once more, and nothing is marked."""
        stations = stations_of(data, row)
        self._mark_and_show("" if self.marked == stations else stations)

    def next_stations(self, viewer: str = "") -> None:
        """Mark the next baseline or triangle of the chosen product."""
        self._step(1)

    def previous_stations(self, viewer: str = "") -> None:
        """Mark the baseline or triangle before."""
        self._step(-1)

    def mark_none(self, viewer: str = "") -> bool:
        """Take the marks away."""
        was_marked = bool(self.marked)
        self.marked = ""
        return was_marked

    def _step(self, by: int) -> None:
        product = self._products.get(self.dataset_selected)
        if product is None:
            self.marked = ""
            return
        tables = product.as_they_are.tables.values()
        names = [list(dict.fromkeys(map(str, table["stations"]))) for table in tables]
        among = next((found for found in names if self.marked in found), names[0])
        place = among.index(self.marked) + by if self.marked in among else 0
        self._mark_and_show(among[place % len(among)])

    def _mark_and_show(self, stations: str) -> None:
        self.marked = stations
        if self.marked and self.show_series and self.has_integrations:
            do_as_asked(self, self.series)

    def mark(self, stations: str = "") -> None:
        """Mark a baseline or triangle in all plots.

        Parameters
        ----------
        stations : str, optional
            ``'A1-A2'`` or ``'A1-A2-A3'``; nothing takes the marks away.

        Raises
        ------
        Stage3Error
            If no product has it.
        """
        known = {
            str(name)
            for product in products_in(self).values()
            for table in product.as_they_are.tables.values()
            for name in table["stations"]
        }
        if stations and not any(goes_with(name, stations) == "same" for name in known):
            raise Stage3Error(
                f"Interferometry: no product has {stations!r}; expected stations as 'A1-A2'"
            )
        self.marked = stations

    def _values_of_marked(self) -> list[dict[str, str]]:
        """What each product has measured of what is marked, in words."""
        rows = []
        for product in self._products.values():
            found = product.observables(self.errors_of_amplitudes)
            for name, (column, error_column, words, unit) in _SAID.items():
                table = found.tables.get(name)
                if table is None or table["flag"].ndim > 1:
                    continue
                same = [goes_with(str(n), self.marked) == "same" for n in table["stations"]]
                rows_of = np.flatnonzero(same)
                for row in rows_of:
                    wave = table["wavelength"][row].to_value(u.um)
                    at = f" at {wave:.3f} μm" if len(rows_of) > 1 and np.isfinite(wave) else ""
                    value, error = (
                        float(getattr(v, "value", v))
                        for v in (table[column][row], table[error_column][row])
                    )
                    text = f"{value_with_error(value, error)} {unit}".strip()
                    if table["flag"][row]:
                        text += ", flagged"
                    rows.append({"name": f"{words}{at}, {product.word}", "value": text})
        return rows[:_MOST_ROWS]

    # ---- the model ----

    def sky_model(self) -> SkyModel | None:
        """Return the model that is drawn, None for none.

        Raises
        ------
        Stage3Error
            If a field holds no number.
        """
        name = self.model_selected
        if name == "point":
            return SkyModel(name, {})
        if name == "disc":
            return SkyModel(name, {"diameter": self.value_of("diameter") * u.mas})
        if name == "binary":
            return SkyModel(
                name,
                {
                    "east": self.value_of("east") * u.mas,
                    "north": self.value_of("north") * u.mas,
                    "flux_ratio": self.value_of("flux_ratio"),
                },
            )
        return None

    def value_of(self, name: str) -> float:
        """Return the number in a field.

        Raises
        ------
        Stage3Error
            If it is none that can be taken.
        """
        value = getattr(self, name)
        control = next(control for control in self.declared if control.name == name)
        expected = control.expected(value)
        if expected:
            raise Stage3Error(f"Interferometry: {name} is {value!r}, {expected}")
        return float(value)

    def _draw_model(self, product: InterferometryInApp | None, viewers: dict[Any, str]) -> None:
        self.problem = self.model_text = ""
        model = observables = None
        try:
            model = self.sky_model()
        except Stage3Error as err:
            self.problem = str(err)
        if model is not None and product is not None:
            observables = product.observables(self.errors_of_amplitudes)
            self.model_text = _fit_in_words(model, observables)
        for viewer, title in viewers.items():
            points = line = None
            if observables is not None and _shown_in(viewer) == title:  # not by number
                points, line = model.on_axes(observables, title, viewer.axis)
            self._marks[viewer].draw_model(points, line)


def _shown_in(viewer: Any) -> str:
    """What a viewer shows: by its data, for a person may have opened it; empty, by its label."""
    origins = [origin_of(layer.layer) for layer in viewer.state.layers]
    return next((origin.part for origin in origins if origin is not None), viewer.reference)


def _fit_in_words(model: SkyModel, observables: Any) -> str:
    words = {"vis2": "V²", "closure_phase": "closure phases"}
    found = model.reduced_chi2(observables)
    if not found:
        return ""
    said = [f"{chi2:.3g} for each of {n} {words[name]}" for name, (chi2, n) in found.items()]
    return f"χ² is {' and '.join(said)}."
