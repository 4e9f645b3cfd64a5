"""The sources of a group of products, and what there is of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import QTable, Row
from specutils import Spectrum

from ..errors import Stage3Error
from ..groups import ListedProduct
from ..products import product_root
from ..readers.source_tables import SourceTable
from ..readers.spectral_images import read_spectral_images
from .cutouts import SourceCutout, cut_out

__all__ = ["IndexedSource", "IndexedSources", "ProductRows", "SourceProduct"]

Label = int | str


@dataclass(frozen=True, eq=False)
class ProductRows:
    """What products say of sources, one element a spectrum, slit or catalog row.

    Attributes
    ----------
    source : ndarray of int, shape (n,)
        Position of the source in the index, ascending.
    table : ndarray of int, shape (n,)
        Position in ``tables`` and ``products``.
    element : ndarray of int, shape (n,)
        Which source of that table.
    by : ndarray of str, shape (n,)
        How it was joined: ``'label'``, ``'position'``, ``'number'`` or ``'target'``.
    separation : ndarray of float, shape (n,)
        Arcsec from the source's place; NaN where unknown.
    tables : tuple of SourceTable or None
        None for a product that is one target's as a whole.
    products : tuple of ListedProduct
        The file of each table.
    """

    source: np.ndarray
    table: np.ndarray
    element: np.ndarray
    by: np.ndarray
    separation: np.ndarray
    tables: tuple[SourceTable | None, ...]
    products: tuple[ListedProduct, ...]

    def of(self, source: int) -> slice:
        """Return where the rows of a source are.

        Parameters
        ----------
        source : int

        Returns
        -------
        slice
        """
        first, last = np.searchsorted(self.source, [source, source + 1])
        return slice(int(first), int(last))


@dataclass(frozen=True, eq=False)
class SourceProduct:
    """One spectrum, 2-D spectrum or exposure of a source, which is read when it is asked for.

    Attributes
    ----------
    product : ListedProduct
        The file, its type, instrument and filter.
    table : SourceTable or None
        None where the whole file is the source's.
    element : int
    by : {'label', 'position', 'number', 'target'}
        What says that it is this source: the label of the catalog and the place agree; the place
        alone; the number of the observation's own list (MSA, slits); the target's name.
    separation : Quantity
        From the source's place; NaN where the product does not say a place.
    """

    product: ListedProduct
    table: SourceTable | None
    element: int
    by: str
    separation: u.Quantity

    @property
    def path(self) -> Path:
        """The file."""
        return self.product.path

    @property
    def suffix(self) -> str:
        """Its product type."""
        return self.product.suffix

    @property
    def number(self) -> int | None:
        """SOURCE_ID in the file."""
        if self.table is None or self.table.source_id is None:
            return None
        return int(self.table.source_id[self.element])

    @property
    def order(self) -> int | None:
        """Spectral order."""
        return None if self.table is None else self.table.order

    @property
    def exposure(self) -> str:
        """Name of the exposure; empty where the file does not say."""
        return "" if self.table is None else self.table.exposure

    @property
    def options(self) -> dict[str, Any]:
        """What `jdaviz_stage3.load` and `jdaviz_stage3.read` take to open it, its exposures too."""
        if self.table is None:
            return {}
        found = {"source_id": self.number, "order": self.table.order}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def label(self) -> str:
        """In words: type, filter or grating, order, exposure or slit."""
        product, table = self.product, self.table
        parts = [product.suffix, product.grating or product.filter]
        if product.pupil.startswith(("GR", "F")) and product.pupil != product.filter:
            parts.append(product.pupil)
        if table is not None:
            parts.append(f"order {table.order}" if (table.order or 0) > 0 else "")
            parts += [table.slit, table.exposure]
        return " ".join(part for part in parts if part and part != "CLEAR")

    def spectrum(self) -> Spectrum:
        """Read it.

        Returns
        -------
        specutils.Spectrum
            1-D of an x1d or c1d, 2-D of an s2d, as `jdaviz_stage3.read` gives them.

        Raises
        ------
        Stage3Error
            If it is no spectrum, or cannot be read.
        """
        if self.table is None or self.suffix not in ("x1d", "c1d", "s2d"):
            raise Stage3Error(f"{self.path.name}: {self.suffix} is no spectrum of one source")
        if self.suffix != "s2d":
            # point and extended sources of one slitless field side by side: all as flux density
            slitless = self.table.rows is not None
            return self.table.sequence(self.element, quantity="flux" if slitless else "auto")[0]
        images = read_spectral_images(self.path)
        for place, entry in enumerate(images.entries):
            if entry.extension == self.table.extension:
                return images[place]
        raise Stage3Error(f"{self.path.name}: extension {self.table.extension} has no pixels")


@dataclass(frozen=True, eq=False)
class IndexedSource:
    """One source and what there is of it.

    Attributes
    ----------
    label : int or str
        Of the catalog; without one, the number that the spectra give it, or the target's name.
    position : SkyCoord
        Scalar, ICRS; NaN where nothing says it.
    catalog : Path or None
        The catalog that it is in.
    row : astropy.table.Row or None
        Its row there.
    products : tuple of SourceProduct
        In the order of the files' names.
    images, segmentations : tuple of Path
        Of the same catalog first.
    """

    label: Label
    position: SkyCoord
    catalog: Path | None
    row: Row | None
    products: tuple[SourceProduct, ...]
    images: tuple[Path, ...]
    segmentations: tuple[Path, ...]

    def of_type(self, *suffixes: str) -> tuple[SourceProduct, ...]:
        """Return its products of some types.

        Parameters
        ----------
        *suffixes : str
            ``'x1d'``, ``'c1d'``, ``'s2d'``, …

        Returns
        -------
        tuple of SourceProduct
        """
        return tuple(product for product in self.products if product.suffix in suffixes)

    def cutout(
        self, size: u.Quantity = 3 * u.arcsec, mosaic: Path | None = None
    ) -> SourceCutout | None:
        """Read the piece of a mosaic around it.

        Parameters
        ----------
        size : Quantity, optional
            Side of the square, an angle.
        mosaic : path, optional
            One of ``images``; by default the first that it is on.

        Returns
        -------
        SourceCutout or None
            With the outline of its segment, if the segmentation map is of this mosaic. None where
            it is on no mosaic.

        Raises
        ------
        Stage3Error
            If a file cannot be read.
        """
        if not self.known_place:
            return None
        for path in self.images if mosaic is None else (mosaic,):
            own = [s for s in self.segmentations if product_root(s) == product_root(path)]
            number = self.label if isinstance(self.label, int) else None
            found = cut_out(
                path, self.position, size, segmentation=own[0] if own else None, label=number
            )
            if found is not None:
                return found
        return None

    def __repr__(self) -> str:
        place = self.position.to_string("hmsdms", precision=2) if self.known_place else "no place"
        lines = [f"<source {self.label}, {place}"]
        for product in self.products:
            away = product.separation.to_value(u.arcsec)
            apart = f", {away:.2f}″ away" if np.isfinite(away) else ""
            lines.append(f"  {product.label}: {product.path.name} (by {product.by}{apart})")
        return "\n".join(lines) + ">"

    @property
    def known_place(self) -> bool:
        """Whether anything says where it is."""
        return bool(np.isfinite(self.position.ra.deg) and np.isfinite(self.position.dec.deg))


class IndexedSources(Sequence):
    """The sources of a group of products; see `index_sources`.

    Parameters
    ----------
    labels : sequence of int or str
        Unique.
    positions : SkyCoord, shape (n,)
    rows : ProductRows
    catalog : Path or None
    catalog_table : QTable or None
        The catalog; its rows are the first sources.
    images, segmentations : tuple of Path
    notes : tuple of str
        What does not fit, and what was assumed, in words.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> sources = stage3.index_sources("mastDownload")        # doctest: +SKIP
    >>> sources.labelled(17)                                  # doctest: +SKIP
    >>> sources.labelled(17).of_type("x1d")[0].spectrum()     # doctest: +SKIP
    """

    def __init__(
        self,
        labels: Sequence[Label],
        positions: SkyCoord,
        rows: ProductRows,
        *,
        catalog: Path | None = None,
        catalog_table: QTable | None = None,
        images: tuple[Path, ...] = (),
        segmentations: tuple[Path, ...] = (),
        notes: tuple[str, ...] = (),
    ):
        self.labels = list(labels)
        self.positions = positions
        self.rows = rows
        self.catalog = catalog
        self.images = images
        self.segmentations = segmentations
        self.notes = notes
        self.catalog_table = catalog_table
        self._places = {label: place for place, label in enumerate(self.labels)}

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        rows, found = self.rows, []
        here = rows.of(place)
        for number in range(here.start, here.stop):
            table = int(rows.table[number])
            found.append(
                SourceProduct(
                    rows.products[table],
                    rows.tables[table],
                    int(rows.element[number]),
                    str(rows.by[number]),
                    float(rows.separation[number]) * u.arcsec,
                )
            )
        in_catalog = self.catalog_table is not None and place < len(self.catalog_table)
        return IndexedSource(
            self.labels[place],
            self.positions[place],
            self.catalog if in_catalog else None,
            self.catalog_table[place] if in_catalog else None,
            tuple(found),
            self.images,
            self.segmentations if in_catalog else (),
        )

    def __iter__(self) -> Iterator[IndexedSource]:
        return (self[place] for place in range(len(self)))

    def __repr__(self) -> str:
        some = int(np.unique(self.rows.source).size)
        where = f" of {self.catalog.name}" if self.catalog else ""
        return f"<IndexedSources: {len(self)} sources{where}, {some} with spectra>"

    def place_of(self, label: Label) -> int:
        """Return where a source is in the index.

        Parameters
        ----------
        label : int or str

        Returns
        -------
        int

        Raises
        ------
        Stage3Error
            If there is no such source.
        """
        try:
            return self._places[int(label) if isinstance(label, np.integer) else label]
        except KeyError:
            some = ", ".join(str(one) for one in self.labels[:8])
            more = ", …" if len(self) > 8 else ""
            raise Stage3Error(
                f"there is no source {label!r} among the {len(self)}: {some}{more}"
            ) from None

    def labelled(self, label: Label) -> IndexedSource:
        """Return the source with a label.

        Parameters
        ----------
        label : int or str

        Returns
        -------
        IndexedSource

        Raises
        ------
        Stage3Error
            If there is none.
        """
        return self[self.place_of(label)]

    def nearest(self, position: SkyCoord) -> IndexedSource:
        """Return the source that is nearest to a place.

        Parameters
        ----------
        position : SkyCoord
            Scalar.

        Returns
        -------
        IndexedSource

        Raises
        ------
        Stage3Error
            If no source has a place.
        """
        away = self.positions.separation(position).to_value(u.arcsec)
        if not np.isfinite(away).any():
            raise Stage3Error("nothing says where the sources are")
        return self[int(np.nanargmin(away))]

    @property
    def table(self) -> QTable:
        """One row a source: ``label``, ``position``, and how many of each product there are."""
        rows, size = self.rows, len(self)
        numbers = all(isinstance(label, int) for label in self.labels)
        table = QTable({"label": np.array(self.labels, dtype=int if numbers else str)})
        table["position"] = self.positions
        suffixes = np.array([product.suffix for product in rows.products])
        of_row = suffixes[rows.table] if suffixes.size else np.zeros(0, str)
        for suffix in dict.fromkeys(suffixes.tolist()):
            table[f"n_{suffix}"] = np.bincount(rows.source[of_row == suffix], minlength=size)
        by_place = np.bincount(rows.source[rows.by == "position"], minlength=size)
        table["n_by_position"] = by_place
        separation = np.zeros(size)
        known = np.isfinite(rows.separation)
        np.maximum.at(separation, rows.source[known], rows.separation[known])
        table["separation"] = separation * u.arcsec
        return table
