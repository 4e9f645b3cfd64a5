"""What scripts and notebooks of others rely on: names, parameters, and the plugins' controls.

Who adds to it, adds here too. Who takes a name away breaks somebody's notebook.
"""

import inspect

import pytest
from fresh_apps import new_app

import jdaviz_stage3 as stage3
from jdaviz_stage3 import analysis, demo, session
from jdaviz_stage3.session.replay import _CALLS

#: The parameters of each function and class; None where the name is a value or an exception.
PACKAGE = {
    "PRODUCT_TYPES": None,
    "ProductType": (
        "suffix name description pipelines container datamodels reader importer viewer "
        "configurations by_name"
    ),
    "Stage3Error": None,
    "Stage3Warning": None,
    "UnknownProductError": None,
    "UnreadableProductError": None,
    "UnsupportedProductError": None,
    "attach": "viz",
    "batch": "function paths suffix workers scheduler output overwrite",
    "color_bar": "viewer app",
    "compare": "first second radius column at_most **choice",
    "compare_provenance": "paths",
    "find_groups": "*paths progress",
    "identify": "path",
    "index_sources": "*paths catalog reduction tolerance progress",
    "load": "*paths app arrange at_most **options",
    "open_demo": "app",
    "provenance": "path",
    "read": "path **options",
    "report": "paths output exposures workers scheduler overwrite",
    "sanity": "paths read_data",
    "show": "**options",
    "step_parameters": "path",
}
SESSION = {
    "Restoring": "app folder",
    "replay": "script app inside name",
    "restoring": "app folder",
    "run_script": "path app",
    "save": "app path overwrite",
    "to_python": "app folder",
}
#: What scripts that were written before call.
RESTORING = {
    "close_all_but": "self *labels",
    "draw": "self viewer data **style",
    "layout": "self *rows",
    "limits": "self viewer x y",
    "load": "self path labels **options",
    "markers": "self rows",
    "open_panels": "self *labels",
    "order": "self viewer *labels",
    "plugin": "self label labels",
    "remove": "self *labels",
    "rename": "self old new",
    "subset": "self label region on axes unit mode color",
    "viewer": "self label kind data **axes",
}
ANALYSIS = {
    "CatalogComparison": "matched only_first only_second column differences notes",
    "CubeComparison": "channels notes",
    "Differences": "difference ratio error bright n_first_only n_second_only",
    "ImageComparison": "differences wcs shift notes",
    "LightCurveComparison": "time rows differences scatter normalized notes",
    "SpectrumComparison": "wavelength differences notes",
    "compare_catalogs": "first second radius column",
    "compare_cubes": "first second",
    "compare_images": "first second by_pixel",
    "compare_light_curves": "first second column second_column normalize",
    "compare_spectra": "first second",
    "compare_spectral_images": "first second",
    "comparison_table": "part",
    "write_comparison": "part path overwrite **meta",
    "NOISE_STATISTICS": None,
    "Occulter": "name kind inner_angle angles source",
    "SignalToNoise": "snr significance n_elements meta",
    "TargetPosition": "x y how words sky",
    "align_offsets": "frames reference mask",
    "compare_contrast_curves": "first second column separations",
    "contrast_curve": (
        "image center fwhm pixel_scale pixel_area star_flux star_psf aperture_fraction error "
        "mask companions companion_radius sigma throughput separations inner outer noise "
        "lambda_over_d coverage fewest"
    ),
    "detection_threshold": "sigma n noise",
    "diffraction_fwhm": "wavelength diameter",
    "filter_wavelength": "meta",
    "inject_companions": (
        "image psf positions contrast fwhm star_flux aperture_fraction psf_center"
    ),
    "lambda_over_d": "wavelength diameter",
    "measured_throughput": (
        "image psf reduce center fwhm separations contrast pixel_scale n_angles "
        "mask_transmission **scaling"
    ),
    "north_and_east": "wcs x y",
    "occulter_of": "meta",
    "pixel_scale_of": "wcs x y",
    "snr_map": (
        "image center fwhm pixel_scale mask companions companion_radius inner outer "
        "skip_neighbours coverage fewest"
    ),
    "target_position": "meta wcs shape",
    "write_contrast_curve": "curve path overwrite",
    "BinarySearch": (
        "east north chi2 flux_ratio best covariance chi2_star chi2_best error_scale significance "
        "n_used n_independent assumptions model"
    ),
    "VISIBILITY_MODELS": None,
    "average_integrations": "observables sigma start stop",
    "binary_search": (
        "observables extent n vis2 max_ratio bandwidth_smearing rescale min_ratio progress"
    ),
    "calibrate": "target reference",
    "detection_limits": ("observables separations sigma vis2 bandwidth_smearing rescale n_angles"),
    "model_observables": "observables model **parameters",
    "model_visibility": (
        "u_coord v_coord wavelength model east north flux_ratio diameter bandwidth"
    ),
    "vis2_errors_from_amplitudes": "observables",
    "write_observables": "observables path table overwrite",
    "write_oifits": "observables path overwrite",
    "COLLAPSE_STATISTICS": None,
    "BandCurve": "flux flux_err n_filled n_channels n_fewest n_dropped n_empty",
    "BandSums": "trace dq_bits excluded errors",
    "Condition": "column operator value unit divisor",
    "LIMB_DARKENING_LAWS": None,
    "NoiseFigures": (
        "scatter point_to_point expected level unit n_points errors reference scatter_err "
        "point_to_point_err"
    ),
    "PipelineComparison": "column pipeline_flux plain_sum residual limits reasons",
    "SMOOTHING_METHODS": None,
    "SegmentEdges": "x y label",
    "Smoothed": "flux uncertainty",
    "SourceIndex": "x y",
    "TimeStamps": "n_missing repeated jumps_back gaps cadence segment_starts bare_segments",
    "affine_between": "x_from y_from x_to y_to",
    "FlagCounts": "image per_frame names frames",
    "MISSING_PIXELS": None,
    "STACK_STATISTICS": None,
    "background_series": "stack region sigma frames",
    "centroid_series": "stack x y box fwhm frames",
    "collapse_stack": "stack statistic frames window sigma errors progress",
    "flags_over_time": "stack names frames window progress",
    "pixel_series": "stack x y frames",
    "region_series": "stack region statistic background missing frames",
    "series_table": "series flux words",
    "stack_difference": "stack frames reference statistic window",
    "aperture_spectra": "cubes center radius reference annulus",
    "aperture_spectrum": "cube center radius reference annulus",
    "band_limits": "band unit",
    "band_offsets": "spectra",
    "band_weights": "wavelength low high band_edges",
    "bands_of_resolving_power": "low high resolving_power",
    "baseline_mask": "time baseline reference",
    "bin_light_curve": "curve width",
    "boxcar_smooth": "flux width mask edge min_count axis uncertainty wavelength",
    "channel_edges": "wavelength",
    "channel_scatter": "band_sums",
    "check_time_scale": "time of what",
    "collapse": "cube band statistic complete",
    "compare_with_pipeline": "trace pipeline column band_sums first_order",
    "contiguous_runs": "wavelength factor",
    "equal_bands": "low high n width",
    "flag_outliers": "flux sigma window",
    "gaussian_smooth": "flux stddev mask edge min_count axis uncertainty wavelength",
    "hours_from": "time t0 period",
    "integration_series": "observables table row sigma start stop",
    "inspect_time_stamps": "time segment",
    "line_map": "cube line continuum order",
    "matching_column": "series trace",
    "mean_spectrum": "band_sums integrations",
    "median_smooth": "flux width mask edge min_count axis uncertainty wavelength",
    "noise_figures": "curve model band",
    "normalization": "flux baseline_mask",
    "pixels_within": "spectrum region",
    "point_to_point_scatter": "flux",
    "projected_ellipses": "semimajor semiminor orientation jacobian",
    "quote_name": "name",
    "savgol_smooth": "flux width polyorder mask edge min_count axis uncertainty wavelength",
    "scatter_with_bin_size": "flux max_bin outlier",
    "segment_edges": "labels",
    "segment_polygons": "labels label",
    "select_sources": "table *conditions",
    "smooth_spectrum": "spectrum method width mask edge min_count polyorder fill region",
    "source_density": "x y x_limits y_limits shape",
    "sources_within": "x y x_limits y_limits selected",
    "spectroscopic_light_curves": (
        "trace bands n width resolving_power band statistic band_edges dq_bits excluded errors "
        "normalize baseline outlier_sigma outlier_window bin_width time_system reference"
    ),
    "spectrum_ratio": "band_sums integrations baseline",
    "stitch": "spectra scale reference",
    "summed_spectrum": "cube rows columns",
    "time_of": "trace system",
    "to_lightkurve": "curve band",
    "transit_light_curve": (
        "time t0 period radius_ratio scaled_axis inclination limb_darkening law eccentricity "
        "periastron exposure"
    ),
    "white_light_curve": (
        "trace band statistic band_edges dq_bits excluded errors normalize baseline "
        "outlier_sigma outlier_window bin_width time_system reference"
    ),
    "write_light_curve": "curve path overwrite",
}
#: What jdaviz gives every plugin.
OF_EVERY_PLUGIN = {"open_in_tray", "close_in_tray", "keep_active", "as_active"}
#: The controls, methods and read-only values of each plugin beside that.
PLUGINS = {
    "Catalog Overlay": """
        add_filter aperture by_type catalog clear_filters clear_selection color color_by
        color_max color_min color_stretch colormap export_catalog export_regions fill filters
        label_cap labels legend line_width marker marker_size n_shown n_sources on_selection
        open_table place_legend point_color point_marker positions problem radius remove_filter
        segmentation select selected selected_table shape show sigma size_by size_max table
        to_python viewer visible zoom_to_selected
    """,
    "Coronagraphy": """
        align_offsets center center_on_target circles click column combine companions comparison
        contrast contrast_curve curve_text dataset export fwhm inject injected_text noise position
        position_text problem psf second show show_marks sigma snr_map star_flux star_unit
        throughput to_python unaligned view_width
    """,
    "Compare Reductions": """
        add_results blink column compare export first headers numbers_text plotted problem radius
        second show to_python
    """,
    "Exposures": """
        at load marked_flags mosaic position problem show show_flagged show_footprints ticked
        to_python
    """,
    "Image Stack": """
        background box clip_sigma drift frame limits marked_flags missing n_frames picture
        pixel_series playing problem psf reference_from reference_to region region_series
        series_of_clicked show show_flagged speed stack statistic to_python
    """,
    "Inspect Sources": """
        comment descending exposures filtered find_sources flag folder inspector kind line_list
        merge next only order_by previous problem record redshift reduction saved_to select show
        size source sources table to_python
    """,
    "Interferometry": """
        average bandwidth_smearing by_integration calibrate clip_sigma dataset detection_limits
        diameter east export export_companion export_table extent first_integration flux_ratio
        last_integration mark marked max_ratio min_ratio model n_positions north observables plots
        problem reference search series show show_series sigma to_python use_fit use_vis2
        vis2_errors x_axis
    """,
    "Median Smooth": """
        dataset dq_bits edge export fill method polyorder problem show show_preview
        show_residual show_results smooth spectral_subset to_python width width_unit
    """,
    "Pipeline Extraction": """
        bands_text color compare dataset extract extract_bands position problem radius ratio_text
        reference scale_bands show show_cube show_sum show_window spectrum stitch_bands window_text
    """,
    "Stage 3 Products": """
        findings folder groups list_products load problem products provenance search show shown
        tick_first_view ticked to_python
    """,
    "White Light Curve": """
        add_spectra add_to_app band_edges band_high band_low bands baseline bin_unit bin_width
        dataset division division_value dq_bits dynamic_normalize dynamic_percentile errors
        excluded export in_viewer inclination integration light_curve limb_darkening_1
        limb_darkening_2 mid_transit model_problem noise noise_text normalize outlier_sigma
        outlier_window period pick_baseline pipeline pipeline_text problem radius_ratio ratio
        scaled_axis show show_ratio show_spectrum show_transit span spectral_subset spectrum
        statistic time_axis time_system to_lightkurve to_python use_pipeline_band
    """,
}


