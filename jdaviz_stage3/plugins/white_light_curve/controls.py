"""The controls of the plugin: their traits, what they hold as settings, and what these give."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time
from astropy.timeseries import TimeSeries
from jdaviz.core.template_mixin import PluginTemplateMixin, SpectralSubsetSelectMixin
from specutils import Spectrum
from traitlets import Unicode, observe

from ...analysis import to_lightkurve
from ...errors import Stage3Error
from ...jdaviz_compat import as_read, data_of, tables_of
from ...origin import same_file
from .app_data import is_pipeline_curve, trace_of
from .curves import LightCurves
from .declared import NO_PIPELINE, LightCurvePanel
from .pipeline import PipelineCurve
from .results import python_code
from .settings import CurveSettings, mid_transit_as_text
from .times import Baseline
from .traces import PreparedTraces

__all__ = ["CurveControls"]

_TRAITS = {"band_unit", *LightCurvePanel.control_traits()}
# The trait of each setting: that of a choice is what is selected.
_TRAIT_OF = {
    field.name: field.name if field.name in _TRAITS else f"{field.name}_selected"
    for field in fields(CurveSettings)
}


class CurveControls(LightCurvePanel, PluginTemplateMixin, SpectralSubsetSelectMixin):
    """The traits of the controls, and the light curves that they give."""

    band_unit = Unicode("um").tag(sync=True)

    _ready = False  # jdaviz chooses defaults before all controls are made

    def __init__(self, *args: Any, **kwargs: Any):
        self._baseline, self._prepared = Baseline(), PreparedTraces()
        super().__init__(*args, **kwargs)
        self.make_selections()

    # ---- what they stand for ----

    @property
    def settings(self) -> CurveSettings:
        """What the controls hold now."""
        values = {name: getattr(self, trait) for name, trait in _TRAIT_OF.items()}
        return CurveSettings(**values | {"dq_bits": tuple(self.dq_bits_selected)})

    @property
    def curves(self) -> LightCurves:
        """The light curves that the settings give of the chosen traces."""
        traces = {label: trace_of(data_of(self, label)) for label in self._labels()}
        return LightCurves(
            traces, self.settings, self._baseline, self._prepared, self._pipeline_curve()
        )

    def _labels(self) -> list[str]:
        chosen = self.dataset_selected
        chosen = [chosen] if isinstance(chosen, str) else list(chosen)
        # jdaviz tells that data go before it takes them out of what can be chosen
        return [
            label
            for label in chosen
            if label in self.dataset.choices and data_of(self, label) is not None
        ]

    def _pipeline_curve(self) -> PipelineCurve | None:
        data = data_of(self, self.pipeline_selected)
        if data is None:
            return None
        selectable = [data_of(self, item["label"]) for item in self.dataset_items]
        traces = [trace_of(other) for other in selectable if other is not None]
        others = [
            as_read(other)
            for other in tables_of(self)
            if other is not data and is_pipeline_curve(other) and same_file(other, data)
        ]
        return PipelineCurve(data.uuid, as_read(data), others, traces)

    def _renew_pipeline_choices(self) -> None:
        labels = [NO_PIPELINE, *(d.label for d in tables_of(self) if is_pipeline_curve(d))]
        if labels != [item["label"] for item in self.pipeline_items]:
            selected = self.pipeline_selected if self.pipeline_selected in labels else NO_PIPELINE
            self.pipeline.choices = labels
            self.pipeline_selected = selected

    # ---- settings that are no plain values ----
    # jdaviz reads all properties of a plugin's API, at times of its own: they must not raise

    @property
    def mid_transit(self) -> Time | None:
        """Middle of the transit, BJD_TDB; None if it is not known."""
        try:
            return self.settings.mid_transit()
        except Stage3Error:
            return None

    @mid_transit.setter
    def mid_transit(self, value: Time | float | str | None) -> None:
        self.mid_transit_text = mid_transit_as_text(value)

    @property
    def bands(self) -> list[u.Quantity]:
        """The bands that are chosen one by one, each of shape (2,)."""
        try:
            return self.curves.bands()
        except Stage3Error:
            return []

    @bands.setter
    def bands(self, bands: Iterable) -> None:
        texts = []
        if not np.iterable(bands):
            raise Stage3Error(f"bands: {bands!r} is no list of pairs of edges or of wavelengths")
        for band in bands:
            edges = np.atleast_1d(
                band.to_value(self.band_unit, u.spectral())
                if isinstance(band, u.Quantity)
                else np.asarray(band, dtype=float)
            )
            if edges.shape not in ((1,), (2,)):
                raise Stage3Error(f"bands: {band!r} is neither a pair of edges nor a wavelength")
            texts.append(" to ".join(repr(float(edge)) for edge in edges))
        self.bands_text = ", ".join(texts)
        if texts:
            self.division_selected = "chosen bands"

    @property
    def baseline(self) -> list[tuple[Time, Time]]:
        """Ranges of time that are out of transit."""
        try:
            return self.curves.baseline()
        except Stage3Error:
            return []

    @baseline.setter
    def baseline(self, ranges: Iterable | None) -> None:
        self.baseline_text = self._baseline.take(ranges, self.curves.times)

    @observe("baseline_text")
    def _baseline_typed(self, *_: Any) -> None:
        """Take ranges that were typed for hours from what is the zero of the hours now."""
        try:
            self.curves.baseline()
        except Stage3Error:
            pass  # it is read again, and the words are shown, when the curve is drawn

    @observe(
        "mid_transit_text", "period", "time_system_selected", "time_axis_selected",
        "dataset_selected",
    )  # fmt: skip
    def _rebase_baseline(self, *_: Any) -> None:
        """Keep the baseline where it is when the zero of its hours moves."""
        if not self._ready:
            return
        try:
            text = self._baseline.moved(self.curves.times)
        except Stage3Error:
            return  # the same words are shown when the curve is drawn
        if text is not None:
            self.baseline_text = text

    # ---- what the settings give ----

    def light_curve(self) -> TimeSeries | list[TimeSeries]:
        """Return the light curve that the settings give.

        Returns
        -------
        astropy.timeseries.TimeSeries or list of them
            As `jdaviz_stage3.analysis.white_light_curve` returns it, or
            `jdaviz_stage3.analysis.spectroscopic_light_curves` where the band is divided; one for
            one chosen trace, else a list in their order.

        Raises
        ------
        Stage3Error
            If the settings do not fit one of the traces.
        """
        return _one_or_all(self.curves.curves().values())

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
        curves = self.curves
        return _one_or_all(curves.spectrum(label) for label in curves.labels)

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
        curves = self.curves
        return _one_or_all(curves.ratio(label) for label in curves.labels)

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
        return _one_or_all(self.curves.noise())

    def to_lightkurve(self) -> Any:
        """Return the light curve as a ``lightkurve.LightCurve``, a list for several traces.

        Raises
        ------
        Stage3Error
            If the settings do not fit, or lightkurve is not installed.
        """
        return _one_or_all(to_lightkurve(curve) for curve in self.curves.curves().values())

    def to_python(self) -> str:
        """Return Python code that takes the same light curve without the app.

        Returns
        -------
        str
        """
        return python_code(self.curves)


def _one_or_all(found: Iterable) -> Any:
    """What a method returns: one thing for one chosen trace, else a list in their order."""
    found = list(found)
    return found[0] if len(found) == 1 else found
