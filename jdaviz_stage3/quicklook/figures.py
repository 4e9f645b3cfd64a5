"""Which pictures a product has on its page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from .. import plot
from ..plot.frame import as_read
from ..product_types import product_type
from .quality import curve_of

__all__ = ["Drawing", "drawings_of"]

#: What is drawn, in words; and the function that does it, called with the product, as it was
#: read or its path, and the path of the catalog.
Drawing = tuple[str, Callable[[Any, Path | None], Axes]]

_IMAGE: list[Drawing] = [
    ("Mosaic, with the sources of the catalog where there is one", plot.image),
]
_SPECTRA: list[Drawing] = [
    ("First spectrum: errors, flagged samples, running median", lambda data, _: plot.spectrum(data))
]
_OBSERVABLES: list[Drawing] = [
    ("Squared visibilities", lambda data, _: plot.squared_visibilities(data)),
    ("Closure phases", lambda data, _: plot.closure_phases(data)),
]
_STACK: list[Drawing] = [("Median of the frames", lambda data, _: plot.stack(data))]
_BY_SUFFIX: dict[str, list[Drawing]] = {
    "psfsub": [
        *_STACK,
        (
            "Flux of a point source at 5 σ in the median of the frames. Companions that are there "
            "raise it; what the subtraction takes away is not in it",
            lambda data, _: plot.contrast_curve(data),
        ),
    ],
    "segm": [("Segmentation map", lambda data, _: plot.segmentation_map(data))],
    "crf": [("Exposure", lambda data, _: plot.image(data))],
    "cal": [("Exposure", lambda data, _: plot.image(data))],
}
_BY_IMPORTER: dict[str, list[Drawing]] = {
    "JWST image": _IMAGE,
    "JWST image stack": _STACK,
    "JWST source catalog": [("Where the sources are", lambda data, _: plot.sources(data))],
    "JWST 2-D spectrum": [("First 2-D spectrum", lambda data, _: plot.spectral_image(data))],
    "JWST spectral cube": [("Median over wavelength", lambda data, _: plot.cube(data))],
    "JWST spectra": _SPECTRA,
    "JWST spectral time series": [
        ("Dynamic spectrum", lambda data, _: plot.dynamic_spectrum(data)),
        (
            "White light curve of the first trace",
            lambda data, _: plot.light_curve(curve_of(as_read(data).traces[0])),
        ),
    ],
    "JWST light curve": [("Light curve", lambda data, _: plot.light_curve(data))],
    "JWST interferometry": _OBSERVABLES,
}


def drawings_of(suffix: str) -> list[Drawing]:
    """Return what is drawn of a product type.

    Parameters
    ----------
    suffix : str

    Returns
    -------
    list of (str, callable)
        Empty for what is no data.
    """
    return _BY_SUFFIX.get(suffix) or _BY_IMPORTER.get(product_type(suffix).importer, [])
