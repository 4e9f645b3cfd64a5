"""Maps of signal to noise, by the statistic of contrast curves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from scipy import stats

from ...errors import Stage3Error
from .contrast import without_companions
from .elements import SumGrid, count_elements
from .separations import PixelAngles, check_center, check_positive, check_width
from .star import as_image

__all__ = ["SignalToNoise", "snr_map"]

_LEAST_PROBABILITY = 1e-300  # of a false alarm, 37 σ: beyond it numbers of 64 bits end


@dataclass(frozen=True, eq=False)
class SignalToNoise:
    """Signal to noise around a star, pixel by pixel.

    Attributes
    ----------
    snr : ndarray of float, shape (ny, nx)
        (sum - mean) / (s √(1 + 1/n)); NaN where it is not known.
    significance : ndarray of float, shape (ny, nx)
        In Gaussian standard deviations: that of the same false-alarm probability. At most 37.
    n_elements : ndarray of int, shape (ny, nx)
        From how many resolution elements mean and noise of each pixel are.
    meta : dict
        What was assumed.
    """

    snr: np.ndarray
    significance: np.ndarray
    n_elements: np.ndarray
    meta: dict[str, Any]


def snr_map(
    image: Any,
    *,
    center: tuple[float, float],
    fwhm: float | u.Quantity,
    pixel_scale: u.Quantity | None = None,
    mask: Any = None,
    companions: Iterable[Sequence[float]] = (),
    companion_radius: float = 1.5,
    inner: Any = None,
    outer: Any = None,
    skip_neighbours: bool = False,
    coverage: float = 1.0,
    fewest: int = 3,
) -> SignalToNoise:
    """Return the signal to noise of a point source at each pixel.

    The sum over a circle of one FWHM around the pixel, against the sums over the other circles on
    its ring around the star.

    Parameters
    ----------
    image : ndarray, Quantity or NDData, shape (ny, nx)
        After subtraction of the star.
    center : tuple of float
        x and y of the star, pixels counted from 0.
    fwhm : float or Quantity
        Of a point source: in pixels, or as an angle with ``pixel_scale``.
    pixel_scale : Quantity, optional
        Arcsec per pixel.
    mask : ndarray of bool, shape (ny, nx), optional
        True where a pixel is excluded.
    companions : iterable of (x, y), optional
        Known companions: they count for themselves, but not for the noise of others.
    companion_radius : float, optional
        How far around each, in FWHM.
    inner, outer : Quantity or float, optional
        Separations between which it is taken; by default one FWHM, and the far corner.
    skip_neighbours : bool, optional
        Whether the two circles beside the pixel's own are left out, too, for subtraction of other
        rolls leaves negative images of a companion there. They are in by default.
    coverage : float, optional
        How much of a circle must not be excluded.
    fewest : int, optional
        With fewer other circles there is no value.

    Returns
    -------
    SignalToNoise

    Raises
    ------
    Stage3Error
        If arrays or numbers do not fit.

    Notes
    -----
    Mawet et al. 2014, ApJ 792, 97, eq. 9: the n other circles give mean and standard deviation s,
    and Student's t of n - 1 degrees of freedom the probability of a false alarm. Signal to noise is
    not significance: at small separations a high ratio is frequent. A circle on the ring that comes
    within an eighth of a pixel of what is excluded counts as excluded. A source is in the noise of
    the pixels on its own ring unless it is among ``companions``.
    """
    values, _ = as_image(image, mask, "the image")
    to_pixels = PixelAngles(pixel_scale)
    width = to_pixels(fwhm, "fwhm")
    check_width(width)
    check_positive(companion_radius=companion_radius, coverage=coverage)
    check_center(center, values.shape)
    first = width if inner is None else to_pixels(inner, "inner")
    last = np.inf if outer is None else to_pixels(outer, "outer")
    companions = [tuple(map(float, place)) for place in companions]

    # no more of the image than the largest ring needs
    window, (x0, y0) = _window(values.shape, center, last + width)
    own = SumGrid(values[window], width, coverage, per_pixel=1 if companions else 8)
    others = own
    if companions:
        hidden = without_companions(values, companions, companion_radius * width)
        others = SumGrid(hidden[window], width, coverage)

    found = {name: np.full(values.shape, np.nan) for name in ("snr", "significance")}
    counts = np.zeros(values.shape, int)
    rows, columns = np.nonzero(np.isfinite(own.at_pixels))
    signal = own.at_pixels[rows, columns]
    x, y = columns + x0 - center[0], rows + y0 - center[1]
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    n_ring = count_elements(radius, width)
    within = (radius >= first) & (radius <= last) & (n_ring > 1)
    skip = 2 if skip_neighbours else 1
    for n in np.unique(n_ring[within]):
        steps = 2 * np.pi * np.arange(skip, n - skip + 1) / n
        if len(steps) < max(fewest, 2):
            continue
        chosen = np.nonzero(within & (n_ring == n))[0]
        turned = angle[chosen, None] + steps
        r = radius[chosen, None]
        ring = others.at(center[0] - x0 + r * np.cos(turned), center[1] - y0 + r * np.sin(turned))
        there = np.isfinite(ring)
        count = there.sum(axis=1)
        enough = count >= max(fewest, 2)
        chosen, ring, count = chosen[enough], ring[enough], count[enough]
        if not len(chosen):
            continue
        spread = np.nanstd(ring, axis=1, ddof=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = (signal[chosen] - np.nanmean(ring, axis=1)) / (spread * np.sqrt(1 + 1 / count))
        ratio[spread == 0] = np.nan
        place = rows[chosen] + y0, columns[chosen] + x0
        counts[place] = count
        found["snr"][place] = ratio
        chance = np.clip(stats.t.sf(np.abs(ratio), count - 1), _LEAST_PROBABILITY, None)
        found["significance"][place] = np.sign(ratio) * stats.norm.isf(chance)
    meta = {
        "fwhm_pixels": float(width),
        "center": [float(axis) for axis in center],
        "companions": [list(place) for place in companions],
        "own_element": "left out of the noise",
        "neighbours": "left out of the noise" if skip_neighbours else "in the noise",
    }
    return SignalToNoise(found["snr"], found["significance"], counts, meta)


def _window(
    shape: tuple[int, int], center: tuple[float, float], reach: float
) -> tuple[tuple[slice, slice], tuple[int, int]]:
    """The part of an image within reach of the star, and its first column and row."""
    if not np.isfinite(reach):
        return (slice(None), slice(None)), (0, 0)
    low = [max(int(np.floor(axis - reach)), 0) for axis in center]
    high = [int(np.ceil(axis + reach)) + 1 for axis in center]
    if low[0] >= min(high[0], shape[1]) or low[1] >= min(high[1], shape[0]):
        raise Stage3Error("the star is so far from the image that no separation is in it")
    return (slice(low[1], high[1]), slice(low[0], high[0])), (low[0], low[1])
