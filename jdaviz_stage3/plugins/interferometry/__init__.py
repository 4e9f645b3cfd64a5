"""Interferometric observables: together, calibrated, and searched for a companion."""

from .interferometry import InterferometryPlugin

__all__ = ["InterferometryPlugin"]
