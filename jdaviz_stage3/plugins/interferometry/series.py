"""What the panel offers of products by integration: series, and averages."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import QTable
from echo import delay_callback
from traitlets import HasTraits, Unicode, observe

from ...analysis.interferometry.averaging import average_integrations, integration_series
from ...analysis.light_curves.table import LightCurveColumns
from ...errors import Stage3Error
from ...jdaviz_compat import adding_data, data_labels, data_of, layer_of, remove_data, shown_in
from ...loaders.journal import adding_to_app
from ...readers.interferometry import Interferometry
from ...viewers.light_curve_readout import value_with_error
from ..curves_in_app import add_curve, show_curve
from ..panel import do_as_asked
from .marks import goes_with
from .products import add_product
from .recipes import Averaged

__all__ = ["IntegrationControls"]

_SIZE = 9  # of points
_WORDS = {"vis2": "V²", "closure_phase": "Closure phase"}


class IntegrationControls(HasTraits):
    """Mixed into the plugin, whose controls it uses."""

    series_text = Unicode().tag(sync=True)

    def __init__(self, *args: Any, **kwargs: Any):
        self._series_label = ""
        super().__init__(*args, **kwargs)

    def average_options(self) -> dict[str, Any]:
        """Return what `jdaviz_stage3.analysis.average_integrations` is called with."""
        first, last = self.first_integration, self.last_integration
        if not isinstance(first, int) or first < 1:
            raise Stage3Error(
                f"Interferometry: first_integration is {first!r}, expected a number from 1"
            )
        if last not in ("", None) and last < first:
            raise Stage3Error(
                f"Interferometry: integrations {first} to {last} are asked for; give the first "
                "one first"
            )
        return {
            "sigma": None if self.clip_sigma in ("", None) else self.value_of("clip_sigma"),
            "start": first - 1,
            "stop": None if last in ("", None) else last,
        }

    @adding_to_app(as_if=lambda self, stations=None: (stations or self.marked,))
    def series(self, stations: str | None = None) -> QTable:
        """Show a baseline or triangle in each integration, in place of the one before.

        Parameters
        ----------
        stations : str, optional
            ``'A1-A2'`` or ``'A1-A2-A3'``; by default what is marked.

        Returns
        -------
        QTable
            As `jdaviz_stage3.analysis.integration_series` gives it.

        Raises
        ------
        Stage3Error
            If no product by integration is loaded, or it has no such baseline.
        """
        product = self.product(self.by_integration_selected)
        stations = self.marked if stations is None else stations
        if not stations:
            raise Stage3Error("Interferometry: click on a point first, or give its stations")
        name, row = _row_of(product.as_they_are, stations)
        series = integration_series(product.as_they_are, name, row, **self.average_options())
        self._show(product.name, name, series)
        meta = series.meta
        mean = value_with_error(meta["mean"], meta["error"])
        unit = series["value"].unit
        self.series_text = (
            f"{meta['stations']}: mean {f'{mean} {unit}'.strip()} of {meta['n_used']} of "
            f"{len(series)} integrations."
        )
        return series

    def _show(self, product: str, name: str, series: QTable) -> None:
        table = series.copy()
        words = _WORDS.get(name, name)
        table["integration"] = table["integration"] * u.dimensionless_unscaled
        table.meta = LightCurveColumns(
            time="integration",
            flux="value",
            flag="left_out",
            words={"value": f"{words} of {series.meta['stations']}"},
            time_label="Integration",
        ).in_meta()
        label = f"{product} {series.meta['stations']} by integration"
        former, self._series_label = self._series_label, label
        viewer_label = f"{words} against integration"
        with self._updates.paused():
            add_curve(self, label, table)
            if former != label and former in data_labels(self):
                remove_data(self, [former])
            show_curve(self, label, table, viewer_label=viewer_label)
            data = data_of(self, label)
            for viewer in shown_in(self, label):
                layer_of(viewer, data).size = _SIZE
                _show_whole(viewer, data)
        self._update()

    @observe("clip_sigma", "first_integration", "last_integration", "by_integration_selected")
    def _series_changed(self, *_: Any) -> None:
        """Draw the series with other settings, where one is shown."""
        self.series_text = ""
        if self._series_label and self.marked and self._series_label in data_labels(self):
            do_as_asked(self, self.series)

    @adding_to_app
    def average(self) -> Interferometry:
        """Average the product by integration, and add what it gives as a product.

        Returns
        -------
        Interferometry
            As `jdaviz_stage3.analysis.average_integrations` gives it.

        Raises
        ------
        Stage3Error
            If no product by integration is loaded, or the integrations do not exist.
        """
        product = self.product(self.by_integration_selected)
        options = self.average_options()
        found = average_integrations(product.as_they_are, **options)
        recipe = Averaged(product.recipe(False), **options)
        self.add_made(f"{product.name} averaged", found, recipe, product, "averaged")
        return found

    def add_made(self, name: str, found: Interferometry, recipe: Any, of: Any, word: str) -> None:
        """Add a product, show it, and choose it."""
        with self._updates.paused(), adding_data(self):
            add_product(self, name, found, recipe, of, word, self.plots_selected)
        self._update()
        if name in self.dataset.choices:
            self.dataset_selected = name


def _show_whole(viewer: Any, data: Any) -> None:
    """Have all integrations in view, also those that are left out."""
    points = viewer.points_of(data)
    extent = points.extent(points.drawn)
    if extent is None:
        return
    state, (x_low, x_high, y_low, y_high) = viewer.state, extent
    x_room, y_room = (0.04 * (high - low) or 1.0 for low, high in (extent[:2], extent[2:]))
    with delay_callback(state, "x_min", "x_max", "y_min", "y_max"):
        state.x_min, state.x_max = x_low - x_room, x_high + x_room
        state.y_min, state.y_max = y_low - y_room, y_high + y_room


def _row_of(observables: Interferometry, stations: str) -> tuple[str, int]:
    """Table and row of a baseline or triangle."""
    name = "vis2" if stations.count("-") == 1 else "closure_phase"
    table = observables.tables.get(name)
    rows = [] if table is None else [goes_with(str(n), stations) for n in table["stations"]]
    if "same" not in rows:
        known = "" if table is None else f"; it has {', '.join(map(str, table['stations'][:3]))}, …"
        raise Stage3Error(f"{observables.path.name}: has no {stations}{known}")
    return name, int(np.argmax(np.array(rows) == "same"))
