"""The images of a stack: one after the other, what they have in common, and each pixel in time."""

from .image_stack import ImageStackPlugin

__all__ = ["ImageStackPlugin"]
