"""The tray plugin that smooths spectra."""

from __future__ import annotations

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
    ViewerRemovedMessage,
)
from jdaviz.core.registries import tray_registry
from jdaviz.core.template_mixin import PluginTemplateMixin, SpectralSubsetSelectMixin
from jdaviz.core.user_api import PluginUserApi
from specutils import SpectralRegion, Spectrum
from traitlets import Bool, Unicode, observe

from ...analysis import smooth_spectrum
from ...analysis.scatter import sigma_of_deviations
from ...errors import Stage3Error
from ...jdaviz_compat import (
    data_labels,
    data_of,
    draw_thick,
    plugin_label,
    replace_spectrum,
    show_alone,
    show_message,
    shown_in,
    spectral_region,
    spectrum_of_data,
    spectrum_viewers_showing,
    viewer_kind,
)
from ...loaders.journal import adding_to_app
from ...origin import origin_of
from ...readers.quality import DO_NOT_USE, DQ_FLAGS
from ..panel import describe, do_as_asked
from ..updates import Updates
from .export import SmoothingExport
from .preview import SmoothingPreview
from .settings import SmoothingPanel
from .spectra import part_of, result_label, spectrum_to_smooth

__all__ = ["MedianSmooth"]

_METHODS = {
    "Median": "median",
    "Boxcar": "boxcar",
    "Gaussian": "gaussian",
    "Savitzky-Golay": "savgol",
}
_ALL = "Entire Spectrum"


