"""White and spectroscopic light curves from spectral time series."""

from .white_light_curve import WhiteLightCurve

__all__ = ["WhiteLightCurve"]
