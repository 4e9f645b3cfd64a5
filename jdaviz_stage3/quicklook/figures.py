"""Which pictures a product has on its page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes

from .. import plot
from ..product_types import product_type

__all__ = ["Drawing", "drawings_of"]

#: What is drawn, in words; and the function that does it, called with the path and the catalog.
Drawing = tuple[str, Callable[[Path, Path | None], Axes]]

_IMAGE: list[Drawing] = [
    ("Mosaic, with the sources of the catalog where there is one", plot.image),
]
_SPECTRA: list[Drawing] = [
    ("First spectrum: errors, flagged samples, running median", lambda path, _: plot.spectrum(path))
]
_OBSERVABLES: list[Drawing] = [
    ("Squared visibilities", lambda path, _: plot.squared_visibilities(path)),
    ("Closure phases", lambda path, _: plot.closure_phases(path)),
]
_STACK: list[Drawing] = [("Median of the frames", lambda path, _: plot.stack(path))]
_BY_SUFFIX: dict[str, list[Drawing]] = {
    "psfsub": [
        *_STACK,
        (
            "Flux of a point source at 5 σ in the median of the frames. Companions that are there "
            "raise it; what the subtraction takes away is not in it",
            lambda path, _: plot.contrast_curve(path),
        ),
    ],
    "segm": [("Segmentation map", lambda path, _: plot.segmentation_map(path))],
    "crf": [("Exposure", lambda path, _: plot.image(path))],
    "cal": [("Exposure", lambda path, _: plot.image(path))],
}
_BY_IMPORTER: dict[str, list[Drawing]] = {
    "JWST image": _IMAGE,
    "JWST image stack": _STACK,
    "JWST source catalog": [("Where the sources are", lambda path, _: plot.sources(path))],
    "JWST 2-D spectrum": [("First 2-D spectrum", lambda path, _: plot.spectral_image(path))],
    "JWST spectral cube": [("Median over wavelength", lambda path, _: plot.cube(path))],
    "JWST spectra": _SPECTRA,
    "JWST spectral time series": [
        ("Dynamic spectrum", lambda path, _: plot.dynamic_spectrum(path)),
        ("White light curve of the first trace", lambda path, _: plot.light_curve(path)),
    ],
    "JWST light curve": [("Light curve", lambda path, _: plot.light_curve(path))],
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
