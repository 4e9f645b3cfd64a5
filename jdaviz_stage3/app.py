"""Loading products into jdaviz: the generalised app, Imviz and Specviz."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import groupby
from typing import Any

from . import loaders, plugins, viewers  # noqa: F401  (register with jdaviz)
from .chosen_products import (
    COMMON_OPTIONS,
    check_options,
    chosen_products,
    is_plain_spectra,
    options_for,
)
from .errors import Stage3Error, reason_of
from .jdaviz_compat import (
    add_plugins,
    adding_data,
    arrange_viewers,
    configuration,
    give_layout,
    reset_spectral_limits,
    send_importer_templates,
    show_message,
    viewer_labels,
    viewers_by_kind,
)
from .layout import layout_of
from .loaders.importing import options_of, warnings_shown
from .loaders.product import Product

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
        Files, and folders: of a folder every product in it that can be shown. Where a folder holds
        none itself, those in the folders below it, as in MAST's ``mastDownload``. Of an
        association, an asn.json, the products beside it that belong to the view of its mode: i2d,
        segm and cat; s2d or s3d with x1d and c1d; x1dints and whtlt, or phot; i2d and psfsub;
        aminorm-oi.
    app : jdaviz app, optional
        The generalised app, an ``Imviz()`` or a ``Specviz()``; by default ``jdaviz.gca()``.
    arrange : bool, optional
        Whether to lay out all viewers of the generalised app, two by two and tabs of one kind,
        when this call adds viewers; jdaviz alone stacks them.
    at_most : int or None, optional
        How many files of each kind of spectra (x1d, c1d, s2d) to load of a folder or association,
        which may hold hundreds; None for all. Of files whose paths are given, all are loaded.
    **options
        Passed to the products that take them: ``data_label``, ``viewer``; for mosaics
        ``extension=['SCI', 'ERR']`` and ``align_by``; for spectra ``source_id``, ``order``,
        ``exposure``, ``slit``, ``spectra`` (labels), ``quantity``, ``dq_bits``; for 2-D spectra the
        same without ``dq_bits``; ``source_id``, ``order`` and ``slit`` also choose among several
        files of spectra; for cubes ``dq_bits``, ``auto_extract``, ``ext_viewer``; for time series
        ``order``, ``detector``, ``spectra``, ``dq_bits``, ``median_viewer``; for light curves
        ``column`` and ``time_system='MJD_UTC'``; for stacks of images ``dq_bits`` and, where an
        exposure has several segments, ``segments='all'``.

    Returns
    -------
    list of str
        The labels of the data that are now loaded.

    Raises
    ------
    UnknownProductError, UnreadableProductError, UnsupportedProductError, Stage3Error
        If a path is no product, is broken, or cannot be shown; or if an option fits none of the
        products. Of several paths the others are loaded first. What was loaded before stays.

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
        import jdaviz

        app = jdaviz.gca()
    attach(app)
    with warnings_shown(app):
        files, failures = chosen_products(paths, options, at_most, configuration(app))
    for failure in failures:
        show_message(app, str(failure))
    check_options(files, options)
    viewers_before = viewer_labels(app)
    loaded: list[str] = []
    for spectra, group in groupby(_with_progress(files), key=is_plain_spectra):
        with adding_data(app) if spectra else nullcontext():
            for file in group:
                try:
                    loaded += _load_one(file, app, options_for(file, files, options))
                except Stage3Error as err:
                    failures.append(err)
    new_viewers = [label for label in viewer_labels(app) if label not in viewers_before]
    reset_spectral_limits(app, new_viewers)
    if arrange and new_viewers and configuration(app) == "deconfigged":
        arrange_viewers(app, layout_of(viewers_by_kind(app)))
    if failures:
        raise _combined(failures, loaded)
    return loaded


def _load_one(product: Product, app: Any, options: dict[str, Any]) -> list[str]:
    accepted = (*options_of(product.kind.importer), *COMMON_OPTIONS)
    mine = {name: value for name, value in options.items() if name in accepted}
    try:
        return app.load(product, loader="object", format=product.kind.importer, **mine)
    except Stage3Error as err:
        show_message(app, str(err))
        raise
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as err:
        # jdaviz's, as for an option's value that is none of the choices
        message = f"{product.path.name}: {reason_of(err)}"
        show_message(app, message)
        raise Stage3Error(message) from err


def _combined(failures: list[Stage3Error], loaded: list[str]) -> Stage3Error:
    if len(failures) == 1 and not loaded:
        return failures[0]
    kind = type(failures[0]) if len({type(f) for f in failures}) == 1 else Stage3Error
    done = f" (loaded: {', '.join(loaded)})" if loaded else ""
    return kind("; ".join(str(failure) for failure in failures) + done)


def _with_progress(files: Sequence[Product]) -> Iterator[Product]:
    """Show a progress bar over several files, in a terminal or a notebook, after a second."""
    from IPython import get_ipython

    if len(files) < 2 or not (sys.stderr.isatty() or get_ipython() is not None):
        yield from files
        return
    from tqdm.auto import tqdm

    bar = tqdm(files, desc="Loading", unit="file", delay=1)
    for file in bar:
        bar.set_postfix_str(file.path.name, refresh=False)
        yield file


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
        import jdaviz

        app = jdaviz.gca()
    return load(*demo_products(), app=app)
