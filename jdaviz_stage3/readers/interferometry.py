"""Interferometric observables: OIFITS files, and the fringe parameters of jwst before 1.14."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import QTable

from ..errors import UnreadableProductError
from ..origin import FileStamp, file_stamp
from .extensions import header_dict, open_product

__all__ = ["OBSERVABLES", "Interferometry", "read_interferometry"]

#: The names of the tables of an `Interferometry`.
OBSERVABLES = ("vis2", "visibility", "closure_phase", "quad")


@dataclass(eq=False)
class Interferometry:
    """What an interferometer has measured of one target.

    Each table has a row for each baseline (triangle, quadrangle) and wavelength. Its columns:
    ``stations`` (``'A1-A2'``), ``station_index``, ``u`` and ``v`` (of triangles ``u1``, ``v1``,
    ``u2``, ``v2`` of the first two sides), ``baseline`` (of triangles ``longest_baseline``),
    ``position_angle`` (degrees east of north), ``wavelength``, ``bandwidth``,
    ``spatial_frequency`` (1/rad), ``flag`` (True: not to be used) and ``mjd``. What was measured
    is in ``value`` and ``error`` (V²), or in ``amplitude``, ``amplitude_error``, ``phase`` and
    ``phase_error`` (degrees). An error that is not known is NaN. By integration these have the
    shape (n_rows, n_integrations).

    Attributes
    ----------
    path : pathlib.Path
    stamp : FileStamp
        Of the file when it was read.
    meta : dict
        Keywords of the primary header.
    target : str
        Its name.
    position : SkyCoord or None
        Of the target.
    wavelength, bandwidth : Quantity, shape (n_wave,), or None
        Effective wavelengths and widths of the channels; None where the file does not say.
    stations : QTable or None
        Holes of the mask, or telescopes: ``name``, ``index``, ``diameter``, ``staxyz``, and of
        NIRISS ``ctrs_eqt`` (metres) and ``piston`` (degrees).
    vis2 : QTable or None
        Squared visibilities.
    visibility : QTable or None
        ``amplitude`` and ``phase`` of the fringes.
    closure_phase : QTable or None
        ``phase`` is the closure phase, ``amplitude`` the triple amplitude.
    quad : QTable or None
        Closure ``amplitude`` and ``phase`` of quadrangles (OI_Q4).
    n_integrations : int
        1 where they were averaged.
    images : dict of str to ndarray
        FIT and RESID of jwst before 1.14.
    notes : tuple of str
        What was assumed, or is missing, in words.
    """

    path: Path
    stamp: FileStamp | None = None
    meta: dict[str, Any] = field(default_factory=dict, repr=False)
    target: str = ""
    position: SkyCoord | None = None
    wavelength: u.Quantity | None = None
    bandwidth: u.Quantity | None = None
    stations: QTable | None = field(default=None, repr=False)
    vis2: QTable | None = field(default=None, repr=False)
    visibility: QTable | None = field(default=None, repr=False)
    closure_phase: QTable | None = field(default=None, repr=False)
    quad: QTable | None = field(default=None, repr=False)
    n_integrations: int = 1
    images: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = ()

    @property
    def tables(self) -> dict[str, QTable]:
        """The tables of observables that there are, by their names."""
        found = {name: getattr(self, name) for name in OBSERVABLES}
        return {name: table for name, table in found.items() if table is not None}

    @property
    def n_stations(self) -> int:
        """How many holes or telescopes the observables are of."""
        indices = [np.unique(table["station_index"]) for table in self.tables.values()]
        return len(np.unique(np.concatenate(indices))) if indices else 0


def read_interferometry(path: str | os.PathLike, *, target: str | None = None) -> Interferometry:
    """Read interferometric observables: any OIFITS file of one array, or fringe parameters.

    Parameters
    ----------
    path : path-like
        An ami-oi, psf-ami-oi, aminorm-oi or amimulti-oi; OIFITS 1 or 2 of another instrument; or an
        ami, amiavg, psf-amiavg or aminorm of jwst before 1.14.
    target : str, optional
        Which, where the file has several.

    Returns
    -------
    Interferometry

    Raises
    ------
    UnreadableProductError
        If there are no observables, several targets or arrays, or a column is missing.

    Warns
    -----
    Stage3Warning
        About what is odd: no wavelengths, no or unknown stations, no errors, nothing but flagged
        rows, phases beyond ±360° or in radians, coordinates that are known to be off.
    """
    from .fringe_parameters import FRINGE_TABLES, read_fringe_parameters
    from .oifits import OI_TABLES, read_oifits

    with open_product(path) as hdus:
        names = {hdu.name for hdu in hdus[1:]}
        result = Interferometry(Path(path), file_stamp(path), header_dict(hdus[0].header))
        if names & set(OI_TABLES):
            read_oifits(hdus, result, target)
        elif names & set(FRINGE_TABLES):
            read_fringe_parameters(hdus, result)
        else:
            found = ", ".join(sorted(names - {"ASDF", ""})) or "no extensions at all"
            raise UnreadableProductError(
                f"{result.path.name}: no interferometric observables (found {found}; expected "
                f"{', '.join(OI_TABLES)}); is it complete?"
            )
    return result
