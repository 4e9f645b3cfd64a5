"""Catalogs over images."""

from .catalog_overlay import CatalogOverlay
from .filters import SourceFilterMessage
from .selection import SourceSelectionMessage

__all__ = ["CatalogOverlay", "SourceFilterMessage", "SourceSelectionMessage"]
