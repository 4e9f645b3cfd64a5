"""What of the data in an app can be compared, and with what: as their readers gave it."""

from __future__ import annotations

from typing import Any

from astropy import units as u
from astropy.table import QTable
from astropy.timeseries import TimeSeries
from specutils import Spectrum

from ...analysis.comparison.catalogs import compare_catalogs
from ...analysis.comparison.cubes import compare_cubes
from ...analysis.comparison.images import compare_images, compare_spectral_images
from ...analysis.comparison.light_curves import compare_light_curves, compare_traces
from ...analysis.comparison.spectra import compare_spectra
from ...analysis.comparison.tables import Part
from ...errors import Stage3Error
from ...jdaviz_compat import as_read, is_as_loaded
from ...origin import check_unchanged, origin_of
from ...readers import read
from ...readers.spectral_image import SpectralImage
from ...readers.spectral_trace import SpectralTrace
from ...readers.stored_cube import StoredCube

__all__ = ["can_be_compared", "compare_loaded"]

#: Images, which are read from their files again, with errors and masks.
_IMAGES = ("i2d", "crf", "cal")
_OTHERS = ("s2d", "s3d", "x1d", "c1d", "cat", "x1dints", "whtlt", "phot")


def can_be_compared(data: Any) -> bool:
    """Whether data (glue) are of a product that can be compared, as they were loaded.

    Parameters
    ----------
    data : glue.core.Data

    Returns
    -------
    bool
    """
    origin = origin_of(data)
    if origin is None or not is_as_loaded(data):
        return False
    if origin.suffix in _IMAGES:
        return origin.part == "SCI"
    return origin.suffix in _OTHERS and origin.source is not None


def compare_loaded(first: Any, second: Any, radius: u.Quantity, column: str) -> Part:
    """Compare two data of an app.

    Parameters
    ----------
    first, second : glue.core.Data
        That can be compared.
    radius : Quantity
        Within which sources of catalogs are one.
    column : str
        Which magnitude or flux of catalogs; empty for the total one.

    Returns
    -------
    ImageComparison or another comparison
        First less second.

    Raises
    ------
    Stage3Error
        If they are one, of different types of products, or cannot be compared.
    """
    origins = origin_of(first), origin_of(second)
    if first is second:
        raise Stage3Error(f"{first.label} is compared with itself; choose two")
    if origins[0] is None or origins[1] is None:
        raise Stage3Error("only products as they were loaded are compared")
    suffixes = [origin.suffix for origin in origins]
    if suffixes[0] != suffixes[1]:
        raise Stage3Error(
            f"{first.label} is of type {suffixes[0]}, {second.label} of type {suffixes[1]}; only "
            "products of one type are compared"
        )
    if suffixes[0] in _IMAGES:
        for origin in origins:
            check_unchanged(origin.path, origin.stamp)
        one, other = (read(origin.path) for origin in origins)
        return compare_images(one, other, by_pixel=suffixes[0] != "i2d")
    one, other = as_read(first), as_read(second)
    pair = (one, other)
    if all(isinstance(each, StoredCube) for each in pair):
        return compare_cubes(one, other)
    if all(isinstance(each, SpectralTrace) for each in pair):
        return compare_traces(one, other)
    if all(isinstance(each, SpectralImage) for each in pair):
        return compare_spectral_images(one.spectrum(), other.spectrum())
    if all(isinstance(each, TimeSeries) for each in pair):
        columns = [origin.column for origin in origins]
        return compare_light_curves(one, other, columns[0], second_column=columns[1])
    if all(isinstance(each, Spectrum) for each in pair):
        return compare_spectra(one, other)
    if all(isinstance(each, QTable) for each in pair):
        return compare_catalogs(one, other, radius=radius, column=column)
    raise Stage3Error(f"{first.label} and {second.label} hold different kinds of data")
