"""What was loaded into an app and made in it, and what the app was like after the last loading.

`jdaviz_stage3.session` writes from it what a script must say beyond loading the files: what has
been changed since.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..jdaviz_compat import all_data, one_for_each_app, plugin_label
from ..origin import FileStamp
from .observed import OF_VIEWERS, differs, observed, settings_of

__all__ = [
    "Journal",
    "Loading",
    "Made",
    "adding_to_app",
    "called_by_sessions",
    "is_called_by_sessions",
    "journal_of",
]


@dataclass(frozen=True)
class Loading:
    """A file that was loaded, and what came of it.

    Attributes
    ----------
    path : pathlib.Path
        Absolute.
    stamp : FileStamp
        Of the file when it was loaded.
    options : dict
        Of `jdaviz_stage3.load`: those that were not as the importer has them by itself.
    labels : dict of str to str
        The labels of the data as they came, by glue's identifier of each.
    """

    path: Path
    stamp: FileStamp
    options: dict[str, Any]
    labels: dict[str, str]


@dataclass(frozen=True)
class Made:
    """Data that a plugin of ours has added, and how.

    Attributes
    ----------
    plugin : str
        Its label in the tray.
    settings : dict
        The values of its controls.
    method : str
        Of its API.
    args : tuple
    kwargs : dict
        What it was called with.
    inputs : dict of str to str
        glue's identifiers of the data that the settings name, by their labels then.
    labels : dict of str to str
        The labels of the data as they came, by glue's identifier of each.
    """

    plugin: str
    settings: dict[str, Any]
    method: str
    args: tuple
    kwargs: dict[str, Any]
    inputs: dict[str, str]
    labels: dict[str, str]


@dataclass
class Journal:
    """Of one app.

    Attributes
    ----------
    loadings : list of Loading
        In their order.
    made : list of Made
        Likewise.
    after_loading : dict
        What `observed` gave after the last loading, and of what was made since.
    touched : set
        The keys of it that somebody had changed before that.
    """

    loadings: list[Loading] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    after_loading: dict[tuple, Any] = field(default_factory=dict)
    touched: set[tuple] = field(default_factory=set)
    _depth: int = 0

    @contextmanager
    def loading(self, app: Any) -> Iterator[None]:
        """Load within this, several files at once or one: the app is looked at before and after.

        Parameters
        ----------
        app : jdaviz helper, inner application or plugin
        """
        self._depth += 1
        if self._depth == 1 and self.loadings:
            self.touched |= self.changed(app)
            self._forget_what_is_gone(app)
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                self.after_loading = observed(app)

    def relabel(self, labels: dict[str, str]) -> None:
        """Enter the labels that a script has given to data when they came.

        Parameters
        ----------
        labels : dict of str to str
            By glue's identifier of each.
        """
        for entries in (self.loadings, self.made):
            for number, entry in enumerate(entries):
                if given := {uuid: labels.get(uuid, old) for uuid, old in entry.labels.items()}:
                    entries[number] = replace(entry, labels=given)

    def _forget_what_is_gone(self, app: Any) -> None:
        """Begin anew where nothing is left; what plugins are set to stays as it is."""
        there = {data.uuid for data in all_data(app)}
        if not any(there & entry.labels.keys() for entry in (*self.loadings, *self.made)):
            self.loadings.clear()
            self.made.clear()
            self.touched = {key for key in self.touched if key[0] == "plugin"}

    def changed(self, app: Any) -> set[tuple]:
        """Return the keys of what is not as loading has left it.

        Parameters
        ----------
        app : jdaviz helper, inner application or plugin
        """
        return self.changed_in(observed(app))

    def changed_in(self, now: dict[tuple, Any]) -> set[tuple]:
        """Return the same of an app that has been looked at.

        Parameters
        ----------
        now : dict
            What `observed` gave, or a part of it.
        """
        return self.touched | {
            key
            for key in now.keys() | self.after_loading.keys()
            if differs(now.get(key), self.after_loading.get(key))
        }

    @contextmanager
    def making(self, plugin: Any, method: str, args: tuple, kwargs: dict) -> Iterator[None]:
        """Add data within this, from a plugin of ours."""
        if self._depth:  # part of a loading, or of another method
            yield
            return
        settings = settings_of(plugin)
        before = {data.uuid: data.label for data in all_data(plugin)}
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
        new = {data.uuid: data.label for data in all_data(plugin) if data.uuid not in before}
        if new:
            named = {name for value in settings.values() for name in _texts(value)}
            inputs = {label: uuid for uuid, label in before.items() if label in named}
            label = plugin_label(plugin)
            self.made.append(Made(label, settings, method, args, kwargs, inputs, new))
            self._look_at_what_was_made(plugin, set(new.values()))

    def _look_at_what_was_made(self, app: Any, new: set[str]) -> None:
        """Take what making has left for what is known, as what loading has left."""
        now, known = observed(app), self.after_loading
        viewers = {key[1] for key in now if key[0] == "viewer" and key not in known}
        viewers = {label for label in viewers if set(now["viewer", label][1]) & new}
        for key, value in now.items():
            of_new_viewer = key[0] in OF_VIEWERS and key[1] in viewers
            of_new_layer = key[0] == "layer" and key[2] in new
            if of_new_viewer or of_new_layer:
                known[key] = value
            elif key[0] == "viewer" and key in known:
                kind, labels = value
                if (kind, tuple(label for label in labels if label not in new)) == known[key]:
                    known[key] = value


def _new_journal(app: Any) -> Journal:
    return Journal()


_of_app = one_for_each_app(_new_journal)


def journal_of(app: Any) -> Journal:
    """Return the journal of an app.

    Parameters
    ----------
    app : jdaviz helper, inner application or plugin

    Returns
    -------
    Journal
    """
    return _of_app(app)


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str)]


def called_by_sessions(method: Callable) -> Callable:
    """Decorate a method of a plugin that the scripts of sessions call; it writes no file.

    Parameters
    ----------
    method : callable
    """
    method.is_for_sessions = True
    return method


def is_called_by_sessions(method: Any) -> bool:
    """Return whether a method is one of those.

    Parameters
    ----------
    method : object
        What an attribute of a plugin's API is.
    """
    return getattr(method, "is_for_sessions", False) is True


def adding_to_app(
    method: Callable | None = None, *, as_if: Callable[..., tuple] | None = None
) -> Callable:
    """Decorate a method of a plugin that adds data to the app, so that a session can call it again.

    What it adds is known by that it was not there before.

    Parameters
    ----------
    method : callable
    as_if : callable, optional
        Called as the method is; returns the arguments with which a session is to call it, where
        those that are left out stand for what is clicked or marked, which no session restores.
    """
    if method is None:
        return functools.partial(adding_to_app, as_if=as_if)

    @called_by_sessions
    @functools.wraps(method)
    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        again = (args, kwargs) if as_if is None else (as_if(self, *args, **kwargs), {})
        with journal_of(self).making(self, method.__name__, *again):
            return method(self, *args, **kwargs)

    return noted
