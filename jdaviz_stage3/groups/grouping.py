"""Which of the products below a folder belong together, with or without their associations."""

from __future__ import annotations

import os
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import Stage3Error, Stage3Warning
from ..product_types import PRODUCT_TYPES, product_type
from ..readers.association import read_association
from ..readers.product_group import FilesBeside, GroupProduct, ProductGroup
from .listed_product import ListedProduct
from .product_list import ProductList

__all__ = ["MODES", "find_groups", "group_products", "mode_of", "product_name"]

#: What observers call the modes, by the type of association, in the order that they are shown.
MODES = {
    "image3": "Imaging", "spec3": "Spectroscopy", "tso3": "Time series",
    "coron3": "Coronagraphy", "ami3": "Interferometry",
}  # fmt: skip

_KIND_IN_NAME = re.compile(r"_(image|spec|tso|coron|ami)-?(\d)(?=[_-]|$)", re.IGNORECASE)
_PROGRAM = re.compile(r"jw\d{5}-", re.IGNORECASE)
_EXPOSURE = re.compile(r"jw\d{11}_\d{5}_\d{5}", re.IGNORECASE)
# What spec3 and cube_build put into the name of the association's product for each source, and
# each channel and band of the MRS.
_SOURCE = re.compile(r"_[sbv]\d{5,9}(?=_)")
_APPENDED = re.compile(r"(?:_[sbv]\d{5,9})?(?:_ch[1-4](?:-[1-4])*-[a-z-]+)?$")
_CORONAGRAPHY = ("NRC_CORON", "MIR_LYOT", "MIR_4QPM")
_ORDER = {row.suffix: number for number, row in enumerate(PRODUCT_TYPES)}


def find_groups(
    *paths: str | os.PathLike, progress: Callable[[int, int], None] | None = None
) -> list[ProductGroup]:
    """Find the products below folders, and which of them belong together.

    Parameters
    ----------
    *paths : path-like
        Folders, searched to the bottom, and files.
    progress : callable, optional
        Called with the number of files that were listed, and of all.

    Returns
    -------
    list of ProductGroup
        One for each product of an association, as far as is known from the associations that are
        there, from the names of those that the files were made by (ASNTABLE), and from the files'
        own names. Several reductions of one product, in folders of their own, are groups of their
        own. By mode and name.

    Raises
    ------
    UnreadableProductError
        If a path is not there, or cannot be read.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> for group in stage3.find_groups("mastDownload"):    # doctest: +SKIP
    ...     print(group)
    """
    listed = ProductList(paths)
    for done, total in listed.steps():
        if progress is not None:
            progress(done, total)
    return group_products(listed.products)


def group_products(products: Sequence[ListedProduct]) -> list[ProductGroup]:
    """Sort products into groups.

    Parameters
    ----------
    products : sequence of ListedProduct

    Returns
    -------
    list of ProductGroup
    """
    associations = _read_associations(products)
    ties = _Ties()
    for product in products:
        keys = _keys_of(product)
        ties.join([("file", product.path), *keys])
        group = associations.get(product.path)
        if group is not None:
            own = (product.path.parent, group.path.name)
            ties.join([("file", product.path), ("names", own)])
            for one in group.products:
                here = [*one.files.values(), *one.exposure_files.values()]
                ties.join([("file", product.path), *(("file", p) for ps in here for p in ps)])
    together: dict[object, list[ListedProduct]] = {}
    for product in products:
        together.setdefault(ties.of(("file", product.path)), []).append(product)
    parts = [part for tied in together.values() for part in _reductions(tied)]
    groups = [group for part in parts for group in _groups_of(part, associations)]
    order = list(MODES)
    return sorted(
        groups,
        key=lambda g: (order.index(g.kind) if g.kind in order else len(order), _title(g), g.path),
    )


def mode_of(group: ProductGroup) -> str:
    """Return what observers call the mode of a group.

    Parameters
    ----------
    group : ProductGroup

    Returns
    -------
    str
    """
    return MODES.get(group.kind.lower(), "Other")


def _title(group: ProductGroup) -> str:
    return group.products[0].name if group.products else group.path.name


def _read_associations(products: Sequence[ListedProduct]) -> dict[Path, ProductGroup]:
    """The associations of Stage 3 among products, those that can be read."""
    beside: dict[Path, FilesBeside] = {}
    found = {}
    for product in products:
        if product.suffix != "asn" or product.problem:
            continue
        folder = product.path.parent
        try:
            if folder not in beside:
                beside[folder] = FilesBeside(product.path)
            with warnings.catch_warnings():  # said when it is opened
                warnings.simplefilter("ignore", Stage3Warning)
                found[product.path] = read_association(product.path, beside[folder])
        except Stage3Error:
            continue
    return found


class _Ties:
    """What belongs together, by what it has in common: sets that are joined."""

    def __init__(self) -> None:
        self._above: dict[object, object] = {}

    def of(self, thing: object) -> object:
        above = self._above.setdefault(thing, thing)
        while above != self._above[above]:
            self._above[above] = self._above[self._above[above]]
            above = self._above[above]
        return above

    def join(self, things: Iterable[object]) -> None:
        first, *others = map(self.of, things)
        for other in others:
            self._above[self.of(other)] = self.of(first)


