"""The rows of an OIFITS table of observables: by baseline and wavelength, or by integration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable

from ..errors import UnreadableProductError
from .baselines import add_geometry, baseline_names
from .extensions import native

__all__ = ["Channels", "OiTable", "read_rows"]

# Extension -> stations in a row; name -> (column, column of its error, unit of a phase or None)
_CONTENT: dict[str, tuple[int, dict[str, tuple[str, str]]]] = {
    "OI_VIS2": (2, {"value": ("VIS2DATA", "VIS2ERR")}),
    "OI_VIS": (2, {"amplitude": ("VISAMP", "VISAMPERR"), "phase": ("VISPHI", "VISPHIERR")}),
    "OI_T3": (3, {"phase": ("T3PHI", "T3PHIERR"), "amplitude": ("T3AMP", "T3AMPERR")}),
    "OI_Q4": (4, {"amplitude": ("Q4AMP", "Q4AMPERR"), "phase": ("Q4PHI", "Q4PHIERR")}),
}
_MAIN = {"OI_VIS2": "value", "OI_VIS": "phase", "OI_T3": "phase", "OI_Q4": "amplitude"}
_SHORT = 1e-12  # metres; no two holes are closer


class OiTable:
    """An OIFITS table, whose columns are found whatever their case.

    Parameters
    ----------
    hdu : astropy.io.fits.BinTableHDU
    name : str
        Of the file, for errors.
    """

    def __init__(self, hdu: fits.BinTableHDU, name: str):
        if not isinstance(hdu, fits.BinTableHDU):
            raise UnreadableProductError(f"{name}: {hdu.name} is no table; download it again")
        self.hdu, self.name = hdu, name
        self._columns = {column.name.upper(): column for column in hdu.columns}

    def __len__(self) -> int:
        return 0 if self.hdu.data is None else len(self.hdu.data)

    def __contains__(self, column: str) -> bool:
        return column in self._columns

    def column(self, name: str, dtype: type | None = None, default: Any = None) -> np.ndarray:
        """Return a column.

        Parameters
        ----------
        name : str
            In capitals.
        dtype : type, optional
            What it is converted to.
        default : optional
            What stands for a column that is not there.

        Returns
        -------
        ndarray, shape (n_rows,) or (n_rows, …)

        Raises
        ------
        UnreadableProductError
            If it is missing and has no default, or does not convert.
        """
        if name not in self._columns:
            if default is not None:
                return np.full(len(self), default)
            raise UnreadableProductError(
                f"{self.name}: {self.hdu.name} has no {name} column (found "
                f"{', '.join(list(self._columns)[:8])}…); was it written as OIFITS?"
            )
        values = np.asarray(self.hdu.data[self._columns[name].name])
        if len(self) and not values.size:
            raise UnreadableProductError(
                f"{self.name}: {self.hdu.name} column {name} is empty; was it written as OIFITS?"
            )
        try:
            return native(values, dtype)
        except (TypeError, ValueError) as err:
            raise UnreadableProductError(
                f"{self.name}: {self.hdu.name} column {name} holds no numbers; was it written as "
                "OIFITS?"
            ) from err

    def numbers(self, name: str, dtype: type, default: Any = None) -> np.ndarray:
        """Return a column of one number a row, or the first of each row.

        Parameters
        ----------
        name : str
            In capitals.
        dtype : type
        default : optional
            What stands for a column that is not there.

        Returns
        -------
        ndarray, shape (n_rows,)
        """
        return self.column(name, dtype, default).reshape(len(self), -1)[:, 0]

    def unit(self, name: str) -> u.UnitBase | None:
        """Return the unit of a column.

        Parameters
        ----------
        name : str
            In capitals.

        Returns
        -------
        Unit or None
            None where the file gives none that is understood.
        """
        column = self._columns.get(name)
        try:
            return u.Unit(column.unit) if column is not None and column.unit else None
        except ValueError:
            return None


@dataclass(frozen=True)
class Channels:
    """Wavelengths by instrument.

    Attributes
    ----------
    by_instrument : dict of str to tuple of ndarray
        INSNAME -> effective wavelengths and widths in metres.
    of_integrations : bool
        Whether vectors are values of integrations where there is no more than one wavelength.
    """

    by_instrument: dict[str, tuple[np.ndarray, np.ndarray]]
    of_integrations: bool

    def of(self, instrument: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the channels of an instrument.

        Parameters
        ----------
        instrument : str
            INSNAME of a table of observables.

        Returns
        -------
        wavelength, bandwidth : ndarray, shape (n_wave,)
            Of the only instrument where the name is another; empty where none is known.
        """
        if instrument in self.by_instrument:
            return self.by_instrument[instrument]
        if len(self.by_instrument) == 1:
            [only] = self.by_instrument.values()
            return only
        return np.empty(0), np.empty(0)


