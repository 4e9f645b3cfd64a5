"""What the panel offers about companions: the search, its map, detection limits."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import QTable
from traitlets import HasTraits, Int, List, Unicode, observe

from ...analysis.interferometry.binary_search import BinarySearch, binary_search
from ...analysis.interferometry.limits import detection_limits
from ...errors import Stage3Error
from ...readers.interferometry import Interferometry
from ...saving import save_files
from ...viewers.light_curve_readout import value_with_error
from .search_figures import ChiSquareMap, LimitsPlot

__all__ = ["CompanionControls"]

# Name in BinarySearch.best -> in words, and the unit.
_ROWS = {
    "east": ("ΔRA cos Dec", "mas"),
    "north": ("ΔDec", "mas"),
    "separation": ("Separation", "mas"),
    "position_angle": ("Position angle, east of north", "deg"),
    "flux_ratio": ("Flux ratio", ""),
    "contrast": ("Contrast", "mag"),
}
_PARAMETERS = 3
_SETTINGS = (
    "dataset_selected", "vis2_errors_selected", "extent", "n_positions", "min_ratio", "max_ratio",
    "use_vis2", "bandwidth_smearing", "sigma",
)  # fmt: skip


class CompanionControls(HasTraits):
    """Mixed into the plugin, whose controls it uses."""

    percent_done = Int(100).tag(sync=True)
    step_text = Unicode().tag(sync=True)
    found_rows = List().tag(sync=True)
    found_text = Unicode().tag(sync=True)
    found_assumptions = Unicode().tag(sync=True)
    limits_text = Unicode().tag(sync=True)
    map_widget = Unicode().tag(sync=True)
    limits_widget = Unicode().tag(sync=True)
    observables: Callable[[], Interferometry]  # the plugin's own
    value_of: Callable[[str], float]

    def __init__(self, *args: Any, **kwargs: Any):
        self._map, self._limits = ChiSquareMap(), LimitsPlot()
        self._found: BinarySearch | None = None
        super().__init__(*args, **kwargs)

    @observe(*_SETTINGS)
    def _forget_search(self, *_: Any) -> None:
        """Take away what other settings have given."""
        self._found = None
        self.found_rows = []
        self.found_text = self.found_assumptions = self.limits_text = ""
        self.map_widget = self.limits_widget = self.step_text = ""

    def search_options(self) -> dict[str, Any]:
        """Return what `jdaviz_stage3.analysis.binary_search` is called with.

        Raises
        ------
        Stage3Error
            If a field holds no number.
        """
        options: dict[str, Any] = {
            "n": int(self.value_of("n_positions")), "vis2": self.use_vis2,
            "min_ratio": self.value_of("min_ratio"),
            "max_ratio": self.value_of("max_ratio"),
            "bandwidth_smearing": self.bandwidth_smearing,
        }  # fmt: skip
        if self.extent not in ("", None):
            options["extent"] = self.value_of("extent") * u.mas
        return options

    def limits_options(self) -> dict[str, Any]:
        """Return what `jdaviz_stage3.analysis.detection_limits` is called with."""
        options: dict[str, Any] = {
            "sigma": self.value_of("sigma"), "vis2": self.use_vis2,
            "bandwidth_smearing": self.bandwidth_smearing,
        }  # fmt: skip
        if self.extent not in ("", None):
            extent = self.value_of("extent")
            options["separations"] = np.linspace(extent / 30, extent, 30) * u.mas
        return options

    def search(self) -> BinarySearch:
        """Search the chosen product for a companion, and show what is found.

        Where it is less significant than ``sigma``, detection limits are drawn as well.

        Returns
        -------
        BinarySearch
            As `jdaviz_stage3.analysis.binary_search` gives it.

        Raises
        ------
        Stage3Error
            If no product is chosen, it has nothing to fit, or the settings are not possible.
        """
        observables, options = self.observables(), self.search_options()
        self._forget_search()
        try:
            found = binary_search(observables, progress=self._tell_progress, **options)
            self._found = found
            self._show_found(found)
        finally:
            self.percent_done = 100
        return found

    def _show_found(self, found: BinarySearch) -> None:
        step = float((found.east[1] - found.east[0]).to_value(u.mas))
        self.step_text = f"{step:.3g} mas from one to the next"
        self.found_rows = _rows(found)
        self.found_text = self._in_words(found)
        self.found_assumptions = f"Assumed: {'; '.join(found.assumptions)}."
        self._map.draw(found)
        self.map_widget = self._map.widget
        if found.significance < self.sigma:
            self.detection_limits()

    def _in_words(self, found: BinarySearch) -> str:
        if found.best["flux_ratio"] == 0:
            return "No companion is better than any."
        if found.n_independent < _PARAMETERS:
            return (
                f"Independent values that can be used: {found.n_independent}, fewer than the "
                f"{_PARAMETERS} parameters of a companion. Its place cannot be told."
            )
        said = f"{found.significance:.1f} σ at one place, reduced χ² {found.reduced_chi2:.3g}"
        if found.significance < self.sigma:
            return f"No detection: the best place has {said}."
        chance = found.false_alarm_probability()
        return f"{said}; noise does as well anywhere in {chance:.1%} or less of cases."

    def _tell_progress(self, done: float) -> None:
        self.percent_done = min(int(100 * done), 99)

    def detection_limits(self) -> QTable:
        """Draw the faintest companion that would be detected, by separation.

        Returns
        -------
        QTable
            As `jdaviz_stage3.analysis.detection_limits` gives it.

        Raises
        ------
        Stage3Error
            As `search` does.
        """
        limits = detection_limits(self.observables(), **self.limits_options())
        best = None
        if self._found is not None and self._found.best["flux_ratio"] > 0:
            of_best = self._found.best
            best = float(of_best["separation"].to_value(u.mas)), float(of_best["contrast"])
        self._limits.draw(limits, best)
        self.limits_widget = self._limits.widget
        scale = limits.meta["error_scale"]
        self.limits_text = f"{self.sigma:g} σ, of the median position angle and of the worst."
        if scale > 1:
            self.limits_text += (
                f" Errors are enlarged {scale:.2f} times, to those that a star alone would have: "
                "with a companion in the data limits are too bright."
            )
        return limits

    def use_fit(self) -> None:
        """Take the best fit for the binary that is drawn over the data.

        Raises
        ------
        Stage3Error
            If none was found yet.
        """
        if self._found is None or not self._found.best["flux_ratio"] > 0:
            raise Stage3Error("Interferometry: no companion was found yet; search first")
        best = self._found.best
        self.east = round(float(best["east"].to_value(u.mas)), 3)
        self.north = round(float(best["north"].to_value(u.mas)), 3)
        self.flux_ratio = float(f"{best['flux_ratio']:.4g}")
        self.model_selected = "binary"

    def export_companion(self, path: str | os.PathLike, overwrite: bool = False) -> Path:
        """Write the best fit with its errors to an ECSV file, with what was assumed.

        Parameters
        ----------
        path : path-like
        overwrite : bool, optional
            Whether a file that is there may be replaced.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        Stage3Error
            If nothing was searched yet, or the file cannot be written.
        """
        found = self._found
        if found is None:
            raise Stage3Error("Interferometry: nothing was searched yet; search first")
        table = QTable({name: [value] for name, value in found.best.items()})
        table.meta = {
            "product": self.dataset_selected, "significance": found.significance,
            "chi2_star": found.chi2_star, "chi2_best": found.chi2_best,
            "error_scale": found.error_scale, "n_used": found.n_used,
            "n_independent": found.n_independent, "assumptions": list(found.assumptions),
        }  # fmt: skip
        writers = [lambda place: table.write(place, format="ascii.ecsv")]
        [written] = save_files(path, writers, overwrite)
        return written


def _rows(found: BinarySearch) -> list[dict[str, str]]:
    if not found.best["flux_ratio"] > 0 or found.n_independent < _PARAMETERS:
        return []
    rows = []
    for name, (words, unit) in _ROWS.items():
        value, error = found.best[name], found.best[f"{name}_error"]
        if unit and isinstance(value, u.Quantity):
            value, error = value.to_value(unit), error.to_value(unit)
        text = value_with_error(float(value), float(error))
        rows.append({"name": words, "value": f"{text} {unit}".strip()})
    rows.append({"name": "Significance", "value": f"{found.significance:.1f} σ"})
    return rows
