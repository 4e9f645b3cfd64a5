"""What the index of the sources of a slitless field costs, as ratios in one run.

Run by hand: ``python tests/benchmarks/bench_sources.py --table docs/benchmark_sources.inc``. 40
files of 5000 sources with 60 wavelengths (1.7 GB) and their catalog are made here. Ours and what it
is compared with take turns, in one process; medians of CPU time.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "builders"))

N_SOURCES, N_FILES, N_WAVELENGTHS = 5000, 40, 60
ROUNDS, N_SHOWN = 3, 200


def make_field(folder: Path) -> None:
    """Write the files."""
    import make_spectra
    import make_tables
    from astropy.coordinates import SkyCoord
    from astropy.io import fits

    rng = np.random.default_rng(1)
    ra, dec = 53 + rng.uniform(0, 0.06, N_SOURCES), -27.8 + rng.uniform(0, 0.06, N_SOURCES)
    sources = [
        make_spectra.grism_source(i + 1, N_WAVELENGTHS, SOURCE_RA=ra[i], SOURCE_DEC=dec[i])
        for i in range(N_SOURCES)
    ]
    header = {"group_id": "exposure1", "spectral_order": 1}
    made = make_spectra.slitless(folder, [(sources, header)], width=N_WAVELENGTHS)
    first = folder / "jw09997-o001_t001_niriss_x1d.fits"
    made.rename(first)
    with fits.open(first, mode="update") as hdus:
        hdus[0].header.update(EXP_TYPE="NIS_WFSS", PROGRAM="09997", FILTER="GR150R")
    for number in range(2, N_FILES + 1):
        shutil.copy(first, folder / f"jw09997-o{number:03d}_t001_niriss_x1d.fits")
    table = make_tables.catalog_table(N_SOURCES)
    table["label"] = np.arange(1, N_SOURCES + 1)
    table["sky_centroid"] = SkyCoord(ra, dec, unit="deg")
    make_tables.catalog(folder, table)


def taken(work: Callable[[], object]) -> float:
    """CPU seconds."""
    start = time.process_time()
    work()
    return time.process_time() - start


def columns_by_astropy(folder: Path) -> None:
    """Number and place of all sources, as one reads columns with astropy."""
    from astropy.io import fits

    for path in sorted(folder.glob("*_x1d.fits")):
        with fits.open(path) as hdus:
            for hdu in hdus:
                if hdu.name == "EXTRACT1D":
                    for name in ("SOURCE_ID", "SOURCE_RA", "SOURCE_DEC", "N_ALONGDISP"):
                        np.array(hdu.data[name])


def main() -> None:
    """Measure, and write the table."""
    from astropy import units as u

    import jdaviz_stage3 as stage3
    from jdaviz_stage3.readers import source_tables
    from jdaviz_stage3.viewers.source_figures import SourceFigures

    parser = argparse.ArgumentParser()
    parser.add_argument("--table", type=Path)
    arguments = parser.parse_args()
    index: list = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_field(folder)

        def ours() -> None:
            source_tables._listed.cache_clear()
            index[:] = [stage3.index_sources(folder)]

        pairs = [(taken(ours), taken(lambda: columns_by_astropy(folder))) for _ in range(ROUNDS)]
        here, that = (statistics.median(times) for times in zip(*pairs, strict=True))
        figures = SourceFigures()
        places = np.random.default_rng(2).integers(N_SOURCES, size=N_SHOWN)
        times = [taken(lambda p=p: figures.show(index[0][int(p)], 2 * u.arcsec)) for p in places]
        shown = statistics.median(times)
    compared = "columns of numbers and places by astropy"
    rows = [
        ("Work", "Compared with", "That", "Here", "Ratio", "Aim"),
        ("index of 5000 sources over 40 files", compared, f"{that:.3g} s", f"{here:.3g} s",
         f"{here / that:.2g}", "≤ 3 s"),
        ("show a source: 12 of its spectra drawn", compared, f"{that:.3g} s", f"{shown:.3g} s",
         f"{shown / that:.2g}", "≤ 0.5 s"),
    ]  # fmt: skip
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in rows:
        lines += [f"   {'*' if n == 0 else ' '} - {cell}" for n, cell in enumerate(row)]
    text = "\n".join(lines) + "\n"
    print(text)
    if arguments.table:
        arguments.table.write_text(text)


if __name__ == "__main__":
    main()
