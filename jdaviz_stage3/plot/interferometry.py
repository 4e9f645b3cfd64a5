"""Interferometric observables against baseline."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.table import QTable
from matplotlib.axes import Axes

from ..errors import Stage3Error
from .frame import FLAGGED, INK, as_read, axes_for, in_words

__all__ = ["closure_phases", "squared_visibilities"]


def squared_visibilities(data: Any, *, ax: Axes | None = None) -> Axes:
    """Draw squared visibilities against baseline, with their errors.

    Parameters
    ----------
    data : path-like or Interferometry
        An ami-oi, psf-ami-oi, aminorm-oi or amimulti-oi product.
    ax : matplotlib.axes.Axes, optional
        Those of a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        Crosses are flagged. Where the file has no baselines (jwst before 1.14), values stand in
        the order of its table.

    Raises
    ------
    Stage3Error
        If there are none.
    """
    ax = _draw(axes_for(ax), as_read(data).vis2, "baseline", "value", "error")
    ax.set_ylabel("Squared visibility")
    return ax


def closure_phases(data: Any, *, ax: Axes | None = None) -> Axes:
    """Draw closure phases against the longest side of their triangles, with their errors.

    Parameters
    ----------
    data : path-like or Interferometry
        As for `squared_visibilities`.
    ax : matplotlib.axes.Axes, optional
        Those of a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        Crosses are flagged. Where the file has no baselines (jwst before 1.14), values stand in
        the order of its table.

    Raises
    ------
    Stage3Error
        If there are none.
    """
    table = as_read(data).closure_phase
    ax = _draw(axes_for(ax), table, "longest_baseline", "phase", "phase_error")
    ax.set_ylabel(in_words("Closure phase", getattr(table["phase"], "unit", "deg")))
    ax.axhline(0, color="0.7", lw=0.8, zorder=0)
    return ax


def _draw(ax: Axes, table: QTable, x: str, y: str, error: str) -> Axes:
    columns = (_by_row(table[name]) for name in (x, y, error, "flag"))
    across, up, sigma, flags = np.broadcast_arrays(*columns)
    flags = flags.astype(bool)
    if not np.isfinite(up).any():
        raise Stage3Error(f"plot: no {y} is in the table")
    label = f"{x.replace('_', ' ').capitalize()} (m)"
    if not np.isfinite(across).any():  # jwst before 1.14 does not write them
        across = np.broadcast_to(1.0 + np.arange(len(table))[:, None], up.shape)
        label = "Row of the table (the file has no baselines)"
    ax.set_xlabel(label)
    good = ~flags
    style: dict[str, Any] = {"fmt": "o", "ms": 4, "lw": 0.8, "capsize": 2}
    ax.errorbar(across[good], up[good], sigma[good], color=INK, **style, label="Good")
    if flags.any():
        label = f"{flags.sum()} flagged"
        ax.plot(across[flags], up[flags], "x", color=FLAGGED, ms=5, label=label)
        ax.legend(fontsize="small")
    return ax


def _by_row(values: Any) -> np.ndarray:
    """A column with the values of a row, one or one an integration or wavelength, side by side."""
    values = np.asarray(getattr(values, "value", values), float)
    return values.reshape(len(values), -1)
