"""Stacks of images: integrations of an exposure, reference PSFs, and spectra through time."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from astropy.io import fits
from make_exposures import CRVAL, DO_NOT_USE, OUTLIER, PIXEL, SATURATED
from make_spectra import save
from make_tables import ROOT
from schemas_once import datamodels

JUMP_DET = 4
SHAPE = (12, 16, 20)
#: Days of an integration, and from MJD_UTC to BJD_TDB - 2400000.5.
CADENCE, BARYCENTER = 0.002, 0.0042
START = 59_990.0


def stack_arrays(shape: tuple[int, ...] = SHAPE, seed: int = 5) -> dict[str, np.ndarray]:
    """A star on a background; outliers are NaN and flagged, saturated pixels flagged only."""
    rng = np.random.default_rng(seed)
    *many, ny, nx = shape
    y, x = np.mgrid[:ny, :nx]
    star = 50 * np.exp(-0.5 * ((y - ny // 2) ** 2 + (x - nx // 2) ** 2) / 1.5**2)
    data = (star + 2 + rng.normal(0, 0.3, shape)).astype("f4")
    err = rng.uniform(0.25, 0.35, shape).astype("f4")
    dq = np.where(rng.uniform(size=shape) < 0.02, OUTLIER | DO_NOT_USE, 0).astype("u4")
    dq |= np.where(rng.uniform(size=shape) < 0.03, JUMP_DET, 0).astype("u4")
    dq[..., ny // 2, nx // 2] |= SATURATED
    dq[..., 0, :] = 2**31 | DO_NOT_USE  # reference pixels
    data[dq & OUTLIER != 0] = np.nan
    return {"data": data, "err": err, "dq": dq}


def int_times(numbers: Sequence[int], days: np.ndarray | None = None) -> np.ndarray:
    """INT_TIMES of these integrations, at even times, or at these (BJD - 2400000.5)."""
    numbers = np.asarray(numbers)
    dtype = datamodels.CubeModel().get_dtype("int_times")
    middle = START + CADENCE * (numbers - 0.5) if days is None else np.asarray(days, float)
    table = np.zeros(len(numbers), dtype)
    table["integration_number"] = numbers
    for end, half in (("start", -CADENCE / 2), ("mid", 0), ("end", CADENCE / 2)):
        table[f"int_{end}_BJD_TDB"] = middle + half
        table[f"int_{end}_MJD_UTC"] = middle + half - BARYCENTER
    return table


def stack(
    folder: Path, suffix: str = "calints", *, arrays: Mapping[str, np.ndarray] | None = None,
    model: str = "CubeModel", times: np.ndarray | None | str = "even", first: int = 1,
    name: str | None = None, wcs: bool = True, unit: str | None = "MJy/sr",
    segment: int | None = None, shape: tuple[int, ...] = SHAPE,
) -> Path:  # fmt: skip
    """A stack of images whose first integration has this number; PSFs have no times."""
    product = getattr(datamodels, model)()
    for key, array in (arrays or stack_arrays(shape)).items():
        setattr(product, key, array)
    n = len(product.data)
    of_psfs = suffix in ("psfstack", "psfalign")
    if isinstance(times, str):
        times = None if of_psfs else int_times(range(first, first + n))
    if times is not None:
        product.int_times = times
    meta = product.meta
    meta.bunit_data = meta.bunit_err = unit
    if not of_psfs:
        meta.exposure.integration_start, meta.exposure.integration_end = first, first + n - 1
    meta.exposure.segment_number = segment
    meta.instrument.name, meta.instrument.detector = "NIRCAM", "NRCALONG"
    meta.instrument.filter, meta.instrument.pupil = "F444W", "MASKRND"
    meta.observation.exposure_number = "00001"
    if wcs:
        ny, nx = product.data.shape[-2:]
        values = {
            "wcsaxes": 2, "ctype1": "RA---TAN", "ctype2": "DEC--TAN", "cunit1": "deg",
            "cunit2": "deg", "crpix1": nx / 2 + 1.0, "crpix2": ny / 2 + 1.0, "crval1": CRVAL[0],
            "crval2": CRVAL[1], "cdelt1": PIXEL, "cdelt2": PIXEL, "pc1_1": -1.0, "pc1_2": 0.0,
            "pc2_1": 0.0, "pc2_2": 1.0,
        }  # fmt: skip
        for key, value in values.items():
            setattr(meta.wcsinfo, key, value)
    return save(product, folder / (name or f"{ROOT}_{suffix}.fits"))


def bright_object(folder: Path, suffix: str = "calints", *, times: object = "even",
                  n_int: int = 5, wavelengths: int = 2) -> Path:  # fmt: skip
    """Spectra through time of NIRSpec: a SlitModel of three axes, wavelengths of two or three."""
    arrays = stack_arrays((n_int, 8, 30))
    arrays["wavelength"] = np.tile(np.linspace(1, 5, 30, dtype="f4"), (8, 1))
    path = stack(folder, suffix, arrays=arrays, model="SlitModel", times=times, wcs=False)
    if wavelengths == 3:  # which today's data models do not write
        with fits.open(path, mode="update") as hdus:
            hdus["WAVELENGTH"].data = np.repeat(hdus["WAVELENGTH"].data[None], n_int, axis=0)
    return path


def segments(
    folder: Path, lengths: Sequence[int] = (4, 3, 5), suffix: str = "crfints"
) -> tuple[list[Path], dict[str, np.ndarray]]:
    """The segments of one exposure, and what all of them hold."""
    arrays = stack_arrays((sum(lengths), *SHAPE[1:]))
    paths, start = [], 0
    for number, length in enumerate(lengths, 1):
        part = {key: array[start : start + length] for key, array in arrays.items()}
        name = f"jw09997001001_04101_00001-seg{number:03d}_nrcalong_{suffix}.fits"
        paths.append(stack(folder, suffix, arrays=part, first=start + 1, name=name, segment=number))
        start += length
    return paths, arrays
