"""What many data cost: the 100th spectrum beside the first, and beside stock jdaviz.

Run by hand: ``python tests/benchmarks/bench_many.py --table docs/benchmark_many.inc``. Each
measurement is a new process, on files made here, in CPU seconds; it takes about ten minutes and
4 GB of disk. Where other work slows the machine, spectra one after another are divided by a loop
that is timed beside each of them.
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
from collections.abc import Callable
from pathlib import Path


def _loader(who: str) -> tuple[object, Callable]:
    """An open app, and what loads a file into it."""
    if who == "ours":
        import jdaviz_stage3.app as stage3
    import jdaviz

    app = jdaviz.new_app()
    if who == "ours":
        return app, lambda path, **options: stage3.load(path, app=app, **options)
    from specutils import Spectrum

    def load(path: Path) -> None:
        spectrum = Spectrum.read(path, format="JWST x1d")
        app.load(spectrum, format="1D Spectrum", data_label=path.stem)

    return app, load


def _seconds(work: Callable, *args, **kwargs) -> float:
    start = time.process_time()
    work(*args, **kwargs)
    return time.process_time() - start


def _pace() -> float:
    """How long a piece of plain Python takes now: other work on the machine makes all slower."""

    def count() -> None:
        total = 0
        for number in range(500_000):
            total += number & 3

    return _seconds(count)


def spectra(who: str, folder: Path, count: str) -> dict[str, float]:
    """Spectra one after another, each by the pace of the machine beside it."""
    _, load = _loader(who)
    paths = sorted(folder.glob("*_x1d.fits"))[: int(count)]
    taken, paces = [], []
    for path in paths:
        before = _pace()
        taken.append(_seconds(load, path))
        paces.append((before + _pace()) / 2)
    best = min(paces)
    even = [seconds * best / pace for seconds, pace in zip(taken, paces, strict=True)]
    return (
        {
            "total": sum(even),
            "first": statistics.median(even[1:6]),  # the very first makes the viewer
            "last": statistics.median(even[-5:]),
            "load": os.getloadavg()[1],
        }
        | {str(n): statistics.median(even[n - 5 : n]) for n in (100, 200) if n <= len(even)}
    )


def slitless(who: str, folder: Path, path: str) -> dict[str, float]:
    """One source of a slitless file, and another one."""
    _, load = _loader(who)
    first = _seconds(load, Path(path), source_id=250, exposure=1)
    more = [_seconds(load, Path(path), source_id=n, exposure=1) for n in (300, 1000, 4000)]
    return {"first": first, "more": statistics.median(more)}


def folder(who: str, folder: Path, at_most: str) -> dict[str, float]:
    """A folder: until its files are known, until one is shown, until all is done."""
    import jdaviz_stage3.app as stage3
    from jdaviz_stage3.loaders.spectra import SpectrumImporter

    app, load = _loader(who)
    moments = []
    imported = SpectrumImporter.__call__
    collect = stage3.chosen_products

    def note(method: Callable) -> Callable:
        def noting(*args, **kwargs):
            try:
                return method(*args, **kwargs)
            finally:
                moments.append(time.process_time())

        return noting

    stage3.chosen_products, SpectrumImporter.__call__ = note(collect), note(imported)
    start = time.process_time()
    load(folder, at_most=int(at_most))
    return {
        "listed": moments[0] - start,
        "first": moments[1] - moments[0],
        "total": time.process_time() - start,
    }


def subset(who: str, folder: Path, count: str) -> dict[str, float]:
    """A subset in an app with many spectra: made, moved."""
    from astropy import units as u
    from specutils import SpectralRegion

    app, load = _loader(who)
    for path in sorted(folder.glob("*_x1d.fits"))[: int(count)]:
        load(path)
    tools = app.plugins["Subset Tools"]
    made = _seconds(tools.import_region, SpectralRegion(2 * u.um, 3 * u.um))
    return {"made": made, "moved": _seconds(tools.update_subset, "Subset 1", lo=2.1, hi=2.5)}


def mosaic(who: str, folder: Path, path: str) -> dict[str, float]:
    """A mosaic into an open app: time, and memory by its size."""
    import numpy as np
    from bench_load import _peak_memory

    app, load = _loader(who)
    if who == "stock":
        load = lambda path: app.load(str(path), format="Image")  # noqa: E731
    before = _peak_memory(reset=True)
    seconds = _seconds(load, Path(path))
    size = np.prod([10_000, 10_000]) * 4 / 2**20
    return {"seconds": seconds, "memory": (_peak_memory() - before) / size}


WORK = {work.__name__: work for work in (spectra, slitless, folder, subset, mosaic)}


def _measure(work: str, who: str, folder: Path, argument: object) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", work, who, str(folder), str(argument)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line[7:])
    raise RuntimeError(f"{work} {who}: {done.stderr[-2000:]}")


def _rows(temporary: Path, n_files: int, n_sources: int) -> list[tuple[str, ...]]:
    import make_files

    made = temporary / "x1d"
    made.mkdir()
    make_files.make_x1d_files(made, n_files)
    field = make_files.make_wfss_x1d(temporary, n_sources, 300)
    rows = []

    def row(*cells: object) -> None:
        rows.append(tuple(map(str, cells)))
        print(*rows[-1], sep="   ", flush=True)

    ours = _measure("spectra", "ours", made, 300)
    stock = _measure("spectra", "stock", made, 30)
    numbered = {"100": "300 spectra one after another: the 100th", "200": "the same: the 200th",
                "last": "the same: the 300th"}  # fmt: skip
    for number, label in numbered.items():
        row(label, "the first of them", f"{ours['first']:.2f}", f"{ours[number]:.2f}",
            f"{ours[number] / ours['first']:.1f}")  # fmt: skip
    print("load of the machine:", ours["load"])
    row("the same: the 30th", "jdaviz, its 30th", f"{stock['last']:.2f}",
        f"{_measure('spectra', 'ours', made, 30)['last']:.2f}", "")  # fmt: skip
    row("the same: all 300", "jdaviz, 30 of them", f"{stock['total']:.1f}",
        f"{ours['total']:.1f}", "")  # fmt: skip
    ours, stock = (_measure("subset", who, made, 30) for who in ("ours", "stock"))
    for what in ("made", "moved"):
        row(f"a subset is {what} in 30 spectra", "jdaviz", f"{stock[what]:.2f}",
            f"{ours[what]:.2f}", f"{ours[what] / stock[what]:.2f}")  # fmt: skip
    ours = _measure("slitless", "ours", temporary, field)
    row(f"slitless x1d, {n_sources} sources: load one", "", "", f"{ours['first']:.2f}", "")
    row("the same: one more", "", "", f"{ours['more']:.2f}", "")
    ours = _measure("folder", "ours", made, 20)
    row(f"folder of {n_files} x1d files: list them", "", "", f"{ours['listed']:.2f}", "")
    row("the same: first picture", "", "", f"{ours['first']:.2f}", "")
    row("the same: the 20 that are loaded", "", "", f"{ours['total']:.2f}", "")
    image = make_files.make_i2d(temporary, 10_000)
    ours, stock = (_measure("mosaic", who, temporary, image) for who in ("ours", "stock"))
    row("mosaic 10 000 × 10 000, shown in an open app", "jdaviz, format='Image'",
        f"{stock['seconds']:.2f}", f"{ours['seconds']:.2f}",
        f"{ours['seconds'] / stock['seconds']:.2f}")  # fmt: skip
    row("the same: memory, by the size of the image", "jdaviz, format='Image'",
        f"{stock['memory']:.2f}", f"{ours['memory']:.2f}",
        f"{ours['memory'] / stock['memory']:.2f}")  # fmt: skip
    return rows


def _table(rows: list[tuple[str, ...]]) -> str:
    head = ("Work", "Compared with", "That (s)", "Here (s)", "Ratio")
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for cells in (head, *rows):
        first, *rest = cells
        lines.append(f"   * - {first}")
        lines += [f"     - {cell}".rstrip() for cell in rest]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--sources", type=int, default=5000)
    parser.add_argument("--table", type=Path, help="write the table to this file")
    arguments = parser.parse_args()
    if arguments.child:
        warnings.simplefilter("ignore")
        work, who, place, argument = arguments.child
        print("RESULT " + json.dumps(WORK[work](who, Path(place), argument)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        rows = _rows(Path(temporary), arguments.files, arguments.sources)
    if arguments.table:
        arguments.table.write_text(_table(rows), encoding="utf-8")


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "builders")]
    main()
