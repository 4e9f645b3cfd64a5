"""What the panels of our plugins have in common beside controls: documentation, saving, Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

from traitlets import Bool, HasTraits, Unicode

from ..errors import Stage3Error
from ..jdaviz_compat import can_save_files, set_description, show_message
from ..loaders.shown_warnings import warnings_shown

__all__ = ["SavingControls", "ShownPython", "describe", "do_as_asked", "working"]


def describe(plugin: Any, description: str, page: str) -> None:
    """Say what a panel is for, in the list of plugins and on top of it, and where to read on.

    Parameters
    ----------
    plugin : jdaviz plugin
    description : str
        One sentence.
    page : str
        The page of the documentation, without its file type.
    """
    set_description(plugin, description)
    plugin.docs_description = description
    documentation = _documentation()
    if documentation:
        plugin.docs_link = f"{documentation}{page}.html"


def do_as_asked(plugin: Any, method: Callable[[], Any]) -> str:
    """Do what a button of a panel asks for, and say in the app why it cannot be done.

    Parameters
    ----------
    plugin : plugin with `DeclaredControls`
        ``busy`` meanwhile.
    method : callable
        Warnings of ours that it gives are shown in the app, too.

    Returns
    -------
    str
        Why it could not be done; empty where it was.
    """
    try:
        with working(plugin), warnings_shown(plugin):
            method()
    except Stage3Error as err:
        show_message(plugin, str(err))
        return str(err)
    return ""


@contextmanager
def working(plugin: Any) -> Iterator[None]:
    """Let the panel show that it works: a line at its top, and buttons that spin.

    Parameters
    ----------
    plugin : plugin with `DeclaredControls`
        Its template has ``:spinner="busy"`` for the buttons.
    """
    before, plugin.busy = plugin.busy, True
    try:
        yield
    finally:
        plugin.busy = before


@cache
def _documentation() -> str:
    """The address of the documentation, as the package's metadata have it; empty if they do not."""
    urls = metadata("jdaviz_stage3").get_all("Project-URL") or ()
    found = dict(url.split(", ", 1) for url in urls)
    return found.get("Documentation", "")


class ShownPython(HasTraits):
    """The settings of a panel as Python code, for the part ``stage3-python``."""

    python_code = Unicode("").tag(sync=True)
    to_python: Callable[[], str]  # each plugin's own

    def vue_show_python(self, *_: Any) -> None:
        """Show the code that ``to_python`` gives."""

        def show() -> None:
            self.python_code = self.to_python()

        do_as_asked(self, show)


class SavingControls(ShownPython):
    """The fields for saving files, and the code that the settings are.

    Whether files may be saved at all is decided when the plugin is made and kept in Python alone:
    what is in a trait, the browser can change.
    """

    can_save = Bool(True).tag(sync=True)  # shows the fields, and no more than that
    export_name = Unicode("").tag(sync=True)
    export_overwrite = Bool(False).tag(sync=True)
    export_error = Unicode("").tag(sync=True)
    export_done = Unicode("").tag(sync=True)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        # not on another's machine: see the standalone app's --host
        self._may_save = self.can_save = can_save_files(self)

    def save_as_asked(self, save: Callable[..., Path], default_name: str, suffix: str) -> bool:
        """Save the file that the fields name, and say in them what has become of it.

        Parameters
        ----------
        save : callable
            Called with the name of the file and ``overwrite``.
        default_name : str
            The name where the field is empty, in words.
        suffix : str
            What the name is to end with, with its point.

        Returns
        -------
        bool
            Whether the file is saved.
        """
        self.export_error = self.export_done = ""
        if not self._may_save:
            return False
        name = self.export_name.strip()
        name = name or re.sub(r"[^\w.+-]+", "_", default_name).strip("_")
        try:
            path = save(
                name if name.endswith(suffix) else f"{name}{suffix}",
                overwrite=self.export_overwrite,
            )
        except Stage3Error as err:
            self.export_error = str(err)
            return False
        self.export_done = f"Saved {path.resolve()}"
        return True
