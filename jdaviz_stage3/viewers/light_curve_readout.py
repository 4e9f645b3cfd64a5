"""The point of a light curve under the cursor."""

from __future__ import annotations

from typing import Any

import numpy as np
from glue.core import BaseData, Data
from glue.core.exceptions import IncompatibleAttribute

from ..analysis.light_curves.table import LightCurveColumns
from .light_curve_columns import unit_of

__all__ = ["describe_point", "nearest_point", "read_out_point", "value_with_error"]


def read_out_point(
    coords_info: Any, viewer: Any, x: float, y: float, mouseevent: bool = True
) -> None:
    """Show the point nearest to the cursor in jdaviz's read-out: flux, error, time, flag.

    Parameters
    ----------
    coords_info : CoordsInfo
    viewer : LightCurveViewer
    x, y : float
        Position of the cursor in the units of the axes.
    mouseevent : bool, optional
        False where jdaviz asks because a layer has changed: then x and y are where the cursor was
        last, in whatever viewer.
    """
    coords_info.reset_coords_display()
    if not mouseevent:
        return
    found = nearest_point(viewer, x, y)
    if found is not None:
        facts = viewer.describe_point(*found)
        coords_info.icon = coords_info.app.state.layer_icons.get(found[0].label, "")
    elif viewer.describe_drawn is not None:
        facts = viewer.describe_drawn(x, y)
        if not facts:
            return
        name, value, error, unit = facts["flux"]
        facts["flux"] = name, f"{value_with_error(value, error)} {unit}".strip()
        # without an icon jdaviz shows nothing
        coords_info.icon = facts["icon"][0] or "mdi-chart-scatter-plot"
    else:
        return
    coords_info.row1a_title, coords_info.row1a_text = facts["number"]
    coords_info.row1b_title, coords_info.row1b_text = facts["flux"]
    title, text = facts["time"]
    coords_info.row2_title, coords_info.row2_text = title, f"\N{NO-BREAK SPACE}{text}"
    if "flag" in facts:
        title, text = facts["flag"]
        coords_info.row3_title, coords_info.row3_text = title, f"\N{NO-BREAK SPACE}{text}"


def nearest_point(viewer: Any, x: float, y: float) -> tuple[Data, int] | None:
    """Return the point nearest to a position, distances as on the screen.

    Parameters
    ----------
    viewer : LightCurveViewer
    x, y : float
        In the units of the axes.

    Returns
    -------
    tuple of glue Data and int, or None
        The data and the row; None if no point is shown.
    """
    state, best = viewer.state, None
    for layer in state.layers:
        if not layer.visible or not isinstance(layer.layer, BaseData):
            continue
        try:
            points = viewer.points_of(layer.layer)
        except IncompatibleAttribute:
            continue
        distance = np.hypot(
            (points.x - x) / (state.x_max - state.x_min),
            (points.y - y) / (state.y_max - state.y_min),
        )
        if not np.isfinite(distance).any():
            continue
        row = int(np.nanargmin(distance))
        if best is None or distance[row] < best[0]:
            best = distance[row], layer.layer, row
    return best and best[1:]


def describe_point(viewer: Any, data: Data, row: int) -> dict[str, tuple[str, str]]:
    """Describe a point in words.

    Parameters
    ----------
    viewer : LightCurveViewer
    data : glue Data
    row : int

    Returns
    -------
    dict of str to tuple of str
        Title and text of ``'number'``, ``'flux'``, ``'time'`` and, where it is flagged,
        ``'flag'``.
    """
    x, y, _ = viewer.columns_of(data)
    points, curve = viewer.points_of(data), viewer.light_curve(data) or LightCurveColumns(x, y)
    names = {component.label for component in data.components}
    facts = {"number": ("Point", str(row + 1))}
    if "int_num" in names:
        facts["number"] = ("Integration", f"{data[data.id['int_num']][row]:.0f}")
    error = np.nan if points.error is None else points.error[row]
    text = f"{value_with_error(points.y[row], error)} {unit_of(data, data.id[y])}".strip()
    is_flux = "flux" in f"{y} {curve.words.get(y)}".lower()
    facts["flux"] = ("Flux" if is_flux else y, text)
    if curve.date in names:
        facts["time"] = (curve.date, f"{data[data.id[curve.date]][row]:.6f}")
    else:
        facts["time"] = ("Time", f"{points.x[row]:.6f} {unit_of(data, data.id[x])}".strip())
    if points.flagged[row]:
        facts["flag"] = ("Flagged", "as an outlier")
    return facts


def value_with_error(value: float, error: float) -> str:
    """Write a value and its error, to the digits that the error leaves.

    Parameters
    ----------
    value, error : float

    Returns
    -------
    str
        ``'0.013672 ± 0.000050'``: the error to two digits, the value to the same decimal place;
        six digits where there is no error.
    """
    if not (np.isfinite(error) and error > 0):
        return f"{value:.6g}"
    place = int(np.floor(np.log10(error))) - 1
    decimals = max(-place, 0)
    if decimals <= 10 and abs(value) < 1e10:
        return f"{value:.{decimals}f} ± {error:.{decimals}f}"
    exponent = int(np.floor(np.log10(max(abs(value), error))))
    decimals = min(max(exponent - place, 0), 15)
    scale = 10.0**exponent
    return f"({value / scale:.{decimals}f} ± {error / scale:.{decimals}f})e{exponent}"
