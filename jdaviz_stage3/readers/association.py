"""Associations: what the asn.json of a Stage 3 product says."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import (
    Stage3Warning,
    UnknownProductError,
    UnreadableProductError,
    UnsupportedProductError,
)
from ..products import LARGEST_ASSOCIATION
from .product_group import FilesBeside, GroupProduct, Member, ProductGroup

__all__ = ["read_association"]

_MOST_NAMED = 3  # how many entries a warning names
_MOST_PRODUCTS = 1000  # those of the archive have one; each is looked for among all files


def read_association(path: str | os.PathLike, beside: FilesBeside | None = None) -> ProductGroup:
    """Read an association and look what of it is there, in its own folder and nowhere else.

    Parameters
    ----------
    path : path-like
        An asn.json. Its form is that of ``jwst.associations``: ``products``, each with a ``name``
        and ``members``, each of these with ``expname`` and ``exptype``.
    beside : FilesBeside, optional
        The files in its folder, where they have been listed already.

    Returns
    -------
    ProductGroup

    Raises
    ------
    UnknownProductError
        If it is not JSON, or no association.
    UnreadableProductError
        If it is not there, too large, or without a product that has a name.
    UnsupportedProductError
        If it is an association of Stage 2, which makes no Stage 3 product.

    Warns
    -----
    Stage3Warning
        About products and members that have no name, and members that are named twice.
    """
    path = Path(path)
    content = _content(path)
    kind, rule = _text(content.get("asn_type")), _text(content.get("asn_rule"))
    if kind.lower().endswith("2") or "lv2" in rule.lower():
        said = f"asn_type {kind!r}" if kind else f"asn_rule {rule!r}"
        raise UnsupportedProductError(
            f"{path.name}: an association of Stage 2 ({said}), expected one of Stage 3, such as "
            "image3; its products are exposures: open these by their names"
        )
    number = _text(content.get("asn_id"))
    listed = content["products"]
    if len(listed) > _MOST_PRODUCTS:
        raise UnreadableProductError(
            f"{path.name}: {len(listed)} products, expected an association of at most "
            f"{_MOST_PRODUCTS}; is it what you think?"
        )
    beside = FilesBeside(path) if beside is None else beside
    odd: list[str] = []
    products = [
        GroupProduct.of(name, members, number, beside)
        for name, members in _products(listed, odd, beside)
    ]
    if not products:
        raise UnreadableProductError(
            f"{path.name}: an association without a product that has a name and members; make or "
            "download it again"
        )
    if odd:
        more = f"; and {len(odd) - _MOST_NAMED} more" if len(odd) > _MOST_NAMED else ""
        warnings.warn(
            f"{path.name}: {'; '.join(odd[:_MOST_NAMED])}{more}", Stage3Warning, stacklevel=3
        )
    return ProductGroup(
        path=path,
        kind=kind if kind.lower() != "none" else "",
        rule=rule,
        program=_text(content.get("program")),
        target=_text(content.get("target")),
        number=number,
        pool=_text(content.get("asn_pool")),
        code_version=_text(content.get("code_version")),
        products=tuple(products),
    )


def _content(path: Path) -> dict[str, Any]:
    try:
        size = path.stat().st_size
        if size > LARGEST_ASSOCIATION:
            raise UnreadableProductError(
                f"{path.name}: {size / 1e6:.0f} MB, expected an association of less than "
                f"{LARGEST_ASSOCIATION / 1e6:.0f} MB; is it what you think?"
            )
        text = path.read_text(encoding="utf-8")
    except OSError as err:
        raise UnreadableProductError(f"{path}: cannot be read ({err.strerror or err})") from err
    except UnicodeDecodeError as err:
        raise UnknownProductError(f"{path.name}: not a JWST association (no text)") from err
    try:
        content = json.loads(text)
    except RecursionError as err:
        raise UnknownProductError(
            f"{path.name}: not a JWST association (lists in lists, nested too deep)"
        ) from err
    except ValueError as err:
        raise UnknownProductError(
            f"{path.name}: not a JWST association (no JSON: {err}); download it again"
        ) from err
    if not isinstance(content, dict) or not isinstance(content.get("products"), list):
        raise UnknownProductError(
            f"{path.name}: not a JWST association (no list of products in it)"
        )
    return content


def _products(
    listed: list, odd: list[str], beside: FilesBeside
) -> Iterable[tuple[str, tuple[Member, ...]]]:
    """The products with a name, and their members; ``odd`` takes what is wrong with others."""
    for number, product in enumerate(listed):
        name = _text(product.get("name")) if isinstance(product, dict) else ""
        if not name:
            odd.append(f"products[{number}] has no name, and is left out")
            continue
        members = product.get("members")
        if not isinstance(members, list):
            odd.append(f"{name} has no list of members")
            members = []
        yield name, tuple(_members(members, name, odd, beside))


def _members(listed: list, product: str, odd: list[str], beside: FilesBeside) -> list[Member]:
    members: dict[tuple[str, str], Member] = {}
    for number, entry in enumerate(listed):
        name = _text(entry.get("expname")) if isinstance(entry, dict) else ""
        if not name:
            odd.append(f"{product}: members[{number}] has no expname, and is left out")
            continue
        member = Member.of(name, _text(entry.get("exptype")).lower(), beside)
        key = (member.name, member.exptype)
        if key in members:
            odd.append(f"{product}: {member.name} is listed twice as {member.exptype or 'member'}")
        members.setdefault(key, member)
    return list(members.values())


def _text(value: Any) -> str:
    """A value that should be a text; numbers are taken as well, all else as nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()
