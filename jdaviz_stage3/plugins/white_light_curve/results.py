"""Taking light curves out of the plugin: into the app, to files, to lightkurve, as Python."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from astropy import units as u
from astropy.table import QTable
from astropy.timeseries import TimeSeries

from ...analysis import to_lightkurve
from ...analysis.light_curves.export import write_light_curves
from ...analysis.light_curves.table import LightCurveColumns, light_curve_table
from ...errors import Stage3Error
from ...jdaviz_compat import (
    add_table,
    add_to_viewer,
    create_viewer,
    data_labels,
    data_of,
    glue_viewer,
    remove_data,
    show_as_tab,
    show_message,
)
from ..panel import SavingControls
from .sentences import band_name

__all__ = ["ResultControls", "table_of"]

_RESULTS = "Light curves"
_COLUMNS = ("n_filled", "int_num", "segment", "n_points")  # of each point, beside its flux


def table_of(curve: TimeSeries, band: int | None = None) -> QTable:
    """Make the table of a light curve that a light-curve viewer shows.

    Parameters
    ----------
    curve : astropy.timeseries.TimeSeries
        With the columns ``time``, ``flux`` and ``flux_err``.
    band : int, optional
        Which band, where the flux has several.

    Returns
    -------
    QTable
        As `jdaviz_stage3.analysis.light_curves.table.light_curve_table` makes it, with what else
        is known of each point.
    """
    return light_curve_table(
        curve,
        words="Relative flux" if curve["flux"].unit == u.one else "Flux",
        flux_err="flux_err",
        flag="outlier" if "outlier" in curve.colnames else None,
        band=band,
        columns=[name for name in _COLUMNS if name in curve.colnames],
    )


class ResultControls(SavingControls):
    """Results as data, files and code, and the fields for them."""

    def add_to_app(self) -> list[str]:
        """Add the light curves to the app's data, and show them in a light-curve viewer.

        Returns
        -------
        list of str
            The labels of the data; one of the same label is replaced.

        Raises
        ------
        Stage3Error
            If the settings do not fit; then nothing is added.
        """
        curves = self._curves()
        tables = []
        for label, curve in curves.items():
            bands = range(curve["flux"].shape[1]) if curve["flux"].ndim == 2 else [None]
            for band in bands:
                tables.append((self._result_label(label, curve, band), table_of(curve, band)))
        for name, table in tables:
            if name in data_labels(self):
                remove_data(self, [name])
            add_table(self, name, table)
            if self.has_viewers:
                self._show_result(name, table)
        return [name for name, _ in tables]

    def _show_result(self, name: str, table: QTable) -> None:
        """Show an added light curve with those that were added before, if it is like them."""
        kind = (str(table["flux"].unit), LightCurveColumns.of(table.meta).date)
        label = _RESULTS
        viewer = glue_viewer(self, label)
        if viewer is not None and viewer.state.layers and kind != _kind_in(viewer):
            label = f"{_RESULTS} ({', '.join(filter(None, kind))})"
            viewer = glue_viewer(self, label)
        if viewer is None:
            label = create_viewer(self, "stage3-light-curve-viewer", label)
            viewer = glue_viewer(self, label)
            if self._views.viewer_label:
                show_as_tab(self, label, self._views.viewer_label)
        add_to_viewer(self, label, data_of(self, name))

    def _result_label(self, label: str, curve: TimeSeries, band: int | None) -> str:
        parts = []
        if band is not None:
            parts.append(band_name(*curve.meta["bands"][band], curve.meta["band_unit"]))
        elif self._band() is not None:
            parts.append(band_name(*curve.meta["band"], curve.meta["band_unit"]))
        if "bin_width" in curve.meta:
            parts.append(f"bins of {self.bin_width:g} {self.bin_unit_selected}")
        if curve.meta["time_system"] == "MJD_UTC":
            parts.append("UTC")
        detail = f" ({', '.join(parts)})" if parts else ""
        return f"{label} light curve{detail}"

    def export(self, path: str | os.PathLike, overwrite: bool = False) -> Path:
        """Write the light curve to an ECSV table, which ``TimeSeries.read`` reads.

        Parameters
        ----------
        path : path-like
            Of the file; with several traces chosen, a number is put before its suffix.
        overwrite : bool, optional
            Whether a file that is there may be replaced.

        Returns
        -------
        pathlib.Path
            Of the (first) file.

        Raises
        ------
        Stage3Error
            If the settings do not fit, the file is there already, or cannot be written.
        """
        return write_light_curves(list(self._curves().values()), path, overwrite)[0]

    def to_lightkurve(self) -> Any:
        """Return the light curve as a ``lightkurve.LightCurve``, a list for several traces.

        Raises
        ------
        Stage3Error
            If the settings do not fit, or lightkurve is not installed.
        """
        curves = [to_lightkurve(curve) for curve in self._curves().values()]
        return curves[0] if len(curves) == 1 else curves

    def to_python(self) -> str:
        """Return Python code that takes the same light curve without the app.

        Returns
        -------
        str
        """
        labels = self._chosen()
        lines = [
            "import jdaviz_stage3 as stage3",
            "from astropy import units as u",
            "from astropy.time import Time",
            "",
        ]
        options = self._options() | {
            "dq_bits": list(self.dq_bits_selected),
            "excluded": self.excluded_selected,
            "errors": self.errors_selected,
        }
        if options["reference"] is not None and self.time_axis_selected != "hours":
            options["reference"] = None
        if (width := self._bin_width()) is not None:
            options["bin_width"] = width
        if len(labels) > 1:
            lines.append("curves = []")
        for label in labels:
            trace = self._trace(label)
            lines.append(f"series = stage3.read({str(trace.path)!r})")
            lines.append(f"trace = series[{(trace.detector, trace.order)!r}]")
            division = self._division()
            name = "spectroscopic_light_curves" if division else "white_light_curve"
            lines.append(f"curve = stage3.analysis.{name}(")
            lines.append("    trace,")
            if (band := self._band()) is not None:
                lines.append(f"    band={_code(band)},")
            lines += [f"    {key}={_code(value)}," for key, value in (division | options).items()]
            lines.append(")")
            if len(labels) > 1:
                lines.append("curves.append(curve)")
        return "\n".join(lines) + "\n"

    # ---- from the browser ----

    def vue_add_to_app(self, *_: Any) -> None:
        try:
            labels = self.add_to_app()
        except Stage3Error as err:
            self.problem = str(err)
            show_message(self, self.problem)
            return
        show_message(self, f"Added {', '.join(labels)}.", "success")

    def vue_save_file(self, *_: Any) -> None:
        self.save_as_asked(self.export, f"{(self._labels() or ['light'])[0]} light curve", ".ecsv")

    def vue_show_python(self, *_: Any) -> None:
        """Show the code that ``to_python`` gives."""
        try:
            self.python_code = self.to_python()
        except Stage3Error as err:
            self.problem = str(err)


def _kind_in(viewer: Any) -> tuple[str, str]:
    """Flux unit and time system of the first light curve in a (glue) viewer."""
    data = viewer.state.layers[0].layer.data
    unit = data.get_component(data.id["flux"]).units or ""
    curve = viewer.light_curve(data)
    return str(unit), curve.date if curve else ""


def _code(value: Any) -> str:
    """Write a value as the Python that makes it."""
    from astropy.time import Time

    if isinstance(value, Time):
        return f"Time({value.jd1!r}, {value.jd2!r}, format='jd', scale={value.scale!r})".replace(
            "np.float64(", "float("
        )
    if isinstance(value, u.Quantity):
        return f"{value.value.tolist()!r} * u.Unit({str(value.unit)!r})"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(_code(item) for item in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    return repr(value)
