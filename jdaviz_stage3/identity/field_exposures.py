"""The exposures of a field's images: which of them a source is on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from astropy.coordinates import SkyCoord

from ..analysis.exposures.footprints import corners_of_region, covers
from ..errors import Stage3Error
from ..groups import ListedProduct
from ..origin import FileStamp, check_unchanged, file_stamp
from ..readers.extensions import open_product, require_extension
from ..readers.mosaic_inputs import exposure_name

__all__ = ["covering_exposures", "image_exposures"]


def image_exposures(products: Iterable[ListedProduct]) -> tuple[Path, ...]:
    """Return the exposures of images among products.

    Parameters
    ----------
    products : iterable of ListedProduct

    Returns
    -------
    tuple of path
        Of each exposure its crf, else its cal; not those of spectra.
    """
    found: dict[tuple[Path, str], ListedProduct] = {}
    for product in products:
        kind = product.exposure_type.upper()
        if product.suffix not in ("crf", "cal") or product.problem or "IMAGE" not in kind:
            continue
        name = product.path.parent, exposure_name(product.name)
        if name not in found or product.suffix == "crf":
            found[name] = product
    return tuple(product.path for product in found.values())


def covering_exposures(paths: Sequence[Path], position: SkyCoord) -> tuple[Path, ...]:
    """Return the exposures whose footprint holds a place.

    Parameters
    ----------
    paths : sequence of path
    position : SkyCoord
        Scalar.

    Returns
    -------
    tuple of path
        With those that do not say their footprint (S_REGION): the place may be on them.
    """
    known: list[tuple[Path, SkyCoord]] = []
    unknown = set()
    for path in paths:
        try:
            corners = _footprint(path, file_stamp(path))
        except (OSError, Stage3Error):
            corners = None
        if corners is None:
            unknown.add(path)
        else:
            known.append((path, corners))
    there = covers([corners for _, corners in known], position)
    on = {path for (path, _), holds in zip(known, there, strict=True) if holds} | unknown
    return tuple(path for path in paths if path in on)


@lru_cache(maxsize=2000)
def _footprint(path: Path, stamp: FileStamp) -> SkyCoord | None:
    with open_product(path) as hdus:
        check_unchanged(path, stamp)
        region = require_extension(hdus, "SCI", path).header.get("S_REGION")
    return corners_of_region(str(region)) if region else None
