"""The settings of a light curve, as traits, and as the arguments of the analysis."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time, TimeDelta
from jdaviz.core.custom_traitlets import FloatHandleEmpty, IntHandleEmpty
from jdaviz.core.template_mixin import SelectPluginComponent
from traitlets import Bool, HasTraits, List, Unicode, observe

from ...errors import Stage3Error
from ...readers.quality import DQ_FLAGS
from ..panel import add_choices

__all__ = ["CHOICES", "CurveControls", "number", "parse_ranges"]

#: What each control that is a choice can be, the default first.
CHOICES = {
    "division": ("one band", "number of bands", "width", "resolving power", "chosen bands"),
    "statistic": ("sum", "weighted mean"),
    "band_edges": ("inclusive", "fractional"),
    "excluded": ("fill", "drop", "ignore"),
    "errors": ("random", "total"),
    "normalize": ("median", "baseline", "none"),
    "bin_unit": ("integrations", "s", "min"),
    "time_system": ("BJD_TDB", "MJD_UTC"),
    "time_axis": ("date", "hours"),
    "dynamic_normalize": ("none", "median", "baseline"),
}
_ALL = "Entire Spectrum"
_NUMBER = r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"^\s*({_NUMBER})\s*(?:to|\.\.|–|:)\s*({_NUMBER})\s*$")
_FIRST_JD = 2_400_000.5


def number(value: Any, name: str) -> float:
    """Return the number in a field.

    Raises
    ------
    Stage3Error
        If the field is empty or holds no finite number.
    """
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise Stage3Error(f"{name} is empty; give a number") from None
    if not np.isfinite(found):
        raise Stage3Error(f"{name} = {found} is no number; give a finite one")
    return found


def parse_ranges(text: str) -> list[tuple[float, float]]:
    """Read ranges as people type them: ``'0 to 0.5, 2.1 to 3'``.

    Parameters
    ----------
    text : str
        Ranges with a comma between two; ``..``, ``:`` or ``–`` do for ``to``.

    Returns
    -------
    list of (float, float)

    Raises
    ------
    Stage3Error
        If a part is no range; the message quotes it.
    """
    ranges = []
    for part in filter(str.strip, re.split(r"[,;]", text)):
        found = _RANGE.match(part)
        if found is None:
            raise Stage3Error(f"baseline {part.strip()!r} is no range; write '0 to 0.5, 2.1 to 3'")
        low, high = float(found.group(1)), float(found.group(2))
        if low >= high:
            raise Stage3Error(f"baseline {part.strip()!r} ends before it starts")
        ranges.append((low, high))
    return ranges


class CurveControls(HasTraits):
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
    baseline_text = Unicode("").tag(sync=True)
    pick_baseline = Bool(False).tag(sync=True)
    outlier_sigma = FloatHandleEmpty(5).tag(sync=True)
    outlier_window = IntHandleEmpty(15).tag(sync=True)
    bin_width = FloatHandleEmpty("").tag(sync=True)
    bin_unit_items = List().tag(sync=True)
    bin_unit_selected = Unicode().tag(sync=True)
    time_system_items = List().tag(sync=True)
    time_system_selected = Unicode().tag(sync=True)
    time_axis_items = List().tag(sync=True)
    time_axis_selected = Unicode().tag(sync=True)
    mid_transit_text = Unicode("").tag(sync=True)
    dynamic_normalize_items = List().tag(sync=True)
    dynamic_normalize_selected = Unicode().tag(sync=True)
    dynamic_percentile = FloatHandleEmpty(99).tag(sync=True)

    _baseline_times: list[tuple[Time, Time]] = []
    _baseline_shown: str | None = ""  # the text that these times were shown as, or read from

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
        if self.band_low == "" and self.band_high == "":
            return None
        unit = u.Unit(self.band_unit)
        return tuple(
            None if edge == "" else number(edge, name) * unit
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
            return {"n": int(value)}
        if value <= 0:
            raise Stage3Error(f"division_value = {value:g} must be positive")
        if kind == "width":
            return {"width": value * u.Unit(self.band_unit)}
        return {"resolving_power": value}

    def _bin_width(self) -> u.Quantity | int | None:
        if self.bin_width == "":
            return None
        value = number(self.bin_width, "bin_width")
        if self.bin_unit_selected != "integrations":
            return value * u.Unit(self.bin_unit_selected)
        if value < 1 or not value.is_integer():
            raise Stage3Error(f"bin_width = {value:g} integrations; give a whole number from 1")
        return int(value)

    def _options(self) -> dict[str, Any]:
        """The further keywords of `white_light_curve`."""
        sigma = None if self.outlier_sigma == "" else number(self.outlier_sigma, "outlier_sigma")
        normalize = self.normalize_selected
        return {
            "statistic": self.statistic_selected,
            "band_edges": self.band_edges_selected,
            "normalize": None if normalize == "none" else normalize,
            "baseline": self._baseline() if normalize == "baseline" else None,
            "outlier_sigma": sigma,
            "outlier_window": int(number(self.outlier_window, "outlier_window")),
            "time_system": self.time_system_selected,
            "reference": self._reference(),
        }

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
        found = _RANGE.match(text)
        if found is not None:
            edges = [float(found.group(1)), float(found.group(2))]
        else:
            edges = self._channel_at(number(text, "bands"))
        return edges * u.Unit(self.band_unit)

    def _channel_at(self, wavelength: float) -> list[float]:
        """The edges of the channel nearest to a wavelength; the plugin knows the trace."""
        raise NotImplementedError

    # ---- times ----

    @property
    def mid_transit(self) -> Time | None:
        """Middle of the transit, BJD_TDB; None if it is not known."""
        try:
            return self._typed_mid_transit()
        except Stage3Error:
            return None

    def _typed_mid_transit(self) -> Time | None:
        text = self.mid_transit_text.strip()
        if not text:
            return None
        whole, _, part = text.partition(".")
        try:
            days, fraction = float(whole), float(f"0.{part}") if part else 0.0
        except ValueError:
            raise Stage3Error(f"mid_transit {text!r} is no number; give a BJD_TDB") from None
        if not days >= _FIRST_JD:
            raise Stage3Error(
                f"mid_transit = {text} is no BJD (they begin with 24); add 2400000.5 if it is an "
                "MJD, 2400000 or 2450000 if it was shortened by these"
            )
        return Time(days, fraction, format="jd", scale="tdb")

    @mid_transit.setter
    def mid_transit(self, value: Time | float | str | None) -> None:
        if isinstance(value, Time):
            if value.scale != "tdb" or not value.isscalar:
                raise Stage3Error(
                    f"mid_transit is a Time of scale {value.scale!r}; give one BJD_TDB, "
                    "Time(..., scale='tdb')"
                )
            whole = np.floor(value.jd1 + value.jd2)
            part = f"{(value.jd1 - whole) + value.jd2:.10f}"
            value = f"{whole + float(part[0]):.0f}.{part[2:]}"
        self.mid_transit_text = "" if value is None else str(value)

    def _reference(self) -> Time | None:
        """Zero of the hours; the first integration where no mid-transit is given."""
        if self.time_system_selected == "MJD_UTC":
            if self._typed_mid_transit() is not None and self.time_axis_selected == "hours":
                raise Stage3Error(
                    "mid_transit is a BJD_TDB, up to 8 minutes from the UTC at the telescope; set "
                    "time_system to 'BJD_TDB' for hours from it"
                )
            return self._first_time()
        return self._typed_mid_transit() or self._first_time()

    def _first_time(self) -> Time | None:
        """Time of the first integration in the chosen system; the plugin knows the trace."""
        raise NotImplementedError

    @property
    def baseline(self) -> list[tuple[Time, Time]]:
        """Ranges of time that are out of transit."""
        try:
            return self._baseline()
        except Stage3Error:
            return []

    def _baseline(self) -> list[tuple[Time, Time]]:
        if self.baseline_text != self._baseline_shown:
            self._read_baseline()
        return list(self._baseline_times)

    @baseline.setter
    def baseline(self, ranges: Iterable) -> None:
        times = []
        for start, stop in ranges or ():
            start, stop = self._time_of(start), self._time_of(stop)
            if not start < stop:
                raise Stage3Error(f"baseline from {start} to {stop} ends before it starts")
            times.append((start, stop))
        self._show_baseline(times)

    def _show_baseline(self, times: list[tuple[Time, Time]]) -> None:
        """Keep ranges as they are, and show them in hours, to the digits that people read."""
        reference = self._reference() if times else None
        texts = [
            " to ".join(f"{float((edge - reference).to_value(u.hour)):.6g}" for edge in edges)
            for edges in times
        ]
        self._baseline_times, self._baseline_shown = times, ", ".join(texts)
        self.baseline_text = self._baseline_shown

    @observe("baseline_text")
    def _baseline_typed(self, *_: Any) -> None:
        try:
            self._read_baseline()
        except Stage3Error:
            pass  # it is read again, and the words are shown, when the curve is drawn

    def _read_baseline(self) -> None:
        """Take ranges that were typed for hours from what is the zero of the hours now."""
        if self.baseline_text == self._baseline_shown:
            return
        self._baseline_times, self._baseline_shown = [], None
        ranges = parse_ranges(self.baseline_text)
        reference = self._reference() if ranges else None
        if reference is None and ranges:
            return  # until there is a trace
        hours = [[TimeDelta(edge / 24, format="jd") for edge in edges] for edges in ranges]
        self._baseline_times = [(reference + low, reference + high) for low, high in hours]
        self._baseline_shown = self.baseline_text

    def _time_of(self, edge: Any) -> Time:
        """The time of an edge given as Time, or as hours from their zero."""
        if isinstance(edge, Time):
            return edge
        reference = self._reference()
        if reference is None:
            raise Stage3Error("baseline: no trace with time stamps is chosen to count hours from")
        hours = edge.to_value(u.hour) if isinstance(edge, u.Quantity) else number(edge, "baseline")
        return reference + TimeDelta(hours / 24, format="jd")
