"""The products of a folder as the rows of a tree: by mode, target and group."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import UnknownProductError
from ...groups import ListedProduct, first_view, mode_of
from ...product_types import product_type
from ...readers.product_group import ProductGroup

__all__ = ["MOST_ROWS", "ProductTree", "size_text"]

#: How many rows are shown at once; more are asked for.
MOST_ROWS = 200
_FEW = 6  # groups that are shown open from the start
_NO_TARGET = "(target not known)"


def size_text(size: int) -> str:
    """Return the size of a file in words.

    Parameters
    ----------
    size : int
        Bytes.

    Returns
    -------
    str
    """
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} bytes"


@dataclass
class _Leaf:
    """A group in the tree."""

    group: ProductGroup
    mode: str
    target: str
    title: str
    files: list[ListedProduct]
    missing: tuple[str, ...]
    first: tuple[Path, ...]
    words: str = ""
    key: str = ""


@dataclass
class ProductTree:
    """The products of folders by mode, target and group.

    Attributes
    ----------
    groups : sequence of ProductGroup
    listed : mapping of path to ListedProduct
        What is known of each file.
    """

    groups: Sequence[ProductGroup]
    listed: Mapping[Path, ListedProduct]
    _leaves: list[_Leaf] = field(default_factory=list, init=False)
    _by_key: dict[str, _Leaf] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._leaves = [self._leaf(number, group) for number, group in enumerate(self.groups)]
        grouped = {entry.path for leaf in self._leaves for entry in leaf.files}
        others = [entry for path, entry in self.listed.items() if path not in grouped]
        if others:  # broken ones that no name tells of, associations that were made anew
            group = ProductGroup(others[0].path.parent)
            self._leaves.append(
                _Leaf(
                    group, mode_of(group), _NO_TARGET, "in no group", others, (), (), "", "others"
                )
            )
        self._by_key = {leaf.key: leaf for leaf in self._leaves}

    def _leaf(self, number: int, group: ProductGroup) -> _Leaf:
        paths = [
            path
            for product in group.products
            for files in (*product.files.values(), *product.exposure_files.values())
            for path in files
        ]
        if group.path.suffix == ".json":
            paths.append(group.path)
        files = [self.listed[path] for path in dict.fromkeys(paths) if path in self.listed]
        targets = dict.fromkeys(entry.target for entry in files if entry.target)
        target = next(iter(targets), "")
        try:
            view = first_view(group)
            first, missing = view.paths, view.missing
        except UnknownProductError:
            first, missing = (), ()
        title = group.products[0].name if group.products else group.path.name
        words = " ".join(
            [title, target, mode_of(group), group.program]
            + [f"{e.instrument} {e.filter} {e.pupil} {e.grating} {e.detector}" for e in files[:1]]
        )
        return _Leaf(
            group, mode_of(group), target or _NO_TARGET, title, files, missing,
            tuple(path for path in first if path in self.listed), words.lower(),
            f"group {number}",
        )  # fmt: skip

    def first_of(self, key: str) -> list[str]:
        """Return the first view of a group, as paths.

        Parameters
        ----------
        key : str
            Of its row.

        Returns
        -------
        list of str
            Where there is no first view, all that can be loaded.
        """
        leaf = self._by_key.get(key)
        if leaf is None:
            return []
        if leaf.first:
            return [str(path) for path in leaf.first]
        return [str(entry.path) for entry in leaf.files if _can_load(entry)]

    def rows(
        self,
        opened: Collection[str] = (),
        search: str = "",
        shown: str = "all",
        loaded: Collection[str] = (),
        ticked: Collection[str] = (),
        limit: int = MOST_ROWS,
    ) -> tuple[list[dict[str, Any]], int]:
        """Return the rows that are to be seen.

        Parameters
        ----------
        opened : collection of str
            Keys of rows that were opened or closed by the user, against how they are at first.
        search : str
            Words, all of which the name, type, target, mode, program, instrument or filter of a
            file must have.
        shown : {'all', 'not loaded', 'loaded', 'missing'}
        loaded : collection of str
            Paths of what is loaded.
        ticked : collection of str
            Paths of what is ticked.
        limit : int
            How many rows.

        Returns
        -------
        rows : list of dict
            ``key``, ``level`` (from 0), ``kind`` (mode, target, group, file, missing), ``title``,
            ``detail``, ``open``; of groups ``ticked``, ``can_load``, ``folder``; of files ``path``,
            ``type``, ``loaded``, ``can_load``, ``problem``.
        more : int
            How many there are beyond the limit.
        """
        words = search.lower().split()
        narrowed = bool(words) or shown != "all"
        everything = narrowed or len(self._leaves) <= _FEW

        def is_open(key: str, at_first: bool) -> bool:
            return at_first != (key in opened)

        rows: list[dict[str, Any]] = []
        for mode, of_mode in _by(self._found(words, shown, loaded), lambda found: found[0].mode):
            key = f"mode {mode}"
            here = is_open(key, True)
            rows.append(_row(key, 0, "mode", mode, _count(of_mode), here))
            for target, of_target in _by(of_mode if here else (), lambda found: found[0].target):
                key = f"target {mode}/{target}"
                here = is_open(key, everything or len(self._leaves) <= MOST_ROWS // 8)
                rows.append(_row(key, 1, "target", target, _count(of_target), here))
                for leaf, files in of_target if here else ():
                    here = is_open(leaf.key, everything)
                    first = self.first_of(leaf.key)
                    all_ticked = bool(first) and set(first) <= set(ticked)
                    rows.append(_group_row(leaf, loaded, here) | {"ticked": all_ticked})
                    rows += _rows_in(leaf, files, loaded, shown) if here else []
        return rows[:limit], max(0, len(rows) - limit)

    def _found(
        self, words: list[str], shown: str, loaded: Collection[str]
    ) -> Iterator[tuple[_Leaf, list[ListedProduct]]]:
        """The groups with the files of each that are looked for."""
        for leaf in self._leaves:
            files = leaf.files
            if words:
                files = [
                    entry
                    for entry in files
                    if all(
                        w in leaf.words or w in f"{entry.name} {entry.suffix}".lower()
                        for w in words
                    )
                ]
                if not files and not all(word in leaf.words for word in words):
                    continue
            if shown in ("loaded", "not loaded"):
                files = [e for e in files if (str(e.path) in loaded) == (shown == "loaded")]
                if not files:
                    continue
            if shown == "missing":
                if not leaf.missing and not leaf.group.members:
                    continue
                files = []
            yield leaf, files


def _by(found: Iterable[Any], of: Any) -> list[tuple[str, list[Any]]]:
    sorted_out: dict[str, list[Any]] = {}
    for one in found:
        sorted_out.setdefault(of(one), []).append(one)
    return list(sorted_out.items())


def _count(found: Sequence[tuple[_Leaf, list[ListedProduct]]]) -> str:
    files = sum(len(files) for _, files in found)
    return f"{files} file{'' if files == 1 else 's'}"


def _row(key: str, level: int, kind: str, title: str, detail: str, is_open: bool) -> dict[str, Any]:
    return {
        "key": key, "level": level, "kind": kind, "title": title, "detail": detail,
        "open": is_open,
    }  # fmt: skip


def _group_row(leaf: _Leaf, loaded: Collection[str], is_open: bool) -> dict[str, Any]:
    suffixes = dict.fromkeys(entry.suffix or "?" for entry in leaf.files)
    versions = list(dict.fromkeys(e.pipeline_version for e in leaf.files if e.pipeline_version))
    detail = ", ".join(suffixes) or "nothing of it is here"
    if versions:
        detail += f" · pipeline {', '.join(versions[:3])}{', …' if len(versions) > 3 else ''}"
    n_loaded = sum(str(entry.path) in loaded for entry in leaf.files)
    if n_loaded:
        detail += f" · {n_loaded} loaded"
    row = _row(leaf.key, 2, "group", leaf.title, detail, is_open)
    return row | {"can_load": any(map(_can_load, leaf.files)), "folder": str(leaf.group.path)}


def _rows_in(
    leaf: _Leaf, files: Iterable[ListedProduct], loaded: Collection[str], shown: str
) -> Iterator[dict[str, Any]]:
    for entry in files:
        kind = product_type(entry.suffix).name if entry.suffix else "not known"
        parts = [kind, size_text(entry.size)]
        parts += [entry.pipeline_version] if entry.pipeline_version else []
        yield _row(f"file {entry.path}", 3, "file", entry.name, " · ".join(parts), False) | {
            "path": str(entry.path),
            "type": entry.suffix or "?",
            "loaded": str(entry.path) in loaded,
            "can_load": _can_load(entry),
            "problem": entry.problem,
        }
    if shown in ("loaded", "not loaded"):
        return
    for text in leaf.missing:
        yield _row(f"{leaf.key} {text}", 3, "missing", f"missing: {text}", "", False)
    members = leaf.group.members
    if members:
        here = sum(member.path is not None for member in members)
        yield _row(
            f"{leaf.key} members", 3, "missing",
            f"{here} of {len(members)} exposures that it is made from are here", "", False,
        )  # fmt: skip


def _can_load(entry: ListedProduct) -> bool:
    return bool(entry.suffix) and not entry.problem and bool(product_type(entry.suffix).importer)
