"""Which columns of a data set are a light curve."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from glue.core import Data

__all__ = ["Curve", "curve_of", "unit_of"]


@dataclass(frozen=True)
class Curve:
    """Which columns of data are a light curve.

    Attributes
    ----------
    time, flux : str
        Columns of the time, in days from `zero`, and of what is drawn against it.
    flux_err, flag : str or None
        Columns of the errors of the flux, and of bool, true for points flagged as outliers.
    zero : float or None
        The Julian date that the times count from; None where they count from something else.
    system : str
        Time system of the Julian date, also the name of the column that holds it in full.
    words : dict
        What columns are, in words.
    time_label, flux_label : str
        Axis labels, where they are not to be made of the above.
    """

    time: str
    flux: str
    flux_err: str | None = None
    flag: str | None = None
    zero: float | None = None
    system: str = ""
    words: dict[str, str] = field(default_factory=dict)
    time_label: str = ""
    flux_label: str = ""


def curve_of(data: Data) -> Curve | None:
    """Return which columns of data are a light curve, None if there is none in them.

    Parameters
    ----------
    data : glue Data
        What its ``meta`` says (``light_curve``, ``time_zero``, ``time_system_name``), else its
        columns ``time``, ``flux``, ``flux_err`` and ``outlier``.

    Returns
    -------
    Curve or None
    """
    names = {component.label for component in data.components}
    described = dict(data.meta.get("light_curve") or {"time": "time", "flux": "flux"})
    if data.ndim != 1 or not {described["time"], described["flux"]} <= names:
        return None
    for key, usual in (("flux_err", f"{described['flux']}_err"), ("flag", "outlier")):
        if described.get(key) is None:
            described[key] = usual if usual in names else None
    return Curve(
        **described,
        zero=data.meta.get("time_zero"),
        system=data.meta.get("time_system_name", ""),
    )


def unit_of(data: Data, attribute: Any) -> str:
    """Return the unit of a column, empty if it has none.

    Parameters
    ----------
    data : glue Data
    attribute : glue ComponentID

    Returns
    -------
    str
    """
    return data.get_component(attribute).units or ""
