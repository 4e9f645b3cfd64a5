"""What browsers may do where the app runs on another's machine: nothing with the files there.

A browser is not bound to what the page offers. It can set every synchronised trait of every widget
of its app, displayed or not, send every event, and ask ipyvue and ipywidgets for new objects. So
messages are sorted out as they come, before a widget sees them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from ..errors import Stage3Error

__all__ = ["refuse_files_to_browsers"]

_log = logging.getLogger(__name__)

# Words of names, split at underscores, which have to do with the files of the server, or with
# whether it offers them.
_FILES = frozenset(
    "file files filename filepath path paths dir directory folder export save overwrite url uri "
    "server serverside settings".split()
)
# What a browser needs for files of its own: names of traits, by class.
_OF_THE_BROWSER = {"FileDropZone": {"file_info"}}
# What the headers of viewers call by the name of the method; there is no other guard on it.
_VIEWER_METHODS = frozenset({"_deprecated_data_menu", "prev_row", "next_row"})
# By which ipyvue lets a page make any Python object and call any method of a widget.
_MAKES_OBJECTS = frozenset({"create_widget", "update_ref", "destroy_widget"})


@cache
def _names_files(name: str) -> bool:
    """Whether a trait or an event of this name has to do with the files of the server."""
    return not _FILES.isdisjoint(name.lower().split("_"))


def refuse_files_to_browsers() -> None:
    """Let nothing that browsers send to this process from now on write or read a file of it.

    Reason: jdaviz decides about files in the page (``server_is_remote``, ``serverside_enabled``),
    and takes every file name from it. So no message reaches a widget that

    * sets a trait whose name has to do with files (`_names_files`), jdaviz's settings among them,
    * sends an event whose name has, or calls a method of a viewer that the page has no use for,
    * has ipyvue make an object or call a method, or ipywidgets make a widget: some write files,

    jdaviz's Export writes nothing, and its file choosers list nothing, which they do when they are
    made. jdaviz 5.1: the same.
    """
    from ipywidgets import Widget
    from jdaviz.configs.default.plugins.data_tools import file_chooser
    from jdaviz.configs.default.plugins.export.export import Export

    handle = Widget._handle_msg

    def handle_permitted(self: Any, msg: dict) -> None:
        permitted = _permitted(self, msg)
        if permitted is not None:
            handle(self, permitted)

    Widget._handle_msg = handle_permitted
    Widget.handle_comm_opened = staticmethod(_refuse_widget)
    Export.export = _refuse_export
    file_chooser.FileChooser = _no_file_chooser()


def _permitted(widget: Any, msg: dict) -> dict | None:
    """A message without what is refused of it; None if nothing is left."""
    data = msg["content"]["data"]
    if data.get("method") == "custom":
        if _is_harmless(data.get("content")):
            return msg
        _log.info("a message to %s is refused", type(widget).__name__)
        return None
    if data.get("method") != "update" or "state" not in data:
        return msg
    allowed = _OF_THE_BROWSER.get(type(widget).__name__, ())
    refused = [name for name in data["state"] if _names_files(name) and name not in allowed]
    if refused:
        _log.info("%s of %s stays as it is", ", ".join(refused), type(widget).__name__)
        widget.send_state([name for name in refused if name in widget.keys])  # for the page
    state = {name: value for name, value in data["state"].items() if name not in refused}
    if isinstance(state.get("state"), Mapping):
        state["state"] = _with_own_settings(widget, state["state"])
    sent = zip(data.get("buffer_paths", []), msg.get("buffers", []), strict=False)
    kept = [(path, buffer) for path, buffer in sent if path[0] in state]
    data = {**data, "state": state, "buffer_paths": [path for path, _ in kept]}
    buffers = [buffer for _, buffer in kept]
    return {**msg, "content": {**msg["content"], "data": data}, "buffers": buffers}


def _with_own_settings(widget: Any, state: Mapping[str, Any]) -> dict[str, Any]:
    """The state of an app as the page sends it, which is whole, with what is refused as it is."""
    kept = {name: value for name, value in state.items() if not _names_files(name)}
    if len(kept) < len(state):
        own = widget.trait_metadata("state", "to_json")(widget.state, widget)
        kept |= {name: own[name] for name in state.keys() - kept if name in own}
    return kept


def _is_harmless(content: Any) -> bool:
    """Whether what a page sends to a widget, other than traits, may reach it."""
    if not isinstance(content, Mapping):
        return True
    if not _MAKES_OBJECTS.isdisjoint(content):
        return False
    event = content.get("event")
    if event == "call_viewer_method":
        data = content.get("data")
        return isinstance(data, Mapping) and data.get("method") in _VIEWER_METHODS
    return not (isinstance(event, str) and _names_files(event))


def _refuse_widget(comm: Any, msg: dict) -> None:
    """Make no widget that a page asks for: jdaviz's page asks for none."""
    _log.info("a widget of the page's own is refused")
    comm.close()


def _refuse_export(self: Any, *_: Any, **__: Any) -> None:
    raise Stage3Error("the app runs on another machine: files cannot be saved there")


def _no_file_chooser() -> type:
    """A class in place of jdaviz's file chooser, which offers no file."""
    from ipywidgets import VBox
    from traitlets import Unicode

    class NoFileChooser(VBox):
        file_path = Unicode("")

        def __init__(self, *_: Any, **__: Any):
            super().__init__()

    return NoFileChooser
