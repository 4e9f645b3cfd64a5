"""Two spectral cubes, less each other: a few numbers for each channel, a piece at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import QTable

from ...errors import Stage3Error
from ..cubes.planes import CubePlanes, planes_of
from .differences import ASSUMED, Differences, in_unit

__all__ = ["CubeComparison", "compare_cubes"]

_SAME_CHANNEL = 0.05
_SAME_PIXEL = 0.05


@dataclass(frozen=True, eq=False)
class CubeComparison:
    """How two cubes differ, channel by channel.

    Attributes
    ----------
    channels : QTable
        One row a channel: ``wavelength``, ``n`` samples that both have, ``median`` and ``sigma``
        (1.4826 × the median absolute deviation) of first less second, ``median_ratio`` of samples
        that stand out, ``sigma_in_errors``: as of `Differences`.
    notes : tuple of str
        What was assumed and done.
    """

    channels: QTable
    notes: tuple[str, ...]

    @property
    def n(self) -> int:
        """How many samples both have."""
        return int(self.channels["n"].sum())

    @property
    def median(self) -> u.Quantity:
        """Median of the medians of the channels; NaN where there is none."""
        return _middle(self.channels["median"])

    @property
    def sigma(self) -> u.Quantity:
        """Median of the robust standard deviations of the channels."""
        return _middle(self.channels["sigma"])


def compare_cubes(first: Any, second: Any) -> CubeComparison:
    """Take the differences of two cubes, some planes at a time.

    Parameters
    ----------
    first, second : Spectrum or StoredCube, shape (n_wave, ny, nx)
        As `jdaviz_stage3.read` gives them; of files only some MB are in memory.

    Returns
    -------
    CubeComparison

    Raises
    ------
    Stage3Error
        If shapes, wavelengths or places on the sky are not the same, or units do not convert.
    """
    one, other = planes_of(first), planes_of(second)
    scale = in_unit(1.0 * other.unit, one.unit, "cubes").value
    _refuse_other_grids(one, other)
    rows = []
    errors = one.has_errors and other.has_errors
    for here, there in zip(one.pieces(errors=errors), other.pieces(errors=errors), strict=True):
        for number in range(len(here.values)):
            sigmas: list[u.Quantity | None] = [None, None]
            if here.errors is not None and there.errors is not None:
                sigmas = [here.errors[number] * one.unit, there.errors[number] * scale * one.unit]
            made = Differences.of(
                np.asarray(here.values[number]) * one.unit,
                np.asarray(there.values[number]) * scale * one.unit,
                *sigmas,
            )
            rows.append((made.n, made.median.value, made.sigma.value, made.median_ratio,
                         made.sigma_in_errors))  # fmt: skip
    columns = np.array(rows, dtype=float).T
    table = QTable({"wavelength": one.wavelength})
    table["n"] = columns[0].astype(int)
    table["median"], table["sigma"] = columns[1] * one.unit, columns[2] * one.unit
    table["median_ratio"], table["sigma_in_errors"] = columns[3], columns[4]
    if not table["n"].any():
        raise Stage3Error("the cubes have no usable sample in common")
    note = ASSUMED if errors else "not both have errors: there are none"
    return CubeComparison(table, (note,))


def _refuse_other_grids(one: CubePlanes, other: CubePlanes) -> None:
    if one.shape != other.shape:
        sizes = " and ".join(" × ".join(map(str, cube.shape)) for cube in (one, other))
        raise Stage3Error(
            f"the cubes have {sizes} samples (wavelength × y × x); only cubes on one grid are "
            "compared: build both with the same parameters of cube_build, or compare their spectra"
        )
    axes = [cube.wavelength.value for cube in (one, other)]
    step = float(np.median(np.abs(np.diff(axes[0])))) if axes[0].size > 1 else axes[0][0]
    apart = float(np.nanmax(np.abs(axes[0] - axes[1])))
    if not apart <= _SAME_CHANNEL * step:
        raise Stage3Error(
            f"the wavelengths of the cubes differ by up to {apart / step:.2g} channels; only cubes "
            "on one grid are compared"
        )
    if one.wcs is None or other.wcs is None:
        return
    ny, nx = one.shape[1:]
    x, y = np.meshgrid([0, nx - 1], [0, ny - 1])
    sky = one.wcs.celestial.pixel_to_world_values(x, y)
    there = other.wcs.celestial.world_to_pixel_values(*sky)
    moved = max(float(np.abs(a - b).max()) for a, b in zip(there, (x, y), strict=True))
    if not moved <= _SAME_PIXEL:
        raise Stage3Error(
            f"the pixels of the cubes lie up to {moved:.2g} pixels apart on the sky; only cubes on "
            "one grid are compared"
        )


def _middle(column: u.Quantity) -> u.Quantity:
    finite = column[np.isfinite(column)]
    return np.median(finite) if len(finite) else np.nan * column.unit
