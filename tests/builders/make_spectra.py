"""Spectral products: x1d, c1d and x1dints in each of their layouts.

Each function writes one file into a folder and returns its path. What the arrays hold is given by
the caller or returned by a function of its own, so that a test compares what a reader gives with
what was written.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from astropy.io import fits
from make_tables import ROOT
from schemas_once import datamodels

VERSION = "3.0.0"
UNITS = {
    "WAVELENGTH": "um", "FLUX": "Jy", "FLUX_ERROR": "Jy", "ERROR": "Jy", "FLUX_VAR_POISSON": "Jy^2",
    "SURF_BRIGHT": "MJy/sr", "SB_ERROR": "MJy/sr", "SB_VAR_POISSON": "MJy^2 / sr^2",
    "MJD-AVG": "d", "TDB-MID": "d", "SOURCE_RA": "deg", "SOURCE_DEC": "deg",
}  # fmt: skip


@cache
def table_dtype(model: str) -> np.dtype:
    """Columns of a data model's table, scalar, from its schema."""
    return getattr(datamodels, model)().get_dtype("spec_table")


def spectral_table(
    model: str, n_rows: int, columns: Mapping[str, object], width: int | None = None
) -> np.ndarray:
    """A table of the model's columns, NaN or 0 where not given.

    With a ``width`` the columns that a plain spectrum has are vectors of that length, one row a
    source (WFSS) or an integration (TSO).
    """
    plain = table_dtype("CombinedSpecModel" if "Combined" in model else "SpecModel").names
    dtype = table_dtype(model)
    shape = {name: (width,) if width and name in plain else () for name in dtype.names}
    table = np.zeros(n_rows, [(name, dtype[name], shape[name]) for name in dtype.names])
    for name in dtype.names:
        if dtype[name].kind == "f":
            table[name] = np.nan
    for name, values in columns.items():
        table[name] = values
    return table


def save(model: datamodels.JwstDataModel, path: Path, version: str | None = VERSION) -> Path:
    """Write a data model with the keywords that every product has."""
    model.meta.telescope = "JWST"
    model.meta.calibration_software_version = version
    model.save(str(path))
    return path


def set_units(table: fits.FITS_rec, units: Mapping[str, str]) -> None:
    """Give a model's table the units that the pipeline writes, or others."""
    for column in table.columns:
        unit = (UNITS | dict(units)).get(column.name.upper())
        if unit:
            column.unit = unit


def save_tables(
    path: Path,
    model: str,
    tables: Sequence[tuple[np.ndarray, Mapping[str, object]]],
    *,
    units: Mapping[str, str] | None = None,
    int_times: np.ndarray | None = None,
    version: str = VERSION,
) -> Path:
    """Write tables, each with the attributes of its extension's header, as one data model."""
    product = getattr(datamodels, model)()
    if int_times is not None:
        product.int_times = int_times
    for table, header in tables:
        product.spec.append(product.spec.item())
        spec = product.spec[-1]
        spec.spec_table = table
        set_units(spec.spec_table, units or {})
        for name, value in header.items():
            setattr(spec, name, value)
    return save(product, path, version)


def smooth_spectrum(n: int = 50, low: float = 1.0, high: float = 2.5, **changes) -> dict:
    """Columns of one spectrum in the names of SPEC18, every value different."""
    wavelength = np.linspace(low, high, n)
    flux = 1e-3 * (1 + np.sin(7 * wavelength))
    return {"WAVELENGTH": wavelength, "FLUX": flux, "FLUX_ERROR": flux / 20,
            "SURF_BRIGHT": 5 * flux + 1, "SB_ERROR": flux / 4, "DQ": np.zeros(n, "u4"),
            "BACKGROUND": flux / 9, "NPIXELS": np.full(n, 8.0)} | changes  # fmt: skip


def extracted(
    folder: Path,
    spectra: Sequence[tuple[Mapping[str, np.ndarray], Mapping[str, object]]],
    *, model: str = "MultiSpecModel", suffix: str = "x1d", **keywords,
) -> Path:  # fmt: skip
    """An x1d with an extension for each (columns, attributes)."""
    kind = "MRSSpecModel" if model.startswith("MRS") else "SpecModel"
    tables = [
        (spectral_table(kind, len(columns["WAVELENGTH"]), columns), header)
        for columns, header in spectra
    ]
    return save_tables(folder / f"{ROOT}_{suffix}.fits", model, tables, **keywords)


def extracted_single(folder: Path) -> Path:
    """An x1d as SpecModel, which holds one spectrum."""
    columns = smooth_spectrum(20)
    model = datamodels.SpecModel()
    model.spec_table = spectral_table("SpecModel", 20, columns)
    set_units(model.spec_table, {})
    return save(model, folder / f"{ROOT}_x1d.fits")


