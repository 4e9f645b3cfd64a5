"""Detectors that the headers of an x1dints do not tell apart, told apart by their wavelengths.

jwst before 1.19 writes the spectra of NRS1 and NRS2 into one file, segment after segment, and the
name of a detector into the primary header only, where it is that of the first file it read.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..errors import Stage3Warning, UnreadableProductError
from .integration_tables import IntegrationTable

__all__ = ["DetectorPart", "split_detectors"]

# Two ranges of wavelengths are of one detector if they share more than this part of what they
# cover together: those of NRS1 and NRS2 share nothing, those of the orders of SOSS less.
_SHARED = 0.5
# Two time stamps are of one instant if they differ by less than this part of an integration.
_INSTANT = 0.5
_SECOND = 1 / 86400
# Grids of one range are taken for the same if their ends and lengths are: ends to 1e-6 micron.
_SAME_ENDS = 6
_NIRSPEC = ("NRS1", "NRS2")  # from blue to red, whichever the grating


@dataclass(frozen=True)
class DetectorPart:
    """The integrations of one detector.

    Attributes
    ----------
    name : str
        Of the detector, as far as it is known.
    tables : list of IntegrationTable
    inferred : str
        In words, how it was told apart; empty where there is nothing to tell apart.
    """

    name: str
    tables: list[IntegrationTable]
    inferred: str = ""


def split_detectors(
    tables: Sequence[IntegrationTable], name: str, instrument: str, path: Path
) -> list[DetectorPart]:
    """Tell the detectors apart in tables of one spectral order whose headers name none.

    Parameters
    ----------
    tables : sequence of IntegrationTable
    name : str
        The detector of the primary header.
    instrument : str
        INSTRUME of the primary header, or empty.
    path : path
        The file, for messages.

    Returns
    -------
    list of DetectorPart
        From blue to red; a single one, with the name of the primary header, if the wavelengths
        are those of one detector.

    Raises
    ------
    UnreadableProductError
        If there are several spectra of an integration, and nothing tells which is of which
        detector.

    Warns
    -----
    Stage3Warning
        For integrations without wavelengths beside several detectors: they are left out.

    Notes
    -----
    Extensions are of one detector if the ranges of their wavelengths have more than half in
    common, so that small shifts and spectra of another length do not matter. Only where an
    integration is there twice at one time, the grids themselves tell. Numbers that start anew in
    each segment are no second detector: the times differ.
    """
    whole = [DetectorPart(name, list(tables))]
    places = _Places(tables)
    if places.n_extensions < 2:
        return whole
    may_be_two = instrument in ("NIRSPEC", "")  # no other one had two detectors in one file
    group = places.by_range()
    alike = group.max() < 1
    if alike:
        if not places.n_at_once(group, unknown=instrument == "NIRSPEC"):
            return whole
        group = places.by_grid()
    doubled = places.n_at_once(group, unknown=instrument == "NIRSPEC")
    if doubled and may_be_two:
        raise UnreadableProductError(
            f"{path.name}: {doubled} integration{'s' if doubled > 1 else ''} with several spectra "
            "on the same wavelengths, as of two detectors, and nothing in the file says which is "
            "of which; take the x1dints of each segment and detector, or of jwst 1.19 or later"
        )
    if group.max() < 1:
        return whole
    _warn_of_lost(group, path)
    count = int(group.max()) + 1
    parts = [places.part(group == i) for i in range(count)]
    if alike:
        said = "several spectra of each integration, told apart by their wavelength grids"
        return [DetectorPart(f"grid {i + 1}", part, said) for i, part in enumerate(parts)]
    if instrument == "NIRSPEC" and count == len(_NIRSPEC):
        said = "inferred from the wavelengths: NRS1 is the bluer one; the file does not say it"
        return [
            DetectorPart(known, part, said) for known, part in zip(_NIRSPEC, parts, strict=True)
        ]
    said = "told apart by the wavelengths; the file does not say what they are of"
    unit = whole[0].tables[0].unit("WAVELENGTH", "um")
    return [
        DetectorPart(f"{name} {places.reach(group == i)} {unit}".strip(), part, said)
        for i, part in enumerate(parts)
    ]


def _warn_of_lost(group: np.ndarray, path: Path) -> None:
    if lost := int(np.sum(group < 0)):
        warnings.warn(
            f"{path.name}: {lost} extension{'s' if lost > 1 else ''} without wavelengths, of which "
            "detector nothing says; left out",
            Stage3Warning,
            stacklevel=4,
        )


class _Places:
    """Where and when the integrations of some tables are, over all extensions of the tables."""

    def __init__(self, tables: Sequence[IntegrationTable]):
        self._tables = list(tables)
        sizes = [table.extensions().max(initial=-1) + 1 for table in self._tables]
        self._first = np.cumsum([0, *sizes])
        self.n_extensions = int(self._first[-1])

    @cached_property
    def _range(self) -> np.ndarray:
        """Lowest and highest wavelength of each extension, shape (n_ext, 2)."""
        return np.concatenate([table.wavelength_ranges() for table in self._tables])

    def by_range(self) -> np.ndarray:
        """Return groups of extensions of overlapping ranges, from blue to red; shape (n_ext,).

        -1 for an extension without wavelengths, unless there is one group only.
        """
        low, high = self._range.T
        group = np.full(low.size, -1)
        left = np.isfinite(low)
        found = 0
        while left.any():
            widest = int(np.argmax(np.where(left, high - low, -1)))
            shared = np.minimum(high, high[widest]) - np.maximum(low, low[widest])
            covered = np.maximum(high, high[widest]) - np.minimum(low, low[widest])
            alike = left & (shared >= _SHARED * covered)
            group[alike] = found
            left &= ~alike
            found += 1
        return np.zeros_like(group) if found < 2 else self._from_blue(group)

    def by_grid(self) -> np.ndarray:
        """Return groups of extensions whose grids have the same ends and length, as `by_range`.

        One group only if there are more grids than detectors could have.
        """
        lengths = np.concatenate([table.lengths() for table in self._tables])
        keys = np.column_stack([lengths, np.round(self._range, _SAME_ENDS)])
        _, group = np.unique(keys, axis=0, return_inverse=True)
        group = group.reshape(-1)  # numpy 2.0 gave it a second axis
        if not np.isfinite(self._range).all() or group.max() >= len(_NIRSPEC):
            return np.zeros(self.n_extensions, dtype=int)
        return self._from_blue(group)

    def _from_blue(self, group: np.ndarray) -> np.ndarray:
        """Number groups anew by their lowest wavelength."""
        lowest = [np.min(self._range[group == i, 0]) for i in range(group.max() + 1)]
        rank = np.argsort(np.argsort(lowest, kind="stable"))
        return np.where(group < 0, -1, rank[group])

    def n_at_once(self, group: np.ndarray, *, unknown: bool) -> int:
        """Count the spectra of a group that are of the same integration as another one of it.

        Parameters
        ----------
        group : ndarray of int, shape (n_ext,)
        unknown : bool
            Whether those without time stamps are of the same integration if their numbers are.
        """
        number = np.concatenate([table.scalar("INT_NUM") for table in self._tables])
        of = np.concatenate([
            group[first + table.extensions()]
            for first, table in zip(self._first, self._tables, strict=False)
        ])  # fmt: skip
        days = self._days()
        order = np.lexsort((days, number, of))
        number, of, days = number[order], of[order], days[order]
        same = (number[1:] == number[:-1]) & (of[1:] == of[:-1])
        same &= (number[1:] > 0) & (of[1:] >= 0)
        apart = np.diff(days)
        return int(np.sum(same & np.where(np.isnan(apart), unknown, apart < self._instant())))

    def _days(self) -> np.ndarray:
        """Time stamps in whichever system there is, shape (n_int,)."""
        utc, tdb = (
            np.concatenate([table.scalar(name) for table in self._tables])
            for name in ("MJD-AVG", "TDB-MID")
        )
        return utc if np.isfinite(utc).any() else tdb

    def _instant(self) -> float:
        """Days that two time stamps of one instant may differ by."""
        number = np.concatenate([table.scalar("INT_NUM") for table in self._tables])
        days = self._days()
        order = np.lexsort((days, number))
        _, first = np.unique(number[order], return_index=True)
        steps = np.diff(days[order][first])  # from each number's first stamp to the next one's
        steps = steps[steps > 0]
        return _INSTANT * float(np.median(steps)) if steps.size else _SECOND

    def part(self, chosen: np.ndarray) -> list[IntegrationTable]:
        """Return what is in some extensions, given as bool (n_ext,), in the order of the file."""
        parts = []
        for table, start, stop in zip(self._tables, self._first[:-1], self._first[1:], strict=True):
            inside = np.flatnonzero(chosen[start:stop])
            if inside.size:
                parts.append(table.part(inside))
        return parts

    def reach(self, chosen: np.ndarray) -> str:
        """Return from where to where the wavelengths of some extensions are."""
        ranges = self._range[chosen]
        return f"{ranges[:, 0].min():.4g} to {ranges[:, 1].max():.4g}"
