"""Loading products into jdaviz: the generalised app, Imviz and Specviz."""

from __future__ import annotations

import os
from typing import Any

from . import loaders, plugins, viewers  # noqa: F401  (register with jdaviz)
from .chosen_products import check_options, chosen_products, options_for
from .errors import Stage3Error
from .jdaviz_compat import (
    add_plugins,
    configuration,
    give_layout,
    send_importer_templates,
    show_message,
)
from .loaders.other_files import load_others
from .loaders.several import load_products
from .loaders.shown_warnings import warnings_shown
from .plugins.products import tell_of_folders
from .progress import said_meanwhile
from .viewers.color_bars import ColorBars

__all__ = ["attach", "load", "open_demo", "show"]


def load(
    *paths: str | os.PathLike,
    app: Any = None,
    arrange: bool = True,
    at_most: int | None = 20,
    **options: Any,
) -> list[str]:
    """Load Stage 3 products into jdaviz, images before the catalogs that lie on them.

    Parameters
    ----------
    *paths : path-like
        Files, folders and associations. Of an association, an asn.json, the products beside it
        that belong to the view of its mode: i2d, segm and cat; s2d or s3d with x1d and c1d; x1dints
        and whtlt, or phot; i2d and psfsub; aminorm-oi. Of a folder the same for each of the
        products in it that belong together; where a folder holds none itself, those in the folders
        below it, as in MAST's ``mastDownload``. A message says what is there beside them. A file
        that is no Stage 3 product goes to jdaviz's own importers, and a message says so.
    app : jdaviz app, optional
        The generalised app, an ``Imviz()`` or a ``Specviz()``; by default ``jdaviz.gca()``.
    arrange : bool, optional
        Whether to lay out all viewers of the generalised app, two by two and tabs of one kind,
        when this call adds viewers; jdaviz alone stacks them.
    at_most : int or None, optional
        How many files of each kind to load of a folder or association, which may hold hundreds;
        None for all. Of files whose paths are given, all are loaded.
    **options
        Passed to the products that take them: ``data_label``, ``viewer``; for mosaics
        ``extension=['SCI', 'ERR']`` and ``align_by``; for spectra ``source_id``, ``order``,
        ``exposure``, ``slit``, ``spectra`` (labels), ``quantity``, ``dq_bits``; for 2-D spectra the
        same without ``dq_bits``; ``source_id``, ``order`` and ``slit`` also choose among several
        files of spectra; for cubes ``dq_bits``, ``auto_extract``, ``ext_viewer``; for time series
        ``order``, ``detector``, ``spectra``, ``dq_bits``, ``median_viewer``; for light curves
        ``column`` and ``time_system='MJD_UTC'``; for stacks of images ``dq_bits`` and, where an
        exposure has several segments, ``segments='all'``. ``format``, one of those that jdaviz's
        import dialog names, has jdaviz's own importer load the files, with its own options.

    Returns
    -------
    list of str
        The labels of the data that are now loaded.

    Raises
    ------
    UnknownProductError, UnreadableProductError, UnsupportedProductError, Stage3Error
        If a path is nothing that jdaviz can load, is broken, or cannot be shown; or if an option
        fits none of the products. Of several paths the others are loaded first. What was loaded
        before stays.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> stage3.load("jw…_i2d.fits", "jw…_cat.ecsv")      # doctest: +SKIP
    >>> stage3.load("jw…_x1d.fits", source_id=[3, 7])    # doctest: +SKIP
    >>> stage3.load("folder_of_x1d", source_id=[3, 7])   # doctest: +SKIP
    >>> stage3.show()                                    # doctest: +SKIP
    """
    if not paths:
        raise Stage3Error("load: nothing to load; give the path of a file or a folder")
    if at_most is not None and not (isinstance(at_most, int) and at_most > 0):
        raise Stage3Error(f"load: at_most = {at_most!r}, expected a whole number from 1, or None")
    if app is None:
        app = _current_app()
    attach(app)
    with warnings_shown(app):
        chosen = chosen_products(paths, options, at_most, configuration(app))
    files, failures = chosen.products, chosen.failures
    for failure in failures:
        show_message(app, str(failure))
    check_options(chosen, options)
    tell_of_folders(app, paths)
    loaded, refused = load_products(
        app, files, lambda file: options_for(file, files, options), arrange=arrange
    )
    theirs, not_theirs = load_others(app, chosen.others, options)
    loaded += theirs
    failures += refused + not_theirs
    if failures:
        raise _combined(failures, loaded)
    return loaded


def _current_app() -> Any:
    """The current app of jdaviz; the first one takes a while to make."""
    import jdaviz

    with said_meanwhile("Making a jdaviz app …"):
        return jdaviz.gca()


def _combined(failures: list[Stage3Error], loaded: list[str]) -> Stage3Error:
    if len(failures) == 1 and not loaded:
        return failures[0]
    kind = type(failures[0]) if len({type(f) for f in failures}) == 1 else Stage3Error
    done = f" (loaded: {', '.join(loaded)})" if loaded else ""
    return kind("; ".join(str(failure) for failure in failures) + done)


def attach(viz: Any) -> Any:
    """Put our plugins and loaders into an existing app; twice is harmless.

    Parameters
    ----------
    viz : jdaviz app
        An ``Imviz()``, a ``Specviz()`` or a generalised app.

    Returns
    -------
    jdaviz app
        The same.
    """
    if configuration(viz) == "deconfigged":
        return viz  # equipped when it was made
    send_importer_templates()
    add_plugins(viz, plugins.names_for(configuration(viz)))
    ColorBars.of_app(viz)
    return viz


def show(**options: Any) -> None:
    """Show the current app, as ``jdaviz.show()`` does.

    Parameters
    ----------
    **options
        Those of ``jdaviz.show``: ``loc``, ``title``, ``height``.
    """
    import jdaviz

    app = jdaviz.gca()
    give_layout(app)
    app.show(**options)


def open_demo(app: Any = None) -> list[str]:
    """Load the demo products that are shipped with the package.

    Parameters
    ----------
    app : jdaviz app, optional
        By default ``jdaviz.gca()``.

    Returns
    -------
    list of str
        The labels of the data.
    """
    from .demo import demo_products

    if app is None:
        app = _current_app()
    return load(*demo_products(), app=app)
