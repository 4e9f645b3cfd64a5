"""The demo's slitless spectra, extracted and combined by the Spec3 pipeline."""

from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import QTable, Row
from astropy.time import Time, TimeDelta

from jdaviz_stage3.demo.coordinates import field_to_sky, footprint, grism_wcs
from jdaviz_stage3.demo.deep_field import CENTRE, CORNER, PIXEL, PIXEL_SR, ROLL, SIZE
from jdaviz_stage3.demo.exposures import (
    describe,
    exposure_name,
    program_facts,
    write_association,
)
from jdaviz_stage3.demo.offline import use_references

PRODUCT = "jw09998-o002_t001_nircam_f444w-grismr"

WAVELENGTH = np.arange(3.88, 4.985, 0.00098)  # micron, a pixel each

_EXPOSURES = 2
_SECONDS = 1868.0
_NOISE = 0.9e-6  # Jy on a column of pixels in one exposure, where it is least
_HEIGHT = 15  # rows of a cut-out

_LINES = {  # rest wavelength (micron): strength, for a galaxy that forms stars
    0.37288: 0.50,
    0.48627: 0.35,
    0.49603: 0.60,
    0.50082: 1.80,
    0.65646: 1.00,
    0.65853: 0.20,
    0.67183: 0.15,
    0.67327: 0.12,
    0.90711: 0.18,
    0.95332: 0.45,
    1.08332: 0.40,
    1.09411: 0.12,
    1.28216: 0.18,
    1.87561: 0.33,
    2.12183: 0.06,
    2.16612: 0.05,
    2.62587: 0.04,
    4.05226: 0.08,
}

# From the brightest galaxy on: redshift, equivalent width of H-alpha at rest (micron).
_GALAXIES = (
    (0.334, 0.020),
    (1.352, 0.003),
    (0.062, 0.025),
    (1.287, 0.006),
    (2.410, 0.012),
    (3.716, 0.014),
    (5.762, 0.007),
    (7.884, 0.012),
)


def make_spectra(rng: np.random.Generator, catalog: Path) -> list[Path]:
    """
    Simulate cut-outs of grism exposures and run Spec3 on them.

    Parameters
    ----------
    rng : Generator
        The source of chance.
    catalog : Path
        The catalog whose sources have spectra.

    Returns
    -------
    list of Path
        The c1d product and its association.
    """
    sources = _choose(QTable.read(catalog, format="ascii.ecsv"))
    names = [_make_exposure(rng, number, sources) for number in range(1, _EXPOSURES + 1)]
    association = write_association("spec3", "Asn_Lv3WFSSNIRCam", PRODUCT, names)
    _run_spec3(association)
    return [Path(f"{PRODUCT}_c1d.fits"), association]


def _choose(table: QTable) -> list[tuple[Row, np.ndarray]]:
    """Choose the brightest star and galaxies of various brightness, each with a spectrum."""
    flux = table["isophotal_flux"]
    table = table[np.argsort(-np.nan_to_num(flux.to_value("Jy")))]
    inside = (np.minimum(table["xcentroid"], table["ycentroid"]) > 15) & (
        np.maximum(table["xcentroid"], table["ycentroid"]) < 310
    )
    star = table[inside & ~table["is_extended"]][0]
    extended = table[inside & table["is_extended"]]
    ranks = (0, 1, 2, 4, 6, 9, 13, 18)
    chosen = [(star, _star_spectrum(star["isophotal_flux"].to_value("Jy")))]
    for rank, (redshift, width) in zip(ranks, _GALAXIES, strict=True):
        row = extended[rank]
        spectrum = _galaxy_spectrum(row["isophotal_flux"].to_value("Jy"), redshift, width)
        chosen.append((row, spectrum))
    return chosen


def _star_spectrum(flux: float) -> np.ndarray:
    """Return a cool star's spectrum in Jy: the Rayleigh-Jeans slope and bands of CO."""
    continuum = flux * (WAVELENGTH / 4.4) ** -1.8
    bands = np.zeros_like(WAVELENGTH)
    for head in (4.30, 4.36, 4.42, 4.49, 4.56, 4.63):
        behind = np.clip(WAVELENGTH - head, 0, None)
        bands += 0.10 * (behind > 0) * np.exp(-behind / 0.030)
    return continuum * (1 - bands)


def _galaxy_spectrum(flux: float, redshift: float, width: float) -> np.ndarray:
    """Return a galaxy's spectrum in Jy: continuum, emission lines and aromatic bands."""
    continuum = flux * (WAVELENGTH / 4.4) ** 0.5
    rest = WAVELENGTH / (1 + redshift)
    emission = np.zeros_like(WAVELENGTH)
    for line, strength in _LINES.items():
        observed = line * (1 + redshift)
        sigma = observed * 0.00055
        profile = np.exp(-0.5 * ((WAVELENGTH - observed) / sigma) ** 2) / (sigma * 2.5066)
        emission += strength * width * (1 + redshift) * profile
    for band, broad, strength in ((3.29, 0.021, 0.45), (3.40, 0.025, 0.10)):
        emission += strength * np.exp(-0.5 * ((rest - band) / broad) ** 2)
    return continuum * (1 + emission)


