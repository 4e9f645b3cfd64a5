"""Contrast curves beside each other, and in files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.table import QTable

from ...errors import Stage3Error
from ...saving import save_files

__all__ = ["compare_contrast_curves", "write_contrast_curve"]


def compare_contrast_curves(
    first: QTable,
    second: QTable,
    *,
    column: str = "contrast",
    separations: u.Quantity | None = None,
) -> QTable:
    """Put two contrast curves on one set of separations.

    Parameters
    ----------
    first, second : QTable
        Of `contrast_curve`.
    column : str, optional
        What is compared: ``'contrast'``, ``'flux'``, ``'threshold'`` or ``'noise'``.
    separations : Quantity, optional
        By default those of the first curve.

    Returns
    -------
    QTable
        ``separation``, ``first``, ``second`` and ``ratio`` = second / first: below 1 the second
        goes deeper. Between the separations of a curve its logarithm is taken to be a straight
        line; NaN beyond its ends, and beside separations where it is NaN.

    Raises
    ------
    Stage3Error
        If units do not convert, or a curve has no such column.
    """
    for curve in (first, second):
        if column not in curve.colnames:
            raise Stage3Error(f"a contrast curve has no column {column!r}")
    at = first["separation"] if separations is None else u.Quantity(separations)
    values = []
    for curve in (first, second):
        try:
            x = curve["separation"].to_value(at.unit)
            y = u.Quantity(curve[column]).to_value(u.Quantity(first[column]).unit)
        except u.UnitConversionError as err:
            raise Stage3Error(f"the contrast curves are in units that do not fit: {err}") from err
        order = np.argsort(x)
        with np.errstate(divide="ignore", invalid="ignore"):
            log = np.interp(at.value, x[order], np.log(y[order]), np.nan, np.nan)
            values.append(np.exp(log))
    unit = u.Quantity(first[column]).unit
    result = QTable({"separation": at})
    result["first"], result["second"] = values[0] * unit, values[1] * unit
    result["ratio"] = values[1] / values[0]
    result.meta = {"column": column}
    return result


def write_contrast_curve(curve: QTable, path: str | os.PathLike, overwrite: bool = False) -> Path:
    """Write a contrast curve to an ECSV file, with what was assumed.

    ``QTable.read(path, format='ascii.ecsv')`` reads it back.

    Parameters
    ----------
    curve : QTable
        Of `contrast_curve`.
    path : path-like
    overwrite : bool, optional
        Whether a file that is there may be replaced.

    Returns
    -------
    pathlib.Path
        Of the file.

    Raises
    ------
    Stage3Error
        If the file is there already, or cannot be written; nothing is then changed.
    """
    [written] = save_files(path, [lambda place: curve.write(place, format="ascii.ecsv")], overwrite)
    return written
