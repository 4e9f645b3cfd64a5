"""The columns of a table viewer: each once, with its unit."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

__all__ = ["TableColumns"]


class TableColumns:
    """Shows the units of columns in a table viewer, and hides those that repeat others.

    Reason: jdaviz needs columns of certain names, which catalogs have under their own as well, and
    it shows both; headers are texts that a private method makes. jdaviz 5.1: to check.

    Parameters
    ----------
    viewer : glue table viewer
    repeated : collection of str
        Labels of the components that repeat others. They are hidden, unless columns were chosen
        to be hidden before; *Plot Options* shows them again.
    """

    def __init__(self, viewer: Any, repeated: Collection[str]):
        self._viewer = viewer
        table = viewer.widget_table
        components = table.data.main_components
        self._hidden = [each for each in components if each.label in repeated]
        if len(viewer.state.hidden_components):
            self._hidden = []  # somebody's choice
        if self._hidden:
            viewer.state.hidden_components = list(self._hidden)
        table._get_headers = self._with_units
        table._update_columns()

    def _with_units(self) -> list[dict]:
        table = self._viewer.widget_table
        headers = type(table)._get_headers(table)
        if table.data is None:
            return headers
        units = {each.label: table.data.get_component(each).units for each in table.data.components}
        return [
            header | {"text": f"{header['text']} [{unit}]" if unit else header["text"]}
            for header in headers
            for unit in [units.get(header["value"])]
        ]

    def give_back(self) -> None:
        """Show the columns as jdaviz does."""
        table, state = self._viewer.widget_table, self._viewer.state
        vars(table).pop("_get_headers", None)
        hidden = list(state.hidden_components)
        if self._hidden and [id(each) for each in hidden] == [id(each) for each in self._hidden]:
            state.hidden_components = []
        table._update_columns()
