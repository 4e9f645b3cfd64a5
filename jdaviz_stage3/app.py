"""Loading products into jdaviz: the generalised app, Imviz and Specviz."""

from __future__ import annotations

import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from itertools import groupby
from pathlib import Path
from typing import Any

from . import loaders, plugins, viewers  # noqa: F401  (register with jdaviz)
from .errors import (
    Stage3Error,
    Stage3Warning,
    UnknownProductError,
    UnsupportedProductError,
    reason_of,
)
from .folders import product_files
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
from .products import PRODUCT_TYPES, identify
from .readers import read

__all__ = ["attach", "load", "open_demo", "show"]

_COMMON_OPTIONS = ("data_label", "viewer")
#: Which spectra of a file, and so which files of a folder.
_CHOOSE_SPECTRA = ("source_id", "order", "slit")


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
        none itself, those in the folders below it, as in MAST's ``mastDownload``.
    app : jdaviz app, optional
        The generalised app, an ``Imviz()`` or a ``Specviz()``; by default ``jdaviz.gca()``.
    arrange : bool, optional
        Whether to lay out all viewers of the generalised app, two by two and tabs of one kind,
        when this call adds viewers; jdaviz alone stacks them.
    at_most : int or None, optional
        How many files of each kind of spectra (x1d, c1d, s2d) to load of a folder, which may hold
        hundreds; None for all. Of files whose paths are given, all are loaded.
    **options
        Passed to the products that take them: ``data_label``, ``viewer``; for mosaics
        ``extension=['SCI', 'ERR']`` and ``align_by``; for spectra ``source_id``, ``order``,
        ``exposure``, ``slit``, ``spectra`` (labels), ``quantity``, ``dq_bits``; for 2-D spectra the
        same without ``dq_bits``; ``source_id``, ``order`` and ``slit`` also choose among several
        files of spectra; for cubes ``dq_bits``, ``auto_extract``, ``ext_viewer``; for time series
        ``order``, ``detector``, ``spectra``, ``dq_bits``, ``median_viewer``; for light curves
        ``column`` and ``time_system='MJD_UTC'``.

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
        files, failures = _collect(paths, options, at_most)
    for failure in failures:
        show_message(app, str(failure))
    _check_options(files, options)
    viewers_before = viewer_labels(app)
    loaded: list[str] = []
    for spectra, group in groupby(_with_progress(files), key=_is_plain_spectra):
        with adding_data(app) if spectra else nullcontext():
            for file in group:
                try:
                    loaded += _load_one(file, app, _options_for(file, files, options))
                except Stage3Error as err:
                    failures.append(err)
    new_viewers = [label for label in viewer_labels(app) if label not in viewers_before]
    reset_spectral_limits(app, new_viewers)
    if arrange and new_viewers and configuration(app) == "deconfigged":
        arrange_viewers(app, layout_of(viewers_by_kind(app)))
    if failures:
        raise _combined(failures, loaded)
    return loaded


def _holds_spectra(product: Product) -> bool:
    """Whether a file holds spectra of sources, in one dimension or two."""
    return product.kind.importer in ("JWST spectra", "JWST 2-D spectrum")


def _is_plain_spectra(product: Product) -> bool:
    return product.kind.importer == "JWST spectra"


def _collect(
    paths: Sequence[str | os.PathLike], options: dict[str, Any], at_most: int | None
) -> tuple[list[Product], list[Stage3Error]]:
    """Expand folders, recognise the files and put them in load order."""
    products: list[Product] = []
    failures: list[Stage3Error] = []
    for path in paths:
        try:
            path = Path(path).expanduser()
            # os.path.isdir, for Path.is_dir raises where a folder may not be read
            if os.path.isdir(path):
                products += _some_of(_products_in(path), path, options, at_most)
            else:
                products.append(Product(path))
        except Stage3Error as err:
            failures.append(err)
        except TypeError as err:
            raise Stage3Error(f"load: {path!r} is no path; give paths one by one") from err
    rank = {row.suffix: index for index, row in enumerate(PRODUCT_TYPES)}
    unique = {product.path.resolve(): product for product in products}
    return sorted(unique.values(), key=lambda p: rank[p.kind.suffix]), failures


def _products_in(folder: Path) -> list[Product]:
    products, skipped = [], {}
    for path in product_files(folder)[0]:
        try:
            products.append(Product(path))
        except UnsupportedProductError:
            kind = identify(path)
            skipped[kind.suffix] = skipped.get(kind.suffix, 0) + 1
        except Stage3Error as err:
            warnings.warn(f"{err}; left out", Stage3Warning, stacklevel=4)
    if skipped:
        what = ", ".join(f"{count} {suffix}" for suffix, count in skipped.items())
        warnings.warn(
            f"{folder.name}: left out what cannot be shown yet ({what})",
            Stage3Warning,
            stacklevel=4,
        )
    if not products:
        raise UnknownProductError(f"{folder}: no Stage 3 product in this folder that can be shown")
    return _without_inputs(products, folder)


