"""Menus of data and of layers, many of which are filled one after another."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from glue.viewers.common.viewer import Viewer

__all__ = ["fill", "fill_quickly", "filling"]

#: jdaviz's filters of data that say the same in every menu of an app. Those of viewers are below.
_SAME_IN_ALL = frozenset(
    (
        "from_plugin", "not_from_plugin", "not_from_plugin_model_fitting", "has_metadata",
        "is_trace", "not_trace", "is_image", "is_catalog", "is_catalog_or_image_not_spectrum",
        "is_image_not_spectrum", "is_cube", "is_image_or_flux_cube", "is_spectrum",
        "is_2d_spectrum_or_trace", "is_spectrum_or_flux_cube", "is_flux_cube", "is_ramp_cube",
        "is_ramp_group_cube", "is_ramp_diff_cube", "is_ramp_integration", "not_ramp",
        "is_not_wcs_only", "not_child_layer", "layer_is_not_dq",
    )
)  # fmt: skip


class _Filling:
    """What the menus of an app ask of its data and layers, while some of them are filled."""

    def __init__(self, inner: Any):
        self.inner = inner
        self._layers: dict[Any, list] = {}  # the artists of each viewer, as they were
        self._data: list = []
        self.forget()

    def forget(self) -> None:
        """Forget all answers."""
        self._layers = {
            viewer: list(viewer._layer_artist_container.artists)
            for viewer in self.inner._viewer_store.values()
        }
        self._data = list(self.inner.data_collection)
        self._entries: list[tuple] | None = None
        self._answers: dict[tuple, list[tuple]] = {}
        self._filters: dict[Any, dict] = {}
        self.viewers: dict[tuple, list] = {}  # by their names, as menus have them
        self.sorted: dict[Any, tuple] = {}  # layers by viewer, as glue sorts them
        self.labelled: dict[tuple, tuple] = {}  # those of a label
        self.label: str | None = None  # what layers are asked for now

    def look(self) -> None:
        """Forget all answers if data or layers are not those that they are of."""
        stores = self.inner._viewer_store.values()
        same = len(stores) == len(self._layers) and all(
            self._layers.get(viewer) == viewer._layer_artist_container.artists for viewer in stores
        )
        if not same or self._data != list(self.inner.data_collection):
            self.forget()

    def layers_of(self, viewer: Any) -> tuple | None:
        """Layers of a viewer, or those of the label that is looked for; None if they changed."""
        if self._layers.get(viewer) != viewer._layer_artist_container.artists:
            return None
        if viewer not in self.sorted:
            self.sorted[viewer] = _layers_of_glue(viewer)
            for layer in self.sorted[viewer]:
                key = viewer, layer.layer.label
                self.labelled[key] = (*self.labelled.get(key, ()), layer)
        if self.label is None:
            return self.sorted[viewer]
        return self.labelled.get((viewer, self.label), ())

    def filters_of(self, menu: Any) -> dict[str, Callable]:
        """jdaviz's filters by name, as a menu has them."""
        if menu not in self._filters:
            self._filters[menu] = _named_filters(menu)
        return self._filters[menu]

    def fill_with_data(self, menu: Any) -> None:
        """Do as ``DatasetSelect._update_items``, with what has been asked for other menus."""
        shared = list(itertools.takewhile(_is_shared, menu.filters))
        passing = self._passing(menu, shared)
        tests = [self._test(menu, each) for each in menu.filters[len(shared) :]]
        items = [{"label": label} for label in menu.manual_options]
        items += [
            {"label": label, "icon": icon}
            for data, label, icon in passing
            if all(test(data) for test in tests)
        ]
        menu.items = items
        menu._apply_default_selection()
        menu._clear_cache(*menu._cached_properties)

    def _passing(self, menu: Any, filters: list) -> list[tuple]:
        """Data that pass the first filters of a menu, with their labels and icons."""
        if not filters:
            if self._entries is None:
                icons = menu._app.state.layer_icons
                self._entries = [(data, data.label, icons.get(data.label)) for data in self._data]
            return self._entries
        viewers = "all" if menu._viewers is None else tuple(menu._viewers)
        key = tuple(filters), viewers
        if key not in self._answers:
            *before, last = filters
            known = self._passing(menu, before)
            if last in _IN_VIEWERS:
                shown = set(_IN_VIEWERS[last](menu))
                self._answers[key] = [entry for entry in known if entry[1] in shown]
            else:
                test = last if callable(last) else self.filters_of(menu)[last]
                self._answers[key] = [entry for entry in known if test(entry[0])]
        return self._answers[key]

    def _test(self, menu: Any, each: Any) -> Callable[[Any], bool]:
        if not isinstance(each, str):
            return self._not_in_viewer(menu) if _says_what_is_not_in_viewer(each) else each
        try:
            return self.filters_of(menu)[each]
        except KeyError:
            raise ValueError(f"{each} not an implemented filter.") from None

    @staticmethod
    def _not_in_viewer(menu: Any) -> Callable[[Any], bool]:
        shown = set(menu.plugin.layer.choices)
        return lambda data: data.label not in shown


def _is_shared(each: Any) -> bool:
    """Whether a filter says the same in every menu: of jdaviz's, and functions of a module."""
    if isinstance(each, str):
        return each in _SAME_IN_ALL or each in _IN_VIEWERS
    return isinstance(each, FunctionType) and each.__qualname__ == each.__name__ != "<lambda>"


