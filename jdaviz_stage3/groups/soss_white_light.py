"""Whether the white light of SOSS's higher orders was summed between the limits of order 1."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ..products import ecsv_header, product_root
from ..readers.extensions import open_product
from ..readers.product_group import FilesBeside
from ..readers.stored_table import StoredTable
from .versions import release_of

__all__ = ["wrong_orders"]

#: white_light has limits for each order since then: https://github.com/spacetelescope/jwst/issues/9650
_LIMITS_SINCE = (1, 20, 0)
#: The last version that is known to give order 2 the limits of order 1.
_WRONG_UNTIL = (3, 0, 0)
_ORDER = re.compile(r"whitelight_flux_order_(\d+)$")
#: Beyond what printing a sum in decimals and adding it up in another order can differ.
_SAME = 1e-9

_TEXT = (
    "is summed between the wavelength limits of order 1, not its own, by the white_light step; use "
    "the sums of White Light Curve from the x1dints instead"
)


def wrong_orders(path: Path) -> str:
    """Say which orders of a whtlt of NIRISS SOSS are sums over the wavelengths of another.

    Of the x1dints beside it one integration is added up: where all its wavelengths give the
    number in the whtlt, no limits were applied. Of both files no more is read than that row.

    Parameters
    ----------
    path : path
        A whtlt.

    Returns
    -------
    str
        Empty where nothing is wrong; and where nothing is known, because there is no x1dints: from
        which version a whtlt is, it does not say.
    """
    columns, _ = ecsv_header(path)
    orders = [int(found[1]) for name in columns if (found := _ORDER.match(name))]
    higher = [order for order in orders if order != min(orders)]
    beside = FilesBeside(path)
    names = [n for suffix, n in beside.of_root(product_root(path).lower()) if suffix == "x1dints"]
    places = [beside.places[name] for name in names if beside.places[name]]
    if not higher or not places:
        return ""
    row = _first_row(path, columns)
    sums = _first_sums(Path(places[0]), higher)
    wrong = [
        order
        for order in higher
        if order in sums
        and np.isclose(row.get("MJD_UTC", np.nan), sums[order][0], rtol=0, atol=1e-8)
        and abs(row[f"whitelight_flux_order_{order}"] - sums[order][1])
        > _SAME * abs(sums[order][1])
    ]
    if not wrong:
        return ""
    return f"order {' and '.join(map(str, wrong))} {_TEXT}"


def _first_row(path: Path, columns: list[str]) -> dict[str, float]:
    """The numbers in the first row of an ECSV table; none where they cannot be read."""
    with open(path, encoding="utf-8", errors="replace") as stream:
        lines = (line for line in stream if line.strip() and not line.startswith("#"))
        next(lines, "")  # the names
        cells = next(lines, "").replace(",", " ").split()
    try:
        return dict(zip(columns, map(float, cells), strict=True))
    except ValueError:
        return {}


def _first_sums(path: Path, orders: list[int]) -> dict[int, tuple[float, float]]:
    """Time (MJD, UTC) and plain sum of FLUX of the first integration of each order.

    Of none where the pipeline had no limits yet, or may have those of each order.
    """
    found: dict[int, tuple[float, float]] = {}
    with open_product(path) as hdus:
        release = release_of(str(hdus[0].header.get("CAL_VER", "")))
        if release is not None and not _LIMITS_SINCE <= release <= _WRONG_UNTIL:
            return {}
        for hdu in hdus:
            order = hdu.header.get("SPORDER")
            if hdu.name != "EXTRACT1D" or order not in orders or order in found:
                continue
            if not {"MJD-AVG", "FLUX"} <= set(hdu.columns.names) or not hdu.header["NAXIS2"]:
                continue
            table = StoredTable(hdu, path)
            flux = np.asarray(table.column("FLUX", slice(0, 1)), dtype=float)
            time = np.asarray(table.column("MJD-AVG", slice(0, 1)), dtype=float)
            found[order] = float(time[0]), float(np.nansum(flux))
    return found
