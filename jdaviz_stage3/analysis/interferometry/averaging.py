"""Averages over integrations, with outliers left out."""

from __future__ import annotations

import copy

import numpy as np
from astropy import units as u
from astropy.stats import sigma_clip
from astropy.table import QTable

from ...errors import Stage3Error
from ...readers.interferometry import Interferometry

__all__ = ["average_integrations", "integration_series", "vis2_errors_from_amplitudes"]

# Column -> that of its error
_PAIRS = {"value": "error", "amplitude": "amplitude_error", "phase": "phase_error"}
# What a series and the number of used integrations are of.
_DRAWN = {
    "vis2": "value", "visibility": "phase", "closure_phase": "phase", "quad": "amplitude",
}  # fmt: skip


def average_integrations(
    observables: Interferometry,
    *,
    sigma: float | None = 3.0,
    start: int = 0,
    stop: int | None = None,
) -> Interferometry:
    """Average observables by integration (amimulti-oi), with errors from their scatter.

    Parameters
    ----------
    observables : Interferometry
        By integration.
    sigma : float, optional
        Values further from the median than this many standard deviations are left out, repeatedly;
        None for none.
    start, stop : int, optional
        Which integrations, as in a slice, from 0.

    Returns
    -------
    Interferometry
        Its errors are s/√n: s the standard deviation (n - 1) of the n values that are left. Each
        table has ``n_used``, of V², of the phases, of quadrangles of the amplitudes; a row of which
        nothing is left is NaN and flagged, the error of a single value NaN.

    Raises
    ------
    Stage3Error
        If the observables are averaged already, or no integration is chosen.

    Notes
    -----
    Each observable is averaged for itself: phases as differences from their circular mean. ami-oi
    is made otherwise: the pipeline averages the fringe phases and makes closure phases of these, so
    the two agree within errors, not exactly. Integrations are taken to be independent.
    """
    if observables.n_integrations < 2:
        raise Stage3Error(
            f"{observables.path.name}: not by integration (an amimulti-oi is); nothing to average"
        )
    chosen = slice(start, stop)
    if not len(range(observables.n_integrations)[chosen]):
        raise Stage3Error(
            f"no integrations in {start}:{stop}; there are {observables.n_integrations}, from 0"
        )
    result = copy.copy(observables)
    result.n_integrations = 1
    clipped = "no clipping" if sigma is None else f"clipped at {sigma} sigma"
    result.notes = (
        *(note for note in observables.notes if not note.startswith("each integration")),
        f"averaged over integrations, {clipped}, errors from their scatter",
    )
    for name, table in observables.tables.items():
        setattr(result, name, _averaged(table, _DRAWN[name], chosen, sigma))
    return result


def integration_series(
    observables: Interferometry,
    table: str,
    row: int,
    *,
    sigma: float | None = 3.0,
    start: int = 0,
    stop: int | None = None,
) -> QTable:
    """Return one baseline or triangle in each integration, and what its average leaves out.

    Parameters
    ----------
    observables : Interferometry
        By integration.
    table : {'vis2', 'visibility', 'closure_phase', 'quad'}
    row : int
        Which row of the table, from 0.
    sigma, start, stop : optional
        As for `average_integrations`.

    Returns
    -------
    QTable
        ``integration`` (from 1); ``value``, V², the phase in degrees, or of quadrangles the
        amplitude; ``flagged`` (in the file, or no number); ``left_out``: not in the average,
        flagged, clipped or outside of the range. In ``meta`` ``stations``, ``mean``, ``error``
        and ``n_used``, as `average_integrations` has them.

    Raises
    ------
    Stage3Error
        If the observables are averaged already, or there is no such table or row.
    """
    found = observables.tables.get(table)
    if observables.n_integrations < 2:
        raise Stage3Error(
            f"{observables.path.name}: not by integration (an amimulti-oi is); no series"
        )
    if found is None or not 0 <= row < len(found):
        n_rows = 0 if found is None else len(found)
        raise Stage3Error(
            f"{observables.path.name}: row {row} of {table} asked for, there are {n_rows}, from 0"
        )
    values = found[_DRAWN[table]][row]
    unit = values.unit if isinstance(values, u.Quantity) else None
    plain = np.asarray(values.value if unit else values)[np.newaxis]
    flagged = (np.asarray(found["flag"][row]) | ~np.isfinite(plain[0]))[np.newaxis]
    chosen = slice(start, stop)
    used = np.zeros(plain.shape, bool)
    used[:, chosen] = _used(plain[:, chosen], flagged[:, chosen], sigma, unit is not None)
    mean, error, n = _mean(plain[:, chosen], flagged[:, chosen], sigma, unit is not None)
    series = QTable({"integration": np.arange(1, plain.shape[1] + 1)})
    series["value"] = plain[0] << (unit or u.one)
    series["flagged"], series["left_out"] = flagged[0], ~used[0]
    series.meta = {
        "stations": str(found["stations"][row]), "mean": float(mean[0]), "error": float(error[0]),
        "n_used": int(n[0]),
    }  # fmt: skip
    return series


