"""How long it takes to load products, as ratios to stock jdaviz (or the peer named), in one run.

Run by hand: ``python tests/benchmarks/bench_load.py --table docs/benchmark_table.inc``.
Every measurement is a new process with an app that is open already, on files made here; ours and
the peer's take turns, and the medians are compared. It takes about 15 minutes and 2 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

CASES = {
    "i2d": ("mosaic 2048 × 2048, shown in an open app", "jdaviz, format='Image'", "0.5"),
    "crf": ("exposure 2048 × 2048 with its flags", "jdaviz, SCI and DQ", "0.6"),
    "cat": ("catalog, 100 000 sources, all 54 columns", "jdaviz (positions only)", "0.04"),
    "old": ("x1dints before jwst 1.19, 600 extensions", "jdaviz (fails)", "0.033"),
    "wfss": ("slitless x1d, 500 sources: open, list, show one", "specutils, reads all", "0.067"),
    "s2d": ("s2d of 200 slits: open, list, show one", "data models, reads all", "0.067"),
    "big": ("x1dints 3000 × 2048 (860 MB), dynamic spectrum shown", "one pass over its columns",
            "2.5"),
    "big-cold": ("the same, file not in the disk cache", "one pass over its columns", "2.5"),
}  # fmt: skip


_SCI_DQ = ["1: [SCI,1]", "3: [DQ,1]"]


def _peer(case: str, path: Path, app) -> None:
    """Do it without this package."""
    if case == "wfss":
        from specutils import SpectrumList

        spectra = SpectrumList.read(path, format="JWST x1d multi")  # builds them all
        app.load(spectra[0], format="1D Spectrum")
    elif case == "s2d":
        _read_all_slits(path, app)
    elif case.startswith("big"):
        from astropy.io import fits

        with fits.open(path) as hdus:
            for name in ("FLUX", "WAVELENGTH", "DQ"):
                hdus["EXTRACT1D"].data[name].sum()
    else:
        options = {"i2d": {"format": "Image"}, "crf": {"format": "Image", "extension": _SCI_DQ}}
        try:
            app.load(str(path), **options.get(case, {}))
        except (ValueError, IndexError) as err:
            if case != "old":
                raise
            print(f"stock jdaviz fails on it: {type(err).__name__}", file=sys.stderr)


def _read_all_slits(path: Path, app) -> None:
    """Each slit with its errors, and its wavelengths by its gwcs; show the first."""
    import numpy as np
    from astropy import units as u
    from astropy.nddata import StdDevUncertainty
    from specutils import Spectrum
    from stdatamodels.jwst import datamodels

    spectra = []
    with datamodels.open(path) as model:
        for slit in model.slits:
            n_rows, n_waves = slit.data.shape
            wavelength = slit.meta.wcs(np.arange(n_waves), np.full(n_waves, n_rows / 2))[2]
            spectra.append(
                Spectrum(
                    flux=np.array(slit.data) * u.MJy,
                    spectral_axis=wavelength * u.um,
                    spectral_axis_index=1,
                    uncertainty=StdDevUncertainty(np.array(slit.err)),
                )
            )
    app.load(spectra[0], format="2D Spectrum", auto_extract=False)


def _ours(case: str, path: Path, app) -> None:
    import jdaviz_stage3 as stage3

    if case == "wfss":
        len(stage3.read(path).table)
        stage3.load(path, app=app, source_id=250, exposure=1)
    elif case == "s2d":
        len(stage3.read(path).table)
        stage3.load(path, app=app, source_id=150)
    else:
        stage3.load(path, app=app)


def _drop_from_cache(path: Path) -> None:
    with open(path, "rb") as stream:
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _peak_memory(reset: bool = False) -> float:
    """Peak resident memory of this process in MB since the last reset (Linux)."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return float("nan")


def _when_dynamic_spectrum_is_shown() -> list[float]:
    """Note when the median spectrum is begun: the dynamic spectrum is on the screen by then."""
    from jdaviz_stage3.loaders import time_series

    moments = []
    median_spectrum = time_series.median_spectrum

    def noting(dynamic):
        moments.append(time.perf_counter())
        return median_spectrum(dynamic)

    time_series.median_spectrum = noting
    return moments


