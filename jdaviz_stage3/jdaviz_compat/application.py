"""Apps and their trays, messages and registries."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from glue import _plugin_helpers

__all__ = [
    "add_plugins",
    "application",
    "broadcast",
    "can_save_files",
    "configuration",
    "find_plugins_of_glue_once",
    "give_layout",
    "kept_with",
    "on_every_app",
    "one_for_each_app",
    "plugin_label",
    "refresh_from_registries",
    "renew_colormaps",
    "send_importer_templates",
    "show_error_of",
    "show_message",
]


def application(app: Any) -> Any:
    """Return jdaviz's inner application of a helper (``Imviz()``, ``jdaviz.gca()``).

    Reason: data collection, hub and viewers hang on it, and the public ``.app`` of a helper is
    deprecated in favour of ``._app``. jdaviz 5.1: the same.
    """
    return getattr(app, "_app", app)


def one_for_each_app[Made](make: Callable[[Any], Made]) -> Callable[[Any], Made]:
    """Return what gives something that there is one of for each app; it goes with the app.

    Reason: an app is told from another by the inner one, for plugins and helpers alike, and nothing
    else ends with it.

    Parameters
    ----------
    make : callable
        Called with the inner application, once. A function or class of a module: its name is that
        of what it makes.

    Returns
    -------
    callable
        Takes a jdaviz helper, inner application, plugin or importer.
    """
    return lambda app: kept_with(application(app), make)


def kept_with[Made](owner: Any, make: Callable[[Any], Made]) -> Made:
    """Return what there is one of for each app, viewer or layer; it goes with its owner.

    Reason: it is an attribute of its owner. What is made may know the owner, and a dictionary of
    weak keys, which holds its values, would keep both for ever.

    Parameters
    ----------
    owner : object
        An inner application, viewer or state.
    make : callable
        Called with the owner, once. A function or class of a module, whose name is the attribute's.
    """
    name = f"_stage3_{make.__module__}.{make.__qualname__}"
    kept = vars(owner)
    if name not in kept:
        kept[name] = make(owner)
    return kept[name]


def configuration(app: Any) -> str:
    """Return the name of an app's configuration: ``'deconfigged'``, ``'imviz'``, ….

    Reason: no public name. jdaviz 5.1: the same; with 5.2 only ``'deconfigged'`` is left.
    """
    return application(app).config


def on_every_app(hook: Callable[[Any], None]) -> None:
    """Run ``hook(app)`` for the generalised apps that exist and for those to come.

    Reason: the only way to equip an app whichever of the packages is imported first.
    jdaviz 5.1: the same private name.
    """
    import jdaviz

    jdaviz._register_new_app_hook(hook)


def plugin_label(plugin: Any) -> str:
    """Return what a plugin is called in the tray.

    Reason: the registry keeps it under a private name. jdaviz 5.1: the same.
    """
    return plugin._plugin_name


def set_description(plugin: Any, description: str) -> None:
    """Set what the list of plugins says below a plugin's name.

    Reason: jdaviz reads it from a private name. jdaviz 5.1: the same.
    """
    plugin._plugin_description = description


def name_package(app: Any, name: str, version: str, abbreviation: str) -> None:
    """Have a package named beside jdaviz's version in the header, and with its own in *About*.

    Reason: the plugin that registers packages is found by a private name where an app is made.
    jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper or inner application
    name, version, abbreviation : str
    """
    about = application(app).get_tray_item_from_name("about")
    about.register_downstream_package(name, version, abbreviation)


def refresh_from_registries(app: Any) -> None:
    """Make an existing generalised app offer what has been registered after it was made.

    Reason: an app copies the registries when it is made. jdaviz 5.1: the same.
    """
    inner = application(app)
    inner.update_tray_items_from_registry()
    inner.update_new_viewers_from_registry()
    _renew_loaders(app)
    renew_colormaps(app)
    send_importer_templates()


def _renew_loaders(app: Any) -> None:
    """Replace an app's loaders by instances of the classes that are registered now.

    Reason: loaders are made with the app, and ``update_loaders_from_registry`` keeps the
    instances that it finds. jdaviz 5.1: the same.
    """
    from ipywidgets import widget_serialization
    from jdaviz.core.registries import loader_resolver_registry

    inner = application(app)
    items = []
    for item in inner.state.loader_items:
        registered = loader_resolver_registry.members.get(item["name"])
        old = widget_serialization["from_json"](item["widget"], None)
        if registered is not None and type(old) is not registered:
            new = registered(
                app=inner,
                open_callback=old.open_callback,
                close_callback=old.close_callback,
                set_active_loader_callback=old.set_active_loader_callback,
            )
            item = {**item, "widget": "IPY_MODEL_" + new.model_id}
        items.append(item)
    inner.state.loader_items = items


def renew_colormaps(app: Any) -> None:
    """Let the menus of an existing app know the colour maps that were added after it was made.

    Reason: each menu holds a copy, and cannot draw a layer whose colour map it does not know.
    jdaviz 5.1: the same.
    """
    from jdaviz.utils import cmap_samples

    inner = application(app)
    menus = [viewer._data_menu for viewer in inner._viewer_store.values()]
    menus += [inner.get_tray_item_from_name(item["name"]) for item in inner.state.tray_items]
    for menu in menus:
        if hasattr(menu, "cmap_samples"):
            menu.cmap_samples = dict(cmap_samples)


def send_importer_templates() -> None:
    """Send the templates of the importers' forms to the browser, before any file is loaded.

    Reason: ipyvue makes the widget of a template once, and ``load`` makes importers while no
    widget is announced to the browser; a form of the same template that is shown later then fails
    with "widget model not found". jdaviz 5.1: to check.
    """
    import os

    from ipyvue.Template import get_template
    from jdaviz.core.registries import loader_importer_registry

    for importer in loader_importer_registry.members.values():
        if isinstance(importer.template_file, tuple):
            folder = os.path.dirname(importer.template_file[0])
            get_template(os.path.join(folder, importer.template_file[1]))


def add_plugins(app: Any, names: list[str]) -> None:
    """Add tray plugins to an ``Imviz()`` or ``Specviz()``, once each.

    Reason: the trays of these configurations come from a YAML file, and the hook for new apps
    does not fire for them. jdaviz 5.2 removes both classes.
    """
    from jdaviz.core.registries import tray_registry

    inner = application(app)
    have = {item["name"] for item in inner.state.tray_items}
    for name in names:
        if name not in have:
            item = inner._create_tray_item(tray_registry.members[name])
            inner.state.tray_items.append(item)


def broadcast(app: Any, message: Any) -> None:
    """Send a message over an app's hub.

    Reason: only ``app._app`` gives the hub. jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper, inner application or plugin
    message : glue.core.message.Message
    """
    application(app).hub.broadcast(message)


def show_message(app: Any, text: str, color: str = "error", timeout: int = 15000) -> None:
    """Show a line of text in the app's snackbar and keep it in its log.

    Reason: messages go over the app's hub, which only ``app._app`` gives. jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper or inner application
    text : str
        The message.
    color : {'info', 'success', 'warning', 'error'}
        What kind of message it is.
    timeout : int
        How long it is shown, in milliseconds.
    """
    from jdaviz.core.events import SnackbarMessage

    inner = application(app)
    inner.hub.broadcast(SnackbarMessage(text, color=color, timeout=timeout, sender=inner))


def show_error_of(data: Any, text: str) -> None:
    """Show a line of text in the app that data are in, for data know no app; nowhere without one.

    Reason: glue tells data the hub of their collection, over which jdaviz's messages go.
    jdaviz 5.1: the same.

    Parameters
    ----------
    data : glue data
    text : str
        The message.
    """
    from jdaviz.core.events import SnackbarMessage

    if data.hub is not None:
        data.hub.broadcast(SnackbarMessage(text, color="error", timeout=15000, sender=data))


def give_layout(app: Any) -> None:
    """Give an app's widget the layout that ``show(height=…)`` sets the height of.

    Reason: with ipyvue 1.13 and later it has none, and jdaviz 5.0.5 raises AttributeError.
    jdaviz 5.1: to check.
    """
    from ipywidgets import Layout

    inner = application(app)
    if inner.layout is None:
        inner.layout = Layout()


def can_save_files(app: Any) -> bool:
    """Whether files may be written where the app runs: not where it is another's machine.

    Reason: the setting that ``hide_server_files`` makes has no public name. jdaviz 5.1: the same.
    """
    return not application(app).state.settings.get("server_is_remote", False)


_find_plugins_of_glue = _plugin_helpers.iter_plugin_entry_points


@functools.cache
def _found_plugins() -> tuple:
    return tuple(_find_plugins_of_glue())


def find_plugins_of_glue_once() -> None:
    """Let glue look for its plugins once among all that is installed.

    Reason: it looks ten times for each app. glue's main branch: the same.
    """
    _plugin_helpers.iter_plugin_entry_points = lambda: iter(_found_plugins())
