"""The fields for what is found of a source, and that nothing of it is lost."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from astropy.table import Table
from traitlets import HasTraits, List, Unicode, observe

from ...errors import Stage3Error
from ...identity import IndexedSource, IndexedSources, InspectionTable

__all__ = ["FoundFields"]


class FoundFields(HasTraits):
    """Redshift, flag, class and comment of the source that is shown.

    Each change is a record of the `InspectionTable`, which is on the disk before it returns.
    """

    problem = Unicode().tag(sync=True)
    label_text = Unicode().tag(sync=True)
    saved_to = Unicode().tag(sync=True)
    saved_text = Unicode().tag(sync=True)
    kinds = List().tag(sync=True)

    sources: IndexedSources | None = None
    source: IndexedSource | None = None
    _inspections: InspectionTable | None = None
    _filling = False  # the fields, with what is known of a source

    @property
    def table(self) -> Table | None:
        """What was found."""
        return None if self._inspections is None else self._inspections.table

    def record(self, **found: float | int | str | None) -> None:
        """Keep what was found of the source that is shown; the file is written at once.

        Parameters
        ----------
        **found
            ``redshift``, ``flag``, ``kind``, ``comment``; None takes one back.

        Raises
        ------
        Stage3Error
            If no source is shown, a value cannot be, or the file cannot be written.
        """
        if self.source is None or self._inspections is None:
            raise Stage3Error(
                "Inspect Sources: no source is shown; call find_sources(folder) or select(label)"
            )
        self._inspections.inspector = self.inspector.strip()
        self._inspections.record(self.source.label, **found)
        self.fill_fields(self.source)
        self.saved_text = f"{'Saved' if self.saved_to else 'Kept'} source {self.source.label}"

    def merge(self, other: str | os.PathLike) -> Table:
        if self._inspections is None:
            raise Stage3Error("Inspect Sources: no sources yet; call find_sources(folder) first")
        return self._inspections.merge(other)

    merge.__doc__ = InspectionTable.merge.__doc__

    def toggle_flag(self, flag: int) -> None:
        """Flag the source that is shown; with its own flag, take that back.

        Parameters
        ----------
        flag : int
        """
        self.flag = "" if flag == self.flag else flag

    def fill_fields(self, source: IndexedSource) -> None:
        """Show what is known of a source.

        Parameters
        ----------
        source : IndexedSource
        """
        assert self._inspections is not None
        found = self._inspections.of(source.label)
        with self.not_kept():
            self.redshift = "" if math.isnan(found.redshift) else found.redshift
            self.flag = "" if found.flag < 0 else found.flag
            self.kind = found.kind
            if _one_line(self.comment) != found.comment:  # what is being typed is left alone
                self.comment = found.comment
        self.saved_text = f"Looked at {found.time[:16].replace('T', ' ')} UTC" if found.time else ""
        self.kinds = self._inspections.kinds

    @contextmanager
    def not_kept(self) -> Iterator[None]:
        """Change fields within this, not what was found."""
        self._filling = True
        try:
            yield
        finally:
            self._filling = False

    @contextmanager
    def in_words(self) -> Iterator[None]:
        """Say in the panel what goes wrong within this."""
        self.problem = ""
        try:
            yield
        except Stage3Error as err:
            self.problem = str(err)

    def keep(self, name: str) -> None:
        """Keep what a field holds.

        Parameters
        ----------
        name : str
        """
        if self.source is None:
            return
        value = getattr(self, name)
        with self.in_words():
            self.record(**{name: None if value == "" else value})
        if self.problem:  # the field says what is kept
            self.fill_fields(self.source)

    @observe("redshift", "flag", "kind", "comment")
    def _keep_change(self, change: dict[str, Any]) -> None:
        if not self._filling:
            self.keep(change["name"])

    def _record_late(self, label: str, **found: int | str) -> None:
        """Keep what was found of a source after which another is shown already."""
        known = {} if self.sources is None else {str(one): one for one in self.sources.labels}
        if self._inspections is not None and label in known:
            with self.in_words():
                self._inspections.record(known[label], **found)
                self.saved_text = f"Saved source {label}"

    # ---- from the panel ----

    def vue_set_flag(self, asked: dict[str, Any]) -> None:
        """Flag the source that the panel showed; with its own flag, take that back."""
        label, flag = str(asked["label"]), int(asked["flag"])
        if label == self.label_text:
            self.toggle_flag(flag)
        else:
            self._record_late(label, flag=flag)

    def vue_type_comment(self, asked: dict[str, Any]) -> None:
        """Take a comment, which comes a moment after it is typed."""
        label, text = str(asked["label"]), str(asked["text"])
        if label == self.label_text:
            self.comment = text
        else:
            self._record_late(label, comment=text)


def _one_line(text: str) -> str:
    return " ".join(text.split())
