"""The event by which other plugins learn which sources are selected."""

from __future__ import annotations

import numpy as np
from glue.core.message import Message

__all__ = ["SourceSelectionMessage"]


class SourceSelectionMessage(Message):
    """Sent over the app's hub when the selection of sources changes.

    Parameters
    ----------
    sender : CatalogOverlay
    catalog : str
        Label of the catalog in the app.
    labels : list
        Labels of the selected sources, empty if none is.
    rows : ndarray of int
        Their rows in the catalog.

    Examples
    --------
    >>> hub.subscribe(self, SourceSelectionMessage, handler=self.on_selection)   # doctest: +SKIP
    """

    def __init__(self, sender, catalog: str, labels: list, rows: np.ndarray):
        super().__init__(sender)
        self.catalog = catalog
        self.labels = labels
        self.rows = rows
