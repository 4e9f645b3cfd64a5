"""What jdaviz calls loaders: resolvers that recognise our files, a parser, and importers.

Importing this package registers them with jdaviz.
"""

from __future__ import annotations

from . import catalog, image, light_curve, resolvers, spectra, time_series
from .product import Product, ProductFile

__all__ = [
    "Product",
    "ProductFile",
    "catalog",
    "image",
    "light_curve",
    "resolvers",
    "spectra",
    "time_series",
]
