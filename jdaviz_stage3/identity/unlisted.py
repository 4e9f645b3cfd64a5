"""Sources that are in no catalog: by their observation's own numbers, slits and targets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from astropy.coordinates import angular_separation

from ..groups import ListedProduct
from .joining import FileRows, JoinedRows

__all__ = ["UnlistedSources", "group_unlisted"]

#: Two spectra of one number farther apart than this are of two sources; in arcsec.
_ONE_SOURCE = 1.0
_SOURCE_IN_NAME = re.compile(r"_[sbv]\d{5,9}(?=_|$)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class UnlistedSources:
    """Sources beside those of the catalog.

    Attributes
    ----------
    labels : list of int or str
    ra, dec : ndarray of float, shape (n,)
        Degrees; NaN where nothing says it.
    source : list of ndarray of int
        For each file the position of each row's source in the index; -1 for rows that the catalog
        has.
    of_target : ndarray of int
        The same of each product that is the target's.
    notes : list of str
        What could not be joined, in words.
    """

    labels: list[int | str]
    ra: np.ndarray
    dec: np.ndarray
    source: list[np.ndarray]
    of_target: np.ndarray
    notes: list[str]


def group_unlisted(
    files: Sequence[FileRows], joined: Sequence[JoinedRows], targets: Sequence[ListedProduct],
    *, first: int, taken: set[int | str],
) -> UnlistedSources:  # fmt: skip
    """Give a source to each spectrum that no catalog has.

    Spectra of one observation with one number are of one source, unless their places are more than
    an arcsec apart; so are spectra without a number of one program, target and slit. Over the
    observations of a program those of one number are of one source where both say the place, and it
    is the same: gratings of a mask. Where one does not say its place, they are if one catalog has
    numbered both, and all else that it has numbered so is of one source.

    Parameters
    ----------
    files : sequence of FileRows
    joined : sequence of JoinedRows
    targets : sequence of ListedProduct
        What is of the target as a whole.
    first : int
        Position in the index of the first of these sources.
    taken : set
        Labels of the catalog's.

    Returns
    -------
    UnlistedSources
    """
    left = [np.flatnonzero(one.row < 0) for one in joined]
    codes: dict[tuple, int] = {}
    named = _named([*(rows.product for rows in files), *targets])
    parts = [_keys(rows, kept, codes, named) for rows, kept in zip(files, left, strict=True)]
    alone = [[codes.setdefault(_of_target(product, named), len(codes)), 0] for product in targets]
    keys = np.concatenate([*parts, np.array(alone, dtype=int).reshape(-1, 2)])
    nowhere = np.full(len(targets), np.nan)
    ra = np.concatenate([*(rows.ra[k] for rows, k in zip(files, left, strict=True)), nowhere])
    dec = np.concatenate([*(rows.dec[k] for rows, k in zip(files, left, strict=True)), nowhere])
    names = list(codes)
    programs = [name[0] for name in names]
    sizes = [kept.size for kept in left] + [1] * len(targets)
    catalogs = [rows.numbered_by for rows in files] + [None] * len(targets)
    found = {name: code for code, name in enumerate(dict.fromkeys(filter(None, catalogs)))}
    catalog = np.repeat([-1 if name is None else found[name] for name in catalogs], sizes)
    products = [rows.product for rows in files] + list(targets)
    of_row = np.repeat(np.arange(len(products)), sizes)
    group = _within_observations(keys, ra, dec)
    group = _over_observations(group, keys, ra, dec, programs)
    group, apart = _by_catalog(group, keys, ra, dec, programs, catalog)
    group, head = _numbered(group)
    used = set(taken)
    labels = [
        _label(int(keys[row, 1]) or names[keys[row, 0]][-2:], products[of_row[row]], used)
        for row in head
    ]
    place = _first_known(group, ra, dec, len(head))
    source = []
    start = 0
    for rows, kept in zip(files, left, strict=True):
        own = np.full(len(rows), -1)
        own[kept] = group[start : start + kept.size] + first
        source.append(own)
        start += kept.size
    notes = _said_of_apart([(int(keys[row, 1]), products[of_row[row]]) for row in apart])
    return UnlistedSources(labels, *place, source, group[start:] + first, notes)


def _named(products: Sequence[ListedProduct]) -> dict[tuple[str, str], str]:
    """The target of the products of each program and name, as far as one of them says it."""
    return {(one.program, _name_of(one)): one.target for one in products if one.target}


def _name_of(product: ListedProduct) -> str:
    return _SOURCE_IN_NAME.sub("", product.root)


def _keys(
    rows: FileRows, kept: np.ndarray, codes: dict[tuple, int], named: dict[tuple[str, str], str]
) -> np.ndarray:
    """What makes rows one source, shape (n, 2): the code of the observation or target, the number.

    Codes are given as they are needed.
    """
    product = rows.product
    observation = codes.setdefault((product.program, product.observation, "", ""), len(codes))
    slits = {table.slit for table in rows.tables}
    unnumbered = np.array([
        codes.setdefault(
            _of_target(product, named, table.slit if len(slits) > 1 else ""), len(codes)
        )
        for table in rows.tables
    ])  # fmt: skip
    number = rows.number[kept]
    code = np.where(number == 0, unnumbered[rows.table[kept]], observation)
    return np.column_stack([code, number])


def _of_target(product: ListedProduct, named: dict[tuple[str, str], str], slit: str = "") -> tuple:
    """What is the same for the spectra of a target; by its file where nothing says the target."""
    name = _name_of(product)
    name = product.target or named.get((product.program, name), name)
    return (product.program, "", name, slit)


def _within_observations(keys: np.ndarray, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Number what has one key in one place: rows of one key that lie apart are several sources."""
    group = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)
    rest = np.arange(len(keys))
    while rest.size:
        count = int(group.max()) + 1
        near_ra, near_dec = _first_known(group[rest], ra[rest], dec[rest], count)
        with np.errstate(invalid="ignore"):
            away = angular_separation(*np.radians(
                [ra[rest], dec[rest], near_ra[group[rest]], near_dec[group[rest]]]
            ))  # fmt: skip
            rest = rest[np.degrees(away) * 3600 > _ONE_SOURCE]
        # those that lie apart are looked at anew, among themselves
        if rest.size:
            group[rest] = count + np.unique(group[rest], return_inverse=True)[1].reshape(-1)
    return group


