"""The window of a rectified 2-D spectrum that the pipeline has extracted a spectrum from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import Stage3Error

__all__ = ["ExtractionWindow", "extraction_window"]

_KEYWORDS = {"x": ("EXTRXSTR", "EXTRXSTP"), "y": ("EXTRYSTR", "EXTRYSTP")}


@dataclass(frozen=True)
class ExtractionWindow:
    """A window in pixels of an image whose wavelength is along x, counted from 0.

    Attributes
    ----------
    lower, upper : float
        Its edges along the slit. Whole numbers are the middles of pixels: a window from 2.5 to 7.5
        holds the rows 3 to 7.
    first, last : int
        The first and the last column in it.
    """

    lower: float
    upper: float
    first: int
    last: int

    @property
    def width(self) -> float:
        """How many pixels it has along the slit."""
        return self.upper - self.lower

    @property
    def center(self) -> float:
        """The row of its middle."""
        return (self.lower + self.upper) / 2

    def weights(self, n_rows: int, n_columns: int) -> np.ndarray:
        """Return how much of each pixel is in the window.

        Parameters
        ----------
        n_rows, n_columns : int
            Of the image.

        Returns
        -------
        ndarray, shape (n_rows, n_columns)
            From 0 to 1: pixels on the edge count as far as they are inside, as in the pipeline's
            ``extract_1d``.
        """
        rows = np.arange(n_rows)
        inside = np.minimum(rows + 0.5, self.upper) - np.maximum(rows - 0.5, self.lower)
        columns = np.arange(n_columns)
        return np.outer(
            np.clip(inside, 0, 1), (columns >= self.first) & (columns <= self.last)
        ).astype(float)


def extraction_window(
    header: Mapping[str, Any], dispersion_axis: int, n_rows: int, n_columns: int
) -> ExtractionWindow:
    """Take the window from the header of an extracted spectrum.

    The pipeline (jwst 1.14 and later) writes the limits counted from 1, and both pixels at them
    are inside. EXTRYSTR = 29, EXTRYSTP = 31 is a width of three pixels; 28.5 and 31.5 one of four,
    whose outermost pixels count half.

    Parameters
    ----------
    header : mapping
        With EXTRXSTR, EXTRXSTP, EXTRYSTR and EXTRYSTP.
    dispersion_axis : {1, 2}
        The axis of the file along which the wavelength changes.
    n_rows, n_columns : int
        Of the image, whose wavelength is along x whatever the file has.

    Returns
    -------
    ExtractionWindow

    Raises
    ------
    Stage3Error
        If there are no limits, or the window lies outside of the image.
    """
    along, across = ("x", "y") if dispersion_axis == 1 else ("y", "x")
    start, stop = (_number(header.get(name)) for name in _KEYWORDS[across])
    if start is None or stop is None:
        names = " and ".join(_KEYWORDS[across])
        found = ", ".join(f"{k} = {header[k]!r}" for k in _KEYWORDS[across] if k in header)
        raise Stage3Error(
            f"the x1d has no {names}{f' that are numbers ({found})' if found else ''}, so its "
            "window is not known (jwst before 1.14 did not write them, and before 1.17 not for "
            "windows given by polynomials)"
        )
    lower, upper = _inside(_KEYWORDS[across], start, stop, n_rows, "along the slit", n_rows)
    begin, end = (_number(header.get(name)) for name in _KEYWORDS[along])
    begin, end = 1.0 if begin is None else begin, float(n_columns) if end is None else end
    _inside(_KEYWORDS[along], begin, end, n_columns, "along the wavelength", np.inf)
    return ExtractionWindow(
        lower, upper, max(int(np.ceil(begin)) - 1, 0), min(int(np.floor(end)) - 1, n_columns - 1)
    )


def _inside(
    names: tuple[str, str], start: float, stop: float, n: int, where: str, beyond: float
) -> tuple[float, float]:
    """The edges of a window from 0; raises where it is none of this image.

    It may reach out of the image, by not more than ``beyond`` pixels.
    """
    lower, upper = start - 1.5, stop - 0.5
    overlaps = lower < upper and upper > -0.5 and lower < n - 0.5
    if overlaps and lower >= -beyond and upper <= n + beyond:
        return lower, upper
    raise Stage3Error(
        f"the window of the x1d ({names[0]} = {start:g}, {names[1]} = {stop:g}) is not in the 2-D "
        f"spectrum, which has {n} pixels {where}; is it the x1d of this s2d?"
    )


def _number(value: Any) -> float | None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if number and np.isfinite(value) else None