def _child(case: str, who: str, path: Path) -> None:
    """Measure once; print seconds and the growth of peak memory in MB."""
    warnings.simplefilter("ignore")
    if who == "ours":
        import jdaviz_stage3
    import jdaviz

    app = jdaviz.gca()
    if who == "ours":
        import jdaviz_stage3.app  # noqa: F401
    if case == "big-cold":
        _drop_from_cache(path)
    before = _peak_memory(reset=True)
    shown = _when_dynamic_spectrum_is_shown() if case.startswith("big") and who == "ours" else []
    start = time.perf_counter()
    (_ours if who == "ours" else _peer)(case, path, app)
    seconds = (shown[0] if shown else time.perf_counter()) - start
    growth = _peak_memory() - before
    print("RESULT " + json.dumps([seconds, growth]))


def _measure(case: str, who: str, path: Path) -> tuple[float, float]:
    command = [sys.executable, __file__, "--child", case, who, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return tuple(json.loads(line[7:]))
    raise RuntimeError(f"{case} {who}: {done.stderr[-2000:]}")


def _make_files(folder: Path, cases: list[str]) -> dict[str, Path]:
    import make_files

    from jdaviz_stage3.demo import demo_products

    template = next(path for path in demo_products() if path.name.endswith("_cat.ecsv"))
    makers = {
        "i2d": make_files.make_i2d,
        "crf": make_files.make_crf,
        "cat": lambda folder: make_files.make_catalog(folder, template),
        "old": make_files.make_old_x1dints,
        "wfss": make_files.make_wfss_x1d,
        "s2d": make_files.make_s2d,
        "big": make_files.make_big_x1dints,
        "big-cold": lambda folder: made.get("big") or make_files.make_big_x1dints(folder),
    }
    made: dict[str, Path] = {}
    for case in cases:
        made[case] = makers[case](folder)
    return made


def _table(results: dict) -> str:
    lines = [
        ".. list-table::",
        "   :header-rows: 1",
        "",
        "   * - Work",
        "     - Compared with",
        "     - Peer (s)",
        "     - Here (s)",
        "     - Ratio",
        "     - Aim",
        "     - Memory here (MB)",
    ]
    for case, (peer, ours, memory) in results.items():
        what, with_what, aim = CASES[case]
        cells = [what, with_what, f"{peer:.2f}", f"{ours:.2f}", f"{ours / peer:.3f}", f"≤ {aim}",
                 f"{memory:.0f}"]  # fmt: skip
        lines.append(f"   * - {cells[0]}")
        lines += [f"     - {cell}" for cell in cells[1:]]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--cases", nargs="*", default=list(CASES))
    parser.add_argument("--table", type=Path, help="write the table to this file")
    arguments = parser.parse_args()
    if arguments.child:
        case, who, path = arguments.child
        _child(case, who, Path(path))
        return
    with tempfile.TemporaryDirectory() as temporary:
        files = _make_files(Path(temporary), arguments.cases)
        results = {}
        for case in arguments.cases:
            runs = {"peer": [], "ours": []}
            for number in range(arguments.repeat):
                for who in runs:
                    if who == "peer" and number and case in ("cat", "old"):
                        continue  # a minute each: once is enough for a ratio of 1/25
                    runs[who].append(_measure(case, who, files[case]))
            peer = statistics.median(seconds for seconds, _ in runs["peer"])
            ours = statistics.median(seconds for seconds, _ in runs["ours"])
            memory = max(growth for _, growth in runs["ours"])
            results[case] = (peer, ours, memory)
            print(f"{case:9s} peer {peer:8.2f} s  here {ours:7.2f} s  ratio {ours / peer:.3f}  "
                  f"memory {memory:.0f} MB", flush=True)  # fmt: skip
    if arguments.table:
        arguments.table.write_text(_table(results), encoding="utf-8")


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "builders")]
    main()
