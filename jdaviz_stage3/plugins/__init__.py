"""The tray plugins, one folder each. Importing this package registers them with jdaviz."""

from __future__ import annotations

from .catalog_overlay import CatalogOverlay, SourceSelectionMessage
from .comparison import CompareReductions
from .coronagraphy import Coronagraphy
from .image_stack import ImageStackPlugin
from .inspect_sources import InspectSources
from .interferometry import InterferometryPlugin
from .median_smooth import MedianSmooth
from .mosaic_exposures import MosaicExposures
from .pipeline_extraction import PipelineExtraction
from .products import StageThreeProducts
from .white_light_curve import WhiteLightCurve

__all__ = [
    "CatalogOverlay",
    "CompareReductions",
    "Coronagraphy",
    "ImageStackPlugin",
    "InspectSources",
    "InterferometryPlugin",
    "MedianSmooth",
    "MosaicExposures",
    "PipelineExtraction",
    "SourceSelectionMessage",
    "StageThreeProducts",
    "WhiteLightCurve",
    "names_for",
]

# Registry name of each plugin and the configurations that it works in.
_PLUGINS: dict[str, tuple[str, ...]] = {
    "stage3-catalog-overlay": ("deconfigged", "imviz"),
    "stage3-comparison": ("deconfigged", "imviz", "specviz"),
    "stage3-coronagraphy": ("deconfigged", "imviz"),
    "stage3-exposures": ("deconfigged", "imviz"),
    "stage3-image-stack": ("deconfigged", "imviz"),
    "stage3-inspect-sources": ("deconfigged",),
    "stage3-interferometry": ("deconfigged",),
    "stage3-median-smooth": ("deconfigged", "specviz"),
    "stage3-pipeline-extraction": ("deconfigged",),
    "stage3-products": ("deconfigged",),
    "stage3-white-light-curve": ("deconfigged", "specviz"),
}


def names_for(configuration: str) -> list[str]:
    """Return the registry names of the plugins that work in a jdaviz configuration.

    Parameters
    ----------
    configuration : str
        ``'deconfigged'``, ``'imviz'`` or ``'specviz'``.

    Returns
    -------
    list of str
    """
    return [name for name, where in _PLUGINS.items() if configuration in where]
