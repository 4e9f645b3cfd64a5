"""Images of a stack, one or some in a row, read from the file when they are asked for."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..errors import Stage3Error
from .quality import dq_mask
from .stored_array import StoredArray

__all__ = ["StackFrames", "Window"]

#: The rows and the columns of a part of each image.
Window = tuple[slice, slice]
# Images, or rows of one, whose masks are made at a time, so that they stay in the cache.
_AT_A_TIME = 32


class StackFrames:
    """What reads images of a stack; a base class.

    Attributes
    ----------
    path : pathlib.Path
    axes : tuple of str
        What each axis is.
    science : StoredArray
        SCI as it is stored.
    error, dq : StoredArray or None
        ERR and DQ as they are stored; None where the file has none.
    dq_bits : str, int, iterable of str, or None
        The flags that exclude a pixel.
    """

    path: Path
    axes: tuple[str, ...]
    science: StoredArray
    error: StoredArray | None
    dq: StoredArray | None
    dq_bits: str | int | Iterable[str] | None

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, ny, nx), or (n_int, n_psf, ny, nx)."""
        return self.science.shape

    @property
    def frame_shape(self) -> tuple[int, int]:
        """(ny, nx)."""
        ny, nx = self.shape[-2:]
        return ny, nx

    def frame(self, index: int | tuple[int, ...], *, blank: bool = False) -> np.ndarray:
        """Read one image.

        Parameters
        ----------
        index : int or tuple of int
            Its number from 0; of four axes (integration, PSF).
        blank : bool, optional
            Whether excluded pixels are NaN: flagged with one of ``dq_bits``, or not finite.

        Returns
        -------
        ndarray of float32, shape (ny, nx)
            In native byte order, in the unit of the stack.

        Raises
        ------
        IndexError
            If there is no such image.
        """
        place = self._place(index)
        values = self._floats(self.science[place])
        return self._blanked(values, place) if blank else values

    def frame_error(self, index: int | tuple[int, ...]) -> np.ndarray | None:
        """Read the standard deviations of one image, as they are stored.

        Parameters
        ----------
        index : int or tuple of int

        Returns
        -------
        ndarray of float32, shape (ny, nx), or None
            None where the file has no errors.
        """
        return None if self.error is None else self._floats(self.error[self._place(index)])

    def frame_flags(self, index: int | tuple[int, ...]) -> np.ndarray | None:
        """Read the data-quality flags of one image.

        Parameters
        ----------
        index : int or tuple of int

        Returns
        -------
        ndarray of uint32, shape (ny, nx), or None
            None where the file has no flags, or they were left out.
        """
        return None if self.dq is None else self._as_flags(self.dq[self._place(index)])

    def frames(
        self, start: int, stop: int, *, blank: bool = True, window: Window | None = None
    ) -> np.ndarray:
        """Read images in a row.

        Parameters
        ----------
        start, stop : int
            Along the first axis; that behind the last.
        blank : bool, optional
            Whether excluded pixels are NaN.
        window : (slice, slice), optional
            Rows and columns, of steps of 1; all by default.

        Returns
        -------
        ndarray of float32, shape (n, ny, nx) or (n, n_psf, ny, nx)
        """
        view = self._view(start, stop, window)
        values = self._floats(self.science[view])
        return self._blanked(values, view) if blank else values

    def errors(self, start: int, stop: int, *, window: Window | None = None) -> np.ndarray | None:
        """Read the standard deviations of images in a row, as they are stored.

        Parameters
        ----------
        start, stop : int
        window : (slice, slice), optional

        Returns
        -------
        ndarray of float32, or None
            Of the shape of `frames`; None where the file has no errors.
        """
        if self.error is None:
            return None
        return self._floats(self.error[self._view(start, stop, window)])

    def flags(self, start: int, stop: int, *, window: Window | None = None) -> np.ndarray | None:
        """Read the data-quality flags of images in a row.

        Parameters
        ----------
        start, stop : int
        window : (slice, slice), optional

        Returns
        -------
        ndarray of uint32, or None
            Of the shape of `frames`; None where the file has no flags.
        """
        if self.dq is None:
            return None
        return self._as_flags(self.dq[self._view(start, stop, window)])

    def excludes(self, values: np.ndarray, flags: np.ndarray | None) -> np.ndarray:
        """Return which pixels must not be used: flagged with one of ``dq_bits``, or not finite.

        Parameters
        ----------
        values : ndarray of float
        flags : ndarray of uint32, same shape, or None

        Returns
        -------
        ndarray of bool, same shape
        """
        found = ~np.isfinite(values)
        return found if flags is None else found | dq_mask(flags, self.dq_bits)

    def _place(self, index: int | tuple[int, ...]) -> tuple[int, ...]:
        parts = index if isinstance(index, tuple) else (index,)
        if any(isinstance(part, slice) for part in parts):
            raise TypeError("a stack is read by single images; frames(start, stop) reads several")
        place = tuple(operator.index(part) for part in parts)
        if len(place) != len(self.shape) - 2:
            raise IndexError(
                f"{self.path.name}: an image of this stack is given by "
                f"{' and '.join(self.axes[:-2])}, each a number from 0; found {index!r}"
            )
        for i, n, axis in zip(place, self.shape, self.axes, strict=False):
            if not -n <= i < n:
                raise IndexError(f"{self.path.name}: no {axis} {i}; there are {n}, from 0")
        return place

    def _view(self, start: int, stop: int, window: Window | None) -> tuple:
        if not 0 <= start <= stop <= len(self):
            raise Stage3Error(
                f"{self.path.name}: {self.axes[0]} {start} to {stop} asked for; there are "
                f"{len(self)}, from 0"
            )
        return (slice(start, stop), ..., *(window or (slice(None), slice(None))))

    def _blanked(self, values: np.ndarray, view: tuple) -> np.ndarray:
        """Set NaN where excluded, in an array that is nobody else's."""
        flags = None if self.dq is None else self._as_flags(self.dq[view])
        if self.science.kept:
            values = values.copy()
        for start in range(0, len(values), _AT_A_TIME):
            part = values[start : start + _AT_A_TIME]
            unusable = np.isinf(part)
            if flags is not None:
                unusable |= dq_mask(flags[start : start + _AT_A_TIME], self.dq_bits)
            part[unusable] = np.nan
        return values

    @staticmethod
    def _floats(values: np.ndarray) -> np.ndarray:
        return values.astype(np.float32, copy=False)

    @staticmethod
    def _as_flags(values: np.ndarray) -> np.ndarray:
        return values.astype(np.uint32, copy=False)
