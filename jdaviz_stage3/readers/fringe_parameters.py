"""Fringe parameters as jwst before 1.14 wrote them: ami, amiavg, psf-amiavg, aminorm."""

from __future__ import annotations

import warnings

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable

from ..errors import Stage3Warning, UnreadableProductError
from .baselines import add_geometry, baseline_names, combination_indices
from .extensions import native
from .interferometry import Interferometry

__all__ = ["FRINGE_TABLES", "read_fringe_parameters"]

#: The extensions: (stations in a row, what is in it).
FRINGE_TABLES = {
    "FRINGE_AMP": (2, "amplitude"),
    "FRINGE_PHA": (2, "phase"),
    "CLOSURE_PHA": (3, "phase"),
    "CLOSURE_AMP": (4, "amplitude"),
}
_N_HOLES = 7
_ASSUMED = (
    "baselines, triangles and quadrangles are taken to be in the order of the pipeline's loops "
    "(1-2, 1-3, … 6-7)",
    "phases are taken to be in radians, as jwst before 1.14 wrote them",
    "u, v and wavelength are not in the file",
    "no errors are in the file",
)


def read_fringe_parameters(hdus: fits.HDUList, result: Interferometry) -> None:
    """Fill in what the tables of a fringe fit hold.

    Parameters
    ----------
    hdus : astropy.io.fits.HDUList
    result : Interferometry
        Changed.

    Raises
    ------
    UnreadableProductError
        If a table has another number of rows than seven holes give.

    Warns
    -----
    Stage3Warning
        That u, v and wavelengths are not known; of phases without fringe amplitudes.
    """
    name = result.path.name
    values = {hdu.name: _values(hdu, name) for hdu in hdus if hdu.name in FRINGE_TABLES}
    amplitude, phase = values.get("FRINGE_AMP"), values.get("FRINGE_PHA")
    if amplitude is not None:
        result.vis2 = _rows(2, value=amplitude**2, error=None)
    if amplitude is not None or phase is not None:
        result.visibility = _rows(
            2, amplitude=amplitude, amplitude_error=None, phase=_degrees(phase), phase_error=_NONE
        )
    if (closure := values.get("CLOSURE_PHA")) is not None:
        result.closure_phase = _rows(3, phase=_degrees(closure), phase_error=_NONE)
    if (quad := values.get("CLOSURE_AMP")) is not None:
        result.quad = _rows(4, amplitude=quad, amplitude_error=None)
    result.images = {
        hdu.name: native(hdu.data)
        for hdu in hdus
        if hdu.name in ("FIT", "RESID") and isinstance(hdu, fits.ImageHDU) and hdu.data is not None
    }
    header = hdus[0].header
    result.target = str(header.get("TARGPROP") or header.get("TARGNAME") or "").strip()
    result.stations = QTable(
        {"name": [f"A{i + 1}" for i in range(_N_HOLES)], "index": np.arange(1, _N_HOLES + 1)}
    )
    result.notes = _ASSUMED
    warnings.warn(
        f"{name}: fringe parameters of jwst before 1.14, without u, v, wavelength and errors; what "
        "needs them is NaN",
        Stage3Warning,
        stacklevel=3,
    )


_NONE = np.nan * u.deg


def _degrees(radians: np.ndarray | None) -> u.Quantity:
    if radians is None:
        return _NONE
    turns = np.degrees(radians)
    return -((-turns + 180) % 360 - 180) << u.deg


def _values(hdu: fits.BinTableHDU, name: str) -> np.ndarray:
    size, _ = FRINGE_TABLES[hdu.name]
    columns = hdu.columns.names if isinstance(hdu, fits.BinTableHDU) else []
    expected = len(combination_indices(_N_HOLES, size))
    if not columns or hdu.data is None or len(hdu.data) != expected:
        found = "no table" if not columns else f"{hdu.header['NAXIS2']} rows"
        raise UnreadableProductError(
            f"{name}: {hdu.name} has {found}, expected {expected} rows for {_N_HOLES} holes; was "
            "it written by the pipeline?"
        )
    values = native(hdu.data[columns[0]], np.float64)
    if values.ndim != 1:
        raise UnreadableProductError(
            f"{name}: {hdu.name} holds vectors of {values.shape[1:]}, expected one number a row"
        )
    return values


def _rows(size: int, **columns: np.ndarray | u.Quantity | None) -> QTable:
    """Return a table whose geometry is not known."""
    indices = combination_indices(_N_HOLES, size)
    n = len(indices)
    names = {i + 1: f"A{i + 1}" for i in range(_N_HOLES)}
    table = QTable({"stations": baseline_names(indices, names), "station_index": indices})
    sides = [""] if size == 2 else [str(i) for i in range(1, size)]
    for side in sides:
        for axis in "uv":
            table[f"{axis}{side}"] = np.full(n, np.nan) << u.m
    table["wavelength"] = table["bandwidth"] = np.full(n, np.nan) << u.m
    bad = np.zeros(n, bool)
    for name, given in columns.items():
        filled = np.nan if given is None else given
        table[name] = np.full(n, 1.0) * filled
        if not name.endswith("error") and given is not None and given is not _NONE:
            bad |= ~np.isfinite(getattr(table[name], "value", table[name]))
    table["flag"] = bad
    table["mjd"] = np.full(n, np.nan) << u.day
    add_geometry(table)
    return table
