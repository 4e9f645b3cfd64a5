"""The tray plugin that looks at one source after the other."""

from __future__ import annotations

import math
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from jdaviz.core.registries import tray_registry
from jdaviz.core.template_mixin import PluginTemplateMixin
from jdaviz.core.user_api import PluginUserApi
from traitlets import Bool, Int, List, Unicode, observe

from ...errors import Stage3Error, Stage3Warning
from ...identity import IndexedSource, IndexedSources, InspectionTable, index_sources
from ...jdaviz_compat import all_data
from ...origin import origin_of
from ...viewers.keys import keyboard
from ...viewers.spectral_lines import rest_lines
from ..offered_folders import OfferedFolders
from ..panel import ShownPython, describe
from ..products.messages import FoldersOpenedMessage
from .app_spectra import AppSpectra
from .found_fields import FoundFields
from .in_python import as_python
from .inspection_keys import INSPECTION_KEYS, InspectionKeys
from .overlay_link import OverlayLink
from .reduction_choice import ReductionChoice
from .settings import NO_LINES, InspectPanel
from .shown_source import ShownSource
from .stepping import (
    TABLE_ORDER,
    said_of_filters,
    said_of_order,
    sortable_columns,
    stepped_through,
)

__all__ = ["InspectSources"]

_NAME = "Inspect Sources"


