"""Observables as tables of points that a viewer draws against baseline."""

from __future__ import annotations

import numpy as np
from astropy import units as u
from astropy.table import QTable

from ...readers.interferometry import Interferometry
from ..light_curves.table import LightCurveColumns

__all__ = ["DRAWN", "drawn_tables"]

#: Table -> (what it is called, column, column of the error, column drawn, axis).
DRAWN = {
    "vis2": ("Squared visibility", "value", "error", "vis2", "Baseline"),
    "closure_phase": ("Closure phase", "phase", "phase_error", "closure_phase", "Longest baseline"),
}
_NUMBERED = " by number"  # of a viewer where baselines are not known


def drawn_tables(observables: Interferometry) -> dict[str, QTable]:
    """Make a table of points for each observable that is drawn.

    Parameters
    ----------
    observables : Interferometry
        By integration, each integration is a point.

    Returns
    -------
    dict of str to QTable
        By the title of the viewer: ``'Squared visibility'`` and ``'Closure phase'``. Their columns
        are what is drawn, ``stations``, u, v, position angle and wavelength; which of them belong
        on the axes is in the meta as `LightCurveColumns`. Where no baseline is known they are drawn
        against their number, and the title says so.
    """
    found = {}
    for name, (title, column, error, drawn, axis) in DRAWN.items():
        table = observables.tables.get(name)
        if table is None:
            continue
        n, n_int = len(table), (table["flag"].shape[1] if table["flag"].ndim > 1 else 1)
        length = table["baseline" if name == "vis2" else "longest_baseline"]
        known = bool(np.isfinite(length).any())
        points = QTable(meta={"target": observables.target, "notes": list(observables.notes)})
        points["baseline"] = np.repeat(length, n_int)
        if not known:
            number = np.repeat(np.arange(1, n + 1), n_int)
            points["number"] = number * u.dimensionless_unscaled
        unit = u.deg if name == "closure_phase" else u.dimensionless_unscaled
        points[drawn] = u.Quantity(table[column], unit).ravel()
        points[f"{drawn}_err"] = u.Quantity(table[error], unit).ravel()
        points["flagged"] = np.asarray(table["flag"]).ravel()
        points["stations"] = np.repeat(np.asarray(table["stations"], str), n_int)
        if n_int > 1:
            points["integration"] = np.tile(np.arange(1, n_int + 1), n)
        for other in ("position_angle", "spatial_frequency", "wavelength", "u", "v"):
            if known and other in table.colnames:
                points[other] = np.repeat(table[other], n_int)
        points.meta |= LightCurveColumns(
            time="baseline" if known else "number",
            flux=drawn,
            flux_err=f"{drawn}_err",
            flag="flagged",
            words={drawn: title},
            time_label=f"{axis} (m)" if known else f"Number of the {_KINDS[name]}",
        ).in_meta()
        found[title if known else title + _NUMBERED] = points
    return found


_KINDS = {"vis2": "baseline", "closure_phase": "triangle"}
