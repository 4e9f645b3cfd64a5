"""How bright spectra are, and which of them can be seen on one axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from astropy import units as u
from glue.core import Data

from ..jdaviz_compat import layers_of
from ..origin import origin_of

__all__ = ["MOST_APART", "flux_level", "level_in", "of_like_flux", "times_brighter"]

_SPECTRA = ("x1d", "c1d")
#: Where one spectrum is more than so many times brighter than another, the other is a flat line.
MOST_APART = 30


def flux_level(fluxes: Iterable[u.Quantity]) -> u.Quantity | None:
    """Return how bright the brightest of some spectra is, outliers and lines aside.

    Parameters
    ----------
    fluxes : iterable of Quantity

    Returns
    -------
    Quantity or None
        The largest of the medians of their absolute values; None where none is above zero.
    """
    levels = []
    for flux in fluxes:
        there = np.abs(flux.value[np.isfinite(flux.value)])
        if there.size and np.median(there) > 0:
            levels.append(float(np.median(there)) * flux.unit)
    return max(levels, default=None)


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
        own = u.Unit(data.get_component(layer.attribute).units or "", parse_strict="silent")
        if own.is_equivalent(unit):
            found.append((np.asarray(data[layer.attribute], dtype=float) * own).to(unit))
    return flux_level(found)


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


def of_like_flux(fluxes: Sequence[u.Quantity]) -> list[list[int]]:
    """Part spectra into groups in which each can be seen on one axis with the others.

    Parameters
    ----------
    fluxes : sequence of Quantity
        Of one unit.

    Returns
    -------
    list of list of int
        Their places in the sequence, in order; that of the first spectrum comes first. What is
        nowhere above zero is with the first.
    """
    found = {row: flux_level([flux]) for row, flux in enumerate(fluxes)}
    levels = {row: level for row, level in found.items() if level is not None}
    groups: list[list[int]] = []
    for row in sorted(levels, key=lambda row: -levels[row]):
        if not groups or times_brighter(levels[groups[-1][0]], levels[row]) > MOST_APART:
            groups.append([])
        groups[-1].append(row)
    groups = sorted(sorted(group) for group in groups)
    without = [row for row in range(len(fluxes)) if row not in levels]
    return [sorted(groups[0] + without), *groups[1:]] if groups else [without]
