"""The demo's time series: a planet that crosses a red dwarf, as MIRI's prism sees it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import EarthLocation, SkyCoord
from astropy.time import Time

from jdaviz_stage3.demo.coordinates import field_to_sky, footprint, point_wcs
from jdaviz_stage3.demo.exposures import (
    describe,
    exposure_name,
    program_facts,
    write_association,
)
from jdaviz_stage3.demo.offline import use_references

PRODUCT = "jw09998-o003_t002_miri_p750l-slitlessprism"
INTEGRATIONS = 84
SEGMENTS = 2
STAR = SkyCoord(217.3166, -3.4015, unit="deg")

_START = Time("2026-03-19T02:20:31.500")
_GROUP = 0.15904  # s
_GROUPS = 800
_CADENCE = (_GROUPS + 1) * _GROUP / 86400  # days

_ROWS, _COLUMNS = 416, 72
_FIRST, _LAST = 146, 387  # rows extracted: 12.0 to 4.8 micron
_CENTRE = 37.6  # column of the trace
_PIXEL_SR = 2.844e-13
_ELECTRONS_PER_JANSKY = 5.6e5  # a second, on a row, at 6 micron
_BACKGROUND = 1.1e-4  # Jy on a pixel
_DO_NOT_USE, _DEAD = 1, 1024


@dataclass(frozen=True)
class Planet:
    """
    A planet on a circular orbit.

    Attributes
    ----------
    mid_time : float
        Days from the start of the exposure.
    period : float
        Days.
    distance : float
        Stellar radii.
    impact : float
        Closest approach to the star's centre, stellar radii.
    """

    mid_time: float = 0.0645
    period: float = 1.62
    distance: float = 12.4
    impact: float = 0.31

    def separation(self, days: np.ndarray) -> np.ndarray:
        """
        Return how far the planet is from the star's centre on the sky.

        Parameters
        ----------
        days : ndarray
            Times from the start of the exposure.

        Returns
        -------
        ndarray
            Stellar radii.
        """
        phase = 2 * np.pi * (days - self.mid_time) / self.period
        return np.hypot(self.distance * np.sin(phase), self.impact * np.cos(phase))


def transit_light(separation: np.ndarray, ratio: np.ndarray, limb: np.ndarray) -> np.ndarray:
    """
    Return a star's relative flux while a small planet crosses it.

    Parameters
    ----------
    separation : ndarray
        Of the centres, stellar radii, one a time.
    ratio, limb : ndarray
        Planet's over star's radius and linear limb darkening, one a wavelength.

    Returns
    -------
    ndarray
        By time and wavelength, 1 outside the transit.
    """
    distance, ratio = np.broadcast_arrays(separation[:, None], ratio[None, :])
    hidden = _overlap(distance, ratio)
    mu = np.sqrt(1 - np.clip(distance, 0, 0.995) ** 2)
    return 1 - hidden * (1 - limb * (1 - mu)) / (1 - limb / 3)


def _overlap(distance: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Return the share of a unit disc that a smaller disc covers."""
    area = np.where(distance <= 1 - ratio, ratio**2, 0.0)
    edge = (distance > 1 - ratio) & (distance < 1 + ratio)
    d, k = distance[edge], ratio[edge]
    planet = np.arccos(np.clip((d**2 + k**2 - 1) / (2 * d * k), -1, 1))
    star = np.arccos(np.clip((d**2 + 1 - k**2) / (2 * d), -1, 1))
    kite = np.sqrt(np.clip(4 * d**2 - (1 + d**2 - k**2) ** 2, 0, None)) / 2
    area[edge] = (k**2 * planet + star - kite) / np.pi
    return area


def make_time_series(rng: np.random.Generator) -> list[Path]:
    """
    Simulate a segmented exposure of a transit and run Tso3 on it.

    Parameters
    ----------
    rng : Generator
        The source of chance.

    Returns
    -------
    list of Path
        The x1dints and whtlt products, and the association.
    """
    references = {"extract1d": _write_aperture(), "gain": "N/A", "readnoise": "N/A"}
    light = _spectra(rng)
    parts = np.array_split(np.arange(INTEGRATIONS), SEGMENTS)
    names = [_make_segment(rng, i + 1, part, light[part]) for i, part in enumerate(parts)]
    association = write_association("tso3", "Asn_Lv3TSO", PRODUCT, names)
    _run_tso3(association, references)
    return [Path(f"{PRODUCT}_x1dints.fits"), Path(f"{PRODUCT}_whtlt.ecsv"), association]


def _wavelengths() -> np.ndarray:
    """Return the wavelength of every row, micron; it falls as y grows."""
    return np.sqrt(4.8**2 + 0.5 * np.clip(_LAST - np.arange(_ROWS), -40, None))


