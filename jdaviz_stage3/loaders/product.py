"""A recognised product on its way into jdaviz, and the parser that passes it to the importers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from astropy.io.misc.yaml import AstropyDumper
from jdaviz.core.loaders.parsers import BaseParser
from jdaviz.core.registries import loader_parser_registry

from ..errors import Stage3Error, UnsupportedProductError
from ..fits_structure import read_primary_header
from ..origin import FileStamp, Origin, file_stamp
from ..products import ProductType, has_suffix, identify, product_root

__all__ = ["PARSER", "Product", "ProductFile", "Stage3Parser"]


@dataclass(frozen=True)
class ProductFile:
    """A file that has been recognised as a Stage 3 product.

    That it is no string keeps jdaviz's own parsers off it, and jdaviz from reading the whole file
    to see whether it is a list of observations.

    Parameters
    ----------
    path : path
    kind : ProductType
    """

    path: Path
    kind: ProductType

    @classmethod
    def recognise(cls, path: str | os.PathLike) -> ProductFile | None:
        """Return the file as a product, or None if it is none, or none that can be shown.

        Parameters
        ----------
        path : path-like

        Returns
        -------
        ProductFile or None
        """
        try:
            kind = identify(path)
        except Stage3Error:
            return None
        return cls(Path(path), kind) if kind.importer else None


class Product:
    """What our importers take in: a recognised file, described without reading its arrays.

    Parameters
    ----------
    path : path-like

    Raises
    ------
    UnknownProductError, UnreadableProductError
        If the file is no product: see `jdaviz_stage3.identify`.
    UnsupportedProductError
        If the product type cannot be shown yet.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        self.kind = identify(path)
        if not self.kind.importer:
            raise UnsupportedProductError(
                f"{self.path.name}: a Stage 3 {self.kind.suffix} product ({self.kind.name}), "
                "which jdaviz_stage3 recognises but cannot show yet"
            )

    def __repr__(self) -> str:
        return f"<{self.kind.name} {self.path.name}>"

    @cached_property
    def label(self) -> str:
        """What the product is called in the app: ``'jw…_t001_miri_p750l x1dints'``."""
        return f"{self.root} {self.kind.suffix}"

    @cached_property
    def root(self) -> str:
        """What the products of one observation have in common: ``'jw…_t001_miri_p750l'``."""
        name = self.path.name
        if self.kind.container == "fits" and not has_suffix(name):
            # renamed, or a download that the cache has named: as the pipeline named it
            name = str(read_primary_header(self.path).get("FILENAME") or name)
        return product_root(name)

    @cached_property
    def stamp(self) -> FileStamp:
        """What tells the file from another, or from itself after a change."""
        return file_stamp(self.path)

    def origin(self, part: str = "", **more: Any) -> Origin:
        """Return where data come from that are made of a part of this file.

        Parameters
        ----------
        part : str, optional
            Which part: an extension, a spectrum, a trace.
        **more
            What else is known: see `jdaviz_stage3.origin.Origin`.
        """
        return Origin(self.path, self.kind.suffix, self.root, self.stamp, part, **more)

    def data_hash(self, part: str = "") -> str:
        """Return a hash by which jdaviz recognises data that are loaded already.

        Parameters
        ----------
        part : str, optional
            Which part of the file: an extension, a trace.

        Returns
        -------
        str
            Of the path, size, modification time and part; the arrays are not read for it.
        """
        return self.origin(part).data_hash


def _origin_as_yaml(dumper: AstropyDumper, origin: Origin) -> Any:
    named = {"path": str(origin.path), "suffix": origin.suffix, "part": origin.part}
    return dumper.represent_dict(named)


# so that a table from the app can be written as ECSV, which takes no objects it does not know
AstropyDumper.add_representer(Origin, _origin_as_yaml)


#: The name of the parser that passes products to our importers.
PARSER = "JWST Stage 3"


@loader_parser_registry(PARSER)
class Stage3Parser(BaseParser):
    """Turns a `ProductFile` into a `Product`; valid for nothing else."""

    def _check_is_valid(self) -> str:
        """Return why not, as jdaviz 5.1 asks."""
        return "" if isinstance(self.input, ProductFile) else "not a JWST Stage 3 product"

    @property
    def is_valid(self) -> bool:
        return not self._check_is_valid()

    @cached_property
    def output(self) -> Product:
        return Product(self.input.path)
