"""Importer of spectral time series (x1dints): dynamic spectrum and median spectrum."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from jdaviz.core.loaders.importers import BaseImporterToDataCollection
from jdaviz.core.registries import loader_importer_registry
from jdaviz.core.template_mixin import ViewerSelectCreateNew
from specutils import Spectrum
from traitlets import Any, Bool, List, Unicode

from ..analysis.light_curves.spectra_in_time import median_over_time, median_wavelength
from ..errors import Stage3Warning, UnreadableProductError
from ..jdaviz_compat import (
    configuration,
    is_spectrum_viewer,
    show_flux_in,
    shows_target,
    spectral_component_type,
    spectral_flux_unit,
)
from ..origin import ORIGIN, Origin, SeriesAxes, origin_of
from ..readers.quality import has_wavelength
from ..readers.stored_series import StoredSeries
from ..readers.time_series import SpectralTrace, read_spectral_time_series
from .flux_axis import fits_flux_axis
from .importing import Choice, ProductImporterMixin, importing
from .series_data import SeriesData

__all__ = ["TimeSeriesImporter", "dynamic_spectrum", "median_spectrum", "spectral_axis"]


_MEDIAN = {"label": "1D Spectrum", "reference": "spectrum-1d-viewer"}
_VIEWER_TRAITS = (
    "items", "selected", "create_new_items", "create_new_selected", "label_value",
    "label_default", "label_auto", "label_invalid_msg",
)  # fmt: skip
_DYNAMIC = {"label": "Dynamic spectrum", "reference": "stage3-dynamic-spectrum-viewer"}


@loader_importer_registry("JWST spectral time series")
class TimeSeriesImporter(ProductImporterMixin, BaseImporterToDataCollection):
    """Imports each chosen trace as a dynamic spectrum and as its median over time.

    Attributes
    ----------
    spectra
        Which traces, by their labels; all by default.
    order, detector : value or list of values
        Choose the traces that agree with every given value.
    dq_bits
        Names of the data-quality flags that exclude a sample; ``'DO_NOT_USE'`` by default.
    viewer
        Where the dynamic spectra go; by default each into a new viewer.
    median_viewer
        Where the median spectra go; by default the spectrum viewers that show the same target, or
        a new one.
    """

    choices = (Choice("spectra", "Traces", "Spectral orders and detectors to load.", several=True),)
    settings = ("order", "detector", "dq_bits", "median_viewer")

    label_hint = Unicode(
        "Start of the labels of the new data entries; each goes on with its order and source."
    ).tag(sync=True)
    viewer_hint = Unicode("Viewer to show the new data entries in.").tag(sync=True)

    median_viewer_items = List([]).tag(sync=True)
    median_viewer_selected = Any([]).tag(sync=True)
    median_viewer_multiselect = Bool(True).tag(sync=True)
    median_viewer_create_new_items = List([]).tag(sync=True)
    median_viewer_create_new_selected = Unicode().tag(sync=True)
    median_viewer_label_value = Unicode().tag(sync=True)
    median_viewer_label_default = Unicode().tag(sync=True)
    median_viewer_label_auto = Bool(True).tag(sync=True)
    median_viewer_label_invalid_msg = Unicode().tag(sync=True)

    def prepare(self):
        self.median_viewer = ViewerSelectCreateNew(
            self,
            *(f"median_viewer_{name}" for name in _VIEWER_TRAITS),
            multiselect="median_viewer_multiselect",
            default_mode="empty",
        )
        self.viewer_create_new_items = [dict(_DYNAMIC)]
        self.median_viewer_create_new_items = [dict(_MEDIAN)]
        self.median_viewer.add_filter(is_spectrum_viewer)
        if configuration(self) != "specviz":  # which has one spectrum viewer for all
            target = self.target_name
            self.median_viewer.add_filter(lambda viewer: shows_target(viewer, target))
        self.median_viewer.select_default()
        self.dq_bits = "DO_NOT_USE"
        self._chosen = {"order": None, "detector": None}
        self._series = read_spectral_time_series(self.product.path)
        self._traces = {trace.label or "trace": trace for trace in self._series.traces}
        self.offer("spectra", self._traces)
        self.spectra.selected = list(self._traces)
        self.data_hashes = [self.product.data_hash(label) for label in self._traces]
        self.hash_map_to_label = dict(zip(self.data_hashes, self._traces, strict=True))

        self.viewer.create_new.selected = _DYNAMIC["label"]  # each trace in a viewer of its own

    @staticmethod
    def _get_supported_viewers():
        return [dict(_DYNAMIC)]

    def _choose(self, **values) -> None:
        if self._problem is not None:
            raise self._problem
        self._chosen.update(values)
        chosen = self._series.select(**self._chosen).traces
        self.spectra.selected = [label for label, t in self._traces.items() if t in chosen]

    order = property(
        lambda self: self._chosen["order"], lambda self, value: self._choose(order=value)
    )
    detector = property(
        lambda self: self._chosen["detector"], lambda self, value: self._choose(detector=value)
    )

    def build(self) -> list[SpectralTrace]:
        return [self._traces[label] for label in self.spectra_selected]

    def _drawable(self) -> dict[str, SpectralTrace]:
        """The chosen traces that have a wavelength axis; those without are named in a warning."""
        drawable, problems = {}, []
        for label, trace in zip(list(self.spectra_selected), self.output, strict=True):
            try:
                spectral_axis(trace)
                drawable[label] = trace
            except UnreadableProductError as err:
                problems.append(err)
        if problems and not drawable:
            raise problems[0]
        for problem in problems:
            warnings.warn(f"{problem}; it is left out", Stage3Warning, stacklevel=2)
        return drawable

    def assign_component_type(self, comp_id, comp, units, physical_type):
        return spectral_component_type(comp_id, comp, units, physical_type)

    @importing
    def __call__(self):
        own_viewers = bool(self.viewer.create_new.selected)
        own_median_viewers = bool(self.median_viewer.create_new.selected)
        for label, trace in self._drawable().items():
            for oddity in trace.check_times():  # jdaviz silences what is said while it looks
                warnings.warn(
                    f"{trace.path.name} {trace.label}: {oddity}; the data are kept as they are",
                    Stage3Warning,
                    stacklevel=2,
                )
            dynamic = dynamic_spectrum(trace, self.dq_bits, self.product.origin(label))
            name = self.unique_label(trace.label)
            if own_viewers:
                self.show_in_new_viewer(
                    _DYNAMIC["reference"], f"Dynamic spectrum {trace.label}".strip()
                )
            held = dynamic.held() if isinstance(dynamic, SeriesData) else nullcontext()
            with held:
                self.add_to_data_collection(
                    dynamic, name, data_hash=self.product.data_hash(label), cls=Spectrum
                )
            median = median_spectrum(dynamic)  # after the dynamic spectrum is on the screen
            median_label = self.unique_label(trace.label, f"({_median_in_words(dynamic)})")
            if not fits_flux_axis(self, median.flux.unit):
                warnings.warn(
                    f"{self.product.path.name}: the median spectrum is in {median.flux.unit}, but "
                    f"the spectra in this app are in {spectral_flux_unit(self)}; it is loaded, "
                    "but not shown",
                    Stage3Warning,
                    stacklevel=2,
                )
                self.median_viewer.create_new.selected = ""
                self.median_viewer.selected = []
                own_median_viewers = False
            if own_median_viewers:
                self.show_in_new_viewer(
                    _MEDIAN["reference"],
                    f"Median spectrum {trace.label}".strip(),
                    self.median_viewer,
                )
                own_median_viewers = False  # the next traces' medians join the first's
            first = spectral_flux_unit(self) is None
            self.add_to_data_collection(
                median,
                median_label,
                data_hash=self.product.data_hash(f"{label} median"),
                viewer_select=self.median_viewer,
            )
            if first:
                show_flux_in(self, str(median.flux.unit))


def spectral_axis(trace: SpectralTrace) -> tuple[u.Quantity, np.ndarray]:
    """Return the wavelengths to draw a trace on.

    Parameters
    ----------
    trace : SpectralTrace

    Returns
    -------
    Quantity, shape (n_used,)
        Where wavelengths differ between integrations, their median.
    ndarray of bool, shape (n_wave,)
        The channels that have a wavelength.

    Raises
    ------
    UnreadableProductError
        If there are none, or they are not in order.
    """
    name = f"{trace.path.name} {trace.label}".strip()
    wavelength = trace.wavelength
    if wavelength.ndim == 2:
        wavelength = median_wavelength(wavelength)
    keep = has_wavelength(wavelength)
    if not keep.any():
        raise UnreadableProductError(f"{name}: no wavelengths in the file")
    steps = np.diff(wavelength[keep])
    if not (np.all(steps > 0) or np.all(steps < 0)):
        raise UnreadableProductError(
            f"{name}: the wavelengths are not in order, so there is no axis to draw it on; "
            "jdaviz_stage3.read gives the arrays as they are"
        )
    return wavelength[keep], keep


def dynamic_spectrum(
    trace: SpectralTrace,
    dq_bits: str | int | tuple[str, ...] | None = "DO_NOT_USE",
    origin: Origin | None = None,
) -> Spectrum | SeriesData:
    """Make a 2-D spectrum of a trace: integrations along y, wavelength along x.

    Parameters
    ----------
    trace : SpectralTrace
    dq_bits : optional
        See `jdaviz_stage3.readers.quality.dq_value`.
    origin : Origin, optional
        Where the trace came from; goes into the meta with the trace itself, for light curves need
        the uncertainties too, and with the axes, for the viewer.

    Returns
    -------
    specutils.Spectrum or SeriesData
        Flux (n_int, n_wave), excluded samples NaN, without uncertainty (it would double the
        memory of what is only looked at: it is in ``stage3.read(path)``). Where wavelengths
        differ between integrations, the axis has their median, with a warning. A series of more
        than 128 MB stays in its file, and is read by parts.

    Raises
    ------
    UnreadableProductError
        If there are no wavelengths, or they are not in order.
    """
    wavelength, keep = spectral_axis(trace)
    if trace.wavelength.ndim == 2:
        warnings.warn(
            f"{trace.path.name} {trace.label}: the wavelengths of the integrations differ; the "
            "dynamic and the median spectrum are drawn on their median, channel by channel",
            Stage3Warning,
            stacklevel=2,
        )
    series = StoredSeries(trace, dq_bits, keep)
    flux = None if _stays_in_file(trace) else trace.usable_flux(dq_bits)
    if not np.isfinite(series.for_average() if flux is None else flux).any():
        warnings.warn(
            f"{trace.path.name} {trace.label}: no usable sample (finite FLUX, not flagged)",
            Stage3Warning,
            stacklevel=2,
        )
    meta = dict(trace.meta)
    if origin is not None:
        time = trace.time if trace.time is not None else trace.time_utc
        axes = SeriesAxes(trace.int_num, time, wavelength)
        meta[ORIGIN] = replace(origin, axes=axes, source=trace)
    if flux is None:
        return SeriesData(series, wavelength, meta)
    if not keep.all():
        flux = flux[:, keep]
    return Spectrum(flux=flux, spectral_axis=wavelength, spectral_axis_index=1, meta=meta)


def _stays_in_file(trace: SpectralTrace) -> bool:
    # of a compressed file, a part takes as long as all
    return trace.is_long and not any(table.compressed for table in trace.tables)


def _median_in_words(dynamic: Spectrum | SeriesData) -> str:
    if not isinstance(dynamic, SeriesData):
        return "median"
    words = dynamic.series.average_in_words("median")
    return words if words == "median" else f"{words} integrations"


def median_spectrum(dynamic: Spectrum | SeriesData) -> Spectrum:
    """Take the median over time of a dynamic spectrum.

    Parameters
    ----------
    dynamic : specutils.Spectrum or SeriesData
        Flux (n_int, n_wave), excluded samples NaN.

    Returns
    -------
    specutils.Spectrum
        Flux (n_wave,). Its uncertainty is the standard error of the median, see
        `jdaviz_stage3.analysis.light_curves.spectra_in_time.median_over_time`. Of a series that
        stays in its file, the median of 2000 integrations, spread evenly over all.
    """
    if isinstance(dynamic, SeriesData):
        flux, unit = dynamic.series.for_average(), dynamic.series.unit
    else:
        flux, unit = dynamic.flux.value, dynamic.flux.unit
    median, error = median_over_time(flux)
    meta = {key: value for key, value in dynamic.meta.items() if not key.startswith("_")}
    meta |= {"statistic": "median over time", "n_integrations": len(flux)}
    if (origin := origin_of(dynamic)) is not None:
        meta[ORIGIN] = replace(origin, part=f"{origin.part} median", axes=None, source=None)
    return Spectrum(
        flux=median * unit,
        spectral_axis=dynamic.spectral_axis,
        uncertainty=StdDevUncertainty(error * unit),
        mask=~np.isfinite(median),
        meta=meta,
    )
