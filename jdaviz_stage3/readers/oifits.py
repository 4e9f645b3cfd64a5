"""OIFITS files of one array, version 1 or 2: Pauls et al. (2005), Duvert et al. (2017)."""

from __future__ import annotations

import re
import warnings

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import QTable, vstack

from ..errors import Stage3Warning, UnreadableProductError
from .interferometry import Interferometry
from .oifits_rows import Channels, OiTable, read_rows

__all__ = ["OI_TABLES", "read_oifits"]

#: Extension -> the attribute of `Interferometry` it is read into.
OI_TABLES = {
    "OI_VIS2": "vis2",
    "OI_VIS": "visibility",
    "OI_T3": "closure_phase",
    "OI_Q4": "quad",
}
_NOTICED = 1.2
_NORTH_FIXED = (1, 17)  # jwst, by the history of jwst.ami.instrument_data


def read_oifits(hdus: fits.HDUList, result: Interferometry, target: str | None) -> None:
    """Fill in what the tables of an OIFITS file hold.

    Parameters
    ----------
    hdus : astropy.io.fits.HDUList
    result : Interferometry
        Changed.
    target : str or None
        Which, where the file has several.

    Raises
    ------
    UnreadableProductError
        If there are several targets or arrays, a column is missing, or nothing is left.

    Warns
    -----
    Stage3Warning
        About what is odd.
    """
    name = result.path.name
    notes: list[str] = []
    observables = [OiTable(hdu, name) for hdu in hdus if hdu.name in OI_TABLES]
    target_id = _read_target(hdus, observables, result, target)
    names = _read_stations(hdus, result, notes)
    channels = _read_channels(hdus, result, notes)
    tables: dict[str, list[QTable]] = {}
    integrations = {1}
    for table in observables:
        rows, n_int = read_rows(table, target_id, names, channels, notes)
        if rows is not None:
            tables.setdefault(OI_TABLES[table.hdu.name], []).append(rows)
            integrations.add(n_int)
    if not tables:
        raise UnreadableProductError(
            f"{name}: the tables {', '.join(t.hdu.name for t in observables)} have no rows"
            + (f" of {result.target}" if result.target else "")
            + "; download it again"
        )
    for attribute, parts in tables.items():
        widths = {part["flag"].shape[1:] for part in parts}
        if len(widths) > 1:
            raise UnreadableProductError(
                f"{name}: several tables of {attribute} have different numbers of integrations"
            )
        joined = parts[0] if len(parts) == 1 else vstack(parts, metadata_conflicts="silent")
        setattr(result, attribute, joined)
        if joined["flag"].all():
            notes.append(f"every row of {attribute} is flagged")
    result.n_integrations = max(integrations)
    _check_orientation(result, notes)
    _check_vis2_errors(result, notes)
    result.notes = tuple(dict.fromkeys(notes))
    for note in result.notes:
        if not note.startswith("each integration"):  # which is how the pipeline writes them
            warnings.warn(f"{name}: {note}", Stage3Warning, stacklevel=3)


def _read_target(
    hdus: fits.HDUList, observables: list[OiTable], result: Interferometry, wanted: str | None
) -> int | None:
    """Find the one target, and its number in the tables; None where the file has no OI_TARGET."""
    name = result.path.name
    tables = [OiTable(hdu, name) for hdu in hdus if hdu.name == "OI_TARGET"]
    tables = [table for table in tables if len(table)]
    if not tables:
        warnings.warn(
            f"{name}: no OI_TARGET; all rows are taken to be of one target",
            Stage3Warning,
            stacklevel=4,
        )
        result.target = str(result.meta.get("OBJECT") or result.meta.get("TARGPROP") or "")
        return None
    table = tables[0]
    numbers = table.numbers("TARGET_ID", int)
    titles = [str(text).strip() for text in table.column("TARGET")]
    seen = {int(i) for item in observables if len(item) for i in item.numbers("TARGET_ID", int)}
    rows = [row for row, number in enumerate(numbers) if int(number) in seen]
    if wanted is not None:
        rows = [row for row, title in enumerate(titles) if title == wanted]
    if len({int(numbers[row]) for row in rows}) != 1:
        found = ", ".join(repr(title) for title in titles)
        what = f"no target {wanted!r}" if wanted is not None else f"{len(rows)} targets"
        raise UnreadableProductError(
            f"{name}: {what} with observables (OI_TARGET has {found}), expected one; "
            "read_interferometry(path, target=NAME) reads one of several"
        )
    row = rows[0]
    result.target = titles[row]
    degrees = [float(table.numbers(c, float, np.nan)[row]) for c in ("RAEP0", "DECEP0")]
    if np.isfinite(degrees).all() and abs(degrees[1]) <= 90:
        result.position = SkyCoord(*degrees, unit="deg")
    return int(numbers[row])


