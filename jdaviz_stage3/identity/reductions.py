"""Several reductions of one product below one folder: which counts, and how they are told apart."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..errors import Stage3Error
from ..groups import ListedProduct

__all__ = ["Reductions", "named_folders", "one_reduction"]

#: Names that the pipeline gives: program, and observation, candidate or visit.
_PIPELINE = re.compile(r"(?:copy of )?jw\d{5}(?:-[oca]\d+|\d{6})_", re.IGNORECASE)


@dataclass(frozen=True)
class Reductions:
    """Products, each once.

    Attributes
    ----------
    products : list of ListedProduct
        Those of the reduction that counts, and all that there is once.
    folders : tuple of Path
        Where reductions of one product lie: the one that counts, then the others, the newest
        first. Empty where there is one only.
    notes : tuple of str
        What was left out, in words.
    """

    products: list[ListedProduct]
    folders: tuple[Path, ...]
    notes: tuple[str, ...]


def one_reduction(
    products: Sequence[ListedProduct], asked: str | os.PathLike | None = None
) -> Reductions:
    """Leave one of several reductions of a product.

    Files of one name (but for the mark of a copy) in several folders are reductions of one product,
    where it is a name of the pipeline, or program, observation, target and filters are the same.
    The folder counts whose products are newest, for all products that it has: catalog, segments
    and spectra of one reduction belong together.

    Parameters
    ----------
    products : sequence of ListedProduct
    asked : path-like, optional
        The folder that counts instead, as ``folders`` has it.

    Returns
    -------
    Reductions

    Raises
    ------
    Stage3Error
        If there is no reduction in that folder.
    """
    alike: dict[tuple[str, ...], list[ListedProduct]] = {}
    for product in products:
        name = _name(product)
        if name is not None:
            alike.setdefault(name, []).append(product)
    several = {name: found for name, found in alike.items() if len(found) > 1}
    folder_of = _merged([_folders_of([one.path for one in found]) for found in several.values()])
    made: dict[Path, list[ListedProduct]] = {}
    for found in several.values():
        for product in found:
            made.setdefault(folder_of[product.path], []).append(product)
    folders = sorted(made, key=lambda folder: (_newest(made[folder]), str(folder)), reverse=True)
    if asked is not None:
        folders = _first(Path(os.path.expanduser(asked)).absolute(), folders)
    rank = {folder: place for place, folder in enumerate(folders)}
    left_out: list[ListedProduct] = []
    kept: list[tuple[ListedProduct, list[ListedProduct]]] = []
    for found in several.values():
        # of copies in one folder the newest
        order = sorted(found, key=_when, reverse=True)
        order.sort(key=lambda product: (bool(product.problem), rank[folder_of[product.path]]))
        kept.append((order[0], order[1:]))
        left_out += order[1:]
    gone = {product.path for product in left_out}
    whole = tuple(folders) if len(folders) > 1 else ()
    return Reductions(
        [product for product in products if product.path not in gone], whole,
        tuple(_notes(kept, whole)),
    )  # fmt: skip


def _name(product: ListedProduct) -> tuple[str, ...] | None:
    """What two reductions of a product share; None where that cannot be told."""
    if product.suffix in ("", "asn"):
        return None
    if _PIPELINE.match(product.name):
        return (product.root.lower(), product.suffix)
    # who names files anew has the same names in the folders of other targets
    facts = (product.program, product.observation, product.target, product.instrument,
             product.filter, product.pupil, product.grating)  # fmt: skip
    known = product.program and product.observation and product.target
    return (product.root.lower(), product.suffix, *facts) if known else None


def named_folders(folders: Sequence[Path]) -> dict[str, Path]:
    """Return folders by what tells them apart.

    Parameters
    ----------
    folders : sequence of path

    Returns
    -------
    dict of str to path
        In their order. Where one lies in another, the outer one's own name is part of both.
    """
    if not folders:
        return {}
    shared = Path(os.path.commonpath(folders))
    if shared in folders:
        shared = shared.parent
    return {str(folder.relative_to(shared)): folder for folder in folders}


def _folders_of(paths: Sequence[Path]) -> dict[Path, Path]:
    """Where the folders of files part, seen from the files: ``old`` and ``new`` of old/JWST/a."""
    parents = [path.parent.parts for path in paths]
    shared = 0
    while (
        all(len(parts) > shared + 1 for parts in parents)
        and len({parts[-1 - shared] for parts in parents}) == 1
        and len(set(parents)) > 1
    ):
        shared += 1
    found = _without_last(paths, shared)
    # of a/b and its copy a/b/b: not so far that the first lies in the folder of the second
    while shared and any(
        folder != own and own in folder.parents and folder in (path.parent, *path.parent.parents)
        for path, own in found.items()
        for folder in found.values()
    ):
        shared -= 1
        found = _without_last(paths, shared)
    return found


def _without_last(paths: Sequence[Path], count: int) -> dict[Path, Path]:
    """The folders of files, without the last names in each."""
    return {path: Path(*path.parent.parts[: len(path.parent.parts) - count]) for path in paths}


def _merged(parted: Sequence[dict[Path, Path]]) -> dict[Path, Path]:
    """The folder of the reduction of each file, given where the files of each product part.

    Some products part deeper than others: ``old/JWST/a`` and ``new/a`` beside ``old/b`` and
    ``new/b``. A folder is that of the reduction around it, unless one product is in both.
    """
    folder_of = {path: folder for each in parted for path, folder in each.items()}
    while True:
        holds: dict[Path, set[int]] = {}
        for number, each in enumerate(parted):
            for path in each:
                holds.setdefault(folder_of[path], set()).add(number)
        around: dict[Path, list[Path]] = {}
        for folder in holds:
            outer = next((one for one in folder.parents if one in holds), None)
            if outer is not None and not holds[folder] & holds[outer]:
                around.setdefault(outer, []).append(folder)
        into = {
            folder: outer
            for outer, inner in around.items()
            for folder in inner
            if not any(holds[folder] & holds[other] for other in inner if other != folder)
        }
        if not into:
            return folder_of
        folder_of = {path: into.get(folder, folder) for path, folder in folder_of.items()}


def _first(asked: Path, folders: Sequence[Path]) -> list[Path]:
    """The folders, the one that was asked for before the others."""
    if asked not in folders:
        there = ", ".join(str(folder) for folder in folders) or "none"
        raise Stage3Error(
            f"{asked}: no reduction of what lies elsewhere, too; expected one of: {there}"
        )
    return [asked, *(folder for folder in folders if folder != asked)]


def _newest(products: Sequence[ListedProduct]) -> str:
    """When the newest was made; when a file was copied counts where none of them says more."""
    said = [product for product in products if product.created]
    return max(_when(product) for product in said or products)


def _when(product: ListedProduct) -> str:
    """When it was made, as text that sorts."""
    written = datetime.fromtimestamp(product.mtime_ns / 1e9, UTC).isoformat(timespec="seconds")
    return product.created[:19] or written[:19]


def _notes(
    kept: Sequence[tuple[ListedProduct, list[ListedProduct]]], folders: Sequence[Path]
) -> Iterable[str]:
    same = [(one, [o for o in others if o.path.parent == one.path.parent]) for one, others in kept]
    copies = [(one, others) for one, others in same if others]
    if folders:
        apart = [
            (one, [o for o in others if o.path.parent != one.path.parent]) for one, others in kept
        ]
        apart = [(one, others) for one, others in apart if others]
        first, others = apart[0]
        more = f" and {len(apart) - 1} more products are" if len(apart) > 1 else " is"
        listed = "; ".join(f"{_facts(one)} in {one.path.parent}" for one in others)
        yield (
            f"{first.name}{more} there in {len(folders)} reductions, which are not shown together: "
            f"{_facts(first)} in {first.path.parent} counts, not {listed}. Another one: "
            f"index_sources(…, reduction={str(folders[1])!r}), Reduction in the panel"
        )
    if copies:
        first, others = copies[0]
        more = f" (and the like of {len(copies) - 1} more products)" if len(copies) > 1 else ""
        yield (
            f"{', '.join(one.name for one in others)} left out: another copy of {first.name}, "
            f"which is of {_when(first).replace('T', ' ')}{more}"
        )


def _facts(product: ListedProduct) -> str:
    version = f"jwst {product.pipeline_version}" if product.pipeline_version else "version unknown"
    return f"{version} of {_when(product).replace('T', ' ')}"
