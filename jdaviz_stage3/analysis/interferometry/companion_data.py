"""Closure phases and V² as the search for a companion takes them, and what it assumes of them."""

from __future__ import annotations

import numpy as np
from astropy import units as u
from astropy.table import QTable

from ...errors import Stage3Error
from ...readers.baselines import sides_of
from ...readers.interferometry import Interferometry
from .companion_model import RADIANS_PER_MAS, CompanionModel

__all__ = ["assumptions_of", "prepare"]


def prepare(
    observables: Interferometry, use_vis2: bool, bandwidth_smearing: bool
) -> CompanionModel:
    """Collect what can be used.

    Parameters
    ----------
    observables : Interferometry
        Averaged.
    use_vis2 : bool
    bandwidth_smearing : bool

    Returns
    -------
    CompanionModel

    Raises
    ------
    Stage3Error
        If there are no closure phases that are finite, not flagged, and have an error and a place.
    """
    name = observables.path.name
    if observables.n_integrations > 1:
        raise Stage3Error(
            f"{name}: observables by integration, which have no errors; average them first "
            "(average_integrations)"
        )
    triangles = _usable(observables, "closure_phase")
    pairs = _usable(observables, "vis2") if use_vis2 else None
    east, north, wide = (np.empty((3, 0)) for _ in range(3))
    if triangles is not None:
        east, north, wide = _frequencies(triangles)
    n = east.shape[1]
    if pairs is not None:
        of_pairs = _frequencies(pairs)
        flat = [
            np.concatenate([a.ravel(), b.ravel()])
            for a, b in zip((east, north, wide), of_pairs, strict=True)
        ]
    else:
        flat = [east.ravel(), north.ravel(), wide.ravel()]
    x, y, smearing, rows, signs = _distinct(*flat)
    closure = np.zeros((len(x), n))
    for side in range(3 if n else 0):
        place = slice(side * n, (side + 1) * n)
        np.add.at(closure, (rows[place], np.arange(n)), signs[place])
    rank = int(np.linalg.matrix_rank(closure)) if n else 0
    empty = np.empty(0)
    return CompanionModel(
        x,
        y,
        smearing if bandwidth_smearing else np.zeros_like(smearing),
        closure,
        triangles["phase"].to_value(u.rad) if triangles is not None else empty,
        triangles["phase_error"].to_value(u.rad) if triangles is not None else empty,
        rows[3 * n :],
        np.asarray(pairs["value"]) if pairs is not None else empty,
        np.asarray(pairs["error"]) if pairs is not None else empty,
        rank + (0 if pairs is None else len(pairs)),
        rank / n if n else 1.0,
    )


def assumptions_of(model: CompanionModel, scale: float, smearing: bool) -> tuple[str, ...]:
    """Say what a search or a limit takes to be so.

    Parameters
    ----------
    model : CompanionModel
    scale : float
        What errors were multiplied with.
    smearing : bool
        Whether fringes were averaged over the band.

    Returns
    -------
    tuple of str
    """
    found = [
        "the star is unresolved, with one companion, both points",
        "errors are Gaussian",
        f"χ² of closure phases is multiplied with {model.correlation:.3f}, the independent of them "
        f"over all {len(model.phases)}",
        "the bandwidth smears fringes" if smearing else "all light is at the effective wavelength",
        "the significance is that of one place, with three parameters",
    ]
    if len(model.vis2):
        found.append("squared visibilities are independent of each other and of closure phases")
    if scale > 1:
        found.append(f"errors are {scale:.2f} times those of the file: their χ² was too large")
    return tuple(found)


def _usable(observables: Interferometry, name: str) -> QTable:
    table = observables.tables.get(name)
    what = {"closure_phase": "closure phases", "vis2": "squared visibilities"}[name]
    if table is None:
        raise Stage3Error(f"{observables.path.name}: no {what}; is it an ami-oi or aminorm-oi?")
    where = ~np.asarray(table["flag"])
    if not where.any():
        raise Stage3Error(f"{observables.path.name}: all {what} are flagged; nothing to fit")
    column = table["phase_error" if name == "closure_phase" else "error"]
    error = np.asarray(getattr(column, "value", column))
    where &= np.isfinite(error) & (error > 0)
    if not where.any():
        raise Stage3Error(
            f"{observables.path.name}: no {what} with known errors; average_integrations makes "
            "them of the scatter in an amimulti-oi"
        )
    where &= np.isfinite(table["spatial_frequency"].value)
    if not where.any():
        raise Stage3Error(
            f"{observables.path.name}: baselines or wavelength are not known; no place can be told"
        )
    return table[where]


def _frequencies(table: QTable) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cycles per mas to the east and north of each side, and the relative bandwidth."""
    sides = sides_of(table)
    wave = table["wavelength"].to_value(u.m)
    east, north = (side.to_value(u.m) / wave * RADIANS_PER_MAS for side in sides)
    wide = np.nan_to_num(table["bandwidth"].to_value(u.m) / wave)
    return east, north, np.broadcast_to(wide, east.shape)


def _distinct(
    x: np.ndarray, y: np.ndarray, wide: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Each baseline once; for those given its number, and -1 where it is taken the other way."""
    scale = np.abs(np.concatenate([x, y])).max() or 1
    whole = np.round(np.stack([x, y], axis=1) / scale * 1e7).astype(np.int64)
    backwards = (whole[:, 0] < 0) | ((whole[:, 0] == 0) & (whole[:, 1] < 0))
    signs = np.where(backwards, -1.0, 1.0)
    _, first, rows = np.unique(
        whole * signs[:, np.newaxis].astype(np.int64),
        axis=0,
        return_index=True,
        return_inverse=True,
    )
    return (x * signs)[first], (y * signs)[first], wide[first], rows.ravel(), signs
