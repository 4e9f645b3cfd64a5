"""Products that belong together, and how each was made. Headers and lists; no arrays, no jdaviz."""

from __future__ import annotations

from .first_view import FirstView, first_view
from .processing import Provenance, compare_provenance, provenance

__all__ = ["FirstView", "Provenance", "compare_provenance", "first_view", "provenance"]
