"""What the controls of the plugin hold, as plain values; as numbers and quantities."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time

from ...errors import Stage3Error

__all__ = ["CurveSettings", "RANGE", "is_empty", "mid_transit_as_text", "number"]

_NUMBER = r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?"
#: Two numbers with 'to' between them.
RANGE = re.compile(rf"^\s*({_NUMBER})\s*(?:to|\.\.|–|:)\s*({_NUMBER})\s*$")
_JULIAN_DATE = re.compile(r"^[2-9]\d{6}(\.\d*)?$")
_MOST = 1e9  # days, seconds, integrations: beyond any observation


def is_empty(value: Any) -> bool:
    """Whether a field is empty; Vue sends None where one is cleared."""
    return value is None or value == ""


def number(value: Any, name: str) -> float:
    """Return the number in a field.

    Raises
    ------
    Stage3Error
        If the field is empty or holds no finite number.
    """
    if is_empty(value):
        raise Stage3Error(f"{name} is empty; give a number")
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise Stage3Error(f"{name} = {value!r} is no number; give one") from None
    if not np.isfinite(found):
        raise Stage3Error(f"{name} = {found} is no number; give a finite one")
    return found


def mid_transit_as_text(value: Time | float | str | None) -> str:
    """Write a mid-transit, BJD_TDB, as it stands in its field.

    Raises
    ------
    Stage3Error
        If it is a Time in another scale, or no number.
    """
    if isinstance(value, Time):
        if value.scale != "tdb" or not value.isscalar:
            raise Stage3Error(
                f"mid_transit is a Time of scale {value.scale!r}; give one BJD_TDB, "
                "Time(..., scale='tdb')"
            )
        whole = np.floor(value.jd1 + value.jd2)
        part = f"{(value.jd1 - whole) + value.jd2:.10f}"
        return f"{whole + float(part[0]):.0f}.{part[2:]}"
    if value is None or isinstance(value, str):
        return value or ""
    return repr(number(value, "mid_transit"))


@dataclass(frozen=True)
class CurveSettings:
    """How light curves are taken, and what is laid over them.

    Numbers are as they are typed, possibly empty; ``..._text`` are fields of text. What each is, is
    in the docstring of `WhiteLightCurve`.
    """

    band_low: Any = ""
    band_high: Any = ""
    band_unit: str = "um"
    division: str = "one band"
    division_value: Any = 5
    bands_text: str = ""
    statistic: str = "sum"
    band_edges: str = "inclusive"
    dq_bits: tuple[str, ...] = ("DO_NOT_USE",)
    excluded: str = "fill"
    errors: str = "random"
    normalize: str = "median"
    baseline_text: str = ""
    outlier_sigma: Any = 5
    outlier_window: Any = 15
    bin_width: Any = ""
    bin_unit: str = "integrations"
    time_system: str = "BJD_TDB"
    time_axis: str = "date"
    mid_transit_text: str = ""
    integration: Any = ""
    span: Any = 1
    show_transit: bool = False
    period: Any = ""
    radius_ratio: Any = 0.1
    scaled_axis: Any = 10.0
    inclination: Any = 90.0
    limb_darkening_1: Any = 0.1
    limb_darkening_2: Any = 0.3

    def number(self, name: str) -> float:
        """Return a setting that must be a number; raises Stage3Error if it is none."""
        return number(getattr(self, name), name)

    @property
    def unit(self) -> u.UnitBase:
        """Of the edges of bands."""
        return u.Unit(self.band_unit)

    def band(self) -> tuple[u.Quantity | None, u.Quantity | None] | None:
        """The band as `white_light_curve` takes it; None for an open end, or for everything."""
        if is_empty(self.band_low) and is_empty(self.band_high):
            return None
        return tuple(
            None if is_empty(getattr(self, name)) else self.number(name) * self.unit
            for name in ("band_low", "band_high")
        )

    def bins(self) -> u.Quantity | int | None:
        """The width of the bins in time, None for no bins."""
        if is_empty(self.bin_width):
            return None
        value = self.number("bin_width")
        if value > _MOST:
            raise Stage3Error(f"bin_width = {value:g} {self.bin_unit} is too wide")
        if self.bin_unit != "integrations":
            return value * u.Unit(self.bin_unit)
        if value < 1 or not value.is_integer():
            raise Stage3Error(f"bin_width = {value:g} integrations; give a whole number from 1")
        return int(value)

    def sigma(self) -> float | None:
        """Beyond how many standard deviations points are flagged, None for never."""
        return None if is_empty(self.outlier_sigma) else self.number("outlier_sigma")

    def mid_transit(self) -> Time | None:
        """Middle of the transit, BJD_TDB; None where none is given."""
        text = self.mid_transit_text.strip()
        if not text:
            return None
        if not _JULIAN_DATE.match(text):
            raise Stage3Error(
                f"mid_transit {text!r} is no BJD, which have seven digits before the point "
                "(2460000.5); add 2400000.5 if it is an MJD"
            )
        whole, _, part = text.partition(".")
        return Time(float(whole), float(f"0.{part}0"), format="jd", scale="tdb")

    def cursor(self) -> float:
        """The number of the integration at the time cursor."""
        if is_empty(self.integration):
            raise Stage3Error("integration is empty; give a number, or click in the light curve")
        return self.number("integration")

    def averaged(self) -> int:
        """How many integrations the spectrum at the cursor is the mean of."""
        span = int(self.number("span"))
        if span < 1:
            raise Stage3Error(f"span = {span}: at least one integration is needed")
        return span
