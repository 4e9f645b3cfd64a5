"""Exposures on detector pixels, as outlier detection writes them, and a mosaic that lists them."""

from collections.abc import Sequence
from pathlib import Path

import gwcs
import numpy as np
from astropy import units as u
from astropy.coordinates import ICRS
from astropy.io import fits
from astropy.modeling import models
from gwcs import coordinate_frames as cf
from make_spectra import save
from make_tables import ROOT
from schemas_once import datamodels

CRVAL = (53.16, -27.79)
SHAPE = (32, 48)
PIXEL = 1.75e-5  # degrees
OUTLIER, SATURATED, DO_NOT_USE = 16, 2, 1


def distorted_gwcs(
    ra: float = CRVAL[0], dec: float = CRVAL[1], *, turn: float = 30.0,
    shape: tuple[int, int] = SHAPE, distortion: float = 2e-4,
) -> gwcs.WCS:  # fmt: skip
    """Detector to sky with a quadratic distortion: ``distortion`` pixels for a pixel squared."""
    ny, nx = shape
    angle = np.radians(turn)
    matrix = PIXEL * np.array([[-np.cos(angle), np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    bend_x = models.Polynomial2D(2, c1_0=1, c2_0=distortion, c0_2=-distortion / 2)
    bend_y = models.Polynomial2D(2, c0_1=1, c1_1=distortion, c2_0=distortion / 3)
    to_sky = (
        models.Shift(-(nx - 1) / 2) & models.Shift(-(ny - 1) / 2)
        | models.Mapping((0, 1, 0, 1))
        | bend_x & bend_y
        | models.AffineTransformation2D(matrix)
        | models.Pix2Sky_TAN()
        | models.RotateNative2Celestial(ra, dec, 180)
    )
    frames = (
        cf.Frame2D(name="detector", axes_names=("x", "y"), unit=(u.pix, u.pix)),
        cf.CelestialFrame(reference_frame=ICRS(), name="icrs", unit=(u.deg, u.deg)),
    )
    wcs = gwcs.WCS([(frames[0], to_sky), (frames[1], None)])
    wcs.bounding_box = ((-0.5, nx - 0.5), (-0.5, ny - 0.5))
    return wcs


def exposure_arrays(shape: tuple[int, int] = SHAPE, seed: int = 3) -> dict[str, np.ndarray]:
    """Arrays of a crf: rejected pixels are NaN and flagged, saturated ones flagged only."""
    rng = np.random.default_rng(seed)
    data = rng.normal(0.4, 0.02, shape).astype("f4")
    dq = np.zeros(shape, "u4")
    dq[5, 7] = dq[20, 30] = OUTLIER | DO_NOT_USE
    dq[10, 11] = SATURATED
    dq[0, :] = 2**31 | DO_NOT_USE  # reference pixels
    data[dq & DO_NOT_USE != 0] = np.nan
    variance = rng.uniform(1e-4, 2e-4, shape).astype("f4")
    return {"data": data, "err": np.sqrt(variance), "dq": dq, "var_poisson": variance}


def footprint(wcs: gwcs.WCS, shape: tuple[int, int] = SHAPE) -> str:
    """S_REGION as the pipeline writes it: the outer corners of the detector, as a polygon."""
    ny, nx = shape
    x, y = [-0.5, nx - 0.5, nx - 0.5, -0.5], [-0.5, -0.5, ny - 0.5, ny - 0.5]
    corners = np.column_stack(wcs(x, y, with_bounding_box=False)).ravel()
    return "POLYGON ICRS  " + " ".join(f"{value:.9f}" for value in corners)


def exposure(
    folder: Path, number: int = 1, *, wcs: gwcs.WCS | None = None, sip: bool = True,
    arrays: dict[str, np.ndarray] | None = None, suffix: str = "crf", stem: str | None = None,
) -> Path:  # fmt: skip
    """An exposure of an image, in MJy/sr, with its gwcs and the keywords fitted to it."""
    model = datamodels.ImageModel()
    for name, array in (arrays or exposure_arrays(seed=number)).items():
        setattr(model, name, array)
    model.meta.bunit_data = model.meta.bunit_err = "MJy/sr"
    model.meta.wcs = wcs = wcs or distorted_gwcs()
    model.meta.wcsinfo.s_region = footprint(wcs, model.data.shape)
    path = save(model, folder / f"{stem or ROOT}_{suffix}.fits")
    if sip:
        with fits.open(path, mode="update") as hdus:
            hdus["SCI"].header.update(wcs.to_fits_sip(max_pix_error=0.01, npoints=16))
    return path


def ifu_exposure(folder: Path, suffix: str = "crf") -> Path:
    """A detector image of an integral field unit: its keywords are those of a cube to come."""
    model = datamodels.IFUImageModel()
    for name, array in exposure_arrays().items():
        setattr(model, name, array)
    model.meta.bunit_data = "MJy/sr"
    info = {
        "wcsaxes": 3, "ctype1": "RA---TAN", "ctype2": "DEC--TAN", "ctype3": "WAVE",
        "cunit1": "deg", "cunit2": "deg", "cunit3": "um", "crval1": 10.0, "crval2": 20.0,
        "crval3": 5.0, "crpix1": 1.0, "crpix2": 1.0, "crpix3": 0.0, "cdelt1": 3e-5,
        "cdelt2": 3e-5, "cdelt3": 0.001,
    }  # fmt: skip
    for name, value in info.items():
        setattr(model.meta.wcsinfo, name, value)
    return save(model, folder / f"{ROOT}_{suffix}.fits")


def slit_exposures(
    model: str,
    suffix: str,
    folder: Path,
    slits: Sequence[tuple[str, int, tuple[int, int]]] = (
        ("S200A1", 1, (6, 9)), ("S200A1", 1, (7, 9)), ("S200A2", 1, (6, 11)),
    ),
) -> Path:  # fmt: skip
    """The exposures of one source, or the slits of one exposure: (name, source id, shape)."""
    product = getattr(datamodels, model)()
    parts = product.exposures if model == "MultiExposureModel" else product.slits
    for number, (name, source_id, shape) in enumerate(slits, 1):
        slit = datamodels.SlitModel()
        slit.data = np.full(shape, number, "f4")
        slit.err = np.full(shape, number / 10, "f4")
        slit.dq = np.zeros(shape, "u4")
        slit.dq[0, 0], slit.data[0, 0] = OUTLIER | DO_NOT_USE, np.nan
        slit.wavelength = np.tile(np.linspace(1, 2, shape[1], dtype="f4"), (shape[0], 1))
        slit.name, slit.source_id = name, source_id
        slit.meta.bunit_data = "MJy/sr"
        parts.append(slit)
    return save(product, folder / f"{ROOT}_{suffix}.fits")


def field(
    folder: Path, offsets: Sequence[tuple[float, float]] = ((0, 0), (10, 4), (-12, 8)),
    *, written: Sequence[int] | None = None,
) -> tuple[Path, list[Path]]:  # fmt: skip
    """A mosaic, and the exposures of it, moved by so many pixels.

    Returns
    -------
    mosaic, exposures : path, list of path
        Only the exposures ``written`` (from 0) are on disk; the mosaic lists all of them.
    """
    from make_products import mosaic

    folder.mkdir(exist_ok=True)
    names, regions, paths = [], [], []
    for number, (dx, dy) in enumerate(offsets):
        ra = CRVAL[0] + dx * PIXEL / np.cos(np.radians(CRVAL[1]))
        wcs = distorted_gwcs(ra, CRVAL[1] + dy * PIXEL)
        stem = f"jw09997001001_02101_{number + 1:05d}_nrcalong"
        path = exposure(folder, number + 1, wcs=wcs, stem=stem)
        names.append(path.name)
        regions.append(footprint(wcs))
        if written is not None and number not in written:
            path.unlink()
        paths.append(path)
    shape = (90, 90)
    data = np.random.default_rng(8).normal(0.4, 0.02, shape).astype("f4")
    image = mosaic(folder, {"data": data, "err": data + 1, "wht": data + 2})
    with fits.open(image, mode="update") as hdus:
        hdus["SCI"].header.update(_mosaic_keywords(shape))
        columns = [
            fits.Column("FILENAME", "60A", array=np.array(names)),
            fits.Column("S_REGION", "160A", array=np.array(regions)),
        ]
        hdus.insert(len(hdus) - 1, fits.BinTableHDU.from_columns(columns, name="HDRTAB"))
    return image, paths


def _mosaic_keywords(shape: tuple[int, int]) -> dict[str, float]:
    return {"CRPIX1": (shape[1] + 1) / 2, "CRPIX2": (shape[0] + 1) / 2}
