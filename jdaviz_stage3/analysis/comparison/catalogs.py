"""Two catalogs of one field: the sources of both, and how their magnitudes and places differ."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord, match_coordinates_sky
from astropy.table import QTable

from ...errors import Stage3Error
from ...readers.catalog import label_column, sky_column
from .differences import ASSUMED, Differences, in_unit

__all__ = ["RADIUS", "CatalogComparison", "compare_catalogs"]

#: Within which sources are one; about three pixels of NIRCam's long wavelengths.
RADIUS = 0.2 * u.arcsec
#: What is compared where nothing is asked for: the first that both have.
_COLUMNS = ("aper_total_abmag", "isophotal_abmag", "abmag", "aper_total_flux", "isophotal_flux")


@dataclass(frozen=True, eq=False)
class CatalogComparison:
    """Sources of the first catalog beside those of the second.

    Attributes
    ----------
    matched : QTable
        One row a source of both: ``row_1`` and ``row_2`` in the catalogs, ``label_1`` and
        ``label_2`` where these have labels, ``value_1``, ``value_2``, ``difference`` (first less
        second) and ``difference_err`` (where both have errors) of the column, ``separation``,
        ``d_ra`` (Δα cos δ) and ``d_dec`` (first less second, mas), ``position`` of the first.
    only_first, only_second : ndarray of int
        Rows of the sources that are in one of the two only.
    column : str
        Which magnitude or flux is compared; empty where the catalogs have none in common.
    differences : Differences, shape (n_matched,), or None
        Of that column; of magnitudes ``ratio`` is that of the fluxes.
    notes : tuple of str
        What was assumed and done.
    """

    matched: QTable
    only_first: np.ndarray
    only_second: np.ndarray
    column: str
    differences: Differences | None
    notes: tuple[str, ...]

    def by_magnitude(self, width: float = 1.0) -> QTable:
        """Say how the two differ, in bins of what is compared in the first.

        Parameters
        ----------
        width : float, optional
            Of a bin, in magnitudes; of fluxes, in decades.

        Returns
        -------
        QTable
            ``low``, ``high``, ``n``, ``median``, ``sigma`` of the differences, and the same of the
            positions, ``d_ra``, ``d_ra_sigma``, ``d_dec``, ``d_dec_sigma``: of bins with a source.

        Raises
        ------
        Stage3Error
            If no column was compared, or the width is not positive.
        """
        if self.differences is None:
            raise Stage3Error("the catalogs have no magnitude or flux in common")
        if not width > 0:
            raise Stage3Error(f"width = {width!r}, expected a positive number")
        values = u.Quantity(self.matched["value_1"]).value
        of_flux = self.differences.unit.is_equivalent(u.Jy)
        with np.errstate(invalid="ignore", divide="ignore"):
            place = np.log10(values) if of_flux else values
        usable = np.isfinite(place) & np.isfinite(self.differences.difference.value)
        rows = []
        for number in np.unique(np.floor(place[usable] / width)):
            inside = usable & (np.floor(place / width) == number)
            part = Differences(
                self.differences.difference[inside],
                self.differences.ratio[inside],
                None,
                inside[inside],
            )
            ends = np.array([number, number + 1]) * width
            low, high = 10**ends if of_flux else ends
            unit = self.differences.unit
            moved = [
                Differences.of(self.matched[name][inside], 0 * self.matched[name][inside])
                for name in ("d_ra", "d_dec")
            ]
            found = [number for one in (part, *moved) for number in (one.median, one.sigma)]
            rows.append((low * unit, high * unit, part.n, *found))
        names = ("low", "high", "n", "median", "sigma", "d_ra", "d_ra_sigma", "d_dec",
                 "d_dec_sigma")  # fmt: skip
        return QTable(rows=rows, names=names) if rows else QTable(names=names)


def compare_catalogs(
    first: QTable, second: QTable, *, radius: u.Quantity = RADIUS, column: str = ""
) -> CatalogComparison:
    """Match two catalogs on the sky, and take the differences of the sources that both have.

    Two sources are one if each is the other's nearest, within a radius.

    Parameters
    ----------
    first, second : QTable
        As `jdaviz_stage3.read` gives them.
    radius : Quantity, optional
        0.2 arcsec.
    column : str, optional
        Which magnitude or flux to compare; by default the first that both have of the total
        aperture's and the isophotal AB magnitude, and the same as fluxes.

    Returns
    -------
    CatalogComparison

    Raises
    ------
    Stage3Error
        If one has no positions on the sky or no source, the column is not in both, or the radius is
        no positive angle.
    """
    radius = _angle(radius)
    places = [_positions(table, which) for table, which in ((first, "first"), (second, "second"))]
    rows = [np.flatnonzero(_finite(place)) for place in places]
    kept = [place[row] for place, row in zip(places, rows, strict=True)]
    if not all(len(row) for row in rows):
        raise Stage3Error("one of the catalogs has no source with a position on the sky")
    nearest, separation, _ = match_coordinates_sky(kept[0], kept[1])
    back, _, _ = match_coordinates_sky(kept[1], kept[0])
    mutual = (back[nearest] == np.arange(len(nearest))) & (separation <= radius)
    one, other = rows[0][mutual], rows[1][nearest[mutual]]
    matched = QTable({"row_1": one, "row_2": other})
    for number, (table, row) in enumerate(((first, one), (second, other)), 1):
        label = label_column(table)
        if label is not None:
            matched[f"label_{number}"] = table[label][row]
    matched["position"] = places[0][one]
    matched["separation"] = separation[mutual].to(u.mas)
    d_ra, d_dec = places[1][other].spherical_offsets_to(places[0][one])
    matched["d_ra"], matched["d_dec"] = d_ra.to(u.mas), d_dec.to(u.mas)
    chosen = _column(first, second, column)
    notes = [f"sources are one if each is the other's nearest, within {radius.to_string(u.arcsec)}"]
    without = [len(table) - len(row) for table, row in zip((first, second), rows, strict=True)]
    if any(without):
        notes.append(f"{without[0]} and {without[1]} rows have no position on the sky")
    differences = None
    if chosen:
        differences = _of_column(matched, first[one], second[other], chosen)
        notes.append(ASSUMED if differences.error is not None else "not both have errors of it")
    else:
        notes.append("the catalogs have no magnitude or flux in common: only places are compared")
    return CatalogComparison(
        matched,
        np.setdiff1d(np.arange(len(first)), one),
        np.setdiff1d(np.arange(len(second)), other),
        chosen,
        differences,
        tuple(notes),
    )


def _of_column(matched: QTable, first: QTable, second: QTable, column: str) -> Differences:
    values = [u.Quantity(table[column], dtype=float) for table in (first, second)]
    values[1] = in_unit(values[1], values[0].unit, f"columns {column}")
    errors = [
        u.Quantity(table[f"{column}_err"], dtype=float)
        if f"{column}_err" in table.colnames
        else None
        for table in (first, second)
    ]
    if errors[1] is not None:
        errors[1] = in_unit(errors[1], values[0].unit, f"columns {column}_err")
    made = Differences.of(values[0], values[1], *errors)
    if not made.unit.is_equivalent(u.Jy):  # of magnitudes the ratio that means something is of flux
        ratio = 10 ** (-0.4 * made.difference.value)
        made = replace(made, ratio=ratio, bright=np.isfinite(ratio))
    matched["value_1"], matched["value_2"] = values
    matched["difference"] = made.difference
    if made.error is not None:
        matched["difference_err"] = made.error
    return made


def _positions(table: QTable, which: str) -> SkyCoord:
    name = sky_column(table)
    if name is None:
        raise Stage3Error(
            f"the {which} catalog has no positions on the sky (sky_centroid); catalogs are matched "
            "there, for pixels of two reductions need not be the same"
        )
    return table[name].icrs


def _finite(place: SkyCoord) -> np.ndarray:
    return np.isfinite(place.ra.value) & np.isfinite(place.dec.value)


def _angle(radius: u.Quantity) -> u.Quantity:
    try:
        angle = u.Quantity(radius).to(u.arcsec)
    except (u.UnitConversionError, TypeError) as err:
        raise Stage3Error(f"radius = {radius!r}, expected an angle, as 0.2 * u.arcsec") from err
    if not (angle.isscalar and angle.value > 0):
        raise Stage3Error(f"radius = {radius!r}, expected an angle greater than 0")
    return angle


def _column(first: QTable, second: QTable, column: str) -> str:
    both = [name for name in first.colnames if name in second.colnames]
    if column and column not in both:
        known = ", ".join(name for name in both if "mag" in name or "flux" in name)
        raise Stage3Error(f"column {column!r} is not in both catalogs; in both are {known}")
    return column or next((name for name in _COLUMNS if name in both), "")
