"""Bands on a grid of wavelengths: their limits, and how much of each channel they hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u

from ...errors import Stage3Error

__all__ = [
    "BAND_EDGES",
    "band_limits",
    "band_weights",
    "bands_of_resolving_power",
    "channel_edges",
    "equal_bands",
]

#: How a band treats the channels at its ends; see `band_weights`.
BAND_EDGES = ("inclusive", "fractional")

# Whole bands that fit into a range are counted to this part of one, for 0.3 / 0.1 is below 3.
_ROUNDING = 1e-9


def channel_edges(wavelength: u.Quantity | np.ndarray) -> u.Quantity | np.ndarray:
    """Return the borders of the channels: half-way between the wavelengths of two neighbours.

    Parameters
    ----------
    wavelength : Quantity or ndarray, shape (..., n_wave)
        Centres of the channels, ascending or descending, in even or uneven steps; NaN where there
        is no channel (padding).

    Returns
    -------
    Quantity or ndarray, shape (..., n_wave + 1), float64
        In the order and unit of ``wavelength``. The outer border of a channel without a neighbour
        is as far from its centre as the other one; NaN where there is no channel, or where it has
        no neighbour at all and so no known width.
    """
    values = np.asarray(getattr(wavelength, "value", wavelength), dtype=np.float64)
    edges = np.full((*values.shape[:-1], values.shape[-1] + 1), np.nan)
    edges[..., 1:-1] = (values[..., :-1] + values[..., 1:]) / 2
    left = np.where(np.isnan(edges[..., :-1]), 2 * values - edges[..., 1:], edges[..., :-1])
    right = np.where(np.isnan(edges[..., 1:]), 2 * values - left, edges[..., 1:])
    edges[..., :-1] = left
    edges[..., 1:] = np.where(np.isnan(edges[..., 1:]), right, edges[..., 1:])
    unit = getattr(wavelength, "unit", None)
    return edges if unit is None else u.Quantity(edges, unit, copy=False)


def band_limits(band: Any, unit: u.UnitBase) -> tuple[float | None, float | None]:
    """Return the limits of a band in the unit of the wavelengths, the lower first.

    Parameters
    ----------
    band : Quantity of shape (2,), pair of Quantities or None, region, or None
        The limits, the lower first; in units of wavelength, frequency, wavenumber or energy
        (of which the lower is the longer wavelength). A region is any object with ``lower`` and
        ``upper``, as `specutils.SpectralRegion`, in one piece. None, for the band or for one
        limit, is the end of the data.
    unit : Unit
        Of the wavelengths.

    Returns
    -------
    low, high : float or None

    Raises
    ------
    Stage3Error
        If there are not two limits, they are not finite, equal, or in the wrong order, or their
        unit does not convert.
    """
    if band is None:
        return None, None
    if isinstance(getattr(band, "lower", None), u.Quantity):
        pieces = len(getattr(band, "subregions", None) or [band])
        if pieces > 1:
            raise Stage3Error(
                f"the region has {pieces} pieces, a band is one: give one of them, or all to "
                "spectroscopic_light_curves"
            )
        band = (band.lower, band.upper)
    try:
        low, high = band
    except (TypeError, ValueError) as err:
        raise Stage3Error(
            f"band is {band!r}; give two limits with a unit, for example [1.5, 2.0] * u.um"
        ) from err
    if low is not None and high is not None:
        _check_order(low, high)
    values = [None if limit is None else _in_unit(limit, unit) for limit in (low, high)]
    # Frequencies and energies fall as the wavelength grows.
    given = low if low is not None else high
    if given is not None and not given.unit.is_equivalent(unit):
        values.reverse()
    return values[0], values[1]


def _in_unit(limit: Any, unit: u.UnitBase) -> float:
    if not isinstance(limit, u.Quantity):
        raise Stage3Error(
            f"the limit of the band {limit!r} has no unit; give it in units of wavelength, "
            f"for example {unit}"
        )
    try:
        value = float(limit.to_value(unit, equivalencies=u.spectral()))
    except u.UnitConversionError as err:
        raise Stage3Error(
            f"the limit of the band {limit} does not convert to {unit}; give a wavelength, "
            "frequency, wavenumber or energy"
        ) from err
    if not np.isfinite(value):
        raise Stage3Error(f"the limit of the band is {limit}; it must be finite")
    return value


def _check_order(low: Any, high: Any) -> None:
    if not (isinstance(low, u.Quantity) and isinstance(high, u.Quantity)):
        return  # what is wrong with it, the conversion says
    try:
        lower = low.to_value(high.unit)
    except u.UnitConversionError as err:
        raise Stage3Error(
            f"the limits of the band are in {low.unit} and {high.unit}, which do not convert; "
            "give both in one unit"
        ) from err
    if lower == high.value:
        raise Stage3Error(f"the band is empty: both limits are {high}")
    if lower > high.value:
        raise Stage3Error(
            f"the band is reversed: its limits are {low} and {high}; give the lower one first, "
            f"{high} to {low}"
        )


def band_weights(
    wavelength: u.Quantity,
    low: u.Quantity | None = None,
    high: u.Quantity | None = None,
    band_edges: str = "inclusive",
) -> np.ndarray:
    """Return how much of each channel is in a band.

    Parameters
    ----------
    wavelength : Quantity, shape (..., n_wave)
        Centres of the channels; NaN where there is no channel.
    low, high : Quantity or None, optional
        Limits of the band, see `band_limits`; None is the end of the data.
    band_edges : {'inclusive', 'fractional'}, optional
        ``'inclusive'``: channels whose centre is in the band, ends included, count 1, others 0.
        ``'fractional'``: each channel counts with the part of its width (see `channel_edges`) that
        is in the band.

    Returns
    -------
    ndarray of float64, shape of ``wavelength``
        From 0 to 1.

    Raises
    ------
    Stage3Error
        If the band is outside the data, or narrower than a channel so that it holds no centre
        (``'inclusive'``); for what `band_limits` raises; or if ``band_edges`` is neither.
    """
    if band_edges not in BAND_EDGES:
        raise Stage3Error(f"band_edges is {band_edges!r}; it must be 'inclusive' or 'fractional'")
    limits = band_limits((low, high), wavelength.unit)
    centres = wavelength.value
    if not np.isfinite(centres).any():
        raise Stage3Error("no channel has a wavelength: there is nothing to take a band of")
    low_value = -np.inf if limits[0] is None else limits[0]
    high_value = np.inf if limits[1] is None else limits[1]
    with np.errstate(invalid="ignore"):  # NaN, where there is no channel, is in no band
        if band_edges == "inclusive":
            weights = ((centres >= low_value) & (centres <= high_value)).astype(np.float64)
            if weights.any():
                return weights
        first, last = _borders(channel_edges(centres))
        _check_inside(centres, first, last, limits, wavelength.unit)
        width = last - first
        if band_edges == "inclusive":
            raise Stage3Error(_no_centre(centres, width, limits, wavelength.unit))
        known = (width > 0) & np.isfinite(centres)  # a gap between channels has borders, too
        if not known.any():
            raise Stage3Error(
                "there is one channel, whose width is not known: use band_edges='inclusive'"
            )
        overlap = np.minimum(last, high_value) - np.maximum(first, low_value)
        return np.where(known, np.clip(overlap / np.where(known, width, 1), 0, 1), 0.0)


def _borders(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and the upper border of each channel."""
    return np.minimum(edges[..., :-1], edges[..., 1:]), np.maximum(edges[..., :-1], edges[..., 1:])


