"""Which columns of a data set are a light curve."""

from __future__ import annotations

from dataclasses import replace

from glue.core import Data

from ..analysis.light_curves.table import LightCurveColumns

__all__ = ["columns_in", "unit_of"]


def columns_in(data: Data) -> LightCurveColumns | None:
    """Return which columns of data are a light curve, None if there is none in them.

    Parameters
    ----------
    data : glue Data
        What its ``meta`` says, else its columns ``time`` and ``flux``. Columns of errors and
        flags that are not said are ``FLUX_err`` and ``outlier``, if there are any.

    Returns
    -------
    LightCurveColumns or None
    """
    names = {component.label for component in data.components}
    found = LightCurveColumns.of(data.meta) or LightCurveColumns()
    if data.ndim != 1 or not {found.time, found.flux} <= names:
        return None
    usual = {"flux_err": f"{found.flux}_err", "flag": "outlier"}
    missing = {
        key: name for key, name in usual.items() if getattr(found, key) is None and name in names
    }
    return replace(found, **missing)


def unit_of(data: Data, attribute: object) -> str:
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
