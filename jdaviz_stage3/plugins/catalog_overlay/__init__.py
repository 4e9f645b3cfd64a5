"""Catalogs over images."""

from .catalog_overlay import CatalogOverlay
from .selection import SourceSelectionMessage

__all__ = ["CatalogOverlay", "SourceSelectionMessage"]
