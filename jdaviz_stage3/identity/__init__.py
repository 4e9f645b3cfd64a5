"""One source over all products that show it: catalog, segment, spectra, slits, cutouts."""

from __future__ import annotations

from .counterparts import Counterpart
from .cutouts import SourceCutout
from .indexed_source import IndexedSource
from .indexed_sources import IndexedSources
from .indexing import index_sources
from .inspection import Inspection, compare_inspections
from .inspection_table import InspectionTable
from .reductions import named_folders
from .shared_exposures import each_exposure_once
from .source_products import SourceProduct

__all__ = [
    "Counterpart",
    "IndexedSource",
    "IndexedSources",
    "Inspection",
    "InspectionTable",
    "SourceCutout",
    "SourceProduct",
    "compare_inspections",
    "each_exposure_once",
    "index_sources",
    "named_folders",
]
