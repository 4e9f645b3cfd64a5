"""A stack of images in memory, which is read as one in a file is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u

from ...errors import Stage3Error
from ...readers.stack_frames import Window
from ...readers.stack_times import IntegrationTimes

__all__ = ["MemoryStack"]


class MemoryStack:
    """Arrays with the methods of an `~jdaviz_stage3.readers.image_stack.ImageStack`.

    Parameters
    ----------
    data : array-like, shape (n, ny, nx)
        Or a Quantity.
    error : array-like, same shape, optional
        Standard deviations.
    mask : array-like of bool, same shape, optional
        True where a pixel is excluded.
    flags : array-like of unsigned int, same shape, optional
    unit : Unit, optional
        That of the data where they have one.
    wcs : WCS, optional
        Of an image; one of three axes is none.
    meta : dict, optional

    Raises
    ------
    Stage3Error
        If there are not three axes, nothing along one of them, or shapes differ.
    """

    axes = ("integration", "y", "x")
    path = Path("the stack")
    times = times_utc = int_num = None
    integrations = IntegrationTimes()
    dq_bits = 0  # what is excluded, the mask says

    def __init__(
        self,
        data: Any,
        error: Any = None,
        mask: Any = None,
        flags: Any = None,
        *,
        unit: u.UnitBase | None = None,
        wcs: Any = None,
        meta: Any = None,
    ):
        self.unit = getattr(data, "unit", None) or unit
        self._data = np.asarray(getattr(data, "value", data))
        if self._data.ndim != 3 or 0 in self._data.shape:
            found = " × ".join(map(str, self._data.shape)) or "one number"
            raise Stage3Error(f"a stack has three axes, n × y × x; found {found}")
        self.error, self._mask, self.dq = (
            None if each is None else np.broadcast_to(np.asarray(each), self._data.shape)
            for each in (error, mask, flags)
        )
        self.wcs = wcs if getattr(wcs, "pixel_n_dim", 0) == 2 else None
        self.meta = dict(meta or {})

    def __len__(self) -> int:
        return len(self._data)

    @property
    def frame_shape(self) -> tuple[int, int]:
        """(ny, nx)."""
        ny, nx = self._data.shape[1:]
        return ny, nx

    def frames(self, start: int, stop: int, *, blank: bool = True, window: Window) -> np.ndarray:
        """Return images in a row, in an array of their own.

        Parameters
        ----------
        start, stop : int
        blank : bool, optional
            Whether excluded pixels are NaN.
        window : (slice, slice)

        Returns
        -------
        ndarray of float, shape (n, ny, nx)
        """
        values = self._data[start:stop, *window]
        values = values.astype(values.dtype if values.dtype.kind == "f" else float)
        if blank:
            values[np.isinf(values)] = np.nan
        if blank and self._mask is not None:
            values[self._mask[start:stop, *window]] = np.nan
        return values

    def errors(self, start: int, stop: int, *, window: Window) -> np.ndarray | None:
        """Return standard deviations of images in a row.

        Parameters
        ----------
        start, stop : int
        window : (slice, slice)

        Returns
        -------
        ndarray of float, shape (n, ny, nx), or None
        """
        return None if self.error is None else self.error[start:stop, *window]

    def flags(self, start: int, stop: int, *, window: Window) -> np.ndarray | None:
        """Return the flags of images in a row.

        Parameters
        ----------
        start, stop : int
        window : (slice, slice)

        Returns
        -------
        ndarray of uint32, shape (n, ny, nx), or None
        """
        return None if self.dq is None else self.dq[start:stop, *window].astype(np.uint32)
