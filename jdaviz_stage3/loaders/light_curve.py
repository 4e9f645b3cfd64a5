"""Importer of light curves: white light (whtlt) and aperture photometry (phot)."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace

from astropy import units as u
from astropy.table import QTable
from astropy.timeseries import TimeSeries
from jdaviz.core.loaders.importers import BaseImporterToDataCollection
from jdaviz.core.registries import loader_importer_registry
from traitlets import validate

from ..analysis.light_curves.table import LightCurveColumns, light_curve_table
from ..errors import Stage3Error, Stage3Warning
from ..origin import ORIGIN, Origin
from ..products import ecsv_header
from ..readers import read
from ..readers.time_systems import TIME_SYSTEMS
from .importing import Choice, ProductImporterMixin, importing

__all__ = ["LightCurveImporter", "light_curve_tables", "series_against"]

_WHITE = "whitelight_flux"
_ALL = "default"
_NO_FLUX = re.compile(r"(MJD|BJD_TDB|.*_err$)")


@loader_importer_registry("JWST light curve")
class LightCurveImporter(ProductImporterMixin, BaseImporterToDataCollection):
    """Imports light curves into viewers of their own.

    White light: each order and detector as a data entry. Photometry: one data entry with all
    columns of the file.

    Attributes
    ----------
    column : str
        The column of the file to show: ``load(path, column='aperture_sum')``. By default all
        orders and detectors of white light, and the background-subtracted flux of photometry.
    time_system : {'BJD_TDB', 'MJD_UTC'}
        The times to show it against: ``load(path, time_system='MJD_UTC')``. By default
        barycentric ones where the file has them, else those at the telescope. The other ones that
        the file has are in the data as well.
    """

    choices = (
        Choice("column", "Flux", shown_from=3),  # the first is the default, which is one of them
        Choice(
            "time_system",
            "Time",
            "Times to show it against: barycentric (BJD_TDB) or at the telescope (MJD_UTC).",
        ),
    )
    _component_types: dict[str, str] = {}

    def prepare(self):
        names, _ = ecsv_header(self.product.path)
        hint = (
            "Order and detector to load; by default all."
            if self.product.kind.suffix == "whtlt"
            else "Column to show; by default the background-subtracted flux."
        )
        self.offer("column", [_ALL, *(name for name in names if not _NO_FLUX.match(name))], hint)
        self._systems = [
            system.name
            for system in TIME_SYSTEMS.values()
            if any(name.startswith(system.columns) for name in names)
        ]
        self.offer("time_system", self._systems)
        self.viewer.create_new.selected = "Light curve"  # each in a viewer of its own

    @validate("time_system_selected")
    def _check_time_system(self, proposal):
        # before jdaviz does, whose error does not say what was asked for
        if proposal.value not in ("", *self._systems):
            raise Stage3Error(
                f"{self.product.path.name}: no times in time_system {proposal.value!r}; there is "
                f"{' and '.join(self._systems) or 'none'}"
            )
        return proposal.value

    @staticmethod
    def _get_supported_viewers():
        return [{"label": "Light curve", "reference": "stage3-light-curve-viewer"}]

    def assign_component_type(self, comp_id, comp, units, physical_type):
        return self._component_types.get(comp_id)

    def build(self) -> dict[str, QTable]:
        chosen = None if self.column_selected == _ALL else self.column_selected
        series = read(self.product.path)
        try:
            return light_curve_tables(
                series, chosen, self._time_system_of(series), self.product.origin()
            )
        except KeyError as err:
            raise Stage3Error(f"{self.product.path.name}: {err.args[0]}") from None

    def _time_system_of(self, series: TimeSeries) -> str:
        """Return the chosen time system, the other one if its columns hold no time at all."""
        have = _time_systems(series)
        chosen = self.time_system_selected or have[0]
        if chosen in have:
            return chosen
        warnings.warn(
            f"{self.product.path.name}: no finite time in {chosen}; shown against {have[0]}",
            Stage3Warning,
            stacklevel=2,
        )
        return have[0]

    @importing
    def __call__(self):
        own_viewers = bool(self.viewer.create_new.selected)
        for name, table in self.output.items():
            label = self.unique_label(name)
            if own_viewers:
                self.show_in_new_viewer("stage3-light-curve-viewer", f"Light curve {name}".strip())
            curve = LightCurveColumns.of(table.meta)
            # jdaviz links columns of one type as the same thing: no flux with another flux, and
            # days from one zero with days from that zero only
            days = f"{curve.date} - {curve.zero:.0f}"
            self._component_types = {curve.time: days, curve.date: curve.date}
            self.add_to_data_collection(
                table, label, data_hash=self.product.data_hash(name), cls=QTable
            )


def light_curve_tables(
    series: TimeSeries,
    column: str | None = None,
    time_system: str | None = None,
    origin: Origin | None = None,
) -> dict[str, QTable]:
    """Make a table for each light curve of a product, its time axis short enough to read.

    Parameters
    ----------
    series : astropy.timeseries.TimeSeries
        As read from a whtlt or a phot product.
    column : str, optional
        The column to show. By default all of white light; of photometry
        ``series.meta['default_column']``.
    time_system : {'BJD_TDB', 'MJD_UTC'}, optional
        The times to show it against; by default those of ``series.meta['time_system']``.
    origin : Origin, optional
        Where the series came from; goes into the meta of each table, with the column that it is
        of, by its name in the file and against these times.

    Returns
    -------
    dict of str to QTable
        By what tells them apart (``'order 1'``, ``'NRS1'``, or empty). As
        `jdaviz_stage3.analysis.light_curves.table.light_curve_table` makes them: white light with
        the column ``flux``, photometry with all columns of the series.

    Raises
    ------
    KeyError
        If there is no such column, or no such times, with a sentence on what there is.
    """
    white = [name for name in series.colnames if name.startswith(_WHITE)]
    others = [name for name in series.colnames if not name.startswith("time") and name not in white]
    if column is not None and column not in white + others:
        raise KeyError(f"no column {column!r} to show; there is {', '.join(white + others)}")
    if not white:
        column = column or series.meta["default_column"]
        error = f"{column}_err" if f"{column}_err" in others else None
        whole = series_against(series, time_system, {name: name for name in others})
        table = light_curve_table(whole, column, flux_err=error)
        if origin is not None:
            table.meta[ORIGIN] = replace(origin, column=column, source=whole)
        return {"": table}
    tables = {}
    for name in white if column is None else [column]:
        single = series_against(series, time_system, {name: "flux"})
        no_unit = series[name].unit == u.dimensionless_unscaled
        words = "White-light flux" + (" (no unit in file)" if no_unit else "")
        part = _name(name)
        tables[part] = light_curve_table(single, "flux", words)
        if origin is not None:
            source = series_against(series, time_system, {name: name})
            source[name].info.meta = {"time": "time"}
            tables[part].meta[ORIGIN] = replace(origin, part=part, column=name, source=source)
    return tables


def series_against(series: TimeSeries, system: str | None, columns: dict[str, str]) -> TimeSeries:
    """Copy columns of one set of times, under new names, with these times in a time system.

    Parameters
    ----------
    series : astropy.timeseries.TimeSeries
        As read from a whtlt or a phot product.
    system : str or None
        ``'BJD_TDB'`` or ``'MJD_UTC'``; by default the series' own.
    columns : dict of str to str
        The new name of each.

    Returns
    -------
    astropy.timeseries.TimeSeries
        The times in the other system are in ``time_tdb`` or ``time_utc``.

    Raises
    ------
    KeyError
        If there are no such times, with a sentence on what there is.
    """
    own, first = series.meta["time_system"], next(iter(columns))
    named = series[first].info.meta or {}
    if "time" not in named:  # photometry: one set of times
        named = {"time": "time", "time_utc": "time_utc"}
    times = {own: series[named["time"]]}
    if own == "BJD_TDB" and named.get("time_utc") in series.colnames:
        times["MJD_UTC"] = series[named["time_utc"]]
    system = system or own
    if system not in times:
        raise KeyError(f"no times of {first} in {system!r}; there is {' and '.join(times)}")
    out = TimeSeries(time=times.pop(system), meta=series.meta | {"time_system": system})
    for other, time in times.items():
        out[f"time_{TIME_SYSTEMS[other].scale}"] = time
    for name, new in columns.items():
        out[new] = series[name]
    return out


def _time_systems(series: TimeSeries) -> list[str]:
    """Which time systems a series has, its own first."""
    both = any(name.startswith("time_utc") for name in series.colnames)
    return [series.meta["time_system"], *(["MJD_UTC"] if both else [])]


def _name(column: str) -> str:
    """'whitelight_flux_order_1_NRS2' -> 'order 1 NRS2'."""
    return column.removeprefix(_WHITE).strip("_").replace("_", " ")
