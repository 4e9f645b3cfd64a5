"""The controls of the plugin."""

from __future__ import annotations

from typing import Any

from ...analysis import NOISE_STATISTICS
from ...origin import of_suffix
from ..controls import Control, panel_of
from .shown_image import COMBINED, has_mask, is_science

__all__ = ["CLICKS", "COLUMNS", "CoronagraphyPanel"]

#: What the plot can show, and its axis in words.
COLUMNS = {
    "contrast": "Contrast",
    "magnitude": "Magnitudes fainter than the star",
    "flux": "Flux density of a companion",
}
#: What a click in the image does.
CLICKS = {
    "nothing": "Clicks do what the viewer's tools say.",
    "known companion": "Its surroundings are left out of the noise.",
    "injected companion": "A point source of the contrast below is put there.",
}
_NOISE = dict(
    zip(
        NOISE_STATISTICS,
        (
            "Standard deviation: exact for Gaussian noise.",
            "1.4826 × median absolute deviation: less drawn by single sources, of 20 elements on.",
        ),
        strict=True,
    )
)
_CURVE, _DRAWN = "Contrast curve", "Drawn over the image"
_INJECTED, _VIEW = "Injected companion", "Common view"


def _is_psfstack(data: Any) -> bool:
    return is_science(data) and of_suffix(data, "psfstack")


#: A base class with the traits of the controls.
CoronagraphyPanel = panel_of(
    Control(
        "dataset",
        "dataset",
        "Image",
        "the image or stack around a star behind a mask",
        lone=True,
        select={"filters": [has_mask]},
    ),
    Control(
        "combine",
        "choice",
        "Of the frames",
        "what is taken of a stack",
        choices=COMBINED,
        when={"is_stack": (True,)},
    ),
    Control(
        "center",
        "text",
        "Star at",
        "x and y of the star in pixels from 0; as the file has it where it is empty",
        placeholder="as the file has it",
        hint="x, y in pixels of the image, counted from 0",
    ),
    Control(
        "fwhm",
        "number",
        "FWHM",
        "full width at half maximum of a point source in arcsec; that at the diffraction limit "
        "where it is empty",
        default="",
        unit="arcsec",
        placeholder="diffraction limit",
        hint="{fwhm_text}",
        above=0.0,
        least=0.0,
        optional=True,
    ),
    Control(
        "show_marks",
        "switch",
        "Target, mask, north and east",
        "whether the star, the inner working angle, north and east are drawn",
        default=True,
        section=_DRAWN,
    ),
    Control(
        "circles",
        "choice",
        "Circles",
        "circles around the star",
        choices=("none", "every arcsec", "every 5 λ/D"),
        section=_DRAWN,
    ),
    Control(
        "click",
        "choice",
        "A click in the image marks",
        "what a click in the image does",
        choices=CLICKS,
        section=_DRAWN,
    ),
    Control(
        "sigma",
        "number",
        "Significance",
        "of a detection, in Gaussian standard deviations",
        default=5.0,
        unit="σ",
        above=0.0,
        least=0.0,
        section=_CURVE,
    ),
    Control(
        "noise",
        "choice",
        "Noise",
        "how the noise of a ring is taken",
        choices=_NOISE,
        beside=True,
        section=_CURVE,
    ),
    Control(
        "star_flux",
        "number",
        "Star",
        "flux of the star in ``star_unit``; without it there is no contrast",
        default="",
        placeholder="not known",
        hint="All of its light in this filter, without the mask.",
        optional=True,
        section=_CURVE,
    ),
    Control(
        "star_unit",
        "choice",
        "Unit",
        "of the star's flux",
        choices=("Jy", "mJy", "mag(AB)"),
        beside=True,
        section=_CURVE,
    ),
    Control(
        "psf",
        "dataset",
        "or an image of it",
        "an image of the star that is not behind the mask, at the scale of the image: in place of "
        "its flux, and for injected companions, which are Gaussians without one",
        hint="Beside the mask: psfstack and psfalign show a star behind it.",
        section=_CURVE,
        lone=True,
        select={
            "filters": [is_science],
            "default_text": "none",
            "default_mode": "default_text",
        },
    ),
    Control(
        "throughput",
        "number",
        "Throughput",
        "how much of a companion mask and subtraction leave, at all separations",
        default=1.0,
        above=0.0,
        least=0.0,
        hint="1: annular noise, no throughput.",
        section=_CURVE,
    ),
    Control(
        "companions",
        "text",
        "Known companions",
        "positions of companions that are left out of the noise: ``x, y`` in pixels, or right "
        "ascension and declination, with semicolons between them",
        placeholder="none",
        hint="x, y; or RA Dec; with semicolons between them",
        section=_CURVE,
    ),
    Control(
        "second",
        "dataset",
        "Compare with",
        "another image or stack, for a second curve with the same settings",
        section=_CURVE,
        lone=True,
        select={"filters": [has_mask], "default_text": "nothing", "default_mode": "default_text"},
    ),
    Control(
        "column",
        "choice",
        "Plot",
        "what the plot shows",
        choices=COLUMNS,
        section=_CURVE,
    ),
    Control(
        "contrast",
        "number",
        "Contrast",
        "of the injected companion to the star",
        default=1e-5,
        above=0.0,
        least=0.0,
        section=_INJECTED,
    ),
    Control(
        "position",
        "text",
        "At",
        "place of the injected companion: ``x, y`` in pixels, or right ascension and declination",
        placeholder="click, or x, y, or RA Dec",
        section=_INJECTED,
    ),
    Control(
        "unaligned",
        "dataset",
        "Before the alignment",
        "the psfstack, for the shifts of a psfalign",
        section="Alignment",
        lone=True,
        select={"filters": [_is_psfstack], "default_mode": "first"},
    ),
    Control(
        "view_width",
        "number",
        "Width",
        "of what all image viewers show with the star in the middle, in arcsec",
        default=6.0,
        unit="arcsec",
        above=0.0,
        least=0.0,
        section=_VIEW,
    ),
)
