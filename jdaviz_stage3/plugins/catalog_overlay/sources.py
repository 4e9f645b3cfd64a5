"""A catalog of the data collection, by what its columns mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, QTable
from glue.core import Data

from ...jdaviz_compat import (
    CATALOG_COLUMNS,
    as_read,
    column_for,
    own_column_names,
    without_jdaviz_keys,
)
from ...origin import ORIGIN, root_of

__all__ = ["Sources"]

# The names that the pipeline's generations have given the same thing, the newest first.
_AXES = (
    ("semimajor_sigma", "semiminor_sigma"),
    ("semimajor_axis_sigma", "semiminor_axis_sigma"),
)
_FLUXES = ("aper_total_flux", "isophotal_flux", "source_sum")
_MAGNITUDES = ("aper_total_abmag", "isophotal_abmag")
# Columns that tell point-like sources from extended ones, and what they hold for point-like.
_TYPES = {"is_extended": False, "is_star": True}


class Sources:
    """The sources of a catalog; indexed by name, its columns with their units.

    Parameters
    ----------
    data : glue.core.Data
        A catalog that was loaded by this package or by jdaviz.
    """

    def __init__(self, data: Data):
        self.data = data

    # ---- the columns ----

    @cached_property
    def _read(self) -> QTable:
        """The catalog as our reader gave it; without columns where data are none of ours."""
        found = as_read(self.data)
        return QTable() if found is None else found

    @cached_property
    def _renamed(self) -> dict[str, str]:
        """Names in the data collection of columns that are called otherwise in the file."""
        return own_column_names(self._read.colnames)

    @cached_property
    def _stored(self) -> dict[str, Any]:
        """The components by their names in the data collection."""
        return {component.label: component for component in self.data.main_components}

    @cached_property
    def _components(self) -> dict[str, Any]:
        """The components by the names of the columns in the file."""
        found = dict(self._stored)
        # the two angles of the sky position by their names in the file, too
        for name in self._read.colnames:
            if name not in found and f"{name}.ra" not in found and {"RA", "Dec"} <= set(found):
                found |= {f"{name}.ra": found["RA"], f"{name}.dec": found["Dec"]}
        # the user's own RA, Dec, X, Y, ID instead of those that the loader has added
        for name, stored in self._renamed.items():
            found[name] = found.pop(stored)
        return found

    @cached_property
    def _added(self) -> set[str]:
        """Columns that the loader has added for jdaviz; others of the catalog hold the same."""
        return set(CATALOG_COLUMNS) - set(self._renamed)

    def __getitem__(self, name: str) -> np.ndarray | u.Quantity:
        values, unit = self.array(name), self.unit(name)
        if (mask := self.mask(name)) is not None:
            return MaskedColumn(values, mask=mask, unit=unit)
        # magnitudes are quantities of a class of their own
        return values if unit is None else u.Quantity(values, unit, copy=False, subok=True)

    def __iter__(self) -> Iterator[str]:
        return iter(self._components)

    def __len__(self) -> int:
        return self.data.shape[0]

    def keys(self) -> list[str]:
        """Names of the columns."""
        return list(self._components)

    def __contains__(self, name: object) -> bool:
        return name in self._components

    def unit(self, name: str) -> u.Unit | None:
        """Unit of a column, None if it has none or astropy does not know it.

        Parameters
        ----------
        name : str

        Returns
        -------
        astropy.units.Unit or None
        """
        return self._unit_of(self._components[name])

    def _unit_of(self, component: Any) -> u.Unit | None:
        text = self.data.get_component(component).units
        if not text:
            return None
        try:
            return u.Unit(text)
        except ValueError:
            return None

    def array(self, name: str) -> np.ndarray:
        """Values of a column without the unit.

        Parameters
        ----------
        name : str

        Returns
        -------
        ndarray, shape (n,)
        """
        values = self.data[self._components[name]]
        # glue stores booleans as numbers
        boolean = name in self._read.colnames and _dtype(self._read[name]) == np.dtype(bool)
        return values.astype(bool) if boolean else values

    def mask(self, name: str) -> np.ndarray | None:
        """Where a column has no value, beside NaN.

        Parameters
        ----------
        name : str

        Returns
        -------
        ndarray of bool, shape (n,), or None
            None if it has one for all sources.
        """
        return self._masks.get(name)

    @cached_property
    def _masks(self) -> dict[str, np.ndarray]:
        """Masks of integers, booleans and texts; a missing float is NaN."""
        masks = {n: getattr(self._read[n], "mask", None) for n in self._read.colnames}
        return {
            name: np.asarray(mask)
            for name, mask in masks.items()
            if mask is not None and np.ndim(mask) == 1 and np.any(mask)
        }

    @cached_property
    def numeric_columns(self) -> list[str]:
        """Names of the columns with numbers, those that the loader added aside."""
        return [
            name
            for name in self
            if name not in self._added and np.issubdtype(self.array(name).dtype, np.number)
        ]

    @cached_property
    def filter_columns(self) -> list[str]:
        """Names of the columns that a condition can be on."""
        return [name for name in self if name not in self._added] or list(self)

    # ---- what they mean ----

    @property
    def name(self) -> str:
        """The catalog's label in the app."""
        return self.data.label

    @property
    def root(self) -> str:
        """What its file shares with the other products of the observation; empty if unknown."""
        return root_of(self.data) or ""

    @cached_property
    def labels(self) -> np.ndarray:
        """The sources' labels, shape (n,): what the pixels of the segmentation map hold."""
        component = self._stored.get(column_for(self.data, "id") or "ID")
        if component is not None:
            return np.asarray(self.data[component])
        return np.arange(1, len(self) + 1)

    @cached_property
    def sky(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Right ascension and declination (ICRS), degrees, each shape (n,); None if it has none."""
        return self._pair("ra", "dec", u.deg)

    @cached_property
    def pixels(self) -> tuple[np.ndarray, np.ndarray] | None:
        """x and y in its own image, 0-based pixels, each shape (n,); None if it has none."""
        return self._pair("x", "y", None)

    def _pair(self, first: str, second: str, unit: u.Unit | None):
        names = [column_for(self.data, key) for key in (first, second)]
        if not all(name in self._stored for name in names):
            return None
        arrays = []
        for name in names:
            own = self._unit_of(self._stored[name])
            values = np.asarray(self.data[self._stored[name]], dtype=float)
            arrays.append((values * own).to_value(unit) if unit and own else values)
        return arrays[0], arrays[1]

    @cached_property
    def placed(self) -> np.ndarray:
        """Which sources have a position (bool, shape (n,)), on the sky or in pixels."""
        found = np.zeros(len(self), dtype=bool)
        for positions in (self.sky, self.pixels):
            if positions is not None:
                found |= np.isfinite(positions[0] + positions[1])
        return found

    @cached_property
    def point_like(self) -> np.ndarray | None:
        """Which sources are point-like (bool, shape (n,)), None if the catalog says it of none."""
        for name, value in _TYPES.items():
            if name in self:
                known = self.known_type
                return (self._truth(name) == value) & known if known.any() else None
        return None

    @cached_property
    def known_type(self) -> np.ndarray:
        """Of which sources the catalog says whether they are point-like (bool, shape (n,))."""
        name = next((name for name in _TYPES if name in self), None)
        if name is None:
            return np.ones(len(self), dtype=bool)
        mask, values = self.mask(name), self.array(name)
        known = np.ones(len(self), dtype=bool) if mask is None else ~mask
        if _is_text(values):
            return known & np.isin(np.char.lower(np.asarray(values, dtype=str)), ["true", "false"])
        return known & np.isfinite(np.asarray(values, dtype=float))  # a step may write NaN for all

    def _truth(self, name: str) -> np.ndarray:
        values = self.array(name)
        if _is_text(values):
            return np.char.lower(np.asarray(values, dtype=str)) == "true"
        return np.nan_to_num(np.asarray(values, dtype=float)) != 0

    @cached_property
    def axes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Semi-axes (1 σ, pixels) and orientation (radians from +x), or None.

        Each of shape (n,). ``orientation`` is counter-clockwise from the image's x axis, as
        photutils' ``SourceCatalog.orientation``.
        """
        names = next((pair for pair in _AXES if set(pair) <= set(self)), None)
        if names is None or "orientation" not in self:
            return None
        angle = np.asarray(self.array("orientation"), dtype=float)
        unit = self.unit("orientation") or u.deg
        major, minor = (np.asarray(self.array(name), dtype=float) for name in names)
        return major, minor, (angle * unit).to_value(u.rad)

    @cached_property
    def aperture_radii(self) -> dict[str, float]:
        """Radius (pixels) of each aperture by its encircled energy in per cent (``'70'``).

        From the catalog's ``aperture_params``, which the step writes as a dictionary or as its
        text (jwst ``source_catalog``).
        """
        text = str(self.data.meta.get("aperture_params", ""))

        def numbers(key: str) -> list[str]:
            # up to the next key or the end: lists, tuples and arrays, of numbers of any class
            found = re.search(rf"'{key}':(.*?)(?:,\s*'\w+':|\}}|$)", text, re.DOTALL)
            number = r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?!\w)"
            return re.findall(number, found.group(1)) if found else []

        energies, radii = numbers("aperture_ee"), numbers("aperture_radii")
        if len(energies) != len(radii):
            return {}
        return {str(int(float(e))): float(r) for e, r in zip(energies, radii, strict=True)}

    @cached_property
    def flux_column(self) -> str | None:
        """The column with the sources' total flux."""
        found = (name for name in self if re.fullmatch(r"aper\d+_flux|.*_flux", name))
        return next((name for name in _FLUXES if name in self), next(found, None))

    @cached_property
    def magnitude_column(self) -> str | None:
        """The column with the sources' total magnitude."""
        return next((name for name in _MAGNITUDES if name in self), None)

    # ---- one source ----

    def rows_of(self, labels: list) -> np.ndarray:
        """Return the rows of sources by their labels.

        Parameters
        ----------
        labels : list

        Returns
        -------
        ndarray of int
            In the order of ``labels``; those that there are not are left out.
        """
        wanted = [np.flatnonzero(self.labels == label)[:1] for label in labels]
        return np.concatenate(wanted).astype(int) if wanted else np.empty(0, dtype=int)

    def sentence(self, row: int) -> str:
        """Return a line on a source: label, position, flux ± error, magnitude, type.

        Parameters
        ----------
        row : int

        Returns
        -------
        str
        """
        parts = [f"Source {self.labels[row]}"]
        if self.sky is not None:
            place = SkyCoord(self.sky[0][row], self.sky[1][row], unit="deg")
            if np.isfinite(place.ra.deg + place.dec.deg):
                parts.append(
                    f"{place.ra.to_string('hourangle', sep=':', precision=3, pad=True)} "
                    f"{place.dec.to_string(sep=':', precision=2, pad=True, alwayssign=True)}"
                )
        elif self.pixels is not None:
            parts.append(f"x {self.pixels[0][row]:.2f}, y {self.pixels[1][row]:.2f}")
        for column, digits in ((self.flux_column, ".4g"), (self.magnitude_column, ".3f")):
            if column is not None:
                parts.append(self._measurement(column, row, digits))
        if self.point_like is not None and self.known_type[row]:
            parts.append("point-like" if self.point_like[row] else "extended")
        return " · ".join(parts)

    def _measurement(self, column: str, row: int, digits: str) -> str:
        value, unit = self.array(column)[row], self.unit(column)
        unit_text = f" {unit}" if unit is not None else ""
        if column == self.magnitude_column and unit is None:
            unit_text = " AB mag"
        if not np.isfinite(value):
            return f"no {'magnitude' if column == self.magnitude_column else 'flux'}"
        text = f"{value:{digits}}"
        error = self._error(column, row)
        if np.isfinite(error):
            text += f" ± {error:.2g}"
        return text + unit_text

    def _error(self, column: str, row: int) -> float:
        """Error of a measurement in the measurement's unit; NaN if there is none."""
        name = f"{column}_err"
        if name not in self:
            return np.nan
        error, unit, own = self.array(name)[row], self.unit(column), self.unit(name)
        if unit is None or own is None or unit == own:
            return float(error)
        try:
            return float((error * own).to_value(unit))
        except (u.UnitConversionError, TypeError):
            return np.nan

    def details(self, row: int) -> list[dict[str, str]]:
        """Return all columns of a source as texts: name, value, unit, description.

        Parameters
        ----------
        row : int

        Returns
        -------
        list of dict
        """
        entries = []
        for name in self.filter_columns:
            value = self.array(name)[row]
            if self.mask(name) is not None and self.mask(name)[row]:
                value = "—"
            if isinstance(value, (float, np.floating)):
                value = f"{value:.7g}"
            unit = self.data.get_component(self._components[name]).units
            known = name in self._read.colnames
            description = self._read[name].info.description if known else None
            entries.append(
                {
                    "name": name,
                    "value": str(value),
                    "unit": str(unit or ""),
                    "description": description or "",
                }
            )
        return entries

    def table(self, rows: np.ndarray) -> QTable:
        """Return sources as a table, as it was in the catalog's file.

        Parameters
        ----------
        rows : ndarray of int or bool

        Returns
        -------
        astropy.table.QTable
            All columns with units and descriptions, sky positions as
            `~astropy.coordinates.SkyCoord`, and the file's meta.
        """
        if self._read.colnames:
            return self._read[rows]
        out = QTable()
        for name in self:
            values, unit = self.array(name)[rows], self.unit(name)
            out[name] = values if unit is None else u.Quantity(values, unit, subok=True)
        meta = without_jdaviz_keys(self.data.meta)
        out.meta = {k: v for k, v in meta.items() if k != ORIGIN}
        return out


def _dtype(column: Any) -> np.dtype | None:
    """The type of a column's values; None of positions and times."""
    return getattr(column, "dtype", None)


def _is_text(values: np.ndarray) -> bool:
    """Whether a column holds texts; glue's are arrays with categories."""
    return values.dtype.kind in "US" or hasattr(values, "categories")
