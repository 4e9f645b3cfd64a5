"""Builds the index of the sources of a folder, an association or a list of products."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import QTable

from ..analysis.sources.matching import SAME_PLACE
from ..errors import Stage3Error, Stage3Warning
from ..groups import ListedProduct, ProductList
from ..products import product_root
from ..readers.association import read_association
from ..readers.catalog import label_column, read_catalog, sky_column
from ..readers.product_group import ProductGroup
from ..readers.source_tables import SourceTable, list_source_tables
from .field_exposures import image_exposures, said_of_shared
from .indexed_source import Label
from .indexed_sources import IndexedSources
from .joining import (
    CatalogSources,
    FileRows,
    JoinedRows,
    count_agreeing,
    follow_numbers,
    join_to_catalog,
)
from .reductions import one_reduction
from .source_products import ProductRows
from .unlisted import group_unlisted

__all__ = ["index_sources"]

#: What has spectra of many sources, or of one that its headers number.
_OF_SOURCES = ("x1d", "c1d", "s2d", "cal", "crf")
#: What is of the one target.
_OF_TARGET = ("s3d", "x1dints", "whtlt", "phot")


def index_sources(
    *paths: str | os.PathLike | ProductGroup,
    catalog: str | os.PathLike | None = None,
    reduction: str | os.PathLike | None = None,
    tolerance: u.Quantity = SAME_PLACE,
    progress: Callable[[int, int], None] | None = None,
) -> IndexedSources:
    """Find what belongs to one source, over the products of a folder or an association.

    Headers and a few columns of tables are read; no spectrum and no image. A spectrum is a catalog
    source's where the catalog has its SOURCE_ID as a label *and* SOURCE_RA and SOURCE_DEC lie at
    that label's place; otherwise where its place is a source's in the catalog, whatever the number
    says, for labels change between versions of the pipeline. What is in no catalog is a source
    of its own, joined by observation and number, or by target.

    Parameters
    ----------
    *paths : path-like or ProductGroup
        Folders, searched to the bottom, files, and groups as `find_groups` gives them.
    catalog : path-like, optional
        Whose labels to go by, where there are several; by default the one that agrees in number
        and place with most spectra.
    reduction : path-like, optional
        Folder of the reduction that counts, where products are there in several; by default the
        newest. What is there once is always taken.
    tolerance : Quantity, optional
        Within which two positions are one source; 0.2 arcsec. Where only the position of a slit is
        known, at least 0.5 arcsec.
    progress : callable, optional
        Called with the number of files that were looked at, and of all.

    Returns
    -------
    IndexedSources
        The sources of the catalog in its order, then those that are not in it.

    Raises
    ------
    UnreadableProductError
        If a path is not there.
    Stage3Error
        If there is no product with sources among them, no reduction in the folder asked for, or the
        tolerance is no positive angle.

    Warns
    -----
    Stage3Warning
        Where number and place do not agree, with both places; where a file cannot be read.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> sources = stage3.index_sources("mastDownload")     # doctest: +SKIP
    >>> sources.table                                      # doctest: +SKIP
    """
    limit = _angle(tolerance)
    products = _products_of(paths)
    reductions = one_reduction(products, reduction)
    products, notes = reductions.products, list(reductions.notes)
    if catalog is not None:  # also one of another reduction
        wanted = Path(os.path.expanduser(catalog)).absolute()
        products += [p for p in ProductList([catalog]).finish().products if p not in products]
        products = [p for p in products if p.suffix != "cat" or p.path == wanted]
    files = _file_rows(products, notes, progress)
    chosen, read, others = _choose_catalog(products, catalog, files, limit, notes)
    targets = [product for product in products if product.suffix in _OF_TARGET]
    if not files and chosen is None and not targets:
        found = ", ".join(sorted({p.suffix for p in products if p.suffix})) or "none"
        raise Stage3Error(
            f"no product with sources among {', '.join(map(str, paths)) or 'nothing'} (product "
            f"types found: {found}); expected a catalog (cat), or spectra (x1d, c1d, s2d)"
            + "".join(f". {note}" for note in notes[:1])
        )
    joined = follow_numbers(files, [_joined(rows, chosen, limit) for rows in files])
    notes += _said_once(files, joined)
    index = _assemble(chosen, read, files, joined, targets, products, notes)
    index.reductions = reductions.folders
    for sources, table in others:
        index.add_catalog(sources.path.name, table, sources.positions, tolerance=limit)
    for note in index.notes:
        warnings.warn(note, Stage3Warning, stacklevel=2)
    return index


def _angle(tolerance: u.Quantity) -> u.Quantity:
    try:
        limit = u.Quantity(tolerance).to(u.arcsec)
    except (TypeError, u.UnitConversionError) as err:
        raise Stage3Error(
            f"tolerance = {tolerance!r}, expected an angle, such as 0.2 * u.arcsec"
        ) from err
    if not (limit.isscalar and limit > 0 and np.isfinite(limit)):
        raise Stage3Error(f"tolerance = {tolerance!r}, expected a positive angle")
    return limit


def _products_of(paths: Iterable[str | os.PathLike | ProductGroup]) -> list[ListedProduct]:
    """What is there, each file once."""
    wanted: list[str | os.PathLike] = []
    for path in paths:
        if not isinstance(path, ProductGroup) and _is_association(path):
            path = read_association(path)
        if isinstance(path, ProductGroup):
            for one in path.products:
                wanted += [p for found in one.files.values() for p in found]
                wanted += [p for found in one.exposure_files.values() for p in found]
                wanted += [member.path for member in one.found if member.path is not None]
        else:
            wanted.append(path)
    return ProductList(wanted).finish().products


def _is_association(path: str | os.PathLike) -> bool:
    name = os.path.expanduser(path)
    return str(name).lower().endswith(".json") and os.path.isfile(name)


def _file_rows(
    products: Sequence[ListedProduct], notes: list[str],
    progress: Callable[[int, int], None] | None,
) -> list[FileRows]:  # fmt: skip
    fields = set(image_exposures(products))
    spectroscopic = [
        product
        for product in products
        if product.suffix in _OF_SOURCES and product.path not in fields
    ]
    found = []
    for done, product in enumerate(spectroscopic, 1):
        tables: tuple[SourceTable, ...] = ()
        try:
            tables = () if product.problem else list_source_tables(product.path)
        except Stage3Error as err:
            notes.append(f"left out: {err}")
        if product.problem:
            notes.append(f"left out: {product.problem}")
        elif product.suffix in ("cal", "crf") and all(table.source_id is None for table in tables):
            tables = ()  # an exposure of the field
        if tables:
            found.append(FileRows.of(product, tables))
        if progress is not None:
            progress(done, len(spectroscopic))
    return found


def _choose_catalog(
    products: Sequence[ListedProduct], asked: str | os.PathLike | None,
    files: Sequence[FileRows], tolerance: u.Quantity, notes: list[str],
) -> tuple[CatalogSources | None, QTable | None, list[tuple[CatalogSources, QTable]]]:  # fmt: skip
    """The catalog to go by, its table, and the other catalogs."""
    there = [product for product in products if product.suffix == "cat"]
    if asked is not None:
        wanted = Path(os.path.expanduser(asked)).absolute()
        there = [product for product in there if product.path == wanted]
        if not there:
            raise Stage3Error(f"{asked}: not a source catalog (cat)")
    # one catalog needs no comparison
    slitless = [rows for rows in files if rows.of_catalog] if len(there) > 1 else []
    found: list[tuple[tuple[int, int, int], CatalogSources, QTable]] = []
    counts = []
    for product in there:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Stage3Warning)  # said when it is loaded
                table = read_catalog(product.path)
            sources = _catalog_sources(product, table)
        except Stage3Error as err:
            notes.append(f"left out: {err}")
            continue
        pairs = [count_agreeing(rows, sources, tolerance) for rows in slitless]
        by_label, at_all = (sum(pair[i] for pair in pairs) for i in (0, 1))
        counts.append(f"{product.name}: {by_label} by label and place, {at_all} by place")
        found.append(((by_label, at_all, len(sources.labels)), sources, table))
    if not found:
        return None, None, []
    best = max(found, key=lambda each: each[0])
    if len(counts) > 1:
        notes.append(
            f"{len(counts)} catalogs; went by the labels of {best[1].path.name} "
            f"({'; '.join(counts)}). Another one: index_sources(…, catalog=path)"
        )
    return best[1], best[2], [each[1:] for each in found if each is not best]


def _catalog_sources(product: ListedProduct, table: QTable) -> CatalogSources:
    name, sky = label_column(table), sky_column(table)
    if name is None:
        raise Stage3Error(f"{product.name}: no column with the labels of its sources")
    count = len(table)
    positions = (
        SkyCoord(np.full(count, np.nan), np.full(count, np.nan), unit="deg")
        if sky is None
        else SkyCoord(table[sky].icrs.ra, table[sky].icrs.dec)
    )
    labels = np.ma.filled(np.ma.asarray(table[name]), -1)
    return CatalogSources(
        product.path, np.asarray(labels, dtype=int), positions, product.pipeline_version
    )


def _said_once(files: Sequence[FileRows], joined: Sequence[JoinedRows]) -> list[str]:
    """What does not fit, each kind once, with the first file and the number of the others."""
    of_kind: dict[str, list[tuple[str, str]]] = {}
    for rows, one in zip(files, joined, strict=True):
        for kind, text in one.notes.items():
            of_kind.setdefault(kind, []).append((rows.product.name, text))
    notes = []
    for (name, text), *others in of_kind.values():
        if others:
            text += f" (and the like in {len(others)} more files, such as {others[0][0]})"
        notes.append(f"{name}: {text}")
    return notes


def _joined(rows: FileRows, catalog: CatalogSources | None, tolerance: u.Quantity) -> JoinedRows:
    if catalog is None:
        size = len(rows)
        return JoinedRows(np.full(size, -1), np.zeros(size, "U8"), np.full(size, np.nan))
    return join_to_catalog(rows, catalog, tolerance)


def _assemble(
    catalog: CatalogSources | None, table: QTable | None, files: Sequence[FileRows],
    joined: Sequence[JoinedRows], targets: Sequence[ListedProduct],
    products: Sequence[ListedProduct], notes: list[str],
) -> IndexedSources:  # fmt: skip
    """Number the sources: those of the catalog, then those that are in none."""
    labels, positions = _catalog_labels(catalog, notes)
    others = group_unlisted(files, joined, targets, first=len(labels), taken=set(labels))
    labels += others.labels
    notes += others.notes
    ra = np.concatenate([positions.ra.deg, others.ra])
    dec = np.concatenate([positions.dec.deg, others.dec])
    rows = _sorted_rows(files, joined, others.source, targets, others.of_target)
    root = product_root(catalog.path) if catalog else ""
    shown = {
        suffix: tuple(
            sorted(
                (p.path for p in products if p.suffix == suffix and not p.problem),
                key=lambda path: product_root(path) != root,
            )
        )
        for suffix in ("i2d", "segm")
    }
    segmentations = tuple(path for path in shown["segm"] if product_root(path) == root)
    exposures = image_exposures(products)
    notes += said_of_shared(exposures)
    return IndexedSources(
        labels,
        SkyCoord(ra, dec, unit="deg"),
        rows,
        catalog=catalog.path if catalog else None,
        catalog_table=table,
        images=shown["i2d"],
        segmentations=segmentations,
        exposures=tuple(exposures),
        notes=tuple(dict.fromkeys(notes)),
    )


def _catalog_labels(
    catalog: CatalogSources | None, notes: list[str]
) -> tuple[list[Label], SkyCoord]:
    if catalog is None:
        return [], SkyCoord([], [], unit="deg")
    labels: list[Label] = catalog.labels.tolist()
    found, count = np.unique(catalog.labels, return_counts=True)
    if (repeated := found[count > 1]).size:
        notes.append(
            f"{catalog.path.name}: {repeated.size} labels are there more than once, such as "
            f"{repeated[0]}; spectra are joined to their sources by position"
        )
        again = set(repeated.tolist())
        labels = [
            f"{label} in row {row}" if label in again else label
            for row, label in enumerate(labels, 1)
        ]
    return labels, catalog.positions


def _sorted_rows(
    files: Sequence[FileRows], joined: Sequence[JoinedRows], unlisted: Sequence[np.ndarray],
    targets: Sequence[ListedProduct], of_target: np.ndarray,
) -> ProductRows:  # fmt: skip
    """All rows in columns, sorted by source; of one source in the order of the files."""
    tables: list[SourceTable | None] = []
    of_tables: list[ListedProduct] = []
    parts: list[list[np.ndarray]] = [[], [], [], [], []]
    for rows, one, own in zip(files, joined, unlisted, strict=True):
        in_catalog = one.row >= 0
        by = np.where(in_catalog, one.by, np.where(rows.number == 0, "target", "number"))
        values = (
            np.where(in_catalog, one.row, own), rows.table + len(tables), rows.element, by,
            one.separation,
        )  # fmt: skip
        for part, value in zip(parts, values, strict=True):
            part.append(value)
        tables += rows.tables
        of_tables += [rows.product] * len(rows.tables)
    count = len(targets)
    values = (
        of_target, np.arange(count) + len(tables), np.zeros(count, int),
        np.full(count, "target"), np.full(count, np.nan),
    )  # fmt: skip
    columns = [np.concatenate([*part, value]) for part, value in zip(parts, values, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    source, table, element, by, separation = (column[order] for column in columns)
    return ProductRows(
        source.astype(int), table.astype(int), element.astype(int), by, separation,
        (*tables, *[None] * count), (*of_tables, *targets),
    )  # fmt: skip
