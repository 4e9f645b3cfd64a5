"""Which sources of a catalog satisfy conditions on its columns."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import Table

from ...errors import ConditionError
from .condition import Condition, quote_name

__all__ = ["Condition", "select_sources"]

_COMPARE = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def select_sources(table: Mapping[str, Any] | Table, *conditions: str | Condition) -> np.ndarray:
    """Return which sources satisfy all the conditions.

    A source whose value is NaN or masked satisfies none, ``!=`` included: what was not measured
    is no evidence for anything. The same holds for a ratio whose divisor is 0.

    Parameters
    ----------
    table : Table or mapping of str to array
        Columns of shape (n,): ndarray, Column, MaskedColumn or Quantity.
    *conditions : str or Condition
        Joined by *and*; text is read by `Condition.parse`. A number without a unit is in the
        column's own unit; with one, astropy converts it to the column's (not between fluxes and
        magnitudes). Numbers compare exactly with integer columns.

    Returns
    -------
    ndarray of bool, shape (n,)
        True for the sources that satisfy every condition; all True if there is none.

    Raises
    ------
    ConditionError
        If a text is not a condition, a column is missing, or the value cannot be compared with
        it: text with ``<``, or a unit that does not convert to the column's.
    """
    selected = None
    for condition in conditions:
        if isinstance(condition, str):
            condition = Condition.parse(condition)
        satisfied = _satisfies(table, condition)
        selected = satisfied if selected is None else selected & satisfied
    if selected is None:
        # len() of a mapping counts its columns
        rows = next((len(table[name]) for name in table.keys()), 0)
        selected = np.ones(rows, dtype=bool)
    return selected


def _satisfies(table: Mapping[str, Any] | Table, condition: Condition) -> np.ndarray:
    """Compare one column, or one ratio; bool (n,)."""
    values, unit, usable = _column(table, condition.column)
    name = quote_name(condition.column)
    kind, value, operator = values.dtype.kind, condition.value, condition.operator
    if condition.divisor:
        divisor, divisor_unit, divisor_usable = _column(table, condition.divisor)
        name = f"{name} / {quote_name(condition.divisor)}"
        if kind not in "iuf" or divisor.dtype.kind not in "iuf":
            raise ConditionError(f"{name}: only columns of numbers can be divided")
        unit = _ratio_unit(unit, divisor_unit, name)
        with np.errstate(all="ignore"):
            values = values / divisor
        usable = usable & divisor_usable & (divisor != 0)
        kind = "f"

    operand: float | str | bytes
    if kind in "SUT":
        if not isinstance(value, str) or operator not in ("==", "!="):
            raise ConditionError(
                f"{name} holds text; compare it with == or != and a text in quotes, "
                f"like {name} == '{str(value).replace("'", "''")}'"
            )
        operand = value.encode() if kind == "S" else value
    elif kind == "b":
        if isinstance(value, str) or value not in (0, 1) or operator not in ("==", "!="):
            raise ConditionError(f"{name} holds True or False; write {name} == True or == False")
        operand = bool(value)
    else:
        if isinstance(value, (bool, str)):
            raise ConditionError(
                f"{name} holds numbers, not {value!r}; write a number, like {name} > 0"
            )
        operand = _in_unit(condition, value, unit, name)
        if kind in "iu" and isinstance(operand, float):
            # the integers on either side of a fraction give the same answer without rounding
            # large integers to floats; none equals it, which NaN expresses
            if operand.is_integer():
                operand = int(operand)
            elif operator in ("==", "!="):
                operand = math.nan
            else:
                below = operator in ("<", ">=")
                operand = math.ceil(operand) if below else math.floor(operand)
    with np.errstate(over="ignore"):  # beyond float32 it compares as the infinity it becomes
        satisfied = _COMPARE[operator](values, operand)
    if operator == "!=" and kind == "f":
        satisfied &= values == values  # NaN differs from everything, but was not measured
    return satisfied & usable


def _column(table: Mapping[str, Any] | Table, name: str) -> tuple[np.ndarray, Any, Any]:
    """Values (n,), unit or None, and where they are not masked: bool (n,) or True."""
    names = list(table.keys())
    head, _, component = name.rpartition(".")
    if name in names:
        column = table[name]
    elif head in names and component in getattr(table[head], "representation_component_names", ()):
        column = getattr(table[head], component)  # sky_centroid.ra, as ECSV files call it
    else:
        lower = {str(known).lower(): str(known) for known in names}
        close = difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.4)
        hint = ", ".join(quote_name(lower[key]) for key in close)
        raise ConditionError(
            f"no column is called {quote_name(name)} among the {len(names)} of the catalog; "
            + (f"closest: {hint}" if close else "print its column names to choose one")
        )
    components = getattr(column, "representation_component_names", None)
    if components:
        raise ConditionError(
            f"{quote_name(name)} holds sky positions; compare one coordinate in a unit of angle, "
            f"like {name}.{next(iter(components))} > 10 deg"
        )
    unit = getattr(column, "unit", None)
    usable = ~np.asarray(mask) if (mask := getattr(column, "mask", None)) is not None else True
    values = getattr(column, "unmasked", column)  # of astropy's Masked classes
    values = np.ma.getdata(getattr(values, "value", values)).view(np.ndarray)
    if values.dtype.kind == "O":
        usable &= ~np.equal(values, np.asarray(None)).astype(bool)
        values = values.astype(str)
    if values.ndim != 1 or values.dtype.kind not in "biufSUT":
        raise ConditionError(
            f"{quote_name(name)} holds {type(column).__name__} of {values.dtype}, shape "
            f"{values.shape}; conditions take columns of one number, truth value or text a row"
        )
    return values, unit, usable


def _in_unit(condition: Condition, value: float, unit: Any, name: str) -> float:
    """A condition's value in the unit of the column, which is cheaper than the reverse."""
    if condition.unit is None:
        if condition.divisor and unit is not None and unit.is_equivalent(""):
            return value / unit.to("")  # Jy / uJy holds a factor of 1e6
        return value
    wanted = u.Unit(condition.unit)
    if not isinstance(unit, u.function.FunctionUnitBase):  # which has a zero point itself
        _check_zero_point(condition, wanted, name)
    if unit is None:
        # the pipeline writes magnitudes without a unit; their zero point is in the column's name
        usual = [u.mag, _zero_point(condition.column)]
        if "mag" in condition.column.lower() and not condition.divisor and wanted in usual:
            return value
        raise ConditionError(
            f"{name} has no unit, so {value} {wanted} cannot be converted to it; "
            f"write the number alone, like {name} {condition.operator} {value}"
        )
    try:
        unit = u.Unit(unit)
        logarithmic = [isinstance(x, u.function.FunctionUnitBase) for x in (unit, wanted)]
        if all(logarithmic) or not any(logarithmic):
            return float(wanted.to(unit, float(value)))
        # astropy would turn mag(AB) into Jy here, which reverses < and >; only the plain mag that
        # many catalogs write for any zero point is taken for it
        plain = [getattr(x, "function_unit", x) for x in (wanted, unit)]
        return float(plain[0].to(plain[1], float(value)))
    except (u.UnitsError, TypeError, ValueError) as err:
        own = str(unit) or "no unit (dimensionless)"
        raise ConditionError(
            f"{name} is in {own}, to which {wanted} does not convert; give the value in {own}"
        ) from err


