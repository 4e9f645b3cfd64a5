"""jdaviz's sources of files, taught to recognise Stage 3 products.

Each resolver is registered under the name of the built-in one that it extends. For a product that
we can show it hands on a `ProductFile`, which only our parser takes, so that exactly one format is
offered. For every other file, and where the caller names a format of jdaviz's own, it does what
the built-in one does.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from jdaviz.core.loaders.resolvers.astroquery.astroquery import AstroqueryResolver
from jdaviz.core.loaders.resolvers.file.file import FileResolver as JdavizFileResolver
from jdaviz.core.loaders.resolvers.file_drop.file_drop import (
    FileDropResolver as JdavizFileDropResolver,
)
from jdaviz.core.loaders.resolvers.url.url import URLResolver as JdavizURLResolver
from jdaviz.core.loaders.resolvers.virtual_observatory.vo import VOResolver

from ..errors import Stage3Error
from ..jdaviz_compat import dropped_file_name, offer_format, replace_resolver, restricted_formats
from ..products import PRODUCT_TYPES
from .product import PARSER, ProductFile

__all__ = ["OUR_FORMATS", "folders_of_dropped_files", "was_dropped"]

#: The format names under which our importers are registered.
OUR_FORMATS = frozenset(row.importer for row in PRODUCT_TYPES if row.importer)


def recognised(found: object, resolver: object) -> object:
    """Return a `ProductFile` in place of the path of a product that we can show.

    Parameters
    ----------
    found : object
        What the built-in resolver found; anything but an existing path is returned as it is.
    resolver : object
        The resolver that asks.

    Returns
    -------
    object
    """
    wanted = restricted_formats(resolver)
    if wanted and not OUR_FORMATS.intersection(wanted):
        return found  # load(path, format='Image') stays jdaviz's own
    if not isinstance(found, (str, os.PathLike)) or not os.path.isfile(found):
        return found
    return ProductFile.recognise(found) or found


class _OffersOneFormat:
    """Mixed into a resolver: for a product of ours no other format is looked for."""

    def _update_format_items(self):
        found = vars(self).get("parsed_input")  # where jdaviz keeps it, once it is parsed
        try:
            if isinstance(found, ProductFile) and offer_format(self, PARSER, found.kind.importer):
                return
        except Stage3Error:  # the file is another by now: jdaviz's search says so
            pass
        super()._update_format_items()


class _RecognisesProducts(_OffersOneFormat):
    """Mixed into a resolver whose input is the path of a file."""

    def parse_input(self):
        return recognised(super().parse_input(), self)


class _RecognisesDownloads:
    """Mixed into a resolver that downloads the file chosen from a table."""

    @property
    def output(self):
        return recognised(super().output, self)


class FileResolver(_RecognisesProducts, _RecognisesDownloads, JdavizFileResolver):
    """Files on this computer."""


class URLResolver(_RecognisesProducts, _RecognisesDownloads, JdavizURLResolver):
    """Downloads from a URL."""


class ArchiveResolver(_RecognisesDownloads, AstroqueryResolver):
    """Downloads from an archive."""


class VirtualObservatoryResolver(_RecognisesDownloads, VOResolver):
    """Downloads from the virtual observatory."""


class FileDropResolver(_OffersOneFormat, JdavizFileDropResolver):
    """Files dropped into the browser; products are kept in a temporary folder, read lazily."""

    _kept: tuple[str, int, object] | None = None  # name, size, what was found in it

    def parse_input(self):
        content = super().parse_input()
        name = Path(dropped_file_name(self)).name  # a bare name: no folders from the browser
        if name in ("", ".", ".."):
            return content
        if self._kept is not None and self._kept[:2] == (name, content.getbuffer().nbytes):
            return self._kept[2] or content  # asked for again, not dropped again
        found = self._keep(name, content)
        self._kept = (name, content.getbuffer().nbytes, found)
        return found or content

    def _keep(self, name: str, content) -> ProductFile | None:
        """Keep a product in a folder of its own; None if it is none, or there is no room."""
        folder = tempfile.TemporaryDirectory(prefix="jdaviz_stage3_")
        _DROPPED.append(folder)  # from now on its file may be opened
        path = Path(folder.name) / name
        try:
            path.write_bytes(content.getbuffer())
            found = recognised(path, self)
        except OSError:
            found = None
        if isinstance(found, ProductFile):
            return found
        _DROPPED.remove(folder)
        folder.cleanup()
        return None


# Folders with dropped products, removed when the process ends: spectra are read from them later.
_DROPPED: list[tempfile.TemporaryDirectory] = []


def folders_of_dropped_files() -> list[str]:
    """Return where files are that were dropped into the browser, without links."""
    return [os.path.realpath(folder.name) for folder in _DROPPED]


def was_dropped(path: Path) -> bool:
    """Whether a file was dropped into the browser, and goes when the process ends.

    Parameters
    ----------
    path : path

    Returns
    -------
    bool
    """
    return any(path.is_relative_to(folder.name) for folder in _DROPPED)


for _name, _resolver in {
    "file": FileResolver,
    "url": URLResolver,
    "file drop": FileDropResolver,
    "astroquery": ArchiveResolver,
    "virtual observatory": VirtualObservatoryResolver,
}.items():
    replace_resolver(_name, _resolver)
