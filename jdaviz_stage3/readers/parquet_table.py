"""Tables in Parquet, which astropy has written or other programs."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from astropy.table import Column, MaskedColumn, QTable

__all__ = ["read_parquet"]

_BY_ASTROPY = b"table_meta_yaml"  # what it says of units and positions


def read_parquet(path: str | os.PathLike) -> QTable:
    """Read a table; what pyarrow or astropy raise is for the caller.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    astropy.table.QTable
        What astropy has written as it was, with units and positions. Of other programs the columns
        alone: missing numbers that are not whole NaN, other missing values masked; of a column
        with parts (``sky_centroid`` of ``ra`` and ``dec``) a column each, ``'sky_centroid.ra'``.
    """
    from pyarrow.parquet import read_schema

    if _BY_ASTROPY in (read_schema(path).metadata or {}):
        return QTable.read(path, format="parquet")
    return _of_other_programs(path)


def _of_other_programs(path: str | os.PathLike) -> QTable:
    """Read columns alone, for astropy 8.0 refuses text that is missing and text by numbers."""
    from pyarrow.parquet import read_table

    stored, table = read_table(path).flatten(), QTable()
    for name, column in zip(stored.column_names, stored.columns, strict=True):
        if not name.startswith("__index_level_"):  # pandas keeps the numbers of its rows
            table[name] = _column(column)
    return table


def _column(stored: Any) -> Column:
    """Turn a column (pyarrow ChunkedArray) into one of astropy's."""
    from pyarrow import types

    if types.is_dictionary(stored.type):  # text by numbers, as pandas has its categories
        stored = stored.cast(stored.type.value_type)
    kind = stored.type
    stand_in: int | str | None = None
    if types.is_integer(kind):
        stand_in = 0
    elif types.is_boolean(kind):
        stand_in = False
    elif types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        stand_in = ""
    if stand_in is None or not stored.null_count:
        missing, values = None, stored.to_numpy()  # missing floats are NaN
    else:
        missing, values = stored.is_null().to_numpy(), stored.fill_null(stand_in).to_numpy()
    if stand_in == "":
        values = values.astype(str)
    elif types.is_fixed_size_list(kind) and len(values):
        values = np.stack(values)
    return Column(values) if missing is None else MaskedColumn(values, mask=missing)
