"""Many data in one app: what jdaviz does for all of them at each addition, done once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary, ref

from astropy.units import get_current_unit_registry
from echo import delay_callback
from glue.config import settings, unit_converter
from glue.core.data_collection import DataCollection
from glue.core.subset_group import SubsetGroup
from glue.core.units import find_unit_choices
from glue.viewers.common.viewer import Viewer
from glue.viewers.profile import state as profile_state
from glue_jupyter.bqplot.profile.layer_artist import BqplotProfileLayerArtist
from glue_jupyter.widgets.layer_options import LayerOptionsWidget

from .application import application, find_plugins_of_glue_once
from .links import link_once, link_quickly
from .menus import fill, fill_quickly, filling
from .subscriptions import find_handlers_quickly
from .viewer_windows import keep_viewer_windows

__all__ = ["FEW", "adding_data", "spare_repetitions"]

#: With fewer data in an app than this, menus are filled as jdaviz does it, and soon filled.
FEW = 8


class _Waiting:
    """An app with data of ours, and its menus that wait until all is done."""

    def __init__(self, inner: Any):
        self.inner = ref(inner)
        self.contexts = 0
        self.menus: dict[Any, None] = {}  # as a set that keeps its order
        self.panels: dict[Any, None] = {}  # glue-jupyter's lists of layers, likewise
        self.filled: set = set()  # menus of viewers by which what is being added gets there
        self.fresh: dict[Any, int] = {}  # menus made within a context, and how deep that is
        self.numbered: dict[Any, bool] = {}  # menus whose layers are numbered; whether any was

    @property
    def is_on(self) -> bool:
        return bool(self.contexts) and self.are_many

    @property
    def are_many(self) -> bool:
        inner = self.inner()
        return inner is not None and len(inner.data_collection) >= FEW

    def leave(self) -> None:
        """Leave a context; menus that were made in it are as others from now on."""
        self.contexts -= 1
        self.fresh = {menu: depth for menu, depth in self.fresh.items() if depth <= self.contexts}
        if not self.contexts:
            self.fill_menus()

    def fill_before(self, menu: Any) -> None:
        """Fill one menu before all is done, if it waits."""
        if menu in self.menus:
            del self.menus[menu]
            contexts, self.contexts = self.contexts, 0
            try:
                with filling(self.inner()):
                    menu._update_items()
            finally:
                self.contexts = contexts

    def fill_menus(self) -> None:
        """Fill the menus that wait: those of layers first, for those of data look at them."""
        menus, self.menus = self.menus, {}
        panels, self.panels = self.panels, {}
        self.filled.clear()
        for panel in panels:
            panel._update_layers_from_glue_state()
        inner = self.inner()
        if inner is None or not menus:
            return
        failed = None
        with filling(inner):
            for menu in sorted(menus, key=_is_of_data):
                try:
                    menu._update_items()
                except Exception as err:  # of what follows the menu; the others are filled, too
                    failed = failed or err
        if failed is not None:
            raise failed


#: By the hub of the app.
_WAITING: WeakKeyDictionary[Any, _Waiting] = WeakKeyDictionary()


@contextmanager
def adding_data(app: Any) -> Iterator[None]:
    """Add data to an app; menus and other data are told of it once, at the end.

    From `FEW` data on, the menus of data and of layers are filled at the end of the outermost
    context. jdaviz fills each of them, thirty and more, three times for each addition, and asks for
    each entry whether it belongs there. Afterwards they hold the same.

    Links are found by `QuickLinkManager`, and data whose links lead to nothing new but what is
    being added are not drawn again.

    Reason: menus are filled, and links kept, by private methods. jdaviz 5.1: the same; proposed in
    ``docs/upstream.rst``.

    Parameters
    ----------
    app : jdaviz helper, inner application or importer
    """
    inner = application(app)
    if inner.hub not in _WAITING:
        _WAITING[inner.hub] = _Waiting(inner)
    with _menus_wait(inner.hub), _linking_quietly(inner):
        yield


@contextmanager
def _menus_wait(hub: Any) -> Iterator[None]:
    """Let the menus of an app wait, where `adding_data` knows it."""
    waiting = _WAITING.get(hub) if hub is not None else None
    if waiting is None:
        yield
        return
    waiting.contexts += 1
    try:
        yield
    finally:
        waiting.leave()


@contextmanager
def _linking_quietly(inner: Any) -> Iterator[None]:
    """Do not draw data again for what they can derive from data that no viewer shows yet."""
    manager = link_quickly(inner)
    if manager is None:
        yield
        return
    seen = set(inner.data_collection)

    def nobody_uses(data: Any) -> bool:
        if data in seen:
            return False
        if any(data in viewer._layer_artist_container for viewer in inner._viewer_store.values()):
            seen.add(data)
            return False
        return True

    before = manager.nobody_uses
    manager.nobody_uses = nobody_uses
    try:
        yield
    finally:
        manager.nobody_uses = before


@contextmanager
def _linking_later(collection: Any) -> Iterator[None]:
    """As ``delay_link_manager_update``, also where something is raised."""
    collection._disable_sync_link_manager += 1
    try:
        yield
    finally:
        collection._disable_sync_link_manager -= 1
        collection._sync_link_manager()


def spare_repetitions() -> None:
    """Let jdaviz and glue not do the same again and again, with equal results.

    * Units that are offered for a flux axis are found once for all layers of the same unit.
    * A spectrum looks only at those settings of its viewer that change how it is drawn.
    * glue looks once for its plugins among all that is installed, and not ten times for each app.
    * In apps that `adding_data` knows, menus of data and layers are filled once when data are
      added, when some are removed, and when a subset is made or changed in all of them; a viewer's
      menu of layers once when they are numbered anew, and not for each of them.
    * glue-jupyter's list of layers, which jdaviz shows nowhere, is made once when data are added.
    * Whether each layer of a viewer has its state is looked up, not searched for.
    * Who looks at the viewers of an app gets the windows that there are.

    Reason: the cost of each grows with the number of layers, and with that at each addition: see
    ``docs/upstream.rst``. jdaviz 5.1: the same.
    """
    from jdaviz.app import PrivateApplication as Application
    from jdaviz.configs.default.plugins.data_menu.data_menu import DataMenu
    from jdaviz.core.template_mixin import DatasetSelect, LayerSelect

    find_plugins_of_glue_once()
    find_handlers_quickly()
    keep_viewer_windows()
    link_once()
    profile_state.find_unit_choices = _unit_choices
    BqplotProfileLayerArtist._update_profile = _update_profile
    fill_quickly()
    Viewer._sync_state_layers = _sync_state_layers
    LayerOptionsWidget._update_layers_from_glue_state = _update_layers_from_glue_state
    for menu in (DatasetSelect, LayerSelect):
        menu._update_items = _waiting_update(menu.__dict__["_update_items"])
    DataMenu._layers_changed = _numbering_at_once(DataMenu.__dict__["_layers_changed"])
    SubsetGroup.broadcast = _while_menus_wait(SubsetGroup.broadcast, _hub_of_group)
    DataCollection.new_subset_group = _while_menus_wait(DataCollection.new_subset_group, _hub_of)
    Application.data_item_remove = _while_menus_wait(
        _removal(Application.data_item_remove), _hub_of
    )


#: Units that an axis offers, by what the converter goes by.
_CHOICES: dict[tuple, list[str]] = {}


def _unit_choices(data_cid_units: Iterable[tuple]) -> list[str]:
    """Find the units that a flux axis offers: see glue's function of that name.

    jdaviz's converter goes by the name of the component and the units, and in images by the units
    of the component itself. What it gives for the second of two that agree in them is offered
    already.
    """
    different: dict[tuple, tuple] = {}
    for data, cid, unit in data_cid_units:
        is_image = getattr(data, "meta", {}).get("_importer") == "ImageImporter"
        own = getattr(data.get_component(cid), "units", None) if is_image else None
        different.setdefault((cid.label, unit, is_image, own), (data, cid, unit))
    converter = unit_converter.members[settings.UNIT_CONVERTER]
    if converter.__module__ != "jdaviz.app":
        return find_unit_choices(data_cid_units)
    known = tuple(different), len(get_current_unit_registry().all_units)
    if known not in _CHOICES:
        _CHOICES[known] = find_unit_choices(different.values())
    return list(_CHOICES[known])


#: What BqplotProfileLayerArtist._update_profile asks of the viewer and of the layer.
_DRAWN_BY = frozenset(
    (
        "layer", "x_att", "attribute", "function", "normalize", "v_min", "v_max", "as_steps",
        "x_display_unit", "y_display_unit", "alpha", "color", "zorder", "visible", "linewidth",
    )
)  # fmt: skip
_update_profile_of_glue = BqplotProfileLayerArtist._update_profile


def _update_profile(self: Any, force: bool = False, **changed: Any) -> None:
    """Draw a spectrum again if a setting that it depends on has changed: see glue-jupyter.

    There each spectrum copies all settings of viewer and layer at each change of any, before it
    finds that none concerns it. What has changed is in the call.
    """
    if not force and self._last_layer_state and changed and _DRAWN_BY.isdisjoint(changed):
        return
    _update_profile_of_glue(self, force=force, **changed)


_sync_state_layers_of_glue = Viewer._sync_state_layers


def _sync_state_layers(self: Any, *args: Any) -> None:
    """Remove the states of layers that are gone, if there are any: see glue."""
    there = {id(artist.layer) for artist in self._layer_artist_container.artists}
    if not all(id(state.layer) in there for state in self.state.layers):
        _sync_state_layers_of_glue(self, *args)


_update_layers_of_glue = LayerOptionsWidget._update_layers_from_glue_state


def _update_layers_from_glue_state(self: Any, *args: Any) -> None:
    """List the layers of a viewer, where data are being added when all is done."""
    waiting = _WAITING.get(self.viewer.session.hub)
    if waiting is not None and waiting.is_on:
        waiting.panels[self] = None
    else:
        _update_layers_of_glue(self, *args)


_MADE = "_stage3_made"


def _waiting_update(update: Any) -> Callable[..., None]:
    """Wrap the method that fills a menu, so that it can wait."""

    def _update_items(self: Any, *args: Any, **kwargs: Any) -> None:
        waiting = _WAITING.get(self.hub)
        if _MADE not in vars(self):  # whoever makes a menu, as a plugin for one task, uses it next
            setattr(self, _MADE, True)
            if waiting is not None and waiting.contexts:
                waiting.fresh[self] = waiting.contexts
        if waiting is not None and self in waiting.numbered:
            waiting.numbered[self] = True
            return
        if waiting is None or not waiting.is_on or self in waiting.fresh:
            fill(self, update, *args, **kwargs)
            return
        waiting.menus[self] = None
        if _lets_into_viewer(self) and not _is_there_already(self, waiting, args):
            # what is shown already need not be asked whether it could be
            waiting.fill_before(self.plugin.layer)
            waiting.filled.add(self)
            with filling(waiting.inner()):
                fill(self, update, *args, **kwargs)

    return _update_items


def _numbering_at_once(stock: Any) -> Callable[..., None]:
    """Wrap the method that numbers the layers of a viewer as its menu has them.

    jdaviz fills the menu after each number, twice; but what comes of that is seen only at the end.
    """

    def _layers_changed(self: Any, event: Any = None) -> None:
        number = functools.partial(stock.__get__(self, type(self)), event or {})
        waiting, menu = _WAITING.get(self.hub), getattr(self, "layer", None)
        renumbers = event and event.get("name") == "layer_items"
        if not renumbers or waiting is None or not waiting.are_many or menu in waiting.numbered:
            number()
            return
        waiting.numbered[menu] = False
        try:
            # all layers of a viewer look whether they are concerned as its list changes
            with delay_callback(self._viewer.state, "layers"):
                number()
        finally:
            asked = waiting.numbered.pop(menu)
        if not asked:
            return
        before = _order(self.layer_items)
        self.prevent_layer_items_recursion = True
        try:
            menu._update_items()
        finally:
            self.prevent_layer_items_recursion = False
        if _order(self.layer_items) != before:
            menu._update_items()
            self._layers_changed({"name": "layer_items", "old": [], "new": []})

    return _layers_changed


def _order(items: list[dict]) -> list[str]:
    return [item["label"] for item in items]


def _is_of_data(menu: Any) -> bool:
    return not hasattr(menu, "sort_by")


def _lets_into_viewer(menu: Any) -> bool:
    """Whether it is the menu of a viewer by which data are put into it."""
    from jdaviz.configs.default.plugins.data_menu.data_menu import DataMenu

    # it has its menu of layers before that of data, which it may be making now
    plugin = menu.plugin
    return _is_of_data(menu) and isinstance(plugin, DataMenu) and hasattr(plugin, "layer")


def _is_there_already(menu: Any, waiting: _Waiting, args: tuple) -> bool:
    """Whether such a menu is told only that data are in a viewer now."""
    from jdaviz.core.events import AddDataMessage

    return isinstance(args[0], AddDataMessage) if args else menu in waiting.filled


def _while_menus_wait(method: Callable[..., Any], hub_of: Callable[[Any], Any]) -> Any:
    """Wrap a method, so that the menus of its app are filled once, after it."""

    @functools.wraps(method)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        with _menus_wait(hub_of(self)):
            return method(self, *args, **kwargs)

    return wrapped


def _hub_of(owner: Any) -> Any:
    return owner.hub


def _hub_of_group(group: Any) -> Any:
    return group.subsets[0].data.hub if group.subsets else None


def _removal(method: Callable[..., Any]) -> Any:
    """Wrap jdaviz's removal of data, after which all are linked again that hung on it."""

    @functools.wraps(method)
    def data_item_remove(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.hub not in _WAITING:
            return method(self, *args, **kwargs)
        with _linking_later(self.data_collection):
            return method(self, *args, **kwargs)

    return data_item_remove
