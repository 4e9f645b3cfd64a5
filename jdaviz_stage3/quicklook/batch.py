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
from astropy.io import registry
from astropy.table import Column, QTable, Table
from astropy.utils.masked import Masked

from ..errors import Stage3Error, Stage3Warning
from ..groups import ProductList
from ..progress import with_progress
from ..saving import check_place, save_files
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
        One row a product, by path: ``file``, the columns of the values, and ``error``, why there
        are none. A value that a row has not, or that is masked, is masked; NaN in columns with a
        unit. So is one that makes no column with the first of its name: text among numbers, a unit
        that cannot be converted, another shape; ``error`` says so.

    Raises
    ------
    Stage3Error
        If there is no such product, or the table cannot be written.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> def depth(path):
    ...     curve = stage3.analysis.white_light_curve(stage3.read(path).traces[0])
    ...     return {"lowest": curve["flux"].min(), "integrations": len(curve)}
    >>> table = stage3.batch(depth, "mastDownload", suffix="x1dints")      # doctest: +SKIP
    """
    paths = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if output is not None:  # what cannot be is said before hours of work
        if not _has_format(Path(output)):
            raise Stage3Error(f"{output}: cannot be written; its name ends with no format: .ecsv")
        check_place(output, overwrite)
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
        if not isinstance(values, Mapping):
            return {"value": values}
        return {str(name): value for name, value in values.items()}


def _table(rows: list[tuple[str, dict[str, Any], str]]) -> QTable:
    table = QTable()
    table["file"] = [path for path, _, _ in rows]
    problems = [[problem] if problem else [] for _, _, problem in rows]
    for name in dict.fromkeys(name for _, values, _ in rows for name in values):
        if name in ("file", "error"):
            raise Stage3Error(
                f"batch: {name!r} is a column of the table already; name it otherwise"
            )
        values = [values.get(name) for _, values, _ in rows]
        for place, problem in _without_misfits(name, values).items():
            problems[place].append(problem)
        table[name] = _column(values)
    table["error"] = ["; ".join(said) for said in problems]
    return table


def _without_misfits(name: str, values: list[Any]) -> dict[int, str]:
    """Take out the values that make no column with the first one, and say why, by their place."""
    given = [(place, value) for place, value in enumerate(values) if not _is_nothing(value)]
    problems = {}
    for place, value in given[1:]:
        first = given[0][1]
        if _kind(value) != _kind(first) or not _fits(value, first):
            values[place] = None
            problems[place] = f"{name} is {_told(value)}, and {_told(first)} in the first row"
    return problems


def _is_nothing(value: Any) -> bool:
    return value is None or value is np.ma.masked


def _kind(value: Any) -> tuple[str, tuple[int, ...]]:
    """What values of one column share: numbers, quantities or text; and their shape."""
    if isinstance(value, u.Quantity):
        return "quantity", np.shape(value)
    kind = _parts(value)[0].dtype.kind
    return "number" if kind in "biufc" else kind, np.shape(value)


def _fits(value: Any, first: Any) -> bool:
    """Whether a quantity can have the unit of another."""
    return not isinstance(first, u.Quantity) or value.unit.is_equivalent(first.unit)


def _told(value: Any) -> str:
    shape = f" of shape {np.shape(value)}" if np.shape(value) else ""
    if isinstance(value, u.Quantity):
        return f"in {value.unit}{shape}" if str(value.unit) else f"without a unit{shape}"
    return f"{'text' if _parts(value)[0].dtype.kind == 'U' else 'a plain value'}{shape}"


def _column(values: list[Any]) -> Any:
    """Make a column of values that fit: masked where there is none; NaN, where it has a unit."""
    values = [None if _is_nothing(value) else value for value in values]
    given = [value for value in values if value is not None]
    if not given:
        return np.ma.masked_all(len(values), float)
    if isinstance(given[0], u.Quantity):
        return _with_unit(values, given[0])
    blank = np.zeros_like(_parts(given[0])[0])
    parts = [(blank, ~np.zeros(blank.shape, bool)) if v is None else _parts(v) for v in values]
    column = np.array([data for data, _ in parts])
    mask = np.array([mask for _, mask in parts])
    return np.ma.MaskedArray(column, mask) if mask.any() else column


def _with_unit(values: list[Any], first: u.Quantity) -> u.Quantity:
    """A column of quantities, in the unit of the first; NaN where one is missing or masked."""
    blank = np.full(np.shape(first), np.nan)
    plain = []
    for value in values:
        data, mask = (blank, True) if value is None else _parts(value.to_value(first.unit))
        plain.append(np.where(mask, np.nan, data))
    return np.array(plain) * first.unit  # a magnitude, where it is the unit of one


def _parts(value: Any) -> tuple[np.ndarray, np.ndarray]:
    """What a value is, and where it is masked, of whichever kind of masked array."""
    if isinstance(value, Masked):
        return np.asarray(value.unmasked), np.asarray(value.mask)
    array = np.ma.asanyarray(value)
    return array.data, np.ma.getmaskarray(array)


def _encodable(column: Any) -> Any:
    """Text that can be written: bytes of names that are no UTF-8 are written as ``\\xff``."""
    texts = [
        text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        for text in np.ma.getdata(column).ravel().tolist()
    ]
    plain = np.array(texts, dtype=str).reshape(np.shape(column))
    mask = np.ma.getmaskarray(column)
    return np.ma.MaskedArray(plain, mask) if mask.any() else plain


def _has_format(path: Path) -> bool:
    """Whether the name of a file says how to write a table."""
    if path.suffix == ".parquet":
        return True
    return bool(registry.identify_format("write", QTable, str(path), None, [QTable()], {}))


def _write(table: QTable, path: Path) -> None:
    table = table.copy(copy_data=False)
    for name in table.colnames:
        if getattr(table[name], "dtype", np.dtype(float)).kind == "U":
            table[name] = _encodable(table[name])
    logarithmic = [name for name in table.colnames if isinstance(table[name], u.LogQuantity)]
    if logarithmic:  # which astropy writes as plain columns with a unit only
        table = Table(table, copy=False)
        for name in logarithmic:
            table.replace_column(name, Column(table[name].value, name, unit=str(table[name].unit)))
    if path.suffix == ".parquet":
        table.write(path, format="parquet")
    else:
        table.write(path)
