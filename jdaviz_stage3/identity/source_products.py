"""What there is of one source: spectra, 2-D spectra and exposures, read when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from specutils import Spectrum

from ..errors import Stage3Error
from ..groups import ListedProduct
from ..readers.exposure_image import Exposure
from ..readers.exposures import read_exposure
from ..readers.source_tables import SourceTable
from ..readers.spectral_images import read_spectral_images

__all__ = ["ProductRows", "SourceProduct"]


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

    def image(self) -> Exposure:
        """Read the slit of an exposure, on the pixels of its detector.

        Returns
        -------
        Exposure
            Of a cal or crf by source, as `jdaviz_stage3.read` gives it; flagged pixels are masked.

        Raises
        ------
        Stage3Error
            If it is no exposure of a source, or cannot be read.
        """
        if self.table is None or self.suffix not in ("cal", "crf"):
            raise Stage3Error(f"{self.path.name}: {self.suffix} is no exposure of one source")
        found = read_exposure(self.path)
        if isinstance(found, Exposure):
            return found
        for place, entry in enumerate(found.entries):
            if dict(entry.planes)["SCI"] == self.table.extension:
                return found[place]
        raise Stage3Error(f"{self.path.name}: extension {self.table.extension} has no pixels")
