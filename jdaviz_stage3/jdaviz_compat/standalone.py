"""What the standalone server needs."""

from __future__ import annotations

import threading
from typing import Any

from .application import application
from .plain_text import show_tooltips_as_text

__all__ = ["end_messages", "hide_server_files", "register_vue_components", "renew_snackbar"]

# Seconds that a message stays, and how much longer the first one does, whose page is being drawn;
_SHORTEST, _PAGE = 0.5, 5.0  # both as jdaviz has them


def register_vue_components() -> None:
    """Register jdaviz's Vue components and layout widgets in the current solara kernel.

    Reason: jdaviz registers them when it is imported, and solara keeps one registry a kernel, so
    a second kernel would find none. ``jdaviz.solara`` does the same, but ends the process when a
    tab is closed. jdaviz 5.1: the same.
    """
    import ipygoldenlayout
    import ipysplitpanes
    import ipyvue
    import jdaviz
    from jdaviz.app import custom_components

    ipysplitpanes.SplitPanes()
    ipygoldenlayout.GoldenLayout()
    for name, path in custom_components.items():
        ipyvue.register_component_from_file(name, path, jdaviz.__file__)
    ipyvue.register_component_from_file("g-viewer-tab", "container.vue", jdaviz.__file__)
    show_tooltips_as_text()


def hide_server_files(keep: tuple[str, ...] = ("file drop",)) -> None:
    """Let every generalised app that this process makes from now on offer no file of the server.

    Reason: loaders and file choosers are made with the app, after its configuration is read, so a
    setting that is changed afterwards comes too late, and jdaviz has no argument for it
    (``App._default_configuration``). ``server_is_remote`` takes away the file choosers and saving
    on the server, ``disabled_loaders`` names the sources. jdaviz 5.1: the same.

    Parameters
    ----------
    keep : tuple of str
        The sources that stay, of those which jdaviz disables for a remote server.
    """
    from jdaviz import App
    from jdaviz.core.config import read_configuration

    remote = ("file", "file drop", "url", "object", "astroquery", "virtual observatory")
    configuration = read_configuration("deconfigged")
    configuration["settings"] |= {
        "server_is_remote": True,
        "disabled_loaders": [name for name in remote if name not in keep],
    }
    App._default_configuration = configuration


def renew_snackbar(app: Any) -> None:
    """Give an app an empty message queue of its own; what was in it stays in the app's log.

    Reason: ``ApplicationState.snackbar_queue`` is one object for all apps of a process, so with
    two tabs open the messages of one appear in the other; and there is no public way to drop
    messages that are out of date. jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper
    """
    state = application(app).state
    end_messages(app)
    state.snackbar_queue = _queue_that_ends()
    state.snackbar["show"] = False


def end_messages(app: Any) -> None:
    """Let no message of an app wait to be shown, or to be closed, any more.

    Parameters
    ----------
    app : jdaviz helper
    """
    queue = application(app).state.snackbar_queue
    queue.queue.clear()
    if hasattr(queue, "ended"):
        queue.ended.set()


def _queue_that_ends() -> Any:
    """A queue of messages whose threads do not outlive their app.

    Reason: in ``jdaviz.utils.SnackbarQueue`` a thread sleeps for each message until it is to be
    closed, up to 20 s for ours, and keeps the app and the kernel of its tab so long. Overridden:
    ``_write_message``. jdaviz 5.1: the same.
    """
    from jdaviz.utils import SnackbarQueue

    class QueueThatEnds(SnackbarQueue):
        def __init__(self) -> None:
            super().__init__()
            self.ended = threading.Event()

        def _write_message(self, state: Any, msg: Any) -> None:
            if msg.loading:  # stays until the next one
                super()._write_message(state, msg)
                return
            shown = {"text": msg.text, "color": msg.color, "timeout": 0, "loading": False}
            state.snackbar["show"] = False
            for name, value in shown.items():
                state.snackbar[name] = value
            state.snackbar["show"] = True
            seconds = max(_SHORTEST, msg.timeout / 1000) + (_PAGE if self.first else 0)
            self.first = False

            def close_later() -> None:
                if self.ended.wait(seconds):
                    return
                if state.snackbar["show"] and state.snackbar["text"] == msg.text:
                    self.close_current_message(state)

            threading.Thread(target=close_later, daemon=True).start()

    return QueueThatEnds()
