"""One source, and what there is of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Row

from ..products import product_root
from .counterparts import Counterpart
from .cutouts import SourceCutout, cut_out, cut_out_exposure
from .field_exposures import covering_exposures
from .source_products import SourceProduct

__all__ = ["IndexedSource", "Label"]

Label = int | str


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
    field_exposures : tuple of Path
        The exposures of images in its field; `exposures` has those that it is on.
    counterparts : tuple of Counterpart
        What other catalogs have at its place.
    """

    label: Label
    position: SkyCoord
    catalog: Path | None
    row: Row | None
    products: tuple[SourceProduct, ...]
    images: tuple[Path, ...]
    segmentations: tuple[Path, ...]
    field_exposures: tuple[Path, ...] = ()
    counterparts: tuple[Counterpart, ...] = ()

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

    @property
    def exposures(self) -> tuple[Path, ...]:
        """The exposures of images (crf, else cal) whose footprint it is in."""
        return covering_exposures(self.field_exposures, self.position) if self.known_place else ()

    def exposure_cutout(
        self, exposure: Path, size: u.Quantity = 3 * u.arcsec
    ) -> SourceCutout | None:
        """Read the piece of an exposure around it, on the pixels of its detector.

        Parameters
        ----------
        exposure : path
            One of ``exposures``.
        size : Quantity, optional
            Side of the square, an angle.

        Returns
        -------
        SourceCutout or None
            Flagged pixels are NaN. None where it is not on the exposure.

        Raises
        ------
        Stage3Error
            If the file cannot be read.
        """
        return cut_out_exposure(exposure, self.position, size) if self.known_place else None

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