def _spectra(rng: np.random.Generator) -> np.ndarray:
    """Return the star's light in Jy by integration and row."""
    wavelength = _wavelengths()
    star = 6.0e-3 * (wavelength / 6) ** -1.9 * (1 + 0.02 * np.exp(-((wavelength - 6.6) ** 2)))
    days = (np.arange(INTEGRATIONS) + 0.5) * _CADENCE
    ratio = np.sqrt(_depth(wavelength))
    light = transit_light(Planet().separation(days), ratio, 0.16 * (wavelength / 5) ** -0.5)
    return star * light * _instrument(rng, days, wavelength)


def _depth(wavelength: np.ndarray) -> np.ndarray:
    """Return the transit's depth: a flat part and bands of water, SO2 and silicates."""
    bands = ((6.2, 0.45, 2.2e-3), (7.35, 0.20, 2.0e-3), (8.75, 0.28, 1.7e-3), (10.0, 0.8, 0.9e-3))
    depth = np.full_like(wavelength, 0.0228)
    for centre, width, height in bands:
        depth += height * np.exp(-0.5 * ((wavelength - centre) / width) ** 2)
    return depth


def _instrument(rng: np.random.Generator, days: np.ndarray, wavelength: np.ndarray) -> np.ndarray:
    """Return the detector's settling, a slow drift and the pointing's jitter."""
    settle = np.outer(np.exp(-days / 0.012), 0.004 * (1 - (wavelength - 4.8) / 5.2))
    drift = 1 - 0.006 * (days - days.mean())
    jitter = 1 + rng.normal(0, 6e-5, len(days))
    return (1 + settle) * (drift * jitter)[:, None]


def _make_segment(
    rng: np.random.Generator, segment: int, integrations: np.ndarray, light: np.ndarray
) -> str:
    """Simulate one segment of the exposure, save it and return its file's name."""
    from stdatamodels.jwst.datamodels import CubeModel

    model = CubeModel((len(integrations), _ROWS, _COLUMNS))
    describe(model, _facts(segment, integrations))
    _expose(rng, model, light, segment)
    wavelength = _wavelengths()
    model.wavelength = np.repeat(wavelength[:, None], _COLUMNS, axis=1).astype("f4")
    model.int_times = _times(integrations, model.get_dtype("int_times"))
    model.meta.wcs = point_wcs(STAR.ra.deg, STAR.dec.deg, wavelength)
    name = exposure_name(3, 1, "mirimage", segment) + "_calints.fits"
    model.save(name)
    return name


def _expose(rng: np.random.Generator, model: Any, light: np.ndarray, segment: int) -> None:
    """Spread the light over the rows, add noise and flaws, and store it in a model."""
    profile = _profile()
    jansky = light[:, :, None] * profile + _BACKGROUND
    wavelength = _wavelengths()
    response = _ELECTRONS_PER_JANSKY * (wavelength / 6) ** -1.2 * _GROUPS * _GROUP
    variance = (jansky + 6e-5) / response[None, :, None]
    to_surface = 1 / (_PIXEL_SR * 1e6)
    model.var_poisson = (variance * to_surface**2).astype("f4")
    model.var_rnoise = np.full(variance.shape, 1.5e-8**2 * to_surface**2, "f4")
    model.var_flat = ((0.0005 * jansky * to_surface) ** 2).astype("f4")
    model.err = np.sqrt(model.var_poisson + model.var_rnoise + model.var_flat)
    sigma = np.sqrt(model.var_poisson + model.var_rnoise)
    data = jansky * to_surface + rng.normal(0, 1, variance.shape) * sigma
    _add_hits(rng, data)
    bad = _flaws(rng, variance.shape, segment)
    model.data = np.where(bad, np.nan, data).astype("f4")
    model.dq = np.where(bad, _DO_NOT_USE | _DEAD, 0).astype("u4")


def _profile() -> np.ndarray:
    """Return the share of each row's light that falls on each column."""
    fwhm = 2.3 * _wavelengths()[:, None] / 7
    offset = np.arange(_COLUMNS) - _CENTRE
    core = np.exp(-4 * np.log(2) * (offset / fwhm) ** 2)
    wings = 0.012 / (1 + (offset / (1.5 * fwhm)) ** 2)
    return (core + wings) / (core + wings).sum(axis=1, keepdims=True)


def _add_hits(rng: np.random.Generator, data: np.ndarray, count: int = 120) -> None:
    """Add cosmic rays that earlier steps missed."""
    places = tuple(rng.integers(0, length, count) for length in data.shape)
    data[places] += rng.lognormal(7.5, 1.0, count)


