"""Curves that jwst before 1.19 stacked in one column of a whtlt, taken apart.

Its white_light step ran for each segment of each detector, and the tables were joined: the rows of
orders and of NIRSpec's two detectors follow each other, and only the times show it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u

from ..errors import Stage3Warning

__all__ = ["unstack_curves"]

_DETECTORS = ("NRS1", "NRS2")  # in the order of the files' names, in which the pipeline reads them
# Two rows are of nearly one time if what is between them is less than this part of what is between
# them and the next ones.
_NEAR = 0.5
# Of the time that some rows cover, others cover more than this part only if they are of another
# curve: segments that are out of order have none in common, or a few integrations.
_SHARED = 0.5
# Curves whose levels differ by more than this part cannot change places: a transit is no deeper.
_APART = 0.1


def unstack_curves(
    flux: tuple[str, u.Quantity],
    stamps: tuple[str, np.ndarray],
    meta: Mapping[str, Any],
    path: Path,
) -> tuple[dict[str, u.Quantity], dict[str, np.ndarray]]:
    """Separate the curves of a whtlt of jwst before 1.19.

    Parameters
    ----------
    flux : (str, Quantity)
        Name and values of the only flux column, shape (n,).
    stamps : (str, ndarray)
        Name and days of the only time column, shape (n,).
    meta : mapping
        Of the table; ``instrument``, ``exp_type`` and ``detector`` are looked at.
    path : path
        The file, for messages.

    Returns
    -------
    dict of str to Quantity
        The curves: ``NAME_1``, ``NAME_2``, … of orders, ``NAME_NRS1`` and ``NAME_NRS2`` of
        detectors; or the column as it was.
    dict of str to ndarray
        Their times, those of each detector apart.

    Warns
    -----
    Stage3Warning
        If the rows are probably of several curves, but cannot be told apart; or if they can, but
        which detector they are of is taken from the habit of the pipeline only.

    Notes
    -----
    Curves are told apart where each time is there equally often, and the rows of a curve follow
    each other. Times that are only nearly the same are those of two detectors if the header names
    NRS2: it names the detector of the last rows, and NRS2 is not used alone.
    """
    detector = str(meta.get("detector") or "").upper()
    rows = _of_equal_times(stamps[1])
    if not _is_nirspec(meta):
        if rows is not None:
            orders = {f"{flux[0]}_{i + 1}": flux[1][own] for i, own in enumerate(rows)}
            return orders, {stamps[0]: stamps[1][rows[0]]}
        if _paired(stamps[1], flux[1]):
            _warn(path, "the rows come in pairs of nearly one time, as of two curves in one column")
        return dict([flux]), dict([stamps])
    if rows is None and detector == _DETECTORS[1]:
        rows = _of_near_times(stamps[1])
    if rows is None or len(rows) != len(_DETECTORS) or _swapped(*(flux[1][own] for own in rows)):
        if rows is not None or _runs_overlap(stamps[1]) or _paired(stamps[1], flux[1]):
            _warn(
                path,
                "the rows are probably of both detectors of NIRSpec in one column, and cannot be "
                "told apart",
            )
        return dict([flux]), dict([stamps])
    if detector not in _DETECTORS:
        _warn(
            path,
            "two curves are in one column, which the file does not name; taken as NRS1 and NRS2, "
            "in the order in which the pipeline reads its files",
        )
    last = int(np.argmax([own.max() for own in rows]))
    if detector in _DETECTORS and last != _DETECTORS.index(detector):
        rows = rows[::-1]
    named = dict(zip(_DETECTORS, rows, strict=True))
    return (
        {f"{flux[0]}_{name}": flux[1][own] for name, own in named.items()},
        {f"{stamps[0]}_{name}": stamps[1][own] for name, own in named.items()},
    )


def _is_nirspec(meta: Mapping[str, Any]) -> bool:
    exposure = str(meta.get("exp_type") or "").upper()
    return str(meta.get("instrument") or "").upper() == "NIRSPEC" or exposure.startswith("NRS")


def _warn(path: Path, words: str) -> None:
    warnings.warn(f"{path.name}: {words}", Stage3Warning, stacklevel=4)


def _runs_overlap(days: np.ndarray) -> bool:
    """Whether rows of ascending times cover what others have covered, as of another detector.

    Those of segments that are out of order, or that begin with the last time of the one before
    them, do not.
    """
    days = days[np.isfinite(days)]
    runs = np.split(days, np.flatnonzero(np.diff(days) <= 0) + 1)
    start, end = np.array(sorted((run[0], run[-1]) for run in runs if run.size > 1) or [(0, 0)]).T
    shared = np.minimum(end[1:], end[:-1]) - start[1:]
    shorter = np.minimum((end - start)[1:], (end - start)[:-1])
    return bool(np.any(shared > _SHARED * shorter))


def _of_equal_times(days: np.ndarray) -> list[np.ndarray] | None:
    """Return the rows of each curve if all times are there equally often, else None."""
    different, count = np.unique(days, return_counts=True)
    if not np.isfinite(days).all() or different.size < 2 or np.any(count != count[0]):
        return None
    groups = np.argsort(days, kind="stable").reshape(different.size, count[0])
    return _curves(groups) if count[0] > 1 else None


def _near_pairs(days: np.ndarray) -> np.ndarray | None:
    """Return pairs of rows of nearly one time, shape (n, 2), if all rows are in one, else None."""
    if days.size < 4 or days.size % 2 or not np.isfinite(days).all():
        return None
    order = np.argsort(days, kind="stable")
    stamps = days[order]
    inside, between = stamps[1::2] - stamps[::2], stamps[2::2] - stamps[1:-1:2]
    return np.sort(order.reshape(-1, 2), axis=1) if inside.max() < _NEAR * between.min() else None


def _paired(days: np.ndarray, flux: u.Quantity) -> bool:
    """Whether the rows are in pairs of nearly one time, as of two curves.

    Exposures of two integrations each are, too; but there the one row follows the other, later,
    and is about as bright.
    """
    pairs = _near_pairs(days)
    if pairs is None:
        return False
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(flux.value[pairs[:, 0]] / flux.value[pairs[:, 1]])
    ratio = ratio[np.isfinite(ratio)]
    follow = np.all(np.diff(pairs, axis=1) == 1) and np.all(np.diff(days[pairs], axis=1) > 0)
    return bool(not follow or (ratio.size and abs(np.median(ratio)) > _APART))


def _of_near_times(days: np.ndarray) -> list[np.ndarray] | None:
    """Return the rows of two curves whose times are nearly the same, else None."""
    pairs = _near_pairs(days)
    return None if pairs is None else _curves(pairs)


def _curves(groups: np.ndarray) -> list[np.ndarray] | None:
    """Return the rows of each curve, given those of each time, shape (n_times, n_curves).

    Each in the order of the first one. None if the curves alternate from row to row, where the
    order says nothing.
    """
    if np.all(np.diff(groups, axis=1) == 1):
        return None
    return list(groups[np.argsort(groups[:, 0])].T)


def _swapped(one: u.Quantity, other: u.Quantity) -> bool:
    """Whether the brighter of two curves is now this one, now that: the files were mixed."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(one.value / other.value)
    ratio = ratio[np.isfinite(ratio)]
    brighter = ratio > 0
    mixed = brighter.any() and not brighter.all()
    return bool(mixed and np.median(np.abs(ratio)) > _APART)
