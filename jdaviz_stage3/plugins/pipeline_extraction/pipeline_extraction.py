"""The tray plugin that shows what the pipeline has extracted, and compares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glue.core.message import DataCollectionDeleteMessage
from jdaviz.core.events import (
    AddDataMessage,
    RemoveDataMessage,
    SliceValueUpdatedMessage,
    ViewerRemovedMessage,
)
from jdaviz.core.registries import tray_registry
from jdaviz.core.template_mixin import PluginTemplateMixin
from jdaviz.core.user_api import PluginUserApi
from specutils import Spectrum
from traitlets import Unicode, observe

from ...analysis.extraction.comparison import ExtractionComparison, compare_extractions
from ...errors import Stage3Error
from ...jdaviz_compat import (
    all_data,
    cube_viewers_showing,
    data_of,
    plugin_label,
    replace_spectrum,
    shown_in,
    spectrum_viewers_showing,
)
from ...loaders.journal import adding_to_app
from ...origin import origin_of
from ...viewers.figure_marks import FigureMarks
from ..panel import describe, do_as_asked
from ..updates import Updates
from .apertures import CubeAperture
from .band_controls import BandControls
from .partners import partner_of, was_extracted_from
from .settings import ExtractionPanel
from .shown_extraction import ShownExtraction
from .sum_line import SumLine
from .windows import SlitWindow

__all__ = ["PipelineExtraction"]

# What is drawn for each product, by its suffix.
_KINDS: dict[str, type[ShownExtraction]] = {"s2d": SlitWindow, "s3d": CubeAperture}
_WHY_NOT_ONE = (
    "It need not be 1: for point sources the pipeline corrects for the light outside of its "
    "window, and it may subtract a background or weight pixels with a profile."
)


@tray_registry("stage3-pipeline-extraction", label="Pipeline Extraction", category="data:analysis")
class PipelineExtraction(BandControls, ExtractionPanel, PluginTemplateMixin):
    """Show what the pipeline has extracted its spectra from, and compare a sum with them.

    Only the following attributes and methods are available through the public plugin API:

    {controls}
    * :meth:`compare`: sum over the window, and divide by the pipeline's spectrum
    * :meth:`extract`: the sum as a spectrum, added to the app
    * :meth:`extract_bands`: the spectra of all cubes of the target within one aperture
    * :meth:`stitch_bands`: these as one spectrum
    * :meth:`show_cube`: the chosen cube in the cube viewer, in place of what it shows
    * ``bands_text``: the aperture in words (read only)
    * ``window_text``: the window in words (read only)
    * ``ratio_text``: what :meth:`compare` has found, in words (read only)
    * ``problem``: why there is nothing to show, empty if there is (read only)
    """

    template_file = __file__, "pipeline_extraction.vue"
    problem = Unicode().tag(sync=True)
    window_text = Unicode().tag(sync=True)
    ratio_text = Unicode().tag(sync=True)

    def __init__(self, *args, **kwargs):
        self._ready = False
        self._updates = Updates(self._draw)
        super().__init__(*args, **kwargs)
        describe(
            self, "The pipeline's extraction windows, and sums over them.", "pipeline_extraction"
        )
        self.make_selections()
        self._marks = FigureMarks()
        self._sum = SumLine(self)
        self._sliced: list[ShownExtraction] = []
        for message in (
            AddDataMessage, RemoveDataMessage, DataCollectionDeleteMessage, ViewerRemovedMessage,
        ):  # fmt: skip
            self.hub.subscribe(self, message, handler=lambda _: self._update())
        self.hub.subscribe(self, SliceValueUpdatedMessage, handler=lambda _: self._follow_slice())
        self.observe_traitlets_for_relevancy(
            traitlets_to_observe=["dataset_items"],
            irrelevant_msg_callback=lambda _: (
                "" if self.dataset_items else "No 2-D spectrum (s2d) or cube (s3d) is loaded."
            ),
        )
        self._ready = True
        self._update()

    @property
    def user_api(self) -> PluginUserApi:
        return PluginUserApi(
            self,
            expose=(
                *self.control_names(),
                "compare",
                "extract",
                "extract_bands",
                "stitch_bands",
                "show_cube",
            ),
            readonly=("window_text", "ratio_text", "bands_text", "problem"),
        )

    # ---- what belongs together ----

    @observe("dataset_selected", "spectrum_items")
    def _choose_partner(self, *_: Any) -> None:
        """Choose the pipeline's spectrum of the data, where there is one."""
        if not self._ready:
            return
        data = data_of(self, self.dataset_selected)
        partner = None if data is None else partner_of(data, all_data(self))
        label = "" if partner is None else partner.label
        if label != self.spectrum_selected and label in ("", *self.spectrum.choices):
            self.spectrum_selected = label

    def _extraction(self, data: Any, spectrum: Any) -> ShownExtraction:
        return _KINDS[origin_of(data).suffix](data, spectrum)

    def _chosen(self) -> ShownExtraction:
        data = data_of(self, self.dataset_selected)
        if data is None:
            raise Stage3Error("Pipeline Extraction: no 2-D spectrum or cube is chosen")
        spectrum = data_of(self, self.spectrum_selected)
        if spectrum is None:
            raise Stage3Error(
                f"{data.label}: the pipeline's spectrum of it (x1d) is not loaded; load it, too"
            )
        return self._extraction(data, spectrum)

    # ---- drawing ----

    @observe("dataset_selected", "spectrum_selected", "show_window", "color")
    def _update(self, *_: Any) -> None:
        if self._ready:
            self._updates.ask()

    def _draw(self) -> None:
        keys = set(self._marks)
        self.problem = self.window_text = self.ratio_text = ""
        self._sum.clear()
        self._sliced = []
        for data in [d for d in all_data(self) if was_extracted_from(d)]:
            chosen = data.label == self.dataset_selected
            try:
                if chosen:
                    extraction = self._chosen()
                    self.window_text = extraction.sentence
                elif (partner := partner_of(data, all_data(self))) is not None:
                    extraction = self._extraction(data, partner)
                else:
                    continue
                if self.show_window:
                    viewers = shown_in(self, data.label)
                    extraction.draw(self._marks, viewers, self.color)
                    if extraction.follows_slice:
                        self._sliced.append(extraction)
                    keys -= {key for key in self._marks if key[1] == data.label}
            except Stage3Error as err:
                if chosen:
                    self.problem = str(err)
        self._marks.remove(keys)
        self.count_cubes()

    def _follow_slice(self) -> None:
        """Draw what is another in each plane of a cube."""
        for extraction in self._sliced:
            viewers = cube_viewers_showing(self, extraction.data.label)
            extraction.draw(self._marks, viewers, self.color)

    # ---- results ----

    def compare(self) -> ExtractionComparison:
        """Sum over the pipeline's window, and divide by the pipeline's spectrum.

        Returns
        -------
        ExtractionComparison

        Raises
        ------
        Stage3Error
            If the window is not known, or the units do not fit.
        """
        extraction = self._chosen()
        total, pipeline = extraction.summed(), extraction.pipeline_spectrum
        found = compare_extractions(
            total.wavelength.to_value("um"),
            total.flux.value,
            pipeline.wavelength.to_value("um"),
            pipeline.flux.value,
        )
        self.ratio_text = _in_words(found, total, extraction)
        self._sum.clear()
        if self.show_sum:
            self._sum.draw(self.spectrum_selected, total)
        return found

    @adding_to_app
    def extract(self, add_data: bool = True) -> Spectrum:
        """Sum over the pipeline's window.

        Parameters
        ----------
        add_data : bool, optional
            Whether to add the sum to the app, as a spectrum where the pipeline's is shown.

        Returns
        -------
        specutils.Spectrum
            In the unit of the pipeline's spectrum.

        Raises
        ------
        Stage3Error
            If the window is not known, or the units do not fit.
        """
        extraction = self._chosen()
        total = extraction.summed()
        if add_data:
            total.meta["plugin"] = plugin_label(self)
            viewers = [v.reference for v in spectrum_viewers_showing(self, self.spectrum_selected)]
            with self._updates.paused():
                label = f"{self.dataset_selected} ({extraction.sum_name})"
                replace_spectrum(self, label, total, viewers)
        return total

    # ---- from the browser ----

    def vue_compare(self, *_: Any) -> None:
        self._do_as_asked(self.compare)

    def vue_extract(self, *_: Any) -> None:
        self._do_as_asked(self.extract)

    def _do_as_asked(self, method: Callable[[], Any]) -> None:
        self.problem = do_as_asked(self, method) or self.problem


def _in_words(found: ExtractionComparison, total: Spectrum, extraction: ShownExtraction) -> str:
    column = extraction.pipeline_spectrum.meta.get("column", "FLUX")
    if not found.n_channels:
        return f"Sum / {column} of the x1d: no channel in which both are known."
    text = (
        f"Sum / {column} of the x1d: median {found.median:.4g}, scatter {found.scatter:.2g} "
        f"(1.4826 MAD), {found.n_channels} channels."
    )
    if missing := total.meta["n_missing"]:
        text += f" {missing} pixels of the window have no value."
    if total.meta.get("subtracted"):
        text += " The pipeline's BACKGROUND is subtracted from the sum, too."
    return f"{text} {_WHY_NOT_ONE}"
