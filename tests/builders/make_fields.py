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


def slitless(folder: Path, sources=None, *, combined=False, number=1, **keywords) -> Path:
    """A WFSS x1d of two exposures, or c1d, with the keywords of its mode."""
    make = make_spectra.combined_row if combined else make_spectra.grism_source
    sources = [make(i) for i in IDS] if sources is None else sources
    headers = [{"spectral_order": 1}]
    if not combined:
        headers = [{"group_id": f"exposure{n}", "spectral_order": 1} for n in (1, 2)]
    made = make_spectra.slitless(
        folder, [(sources, header) for header in headers], width=40, combined=combined
    )
    return observed(made, f"jw09997-o{number:03d}_t001_niriss_{made.stem[-3:]}.fits", **keywords)


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
