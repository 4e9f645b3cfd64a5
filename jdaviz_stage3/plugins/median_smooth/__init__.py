"""Smoothing of spectra, the running median first."""

from .median_smooth import MedianSmooth

__all__ = ["MedianSmooth"]
