"""Calibration with a reference star: what the atmosphere or telescope does is taken off."""

from __future__ import annotations

import copy

import numpy as np
from astropy import units as u
from astropy.table import QTable

from ...errors import Stage3Error
from ...readers.interferometry import Interferometry

__all__ = ["calibrate"]

_SAME_WAVELENGTH = 1e-3  # relative; the pipeline computes it from a spectrum of the star
_SAME_LENGTH = 0.01  # relative, of baselines
_KEPT = (
    "visibility phases, triple amplitudes and phases of quadrangles are those of the target, not "
    "calibrated, as in aminorm-oi",
    "amplitudes of quadrangles are the logarithm of target over reference, as in aminorm-oi",
)


def calibrate(target: Interferometry, reference: Interferometry) -> Interferometry:
    """Normalise observables with those of a reference star, as the pipeline's aminorm-oi.

    Parameters
    ----------
    target : Interferometry
        Averaged, or by integration.
    reference : Interferometry
        Averaged, of the same filter and holes; it may have another roll angle.

    Returns
    -------
    Interferometry
        Closure phases: target - reference; V² and visibility amplitudes: target / reference;
        amplitudes of quadrangles: ln(target / reference). What is flagged in one is flagged.

    Raises
    ------
    Stage3Error
        If filters, wavelengths, holes or baselines differ, or the reference is by integration.

    Notes
    -----
    Errors are taken to be Gaussian and independent: those of differences, and the relative ones of
    ratios, are added in quadrature. jwst up to 3.0.0 exchanges the errors of target and reference
    in VIS2ERR of aminorm-oi (``CalibOifits.calibrate``); here each goes with its own V².
    """
    _check(target, reference)
    result = copy.copy(target)
    result.meta = dict(target.meta) | {"CALIB": reference.target}
    result.images = {}
    for name, table in target.tables.items():
        other = getattr(reference, name)
        if other is None:
            setattr(result, name, None)
            continue
        setattr(result, name, _calibrated(name, table, other[_partners(name, table, other)]))
    if not result.tables:
        raise Stage3Error("target and reference have no kind of observable in common")
    result.notes = (
        *target.notes,
        f"calibrated with {reference.target or reference.path.name}",
        *_KEPT,
    )
    return result


def _calibrated(name: str, table: QTable, other: QTable) -> QTable:
    new = table.copy()
    by_integration = table["flag"].ndim > 1

    def of(source: QTable, column: str) -> np.ndarray | u.Quantity:
        values = source[column]
        values = values if isinstance(values, u.Quantity) else np.asarray(values)
        return values[:, np.newaxis] if source is other and by_integration else values

    flag = of(table, "flag") | of(other, "flag")
    if name == "closure_phase":
        difference = of(table, "phase") - of(other, "phase")
        new["phase"] = -((-difference + 180 * u.deg) % (360 * u.deg) - 180 * u.deg)
        new["phase_error"] = np.hypot(of(table, "phase_error"), of(other, "phase_error"))
        main = new["phase"].value
    else:
        column, error = ("value", "error") if name == "vis2" else ("amplitude", "amplitude_error")
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = of(table, column) / of(other, column)
            relative = np.hypot(
                of(table, error) / of(table, column), of(other, error) / of(other, column)
            )
            new[column] = main = np.log(ratio) if name == "quad" else ratio
        new[error] = relative if name == "quad" else np.abs(ratio) * relative
    new["flag"] = flag | ~np.isfinite(main)
    return new


def _check(target: Interferometry, reference: Interferometry) -> None:
    names = (target.path.name, reference.path.name)
    if reference.n_integrations > 1:
        raise Stage3Error(
            f"{names[1]}: a reference star by integration; average it first (average_integrations)"
        )
    filters = [str(item.meta.get("FILTER") or "") for item in (target, reference)]
    if all(filters) and filters[0] != filters[1]:
        raise Stage3Error(
            f"{names[0]} is in the filter {filters[0]}, the reference {names[1]} in {filters[1]}; "
            "a reference of the same filter is needed"
        )
    if target.wavelength is not None and reference.wavelength is not None:
        waves = (target.wavelength, reference.wavelength)
        same = waves[0].shape == waves[1].shape and np.allclose(
            waves[0].to_value(u.m), waves[1].to_value(u.m), rtol=_SAME_WAVELENGTH, atol=0
        )
        if not same:
            shown = [", ".join(f"{w:.4f}" for w in wave.to_value(u.um)[:4]) for wave in waves]
            raise Stage3Error(
                f"{names[0]} is at {shown[0]} um, the reference {names[1]} at {shown[1]} um; a "
                "reference of the same wavelengths is needed"
            )


def _partners(name: str, table: QTable, other: QTable) -> np.ndarray:
    """For each row the row of the reference that is of the same stations and wavelength."""
    keys = [_keys(item) for item in (table, other)]
    if sorted(keys[0]) != sorted(keys[1]):
        missing = sorted(set(keys[0]) ^ set(keys[1]))[:3]
        shown = ", ".join("-".join(map(str, indices)) for indices, _ in missing) or "repeated rows"
        raise Stage3Error(
            f"target and reference are not of the same holes: {shown} in one of them only "
            f"({name}); a reference with the same mask is needed"
        )
    place = {key: row for row, key in enumerate(keys[1])}
    rows = np.array([place[key] for key in keys[0]])
    column = "baseline" if "baseline" in table.colnames else "longest_baseline"
    lengths = [np.asarray(item[column].to_value(u.m)) for item in (table, other[rows])]
    known = np.isfinite(lengths[0]) & np.isfinite(lengths[1])
    differ = known & ~np.isclose(lengths[0], lengths[1], rtol=_SAME_LENGTH, atol=1e-6)
    if differ.any():
        row = int(np.argmax(differ))
        raise Stage3Error(
            f"target and reference are not of the same baselines: {table['stations'][row]} is "
            f"{lengths[0][row]:.3f} m and {lengths[1][row]:.3f} m long; a reference with the same "
            "mask is needed"
        )
    return rows


def _keys(table: QTable) -> list[tuple[tuple[int, ...], int]]:
    """Stations of each row, and the how-manieth row (wavelength) of them it is."""
    seen: dict[tuple[int, ...], int] = {}
    keys = []
    for row in np.asarray(table["station_index"]).tolist():
        indices = tuple(row)
        seen[indices] = seen.get(indices, -1) + 1
        keys.append((indices, seen[indices]))
    return keys
