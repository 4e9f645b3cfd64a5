"""Is there a companion? χ² over its position with the best flux ratio at each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from astropy import units as u
from scipy.ndimage import minimum_filter
from scipy.optimize import least_squares
from scipy.special import erfcx
from scipy.stats import norm

from ...errors import Stage3Error
from ...readers.interferometry import Interferometry
from .companion_data import assumptions_of, prepare
from .companion_model import PARAMETERS, CompanionModel

__all__ = ["BinarySearch", "binary_search"]

_STARTS = 6  # minima of the map that are refined
_DRAWS = 250  # of noise at once


@dataclass(eq=False)
class BinarySearch:
    """What a search for a companion has found.

    Attributes
    ----------
    east, north : Quantity, shape (n,)
        Offsets of the positions in mas: ΔRA cos Dec and ΔDec.
    chi2 : ndarray, shape (n, n)
        Rows go north, columns east. As it is with the errors of the file; NaN beyond the extent.
    flux_ratio : ndarray, shape (n, n)
        The best at each position: companion over star.
    best : dict
        ``east``, ``north``, ``separation``, ``position_angle`` (degrees east of north, within
        [0, 360)), ``flux_ratio``, ``contrast`` (magnitudes), and their standard deviations with
        ``_error`` after the name.
    covariance : ndarray, shape (3, 3)
        Of east and north in mas and of the flux ratio.
    chi2_star, chi2_best : float
        Without a companion, and with the best one.
    error_scale : float
        What errors were multiplied with for significance and standard deviations: 1, or what makes
        the reduced χ² of the best fit 1.
    significance : float
        In standard deviations of a Gaussian, of one place; see `false_alarm_probability` for the
        search over all of them.
    n_used, n_independent : int
        Closure phases and V² that are used, and how many of them are independent.
    assumptions : tuple of str
    model : CompanionModel
    """

    east: u.Quantity
    north: u.Quantity
    chi2: np.ndarray = field(repr=False)
    flux_ratio: np.ndarray = field(repr=False)
    best: dict[str, u.Quantity | float]
    covariance: np.ndarray = field(repr=False)
    chi2_star: float
    chi2_best: float
    error_scale: float
    significance: float
    n_used: int
    n_independent: int
    assumptions: tuple[str, ...] = field(repr=False)
    model: CompanionModel = field(repr=False)

    @property
    def delta_chi2(self) -> float:
        """Difference of χ² without companion and χ² with the best one, with scaled errors."""
        return max(self.chi2_star - self.chi2_best, 0.0) / self.error_scale**2

    @property
    def reduced_chi2(self) -> float:
        """Reduced χ² of the best fit with the errors of the file: three parameters."""
        return self.chi2_best / max(self.n_independent - PARAMETERS, 1)

    def false_alarm_probability(self, n: int = 1000, seed: int = 0) -> float:
        """Return how often noise alone has as large a Δχ² somewhere on the map.

        Parameters
        ----------
        n : int, optional
            How many times noise is drawn; nothing rarer than 1/n is told.
        seed : int, optional

        Returns
        -------
        float
            (k + 1)/(n + 1), k times of n. Flux ratios are taken to be small. Where errors were
            enlarged, so are those of each draw, until its own best fit has a reduced χ² of 1: a Δχ²
            over a scale that was itself measured is more often large than one over a known scale.
            Draws are looked at on the map only: where it is coarse the probability is too small.
        """
        east, north = np.meshgrid(self.east.to_value(u.mas), self.north.to_value(u.mas))
        where = np.isfinite(self.chi2)
        drawn = _noise_delta_chi2(
            self.model, east[where], north[where], n, seed, rescale=self.error_scale > 1
        )
        return float((np.count_nonzero(drawn >= self.delta_chi2) + 1) / (n + 1))


def binary_search(
    observables: Interferometry,
    *,
    extent: u.Quantity | None = None,
    n: int = 100,
    vis2: bool = False,
    max_ratio: float = 1.0,
    bandwidth_smearing: bool = False,
    rescale: bool = True,
    min_ratio: float = 0.0,
    progress: Callable[[float], None] | None = None,
) -> BinarySearch:
    """Search for one companion of an unresolved star.

    Parameters
    ----------
    observables : Interferometry
        Averaged, best calibrated (aminorm-oi, `calibrate`), with errors.
    extent : Quantity, optional
        How far from the star positions go; by default λ over twice the shortest baseline. Holes on
        a regular grid, as those of NIRISS, see a companion further out at a second place, too.
    n : int, optional
        Positions along each axis.
    vis2 : bool, optional
        Whether squared visibilities are used beside closure phases.
    max_ratio : float, optional
        The largest flux ratio, companion over star.
    bandwidth_smearing : bool, optional
        Whether fringes are averaged over the band.
    rescale : bool, optional
        Whether errors that are too small are enlarged until the reduced χ² of the best fit is 1.
    min_ratio : float, optional
        The smallest flux ratio. Where none from there on is better than no companion, it is 0.
    progress : callable, optional
        Called with how much of the map is done, from 0 to 1.

    Returns
    -------
    BinarySearch

    Raises
    ------
    Stage3Error
        If nothing can be used, or the parameters are not possible.

    Notes
    -----
    Errors are taken to be Gaussian. Of the N(N-1)(N-2)/6 closure phases of N holes (N-1)(N-2)/2 are
    independent; their χ² is multiplied with that fraction, 15/35 of seven. Where all baselines have
    phases of equal errors this is the χ² with their covariance, exactly. The significance is that
    of Δχ² with three degrees of freedom. Closer to the star than about λ/2B flux ratio and
    separation cannot be told apart.
    """
    if n < 2 or not 0 <= min_ratio < max_ratio <= 1:
        raise Stage3Error(
            f"n = {n}, min_ratio = {min_ratio}, max_ratio = {max_ratio}: 2 positions or more and "
            "ratios up to 1, the smaller one first, are possible"
        )
    model = prepare(observables, vis2, bandwidth_smearing)
    shortest = float(np.hypot(model.x, model.y).min())
    half = 0.5 / shortest if extent is None else u.Quantity(extent).to_value(u.mas)
    if not 0 < half < np.inf:
        raise Stage3Error(f"extent = {extent}: an angle above 0 is needed")
    axis = np.linspace(-half, half, n)
    east, north = np.meshgrid(axis, axis)
    inside = np.hypot(east, north) <= half * (1 + 1e-9)
    if not inside.any():
        raise Stage3Error(f"n = {n}: no position is within {half:.1f} mas of the star; take more")
    ratio, chi2 = np.full((n, n), np.nan), np.full((n, n), np.nan)
    limits = (min_ratio, max_ratio)
    ratio[inside], chi2[inside] = model.best_ratios(east[inside], north[inside], limits, progress)
    place, chi2_best, curvature = _refined(model, axis, chi2, ratio, limits)
    if progress is not None:
        progress(1.0)
    chi2_star = model.chi2_of_star
    scale = 1.0
    if rescale:
        scale = max(1.0, (chi2_best / max(model.n_independent - PARAMETERS, 1)) ** 0.5)
    covariance = np.linalg.pinv(curvature) * scale**2
    return BinarySearch(
        axis * u.mas,
        axis * u.mas,
        chi2,
        ratio,
        _in_words(place, covariance),
        covariance,
        chi2_star,
        chi2_best,
        scale,
        _sigmas(max(chi2_star - chi2_best, 0.0) / scale**2),
        model.n_used,
        model.n_independent,
        assumptions_of(model, scale, bandwidth_smearing),
        model,
    )


def _refined(
    model: CompanionModel,
    axis: np.ndarray,
    chi2: np.ndarray,
    ratio: np.ndarray,
    limits: tuple[float, float],
) -> tuple[np.ndarray, float, np.ndarray]:
    """East, north and flux ratio of the best fit, its χ², and half the curvature of χ²."""
    half = axis[-1]
    filled = np.where(np.isfinite(chi2), chi2, np.inf)
    minima = np.flatnonzero((chi2 == minimum_filter(filled, 3, mode="nearest")) & (ratio > 0))
    root = np.sqrt(model.weights)

    def off(parameters: np.ndarray) -> np.ndarray:
        turn = model.turns(parameters[:1], parameters[1:2])
        return model.residuals(model.predicted(turn, parameters[2:]))[0] * root

    def slope(parameters: np.ndarray) -> np.ndarray:
        return -model.gradient(*parameters) * root[:, np.newaxis]

    best = (np.zeros(3), model.chi2_of_star, np.zeros((3, 3)))
    for place in minima[np.argsort(chi2.ravel()[minima])][:_STARTS]:
        row, column = np.unravel_index(place, chi2.shape)
        start = np.array([axis[column], axis[row], np.clip(ratio[row, column], *limits)])
        fit = least_squares(
            off,
            start,
            jac=slope,
            bounds=(
                [*(start[:2] - half / 4), limits[0] * (1 - 1e-9)],
                [*(start[:2] + half / 4), limits[1] * (1 + 1e-9)],
            ),
            x_scale=[half / 10, half / 10, max(start[2], 1e-3)],
            xtol=1e-10,
            ftol=1e-10,
        )
        if 2 * fit.cost < best[1] and np.hypot(*fit.x[:2]) <= half:
            best = (fit.x, 2 * fit.cost, fit.jac.T @ fit.jac)
    return best


def _in_words(place: np.ndarray, covariance: np.ndarray) -> dict[str, u.Quantity | float]:
    east, north, ratio = place
    errors = np.sqrt(np.diag(covariance))
    separation = float(np.hypot(east, north))
    found: dict[str, u.Quantity | float] = {
        "east": east * u.mas, "east_error": errors[0] * u.mas,
        "north": north * u.mas, "north_error": errors[1] * u.mas,
        "flux_ratio": float(ratio), "flux_ratio_error": float(errors[2]),
    }  # fmt: skip
    if separation == 0 or ratio == 0:
        nothing = {
            "separation": np.nan * u.mas,
            "position_angle": np.nan * u.deg,
            "contrast": np.nan,
        }
        return found | nothing | {f"{k}_error": v for k, v in nothing.items()}
    along = np.array([east, north]) / separation
    across = np.array([north, -east]) / separation
    spread = covariance[:2, :2]
    found["separation"] = separation * u.mas
    found["separation_error"] = np.sqrt(along @ spread @ along) * u.mas
    found["position_angle"] = np.degrees(np.arctan2(east, north)) % 360 * u.deg
    found["position_angle_error"] = (
        np.degrees(np.sqrt(across @ spread @ across) / separation) * u.deg
    )
    found["contrast"] = float(-2.5 * np.log10(ratio))
    found["contrast_error"] = float(2.5 / np.log(10) * errors[2] / ratio)
    return found


def _sigmas(delta_chi2: float) -> float:
    """Two-sided Gaussian standard deviations of as small a probability."""
    # the survival function for three degrees of freedom, over exp(-Δχ²/2)
    tail = np.sqrt(2 * delta_chi2 / np.pi) + erfcx(np.sqrt(delta_chi2 / 2))
    log_p = np.log(tail) - delta_chi2 / 2
    if log_p > -600:
        return float(max(norm.isf(np.exp(log_p) / 2), 0.0))
    x = np.sqrt(-2 * log_p)  # where exp(log_p) is no number any more: p ≈ 2 φ(x)/x
    for _ in range(20):
        x = np.sqrt(-2 * (log_p + np.log(x) + 0.5 * np.log(np.pi / 2)))
    return float(x)


def _noise_delta_chi2(
    model: CompanionModel, east: np.ndarray, north: np.ndarray, n: int, seed: int, *, rescale: bool
) -> np.ndarray:
    """The largest Δχ² on the map of each of n draws of noise."""
    turn = model.turns(east, north)
    slope = model.slopes(turn, np.zeros(len(turn)))
    weighted = slope * model.weights
    curvature = (weighted * slope).sum(axis=1)
    weighted /= np.sqrt(np.where(curvature > 0, curvature, np.inf))[:, np.newaxis]
    star = model.predicted(np.ones((1, len(model.x)), complex), np.zeros(1))
    drawn = model.noise(n, seed) - star
    largest = np.concatenate(
        [(weighted @ drawn[i : i + _DRAWS].T).max(axis=0) for i in range(0, n, _DRAWS)]
    )
    delta = np.maximum(largest, 0) ** 2
    if not rescale:
        return delta
    best = np.maximum(drawn**2 @ model.weights - delta, np.finfo(float).tiny)
    return delta / (best / max(model.n_independent - PARAMETERS, 1))
