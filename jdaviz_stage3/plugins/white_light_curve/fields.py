"""What people type into the fields of the panel."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ...errors import Stage3Error

__all__ = ["RANGE", "is_empty", "number"]

_NUMBER = r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?"
#: Two numbers with 'to' between them.
RANGE = re.compile(rf"^\s*({_NUMBER})\s*(?:to|\.\.|–|:)\s*({_NUMBER})\s*$")


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
