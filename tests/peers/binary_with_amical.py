"""Compares the search for a companion with AMICAL's, in the manner of CANDID; it is no dependency.

    python tests/peers/binary_with_amical.py --python OTHER

``OTHER`` is a Python with AMICAL (``python -m venv amical; amical/bin/pip install
"amical[virgil]"``). Both fit closure phases of invented binaries, which they read from OIFITS
files that `jdaviz_stage3.analysis.write_oifits` has written.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "builders"))

#: East and north in mas, flux ratio, noise of the complex visibilities.
BINARIES = (
    (110, -75, 0.03, 0.005), (-60, 140, 0.1, 0.01), (-150, -90, 0.01, 0.002),
    (45, 50, 0.2, 0.01), (200, 20, 0.05, 0.005), (0, -120, 0.02, 0.004),
)  # fmt: skip
_EXTENT = 300  # mas

IN_AMICAL = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import amical
found = []
for path in sys.argv[2:]:
    start = time.perf_counter()
    fit = amical.candid_grid(path, step=10, rmin=20, rmax=float(sys.argv[1]), obs=["cp"])
    seconds = time.perf_counter() - start
    found.append({
        "east": fit["comp"]["x"], "north": fit["comp"]["y"], "flux_ratio": fit["comp"]["f"] / 100,
        "errors": [fit["uncer"]["sep"], fit["uncer"]["theta"], fit["uncer"]["dm"]],
        "seconds": seconds,
    })
json.dump(found, open(sys.argv[1] + ".json", "w"))
"""


def main() -> int:
    """Print both; 1 if they differ by more than a tenth of their errors."""
    from astropy import units as u
    from make_interferometry import binary, oifits

    from jdaviz_stage3 import analysis, read

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", required=True, help="a Python with amical[virgil]")
    other = parser.parse_args().python
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        products, paths = [], []
        for number, (east, north, ratio, noise) in enumerate(BINARIES):
            sky = binary(east, north, ratio)
            made = oifits("ami-oi", Path(folder), sky=sky, noise=noise, seed=number)
            products.append(read(made))
            paths.append(str(analysis.write_oifits(products[-1], f"{folder}/{number}.fits")))
        command = [other, "-c", IN_AMICAL, str(_EXTENT), *paths]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
        theirs = json.loads(Path(folder, f"{_EXTENT}.json").read_text())
    for product, fit, (east, north, ratio, _) in zip(products, theirs, BINARIES, strict=True):
        start = time.perf_counter()
        found = analysis.binary_search(product, extent=_EXTENT * u.mas, n=61, rescale=False)
        seconds = time.perf_counter() - start
        best = {name: float(getattr(v, "value", v)) for name, v in found.best.items()}
        off = [
            abs(best[name] - fit[name]) / best[f"{name}_error"]
            for name in ("east", "north", "flux_ratio")
        ]
        errors = [best[f"{name}_error"] for name in ("separation", "position_angle", "contrast")]
        ratios = np.array(fit["errors"]) / errors
        worst = max(worst, *off)
        print(
            f"({east:4d}, {north:4d}) mas, {ratio:5.3f}: differ by {max(off):.1e} of an error; "
            f"errors of AMICAL are {ratios.min():.3f} to {ratios.max():.3f} of ours; "
            f"{seconds:.2f} s and {fit['seconds']:.2f} s"
        )
    return int(worst > 0.1)


if __name__ == "__main__":
    sys.exit(main())