@tray_registry("stage3-inspect-sources", label=_NAME, category="data:analysis")
class InspectSources(FoundFields, ShownPython, InspectPanel, PluginTemplateMixin):
    """One source after the other: its pictures and spectra, and what you find.

    Only the following attributes and methods are available through the public plugin API:

    {controls}
    * :meth:`find_sources`: find the sources of a folder
    * ``sources``: the index of them, as `jdaviz_stage3.index_sources` gives it (read only)
    * ``source``: the one that is shown (read only)
    * :meth:`select`: show the source with a label
    * :meth:`next`, :meth:`previous`: show the one after it, or before it
    * :meth:`record`: keep what was found of the source that is shown
    * ``table``: what was found, one row a source (read only)
    * ``saved_to``: the file that it is in (read only)
    * :meth:`to_python`: the same as Python code
    * :meth:`merge`: take over what somebody else has found, and list disagreements
    """

    template_file = __file__, "inspect_sources.vue"
    viewer_keys = INSPECTION_KEYS
    uses_active_status = Bool(True).tag(sync=True)
    in_sessions = False  # what was found is in its own file

    may_choose = Bool(True).tag(sync=True)  # shows the field, and no more than that
    indexing = Bool(False).tag(sync=True)
    summary_text = Unicode().tag(sync=True)
    notes = List().tag(sync=True)
    filter_text = Unicode().tag(sync=True)
    order_text = Unicode().tag(sync=True)
    n_shown = Int(0).tag(sync=True)
    place = Int(0).tag(sync=True)  # from 1; 0 where the source is not among those stepped through
    source_items = List().tag(sync=True)

    def __init__(self, *args: Any, **kwargs: Any):
        self._order: np.ndarray = np.zeros(0, int)
        self._unsaved: dict[Path, InspectionTable] = {}
        self._asked = False  # for another reduction than the newest
        self._side = 3.0  # of the pictures, arcsec
        self._reductions = ReductionChoice(self)
        self._keys = InspectionKeys(self)
        self._shown = ShownSource(self, self._shift, self._listen)
        super().__init__(*args, **kwargs)
        describe(self, "Look at one source after the other, and keep what you find.", "sources")
        self.make_selections()
        self._folders = OfferedFolders(self, _NAME)
        self.may_choose = self._folders.may_choose
        self.hub.subscribe(self, FoldersOpenedMessage, handler=self._take_folders)
        self._overlay = OverlayLink(self, self._follow, self._refilter)
        self._spectra = AppSpectra(self, self._follow, self._overlay.labels_of_catalog)

    @property
    def user_api(self) -> PluginUserApi:
        return PluginUserApi(
            self,
            expose=(
                *self.control_names(), "find_sources", "select", "next", "previous", "record",
                "merge", "to_python",
            ),
            readonly=("sources", "source", "table", "saved_to", "problem"),
        )  # fmt: skip

    # ---- the sources ----

    def _take_folders(self, message: FoldersOpenedMessage) -> None:
        self.folder = self._folders.offer(message.folders)

    @property
    def own_viewers(self) -> list[str]:
        """The label of the viewer that it opens to draw in, if there is one now."""
        return [viewer.reference for viewer in self._shown.viewers]

    @observe("is_active")
    def _propose_folder(self, *_: Any) -> None:
        """Offer the folder of what is loaded."""
        if not self.is_active or self.folder:
            return
        origins = [origin_of(data) for data in all_data(self)]
        folders = {os.path.dirname(os.path.abspath(o.path)) for o in origins if o is not None}
        if folders:
            self.folder = self._folders.offer(sorted(folders))

    def find_sources(
        self,
        folder: str | os.PathLike | None = None,
        path: str | os.PathLike | None = None,
        label: int | str | None = None,
    ) -> IndexedSources:
        """Find the sources of a folder, and show the first.

        Parameters
        ----------
        folder : path-like, optional
            A folder or an asn.json; by default that of the panel.
        path : path-like, optional
            The file of what is found; by default ``<root>_inspection.ecsv`` beside the catalog.
        label : int or str, optional
            Of the source that is shown instead of the first.

        Returns
        -------
        IndexedSources

        Raises
        ------
        Stage3Error
            If there are no sources, none of the label, or the file is an inspection of others; what
            was shown stays.
        """
        if folder is not None:
            self.folder = self._folders.offer([folder])
        return self._find(path, label)

    def _find(
        self,
        path: str | os.PathLike | None = None,
        label: int | str | None = None,
        reduction: Path | None = None,
    ) -> IndexedSources:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", Stage3Warning)
            sources = index_sources(*self._folders.paths(self.folder), reduction=reduction)
        first = None if label is None else sources.place_of(label)
        inspections = InspectionTable(
            sources, path, inspector=self.inspector.strip() or None,
            on_disk=self._folders.may_choose,
        )  # fmt: skip
        if inspections.path is None:  # what was found before is nowhere else
            key = sources.catalog or sources.rows.products[0].path
            if key in self._unsaved:
                inspections.resume(self._unsaved[key])
            self._unsaved[key] = inspections
        self.sources, self._inspections = sources, inspections
        self._asked = reduction is not None
        self.source, self.label_text = None, ""  # one of the sources before
        self._overlay.begin(sources.catalog)
        self._overlay.join_others(sources)
        self._spectra.sources = sources
        self._spectra.link_rows()
        said = [str(one.message) for one in caught if issubclass(one.category, Stage3Warning)]
        self.notes = list(dict.fromkeys([*said, *inspections.notes]))
        self.inspector = inspections.inspector
        self.saved_to = "" if inspections.path is None else str(inspections.path)
        self._reductions.offer(sources.reductions)
        self.order_by.choices = sortable_columns(sources)
        self.source_items = [str(label) for label in sources.labels]
        some = int(np.unique(sources.rows.source).size)
        catalog = f" of {sources.catalog.name}" if sources.catalog else ""
        several = "" if len(sources) == 1 else "s"
        self.summary_text = f"{len(sources)} source{several}{catalog}, {some} with spectra."
        if some and self.only_selected == "all" and some < len(sources):
            self.only.selected = "with spectra"
        self._reorder()
        if not self._order.size:
            self.only.selected = "all"
        if first is not None or self._order.size:
            self._show(int(self._order[0]) if first is None else first)
        return sources

    @observe("reduction_selected")
    def _reduce(self, *_: Any) -> None:
        folder = self._reductions.chosen
        if folder is None or self.sources is None:
            return
        label = None if self.source is None else self.source.label
        with self.in_words():
            self._find(reduction=folder)
            if label in self._required().labels:
                self.select(label)
        if self.problem:  # the field says which one is shown
            self._reductions.offer(self._required().reductions)

    @observe("order_by_selected", "descending", "only_selected", "filtered")
    def _reorder(self, *_: Any) -> None:
        if self.sources is None or self._inspections is None:
            return
        passing, in_table = self._overlay.passing(), self._overlay.rows_in_table()
        self.filter_text = said_of_filters(passing)
        self.order_text = said_of_order(self.order_by_selected, in_table)
        self._order = stepped_through(
            self.sources, self._inspections, self.order_by_selected, self.descending,
            self.only_selected, passing if self.filtered else None, in_table,
        )  # fmt: skip
        self.n_shown = int(self._order.size)
        self._count()

    def _refilter(self) -> None:
        """Other sources pass the filters of the overlay, or other catalogs are there."""
        if self.sources is not None and self._overlay.join_others(self.sources):
            if self.source is not None:
                self.source = self.sources.labelled(self.source.label)
                self._draw()
        if self.filtered or self.filter_text:
            self._reorder()

    def _count(self) -> None:
        """Say the how-many-th the source is."""
        here = -1 if self.source is None else self._required().place_of(self.source.label)
        found = np.flatnonzero(self._order == here)
        self.place = int(found[0]) + 1 if found.size else 0

    def _required(self) -> IndexedSources:
        if self.sources is None:
            raise Stage3Error(f"{_NAME}: no sources yet; call find_sources(folder) first")
        return self.sources

    def select(self, label: int | str) -> IndexedSource:
        """Show a source.

        Parameters
        ----------
        label : int or str

        Returns
        -------
        IndexedSource

        Raises
        ------
        Stage3Error
            If there is none of this label.
        """
        return self._show(self._required().place_of(label))

    def next(self) -> IndexedSource:
        """Show the next source; after the last the first.

        Returns
        -------
        IndexedSource
        """
        return self._step(1)

    def previous(self) -> IndexedSource:
        """Show the source before; before the first the last.

        Returns
        -------
        IndexedSource
        """
        return self._step(-1)

    def _step(self, step: int) -> IndexedSource:
        sources = self._required()
        if self.order_by_selected == TABLE_ORDER:  # it is sorted in the browser at any time
            self._reorder()
        if not self._order.size:
            wanted = "there" if self.only_selected == "all" else self.only_selected
            passes = " and passes the filters of Catalog Overlay" if self.filtered else ""
            raise Stage3Error(f"{_NAME}: no source is {wanted}{passes}")
        here = -1 if self.source is None else sources.place_of(self.source.label)
        found = np.flatnonzero(self._order == here)
        if found.size:
            place = (int(found[0]) + step) % self._order.size
        else:
            place = 0 if step > 0 else self._order.size - 1
        return self._show(int(self._order[place]))

    # ---- what is shown ----

    def _show(self, place: int) -> IndexedSource:
        source = self._required()[place]
        # first what keys and fields are for: who sees the next source does not flag the one before
        self.source = source
        self.label_text = str(source.label)
        self._count()
        self.fill_fields(source)
        self._draw()
        self._overlay.tell(source)
        return source

    @observe("is_active")
    def _listen(self, *_: Any) -> None:
        viewers = self._shown.viewers if self.is_active else []
        keyboard(self).listen(self._keys, self.viewer_keys, viewers)

    @observe("size", "exposures")
    def _draw(self, *_: Any) -> None:
        if self.source is None:
            return
        if isinstance(self.size, float | int) and self.size > 0:  # else the field is being typed in
            self._side = float(self.size)
        self._shown.show(self.source, self._side, self.exposures)
        self._draw_lines()

    @observe("line_list_selected", "redshift")
    def _draw_lines(self, *_: Any) -> None:
        if self.source is None:
            return
        lines = None if self.line_list_selected == NO_LINES else rest_lines(self.line_list_selected)
        self._shown.show_lines(lines, _number(self.redshift))

    def _shift(self, redshift: float, over: bool) -> None:
        """Take the redshift to which lines were dragged; it is kept when the drag is over."""
        with self.not_kept():
            self.redshift = redshift
        if over:
            self.keep("redshift")

    def _follow(self, label: int | str) -> None:
        """Show the source that was selected elsewhere."""
        if self.source is None or self.source.label != label:
            with self.in_words():
                self.select(label)

    def to_python(self) -> str:
        """Return what is shown, and in which order, as Python code.

        Returns
        -------
        str
        """
        return as_python(self, self.reduction_selected if self._asked else None)

    # ---- from the panel ----

    def vue_find(self, *_: Any) -> None:
        """Find the sources of the folder in the field."""
        self.indexing = True
        try:
            with self.in_words():
                self._find()
        finally:
            self.indexing = False

    def vue_step(self, step: int) -> None:
        """Show the next source, or the one before."""
        with self.in_words():
            self._step(1 if step > 0 else -1)

    def vue_show_label(self, text: str) -> None:
        """Show the source whose label was chosen."""
        with self.in_words():
            sources = self._required()
            known = {str(label): label for label in sources.labels}
            self.select(known.get(text, text))


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
