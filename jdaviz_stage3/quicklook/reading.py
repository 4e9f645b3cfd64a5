"""What a page is made of: a product as `jdaviz_stage3.read` gives it, a large image in its file."""

from __future__ import annotations

from typing import Any

from astropy.nddata import CCDData

from ..product_types import product_type
from ..readers import read
from ..readers.image import open_image
from ..readers.large_image import LargeImage

__all__ = ["read_for_pages"]


def read_for_pages(path: str, suffix: str) -> Any:
    """Read a product to be drawn and measured.

    Parameters
    ----------
    path : str
    suffix : str
        Its type.

    Returns
    -------
    object
        As `jdaviz_stage3.read` gives it, but of images no mask and no errors. Of one from 200 MB
        on ``data`` is a `jdaviz_stage3.readers.large_image.LargeImage`: only the pixels that are
        drawn, and a sample, are read, so that a worker needs no memory for it.
    """
    kind = product_type(suffix)
    if kind.importer == "JWST image" and not kind.by_name:
        plane = open_image(path)
        if suffix == "i2d" or isinstance(plane.values, LargeImage):
            return CCDData(plane.values, unit=plane.unit, wcs=plane.wcs, meta=plane.meta)
    return read(path)
