"""Interferometric observables in files: OIFITS, and ECSV tables."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable

from ...errors import Stage3Error
from ...readers.interferometry import Interferometry
from ...saving import save_files

__all__ = ["write_observables", "write_oifits"]

_EXTENSIONS = {
    "closure_phase": (
        "OI_T3",
        (("T3AMP", "T3AMPERR", "amplitude"), ("T3PHI", "T3PHIERR", "phase")),
    ),
    "visibility": (
        "OI_VIS",
        (("VISAMP", "VISAMPERR", "amplitude"), ("VISPHI", "VISPHIERR", "phase")),
    ),
    "vis2": ("OI_VIS2", (("VIS2DATA", "VIS2ERR", "value"),)),
    "quad": ("OI_Q4", (("Q4AMP", "Q4AMPERR", "amplitude"), ("Q4PHI", "Q4PHIERR", "phase"))),
}
# What is copied from the file that was read.
_KEYWORDS = (
    "ORIGIN", "DATE-OBS", "TIME-OBS", "TELESCOP", "INSTRUME", "DETECTOR", "FILTER", "PUPIL",
    "EXP_TYPE", "OBSERVER", "OBJECT", "INSMODE", "TARGPROP", "TARGNAME", "TARG_RA", "TARG_DEC",
    "PROGRAM", "OBSERVTN", "VISIT", "PI_NAME", "CAL_VER", "ROLL_REF", "V3I_YANG", "VPARITY",
    "CALIB",
)  # fmt: skip


def write_oifits(
    observables: Interferometry, path: str | os.PathLike, *, overwrite: bool = False
) -> Path:
    """Write an OIFITS 2 file.

    Other programs read it, ``read_interferometry`` does, and ``AmiOIModel`` of the jwst package.

    Parameters
    ----------
    observables : Interferometry
        By integration, the data columns are vectors as in amimulti-oi, which OIFITS does not
        provide for.
    path : path-like
    overwrite : bool, optional
        Whether a file that is there may be replaced.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    Stage3Error
        If wavelengths are not known or no table of one instrument can be made, or the file cannot
        be written; nothing is then changed.
    """
    if observables.wavelength is None:
        raise Stage3Error(
            f"{observables.path.name}: the wavelength is not known, which an OIFITS file needs; "
            "write_observables writes ECSV tables"
        )
    hdus = _all_hdus(observables)
    [written] = save_files(path, [lambda place: hdus.writeto(place)], overwrite)
    return written


def write_observables(
    observables: Interferometry, path: str | os.PathLike, table: str, *, overwrite: bool = False
) -> Path:
    """Write one table of observables to an ECSV file.

    Parameters
    ----------
    observables : Interferometry
    path : path-like
    table : {'vis2', 'visibility', 'closure_phase', 'quad'}
    overwrite : bool, optional
        Whether a file that is there may be replaced.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    Stage3Error
        If there is no such table, or the file cannot be written.
    """
    found = observables.tables.get(table)
    if found is None:
        raise Stage3Error(f"no table {table!r}; there are {', '.join(observables.tables)}")
    rows = found.copy()
    rows.meta = {"target": observables.target, "notes": list(observables.notes)}
    [written] = save_files(path, [lambda place: rows.write(place, format="ascii.ecsv")], overwrite)
    return written


def _all_hdus(observables: Interferometry) -> fits.HDUList:
    primary = fits.PrimaryHDU()
    for keyword in _KEYWORDS:
        if observables.meta.get(keyword) is not None:
            primary.header[keyword] = observables.meta[keyword]
    primary.header["CONTENT"] = "OIFITS2"
    if observables.meta.get("TELESCOP") == "JWST":
        primary.header["DATAMODL"] = "AmiOIModel"
    hdus = [primary, _array(observables), _target(observables)]
    wave, band = observables.wavelength, observables.bandwidth
    assert wave is not None
    n_wave = len(wave)
    for name, (extension, pairs) in _EXTENSIONS.items():
        if (table := observables.tables.get(name)) is not None:
            hdus.append(_rows(table, extension, pairs, n_wave, wave, observables))
    width = np.full(n_wave, np.nan) if band is None else band.to_value(u.m)
    columns = [
        fits.Column("EFF_WAVE", "E", "m", array=wave.to_value(u.m)),
        fits.Column("EFF_BAND", "E", "m", array=width),
    ]
    hdus.append(_hdu("OI_WAVELENGTH", columns, observables, instrument=True))
    return fits.HDUList(hdus)


def _hdu(
    name: str, columns: list[fits.Column], observables: Interferometry, *, instrument: bool = False
) -> fits.BinTableHDU:
    hdu = fits.BinTableHDU.from_columns(columns, name=name)
    hdu.header["OI_REVN"] = 2
    if instrument:
        hdu.header["INSNAME"] = str(observables.meta.get("INSTRUME") or "UNKNOWN")
    return hdu


def _array(observables: Interferometry) -> fits.BinTableHDU:
    stations = observables.stations
    if stations is None:
        indices = np.unique(
            np.concatenate([t["station_index"].ravel() for t in observables.tables.values()])
        )
        stations = QTable({"name": [str(i) for i in indices], "index": indices})
    n = len(stations)

    def column(name: str, unit: u.UnitBase, shape: tuple[int, ...]) -> np.ndarray:
        if name in stations.colnames:
            return stations[name].to_value(unit)
        return np.zeros((n, *shape))

    names = [str(text) for text in stations["name"]]
    columns = [
        fits.Column("TEL_NAME", "16A", array=names),
        fits.Column("STA_NAME", "16A", array=names),
        fits.Column("STA_INDEX", "I", array=np.asarray(stations["index"])),
        fits.Column("DIAMETER", "E", "m", array=column("diameter", u.m, ())),
        fits.Column("STAXYZ", "3D", "m", array=column("staxyz", u.m, (3,))),
        fits.Column("FOV", "D", "arcsec", array=np.zeros(n)),
        fits.Column("FOVTYPE", "6A", array=["RADIUS"] * n),
    ]
    if "ctrs_eqt" in stations.colnames:
        columns.append(fits.Column("CTRS_EQT", "2D", "m", array=column("ctrs_eqt", u.m, (2,))))
    for stored, name in (("PISTONS", "piston"), ("PISTON_T", "piston_t"), ("PISTON_C", "piston_c"),
                         ("PIST_ERR", "pist_err")):  # fmt: skip
        if name in stations.colnames:
            values = stations[name].to_value(u.deg)
            width = f"{values.shape[1]}D" if values.ndim > 1 else "D"
            columns.append(fits.Column(stored, width, "deg", array=values))
    hdu = _hdu("OI_ARRAY", columns, observables)
    hdu.header["ARRNAME"] = _array_name(observables)
    hdu.header["FRAME"] = "SKY"
    hdu.header["ARRAYX"] = hdu.header["ARRAYY"] = hdu.header["ARRAYZ"] = 0.0
    return hdu


def _array_name(observables: Interferometry) -> str:
    return "jwst_ami" if observables.meta.get("TELESCOP") == "JWST" else "array"


def _target(observables: Interferometry) -> fits.BinTableHDU:
    position = observables.position
    ra, dec = (
        (np.nan, np.nan) if position is None else (position.icrs.ra.deg, position.icrs.dec.deg)
    )
    numbers = {"RA_ERR": "deg", "DEC_ERR": "deg", "SYSVEL": "m/s"}
    motion = {"PMRA": "deg/yr", "PMDEC": "deg/yr", "PMRA_ERR": "deg/yr", "PMDEC_ERR": "deg/yr"}
    columns = [
        fits.Column("TARGET_ID", "I", array=[1]),
        fits.Column("TARGET", "16A", array=[observables.target or "UNKNOWN"]),
        fits.Column("RAEP0", "D", "deg", array=[ra]),
        fits.Column("DECEP0", "D", "deg", array=[dec]),
        fits.Column("EQUINOX", "E", "yr", array=[2000.0]),
        *(fits.Column(name, "D", unit, array=[0.0]) for name, unit in numbers.items()),
        fits.Column("VELTYP", "8A", array=["UNKNOWN"]),
        fits.Column("VELDEF", "8A", array=["OPTICAL"]),
        *(fits.Column(name, "D", unit, array=[0.0]) for name, unit in motion.items()),
        fits.Column("PARALLAX", "E", "deg", array=[0.0]),
        fits.Column("PARA_ERR", "E", "deg", array=[0.0]),
        fits.Column("SPECTYP", "16A", array=["UNKNOWN"]),
    ]
    return _hdu("OI_TARGET", columns, observables)


def _rows(
    table: QTable,
    extension: str,
    pairs: tuple[tuple[str, str, str], ...],
    n_wave: int,
    wave: u.Quantity,
    observables: Interferometry,
) -> fits.BinTableHDU:
    """One table, in which the wavelengths of a baseline are a vector again."""
    n = len(table) // n_wave
    if n_wave > 1:
        fits_in = len(table) == n * n_wave and np.array_equal(
            table["wavelength"].to_value(u.m).reshape(n, n_wave),
            np.broadcast_to(wave.to_value(u.m), (n, n_wave)),
        )
        if not fits_in:
            raise Stage3Error(
                f"{extension}: the rows are not one for each wavelength of one instrument; write "
                "the instruments one by one"
            )

    def first(name: str, unit: u.UnitBase) -> np.ndarray:
        if name not in table.colnames:
            return np.zeros(n)
        return table[name].to_value(unit)[::n_wave]

    def vector(values: np.ndarray) -> np.ndarray:
        return values.reshape(n, n_wave) if n_wave > 1 else values

    flags = np.asarray(table["flag"])
    single = flags & ~flags.all(axis=1, keepdims=True) if flags.ndim > 1 else None
    columns = [
        fits.Column("TARGET_ID", "I", array=np.ones(n, int)),
        fits.Column("TIME", "D", "s", array=np.zeros(n)),
        fits.Column("MJD", "D", "day", array=first("mjd", u.day)),
        fits.Column("INT_TIME", "D", "s", array=first("int_time", u.s)),
    ]
    for column, error_column, name in pairs:
        error_name = "error" if name == "value" else f"{name}_error"
        for stored, read in ((column, name), (error_column, error_name)):
            if read in table.colnames:
                given = table[read]
                degrees = isinstance(given, u.Quantity)
                values = vector(given.to_value(u.deg) if degrees else np.asarray(given))
                if single is not None:  # which have no flag of their own in the file
                    values = np.where(single, np.nan, values)
            else:
                values, degrees = vector(np.full(len(table), np.nan)), column.endswith("PHI")
            width = f"{values.shape[1]}D" if values.ndim > 1 else "D"
            columns.append(fits.Column(stored, width, "deg" if degrees else None, array=values))
    size = table["station_index"].shape[1]
    for side in [""] if size == 2 else [str(i) for i in range(1, size)]:
        for axis in "uv":
            stored = f"{axis.upper()}{side}COORD"
            columns.append(fits.Column(stored, "D", "m", array=first(f"{axis}{side}", u.m)))
    if size == 4:
        columns += [
            fits.Column(f"{axis}4COORD", "D", "m", array=_closing(table, axis)[::n_wave])
            for axis in "UV"
        ]
    columns.append(
        fits.Column("STA_INDEX", f"{size}I", array=np.asarray(table["station_index"])[::n_wave])
    )
    # the pipeline's tables by integration have one flag a row; OIFITS one for each wavelength
    flags = flags.all(axis=1) if flags.ndim > 1 else vector(flags)
    columns.append(fits.Column("FLAG", f"{n_wave}L" if n_wave > 1 else "L", array=flags))
    hdu = _hdu(extension, columns, observables, instrument=True)
    hdu.header["ARRNAME"] = _array_name(observables)
    if observables.meta.get("DATE-OBS"):
        hdu.header["DATE-OBS"] = str(observables.meta["DATE-OBS"])
    return hdu


def _closing(table: QTable, axis: str) -> np.ndarray:
    """The fourth side of quadrangles."""
    return -sum(table[f"{axis.lower()}{i}"].to_value(u.m) for i in (1, 2, 3))
