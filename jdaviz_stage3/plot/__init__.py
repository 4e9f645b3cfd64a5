"""Pictures of products with Matplotlib: for papers, and for the pages of a program's quick look.

Each function takes a file, or what `jdaviz_stage3.read` gives of it; draws into axes of yours, or
into a new figure; and returns the axes, with units on them.
"""

from .coronagraphy import contrast_curve
from .cubes import cube
from .images import image, segmentation_map, sources, stack
from .interferometry import closure_phases, squared_visibilities
from .spectra import spectral_image, spectrum
from .time_series import dynamic_spectrum, light_curve

__all__ = [
    "closure_phases",
    "contrast_curve",
    "cube",
    "dynamic_spectrum",
    "image",
    "light_curve",
    "segmentation_map",
    "sources",
    "spectral_image",
    "spectrum",
    "squared_visibilities",
    "stack",
]
