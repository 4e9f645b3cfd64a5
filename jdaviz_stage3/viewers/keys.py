"""What keys do in viewers: who listens where, and one listener in the page for all of them.

glue's own events would do for one key, but they take every key that is pressed over a figure from
the browser, whichever it is. Here a key counts if somebody listens to it in the viewer that has the
focus, by the mouse or by Tab, and nobody types there; all others are jdaviz's and the browser's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, ref

from ipyvuetify import VuetifyTemplate
from traitlets import Dict, Int

from ..jdaviz_compat import draw_unseen, one_for_each_app
from .window_keys import WindowKeys, window_keys

__all__ = ["BACKWARD", "FORWARD", "Key", "Keyboard", "keyboard"]

FORWARD = ("ArrowRight", "ArrowDown")
BACKWARD = ("ArrowLeft", "ArrowUp")
_WRITTEN = {
    "ArrowRight": "→", "ArrowDown": "↓", "ArrowLeft": "←", "ArrowUp": "↑", "Escape": "Esc",
}  # fmt: skip


@dataclass(frozen=True)
class Key:
    """What a key does.

    Attributes
    ----------
    names : tuple of str
        As the browser calls it, ``'ArrowRight'``; several do the same.
    meaning : str
        A few words for people.
    method : str
        Of who listens; called with the label of the viewer. Where it returns False, it had nothing
        to do, and the key is another's.
    named : bool
        Whether the method is called with the name of the key, too.
    """

    names: tuple[str, ...]
    meaning: str
    method: str
    named: bool = False

    @property
    def line(self) -> str:
        """For a list of keys: ``'→ ↓  next source'``."""
        return f"{' '.join(_WRITTEN.get(name, name) for name in self.names)}  {self.meaning}"


class Keyboard(VuetifyTemplate):
    """The keys of an app: see `keyboard`.

    Attributes
    ----------
    bound : dict
        For each viewer, by its label, the keys that somebody listens to there, with their meaning.
    answered : int
        How many messages of the page are done with; it sends the next one only then, so that a key
        that is held down leaves no queue behind.
    """

    template_file = __file__, "keys.vue"

    bound = Dict().tag(sync=True)
    answered = Int(0).tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self._listeners: dict[Any, tuple[Sequence[Key], tuple[str, ...]]] = {}
        self._windows: WeakKeyDictionary[Any, WindowKeys] = WeakKeyDictionary()

    def listen(self, listener: Any, keys: Sequence[Key], viewers: Iterable[Any]) -> None:
        """Let keys in some viewers be a listener's, and in no others.

        Parameters
        ----------
        listener : object
            With the methods that the keys name.
        keys : sequence of Key
        viewers : iterable of glue viewers
            None: it listens no longer. Who has begun last comes first.
        """
        named = [viewer for viewer in viewers if _label_of(viewer)]
        labels = tuple(dict.fromkeys(map(_label_of, named)))
        if labels:
            self._listeners[listener] = (keys, labels)
        else:
            self._listeners.pop(listener, None)
        bound: dict[str, dict[str, str]] = {}
        for known, where in self._listeners.values():
            for label in where:
                there = bound.setdefault(label, {})
                there |= {name: key.meaning for key in known for name in key.names}
        for viewer in named:
            if viewer not in self._windows:
                listens = window_keys(viewer, partial(self._press_in, ref(viewer)))
                if listens is not None:
                    self._windows[viewer] = listens
        if bound != self.bound:
            self.bound = bound
            for viewer, listens in self._windows.items():
                listens.bound = bound.get(_label_of(viewer), {})

    def _press_in(self, viewer: ref, name: str) -> None:
        """Do what a key does in a viewer that has a window of its own."""
        self.press(name, _label_of(viewer()))

    def press(self, name: str, viewer: str) -> bool:
        """Do what a key does in a viewer.

        Parameters
        ----------
        name : str
        viewer : str
            Its label.

        Returns
        -------
        bool
            Whether anybody had something to do.
        """
        for listener, (keys, labels) in reversed(list(self._listeners.items())):
            found = next((key for key in keys if name in key.names), None)
            if viewer in labels and found is not None:
                told = (viewer, name) if found.named else (viewer,)
                if getattr(listener, found.method)(*told) is not False:
                    return True
        return False

    def vue_press(self, asked: dict) -> None:
        """Do what was pressed in the page."""
        try:
            for name in asked.get("keys", ()):
                self.press(str(name), str(asked.get("viewer")))
        finally:
            self.answered += 1


def _label_of(viewer: Any) -> str:
    """The label of a viewer; empty where it is none of jdaviz's, or was removed."""
    return getattr(viewer, "reference", "")


def _made(app: Any) -> Keyboard:
    made = Keyboard()
    draw_unseen(app, made)
    return made


#: The keyboard of an app (helper, inner application, plugin or importer): there is one.
keyboard = one_for_each_app(_made)
