"""The demo's image, catalog and segmentation map, made by the Image3 pipeline."""

from pathlib import Path
from typing import Any

import numpy as np
from astropy.time import Time, TimeDelta

from jdaviz_stage3.demo import scene
from jdaviz_stage3.demo.exposures import (
    describe,
    exposure_name,
    program_facts,
    write_association,
)
from jdaviz_stage3.demo.offline import use_references

SIZE = 320
CORNER = 864  # the subarray's first pixel on the detector, from 0
PIXEL = 0.0629  # arcsec
PIXEL_SR = float(np.deg2rad(PIXEL / 3600) ** 2)
CENTRE = (53.1485, -27.7912)  # RA, Dec, deg
ROLL = 33.0  # deg
PRODUCT = "jw09998-o001_t001_nircam_clear-f444w-sub320"

_V2, _V3 = -89.4, -491.4  # arcsec, where the detector's centre looks
_DITHERS = ((-4.2, -3.7), (3.6, -4.3), (4.1, 3.8), (-3.7, 4.4))  # pixels
_SECONDS = 2087.3
_SKY = 0.55  # MJy/sr
_MJYSR_PER_DN = 0.4
_GAIN = 1.8  # electrons per DN
_READ_NOISE = 8.0  # electrons, of a whole ramp
_DO_NOT_USE, _DEAD = 1, 1024
_SHIPPED = 2  # exposures among the products


def make_images(rng: np.random.Generator) -> list[Path]:
    """
    Simulate four dithered exposures and run Image3 on them.

    Parameters
    ----------
    rng : Generator
        The source of chance.

    Returns
    -------
    list of Path
        The i2d, segm and cat products, the association, and two of the exposures (crf).
    """
    references = _write_references()
    half = SIZE / 2 + 8
    sources = [
        *scene.star_field(rng, half),
        *scene.showpieces(half),
        *scene.faint_galaxies(rng, half),
    ]
    spread = _point_spread()
    names = [_make_exposure(rng, i, references, sources, spread) for i in range(len(_DITHERS))]
    association = write_association("image3", "Asn_Lv3Image", PRODUCT, names)
    _run_image3(association, references)
    ends = ("i2d.fits", "segm.fits", "cat.ecsv")
    exposures = sorted(Path().glob("*_crf.fits"))[:_SHIPPED]
    return [
        *(Path(f"{PRODUCT}_{end}") for end in ends),
        association,
        *(_without_variances(path) for path in exposures),
    ]


def _without_variances(path: Path) -> Path:
    """Write a smaller copy of an exposure: what is looked at, compressed, and its gwcs."""
    from astropy.io import fits

    smaller = path.with_name(f"{path.name}.gz")
    with fits.open(path) as hdus:
        kept = [hdu for hdu in hdus if hdu.name in ("PRIMARY", "SCI", "ERR", "DQ", "ASDF")]
        fits.HDUList(kept).writeto(smaller, overwrite=True)
    return smaller


def _point_spread() -> np.ndarray:
    """Return the point spread function through F444W on the scene's pixels."""
    return scene.point_spread(PIXEL / scene.FINE, np.linspace(3.9, 4.95, 8))


def _make_exposure(
    rng: np.random.Generator,
    index: int,
    references: dict[str, str],
    sources: list[scene.Source],
    spread: np.ndarray,
) -> str:
    """Simulate one exposure, save it and return its file's name."""
    from jwst.assign_wcs import AssignWcsStep
    from stdatamodels.jwst.datamodels import ImageModel

    model = describe(ImageModel((SIZE, SIZE)), _facts(index))
    model = use_references(AssignWcsStep(), references).run(model)
    x, y = model.meta.wcs.invert(*CENTRE, with_bounding_box=False)
    shift = (float(x) - (SIZE - 1) / 2, float(y) - (SIZE - 1) / 2)
    _expose(rng, model, scene.draw(sources, spread, shift, SIZE))
    name = exposure_name(1, index + 1, "nrcblong") + "_cal.fits"
    model.save(name)
    return name


