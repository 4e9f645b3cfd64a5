"""The data of an app that light curves are taken from, or compared with."""

from __future__ import annotations

from typing import Any

from ...jdaviz_compat import as_read
from ...origin import of_suffix
from ...readers.time_series import SpectralTrace

__all__ = ["has_trace", "is_pipeline_curve", "trace_of"]


def has_trace(data: Any) -> bool:
    """Whether data (glue) are a spectral time series as it was loaded from an x1dints file."""
    return getattr(data, "ndim", 0) == 2 and isinstance(as_read(data), SpectralTrace)


def trace_of(data: Any) -> SpectralTrace:
    """Return the trace that data (glue) were loaded from.

    The flux in the app has no uncertainties and no flags, which light curves need.
    """
    return as_read(data)


def is_pipeline_curve(data: Any) -> bool:
    """Whether a table (glue) is a white light curve as it was loaded from a whtlt file."""
    return of_suffix(data, "whtlt") and as_read(data) is not None
