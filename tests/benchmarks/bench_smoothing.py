"""How fast the running median is, as ratios to its peers, in one run with all taking turns.

Run by hand: ``python tests/benchmarks/bench_smoothing.py --table FILE``. It takes about a minute
and 500 MB of memory.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import bottleneck
import numpy as np
from astropy import units as u
from numpy.lib.stride_tricks import sliding_window_view

from jdaviz_stage3.analysis import median_smooth

BARE, SLIDING = "bare bottleneck.move_median", "np.nanmedian of sliding windows"


def _sliding(flux: np.ndarray, width: int) -> np.ndarray:
    return np.nanmedian(sliding_window_view(flux, width), axis=-1)


def _with_gaps(flux: np.ndarray) -> np.ndarray:
    return np.where(np.random.default_rng(1).random(flux.shape) < 0.05, np.nan, flux)


def _cases() -> list[tuple[str, str, str, Callable, Callable, int]]:
    """What is measured: work, peer, aim, the peer's function, ours, and how often."""
    flux = np.random.default_rng(0).normal(size=1_000_000)
    gaps = _with_gaps(flux)
    sigma = np.ones_like(flux)
    cases = []
    for width in (11, 101):
        cases += [
            (f"10⁶ samples, {width} pixels", BARE, "≤ 1.2",
             lambda width=width: bottleneck.move_median(flux, width),
             lambda width=width: median_smooth(flux, width), 15),
            (f"the same with 5 % NaN, {width} pixels", BARE, "",
             lambda width=width: bottleneck.move_median(gaps, width, min_count=1),
             lambda width=width: median_smooth(gaps, width), 7),
            (f"the same with uncertainties, {width} pixels", BARE, "",
             lambda width=width: bottleneck.move_median(flux, width),
             lambda width=width: median_smooth(flux, width, uncertainty=sigma), 7),
            (f"10⁶ samples, {width} pixels", SLIDING, "≤ 0.2",
             lambda width=width: _sliding(flux, width),
             lambda width=width: median_smooth(flux, width), 1),
        ]  # fmt: skip
    uneven = np.cumsum(np.random.default_rng(2).uniform(0.5, 1.5, 100_000)) * u.nm
    cases.append(
        ("10⁵ samples, 11 nm on an uneven grid", SLIDING, "",
         lambda: _sliding(flux[:100_000], 11),
         lambda: median_smooth(flux[:100_000], 11 * u.nm, wavelength=uneven), 3)
    )  # fmt: skip
    image = np.random.default_rng(3).normal(size=(4000, 2048)).astype(np.float32)
    cases += [
        ("4000 × 2048 float32, along rows, 11 pixels", BARE, "≤ 1.2",
         lambda: bottleneck.move_median(image, 11, axis=-1),
         lambda: median_smooth(image, 11), 5),
        ("the same along columns", BARE, "≤ 1.2",
         lambda: bottleneck.move_median(image, 11, axis=0),
         lambda: median_smooth(image, 11, axis=0), 5),
    ]  # fmt: skip
    return cases


def _seconds(function: Callable) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, help="write the table to this file")
    arguments = parser.parse_args()
    median_smooth(np.ones(100), 11)
    lines = [".. list-table::", "   :header-rows: 1", ""]
    head = ["Work", "Compared with", "Peer (ms)", "Here (ms)", "Ratio", "Aim"]
    rows = [head]
    for work, peer, aim, theirs, ours, repeat in _cases():
        times = [(_seconds(theirs), _seconds(ours)) for _ in range(repeat)]
        their_time, our_time = (statistics.median(column) for column in zip(*times, strict=True))
        rows.append([work, peer, f"{1000 * their_time:.1f}", f"{1000 * our_time:.1f}",
                     f"{our_time / their_time:.3f}", aim])  # fmt: skip
        print("  ".join(rows[-1]), flush=True)
    for cells in rows:
        lines.append(f"   * - {cells[0]}")
        lines += [f"     - {cell}".rstrip() for cell in cells[1:]]
    if arguments.table:
        arguments.table.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
