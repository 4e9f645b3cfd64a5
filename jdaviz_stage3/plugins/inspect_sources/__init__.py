"""Looks at one source after the other, and keeps what was found."""

from .inspect_sources import InspectSources

__all__ = ["InspectSources"]
