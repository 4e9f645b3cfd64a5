"""The exposures of a field's images: which of them a source is on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from astropy.coordinates import SkyCoord

from ..analysis.exposures.footprints import corners_of_region, covers
from ..errors import Stage3Error
from ..groups import ListedProduct
from ..origin import FileStamp, check_unchanged, file_stamp
from ..readers.extensions import open_product, require_extension
from .shared_exposures import exposure_key, preference

__all__ = ["covering_exposures", "image_exposures", "said_of_shared"]


def image_exposures(products: Iterable[ListedProduct]) -> dict[Path, tuple[Path, ...]]:
    """Return the exposures of images among products.

    Parameters
    ----------
    products : iterable of ListedProduct

    Returns
    -------
    dict of path to tuple of path
        Of each exposure its crf, else its cal, in their order; not those of spectra. With each the
        files of the same type that another association made of it, which are left out.
    """
    found: dict[tuple[Path | None, str], list[ListedProduct]] = {}
    for product in products:
        kind = product.exposure_type.upper()
        if product.suffix not in ("crf", "cal") or product.problem or "IMAGE" not in kind:
            continue
        found.setdefault(exposure_key(product.name, product.path.parent), []).append(product)
    chosen = {}
    for alike in found.values():
        first = max(alike, key=lambda product: (product.suffix == "crf", preference(product)))
        chosen[first.path] = tuple(
            other.path for other in alike if other.suffix == first.suffix and other is not first
        )
    return chosen


def said_of_shared(exposures: Mapping[Path, Sequence[Path]]) -> list[str]:
    """Say which exposures are there several times, each as the file of another association.

    Parameters
    ----------
    exposures : mapping of path to sequence of path
        As `image_exposures` gives them.

    Returns
    -------
    list of str
        One sentence, or none.
    """
    several = [(path, others) for path, others in exposures.items() if others]
    if not several:
        return []
    path, others = several[0]
    more = f" (and the like of {len(several) - 1} more)" if len(several) > 1 else ""
    left = ", ".join(other.name for other in others)
    return [f"{path.name} is of the same exposure as {left}: drawn once{more}"]


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
