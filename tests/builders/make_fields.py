"""A field whose catalog and slitless spectra have the same sources."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import make_spectra
import make_tables
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits

#: The sources, in the catalog and in the spectra.
IDS = (2, 5, 9)
ROOT = "jw09997-o001_t001_nircam_f444w"


def catalog(
    folder: Path,
    labels: Sequence[int] = IDS,
    *,
    name: str = "jw09997-o001_t001_nircam_f444w_cat.ecsv",
) -> Path:
    """A catalog whose sources lie where those of the spectra do (`make_spectra.grism_source`)."""
    n = len(labels)
    table = make_tables.catalog_table(n)
    table["label"] = np.array(labels)
    table["sky_centroid"] = SkyCoord(53 + np.array([*IDS, 12][:n]) / 1e3, -27.8, unit="deg")
    return make_tables.save_table(table, folder / name)


def slitless(
    folder: Path, sources=None, *, combined=False, number=1, association="",
    exposures=("exposure1", "exposure2"), **keywords,
) -> Path:  # fmt: skip
    """A WFSS x1d of two exposures, or c1d, with the keywords of its mode."""
    make = make_spectra.combined_row if combined else make_spectra.grism_source
    sources = [make(i) for i in IDS] if sources is None else sources
    headers = [{"spectral_order": 1}]
    if not combined:
        headers = [{"group_id": name, "spectral_order": 1} for name in exposures]
    made = make_spectra.slitless(
        folder, [(sources, header) for header in headers], width=40, combined=combined
    )
    association = association or f"o{number:03d}"
    return observed(made, f"jw09997-{association}_t001_niriss_{made.stem[-3:]}.fits", **keywords)


def observed(made: Path, name: str, **keywords) -> Path:
    """Write keywords of an observation into a file, and give it its name."""
    with fits.open(made) as hdus:
        hdus[0].header.update({
            "EXP_TYPE": "NIS_WFSS", "PROGRAM": "09997", "OBSERVTN": "001", "FILTER": "GR150R",
            **keywords,
        })  # fmt: skip
        hdus.writeto(made.parent / name, overwrite=True)
    if made.name != name:
        made.unlink()
    return made.parent / name


def indexed(*paths: Path, **options: Any) -> tuple[Any, list[str]]:
    """The index, and what it warned of."""
    import jdaviz_stage3 as stage3
    from jdaviz_stage3.errors import Stage3Warning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        index = stage3.index_sources(*paths, **options)
    assert all(issubclass(one.category, Stage3Warning) for one in caught)
    return index, [str(one.message) for one in caught]


def many_sources(folder: Path, n_sources: int = 5000) -> dict[str, np.ndarray]:
    """A field with a catalog, and slitless spectra of most of its sources, made in one go.

    x1d of two grisms and the c1d of the first; each lacks other sources. Every tenth source has
    another label in the catalog than in the spectra, and every hundredth is not in it.

    Returns
    -------
    dict
        By file name the numbers in it, shape (n,), one a spectrum; as ``'label'``, ``'ra'``,
        ``'dec'`` the catalog's columns, and as ``'places'`` (n_sources, 2) where number i + 1 is.
    """
    rng = np.random.default_rng(17)
    grid = np.stack(np.divmod(np.arange(n_sources), 100), axis=1) * 3.0  # arcsec
    offset = rng.permutation(grid + rng.uniform(-0.8, 0.8, grid.shape)) / 3600
    dec = -27.8 + offset[:, 0]
    places = np.stack([53 + offset[:, 1] / np.cos(np.radians(dec)), dec], axis=1)
    numbers = np.arange(1, n_sources + 1)
    found = {"places": places}
    for suffix, grism, exposures in (("x1d", "R", 2), ("x1d", "C", 1), ("c1d", "R", 1)):
        combined = suffix == "c1d"
        model = "WFSSCombinedSpecModel" if combined else "WFSSSpecModel"
        tables, here = [], []
        for exposure in range(1, exposures + 1):
            kept = np.sort(rng.choice(numbers, int(0.7 * n_sources), replace=False))
            wave = np.linspace(1.3, 1.7, 12)
            columns = {
                "SOURCE_ID": kept, "N_ALONGDISP": 12, "SOURCE_TYPE": "POINT",
                "SOURCE_RA": places[kept - 1, 0], "SOURCE_DEC": places[kept - 1, 1],
                "WAVELENGTH": wave, "FLUX": 1e-6 * kept[:, np.newaxis] * wave,
            }  # fmt: skip
            table = make_spectra.spectral_table(model, kept.size, columns, 12)
            header = {"spectral_order": 1}
            tables.append((table, header if combined else header | {"group_id": f"a{exposure}"}))
            here.append(kept)
        product = "WFSSMultiCombinedSpecModel" if combined else "WFSSMultiSpecModel"
        name = f"jw09997-o001_t001_niriss_f150w-gr150{grism.lower()}_{suffix}.fits"
        made = make_spectra.save_tables(folder / f"made_{suffix}.fits", product, tables)
        observed(made, name, FILTER=f"GR150{grism}", PUPIL="F150W")
        found[name] = np.concatenate(here)
    known = numbers[numbers % 100 != 0]
    label = known.copy()
    moved = np.flatnonzero(known % 10 == 3)
    label[moved] = np.roll(known[moved], 1)
    table = make_tables.catalog_table(known.size)
    table["label"] = label
    table["sky_centroid"] = SkyCoord(*places[known - 1].T, unit="deg")
    make_tables.save_table(table, folder / f"{ROOT}_cat.ecsv")
    found["label"], (found["ra"], found["dec"]) = label, places[known - 1].T
    return found
