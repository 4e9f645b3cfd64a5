"""Which products of associations and folders are shown first, by observing mode."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import UnknownProductError
from ..product_types import product_type
from ..readers.product_group import GroupProduct, ProductGroup

__all__ = ["FirstView", "first_view", "first_views"]

#: What is only made of some data, so that nobody misses it: no c1d is made of cubes.
_OPTIONAL = {"c1d", "ami-oi"}
#: What is shown only where none of these is there: observables before they were normalised.
_ONLY_WITHOUT = {"ami-oi": {"aminorm-oi", "aminorm"}}
#: Of slitless spectra through grisms nothing is resampled: jwst.pipeline.calwebb_spec3.
_SLITLESS = re.compile(r"gr150[cr]|grism[cr]|gr700xd")
_RESAMPLED = ("s2d", "s3d")
#: The step that makes a product, as the pipeline's documentation calls it.
_MADE_BY = {
    "i2d": "resample", "segm": "source_catalog", "cat": "source_catalog", "s2d": "resample_spec",
    "s3d": "cube_build", "x1d": "extract_1d", "x1dints": "extract_1d", "whtlt": "white_light",
    "phot": "tso_photometry", "psfsub": "klip", "aminorm-oi": "ami_normalize",
    "aminorm": "ami_normalize", "ami-oi": "ami_analyze",
}  # fmt: skip
#: For each type of association what it opens in; of a tuple, those that are there.
_VIEWS: dict[str, tuple[tuple[str, ...], ...]] = {
    "image3": (("i2d",), ("segm",), ("cat",)),
    "spec3": (_RESAMPLED, ("x1d",), ("c1d",)),
    "tso3": (("x1dints", "phot"), ("whtlt", "phot")),
    "coron3": (("i2d",), ("psfsub",)),
    "ami3": (("aminorm-oi", "aminorm"), ("ami-oi",)),
}


@dataclass(frozen=True)
class FirstView:
    """What to open of an association or a folder.

    Attributes
    ----------
    paths : tuple of path
        In the order of the products.
    missing : tuple of str
        What belongs to the view and is not there, with the step that makes it: ``'segm (made by
        source_catalog)'``, ``'s2d (made by resample_spec) or s3d (made by cube_build)'``.
    left_out : dict of str to int
        How many files of each suffix are there and are not opened.
    """

    paths: tuple[Path, ...]
    missing: tuple[str, ...]
    left_out: dict[str, int]


def first_view(group: ProductGroup) -> FirstView:
    """Choose the products to open of an association.

    Parameters
    ----------
    group : ProductGroup

    Returns
    -------
    FirstView
        image3: i2d, segm, cat. spec3: s2d or s3d, x1d, c1d. tso3: x1dints and whtlt, or phot.
        coron3: i2d and the psfsub of each exposure. ami3: aminorm-oi, or else each ami-oi.
        Where the association does not say of which type it is: all that is there and can be shown,
        but what products are made from.

    Raises
    ------
    UnknownProductError
        If none of it is there, or none that can be shown.
    """
    view = _VIEWS.get(group.kind.lower(), ())
    paths: dict[Path, None] = {}  # a file that two products share, once
    missing: dict[str, None] = {}
    left_out: dict[str, int] = {}
    for product in group.products:
        wanted = [suffix for names in view for suffix in names]
        there = _there(product)
        for names in view:
            if set(names) & set(there) or set(names) <= _OPTIONAL:
                continue
            if names == _RESAMPLED and _SLITLESS.search(product.name.lower()):
                continue
            missing[" or ".join(f"{name} (made by {_MADE_BY[name]})" for name in names)] = None
        for suffix, files in there.items():
            kind = product_type(suffix)
            chosen = suffix in wanted if view else not kind.by_name
            chosen = chosen and not _ONLY_WITHOUT.get(suffix, set()) & set(there)
            if chosen and kind.importer:
                paths |= dict.fromkeys(files)
            else:
                left_out[suffix] = left_out.get(suffix, 0) + len(files)
    if not paths:
        raise UnknownProductError(_nothing(group, left_out))
    return FirstView(tuple(paths), tuple(missing), left_out)


def first_views(groups: Iterable[ProductGroup]) -> FirstView:
    """Choose the products to open of a folder.

    Parameters
    ----------
    groups : iterable of ProductGroup

    Returns
    -------
    FirstView
        The first view of each group. Where one has none, all of it that is opened from a folder;
        single exposures only where there are no products made of several. What is ``missing`` is
        not told.
    """
    views = [(group, _view_or_all(group)) for group in groups]
    combined = [view for group, view in views if view.paths and _has_products(group)]
    kept = combined or [view for _, view in views if view.paths]
    if not kept:
        kept = [_all_of(group, by_name=True) for group, _ in views]
    paths = dict.fromkeys(path for view in kept for path in view.paths)
    left_out: Counter[str] = Counter()
    done: set[Path] = set()
    for group, _ in views:
        for product in group.products:
            for suffix, files in _there(product).items():
                others = set(files) - set(paths) - done  # a file that two products share, once
                left_out[suffix] += len(others)
                done |= others
    return FirstView(tuple(paths), (), dict(+left_out))


def _view_or_all(group: ProductGroup) -> FirstView:
    try:
        return first_view(group)
    except UnknownProductError:
        return _all_of(group)


def _all_of(group: ProductGroup, *, by_name: bool = False) -> FirstView:
    """What of a group can be shown; with ``by_name`` also what products are made from."""
    paths = [
        path
        for product in group.products
        for suffix, files in _there(product).items()
        if product_type(suffix).importer and (by_name or not product_type(suffix).by_name)
        for path in files
    ]
    return FirstView(tuple(dict.fromkeys(paths)), (), {})


def _has_products(group: ProductGroup) -> bool:
    """Whether there is something that was made of more than one exposure."""
    return any(product.files for product in group.products)


def _there(product: GroupProduct) -> dict[str, tuple[Path, ...]]:
    both: dict[str, tuple[Path, ...]] = dict(product.files)
    for suffix, files in product.exposure_files.items():
        both[suffix] = both.get(suffix, ()) + files
    return both


def _nothing(group: ProductGroup, left_out: dict[str, int]) -> str:
    names = [product.name for product in group.products]
    named = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
    if left_out:
        what = ", ".join(f"{count} {suffix}" for suffix, count in left_out.items())
        return (
            f"{group.path.name}: of its products ({named}) nothing that can be shown is beside it, "
            f"only {what}"
        )
    return (
        f"{group.path.name}: none of its products ({named}) is beside it; put them into its "
        "folder, or open them by their names"
    )
