"""Source catalogs (cat) as `~astropy.table.QTable`."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.table import QTable
from astropy.units import UnitsWarning

from ..errors import Stage3Warning, UnreadableProductError, reason_of
from ..products import ecsv_header
from .flux_versions import wrong_fluxes

__all__ = ["label_column", "pixel_columns", "read_catalog", "sky_column"]

# The names that the pipeline's generations have given the same thing, the newest first.
_LABELS = ("label", "id")
_SKY = ("sky_centroid", "icrs_centroid")
_PIXELS = (("xcentroid", "ycentroid"), ("x_centroid", "y_centroid"))


def read_catalog(path: str | os.PathLike) -> QTable:
    """Read a source catalog of any pipeline version.

    Parameters
    ----------
    path : path-like
        A cat.ecsv file.

    Returns
    -------
    astropy.table.QTable
        One row a source, the columns as they are in the file: `~astropy.units.Quantity` with
        their units, `~astropy.coordinates.SkyCoord` for the positions and bounding boxes,
        missing values NaN. ``meta`` is the file's.

    Raises
    ------
    UnreadableProductError
        If the header or the rows cannot be parsed, or there is no position in the table.

    Warns
    -----
    Stage3Warning
        If the catalog has no sources, or comes from jwst 1.20.0, whose fluxes were neither
        converted to Jy nor corrected for the background (fixed in 1.20.1).
    """
    name = Path(path).name
    ecsv_header(path)  # its message for a header without rows is clearer than the parser's
    with warnings.catch_warnings():
        # 'pix' and other spellings that astropy takes but deprecates
        warnings.simplefilter("ignore", UnitsWarning)
        try:
            table = QTable.read(path, format="ecsv", engine="pyarrow")
        except Exception as err:  # the parsers (pyarrow, yaml, astropy) share no base class
            try:
                table = QTable.read(path, format="ascii.ecsv")
            except Exception:
                raise UnreadableProductError(
                    f"{name}: not a readable ECSV table ({reason_of(err)}); download it again"
                ) from err
    _fill_missing(table)
    if sky_column(table) is None and pixel_columns(table) is None:
        raise UnreadableProductError(
            f"{name}: no source positions, neither {_SKY[0]} nor {' and '.join(_PIXELS[0])} "
            f"(found {', '.join(table.colnames[:6])}, …)"
        )
    _warn_of_doubtful(table, name)
    return table


def label_column(table: QTable) -> str | None:
    """Name of the column with the source's label, the value of its pixels in the segm.

    Parameters
    ----------
    table : QTable
        A source catalog.

    Returns
    -------
    str or None
        ``'label'``, ``'id'`` in older catalogs, or None if it has neither.
    """
    return next((name for name in _LABELS if name in table.colnames), None)


def sky_column(table: QTable) -> str | None:
    """Name of the `~astropy.coordinates.SkyCoord` column with the sources' positions.

    Parameters
    ----------
    table : QTable
        A source catalog.

    Returns
    -------
    str or None
    """
    columns = [name for name in _SKY if name in table.colnames]
    return next((name for name in columns if isinstance(table[name], SkyCoord)), None)


def pixel_columns(table: QTable) -> tuple[str, str] | None:
    """Return the names of the columns with the sources' 0-based pixel positions.

    Parameters
    ----------
    table : QTable
        A source catalog.

    Returns
    -------
    tuple of str or None
        x and y.
    """
    return next((xy for xy in _PIXELS if set(xy) <= set(table.colnames)), None)


def _fill_missing(table: QTable) -> None:
    """Turn masked floats into NaN, as the pipeline writes missing values today."""
    for name in table.colnames:
        column = table[name]
        if getattr(column, "mask", None) is None or not hasattr(column, "dtype"):
            continue  # positions, times
        if column.dtype.kind == "f":
            unmasked = getattr(column, "unmasked", None)  # a Masked Quantity
            if unmasked is not None:
                values = unmasked.copy()
                values[np.asarray(column.mask)] = np.nan
                table[name] = values
            elif hasattr(column, "filled"):
                table[name] = column.filled(np.nan)


def _warn_of_doubtful(table: QTable, name: str) -> None:
    if len(table) == 0:
        warnings.warn(f"{name}: the catalog has no sources", Stage3Warning, stacklevel=3)
    version = table.meta.get("version", {})
    wrong = wrong_fluxes(str(version.get("jwst", "")) if isinstance(version, dict) else "")
    if wrong:
        warnings.warn(f"{name}: {wrong}", Stage3Warning, stacklevel=3)