def _read_stations(
    hdus: fits.HDUList, result: Interferometry, notes: list[str]
) -> dict[int, str] | None:
    arrays = [OiTable(hdu, result.path.name) for hdu in hdus if hdu.name == "OI_ARRAY"]
    arrays = [table for table in arrays if len(table)]
    if len({table.hdu.header.get("ARRNAME") for table in arrays}) > 1:
        raise UnreadableProductError(
            f"{result.path.name}: several arrays in one file "
            f"({', '.join(str(t.hdu.header.get('ARRNAME')) for t in arrays)}), expected one; "
            "split it first"
        )
    if not arrays:
        notes.append("no OI_ARRAY; stations are called by their numbers")
        return None
    table = arrays[0]
    indices = table.numbers("STA_INDEX", int)
    titles = [str(text).strip() for text in table.column("STA_NAME")]
    titles = [title or str(i) for title, i in zip(titles, indices, strict=True)]
    if len(set(indices.tolist())) < len(indices):
        notes.append("OI_ARRAY has several stations of one STA_INDEX; the first is taken")
    stations = QTable({"name": titles, "index": indices})
    for column, unit in _STATION_COLUMNS.items():
        if column in table:
            stations[column.lower().replace("pistons", "piston")] = (
                table.column(column, float) << unit
            )
    result.stations = stations
    return dict(zip(indices[::-1].tolist(), titles[::-1], strict=True))


_STATION_COLUMNS = {
    "DIAMETER": u.m,
    "STAXYZ": u.m,
    "CTRS_EQT": u.m,
    "PISTONS": u.deg,
    "PISTON_T": u.deg,
    "PISTON_C": u.deg,
    "PIST_ERR": u.deg,
}


def _read_channels(hdus: fits.HDUList, result: Interferometry, notes: list[str]) -> Channels:
    by_instrument: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for hdu in hdus:
        if hdu.name != "OI_WAVELENGTH":
            continue
        table = OiTable(hdu, result.path.name)
        if not len(table):
            continue
        wave = table.column("EFF_WAVE", float).ravel()
        band = table.column("EFF_BAND", float, np.nan).ravel()
        unit = table.unit("EFF_WAVE")
        if unit is not None and unit.is_equivalent(u.m):
            wave, band = wave * unit.to(u.m), band * unit.to(u.m)
        bad = ~(wave > 0)
        if bad.any():
            notes.append("OI_WAVELENGTH holds wavelengths that are not above 0; they are left out")
            wave[bad] = np.nan
        by_instrument[str(hdu.header.get("INSNAME", "")).strip()] = (wave, band)
    if by_instrument and any(np.isfinite(wave).any() for wave, _ in by_instrument.values()):
        all_waves, all_bands = (
            np.concatenate([pair[i] for pair in by_instrument.values()]) for i in range(2)
        )
        result.wavelength, result.bandwidth = all_waves << u.m, all_bands << u.m
    elif not by_instrument:
        notes.append("no OI_WAVELENGTH; wavelengths and spatial frequencies are not known")
    return Channels(by_instrument, of_integrations=_of_integrations(result))


def _of_integrations(result: Interferometry) -> bool:
    """Whether vectors without channels are values of integrations: so the pipeline writes them."""
    return result.meta.get("DATAMODL") == "AmiOIModel" or result.meta.get("TELESCOP") == "JWST"


def _check_orientation(result: Interferometry, notes: list[str]) -> None:
    """Say what is known to be wrong with u and v of the pipeline: see docs/interferometry.rst."""
    meta = result.meta
    if meta.get("TELESCOP") != "JWST":
        return
    found = re.match(r"(\d+)\.(\d+)", str(meta.get("CAL_VER", "")))
    if found and tuple(map(int, found.groups())) < _NORTH_FIXED:
        notes.append(
            f"written by jwst {meta['CAL_VER']}, which took PA_V3 - V3I_YANG for the direction of "
            "north; position angles are off by a degree or more, use products of 1.17 or later"
        )
    if meta.get("VPARITY") == 1:
        notes.append(
            "VPARITY is 1, NIRISS has -1; u and v are mirrored or turned, do not trust position "
            "angles"
        )
    if meta.get("ROLL_REF") == 0:
        notes.append(
            "ROLL_REF is 0, for which the pipeline leaves V3I_YANG out; position angles are off by "
            "V3I_YANG"
        )


def _check_vis2_errors(result: Interferometry, notes: list[str]) -> None:
    """Say where VIS2ERR is not what VISAMPERR gives: jwst 3.0.0 divides by √NINTS twice."""
    vis2, visibility = result.vis2, result.visibility
    if result.meta.get("TELESCOP") != "JWST" or vis2 is None or visibility is None:
        return
    if len(vis2) != len(visibility) or "amplitude_error" not in visibility.colnames:
        return
    expected = 2 * np.asarray(visibility["amplitude"]) * np.asarray(visibility["amplitude_error"])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.abs(expected) / np.asarray(vis2["error"])
    ratios = ratios[np.isfinite(ratios)]
    if len(ratios) and np.median(ratios) > _NOTICED:
        notes.append(
            f"errors of V² are {np.median(ratios):.2f} times smaller than those of the visibility "
            "amplitudes give (jwst divides by the root of the number of integrations twice); see "
            "vis2_errors_from_amplitudes"
        )
