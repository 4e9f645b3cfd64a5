"""A stack of images in blocks, so that what is computed of it needs little of it at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy.nddata import NDData, StdDevUncertainty

from ...errors import Stage3Error
from ...readers.image_stack import ImageStack
from ...readers.stack_frames import Window
from .memory_stack import MemoryStack

__all__ = ["Block", "StackBlocks", "frame_numbers", "window_of"]

_BLOCK = 8_000_000  # values in a block: 32 MB, and as much for errors, flags and what is made of it


@dataclass(frozen=True)
class Block:
    """A part of a stack.

    Attributes
    ----------
    frames, rows, columns : slice
        Where it is: of the frames that were chosen, and of the window.
    values : ndarray of float32, shape (n, ny, nx)
        NaN where excluded; an array that may be changed.
    errors : ndarray of float32, shape (n, ny, nx), or None
        As they are stored; None where there are none, or they were not asked for.
    flags : ndarray of uint32, shape (n, ny, nx), or None
    """

    frames: slice
    rows: slice
    columns: slice
    values: np.ndarray
    errors: np.ndarray | None = None
    flags: np.ndarray | None = None

    @property
    def window(self) -> Window:
        """Rows and columns."""
        return self.rows, self.columns


class StackBlocks:
    """A stack, of which some frames and a window are used.

    Parameters
    ----------
    stack : ImageStack, NDData or ndarray
        Of three axes. Of an ImageStack what is needed is read. Of an array in memory NaN is
        excluded, and of an NDData what its mask says.
    frames : int, slice, or array of int or bool, optional
        Which frames; all by default.
    window : (slice, slice), optional
        Rows and columns; all by default.

    Attributes
    ----------
    numbers : ndarray of int, shape (n,)
        The frames, from 0.
    window : (slice, slice)
        With numbers for both ends.
    shape : tuple of int
        (ny, nx) of the window.

    Raises
    ------
    Stage3Error
        If the stack has not three axes, or there are no such frames or no such window.
    """

    def __init__(self, stack: Any, frames: Any = None, window: Window | None = None):
        self.stack = _three_axes(stack)
        self.numbers = frame_numbers(frames, len(self.stack), self.name)
        self.window = window_of(window, self.stack.frame_shape, self.name)
        ny, nx = (each.stop - each.start for each in self.window)
        self.shape = (ny, nx)
        self.unit: u.UnitBase = self.stack.unit or u.dimensionless_unscaled

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def name(self) -> str:
        """Of the file, for messages."""
        return self.stack.path.name

    @property
    def axis(self) -> str:
        """What the frames are: ``'integration'`` or ``'psf'``."""
        return self.stack.axes[0]

    @property
    def has_errors(self) -> bool:
        """Whether the stack has errors."""
        return self.stack.error is not None

    @property
    def has_flags(self) -> bool:
        """Whether the stack has flags."""
        return self.stack.dq is not None

    def bands(
        self, *, values: bool = True, errors: bool = False, flags: bool = False
    ) -> Iterator[Block]:
        """Read parts of the window, each through all of the frames.

        Parameters
        ----------
        values, errors, flags : bool, optional
            What is wanted.

        Yields
        ------
        Block
        """
        n, (ny, nx) = self._n_read, self.shape
        n_columns = max(1, min(nx, _BLOCK // n))
        n_rows = max(1, min(ny, _BLOCK // (n * n_columns)))
        if n_columns < nx:
            n_rows = 1
        for y in range(0, ny, n_rows):
            rows = slice(y, min(y + n_rows, ny))
            for x in range(0, nx, n_columns):
                columns = slice(x, min(x + n_columns, nx))
                yield self._block(slice(0, len(self)), rows, columns, values, errors, flags)

    def whole(self, *, blank: bool = True, errors: bool = False, flags: bool = False) -> Block:
        """Read all of the window through all of the frames at once; for small ones.

        Parameters
        ----------
        blank : bool, optional
            Whether excluded pixels are NaN.
        errors, flags : bool, optional
            What is wanted.

        Returns
        -------
        Block
        """
        every = (slice(0, len(self)), slice(0, self.shape[0]), slice(0, self.shape[1]))
        return self._block(*every, True, errors, flags, blank)

    def pieces(
        self, *, values: bool = True, errors: bool = False, flags: bool = False
    ) -> Iterator[Block]:
        """Read some frames after the other, each the whole of the window.

        Parameters
        ----------
        values, errors, flags : bool, optional
            What is wanted.

        Yields
        ------
        Block
        """
        ny, nx = self.shape
        step = max(1, _BLOCK // max(ny * nx, 1))
        for start in range(0, len(self), step):
            frames = slice(start, min(start + step, len(self)))
            yield self._block(frames, slice(0, ny), slice(0, nx), values, errors, flags)

    @property
    def _n_read(self) -> int:
        """How many frames lie between the first and the last of those that are used."""
        return int(self.numbers.max() - self.numbers.min()) + 1

    def _block(
        self,
        frames: slice,
        rows: slice,
        columns: slice,
        values: bool,
        errors: bool,
        flags: bool,
        blank: bool = True,
    ) -> Block:
        numbers = self.numbers[frames]
        low, high = int(numbers.min()), int(numbers.max()) + 1
        window = _within(self.window[0], rows), _within(self.window[1], columns)

        def chosen(found: np.ndarray | None) -> np.ndarray | None:
            in_a_row = high - low == len(numbers) and np.all(np.diff(numbers) == 1)
            return found if found is None or in_a_row else found[numbers - low]

        stack = self.stack
        read = stack.frames(low, high, blank=blank, window=window) if values else None
        found = chosen(read)
        return Block(
            frames,
            rows,
            columns,
            np.empty(0, np.float32) if found is None else found,
            chosen(stack.errors(low, high, window=window)) if errors else None,
            chosen(stack.flags(low, high, window=window)) if flags else None,
        )


def _three_axes(stack: Any) -> ImageStack | MemoryStack:
    if isinstance(stack, ImageStack | MemoryStack):
        if len(stack.axes) != 3:
            raise Stage3Error(
                f"{stack.path.name}: a stack of {' × '.join(stack.axes)}; give one of its "
                f"{stack.axes[0]}s, stack[0]"
            )
        return stack
    if isinstance(stack, NDData):
        error = None
        if stack.uncertainty is not None:
            error = stack.uncertainty.represent_as(StdDevUncertainty).array
        flags = getattr(stack, "flags", None)
        return MemoryStack(
            stack.data, error, stack.mask, flags, unit=stack.unit, wcs=stack.wcs, meta=stack.meta
        )
    return MemoryStack(stack)


def frame_numbers(frames: Any, n: int, name: str) -> np.ndarray:
    """Return the numbers of frames.

    Parameters
    ----------
    frames : int, slice, array of int or bool, or None
        None for all.
    n : int
        How many there are.
    name : str
        Of the file, for the message.

    Returns
    -------
    ndarray of int, shape (k,)
        At least one, each from 0 to n - 1.

    Raises
    ------
    Stage3Error
        If there is none, or one that is not there.
    """
    if frames is None:
        return np.arange(n)
    if isinstance(frames, slice):
        found = np.arange(n)[frames]
    else:
        found = np.atleast_1d(np.asarray(frames))
        if found.dtype == bool:
            if found.shape != (n,):
                raise Stage3Error(f"{name}: {found.size} frames chosen or not; there are {n}")
            found = np.flatnonzero(found)
        if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
            raise Stage3Error(f"{name}: frames are given by numbers or a slice, not {frames!r}")
        found = np.where(found < 0, found + n, found).astype(int)
    if not found.size:
        raise Stage3Error(f"{name}: no frames chosen, of {n}")
    if found.min() < 0 or found.max() >= n:
        raise Stage3Error(f"{name}: frames {found.min()} to {found.max()}; there are {n}, from 0")
    return found


def window_of(
    window: Sequence[slice] | None, shape: tuple[int, int], name: str
) -> tuple[slice, slice]:
    """Return rows and columns with numbers for both ends.

    Parameters
    ----------
    window : (slice, slice) or None
        None for all. In steps of 1.
    shape : tuple of int
        (ny, nx).
    name : str
        Of the file, for the message.

    Returns
    -------
    rows, columns : slice

    Raises
    ------
    Stage3Error
        If nothing is within.
    """
    found = []
    for part, n in zip(window or (slice(None), slice(None)), shape, strict=True):
        start, stop, step = part.indices(n)
        if step != 1 or stop <= start:
            raise Stage3Error(
                f"{name}: no rows or columns {part.start} to {part.stop} in steps of 1; images "
                f"have {shape[0]} × {shape[1]} pixels"
            )
        found.append(slice(start, stop))
    return found[0], found[1]


def _within(outer: slice, inner: slice) -> slice:
    return slice(outer.start + inner.start, outer.start + inner.stop)
