"""A stack of images in memory, which is read as one in a file is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.utils.masked import Masked

from ...errors import Stage3Error
from ...readers.stack_frames import Window
from ...readers.stack_times import IntegrationTimes

__all__ = ["MemoryStack"]


class MemoryStack:
    """Arrays with the methods of an `~jdaviz_stage3.readers.image_stack.ImageStack`.

    Parameters
    ----------
    data : array-like, shape (n, ny, nx)
        Or a Quantity. Of masked arrays what is masked is excluded.
    error : array-like, optional
        Standard deviations; of this shape or, as the next two, of one that numpy broadcasts to it.
    mask : array-like of bool, optional
        True where a pixel is excluded.
    flags : array-like of unsigned int, optional
    unit : Unit, optional
        That of the data where they have one.
    wcs : WCS, optional
        Of an image; one of three axes is none.
    meta : dict, optional

    Raises
    ------
    Stage3Error
        If there are not three axes, nothing along one of them, no real numbers, or shapes differ.
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
        data, masked = _without_mask(data)
        self._data = np.asarray(getattr(data, "value", data))
        if self._data.ndim != 3 or 0 in self._data.shape:
            found = " × ".join(map(str, self._data.shape)) or "one number"
            raise Stage3Error(f"a stack has three axes, n × y × x; found {found}")
        if self._data.dtype.kind not in "biuf":
            raise Stage3Error(f"a stack has real numbers; found {self._data.dtype}")
        self.error, self.dq, excluded, masked = (
            None if each is None else self._like_data(each, what)
            for each, what in (
                (error, "errors"), (flags, "flags"), (mask, "mask"), (masked, "data's own mask"),
            )
        )  # fmt: skip
        self._mask = masked if excluded is None else excluded
        if excluded is not None and masked is not None:
            self._mask = excluded | masked
        self.wcs = wcs if getattr(wcs, "pixel_n_dim", 0) == 2 else None
        self.meta = dict(meta or {})

    def _like_data(self, values: Any, what: str) -> np.ndarray:
        """Values for each pixel, or for those of an image, or one for all."""
        found = np.asarray(values)
        try:
            return np.broadcast_to(found, self._data.shape)
        except ValueError:
            sizes = [" × ".join(map(str, shape)) for shape in (found.shape, self._data.shape)]
            raise Stage3Error(
                f"the {what} of a stack have {sizes[0]} pixels, expected {sizes[1]}"
            ) from None

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


def _without_mask(data: Any) -> tuple[Any, np.ndarray | None]:
    """Values, and the mask of numpy's and of astropy's masked arrays, which `asarray` drops."""
    if isinstance(data, np.ma.MaskedArray):
        return data.data, np.ma.getmaskarray(data)
    if isinstance(data, Masked):
        return data.unmasked, data.mask
    return data, None
