"""Two reductions of one product: what differs in their headers, and in their numbers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.table import Table

from ..analysis.comparison.catalogs import RADIUS, compare_catalogs
from ..analysis.comparison.cubes import compare_cubes
from ..analysis.comparison.images import compare_images, compare_spectral_images
from ..analysis.comparison.light_curves import compare_light_curves, compare_traces
from ..analysis.comparison.spectra import compare_spectra
from ..analysis.comparison.tables import Part, numbers_of
from ..errors import Stage3Error, UnreadableProductError, reason_of
from ..fits_structure import read_primary_header
from ..products import ProductType, identify
from ..readers import read
from ..saving import save_files
from .processing import compare_provenance

__all__ = ["Comparison", "compare", "compared_types", "header_differences"]

#: Keywords that say when and where a file was written, or are in the provenance.
_OF_THE_FILE = {"DATE", "FILENAME", "CHECKSUM", "DATASUM", "COMMENT", "HISTORY", ""}
_IN_PROVENANCE = {
    "CAL_VER", "CAL_VCS", "CRDS_CTX", "CRDS_VER", "SDP_VER", "DATE-OBS", "PROGRAM", "TITLE",
    "PI_NAME", "TARGNAME", "TARGPROP", "INSTRUME", "EXP_TYPE", "ASNTABLE", "ASNPOOL",
}  # fmt: skip
_KEYS = ("source_id", "slit", "order", "exposure", "detector")


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
    parts = _parts(kinds[0], paths, options, notes)
    return Comparison(*paths, kinds[0].suffix, headers, parts, tuple(notes))


def compared_types() -> tuple[str, ...]:
    """Return the suffixes of the product types whose numbers can be compared.

    Returns
    -------
    tuple of str
    """
    return tuple(_COMPARED)


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


def _parts(
    kind: ProductType, paths: tuple[Path, Path], options: dict[str, Any], notes: list[str]
) -> dict[str, Part]:
    comparing = _COMPARED.get(kind.suffix)
    if comparing is None:
        notes.append(f"of {kind.suffix} products ({kind.name}) only the headers are compared")
        return {}
    try:
        return comparing(read(paths[0]), read(paths[1]), options, notes)
    except Stage3Error as err:
        raise type(err)(f"{paths[0].name} and {paths[1].name}: {err}") from err
    except (ValueError, fits.VerifyError) as err:  # what the libraries make of a broken file
        raise UnreadableProductError(
            f"{paths[0].name} and {paths[1].name}: cannot be compared ({reason_of(err)}); is one "
            "of them broken?"
        ) from err


def _images(first: Any, second: Any, options: dict, notes: list[str]) -> dict[str, Part]:
    return {"SCI": compare_images(first, second)}


def _exposures(first: Any, second: Any, options: dict, notes: list[str]) -> dict[str, Part]:
    if not (hasattr(first, "data") and hasattr(second, "data")):
        notes.append("of exposures with several slits only the headers are compared")
        return {}
    return {"SCI": compare_images(first, second, by_pixel=True)}


def _cubes(first: Any, second: Any, options: dict, notes: list[str]) -> dict[str, Part]:
    return {"SCI": compare_cubes(first, second)}


def _catalogs(first: Any, second: Any, options: dict, notes: list[str]) -> dict[str, Part]:
    made = compare_catalogs(first, second, radius=options["radius"], column=options["column"])
    notes.append(
        f"{len(made.matched)} sources are in both, {len(made.only_first)} in the first only, "
        f"{len(made.only_second)} in the second only"
    )
    return {made.column or "positions": made}


def _spectra(first: Any, second: Any, options: dict, notes: list[str]) -> dict[str, Part]:
    if options["choice"]:
        first, second = first.select(**options["choice"]), second.select(**options["choice"])
    pairs = _pairs(first.entries, second.entries)
    if not pairs and len(first) == len(second) == 1:
        notes.append("the one spectrum of each is compared, though source or order differ")
        pairs = [(_words(first.entries[0]), 0, 0)]
    if not pairs:
        raise Stage3Error("no spectrum of the same source, slit, order and exposure is in both")
    left = len(first) + len(second) - 2 * len(pairs)
    if left:
        notes.append(f"{left} spectra that are in one of the two only are left out")
    most = options["at_most"]
    if most is not None and len(pairs) > most:
        notes.append(f"the first {most} of {len(pairs)} spectra are compared (at_most)")
        pairs = pairs[:most]
    parts: dict[str, Part] = {}
    refused = []
    for name, one, other in pairs:
        try:
            pair = first[one], second[other]
            two_dimensions = pair[0].flux.ndim == 2
            comparing = compare_spectral_images if two_dimensions else compare_spectra
            parts[name] = comparing(*pair)
        except Stage3Error as err:
            refused.append(f"{name}: {err}")
    if not parts:
        raise Stage3Error(refused[0])
    notes += refused[:3]
    if len(refused) > 3:
        notes.append(f"and {len(refused) - 3} more spectra could not be compared")
    return parts


def _pairs(first: Iterable[Any], second: Iterable[Any]) -> list[tuple[str, int, int]]:
    """Spectra of the same source, slit, order and exposure: words, and their places in both."""
    found: dict[tuple, list[int]] = {}
    for number, entry in enumerate(second):
        found.setdefault(_key(entry), []).append(number)
    pairs = []
    named: dict[str, int] = {}
    for number, entry in enumerate(first):
        others = found.get(_key(entry))
        if not others:
            continue
        name = _words(entry)
        named[name] = named.get(name, 0) + 1
        if named[name] > 1:
            name = f"{name} ({named[name]})"
        pairs.append((name, number, others.pop(0)))
    return pairs


def _key(entry: Any) -> tuple:
    return tuple(getattr(entry, name, None) for name in _KEYS)


def _words(entry: Any) -> str:
    named = {name: getattr(entry, name, None) for name in _KEYS}
    said = [
        f"{name.removesuffix('_id')} {value}"
        for name, value in named.items()
        if value not in (None, "", 0)
    ]
    return " ".join(said) or "spectrum"


def _series(first: Any, second: Any, options: dict, notes: list[str]) -> dict[str, Part]:
    others = dict(second)
    if all(len({detector for detector, _ in series}) == 1 for series in (first, second)):
        detector = next(iter(first))[0]  # old files do not always name the one that they have
        others = {(detector, order): trace for (_, order), trace in second.items()}
    pairs = [(trace, others[key]) for key, trace in first.items() if key in others]
    if not pairs:
        raise Stage3Error("no order of the same detector is in both")
    parts: dict[str, Part] = {}
    for traces in pairs:
        parts[traces[0].label or "all wavelengths"] = compare_traces(*traces)
    notes.append("of spectra in time their sums over all wavelengths are compared")
    return parts


def _light_curves(first: Any, second: Any, options: dict, notes: list[str]) -> dict[str, Part]:
    columns = [_fluxes(series) for series in (first, second)]
    pairs = [(name, name) for name in columns[0] if name in columns[1]]
    if not pairs and len(columns[0]) == len(columns[1]):
        # up to jwst 1.18 the orders have no names, and are numbered as they come
        pairs = list(zip(*columns, strict=True))
        notes.append("names of columns differ: they are compared in the order of the files")
    if not pairs:
        found = "; ".join(", ".join(names) for names in columns)
        raise Stage3Error(f"no flux of the same name is in both ({found})")
    return {
        name: compare_light_curves(first, second, name, second_column=other)
        for name, other in pairs
    }


def _fluxes(series: Any) -> list[str]:
    wanted = ("whitelight_flux", "net_aperture_sum", "aperture_sum")
    return [c for c in series.colnames if c.startswith(wanted) and not c.endswith("_err")]


#: How each product type is compared: ``(first, second, options, notes) -> parts``.
_COMPARED: dict[str, Callable[[Any, Any, dict, list[str]], dict[str, Part]]] = {
    "i2d": _images, "crf": _exposures, "cal": _exposures, "s2d": _spectra, "s3d": _cubes,
    "x1d": _spectra, "c1d": _spectra, "cat": _catalogs, "x1dints": _series, "whtlt": _light_curves,
    "phot": _light_curves,
}  # fmt: skip


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
