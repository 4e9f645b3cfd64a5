"""The keys of one viewer in a window of its own, where the listener of the page does not reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ipyvuetify import VuetifyTemplate
from traitlets import Dict, Int, Unicode

from ..jdaviz_compat import lay_over_figure

__all__ = ["WindowKeys", "window_keys"]


class WindowKeys(VuetifyTemplate):
    """Listens in the window of a viewer while that has been popped out of the app's page.

    Parameters
    ----------
    pressed : callable
        Called with the name of a key.

    Attributes
    ----------
    bound : dict
        The keys that somebody listens to in this viewer, with their meaning.
    answered : int
        How many messages of the page are done with.
    """

    template_file = __file__, "window_keys.vue"

    menu = Unicode().tag(sync=True)  # what was in its place, which it draws: see lay_over_figure
    bound = Dict().tag(sync=True)
    answered = Int(0).tag(sync=True)

    def __init__(self, pressed: Callable[[str], object]):
        super().__init__()
        self._pressed = pressed

    def vue_press(self, name: str) -> None:
        """Do what was pressed in the window."""
        try:
            if name in self.bound:
                self._pressed(name)
        finally:
            self.answered += 1


def window_keys(viewer: Any, pressed: Callable[[str], object]) -> WindowKeys | None:
    """Return what listens in the window of a viewer, None where that has none.

    Parameters
    ----------
    viewer : glue viewer
    pressed : callable
        See `WindowKeys`.
    """
    made = WindowKeys(pressed)
    if lay_over_figure(viewer, made):
        return made
    made.close()
    return None
