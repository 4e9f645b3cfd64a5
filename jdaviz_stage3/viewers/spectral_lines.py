"""Rest wavelengths of jdaviz's line lists, in vacuum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from astropy import units as u
from jdaviz.core.linelists import (
    get_available_linelists,
    get_linelist_metadata,
    load_preset_linelist,
)
from specutils.utils.wcs_utils import air_to_vac

from ..errors import Stage3Error

__all__ = ["RestLines", "line_lists", "rest_lines"]

#: Below this, lists of wavelengths in air have them in vacuum (IAU convention).
_AIR_FROM = 2000 * u.AA


@dataclass(frozen=True, eq=False)
class RestLines:
    """Lines at rest.

    Attributes
    ----------
    names : tuple of str
    wavelength : ndarray of float, shape (n,)
        Micron, in vacuum, as the pipeline gives wavelengths.
    """

    names: tuple[str, ...]
    wavelength: np.ndarray

    def seen(self, redshift: float, low: float, high: float) -> tuple[list[str], np.ndarray]:
        """Return which lines a redshift brings into a range.

        Parameters
        ----------
        redshift : float
        low, high : float
            Micron.

        Returns
        -------
        names : list of str
        wavelength : ndarray of float
            Micron, as observed.
        """
        observed = self.wavelength * (1 + redshift)
        inside = np.flatnonzero((observed >= low) & (observed <= high))
        return [self.names[i] for i in inside], observed[inside]


def line_lists() -> list[str]:
    """Return the names of the lists whose medium is known.

    Returns
    -------
    list of str
    """
    return list(get_available_linelists())


@lru_cache(maxsize=32)
def rest_lines(name: str) -> RestLines:
    """Load a line list; wavelengths in air are turned into those in vacuum.

    Parameters
    ----------
    name : str
        One of `line_lists`.

    Returns
    -------
    RestLines
        By wavelength.

    Raises
    ------
    Stage3Error
        If there is no such list.
    """
    if name not in line_lists():
        raise Stage3Error(f"no line list {name!r}; there are {', '.join(line_lists())}")
    table = load_preset_linelist(name)
    wavelength = u.Quantity(table["rest"]).to(u.um)
    if get_linelist_metadata()[name]["medium"] == "air":
        in_air = wavelength >= _AIR_FROM
        wavelength[in_air] = air_to_vac(wavelength[in_air])
    order = np.argsort(wavelength.value, kind="stable")
    names = [str(table["linename"][i]) for i in order]
    return RestLines(tuple(names), wavelength.value[order])
