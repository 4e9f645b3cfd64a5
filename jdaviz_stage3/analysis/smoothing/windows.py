"""Windows along one axis of an array: which pixels they hold, and checks of what is asked.

Shared by `median` and `smoothing`, so that width and edges mean the same in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from astropy import units as u

from ...errors import Stage3Error
from .flux_arrays import is_integer

__all__ = ["EDGES", "PixelWindows", "WavelengthWindows", "checked_windows"]

#: What to do where a window reaches beyond the first or last pixel, and its name in `numpy.pad`.
EDGES: dict[str, Literal["constant", "symmetric", "edge"]] = {
    "shrink": "constant",  # the window ends at the edge
    "reflect": "symmetric",  # d c b a | a b c d | d c b a, as 'reflect' of scipy.ndimage
    "nearest": "edge",  # a a a a | a b c d | d d d d
    "zero": "constant",  # 0 0 0 0 | a b c d | 0 0 0 0
    "nan": "constant",  # no result there
}


@dataclass
class PixelWindows:
    """Windows of equal width in pixels, centred on each pixel.

    Attributes
    ----------
    size : int
        Number of pixels along the axis.
    half : int
        The window of pixel ``i`` is ``i - half … i + half``.
    edge : str
        A key of `EDGES`.
    """

    size: int
    half: int
    edge: str

    @property
    def widest(self) -> int:
        """Number of pixels in a window."""
        return 2 * self.half + 1

    @property
    def at_edge(self) -> np.ndarray:
        """The pixels whose window reaches beyond the spectrum."""
        pixels = np.arange(self.size)
        return pixels[(pixels < self.half) | (pixels >= self.size - self.half)]

    def positions(self) -> np.ndarray:
        """Return which pixel stands at each place of the axis with ``half`` more at both ends.

        Returns
        -------
        ndarray of int, shape (size + 2 * half,)
            The window of pixel ``i`` is ``positions()[i : i + widest]``; -1 is a place without
            pixel.
        """
        pixels, mode = np.arange(self.size), EDGES[self.edge]
        if mode == "constant":
            return np.pad(pixels, self.half, mode=mode, constant_values=-1)
        return np.pad(pixels, self.half, mode=mode)

    def pixels(self, centres: np.ndarray) -> np.ndarray:
        """Return the pixels in some windows.

        Parameters
        ----------
        centres : ndarray of int, shape (n,)
            The pixels whose windows are asked for.

        Returns
        -------
        ndarray of int, shape (n, widest)
            -1 for a place without pixel.
        """
        return self.positions()[centres[:, None] + np.arange(self.widest)]

    def offsets(self, centres: np.ndarray) -> np.ndarray:
        """Return the distances of the places in some windows from their middle.

        Parameters
        ----------
        centres : ndarray of int, shape (n,)
            Not looked at: they are the same in each window.

        Returns
        -------
        ndarray of float64, shape (1, widest)
            In pixels.
        """
        return np.arange(-self.half, self.half + 1.0)[None]


@dataclass
class WavelengthWindows:
    """Windows of equal width in wavelength: another number of pixels at each pixel.

    Attributes
    ----------
    wavelength : ndarray of float, shape (size,)
    half_width : float
        In the unit of ``wavelength``.
    start, stop : ndarray of int, shape (size,)
        The window of pixel ``i`` is ``start[i] … stop[i] - 1``; empty where the wavelength of
        ``i`` is not finite.
    at_edge : ndarray of int
        The pixels whose window reaches beyond the spectrum (empty windows included).
    edge : str
        ``'shrink'`` or ``'nan'``.
    """

    wavelength: np.ndarray
    half_width: float
    start: np.ndarray
    stop: np.ndarray
    at_edge: np.ndarray
    edge: str

    @property
    def size(self) -> int:
        """Number of pixels along the axis."""
        return self.wavelength.size

    @property
    def widest(self) -> int:
        """Number of pixels in the window that has most."""
        return int((self.stop - self.start).max())

    @classmethod
    def of(
        cls,
        width: u.Quantity,
        wavelength: u.Quantity | None,
        size: int,
        edge: str,
        *,
        name: str = "width",
        extent: float = 1.0,
    ) -> WavelengthWindows:
        """Check and convert a width in wavelength units.

        Parameters
        ----------
        width : `~astropy.units.Quantity`, scalar
            A length.
        wavelength : `~astropy.units.Quantity`, shape (size,), or None
            Ascending or descending; NaN where a pixel has none.
        size : int
            Number of pixels along the axis.
        edge : str
            ``'shrink'`` or ``'nan'``.
        name : str, optional
            What the user calls the width, for messages.
        extent : float, optional
            The windows are so many times as wide.

        Returns
        -------
        WavelengthWindows

        Raises
        ------
        Stage3Error
            There are no wavelengths, they turn, or are not ``size`` many; the width is not
            positive, no length, smaller than a pixel everywhere or larger than the spectrum; or
            ``edge`` is another.
        """
        if wavelength is None:
            raise Stage3Error(
                f"{name} is {width}, but no wavelength is given: pass wavelength, or the {name} "
                "in pixels as a number"
            )
        if edge not in ("shrink", "nan"):
            raise Stage3Error(
                f"edge {edge!r} needs a {name} in pixels: with one in wavelength units there is "
                "no grid outside the spectrum; use 'shrink' or 'nan'"
            )
        _check_wavelength(wavelength, size)
        full = _in_unit(width, wavelength.unit, name)
        grid = wavelength.value.astype(np.float64)
        used = np.flatnonzero(np.isfinite(grid))
        along = grid[used]
        steps = np.diff(along)
        if used.size == 0 or not (np.all(steps > 0) or np.all(steps < 0)):
            raise Stage3Error(
                "wavelength must increase or decrease from each pixel to the next, all along; "
                f"found {_first_turn(along)}: smooth orders and detectors one at a time"
            )
        # |λ - λi| <= width / 2 must hold on a grid with rounding errors too.
        kind = wavelength.dtype if wavelength.dtype.kind == "f" else np.float64
        rounding = 4 * np.finfo(kind).eps * np.abs(along).max()
        reach = full * extent / 2 + rounding
        descending = steps.size > 0 and steps[0] < 0
        ascending = along[::-1] if descending else along
        first = np.searchsorted(ascending, ascending - reach, side="left")
        last = np.searchsorted(ascending, ascending + reach, side="right") - 1
        at_edge = np.ones(size, dtype=bool)
        if along.size > 1:
            # The first and last pixels reach half a step beyond their centres.
            low = ascending[0] - (ascending[1] - ascending[0]) / 2
            high = ascending[-1] + (ascending[-1] - ascending[-2]) / 2
            if full > high - low + 2 * rounding:
                raise Stage3Error(
                    f"{name} is {width}, wider than the spectrum, which spans "
                    f"{(high - low) * wavelength.unit:.6g}; give a smaller one"
                )
            if np.all(last == first):
                raise Stage3Error(
                    f"{name} is {width}, smaller than a pixel everywhere (the smallest step is "
                    f"{np.abs(steps).min() * wavelength.unit:.6g}): nothing would be smoothed; "
                    "give a larger one"
                )
            at_edge[used] = (along - reach < low - 2 * rounding) | (
                along + reach > high + 2 * rounding
            )
        if descending:
            first, last = (along.size - 1 - last)[::-1], (along.size - 1 - first)[::-1]
        start, stop = np.zeros((2, size), dtype=np.intp)
        start[used], stop[used] = used[first], used[last] + 1
        return cls(grid, full * extent / 2, start, stop, np.flatnonzero(at_edge), edge)

    def counted(self) -> PixelWindows | WavelengthWindows:
        """Return windows in pixels if they hold the same pixels, as on an even grid.

        Returns
        -------
        PixelWindows or WavelengthWindows
            The latter is ``self``.
        """
        half = self.widest // 2
        pixels = np.arange(self.size)
        same = PixelWindows(self.size, half, self.edge)
        if (
            same.widest <= self.size
            and np.array_equal(self.start, np.maximum(pixels - half, 0))
            and np.array_equal(self.stop, np.minimum(pixels + half + 1, self.size))
            and (self.edge == "shrink" or np.array_equal(self.at_edge, same.at_edge))
        ):
            return same
        return self

    def pixels(self, centres: np.ndarray) -> np.ndarray:
        """Return the pixels in some windows.

        Parameters
        ----------
        centres : ndarray of int, shape (n,)
            The pixels whose windows are asked for.

        Returns
        -------
        ndarray of int, shape (n, n_pixels)
            As many places as the widest of these windows has, one at least; -1 for none.
        """
        start, stop = self.start[centres, None], self.stop[centres, None]
        pixels = start + np.arange(max(1, int((stop - start).max())))
        return np.where(pixels < stop, pixels, -1)

    def offsets(self, centres: np.ndarray) -> np.ndarray:
        """Return the distances of the pixels in some windows from their middle.

        Parameters
        ----------
        centres : ndarray of int, shape (n,)
            The pixels whose windows are asked for.

        Returns
        -------
        ndarray of float64, shape (n, n_pixels)
            In the unit of ``wavelength``; of no meaning where `pixels` is -1.
        """
        return self.wavelength[self.pixels(centres)] - self.wavelength[centres, None]


def checked_windows(
    width: Any, wavelength: u.Quantity | None, size: int, edge: str, min_count: Any
) -> PixelWindows | WavelengthWindows:
    """Check what the public functions are given and return the windows.

    Parameters
    ----------
    width : int or `~astropy.units.Quantity`
        In pixels, then odd, or a length.
    wavelength : `~astropy.units.Quantity`, shape (size,), or None
        Needed for a length.
    size : int
        Number of pixels along the axis.
    edge : str
        A key of `EDGES`.
    min_count : int
        Fewest valid samples in a window.

    Returns
    -------
    PixelWindows or WavelengthWindows

    Raises
    ------
    Stage3Error
        The width, wavelength, edge or least number of samples cannot be used.
    """
    check_options(edge, min_count)
    width = in_pixels(width)
    windows: PixelWindows | WavelengthWindows
    if isinstance(width, u.Quantity):
        windows = WavelengthWindows.of(width, wavelength, size, edge)
        check_count(min_count, windows)
        return windows
    if not is_integer(width):
        raise Stage3Error(f"width is {width!r}; it must be an odd integer (pixels) or a Quantity")
    if width < 1 or width % 2 == 0:
        raise Stage3Error(
            f"width is {width}; a width in pixels must be odd and positive, so that the window "
            "has a middle pixel" + (f": try {width + 1}" if width > 0 else "")
        )
    if width > size:
        raise Stage3Error(
            f"width is {width} pixels, wider than the spectrum, which has {size}; "
            f"the widest is {size - 1 + size % 2}"
        )
    windows = PixelWindows(size, width // 2, edge)
    check_count(min_count, windows)
    return windows


def check_count(min_count: int, windows: PixelWindows | WavelengthWindows) -> None:
    """Raise Stage3Error if no window can hold so many samples."""
    if min_count > windows.widest:
        raise Stage3Error(
            f"min_count is {min_count}, but the widest window has {windows.widest} pixels: give a "
            "smaller min_count or a larger width"
        )


def check_options(edge: Any, min_count: Any) -> None:
    """Raise Stage3Error if ``edge`` is not a key of `EDGES`, or ``min_count`` not a number >= 1."""
    if not isinstance(edge, str) or edge not in EDGES:
        raise Stage3Error(f"edge is {edge!r}; it must be one of {', '.join(EDGES)}")
    if not is_integer(min_count) or min_count < 1:
        raise Stage3Error(f"min_count is {min_count!r}; it must be an integer of at least 1")


def in_pixels(width: Any) -> Any:
    """Return a Quantity in pixels (or without unit) as a plain number, all else as it is."""
    if isinstance(width, u.Quantity) and width.unit in (u.pix, u.dimensionless_unscaled):
        width = width.value[()]
    return int(width) if is_integer(width) else width


def _check_wavelength(wavelength: Any, size: int) -> None:
    if not isinstance(wavelength, u.Quantity):
        raise Stage3Error(
            f"wavelength is {type(wavelength).__name__}; a Quantity is needed, such as "
            "wavelength * u.um"
        )
    if wavelength.shape != (size,):
        raise Stage3Error(
            f"wavelength has shape {wavelength.shape}, but flux has {size} pixels along the axis: "
            f"({size},) is needed; where rows differ in wavelength, smooth one at a time"
        )


def _in_unit(width: u.Quantity, unit: u.UnitBase, name: str) -> float:
    """Return a width as a number in the unit of the wavelengths."""
    try:
        full = float(width.to_value(unit))
    except u.UnitConversionError as err:
        raise Stage3Error(
            f"{name} has the unit {width.unit}, which does not convert to that of wavelength, "
            f"{unit}; give a length, or a number of pixels"
        ) from err
    except TypeError as err:
        raise Stage3Error(f"{name} is {width}; one number is needed") from err
    if not (np.isfinite(full) and full > 0):
        raise Stage3Error(f"{name} is {width}; it must be greater than zero and finite")
    return full


def _first_turn(along: np.ndarray) -> str:
    if along.size == 0:
        return "no finite wavelength"
    steps = np.diff(along)
    turn = int(np.argmax(np.sign(steps) != np.sign(steps[0]))) if steps[0] else 0
    return f"{along[turn]:.8g} followed by {along[turn + 1]:.8g}"
