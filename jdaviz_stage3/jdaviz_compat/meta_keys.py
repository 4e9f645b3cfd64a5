"""What jdaviz looks for in the meta and in the components of data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "CATALOG_COLUMNS",
    "catalog_meta",
    "column_for",
    "image_meta",
    "own_column_names",
    "spatial_component_type",
    "spectral_component_type",
    "without_jdaviz_keys",
]


def spatial_component_type(comp_id: str, comp: Any, units: str, physical_type: str) -> str:
    """Name what a column is, by which jdaviz links data ('RA:angle', '0:pixel', …).

    Reason: jdaviz's rule for images and catalogs is a private function. jdaviz 5.1: the same.
    """
    from jdaviz.core.loaders.importers.image.image import _spatial_assign_component_type

    return _spatial_assign_component_type(comp_id, comp, units, physical_type)


def spectral_component_type(comp_id: str, comp: Any, units: str, physical_type: str) -> str:
    """Name what a component of a spectrum is, by which jdaviz links data ('spectral_axis', …).

    Reason: jdaviz's rule for spectra is a private function. jdaviz 5.1: the same.
    """
    from jdaviz.core.loaders.importers.spectrum_common import _spectrum_assign_component_type

    return _spectrum_assign_component_type(comp_id, comp, units, physical_type)


#: Columns under whose names jdaviz finds positions and labels of a catalog. Reason: it asks for
#: ``ID`` by this name, and its own importer adds all of them. jdaviz 5.1: to check.
CATALOG_COLUMNS = ("RA", "Dec", "X", "Y", "ID")


def own_column_names(names: list[str]) -> dict[str, str]:
    """Return what columns of a catalog are called beside those that jdaviz looks for.

    Reason: see `CATALOG_COLUMNS`.

    Parameters
    ----------
    names : list of str
        Of all its columns.

    Returns
    -------
    dict of str to str
        By the name in the catalog, for those that have one of jdaviz's names.
    """
    renamed = {}
    for name in CATALOG_COLUMNS:
        if name in names:
            own = f"{name} (own)"
            while own in names:  # in a table that was exported from an app
                own += " (own)"
            renamed[name] = own
    return renamed


def catalog_meta(columns: list[str]) -> dict[str, str]:
    """Return the meta entries by which jdaviz finds positions and labels in a catalog.

    Reason: markers, links and the read-out look for private keys that jdaviz's importer sets.
    jdaviz 5.1: to check, for catalogs change.

    Parameters
    ----------
    columns : list of str
        Of the catalog: ``RA`` and ``Dec``, ``X`` and ``Y``, ``ID``, those that it has.
    """
    keys = {"ra": "RA", "dec": "Dec", "x": "X", "y": "Y"}
    meta = {f"_jdaviz_loader_{key}_col": name for key, name in keys.items() if name in columns}
    return meta | {"_jdaviz_id_col": "ID"}


def image_meta(extension: str) -> dict[str, str]:
    """Return the meta entry by which jdaviz tells an image from a data-quality array.

    Reason: a private key that jdaviz's importer sets. jdaviz 5.1: the same.
    """
    return {"_extname": extension}


def column_for(data: Any, key: str) -> str | None:
    """Return the column that jdaviz takes for a catalog's positions or labels, None if unknown.

    Reason: where it looks for it in a catalog's meta has no public name. jdaviz 5.1: the same.

    Parameters
    ----------
    data : glue.core.Data
    key : {'ra', 'dec', 'x', 'y', 'id'}
    """
    return data.meta.get("_jdaviz_id_col" if key == "id" else f"_jdaviz_loader_{key}_col")


def without_jdaviz_keys(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return meta without what jdaviz keeps there of where data come from and of columns.

    Reason: the keys have no public names, and what is made of the data must not have them.
    jdaviz 5.1: the same.
    """
    keys = ("_jdaviz_", "_native_data", "_importer", "_data_hash")
    return {key: value for key, value in meta.items() if not str(key).startswith(keys)}
