"""Table viewers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .application import application
from .viewers import create_viewer, let_data_be_removed

__all__ = [
    "add_table",
    "clicks_check_table_rows",
    "create_table_viewer",
    "rows_as_sorted",
    "send_plain_table_rows",
    "table_viewers_of",
    "tables_of",
]


def table_viewers_of(app: Any, data: Any) -> list:
    """Return the (glue) table viewers that show a catalog.

    Reason: the public viewers do not give the table widget. jdaviz 5.1: rows can be selected
    through the API.
    """
    viewers = application(app)._viewer_store.values()
    tables = [viewer for viewer in viewers if hasattr(viewer, "widget_table")]
    return [viewer for viewer in tables if viewer.widget_table.data is data]


def rows_as_sorted(viewer: Any) -> np.ndarray:
    """Return all rows of a (glue) table viewer in the order in which they are shown.

    Reason: glue-jupyter sorts them by what is clicked in the browser, and has no API for the order.
    jdaviz 5.1: the same.
    """
    return np.asarray(viewer.widget_table._get_sorted_indices(), dtype=int)


def create_table_viewer(app: Any) -> str:
    """Create an empty table viewer and return its label.

    Reason: see `let_data_be_removed`. jdaviz 5.1: to check.
    """
    label = create_viewer(app, "table-viewer", "Table")
    let_data_be_removed(application(app)._viewer_store[label])
    return label


def clicks_check_table_rows(viewer: Any) -> bool:
    """Whether clicks in a (glue) image viewer are for jdaviz's tools that check rows of a table.

    Reason: what tool of a viewer is active has no API. jdaviz 5.1: to check.
    """
    return viewer.toolbar.active_tool_id == "jdaviz:select_table_row"


def send_plain_table_rows() -> None:
    """Let table viewers send rows that solara can write as JSON.

    Reason: glue-jupyter puts numpy scalars into its rows. Jupyter sends them, with ``'nan'`` for
    what is not a number; solara fails on a row with both an integer and a NaN, which every JWST
    catalog has, and the table stays empty. jdaviz 5.1: the same.
    """
    from glue_jupyter.table.viewer import TableBase

    TableBase.items.tag(to_json=_plain_rows)


def _plain_rows(rows: Any, widget: Any = None) -> Any:
    """Rows with Python's numbers, and a text where a number is none that JSON knows."""

    def plain(value: Any) -> Any:
        value = value.item() if isinstance(value, np.generic) else value
        return str(value) if isinstance(value, float) and not math.isfinite(value) else value

    return rows and [{key: plain(value) for key, value in row.items()} for row in rows]


def tables_of(app: Any) -> list:
    """Return the data (glue) of an app that are tables: catalogs, light curves.

    Reason: the data collection hangs on the inner application. jdaviz 5.1: the same.
    """
    collection = application(app).data_collection
    return [data for data in collection if data.ndim == 1 and data.coords is None]


def add_table(app: Any, label: str, table: Any) -> None:
    """Add a table to an app's data; it is shown nowhere yet.

    Reason: the public ``load`` takes tables for catalogs. jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper, inner application or plugin
    label : str
        That no data have.
    table : astropy.table.QTable
    """
    inner = application(app)
    inner.add_data(table, label)
    # jdaviz asks for the class of what is shown when units change
    inner.data_collection[label].meta["_native_data_cls"] = type(table)
