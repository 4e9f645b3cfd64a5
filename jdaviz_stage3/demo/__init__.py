"""
Small products of an invented observing program, and the script that made them.

The field of jw09998 has an image, its catalog and segmentation map, two of the four
exposures of the image (NIRCam F444W), spectra of nine of the catalog's sources (NIRCam
grism), and the time series of a transit (MIRI LRS).
``python -m jdaviz_stage3.demo.make`` makes them again with the jwst pipelines.
"""

from pathlib import Path

__all__ = ["demo_folder", "demo_products"]

_ORDER = (
    "_i2d.fits",
    "_segm.fits",
    "_cat.ecsv",
    "_c1d.fits",
    "_x1dints.fits",
    "_whtlt.ecsv",
)


def demo_folder() -> Path:
    """
    Return the folder of the demo products.

    Returns
    -------
    Path
        It also holds the products' associations, and exposures of the image.
    """
    return Path(__file__).parent / "data"


def demo_products() -> list[Path]:
    """
    Return the demo products' files.

    Returns
    -------
    list of Path
        Images first, then the catalog, the spectra and the time series; no associations.
    """
    files = sorted(demo_folder().iterdir())
    return [path for suffix in _ORDER for path in files if path.name.endswith(suffix)]
