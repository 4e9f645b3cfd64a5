"""The source that is shown, and the one that is selected in the overlay of its catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ...identity import IndexedSource
from ...jdaviz_compat import all_data, application
from ...origin import origin_of
from ..catalog_overlay import SourceFilterMessage, SourceSelectionMessage

__all__ = ["OverlayLink"]


class OverlayLink:
    """Has either follow the other.

    Parameters
    ----------
    plugin : jdaviz plugin
    select : callable
        Called with the label that was selected in the overlay of `catalog`.
    refilter : callable
        Called when other sources pass the filters of that overlay.
    """

    def __init__(
        self, plugin: Any, select: Callable[[int | str], None], refilter: Callable[[], None]
    ) -> None:
        self.catalog: Path | None = None  # of the index
        self._plugin = plugin
        self._select = select
        self._following = True
        plugin.hub.subscribe(plugin, SourceSelectionMessage, handler=self._follow)
        plugin.hub.subscribe(plugin, SourceFilterMessage, handler=lambda _: refilter())

    def tell(self, source: IndexedSource) -> None:
        """Select a source in the overlay, if its catalog is loaded.

        Parameters
        ----------
        source : IndexedSource
        """
        if source.catalog is None or not self._following or not self.labels_of_catalog():
            return
        with self.alone():
            self._overlay.select(source.label)

    def passing(self) -> np.ndarray | None:
        """Return which rows of the catalog pass the filters of the overlay.

        Returns
        -------
        ndarray of bool, shape (n,), or None
            None where the catalog is not loaded.
        """
        for label in self.labels_of_catalog():
            return self._overlay.passing(label)
        return None

    def labels_of_catalog(self) -> list[str]:
        """The labels of the index's catalog in the app."""
        found = []
        for data in all_data(self._plugin):
            origin = origin_of(data)
            if origin is not None and Path(origin.path) == self.catalog:
                found.append(data.label)
        return found

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Neither follows the other's answer."""
        self._following = False
        try:
            yield
        finally:
            self._following = True

    @property
    def _overlay(self) -> Any:
        return application(self._plugin).get_tray_item_from_name("stage3-catalog-overlay")

    def _follow(self, message: SourceSelectionMessage) -> None:
        alone = len(message.labels) == 1
        if alone and self._following and message.catalog in self.labels_of_catalog():
            with self.alone():
                self._select(message.labels[0])
