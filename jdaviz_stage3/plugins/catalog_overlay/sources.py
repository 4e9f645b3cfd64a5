"""A catalog of the data collection, by what its columns mean."""

from __future__ import annotations

import re
from functools import cached_property

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from ...jdaviz_compat import column_for
from ...origin import root_of
from .catalog_columns import CatalogColumns

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


class Sources(CatalogColumns):
    """The sources of a catalog, and what is known of them.

    Parameters
    ----------
    data : glue.core.Data
        A catalog that was loaded by this package or by jdaviz.
    """

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

        The flux and the magnitude are named by what their columns share: ``aper_total``.

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
        said = ""
        for column, digits in ((self.flux_column, ".4g"), (self.magnitude_column, ".3f")):
            if column is not None:
                stem = column.removesuffix("_flux").removesuffix("_abmag")
                named = "" if stem == said else f"{stem} "
                parts.append(named + self._measurement(column, row, digits))
                said = stem
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


def _is_text(values: np.ndarray) -> bool:
    """Whether a column holds texts; glue's are arrays with categories."""
    return values.dtype.kind in "US" or hasattr(values, "categories")
