"""Which values the colours of an image layer stand for: what a colour bar is drawn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.visualization import ContrastBiasStretch
from matplotlib.colors import to_hex
from matplotlib.ticker import MaxNLocator

__all__ = ["ColorScale", "Ticks"]

_GRID = np.linspace(0, 1, 2001)  # of the range of values
_STOPS = 33  # colours that a bar is drawn from; between them the browser interpolates
_NUMBERS = (2, 3, 5, 8)  # about so many ticks, for bars of different heights
_STEPS = [1, 2, 2.5, 5, 10]
_AT_A_STEP = 12  # values that are tried: where stretches are steep, smaller steps fill the rest
_TINY = 1e-9  # of a colour range: no difference

Ticks = list[tuple[float, str]]


@dataclass(frozen=True)
class ColorScale:
    """Colours from the lowest to the highest that are drawn, and the values at places of them.

    Attributes
    ----------
    colors : tuple of str
        Evenly spaced along the bar, ``'#rrggbb'``.
    ticks : tuple of list
        Round values as (place on the bar, 0 … 1, and text), from few to many, for bars of
        different heights.
    exponent : int
        The texts are in units of ten to the power of this.
    low, high : float
        The values at the ends of the bar.
    """

    colors: tuple[str, ...]
    ticks: tuple[Ticks, ...]
    exponent: int
    low: float
    high: float

    @classmethod
    def of(
        cls,
        limits: tuple[float, float],
        stretch: Callable[[np.ndarray], np.ndarray],
        cmap: Callable[[np.ndarray], np.ndarray],
        contrast: float = 1.0,
        bias: float = 0.5,
    ) -> ColorScale | None:
        """Work out a colour bar.

        Parameters
        ----------
        limits : tuple of float
            The values that 0 and 1 of the stretch stand for; the first may be the greater.
        stretch : callable
            From 0 … 1 to 0 … 1, as astropy's.
        cmap : callable
            From 0 … 1 to RGBA.
        contrast, bias : float, optional
            See `astropy.visualization.ContrastBiasStretch`.

        Returns
        -------
        ColorScale or None
            None where all values have one colour.
        """
        low, high = limits
        if not (np.isfinite(low) and np.isfinite(high)) or low == high:
            return None

        def level(share: np.ndarray) -> np.ndarray:
            return np.asarray(stretch(ContrastBiasStretch(contrast, bias)(np.array(share))))

        levels = level(_GRID)
        # contrast and bias leave both ends of the range in one colour each
        first = int(np.flatnonzero(np.abs(levels - levels[0]) <= _TINY)[-1])
        last = int(np.flatnonzero(np.abs(levels - levels[-1]) <= _TINY)[0])
        if first >= last:
            return None
        start, end = levels[first], levels[last]
        ends = low + (high - low) * _GRID[[first, last]]

        def place(value: np.ndarray) -> np.ndarray:
            share = (np.asarray(value, dtype=float) - low) / (high - low)
            return (level(np.clip(share, 0, 1)) - start) / (end - start)

        colors = tuple(to_hex(c) for c in cmap(np.linspace(start, end, _STOPS)))
        largest = np.abs(ends).max()
        exponent = int(np.floor(np.log10(largest)))
        exponent = 0 if -4 < exponent < 5 else exponent
        is_linear = np.allclose(place(np.linspace(*ends, 9)), np.linspace(0, 1, 9), atol=1e-3)
        find = _even if is_linear else _spread
        ticks = tuple(find(number, *np.sort(ends), place, exponent) for number in _NUMBERS)
        return cls(colors, ticks, exponent, float(ends[0]), float(ends[1]))


def _rounded(number: int, low: float, high: float) -> np.ndarray:
    """About so many round values between two."""
    found = MaxNLocator(number, steps=_STEPS, min_n_ticks=1).tick_values(low, high)
    margin = _TINY * (high - low)
    return found[(found >= low - margin) & (found <= high + margin)]


def _even(number: int, low: float, high: float, place: Any, exponent: int) -> Ticks:
    """Round values at equal steps, with as many decimals each."""
    values = _rounded(number, low, high)
    scaled = values / 10.0**exponent
    step = np.abs(np.diff(scaled)).min() if len(scaled) > 1 else np.abs(scaled).max(initial=1.0)
    decimals = 0
    while decimals < 12 and np.any(np.abs(scaled - np.round(scaled, decimals)) > 1e-3 * step):
        decimals += 1
    texts = [f"{value + 0.0:.{decimals}f}" for value in np.round(scaled, decimals)]
    return list(zip(place(values).tolist(), texts, strict=True))


def _spread(number: int, low: float, high: float, place: Any, exponent: int) -> Ticks:
    """Round values spread over the bar: closer ones near the low end, where stretches are steep."""
    found: list[tuple[float, int]] = []  # values, and their decimals
    for step, decimals in _steps(high - low):
        first, last = np.ceil(low / step - _TINY), np.floor(high / step + _TINY)
        last = min(last, first + _AT_A_STEP)
        found += [(step * count, decimals) for count in np.arange(first, last + 1)]
    values, decimals = np.transpose(found)
    taken: list[tuple[float, str]] = []
    for where, value, digits in zip(place(values).tolist(), values, decimals, strict=True):
        if all(abs(where - other) >= 1 / (number + 1) for other, _ in taken):
            text = f"{value / 10.0**exponent + 0.0:.{max(int(digits) + exponent, 0)}f}"
            taken.append((where, text.rstrip("0").rstrip(".") if "." in text else text))
    return sorted(taken)


def _steps(span: float) -> list[tuple[float, int]]:
    """Round steps from the whole of a range to a ten-thousandth, each with its decimals."""
    power = int(np.floor(np.log10(span)))
    steps = [
        (digit * 10.0**exponent, -exponent)
        for exponent in range(power, power - 5, -1)
        for digit in (5, 2, 1)
    ]
    return [(step, decimals) for step, decimals in steps if step <= span]