def _without_inputs(products: list[Product], folder: Path) -> list[Product]:
    """Leave out what the products of a folder were made from, unless there is nothing else."""
    results = [product for product in products if not product.kind.by_name]
    inputs = Counter(product.kind.suffix for product in products if product.kind.by_name)
    if not results or not inputs:
        return products
    what = ", ".join(f"{count} {suffix}" for suffix, count in inputs.items())
    warnings.warn(
        f"{folder.name}: left out the exposures that its products were made from ({what}); load "
        "those you want by their names",
        Stage3Warning,
        stacklevel=5,
    )
    return results


def _some_of(
    products: list[Product], folder: Path, options: dict[str, Any], at_most: int | None
) -> list[Product]:
    """Of the files of spectra in a folder, those that hold what is asked for, and not too many."""
    spectra = [product for product in products if _holds_spectra(product)]
    if len(spectra) < 2:
        return products
    chosen = [product for product in spectra if _found_in(product, options) is not None]
    if not chosen:
        asked = [f"{name} = {options[name]!r}" for name in _CHOOSE_SPECTRA if name in options]
        raise Stage3Error(
            f"{folder}: none of its {len(spectra)} files of spectra holds one of {', '.join(asked)}"
        )
    count = Counter(product.kind.suffix for product in chosen)
    many = {suffix: n for suffix, n in count.items() if at_most is not None and n > at_most}
    if many:
        what = " and ".join(f"{at_most} of {n} {suffix} files" for suffix, n in many.items())
        warnings.warn(
            f"{folder.name}: {what} are loaded; choose others with load(folder, source_id=…), or "
            "give their paths; all with load(folder, at_most=None)",
            Stage3Warning,
            stacklevel=4,
        )
    kept = set()
    taken: Counter[str] = Counter()
    for product in chosen:
        taken[product.kind.suffix] += 1
        if at_most is None or taken[product.kind.suffix] <= at_most:
            kept.add(product.path)
    return [p for p in products if not _holds_spectra(p) or p.path in kept]


def _found_in(product: Product, options: dict[str, Any]) -> dict[str, list] | None:
    """Of the sources, orders and slits that are asked for, those of one file; None if it has none.

    A file that is broken has what is asked for, so that loading it says what is wrong.
    """
    asked = {name: options[name] for name in _CHOOSE_SPECTRA if options.get(name) is not None}
    if not asked:
        return {}
    try:
        entries = read(product.path).entries
    except Stage3Error:
        return {}
    wanted = {
        name: list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
        for name, value in asked.items()
    }
    for name, values in wanted.items():
        entries = [entry for entry in entries if getattr(entry, name) in values]
    if not entries:
        return None
    return {
        name: [value for value in values if value in [getattr(e, name) for e in entries]]
        for name, values in wanted.items()
    }


def _options_for(
    product: Product, files: Sequence[Product], options: dict[str, Any]
) -> dict[str, Any]:
    """Of several files, hand each what it can have of the sources that are asked for."""
    if len(files) < 2 or not any(map(_holds_spectra, files)):
        return options
    if _holds_spectra(product):
        return options | (_found_in(product, options) or {})
    if product.kind.importer == "JWST image" and not product.kind.by_name:
        theirs = (*_CHOOSE_SPECTRA, "exposure")
        return {name: value for name, value in options.items() if name not in theirs}
    return options


def _check_options(files: Sequence[Product], options: dict[str, Any]) -> None:
    if "data_label" in options and len(files) > 1:
        raise Stage3Error(
            f"load: data_label = {options['data_label']!r} would name {len(files)} products; load "
            "them one by one, or leave it out"
        )
    for option in options:
        if option in _COMMON_OPTIONS:
            continue
        if files and not any(option in options_of(file.kind.importer) for file in files):
            kinds = ", ".join(dict.fromkeys(file.kind.suffix for file in files))
            have = sorted({o for f in files for o in options_of(f.kind.importer)})
            raise Stage3Error(
                f"load: no option {option!r} for {kinds}; "
                f"there is {', '.join((*have, *_COMMON_OPTIONS))}"
            )


def _load_one(product: Product, app: Any, options: dict[str, Any]) -> list[str]:
    accepted = (*options_of(product.kind.importer), *_COMMON_OPTIONS)
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
