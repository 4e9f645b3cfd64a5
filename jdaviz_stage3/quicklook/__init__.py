"""Pictures and numbers of whole programs, as pages and as tables; on one machine or a cluster."""

from __future__ import annotations

from .batch import batch
from .site import Report, report

__all__ = ["Report", "batch", "report"]
