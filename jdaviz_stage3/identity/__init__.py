"""One source over all products that show it: catalog, segment, spectra, slits, cutouts."""

from __future__ import annotations

from .indexed_sources import IndexedSource, IndexedSources, SourceProduct
from .indexing import index_sources

__all__ = ["IndexedSource", "IndexedSources", "SourceProduct", "index_sources"]
