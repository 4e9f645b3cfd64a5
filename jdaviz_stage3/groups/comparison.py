"""Two reductions of one product: what differs in their headers, and in their numbers."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.table import Table

from ..analysis.comparison.catalogs import RADIUS
from ..analysis.comparison.tables import Part, numbers_of
from ..errors import Stage3Error
from ..fits_structure import read_primary_header
from ..products import identify
from ..saving import save_files
from .compared_parts import COMPARED, compared_parts
from .processing import compare_provenance

__all__ = ["Comparison", "compare", "compared_types", "header_differences"]

#: Keywords that say when and where a file was written, or are in the provenance.
_OF_THE_FILE = {"DATE", "FILENAME", "CHECKSUM", "DATASUM", "COMMENT", "HISTORY", ""}
_IN_PROVENANCE = {
    "CAL_VER", "CAL_VCS", "CRDS_CTX", "CRDS_VER", "SDP_VER", "DATE-OBS", "PROGRAM", "TITLE",
    "PI_NAME", "TARGNAME", "TARGPROP", "INSTRUME", "EXP_TYPE", "ASNTABLE", "ASNPOOL",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two reductions, less each other.

    Attributes
    ----------
    first, second : path
    suffix : str
        Of their product type.
    headers : astropy.table.Table
        What their headers say differently, one thing a row: ``section``, ``name``, ``first``,
        ``second``.
    parts : dict of str to object
        For each part (an image, a spectrum, an order, a column) how its numbers differ:
        `ImageComparison`, `SpectrumComparison`, `CatalogComparison`, `LightCurveComparison` or
        `CubeComparison`. Empty where only headers are compared.
    notes : tuple of str
        What was left out or assumed.
    """

    first: Path
    second: Path
    suffix: str
    headers: Table
    parts: dict[str, Part]
    notes: tuple[str, ...] = ()

    @property
    def table(self) -> Table:
        """One row a part, first less second.

        ``part``, ``n`` (samples that both have), ``median``, ``sigma`` (1.4826 × the median
        absolute deviation), ``unit``, ``median_ratio`` (of what stands out), ``sigma_in_errors``.
        """
        rows = [(name, *numbers_of(part).values()) for name, part in self.parts.items()]
        names = ("part", "n", "median", "sigma", "unit", "median_ratio", "sigma_in_errors")
        return Table(rows=rows, names=names) if rows else Table(names=names)

    @property
    def all_notes(self) -> tuple[str, ...]:
        """The notes of the comparison and of all its parts, each once."""
        said = [note for part in self.parts.values() for note in part.notes]
        return tuple(dict.fromkeys([*self.notes, *said]))

    def as_dict(self) -> dict[str, Any]:
        """Return what is known as plain values, for JSON.

        Returns
        -------
        dict
        """
        return {
            "first": str(self.first),
            "second": str(self.second),
            "suffix": self.suffix,
            "headers": _plain_rows(self.headers),
            "parts": _plain_rows(self.table),
            "notes": list(self.all_notes),
        }

    def to_json(self, path: str | os.PathLike | None = None) -> str:
        """Return the table, the headers and the notes as JSON, and write it if a path is given.

        Parameters
        ----------
        path : path-like, optional
            A file that is not there yet.

        Returns
        -------
        str

        Raises
        ------
        Stage3Error
            If the file is there, or cannot be written.
        """
        text = json.dumps(self.as_dict(), indent=2, ensure_ascii=False)
        if path is not None:
            save_files(path, [lambda to: to.write_text(text + "\n", encoding="utf-8")])
        return text

    def __repr__(self) -> str:
        names = [self.first.name, self.second.name]
        if names[0] == names[1]:
            names = [str(self.first), str(self.second)]
        head = f"<Comparison of two {self.suffix}: {names[0]} less {names[1]}"
        lines = [head, f"  {len(self.headers)} differences of headers"]
        lines += [f"  {line}" for line in self.table.pformat(max_lines=12, max_width=-1)]
        return "\n".join(lines) + ">"


