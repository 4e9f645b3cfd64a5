"""What it costs to show a spectral cube, as ratios to stock jdaviz, in one run.

Run by hand: ``python tests/benchmarks/bench_cubes.py --table docs/benchmark_cubes.inc``. Every
measurement is a new process with an app that is open already, on a cube of 60 × 60 × 3000 that is
made here; ours and the peer's take turns, and the medians of CPU time are compared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

SHAPE = (3000, 60, 60)
SCI = 4 * np.prod(SHAPE) / 1e6  # MB
ROWS = {
    "load": ("load → slice on screen (CPU)", "s", "0.5"),
    "memory": ("the same, growth of memory", "MB", ""),
    "slice": ("one slice on, Python side", "ms", ""),
    "pixel": ("spectrum under the cursor, another row", "ms", ""),
    "along": ("spectrum under the cursor, same row", "ms", ""),
    "unit": ("another unit of flux", "s", ""),
}


def make_cube(folder: Path) -> Path:
    """Write the cube."""
    import make_cubes

    arrays = make_cubes.cube_arrays(np.linspace(4.9, 7.5, SHAPE[0]), SHAPE[1:])
    return make_cubes.cube(folder, arrays, table=True)


def _memory(reset: bool = False) -> float:
    """Peak resident memory in MB since the last reset (Linux)."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _draw(viewer) -> None:
    """What the viewer does for a screen of 700 × 700 pixels."""
    data = viewer.state.reference_data
    _, ny, nx = data.shape
    data.compute_fixed_resolution_buffer(
        [int(viewer.slice), (-0.5, ny - 0.5, 700), (-0.5, nx - 0.5, 700)],
        target_data=data, target_cid=viewer.layers[0].state.attribute, broadcast=False,
    )  # fmt: skip


def _times(work: Callable[[int], None], count: int) -> float:
    """Milliseconds of CPU for each."""
    start = time.process_time()
    for number in range(count):
        work(number)
    return (time.process_time() - start) / count * 1e3


def _child(who: str, path: Path) -> dict[str, float]:
    warnings.simplefilter("ignore")
    if who == "ours":
        import jdaviz_stage3 as stage3
    import jdaviz

    app = jdaviz.gca()
    if who == "ours":
        import jdaviz_stage3.app
    before = _memory(reset=True)
    start = time.process_time()
    if who == "ours":
        stage3.load(path, app=app)
    else:
        app.load(str(path), format="3D Spectrum")
    viewer = app._app._viewer_store["3D Spectrum"]
    _draw(viewer)
    found = {"load": time.process_time() - start, "memory": _memory() - before}
    slices = app.plugins["Spectral Slice"]
    values = slices._obj.valid_selection_values_sorted

    def turn(number: int) -> None:
        slices.value = float(values[100 + number])
        _draw(viewer)

    found["slice"] = _times(turn, 30)
    tool = viewer.toolbar.tools["jdaviz:spectrumperspaxel"]
    tool.activate()

    def point(x: int, y: int) -> None:
        tool.on_mouse_move({"event": "mousemove", "domain": {"x": x, "y": y}})

    found["pixel"] = _times(lambda number: point(20, 10 + number), 5)
    found["along"] = _times(lambda number: point(20 + number, 15), 5)
    tool.deactivate()
    start = time.process_time()
    app.plugins["Unit Conversion"].flux_unit.selected = "mJy"
    found["unit"] = time.process_time() - start
    return found


def _measure(who: str, path: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", who, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line[7:])
    raise RuntimeError(f"{who}: {done.stderr[-2000:]}")


def _table(peer: dict[str, float], ours: dict[str, float]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    heads = ("Work", "Stock jdaviz", "Here", "Ratio", "Aim")
    rows = [heads]
    for key, (what, unit, aim) in ROWS.items():
        rows.append((
            what, f"{peer[key]:.3g} {unit}", f"{ours[key]:.3g} {unit}",
            f"{ours[key] / peer[key]:.2g}", aim and f"≤ {aim}",
        ))  # fmt: skip
    for row in rows:
        lines.append(f"   * - {row[0]}")
        lines += [f"     - {cell}" for cell in row[1:]]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--table", type=Path, help="write the table to this file")
    arguments = parser.parse_args()
    if arguments.child:
        who, path = arguments.child
        found = _child(who, Path(path))
        print("RESULT " + json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as temporary:
        path = make_cube(Path(temporary))
        runs: dict[str, list[dict[str, float]]] = {"peer": [], "ours": []}
        for _ in range(arguments.repeat):
            for who in runs:
                runs[who].append(_measure(who, path))
    peer, ours = (
        {key: statistics.median(run[key] for run in found) for key in ROWS}
        for found in runs.values()
    )
    for key, (what, unit, _) in ROWS.items():
        ratio = ours[key] / peer[key]
        print(f"{what:42s} peer {peer[key]:8.3f}  here {ours[key]:8.3f} {unit}  ratio {ratio:.3f}")
    print(f"memory here: {ours['memory'] / SCI:.2f} of SCI")
    if arguments.table:
        arguments.table.write_text(_table(peer, ours), encoding="utf-8")


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1] / "builders")]
    main()
