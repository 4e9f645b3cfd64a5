"""What it costs to show a stack of images and to compute of it, as ratios in one run.

Run by hand: ``python tests/benchmarks/bench_stacks.py --table docs/benchmark_stacks.inc``. A
crfints of 1000 × 512 × 512 (3 GB with errors and flags) is made here. Each measurement is a new
process; ours and what it is compared with take turns, and the medians of CPU time are compared.
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

SHAPE = (1000, 512, 512)
NAME = "jw09997001001_04101_00001_nrcalong_crfints.fits"
#: What: in words, compared with, unit, aim (of the ratio, or of the figure).
ROWS = {
    "load": ("load → first frame", "our i2d of 512 × 512", "s", "ratio ≤ 3"),
    "memory": ("the same, growth of memory", "our i2d of 512 × 512", "MB", "≤ 200 MB"),
    "open": ("read(path), no app", "fits.open and headers", "ms", ""),
    "frame": ("one frame, flags applied", "the same by fits.section", "ms", "≤ 15 ms"),
    "median": ("median of 1000 frames", "bottleneck.nanmedian in memory", "s", "ratio ≤ 1.3"),
    "median_err": ("the same with errors", "bottleneck.nanmedian in memory", "s", "ratio ≤ 1.3"),
    "peak": ("the same, growth of memory", "bottleneck, array and all", "MB", "≤ 500 MB"),
    "pixel": ("series of a pixel", "the same by fits.section", "ms", "≤ 50 ms"),
}


def make_stack(folder: Path) -> Path:
    """Write the stack, frame by frame; nothing else of it is in memory."""
    from astropy.io import fits

    rng = np.random.default_rng(1)
    n, ny, nx = SHAPE
    primary = fits.PrimaryHDU()
    primary.header.update(
        TELESCOP="JWST", DATAMODL="CubeModel", FILENAME=NAME, INTSTART=1, INTEND=n,
    )  # fmt: skip
    level = rng.normal(5, 1, (ny, nx)).astype("f4")
    noise = rng.standard_normal((ny, nx), dtype="f4")
    sky = {
        "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 256.5, "CRPIX2": 256.5,
        "CRVAL1": 53.1, "CRVAL2": -27.8, "CDELT1": -1.75e-5, "CDELT2": 1.75e-5, "BUNIT": "MJy/sr",
    }  # fmt: skip
    path = folder / NAME
    with open(path, "wb") as stream:
        stream.write(primary.header.tostring().encode())
        for name in ("SCI", "ERR", "DQ"):
            header = fits.Header()
            header["XTENSION"], header["BITPIX"] = "IMAGE", 32 if name == "DQ" else -32
            header["NAXIS"], header["NAXIS1"], header["NAXIS2"], header["NAXIS3"] = 3, nx, ny, n
            header["PCOUNT"], header["GCOUNT"], header["EXTNAME"] = 0, 1, name
            header.update({"BZERO": 2**31, "BSCALE": 1} if name == "DQ" else sky)
            stream.write(header.tostring().encode())
            for number in range(n):
                bad = np.roll(noise, 31 * number) > 2.9  # two in a thousand
                if name == "SCI":
                    values = np.where(bad, np.nan, level + np.roll(noise, 17 * number))
                    stream.write(values.astype(">f4").tobytes())
                elif name == "ERR":
                    stream.write(np.ones((ny, nx), ">f4").tobytes())
                else:
                    stream.write((np.where(bad, 1, 0) - 2**31).astype(">i4").tobytes())
            stream.write(b"\0" * (-n * ny * nx * 4 % 2880))
        days = 59990 + np.arange(n) * 1e-4
        columns = [fits.Column("integration_number", "J", array=np.arange(1, n + 1))]
        for system in ("MJD_UTC", "BJD_TDB"):
            for end, half in (("start", -5e-5), ("mid", 0), ("end", 5e-5)):
                columns.append(fits.Column(f"int_{end}_{system}", "D", array=days + half))
        table = fits.BinTableHDU.from_columns(columns, name="INT_TIMES")
        stream.write(table.header.tostring().encode())
        stream.write(table.data.tobytes())
        stream.write(b"\0" * (-table.data.nbytes % 2880))
    return path


def _memory(reset: bool = False) -> float:
    """Peak resident memory in MB since the last reset (Linux)."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _cpu(work: Callable[[int], object], count: int = 1) -> float:
    """Seconds of CPU for each."""
    start = time.process_time()
    for number in range(count):
        work(number)
    return (time.process_time() - start) / count


