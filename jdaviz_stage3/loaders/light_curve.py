"""Importer of light curves: white light (whtlt) and aperture photometry (phot)."""

from __future__ import annotations

import re
import warnings

import numpy as np
from astropy import units as u
from astropy.table import QTable
from astropy.time import Time
from astropy.timeseries import TimeSeries
from jdaviz.core.loaders.importers import BaseImporterToDataCollection
from jdaviz.core.registries import loader_importer_registry
from jdaviz.core.template_mixin import SelectPluginComponent
from traitlets import List, Unicode, validate

from ..errors import Stage3Error, Stage3Warning
from ..products import ecsv_header
from ..readers import read
from .importing import ProductImporterMixin, importing

__all__ = ["LightCurveImporter", "curve_table", "light_curve_tables"]

_WHITE = "whitelight_flux"
_ALL = "default"
_NO_FLUX = re.compile(r"(MJD|BJD_TDB|.*_err$)")
#: Time system -> how its columns in the files begin, and the name of the full date in the tables.
_SYSTEMS = {"BJD_TDB": ("BJD_TDB", "BJD_TDB"), "MJD_UTC": ("MJD", "JD_UTC")}


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

    template_file = __file__, "light_curve.vue"
    options = ("column", "time_system")

    column_items = List().tag(sync=True)
    column_selected = Unicode().tag(sync=True)
    column_hint = Unicode("").tag(sync=True)
    time_system_items = List().tag(sync=True)
    time_system_selected = Unicode().tag(sync=True)
    _component_types: dict[str, str] = {}

    def prepare(self):
        names, _ = ecsv_header(self.product.path)
        choices = [_ALL, *(name for name in names if not _NO_FLUX.match(name))]
        self.column = SelectPluginComponent(
            self, items="column_items", selected="column_selected", manual_options=choices
        )
        self.column_hint = (
            "Order and detector to load; by default all."
            if self.product.kind.suffix == "whtlt"
            else "Column to show; by default the background-subtracted flux."
        )
        self._systems = [
            system
            for system, (start, _) in _SYSTEMS.items()
            if any(name.startswith(start) for name in names)
        ]
        self.time_system = SelectPluginComponent(
            self,
            items="time_system_items",
            selected="time_system_selected",
            manual_options=self._systems,
        )
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
            tables = light_curve_tables(series, chosen, self._time_system_of(series))
        except KeyError as err:
            raise Stage3Error(f"{self.product.path.name}: {err.args[0]}") from None
        for table in tables.values():
            table.meta |= self.product.meta | {"stage3_path": str(self.product.path)}
        return tables

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
            system, zero = table.meta["time_system_name"], table.meta["time_zero"]
            # jdaviz links columns of one type as the same thing: no flux with another flux, and
            # days from one zero with days from that zero only
            self._component_types = {"time": f"{system} - {zero:.0f}", system: system}
            self.add_to_data_collection(
                table, label, data_hash=self.product.data_hash(name), cls=QTable
            )


def light_curve_tables(
    series: TimeSeries, column: str | None = None, time_system: str | None = None
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

    Returns
    -------
    dict of str to QTable
        By what tells them apart (``'order 1'``, ``'NRS1'``, or empty). As `curve_table` makes
        them: white light with the column ``flux``, photometry with all columns of the series.
        ``meta['_stage3_column']`` is the column of the series that each is of.

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
        whole = _against(series, time_system, {name: name for name in others})
        table = curve_table(whole, column, flux_err=error)
        table.meta["_stage3_column"] = column
        return {"": table}
    tables = {}
    for name in white if column is None else [column]:
        single = _against(series, time_system, {name: "flux"})
        no_unit = series[name].unit == u.dimensionless_unscaled
        words = "White-light flux" + (" (no unit in file)" if no_unit else "")
        tables[_name(name)] = curve_table(single, "flux", words)
        tables[_name(name)].meta["_stage3_column"] = name
    return tables


def _against(series: TimeSeries, system: str | None, columns: dict[str, str]) -> TimeSeries:
    """Copy columns of one set of times, under new names, with these times in a time system.

    The times in the other system go into ``time_tdb`` or ``time_utc``.
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
        out[f"time_{other[-3:].lower()}"] = time
    for name, new in columns.items():
        out[new] = series[name]
    return out


def _time_systems(series: TimeSeries) -> list[str]:
    """Which time systems a series has, its own first."""
    both = any(name.startswith("time_utc") for name in series.colnames)
    return [series.meta["time_system"], *(["MJD_UTC"] if both else [])]


def curve_table(
    series: TimeSeries,
    flux: str,
    words: str = "",
    *,
    flux_err: str | None = None,
    flag: str | None = None,
) -> QTable:
    """Make a table of a time series that the light-curve viewer can draw.

    Parameters
    ----------
    series : astropy.timeseries.TimeSeries
        Of n_int rows, with ``meta['time_system']`` ``'BJD_TDB'`` or ``'MJD_UTC'``. The times in the
        other system, where there are any, in ``time_utc`` or ``time_tdb``.
    flux : str
        The column to draw.
    words : str, optional
        What it is, for the axis label; by default its ``info.description`` or its name.
    flux_err, flag : str, optional
        The columns of its 1-sigma errors, and of bool, true for rows flagged as outliers.

    Returns
    -------
    QTable
        ``time``, in days from the whole day before the first integration (NaN where there is no
        time); ``flux`` and its error; every other 1-D column; and the full Julian date under the
        name of its time system (``BJD_TDB``, ``JD_UTC``), in the other system, too, where the
        series has it. ``meta['time_zero']`` is the Julian date that ``time`` counts from,
        ``meta['time_system_name']`` the column of the full date in its system, and
        ``meta['light_curve']`` says which columns to draw and what they are in words.

    Raises
    ------
    KeyError
        If there is no such column.
    """
    system = _SYSTEMS[series.meta["time_system"]][1]
    jd1, jd2 = (np.ma.filled(part, np.nan) for part in (series.time.jd1, series.time.jd2))
    zero = float(np.floor(np.nanmin(jd1 + jd2)))
    table = QTable(meta=dict(series.meta))
    # jd1/jd2 keep the microseconds that one float of days would lose
    table["time"] = ((jd1 - zero) + jd2) * u.day
    first = [name for name in (flux, flux_err, flag) if name]
    for name in [*first, *(name for name in series.colnames if name not in first)]:
        column = series[name]
        if not isinstance(column, Time) and column.ndim == 1:
            table[name] = column
    table[system] = (jd1 + jd2) * u.day
    for column, other in (("time_tdb", "BJD_TDB"), ("time_utc", "JD_UTC")):
        if column in series.colnames and other != system:
            table[other] = np.ma.filled(series[column].jd, np.nan) * u.day
    described = {
        name: series[name].info.description
        for name in series.colnames
        if name in table.colnames and series[name].info.description
    }
    if words:
        described[flux] = words
    table.meta["time_zero"] = zero
    table.meta["time_system_name"] = system
    table.meta["light_curve"] = {
        "time": "time", "flux": flux, "flux_err": flux_err, "flag": flag, "words": described,
    }  # fmt: skip
    return table


def _name(column: str) -> str:
    """'whitelight_flux_order_1_NRS2' -> 'order 1 NRS2'."""
    return column.removeprefix(_WHITE).strip("_").replace("_", " ")
