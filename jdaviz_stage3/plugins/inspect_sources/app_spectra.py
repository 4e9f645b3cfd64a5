"""The spectra of the app, and the sources of the index that they are of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glue.core.message import DataCollectionAddMessage

from ...identity import IndexedSources
from ...jdaviz_compat import (
    ChosenSpectra,
    all_data,
    glue_viewer,
    link_rows,
    links_rows,
    viewer_labels,
)
from ...origin import origin_of

__all__ = ["AppSpectra"]


class AppSpectra:
    """Follows the spectrum that is chosen in a legend; gives rows of the catalog their spectra.

    Parameters
    ----------
    plugin : jdaviz plugin
    select : callable
        Called with the label of the source whose spectrum was chosen.
    catalogs : callable
        Gives the labels of the index's catalog in the app.
    """

    def __init__(
        self, plugin: Any, select: Callable[[int | str], None], catalogs: Callable[[], list[str]]
    ) -> None:
        self._plugin = plugin
        self._select = select
        self._catalogs = catalogs
        self.sources: IndexedSources | None = None
        self._chosen = ChosenSpectra(plugin, self._follow)
        if links_rows(plugin):
            plugin.hub.subscribe(
                plugin, DataCollectionAddMessage, handler=lambda _: self.link_rows()
            )

    def source_of(self, data: Any) -> int | None:
        """Return where the source of data is in the index.

        Parameters
        ----------
        data : glue.core.Data

        Returns
        -------
        int or None
            None for what is of no source, or of no file of the index.
        """
        origin = origin_of(data)
        if self.sources is None or origin is None:
            return None
        return self.sources.owner_of(origin.stamp.path, data.meta.get("source_id"))

    def link_rows(self) -> None:
        """Let a row of the catalog that is chosen in its table show its spectra, in jdaviz 5.1.

        Only what is loaded counts; viewers are those that show spectra of sources now.
        """
        if self.sources is None or self.sources.catalog_table is None:
            return
        if not links_rows(self._plugin):
            return
        size = len(self.sources.catalog_table)
        owners = {data: self.source_of(data) for data in all_data(self._plugin)}
        owned = {data: place for data, place in owners.items() if place is not None}
        shown = {}
        for name in viewer_labels(self._plugin):
            here = [layer.layer for layer in glue_viewer(self._plugin, name).layers]
            kinds = {data.ndim for data in here if data in owned}
            rows: list[list[str]] = [[] for _ in range(size)]
            for data, place in owned.items():
                if data.ndim in kinds and place < size:
                    rows[place].append(data.label)
            if any(rows):
                shown[name] = rows
        for catalog in self._catalogs() if shown else []:
            link_rows(self._plugin, catalog, shown)

    def _follow(self, data: Any) -> None:
        place = self.source_of(data)
        if place is not None and self.sources is not None:
            self._select(self.sources.labels[place])
