"""Loading several products one after another, and laying out the viewers that come with them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from itertools import groupby
from typing import Any

from ..errors import Stage3Error, Stage3Warning, reason_of
from ..jdaviz_compat import (
    adding_data,
    all_data,
    application,
    arrange_viewers,
    configuration,
    load_into,
    reset_spectral_limits,
    show_message,
    viewer_labels,
    viewers_by_kind,
)
from ..layout import layout_of
from ..origin import origin_of
from ..product_types import PRODUCT_TYPES
from ..progress import with_progress
from .importing import options_of
from .journal import journal_of
from .product import Product
from .shown_warnings import warn_of_groups, warnings_shown

__all__ = ["COMMON_OPTIONS", "in_load_order", "is_plain_spectra", "load_products"]

#: The options that all products take.
COMMON_OPTIONS = ("data_label", "viewer")
_MOST_FIGURES = 14  # of viewers; with those of open panels there are sixteen, a browser's limit
_RANK = {row.suffix: rank for rank, row in enumerate(PRODUCT_TYPES)}


def is_plain_spectra(product: Product) -> bool:
    """Whether a file holds spectra in one dimension.

    Parameters
    ----------
    product : Product

    Returns
    -------
    bool
    """
    return product.kind.importer == "JWST spectra"


def in_load_order(products: Sequence[Product]) -> list[Product]:
    """Sort products, images before the catalogs that lie on them; each file once.

    Parameters
    ----------
    products : sequence of Product

    Returns
    -------
    list of Product
    """
    unique = {product.path.resolve(): product for product in products}
    return sorted(unique.values(), key=lambda product: _RANK[product.kind.suffix])


def load_products(
    app: Any,
    products: Sequence[Product],
    options_for: Callable[[Product], dict[str, Any]] = lambda product: {},
    *,
    arrange: bool = True,
) -> tuple[list[str], list[Stage3Error]]:
    """Load products in their order, and lay out the viewers of the generalised app.

    Parameters
    ----------
    app : jdaviz helper, inner application or plugin
    products : sequence of Product
    options_for : callable, optional
        What each is given of options.
    arrange : bool, optional
        Whether to lay out all viewers, when some are added.

    Returns
    -------
    labels : list of str
        Of the data that have come.
    failures : list of Stage3Error
        Of those that could not be loaded; each has been shown in the app.
    """
    with journal_of(app).loading(app):
        return _load_all(app, products, options_for, arrange)


def _load_all(
    app: Any,
    products: Sequence[Product],
    options_for: Callable[[Product], dict[str, Any]],
    arrange: bool,
) -> tuple[list[str], list[Stage3Error]]:
    before = viewer_labels(app)
    loaded: list[str] = []
    failures: list[Stage3Error] = []
    for spectra, group in groupby(_in_sight(products), key=is_plain_spectra):
        with adding_data(app) if spectra else nullcontext():
            for product in group:
                try:
                    loaded += _load_one(product, app, options_for(product))
                except Stage3Error as err:
                    failures.append(err)
    with warnings_shown(app):
        of_app = [origin.path for data in all_data(app) if (origin := origin_of(data))]
        warn_of_groups([product.path for product in products], of_app)
        new_viewers = [label for label in viewer_labels(app) if label not in before]
        if new_viewers:
            _warn_of_many(viewers_by_kind(app))
    reset_spectral_limits(app, new_viewers)
    if arrange and new_viewers and configuration(application(app)) == "deconfigged":
        arrange_viewers(app, layout_of(viewers_by_kind(app)))
    return loaded, failures


def _warn_of_many(viewers: Mapping[str, Sequence[str]]) -> None:
    """Say where there are more viewers than a browser draws."""
    drawn = sum(len(labels) for kind, labels in viewers.items() if kind != "table-viewer")
    if drawn > _MOST_FIGURES:
        warnings.warn(
            f"{drawn} viewers are open: browsers draw about 16 at a time, and the first "
            "stay empty; close some, or open fewer products",
            Stage3Warning,
            stacklevel=2,
        )


def _load_one(product: Product, app: Any, options: dict[str, Any]) -> list[str]:
    accepted = (*options_of(product.kind.importer), *COMMON_OPTIONS)
    mine = {name: value for name, value in options.items() if name in accepted}
    try:
        return load_into(app, product, **mine)
    except Stage3Error as err:
        show_message(app, str(err))
        raise
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as err:
        # jdaviz's, as for an option's value that is none of the choices
        message = f"{product.path.name}: {reason_of(err)}"
        show_message(app, message)
        raise Stage3Error(message) from err


def _in_sight(products: Sequence[Product]) -> Iterable[Product]:
    """Several files, with a progress bar; one has none."""
    if len(products) < 2:
        return products
    return with_progress(products, "Loading", "file", name_of=lambda product: product.path.name)