def two_slits(folder: Path) -> Path:
    """An x1d of two MOS slits."""
    return extracted(folder, [
        (smooth_spectrum(50), {"name": "S1", "source_id": 3, "source_type": "POINT"}),
        (smooth_spectrum(45, 3, 5), {"name": "S2", "source_id": 8, "source_type": "EXTENDED"}),
    ])  # fmt: skip


def fringe_corrected(folder: Path) -> Path:
    """An MRS x1d: RF_ columns beside those of every spectrum, an extended source."""
    columns = smooth_spectrum(60, 4.9, 7.6)
    columns |= {"RF_FLUX": columns["FLUX"] * 2, "RF_SURF_BRIGHT": columns["SURF_BRIGHT"] * 2}
    return extracted(
        folder, [(columns, {"source_type": "EXTENDED", "detector": "MIRIFUSHORT"})],
        model="MRSMultiSpecModel", units={"SB_VAR_POISSON": "(MJy/sr)^2"},
    )  # fmt: skip


def slitless(
    folder: Path,
    exposures: Sequence[tuple[Sequence[Mapping], Mapping[str, object]]],
    *, width: int, combined: bool = False,
) -> Path:  # fmt: skip
    """A WFSS x1d or c1d, jwst 1.19 on: an extension an exposure or order, a row a source.

    Each source is a mapping of columns; vectors are padded to ``width`` with NaN (DQ with 0).
    """
    model = "WFSSCombinedSpecModel" if combined else "WFSSSpecModel"
    tables = []
    for sources, header in exposures:
        table = spectral_table(model, len(sources), {}, width)
        for row, source in zip(table, sources, strict=True):
            for name, values in source.items():
                if row.dtype[name].shape:
                    row[name][: len(values)] = values
                else:
                    row[name] = values
        tables.append((table, header))
    suffix = "c1d" if combined else "x1d"
    product = "WFSSMultiCombinedSpecModel" if combined else "WFSSMultiSpecModel"
    return save_tables(folder / f"{ROOT}_{suffix}.fits", product, tables)


def grism_source(source_id: int, n: int = 30, **changes) -> dict:
    """One row of a WFSS x1d; its flux scales with its number."""
    spectrum = smooth_spectrum(n, 1.3, 1.7)
    spectrum["FLUX"] = spectrum["FLUX"] * source_id
    return spectrum | {"SOURCE_ID": source_id, "N_ALONGDISP": n, "SOURCE_TYPE": "POINT",
                       "SOURCE_RA": 53 + source_id / 1e3, "SOURCE_DEC": -27.8,
                       } | changes  # fmt: skip


def two_grism_exposures(folder: Path) -> Path:
    """A WFSS x1d of two exposures with three sources of different length."""
    sources = [grism_source(2), grism_source(5, 22), grism_source(9, 36)]
    headers = [{"group_id": f"jw09997001001_10102_{n}_1", "spectral_order": 1} for n in (1, 2)]
    return slitless(folder, [(sources, header) for header in headers], width=40)


def combined_row(source_id: int, n: int = 30) -> dict:
    """One row of a WFSS c1d, whose error column is ERROR."""
    source = grism_source(source_id, n)
    source["ERROR"] = source.pop("FLUX_ERROR")
    return {k: v for k, v in source.items() if k in table_dtype("WFSSCombinedSpecModel").names}


def combined_grism(folder: Path) -> Path:
    """A WFSS c1d of two orders."""
    sources = [combined_row(2), combined_row(5, 22)]
    headers = [{"spectral_order": order} for order in (1, 2)]
    return slitless(folder, [(sources, header) for header in headers], width=33, combined=True)


def combined(
    folder: Path, headers: Sequence[Mapping] = ({"spectral_order": 1, "source_id": 4},)
) -> Path:
    """A c1d with an extension a source or order."""
    columns = smooth_spectrum(40)
    columns["ERROR"] = columns.pop("FLUX_ERROR")
    names = table_dtype("CombinedSpecModel").names
    columns = {name: values for name, values in columns.items() if name in names}
    tables = [(spectral_table("CombinedSpecModel", 40, columns), header) for header in headers]
    return save_tables(folder / f"{ROOT}_c1d.fits", "MultiCombinedSpecModel", tables)


def combined_single(folder: Path) -> Path:
    """A c1d as CombinedSpecModel, which holds one spectrum."""
    columns = {"WAVELENGTH": np.arange(5) + 1.0, "FLUX": 2.0}
    model = datamodels.CombinedSpecModel()
    model.spec_table = spectral_table("CombinedSpecModel", 5, columns)
    set_units(model.spec_table, {})
    return save(model, folder / f"{ROOT}_c1d.fits")


