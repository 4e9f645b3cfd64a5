"""The exposures that a mosaic was made from."""

from .mosaic_exposures import MosaicExposures

__all__ = ["MosaicExposures"]
