"""How often the pixels of a stack are flagged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import Stage3Error
from ...readers.quality import dq_mask, dq_names, dq_value
from .blocks import StackBlocks

__all__ = ["FlagCounts", "flags_over_time"]


@dataclass(frozen=True, eq=False)
class FlagCounts:
    """How often pixels have any of some flags.

    Attributes
    ----------
    image : ndarray of uint32, shape (ny, nx)
        In how many frames each pixel has one of them.
    per_frame : ndarray of int, shape (n,)
        How many pixels of each frame have one.
    names : tuple of str
        The flags.
    frames : ndarray of int, shape (n,)
        The frames, from 0.
    """

    image: np.ndarray
    per_frame: np.ndarray
    names: tuple[str, ...]
    frames: np.ndarray


def flags_over_time(
    stack: Any,
    names: str | int | Iterable[str] = "DO_NOT_USE",
    *,
    frames: Any = None,
    window: tuple[slice, slice] | None = None,
    progress: Callable[[float], None] | None = None,
) -> FlagCounts:
    """Count in how many frames each pixel is flagged, and how many pixels in each frame.

    Parameters
    ----------
    stack : ImageStack or NDData
        With flags.
    names : optional
        The flags, of which any counts: see `jdaviz_stage3.readers.quality.dq_value`.
    frames : slice, or array of int or bool, optional
        Which frames; all by default.
    window : (slice, slice), optional
        Rows and columns; all by default.
    progress : callable, optional
        Called after each part with how much of the whole is done, from 0 to 1.

    Returns
    -------
    FlagCounts

    Raises
    ------
    Stage3Error
        If there are no flags, or a name is not that of one.
    """
    bits = dq_value(names)
    blocks = StackBlocks(stack, frames, window)
    if not blocks.has_flags:
        raise Stage3Error(f"{blocks.name}: no flags to count, for DQ is not there or was left out")
    image = np.zeros(blocks.shape, np.uint32)
    per_frame = np.zeros(len(blocks), int)
    for piece in blocks.pieces(values=False, flags=True):
        assert piece.flags is not None
        flagged = dq_mask(piece.flags, bits)
        image += np.count_nonzero(flagged, axis=0).astype(np.uint32)
        per_frame[piece.frames] = np.count_nonzero(flagged, axis=(1, 2))
        if progress is not None:
            progress(piece.frames.stop / len(blocks))
    return FlagCounts(image, per_frame, tuple(dq_names(bits)), blocks.numbers)
