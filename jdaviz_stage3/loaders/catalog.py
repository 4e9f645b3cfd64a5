"""Importer of source catalogs (cat)."""

from __future__ import annotations

import warnings
from dataclasses import replace
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
    catalog_meta,
    configuration,
    draw_as_circles,
    has_images,
    own_column_names,
    shown_in,
    spatial_component_type,
)
from ..origin import ORIGIN, Origin
from ..readers.catalog import label_column, pixel_columns, read_catalog, sky_column
from .importing import ProductImporterMixin, importing

__all__ = ["CatalogImporter", "catalog_for_jdaviz"]


@loader_importer_registry("JWST source catalog")
class CatalogImporter(ProductImporterMixin, BaseImporterToDataCollection):
    """Imports a source catalog with all its columns.

    The sources are linked to images by their sky positions where images are aligned by WCS, and
    by their pixel positions where images are aligned by pixels.
    """

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
        return catalog_for_jdaviz(read_catalog(self.product.path), self.product.origin())

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


def catalog_for_jdaviz(catalog: QTable, origin: Origin | None = None) -> QTable:
    """Turn a source catalog into what jdaviz takes, with every column kept that it can hold.

    Parameters
    ----------
    catalog : QTable
        As read by `jdaviz_stage3.readers.catalog.read_catalog`.
    origin : Origin, optional
        Where it came from; goes into the meta with the columns that are kept, as they were read:
        the data collection does not keep frames, formats, masks and descriptions.

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
    columns = [name for name in catalog.colnames if _fits_a_table_of_jdaviz(catalog[name])]
    if left := [name for name in catalog.colnames if name not in columns]:
        warnings.warn(
            f"{', '.join(left)}: not one number, truth value or text a source, which is all that a "
            "catalog in jdaviz can hold; left out, jdaviz_stage3.read gives the whole table",
            Stage3Warning,
            stacklevel=2,
        )
        catalog = catalog[columns]
    if origin is not None:
        out.meta[ORIGIN] = replace(origin, source=catalog)
    renamed = own_column_names(columns)
    for name in columns:
        column = catalog[name]
        if isinstance(column, SkyCoord):
            if name != sky:
                out[f"{name}.ra"] = column.icrs.ra.to(u.deg)
                out[f"{name}.dec"] = column.icrs.dec.to(u.deg)
        elif isinstance(column, Time):
            out[renamed.get(name, name)] = np.ma.filled(column.mjd, np.nan) * u.day
        else:
            out[renamed.get(name, name)] = _without_mask(column)
    return out


def _without_mask(column: Any) -> Any:
    """Text and truth values with none where they are missing: glue makes 'n' and True of them."""
    mask = getattr(column, "mask", None)
    if mask is None or not np.any(mask) or column.dtype.kind not in "bU":
        return column
    if column.dtype.kind == "U":
        return column.filled("")
    return np.where(mask, np.nan, np.asarray(column))


def _fits_a_table_of_jdaviz(column: Any) -> bool:
    """Whether a column has one value a source, of a kind that glue holds."""
    if isinstance(column, (SkyCoord, Time)):
        return column.ndim == 1
    return getattr(column, "ndim", 0) == 1 and column.dtype.kind in "biufUS"
