"""Exposures of a mosaic: which of them cover a place."""