def _keys_of(product: ListedProduct) -> list[tuple[str, object]]:
    """What a file has in common with those that it belongs to."""
    root = product.root.lower()
    stage = _KIND_IN_NAME.search(product.association)
    made_by: list[tuple[str, object]] = []
    if product.association and _is_last(stage):
        # with the program and, where it is no name of the archive's, the folder: asn.json is many
        folder = None if _PROGRAM.match(product.association) else product.path.parent
        made_by = [("asn", (product.association, product.program, folder))]
    if product.suffix == "asn":
        return made_by
    if _EXPOSURE.match(root):
        # without an association of Stage 3, what was made of the exposures of one observation
        return made_by or [
            ("exposures", (product.program, product.observation, _kind_of_file(product)))
        ]
    return [*made_by, ("name", product_name(root))]


def _is_last(stage: re.Match[str] | None) -> bool:
    """Whether an association is none of Stage 2, by its name."""
    return stage is None or stage[2] != "2"


def product_name(root: str) -> str:
    """Return the name of the product in the association, from that of one of its files.

    Parameters
    ----------
    root : str
        Name of the file without suffix and type.

    Returns
    -------
    str
        ``{source_id}`` in place of a source, without channel and band.
    """
    return _SOURCE.sub("_{source_id}", _APPENDED.sub("", root))


def _reductions(products: list[ListedProduct]) -> list[list[ListedProduct]]:
    """Tell apart several reductions of the same product: files of one name in several folders."""
    names = Counter(product.name for product in products)
    if max(names.values()) == 1:
        return [products]
    above = Path(os.path.commonpath([product.path.parent for product in products]))
    below: dict[str, list[ListedProduct]] = {}
    for product in products:
        parts = product.path.parent.relative_to(above).parts
        below.setdefault(parts[0] if parts else "", []).append(product)
    return [part for each in below.values() for part in _reductions(each)]


def _groups_of(
    products: list[ListedProduct], associations: dict[Path, ProductGroup]
) -> list[ProductGroup]:
    """The groups of products that belong together: one, or one for each association."""
    theirs: dict[tuple[str, ...], ProductGroup] = {}
    for product in products:  # sorted by name, so that of several pools the last is kept
        group = associations.get(product.path)
        if group is not None:
            theirs[tuple(one.name for one in group.products)] = group
    if not theirs:
        return [_without_association(products)]
    known = {
        path
        for group in theirs.values()
        for one in group.products
        for paths in (*one.files.values(), *one.exposure_files.values())
        for path in paths
    }
    groups = list(theirs.values())
    rest = [p for p in products if p.suffix != "asn" and p.path not in known]
    first = groups[0]
    extended = _with_files(first.products[0], rest)
    groups[0] = replace(first, products=(extended, *first.products[1:]))
    return [group if group.kind else replace(group, kind=_kind_of(products)) for group in groups]


def _without_association(products: list[ListedProduct]) -> ProductGroup:
    """A group of files whose association is not there."""
    made = [product for product in products if product.suffix != "asn"] or products
    folder = Path(os.path.commonpath([product.path.parent for product in made]))
    roots = Counter(
        product_name(product.root) for product in made if not _EXPOSURE.match(product.root)
    )
    first = made[0]
    if roots:
        name = roots.most_common(1)[0][0]
    elif len(made) > 1 and first.program:
        name = f"exposures of jw{first.program}-o{first.observation}"
    else:
        name = first.root
    return ProductGroup(
        path=folder,
        kind=_kind_of(made),
        program=next((product.program for product in made if product.program), ""),
        target=next((product.target for product in made if product.target), ""),
        number=next((product.observation for product in made if product.observation), ""),
        products=(_with_files(GroupProduct(name), made),),
    )


def _with_files(product: GroupProduct, listed: Iterable[ListedProduct]) -> GroupProduct:
    """A product with more files, those of exposures apart."""
    files = {suffix: list(paths) for suffix, paths in product.files.items()}
    of_exposures = {suffix: list(paths) for suffix, paths in product.exposure_files.items()}
    for entry in sorted(listed, key=lambda entry: _ORDER.get(entry.suffix, len(_ORDER))):
        if not entry.suffix:
            continue
        kept = of_exposures if _EXPOSURE.match(entry.root) else files
        kept.setdefault(entry.suffix, []).append(entry.path)
    return replace(
        product,
        files={suffix: tuple(paths) for suffix, paths in files.items()},
        exposure_files={suffix: tuple(paths) for suffix, paths in of_exposures.items()},
    )


def _kind_of(products: Iterable[ListedProduct]) -> str:
    """The type of association that products are of: that of most of them."""
    kinds = Counter(kind for product in products if (kind := _kind_of_file(product)))
    return kinds.most_common(1)[0][0] if kinds else ""


def _kind_of_file(product: ListedProduct) -> str:
    named = _KIND_IN_NAME.search(product.association)
    if named is not None and named[2] == "3":
        return f"{named[1].lower()}3"
    if not product.suffix or product.suffix == "asn":
        return ""
    pipelines = product_type(product.suffix).pipelines
    mode = product.exposure_type
    if mode in _CORONAGRAPHY:
        return "coron3"
    if mode == "NIS_AMI":
        return "ami3"
    if "spec3" in pipelines and "image3" in pipelines:  # an exposure of either
        return "image3" if mode.endswith("IMAGE") else "spec3"
    return pipelines[0]