def _make_exposure(
    rng: np.random.Generator, number: int, sources: list[tuple[Row, np.ndarray]]
) -> str:
    """Simulate one exposure's cut-outs, save them and return the file's name."""
    from stdatamodels.jwst.datamodels import MultiSlitModel

    model = describe(MultiSlitModel(), _facts(number))
    for row, spectrum in sources:
        model.slits.append(_cut_out(rng, row, spectrum))
        _describe_cut_out(model.slits[-1], row)
    name = exposure_name(2, number, "nrcblong") + "_cal.fits"
    model.save(name)
    return name


def _cut_out(rng: np.random.Generator, row: Row, spectrum: np.ndarray) -> Any:
    """Return one source's dispersed light with noise and bad pixels."""
    from stdatamodels.jwst.datamodels import SlitModel

    height = _HEIGHT
    across = np.arange(height) - height // 2
    sigma = max(1.1, min(float(row["semiminor_sigma"].value), height / 5))
    profile = np.exp(-0.5 * (across / sigma) ** 2)
    light = np.outer(profile / profile.sum(), spectrum) / PIXEL_SR / 1e6
    noise = _NOISE * _edges() / np.sqrt(height) / PIXEL_SR / 1e6
    poisson = 0.02 * np.abs(light) * noise.min()
    model = SlitModel(light.shape)
    model.var_rnoise = np.broadcast_to((0.5 * noise) ** 2, light.shape).astype("f4")
    model.var_poisson = (0.75 * noise**2 + poisson).astype("f4")
    model.var_flat = ((0.003 * light) ** 2).astype("f4")
    model.err = np.sqrt(model.var_rnoise + model.var_poisson + model.var_flat)
    bad = _bad_pixels(rng, light.shape)
    model.data = np.where(bad, np.nan, rng.normal(light, model.err)).astype("f4")
    model.dq = np.where(bad, 1, 0).astype("u4")
    model.wavelength = np.broadcast_to(WAVELENGTH, light.shape).astype("f4")
    return model


def _edges() -> np.ndarray:
    """Return how the noise grows towards the ends of the filter."""
    inside = np.minimum(WAVELENGTH - 3.86, 5.0 - WAVELENGTH)
    return 1 + 2.5 * np.exp(-inside / 0.04)


def _bad_pixels(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Return scattered bad pixels and a few columns that hold nothing."""
    bad = rng.uniform(size=shape) < 0.0008
    bad[:, rng.integers(0, shape[1], 4)] = True
    bad[:, [311, 312, 313]] = True  # the same columns in every exposure
    return bad


def _describe_cut_out(slit: Any, row: Row) -> None:
    """Say which source a cut-out shows, and where it was cut out."""
    position = row["sky_centroid"]
    x, y = float(row["xcentroid"]), float(row["ycentroid"])
    slit.name = str(row["label"])
    slit.source_id = int(row["label"])
    slit.source_type = "EXTENDED" if row["is_extended"] else "POINT"
    slit.source_ra, slit.source_dec = position.ra.deg, position.dec.deg
    slit.source_xpos, slit.source_ypos = x, y
    slit.xstart, slit.ystart = 420, int(y) + 864 - _HEIGHT // 2
    slit.ysize, slit.xsize = slit.data.shape
    slit.meta.wcsinfo.spectral_order = 1
    slit.meta.wcsinfo.dispersion_direction = 1
    slit.meta.bunit_data = slit.meta.bunit_err = "MJy/sr"
    slit.meta.photometry.pixelarea_steradians = PIXEL_SR
    slit.meta.photometry.pixelarea_arcsecsq = PIXEL**2
    field = _field()
    slit.meta.wcsinfo.s_region = footprint(field, 2048, 2048)
    slit.meta.wcs = grism_wcs(field, position.ra.deg, position.dec.deg, WAVELENGTH)


def _field() -> Any:
    """Return the direct image's transform from the whole detector to the sky."""
    middle = CORNER + (SIZE - 1) / 2
    return field_to_sky((middle, middle), CENTRE, PIXEL, ROLL)


def _facts(number: int) -> dict[str, Any]:
    """Return what the header of one exposure says."""
    start = Time("2026-03-14T10:41:55.020") + TimeDelta(number * (_SECONDS + 70), format="sec")
    return program_facts(2, number, start, _SECONDS) | {
        "filename": exposure_name(2, number, "nrcblong") + "_cal.fits",
        "target.catalog_name": "DEMO-DEEP-FIELD",
        "target.proposer_name": "DEMO-DEEP-FIELD",
        "target.ra": CENTRE[0],
        "target.dec": CENTRE[1],
        "instrument.name": "NIRCAM",
        "instrument.detector": "NRCBLONG",
        "instrument.module": "B",
        "instrument.channel": "LONG",
        "instrument.filter": "F444W",
        "instrument.pupil": "GRISMR",
        "exposure.type": "NRC_WFSS",
        "exposure.readpatt": "MEDIUM8",
        "exposure.nints": 2,
        "exposure.ngroups": 9,
        "exposure.integration_time": _SECONDS / 2,
        "subarray.name": "FULL",
        "subarray.xstart": 1,
        "subarray.ystart": 1,
        "subarray.xsize": 2048,
        "subarray.ysize": 2048,
        "dither.dither_points": _EXPOSURES,
        "dither.position_number": number,
        "cal_step.extract_2d": "COMPLETE",
        "cal_step.srctype": "COMPLETE",
    }


def _run_spec3(association: Path) -> None:
    """Run the pipeline on an association; the products go to the current directory."""
    from jwst.pipeline import Spec3Pipeline

    pipeline = use_references(Spec3Pipeline())
    pipeline.save_results = True
    pipeline.run(str(association))