def _check_inside(
    centres: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    limits: tuple[float | None, float | None],
    unit: u.UnitBase,
) -> None:
    low, high = limits
    start = min(np.nanmin(centres), np.nanmin(first, initial=np.inf))
    stop = max(np.nanmax(centres), np.nanmax(last, initial=-np.inf))
    if (low is not None and low > stop) or (high is not None and high < start):
        ends = [f"{value:.6g}" for value in (low, high) if value is not None]
        what = f"the band {' to '.join(ends)}" if len(ends) == 2 else f"the limit {ends[0]}"
        raise Stage3Error(
            f"{what} {unit} is outside the data, which are from {np.nanmin(centres):.6g} to "
            f"{np.nanmax(centres):.6g} {unit}"
        )


def _no_centre(
    centres: np.ndarray,
    width: np.ndarray,
    limits: tuple[float | None, float | None],
    unit: u.UnitBase,
) -> str:
    low, high = limits
    distance = np.fmax(
        -np.inf if low is None else low - centres, -np.inf if high is None else centres - high
    )
    nearest = np.unravel_index(np.nanargmin(distance), centres.shape)
    band = (
        f"from {low:.6g} to {high:.6g} {unit}"
        if low is not None and high is not None
        else f"below {high:.6g} {unit}"
        if low is None
        else f"above {low:.6g} {unit}"
    )
    return (
        f"the band {band} holds the centre of no channel: the nearest is at "
        f"{centres[nearest]:.6g} {unit}, where a channel is {width[nearest]:.3g} {unit} wide; make "
        "the band wider, or use band_edges='fractional'"
    )


