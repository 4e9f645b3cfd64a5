"""Numeric functions on arrays: no files, no widgets."""

from .median import median_smooth
from .samples import Smoothed
from .segment_outlines import SegmentEdges, segment_edges, segment_polygons
from .smooth_spectrum import (
    SMOOTHING_METHODS,
    contiguous_runs,
    pixels_within,
    smooth_spectrum,
)
from .smoothing import boxcar_smooth, gaussian_smooth, savgol_smooth
from .source_condition import quote_name
from .source_density import SourceIndex, source_density, sources_within
from .source_filter import Condition, select_sources
from .source_shapes import affine_between, projected_ellipses

__all__ = [
    "SMOOTHING_METHODS",
    "Condition",
    "SegmentEdges",
    "Smoothed",
    "SourceIndex",
    "affine_between",
    "boxcar_smooth",
    "contiguous_runs",
    "gaussian_smooth",
    "median_smooth",
    "pixels_within",
    "projected_ellipses",
    "quote_name",
    "savgol_smooth",
    "segment_edges",
    "segment_polygons",
    "select_sources",
    "source_density",
    "smooth_spectrum",
    "sources_within",
]
