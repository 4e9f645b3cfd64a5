"""Layers that somebody chooses in a viewer's legend, and rows of catalogs that drive viewers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakSet

from .application import application
from .spectra import is_spectrum_viewer

__all__ = ["ChosenSpectra", "link_rows", "links_rows"]


class ChosenSpectra:
    """Tells which spectrum is chosen in the legend (the data menu) of any 1-D spectrum viewer.

    Reason: the menu is private, and no message says what is chosen in it. jdaviz 5.1: the same.

    Parameters
    ----------
    plugin : jdaviz plugin
    chosen : callable
        Called with glue data, where one alone is chosen.
    """

    def __init__(self, plugin: Any, chosen: Callable[[Any], None]) -> None:
        from jdaviz.core.events import ViewerAddedMessage

        self._inner = application(plugin)
        self._chosen = chosen
        # menus, for a viewer's name is given again after it was closed
        self._followed: WeakSet[Any] = WeakSet()
        plugin.hub.subscribe(plugin, ViewerAddedMessage, handler=lambda _: self.follow())
        self.follow()

    def follow(self) -> None:
        """Listen in the viewers that there are now."""
        for viewer in self._inner._viewer_store.values():
            if is_spectrum_viewer(viewer) and viewer._data_menu not in self._followed:
                self._followed.add(viewer._data_menu)
                viewer._data_menu.observe(
                    lambda change, viewer=viewer: self._tell(viewer, change["new"]),
                    names=["layer_selected"],
                )

    def _tell(self, viewer: Any, labels: str | list[str]) -> None:
        labels = [labels] if isinstance(labels, str) else labels
        if len(labels) != 1:
            return
        for layer in viewer.layers:
            if layer.layer.label == labels[0]:
                self._chosen(layer.layer)
                return


def links_rows(app: Any) -> bool:
    """Whether rows of catalogs can drive viewers.

    Reason: jdaviz 5.1 has it (``set_viewer_data_columns``, public); 5.0 has not.
    """
    return hasattr(application(app)._jdaviz_helper, "set_viewer_data_columns")


def link_rows(app: Any, catalog: str, shown: Mapping[str, Sequence[Sequence[str]]]) -> None:
    """Say which data viewers show when a row of a catalog is chosen in its table.

    Reason: the app's public helper is not among what a plugin is given. jdaviz 5.1: public.

    Parameters
    ----------
    app : jdaviz application
        One in which `links_rows`.
    catalog : str
        Its label.
    shown : mapping of str to sequence
        For each viewer's label a list for each row, of the labels of data.
    """
    application(app)._jdaviz_helper.set_viewer_data_columns(catalog, dict(shown))
