"""Small product files, built with the data-model classes that the pipeline writes them with.

Images, cubes and associations are here, interferometry in make_interferometry.py, spectra in
make_spectra.py, ECSV tables in make_tables.py. `BUILDERS` has an entry for each product type of the
package's table and each data model that it has had.
"""

import gzip
import json
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import make_cubes as cubes
import make_exposures as exposures
import make_interferometry as interferometry
import make_slits as slits
import make_spectra as spectra
import make_stacks as stacks
import make_tables as tables
import numpy as np
from astropy.io import fits
from gwcs import WCS
from make_spectra import VERSION, save
from make_tables import ROOT
from schemas_once import datamodels

# A tangent plane with the pipeline's keywords: 0.063" pixels, position angle 30 degrees.
CRPIX, CRVAL, PIXEL_DEG, ROLL_DEG = (20.5, 14.25), exposures.CRVAL, 1.75e-5, 30.0


def tangent_plane(model: datamodels.JwstDataModel) -> None:
    """Give a model the celestial WCS keywords that resample writes."""
    angle = np.radians(ROLL_DEG)
    values = {
        "wcsaxes": 2, "ctype1": "RA---TAN", "ctype2": "DEC--TAN", "cunit1": "deg", "cunit2": "deg",
        "crpix1": CRPIX[0], "crpix2": CRPIX[1], "crval1": CRVAL[0], "crval2": CRVAL[1],
        "cdelt1": PIXEL_DEG, "cdelt2": PIXEL_DEG,
        "pc1_1": -np.cos(angle), "pc1_2": np.sin(angle),
        "pc2_1": np.sin(angle), "pc2_2": np.cos(angle),
    }  # fmt: skip
    for name, value in values.items():
        setattr(model.meta.wcsinfo, name, float(value) if isinstance(value, np.floating) else value)


def mosaic_arrays(shape: tuple[int, int] = (30, 40)) -> dict[str, np.ndarray]:
    """Arrays of an i2d: an unexposed corner is NaN, and CON has a plane for its bits."""
    rng = np.random.default_rng(1)
    data = rng.normal(0.4, 0.02, shape).astype("f4")
    data[:3, :5] = np.nan
    con = rng.integers(1, 2**20, (1, *shape)).astype("i4")
    variance = rng.uniform(1e-4, 2e-4, shape).astype("f4")
    return {"data": data, "err": np.sqrt(variance), "con": con, "wht": variance * 1e6,
            "var_poisson": variance}  # fmt: skip


def mosaic(
    folder: Path, arrays: Mapping[str, np.ndarray] | None = None, *, wcs: bool = True,
    version: str = VERSION, name: str = f"{ROOT}_i2d.fits", gwcs: WCS | None = None,
) -> Path:  # fmt: skip
    """An i2d, in MJy/sr."""
    model = datamodels.ImageModel()
    for key, array in (arrays or mosaic_arrays()).items():
        setattr(model, key, array)
    model.meta.bunit_data = model.meta.bunit_err = "MJy/sr"
    if wcs:
        tangent_plane(model)
    if gwcs is not None:
        model.meta.wcs = gwcs
    return save(model, folder / name, version)


def old_mosaic(folder: Path) -> Path:
    """An i2d from before ImageModel took over (jwst 0.x)."""
    path = mosaic(folder, version="0.16.2")
    fits.setval(path, "DATAMODL", value="DrizProductModel")
    return path


def label_image(shape: tuple[int, int] = (30, 40)) -> np.ndarray:
    """A segmentation with three sources, one of whose labels needs the 32nd bit."""
    labels = np.zeros(shape, "u4")
    labels[4:8, 5:9], labels[15:20, 30:33], labels[25, 2] = 1, 17, 2**31 + 5
    return labels


def segmentation(folder: Path, labels: np.ndarray | None = None, *, wcs: bool = True) -> Path:
    """A segm."""
    model = datamodels.SegmentationMapModel()
    model.data = label_image() if labels is None else labels
    if wcs:
        tangent_plane(model)
    return save(model, folder / f"{ROOT}_segm.fits")


def image_of(model: str, suffix: str, shape: tuple[int, ...], folder: Path) -> Path:
    """A product whose SCI is an array of that many axes (crf, calints, psfstack, s3d, …)."""
    product = getattr(datamodels, model)()
    product.data = np.random.default_rng(2).normal(size=shape).astype("f4")
    return save(product, folder / f"{ROOT}_{suffix}.fits")


def slits_of(suffix: str, folder: Path) -> Path:
    """A product with a SCI extension for each slit (crf of NIRSpec and WFSS)."""
    product = datamodels.MultiSlitModel()
    for number in (1, 2):
        slit = datamodels.SlitModel()
        slit.data = np.full((4, 6), number, "f4")
        product.slits.append(slit)
    return save(product, folder / f"{ROOT}_{suffix}.fits")


