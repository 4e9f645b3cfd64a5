"""The viewers that jdaviz lacks. Importing this package registers them with jdaviz."""

from __future__ import annotations

from .light_curve import LightCurveViewer

__all__ = ["LightCurveViewer"]
