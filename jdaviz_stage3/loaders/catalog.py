"""Importer of source catalogs (cat)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import QTable
from astropy.time import Time
from jdaviz.core.loaders.importers import BaseImporterToDataCollection
from jdaviz.core.registries import loader_importer_registry

from ..errors import Stage3Warning, UnsupportedProductError
from ..jdaviz_compat import (
    CATALOG_COLUMNS,
    catalog_meta,
    configuration,
    draw_as_circles,
    has_images,
    shown_in,
    spatial_component_type,
)
from ..readers.catalog import label_column, pixel_columns, read_catalog, sky_column
from .importing import ProductImporterMixin, importing

__all__ = ["CatalogImporter", "catalog_for_jdaviz"]


@loader_importer_registry("JWST source catalog")
class CatalogImporter(ProductImporterMixin, BaseImporterToDataCollection):
    """Imports a source catalog with all its columns.

    The sources are linked to images by their sky positions where images are aligned by WCS, and
    by their pixel positions where images are aligned by pixels.
    """

    template_file = __file__, "importer.vue"

    def check_configuration(self):
        super().check_configuration()
        if configuration(self) == "imviz" and not has_images(self):
            raise UnsupportedProductError(
                f"{self.product.path.name}: Imviz shows a catalog on an image; load its i2d first, "
                "or open the catalog in the generalised app (jdaviz.gca())"
            )

    def prepare(self):
        if not self.viewer.choices:
            self.viewer.create_new.selected = "Table"

    @staticmethod
    def _get_supported_viewers():
        return [
            {"label": "Image", "reference": "imviz-image-viewer", "allow_create": False},
            {"label": "Scatter", "reference": "scatter-viewer"},
            {"label": "Histogram", "reference": "histogram-viewer"},
            {"label": "Table", "reference": "table-viewer"},
        ]

    def build(self) -> QTable:
        table = catalog_for_jdaviz(read_catalog(self.product.path))
        table.meta.update(self.product.meta)
        return table

    def assign_component_type(self, comp_id, comp, units, physical_type):
        return spatial_component_type(comp_id, comp, units, physical_type)

    @importing
    def __call__(self):
        label = self.data_label_value.strip()
        table = self.output
        if len(table) == 0:  # which glue cannot draw; the reader has warned
            self.viewer.create_new.selected = ""
            self.viewer.selected = []
        self.add_to_data_collection(table, data_hash=self.data_hashes[0], cls=QTable)
        for viewer in shown_in(self, label):
            draw_as_circles(viewer, label)


def catalog_for_jdaviz(catalog: QTable) -> QTable:
    """Turn a source catalog into what jdaviz takes, with every column kept that it can hold.

    Parameters
    ----------
    catalog : QTable
        As read by `jdaviz_stage3.readers.catalog.read_catalog`.

    Returns
    -------
    QTable
        Each `~astropy.coordinates.SkyCoord` column as two angle columns (``sky_centroid`` becomes
        ``RA`` and ``Dec``, others ``NAME.ra`` and ``NAME.dec``, in degrees), each
        `~astropy.time.Time` as its MJD in days; ``ID``, ``X`` and ``Y`` are added under the names
        that jdaviz looks for. A column of the user's that has one of these five names is called
        ``'NAME (own)'``. ``meta`` tells jdaviz which columns are the positions and the label.

    Warns
    -----
    Stage3Warning
        If a column holds several values, or none that are numbers, truth values or texts, for
        each source: it is left out.
    """
    out = QTable()
    sky, pixels, label = sky_column(catalog), pixel_columns(catalog), label_column(catalog)
    out.meta.update(catalog.meta)
    if sky is not None:
        out["RA"] = catalog[sky].icrs.ra.to(u.deg)
        out["Dec"] = catalog[sky].icrs.dec.to(u.deg)
    if pixels is not None:
        for name, column in zip(("X", "Y"), pixels, strict=True):
            out[name] = np.asarray(getattr(catalog[column], "value", catalog[column]), dtype=float)
    out["ID"] = np.asarray(catalog[label]) if label else np.arange(1, len(catalog) + 1)
    out.meta.update(catalog_meta(out.colnames))
    renamed = {
        name: _own_name(name, catalog.colnames)
        for name in CATALOG_COLUMNS
        if name in catalog.colnames
    }
    columns = [name for name in catalog.colnames if _fits_a_table_of_jdaviz(catalog[name])]
    if left := [name for name in catalog.colnames if name not in columns]:
        warnings.warn(
            f"{', '.join(left)}: not one number, truth value or text a source, which is all that a "
            "catalog in jdaviz can hold; left out, jdaviz_stage3.read gives the whole table",
            Stage3Warning,
            stacklevel=2,
        )
    out.meta.update(_about_columns(catalog, columns), _stage3_renamed=renamed)
    for name in columns:
        column = catalog[name]
        if isinstance(column, SkyCoord):
            if name != sky:
                out[f"{name}.ra"] = column.icrs.ra.to(u.deg)
                out[f"{name}.dec"] = column.icrs.dec.to(u.deg)
        elif isinstance(column, Time):
            out[renamed.get(name, name)] = np.ma.filled(column.mjd, np.nan) * u.day
        else:
            out[renamed.get(name, name)] = column
    return out


def _own_name(name: str, taken: list[str]) -> str:
    """Return what a column of the user's is called beside the one that jdaviz looks for."""
    own = f"{name} (own)"
    while own in taken:  # in a table that was exported from an app
        own += " (own)"
    return own


def _fits_a_table_of_jdaviz(column: Any) -> bool:
    """Whether a column has one value a source, of a kind that glue holds."""
    if isinstance(column, (SkyCoord, Time)):
        return column.ndim == 1
    return getattr(column, "ndim", 0) == 1 and column.dtype.kind in "biufUS"


def _about_columns(catalog: QTable, columns: list[str]) -> dict[str, Any]:
    """What the data collection does not keep of columns, for a table to be made of them again."""
    infos = {name: catalog[name].info for name in columns}
    # of integers, booleans and texts; a missing float is NaN
    masks = {name: getattr(catalog[name], "mask", None) for name in columns}
    return {
        "_stage3_columns": columns,
        "_stage3_descriptions": {n: i.description for n, i in infos.items() if i.description},
        "_stage3_formats": {n: i.format for n, i in infos.items() if i.format},
        "_stage3_quantities": [n for n in columns if isinstance(catalog[n], u.Quantity)],
        "_stage3_frames": {
            n: catalog[n].frame.replicate_without_data()
            for n in columns
            if isinstance(catalog[n], SkyCoord) and catalog[n].frame.name != "icrs"
        },
        "_stage3_times": {n: catalog[n].scale for n in columns if isinstance(catalog[n], Time)},
        "_stage3_masks": {
            name: np.asarray(mask)
            for name, mask in masks.items()
            if mask is not None and np.ndim(mask) == 1 and np.any(mask)
        },
        "_stage3_booleans": [
            n for n, i in infos.items() if getattr(i, "dtype", None) == np.dtype(bool)
        ],
    }