def compare(
    first: str | os.PathLike,
    second: str | os.PathLike,
    *,
    radius: u.Quantity = RADIUS,
    column: str = "",
    at_most: int | None = 200,
    **choice: Any,
) -> Comparison:
    """Compare two reductions of one product: headers, and numbers sample by sample.

    Parameters
    ----------
    first, second : path-like
        Two products of one type: i2d, crf, s2d, s3d, x1d, c1d, cat, whtlt, phot, x1dints. Of other
        types the headers are compared.
    radius : Quantity, optional
        Within which sources of catalogs are one, 0.2 arcsec.
    column : str, optional
        Which magnitude or flux of catalogs to compare.
    at_most : int or None, optional
        How many spectra of files with more; None for all.
    **choice
        ``source_id``, ``order``, ``slit``, ``exposure``: which spectra to compare.

    Returns
    -------
    Comparison
        First less second. Errors are added in quadrature, though reductions of the same exposures
        share most of their noise: that is said in the notes.

    Raises
    ------
    UnknownProductError, UnreadableProductError
        If a file is no product, or broken.
    Stage3Error
        If they are one file, of different types, in units that do not convert, or have nothing in
        common.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> made = stage3.compare("old/jw…_i2d.fits", "new/jw…_i2d.fits")    # doctest: +SKIP
    >>> made.table, made.headers, made.parts["SCI"].images()             # doctest: +SKIP
    """
    paths = Path(first), Path(second)
    kinds = [identify(path) for path in paths]
    if os.path.samefile(*paths):
        raise Stage3Error(f"{paths[0]} is compared with itself; give two files")
    if kinds[0] is not kinds[1]:
        raise Stage3Error(
            f"{paths[0].name} holds {kinds[0].suffix} ({kinds[0].name}), {paths[1].name} holds "
            f"{kinds[1].suffix} ({kinds[1].name}); only products of one type are compared"
        )
    if kinds[0].container == "json":
        raise Stage3Error("associations are not compared; compare their products")
    headers = header_differences(*paths)
    notes: list[str] = []
    options = {"radius": radius, "column": column, "at_most": at_most, "choice": choice}
    parts = compared_parts(kinds[0], paths, options, notes)
    return Comparison(*paths, kinds[0].suffix, headers, parts, tuple(notes))


def compared_types() -> tuple[str, ...]:
    """Return the suffixes of the product types whose numbers can be compared.

    Returns
    -------
    tuple of str
    """
    return tuple(COMPARED)


def header_differences(first: str | os.PathLike, second: str | os.PathLike) -> Table:
    """List what the headers of two products say differently.

    Parameters
    ----------
    first, second : path-like

    Returns
    -------
    astropy.table.Table
        ``section``, ``name``, ``first``, ``second``: of how they were made
        (`jdaviz_stage3.compare_provenance`), and the other keywords of the primary headers. When
        and under which name they were written is left out.
    """
    rows = []
    made = compare_provenance([first, second])
    mine = [name for name in made.colnames if name not in ("section", "name", "differs")]
    for row in made[made["differs"]]:
        if row["name"] != "created":
            rows.append((row["section"], row["name"], row[mine[0]], row[mine[1]]))
    if identify(first).container == "fits" and identify(second).container == "fits":
        both = [_keywords(path) for path in (first, second)]
        for keyword in sorted(set(both[0]) | set(both[1])):
            values = [one.get(keyword, "") for one in both]
            if values[0] != values[1]:
                rows.append(("keyword", keyword, values[0], values[1]))
    names = ("section", "name", "first", "second")
    return Table(rows=rows, names=names) if rows else Table(names=names, dtype=["U1"] * 4)


def _keywords(path: str | os.PathLike) -> dict[str, str]:
    header = read_primary_header(path)
    found = {}
    for card in header.cards:
        known = card.keyword in _OF_THE_FILE | _IN_PROVENANCE
        if known or card.keyword.startswith(("S_", "R_")):
            continue
        try:
            value = card.value
        except fits.VerifyError:
            continue  # a card that is none says nothing
        found[card.keyword] = "" if isinstance(value, fits.card.Undefined) else str(value)
    return found


def _plain_rows(table: Table) -> list[dict[str, Any]]:
    """Rows as dictionaries; None for what is not finite, which JSON does not know."""
    rows = []
    for row in table:
        values = {name: row[name] for name in table.colnames}
        rows.append(
            {
                name: value.item() if isinstance(value, np.generic) else value
                for name, value in values.items()
            }
        )
    return [
        {n: None if isinstance(v, float) and not np.isfinite(v) else v for n, v in row.items()}
        for row in rows
    ]
