"""One line in a viewer that says what can be done there, until it has been done once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from ipyvuetify import VuetifyTemplate
from traitlets import Unicode

from ..jdaviz_compat import lay_over_figure

__all__ = ["Hints", "ViewerHint"]


class ViewerHint(VuetifyTemplate):
    """The line over the figure of one viewer.

    Attributes
    ----------
    text : str
        Empty for none.
    """

    template_file = __file__, "hints.vue"

    menu = Unicode().tag(sync=True)  # what was in its place, which it draws: see lay_over_figure
    text = Unicode().tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.on_dismiss: Callable[[], None] = lambda: None

    def vue_dismiss(self, *_: Any) -> None:
        """Take it away, at the person's wish."""
        self.on_dismiss()


_of_viewer: WeakKeyDictionary[Any, ViewerHint] = WeakKeyDictionary()


class Hints:
    """What a plugin has to say in viewers; each hint until it was followed or dismissed."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._shown: WeakKeyDictionary[Any, str] = WeakKeyDictionary()

    def show(self, wanted: dict[Any, tuple[str, str]]) -> None:
        """Show these hints and no others.

        Parameters
        ----------
        wanted : dict
            By (glue) viewer the name of the hint and its text.
        """
        wanted = {viewer: hint for viewer, hint in wanted.items() if hint[0] not in self._known}
        for viewer in [viewer for viewer in self._shown if viewer not in wanted]:
            self._shown.pop(viewer)
            _of_viewer[viewer].text = ""
        for viewer, (name, text) in wanted.items():
            line = _over(viewer)
            if line is not None:
                self._shown[viewer] = name
                line.text = text
                line.on_dismiss = lambda name=name: self.is_known(name)

    def is_known(self, name: str) -> None:
        """Take a hint away for good: somebody has done what it says, or has dismissed it."""
        self._known.add(name)
        for viewer in [viewer for viewer, shown in self._shown.items() if shown == name]:
            self._shown.pop(viewer)
            _of_viewer[viewer].text = ""


def _over(viewer: Any) -> ViewerHint | None:
    """The line of a viewer, None where it has no window."""
    if viewer not in _of_viewer:
        line = ViewerHint()
        if not lay_over_figure(viewer, line):
            line.close()
            return None
        _of_viewer[viewer] = line
    return _of_viewer[viewer]
