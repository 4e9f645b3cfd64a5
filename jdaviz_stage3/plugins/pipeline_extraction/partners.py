"""Which spectrum the pipeline has extracted from which data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...jdaviz_compat import as_read
from ...origin import of_suffix, origin_of

__all__ = ["is_pipeline_spectrum", "partner_of", "was_extracted_from"]

#: The products that spectra are extracted from, by their suffix.
EXTRACTED_FROM = ("s2d", "s3d")
# What both may say of themselves; what only one says tells nothing.
_ADDRESS = ("source_id", "slit", "order")
# What two files of one observation have alike, whatever they are called.
_OBSERVATION = (
    "PROGRAM", "OBSERVTN", "INSTRUME", "FILTER", "GRATING", "CHANNEL", "BAND", "FXD_SLIT",
)  # fmt: skip


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
        agreed = _agreed(data.meta, other.meta, _ADDRESS)
        if _agreed(data.meta, other.meta, _OBSERVATION) is None or agreed is None:
            continue
        if agreed > most:
            best, most = other, agreed
    return best


def _agreed(mine: Mapping[str, Any], theirs: Mapping[str, Any], keys: Iterable[str]) -> int | None:
    """How many of these both say, and alike; None where one differs."""
    pairs = [(mine.get(key), theirs.get(key)) for key in keys]
    known = [(one, other) for one, other in pairs if _said(one) and _said(other)]
    return len(known) if all(one == other for one, other in known) else None


def _said(value: Any) -> bool:
    return value is not None and value != ""
