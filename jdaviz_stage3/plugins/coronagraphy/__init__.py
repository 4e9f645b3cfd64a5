"""What surrounds a star behind a mask: where it is, and how faint a companion would be seen."""

from .coronagraphy import Coronagraphy

__all__ = ["Coronagraphy"]
