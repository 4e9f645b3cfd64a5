"""The tray plugin for light curves of spectral time series."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
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
from jdaviz.core.user_api import PluginUserApi
from traitlets import Bool, TraitError, Unicode, observe

from ...analysis.light_curves.export import write_light_curves
from ...errors import Stage3Error, reason_of
from ...jdaviz_compat import (
    data_of,
    replace_spectrum,
    show_message,
    spectral_region,
    spectrum_viewers_of_file,
)
from ...loaders.journal import adding_to_app
from ..curves_in_app import add_curve, show_curve
from ..panel import SavingControls, describe, do_as_asked, working
from ..updates import Updates
from .controls import CurveControls
from .curve_keys import CURVE_KEYS
from .results import tables_of_curves
from .settings import is_empty
from .traces import integration_numbers
from .views import Texts, Views

__all__ = ["WhiteLightCurve"]

_ALL = "Entire Spectrum"
_SETTINGS = (*CurveControls.control_names(), "keep_active")
_DRAWN = (
    *(trait for trait in CurveControls.control_traits()
      if trait not in ("spectral_subset_selected", "pick_baseline")), "is_active",
)  # fmt: skip
_METHODS = (
    "light_curve", "show", "spectrum", "ratio", "add_spectra", "noise", "use_pipeline_band",
    "add_to_app", "export", "to_lightkurve", "to_python",
)  # fmt: skip
_ORDER = {"dataset": 0, "time_system": 1, "mid_transit": 1, "period": 1}


@tray_registry("stage3-white-light-curve", label="White Light Curve", category="data:analysis")
class WhiteLightCurve(SavingControls, CurveControls):
    """Take white and spectroscopic light curves from spectral time series (x1dints).

    The curve follows the settings while the plugin is open; nothing is added to the app's data
    until :meth:`add_to_app`.

    Only the following attributes and methods are available through the public plugin API:

    {controls}
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
    viewer_keys = CURVE_KEYS
    uses_active_status = Bool(True).tag(sync=True)
    order_of_settings = _ORDER

    has_viewers = Bool(True).tag(sync=True)
    plot_widget = Unicode("").tag(sync=True)
    residual_widget = Unicode("").tag(sync=True)
    ratio_widget = Unicode("").tag(sync=True)

    problem = Unicode("").tag(sync=True)
    model_problem = Unicode("").tag(sync=True)
    curve_text = Unicode("").tag(sync=True)
    noise_text = Unicode("").tag(sync=True)
    pipeline_text = Unicode("").tag(sync=True)
    pipeline_band = Bool(False).tag(sync=True)
    cursor_text = Unicode("").tag(sync=True)

    def __init__(self, *args: Any, **kwargs: Any):
        self._updates = Updates(self._draw)
        super().__init__(*args, **kwargs)
        describe(self, "Light curves from spectral time series.", "white_light_curve")
        self.has_viewers = self.config == "deconfigged"
        self.in_viewer = self.has_viewers
        self._views = Views(self)
        for message in (
            AddDataMessage, RemoveDataMessage, DataCollectionDeleteMessage, ViewerRemovedMessage,
            GlobalDisplayUnitChanged,
        ):  # fmt: skip
            self.hub.subscribe(self, message, handler=lambda _: self._update())
        self.hub.subscribe(self, ViewerAddedMessage, handler=self._on_viewer_added)
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

    @property
    def own_viewers(self) -> list[str]:
        """The label of the viewer that it opens to draw in, if there is one now."""
        return [self._views.viewer_label] if self._views.viewer_label else []

    @observe("dataset_items")
    def _choose_first(self, *_: Any) -> None:
        if self._ready and not self._labels() and self.dataset_items:
            self.dataset_selected = [self.dataset_items[0]["label"]]

    # ---- what the settings give ----

    @adding_to_app
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
        wanted = np.atleast_1d(np.asarray(list(integrations))).tolist()
        added = []
        for label, number, spectrum in self.curves.spectra_of(wanted):
            viewers = spectrum_viewers_of_file(self, data_of(self, label))
            added.append(f"{label} integration {number}")
            replace_spectrum(self, added[-1], spectrum, [viewer.reference for viewer in viewers])
        return added

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
        self.curves.labels  # noqa: B018 - raises where there is none
        self._renew_pipeline_choices()
        before = {name: getattr(self, name) for name in _DRAWN if name != "is_active"}
        with self._updates.paused():  # all of them at once
            try:
                # the trace, then the zero of the hours, then what is given in hours from it
                for name in sorted(settings, key=lambda n: _ORDER.get(n, len(_ORDER))):
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

    def use_pipeline_band(self) -> None:
        """Take the band that the pipeline's curve is of.

        Raises
        ------
        Stage3Error
            If none of its curves is chosen, or its band is not known.
        """
        curves = self.curves
        comparison = curves.comparison(curves.labels[0]) if curves.traces else None
        if comparison is None or comparison.limits is None:
            raise Stage3Error("no whtlt whose band is known is chosen (pipeline)")
        low, high = comparison.limits.to_value(self.band_unit)
        with self.hold_trait_notifications():
            # a hair wider than the outermost channels, which rounding could leave outside
            self.band_low, self.band_high = float(low) * (1 - 1e-9), float(high) * (1 + 1e-9)

    @adding_to_app
    def add_to_app(self) -> list[str]:
        """Add the light curves to the app's data, and show them in a light-curve viewer.

        Returns
        -------
        list of str
            The labels of the data; one of the same label is replaced.

        Raises
        ------
        Stage3Error
            If the settings do not fit; then nothing is added.
        """
        tables = tables_of_curves(self.curves)
        for name, table in tables.items():
            add_curve(self, name, table)
            if self.has_viewers:
                show_curve(self, name, table, self._views.viewer_label)
        return list(tables)

    def export(self, path: str | os.PathLike, overwrite: bool = False) -> Path:
        """Write the light curve to an ECSV table, which ``TimeSeries.read`` reads.

        Parameters
        ----------
        path : path-like
            Of the file; with several traces chosen, a number is put before its suffix.
        overwrite : bool, optional
            Whether a file that is there may be replaced.

        Returns
        -------
        pathlib.Path
            Of the (first) file.

        Raises
        ------
        Stage3Error
            If the settings do not fit, the file is there already, or cannot be written.
        """
        return write_light_curves(list(self.curves.curves().values()), path, overwrite)[0]

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

    def _on_viewer_added(self, _: ViewerAddedMessage) -> None:
        if not self._updates.is_on:  # else it is its own, in which it is about to draw
            self._update()

    def _draw(self) -> None:
        self._renew_pipeline_choices()
        curves = self.curves
        traces = list(curves.traces.values())
        self._prepared.keep_only(traces)
        self.problem = ""
        if traces and not self.is_active and self._views.dragging.in_hand:
            return  # jdaviz takes a slow browser for a closed panel, and asks again soon
        if not traces:
            self._views.clear_all()
            self._say(Texts())
        elif not self.is_active:
            self._views.clear()
        else:
            self.band_unit = str(traces[0].wavelength.unit)
            # at each step of a drag it would flicker
            with nullcontext() if self._views.are_made else working(self):
                self._say(self._views.draw(self.curves))

    def _say(self, texts: Texts) -> None:
        for name, text in asdict(texts).items():
            setattr(self, name, text)

    # ---- from the browser ----

    def vue_use_pipeline_band(self, *_: Any) -> None:
        self._say_in_panel(self.use_pipeline_band)

    def vue_show_python(self, *_: Any) -> None:
        """Show the code that ``to_python`` gives."""
        self._say_in_panel(lambda: setattr(self, "python_code", self.to_python()))

    def _say_in_panel(self, method: Callable[[], Any]) -> None:
        """Do what is about the panel alone, and say in it why it cannot be done."""
        try:
            method()
        except Stage3Error as err:
            self.problem = str(err)

    def vue_clear_baseline(self, *_: Any) -> None:
        self.baseline_text = ""

    def vue_whole_band(self, *_: Any) -> None:
        self.take_whole_band()

    def take_whole_band(self) -> None:
        """Take all channels."""
        with self.hold_trait_notifications():
            self.band_low = self.band_high = ""

    def vue_step(self, steps: int) -> None:
        self.step(int(steps))

    def step(self, steps: int) -> None:
        """Move the time cursor by some integrations."""
        for trace in list(self.curves.traces.values())[:1]:
            numbers = integration_numbers(trace)
            row = 0 if is_empty(self.integration) else int(
                np.argmin(np.abs(numbers - float(self.integration)))
            ) + steps  # fmt: skip
            self.integration = int(numbers[np.clip(row, 0, len(numbers) - 1)])

    def vue_add_to_app(self, *_: Any) -> None:
        def add() -> None:
            show_message(self, f"Added {', '.join(self.add_to_app())}.", "success")

        self._do_as_asked(add)

    def _do_as_asked(self, method: Callable[[], Any]) -> None:
        self.problem = do_as_asked(self, method) or self.problem

    def vue_save_file(self, *_: Any) -> None:
        self.save_as_asked(self.export, f"{(self._labels() or ['light'])[0]} light curve", ".ecsv")
