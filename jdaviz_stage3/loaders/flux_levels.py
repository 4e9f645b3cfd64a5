"""How bright spectra are, and which of them can be seen on one axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from astropy import units as u
from glue.core import Data

from ..jdaviz_compat import layers_of
from ..origin import origin_of

__all__ = ["MOST_APART", "brightest", "flux_level", "level_in", "of_like_flux", "times_brighter"]

_SPECTRA = ("x1d", "c1d")
#: Where one spectrum is more than so many times brighter than another, the other is a flat line.
MOST_APART = 30

#: Levels of components that have been asked for: the array that it is of, and the level.
_KNOWN: WeakKeyDictionary[Any, tuple[ref, float]] = WeakKeyDictionary()


def flux_level(flux: u.Quantity) -> u.Quantity | None:
    """Return how bright a spectrum is, outliers and lines aside.

    Parameters
    ----------
    flux : Quantity

    Returns
    -------
    Quantity or None
        The median of its absolute values; None where that is zero.
    """
    level = _median(flux.value)
    return level * flux.unit if level > 0 else None


def brightest(levels: Iterable[u.Quantity | None]) -> u.Quantity | None:
    """Return the largest of some levels.

    Parameters
    ----------
    levels : iterable of Quantity or None

    Returns
    -------
    Quantity or None
        None where none is known.
    """
    return max((level for level in levels if level is not None), default=None)


def _median(values: np.ndarray) -> float:
    """Median of the absolute values that are finite, zero where there are none."""
    there = np.abs(values[np.isfinite(values)])
    return float(np.median(there)) if there.size else 0.0


def _level_of(component: Any) -> float:
    """Return the level of a component, found once for each array."""
    values = component.data
    known, level = _KNOWN.get(component, (None, 0.0))
    if known is None or known() is not values:
        level = _median(np.asarray(values, dtype=float))
        _KNOWN[component] = ref(values), level
    return level


def level_in(viewer: Any, unit: u.UnitBase) -> u.Quantity | None:
    """Return how bright the brightest spectrum is that a viewer shows.

    The sum over a cube does not count: spectra are laid over it to be compared.

    Parameters
    ----------
    viewer : glue viewer of 1-D spectra
    unit : Unit
        That of another spectrum: those in units that are not of its kind are left out.

    Returns
    -------
    Quantity or None
        In this unit; None where there is none.
    """
    found = []
    for layer in layers_of(viewer):
        data = layer.layer
        if not (layer.visible and isinstance(data, Data) and data.ndim == 1):
            continue
        origin = origin_of(data)
        if origin is not None and origin.suffix not in _SPECTRA:
            continue
        component = data.get_component(layer.attribute)
        own = u.Unit(component.units or "", parse_strict="silent")
        if own.is_equivalent(unit):
            found.append((_level_of(component) * own).to(unit))
    return brightest(level for level in found if level.value > 0)


def times_brighter(level: u.Quantity | None, other: u.Quantity | None) -> float:
    """Return how many times brighter the brighter of two is than the fainter; 1 where one lacks.

    Parameters
    ----------
    level, other : Quantity or None
    """
    if level is None or other is None:
        return 1.0
    ratio = float((level / other).to_value(u.one))
    return max(ratio, 1 / ratio)


def of_like_flux(levels: Sequence[u.Quantity | None]) -> list[list[int]]:
    """Part spectra into groups in which each can be seen on one axis with the others.

    Parameters
    ----------
    levels : sequence of Quantity or None
        Of each spectrum, in one unit, as `flux_level` gives it.

    Returns
    -------
    list of list of int
        Their places in the sequence, in order; that of the first spectrum comes first. What is
        nowhere above zero is with the first.
    """
    known = {row: level for row, level in enumerate(levels) if level is not None}
    groups: list[list[int]] = []
    for row in sorted(known, key=lambda row: -known[row]):
        if not groups or times_brighter(known[groups[-1][0]], known[row]) > MOST_APART:
            groups.append([])
        groups[-1].append(row)
    groups = sorted(sorted(group) for group in groups)
    without = [row for row in range(len(levels)) if row not in known]
    return [sorted(groups[0] + without), *groups[1:]] if groups else [without]
