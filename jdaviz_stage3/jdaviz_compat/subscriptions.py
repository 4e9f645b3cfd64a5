"""Who is told of what happens in an app: found quickly, and nobody who is no longer needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from glue.core.hub import Hub, _mro_count
from ipywidgets import Widget

__all__ = ["find_handlers_quickly", "let_go"]


def find_handlers_quickly() -> None:
    """Let glue find who listens to a message by the message's classes.

    Reason: glue 1.28 asks for each subscriber, of each class that he listens to, whether the
    message is one of it; an app has some hundreds of them, and a load twenty messages. Who is told,
    and in which order, stays. glue's main branch: the same; proposed in ``docs/upstream.rst``.
    """
    Hub._find_handlers = _find_handlers


_find_handlers_of_glue = Hub._find_handlers


def _find_handlers(self: Any, message: Any) -> Iterator[tuple]:
    """Yield all pairs of subscriber and handler that are to get a message: see glue."""
    classes = type(message).__mro__
    found = []
    for subscriber, subscriptions in list(self._subscriptions.items()):
        heard = [each for each in classes if each in subscriptions.callbacks]
        if not heard:
            continue
        if len(heard) > 1:  # of classes of equal depth glue takes the one subscribed to first
            heard = [max((c for c in subscriptions.keys() if c in heard), key=_mro_count)]
        handler, test, priority = subscriptions[heard[0]]
        if test(message):
            found.append((subscriber, handler, priority))
    for subscriber, handler, _ in sorted(found, key=lambda each: each[2], reverse=True):
        yield subscriber, handler


def let_go(resolver: Any) -> None:
    """Let a resolver that has loaded what it should, and that nobody has seen, go.

    Reason: jdaviz keeps each with its importers: they stay subscribed to the app, look at all data
    whenever some come, and hold their widgets and the product. jdaviz 5.1: the same; proposed in
    ``docs/upstream.rst``.

    Parameters
    ----------
    resolver : jdaviz resolver
        One that was made by ``from_input``.
    """
    inner = resolver._app
    importers = list(resolver.format._importers.values())
    owners = {id(owner) for owner in (resolver, resolver.custom_toolbar, *importers)}
    for subscriber in list(inner.hub._subscriptions):
        if id(subscriber) in owners or id(getattr(subscriber, "_plugin", None)) in owners:
            inner.hub.unsubscribe_all(subscriber)
    for importer in importers:
        inner.unobserve(importer._update_existing_data_in_dc_traitlet, "existing_data_in_dc")
    shown = [resolver, resolver.observation_table, resolver.file_table, *importers]
    for widget in shown:
        button = getattr(widget, "popout_button", None)
        for each in (widget, button, getattr(button, "target", None)):
            if isinstance(each, Widget):
                each.close()
