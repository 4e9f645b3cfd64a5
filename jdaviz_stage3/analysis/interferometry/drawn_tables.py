"""Observables as tables of points that a viewer draws against baseline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import QTable

from ...readers.interferometry import Interferometry
from ..light_curves.table import LightCurveColumns

__all__ = ["AXES", "DRAWN", "EQUAL_AXES", "OTHER_AXES", "base_title", "drawn_tables"]

#: What baselines can be told in -> the unit, and a factor from cycles per radian; None for metres.
AXES = {"m": ("m", None), "Mλ": ("Mλ", 1e-6), "1/arcsec": ("1/arcsec", np.pi / 648000)}
#: The key of a table's meta under which the columns of the other axes are.
OTHER_AXES = "other_axes"
#: That under which it stands that both axes are of the same kind.
EQUAL_AXES = "equal_axes"
_ENDINGS = {"Mλ": "mega", "1/arcsec": "arcsec"}  # of names of columns
_COVERAGE = "u–v coverage"
#: What can be drawn -> (table, column, column of the error, column drawn, axis).
DRAWN = {
    "Squared visibility": ("vis2", "value", "error", "vis2", "Baseline"),
    "Closure phase": (
        "closure_phase", "phase", "phase_error", "closure_phase", "Longest baseline",
    ),
    "Visibility phase": ("visibility", "phase", "phase_error", "phase", "Baseline"),
    _COVERAGE: ("vis2", "v", "", "v", "u"),
}  # fmt: skip
_BY_DEFAULT = ("Squared visibility", "Closure phase")
_NUMBERED = " by number"  # of a viewer where baselines are not known


def drawn_tables(
    observables: Interferometry, names: Iterable[str] = _BY_DEFAULT
) -> dict[str, QTable]:
    """Make a table of points for each observable that is drawn.

    Parameters
    ----------
    observables : Interferometry
        By integration, each integration is a point.
    names : iterable of str, optional
        Some of ``'Squared visibility'``, ``'Closure phase'``, ``'Visibility phase'`` and
        ``'u–v coverage'``, which has each baseline and its conjugate.

    Returns
    -------
    dict of str to QTable
        By the title of the viewer; without what the file does not hold. Their columns are what is
        drawn, ``stations`` (by integration ``row``, whose stations are in the meta, and
        ``integration``), u, v, position angle and wavelength; which of them belong on the axes is
        in the meta as `LightCurveColumns`. Where no baseline is known they are drawn against their
        number, and the title says so.
    """
    found = {}
    for title in names:
        source, column, error, drawn, axis = DRAWN[title]
        table = observables.tables.get(source)
        if table is None or (title == _COVERAGE and not np.isfinite(table["u"]).any()):
            continue
        if title == _COVERAGE:
            found[title] = _coverage(table, observables)
            continue
        n, n_int = len(table), (table["flag"].shape[1] if table["flag"].ndim > 1 else 1)
        length = table["longest_baseline" if source == "closure_phase" else "baseline"]
        known = bool(np.isfinite(length).any())
        points = QTable(meta=_meta(observables))
        points["baseline"] = np.repeat(length, n_int)
        if not known:
            number = np.repeat(np.arange(1, n + 1), n_int)
            points["number"] = number * u.dimensionless_unscaled
        unit = u.dimensionless_unscaled if source == "vis2" else u.deg
        points[drawn] = u.Quantity(table[column], unit).ravel()
        points[f"{drawn}_err"] = u.Quantity(table[error], unit).ravel()
        points["flagged"] = np.asarray(table["flag"]).ravel()
        stations = [str(text) for text in table["stations"]]
        if n_int == 1:
            points["stations"] = stations
        else:  # a column of as many texts takes a second in jdaviz
            points["row"] = np.repeat(np.arange(n), n_int)
            points["integration"] = np.tile(np.arange(1, n_int + 1), n)
            points.meta["stations"] = stations
        axes = {}
        for name, ending in _ENDINGS.items() if known else ():
            unit_text, factor = AXES[name]
            column_name = f"frequency_{ending}"
            points[column_name] = np.repeat(table["spatial_frequency"].value * factor, n_int)
            axes[name] = {
                "time": column_name, "time_label": f"{_frequency_words(axis)} ({unit_text})",
            }  # fmt: skip
        points.meta[OTHER_AXES] = axes
        for other in ("position_angle", "spatial_frequency", "wavelength", "u", "v"):
            if known and n_int == 1 and other in table.colnames:
                points[other] = np.repeat(table[other], n_int)
        of = "triangle" if source == "closure_phase" else "baseline"
        points.meta |= LightCurveColumns(
            time="baseline" if known else "number",
            flux=drawn,
            flux_err=f"{drawn}_err",
            flag="flagged",
            words={drawn: title},
            time_label=f"{axis} (m)" if known else f"Number of the {of}",
        ).in_meta()
        found[title if known else title + _NUMBERED] = points
    return found


def base_title(title: str) -> str:
    """Return which of `DRAWN` the title of a viewer is about.

    Parameters
    ----------
    title : str
        A key of what `drawn_tables` gives.

    Returns
    -------
    str
    """
    return title.removesuffix(_NUMBERED)


def _frequency_words(axis: str) -> str:
    return "Spatial frequency" + (" of the longest baseline" if axis.startswith("Longest") else "")


def _meta(observables: Interferometry) -> dict[str, Any]:
    return {"target": observables.target, "notes": list(observables.notes)}


def _coverage(table: QTable, observables: Interferometry) -> QTable:
    """Each baseline and its conjugate in the plane of u and v."""
    points = QTable(meta=_meta(observables))
    for name in ("u", "v"):
        points[name] = np.concatenate([table[name], -table[name]])
    flag = np.asarray(table["flag"]).reshape(len(table), -1).all(axis=1)
    points["flagged"] = np.tile(flag, 2)
    points["stations"] = np.tile(np.asarray(table["stations"], str), 2)
    points["baseline"] = np.tile(table["baseline"], 2)
    points["position_angle"] = np.tile(table["position_angle"], 2)
    axes = {}
    for axis, ending in _ENDINGS.items():
        unit, factor = AXES[axis]
        for name in ("u", "v"):
            cycles = (table[name] / table["wavelength"]).to_value(u.one) * factor
            points[f"{name}_{ending}"] = np.concatenate([cycles, -cycles])
        axes[axis] = {
            "time": f"u_{ending}", "time_label": f"u ({unit})",
            "flux": f"v_{ending}", "flux_label": f"v ({unit})",
        }  # fmt: skip
    points.meta |= {OTHER_AXES: axes, EQUAL_AXES: True}
    points.meta |= LightCurveColumns(
        time="u", flux="v", flag="flagged", words={"v": "v"}, time_label="u (m)"
    ).in_meta()
    return points
