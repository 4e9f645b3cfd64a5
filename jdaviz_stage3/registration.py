"""Registering with jdaviz as soon as it is imported, whichever package comes first.

Importing jdaviz takes 8-25 s, and identifying or reading a file does not need it. So importing
jdaviz_stage3 does not import jdaviz: it registers at once if jdaviz is there, and otherwise in the
moment that something imports it.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import sys

__all__ = ["register_with_jdaviz"]


def _register() -> None:
    from .jdaviz_compat import on_every_app, refresh_from_registries, show_tooltips_as_text

    # If one of these is what imports jdaviz, it is only begun here and registers when it ends.
    for name in ("viewers", "loaders", "plugins"):
        importlib.import_module(f".{name}", __package__)
    show_tooltips_as_text()
    on_every_app(refresh_from_registries)
    on_every_app(_link)
    on_every_app(_name)


def _link(app: object) -> None:
    # only when there is an app, for this may be run while the module is on its way
    from .viewers.color_bars import ColorBars
    from .viewers.slice_keys import slice_keys
    from .viewers.tab_titles import TargetNames
    from .viewers.wavelength_link import WavelengthLink

    WavelengthLink.of_app(app)
    ColorBars.of_app(app)
    slice_keys(app)
    TargetNames.of_app(app)


def _name(app: object) -> None:
    """Have our version named beside jdaviz's, as a bug report needs it."""
    from .jdaviz_compat import name_package
    from .version import VERSION

    name_package(app, "jdaviz_stage3", VERSION, f"stage3 {VERSION.split('+')[0]}")


class _RegisteringLoader(importlib.abc.Loader):
    """Executes jdaviz as its own loader would, then registers."""

    def __init__(self, loader: importlib.abc.Loader, finder: _JdavizFinder):
        self._loader = loader
        self._finder = finder

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = self._loader  # importlib.resources and pkgutil look at it
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        _register()


class _JdavizFinder(importlib.abc.MetaPathFinder):
    """Finds jdaviz, with a loader that registers after it; until it is really imported."""

    _searching = False

    def find_spec(self, fullname, path=None, target=None):
        if fullname != "jdaviz" or self._searching:
            return None
        self._searching = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._searching = False
        if spec is not None and spec.loader is not None:
            spec.loader = _RegisteringLoader(spec.loader, self)
        return spec


def register_with_jdaviz() -> None:
    """Register loaders, viewers and plugins with jdaviz, now or when it is imported."""
    if "jdaviz" in sys.modules:
        _register()
    elif not any(isinstance(finder, _JdavizFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _JdavizFinder())
