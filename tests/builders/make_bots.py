"""NIRSpec bright-object time series as jwst 1.2 to 1.18 wrote them: both detectors in one file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from astropy.io import fits

BLUE, RED = np.linspace(2.87, 3.72, 9), np.linspace(3.82, 5.17, 12)  # as of G395H
CADENCE = 1e-3  # days
_UNITS = {"WAVELENGTH": "um", "FLUX": "Jy", "FLUX_ERROR": "Jy"}


def spectrum(
    wavelength: np.ndarray, value: float, header: dict, number: int | None, day: float | None
) -> fits.BinTableHDU:
    """One EXTRACT1D, whose flux is ``value`` plus a thousandth for each channel."""
    n = len(wavelength)
    flux = value + np.arange(n) / 1000
    columns = {"WAVELENGTH": wavelength, "FLUX": flux, "FLUX_ERROR": flux / 50}
    table = fits.BinTableHDU.from_columns(
        [fits.Column(name, "D", unit=_UNITS[name], array=v) for name, v in columns.items()]
        + [fits.Column("DQ", "J", bzero=2**31, array=np.zeros(n, np.uint32))],
        name="EXTRACT1D",
    )
    table.header.update(header)
    if number is not None:
        table.header["INT_NUM"] = number
    if day is not None:
        table.header["MJD-AVG"], table.header["TDB-MID"] = day, day + 0.003
    return table


def bots(
    folder: Path,
    blocks: Sequence[tuple[int, Sequence[int]]],
    grids: Sequence[np.ndarray] = (BLUE, RED),
    *, offset: float = 2e-5, numbers: bool = True, times: bool = True, ver: bool = True,
    header: dict | None = None, instrument: str = "NIRSPEC", shift: float = 0.0,
    name: str = "jw09102-o001_t001-s1600a1_nirspec_f290lp-g395h_x1dints.fits",
) -> Path:  # fmt: skip
    """Write blocks of (detector 0 or 1, numbers); the flux is 100 × detector + number.

    The second detector is ``offset`` days later; each integration's grid is moved by ``shift``.
    """
    primary = fits.PrimaryHDU()
    primary.header.update(TELESCOP="JWST", DATAMODL="MultiSpecModel", CAL_VER="1.11.4",
                          EXP_TYPE="NRS_BRIGHTOBJ", DETECTOR="NRS2")  # fmt: skip
    if instrument:
        primary.header["INSTRUME"] = instrument
    hdus = [primary]
    for detector, of in blocks:
        for number in of:
            day = 59800 + number * CADENCE + detector * offset
            table = spectrum(
                grids[detector] + shift * number, 100.0 * detector + number,
                {"SPORDER": 1} | (header or {}), number if numbers else None,
                day if times else None,
            )  # fmt: skip
            table.header["EXTVER"] = len(hdus) if ver else 1
            hdus.append(table)
    path = folder / name
    fits.HDUList(hdus).writeto(path, overwrite=True)
    return path
