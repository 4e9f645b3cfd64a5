"""What it costs to list the products of a folder, as ratios in one run.

Run by hand: ``python tests/benchmarks/bench_folders.py --table docs/benchmark_folders.inc``. 10 000
files in 100 folders are made here, each with a primary header of 280 cards, which is all that is
read of any. Ours and what it is compared with take turns, in new processes; medians of CPU time.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

N_FOLDERS, N_FILES, N_CARDS = 100, 100, 280
ROUNDS = 3
#: What: in words, compared with, aim.
ROWS = {
    "first": ("list 10 000 files, the first time", "fits.getheader of each", "≤ 8 s"),
    "again": ("the same again", "fits.getheader of each", "≤ 1 s"),
    "grouped": ("what belongs together (5000 associations)", "fits.getheader of each", ""),
    "tree": ("the rows of the panel", "fits.getheader of each", ""),
    "info": (
        "``info`` of 5000 products, the first time",
        "all headers of those that are FITS by astropy",
        "≤ 12 s",
    ),
    "info again": ("the same again", "all headers of those that are FITS by astropy", "≤ 1 s"),
}
N_PRODUCTS = 5000


def make_folder(top: Path) -> None:
    """Write 10 000 files of 5000 associations, as MAST's downloads lie."""
    from astropy.io import fits

    for number in range(N_FOLDERS):
        folder = top / "JWST" / f"part{number:03d}"
        folder.mkdir(parents=True)
        for file in range(N_FILES):
            observation = number * N_FILES // 2 + file // 2
            root = f"jw{10000 + observation // 900:05d}-o{observation % 900 + 1:03d}_t001_miri"
            header = fits.PrimaryHDU().header
            header.update(
                TELESCOP="JWST", DATAMODL="MultiSpecModel" if file % 2 else "SlitModel",
                TARGNAME=f"T{observation}", INSTRUME="MIRI", EXP_TYPE="MIR_LRS-FIXEDSLIT",
                CAL_VER="3.0.0", ASNTABLE=f"{root}_spec3_00001_asn.json",
            )  # fmt: skip
            for card in range(N_CARDS):
                header[f"KEY{card}"] = ("a value of some length", "and a comment")
            name = f"{root}_{'x1d' if file % 2 else 's2d'}.fits"
            (folder / name).write_bytes(header.tostring().encode())


def make_products(top: Path) -> None:
    """Copy the small products of the demo, each observation to a folder of its own."""
    from jdaviz_stage3.demo import demo_products

    small = [path for path in demo_products() if path.stat().st_size < 3_000_000]
    for number in range(N_PRODUCTS // len(small)):
        folder = top / f"observation{number:04d}"
        folder.mkdir(parents=True)
        for path in small:
            shutil.copy(path, folder / f"jw{10_000 + number}{path.name[7:]}")


def measure_info(what: str, top: str, cache: str) -> float:
    """CPU seconds of this process and of those that it starts, without the imports."""
    import os

    import jdaviz_stage3.looked_files  # noqa: F401
    from jdaviz_stage3 import cli

    os.environ["JDAVIZ_STAGE3_CACHE"] = cache
    if what == "info":
        (Path(cache) / "looked.sqlite").unlink(missing_ok=True)
    start = sum(os.times()[:4])
    with contextlib.redirect_stdout(io.StringIO()) as said:
        cli.main(["info", top])
    taken = sum(os.times()[:4]) - start
    assert len(said.getvalue().splitlines()) >= N_PRODUCTS
    return taken


def measure_headers(top: str) -> float:
    """CPU seconds of all headers of the FITS files by astropy."""
    from astropy.io import fits

    start = time.process_time()
    for path in Path(top).rglob("*.fits"):
        with fits.open(path) as hdus:
            for hdu in hdus:
                dict(hdu.header)
    return time.process_time() - start


def measure(what: str, top: str, cache: str) -> float:
    """CPU seconds, without the imports."""
    from astropy.io import fits

    from jdaviz_stage3.groups import ProductList, group_products
    from jdaviz_stage3.groups.product_cache import ProductCache
    from jdaviz_stage3.plugins.products.tree import ProductTree

    if what.startswith("info"):
        return measure_info(what, top, cache)
    if what == "headers":
        return measure_headers(top)
    kept = ProductCache(Path(cache) / "products.sqlite")
    if what == "getheader":
        paths = list(Path(top).rglob("*.fits"))
        start = time.process_time()
        for path in paths:
            fits.getheader(path)
        return time.process_time() - start
    if what == "first":
        kept.path.unlink(missing_ok=True)
    start = time.process_time()
    listed = ProductList([top], kept).finish()
    taken = time.process_time() - start
    assert len(listed.products) == N_FOLDERS * N_FILES
    if what in ("first", "again"):
        return taken
    start = time.process_time()
    groups = group_products(listed.products)
    taken = time.process_time() - start
    if what == "grouped":
        return taken
    tree = ProductTree(groups, {product.path: product for product in listed.products})
    start = time.process_time()
    tree.rows(search="t17")
    return time.process_time() - start


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--table", type=Path)
    parser.add_argument("--measure", nargs=3)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(*arguments.measure)))
        return
    with tempfile.TemporaryDirectory() as folder:
        top, cache = Path(folder) / "mastDownload", Path(folder) / "cache"
        products = Path(folder) / "products"
        make_folder(top)
        make_products(products)
        taken: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for what in ("getheader", "headers", *ROWS):
                looked = products if what.startswith(("info", "headers")) else top
                command = [sys.executable, __file__, "--measure", what, str(looked), str(cache)]
                answer = subprocess.run(command, check=True, capture_output=True, text=True)
                taken.setdefault(what, []).append(float(answer.stdout))
    medians = {what: statistics.median(times) for what, times in taken.items()}
    lines = [".. list-table::", "   :header-rows: 1", ""]
    rows = [("Work", "Compared with", "That", "Here", "Ratio", "Aim")]
    for what, (words, other, aim) in ROWS.items():
        here, that = medians[what], medians["headers" if what.startswith("info") else "getheader"]
        rows.append((words, other, f"{that:.3g} s", f"{here:.3g} s", f"{here / that:.2g}", aim))
    for row in rows:
        lines += [f"   {'*' if n == 0 else ' '} - {cell}" for n, cell in enumerate(row)]
    text = "\n".join(lines) + "\n"
    print(text)
    if arguments.table:
        arguments.table.write_text(text)


if __name__ == "__main__":
    main()
