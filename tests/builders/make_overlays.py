"""Mosaics, catalogs and viewers for the tests of the catalog overlay."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gwcs
import numpy as np
from astropy import units as u
from astropy.coordinates import ICRS
from astropy.io import fits
from astropy.modeling import models
from astropy.table import QTable
from astropy.wcs import WCS
from gwcs import coordinate_frames as cf

from jdaviz_stage3.origin import ORIGIN, FileStamp, Origin

CENTRE = (53.16, -27.79)


def tangent_wcs(
    turn: float, pixel: float, crpix: tuple[float, float], centre: tuple[float, float] = CENTRE
) -> WCS:
    """A tangent plane whose y axis is ``turn`` degrees from north, with ``pixel`` degrees."""
    angle = np.radians(turn)
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.cunit = ("RA---TAN", "DEC--TAN"), ("deg", "deg")
    wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cdelt = centre, crpix, (pixel, pixel)
    wcs.wcs.pc = [[-np.cos(angle), np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    wcs.wcs.radesys = "ICRS"
    wcs.wcs.set()
    return wcs


def tangent_gwcs(
    turn: float, pixel: float, crpix: tuple[float, float], shape: tuple[int, int],
    centre: tuple[float, float] = CENTRE,
) -> gwcs.WCS:  # fmt: skip
    """The same as a gwcs, with the bounding box that the pipeline gives an image."""
    angle = np.radians(turn)
    matrix = pixel * np.array([[-np.cos(angle), np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = models.AffineTransformation2D(matrix)
    linear.inverse = models.AffineTransformation2D(np.linalg.inv(matrix))
    shift = models.Shift(1 - crpix[0]) & models.Shift(1 - crpix[1])
    on_sky = models.RotateNative2Celestial(*centre, 180)
    frames = (
        cf.Frame2D(name="detector", axes_names=("x", "y"), unit=(u.pix, u.pix)),
        cf.CelestialFrame(reference_frame=ICRS(), name="icrs", unit=(u.deg, u.deg)),
    )
    steps = [(frames[0], shift | linear | models.Pix2Sky_TAN() | on_sky), (frames[1], None)]
    wcs = gwcs.WCS(steps)
    ny, nx = shape
    wcs.bounding_box = ((-0.5, nx - 0.5), (-0.5, ny - 0.5))
    return wcs


def mosaic_with(folder: Path, name: str, wcs: WCS, shape: tuple[int, int]) -> Path:
    """An i2d with this WCS."""
    from make_products import mosaic

    arrays = {"data": np.ones(shape, "f4"), "err": np.ones(shape, "f4")}
    path = mosaic(folder, arrays, name=name)
    with fits.open(path, mode="update") as hdus:
        header = hdus["SCI"].header
        for key in ("PC1_1", "PC1_2", "PC2_1", "PC2_2"):  # left out where they are the default
            header[key] = float(key[2] == key[4])
        header.update(wcs.to_header())
    return path


def catalog_of(wcs: WCS | None, x, y, rng: np.random.Generator, **columns) -> QTable:
    """A catalog of sources at pixels of an image, elongated and turned at random."""
    n = len(x)
    table = QTable()
    table["label"] = np.arange(1, n + 1, dtype="i4")
    table["xcentroid"], table["ycentroid"] = x, y
    if wcs is not None:
        table["sky_centroid"] = wcs.pixel_to_world(x, y)
    table["is_extended"] = np.ones(n, bool)
    table["aper_total_flux"] = table["isophotal_flux"] = rng.uniform(1e-8, 1e-6, n) * u.Jy
    table["semimajor_sigma"] = rng.uniform(2, 4, n) * u.pix
    table["semiminor_sigma"] = rng.uniform(0.5, 2, n) * u.pix
    table["orientation"] = rng.uniform(-90, 90, n) * u.deg
    for name, values in columns.items():
        table[name] = values
    return table


# ---- without an app ----


def sources_of(table: QTable, label: str = "cat", root: str = "") -> Any:
    """The sources of a table, as the loader gives them to the overlay."""
    from glue.core import Component, Data

    from jdaviz_stage3.loaders.catalog import catalog_for_jdaviz
    from jdaviz_stage3.plugins.catalog_overlay.sources import Sources

    origin = _origin(root, "cat")
    converted = catalog_for_jdaviz(table, origin)
    data = Data(label=label)
    data.meta.update(converted.meta, _data_hash=origin.data_hash)
    for name in converted.colnames:
        column = converted[name]
        unit = str(getattr(column, "unit", None) or "")
        values = np.asarray(getattr(column, "value", column))
        data.add_component(Component.autotyped(values, units=unit), name)
    return Sources(data)


def _origin(root: str, suffix: str) -> Origin:
    return Origin(Path(f"{root}_{suffix}"), suffix, root, FileStamp("", 0, 0))


def image_of(wcs, shape: tuple[int, int], root: str = "", suffix: str = "i2d", **meta) -> Any:
    """An image of the data collection."""
    from jdaviz_stage3.loaders.image import image_data

    meta = {ORIGIN: _origin(root, suffix)} | meta
    data = image_data(np.zeros(shape), "", wcs, meta, "SCI")
    data.label = f"{root or 'other'} {suffix}"
    return data


def viewer_of(*images, align: str = "pixels", reference=None, elsewhere=()) -> SimpleNamespace:
    """What `source_positions` asks of a viewer that shows images, the first one as reference."""
    reference = reference or (images[0] if images else None)
    return SimpleNamespace(
        reference="Image",
        state=SimpleNamespace(reference_data=reference),
        layers=[SimpleNamespace(layer=image) for image in images],
        jdaviz_app=SimpleNamespace(_align_by=align, data_collection=[*images, *elsewhere]),
    )
