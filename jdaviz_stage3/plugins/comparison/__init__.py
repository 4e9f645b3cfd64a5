"""Two reductions of one product, less each other."""

from .compare_reductions import CompareReductions

__all__ = ["CompareReductions"]
