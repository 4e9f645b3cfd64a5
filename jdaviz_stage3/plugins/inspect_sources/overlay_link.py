"""The source that is shown, and the one that is selected in the overlay of its catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...identity import IndexedSource
from ...jdaviz_compat import all_data, application
from ...origin import origin_of
from ..catalog_overlay import SourceSelectionMessage

__all__ = ["OverlayLink"]


class OverlayLink:
    """Has either follow the other.

    Parameters
    ----------
    plugin : jdaviz plugin
    select : callable
        Called with the label that was selected in the overlay of `catalog`.
    """

    def __init__(self, plugin: Any, select: Callable[[int | str], None]) -> None:
        self.catalog: Path | None = None  # of the index
        self._plugin = plugin
        self._select = select
        self._following = True
        plugin.hub.subscribe(plugin, SourceSelectionMessage, handler=self._follow)

    def tell(self, source: IndexedSource) -> None:
        """Select a source in the overlay, if its catalog is loaded.

        Parameters
        ----------
        source : IndexedSource
        """
        if source.catalog is None or not self._following or not self._labels_of_catalog():
            return
        overlay = application(self._plugin).get_tray_item_from_name("stage3-catalog-overlay")
        with self._alone():
            overlay.select(source.label)

    def _labels_of_catalog(self) -> list[str]:
        """The labels of the index's catalog in the app."""
        found = []
        for data in all_data(self._plugin):
            origin = origin_of(data)
            if origin is not None and Path(origin.path) == self.catalog:
                found.append(data.label)
        return found

    def _follow(self, message: SourceSelectionMessage) -> None:
        alone = len(message.labels) == 1
        if alone and self._following and message.catalog in self._labels_of_catalog():
            with self._alone():
                self._select(message.labels[0])

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Neither follows the other's answer."""
        self._following = False
        try:
            yield
        finally:
            self._following = True
