"""Which folders a panel may list: on another's machine those that the app was given."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import Stage3Error
from ..jdaviz_compat import can_save_files

__all__ = ["OfferedFolders"]


class OfferedFolders:
    """The folders that one plugin may list.

    Parameters
    ----------
    plugin : jdaviz plugin
    name : str
        Of the plugin, for messages.

    Attributes
    ----------
    may_choose : bool
        Whether others may be listed than those that were offered: not on another's machine (the
        standalone app's ``--host``).
    """

    def __init__(self, plugin: Any, name: str):
        self.may_choose = can_save_files(plugin)
        self._name = name
        self._offered: set[str] = set()  # by the app or by Python, not by the browser

    def offer(self, folders: Iterable[str | os.PathLike]) -> str:
        """Let folders be listed.

        Parameters
        ----------
        folders : iterable of path-like

        Returns
        -------
        str
            What the field of the panel has for them.
        """
        given = os.pathsep.join(str(folder) for folder in folders)
        self._offered.add(given)
        return given

    def paths(self, given: str) -> list[str]:
        """Return the folders that a text names.

        Parameters
        ----------
        given : str
            Of the field.

        Returns
        -------
        list of str

        Raises
        ------
        Stage3Error
            If it is empty, or they may not be listed.
        """
        text = given.strip()
        if not text:
            raise Stage3Error(f"{self._name}: no folder is given; type its path")
        if not self.may_choose and given not in self._offered:
            raise Stage3Error(f"{self._name}: this app lists only the folders it was opened with")
        if given in self._offered and os.pathsep in text and not Path(text).exists():
            return text.split(os.pathsep)
        return [text]