def _expose(rng: np.random.Generator, model: Any, jansky: np.ndarray) -> None:
    """Add sky, noise, cosmic rays and bad pixels to a scene, and store it in a model."""
    electrons = _GAIN * _SECONDS / _MJYSR_PER_DN  # for 1 MJy/sr
    light = jansky / PIXEL_SR / 1e6 + _SKY
    model.var_poisson = (light / electrons).astype("f4")
    model.var_rnoise = np.full(light.shape, (_READ_NOISE / electrons) ** 2, "f4")
    model.var_flat = ((0.002 * light) ** 2).astype("f4")
    model.err = np.sqrt(model.var_poisson + model.var_rnoise + model.var_flat)
    spread = np.sqrt(model.var_poisson + model.var_rnoise)
    data = light + rng.normal(0, 1, light.shape) * spread + scene.cosmic_rays(rng, SIZE)
    bad = _bad_pixels()
    model.data = np.where(bad, np.nan, data).astype("f4")
    model.dq = np.where(bad, _DO_NOT_USE | _DEAD, 0).astype("u4")


def _bad_pixels() -> np.ndarray:
    """Return the detector's dead pixels: scattered ones and a patch that no dither fills."""
    bad = np.random.default_rng(77).uniform(size=(SIZE, SIZE)) < 0.002
    bad[236:249, 281:293] = True
    return bad


def _facts(index: int) -> dict[str, Any]:
    """Return what the header of one exposure says."""
    start = Time("2026-03-14T06:12:09.412") + TimeDelta(index * (_SECONDS + 62), format="sec")
    ra, dec = _pointing(index)
    return program_facts(1, index + 1, start, _SECONDS) | {
        "target.catalog_name": "DEMO-DEEP-FIELD",
        "target.proposer_name": "DEMO-DEEP-FIELD",
        "target.ra": CENTRE[0],
        "target.dec": CENTRE[1],
        "instrument.name": "NIRCAM",
        "instrument.detector": "NRCBLONG",
        "instrument.module": "B",
        "instrument.channel": "LONG",
        "instrument.filter": "F444W",
        "instrument.pupil": "CLEAR",
        "exposure.type": "NRC_IMAGE",
        "exposure.readpatt": "DEEP8",
        "exposure.nints": 1,
        "exposure.ngroups": 10,
        "exposure.integration_start": 1,
        "exposure.integration_end": 1,
        "exposure.integration_time": _SECONDS,
        "subarray.name": "SUB320",
        "subarray.xstart": CORNER + 1,
        "subarray.ystart": CORNER + 1,
        "subarray.xsize": SIZE,
        "subarray.ysize": SIZE,
        "subarray.fastaxis": 1,
        "subarray.slowaxis": -2,
        "dither.dither_points": len(_DITHERS),
        "dither.position_number": index + 1,
        "wcsinfo.v2_ref": _V2,
        "wcsinfo.v3_ref": _V3,
        "wcsinfo.vparity": -1,
        "wcsinfo.v3yangle": 0.0,
        "wcsinfo.roll_ref": ROLL,
        "wcsinfo.ra_ref": ra,
        "wcsinfo.dec_ref": dec,
        "photometry.conversion_megajanskys": _MJYSR_PER_DN,
        "photometry.conversion_microjanskys": _MJYSR_PER_DN * 23.5045,
        "photometry.pixelarea_steradians": PIXEL_SR,
        "photometry.pixelarea_arcsecsq": PIXEL**2,
        "bunit_data": "MJy/sr",
        "bunit_err": "MJy/sr",
    }


def _pointing(index: int) -> tuple[float, float]:
    """Return where the centre of the subarray looks in one exposure."""
    roll = np.deg2rad(ROLL)
    dx, dy = np.array(_DITHERS[index]) * PIXEL / 3600
    east, north = dx * np.cos(roll) + dy * np.sin(roll), dy * np.cos(roll) - dx * np.sin(roll)
    return CENTRE[0] + east / np.cos(np.deg2rad(CENTRE[1])), CENTRE[1] + north


