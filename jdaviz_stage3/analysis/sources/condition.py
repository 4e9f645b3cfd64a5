"""Conditions on a catalog's columns: as text, and as what it means."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from astropy import units as u

from ...errors import ConditionError

__all__ = ["Condition", "quote_name"]

_OPERATORS = ("<", "<=", ">", ">=", "==", "!=")
_SPELLINGS = {"=": "==", "≤": "<=", "≥": ">=", "≠": "!="}
# How catalogs and papers write what astropy reads as mag(AB) and mag(ST) only: it knows no text
# ABmag, and takes AB mag for a product.
_UNIT_SPELLINGS = {
    "abmag": "mag(AB)", "magab": "mag(AB)", "mag_ab": "mag(AB)",
    "stmag": "mag(ST)", "magst": "mag(ST)", "mag_st": "mag(ST)",
}  # fmt: skip
_EXAMPLES = "aper_total_flux > 0.1 uJy, is_extended == False, flux / flux_err >= 5"

_BARE_NAME = r"[^\W\d][\w.]*"
_NAME = rf"({_BARE_NAME}|`(?:[^`]|``)+`)"
_CONDITION = re.compile(
    rf"\s*{_NAME}(?:\s*/\s*{_NAME})?\s*([<>=!≤≥≠~&|^*%]+)\s*(.*?)\s*", re.DOTALL
)
_NUMBER = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*(.*)", re.DOTALL)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_NOT_FINITE = re.compile(r"([+-]?(?:inf|infinity|nan))\b.*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a column, or of the ratio of two, with a value.

    ``str(condition)`` is text that `Condition.parse` turns into an equal condition.

    Parameters
    ----------
    column : str
        Name of the column.
    operator : str
        One of ``<``, ``<=``, ``>``, ``>=``, ``==``, ``!=``; ``=``, ``≤``, ``≥`` and ``≠`` are
        taken for those they mean.
    value : float, bool or str
        A finite number, a truth value or a text.
    unit : str, optional
        Any unit that astropy knows, of a number; ``ABmag`` is taken for ``mag(AB)``. Without it the
        number is in the column's own.
    divisor : str, optional
        Name of the column to divide by, such as the error for a signal-to-noise ratio.

    Raises
    ------
    ConditionError
        If the operator or the unit is unknown, or the value is not finite.
    """

    column: str
    operator: str
    value: float | bool | str
    unit: str | None = None
    divisor: str | None = None

    def __post_init__(self) -> None:
        operator = _SPELLINGS.get(self.operator, self.operator)
        value = self.value.item() if isinstance(self.value, np.generic) else self.value
        unit = (self.unit or "").strip() or None
        unit = unit and _UNIT_SPELLINGS.get(unit.replace(" ", "").lower(), unit)
        if operator not in _OPERATORS:
            raise ConditionError(f"no operator {operator!r}; use one of {' '.join(_OPERATORS)}")
        if not self.column or self.divisor == "":
            raise ConditionError(f"a condition without a column's name; write it like {_EXAMPLES}")
        if unit and (isinstance(value, (bool, str)) or not _is_unit(unit)):
            raise ConditionError(
                f"{value} {unit}: no unit is called {unit!r}; write a number and an astropy unit, "
                "such as 0.1 uJy, one condition at a time, and quote a text that starts as a number"
            )
        if not isinstance(value, (bool, str)) and not _is_finite(value):
            raise ConditionError(
                f"{value!s:.40} is not a finite number; rows without a measurement (NaN, masked) "
                "never satisfy a condition, so none is needed to leave them out"
            )
        for name, new in (("operator", operator), ("value", value), ("unit", unit)):
            object.__setattr__(self, name, new)

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read a condition such as ``aper_total_flux / aper_total_flux_err > 5``.

        Parameters
        ----------
        text : str
            ``column operator value``, or ``column / divisor operator value``. Column names with
            other characters than letters, digits, dots and underscores stand in backticks (a
            backtick inside is doubled). The value is a number with or without a unit, ``True``,
            ``False``, or a text, bare or in quotes (a quote inside is doubled).

        Returns
        -------
        Condition

        Raises
        ------
        ConditionError
            If the text is not a condition; the message says what was expected.
        """
        match = _CONDITION.fullmatch(text)
        if match is None:
            raise ConditionError(
                f"{text!r} is not a condition; write a column, an operator and a value, like "
                f"{_EXAMPLES}; other column names in backticks, like `flux (mJy)` < 3"
            )
        column, divisor, operator, rest = match.groups()
        value, unit = _parse_value(rest, text)
        return cls(_unquote(column), operator, value, unit, _unquote(divisor) if divisor else None)

    def __str__(self) -> str:
        names = " / ".join(quote_name(name) for name in (self.column, self.divisor) if name)
        value = self.value
        text = "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)
        return f"{names} {self.operator} {text}" + (f" {self.unit}" if self.unit else "")


def quote_name(name: str) -> str:
    """Write a column's name as conditions take it, in backticks where they are needed.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
    """
    return name if re.fullmatch(_BARE_NAME, name) else "`" + name.replace("`", "``") + "`"


def _unquote(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name


def _parse_value(text: str, condition: str) -> tuple[float | bool | str, str | None]:
    """The value and its unit; the condition is for the message."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true", None
    if match := _QUOTED.fullmatch(text):
        quote = text[0]
        return text[1:-1].replace(2 * quote, quote), None
    if match := _NUMBER.fullmatch(text):
        number, unit = match.groups()
        value = float(number)
        # integers stay exact beyond 2**53, as some labels and identifiers are
        if math.isfinite(value) and number.lstrip("+-").isdigit():
            value = int(number)
        return value, unit
    if match := _NOT_FINITE.fullmatch(text):
        return float(match[1]), None  # which Condition refuses, with its reason
    if not text or re.search(r"[<>=!≤≥≠&|`'\"]", text):
        raise ConditionError(
            f"{condition!r}: {text!r} is not a value; write one condition at a time, with a "
            f"number, True, False or a text in quotes, like {_EXAMPLES}"
        )
    return text, None


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except (OverflowError, TypeError):  # an integer beyond floats, no number at all
        return False


def _is_unit(unit: str) -> bool:
    try:
        # a bare number is a scaled dimensionless unit to astropy, a mistake here
        return bool(getattr(u.Unit(unit), "bases", True))
    except ValueError:
        return False
