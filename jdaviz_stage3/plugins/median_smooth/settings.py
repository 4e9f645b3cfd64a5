"""The controls of the plugin."""

from __future__ import annotations

from dataclasses import replace

from ..controls import DQ_BITS, By, Control, panel_of
from .spectra import can_be_smoothed

__all__ = ["SmoothingPanel"]

_GAUSSIAN = {"Gaussian": "Standard deviation"}
_ON_THE_GRID = "The window follows the wavelength grid."
#: A base class with the traits of the controls.
SmoothingPanel = panel_of(
    Control(
        "dataset",
        "datasets",
        "Spectra",
        "the spectra, one or several (``plg.dataset = '*order*'`` takes all that match)",
        hint="Each is smoothed by itself, never across orders, detectors or gaps.",
        lone=True,
        select={"filters": [can_be_smoothed], "default_mode": "first"},
    ),
    Control(
        "method",
        "choice",
        "Method",
        "how it is smoothed",
        choices={
            "Median": "Robust against outliers; keeps edges.",
            "Boxcar": "Mean of the window.",
            "Gaussian": "Weighted mean; the width is the standard deviation.",
            "Savitzky-Golay": "Polynomial fitted in each window; keeps the height of lines.",
        },
    ),
    Control(
        "width",
        "number",
        By("method", _GAUSSIAN, "Width"),
        "full width of the window; the standard deviation of a Gaussian",
        default=11,
        least=0,
        step=By("width_unit", {"pix": By("method", {"Gaussian": "any"}, 2)}, "any"),
        hint=By(
            "width_unit",
            {"pix": By("method", {"Gaussian": _ON_THE_GRID}, "Full width of the window, odd.")},
            _ON_THE_GRID,
        ),
    ),
    Control(
        "width_unit",
        "choice",
        "Unit",
        "of the width: pixels, or of wavelength",
        choices=("pix", "nm", "um", "Angstrom"),
        beside=True,
    ),
    Control(
        "polyorder",
        "integer",
        "Order of the polynomial",
        "of the Savitzky-Golay polynomial",
        default=2,
        least=0,
        step=1,
        when={"method": ("Savitzky-Golay",)},
    ),
    Control(
        "edge",
        "choice",
        "Edges",
        "what stands beyond the ends",
        choices={
            "shrink": "The window shrinks at the ends.",
            "reflect": "The spectrum is mirrored beyond its ends.",
            "nearest": "The last sample is repeated beyond the ends.",
            "zero": "Zeros beyond the ends, as scipy.signal.medfilt.",
            "nan": "No result where the window reaches beyond the ends.",
        },
        section="Samples and edges",
    ),
    replace(DQ_BITS, section="Samples and edges"),
    Control(
        "fill",
        "switch",
        "Fill excluded samples",
        "whether excluded samples get the value that their neighbours give",
        default=True,
        hint="With what the valid samples in their window give; the mask keeps them.",
        section="Samples and edges",
    ),
    Control(
        "spectral_subset",
        "subset",
        "Spectral region",
        "smooth only this part",
        hint="Smooth only this part.",
        placeholder="The regions of the subset are smoothed one by one.",
        section="Samples and edges",
    ),
    Control(
        "show_preview",
        "switch",
        "Result",
        "whether a line over the spectra shows the result",
        default=True,
        section="Preview",
    ),
    Control(
        "show_residual",
        "switch",
        "Data minus result",
        "whether another shows data minus result",
        default=False,
        section="Preview",
    ),
    Control(
        "show_results",
        "switch",
        "Show where the input is shown",
        "whether results are shown where their input is",
        default=True,
        section="Results",
    ),
    folded=("Samples and edges", "Export"),
)
