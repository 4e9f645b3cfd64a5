"""What jdaviz calls loaders: resolvers that recognise our files, a parser, and importers.

Importing this package registers them with jdaviz: every module in it.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import jdaviz  # noqa: F401  (before our modules: what it registers imports them, each whole)

from .product import Product, ProductFile

__all__ = ["Product", "ProductFile"]

for _module in iter_modules(__path__):
    import_module(f".{_module.name}", __name__)