def interval_times(numbers: np.ndarray, utc: np.ndarray, tdb: np.ndarray) -> np.ndarray:
    """Rows of INT_TIMES from mid-times in days."""
    dtype = datamodels.TSOMultiSpecModel().get_dtype("int_times")
    table = np.zeros(len(numbers), dtype)
    table["integration_number"] = numbers
    table["int_mid_MJD_UTC"], table["int_mid_BJD_TDB"] = utc, tdb
    return table


def time_series(
    folder: Path,
    parts: Sequence[tuple[Mapping[str, object], Mapping[str, object]]],
    **keywords,
) -> Path:
    """An x1dints, jwst 1.19 on: (columns, attributes) for each segment, order and detector."""
    tables = []
    for columns, header in parts:
        n_rows, width = np.shape(columns["FLUX"])
        tables.append((spectral_table("TSOSpecModel", n_rows, columns, width), header))
    return save_tables(folder / f"{ROOT}_x1dints.fits", "TSOMultiSpecModel", tables, **keywords)


def integrations(numbers: Sequence[int], n_wave: int = 12, segment: int = 1, **changes) -> dict:
    """Columns of a time series whose values tell integration and wavelength."""
    numbers = np.asarray(numbers)
    flux = numbers[:, None] + np.arange(n_wave) / 100
    days = 60000 + numbers / 1000
    return {"INT_NUM": numbers, "SEGMENT": segment, "N_ALONGDISP": n_wave, "FLUX": flux,
            "WAVELENGTH": np.linspace(1, 2, n_wave), "FLUX_ERROR": flux / 50, "DQ": 0,
            "MJD-AVG": days, "TDB-MID": days + 0.003} | changes  # fmt: skip


def two_segments(folder: Path) -> Path:
    """A SOSS-like x1dints: two segments of two orders, and INT_TIMES as the pipeline writes it."""
    whole = integrations([1, 2, 3, 4, 5])
    times = interval_times(whole["INT_NUM"], whole["MJD-AVG"], whole["TDB-MID"])
    return time_series(folder, [
        (integrations(numbers, segment=segment), {"spectral_order": order, "detector": "NIS"})
        for segment, numbers in ((1, [1, 2, 3]), (2, [4, 5])) for order in (1, 2)
    ], int_times=times)  # fmt: skip


def one_hdu_an_integration(
    folder: Path, columns: Mapping[str, np.ndarray], *, orders: Sequence[int] = (1,),
    headers: bool = True, **keywords,
) -> Path:  # fmt: skip
    """An x1dints in the layout of jwst 1.2 to 1.18, from the columns of `integrations`."""
    plain = table_dtype("SpecModel").names
    spectra = []
    for row, number in enumerate(columns["INT_NUM"]):
        spectrum = {
            name: np.broadcast_to(values, columns["FLUX"].shape)[row]
            for name, values in columns.items()
            if name in plain
        }
        header = {"int_num": int(number)}
        if headers:
            header |= {"mid_time_mjd": float(columns["MJD-AVG"][row]),
                       "mid_tdb": float(columns["TDB-MID"][row])}  # fmt: skip
        spectra += [(spectrum, header | {"spectral_order": order}) for order in orders]
    return extracted(folder, spectra, suffix="x1dints", version="1.17.1", **keywords)


def old_time_series(folder: Path) -> Path:
    """Four integrations of two orders, each in an extension of its own, with INT_TIMES."""
    columns = integrations([1, 2, 3, 4])
    times = interval_times(columns["INT_NUM"], columns["MJD-AVG"], columns["TDB-MID"])
    return one_hdu_an_integration(folder, columns, orders=(1, 2), int_times=times)


def one_source_each(folder: Path, n_files: int, n_wave: int = 40) -> list[Path]:
    """As many x1d files, of source 1, 2, …; the flux of each is its source's number in Jy."""
    header = {"source_id": 1, "source_type": "POINT"}
    first = extracted(folder, [(smooth_spectrum(n_wave), header)])
    content = first.read_bytes()
    first.unlink()
    paths = []
    for number in range(1, n_files + 1):
        path = folder / f"jw09997-o001_s{number:05d}_nirspec_clear-prism_x1d.fits"
        path.write_bytes(content)
        with fits.open(path, mode="update") as hdus:
            hdus["EXTRACT1D"].header["SOURCEID"] = number
            hdus["EXTRACT1D"].data["FLUX"] = number
        paths.append(path)
    return paths
