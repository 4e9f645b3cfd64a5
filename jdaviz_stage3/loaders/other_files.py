"""Files that are no Stage 3 products: jdaviz's own importers open them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..confinement import may_be_opened
from ..errors import Stage3Error, Stage3Warning, UnknownProductError, reason_of
from ..jdaviz_compat import data_labels, file_in_jdaviz, load_file, show_message
from .asked_options import note_other_loading
from .importing import all_or_nothing
from .journal import journal_of
from .shown_warnings import warnings_shown

__all__ = ["OtherFile", "load_others"]

#: A table of wavelengths and fluxes is taken for a catalog, too, and any image for more.
_LESS_LIKELY = ("Catalog", "2D Spectrum", "Footprint")


@dataclass(frozen=True)
class OtherFile:
    """A file that is no Stage 3 product, or one that jdaviz's own importer is asked for.

    Attributes
    ----------
    path : path
    reason : str
        Why it is no product; empty where the caller has named a format of jdaviz's.
    """

    path: Path
    reason: str = ""


def load_others(
    app: Any, files: list[OtherFile], options: dict[str, Any]
) -> tuple[list[str], list[Stage3Error]]:
    """Let jdaviz load files, and say that it did.

    Parameters
    ----------
    app : jdaviz helper or inner application
    files : list of OtherFile
    options : dict
        ``format``, one of those that jdaviz names; the others go to its importer.

    Returns
    -------
    labels : list of str
        Of the data that have come.
    failures : list of Stage3Error
        Of those that could not be loaded; each has been shown in the app.

    Warns
    -----
    Stage3Warning
        Which format was taken, where the caller has named none.
    """
    loaded: list[str] = []
    failures: list[Stage3Error] = []
    for file in files:
        data = data_labels(app)
        try:
            with journal_of(app).loading(app), all_or_nothing(app), warnings_shown(app):
                form = _load_one(app, file, options)
                note_other_loading(app, file.path, options | {"format": form}, data)
        except Stage3Error as err:
            show_message(app, str(err))
            failures.append(err)
        loaded += [label for label in data_labels(app) if label not in data]
    return loaded, failures


def _load_one(app: Any, file: OtherFile, options: dict[str, Any]) -> str:
    """Load a file, and return the format that it was taken for."""
    if not may_be_opened(file.path):
        raise Stage3Error(f"{file.path.name}: it is not in your folder")
    options = dict(options)
    form = options.pop("format", None)
    if form is not None:
        with _said_of(file, form):
            load_file(app, file.path, form, **options)
        return form
    with file_in_jdaviz(app, file.path) as found:
        if not found.formats:
            raise UnknownProductError(f"{file.reason}; jdaviz has no importer for it either")
        form, *others = sorted(found.formats, key=lambda one: one.startswith(_LESS_LIKELY))
        more = f"; load(…, format={others[0]!r}) takes it for another" if others else ""
        warnings.warn(
            f"{file.reason}; jdaviz's own importer opens it, as {form}{more}",
            Stage3Warning,
            stacklevel=4,
        )
        with _said_of(file, form):
            found.load(form, **options)
    return form


@contextmanager
def _said_of(file: OtherFile, form: str) -> Iterator[None]:
    """Say of which file and importer it is, if that fails."""
    try:
        yield
    except Exception as err:  # whatever importers of others raise
        if not os.path.exists(file.path):
            raise Stage3Error(f"{file.path}: the file is not there (any more)") from err
        raise Stage3Error(
            f"{file.path.name}: jdaviz's importer {form!r} could not load it ({reason_of(err)})"
        ) from err
