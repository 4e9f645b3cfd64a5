"""What a very long spectral time series costs: to read, to show, to make light curves of.

Run by hand: ``python tests/benchmarks/bench_long_series.py --table FILE``, which is
``docs/benchmark_long_series.inc``. It writes an x1dints of 130 000 integrations of 500 channels
(9.1 GB), or of as many as are asked for, and removes it at the end; ``--file`` takes one that is
there. All steps are taken one after the other, as a person would, in one process with an app that
has loaded a small series before.

CPU time is that of the process, and beside it what of it the system took: for reading, and for
memory that is touched first, which in a virtual machine can be most of it, so that a pass is gone
through before anything is measured. What it is compared with is one pass over the file in the same
process: flux, flags and variances read, and masked sums.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "builders")]

from make_files import make_long_x1dints  # noqa: E402

SCREEN = (700, 1200)  # pixels of the picture
PASS = "one pass over the file"
#: What is measured, in the order in which it is done, and what it should take.
ROWS = {
    PASS: "",
    "read(path)": "0.2 s",
    "load into an open app, and the first picture": "3 s, 680 MB",
    "another part of the picture": "",
    "first light curve": "4 s, 600 MB",
    "another band": "0.1 s",
    "the time cursor": "",
}


def one_pass(trace: object) -> None:
    """Read what a light curve needs, and sum it with a mask."""
    flux = trace.usable_flux().value
    good = np.isfinite(flux)
    np.where(good, flux, 0).sum(axis=1)
    del flux
    np.where(good, trace.flux_variance().value, 0).sum(axis=1)


def memory(name: str) -> float:
    """The resident memory now (VmRSS), or the most there was (VmHWM), in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith(name))


def measure(work: Callable[[], object]) -> dict[str, float]:
    """Do something, and say what it took."""
    Path("/proc/self/clear_refs").write_text("5")  # the most of memory begins anew
    before, rss, start = os.times(), memory("VmRSS"), time.perf_counter()
    kept = work()
    wall, after = time.perf_counter() - start, os.times()
    system = after.system - before.system
    cpu = after.user - before.user + system
    grown, most = memory("VmRSS") - rss, memory("VmHWM") - rss
    del kept
    return {"cpu": cpu, "system": system, "wall": wall, "memory": grown, "peak": most}


def steps(path: Path, small: Path) -> dict[str, Callable[[], object]]:
    """What to do, by the names of the rows."""
    import jdaviz

    import jdaviz_stage3 as stage3
    from jdaviz_stage3.jdaviz_compat import shown_in

    app = jdaviz.new_app()
    stage3.load(small, app=app)
    one_pass(stage3.read(path).traces[0])  # the file is in the system's cache, where it has room
    plugin = app.plugins["White Light Curve"]
    label: list[str] = []

    def drawn(part: float) -> np.ndarray:
        [viewer] = shown_in(app, label[0])
        state = next(s for s in viewer.state.layers if s.layer.label == label[0])
        low, high = viewer.state.y_min, viewer.state.y_max
        rows = (low, low + (high - low) * part, SCREEN[0])
        columns = (viewer.state.x_min, viewer.state.x_max, SCREEN[1])
        return state.get_sliced_data(bounds=[rows, columns])

    def load() -> None:
        label.append(stage3.load(path, app=app)[0])
        drawn(1.0)

    work = (
        lambda: one_pass(stage3.read(path).traces[0]),
        lambda: stage3.read(path),
        load,
        lambda: drawn(0.01),
        lambda: plugin.show(dataset=label),
        lambda: setattr(plugin, "band_low", 1.0),
        lambda: setattr(plugin, "integration", 1000),
    )
    return dict(zip(ROWS, work, strict=True))


def table(found: dict[str, dict[str, float]]) -> str:
    """The rows as reStructuredText."""
    lines = [
        ".. list-table::", "   :header-rows: 1", "", "   * - Work", "     - CPU (s)",
        "     - of it, the system (s)", "     - Of one pass", "     - Memory after, at most (MB)",
        "     - Aim",
    ]  # fmt: skip
    for name, took in found.items():
        lines += [
            f"   * - {name}", f"     - {took['cpu']:.2f}", f"     - {took['system']:.2f}",
            f"     - {took['cpu'] / found[PASS]['cpu']:.2g}",
            f"     - {max(took['memory'], 0):.0f}, {max(took['peak'], 0):.0f}",
            f"     - {ROWS[name]}".rstrip(),
        ]  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--integrations", type=int, default=130_000)
    parser.add_argument("--channels", type=int, default=500)
    parser.add_argument("--file", type=Path, help="an x1dints of one trace that is there")
    parser.add_argument("--folder", type=Path, help="where the file is written for the time")
    parser.add_argument("--table", type=Path)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        small = Path(folder) / "small"
        small.mkdir()
        path = chosen.file or make_long_x1dints(Path(folder), chosen.integrations, chosen.channels)
        found = {}
        for name, work in steps(path, make_long_x1dints(small, 100, chosen.channels)).items():
            found[name] = took = measure(work)
            text = ", ".join(f"{key} {value:.2f}" for key, value in took.items())
            print(f"{name}: {text}, load {os.getloadavg()[0]:.1f}", flush=True)
    print(table(found))
    if chosen.table:
        chosen.table.write_text(table(found))


if __name__ == "__main__":
    main()
