"""Which spectrum the pipeline has extracted from which data."""

from __future__ import annotations

from typing import Any

from ...jdaviz_compat import as_read
from ...origin import of_suffix, origin_of

__all__ = ["is_pipeline_spectrum", "partner_of", "was_extracted_from"]

#: The products that spectra are extracted from, by their suffix.
EXTRACTED_FROM = ("s2d", "s3d")
# What both may say of themselves; what only one says tells nothing.
_ADDRESS = ("source_id", "slit", "order")


def was_extracted_from(data: Any) -> bool:
    """Whether data (glue) are, as loaded, of a product that the pipeline extracts spectra from."""
    of_one = any(of_suffix(data, suffix) for suffix in EXTRACTED_FROM)
    return getattr(data, "ndim", 0) > 1 and of_one and as_read(data) is not None


def is_pipeline_spectrum(data: Any) -> bool:
    """Whether data (glue) are an extracted spectrum of the pipeline's, as loaded."""
    one = getattr(data, "ndim", 0) == 1
    return one and of_suffix(data, "x1d") and as_read(data) is not None


def partner_of(data: Any, collection: Any) -> Any | None:
    """Return the spectrum that the pipeline has extracted from data.

    Parameters
    ----------
    data : glue data
        Of an s2d or s3d.
    collection : iterable of glue data

    Returns
    -------
    glue data or None
        Of the same observation, and of the same source, slit and order as far as both say; the one
        that agrees in most of them.
    """
    origin = origin_of(data)
    best, most = None, -1
    for other in collection:
        if not is_pipeline_spectrum(other) or origin_of(other).root != origin.root:
            continue
        pairs = [(data.meta.get(key), other.meta.get(key)) for key in _ADDRESS]
        known = [(mine, theirs) for mine, theirs in pairs if _said(mine) and _said(theirs)]
        if all(mine == theirs for mine, theirs in known) and len(known) > most:
            best, most = other, len(known)
    return best


def _said(value: Any) -> bool:
    return value is not None and value != ""
