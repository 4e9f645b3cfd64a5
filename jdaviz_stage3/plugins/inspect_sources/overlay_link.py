"""The source that is shown, and the one that is selected in the overlay of its catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ...identity import IndexedSource, IndexedSources
from ...jdaviz_compat import all_data, application, catalogs_of
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
        self._joined: set[str] = set()
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

    def rows_in_table(self) -> np.ndarray | None:
        """Return the rows of the catalog as its table is sorted.

        Returns
        -------
        ndarray of int, shape (n,), or None
            None where no table of the catalog is open.
        """
        for label in self.labels_of_catalog():
            return self._overlay.rows_in_table(label)
        return None

    def join_others(self, sources: IndexedSources) -> bool:
        """Find the sources of the other catalogs of the app among those of the index.

        Parameters
        ----------
        sources : IndexedSources

        Returns
        -------
        bool
            Whether there are others than before.
        """
        own = set(self.labels_of_catalog())
        there = {data.label for data in catalogs_of(self._plugin)} - own
        before = set(self._joined)
        for label in before - there:
            sources.others.pop(label, None)
        for label in there - before:
            found = self._overlay.placed_catalog(label)
            if found is None:
                there.discard(label)
            else:
                sources.add_catalog(label, *found)
        self._joined = there
        return there != before

    def labels_of_catalog(self) -> list[str]:
        """The labels of the index's catalog in the app."""
        found = []
        for data in all_data(self._plugin):
            origin = origin_of(data)
            if origin is not None and Path(origin.path) == self.catalog:
                found.append(data.label)
        return found

    def begin(self, catalog: Path | None) -> None:
        """Follow another index.

        Parameters
        ----------
        catalog : path or None
            Of the index.
        """
        self.catalog = catalog
        self._joined = set()

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
