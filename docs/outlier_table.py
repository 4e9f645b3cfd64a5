"""Table of how many outliers are found, computed when the documentation is built.

A Sphinx extension: it writes ``outlier_table.inc``, which the page of White Light Curve includes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from jdaviz_stage3.analysis import flag_outliers

POINTS = (15, 20, 30, 50, 100, 300, 1000)
HEIGHTS = (5, 7, 10, 15, 20, 30)  # in standard deviations of a point, as the depth
CURVES, DEPTH, SHARE = 400, 50, 0.4
#: Which points get an outlier, by how far they are from mid-transit, in halves of its duration.
PLACES = {
    "no transit": lambda x: x > -1,
    "out of transit": lambda x: x > 1,
    "in transit": lambda x: x < 0.8,
    "in ingress or egress": lambda x: (x > 0.8) & (x < 1),
}


def transit(x: np.ndarray) -> np.ndarray:
    """The light that is missing, 1 at mid-transit: a curved bottom between steep sides."""
    inside = np.clip(1 - x**2, 0, None)
    return np.clip(inside / 0.3, 0, 1) ** 1.5 * (1 + 0.3 * np.sqrt(inside)) / 1.3


def curves(n: int, depth: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """White noise of 1 with a transit near the middle, (n, CURVES), and where its points are."""
    rng = np.random.default_rng([n, seed])
    x = np.abs(np.arange(n)[:, None] - rng.uniform(0.4, 0.6, CURVES) * n) / (SHARE * n / 2)
    return rng.normal(size=x.shape) - depth * transit(x), x


def found(n: int, place: str, height: float) -> float:
    """The share of outliers of this height that are flagged."""
    flux, x = curves(n, 0 if place == "no transit" else DEPTH, round(height))
    rng = np.random.default_rng(n)
    allowed = PLACES[place](x)
    allowed[[0, -1]] = False
    at = np.argmax(rng.random(x.shape) * allowed, axis=0)
    has = np.flatnonzero(allowed.any(axis=0))
    flux[at[has], has] += height * rng.choice([-1, 1], has.size)
    return float(flag_outliers(flux)[at[has], has].mean())


def false(n: int, depth: float) -> float:
    """The share of curves without outliers that have a flag."""
    return float(flag_outliers(curves(n, depth, 99)[0]).any(axis=0).mean())


def outlier_table() -> str:
    """What is flagged with the default settings."""
    lines = [".. list-table::", "   :header-rows: 1", "", "   * - Points"]
    lines += ["     - Outlier"]
    lines += [f"     - {height} σ" for height in HEIGHTS]
    lines += ["     - False"]
    for n in POINTS:
        for place in PLACES:
            lines += [f"   * - {n if place == 'no transit' else ''}".rstrip(), f"     - {place}"]
            lines += [f"     - {100 * found(n, place, height):.0f}" for height in HEIGHTS]
            depth = {"no transit": 0, "out of transit": DEPTH}.get(place)
            lines.append("     -" if depth is None else f"     - {100 * false(n, depth):.1f}")
    return "\n".join(lines) + "\n"


def _write(app) -> None:
    (Path(app.srcdir) / "outlier_table.inc").write_text(outlier_table(), encoding="utf-8")


def setup(app) -> dict:
    """Write the table before the pages are read."""
    app.connect("builder-inited", _write)
    return {"parallel_read_safe": True}
