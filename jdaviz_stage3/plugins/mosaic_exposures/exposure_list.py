"""The exposures of one mosaic: which cover a place, and what each has there."""

from __future__ import annotations

import warnings
from functools import cached_property
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import QTable
from astropy.time import Time

from ...analysis.exposures.footprints import corners_of_region, covers
from ...errors import Stage3Error, Stage3Warning
from ...readers.mosaic_inputs import ExposurePixel, MosaicInput, file_of_input, read_mosaic_inputs
from ...readers.mosaic_inputs import read_pixel as read_exposure_pixel

__all__ = ["ExposureList"]


class ExposureList:
    """The exposures that a mosaic lists, and their files where they are beside it.

    Parameters
    ----------
    path : path-like
        The i2d.

    Attributes
    ----------
    inputs : list of MosaicInput
    files : dict of str to path or None
        By the names of the inputs.

    Raises
    ------
    UnreadableProductError
        If the mosaic has no list of them.
    """

    def __init__(self, path: Path):
        self.path = path
        self.inputs = read_mosaic_inputs(path)
        self.files: dict[str, Path | None] = {}
        self.look_for_files()

    def look_for_files(self) -> None:
        """Find the files that are there now: some may have been downloaded meanwhile."""
        self.files = file_of_input(self.path, [entry.name for entry in self.inputs])

    @cached_property
    def footprints(self) -> dict[str, SkyCoord]:
        """The corners of each exposure whose footprint is known, by its name."""
        found = {}
        for entry in self.inputs:
            try:
                found[entry.name] = corners_of_region(entry.region)
            except Stage3Error:  # without it, it covers nothing; `unplaced` says how many
                continue
        return found

    @property
    def unplaced(self) -> int:
        """How many exposures have no footprint."""
        return len(self.inputs) - len(self.footprints)

    @property
    def n_files(self) -> int:
        """How many of them have their file beside the mosaic."""
        return sum(path is not None for path in self.files.values())

    def covering(self, position: SkyCoord) -> list[MosaicInput]:
        """Return the exposures whose footprint holds a place.

        Parameters
        ----------
        position : SkyCoord, scalar

        Returns
        -------
        list of MosaicInput
            In the order of the mosaic's list.
        """
        inside = covers(self.footprints.values(), position)
        names = {name for name, here in zip(self.footprints, inside, strict=True) if here}
        return [entry for entry in self.inputs if entry.name in names]

    def at(self, position: SkyCoord) -> QTable:
        """Return what each of the exposures that cover a place has there.

        Parameters
        ----------
        position : SkyCoord, scalar

        Returns
        -------
        astropy.table.QTable
            ``name``, ``detector``, ``filter``, ``start`` (UTC), ``x``, ``y`` (0-based pixels of the
            exposure), ``value`` and ``error`` of the nearest pixel in the file's unit, NaN where
            the file is not there, ``flags`` (names of the data-quality flags, joined by commas),
            ``file`` (empty where it is not there).

        Warns
        -----
        Stage3Warning
            If a file is broken; its row has no values.
        """
        self.look_for_files()
        rows = []
        for entry in self.covering(position):
            path = self.files[entry.name]
            pixel = None
            if path is not None:
                try:
                    pixel = read_exposure_pixel(path, position)
                except Stage3Error as err:
                    warnings.warn(str(err), Stage3Warning, stacklevel=2)
                    path = None
                else:
                    if pixel is None:
                        continue  # on the rim, where the footprint is not quite the detector
            rows.append((entry, path, pixel))
        return _table_of(rows)


def _table_of(rows: list[tuple[MosaicInput, Path | None, ExposurePixel | None]]) -> QTable:
    entries, paths, pixels = zip(*rows, strict=True) if rows else ((), (), ())
    units = {pixel.unit for pixel in pixels if pixel is not None}
    unit = u.Unit(units.pop()) if len(units) == 1 else u.dimensionless_unscaled

    def column(name: str) -> np.ndarray:
        return np.array([np.nan if p is None else getattr(p, name) for p in pixels], dtype=float)

    table = QTable()
    table["name"] = np.array([entry.name for entry in entries], dtype=str)
    table["detector"] = np.array([entry.detector for entry in entries], dtype=str)
    table["filter"] = np.array([entry.filter for entry in entries], dtype=str)
    starts = [np.nan if entry.start is None else entry.start.mjd for entry in entries]
    table["start"] = Time(np.ma.masked_invalid(np.array(starts, float)), format="mjd", scale="utc")
    table["x"], table["y"] = column("x"), column("y")
    table["value"], table["error"] = column("value") * unit, column("error") * unit
    table["flags"] = np.array(["" if p is None else ", ".join(p.flags) for p in pixels], dtype=str)
    table["file"] = np.array(["" if p is None else str(p) for p in paths], dtype=str)
    return table
