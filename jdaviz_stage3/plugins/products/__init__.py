"""The products of a folder: what is there, what is missing, how each was made."""

from .messages import FoldersOpenedMessage, tell_of_folders
from .products import StageThreeProducts

__all__ = ["FoldersOpenedMessage", "StageThreeProducts", "tell_of_folders"]
