"""The settings of a light curve, as traits, and as the arguments of the analysis."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from astropy import units as u
from jdaviz.core.custom_traitlets import FloatHandleEmpty, IntHandleEmpty
from jdaviz.core.template_mixin import SelectPluginComponent
from traitlets import Bool, List, Unicode

from ...errors import Stage3Error
from ...readers.quality import DQ_FLAGS
from ...readers.time_systems import TIME_SYSTEMS
from ..panel import add_choices
from .fields import RANGE, is_empty, number
from .times import TimeControls

__all__ = ["CHOICES", "CurveControls"]

#: What each control that is a choice can be, the default first.
CHOICES = {
    "division": ("one band", "number of bands", "width", "resolving power", "chosen bands"),
    "statistic": ("sum", "weighted mean"),
    "band_edges": ("inclusive", "fractional"),
    "excluded": ("fill", "drop", "ignore"),
    "errors": ("random", "total"),
    "normalize": ("median", "baseline", "none"),
    "bin_unit": ("integrations", "s", "min"),
    "time_system": tuple(TIME_SYSTEMS),
    "time_axis": ("date", "hours"),
    "dynamic_normalize": ("none", "median", "baseline"),
}
_MOST = 1e9  # days, seconds, integrations: beyond any observation


class CurveControls(TimeControls):
    """Traits for the band, the samples, the normalisation, the bins and the time axis."""

    band_low = FloatHandleEmpty("").tag(sync=True)
    band_high = FloatHandleEmpty("").tag(sync=True)
    band_unit = Unicode("um").tag(sync=True)
    division_items = List().tag(sync=True)
    division_selected = Unicode().tag(sync=True)
    division_value = FloatHandleEmpty(5).tag(sync=True)
    bands_text = Unicode("").tag(sync=True)
    statistic_items = List().tag(sync=True)
    statistic_selected = Unicode().tag(sync=True)
    band_edges_items = List().tag(sync=True)
    band_edges_selected = Unicode().tag(sync=True)
    excluded_items = List().tag(sync=True)
    excluded_selected = Unicode().tag(sync=True)
    errors_items = List().tag(sync=True)
    errors_selected = Unicode().tag(sync=True)
    dq_bits_items = List().tag(sync=True)
    dq_bits_selected = List([]).tag(sync=True)
    dq_bits_multiselect = Bool(True).tag(sync=True)
    normalize_items = List().tag(sync=True)
    normalize_selected = Unicode().tag(sync=True)
    outlier_sigma = FloatHandleEmpty(5).tag(sync=True)
    outlier_window = IntHandleEmpty(15).tag(sync=True)
    bin_width = FloatHandleEmpty("").tag(sync=True)
    bin_unit_items = List().tag(sync=True)
    bin_unit_selected = Unicode().tag(sync=True)
    dynamic_normalize_items = List().tag(sync=True)
    dynamic_normalize_selected = Unicode().tag(sync=True)
    dynamic_percentile = FloatHandleEmpty(99).tag(sync=True)

    def _add_controls(self) -> None:
        add_choices(self, CHOICES)
        self.dq_bits = SelectPluginComponent(
            self, items="dq_bits_items", selected="dq_bits_selected",
            multiselect="dq_bits_multiselect", manual_options=list(DQ_FLAGS),
        )  # fmt: skip
        self.dq_bits.selected = ["DO_NOT_USE"]

    # ---- as arguments ----

    def _band(self) -> tuple[u.Quantity | None, u.Quantity | None] | None:
        """The band as `white_light_curve` takes it; None for an open end, or for everything."""
        if is_empty(self.band_low) and is_empty(self.band_high):
            return None
        unit = u.Unit(self.band_unit)
        return tuple(
            None if is_empty(edge) else number(edge, name) * unit
            for edge, name in ((self.band_low, "band_low"), (self.band_high, "band_high"))
        )

    def _division(self) -> dict[str, Any]:
        """How the band is divided, as `spectroscopic_light_curves` takes it; empty for not."""
        kind = self.division_selected
        if kind in ("", "one band"):
            return {}
        if kind == "chosen bands":
            return {"bands": self._chosen_bands()}
        value = number(self.division_value, "division_value")
        if kind == "number of bands":
            if value < 1 or not float(value).is_integer():
                raise Stage3Error(f"division_value = {value:g} is no number of bands")
            self._check_count(value)
            return {"n": int(value)}
        if value <= 0:
            raise Stage3Error(f"division_value = {value:g} must be positive")
        low, high = self._range_to_divide()
        span = (high - low) / value if kind == "width" else np.log(high / low) * value
        self._check_count(span)
        if kind == "width":
            return {"width": value * u.Unit(self.band_unit)}
        return {"resolving_power": value}

    def _bin_width(self) -> u.Quantity | int | None:
        if is_empty(self.bin_width):
            return None
        value = number(self.bin_width, "bin_width")
        if value > _MOST:
            raise Stage3Error(f"bin_width = {value:g} {self.bin_unit_selected} is too wide")
        if self.bin_unit_selected != "integrations":
            return value * u.Unit(self.bin_unit_selected)
        if value < 1 or not value.is_integer():
            raise Stage3Error(f"bin_width = {value:g} integrations; give a whole number from 1")
        return int(value)

    def _options(self, **changes: Any) -> dict[str, Any]:
        """The further keywords of `white_light_curve`, some of them changed."""
        sigma = self.outlier_sigma
        sigma = None if is_empty(sigma) else number(sigma, "outlier_sigma")
        normalize = changes.get("normalize", self.normalize_selected)
        if normalize == "baseline" and not self._baseline():
            raise Stage3Error("normalize = 'baseline' needs a baseline; give its ranges")
        return {
            "statistic": self.statistic_selected,
            "band_edges": self.band_edges_selected,
            "normalize": None if normalize == "none" else normalize,
            "baseline": self._baseline() if normalize == "baseline" else None,
            "outlier_sigma": sigma,
            "outlier_window": int(number(self.outlier_window, "outlier_window")),
            "time_system": self.time_system_selected,
            "reference": changes["reference"] if "reference" in changes else self._reference(),
        }

    def _check_count(self, count: float) -> None:
        """Refuse more bands than channels, before they are all made."""
        most = self._most_channels()
        if count > most:
            raise Stage3Error(f"these are {count:.4g} bands; the trace has {most} channels")

    def _most_channels(self) -> int:
        """Channels of the longest chosen trace; the plugin knows it."""
        raise NotImplementedError

    def _range_to_divide(self) -> tuple[float, float]:
        """What is divided, in the unit of the band; the plugin knows the trace."""
        raise NotImplementedError

    # jdaviz reads all properties of a plugin's API, at times of its own: they must not raise

    @property
    def bands(self) -> list[u.Quantity]:
        """The bands that are chosen one by one, each of shape (2,)."""
        try:
            return self._chosen_bands()
        except Stage3Error:
            return []

    def _chosen_bands(self) -> list[u.Quantity]:
        parts = [part for part in re.split(r"[,;]", self.bands_text) if part.strip()]
        if not parts:
            raise Stage3Error("bands is empty; write '1.1 to 1.4, 1.4 to 1.7', or wavelengths")
        return [self._band_of_text(part) for part in parts]

    @bands.setter
    def bands(self, bands: Iterable) -> None:
        texts = []
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

    def _band_of_text(self, text: str) -> u.Quantity:
        """A range as it is; for one wavelength, the channel that is nearest to it."""
        found = RANGE.match(text)
        if found is not None:
            edges = [float(found.group(1)), float(found.group(2))]
        else:
            edges = self._channel_at(number(text, "bands"))
        return edges * u.Unit(self.band_unit)

    def _channel_at(self, wavelength: float) -> list[float]:
        """The edges of the channel nearest to a wavelength; the plugin knows the trace."""
        raise NotImplementedError
