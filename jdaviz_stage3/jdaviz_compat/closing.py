"""What is left of an app when its browser tab is closed: nothing.

A server makes an app for each tab. What the libraries below jdaviz keep for the whole process -
values and callbacks of states, counters, listeners - holds each app for ever otherwise, with its
data: some 60 000 objects and 14 MB for the demo products.
"""

from __future__ import annotations

import contextlib
import weakref
from collections import defaultdict
from collections.abc import Callable, Container, Iterator
from functools import wraps
from typing import Any

__all__ = ["follow_states", "forget_app", "forget_closed_styles", "release"]

#: By what `follow_states` was told they belong to: the states that exist.
_STATES: defaultdict[str, list[weakref.ref]] = defaultdict(list)


def follow_states(owner: Callable[[], str | None]) -> None:
    """Know from now on whose each state is, so that `release` can empty those of a tab.

    Reason: echo keeps values and callbacks of all states in dictionaries by the state's weak
    reference, and a callback that knows its state keeps it there for ever. glue and jdaviz make
    such callbacks for each viewer and layer. echo's main branch: the same; proposed in
    ``docs/upstream.rst``.

    Parameters
    ----------
    owner : callable
        Gives the key of what is running: a state belongs to that where it is made.
    """
    from echo.core import HasCallbackProperties
    from glue.core.layer_artist import LayerArtistBase

    global _owner
    _owner = owner
    for kind in (HasCallbackProperties, LayerArtistBase):
        if not hasattr(kind.__init__, "_notes_owner"):
            kind.__init__ = _noting_owner(kind.__init__)
    _count_weakly()


def _nobody() -> str | None:
    return None


_owner: Callable[[], str | None] = _nobody


def _noting_owner(stock: Any) -> Any:
    @wraps(stock)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        key = _owner()
        if key is not None:
            _STATES[key].append(weakref.ref(self))
        stock(self, *args, **kwargs)

    __init__._notes_owner = True  # type: ignore[attr-defined]
    return __init__


class _Counters(weakref.WeakKeyDictionary):
    """Numbers by object, zero at first; they go with the object."""

    def __getitem__(self, key: Any) -> int:
        return self.get(key, 0)


def _count_weakly() -> None:
    """Let no method that waits for more calls keep the objects that it was called on.

    Reason: ``glue_jupyter.utils.debounced`` counts calls by object, and keeps the objects: each
    viewer, image and tool. glue-jupyter's main branch: the same.
    """
    from glue_jupyter.bqplot.common.viewer import BqplotBaseView
    from glue_jupyter.bqplot.image.frb_mark import FRBImage
    from glue_jupyter.bqplot.scatter.scatter_density_mark import GenericDensityMark
    from jdaviz.configs.imviz.plugins import tools

    owners = [BqplotBaseView, FRBImage, GenericDensityMark]
    owners += [each for each in vars(tools).values() if isinstance(each, type)]
    for method in (method for owner in owners for method in vars(owner).values()):
        names = getattr(getattr(method, "__code__", None), "co_freevars", ())
        if hasattr(method, "__wrapped__") and "counters" in names:
            method.__closure__[names.index("counters")].cell_contents = _Counters()


def forget_app(app: Any) -> None:
    """Take an app out of jdaviz's list of apps.

    Reason: ``jdaviz.new_app`` keeps each app for ever, and a server makes one a browser tab. The
    index of the current app (``jdaviz._current_index``) must stay inside the list. jdaviz 5.1:
    the same.

    Parameters
    ----------
    app : jdaviz helper
    """
    import jdaviz

    with contextlib.suppress(ValueError):
        jdaviz.get_all_apps().remove(app)
    jdaviz._current_index = max(0, len(jdaviz.get_all_apps()) - 1)


def release(key: str, widgets: Container[str]) -> None:
    """Let go of what libraries keep of a browser tab that has been closed.

    Parameters
    ----------
    key : str
        What its states belong to, see `follow_states`.
    widgets : container of str
        The model ids of its widgets, all of which are closed.
    """
    for reference in _STATES.pop(key, ()):
        state = reference()
        if state is not None:
            _empty(state)
    _forget_listeners(widgets)
    forget_closed_styles()


def forget_closed_styles() -> None:
    """Forget the styles of pages whose widgets are closed.

    Reason: ``jdaviz.style_registry`` keeps one widget of styles for each solara kernel, for ever,
    by its id. A page that comes back to a server which has closed its kernel brings the same id,
    and with a closed widget no app can be made. jdaviz 5.1: the same.
    """
    from jdaviz.style_registry import PopoutStyleWrapper, get_style_registry

    for keeper in (get_style_registry, PopoutStyleWrapper._default_style_registry_instance):
        function = getattr(keeper, "func", keeper)
        names = function.__code__.co_freevars
        instances = function.__closure__[names.index("instances")].cell_contents
        for key in [key for key, styles in list(instances.items()) if styles.comm is None]:
            instances.pop(key, None)


def _empty(state: Any) -> None:
    """Take from echo's dictionaries what they keep of a state."""
    for prop in _properties_of(type(state)):
        for kept in vars(prop).values():
            if isinstance(kept, weakref.WeakKeyDictionary):
                kept.pop(state, None)


def _properties_of(kind: type) -> Iterator[Any]:
    from echo.core import CallbackProperty

    for each in kind.__mro__:
        yield from (value for value in vars(each).values() if isinstance(value, CallbackProperty))


def _forget_listeners(widgets: Container[str]) -> None:
    """Let reacton forget who listens to widgets that are closed.

    Reason: jdaviz draws file choosers and places to drop files by reacton, and never ends that;
    reacton keeps the listeners of all that is drawn in one dictionary of the process. jdaviz 5.1:
    the same.
    """
    from reacton.core import Element

    listeners = Element._callback_wrappers
    for each in [each for each in list(listeners) if each[0] in widgets]:
        listeners.pop(each, None)
