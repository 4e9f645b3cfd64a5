"""Baselines, triangles and quadrangles of an interferometer: u, v, and what follows from them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from astropy import units as u
from astropy.table import QTable

__all__ = ["CYCLES_PER_RADIAN", "add_geometry", "baseline_names", "combination_indices", "sides_of"]

#: The unit of a spatial frequency u/λ; to cycles per arcsec: ``.to(1 / u.arcsec)``.
CYCLES_PER_RADIAN = 1 / u.rad


def combination_indices(n_stations: int, size: int) -> np.ndarray:
    """Return the baselines (size 2), triangles (3) or quadrangles (4) in the pipeline's order.

    Parameters
    ----------
    n_stations : int
    size : int

    Returns
    -------
    ndarray of int, shape (n, size)
        Numbers of the stations from 1: (1, 2), (1, 3), … (6, 7). This is the order of the loops of
        ``jwst.ami.oifits`` and of the coefficients of the fringe fit.
    """
    found = list(combinations(range(1, n_stations + 1), size))
    return np.array(found, int).reshape(-1, size)


def baseline_names(indices: np.ndarray, names: dict[int, str]) -> list[str]:
    """Return baselines as text: ``'A1-A2'``.

    Parameters
    ----------
    indices : ndarray of int, shape (n, size)
        Numbers of the stations.
    names : dict of int to str
        What the stations are called; the others by their numbers.

    Returns
    -------
    list of str
    """
    return ["-".join(names.get(int(i), str(int(i))) for i in row) for row in indices]


def sides_of(table: QTable) -> tuple[u.Quantity, u.Quantity]:
    """Return u and v of what a row is made of.

    Parameters
    ----------
    table : QTable
        With ``u`` and ``v``, or ``u1``, ``v1``, ``u2`` … of consecutive sides.

    Returns
    -------
    u, v : Quantity, shape (n_sides, n)
        Of a triangle its three sides, of which the last closes it; of a quadrangle its four.
    """
    if "u" in table.colnames:
        return table["u"][np.newaxis], table["v"][np.newaxis]
    n = sum(name in table.colnames for name in ("u1", "u2", "u3"))
    east, north = (
        u.Quantity([table[f"{axis}{i}"].to(u.m) for i in range(1, n + 1)]) for axis in "uv"
    )
    return tuple(  # type: ignore[return-value]
        np.concatenate([side, -side.sum(axis=0)[np.newaxis]]) for side in (east, north)
    )


def _all_separations(east: np.ndarray, north: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sides and, of a quadrangle, its diagonals."""
    if len(east) != 4:
        return east, north
    return tuple(  # type: ignore[return-value]
        np.concatenate([side, [side[0] + side[1], side[1] + side[2]]]) for side in (east, north)
    )


def add_geometry(table: QTable) -> None:
    """Add baseline, position angle and spatial frequency to a table of observables.

    Of a triangle or quadrangle these are those of its longest side or diagonal.

    Parameters
    ----------
    table : QTable
        With u and v in metres, and ``wavelength``. Gets ``baseline`` (of more than two stations
        ``longest_baseline``) in metres, ``position_angle`` in degrees east of north within
        [0, 180), and ``spatial_frequency`` = baseline / wavelength in 1/rad.
    """
    east, north = _all_separations(*(side.to_value(u.m) for side in sides_of(table)))
    length = np.hypot(east, north)
    longest = np.argmax(np.where(np.isfinite(length), length, -1), axis=0)
    rows = np.arange(len(table))
    name = "baseline" if "u" in table.colnames else "longest_baseline"
    table[name] = length[longest, rows] << u.m
    angle = np.degrees(np.arctan2(east[longest, rows], north[longest, rows]))
    table["position_angle"] = np.mod(angle, 180) % 180 << u.deg
    frequency = (table[name] / table["wavelength"]).to_value(u.one)
    table["spatial_frequency"] = frequency << CYCLES_PER_RADIAN
