"""How faint a companion would be found, by separation."""

from __future__ import annotations

import numpy as np
from astropy import units as u
from astropy.table import QTable
from scipy.stats import chi2 as chi2_distribution
from scipy.stats import norm

from ...readers.interferometry import Interferometry
from .companion_data import assumptions_of, prepare
from .companion_model import PARAMETERS

__all__ = ["detection_limits"]

_RATIOS = np.geomspace(1e-5, 1, 101)


def detection_limits(
    observables: Interferometry,
    separations: u.Quantity | None = None,
    *,
    sigma: float = 5.0,
    vis2: bool = False,
    bandwidth_smearing: bool = False,
    rescale: bool = True,
    n_angles: int = 72,
) -> QTable:
    """Return the faintest companion that would be detected, by separation.

    Parameters
    ----------
    observables : Interferometry
        As for `binary_search`.
    separations : Quantity, optional
        By default 30 from a quarter of λ over the longest baseline to half of λ over the shortest.
    sigma : float, optional
        Significance of a detection, as `BinarySearch` has it.
    vis2 : bool, optional
        Whether squared visibilities are used.
    bandwidth_smearing : bool, optional
        Whether fringes are averaged over the band.
    rescale : bool, optional
        Whether errors are enlarged until the reduced χ² of a star alone is 1, where it is larger.
        With a companion in the data limits are then too bright.
    n_angles : int, optional
        Position angles at each separation.

    Returns
    -------
    QTable
        ``separation``, ``flux_ratio`` and ``contrast`` (magnitudes) of the median position angle,
        ``flux_ratio_worst`` of the worst; NaN where not even an equal star would be detected. In
        ``meta`` ``sigma``, ``error_scale`` and ``assumptions``.

    Raises
    ------
    Stage3Error
        As `binary_search` does.
    """
    model = prepare(observables, vis2, bandwidth_smearing)
    scale = 1.0
    if rescale:
        scale = max(1.0, (model.chi2_of_star / max(model.n_independent, 1)) ** 0.5)
    length = np.hypot(model.x, model.y)
    if separations is None:
        at = np.linspace(0.25 / length.max(), 0.5 / length.min(), 30)
    else:
        at = np.atleast_1d(u.Quantity(separations).to_value(u.mas))
    angles = np.arange(n_angles) * 2 * np.pi / n_angles
    turn = model.turns(
        np.multiply.outer(at, np.sin(angles)).ravel(), np.multiply.outer(at, np.cos(angles)).ravel()
    )
    star = model.predicted(np.ones((1, len(model.x)), complex), np.zeros(1))
    seen = np.stack(
        [
            model.residuals(model.predicted(turn, np.full(len(turn), ratio)), star) ** 2
            @ model.weights
            for ratio in _RATIOS
        ]
    )
    needed = _needed_chi2(sigma) * scale**2
    limit = _first_above(np.maximum.accumulate(seen, axis=0), needed).reshape(len(at), n_angles)
    table = QTable({"separation": at * u.mas})
    unseen = np.where(np.isfinite(limit), limit, np.inf)
    median, worst = np.median(unseen, axis=1), unseen.max(axis=1)
    table["flux_ratio"] = np.where(np.isfinite(median), median, np.nan)
    table["flux_ratio_worst"] = np.where(np.isfinite(worst), worst, np.nan)
    table["contrast"] = -2.5 * np.log10(table["flux_ratio"]) * u.mag
    table.meta = {
        "sigma": sigma,
        "error_scale": scale,
        "assumptions": list(assumptions_of(model, scale, bandwidth_smearing)),
    }
    return table


def _needed_chi2(sigma: float) -> float:
    return float(chi2_distribution.isf(2 * norm.sf(sigma), PARAMETERS))


def _first_above(seen: np.ndarray, needed: float) -> np.ndarray:
    """The flux ratio at which each column reaches a value; logarithms lie on straight lines."""
    reached = seen >= needed
    after = np.argmax(reached, axis=0)
    columns = np.arange(seen.shape[1])
    before = np.maximum(after - 1, 0)
    low, high = (np.log(np.maximum(seen[rows, columns], 1e-300)) for rows in (before, after))
    part = np.where(high > low, (np.log(needed) - low) / np.where(high > low, high - low, 1), 0)
    ratio = np.exp(np.log(_RATIOS[before]) + np.clip(part, 0, 1) * np.log(_RATIOS[1] / _RATIOS[0]))
    return np.where(reached.any(axis=0), ratio, np.nan)
