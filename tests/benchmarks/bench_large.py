"""The largest mosaics and catalogs, as ratios in one run.

Run by hand: ``python tests/benchmarks/bench_large.py --table docs/benchmark_large.inc``. It needs
9 GB of disk and a quarter of an hour; with ``--browser`` also Chromium with chromedriver, which
drags a large mosaic and a small one by turns. Each measurement is a new process with an app that
is open already; ours and what it is compared with take turns, and medians of CPU time are
compared, but for first pictures, whose time is that on the clock.
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

HERE = Path(__file__).resolve().parent
SIZE, ZOOMS, FRAMES = (800, 1200), (1, 4, 40), 10
N_SOURCES = 1_000_000
#: Where the third button of the viewer's toolbar is, behind home and the box zoom.
_PAN_TOOL = """
const above = document.querySelector('.plotarea_background').getBoundingClientRect().top;
const boxes = [...document.querySelectorAll('button')].map(b => b.getBoundingClientRect());
const row = boxes.filter(b => b.width && b.bottom <= above && b.top > above - 70);
row.sort((a, b) => a.left - b.left);
return [row[2].left + row[2].width / 2, row[2].top + row[2].height / 2];
"""


def _memory(reset: bool = False) -> float:
    """Peak resident memory in MB since the last reset (Linux)."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    [line] = [x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x]
    return int(line.split()[1]) / 1024


def _opened_app(ours: bool = True):
    if ours:
        import jdaviz_stage3
    import jdaviz

    app = jdaviz.gca()
    if ours:
        import jdaviz_stage3.app  # noqa: F401
    _memory(reset=True)
    return app


def _loaded(who: str, path: str) -> list[float]:
    """CPU seconds and memory (MB) of loading."""
    app = _opened_app(who == "ours")
    before, start = _memory(), time.process_time()
    if who == "ours":
        import jdaviz_stage3 as stage3

        stage3.load(path, app=app)
    else:
        app.load(path, format="Image")
    return [time.process_time() - start, _memory() - before]


def _viewer(app):
    from jdaviz_stage3.jdaviz_compat import image_viewers

    [viewer] = image_viewers(app)
    viewer.shape = SIZE
    return viewer


def _draw(viewer, zoom: float = 1, moved: int = 0) -> float:
    """CPU seconds of drawing what is seen, as the browser gets it."""
    from glue.core.fixed_resolution_buffer import invalidate_cache

    limits = viewer.state
    spans = []
    for low, high, pixels in (
        (limits.y_min, limits.y_max, SIZE[0]), (limits.x_min, limits.x_max, SIZE[1])
    ):  # fmt: skip
        width = (high - low) / zoom
        middle = (low + high) / 2 + 0.013 * moved * width
        spans.append((middle - width / 2, middle + width / 2, pixels))
    invalidate_cache()
    start = time.process_time()
    viewer._composite_image.array_maker(bounds=spans)
    return time.process_time() - start


def _first_picture(disk: str, path: str) -> list[float]:
    """Seconds until it is drawn, and memory (MB)."""
    import jdaviz_stage3 as stage3

    app = _opened_app()
    if disk == "cold":
        with open(path, "rb") as stream:
            os.fsync(stream.fileno())
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    before, start = _memory(), time.perf_counter()
    stage3.load(path, app=app)
    _draw(_viewer(app))
    return [time.perf_counter() - start, _memory() - before]


def _redrawn(align: str, path: str) -> list[float]:
    """CPU seconds of one picture, at each zoom."""
    import jdaviz_stage3 as stage3

    app = _opened_app()
    stage3.load(path, app=app)
    if align == "turned":
        orientation = app.plugins["Orientation"]
        orientation.align_by = "WCS"
        orientation.rotation_angle = 37.0
        orientation.add_orientation()
        orientation.orientation = next(c for c in orientation.orientation.choices if "CCW" in c)
    viewer = _viewer(app)
    return [
        statistics.median(_draw(viewer, zoom, moved) for moved in range(FRAMES)) for zoom in ZOOMS
    ]


def _read_table(who: str, path: str) -> list[float]:
    """CPU seconds and memory (MB) of reading a catalog."""
    import pyarrow.csv
    import pyarrow.parquet  # noqa: F401
    from astropy.table import QTable

    from jdaviz_stage3.readers.catalog import read_catalog

    _memory(reset=True)
    before, start = _memory(), time.process_time()
    if who == "ours":
        read_catalog(path)
    else:
        QTable.read(path, format="ecsv", engine="pyarrow")
    return [time.process_time() - start, _memory() - before]


def _write_others(who: str, path: str) -> list[float]:
    from jdaviz_stage3.readers.catalog import read_catalog

    table = read_catalog(path)
    table.meta = {}
    table.write(Path(path).with_suffix(".parquet"))
    table.write(Path(path).with_suffix(".fits"))
    return []


CHILDREN = {
    "load": _loaded, "picture": _first_picture, "redraw": _redrawn, "table": _read_table,
    "others": _write_others,
}  # fmt: skip


def _measure(what: str, how: str, path: Path) -> list[float]:
    command = [sys.executable, __file__, "--child", what, how, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line[7:])
    raise RuntimeError(f"{what} {how}: {done.stderr[-2000:]}")


