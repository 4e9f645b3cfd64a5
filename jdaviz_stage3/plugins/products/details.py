"""What the panel shows of one product, or of several side by side."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from astropy.table import Table
from traitlets import HasTraits, List, Unicode

from ...errors import Stage3Error
from ...groups import Finding, ListedProduct, compare_provenance, provenance, sanity
from ..panel import do_as_asked
from .thumbnails import picture_url
from .tree import ProductTree

__all__ = ["ProductDetails"]

_MOST_COMPARED = 6  # files side by side


class ProductDetails(HasTraits):
    """Picture, provenance and known defects of what is chosen in the tree."""

    ticked = List(Unicode()).tag(sync=True)
    chosen = Unicode().tag(sync=True)  # path of the product whose picture and provenance are shown
    picture = Unicode().tag(sync=True)
    picture_text = Unicode().tag(sync=True)
    made_columns = List(Unicode()).tag(sync=True)
    made_rows = List().tag(sync=True)
    made_text = Unicode().tag(sync=True)
    finding_texts = List().tag(sync=True)

    _tree: ProductTree  # of the plugin

    @property
    def products(self) -> tuple[ListedProduct, ...]:
        """What is known of each file."""
        return tuple(self._tree.listed.values())

    def forget_details(self) -> None:
        """Show nothing, of a folder that is listed anew."""
        self.chosen, self.made_rows, self.made_columns, self.finding_texts = "", [], [], []
        self.picture = self.picture_text = self.made_text = ""

    def files_of(self, paths: Iterable[str | os.PathLike] | None) -> list[Path]:
        """Return the paths that are asked for, all of which must be listed.

        Parameters
        ----------
        paths : iterable of path-like, optional
            Paths or names; those that are ticked by default.

        Returns
        -------
        list of path

        Raises
        ------
        Stage3Error
            If one is not listed, a name is that of several, or there is none.
        """
        if isinstance(paths, str | os.PathLike):
            paths = [paths]
        asked = [Path(path) for path in (self.ticked if paths is None else paths)]
        by_name: dict[str, list[Path]] = {}
        for product in self.products:
            by_name.setdefault(product.name, []).append(product.path)
        files = []
        for path in asked:
            found = [path] if path in self._tree.listed else by_name.get(str(path), [])
            if not found:
                raise Stage3Error(f"Stage 3 Products: {path} is not among what is listed")
            if len(found) > 1:  # of several reductions
                raise Stage3Error(
                    f"Stage 3 Products: {len(found)} files of the name {path}; give the path of "
                    f"one of them, such as {found[0]}"
                )
            files += found
        if not files:
            raise Stage3Error("Stage 3 Products: nothing is ticked; tick products, or give paths")
        return files

    def vue_choose(self, path: str) -> None:
        """Show the picture of a product, and how it was made."""
        entry = self._tree.listed.get(Path(path))
        if entry is None:
            return
        self.chosen = path
        self.picture, self.picture_text = "", ""
        self._tell_provenance([entry.path])
        try:
            self.picture, self.picture_text = picture_url(entry)
        except Stage3Error as err:
            self.picture_text = str(err)

    def vue_compare(self, *_: Any) -> None:
        """Show how the ticked products were made, side by side."""
        do_as_asked(self, lambda: self._tell_provenance(self.files_of(None)))

    def provenance(self, paths: Iterable[str | os.PathLike] | None = None) -> Table:
        """Return how products were made, the differences first.

        Parameters
        ----------
        paths : iterable of path-like, optional
            Paths or names of files that are listed; those that are ticked by default.

        Returns
        -------
        astropy.table.Table
            As `jdaviz_stage3.compare_provenance` gives it; of one file ``section``, ``name`` and a
            column of the file's name.

        Raises
        ------
        Stage3Error
            If one of them is not listed, or cannot be read.
        """
        files = self.files_of(paths)
        if len(files) > 1:
            return compare_provenance(files)
        made = provenance(files[0]).rows()
        columns = [list(column) for column in zip(*made, strict=True)] or [[], [], []]
        return Table(columns, names=["section", "name", files[0].name])

    def findings(self, paths: Iterable[str | os.PathLike] | None = None) -> list[Finding]:
        """Return what is known to be wrong with products, or with how they fit together.

        Parameters
        ----------
        paths : iterable of path-like, optional
            Paths or names of files that are listed; those that are ticked by default.

        Returns
        -------
        list of Finding
            As `jdaviz_stage3.sanity` gives them, from the headers.

        Raises
        ------
        Stage3Error
            If one of them is not listed.
        """
        return sanity(self.files_of(paths))

    def _tell_provenance(self, files: Sequence[Path]) -> None:
        self.made_rows, self.made_columns, self.made_text = [], [], ""
        self.finding_texts = [
            {"text": found.text, "source": found.source} for found in sanity(files)
        ]
        if len(files) > _MOST_COMPARED:
            self.made_text = f"Only the first {_MOST_COMPARED} of {len(files)} are compared."
        try:
            table = self.provenance(files[:_MOST_COMPARED])
        except Stage3Error as err:
            self.made_text = str(err)
            return
        shown = [name for name in table.colnames if name not in ("section", "name", "differs")]
        differs = table["differs"] if "differs" in table.colnames else [False] * len(table)
        self.made_columns = [Path(name).name for name in shown]
        self.made_rows = [
            {
                "section": str(row["section"]),
                "name": str(row["name"]),
                "values": [str(row[name]) for name in shown],
                "differs": bool(different),
            }
            for row, different in zip(table, differs, strict=True)
        ]
