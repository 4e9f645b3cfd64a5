"""A model of the sky on the axes of a viewer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u

from ...analysis.interferometry.drawn_tables import AXES, DRAWN
from ...analysis.interferometry.models import model_observables, model_visibility
from ...readers.interferometry import Interferometry

__all__ = ["MODELS", "SkyModel"]

#: What can be drawn over the data.
MODELS = {
    "none": "",
    "point": "An unresolved star: V² is 1, phases are 0.",
    "binary": "A star and a companion, both points, at one wavelength.",
    "disc": "A uniform disc: 2 J₁(x)/x with x = πθB/λ.",
}
_STEPS = 200  # of a line
_TABLES = {"vis2": "value", "visibility": "phase", "closure_phase": "phase"}


@dataclass(frozen=True)
class SkyModel:
    """A model with its parameters.

    Attributes
    ----------
    name : str
        ``'point'``, ``'binary'`` or ``'disc'``.
    parameters : dict
        Of `jdaviz_stage3.analysis.model_visibility`.
    """

    name: str
    parameters: dict[str, Any]

    def on_axes(
        self, observables: Interferometry, title: str, axis: str
    ) -> tuple[tuple[np.ndarray, np.ndarray] | None, tuple[np.ndarray, np.ndarray] | None]:
        """Return the model where the observables are, and as a line where it is one.

        Parameters
        ----------
        observables : Interferometry
        title : str
            One of `DRAWN`.
        axis : str
            One of `AXES`.

        Returns
        -------
        points, line : tuple of ndarray or None
            x and y; None where there are none.
        """
        source, _, _, _, words = DRAWN[title]
        table = observables.tables.get(source)
        if table is None or source not in _TABLES or words == "u":
            return None, None
        y = np.asarray(getattr(found := self.predicted(observables)[source], "value", found))
        factor = AXES[axis][1]
        if factor is None:
            name = "longest_baseline" if source == "closure_phase" else "baseline"
            x = table[name].to_value(u.m)
        else:
            x = table["spatial_frequency"].value * factor
        known = np.isfinite(x) & np.isfinite(y)
        if not known.any():
            return None, None
        return (x[known], y[known]), self._line(table, source, x[known].max(), factor)

    def predicted(self, observables: Interferometry) -> dict[str, Any]:
        """Return what would be measured: see `jdaviz_stage3.analysis.model_observables`."""
        return model_observables(observables, self.name, **self.parameters)

    def _line(
        self, table: Any, source: str, longest: float, factor: float | None
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """V² and phases of what looks the same from all sides, which baselines alone tell."""
        waves = np.unique(table["wavelength"].to_value(u.m))
        waves = waves[np.isfinite(waves)]
        if self.name == "binary" or not len(waves) or (factor is None and len(waves) > 1):
            return None
        x = np.linspace(0, longest, _STEPS)
        if source != "vis2":
            return (x, np.zeros(_STEPS)) if self.name == "point" else None
        length = x if factor is None else x / factor * waves[0]
        visibility = model_visibility(
            length * u.m, 0 * u.m, waves[0] * u.m, self.name, **self.parameters
        )
        return x, np.abs(visibility) ** 2

    def reduced_chi2(self, observables: Interferometry) -> dict[str, tuple[float, int]]:
        """Return by table χ² for each value that is not flagged and has an error, and how many.

        Parameters
        ----------
        observables : Interferometry
            Averaged.

        Returns
        -------
        dict of str to tuple
            Of ``vis2`` and ``closure_phase``; without those that have no such values.
        """
        found = {}
        for source, predicted in self.predicted(observables).items():
            table = observables.tables[source]
            column = _TABLES[source]
            error_column = "error" if column == "value" else f"{column}_error"
            if source == "visibility" or table["flag"].ndim > 1:
                continue
            value, error, model = (
                np.asarray(getattr(v, "value", v), float)
                for v in (table[column], table[error_column], predicted)
            )
            off = value - model
            if column == "phase":
                off = (off + 180) % 360 - 180
            use = ~np.asarray(table["flag"]) & np.isfinite(off) & (error > 0)
            if use.any():
                found[source] = float(np.mean((off[use] / error[use]) ** 2)), int(use.sum())
        return found