def _in_app(path: Path) -> dict[str, float]:
    """Load it, and draw the first frame as for a screen of 700 × 700 pixels."""
    import jdaviz

    import jdaviz_stage3 as stage3
    import jdaviz_stage3.app

    app = jdaviz.gca()
    before = _memory(reset=True)
    start = time.process_time()
    stage3.load(path, app=app)
    viewer = next(iter(app.viewers.values()))._obj.glue_viewer
    data = viewer.state.reference_data
    ny, nx = data.shape[-2:]
    data.compute_fixed_resolution_buffer(
        [(-0.5, ny - 0.5, 700), (-0.5, nx - 0.5, 700)], target_data=data,
        target_cid=viewer.layers[0].state.attribute, broadcast=False,
    )  # fmt: skip
    return {"load": time.process_time() - start, "memory": _memory() - before}


def _ours(path: Path) -> dict[str, float]:
    import jdaviz_stage3 as stage3
    from jdaviz_stage3.analysis import collapse_stack, pixel_series

    stage3.read(path)
    found = {"open": 1e3 * _cpu(lambda _: stage3.read(path), 5)}
    stack = stage3.read(path)
    found["frame"] = 1e3 * _cpu(lambda i: stack.frame(37 * i % 1000, blank=True), 50)
    pixel_series(stack, 3, 4)
    found["pixel"] = 1e3 * _cpu(lambda i: pixel_series(stack, 100 + i, 200), 10)
    assert stack.wcs is not None  # what the package imports for it is not the median's
    before = _memory(reset=True)
    found["median"] = _cpu(lambda _: collapse_stack(stack, "median", errors="none"))
    found["median_err"] = _cpu(lambda _: collapse_stack(stack, "median"))
    return found | {"peak": _memory() - before}


def _peer(path: Path) -> dict[str, float]:
    import bottleneck
    from astropy.io import fits

    def headers(_: int) -> None:
        with fits.open(path) as hdus:
            [hdu.header for hdu in hdus]

    headers(0)
    found = {"open": 1e3 * _cpu(headers, 5)}
    with fits.open(path) as hdus:

        def section(view: tuple) -> np.ndarray:
            values, flags = (hdus[name].section[view] for name in ("SCI", "DQ"))
            return np.where(flags & 1, np.nan, values.astype("f4"))

        found["frame"] = 1e3 * _cpu(lambda i: section((37 * i % 1000,)), 50)
        found["pixel"] = 1e3 * _cpu(lambda i: section((slice(None), 200, 100 + i)), 10)
    before = _memory(reset=True)
    values = np.empty(SHAPE, "f4")
    with fits.open(path) as hdus:
        for number in range(SHAPE[0]):
            values[number] = hdus["SCI"].section[number]
    median = _cpu(lambda _: bottleneck.nanmedian(values, axis=0))
    return found | {"median": median, "median_err": median, "peak": _memory() - before}


def _measure(what: str, path: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", what, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line[7:])
    raise RuntimeError(f"{what}: {done.stderr[-2000:]}")


def _table(peer: dict[str, float], ours: dict[str, float]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    rows = [("Work", "Compared with", "That", "Here", "Ratio", "Aim")]
    for key, (what, other, unit, aim) in ROWS.items():
        rows.append((
            what, other, f"{peer[key]:.3g} {unit}", f"{ours[key]:.3g} {unit}",
            f"{ours[key] / peer[key]:.2g}", aim,
        ))  # fmt: skip
    for row in rows:
        lines.append(f"   * - {row[0]}")
        lines += [f"     - {cell}" for cell in row[1:]]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the stack is written, and left")
    parser.add_argument("--table", type=Path, help="write the table to this file")
    arguments = parser.parse_args()
    if arguments.child:
        warnings.simplefilter("ignore")
        what, path = arguments.child
        found = {"app": _in_app, "ours": _ours, "peer": _peer}[what](Path(path))
        print("RESULT " + json.dumps(found))
        return
    from make_files import make_i2d

    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        path = folder / NAME
        if not path.exists():
            make_stack(folder)
        mosaic = make_i2d(Path(temporary), 512)
        peer: list[dict[str, float]] = []
        ours: list[dict[str, float]] = []
        for _ in range(arguments.repeat):
            peer.append(_measure("peer", path) | _measure("app", mosaic))
            ours.append(_measure("ours", path) | _measure("app", path))
    that, here = (
        {key: statistics.median(run[key] for run in runs) for key in ROWS} for runs in (peer, ours)
    )
    for key, (what, other, unit, aim) in ROWS.items():
        ratio = here[key] / that[key]
        print(f"{what:28s} {other:32s} {that[key]:9.3f} here {here[key]:9.3f} {unit:3s} "
              f"ratio {ratio:.3f}  {aim}")  # fmt: skip
    if arguments.table:
        arguments.table.write_text(_table(that, here), encoding="utf-8")


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1] / "builders")]
    main()
