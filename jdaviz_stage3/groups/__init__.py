"""Products that belong together, and how each was made. Headers and lists; no arrays, no jdaviz."""

from __future__ import annotations

from .findings import Finding, findings_of_groups, findings_of_product, sanity
from .first_view import FirstView, first_view, first_views
from .grouping import find_groups, group_products, mode_of
from .listed_product import ListedProduct, list_product
from .processing import Provenance, compare_provenance, provenance
from .product_list import ProductList
from .step_settings import step_parameters

__all__ = [
    "Finding",
    "FirstView",
    "ListedProduct",
    "ProductList",
    "Provenance",
    "compare_provenance",
    "find_groups",
    "findings_of_groups",
    "findings_of_product",
    "first_view",
    "first_views",
    "group_products",
    "list_product",
    "mode_of",
    "provenance",
    "sanity",
    "step_parameters",
]
