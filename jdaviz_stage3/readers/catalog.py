"""Source catalogs (cat) as `~astropy.table.QTable`, from ECSV, FITS tables and Parquet."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import QTable
from astropy.units import UnitsWarning

from ..errors import Stage3Warning, UnreadableProductError, reason_of
from ..table_headers import table_header
from .extensions import native, open_product
from .flux_versions import wrong_fluxes
from .parquet_table import read_parquet

__all__ = ["label_column", "pixel_columns", "read_catalog", "sky_column"]

# The names that the pipeline's generations have given the same thing, the newest first.
_LABELS = ("label", "id")
_SKY = ("sky_centroid", "icrs_centroid")
_FLUX = re.compile(r"(?:aper|isophotal).*_flux(?:_err)?")
_NAMED_MOST = 3
_PIXELS = (("xcentroid", "ycentroid"), ("x_centroid", "y_centroid"))


def read_catalog(path: str | os.PathLike) -> QTable:
    """Read a source catalog of any pipeline version.

    Parameters
    ----------
    path : path-like
        A cat.ecsv file, or the same columns in a FITS table (the first extension) or in Parquet.

    Returns
    -------
    astropy.table.QTable
        One row a source, the columns as they are in the file: `~astropy.units.Quantity` with
        their units, `~astropy.coordinates.SkyCoord` for the positions and bounding boxes,
        missing values NaN. ``meta`` is the file's. What programs that know no positions have made
        two columns of (``sky_centroid.ra``, ``sky_centroid.dec``) is one again, ICRS.

    Raises
    ------
    UnreadableProductError
        If the header or the rows cannot be parsed, or there is no position in the table.

    Warns
    -----
    Stage3Warning
        If the catalog has no sources, or comes from jwst 1.20.0, whose fluxes were neither
        converted to Jy nor corrected for the background (fixed in 1.20.1); if columns that have a
        unit in what the pipeline writes have none, as in Parquet of other programs than astropy.
    """
    name = Path(path).name
    kind = table_header(path).format  # its message is clearer than the parser's
    with warnings.catch_warnings():
        # 'pix' and other spellings that astropy takes but deprecates
        warnings.simplefilter("ignore", UnitsWarning)
        table = _READ[kind](path)
    if kind != "ecsv":
        _join_positions(table, name)
        _warn_without_units(table, name)
    _fill_missing(table)
    if sky_column(table) is None and pixel_columns(table) is None:
        raise UnreadableProductError(
            f"{name}: no source positions, neither {_SKY[0]} nor {' and '.join(_PIXELS[0])} "
            f"(found {', '.join(table.colnames[:6])}, …)"
        )
    _warn_of_doubtful(table, name)
    return table


def _read_ecsv(path: str | os.PathLike) -> QTable:
    try:
        return QTable.read(path, format="ecsv", engine="pyarrow")
    except Exception as err:  # the parsers (pyarrow, yaml, astropy) share no base class
        try:
            return QTable.read(path, format="ascii.ecsv")
        except Exception:
            raise _unreadable(path, "ECSV", err) from err


def _read_fits(path: str | os.PathLike) -> QTable:
    with open_product(path) as hdus:
        # not with NaN as masked, which all columns of numbers would be
        table = QTable.read(hdus, format="fits", hdu=1, mask_invalid=False)
    for name in table.colnames:
        column = table[name]
        if isinstance(column, SkyCoord):
            angles = column.spherical
            table[name] = SkyCoord(
                native(angles.lon.deg) * u.deg, native(angles.lat.deg) * u.deg,
                frame=column.frame.replicate_without_data(),
            )  # fmt: skip
        elif not getattr(getattr(column, "dtype", None), "isnative", True):
            table[name] = column.astype(column.dtype.newbyteorder("="))
    return table


def _read_parquet(path: str | os.PathLike) -> QTable:
    try:
        return read_parquet(path)
    except Exception as err:  # as above
        raise _unreadable(path, "Parquet", err) from err


_READ = {"ecsv": _read_ecsv, "fits": _read_fits, "parquet": _read_parquet}


def _unreadable(path: str | os.PathLike, what: str, err: Exception) -> UnreadableProductError:
    return UnreadableProductError(
        f"{Path(path).name}: not a readable {what} table ({reason_of(err)}); download it again"
    )


def _join_positions(table: QTable, file: str) -> None:
    """Make one column of the two that a position became."""
    for ra in [name for name in table.colnames if name.endswith(".ra")]:
        name = ra.removesuffix(".ra")
        dec = f"{name}.dec"
        if name in table.colnames or dec not in table.colnames:
            continue
        try:
            positions = _positions(table[ra], table[dec])
        except (TypeError, ValueError) as err:  # text, another unit, beyond the pole
            raise UnreadableProductError(
                f"{file}: {ra} and {dec} are no positions ({reason_of(err)}); expected numbers, "
                "in degrees where they have no unit"
            ) from err
        place = table.index_column(ra)
        table.remove_columns([ra, dec])
        table.add_column(positions, index=place, name=name)


def _positions(ra: Any, dec: Any) -> SkyCoord:
    """Make positions of two columns, in degrees where they have no unit."""
    # missing whole numbers have no NaN
    numbers = (one.astype(float) if one.dtype.kind in "iu" else one for one in (ra, dec))
    angles = [u.Quantity(np.ma.filled(one, np.nan), copy=False) for one in numbers]
    given = [angle.unit != u.dimensionless_unscaled for angle in angles]
    lon, lat = (
        angle if has else angle.value * u.deg for angle, has in zip(angles, given, strict=True)
    )
    return SkyCoord(lon, lat, frame="icrs")


def _warn_without_units(table: QTable, name: str) -> None:
    """Warn of fluxes that have no unit: those of the pipeline are in Jy, but who knows of these."""
    bare = [
        column
        for column in table.colnames
        if _FLUX.fullmatch(column) and getattr(table[column], "unit", None) is None
    ]
    if bare:
        more = ", …" if len(bare) > _NAMED_MOST else ""
        warnings.warn(
            f"{name}: no unit of {', '.join(bare[:_NAMED_MOST])}{more}; the pipeline's are in Jy. "
            "Write the table with astropy (QTable.write), which keeps units and positions",
            Stage3Warning,
            stacklevel=3,
        )


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
