"""Which of several reductions of the products counts, as a menu of the panel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...identity import named_folders
from .settings import ONE_REDUCTION

__all__ = ["ReductionChoice"]


class ReductionChoice:
    """The menu of reductions, by what tells their folders apart.

    Parameters
    ----------
    plugin : jdaviz plugin
        Whose control ``reduction`` is the menu.
    """

    def __init__(self, plugin: Any) -> None:
        self._plugin = plugin
        self._folders: dict[str, Path] = {}
        self._offering = False  # none is chosen meanwhile

    def offer(self, folders: Sequence[Path]) -> None:
        """Fill the menu; the first is the one that is shown.

        Parameters
        ----------
        folders : sequence of path
        """
        self._folders = named_folders(folders)
        self._offering = True
        try:
            menu = self._plugin.reduction
            menu.choices = sorted(self._folders) or [ONE_REDUCTION]
            menu.selected = next(iter(self._folders), ONE_REDUCTION)
        finally:
            self._offering = False

    @property
    def chosen(self) -> Path | None:
        """The folder of the one that a person has chosen; None while the menu is filled."""
        return None if self._offering else self._folders.get(self._plugin.reduction_selected)
