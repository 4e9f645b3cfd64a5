"""The noise of a light curve in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy import units as u

__all__ = ["LEAST_DIFFERENCES", "MODEL", "NOTHING", "NoiseFigures"]

#: What the scatter is about, where there is a model, and where there are too few points without.
MODEL, NOTHING = "the model", "nothing"
#: With fewer values no scatter is given.
LEAST_DIFFERENCES = 3
# From which ratio to the point-to-point scatter on the sentence speaks of slow changes.
_SLOW = 1.5
_ERRORS = {
    "random": "photon and read noise",
    "total": "the file's total errors (FLUX_ERROR)",
}


@dataclass(frozen=True)
class NoiseFigures:
    """The noise of one light curve.

    Parameters
    ----------
    scatter : float
        Robust standard deviation about ``reference``, in the unit of the flux; NaN where there are
        too few points to tell it from a transit.
    point_to_point : float
        Standard deviation from second differences (`point_to_point_scatter`); likewise.
    expected : float
        Median of the points' errors; NaN if there are none.
    level : float
        What ppm are relative to: 1 for a normalised curve, else the median flux.
    unit : `~astropy.units.UnitBase`
        Unit of the flux and of the numbers above.
    n_points : int
        Points used: finite, and not flagged as outliers.
    errors : str
        What ``expected`` holds: ``'random'`` (photon and read noise), ``'total'`` or ``'none'``.
    reference : str
        What the scatter is about, in words; ``'nothing'`` where it is NaN for want of points.
    scatter_err, point_to_point_err : float
        One standard deviation of what so many points of white noise give; what a transit adds is
        not in it.
    """

    scatter: float
    point_to_point: float
    expected: float
    level: float
    unit: u.UnitBase
    n_points: int
    errors: str
    reference: str
    scatter_err: float = float("nan")
    point_to_point_err: float = float("nan")

    @property
    def ratio(self) -> float:
        """Scatter over expected noise; NaN if there are no errors."""
        return self.scatter / self.expected if self.expected > 0 else float("nan")

    @property
    def in_ppm(self) -> dict[str, float] | None:
        """The noise and its errors, by name, in parts per million of ``level``.

        None where the level is not positive.
        """
        if not self.level > 0:
            return None
        names = ("scatter", "point_to_point", "expected", "scatter_err", "point_to_point_err")
        return {name: getattr(self, name) / self.level * 1e6 for name in names}

    def sentence(self) -> str:
        """Say it in plain words.

        Returns
        -------
        str
            One sentence or more.
        """
        if not np.isfinite(self.scatter):
            return self._sentence_without_scatter()
        text = (
            f"The scatter about {self.reference} is {self._in_words('scatter')} "
            f"({self.n_points} points)"
        )
        if np.isfinite(self.ratio):
            ratio = f"{self.ratio:.3g}{_error(self.scatter_err / self.expected)}"
            text += f", {ratio} times that of {self._expected_in_words()}"
        else:
            text += "; there are no errors to compare it with"
        if np.isfinite(self.point_to_point):
            text += f"; from point to point it is {self._in_words('point_to_point')}"
            if self.scatter > _SLOW * self.point_to_point:
                model = "what the model lacks" if self.reference == MODEL else "a transit"
                text += f", the rest changes slowly: {model}, a trend, or correlated noise"
        return text + "."

    def _sentence_without_scatter(self) -> str:
        if self.reference != NOTHING or self.n_points < LEAST_DIFFERENCES:
            return f"Too few points ({self.n_points}) to tell the noise."
        text = f"{self.n_points} points are too few to tell noise from a transit without a model"
        if np.isfinite(self.point_to_point):
            text += (
                f"; from point to point the scatter is {self._in_words('point_to_point')}, to "
                "which the corners of a transit add"
            )
        if self.expected > 0:
            return f"{text}; expected is that of {self._expected_in_words()}."
        return f"{text}; there are no errors to compare it with."

    def _expected_in_words(self) -> str:
        return f"{_ERRORS.get(self.errors, 'the errors')}, {self._in_words('expected')}"

    def _in_words(self, name: str) -> str:
        ppm = self.in_ppm
        value, error = (
            getattr(self, each, np.nan) if ppm is None else ppm.get(each, np.nan)
            for each in (name, f"{name}_err")
        )
        unit = self.unit if ppm is None else "ppm"
        return f"{value:.4g}{_error(error)} {unit}".strip()


def _error(value: float) -> str:
    return f" ± {value:.2g}" if np.isfinite(value) else ""
