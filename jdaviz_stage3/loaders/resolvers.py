"""jdaviz's sources of files, taught to recognise Stage 3 products.

Each resolver is registered under the name of the built-in one that it extends. For a product that
we can show it hands on a `ProductFile`, which only our parser takes, so that exactly one format is
offered. For every other file, and where the caller names a format of jdaviz's own, it does what
the built-in one does.
"""

from __future__ import annotations

import os
from pathlib import Path

from jdaviz.core.loaders.resolvers.astroquery.astroquery import AstroqueryResolver
from jdaviz.core.loaders.resolvers.file.file import FileResolver as JdavizFileResolver
from jdaviz.core.loaders.resolvers.file_drop.file_drop import (
    FileDropResolver as JdavizFileDropResolver,
)
from jdaviz.core.loaders.resolvers.url.url import URLResolver as JdavizURLResolver
from jdaviz.core.loaders.resolvers.virtual_observatory.vo import VOResolver

from ..errors import Stage3Error
from ..fits_structure import read_primary_header
from ..jdaviz_compat import (
    offer_format,
    read_dropped_files_by_pieces,
    replace_resolver,
    restricted_formats,
    show_message,
)
from ..products import PRODUCT_TYPES
from .asdf_trees import check_tree
from .dropped_files import keep_dropped
from .product import PARSER, ProductFile

__all__ = ["OUR_FORMATS"]

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


def check_dropped(path: Path) -> None:
    """Refuse a dropped file on which jdaviz's search, that tries every format, would not end.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    Stage3Error
    """
    check_tree(path)
    with open(path, "rb") as stream:
        is_fits = stream.read(9) == b"SIMPLE  ="
    if is_fits:
        read_primary_header(
            path
        )  # astropy looks for its end in all that there is, ever more slowly


class FileDropResolver(_OffersOneFormat, JdavizFileDropResolver):
    """Files dropped into the browser; they are kept in a temporary folder, and read lazily."""

    _path: Path | None = None
    _found: object = None  # what is in it, once somebody has asked

    def _on_file_updated(self, files):
        first = files[0]
        try:
            path = keep_dropped(str(first["name"]), first["size"], first["file_obj"].read)
            if path is not None:
                check_dropped(path)
        except Stage3Error as error:
            show_message(self.app, str(error))
            self.progress = 100  # no more comes
            return
        if path is None:  # the tab was closed
            return
        self._path, self._found = path, None
        super()._on_file_updated(files)

    def parse_input(self):
        if self._found is None and self._path is not None:
            # jdaviz's importers get the path, too: the content may be larger than the memory
            self._found = recognised(str(self._path), self)
        return self._found


read_dropped_files_by_pieces()
for _name, _resolver in {
    "file": FileResolver,
    "url": URLResolver,
    "file drop": FileDropResolver,
    "astroquery": ArchiveResolver,
    "virtual observatory": VirtualObservatoryResolver,
}.items():
    replace_resolver(_name, _resolver)
