"""The ECSV products: source catalogs of several generations, light curves, photometry."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, QTable

ROOT = "jw09997-o001_t001_nircam_clear-f444w"
CENTRE = SkyCoord(53.16, -27.79, unit="deg")


def save_table(table: QTable, path: Path, **keywords) -> Path:
    """Write a table as the pipeline does."""
    table.write(path, format="ascii.ecsv", overwrite=True, **keywords)
    return path


def _positions(n: int, offset: float = 0.0) -> SkyCoord:
    step = np.arange(n) * u.arcsec
    return CENTRE.spherical_offsets_by(step + offset * u.arcsec, 2 * step)


def assert_same(found: QTable, expected: QTable) -> None:
    """Every column equal: values, units, positions."""
    assert found.colnames == expected.colnames
    for name in expected.colnames:
        one, other = found[name], expected[name]
        if isinstance(other, SkyCoord):
            assert one.separation(other).max() < 1e-6 * u.arcsec, name
        elif isinstance(other, u.Quantity):
            assert one.unit == other.unit, name
            np.testing.assert_array_equal(one.value, other.value, name)
        else:
            np.testing.assert_array_equal(one, other, name)


def catalog_table(n: int = 4, jwst: str = "3.0.0") -> QTable:
    """A catalog with the columns and metadata of jwst 1.18 to 3.0."""
    rng = np.random.default_rng(3)
    table = QTable()
    table["label"] = np.arange(1, n + 1, dtype="i4")
    table["xcentroid"], table["ycentroid"] = rng.uniform(0, 40, (2, n))
    table["sky_centroid"] = _positions(n)
    apertures = ("aper30", "aper50", "aper70", "aper_total")
    table["aper_bkg_flux"], table["aper_bkg_flux_err"] = rng.uniform(1e-9, 1e-8, (2, n)) * u.Jy
    for name in apertures:
        table[f"{name}_flux"], table[f"{name}_flux_err"] = rng.uniform(0, 1e-6, (2, n)) * u.Jy
    for system in ("abmag", "vegamag"):
        for name in apertures:
            magnitude = rng.uniform(20, 28, n)
            magnitude[n - 1 :] = np.nan  # negative flux
            table[f"{name}_{system}"] = magnitude
            table[f"{name}_{system}_err"] = magnitude / 100
    for name in ("CI_50_30", "CI_70_50", "CI_70_30"):
        table[name] = rng.uniform(1, 2, n)
    table["is_extended"] = np.arange(n) % 2 == 0
    table["sharpness"], table["roundness"] = rng.normal(size=(2, n))
    table["nn_label"] = np.full(n, -1, "i4")
    table["nn_dist"] = np.full(n, np.nan) * u.pix
    table["isophotal_flux"], table["isophotal_flux_err"] = rng.uniform(0, 1e-6, (2, n)) * u.Jy
    for system in ("abmag", "vegamag"):
        table[f"isophotal_{system}"], table[f"isophotal_{system}_err"] = rng.uniform(20, 28, (2, n))
    table["isophotal_area"] = np.full(n, 25.0) * u.pix**2
    table["semimajor_sigma"], table["semiminor_sigma"] = rng.uniform(1, 3, (2, n)) * u.pix
    table["ellipticity"] = rng.uniform(0, 1, n)
    table["orientation"], table["sky_orientation"] = rng.uniform(0, 90, (2, n)) * u.deg
    for corner, offset in zip(("ll", "ul", "lr", "ur"), range(4), strict=True):
        table[f"sky_bbox_{corner}"] = _positions(n, offset)
    table.meta = {
        "version": {"jwst": jwst, "photutils": "3.1.1"},
        "kron_params": (2.5, 1.4, 0.0),
        "aperture_params": {"aperture_radii": np.array([1.5, 2.0, 3.5], "f4")},
    }
    return table


def old_catalog_table(n: int = 3) -> QTable:
    """A catalog of before 2020: id, icrs_centroid, is_star, a masked value, the unit 'pix'."""
    table = QTable()
    table["id"] = np.arange(1, n + 1)
    table["xcentroid"], table["ycentroid"] = np.arange(2.0 * n).reshape(2, n) * u.pix
    table["icrs_centroid"] = _positions(n)
    table["source_sum"] = MaskedColumn(np.arange(n) + 10.5, mask=np.arange(n) == 1)
    table["abmag"] = np.arange(n) + 20.25
    table["is_star"] = np.arange(n) == 0
    table.meta = {"jwst version": "0.13.7"}
    return table


def catalog(folder: Path, table: QTable | None = None, **keywords) -> Path:
    """A cat.ecsv."""
    table = catalog_table() if table is None else table
    return save_table(table, folder / f"{ROOT}_cat.ecsv", **keywords)


def old_catalog(folder: Path) -> Path:
    """A cat.ecsv of before 2020."""
    return catalog(folder, old_catalog_table())


def light_curve(folder: Path, columns: Mapping[str, Sequence]) -> Path:
    """A whtlt.ecsv with these columns."""
    meta = {"instrument": "NIRISS", "exp_type": "NIS_SOSS", "target_name": "WASP-0", "pupil": None}
    return save_table(QTable(dict(columns), meta=meta), folder / f"{ROOT}_whtlt.ecsv")


def white_light(folder: Path) -> Path:
    """A whtlt of jwst 3.0: one order, with units."""
    days = 60000 + np.arange(6) / 500
    flux = np.linspace(1.0, 0.99, 6) * u.Jy
    return light_curve(folder, {"MJD_UTC": days, "BJD_TDB": days + 0.003, "whitelight_flux": flux})


def white_light_without_units(folder: Path) -> Path:
    """A whtlt of jwst 1.19: two orders, no units."""
    days = 60000 + np.arange(6) / 500
    orders = {f"whitelight_flux_order_{n}": np.linspace(n, 0.99 * n, 6) for n in (1, 2)}
    return light_curve(folder, {"MJD_UTC": days, "BJD_TDB": days + 0.003} | orders)


def old_white_light(folder: Path) -> Path:
    """A whtlt of jwst 1.18: UTC only, no units."""
    days = 60000 + np.arange(6) / 500
    return light_curve(folder, {"MJD": days, "whitelight_flux": np.linspace(1.0, 0.99, 6)})


def photometry(folder: Path) -> Path:
    """A phot.ecsv."""
    days = 60000 + np.arange(5) / 500
    flux = np.full(5, 1e-3) * u.Jy
    table = QTable({"MJD": days, "BJD_TDB": days + 0.003, "aperture_sum": flux,
                    "aperture_sum_err": flux / 99, "net_aperture_sum": flux})  # fmt: skip
    return save_table(table, folder / f"{ROOT}_phot.ecsv")


def old_photometry(folder: Path) -> Path:
    """A phot.ecsv of before jwst 2.0: no barycentric time."""
    table = QTable({"MJD": [60000.0], "aperture_sum": [1e-3] * u.Jy})
    return save_table(table, folder / f"{ROOT}_phot.ecsv")