def _zero_point(column: str) -> u.UnitBase | str | None:
    """Magnitudes of what system a column holds, by its name; None if that does not say."""
    systems = {"abmag": u.ABmag, "stmag": u.STmag, "vegamag": "Vega"}
    return next((system for name, system in systems.items() if name in column.lower()), None)


def _check_zero_point(condition: Condition, wanted: u.UnitBase, name: str) -> None:
    """Refuse AB magnitudes for a column of Vega magnitudes, whatever its unit, and the like."""
    own = _zero_point(condition.column)
    if own is not None and wanted in (u.ABmag, u.STmag) and wanted != own:
        raise ConditionError(
            f"{name} holds {getattr(own, 'physical_unit', own)} magnitudes, to which {wanted} does "
            "not convert without the filter's zero point; take the column of "
            f"{wanted.physical_unit} magnitudes, or give the value in {name}'s own, without a unit"
        )


def _ratio_unit(unit: Any, divisor_unit: Any, name: str) -> u.UnitBase | None:
    if unit is None and divisor_unit is None:
        return None
    units = [u.Unit("" if x is None else x) for x in (unit, divisor_unit)]
    if any(isinstance(x, u.function.FunctionUnitBase) for x in units):
        raise ConditionError(f"{name}: magnitudes cannot be divided; compare their columns")
    return units[0] / units[1]
