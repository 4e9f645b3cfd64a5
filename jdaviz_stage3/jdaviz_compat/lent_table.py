"""A table viewer that is lent to a plugin for selecting rows, and given back to jdaviz's tools."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from ipywidgets import widget_serialization

from .table_columns import TableColumns
from .tables import rows_as_sorted

__all__ = ["LentTable"]

# What makes a clicked cell select its row, and keeps a click on a checkbox from selecting it, too.
_CELL = re.compile(r'(@click\.stop="selectCell\([^"]*)"')
_CHECKBOX = re.compile(r'(<td\b[^>]*\bv-if="selection_enabled")')

# What brings the highlighted row into the part of the page that is seen, in jdaviz's component,
# which watches nothing itself.
_SCRIPT = re.compile(r"module\.exports = \{")
_SCROLL = """
  watch: {
    highlighted() { this.$nextTick(this.stage3_show_row); },
    items() { this.$nextTick(this.stage3_show_row); },
  },
  created() {
    this.stage3_show_row = () => {
      const row = this.$el.querySelector('.highlightedRow');
      let box = row;
      while (box && !(box.scrollHeight > box.clientHeight + 1
          && ['auto', 'scroll'].includes(getComputedStyle(box).overflowY))) box = box.parentElement;
      if (!box) return;
      const head = this.$el.querySelector('thead').offsetHeight;
      const [at, seen] = [row.getBoundingClientRect(), box.getBoundingClientRect()];
      if (at.top < seen.top + head) box.scrollTop -= seen.top + head - at.top;
      else if (at.bottom > seen.bottom) box.scrollTop += at.bottom - seen.bottom;
    };
  },"""
_PREFIX = len("IPY_MODEL_")


class LentTable:
    """Shows checkboxes in a table viewer, and tells which rows are checked or clicked.

    Reason: jdaviz's tools (*Highlight selected*, *Zoom to selected*, *Create subset*) show the
    checkboxes while they are on, and circle the checked rows in all image viewers, with one mark
    for all tables. None of this has an API. Here the checkboxes are always shown, without circles;
    while one of the tools is on in this table, all is as jdaviz has it. In the browser a cell keeps
    its click from the row, and a checkbox does not: the template is changed for both.
    jdaviz 5.1: rows can be selected through the API.

    Parameters
    ----------
    viewer : glue table viewer
    on_rows : callable
        Called with the data and rows (ndarray of int) when rows are checked or one is clicked.
    repeated : collection of str, optional
        Columns that repeat others; see `TableColumns`.
    """

    def __init__(
        self,
        viewer: Any,
        on_rows: Callable[[Any, np.ndarray], None],
        repeated: Collection[str] = (),
    ):
        self.data = viewer.widget_table.data
        self._viewer = viewer
        self._on_rows = on_rows
        self._showing = self._choosing = False
        self._jdaviz_listens = True
        self._template: Any = None  # jdaviz's, where ours is in its place
        table = viewer.widget_table
        table.observe(self._checked, names=["checked"])
        table.observe(self._arrange, names=["selection_enabled"])
        viewer.toolbar.observe(self._arrange, names=["tool_override_mode"])
        self._columns = TableColumns(viewer, repeated)
        self._let_cells_be_clicked()
        self._arrange()

    @property
    def checked(self) -> np.ndarray:
        """Rows that are checked, ndarray of int."""
        rows = np.array(self._viewer.widget_table.checked, dtype=int)
        return rows[rows < self.data.shape[0]]  # the table can have shown others before

    @property
    def order(self) -> np.ndarray:
        """All rows as they are sorted, ndarray of int."""
        return rows_as_sorted(self._viewer)

    def show(self, rows: list[int]) -> None:
        """Check and highlight rows, and turn to the page of the first.

        Whoever has just clicked in the table sees the rows, and is left on that page.
        """
        table = self._viewer.widget_table
        self._showing = True
        try:
            table.checked = list(rows)
            table.highlighted = rows[0] if rows else None
            if rows and not self._choosing:
                place = int(np.flatnonzero(self.order == rows[0])[0])
                size = table.options.get("itemsPerPage", table.items_per_page)
                if size > 0:
                    table.options = {**table.options, "page": place // size + 1}
        finally:
            self._showing = False

    def give_back(self) -> None:
        """Leave the table as jdaviz has it, the checked rows included if it shows the same data."""
        table = self._viewer.widget_table
        table.unobserve(self._checked, names=["checked"])
        table.unobserve(self._arrange, names=["selection_enabled"])
        self._viewer.toolbar.unobserve(self._arrange, names=["tool_override_mode"])
        if self._template is not None:
            table.unobserve(self._highlighted, names=["highlighted"])
            table.on_msg(self._message, remove=True)
            table.template = self._template
            self._draw_anew()
        self._columns.give_back()
        if table.data is not self.data:
            table.checked, table.highlighted = [], None
        if not self._tool_is_on:
            # before jdaviz listens again, which would hide the circles of another table's tool
            table.selection_enabled = False
        self._let_jdaviz_listen(True)

    # ---- jdaviz's tools ----

    @property
    def _tool_is_on(self) -> bool:
        return bool(self._viewer.toolbar.tool_override_mode)

    def _arrange(self, change: dict | None = None) -> None:
        """Have checkboxes without circles; with them while a tool of jdaviz is on."""
        if not self._tool_is_on:
            self._let_jdaviz_listen(False)
            # each tool that ends, in any viewer, takes them away
            self._viewer.widget_table.selection_enabled = True
        elif not self._jdaviz_listens:
            self._let_jdaviz_listen(True)
            self._viewer._update_selection_marks()  # as it does where it shows the checkboxes

    def _let_jdaviz_listen(self, on: bool) -> None:
        """Let the viewer circle checked rows in the image viewers, or not."""
        if on == self._jdaviz_listens:
            return
        self._jdaviz_listens = on
        table, viewer = self._viewer.widget_table, self._viewer
        change = table.observe if on else table.unobserve
        change(viewer._on_checked_changed, names=["checked"])
        change(viewer._on_selection_enabled_changed, names=["selection_enabled"])

    # ---- clicks ----

    def _let_cells_be_clicked(self) -> None:
        """Listen to clicks on rows, if the template can be changed to tell them from checkboxes."""
        table = self._viewer.widget_table
        text = getattr(table.template, "template", table.template)
        text, cells = _CELL.subn(r'\1; on_row_clicked(props.item.__row__)"', text)
        text, boxes = _CHECKBOX.subn(r"\1 @click.stop", text)
        if (cells, boxes) != (1, 1):
            return
        text = _SCRIPT.sub(lambda found: found[0] + _SCROLL, text, count=1)
        self._template, table.template = table.template, text
        self._draw_anew()
        table.observe(self._highlighted, names=["highlighted"])
        # a click on the row that is highlighted already changes no trait
        table.on_msg(self._message)

    def _draw_anew(self) -> None:
        """Let browsers that show the table draw it anew, since they turn to no other template.

        They do where the window around it names another widget, and find the widget by what
        follows the prefix.
        """
        viewer = self._viewer
        for item in viewer.jdaviz_app.state.viewer_items:
            if item["id"] == viewer.reference_id:
                window = widget_serialization["from_json"](item["widget"], None)
                prefix, model = window.figure_widget[:_PREFIX], window.figure_widget[_PREFIX:]
                window.figure_widget = prefix.swapcase() + model

    def _message(self, widget: Any, content: dict, buffers: Any) -> None:
        if content.get("event") == "on_row_clicked":
            self._choose([content["data"]])

    def _highlighted(self, change: dict) -> None:
        if change["new"] is not None:
            self._choose([change["new"]])

    def _checked(self, change: dict) -> None:
        self._choose(change["new"])

    def _choose(self, rows: list[int]) -> None:
        if self._showing:
            return
        self._choosing = True
        try:
            self._on_rows(self.data, np.array(rows, dtype=int))
        finally:
            self._choosing = False