@tray_registry("stage3-median-smooth", label="Median Smooth", category="data:manipulation")
class MedianSmooth(SmoothingExport, SmoothingPanel, PluginTemplateMixin, SpectralSubsetSelectMixin):
    """Smooth spectra with the mask and the uncertainties right, the running median first.

    A preview follows the settings while the plugin is open; nothing is added to the app until
    :meth:`smooth`, and the input is never changed.

    Only the following attributes and methods are available through the public plugin API:

    {controls}
    * ``keep_active``: show the preview also while the plugin is closed
    * :meth:`smooth`: smooth, add the results, and return them
    * :meth:`export`: write the result to a FITS table
    * :meth:`to_python`: the same as Python code
    * ``problem``: why the settings cannot be used, empty if they can (read only)
    """

    template_file = __file__, "median_smooth.vue"
    uses_active_status = Bool(True).tag(sync=True)

    problem = Unicode().tag(sync=True)
    result_text = Unicode().tag(sync=True)
    noise_text = Unicode().tag(sync=True)

    def __init__(self, *args, **kwargs):
        self._ready = False
        self._updates = Updates(self._draw_preview)
        self._residual_is_new = False  # and needs room in the viewers
        self._added: list[str] = []  # results of the settings as they are
        super().__init__(*args, **kwargs)
        describe(self, "Smooth spectra; median, with mask and uncertainties.", "median_smooth")
        self.make_selections()
        self._flags_followed = ["DO_NOT_USE"]
        self._preview = SmoothingPreview(self)
        for message in (AddDataMessage, RemoveDataMessage, DataCollectionDeleteMessage):
            self.hub.subscribe(self, message, handler=self._on_data_changed)
        for message in (ViewerRemovedMessage, GlobalDisplayUnitChanged):
            self.hub.subscribe(self, message, handler=self._on_views_changed)
        for message in (SubsetUpdateMessage, SubsetDeleteMessage):
            self.hub.subscribe(self, message, handler=self._on_subset_changed)
        self.observe_traitlets_for_relevancy(
            traitlets_to_observe=["dataset_items"],
            irrelevant_msg_callback=lambda _: (
                "" if self.dataset_items else "No spectrum is loaded."
            ),
        )
        self._ready = True
        self._choose_first()

    # jdaviz tells of everything in the app, many times for each product that is loaded. While the
    # panel is closed nothing is drawn, and its text is not seen: all of it is renewed on opening.

    def _on_data_changed(
        self, message: AddDataMessage | RemoveDataMessage | DataCollectionDeleteMessage
    ) -> None:
        chosen = self._chosen()
        if self.is_active and message.data.label in {*chosen, *map(self._result_label, chosen)}:
            self._update_preview()

    def _on_views_changed(self, _: ViewerRemovedMessage | GlobalDisplayUnitChanged) -> None:
        if self.is_active:
            self._update_preview()

    def _on_subset_changed(self, message: SubsetUpdateMessage | SubsetDeleteMessage) -> None:
        if message.subset.label != self.spectral_subset.selected:
            return
        # told once for each data entry; ``problem`` is asked for also while the panel is closed
        if message.subset.data.label in self._labels():
            self._added = []
            self._update_preview()

    @property
    def user_api(self) -> PluginUserApi:
        return PluginUserApi(
            self,
            expose=(*self.control_names(), "keep_active", "smooth", "export", "to_python"),
            readonly=("problem",),
        )

    # ---- the settings ----

    @property
    def _window(self) -> int | float | u.Quantity:
        """The width as `smooth_spectrum` takes it."""
        if self.width in ("", None):  # Vue sends None where a field is cleared
            raise Stage3Error("width is empty; give a number")
        if self.width_unit_selected != "pix":
            return float(self.width) * u.Unit(self.width_unit_selected)
        return int(self.width) if float(self.width).is_integer() else float(self.width)

    def _smooth(self, label: str) -> tuple[Spectrum, Spectrum]:
        """Return a spectrum with the mask of what is excluded, and the result."""
        data = data_of(self, label)
        if data is None:
            raise Stage3Error(f"{label}: is not loaded (any more)")
        spectrum, excluded = spectrum_to_smooth(data, self.dq_bits_selected)
        smoothed = self._smooth_spectrum(label, spectrum)
        smoothed.meta["smoothing"] |= {"input": label, "excluded": excluded}
        return spectrum, smoothed

    def _smooth_spectrum(self, label: str, spectrum: Spectrum) -> Spectrum:
        if self.polyorder in ("", None):
            raise Stage3Error("polyorder is empty; give a number")
        try:
            return smooth_spectrum(
                spectrum,
                _METHODS[self.method_selected],
                self._window,
                edge=self.edge_selected,
                polyorder=int(self.polyorder),
                fill=self.fill,
                region=self._region(),
            )
        except Stage3Error as err:
            raise Stage3Error(f"{label}: {err}") from err

    def _region(self) -> SpectralRegion | None:
        if self.spectral_subset.selected in ("", _ALL):
            return None
        return spectral_region(self.spectral_subset)

    def _chosen(self) -> list[str]:
        chosen = self.dataset_selected
        return [chosen] if isinstance(chosen, str) else list(chosen)

    def _labels(self) -> list[str]:
        # jdaviz tells that data go before it takes them out of what can be chosen
        return [
            label
            for label in self._chosen()
            if label in self.dataset.choices and data_of(self, label) is not None
        ]

    @observe("dataset_items")
    def _choose_first(self, *_: Any) -> None:
        """Choose the first spectrum that comes; jdaviz leaves a choice of several empty."""
        if self._ready and not self._labels() and self.dataset_items:
            with self._updates.paused():  # its flags are followed
                self.dataset_selected = [self.dataset_items[0]["label"]]
            self._update_preview()

    @observe("dataset_selected")
    def _follow_flags(self, *_: Any) -> None:
        """Exclude what loading excluded, until other flags are chosen."""
        if not self._ready or self.dq_bits_selected != self._flags_followed:
            return
        origins = [origin_of(data_of(self, label)) for label in self._labels()]
        loaded = [o.dq_bits for o in origins if o is not None and o.dq_bits is not None]
        bits = int(np.bitwise_or.reduce(loaded or [DO_NOT_USE]))
        self._flags_followed = [name for i, name in enumerate(DQ_FLAGS) if bits >> i & 1]
        self.dq_bits_selected = list(self._flags_followed)

    # ---- preview ----

    @observe(*SmoothingPanel.control_traits(), "is_active")
    def _update_preview(self, change: dict | None = None) -> None:
        """Have it shown what the settings give, after one of them or the app has changed."""
        if not self._ready:
            return
        if change is not None and change["name"] == "show_residual":
            self._residual_is_new = self.show_residual
        if change is not None and change["name"] != "is_active":
            self._added = []
        self._updates.ask()

    def _draw_preview(self) -> None:
        self.problem = self.noise_text = ""
        labels = self._labels()
        self.result_text = self._announced(labels)
        if self._is_added():
            self._preview.clear()
            return
        try:
            with self._preview.renewed():
                for label in labels:
                    self._preview_of(label, only=len(labels) == 1)
            if self._residual_is_new:
                self._preview.make_room()
                self._residual_is_new = False
            elif not self.show_residual:
                self._preview.give_back_room()
        except Stage3Error as err:
            self._preview.clear()
            self.problem = str(err)

    def _preview_of(self, label: str, only: bool) -> None:
        """Check the settings on a spectrum, and show what they give while the plugin is open."""
        if data_of(self, label).ndim != 1:
            self._check_2d(label)
            return
        spectrum, smoothed = self._smooth(label)
        if not self.is_active:
            return
        spectrum = part_of(spectrum, self._region())
        left_out = self._preview.show(
            label,
            spectrum,
            smoothed,
            with_smoothed=self.show_preview,
            with_residual=self.show_residual,
        )
        if left_out:
            unit = spectrum.flux.unit
            self.noise_text = f"No preview in {', '.join(left_out)}, which does not show {unit}."
        elif only:
            self.noise_text = _residual_sentence(spectrum, smoothed)

    def _check_2d(self, label: str) -> None:
        """Raise what the settings are wrong in for 2-D data; one row is enough for that."""
        spectrum = spectrum_of_data(data_of(self, label))
        axis = spectrum.spectral_axis_index
        row = Spectrum(
            flux=np.ones(spectrum.shape[axis]) * spectrum.unit,
            spectral_axis=spectrum.spectral_axis,
        )
        self._smooth_spectrum(label, row)

    def _result_label(self, label: str) -> str:
        method = _METHODS.get(self.method_selected, "")
        order = f"order {self.polyorder}" if method == "savgol" else ""
        part = "" if self._region() is None else str(self.spectral_subset.selected)
        try:
            return result_label(label, method, self._window, order, part)
        except Stage3Error:
            return ""

    def _is_added(self) -> bool:
        """Whether the results of these settings are shown; the preview would hide them."""
        shown = [spectrum_viewers_showing(self, name) for name in self._added]
        return bool(shown) and all(shown)

    def _announced(self, labels: list[str]) -> str:
        """What pressing the button adds, or has added."""
        names = [name for name in map(self._result_label, labels) if name]
        if not names:
            return ""
        if set(names) == set(self._added) <= set(data_labels(self)):
            return f"Added as {', '.join(names)}. The preview is back with the next setting."
        more = " (replaces what is there)" if set(names) & set(data_labels(self)) else ""
        return f"Will be added as {', '.join(names)}{more}"

    # ---- results ----

    @adding_to_app
    def smooth(self, add_data: bool = True) -> Spectrum | list[Spectrum]:
        """Smooth the chosen spectra.

        Parameters
        ----------
        add_data : bool, optional
            Whether to add the results to the app; a result of the same name is replaced.

        Returns
        -------
        specutils.Spectrum or list of specutils.Spectrum
            One for one chosen spectrum, else a list in their order.

        Raises
        ------
        Stage3Error
            If the settings do not fit one of the spectra; then none is added.
        """
        labels = self._labels()
        if not labels:
            raise Stage3Error("Median Smooth: no spectrum is chosen")
        results = [self._smooth(label)[1] for label in labels]
        if add_data:
            self._preview.clear()
            with self._updates.paused():  # the preview would hide the results, drawn over them
                for label, smoothed in zip(labels, results, strict=True):
                    self._add(label, smoothed)
            # also where jdaviz takes the panel for closed and open again, as under load
            self._added = [self._result_label(label) for label in labels]
            self.result_text = self._announced(labels)
        return results[0] if len(results) == 1 else results

    def _add(self, label: str, smoothed: Spectrum) -> None:
        smoothed.meta["plugin"] = plugin_label(self)
        viewers = spectrum_viewers_showing(self, label) if self.show_results else []
        name = self._result_label(label)
        replace_spectrum(self, name, smoothed, [viewer.reference for viewer in viewers])
        for viewer in viewers:
            draw_thick(viewer, name)
        if smoothed.flux.ndim == 2 and self.show_results:
            # in a viewer of the same kind
            there, kind = "Smoothed 2D spectrum", "spectrum-2d-viewer"
            for viewer in shown_in(self, label)[:1]:
                there = f"Smoothed {viewer.reference[0].lower()}{viewer.reference[1:]}"
                kind = viewer_kind(viewer)
            show_alone(self, name, kind, there)

    # ---- from the browser ----

    def vue_smooth(self, *_: Any) -> None:
        self.problem = do_as_asked(self, self._smooth_and_say) or self.problem

    def _smooth_and_say(self) -> None:
        results = self.smooth()
        count = len(results) if isinstance(results, list) else 1
        what = "1 spectrum" if count == 1 else f"{count} spectra"
        names = ", ".join(map(self._result_label, self._labels()))
        where = "drawn thick in its viewer" if self.show_results else "to be shown from a data menu"
        show_message(self, f"Smoothed {what}, {where}: {names}", "success")


def _residual_sentence(spectrum: Spectrum, smoothed: Spectrum) -> str:
    """Say how data minus result scatters, against the stated uncertainties."""
    residual = (spectrum.flux - smoothed.flux).value
    good = np.isfinite(residual) & ~np.asarray(spectrum.mask, dtype=bool)
    if good.sum() < 3:
        return ""
    scatter = sigma_of_deviations(residual[good] - np.median(residual[good]))
    text = f"Data minus result: scatter {scatter:.3g} {spectrum.flux.unit} (1.4826 MAD)"
    if spectrum.uncertainty is not None:
        stated = np.nanmedian(spectrum.uncertainty.array[good])
        text += f"; median stated uncertainty {stated:.3g}"
    if smoothed.meta["smoothing"]["method"] == "median":
        # simulated for pure noise: 0.73 sigma at 5 pixels, 0.89 at 11, 0.97 at 31
        text += "; a narrow median takes part of the noise along"
    return text + "."
