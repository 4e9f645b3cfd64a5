"""Removing data: the subsets that were drawn on them, and the marks of viewers left empty."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from astropy import units as u
from glue.core.exceptions import IncompatibleAttribute
from glue.core.subset import RangeSubsetState

from .application import show_message

__all__ = ["mend_removal"]

_ATTRIBUTES = ("att", "xatt", "yatt", "x_att", "y_att")


def mend_removal() -> None:
    """Let data be removed on which subsets were drawn, and units be changed afterwards.

    A range of wavelengths goes over to the next data whose wavelengths are linked to those it was
    drawn on, in their unit. A range that no other data have, and pixels of a cube or a 2-D
    spectrum, are removed with what they were drawn on, and a message says so.

    Reason: in the generalised app jdaviz 5.0.5 looks for a plugin that only images bring, and
    ends with KeyError: 'Orientation'; where there are images, it takes spectra for some. A mark in
    a viewer without data ends a change of units half-way, so that fluxes and surface brightnesses
    are in different ones. jdaviz 5.1: the same.

    Data that hung on what is removed are linked again once. Reason: jdaviz 5.0.5 links them once
    for each link that there was, with several links each time: their number is squared by each
    removal, and five 2-D spectra took twenty seconds to remove. jdaviz 5.1: to check; proposed in
    ``docs/upstream.rst``.
    """
    from jdaviz.app import PrivateApplication as Application
    from jdaviz.core.marks import PluginMark

    Application._reparent_subsets = _reparenting(Application._reparent_subsets)
    Application.data_item_remove = _linking_once(Application.data_item_remove)
    link = Application._link_new_data_by_component_type
    Application._link_new_data_by_component_type = _unless_linked(link)
    PluginMark.set_y_unit = _setting_unit(PluginMark.set_y_unit)


#: By app, while data are removed from it: the labels of what was linked again.
_LINKED: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def _linking_once(stock: Any) -> Any:
    @functools.wraps(stock)
    def data_item_remove(self: Any, *args: Any, **kwargs: Any) -> Any:
        outer = _LINKED.get(self)  # what goes with it, as the residuals of a fit, goes within
        _LINKED[self] = set()
        try:
            return stock(self, *args, **kwargs)
        finally:
            if outer is None:
                del _LINKED[self]
            else:
                _LINKED[self] = outer

    return data_item_remove


def _unless_linked(stock: Any) -> Any:
    @functools.wraps(stock)
    def _link_new_data_by_component_type(self: Any, new_data_label: str) -> None:
        linked = _LINKED.get(self)
        if linked is None:
            stock(self, new_data_label)
        elif new_data_label not in linked:
            linked.add(new_data_label)
            stock(self, new_data_label)

    return _link_new_data_by_component_type


def _reparenting(stock: Any) -> Any:
    @functools.wraps(stock)
    def _reparent_subsets(self: Any, old_parent: Any, new_parent: Any = None) -> None:
        old = self.data_collection[old_parent] if isinstance(old_parent, str) else old_parent
        images = self.config != "deconfigged" or "Orientation" in self._jdaviz_helper.plugins
        if images and not any(_unit_of(old, axis) for axis in old.world_component_ids):
            stock(self, old_parent, new_parent)
            return
        lost = []
        for group in list(self.data_collection.subset_groups):
            states = [state for state in _simple_states(group.subset_state) if _is_on(state, old)]
            if not all([_goes_over(state, old, self.data_collection) for state in states]):
                lost.append(group.label)
                self.data_collection.remove_subset_group(group)
            elif states:
                group.broadcast("subset_state")
        if lost:
            text = f"{', '.join(lost)}: drawn on {old.label}, removed with it"
            show_message(self, text, color="warning")

    return _reparent_subsets


def _simple_states(state: Any) -> Iterator[Any]:
    """The states that a subset's state is combined of."""
    parts = [getattr(state, name, None) for name in ("state1", "state2")]
    if parts == [None, None]:
        yield state
    for part in parts:
        if part is not None:
            yield from _simple_states(part)


def _is_on(state: Any, data: Any) -> bool:
    found = (getattr(state, name, None) for name in _ATTRIBUTES)
    return any(getattr(attribute, "parent", None) is data for attribute in found)


def _goes_over(state: Any, old: Any, others: Any) -> bool:
    """Whether a range of wavelengths was moved to other data; of pixels none is."""
    if not isinstance(state, RangeSubsetState) or state.att not in old.world_component_ids:
        return False
    own = _unit_of(old, state.att)
    if own is None:
        return False
    for other in others:
        if other is old:
            continue
        for attribute in other.world_component_ids:
            unit = _unit_of(other, attribute)
            if unit is None:
                continue
            try:
                other.get_component(state.att)  # the two are linked
            except IncompatibleAttribute:
                continue
            ends = u.Quantity([state.lo, state.hi], own).to_value(unit, u.spectral())
            state.att, (state.lo, state.hi) = attribute, sorted(map(float, ends))
            return True
    return False


def _unit_of(data: Any, attribute: Any) -> u.UnitBase | None:
    """The unit of a world axis of wavelengths, None for others."""
    units = data.coords.world_axis_units
    place = len(units) - 1 - data.world_component_ids.index(attribute)
    unit = u.Unit(units[place] or "")
    return unit if unit.is_equivalent(u.m, u.spectral()) else None


def _setting_unit(stock: Any) -> Any:
    @functools.wraps(stock)
    def set_y_unit(self: Any, unit: Any = None) -> None:
        if unit is not None and self.viewer.state.reference_data is None:
            self.yunit = u.Unit(unit)  # of nothing that is drawn
            return
        stock(self, unit)

    return set_y_unit
