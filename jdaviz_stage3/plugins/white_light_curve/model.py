"""The transit model that is laid over a light curve."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
from astropy import units as u
from astropy.time import Time
from astropy.timeseries import TimeSeries

from ...analysis import transit_light_curve
from ...errors import Stage3Error
from .settings import CurveSettings, is_empty

__all__ = ["fine_times", "model_level", "transit_model"]

_POINTS = 1000
# What a transit model is of, beside mid_transit: names, and what the fields in the panel say.
_FIELDS = {
    "period": "period",
    "radius_ratio": "radius_ratio (Rp/R*)",
    "scaled_axis": "scaled_axis (a/R*)",
    "inclination": "inclination",
    "limb_darkening_1": "limb_darkening_1 (u1)",
    "limb_darkening_2": "limb_darkening_2 (u2)",
}


def transit_model(settings: CurveSettings, time: Time) -> np.ndarray:
    """Return the relative flux of the model at these times, 1 outside the transit.

    Raises
    ------
    Stage3Error
        In one sentence, all that the model lacks.
    """
    values = _numbers(settings)
    try:
        return transit_light_curve(
            time,
            t0=settings.mid_transit(),
            period=values["period"] * u.day,
            radius_ratio=values["radius_ratio"],
            scaled_axis=values["scaled_axis"],
            inclination=values["inclination"] * u.deg,
            limb_darkening=(values["limb_darkening_1"], values["limb_darkening_2"]),
        )
    except Stage3Error as err:
        raise Stage3Error(f"No transit model: {err}.") from err


def _numbers(settings: CurveSettings) -> dict[str, float]:
    lacks, values = [], {}
    empty = [] if settings.mid_transit_text.strip() else ["mid_transit"]
    empty += [words for name, words in _FIELDS.items() if is_empty(getattr(settings, name))]
    if empty:
        *others, last = empty
        listed = f"{', '.join(others)} and {last}" if others else last
        lacks.append(f"{listed} {'are' if others else 'is'} empty")
    try:
        settings.mid_transit()
    except Stage3Error as err:
        lacks.append(str(err))
    for name in _FIELDS:
        try:
            values[name] = settings.number(name)
        except Stage3Error as err:
            if not is_empty(getattr(settings, name)):
                lacks.append(str(err))
    if settings.time_system != "BJD_TDB":
        lacks.append("mid_transit is a BJD_TDB: set time_system to 'BJD_TDB'")
    if find_spec("batman") is None:
        lacks.append("the package batman is not installed (pip install batman-package)")
    if lacks:
        raise Stage3Error(f"No transit model: {'; '.join(lacks)}.")
    return values


def model_level(curve: TimeSeries, model: np.ndarray) -> float:
    """Return what a model that is 1 out of transit is multiplied with to lie on the curve."""
    ratio = curve["flux"].value / model
    return float(np.nanmedian(ratio[~np.asarray(curve["outlier"])]))


def fine_times(time: Time) -> Time:
    """Return times close enough for a smooth line."""
    known = time[~np.ma.getmaskarray(time.jd1)]
    days = np.asarray((known - known[0]).jd)
    return known[0] + np.linspace(days.min(), days.max(), _POINTS) * u.day
