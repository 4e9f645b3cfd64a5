"""The controls of the panel, each declared once."""

from __future__ import annotations

from dataclasses import fields, replace

from ..controls import DQ_BITS, By, Control, panel_of
from .app_data import has_trace
from .settings import CurveSettings

__all__ = ["NO_PIPELINE", "LightCurvePanel"]

#: The choice that stands for no curve of the pipeline.
NO_PIPELINE = "None"
_MODEL = {"show_transit": (True,)}


def _with_default(control: Control) -> Control:
    """A control that is a setting has the default of the settings."""
    defaults = {field.name: field.default for field in fields(CurveSettings)}
    name = control.trait or control.name
    if name not in defaults or control.is_selection:
        return control
    return replace(control, default=defaults[name])


_CONTROLS = (
    Control(
        "dataset", "datasets", "Traces", "the traces, one or several orders and detectors",
        hint="Spectral orders and detectors, one curve each.", lone=True,
        select={"filters": [has_trace], "default_mode": "first"},
    ),
    Control(
        "in_viewer", "switch", "Draw in a viewer",
        "draw in a viewer of the app instead of in the panel", default=True,
        hint="Otherwise here in the panel.", when={"has_viewers": (True,)},
    ),
    Control(
        "band_low", "number", "From ({band_unit})",
        "lower edge of the band, in the unit of the wavelengths; empty for the start of the trace",
        placeholder="start of the trace",
    ),
    Control(
        "band_high", "number", "To ({band_unit})", "its upper edge; empty for the end",
        placeholder="end of the trace", beside=True,
    ),
    Control(
        "spectral_subset", "subset", "Band from a subset", "take the band from a subset",
        "Bands", hint="The band follows the subset.",
        placeholder="The band is the first region of the subset.",
    ),
    Control(
        "division", "choice", "Divide the band", "whether the band is divided, into a number of "
        "bands, of a width or resolving power, or bands are chosen one by one", "Bands",
        choices=("one band", "number of bands", "width", "resolving power", "chosen bands"),
        hint="One white light curve, or a curve for each part.",
    ),
    Control(
        "bands", "text", "Bands ({band_unit})",
        "the chosen bands, pairs of edges, or wavelengths for single channels", "Bands",
        hint="1.1 to 1.4, 1.4 to 1.7; one wavelength stands for its channel",
        trait="bands_text", when={"division": ("chosen bands",)},
    ),
    Control(
        "division_value", "number",
        By("division", {
            "number of bands": "Number of bands", "width": "Width ({band_unit})",
            "resolving power": "λ/Δλ",
        }),
        "how many bands, their width, or their resolving power", "Bands", least=0,
        unless={"division": ("one band", "chosen bands")},
    ),
    Control(
        "statistic", "choice", "Statistic", "what a point is of the samples in its band", "Bands",
        choices={
            "sum": "The flux of all channels of the band.",
            "weighted mean": "By inverse variance, with weights that are constant in time.",
        },
    ),
    Control(
        "band_edges", "choice", "Pixels at the edges", "which pixels at the edges count", "Bands",
        choices={
            "inclusive": "Channels whose centre is in the band.",
            "fractional": "Channels at the edges by the part that is in the band.",
        },
    ),
    replace(DQ_BITS, section="Samples"),
    Control(
        "excluded", "choice", "Where a sample is excluded", "what stands for such a sample",
        "Samples",
        choices={
            "fill": "It takes the median of its channel over time, at the level of its "
            "integration.",
            "drop": "Its channel leaves the band for all integrations.",
            "ignore": "It is left out of the sum, as the pipeline does: it makes a dip.",
        },
    ),
    Control(
        "errors", "choice", "Uncertainties",
        "photon and read noise, or the total errors of the file", "Samples",
        choices={
            "random": "Photon and read noise.",
            "total": "FLUX_ERROR, with the uncertainty of the flat field, which all integrations "
            "share.",
        },
    ),
    Control(
        "normalize", "choice", "Divide by", "by the median of what the curve is divided",
        "Normalisation",
        choices={
            "median": "The median of the points that are not flagged.",
            "baseline": "The median of the points in the ranges below.",
            "none": "The flux in its own unit.",
        },
    ),
    Control(
        "baseline", "text", "Baseline (hours)",
        "ranges of time, pairs of Time, Quantity or hours from the zero of the hours",
        "Normalisation", hint="Ranges in hours from the zero below: 0 to 0.5, 2.1 to 3",
        trait="baseline_text",
    ),
    Control(
        "pick_baseline", "switch", "Drag in the light curve for a new range",
        "whether a drag in the light curve makes a new range", "Normalisation", default=False,
        hint="Also without this where the baseline divides; edges of ranges can always be dragged.",
    ),
    Control(
        "outlier_sigma", "number", "Flag beyond (σ)",
        "flag points that far from a running median; empty for none", "Normalisation",
        hint="Empty: flag none.",
    ),
    Control(
        "outlier_window", "integer", "of a running median of", "its width in integrations",
        "Normalisation", hint="integrations", step=2, beside=True,
    ),
    Control(
        "bin_width", "number", "Bins of", "bins in time; empty for none", "Normalisation",
        hint="Empty: no bins.",
    ),
    Control(
        "bin_unit", "choice", "Unit", "of their width", "Normalisation",
        choices=("integrations", "s", "min"), beside=True,
    ),
    Control(
        "time_system", "choice", "Time system", "at the barycentre or at the telescope", "Time",
        choices={
            "BJD_TDB": "At the barycentre of the solar system.",
            "MJD_UTC": "At the telescope.",
        },
    ),
    Control(
        "time_axis", "choice", "Time axis", "what the axis counts", "Time",
        choices={
            "date": "Days.",
            "hours": "Hours from the mid-transit below, or from the first integration.",
        },
    ),
    Control(
        "mid_transit", "text", "Mid-transit (BJD_TDB)", "zero of the hours, a BJD_TDB", "Time",
        hint="For hours from it and for the model; with the full 24…, empty: the first "
        "integration.",
        trait="mid_transit_text",
    ),
    Control("integration", "integer", "Integration", "the time cursor", "Time cursor", step=1),
    Control(
        "span", "integer", "Averaged", "how many integrations its spectrum averages",
        "Time cursor", hint="integrations", least=1, step=1, beside=True,
    ),
    Control(
        "show_spectrum", "switch", "Its spectrum in the spectrum viewers", "draw that spectrum",
        "Time cursor", default=True,
    ),
    Control(
        "show_ratio", "switch", "Its ratio to the baseline", "draw its ratio to the baseline",
        "Time cursor", default=False,
        hint="To all other integrations where there is no baseline.",
    ),
    Control(
        "pipeline", "choice", "The pipeline's white light curve",
        "a whtlt product to compare with", "Comparison and model", choices=(NO_PIPELINE,),
        hint="A whtlt product that is loaded.", lone=True,
    ),
    Control(
        "show_transit", "switch", "Transit model", "draw a transit model, of the numbers below",
        "Comparison and model",
        hint="By batman, from the numbers below and the mid-transit above.",
    ),
    *(
        replace(control, section="Comparison and model", when=_MODEL)
        for control in (
            Control("period", "number", "Period (d)", "of the orbit, days"),
            Control("radius_ratio", "number", "Rp/R*", "radius over that of the star", beside=True),
            Control("scaled_axis", "number", "a/R*", "semi-major axis over the star's radius"),
            Control("inclination", "number", "Inclination (°)", "of the orbit", beside=True),
            Control("limb_darkening_1", "number", "Limb darkening u1", "first coefficient"),
            Control("limb_darkening_2", "number", "u2", "second coefficient", beside=True),
        )
    ),
    Control(
        "dynamic_normalize", "choice", "Divide each channel by",
        "by what dynamic spectra are divided", "Dynamic spectrum",
        default="median",
        choices={
            "none": "Flux as in the file.",
            "median": "Its median over time.",
            "baseline": "Its mean over the baseline; over all integrations without one.",
        },
    ),
    Control(
        "dynamic_percentile", "number", "Grey scale spans (%)",
        "how much of the values their grey scale spans, percent", "Dynamic spectrum", default=99,
        hint="of the values, about their median",
    ),
)  # fmt: skip
#: A base class with the traits of the controls.
LightCurvePanel = panel_of(
    *map(_with_default, _CONTROLS),
    folded=(
        "Bands", "Samples", "Normalisation", "Time", "Time cursor", "Comparison and model",
        "Dynamic spectrum", "Export",
    ),
)  # fmt: skip
