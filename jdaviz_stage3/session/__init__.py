"""The app as a Python script that makes it again from the files, and what such a script uses."""

from __future__ import annotations

from .replay import replay
from .restoring import Restoring, restoring
from .script import run_script
from .writing import save, to_python

__all__ = ["Restoring", "replay", "restoring", "run_script", "save", "to_python"]
