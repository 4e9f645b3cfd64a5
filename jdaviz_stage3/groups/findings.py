"""What is known to be wrong with products: the rules of the table, applied to files."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import (
    Stage3Error,
    Stage3Warning,
    UnreadableProductError,
    UnsupportedProductError,
)
from ..folders import product_files
from ..products import identify, product_root
from ..readers import read
from .grouping import product_name
from .known_defects import GROUP_RULES, PRODUCT_RULES
from .processing import Provenance, provenance

__all__ = [
    "Finding",
    "file_provenance",
    "findings_of",
    "findings_of_groups",
    "findings_of_product",
    "sanity",
]

_AS_READ = "as it is read"


@dataclass(frozen=True)
class Finding:
    """Something known to be wrong with a product, or with products of one observation.

    Attributes
    ----------
    paths : tuple of path
        The files that it is about; several where they do not fit together.
    rule : str
        Which rule found it.
    text : str
        What is wrong, and what to do, with the name of the file.
    source : str
        Where that is written down.
    by_reader : bool
        Whether reading the product warns of it, too.
    """

    paths: tuple[Path, ...]
    rule: str
    text: str
    source: str
    by_reader: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values, for JSON.

        Returns
        -------
        dict
        """
        return {
            "paths": [str(path) for path in self.paths],
            "rule": self.rule,
            "text": self.text,
            "source": self.source,
        }


def sanity(
    paths: str | os.PathLike | Iterable[str | os.PathLike], *, read_data: bool = False
) -> list[Finding]:
    """List what is known to be wrong with products: defects of versions, products that do not fit.

    Parameters
    ----------
    paths : path-like, or iterable of path-like
        Files, and folders, of which all products are looked at. Products of one observation, by
        their names, in one folder are looked at together.
    read_data : bool, optional
        Whether to read the arrays, too, and list what reading warns of: spectra without a usable
        sample, integrations without one, odd time stamps. Without it only headers are read, and
        what is asked takes no longer for large files.

    Returns
    -------
    list of Finding
        Empty where nothing is known to be wrong. Files that are no products, or cannot be read, are
        left out: ``jdaviz-stage3 info`` lists these.

    Raises
    ------
    UnreadableProductError
        If a path is not there, or a folder cannot be read.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> for finding in stage3.sanity("mastDownload"):    # doctest: +SKIP
    ...     print(finding.text, finding.source)
    """
    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    files: dict[Path, None] = {}
    for path in map(Path, paths):
        if not os.path.exists(path):
            raise UnreadableProductError(f"{path}: no such file or folder; is the path right?")
        files |= dict.fromkeys(product_files(path)[0] if os.path.isdir(path) else [path])
    made = list(_provenances(files))
    findings = findings_of(made)
    if read_data:
        said = {finding.text for finding in findings}
        findings += [f for one in made for f in _as_read(one) if f.text not in said]
    return findings


def findings_of(made: Sequence[Provenance]) -> list[Finding]:
    """List what is known to be wrong with products whose headers were read.

    Parameters
    ----------
    made : sequence of Provenance

    Returns
    -------
    list of Finding
        First of each product, then where those of one observation do not fit together.
    """
    return [found for one in made for found in _of_product(one)] + list(_of_groups(made))


def findings_of_product(path: str | os.PathLike) -> list[Finding]:
    """List what is known to be wrong with one product, whatever there is beside it.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    list of Finding
        Empty where its header cannot be read, too.
    """
    return [found for one in _provenances([Path(path)]) for found in _of_product(one)]


def findings_of_groups(
    paths: Iterable[str | os.PathLike], concerned: Iterable[str | os.PathLike] | None = None
) -> list[Finding]:
    """List where products of one observation do not fit together.

    Parameters
    ----------
    paths : iterable of path-like
        Files.
    concerned : iterable of path-like, optional
        Only the observations of these; of all others nothing is read.

    Returns
    -------
    list of Finding
    """
    files = [Path(path) for path in paths]
    if concerned is not None:
        groups = {_group_of(Path(path)) for path in concerned}
        files = [file for file in files if _group_of(file) in groups]
    return list(_of_groups(list(_provenances(files))))


def _group_of(path: Path) -> tuple[str, str]:
    """What products of one observation have in common: their folder, and the product's name."""
    return _group_at(os.path.abspath(path))


@lru_cache(maxsize=20_000)
def _group_at(path: str) -> tuple[str, str]:
    return os.path.dirname(path), product_name(product_root(path).lower())


def file_provenance(path: Path) -> Provenance | None:
    """Say how a product was made, where that can be known.

    Parameters
    ----------
    path : path

    Returns
    -------
    Provenance or None
        None of an association, and of a file that cannot be read.
    """
    try:
        status = os.stat(path)
        return _provenance(path, status.st_size, status.st_mtime_ns)
    except (Stage3Error, OSError):
        return None


def _provenances(files: Iterable[Path]) -> Iterator[Provenance]:
    for file in files:
        made = file_provenance(file)
        if made is not None:
            yield made


@lru_cache(maxsize=2000)  # a file that is loaded beside others is asked for with each of them
def _provenance(path: Path, size: int, mtime_ns: int) -> Provenance | None:
    return None if identify(path).container == "json" else provenance(path)


def _of_product(made: Provenance) -> Iterator[Finding]:
    for rule in PRODUCT_RULES:
        try:
            text = rule.check(made)
        except Stage3Error:
            continue  # of a broken file `info` says so
        if text:
            said = f"{made.path.name}: {text}"
            yield Finding((made.path,), rule.name, said, rule.source, rule.by_reader)


def _of_groups(made: Sequence[Provenance]) -> Iterator[Finding]:
    groups: dict[tuple[str, str], list[Provenance]] = {}
    for one in made:
        groups.setdefault(_group_of(one.path), []).append(one)
    for (_, root), group in groups.items():
        for rule in GROUP_RULES:
            concerned, text = rule.check(group)
            if text:
                paths = tuple(one.path for one in concerned)
                yield Finding(paths, rule.name, f"products of {root} {text}", rule.source)


def _as_read(made: Provenance) -> Iterator[Finding]:
    """What the reader of a product warns of, each once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            product = read(made.path)
            if made.suffix in ("x1d", "c1d"):
                for number in range(len(product)):  # each is read when it is asked for
                    product[number]
        except UnsupportedProductError:
            return
        except Stage3Error as err:
            yield Finding((made.path,), _AS_READ, str(err), "the file itself", True)
    texts = [str(one.message) for one in caught if issubclass(one.category, Stage3Warning)]
    for text in dict.fromkeys(texts):
        yield Finding((made.path,), _AS_READ, text, "the file itself", True)
