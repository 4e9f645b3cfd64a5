"""The version of this package, looked up once: what is installed is read from files each time."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

__all__ = ["VERSION"]

try:
    VERSION = version("jdaviz_stage3")
except PackageNotFoundError:  # run from a source tree that is not installed
    VERSION = "0+unknown"
