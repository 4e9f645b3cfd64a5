"""Numeric functions on arrays: no files, no widgets."""

from .comparison.catalogs import CatalogComparison, compare_catalogs
from .comparison.cubes import CubeComparison, compare_cubes
from .comparison.differences import Differences
from .comparison.images import ImageComparison, compare_images, compare_spectral_images
from .comparison.light_curves import LightCurveComparison, compare_light_curves
from .comparison.spectra import SpectrumComparison, compare_spectra
from .comparison.tables import comparison_table, write_comparison
from .coronagraphy.alignment import align_offsets
from .coronagraphy.companions import inject_companions, measured_throughput
from .coronagraphy.contrast import contrast_curve
from .coronagraphy.curves import compare_contrast_curves, write_contrast_curve
from .coronagraphy.occulters import (
    Occulter,
    diffraction_fwhm,
    filter_wavelength,
    lambda_over_d,
    occulter_of,
)
from .coronagraphy.significance import SignalToNoise, snr_map
from .coronagraphy.target import (
    TargetPosition,
    north_and_east,
    pixel_scale_of,
    target_position,
)
from .coronagraphy.thresholds import NOISE_STATISTICS, detection_threshold
from .cubes.aperture import aperture_spectra, aperture_spectrum
from .cubes.collapse import COLLAPSE_STATISTICS, collapse
from .cubes.lines import line_map
from .cubes.stitching import band_offsets, stitch
from .cubes.total import summed_spectrum
from .interferometry.averaging import (
    average_integrations,
    integration_series,
    vis2_errors_from_amplitudes,
)
from .interferometry.binary_search import BinarySearch, binary_search
from .interferometry.calibration import calibrate
from .interferometry.export import write_observables, write_oifits
from .interferometry.limits import detection_limits
from .interferometry.models import VISIBILITY_MODELS, model_observables, model_visibility
from .light_curves.band_sums import BandCurve, BandSums
from .light_curves.bands import (
    band_limits,
    band_weights,
    bands_of_resolving_power,
    channel_edges,
    equal_bands,
)
from .light_curves.export import to_lightkurve, write_light_curve
from .light_curves.noise import (
    channel_scatter,
    noise_figures,
    point_to_point_scatter,
    scatter_with_bin_size,
)
from .light_curves.noise_in_words import NoiseFigures
from .light_curves.operations import bin_light_curve, flag_outliers, normalization
from .light_curves.pipeline_curve import PipelineComparison, compare_with_pipeline, matching_column
from .light_curves.spectra_in_time import mean_spectrum, spectrum_ratio
from .light_curves.time_stamps import (
    TimeStamps,
    baseline_mask,
    check_time_scale,
    inspect_time_stamps,
    time_of,
)
from .light_curves.transit import LIMB_DARKENING_LAWS, hours_from, transit_light_curve
from .light_curves.white_light import spectroscopic_light_curves, white_light_curve
from .smoothing.flux_arrays import Smoothed
from .smoothing.local_fit import boxcar_smooth, gaussian_smooth, savgol_smooth
from .smoothing.median import median_smooth
from .smoothing.spectrum import (
    SMOOTHING_METHODS,
    contiguous_runs,
    pixels_within,
    smooth_spectrum,
)
from .sources.condition import quote_name
from .sources.density import SourceIndex, source_density, sources_within
from .sources.filter import Condition, select_sources
from .sources.segment_outlines import SegmentEdges, segment_edges, segment_polygons
from .sources.shapes import affine_between, projected_ellipses
from .stacks.centroids import centroid_series
from .stacks.collapse import STACK_STATISTICS, collapse_stack
from .stacks.difference import stack_difference
from .stacks.flags import FlagCounts, flags_over_time
from .stacks.region_series import MISSING_PIXELS, background_series, region_series
from .stacks.series import pixel_series, series_table

__all__ = [
    "COLLAPSE_STATISTICS",
    "LIMB_DARKENING_LAWS",
    "MISSING_PIXELS",
    "NOISE_STATISTICS",
    "SMOOTHING_METHODS",
    "STACK_STATISTICS",
    "VISIBILITY_MODELS",
    "BandCurve",
    "BandSums",
    "BinarySearch",
    "CatalogComparison",
    "Condition",
    "CubeComparison",
    "Differences",
    "FlagCounts",
    "ImageComparison",
    "LightCurveComparison",
    "NoiseFigures",
    "Occulter",
    "PipelineComparison",
    "SegmentEdges",
    "SignalToNoise",
    "Smoothed",
    "SourceIndex",
    "SpectrumComparison",
    "TargetPosition",
    "TimeStamps",
    "affine_between",
    "align_offsets",
    "aperture_spectra",
    "aperture_spectrum",
    "average_integrations",
    "background_series",
    "band_limits",
    "band_offsets",
    "band_weights",
    "bands_of_resolving_power",
    "baseline_mask",
    "bin_light_curve",
    "binary_search",
    "boxcar_smooth",
    "calibrate",
    "centroid_series",
    "channel_edges",
    "channel_scatter",
    "check_time_scale",
    "collapse",
    "collapse_stack",
    "compare_catalogs",
    "compare_contrast_curves",
    "compare_cubes",
    "compare_images",
    "compare_light_curves",
    "compare_spectra",
    "compare_spectral_images",
    "compare_with_pipeline",
    "comparison_table",
    "contiguous_runs",
    "contrast_curve",
    "detection_limits",
    "detection_threshold",
    "diffraction_fwhm",
    "equal_bands",
    "filter_wavelength",
    "flag_outliers",
    "flags_over_time",
    "gaussian_smooth",
    "hours_from",
    "inject_companions",
    "inspect_time_stamps",
    "integration_series",
    "lambda_over_d",
    "line_map",
    "matching_column",
    "mean_spectrum",
    "measured_throughput",
    "median_smooth",
    "model_observables",
    "model_visibility",
    "noise_figures",
    "normalization",
    "north_and_east",
    "occulter_of",
    "pixel_scale_of",
    "pixel_series",
    "pixels_within",
    "point_to_point_scatter",
    "projected_ellipses",
    "quote_name",
    "region_series",
    "savgol_smooth",
    "scatter_with_bin_size",
    "segment_edges",
    "segment_polygons",
    "select_sources",
    "series_table",
    "smooth_spectrum",
    "snr_map",
    "source_density",
    "sources_within",
    "spectroscopic_light_curves",
    "spectrum_ratio",
    "stack_difference",
    "stitch",
    "summed_spectrum",
    "target_position",
    "time_of",
    "to_lightkurve",
    "transit_light_curve",
    "vis2_errors_from_amplitudes",
    "white_light_curve",
    "write_comparison",
    "write_contrast_curve",
    "write_light_curve",
    "write_observables",
    "write_oifits",
]
