"""The viewers that jdaviz lacks. Importing this package registers them with jdaviz."""

from __future__ import annotations

from .dynamic_spectrum import DynamicSpectrumViewer
from .light_curve import LightCurveViewer

__all__ = ["DynamicSpectrumViewer", "LightCurveViewer"]
