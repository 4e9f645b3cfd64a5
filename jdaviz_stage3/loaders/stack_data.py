"""A stack of images in the data collection: the one picture of it that is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from glue.core import Data
from glue.core.component import Component

from ..readers.image_stack import ImageStack
from ..readers.quality import dq_names
from ..readers.time_systems import TIME_SYSTEMS

__all__ = ["StackData", "frame_title"]

_MJD_ZERO = 2400000.5  # Julian date


class StackData(Data):
    """An image whose pixels are those of one frame of a stack, or of what was computed of it.

    To jdaviz it is an image as any other: all that works on images works on the frame.

    Parameters
    ----------
    stack : ImageStack

    Attributes
    ----------
    stack : ImageStack
    index : tuple of int
        Which frame, one number for each axis but y and x, from 0.
    title : str
        What is shown, for people.
    """

    def __init__(self, stack: ImageStack):
        super().__init__(coords=stack.wcs)
        self.stack = stack
        self.index = (0,) * (len(stack.shape) - 2)
        self.title = frame_title(stack, self.index)
        self._flags: tuple[tuple[int, ...], np.ndarray | None] | None = None
        self.add_component(_Picture(stack.frame(self.index), units=str(stack.unit)), "data")

    @property
    def picture(self) -> np.ndarray:
        """The pixels that are shown, float32, shape (ny, nx)."""
        return self.get_component(self._picture_id).data

    @property
    def is_frame(self) -> bool:
        """Whether a frame is shown as it is."""
        return self.title == frame_title(self.stack, self.index)

    def show_frame(self, index: tuple[int, ...]) -> None:
        """Show a frame as it is in the file.

        Parameters
        ----------
        index : tuple of int
        """
        self.show(self.stack.frame(index), frame_title(self.stack, index), index=index)

    def show(
        self,
        values: np.ndarray,
        title: str,
        *,
        index: tuple[int, ...] | None = None,
        unit: u.UnitBase | None = None,
    ) -> None:
        """Show a picture in place of the one before.

        Parameters
        ----------
        values : ndarray, shape (ny, nx)
        title : str
        index : tuple of int, optional
            The frame that it belongs to; by default that of before.
        unit : Unit, optional
            By default that of the stack.
        """
        self.title = title
        if index is not None:
            self.index = tuple(index)
        component = self.get_component(self._picture_id)
        component.units = str(self.stack.unit if unit is None else unit)
        self.update_components({self._picture_id: values})

    def pixel_text(self, row: int, column: int) -> str:
        """Say what the read-out shows behind the value of a pixel.

        Parameters
        ----------
        row, column : int

        Returns
        -------
        str
            The names of the flags that the frame has there, where a frame is shown, and which.
        """
        flags = self.flags() if self.is_frame else None
        value = 0 if flags is None else int(flags[row, column])
        names = f" ({', '.join(dq_names(value))})" if value else ""
        return f"{names} · {self.title}"

    def flags(self) -> np.ndarray | None:
        """Return the flags of the frame.

        Returns
        -------
        ndarray of uint32, shape (ny, nx), or None
            None if the file has no DQ.
        """
        if self._flags is None or self._flags[0] != self.index:
            self._flags = (self.index, self.stack.frame_flags(self.index))
        return self._flags[1]

    @property
    def _picture_id(self) -> Any:
        return self.main_components[0]


class _Picture(Component):
    """Values that are numbers, which glue need not look at to know."""

    @property
    def numeric(self) -> bool:
        return True


def frame_title(stack: ImageStack, index: tuple[int, ...]) -> str:
    """Say which frame of a stack it is, and when it was taken.

    Parameters
    ----------
    stack : ImageStack
    index : tuple of int
        One number for each axis but y and x, from 0.

    Returns
    -------
    str
        ``'integration 3 of 10, BJD_TDB 61120.523456'``.
    """
    parts = []
    for axis, place, count in zip(stack.axes, index, stack.shape, strict=False):
        name = "PSF" if axis == "psf" else axis
        number = place + 1
        if axis == "integration" and stack.int_num is not None:
            number = int(stack.int_num[place])
        if number == place + 1:
            parts.append(f"{name} {number} of {count}")
        else:  # of a segment, whose first integration is not the first of the exposure
            parts.append(f"{name} {number} ({place + 1} of {count})")
    for system in TIME_SYSTEMS.values():
        days = stack.integrations.days.get(("mid", system.name))
        if days is not None:
            if np.isfinite(days[index[0]]):
                parts.append(f"{system.date} {days[index[0]] + _MJD_ZERO:.6f}")
            break
    return ", ".join(parts)
