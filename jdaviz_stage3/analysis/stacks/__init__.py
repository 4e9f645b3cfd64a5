"""Stacks of images: views of them, differences, flags, series of pixels and regions, drift."""
