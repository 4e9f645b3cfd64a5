"""Compares signal to noise and the noise of rings with VIP, which is no dependency.

    python tests/peers/contrast_with_vip.py --python OTHER

``OTHER`` is a Python with ``vip_hci`` (``python -m venv vip; vip/bin/pip install vip_hci``). On
rings on which circles just fit, both place the same ones.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

CENTER, FWHM = (50.0, 50.0), 4.3

IN_VIP = """
import json, sys, warnings
warnings.simplefilter("ignore")
import numpy as np
from vip_hci.metrics.snr_source import significance, snr
given = np.load(sys.argv[1])
found = [snr(given["image"], tuple(map(float, xy)), float(given["fwhm"])) for xy in given["places"]]
n_others = given["n"] - 1
sigma = [
    significance(ratio, None, None, n_ap=int(n) - 1, verbose=False)
    for ratio, n in zip(found, n_others)
]
json.dump({"snr": found, "significance": [float(s) for s in sigma]}, open(sys.argv[2], "w"))
"""


def made_up() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """An image of correlated noise, places on rings where circles just fit, and how many do."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(1)
    image = gaussian_filter(rng.normal(size=(101, 101)), 1.0)
    places, count = [], []
    for n in (6, 8, 11, 14, 20, 30, 40):
        radius = FWHM / (2 * np.sin(np.pi / n)) * (1 + 1e-7)
        for turn in rng.uniform(0, 2 * np.pi, 5):
            places.append((CENTER[0] + radius * np.cos(turn), CENTER[1] + radius * np.sin(turn)))
            count.append(n)
    return image, np.array(places), np.array(count)


def ours(image: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signal to noise and significance, by the sums that contrast curves are made of."""
    from scipy import stats

    from jdaviz_stage3.analysis.coronagraphy.elements import ElementSums, ring_elements

    sums = ElementSums(image, FWHM)
    ratios, sigma = [], []
    for x, y in places - CENTER:
        ring = sums.at(*ring_elements(CENTER, np.hypot(x, y), FWHM, start=np.arctan2(y, x)))
        n = len(ring) - 1
        ratio = (ring[0] - ring[1:].mean()) / (ring[1:].std(ddof=1) * np.sqrt(1 + 1 / n))
        ratios.append(ratio)
        sigma.append(stats.norm.isf(stats.t.sf(ratio, n - 1)))
    return np.array(ratios), np.array(sigma)


def main() -> int:
    """Print the largest differences; 1 if they are more than rounding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", required=True, help="a Python with vip_hci")
    other = parser.parse_args().python
    image, places, count = made_up()
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "given.npz", Path(folder) / "found.json"
        np.savez(given, image=image, places=places, n=count, fwhm=FWHM)
        subprocess.run([other, "-c", IN_VIP, str(given), str(found)], check=True)
        theirs = json.loads(found.read_text())
    ratios, sigma = ours(image, places)
    worst = 0.0
    for name, mine in (("snr", ratios), ("significance", sigma)):
        difference = np.abs(mine - np.array(theirs[name])).max()
        worst = max(worst, difference)
        print(f"{name}: {len(mine)} places, largest difference {difference:.1e}")
    return int(worst > 1e-4)


if __name__ == "__main__":
    sys.exit(main())
