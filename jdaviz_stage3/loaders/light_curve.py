"""Importer of white light curves (whtlt)."""

from __future__ import annotations

import numpy as np
from astropy import units as u
from astropy.table import QTable
from astropy.timeseries import TimeSeries
from jdaviz.core.loaders.importers import BaseImporterToDataCollection
from jdaviz.core.registries import loader_importer_registry

from ..jdaviz_compat import shown_in
from ..readers.light_curve import read_white_light
from .importing import ProductImporterMixin, importing

__all__ = ["LightCurveImporter", "light_curve_tables"]

_MJD_ZERO = 2400000.5


@loader_importer_registry("JWST light curve")
class LightCurveImporter(ProductImporterMixin, BaseImporterToDataCollection):
    """Imports a white light curve, each order and detector as a data entry of its own."""

    template_file = __file__, "importer.vue"

    def prepare(self):
        self.viewer.create_new.selected = "Light curve"  # each in a viewer of its own

    @staticmethod
    def _get_supported_viewers():
        return [{"label": "Light curve", "reference": "stage3-light-curve-viewer"}]

    def build(self) -> dict[str, QTable]:
        return light_curve_tables(read_white_light(self.product.path))

    @importing
    def __call__(self):
        own_viewers = bool(self.viewer.create_new.selected)
        for name, table in self.output.items():
            label = self.unique_label(name)
            if own_viewers:
                self.show_in_new_viewer("stage3-light-curve-viewer", f"Light curve {name}".strip())
            self.add_to_data_collection(
                table, label, data_hash=self.product.data_hash(name), cls=QTable
            )
            for viewer in shown_in(self, label) if own_viewers else ():
                viewer.show_light_curve("time", "flux", *table.meta["axis_labels"])


def light_curve_tables(series: TimeSeries) -> dict[str, QTable]:
    """Make a table for each light curve of a series, its time axis short enough to read.

    Parameters
    ----------
    series : astropy.timeseries.TimeSeries
        As read by `jdaviz_stage3.readers.light_curve.read_white_light`.

    Returns
    -------
    dict of str to QTable
        By what tells them apart (``'order 1'``, ``'NRS1'``, or empty). Columns ``time``, in days
        from the whole day before the first integration; ``flux``; and the full Julian date under
        the name of its time system (``BJD_TDB``, ``JD_UTC``). ``meta['axis_labels']`` are the
        labels for both axes.
    """
    system = series.meta["time_system"]
    tables = {}
    for column in [name for name in series.colnames if name.startswith("whitelight_flux")]:
        time = series[series[column].info.meta["time"]]
        jd1, jd2 = (np.ma.filled(part, np.nan) for part in (time.jd1, time.jd2))
        zero = float(np.floor(np.nanmin(jd1 + jd2)))
        flux = series[column]
        table = QTable(meta=dict(series.meta))
        # jd1/jd2 keep the microseconds that one float of days would lose
        table["time"] = ((jd1 - zero) + jd2) * u.day
        table["flux"] = flux
        name = "BJD_TDB" if system == "BJD_TDB" else "JD_UTC"
        table[name] = (jd1 + jd2) * u.day
        unit = f" ({flux.unit})" if flux.unit != u.dimensionless_unscaled else " (no unit in file)"
        table.meta["axis_labels"] = (f"{name} − {zero:.0f} (d)", f"White-light flux{unit}")
        table.meta["time_zero"] = zero
        table.meta["time_system_name"] = name
        tables[_name(column)] = table
    return tables


def _name(column: str) -> str:
    """'whitelight_flux_order_1_NRS2' -> 'order 1 NRS2'."""
    return column.removeprefix("whitelight_flux").strip("_").replace("_", " ")
