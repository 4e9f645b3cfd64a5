"""Marks that are drawn into the figures of viewers beside what belongs to the viewers' layers."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np

__all__ = ["INK", "FigureMarks"]

#: Black on light ground, white on dark: what a figure writes in. Of marks that are drawn as SVG.
INK = "var(--bq-content-font-color, #000000)"


def _same(one: Any, other: Any) -> bool:
    """Whether arrays are equal; lines with gaps are, too, which NaN would have drawn anew."""
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        return False  # the trait compares them
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


class FigureMarks(dict):
    """Marks (bqplot) by keys, each in the figure of one viewer."""

    def __init__(self) -> None:
        super().__init__()
        self._figures: dict[Hashable, Any] = {}

    def put(
        self,
        viewer: Any,
        key: Hashable,
        kind: type,
        values: Mapping[str, Any],
        style: Mapping[str, Any],
        scales: Mapping[str, Any] | None = None,
    ) -> None:
        """Draw a mark, or change the one that is there.

        Parameters
        ----------
        viewer : glue viewer
        key : hashable
        kind : type
            Class of the mark.
        values, style : mapping
            Its traits.
        scales : mapping, optional
            By default those of the viewer; they stay what they were at first.
        """
        mark = self.get(key)
        if mark is None:
            scales = scales or {axis: viewer.scales[axis] for axis in ("x", "y")}
            self[key] = mark = kind(scales=scales, **values, **style)
            self._figures[key] = viewer.figure
            viewer.figure.marks = [*viewer.figure.marks, mark]
            return
        with mark.hold_sync():
            for name, value in {**values, **style}.items():
                if not _same(getattr(mark, name), value):
                    setattr(mark, name, value)

    def remove(self, keys: Iterable[Hashable]) -> None:
        """Take marks out of their figures."""
        gone: dict[Any, list[Any]] = {}
        for key in [key for key in keys if key in self]:
            gone.setdefault(self._figures.pop(key), []).append(self.pop(key))
        for figure, marks in gone.items():  # a figure is told once
            ids = {id(mark) for mark in marks}
            figure.marks = [mark for mark in figure.marks if id(mark) not in ids]
            for mark in marks:
                mark.close()
