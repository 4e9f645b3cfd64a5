"""Exposures that several products hold: an observation's own, and those of candidates (c1001)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..groups import ListedProduct
from ..readers.mosaic_inputs import exposure_name
from .source_products import SourceProduct

__all__ = ["each_exposure_once", "exposure_key", "preference"]

#: What the pipeline calls an exposure, in file names and in EXPGRPID: the same in all products.
_PIPELINE = re.compile(r"jw\d{11}_", re.IGNORECASE)
_CANDIDATE = re.compile(r"[-_]c\d{3,}(?=_|$)", re.IGNORECASE)


def exposure_key(name: str, folder: Path | None = None) -> tuple[Path | None, str]:
    """Return what is the same for all that was made of one exposure.

    Parameters
    ----------
    name : str
        Of a file, or of the exposure.
    folder : path, optional
        Where the file is; names that are not the pipeline's say nothing beyond it.

    Returns
    -------
    tuple
    """
    short = exposure_name(name)
    return (None if _PIPELINE.match(short) else folder), short


def preference(product: ListedProduct) -> tuple[str, bool]:
    """Return how much a product counts that has an exposure beside others; the largest is taken.

    Parameters
    ----------
    product : ListedProduct

    Returns
    -------
    tuple
        When it was made; of two made at once an observation's own comes before a candidate's.
    """
    # the header has the observation of the first exposure
    return product.created[:19], _CANDIDATE.search(product.root) is None


def each_exposure_once(
    products: Sequence[SourceProduct],
) -> tuple[tuple[SourceProduct, ...], tuple[str, ...]]:
    """Leave out what was made of an exposure that another product of the source has, too.

    Parameters
    ----------
    products : sequence of SourceProduct
        Of one source.

    Returns
    -------
    products : tuple of SourceProduct
        Of each exposure, type, order and slit that of one file: of the newest, or else of the
        observation's own. What does not say its exposure stays.
    notes : tuple of str
        Which are left out, in words.
    """
    counts: dict[tuple, ListedProduct] = {}
    for one in products:
        key = _key(one)
        if key is not None and (
            key not in counts or preference(one.product) > preference(counts[key])
        ):
            counts[key] = one.product
    kept, left = [], Counter[tuple[str, str]]()
    for one in products:
        key = _key(one)
        if key is None or counts[key].path == one.path:
            kept.append(one)
        else:
            left[counts[key].name, one.path.name] += 1
    notes = tuple(
        f"{number} exposure{'s' if number > 1 else ''} of {first} "
        f"{'are' if number > 1 else 'is'} in {other}, too: drawn once"
        for (first, other), number in left.items()
    )
    return tuple(kept), notes


def _key(one: SourceProduct) -> tuple | None:
    if one.table is None or not _PIPELINE.match(one.exposure):
        return None
    return one.suffix, exposure_key(one.exposure), one.order, one.table.detector, one.table.slit
