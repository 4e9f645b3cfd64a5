"""The integrations of one trace in a file: what a table of them can say and read."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from astropy import units as u

from .units import parse_unit

__all__ = ["IntegrationTable"]


@dataclass
class IntegrationTable:
    """The integrations of one trace that one extension, or one run of them, holds.

    Attributes
    ----------
    path : path
    units : dict of str to str
        TUNIT of each column.
    scalars : dict of str to ndarray
        The columns with one value an integration, shape (n_int,), float64; NaN where missing.
        INT_NUM is 0 where it is missing, and counts from 1 where the file numbers none.
    width : int
        Length of the vectors in the file, padding included.
    numbered : bool
        Whether the file numbers the integrations.
    """

    path: Path
    units: dict[str, str]
    scalars: dict[str, np.ndarray] = field(repr=False)
    width: int

    def __post_init__(self):
        number = np.nan_to_num(self.scalars["INT_NUM"], nan=0, posinf=0, neginf=0)
        self.numbered = bool(np.any(number > 0))
        if not self.numbered:
            number = np.arange(1.0, number.size + 1)
        self.scalars["INT_NUM"] = number

    @property
    def n_integrations(self) -> int:
        """Number of integrations."""
        return len(self.scalars["INT_NUM"])

    @cached_property
    def n_wavelengths(self) -> int:
        """Longest spectrum without padding."""
        lengths = self.scalars["N_ALONGDISP"]
        used = lengths[np.isfinite(lengths) & (lengths > 0)]
        return int(min(used.max(), self.width)) if used.size else self.width

    def scalar(self, name: str) -> np.ndarray:
        """Return a column with one value an integration.

        Parameters
        ----------
        name : str
            A key of ``scalars``.

        Returns
        -------
        ndarray of float64, shape (n_int,)
            NaN where missing.
        """
        return self.scalars[name]

    def sorting_numbers(self) -> np.ndarray:
        """Return numbers to sort the integrations by.

        Returns
        -------
        ndarray of float64, shape (n_int,)
            One without a number (0) has that of the one before it, the first ones that of the one
            after.
        """
        number = self.scalars["INT_NUM"]
        known = np.flatnonzero(number > 0)
        if known.size in (0, number.size):
            return number
        before = np.searchsorted(known, np.arange(number.size), side="right") - 1
        return number[known[np.maximum(before, 0)]]

    def unit(self, name: str, default: str = "") -> u.UnitBase:
        """Return the unit of a column.

        Parameters
        ----------
        name : str
        default : str, optional
            What to take where the file gives no unit.

        Returns
        -------
        `~astropy.units.UnitBase`
        """
        return parse_unit(self.units.get(name), f"{self.path.name} EXTRACT1D.{name}", default)

    def read_into(self, name: str, out: np.ndarray, *, add: bool = False) -> None:
        """Copy a column of all integrations, padded or cut to the width of ``out``.

        Parameters
        ----------
        name : str
        out : ndarray, shape (n_int, n_wave)
            Filled in place, in its own dtype.
        add : bool, optional
            Whether to add to what is there; the padding then stays as it is.
        """
        raise NotImplementedError

    def read_some(self, name: str, places: np.ndarray, out: np.ndarray) -> None:
        """Copy a column of some integrations, padded or cut to the width of ``out``.

        Parameters
        ----------
        name : str
        places : ndarray of int, shape (n,)
            In this table, from 0, in any order.
        out : ndarray, shape (n, n_wave)
            Filled in place, in its own dtype.
        """
        raise NotImplementedError

    def read_one(self, name: str, place: int) -> np.ndarray:
        """Read a column of one integration.

        Parameters
        ----------
        name : str
        place : int
            In this table, from 0.

        Returns
        -------
        ndarray, shape (n_wave,)
            In native byte order, padding included.
        """
        raise NotImplementedError

    def read_flagged(self, bits: int, out: np.ndarray) -> None:
        """Set samples with any of these data-quality bits to NaN.

        Parameters
        ----------
        bits : int
        out : ndarray of float, shape (n_int, n_wave)
            Changed in place.
        """
        dq = np.empty(out.shape, np.uint32)
        self.read_into("DQ", dq)
        out[(dq & np.uint32(bits)) != 0] = np.nan

    def common_wavelengths(self, n_wavelengths: int) -> np.ndarray | None:
        """Return the wavelengths, if those of all integrations are the same to a part in 10⁹.

        Parameters
        ----------
        n_wavelengths : int
            Padded or cut to this length.

        Returns
        -------
        ndarray of float, shape (n_wavelengths,), or None
            In the unit of the file, NaN in the padding; None if integrations differ.
        """
        raise NotImplementedError

    def extensions(self) -> np.ndarray:
        """Return which extension each integration is in, counted from 0, shape (n_int,), int."""
        raise NotImplementedError

    def lengths(self) -> np.ndarray:
        """Return the longest spectrum of each extension, padding included, shape (n_ext,), int."""
        raise NotImplementedError

    def wavelength_ranges(self) -> np.ndarray:
        """Return the lowest and the highest wavelength of each extension, shape (n_ext, 2).

        In the unit of the file, NaN where an extension has no wavelength.
        """
        raise NotImplementedError

    def part(self, extensions: np.ndarray) -> IntegrationTable:
        """Return the integrations of some extensions.

        Parameters
        ----------
        extensions : ndarray of int, shape (n,)
            Ascending; see `extensions`.

        Returns
        -------
        IntegrationTable
        """
        raise NotImplementedError

    @property
    def compressed(self) -> bool:
        """Whether the file is compressed, so that nothing of it is read by itself."""
        raise NotImplementedError

    @property
    def start(self) -> int:
        """Where in the file the data of its first extension begin; in what was compressed."""
        raise NotImplementedError
