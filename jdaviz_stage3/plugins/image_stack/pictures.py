"""What of a stack is shown: a frame, or what several have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from astropy import units as u

from ...analysis.stacks.collapse import collapse_stack
from ...analysis.stacks.flags import flags_over_time
from ...errors import Stage3Error
from ...loaders.stack_data import frame_title
from ...readers.image_stack import ImageStack

__all__ = ["OF_ONE_FRAME", "PICTURES", "REFERENCED", "Pictures", "Wanted", "three_axes"]

#: What can be shown, and what it is.
PICTURES = {
    "frame": "As it is in the file.",
    "frame − median": "What differs from the median of the frames.",
    "frame − mean": "What differs from the mean of the frames.",
    "mean": "Of the frames, flagged pixels left out.",
    "median": "Of the frames, flagged pixels left out.",
    "sigma-clipped mean": "Of the frames, without values far from the median of their pixel.",
    "standard deviation": "Of each pixel over the frames.",
    "error": "The standard deviations that the pipeline gives the frame (ERR).",
    "flagged frames": "In how many frames each pixel has one of the flags below.",
}
#: Those that are made of several frames.
REFERENCED = tuple(name for name in PICTURES if name not in ("frame", "error"))
#: Those that are another one for each frame.
OF_ONE_FRAME = ("frame", "frame − median", "frame − mean", "error")

# What analysis.collapse_stack calls them.
_STATISTICS = {"sigma-clipped mean": "clipped mean", "standard deviation": "std"}
_KEPT = 8  # pictures of several frames, beside what is shown


@dataclass(frozen=True)
class Wanted:
    """What is to be shown of a stack.

    Attributes
    ----------
    picture : str
        One of `PICTURES`.
    index : tuple of int
        Which frame, from 0.
    first, last : int or None
        Which frames are combined, from 1; None for the last of the stack.
    sigma : float
        Where values are clipped.
    flags : tuple of str
        Those that are counted.
    """

    picture: str
    index: tuple[int, ...]
    first: int = 1
    last: int | None = None
    sigma: float = 3.0
    flags: tuple[str, ...] = ()

    def range_of(self, stack: ImageStack) -> tuple[int, int]:
        """Return the first of the frames that are combined and that behind the last, from 0.

        Of four axes these are the PSFs of the integration.

        Raises
        ------
        Stage3Error
            If there are no such frames.
        """
        count = stack.shape[-3]
        last = count if self.last is None else self.last
        if not 1 <= self.first <= last <= count:
            raise Stage3Error(
                f"{stack.path.name}: frames {self.first} to {last} asked for, expected two "
                f"numbers from 1 to {count}"
            )
        return self.first - 1, last


class Pictures:
    """The pictures of stacks; those of several frames are kept.

    Parameters
    ----------
    progress : callable, optional
        Called while one is made of several frames, with how much is done, from 0 to 1.
    """

    def __init__(self, progress: Callable[[float], None] | None = None) -> None:
        self._progress = progress
        self._kept: dict[tuple, np.ndarray] = {}

    def title(self, stack: ImageStack, wanted: Wanted) -> str:
        """Say what a picture is.

        Parameters
        ----------
        stack : ImageStack
        wanted : Wanted

        Returns
        -------
        str
        """
        name, frame = wanted.picture, frame_title(stack, wanted.index)
        if name == "frame":
            return frame
        if name == "error":
            return f"error of {frame}"
        first, stop = wanted.range_of(stack)
        many = "PSFs" if stack.axes[-3] == "psf" else f"{stack.axes[-3]}s"
        whole = (first, stop) == (0, stack.shape[-3])
        which = f"all {many}" if whole else f"{many} {first + 1} to {stop}"
        if len(wanted.index) > 1:
            which += f" of integration {wanted.index[0] + 1}"
        if name in OF_ONE_FRAME:
            return f"{frame} − {name.rpartition(' ')[2]} of {which}"
        if name == "sigma-clipped mean":
            return f"mean of {which}, clipped at {wanted.sigma:g} σ"
        if name == "flagged frames":
            return f"how many of {which} have {' or '.join(wanted.flags) or 'no flag'}"
        return f"{name} of {which}"

    def take(self, stack: ImageStack, wanted: Wanted) -> tuple[np.ndarray, u.UnitBase]:
        """Return the pixels of a picture.

        Parameters
        ----------
        stack : ImageStack
        wanted : Wanted

        Returns
        -------
        values : ndarray of float32, shape (ny, nx)
        unit : Unit

        Raises
        ------
        Stage3Error
            If it cannot be made.
        """
        unit = stack.unit or u.one
        if wanted.picture == "frame":
            return stack.frame(wanted.index), unit
        if wanted.picture == "error":
            error = stack.frame_error(wanted.index)
            if error is None:
                raise Stage3Error(f"{stack.path.name}: has no ERR extension")
            return error, unit
        if wanted.picture in OF_ONE_FRAME:
            statistic = wanted.picture.rpartition(" ")[2]
            reference = self._of_several(stack, replace(wanted, picture=statistic))
            return stack.frame(wanted.index, blank=True) - reference, unit
        values = self._of_several(stack, wanted)
        return values, u.one if wanted.picture == "flagged frames" else unit

    def _of_several(self, stack: ImageStack, wanted: Wanted) -> np.ndarray:
        """A picture of several frames, which is kept."""
        key: tuple[Any, ...] = (
            stack.stamp, str(stack.dq_bits), wanted.picture, wanted.range_of(stack),
            wanted.index[:-1],
        )  # fmt: skip
        if wanted.picture == "sigma-clipped mean":
            key += (wanted.sigma,)
        if wanted.picture == "flagged frames":
            key += wanted.flags
        if key not in self._kept:
            if self._progress is not None:
                self._progress(0.0)  # the first part may take a second
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = self._compute(stack, wanted)
        return self._kept[key]

    def _compute(self, stack: ImageStack, wanted: Wanted) -> np.ndarray:
        part, frames = three_axes(stack, wanted.index), slice(*wanted.range_of(stack))
        if wanted.picture == "flagged frames":
            if not wanted.flags:
                raise Stage3Error(f"{stack.path.name}: no flags chosen to count")
            counts = flags_over_time(part, wanted.flags, frames=frames, progress=self._progress)
            return counts.image.astype(np.float32)
        statistic = _STATISTICS.get(wanted.picture, wanted.picture)
        image = collapse_stack(
            part, statistic, frames=frames, sigma=wanted.sigma, errors="none",
            progress=self._progress,
        )  # fmt: skip
        return image.data.astype(np.float32)


def three_axes(stack: ImageStack, index: tuple[int, ...]) -> ImageStack:
    """Return a stack, or of one with four axes the PSFs of an integration.

    Parameters
    ----------
    stack : ImageStack
    index : tuple of int
        Of a frame.

    Returns
    -------
    ImageStack
    """
    return stack[index[0]] if len(stack.shape) == 4 else stack
