"""What is laid over the light curve: the pipeline's own, and a transit model."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time
from jdaviz.core.custom_traitlets import FloatHandleEmpty
from jdaviz.core.template_mixin import SelectPluginComponent
from traitlets import Bool, HasTraits, List, Unicode

from ...analysis import (
    compare_with_pipeline,
    matching_column,
    noise_figures,
    scatter_with_bin_size,
    transit_light_curve,
)
from ...analysis.light_curves.pipeline_curve import PipelineComparison
from ...errors import Stage3Error
from ...jdaviz_compat import as_read, data_of, tables_of
from ...origin import of_suffix, same_file
from .fields import is_empty, number
from .positions import model_level
from .traces import trace_of

__all__ = ["OverlayControls"]

_NONE = "None"
_MODEL_POINTS = 1000
# What a transit model is of, beside mid_transit: names, and what the fields in the panel say.
_MODEL_FIELDS = {
    "period": "period",
    "radius_ratio": "radius_ratio (Rp/R*)",
    "scaled_axis": "scaled_axis (a/R*)",
    "inclination": "inclination",
    "limb_darkening_1": "limb_darkening_1 (u1)",
    "limb_darkening_2": "limb_darkening_2 (u2)",
}


class OverlayControls(HasTraits):
    """Traits for the comparison with the pipeline and for the transit model."""

    pipeline_items = List().tag(sync=True)
    pipeline_selected = Unicode(_NONE).tag(sync=True)
    pipeline_text = Unicode("").tag(sync=True)
    pipeline_band = Bool(False).tag(sync=True)
    show_transit = Bool(False).tag(sync=True)
    model_problem = Unicode("").tag(sync=True)
    radius_ratio = FloatHandleEmpty(0.1).tag(sync=True)
    scaled_axis = FloatHandleEmpty(10.0).tag(sync=True)
    inclination = FloatHandleEmpty(90.0).tag(sync=True)
    limb_darkening_1 = FloatHandleEmpty(0.1).tag(sync=True)
    limb_darkening_2 = FloatHandleEmpty(0.3).tag(sync=True)

    def _add_overlays(self) -> None:
        self._compared: dict[str, tuple[Any, str, PipelineComparison | None]] = {}
        self.pipeline = SelectPluginComponent(
            self, items="pipeline_items", selected="pipeline_selected", manual_options=[_NONE]
        )

    def _renew_pipeline_choices(self) -> None:
        labels = [_NONE, *(d.label for d in tables_of(self) if _is_pipeline_curve(d))]
        if labels != [item["label"] for item in self.pipeline_items]:
            selected = self.pipeline_selected if self.pipeline_selected in labels else _NONE
            self.pipeline._manual_options = labels
            self.pipeline_items = [{"label": label} for label in labels]
            self.pipeline_selected = selected

    def _comparison(self, sums: Any) -> PipelineComparison | None:
        """Compare a trace with the pipeline's curve that is chosen; None if it is of another."""
        data = data_of(self, self.pipeline_selected)
        if data is None:
            return None
        # looking for the band that the pipeline took costs 10 ms, and dragging asks each time
        kept = self._compared.get(sums.trace.label)
        if kept is None or kept[0] is not sums or kept[1] != data.uuid:
            comparison = self._compare(sums, data)
            self._compared[sums.trace.label] = kept = (sums, data.uuid, comparison)
        return kept[2]

    def _compare(self, sums: Any, data: Any) -> PipelineComparison | None:
        series = as_read(data).copy()  # columns are added
        column = matching_column(series, sums.trace)
        if column is None:
            return None
        first = next((t for t in self._traces_of_file(sums.trace) if t.order == 1), None)
        # what excluded samples do in the pipeline's curve, only sums without them can tell
        usual = "DO_NOT_USE" in sums.dq_flags and sums.excluded == "fill"
        ours = sums if usual else None
        if first is sums.trace or first is None:
            return compare_with_pipeline(sums.trace, series, column, band_sums=ours)
        for other in tables_of(self):  # the column of order 1, which says what its limits are
            if other is not data and _is_pipeline_curve(other) and same_file(other, data):
                more = as_read(other)
                if matching_column(more, first) and len(more) == len(series):
                    for name in set(more.colnames) - set(series.colnames):
                        series[name] = more[name]
        return compare_with_pipeline(
            sums.trace, series, column, band_sums=ours,
            first_order=first if matching_column(series, first) else None,
        )  # fmt: skip

    def _traces_of_file(self, trace: Any) -> list[Any]:
        """The traces in the app that come from the same file."""
        found = [data_of(self, item["label"]) for item in self.dataset_items]
        traces = [trace_of(data) for data in found if data is not None]
        return [other for other in traces if other.path == trace.path]

    def use_pipeline_band(self) -> None:
        """Take the band that the pipeline's curve is of.

        Raises
        ------
        Stage3Error
            If none of its curves is chosen, or its band is not known.
        """
        labels = self._labels()
        comparison = self._comparison(self._sums(labels[0])) if labels else None
        if comparison is None or comparison.limits is None:
            raise Stage3Error("no whtlt whose band is known is chosen (pipeline)")
        low, high = comparison.limits.to_value(self.band_unit)
        with self.hold_trait_notifications():
            # a hair wider than the outermost channels, which rounding could leave outside
            self.band_low, self.band_high = float(low) * (1 - 1e-9), float(high) * (1 + 1e-9)

    def _transit(self, time: Time) -> np.ndarray:
        """The transit model at these times, 1 outside."""
        values = self._model_numbers()
        try:
            return transit_light_curve(
                time,
                t0=self._typed_mid_transit(),
                period=values["period"] * u.day,
                radius_ratio=values["radius_ratio"],
                scaled_axis=values["scaled_axis"],
                inclination=values["inclination"] * u.deg,
                limb_darkening=(values["limb_darkening_1"], values["limb_darkening_2"]),
            )
        except Stage3Error as err:
            raise Stage3Error(f"No transit model: {err}.") from err

    def _model_numbers(self) -> dict[str, float]:
        """The numbers of the model; raises, in one sentence, all that it lacks."""
        lacks, values = [], {}
        empty = [] if self.mid_transit_text.strip() else ["mid_transit"]
        empty += [words for name, words in _MODEL_FIELDS.items() if is_empty(getattr(self, name))]
        if empty:
            *others, last = empty
            listed = f"{', '.join(others)} and {last}" if others else last
            lacks.append(f"{listed} {'are' if others else 'is'} empty")
        try:
            self._typed_mid_transit()
        except Stage3Error as err:
            lacks.append(str(err))
        for name in _MODEL_FIELDS:
            try:
                values[name] = number(getattr(self, name), name)
            except Stage3Error as err:
                if not is_empty(getattr(self, name)):
                    lacks.append(str(err))
        if self.time_system_selected != "BJD_TDB":
            lacks.append("mid_transit is a BJD_TDB: set time_system to 'BJD_TDB'")
        if find_spec("batman") is None:
            lacks.append("the package batman is not installed (pip install batman-package)")
        if lacks:
            raise Stage3Error(f"No transit model: {'; '.join(lacks)}.")
        return values

    def noise(self) -> tuple[Any, Any] | list[tuple[Any, Any]]:
        """Return what the scatter of the light curve is, against the expected one.

        Returns
        -------
        (NoiseFigures, QTable) or list of them
            Scatter, point-to-point scatter and expected noise; and the scatter against bin size
            with the expectation for white noise. From the residual to the transit model where it
            is shown.

        Raises
        ------
        Stage3Error
            If the settings do not fit, or the band is divided.
        """
        found = []
        for curve in self._curves(binned=False).values():
            if curve["flux"].ndim == 2:
                raise Stage3Error("noise: choose one band (division = 'one band')")
            model = self._transit(curve["time"]) if self.show_transit else None
            figures = noise_figures(curve, model)
            residual = np.array(curve["flux"].value)
            if model is not None:
                residual -= model * model_level(curve, model)
            found.append((figures, scatter_with_bin_size(residual, outlier=curve["outlier"])))
        return found[0] if len(found) == 1 else found

    def _fine_times(self, time: Time) -> Time:
        """Times close enough for a smooth line."""
        known = time[~np.ma.getmaskarray(time.jd1)]
        days = np.asarray((known - known[0]).jd)
        steps = np.linspace(days.min(), days.max(), _MODEL_POINTS)
        return known[0] + steps * u.day


def _is_pipeline_curve(data: Any) -> bool:
    return of_suffix(data, "whtlt") and as_read(data) is not None
