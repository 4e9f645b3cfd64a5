"""JWST Stage 3 products in jdaviz."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Any

from .errors import (
    Stage3Error,
    Stage3Warning,
    UnknownProductError,
    UnreadableProductError,
    UnsupportedProductError,
)
from .products import PRODUCT_TYPES, ProductType, identify
from .progress import said_meanwhile
from .registration import register_with_jdaviz
from .version import VERSION

__version__ = VERSION

__all__ = [
    "PRODUCT_TYPES",
    "ProductType",
    "Stage3Error",
    "Stage3Warning",
    "UnknownProductError",
    "UnreadableProductError",
    "UnsupportedProductError",
    "attach",
    "batch",
    "color_bar",
    "compare",
    "compare_provenance",
    "find_groups",
    "identify",
    "index_sources",
    "load",
    "open_demo",
    "provenance",
    "read",
    "report",
    "sanity",
    "show",
    "step_parameters",
]

# Imported when first asked for: they bring in specutils or jdaviz, which takes seconds.
_LAZY = {
    "attach": "app",
    "color_bar": "viewers.color_bars",
    "load": "app",
    "open_demo": "app",
    "show": "app",
    "read": "readers",
    "provenance": "groups",
    "compare": "groups.comparison",
    "compare_provenance": "groups",
    "find_groups": "groups",
    "index_sources": "identity",
    "step_parameters": "groups",
    "sanity": "groups",
    "analysis": "analysis",
    "batch": "quicklook",
    "plot": "plot",
    "report": "quicklook",
    "widgets": "widgets",
    "session": "session",
    "identity": "identity",
}


_WITH_JDAVIZ = ("app", "session", "viewers.color_bars")


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with _said_of_jdaviz(_LAZY[name]):
        module = import_module(f".{_LAZY[name]}", __name__)
    return module if name == _LAZY[name] else getattr(module, name)


def _said_of_jdaviz(module: str) -> AbstractContextManager[None]:
    """What says that jdaviz is being imported, where a module is the first to do that."""
    if module in _WITH_JDAVIZ and "jdaviz" not in sys.modules:
        return said_meanwhile("Starting jdaviz (the first time, 8 to 25 seconds) …")
    return nullcontext()


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})


register_with_jdaviz()
