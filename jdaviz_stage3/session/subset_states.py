"""Subsets: glue's states as regions and ranges, one after another, and back."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

from astropy import units as u
from glue.config import settings
from glue.core import Data
from glue.core.subset import (
    AndState,
    InvertState,
    OrState,
    RangeSubsetState,
    RoiSubsetState,
    SubsetState,
    XorState,
)
from glue_astronomy.translators.regions import roi_subset_state_to_region
from jdaviz.core.region_translators import regions2roi
from regions import Region, SkyRegion

from ..errors import Stage3Error
from ..jdaviz_compat import add_subset, data_of, image_viewers, is_orientation, subset_groups

__all__ = ["SubsetStep", "restore_subset", "steps_of", "subset_color"]

_MODES = {OrState: "or", AndState: "and", XorState: "xor"}
_COMBINED = {"or": operator.or_, "and": operator.and_, "xor": operator.xor}
_OF_IMAGE = ("Pixel Axis 1 [x]", "Pixel Axis 0 [y]")


@dataclass(frozen=True)
class SubsetStep:
    """One region or range of a subset, as `Restoring.subset` takes it.

    Attributes
    ----------
    region : regions.Region or (float, float)
    on : str or None
    axes : str, (str, str) or None
    unit : str
    mode : {'new', 'or', 'and', 'xor', 'andnot'}
    """

    region: Any
    on: str | None
    axes: Any
    unit: str
    mode: str = "new"


def steps_of(state: SubsetState) -> list[SubsetStep]:
    """Take a subset apart into what was drawn one after another.

    Parameters
    ----------
    state : glue.core.subset.SubsetState

    Returns
    -------
    list of SubsetStep

    Raises
    ------
    Stage3Error
        If it is something else than regions and ranges, or combined otherwise.
    """
    if isinstance(state, AndState) and isinstance(state.state2, InvertState):
        return [*steps_of(state.state1), _one(state.state2.state1, "andnot")]
    if type(state) in _MODES:
        # what is drawn anew comes first in glue's states
        new, before = state.state1, state.state2
        if type(new) in _MODES:
            new, before = before, new
        return [*steps_of(before), _one(new, _MODES[type(state)])]
    return [_one(state, "new")]


def _one(state: SubsetState, mode: str) -> SubsetStep:
    if isinstance(state, RangeSubsetState):
        parent = state.att.parent
        unit = getattr(parent.get_component(state.att), "units", "") or ""
        return SubsetStep(
            (float(state.lo), float(state.hi)), parent.label, state.att.label, str(unit), mode
        )
    if not isinstance(state, RoiSubsetState):
        raise Stage3Error(f"a {type(state).__name__} is neither a region nor a range")
    parent = state.xatt.parent
    if is_orientation(parent):
        return SubsetStep(roi_subset_state_to_region(state, to_sky=True), None, None, "", mode)
    axes = (state.xatt.label, state.yatt.label)
    region = roi_subset_state_to_region(state)
    return SubsetStep(region, parent.label, None if axes == _OF_IMAGE else axes, "", mode)


def subset_color(number: int) -> str:
    """Return the colour that glue gives to a subset, by how many there have been before it."""
    return settings.SUBSET_COLORS[number % len(settings.SUBSET_COLORS)].lower()


def restore_subset(
    app: Any, label: str, region: Any, on: str | None, axes: Any, unit: str, mode: str
) -> None:
    """Draw a subset, or add to one; see `Restoring.subset`.

    Raises
    ------
    Stage3Error
        If there is nothing that it could be drawn on, or added to.
    """
    data = _orientation(app) if on is None else data_of(app, on)
    if isinstance(region, Region):
        new = _of_region(data, region, axes or _OF_IMAGE)
    else:
        new = _of_range(data, region, axes, unit)
    if mode == "new":
        add_subset(app, label, new)
        return
    before = next((g.subset_state for g in subset_groups(app) if g.label == label), None)
    if before is None:
        raise Stage3Error("there is no such subset to add to")
    combined = before & ~new if mode == "andnot" else _COMBINED[mode](new, before)
    add_subset(app, label, combined)


def _orientation(app: Any) -> Data:
    for viewer in image_viewers(app):
        data = viewer.state.reference_data
        if data is not None and data.coords is not None:
            return data
    raise Stage3Error("there is no image with a WCS")


def _of_region(data: Data, region: Region, axes: tuple[str, str]) -> SubsetState:
    wcs = data.coords if isinstance(region, SkyRegion) else None
    xatt, yatt = (_component(data, name) for name in axes)
    return RoiSubsetState(xatt, yatt, regions2roi(region, wcs=wcs))


def _of_range(data: Data, ends: tuple[float, float], axis: str, unit: str) -> SubsetState:
    att = _component(data, axis)
    own = getattr(data.get_component(att), "units", "") or ""
    if unit and own and unit != own:
        ends = tuple(u.Quantity(ends, unit).to_value(own, u.spectral()))
    return RangeSubsetState(min(ends), max(ends), att)


def _component(data: Data, name: str) -> Any:
    found = next((one for one in data.components if one.label == name), None)
    if found is None:
        raise Stage3Error(f"{data.label} has no {name!r}")
    return found