def _write_references() -> dict[str, str]:
    """Write the reference files that Image3 needs, and return their names."""
    names = {
        "distortion": "jwst_nircam_distortion_demo.asdf",
        "apcorr": "jwst_nircam_apcorr_demo.fits",
        "abvegaoffset": "jwst_nircam_abvegaoffset_demo.asdf",
    }
    _write_distortion(names["distortion"])
    _write_aperture_correction(names["apcorr"])
    _write_vega_offset(names["abvegaoffset"])
    return names


def _write_distortion(name: str) -> None:
    """Write the transform from detector pixels to the telescope's focal plane."""
    from astropy import units as u
    from astropy.modeling.models import AffineTransformation2D, Shift
    from stdatamodels.jwst.datamodels import DistortionModel

    middle = CORNER + (SIZE - 1) / 2
    scale = AffineTransformation2D(np.array([[-PIXEL, 0], [0, PIXEL]]), [_V2, _V3])
    model = DistortionModel(
        model=Shift(-middle) & Shift(-middle) | scale, input_units=u.pix, output_units=u.arcsec
    )
    _describe_reference(model, "distortion")
    describe(model, {"exposure.type": "NRC_IMAGE", "instrument.p_pupil": "CLEAR|"})
    model.save(name)


def _write_aperture_correction(name: str) -> None:
    """Write the radii that enclose 10 to 80 per cent of a star's light."""
    from stdatamodels.jwst.datamodels import NrcImgApcorrModel

    fractions = np.arange(1, 9) / 10
    radii, sky = _encircled(fractions)
    kind = NrcImgApcorrModel().get_dtype("apcorr_table")
    rows = [
        ("F444W", "CLEAR", fraction, radius, 1 / (fraction - sky * radius**2), 12.0, 18.0)
        for fraction, radius in zip(fractions, radii, strict=True)
    ]
    model = NrcImgApcorrModel(apcorr_table=np.array(rows, dtype=kind))
    _describe_reference(model, "apcorr")
    model.save(name)


def _encircled(fractions: np.ndarray) -> tuple[np.ndarray, float]:
    """Return radii (pixels) of encircled energy, and the wings' share taken for sky."""
    spread = _point_spread()
    y, x = np.indices(spread.shape) - spread.shape[0] // 2
    radius = np.hypot(x, y).ravel() / scene.FINE
    order = np.argsort(radius)
    energy = np.cumsum(spread.ravel()[order])
    radii = np.interp(fractions, energy, radius[order])
    ring = np.interp([12, 18], radius[order], energy)
    return radii, float(np.diff(ring)[0] / (18**2 - 12**2))


def _write_vega_offset(name: str) -> None:
    """Write the difference between AB and Vega magnitudes."""
    from astropy.table import Table
    from stdatamodels.jwst.datamodels import ABVegaOffsetModel

    table = Table({"filter": ["F444W"], "pupil": ["CLEAR"], "abvega_offset": [3.24]})
    model = ABVegaOffsetModel()
    model.abvega_offset = table
    _describe_reference(model, "abvegaoffset")
    model.save(name)


def _describe_reference(model: Any, kind: str) -> None:
    """Fill in what every reference file must say."""
    describe(
        model,
        {
            "author": "jdaviz_stage3",
            "pedigree": "DUMMY",
            "description": f"{kind} of an invented instrument",
            "useafter": "2022-01-01T00:00:00",
            "reftype": kind,
            "instrument.name": "NIRCAM",
            "instrument.detector": "NRCBLONG",
            "instrument.module": "B",
            "instrument.channel": "LONG",
        },
    )


def _run_image3(association: Path, references: dict[str, str]) -> None:
    """Run the pipeline on an association; the products go to the current directory."""
    from jwst.pipeline import Image3Pipeline

    pipeline = use_references(Image3Pipeline(), references)
    pipeline.save_results = True
    pipeline.tweakreg.skip = True
    catalog = pipeline.source_catalog
    catalog.kernel_fwhm = 2.3
    catalog.npixels = 9
    catalog.bkg_boxsize = 100
    catalog.snr_threshold = 2.5
    catalog.ci1_star_threshold = 1.68
    catalog.ci2_star_threshold = 1.72
    pipeline.run(str(association))
