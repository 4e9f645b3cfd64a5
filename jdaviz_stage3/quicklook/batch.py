"""A function over all products of a program, as one table."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import QTable

from ..errors import Stage3Error, Stage3Warning
from ..groups import ProductList
from ..progress import with_progress
from ..saving import save_files
from .running import done_in_turn

__all__ = ["batch"]


def batch(
    function: Callable[[str], Any],
    paths: str | os.PathLike | Iterable[str | os.PathLike],
    *,
    suffix: str | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    output: str | os.PathLike | None = None,
    overwrite: bool = False,
) -> QTable:
    """Call a function with each product, and make one table of what it gives back.

    Parameters
    ----------
    function : callable
        Called with the path of a product, as text. Gives back a number, a text, a
        `~astropy.units.Quantity`, or a mapping of names to such values. For several workers it must
        be importable, or something that cloudpickle can send.
    paths : path-like, or iterable of path-like
        Files, and folders, which are searched to the bottom.
    suffix : str, optional
        The only type of product: ``'x1dints'``.
    workers, scheduler : optional
        See `report`.
    output : path-like, optional
        Where to write the table: ``.parquet``, ``.ecsv`` or another format that astropy knows.
    overwrite : bool, optional
        Whether that file may be replaced.

    Returns
    -------
    astropy.table.QTable
        One row a product, by path: ``file``, the columns of the values (masked where a row has
        none), and ``error``, why there are none.

    Raises
    ------
    Stage3Error
        If there is no such product, values of one name have units that do not fit, or the table
        cannot be written.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> def depth(path):
    ...     curve = stage3.analysis.white_light_curve(stage3.read(path).traces[0])
    ...     return {"lowest": curve["flux"].min(), "integrations": len(curve)}
    >>> table = stage3.batch(depth, "mastDownload", suffix="x1dints")      # doctest: +SKIP
    """
    paths = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if output is not None and Path(output).suffix == "":
        raise Stage3Error(f"{output}: cannot be written; its name ends with no format: .ecsv")
    listed = ProductList(paths).finish().products
    files = [one for one in listed if one.suffix and one.suffix != "asn" and not one.problem]
    chosen = [str(one.path) for one in files if suffix in (None, one.suffix)]
    if not chosen:
        there = ", ".join(sorted({one.suffix for one in files})) or "no products"
        raise Stage3Error(
            f"{', '.join(map(str, paths))}: no {suffix or 'product'} is there, but {there}"
        )
    found: dict[str, tuple[dict[str, Any], str]] = {}
    called = _Called(function)
    results = done_in_turn(called, chosen, workers=workers, scheduler=scheduler)
    for path, values, problem in with_progress(results, "Products", "file", total=len(chosen)):
        found[path] = (values or {}, problem)
    table = _table([(path, *found[path]) for path in chosen])
    if output is not None:
        save_files(output, [lambda path: _write(table, path)], overwrite)
    return table


@dataclass(frozen=True)
class _Called:
    """The function, with what it gives back as a mapping."""

    function: Callable[[str], Any]

    def __call__(self, path: str) -> dict[str, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Stage3Warning)  # a line for each of thousands of files
            values = self.function(path)
        return dict(values) if isinstance(values, Mapping) else {"value": values}


def _table(rows: list[tuple[str, dict[str, Any], str]]) -> QTable:
    table = QTable()
    table["file"] = [path for path, _, _ in rows]
    for name in dict.fromkeys(name for _, values, _ in rows for name in values):
        if name in ("file", "error"):
            raise Stage3Error(
                f"batch: {name!r} is a column of the table already; name it otherwise"
            )
        table[name] = _column(name, [values.get(name) for _, values, _ in rows])
    table["error"] = [problem for _, _, problem in rows]
    return table


def _column(name: str, values: list[Any]) -> Any:
    missing = np.array([value is None for value in values])
    units = {u.Quantity(value).unit for value in values if isinstance(value, u.Quantity)}
    if units:
        unit = next(iter(units))
        if not all(unit.is_equivalent(other) for other in units):
            raise Stage3Error(
                f"batch: the values of {name} are in {', '.join(map(str, sorted(units, key=str)))}"
            )
        plain = [np.nan if v is None else u.Quantity(v).to_value(unit) for v in values]
        return u.Quantity(plain, unit)
    like = next(value for value in values if value is not None)
    filled = [np.zeros_like(like)[()] if value is None else value for value in values]
    try:
        column = np.ma.MaskedArray(np.array(filled), missing)
    except ValueError as err:
        raise Stage3Error(f"batch: the values of {name} have different shapes") from err
    return column if missing.any() else column.data


def _write(table: QTable, path: Path) -> None:
    if path.suffix == ".parquet":
        table.write(path, format="parquet")
    else:
        table.write(path)
