"""Arrays of several files as one, and one plane of the first axis of an array: nothing is read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .stored_array import StoredArray

__all__ = ["JoinedArray", "PartOfArray"]


class JoinedArray(StoredArray):
    """Arrays that follow each other along their first axis.

    Parameters
    ----------
    parts : sequence of StoredArray
        At least one; equal in all axes but the first.
    """

    def __init__(self, parts: Sequence[StoredArray]):
        first = parts[0]
        self.path, self.stamp, self.name = first.path, first.stamp, first.name
        self.shape = (sum(len(part) for part in parts), *first.shape[1:])
        self.dtype = np.result_type(*(part.dtype for part in parts))
        self._parts = list(parts)
        self._ends = np.cumsum([len(part) for part in parts])

    @property
    def kept(self) -> bool:
        """Whether what indexing gives may be a part of an array that is kept."""
        return any(part.kept for part in self._parts)

    def _box(self, box: list[tuple[int, int]]) -> np.ndarray:
        (start, stop), *rest = box
        found = []
        for part, end in zip(self._parts, self._ends, strict=True):
            before = int(end) - len(part)
            low, high = max(start - before, 0), min(stop - before, len(part))
            if low < high:
                found.append(part._box([(low, high), *rest]).astype(self.dtype, copy=False))
        if not found:
            return np.empty([max(high - low, 0) for low, high in box], self.dtype)
        return found[0] if len(found) == 1 else np.concatenate(found)


class PartOfArray(StoredArray):
    """What an array has at one place of its first axis.

    Parameters
    ----------
    whole : StoredArray
    place : int
        From 0, or from the end if it is negative.
    """

    def __init__(self, whole: StoredArray, place: int):
        self.path, self.stamp, self.name = whole.path, whole.stamp, whole.name
        self.shape, self.dtype = whole.shape[1:], whole.dtype
        self._whole, self._place = whole, place % len(whole)

    @property
    def kept(self) -> bool:
        """Whether what indexing gives may be a part of an array that is kept."""
        return self._whole.kept

    def _box(self, box: list[tuple[int, int]]) -> np.ndarray:
        return self._whole._box([(self._place, self._place + 1), *box])[0]
