"""A comparison as one table, with what it says in a few numbers; as a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import QTable

from ...saving import save_files
from .catalogs import CatalogComparison
from .cubes import CubeComparison
from .images import ImageComparison
from .light_curves import LightCurveComparison
from .spectra import SpectrumComparison

__all__ = ["Part", "comparison_table", "numbers_of", "write_comparison"]

#: What one part of a product is compared as.
Part = (
    ImageComparison | SpectrumComparison | CatalogComparison | LightCurveComparison | CubeComparison
)


def numbers_of(part: Part) -> dict[str, Any]:
    """Say how two differ in a few numbers.

    Parameters
    ----------
    part : ImageComparison or another comparison

    Returns
    -------
    dict
        ``n`` samples that both have; ``median`` and ``sigma`` of first less second and their
        ``unit``; ``median_ratio`` of what stands out; ``sigma_in_errors``. Plain numbers, NaN where
        there is none. See `jdaviz_stage3.analysis.Differences`; of cubes the medians of the
        channels.
    """
    if isinstance(part, CubeComparison):
        return {
            "n": part.n,
            "median": float(part.median.value),
            "sigma": float(part.sigma.value),
            "unit": str(part.median.unit),
            "median_ratio": _middle(part.channels["median_ratio"]),
            "sigma_in_errors": _middle(part.channels["sigma_in_errors"]),
        }
    of = part.differences
    if of is None:  # catalogs without a magnitude or flux in common
        n = len(part.matched) if isinstance(part, CatalogComparison) else 0
        nothing = {"median": np.nan, "sigma": np.nan, "unit": ""}
        return {"n": n, **nothing, "median_ratio": np.nan, "sigma_in_errors": np.nan}
    return {
        "n": of.n,
        "median": float(of.median.value),
        "sigma": float(of.sigma.value),
        "unit": str(of.unit),
        "median_ratio": of.median_ratio,
        "sigma_in_errors": of.sigma_in_errors,
    }


def comparison_table(part: Part) -> QTable:
    """Return a comparison as a table.

    Parameters
    ----------
    part : ImageComparison or another comparison

    Returns
    -------
    QTable
        Of images the histogram of the differences; of spectra and light curves a row a sample:
        ``wavelength`` or ``time``, ``difference``, ``ratio`` and, where there are errors,
        ``error``; of catalogs the sources of both; of cubes the channels. ``meta`` has
        `numbers_of` it and ``notes``.
    """
    if isinstance(part, ImageComparison):
        table = part.differences.histogram()
    elif isinstance(part, CatalogComparison):
        table = part.matched.copy()
    elif isinstance(part, CubeComparison):
        table = part.channels.copy()
    else:
        if isinstance(part, SpectrumComparison):
            table = QTable({"wavelength": part.wavelength})
        else:
            table = QTable({"time": part.time})
        table["difference"] = part.differences.difference
        table["ratio"] = part.differences.ratio
        if part.differences.error is not None:
            table["error"] = part.differences.error
    table.meta |= numbers_of(part) | {"notes": list(part.notes)}
    return table


def write_comparison(
    part: Part, path: str | os.PathLike, overwrite: bool = False, **meta: Any
) -> Path:
    """Write a comparison to an ECSV file.

    Parameters
    ----------
    part : ImageComparison or another comparison
    path : path-like
    overwrite : bool, optional
        Whether a file that is there may be replaced.
    **meta
        What else the file is to say.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    Stage3Error
        If the file is there already, or cannot be written.
    """
    table = comparison_table(part)
    table.meta |= meta
    [written] = save_files(
        path, [lambda to: table.write(to, format="ascii.ecsv", overwrite=True)], overwrite
    )
    return written


def _middle(values: np.ndarray) -> float:
    finite = np.asarray(values)[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else np.nan