def association(folder: Path) -> Path:
    """An asn.json."""
    product = {"name": ROOT, "members": [{"expname": "a_cal.fits", "exptype": "science"}]}
    path = folder / "jw09997-o001_20260401t000000_image3_00001_asn.json"
    path.write_text(json.dumps({"asn_type": "image3", "products": [product]}))
    return path


def compressed(path: Path, name: str) -> Path:
    """A gzip copy under any name."""
    target = path.with_name(name)
    with open(path, "rb") as source, gzip.open(target, "wb") as copy:
        shutil.copyfileobj(source, copy)
    return target


Builder = Callable[[Path], Path]

#: (suffix, layout or generation) -> function of a folder.
BUILDERS: dict[tuple[str, str], Builder] = {
    ("i2d", "ImageModel"): mosaic,
    ("i2d", "DrizProductModel"): old_mosaic,
    ("segm", "SegmentationMapModel"): segmentation,
    ("crf", "ImageModel"): exposures.exposure,
    ("crf", "IFUImageModel"): exposures.ifu_exposure,
    ("crf", "MultiExposureModel"): partial(exposures.slit_exposures, "MultiExposureModel", "crf"),
    ("crf", "MultiSlitModel"): partial(exposures.slit_exposures, "MultiSlitModel", "crf"),
    ("cal", "MultiExposureModel"): partial(exposures.slit_exposures, "MultiExposureModel", "cal"),
    ("cal", "MultiSlitModel"): partial(exposures.slit_exposures, "MultiSlitModel", "cal"),
    ("cal", "ImageModel"): partial(exposures.exposure, suffix="cal"),
    ("cal", "IFUImageModel"): partial(exposures.ifu_exposure, suffix="cal"),
    ("cat", "current"): tables.catalog,
    ("cat", "0.13"): tables.old_catalog,
    ("s2d", "SlitModel"): slits.single_slit,
    ("s2d", "MultiSlitModel"): slits.many_slits,
    ("s3d", "IFUCubeModel"): cubes.cube,
    ("x1d", "MultiSpecModel"): spectra.two_slits,
    ("x1d", "SpecModel"): spectra.extracted_single,
    ("x1d", "MRSMultiSpecModel"): spectra.fringe_corrected,
    ("x1d", "WFSSMultiSpecModel"): spectra.two_grism_exposures,
    ("c1d", "MultiCombinedSpecModel"): spectra.combined,
    ("c1d", "CombinedSpecModel"): spectra.combined_single,
    ("c1d", "WFSSMultiCombinedSpecModel"): spectra.combined_grism,
    ("x1dints", "TSOMultiSpecModel"): spectra.two_segments,
    ("x1dints", "MultiSpecModel"): spectra.old_time_series,
    ("whtlt", "3.0"): tables.white_light,
    ("whtlt", "1.19"): tables.white_light_without_units,
    ("whtlt", "1.18"): tables.old_white_light,
    ("phot", "3.0"): tables.photometry,
    ("phot", "1.20"): tables.old_photometry,
    ("calints", "CubeModel"): partial(stacks.stack, suffix="calints"),
    ("calints", "SlitModel"): partial(stacks.bright_object, suffix="calints"),
    ("crfints", "CubeModel"): partial(stacks.stack, suffix="crfints"),
    ("crfints", "SlitModel"): partial(stacks.bright_object, suffix="crfints", wavelengths=3),
    ("psfstack", "CubeModel"): partial(stacks.stack, suffix="psfstack"),
    ("psfalign", "CubeModel"): partial(stacks.stack, suffix="psfalign"),
    ("psfalign", "QuadModel"): partial(
        stacks.stack, suffix="psfalign", model="QuadModel", shape=(2, 3, 16, 20)
    ),
    ("psfsub", "CubeModel"): partial(stacks.stack, suffix="psfsub"),
    ("ami-oi", "AmiOIModel"): partial(interferometry.oifits, "ami-oi"),
    ("psf-ami-oi", "AmiOIModel"): partial(interferometry.oifits, "psf-ami-oi"),
    ("aminorm-oi", "AmiOIModel"): partial(interferometry.oifits, "aminorm-oi"),
    ("amimulti-oi", "AmiOIModel"): partial(interferometry.oifits, "amimulti-oi"),
    ("ami", "AmiLgModel"): partial(interferometry.fringe_parameters, "ami"),
    ("amiavg", "AmiLgModel"): partial(interferometry.fringe_parameters, "amiavg"),
    ("psf-amiavg", "AmiLgModel"): partial(interferometry.fringe_parameters, "psf-amiavg"),
    ("aminorm", "AmiLgModel"): partial(interferometry.fringe_parameters, "aminorm"),
    ("amilg", "AmiLgFitModel"): interferometry.fringe_fit,
    ("asn", "json"): association,
}  # fmt: skip