def _numbered(group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number groups in the order in which they appear; return that, and each one's first row."""
    _, head, number = np.unique(group, return_index=True, return_inverse=True)
    order = np.argsort(head)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return rank[number.reshape(-1)], head[order]


def _heads(group: np.ndarray) -> list[tuple[int, int]]:
    """Each group and its first row, in the order of the rows."""
    of_group, head = np.unique(group, return_index=True)
    return sorted(zip(of_group.tolist(), head.tolist(), strict=True), key=lambda x: x[1])


def _over_observations(
    group: np.ndarray, keys: np.ndarray, ra: np.ndarray, dec: np.ndarray, programs: Sequence[str]
) -> np.ndarray:
    """Give groups of one program, number and place the number of the first of them."""
    count = int(group.max()) + 1 if group.size else 0
    places = np.radians(_first_known(group, ra, dec, count))
    merged = np.arange(count)
    first: dict[tuple[str, int], list[int]] = {}
    for one, row in _heads(group):
        number = int(keys[row, 1])
        if number == 0 or not np.isfinite(places[:, one]).all():
            continue
        before = first.setdefault((programs[keys[row, 0]], number), [])
        for other in before:
            away = np.degrees(angular_separation(*places[:, other], *places[:, one])) * 3600
            if away <= _ONE_SOURCE:
                merged[one] = other
                break
        else:
            before.append(one)
    return merged[group]


def _by_catalog(
    group: np.ndarray, keys: np.ndarray, ra: np.ndarray, dec: np.ndarray,
    programs: Sequence[str], catalog: np.ndarray,
) -> tuple[np.ndarray, list[int]]:  # fmt: skip
    """Join groups without a place to those that the same catalog has numbered alike.

    ``catalog`` is that of each row, -1 where it is not known. Returns the groups, and the first
    rows of those that stay apart though there are others of their number.
    """
    count = int(group.max()) + 1 if group.size else 0
    nowhere = np.isnan(_first_known(group, ra, dec, count)[0])
    known = np.flatnonzero(catalog >= 0)
    numbered = np.full(count, -1)
    of_known, row_of_known = np.unique(group[known], return_index=True)
    numbered[of_known] = catalog[known[row_of_known]]
    heads = [(one, row) for one, row in _heads(group) if keys[row, 1] != 0]
    alike: dict[tuple, list[int]] = {}  # of one catalog, program and number
    of_number: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for one, row in heads:
        number = programs[keys[row, 0]], int(keys[row, 1])
        of_number.setdefault(number, []).append((one, row))
        if numbered[one] >= 0:
            alike.setdefault((int(numbered[one]), *number), []).append(one)
    merged = np.arange(count)
    for found in alike.values():
        placed = [one for one in found if not nowhere[one]]
        if len(placed) < 2:  # else it is not known of which
            first = placed[0] if placed else found[0]
            merged[[one for one in found if nowhere[one]]] = first
    apart = []
    for several in of_number.values():
        if len({merged[one] for one, _ in several}) > 1 and any(nowhere[o] for o, _ in several):
            apart += [row for one, row in several if merged[one] == one]
    return merged[group], apart


def _said_of_apart(found: Sequence[tuple[int, ListedProduct]]) -> list[str]:
    """Say which numbers without a place are there in several observations."""
    if not found:
        return []
    numbers = list(dict.fromkeys(number for number, _ in found))
    files = [product.name for number, product in found if number == numbers[0]]
    others = len(numbers) - 1
    more = f", and {others} more number{'s' if others > 1 else ''}" if others else ""
    return [
        f"source {numbers[0]} of {files[0]} and that of {', '.join(files[1:3])}{more}: not joined, "
        "for they do not all say a position, nor that one catalog has numbered them (SCATFILE, of "
        "one version of the pipeline)"
    ]


def _first_known(
    group: np.ndarray, ra: np.ndarray, dec: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The first place that is known in each group, shape (count,); NaN where none is."""
    known = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec))
    found, row = np.unique(group[known], return_index=True)
    places = np.full((2, count), np.nan)
    places[:, found] = ra[known[row]], dec[known[row]]
    return places[0], places[1]


def _label(name: int | tuple[str, str], product: ListedProduct, used: set[int | str]) -> int | str:
    """A label that no other source has: the number, or the target with its slit."""
    short: int | str = " ".join(filter(None, name)) if isinstance(name, tuple) else name
    for label in _candidates(short, product):
        if label not in used:
            used.add(label)
            return label
    raise AssertionError("candidates do not end")


def _candidates(name: int | str, product: ListedProduct) -> Iterator[int | str]:
    yield name
    root = _name_of(product)
    yield f"{name} of {root}"
    again = 2
    while True:
        yield f"{name} of {root} ({again})"
        again += 1
