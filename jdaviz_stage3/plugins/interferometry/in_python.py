"""What the panel does, as Python."""

from __future__ import annotations

from typing import Any

from astropy import units as u

from .model_points import SkyModel
from .recipes import Code, Recipe

__all__ = ["python_code"]


def python_code(
    recipe: Recipe,
    search: dict[str, Any] | None,
    limits: dict[str, Any] | None,
    model: SkyModel | None,
) -> str:
    """Return Python code that makes observables, and what is made of them.

    Parameters
    ----------
    recipe : Recipe
        How the observables were made.
    search, limits : dict or None
        What `binary_search` and `detection_limits` are called with; None for not at all.
    model : SkyModel or None

    Returns
    -------
    str
    """
    code = Code()
    name = recipe.written(code)
    if search is not None:
        code.lines.append(f"found = stage3.analysis.binary_search({name}{_given(search)})")
        code.lines.append('print(found.best["separation"], found.best["position_angle"])')
        code.lines.append('print(found.best["contrast"], found.significance)')
    if limits is not None:
        code.lines.append(f"limits = stage3.analysis.detection_limits({name}{_given(limits)})")
    if model is not None:
        given = _given(model.parameters)
        code.lines.append(
            f"model = stage3.analysis.model_observables({name}, {model.name!r}{given})"
        )
    imports = [
        line
        for sign, line in (("np.", "import numpy as np"), (" u.", "from astropy import units as u"))
        if any(sign in line for line in code.lines)
    ]
    start = [*imports, *([""] if imports else []), "import jdaviz_stage3 as stage3", ""]
    return "\n".join([*start, *code.lines]) + "\n"


def _given(options: dict[str, Any]) -> str:
    return "".join(f", {name}={_code(value)}" for name, value in options.items())


def _code(value: Any) -> str:
    """Write a value as the Python that makes it."""
    if not isinstance(value, u.Quantity):
        return repr(value)
    if value.isscalar:
        return f"{float(value.value)!r} * u.{value.unit}"
    first, last = float(value.value[0]), float(value.value[-1])  # evenly spaced
    return f"np.linspace({first!r}, {last!r}, {len(value)}) * u.{value.unit}"