def _flaws(rng: np.random.Generator, shape: tuple[int, ...], segment: int) -> np.ndarray:
    """Return dead pixels, two dead rows and a few rows lost in one integration each."""
    fixed = np.random.default_rng(78).uniform(size=shape[1:]) < 0.0004
    fixed[:, 32:44] = False
    fixed[[203, 344]] = True
    bad = np.broadcast_to(fixed, shape).copy()
    for _ in range(3):
        row = rng.integers(_FIRST, _LAST - 6)
        bad[rng.integers(0, shape[0]), row : row + rng.integers(1, 3)] = True
    if segment == SEGMENTS:
        bad[9, 226:240] = True
    return bad


def _times(integrations: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Return the rows of INT_TIMES, UTC at the telescope and TDB at the barycentre."""
    numbers = integrations + 1
    edges = [integrations, integrations + 0.5, integrations + 1.0]
    utc = [_START.mjd + edge * _CADENCE for edge in edges]
    tdb = [_barycentric(times) for times in utc]
    return np.array(list(zip(numbers, *utc, *tdb, strict=True)), dtype=kind)


def _barycentric(mjd: np.ndarray) -> np.ndarray:
    """Convert UTC near the Earth to TDB at the solar system's barycentre, both as MJD."""
    earth = EarthLocation.from_geocentric(0, 0, 0, unit=u.m)
    times = Time(mjd, format="mjd", scale="utc", location=earth)
    return (times.tdb + times.light_travel_time(STAR, ephemeris="builtin")).mjd


def _facts(segment: int, integrations: np.ndarray) -> dict[str, Any]:
    """Return what the header of one segment says."""
    place = (STAR.ra.deg, STAR.dec.deg)
    field = field_to_sky((_CENTRE, 300), place, 0.11, 118.0)
    seconds = INTEGRATIONS * _CADENCE * 86400
    share = seconds / SEGMENTS  # the pipeline adds the segments' up
    return program_facts(3, 1, _START, seconds) | {
        "exposure.duration": share,
        "exposure.exposure_time": share,
        "exposure.measurement_time": share,
        "exposure.effective_exposure_time": share,
        "exposure.elapsed_exposure_time": share,
        "target.catalog_name": "DEMO-HOST-1",
        "target.proposer_name": "DEMO-HOST-1",
        "target.ra": STAR.ra.deg,
        "target.dec": STAR.dec.deg,
        "target.source_type": "POINT",
        "program.science_category": "Exoplanets and Exoplanet Formation",
        "visit.tsovisit": True,
        "instrument.name": "MIRI",
        "instrument.detector": "MIRIMAGE",
        "instrument.filter": "P750L",
        "exposure.type": "MIR_LRS-SLITLESS",
        "exposure.readpatt": "FASTR1",
        "exposure.nints": INTEGRATIONS,
        "exposure.ngroups": _GROUPS,
        "exposure.nframes": 1,
        "exposure.group_time": _GROUP,
        "exposure.frame_time": _GROUP,
        "exposure.integration_time": _GROUPS * _GROUP,
        "exposure.segment_number": segment,
        "exposure.integration_start": int(integrations[0]) + 1,
        "exposure.integration_end": int(integrations[-1]) + 1,
        "subarray.name": "SLITLESSPRISM",
        "subarray.xstart": 1,
        "subarray.ystart": 529,
        "subarray.xsize": _COLUMNS,
        "subarray.ysize": _ROWS,
        "subarray.fastaxis": 1,
        "subarray.slowaxis": 2,
        "wcsinfo.dispersion_direction": 2,
        "wcsinfo.spectral_order": 1,
        "wcsinfo.s_region": footprint(field, _COLUMNS, _ROWS),
        "photometry.pixelarea_steradians": _PIXEL_SR,
        "photometry.pixelarea_arcsecsq": 0.0121,
        "bunit_data": "MJy/sr",
        "bunit_err": "MJy/sr",
    }


def _write_aperture() -> str:
    """Write where to extract the spectrum and the background, and return the file's name."""
    name = "jwst_miri_extract1d_demo.json"
    aperture = {
        "id": "MIR_LRS-SLITLESS",
        "region_type": "target",
        "dispaxis": 2,
        "xstart": 33,
        "xstop": 42,
        "ystart": _FIRST,
        "ystop": _LAST,
        "bkg_coeff": [[11.5], [21.5], [53.5], [63.5]],
        "bkg_fit": "poly",
        "bkg_order": 0,
        "use_source_posn": False,
    }
    contents = {"reftype": "EXTRACT1D", "instrument": "MIRI", "apertures": [aperture]}
    Path(name).write_text(json.dumps(contents))
    return name


def _run_tso3(association: Path, references: dict[str, str]) -> None:
    """Run the pipeline on an association; the products go to the current directory."""
    from jwst.pipeline import Tso3Pipeline

    pipeline = use_references(Tso3Pipeline(), references)
    pipeline.save_results = True
    pipeline.outlier_detection.snr = "20.0 16.0"  # spares the ingress of a deep transit
    pipeline.run(str(association))