def _says_what_is_not_in_viewer(test: Callable) -> bool:
    return getattr(test, "__qualname__", "") == "DataMenu.__init__.<locals>.data_not_in_viewer"


def _labels(viewers: list) -> Iterator[str]:
    return (layer.layer.label for viewer in viewers for layer in viewer.layers)


def _in_viewers(menu: Any) -> Iterator[str]:
    return _labels(menu.viewers if menu._app.get_viewer_reference_names() else [])


def _in_spectrum_viewers(menu: Any) -> Iterator[str]:
    from jdaviz.core import template_mixin

    viewers = menu._app._viewer_store.values()
    return _labels([one for one in viewers if template_mixin._is_spectrum_viewer(one)])


def _in_2d_viewers(menu: Any) -> Iterator[str]:
    from jdaviz.core import template_mixin

    viewers = menu._app._viewer_store.values()
    return _labels([one for one in viewers if template_mixin._is_spectrum_2d_viewer(one)])


#: jdaviz's filters of what is in viewers: the labels of all that passes.
_IN_VIEWERS = {
    "layer_in_viewers": _in_viewers,
    "layer_in_spectrum_viewer": _in_spectrum_viewers,
    "layer_in_spectrum_2d_viewer": _in_2d_viewers,
}

#: By the hub of an app whose menus are being filled.
_FILLING: WeakKeyDictionary[Any, _Filling] = WeakKeyDictionary()


@contextmanager
def filling(inner: Any) -> Iterator[None]:
    """Fill menus of an app within this: what many of them ask is answered once.

    Reason: each menu asks for each entry whether it passes its filters, and most have the same
    filters; in which viewers an entry is takes a look at all layers, and so does each line of a
    menu of layers. jdaviz 5.1: the same; proposed in ``docs/upstream.rst``.

    Parameters
    ----------
    inner : jdaviz application
        The inner one.
    """
    if inner.hub in _FILLING:
        yield
        return
    _FILLING[inner.hub] = _Filling(inner)
    try:
        yield
    finally:
        del _FILLING[inner.hub]


def fill(menu: Any, update: Any, *args: Any, **kwargs: Any) -> None:
    """Fill a menu.

    Parameters
    ----------
    menu : DatasetSelect or LayerSelect
    update : method of its class, unbound
        By which jdaviz does it.
    *args, **kwargs
        Of that method.
    """
    known = _FILLING.get(menu.hub)
    if known is not None:
        known.look()
    if known is not None and _is_filled_with_data(menu):
        known.fill_with_data(menu)
    else:
        update.__get__(menu, type(menu))(*args, **kwargs)


def _is_filled_with_data(menu: Any) -> bool:
    from jdaviz.core.template_mixin import DatasetSelect

    return type(menu) is DatasetSelect


_collecting = False


def _named_filters(menu: Any) -> dict[str, Callable]:
    """Have a menu hand over jdaviz's filters, which are made anew for each entry otherwise."""
    global _collecting
    _collecting = True
    try:
        return next(_STOCK[kind] for kind in type(menu).__mro__ if kind in _STOCK)(menu, None)
    finally:
        _collecting = False


#: jdaviz's own ``_is_valid_item``, by the class of the menu.
_STOCK: dict[type, Callable] = {}
_layers_of_glue = Viewer.layers.fget


def _layers(self: Any) -> tuple:
    known = _FILLING.get(self.session.hub) if _FILLING else None
    found = None if known is None else known.layers_of(self)
    return _layers_of_glue(self) if found is None else found


def fill_quickly() -> None:
    """Let menus that are filled within `filling` use each other's answers.

    Reason: see `filling`. jdaviz 5.1: the same.
    """
    from jdaviz.core.template_mixin import DatasetSelect, LayerSelect, SelectPluginComponent

    _STOCK[DatasetSelect] = DatasetSelect._is_valid_item
    _STOCK[LayerSelect] = LayerSelect._is_valid_item
    is_valid, to_dict = SelectPluginComponent._is_valid_item, LayerSelect._layer_to_dict
    viewers = LayerSelect.viewer_objs.fget

    def _is_valid_item(self: Any, item: Any, filter_callables: Any = None) -> Any:
        if _collecting:
            return filter_callables
        return is_valid(self, item, filter_callables or {})

    def _is_valid_layer(self: Any, layer: Any) -> bool:
        known = _FILLING.get(self.hub)
        if known is None:
            return _STOCK[LayerSelect](self, layer)
        return is_valid(self, layer, known.filters_of(self))

    def _layer_to_dict(self: Any, label: str) -> dict:
        known = _FILLING.get(self.hub)
        if known is None:
            return to_dict(self, label)
        known.label = label
        try:
            return to_dict(self, label)
        finally:
            known.label = None

    def viewer_objs(self: Any) -> list:
        known = _FILLING.get(self.hub)
        if known is None:
            return viewers(self)
        names = tuple(self.viewer) if isinstance(self.viewer, list) else (self.viewer,)
        if names not in known.viewers:
            known.viewers[names] = viewers(self)
        return known.viewers[names]

    SelectPluginComponent._is_valid_item = _is_valid_item
    LayerSelect._is_valid_item = _is_valid_layer
    LayerSelect._layer_to_dict = _layer_to_dict
    LayerSelect.viewer_objs = property(viewer_objs, doc=LayerSelect.viewer_objs.__doc__)
    Viewer.layers = property(_layers, doc=Viewer.layers.__doc__)
