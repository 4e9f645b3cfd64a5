"""The tray plugin for light curves of spectral time series."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.timeseries import TimeSeries
from glue.core.message import (
    DataCollectionDeleteMessage,
    SubsetDeleteMessage,
    SubsetUpdateMessage,
)
from jdaviz.core.events import (
    AddDataMessage,
    GlobalDisplayUnitChanged,
    RemoveDataMessage,
    ViewerAddedMessage,
    ViewerRemovedMessage,
)
from jdaviz.core.registries import tray_registry
from jdaviz.core.template_mixin import (
    DatasetSelect,
    PluginTemplateMixin,
    SpectralSubsetSelectMixin,
)
from jdaviz.core.user_api import PluginUserApi
from traitlets import Any as AnyTrait
from traitlets import Bool, List, TraitError, Unicode, observe

from ...analysis import (
    baseline_mask,
    bin_light_curve,
    channel_edges,
    spectroscopic_light_curves,
    time_of,
    white_light_curve,
)
from ...errors import Stage3Error, reason_of
from ...jdaviz_compat import data_of, spectral_region
from ..updates import Updates
from .controls import CurveControls
from .fields import is_empty
from .overlays import OverlayControls
from .results import ResultControls
from .spectra_in_time import SpectrumControls
from .traces import PreparedTraces, has_trace, integration_numbers, trace_of
from .views import Views

__all__ = ["WhiteLightCurve"]

_ALL = "Entire Spectrum"
_DRAWN = (
    "dataset_selected", "band_low", "band_high", "division_selected", "division_value",
    "statistic_selected", "band_edges_selected", "excluded_selected", "errors_selected",
    "dq_bits_selected", "normalize_selected", "baseline_text", "outlier_sigma", "outlier_window",
    "bin_width", "bin_unit_selected", "time_system_selected", "time_axis_selected",
    "mid_transit_text", "bands_text",
    "pipeline_selected", "show_transit", "period", "radius_ratio", "scaled_axis", "inclination",
    "limb_darkening_1", "limb_darkening_2", "integration", "span", "show_spectrum", "show_ratio",
    "dynamic_normalize_selected", "dynamic_percentile", "in_viewer", "is_active",
)  # fmt: skip


_SETTINGS = (
    "dataset", "band_low", "band_high", "spectral_subset", "division", "division_value", "bands",
    "statistic", "band_edges", "dq_bits", "excluded", "errors", "normalize", "baseline",
    "pick_baseline", "outlier_sigma", "outlier_window", "bin_width", "bin_unit", "time_system",
    "time_axis", "mid_transit", "integration", "span", "show_spectrum", "show_ratio", "pipeline",
    "show_transit", "period", "radius_ratio", "scaled_axis", "inclination", "limb_darkening_1",
    "limb_darkening_2", "dynamic_normalize", "dynamic_percentile", "in_viewer", "keep_active",
)  # fmt: skip
_METHODS = (
    "light_curve", "show", "spectrum", "ratio", "add_spectra", "noise", "use_pipeline_band",
    "add_to_app", "export", "to_lightkurve", "to_python",
)  # fmt: skip
_ORDER = {"dataset": 0, "time_system": 1, "mid_transit": 1, "period": 1}


@tray_registry("stage3-white-light-curve", label="White Light Curve", category="data:analysis")
class WhiteLightCurve(
    ResultControls,
    SpectrumControls,
    OverlayControls,
    CurveControls,
    PluginTemplateMixin,
    SpectralSubsetSelectMixin,
):
    """Take white and spectroscopic light curves from spectral time series (x1dints).

    The curve follows the settings while the plugin is open; nothing is added to the app's data
    until :meth:`add_to_app`.

    Only the following attributes and methods are available through the public plugin API:

    * ``dataset``: the traces, one or several orders and detectors
    * ``band_low``, ``band_high``: the band in the unit of the wavelengths; empty for its ends
    * ``spectral_subset``: take the band from a subset
    * ``division``: ``'one band'``, or into a ``'number of bands'``, ``'width'`` or
      ``'resolving power'``, and ``division_value``; or ``'chosen bands'``
    * ``bands``: these, pairs of edges, or wavelengths for single channels
    * ``statistic``: ``'sum'`` or ``'weighted mean'``
    * ``band_edges``: ``'inclusive'`` or ``'fractional'`` pixels
    * ``dq_bits``, ``excluded``: flags that exclude a sample, and what stands for it: ``'fill'``,
      ``'drop'`` or ``'ignore'``
    * ``errors``: ``'random'`` (photon and read noise) or ``'total'``
    * ``normalize``: ``'median'``, ``'baseline'`` or ``'none'``
    * ``baseline``: ranges of time, pairs of Time, Quantity or hours from the zero of the hours
    * ``pick_baseline``: whether a drag in the light curve makes a new range
    * ``outlier_sigma``, ``outlier_window``: flag points far from a running median
    * ``bin_width``, ``bin_unit``: bins in time
    * ``time_system``, ``time_axis``, ``mid_transit``: ``'BJD_TDB'`` or ``'MJD_UTC'``;
      ``'date'`` or ``'hours'``; their zero, a BJD_TDB
    * ``integration``, ``span``: the time cursor, and how many integrations its spectrum averages
    * ``show_spectrum``, ``show_ratio``: that spectrum; its ratio to the baseline
    * ``pipeline``: a whtlt product to compare with
    * ``show_transit``, ``period``, ``radius_ratio``, ``scaled_axis``, ``inclination``,
      ``limb_darkening_1``, ``limb_darkening_2``: a transit model
    * ``dynamic_normalize``, ``dynamic_percentile``: how dynamic spectra are shown
    * ``in_viewer``: draw in a viewer of the app instead of in the panel
    * ``keep_active``: draw also while the plugin is closed
    * :meth:`light_curve`: return the light curve
    * :meth:`show`: change settings and draw
    * :meth:`spectrum`, :meth:`ratio`: the spectrum at the cursor, and over the baseline
    * :meth:`add_spectra`: add spectra of integrations to the app
    * :meth:`noise`: noise figures and scatter with bin size
    * :meth:`use_pipeline_band`: take the band that the whtlt is of
    * :meth:`add_to_app`, :meth:`export`, :meth:`to_lightkurve`, :meth:`to_python`
    * ``problem``, ``model_problem``, ``pipeline_text``, ``noise_text``: what the panel says (read
      only)
    """

    template_file = __file__, "white_light_curve.vue"
    uses_active_status = Bool(True).tag(sync=True)

    multiselect = Bool(True).tag(sync=True)
    dataset_items = List().tag(sync=True)
    dataset_selected = AnyTrait([]).tag(sync=True)
    in_viewer = Bool(True).tag(sync=True)
    has_viewers = Bool(True).tag(sync=True)
    plot_widget = Unicode("").tag(sync=True)
    residual_widget = Unicode("").tag(sync=True)
    ratio_widget = Unicode("").tag(sync=True)

    problem = Unicode("").tag(sync=True)
    curve_text = Unicode("").tag(sync=True)
    noise_text = Unicode("").tag(sync=True)

    def __init__(self, *args, **kwargs):
        self._ready = False
        self._updates = Updates(self._draw)
        super().__init__(*args, **kwargs)
        self._plugin_description = "Light curves from spectral time series."
        self.dataset = DatasetSelect(
            self, "dataset_items", "dataset_selected", multiselect="multiselect",
            filters=[has_trace], default_mode="first",
        )  # fmt: skip
        self._add_controls()
        self._add_overlays()
        self._prepared = PreparedTraces()
        self.has_viewers = self.config == "deconfigged"
        self.in_viewer = self.has_viewers
        self._views = Views(self)
        for message in (
            AddDataMessage, RemoveDataMessage, DataCollectionDeleteMessage, ViewerAddedMessage,
            ViewerRemovedMessage, GlobalDisplayUnitChanged,
        ):  # fmt: skip
            self.hub.subscribe(self, message, handler=lambda _: self._update())
        for message in (SubsetUpdateMessage, SubsetDeleteMessage):
            self.hub.subscribe(self, message, handler=lambda _: self._follow_subset())
        self.observe_traitlets_for_relevancy(
            traitlets_to_observe=["dataset_items"],
            irrelevant_msg_callback=lambda _: (
                "" if self.dataset_items else "No spectral time series (x1dints) is loaded."
            ),
        )
        self._ready = True
        self._choose_first()

    @property
    def user_api(self) -> PluginUserApi:
        return PluginUserApi(
            self,
            expose=(*_SETTINGS, *_METHODS),
            readonly=("problem", "model_problem", "pipeline_text", "noise_text"),
        )  # fmt: skip

    # ---- the traces ----

    def _labels(self) -> list[str]:
        chosen = self.dataset_selected
        chosen = [chosen] if isinstance(chosen, str) else list(chosen)
        # jdaviz tells that data go before it takes them out of what can be chosen
        return [
            label
            for label in chosen
            if label in self.dataset.choices and data_of(self, label) is not None
        ]

    @observe("dataset_items")
    def _choose_first(self, *_: Any) -> None:
        if self._ready and not self._labels() and self.dataset_items:
            self.dataset_selected = [self.dataset_items[0]["label"]]

    def _trace(self, label: str) -> Any:
        return trace_of(data_of(self, label))

    def _sums(self, label: str) -> Any:
        return self._prepared.get(
            self._trace(label), list(self.dq_bits_selected), self.excluded_selected,
            self.errors_selected,
        )  # fmt: skip

    def _channel_at(self, wavelength: float) -> list[float]:
        labels = self._labels()
        if not labels:
            raise Stage3Error("bands: no trace is chosen")
        grid = self._sums(labels[0]).wavelength
        if grid.ndim != 1:
            raise Stage3Error("bands: the wavelengths of the integrations differ; give ranges")
        edges = channel_edges(grid).to_value(self.band_unit)
        if not np.nanmin(edges) <= wavelength <= np.nanmax(edges):
            raise Stage3Error(
                f"bands: {wavelength:g} {self.band_unit} is outside the data "
                f"({np.nanmin(edges):.5g} to {np.nanmax(edges):.5g})"
            )
        channel = int(np.nanargmin(np.abs(grid.to_value(self.band_unit) - wavelength)))
        low, high = sorted(edges[channel : channel + 2])
        if self.band_edges_selected == "fractional":
            return [float(low), float(high)]
        # a hair within, where only the centre counts and neighbours share the edge
        return [float(low + 1e-6 * (high - low)), float(high - 1e-6 * (high - low))]

    def _in_baseline(self, sums: Any) -> np.ndarray:
        time = time_of(sums.trace, self.time_system_selected)
        return baseline_mask(time, self._baseline())

    def _baseline_or_all(self, sums: Any) -> np.ndarray:
        """Which integrations are in the baseline; all, where none is given."""
        if not self.baseline_text.strip():
            return np.ones(sums.n_integrations, dtype=bool)
        return self._in_baseline(sums)

    # ---- the curves ----

    def _curve(self, label: str, **changes: Any) -> TimeSeries:
        sums = self._sums(label)
        band, division = self._band(), self._division()
        options = self._options(**changes)
        try:
            if division:
                return spectroscopic_light_curves(sums, band=band, **division, **options)
            return white_light_curve(sums, band, **options)
        except Stage3Error as err:
            if len(self._labels()) == 1:
                raise
            raise Stage3Error(f"{label}: {err}") from err

    def _curves(self, binned: bool = True, **changes: Any) -> dict[str, TimeSeries]:
        curves = {label: self._curve(label, **changes) for label in self._chosen()}
        width = self._bin_width()
        if binned and width is not None:
            curves = {label: bin_light_curve(curve, width) for label, curve in curves.items()}
        return curves

    def _chosen(self) -> list[str]:
        """The labels of the chosen traces; raises where there is none."""
        labels = self._labels()
        if not labels:
            raise Stage3Error("White Light Curve: no trace is chosen; load an x1dints product")
        return labels

    def _most_channels(self) -> int:
        return max(self._trace(label).n_wavelengths for label in self._chosen())

    def _range_to_divide(self) -> tuple[float, float]:
        low, high = np.sort(self._views.band_of(self._chosen()[0]).to_value(self.band_unit))
        return float(low), float(high)

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
        curves = list(self._curves().values())
        return curves[0] if len(curves) == 1 else curves

    def show(self, **settings: Any) -> None:
        """Change settings and draw, also while the plugin is closed.

        Parameters
        ----------
        **settings
            Attributes of the plugin: ``plg.show(band_low=1, band_high=2, bin_width=10)``.

        Raises
        ------
        Stage3Error
            If there is no setting of that name, or the settings do not fit; what cannot be drawn
            is taken away.
        """
        api, name = self.user_api, ""
        unknown = [name for name in settings if name not in _SETTINGS]
        if unknown:
            raise Stage3Error(
                f"White Light Curve has no setting {', '.join(unknown)}; there is "
                f"{', '.join(_SETTINGS)}"
            )
        self._chosen()
        self._renew_pipeline_choices()
        before = {name: getattr(self, name) for name in _DRAWN if name != "is_active"}
        with self._updates.paused():  # all of them at once
            try:
                # the trace, then the zero of the hours, then what is given in hours from it
                for name in sorted(settings, key=lambda n: _ORDER.get(n, 2)):
                    setattr(api, name, settings[name])
            except (Stage3Error, TraitError, ValueError) as err:
                for trait, value in before.items():
                    setattr(self, trait, value)
                raise Stage3Error(f"{name} = {settings[name]!r}: {reason_of(err)}") from err
        self.keep_active = True
        self._update()
        problem = " ".join(filter(None, (self.problem, self.model_problem)))
        if problem:
            raise Stage3Error(problem)

    # ---- following the app ----

    @observe("spectral_subset_selected")
    def _follow_subset(self, *_: Any) -> None:
        """Take the band from the chosen subset; its first region where it has several."""
        if not self._ready or self.spectral_subset.selected in ("", _ALL):
            return
        region = spectral_region(self.spectral_subset)
        if region is None:
            return
        edges = u.Quantity(region[0].bounds).to(self.band_unit, u.spectral())
        with self.hold_trait_notifications():
            self.band_low, self.band_high = (float(edge) for edge in np.sort(edges.value))

    @observe(*_DRAWN)
    def _update(self, *_: Any) -> None:
        """Have it drawn what the settings give, after one of them or the app has changed."""
        if self._ready:
            self._updates.ask()

    def _draw(self) -> None:
        self._renew_pipeline_choices()
        labels = self._labels()
        self._prepared.keep_only([self._trace(label) for label in labels])
        if not labels:  # nor what was taken from traces that are gone
            self._compared.clear()
            self._last_spectra.clear()
        self.problem = ""
        if labels and not self.is_active and self._views.dragging.in_hand:
            return  # jdaviz takes a slow browser for a closed panel, and asks again soon
        if not self.is_active or not labels:
            self._views.clear()
            return
        self.band_unit = str(self._trace(labels[0]).wavelength.unit)
        self.problem = " ".join(self._views.draw())

    # ---- from the browser ----

    def vue_use_pipeline_band(self, *_: Any) -> None:
        try:
            self.use_pipeline_band()
        except Stage3Error as err:
            self.problem = str(err)

    def vue_clear_baseline(self, *_: Any) -> None:
        self.baseline_text = ""

    def vue_whole_band(self, *_: Any) -> None:
        with self.hold_trait_notifications():
            self.band_low = self.band_high = ""

    def vue_step(self, steps: int) -> None:
        """Move the time cursor by some integrations."""
        labels = self._labels()
        if labels:
            numbers = integration_numbers(self._trace(labels[0]))
            row = 0 if is_empty(self.integration) else int(
                np.argmin(np.abs(numbers - float(self.integration)))
            ) + int(steps)  # fmt: skip
            self.integration = int(numbers[np.clip(row, 0, len(numbers) - 1)])
