"""Single products as widgets for a notebook cell, without an app around them.

Each function returns an ipywidget with the controls that are at hand, and says in words what it
cannot show.
"""

from __future__ import annotations

from .curve_widget import CurveWidget, light_curve
from .dynamic_widget import DynamicWidget, dynamic_spectrum
from .image_widget import ImageWidget, source_image
from .product_widget import ProductWidget
from .spectrum_widget import SpectrumWidget, spectrum
from .table_widget import CatalogWidget, catalog_table

__all__ = [
    "CatalogWidget",
    "CurveWidget",
    "DynamicWidget",
    "ImageWidget",
    "ProductWidget",
    "SpectrumWidget",
    "catalog_table",
    "dynamic_spectrum",
    "light_curve",
    "source_image",
    "spectrum",
]