def vis2_errors_from_amplitudes(observables: Interferometry) -> Interferometry:
    """Give V² the errors that follow from the amplitudes: twice the amplitude times its error.

    jwst up to 3.0.0 divides by the root of the number of integrations twice, so that VIS2ERR of
    ami-oi is too small by it (``RawOifits.average_observables``).

    Parameters
    ----------
    observables : Interferometry
        With ``vis2`` and ``visibility`` of the same baselines in the same order.

    Returns
    -------
    Interferometry
        A copy.

    Raises
    ------
    Stage3Error
        If one of the tables is missing, or they do not go together.
    """
    vis2, visibility = observables.vis2, observables.visibility
    if (
        vis2 is None
        or visibility is None
        or not {"amplitude", "amplitude_error"} <= set(visibility.colnames)
        or not np.array_equal(vis2["station_index"], visibility["station_index"])
    ):
        raise Stage3Error(
            f"{observables.path.name}: no visibility amplitudes of the baselines that V² is of"
        )
    result = copy.copy(observables)
    result.vis2 = vis2.copy()
    amplitude = np.asarray(visibility["amplitude"])
    result.vis2["error"] = 2 * np.abs(amplitude) * np.asarray(visibility["amplitude_error"])
    result.notes = (*observables.notes, "errors of V² are those of the amplitudes, 2 |V| σ")
    return result


def _averaged(table: QTable, counted: str, chosen: slice, sigma: float | None) -> QTable:
    new = QTable(
        {c: table[c] for c in table.colnames if table[c].shape[1:] != table["flag"].shape[1:]}
    )
    if "station_index" not in new.colnames:  # as many stations as integrations
        new["station_index"] = table["station_index"]
    flagged = np.asarray(table["flag"])[:, chosen]
    used: dict[str, np.ndarray] = {}
    for column, error in _PAIRS.items():
        if column not in table.colnames:
            continue
        values = table[column]
        unit = values.unit if isinstance(values, u.Quantity) else None
        mean, deviation, n = _mean(
            np.asarray(values.value if unit else values)[:, chosen],
            flagged,
            sigma,
            unit is not None,
        )
        new[column] = mean << unit if unit else mean
        new[error] = deviation << unit if unit else deviation
        used[column] = n
    new["n_used"] = used.get(counted, next(iter(used.values())))
    # triangles have amplitudes, too: closure phases are good where these are not known
    new["flag"] = np.max(list(used.values()), axis=0) == 0
    return new


def _mean(
    values: np.ndarray, flagged: np.ndarray, sigma: float | None, is_phase: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, its error and the number of values of each row; phases in degrees."""
    masked, center = _clipped(values, flagged, sigma, is_phase)
    n = np.asarray(masked.count(axis=1))
    mean = masked.mean(axis=1).filled(np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = ((masked - mean[:, np.newaxis]) ** 2).sum(axis=1).filled(np.nan)
        error = np.where(n > 1, np.sqrt(squares / np.maximum(n - 1, 1) / np.maximum(n, 1)), np.nan)
    if is_phase:
        mean = -((-(mean + center) + 180) % 360 - 180)
    return mean, error, n


def _used(
    values: np.ndarray, flagged: np.ndarray, sigma: float | None, is_phase: bool
) -> np.ndarray:
    """Which values a mean is of."""
    masked, _ = _clipped(values, flagged, sigma, is_phase)
    return ~np.ma.getmaskarray(masked)


def _clipped(
    values: np.ndarray, flagged: np.ndarray, sigma: float | None, is_phase: bool
) -> tuple[np.ma.MaskedArray, np.ndarray]:
    """Values with what is left out masked, and what was taken off them: the middle of phases."""
    bad = flagged | ~np.isfinite(values)
    center = np.zeros(len(values))
    if is_phase:
        turns = np.where(bad, 0, np.exp(1j * np.radians(np.where(bad, 0, values))))
        center = np.angle(turns.sum(axis=1), deg=True)
        values = (values - center[:, np.newaxis] + 180) % 360 - 180
    masked = np.ma.masked_array(np.where(bad, 0.0, values), bad)
    if sigma is not None:
        masked = sigma_clip(masked, sigma=sigma, axis=1, masked=True, copy=True)
    return masked, center