def equal_bands(
    low: u.Quantity,
    high: u.Quantity,
    *,
    n: int | None = None,
    width: u.Quantity | None = None,
) -> u.Quantity:
    """Divide a range into bands of equal width that touch.

    Parameters
    ----------
    low, high : Quantity
        The range, the lower limit first.
    n : int, optional
        Number of bands. One of ``n`` and ``width`` must be given.
    width : Quantity, optional
        Width of a band. The bands start at ``low``; what is left at the upper end, less than a
        width, is in no band.

    Returns
    -------
    Quantity, shape (n, 2), float64
        Lower and upper limit of each, in the unit of ``low``.

    Raises
    ------
    Stage3Error
        If the range is empty, reversed or in two units that do not convert, if not one of ``n``
        and ``width`` is given, or if it is not positive or the width larger than the range.
    """
    start, stop, unit = _checked_range(low, high)
    if (n is None) == (width is None):
        raise Stage3Error("give either the number of bands, n, or their width")
    if n is not None:
        count = _checked_count(n)
        edges: np.ndarray = np.linspace(start, stop, count + 1)
    else:
        try:
            step = float(u.Quantity(width).to_value(unit))
        except u.UnitConversionError as err:
            raise Stage3Error(
                f"the width of a band is {width}, which does not convert to the {unit} of the range"
            ) from err
        if not np.isfinite(step) or step <= 0:
            raise Stage3Error(f"the width of a band is {width}; it must be positive")
        count = int((stop - start) / step + _ROUNDING)
        if count < 1:
            raise Stage3Error(
                f"the width of a band, {width}, is larger than the range of {low} to {high}"
            )
        edges = start + step * np.arange(count + 1)
    return u.Quantity(np.stack([edges[:-1], edges[1:]], axis=1), unit, copy=False)


def bands_of_resolving_power(
    low: u.Quantity, high: u.Quantity, resolving_power: float
) -> u.Quantity:
    """Divide a range into bands that touch, each as wide as its middle over R.

    Parameters
    ----------
    low, high : Quantity
        The range, the lower limit first.
    resolving_power : float
        R = λ/Δλ; above 0.5.

    Returns
    -------
    Quantity, shape (n, 2), float64
        Lower and upper limit of each, in the unit of ``low``. They start at ``low``; what is left
        at the upper end, less than a band, is in none.

    Raises
    ------
    Stage3Error
        If the range is empty, reversed, not positive or in two units that do not convert, R is not
        above 0.5, or the range is narrower than one band.

    Notes
    -----
    With Δλ = λ₂ - λ₁ and the middle (λ₁ + λ₂) / 2 = R Δλ, each limit is
    q = (2R + 1) / (2R - 1) times the one before.
    """
    start, stop, unit = _checked_range(low, high)
    power = float(resolving_power)
    if not np.isfinite(power) or power <= 0.5:
        raise Stage3Error(f"the resolving power is {resolving_power}; it must be above 0.5")
    if start <= 0:
        raise Stage3Error(
            f"the range starts at {low}; bands of a resolving power need limits above 0"
        )
    ratio = (2 * power + 1) / (2 * power - 1)
    count = int(np.log(stop / start) / np.log(ratio) + _ROUNDING)
    if count < 1:
        raise Stage3Error(
            f"{low} to {high} is narrower than one band of resolving power {power:g}; give a "
            "higher one, or a wider range"
        )
    edges = start * ratio ** np.arange(count + 1)
    return u.Quantity(np.stack([edges[:-1], edges[1:]], axis=1), unit, copy=False)


def _checked_range(low: Any, high: Any) -> tuple[float, float, u.UnitBase]:
    for limit in (low, high):
        if not isinstance(limit, u.Quantity) or not limit.isscalar or not np.isfinite(limit.value):
            raise Stage3Error(
                f"the limit of the range is {limit!r}; give a finite number with a unit"
            )
    _check_order(low, high)
    return float(low.value), float(high.to_value(low.unit)), low.unit


def _checked_count(n: Any) -> int:
    if isinstance(n, bool) or int(n) != n or n < 1:
        raise Stage3Error(f"the number of bands is {n!r}; it must be a whole number, 1 or more")
    return int(n)