def read_rows(
    table: OiTable,
    target_id: int | None,
    names: dict[int, str] | None,
    channels: Channels,
    notes: list[str],
) -> tuple[QTable | None, int]:
    """Read one table of observables.

    Parameters
    ----------
    table : OiTable
        OI_VIS2, OI_VIS, OI_T3 or OI_Q4.
    target_id : int or None
        Of the rows that are read; None for all.
    names : dict of int to str, or None
        Of the stations.
    channels : Channels
    notes : list of str
        What is odd is added.

    Returns
    -------
    table : QTable or None
        None where it has no such rows.
    n_integrations : int

    Raises
    ------
    UnreadableProductError
        If a column is missing, or its vectors do not fit the wavelengths.
    """
    kind = table.hdu.name
    size, content = _CONTENT[kind]
    if not len(table):
        return None, 1
    chosen = np.ones(len(table), bool)
    if target_id is not None:
        chosen = table.numbers("TARGET_ID", int) == target_id
    if not chosen.any():
        return None, 1
    wave, band = channels.of(str(table.hdu.header.get("INSNAME", "")).strip())
    arrays = _arrays(table, content, chosen, notes)
    width = max((a.shape[1] for a in arrays.values()), default=1)
    by_wave = width > 1 and (len(wave) > 1 or not (len(wave) or channels.of_integrations))
    if len(wave) > 1 and width != len(wave):
        raise UnreadableProductError(
            f"{table.name}: {kind} holds {width} values a row, expected {len(wave)}, one for each "
            "row of OI_WAVELENGTH"
        )
    if by_wave and not len(wave):
        wave = band = np.full(width, np.nan)
    n_wave = width if by_wave else 1
    n = int(chosen.sum())
    indices = table.column("STA_INDEX", int)[chosen].reshape(n, -1)
    if indices.shape[1] != size:
        raise UnreadableProductError(
            f"{table.name}: STA_INDEX of {kind} names {indices.shape[1]} stations, expected {size}"
        )
    _check_stations(indices, names, kind, notes)
    rows = QTable({"stations": np.repeat(baseline_names(indices, names or {}), n_wave)})
    rows["station_index"] = np.repeat(indices, n_wave, axis=0)
    for side in [""] if size == 2 else [str(i) for i in range(1, size)]:
        for axis in "UV":
            column = f"{axis}{side}COORD"
            rows[column[:-5].lower()] = np.repeat(_metres(table, column)[chosen], n_wave) << u.m
    if len(wave):
        rows["wavelength"] = np.tile(wave, n) << u.m
        rows["bandwidth"] = np.tile(band, n) << u.m
    else:
        rows["wavelength"] = rows["bandwidth"] = np.full(n, np.nan) << u.m
    shape = (n * width,) if by_wave or width == 1 else (n, width)
    for name, values in arrays.items():
        if values.dtype == bool:
            rows[name] = np.broadcast_to(values, (n, width)).reshape(shape).copy()
        else:
            phase = name.startswith("phase")
            filled = np.broadcast_to(values, (n, width)).reshape(shape).copy()
            rows[name] = filled << u.deg if phase else filled
    main = rows[_MAIN[kind]]
    rows["flag"] |= ~np.isfinite(getattr(main, "value", main))
    for column, unit in (("MJD", u.day), ("INT_TIME", u.s)):
        value = table.numbers(column, float, np.nan)[chosen]
        rows[column.lower()] = np.repeat(value, n_wave) << unit
    add_geometry(rows)
    _check_coincident(rows, kind, notes)
    return rows, 1 if by_wave else width