def _medians(runs: list[list[float]]) -> list[float]:
    return [statistics.median(values) for values in zip(*runs, strict=True)]


def _in_turns(repeat: int, *calls: tuple[str, str, Path]) -> list[list[float]]:
    """The medians of each, all in turns."""
    found: list[list[list[float]]] = [[] for _ in calls]
    for _ in range(repeat):
        for runs, call in zip(found, calls, strict=True):
            runs.append(_measure(*call))
    return [_medians(runs) for runs in found]


def _dragged(paths: list[Path], repeat: int) -> list[float]:
    """Frames for each CPU second of the browser while the mosaic is dragged, of each file."""
    sys.path[:0] = [str(HERE), str(HERE.parent / "drivers")]
    from bench_interaction import App
    from bench_overlay import Session

    apps, sessions = [], []
    try:
        for path in paths:
            app = App("open", str(path))
            apps.append(app)
            app.page.wait_for(lambda app=app: app.page.box("Image"), "the viewer")
            session = Session.__new__(Session)
            session.driver = app.page.driver
            app.settle()
            x, y = session.driver.execute_script(_PAN_TOOL)
            app.page.point_at(x, y, click=True)
            app.settle()
            session.connect()
            sessions.append(session)
        frames = [[session.pan()[1] for session in sessions] for _ in range(repeat)]
    finally:
        for app in apps:
            app.close()
    return _medians(frames)


def _rows(folder: Path, repeat: int) -> list[tuple[str, ...]]:
    import make_files

    from jdaviz_stage3.demo import demo_products

    small, middle, large = (
        make_files.make_large_i2d(folder, size) for size in (2_000, 10_000, 20_000)
    )
    rows = []

    def add(what: str, other: str, that: float | None, here: float, aim: str, memory: float | None):
        ratio = "" if that is None else f"{here / that:.2f}"
        numbers = ["" if x is None else f"{x:.3g}" for x in (that, here)]
        rows.append((what, other, *numbers, ratio, aim, "" if memory is None else f"{memory:.0f}"))
        print(*rows[-1], sep=" | ", flush=True)

    ours, stock = _in_turns(repeat, ("load", "ours", middle), ("load", "stock", middle))
    add("mosaic 10 000 × 10 000: load", "jdaviz, format='Image'", stock[0], ours[0], "≤ 0.15",
        ours[1])  # fmt: skip
    for disk, words in (("warm", ""), ("cold", ", not in the disk's cache")):
        [(seconds, memory)] = _in_turns(repeat, ("picture", disk, large))
        add(f"20 000 × 20 000: first picture{words} (clock)", "", None, seconds, "≤ 3 s", memory)
    for align, words in (("straight", ""), ("turned", ", turned by 37°")):
        ours, others = _in_turns(repeat, ("redraw", align, large), ("redraw", align, small))
        for zoom, here, that in zip(ZOOMS, ours, others, strict=True):
            aim = "≤ 1.25" if align == "straight" else ""
            what = f"the same: one picture, zoom {zoom}{words}"
            add(what, "that of 2000 × 2000", that, here, aim, None)
    template = next(path for path in demo_products() if path.name.endswith("_cat.ecsv"))
    catalog = make_files.make_long_catalog(folder, template, N_SOURCES)
    _measure("others", "", catalog)
    kinds = [catalog, catalog.with_suffix(".parquet"), catalog.with_suffix(".fits")]
    calls = [("table", "ours", path) for path in kinds]
    *ours, other = _in_turns(repeat, *calls, ("table", "astropy", catalog))
    for name, (seconds, memory) in zip(("ECSV", "Parquet", "FITS"), ours, strict=True):
        add(f"catalog of 1 000 000 sources, 54 columns, {name}: read",
            "QTable.read of the ECSV by pyarrow", other[0], seconds, "≤ 1.1", memory)  # fmt: skip
    return rows


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--table", type=Path, help="write the table to this file")
    parser.add_argument("--browser", action="store_true", help="drag mosaics, and nothing else")
    parser.add_argument("--folder", type=Path, help="where to write the files")
    arguments = parser.parse_args()
    if arguments.child:
        warnings.simplefilter("ignore")
        what, how, path = arguments.child
        print("RESULT " + json.dumps(CHILDREN[what](how, path)))
        return
    sys.path[:0] = [str(HERE), str(HERE.parent / "builders")]
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        if arguments.browser:
            import make_files

            paths = [make_files.make_large_i2d(Path(folder), size) for size in (20_000, 2_000)]
            here, that = _dragged(paths, 2 * arguments.repeat)
            print(f"frames of a CPU second: {here:.1f}, of 2000 x 2000 {that:.1f}")
            return
        rows = _rows(Path(folder), arguments.repeat)
    heading = ("Work", "Compared with", "That (s)", "Here (s)", "Ratio", "Aim", "Memory here (MB)")
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (heading, *rows):
        lines += [f"   {'*' if n == 0 else ' '} - {cell}" for n, cell in enumerate(row)]
    text = "\n".join(lines) + "\n"
    if arguments.table:
        arguments.table.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
