"""How the plugin learns which folders an app has been given."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glue.core.message import Message

from ...jdaviz_compat import application, broadcast

__all__ = ["FoldersOpenedMessage", "tell_of_folders"]


class FoldersOpenedMessage(Message):
    """Sent over the app's hub when products are loaded from folders or associations.

    Parameters
    ----------
    sender : object
    folders : tuple of path
        Folders, and asn.json files.
    """

    def __init__(self, sender: Any, folders: tuple[Path, ...]):
        super().__init__(sender)
        self.folders = folders


def tell_of_folders(app: Any, paths: Sequence[str | os.PathLike]) -> None:
    """Say in an app which folders and associations it was given.

    Parameters
    ----------
    app : jdaviz helper or inner application
    paths : sequence of path-like
        Files among them are left out.
    """
    absolute = [Path(path).expanduser().absolute() for path in paths]
    folders = [path for path in absolute if os.path.isdir(path) or path.suffix == ".json"]
    if folders:
        broadcast(app, FoldersOpenedMessage(application(app), tuple(folders)))
