"""Widgets that nobody sees: their state is not written for a front end that is not there.

Each widget of an app writes its whole state as it is made, and what changes with each change: a
tenth of what a test with an app takes. Those of notebooks and of the standalone app, which are in
processes of their own, do so still.
"""

from __future__ import annotations

from comm import DummyComm
from ipywidgets import Widget

__all__ = ["write_no_states"]


class _Nobody(DummyComm):
    """The end of a connection that leads nowhere."""

    kernel = None  # by which ipywidgets knows that there is nobody to tell


def write_no_states() -> None:
    """Let the widgets that this process makes have nobody to tell."""

    def open(self: Widget) -> None:
        if self.comm is None:
            known = {} if self._model_id is None else {"comm_id": self._model_id}
            self.comm = _Nobody(target_name="jupyter.widget", **known)

    Widget.open = open