def parameters(named: object) -> str | None:
    """The names of what a function or class takes, with their stars."""
    if not callable(named) or (inspect.isclass(named) and issubclass(named, BaseException)):
        return None
    taken = inspect.signature(named).parameters.values()
    return " ".join(str(p.replace(default=p.empty, annotation=p.empty)) for p in taken)


@pytest.mark.parametrize(
    ("module", "pinned"),
    [(stage3, PACKAGE), (analysis, ANALYSIS), (session, SESSION)],
    ids=["package", "analysis", "session"],
)
def test_names_and_parameters_are_as_they_were(module, pinned):
    assert {name: parameters(getattr(module, name)) for name in module.__all__} == pinned


def test_scripts_of_sessions_find_what_they_call():
    for name, taken in RESTORING.items():
        assert parameters(getattr(session.Restoring, name)) == taken
    methods = {name for name in dir(session.Restoring) if not name.startswith("_")}
    assert methods - {"problems", "finish"} == set(RESTORING)
    # and where a script is read, not run
    assert set(RESTORING) - {"plugin"} == _CALLS


@pytest.mark.forked
def test_every_control_of_the_plugins_is_there():
    from jdaviz.core.registries import tray_registry

    app = new_app()
    stage3.load(*demo.demo_products(), app=app)
    # also of those that nothing is loaded for
    names = {member["label"]: name for name, member in tray_registry.members.items()}
    panels = {label: app._app.get_tray_item_from_name(names[label]).user_api for label in PLUGINS}
    found = {label: set(panel._expose) - OF_EVERY_PLUGIN for label, panel in panels.items()}
    assert found == {label: set(names.split()) for label, names in PLUGINS.items()}


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (("s2d", "MultiSlitModel"), "extension is no option of reading s2d products, which takes "),
        (("cat", "current"), "extension is no option of reading cat products, which takes none"),
    ],
    ids=["slits", "catalog"],
)
def test_an_option_that_no_reader_takes_is_named_with_those_it_takes(key, words, built):
    path = built(*key)
    with pytest.raises(stage3.Stage3Error, match=f"{path.name}: {words}"):
        stage3.read(path, extension="SCI")
