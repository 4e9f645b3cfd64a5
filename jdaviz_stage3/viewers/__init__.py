"""The viewers that jdaviz lacks, and what ties viewers together.

Importing this package registers them with jdaviz.
"""

from __future__ import annotations

from .dynamic_spectrum import DynamicSpectrumViewer
from .light_curve import LightCurveViewer
from .observables import ObservablesViewer
from .source import SourceViewer
from .wavelength_link import WavelengthLink

__all__ = [
    "DynamicSpectrumViewer",
    "LightCurveViewer",
    "ObservablesViewer",
    "SourceViewer",
    "WavelengthLink",
]
