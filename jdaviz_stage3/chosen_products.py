"""Which products a call of `load` means: files, folders, some of a folder; and their options."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import (
    Stage3Error,
    Stage3Warning,
    UnknownProductError,
    UnreadableProductError,
)
from .folders import kinds_of_files, product_files
from .groups import first_view, first_views, group_products, list_product
from .loaders.importing import options_of
from .loaders.other_files import OtherFile
from .loaders.product import Product
from .loaders.resolvers import OUR_FORMATS
from .loaders.several import COMMON_OPTIONS, in_load_order
from .products import identify
from .progress import with_progress
from .readers import read

__all__ = [
    "ChosenFiles",
    "check_options",
    "chosen_products",
    "options_for",
]

#: Which spectra of a file, and so which files of a folder.
_CHOOSE_SPECTRA = ("source_id", "order", "slit")


def _holds_spectra(product: Product) -> bool:
    """Whether a file holds spectra of sources, in one dimension or two."""
    return product.kind.importer in ("JWST spectra", "JWST 2-D spectrum")


@dataclass(frozen=True)
class ChosenFiles:
    """What a call of `load` means.

    Attributes
    ----------
    products : list of Product
        In load order.
    others : list of OtherFile
        Which jdaviz's own importers are to open.
    failures : list of Stage3Error
        Why the rest cannot be loaded.
    """

    products: list[Product] = field(default_factory=list)
    others: list[OtherFile] = field(default_factory=list)
    failures: list[Stage3Error] = field(default_factory=list)


def chosen_products(
    paths: Sequence[str | os.PathLike],
    options: dict[str, Any],
    at_most: int | None,
    configuration: str = "deconfigged",
) -> ChosenFiles:
    """Expand folders and associations, recognise the files and put them in load order.

    Parameters
    ----------
    paths : sequence of path-like
    options : dict
        Those of `jdaviz_stage3.load`.
    at_most : int or None
        How many files of each kind to take of a folder or an association.
    configuration : str, optional
        That of the app: what it cannot show is left out of an association.

    Returns
    -------
    ChosenFiles

    Raises
    ------
    Stage3Error
        If something is no path.
    """
    products: list[Product] = []
    others: list[OtherFile] = []
    failures: list[Stage3Error] = []
    of_jdaviz = options.get("format") not in (None, *OUR_FORMATS)
    for path in paths:
        try:
            path = Path(os.path.expanduser(path))
            if "\0" in str(path):
                raise Stage3Error(f"load: {str(path)!r} is no path: it holds a null character")
            # os.path.isdir, for Path.is_dir raises where a folder may not be read
            if os.path.isdir(path):
                products += _some_of(_products_in(path, configuration), path, options, at_most)
            elif of_jdaviz and os.path.exists(path):
                others.append(OtherFile(path))
            elif (why := _no_product(path)) is not None:
                others.append(OtherFile(path, why))
            elif identify(path).suffix == "asn":
                products += _some_of(_products_of(path, configuration), path, options, at_most)
            else:
                products.append(Product(path))
        except Stage3Error as err:
            failures.append(err)
        except TypeError as err:
            raise Stage3Error(f"load: {path!r} is no path; give paths one by one") from err
    return ChosenFiles(in_load_order(products), others, failures)


def _no_product(path: Path) -> str | None:
    """Why a file is no product; None if it is one."""
    try:
        identify(path)
    except UnknownProductError as err:
        return str(err)
    return None


def _products_in(folder: Path, configuration: str) -> list[Product]:
    """The products that a folder is shown as; warnings say what there is beside them."""
    listed = []
    files, others = product_files(folder)
    for path in with_progress(files, "Looking at products", "file"):
        try:
            listed.append(list_product(path))
        except UnknownProductError:
            continue  # another file by now
        except UnreadableProductError as err:  # gone meanwhile
            warnings.warn(f"{err}; left out", Stage3Warning, stacklevel=4)
    broken = {entry.path: entry.problem for entry in listed if entry.problem}
    for problem in broken.values():
        warnings.warn(f"{problem}; left out", Stage3Warning, stacklevel=4)
    view = first_views(group_products([entry for entry in listed if not entry.problem]))
    left_out = Counter(view.left_out)
    products = []
    for path in view.paths:
        if path in broken:
            continue
        try:
            product = Product(path)
        except Stage3Error as err:
            warnings.warn(f"{err}; left out", Stage3Warning, stacklevel=4)
            continue
        if configuration in product.kind.configurations:
            products.append(product)
        else:
            left_out[product.kind.suffix] += 1
    del left_out["asn"]
    what = ", ".join(f"{count} {suffix}" for suffix, count in left_out.items())
    if not products:
        raise UnknownProductError(_nothing_in(folder, what, len(broken), others))
    if what:
        panel = ", or from the plugin Stage 3 Products" if configuration == "deconfigged" else ""
        warnings.warn(
            f"{folder.name}: left out what is not part of the first view ({what}); load those "
            f"you want by their names{panel}",
            Stage3Warning,
            stacklevel=4,
        )
    return products


def _nothing_in(folder: Path, left_out: str, n_broken: int, others: list[Path]) -> str:
    """Say that there is nothing to show in a folder, and what there is."""
    there = []
    if left_out:
        there.append(f"products that this app does not show ({left_out})")
    if n_broken:
        there.append(f"broken ones ({n_broken})")
    if others:
        there.append(
            f"other files ({kinds_of_files(others)}), which load opens by jdaviz's own importers "
            "where it is given their paths"
        )
    return (
        f"{folder}: no Stage 3 product in this folder, or in those below, that can be shown; "
        f"there are {'; '.join(there) or 'no files at all'}"
    )


def _products_of(association: Path, configuration: str) -> list[Product]:
    """The products that an association is shown as; a warning says what there is beside them."""
    group = read(association)
    view = first_view(group)
    left_out = Counter(view.left_out)
    products = []
    for path in view.paths:
        try:
            product = Product(path)
        except Stage3Error as err:
            warnings.warn(f"{err}; left out", Stage3Warning, stacklevel=4)
            continue
        if configuration in product.kind.configurations:
            products.append(product)
        else:
            left_out[product.kind.suffix] += 1
    said = []
    if view.missing:
        said.append(f"not beside it: {', '.join(view.missing)}")
    if left_out:
        what = ", ".join(f"{count} {suffix}" for suffix, count in left_out.items())
        said.append(f"left out: {what}; load those you want by their names")
    if group.refused:
        more = f" (and {len(group.refused) - 1} more)" if len(group.refused) > 1 else ""
        said.append(f"{group.refused[0]}{more}")
    if not products:
        raise UnknownProductError(
            f"{association.name}: nothing of it can be opened in this app"
            + "".join(f"; {text}" for text in said)
        )
    if said:
        warnings.warn(f"{association.name}: {'; '.join(said)}", Stage3Warning, stacklevel=4)
    return products


def _some_of(
    products: list[Product], folder: Path, options: dict[str, Any], at_most: int | None
) -> list[Product]:
    """Of the files of a folder, those that hold what is asked for, and not too many of a kind."""
    spectra = [product for product in products if _holds_spectra(product)]
    chosen = products
    if len(spectra) > 1:
        found = {p.path for p in spectra if _found_in(p, options) is not None}
        if not found:
            asked = [f"{name} = {options[name]!r}" for name in _CHOOSE_SPECTRA if name in options]
            raise Stage3Error(
                f"{folder}: none of its {len(spectra)} files of spectra holds one of "
                f"{', '.join(asked)}"
            )
        chosen = [p for p in products if not _holds_spectra(p) or p.path in found]
    if at_most is None:
        return chosen
    count = Counter(product.kind.suffix for product in chosen)
    many = {suffix: n for suffix, n in count.items() if n > at_most}
    if many:
        what = " and ".join(f"{at_most} of {n} {suffix} files" for suffix, n in many.items())
        choose = "choose others with load(folder, source_id=…), or " if len(spectra) > 1 else ""
        warnings.warn(
            f"{folder.name}: {what} are loaded; {choose}give their paths; all with load(folder, "
            "at_most=None)",
            Stage3Warning,
            stacklevel=4,
        )
    taken: Counter[str] = Counter()
    kept = []
    for product in chosen:
        taken[product.kind.suffix] += 1
        if taken[product.kind.suffix] <= at_most:
            kept.append(product)
    return kept


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


def options_for(
    product: Product, files: Sequence[Product], options: dict[str, Any]
) -> dict[str, Any]:
    """Of several files, hand each what it can have of the sources that are asked for.

    Parameters
    ----------
    product : Product
    files : sequence of Product
        All that are loaded.
    options : dict

    Returns
    -------
    dict
    """
    if len(files) < 2 or not any(map(_holds_spectra, files)):
        return options
    if _holds_spectra(product):
        return options | (_found_in(product, options) or {})
    if product.kind.importer == "JWST image" and not product.kind.by_name:
        theirs = (*_CHOOSE_SPECTRA, "exposure")
        return {name: value for name, value in options.items() if name not in theirs}
    return options


def check_options(chosen: ChosenFiles, options: dict[str, Any]) -> None:
    """Refuse options that none of the products takes; jdaviz does so for files of its own.

    Parameters
    ----------
    chosen : ChosenFiles
    options : dict

    Raises
    ------
    Stage3Error
        The message lists those that they take.
    """
    files = chosen.products
    n_files = len(files) + len(chosen.others)
    if "data_label" in options and n_files > 1:
        raise Stage3Error(
            f"load: data_label = {options['data_label']!r} would name {n_files} products; load "
            "them one by one, or leave it out"
        )
    for option in options:
        if option in COMMON_OPTIONS or chosen.others:
            continue
        if files and not any(option in options_of(file.kind.importer) for file in files):
            kinds = ", ".join(dict.fromkeys(file.kind.suffix for file in files))
            have = sorted({o for f in files for o in options_of(f.kind.importer)})
            raise Stage3Error(
                f"load: no option {option!r} for {kinds}; "
                f"there is {', '.join((*have, *COMMON_OPTIONS))}"
            )