def _arrays(
    table: OiTable, content: dict[str, tuple[str, str]], chosen: np.ndarray, notes: list[str]
) -> dict[str, np.ndarray]:
    """Values, errors and flags, each of shape (n, width) with width 1 where it is a number."""
    kind = table.hdu.name
    found: dict[str, np.ndarray] = {}
    for name, (column, error_column) in content.items():
        if column not in table and name != _MAIN[kind]:
            continue
        value = _two_axes(table, column)[chosen]
        if error_column in table:
            error = _two_axes(table, error_column)[chosen]
        else:
            error = np.full(value.shape, np.nan)
        if column.endswith("PHI"):
            value, error = _in_degrees(value, error, table, column, notes)
        missing = ~((error > 0) & np.isfinite(error))
        error[missing] = np.nan
        if missing.all():
            if value.shape[1] > 1:
                notes.append("each integration has no error of its own: they are NaN")
            else:
                notes.append(f"{error_column} is 0 or not finite everywhere; no errors are known")
        found[name] = value
        found["error" if name == "value" else f"{name}_error"] = error
    flags = np.zeros((int(chosen.sum()), 1), bool)
    if "FLAG" in table:
        flags = table.column("FLAG", bool)[chosen].reshape(len(flags), -1)
    widths = {values.shape[1] for values in (*found.values(), flags)} - {1}
    if len(widths) > 1:
        raise UnreadableProductError(
            f"{table.name}: the columns of {kind} hold vectors of different lengths "
            f"({', '.join(map(str, sorted(widths)))}); was it written as OIFITS?"
        )
    return found | {"flag": flags}


def _two_axes(table: OiTable, column: str) -> np.ndarray:
    values = table.column(column, float)
    if values.ndim > 2 and np.prod(values.shape[2:]) > 1:
        raise UnreadableProductError(
            f"{table.name}: {table.hdu.name} column {column} has {values.ndim - 1} axes a row, "
            "expected one"
        )
    return values.reshape(len(values), -1)


def _in_degrees(
    value: np.ndarray, error: np.ndarray, table: OiTable, column: str, notes: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Phases within (-180, 180] degrees, and their errors."""
    unit = table.unit(column)
    if unit is not None and unit != u.deg and unit.is_equivalent(u.deg):
        notes.append(f"{column} is in {unit}; converted to degrees")
        value = value * unit.to(u.deg)
        error_unit = table.unit(f"{column}ERR") or unit
        error = error * (error_unit.to(u.deg) if error_unit.is_equivalent(u.deg) else 1)
    if (np.abs(value) > 360).any():
        notes.append(f"{column} goes beyond 360 degrees; whole turns are taken off")
    return -((-value + 180) % 360 - 180), error


def _metres(table: OiTable, column: str) -> np.ndarray:
    values = table.numbers(column, float, np.nan)
    unit = table.unit(column)
    return values * unit.to(u.m) if unit is not None and unit.is_equivalent(u.m) else values


def _check_stations(
    indices: np.ndarray, names: dict[int, str] | None, kind: str, notes: list[str]
) -> None:
    if names is None:
        return
    unknown = sorted(set(indices.ravel().tolist()) - set(names))
    if unknown:
        text = ", ".join(map(str, unknown))
        notes.append(f"STA_INDEX {text} of {kind} is not in OI_ARRAY; called by the number")


def _check_coincident(rows: QTable, kind: str, notes: list[str]) -> None:
    name = "baseline" if "baseline" in rows.colnames else "longest_baseline"
    if (rows[name] < _SHORT * u.m).any():
        notes.append(f"{kind} has baselines of no length; was it filled in?")
