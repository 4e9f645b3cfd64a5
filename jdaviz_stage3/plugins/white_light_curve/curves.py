"""The light curves that settings give of traces, and the spectra at the time cursor."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import QTable
from astropy.timeseries import TimeSeries
from specutils import Spectrum

from ...analysis import (
    BandSums,
    NoiseFigures,
    PipelineComparison,
    baseline_mask,
    bin_light_curve,
    channel_edges,
    mean_spectrum,
    noise_figures,
    scatter_with_bin_size,
    spectroscopic_light_curves,
    spectrum_ratio,
    white_light_curve,
)
from ...errors import Stage3Error
from ...readers.time_series import SpectralTrace
from .model import model_level, transit_model
from .pipeline import PipelineCurve
from .settings import RANGE, CurveSettings, number
from .times import Baseline, CurveTimes, Ranges
from .traces import PreparedTraces, integration_numbers, row_of

__all__ = ["LightCurves"]


class LightCurves:
    """What one set of settings gives of some traces; no widgets.

    Parameters
    ----------
    traces : mapping of str to SpectralTrace
        By their labels.
    settings : CurveSettings
    baseline : Baseline, optional
        Of the ranges in the settings; by default it is read from their text.
    prepared : PreparedTraces, optional
        Where the arrays of traces are kept, for other settings of them as well.
    pipeline : PipelineCurve, optional
        The white light curve of the pipeline to compare with.
    """

    def __init__(
        self,
        traces: Mapping[str, SpectralTrace],
        settings: CurveSettings,
        baseline: Baseline | None = None,
        prepared: PreparedTraces | None = None,
        pipeline: PipelineCurve | None = None,
    ):
        self.traces, self.settings, self.pipeline = dict(traces), settings, pipeline
        self.times = CurveTimes(self.traces, settings)
        self._baseline = Baseline() if baseline is None else baseline
        self._prepared = PreparedTraces() if prepared is None else prepared

    @property
    def labels(self) -> list[str]:
        """The labels of the traces; raises Stage3Error where there is none."""
        if not self.traces:
            raise Stage3Error("White Light Curve: no trace is chosen; load an x1dints product")
        return list(self.traces)

    def sums(self, label: str) -> BandSums:
        """Return a trace prepared for many bands."""
        settings = self.settings
        return self._prepared.get(
            self.traces[label], list(settings.dq_bits), settings.excluded, settings.errors
        )

    # ---- the baseline ----

    def baseline(self) -> Ranges:
        """Return the ranges out of transit; raises Stage3Error if their text is none."""
        return self._baseline.ranges(self.settings.baseline_text, self.times)

    def in_baseline(self, label: str) -> np.ndarray:
        """Return which integrations are in it, bool, shape (n_int,); raises where none is."""
        return baseline_mask(self.times.of(self.traces[label]), self.baseline())

    @property
    def has_baseline(self) -> bool:
        """Whether anything is given for it."""
        return bool(self.settings.baseline_text.strip())

    # ---- bands ----

    def band_of(self, label: str) -> u.Quantity:
        """Return the band of a trace, or all of it, shape (2,)."""
        wavelength = self.sums(label).wavelength
        low, high = self.settings.band() or (None, None)
        low = np.nanmin(wavelength) if low is None else low
        high = np.nanmax(wavelength) if high is None else high
        return u.Quantity([low.to(wavelength.unit), high.to(wavelength.unit)])

    def division(self) -> dict[str, Any]:
        """Return how the band is divided, for `spectroscopic_light_curves`; empty for not."""
        settings, kind = self.settings, self.settings.division
        if kind in ("", "one band"):
            return {}
        if kind == "chosen bands":
            return {"bands": self.bands()}
        value = settings.number("division_value")
        if kind == "number of bands":
            if value < 1 or not float(value).is_integer():
                raise Stage3Error(f"division_value = {value:g} is no number of bands")
            self._check_count(value)
            return {"n": int(value)}
        if value <= 0:
            raise Stage3Error(f"division_value = {value:g} must be positive")
        low, high = np.sort(self.band_of(self.labels[0]).to_value(settings.unit))
        span = (high - low) / value if kind == "width" else np.log(high / low) * value
        self._check_count(span)
        return {"width": value * settings.unit} if kind == "width" else {"resolving_power": value}

    def _check_count(self, count: float) -> None:
        """Refuse more bands than channels, before they are all made."""
        most = max(self.traces[label].n_wavelengths for label in self.labels)
        if count > most:
            raise Stage3Error(f"these are {count:.4g} bands; the trace has {most} channels")

    def bands(self) -> list[u.Quantity]:
        """Return the bands that are chosen one by one, each of shape (2,)."""
        parts = [part for part in re.split(r"[,;]", self.settings.bands_text) if part.strip()]
        if not parts:
            raise Stage3Error("bands is empty; write '1.1 to 1.4, 1.4 to 1.7', or wavelengths")
        return [self._band_of_text(part) for part in parts]

    def _band_of_text(self, text: str) -> u.Quantity:
        """A range as it is; for one wavelength, the channel that is nearest to it."""
        found = RANGE.match(text)
        if found is not None:
            edges = [float(found.group(1)), float(found.group(2))]
        else:
            edges = self._channel_at(number(text, "bands"))
        return edges * self.settings.unit

    def _channel_at(self, wavelength: float) -> list[float]:
        """The edges of the channel of the first trace that is nearest to a wavelength."""
        if not self.traces:
            raise Stage3Error("bands: no trace is chosen")
        unit, grid = self.settings.band_unit, self.sums(self.labels[0]).wavelength
        if grid.ndim != 1:
            raise Stage3Error("bands: the wavelengths of the integrations differ; give ranges")
        edges = channel_edges(grid).to_value(unit)
        if not np.nanmin(edges) <= wavelength <= np.nanmax(edges):
            raise Stage3Error(
                f"bands: {wavelength:g} {unit} is outside the data "
                f"({np.nanmin(edges):.5g} to {np.nanmax(edges):.5g})"
            )
        channel = int(np.nanargmin(np.abs(grid.to_value(unit) - wavelength)))
        low, high = sorted(edges[channel : channel + 2])
        if self.settings.band_edges == "fractional":
            return [float(low), float(high)]
        # a hair within, where only the centre counts and neighbours share the edge
        return [float(low + 1e-6 * (high - low)), float(high - 1e-6 * (high - low))]

    # ---- light curves ----

    def options(self, **changes: Any) -> dict[str, Any]:
        """Return the further keywords of `white_light_curve`, some of them changed."""
        settings = self.settings
        normalize = changes.get("normalize", settings.normalize)
        if normalize == "baseline" and not self.baseline():
            raise Stage3Error("normalize = 'baseline' needs a baseline; give its ranges")
        return {
            "statistic": settings.statistic,
            "band_edges": settings.band_edges,
            "normalize": None if normalize == "none" else normalize,
            "baseline": self.baseline() if normalize == "baseline" else None,
            "outlier_sigma": settings.sigma(),
            "outlier_window": int(settings.number("outlier_window")),
            "time_system": settings.time_system,
            "reference": changes["reference"] if "reference" in changes else self.times.reference,
        }

    def curves(self, binned: bool = True, **changes: Any) -> dict[str, TimeSeries]:
        """Return the light curve of each trace, by its label.

        Parameters
        ----------
        binned : bool, optional
            False for single integrations, whatever the settings say.
        **changes
            Keywords of `white_light_curve` to use in place of what the settings give.

        Raises
        ------
        Stage3Error
            If the settings do not fit one of the traces.
        """
        curves = {label: self._curve(label, **changes) for label in self.labels}
        width = self.settings.bins()
        if binned and width is not None:
            curves = {label: bin_light_curve(curve, width) for label, curve in curves.items()}
        return curves

    def _curve(self, label: str, **changes: Any) -> TimeSeries:
        sums = self.sums(label)
        band, division = self.settings.band(), self.division()
        options = self.options(**changes)
        try:
            if division:
                return spectroscopic_light_curves(sums, band=band, **division, **options)
            return white_light_curve(sums, band, **options)
        except Stage3Error as err:
            if len(self.traces) == 1:
                raise
            raise Stage3Error(f"{label}: {err}") from err

    def noise(self) -> list[tuple[NoiseFigures, QTable]]:
        """Return figures and scatter with bin size of each trace, from the model if it is shown."""
        found = []
        for curve in self.curves(binned=False).values():
            if curve["flux"].ndim == 2:
                raise Stage3Error("noise: choose one band (division = 'one band')")
            model = (
                transit_model(self.settings, curve["time"]) if self.settings.show_transit else None
            )
            figures = noise_figures(curve, model)
            residual = np.array(curve["flux"].value)
            if model is not None:
                residual -= model * model_level(curve, model)
            found.append((figures, scatter_with_bin_size(residual, outlier=curve["outlier"])))
        return found

    def comparison(self, label: str) -> PipelineComparison | None:
        """Compare a trace with the pipeline's curve; None without one of this trace."""
        if self.pipeline is None:
            return None
        # looking for the band that the pipeline took costs 10 ms, and dragging asks each time
        sums, compare = self.sums(label), self.pipeline.compare
        return self._prepared.result_of(
            "comparison", sums, self.pipeline.key, partial(compare, sums)
        )

    # ---- spectra ----

    def row_at_cursor(self, label: str) -> int:
        """Return the row of the integration at the time cursor; raises where there is no cursor."""
        return row_of(self.traces[label], self.settings.cursor())

    def rows_at_cursor(self, label: str) -> np.ndarray:
        """Return which integrations the spectrum at the cursor is of, bool, shape (n_int,)."""
        return self.rows_around(label, self.settings.cursor())

    def rows_around(self, label: str, integration: float) -> np.ndarray:
        """Return which integrations a spectrum at this one is of, bool, shape (n_int,)."""
        span, trace = self.settings.averaged(), self.traces[label]
        count = trace.n_integrations
        first = row_of(trace, integration) - (span - 1) // 2
        first = min(max(first, 0), max(count - span, 0))
        rows = np.zeros(count, dtype=bool)
        rows[first : first + span] = True
        return rows

    def spectrum(self, label: str) -> Spectrum:
        """Return the spectrum at the time cursor."""
        return self._spectrum("spectrum", mean_spectrum, label, self.rows_at_cursor(label))

    def ratio(self, label: str) -> Spectrum:
        """Return it over the mean of the baseline; of all other integrations without one."""
        rows = self.rows_at_cursor(label)
        below = self.in_baseline(label) if self.has_baseline else ~rows
        return self._spectrum("ratio", spectrum_ratio, label, rows, below)

    def _spectrum(self, name: str, function: Any, label: str, *rows: np.ndarray) -> Spectrum:
        # dragging a band asks each time
        sums, key = self.sums(label), tuple(which.tobytes() for which in rows)
        return self._prepared.result_of(name, sums, key, partial(function, sums, *rows))

    def spectra_of(self, integrations: Sequence[int]) -> list[tuple[str, int, Spectrum]]:
        """Return the spectra of integrations by their numbers: (label of the trace, number, it).

        Raises
        ------
        Stage3Error
            If there is no such integration.
        """
        found = []
        for label in self.labels:
            numbers = integration_numbers(self.traces[label])
            for wanted in integrations:
                if wanted not in numbers:
                    raise Stage3Error(
                        f"{label}: no integration {wanted}; there are {numbers.min()} to "
                        f"{numbers.max()}"
                    )
                rows = self.rows_around(label, wanted)
                spectrum = mean_spectrum(self.sums(label), rows)
                spectrum.meta |= {"integrations": numbers[rows].tolist(), "input": label}
                found.append((label, wanted, spectrum))
        return found
