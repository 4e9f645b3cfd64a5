"""Spectral cubes (s3d) and their extracted spectra, from the pipeline's data models."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from make_spectra import VERSION, save
from make_tables import ROOT
from schemas_once import datamodels

#: Flags as cube_build sets them: no coverage, a hole.
NO_COVERAGE, HOLE = 513, 1
PIXEL_ARCSEC = 0.13
CENTER = (150.1, 2.2)  # degrees: where the middle of each cube lies


@dataclass
class CubeArrays:
    """What a cube is to hold: arrays of shape (n_wave, ny, nx)."""

    data: np.ndarray
    err: np.ndarray
    dq: np.ndarray
    weightmap: np.ndarray
    wavelength: np.ndarray = field(default_factory=lambda: np.array([]))


def cube_arrays(
    wavelength: Sequence[float] = tuple(np.linspace(4.9, 5.74, 12)), shape: tuple = (8, 10),
    seed: int = 3,
) -> CubeArrays:  # fmt: skip
    """Noise, a column of pixels that no exposure saw, and a hole: NaN, as the pipeline has them."""
    wavelength = np.asarray(wavelength, float)
    full = (len(wavelength), *shape)
    rng = np.random.default_rng(seed)
    data = rng.normal(5, 1, full).astype("f4")
    err = rng.uniform(0.1, 0.3, full).astype("f4")
    dq = np.zeros(full, "u4")
    weight = rng.uniform(1, 4, full).astype("f4")
    dq[:, :, 0] = NO_COVERAGE
    dq[3, shape[0] // 2, shape[1] // 2] = HOLE
    bad = dq > 0
    weight[bad] = 0
    data[bad] = err[bad] = np.nan
    return CubeArrays(data, err, dq, weight, wavelength)


def cube(
    folder: Path, arrays: CubeArrays | None = None, *, name: str = f"{ROOT}_s3d.fits",
    table: bool = False, angle: float = 0.0, band: tuple[str, str] | None = ("1", "SHORT"),
    pixel: float = PIXEL_ARCSEC, center: tuple[float, float] = CENTER, unit: str | None = "MJy/sr",
    target: tuple[float, float] | None = None, instrument: str = "MIRI",
) -> Path:  # fmt: skip
    """An s3d, with wavelengths on a line or in a table (WAVE-TAB), its sky axes turned by an angle.

    As ``ifualign`` makes them where the angle is not 0.
    """
    arrays = arrays or cube_arrays()
    n_wave, ny, nx = arrays.data.shape
    model = datamodels.IFUCubeModel()
    model.data, model.err, model.dq = arrays.data, arrays.err, arrays.dq
    model.weightmap = arrays.weightmap
    wave = arrays.wavelength
    info = model.meta.wcsinfo
    turned = np.radians(angle)
    values = {
        "wcsaxes": 3, "ctype1": "RA---TAN", "ctype2": "DEC--TAN", "ctype3": "WAVE",
        "cunit1": "deg", "cunit2": "deg", "cunit3": "um",
        "crpix1": (nx + 1) / 2, "crpix2": (ny + 1) / 2, "crpix3": 1.0,
        "crval1": center[0], "crval2": center[1], "crval3": float(wave[0]),
        "cdelt1": pixel / 3600, "cdelt2": pixel / 3600,
        "cdelt3": float(wave[1] - wave[0]) if n_wave > 1 else 0.01,
        "pc1_1": -float(np.cos(turned)), "pc1_2": float(np.sin(turned)), "pc1_3": 0.0,
        "pc2_1": float(np.sin(turned)), "pc2_2": float(np.cos(turned)), "pc2_3": 0.0,
        "pc3_1": 0.0, "pc3_2": 0.0, "pc3_3": 1.0, "specsys": "BARYCENT", "dispersion_direction": 2,
    }  # fmt: skip
    if table:
        values |= {"ctype3": "WAVE-TAB", "ps3_0": "WCS-TABLE", "ps3_1": "wavelength",
                   "crval3": 1.0, "cdelt3": None}  # fmt: skip
        model.wavedim = f"(1,{n_wave})"
    # the pipeline writes the table for linear axes, too
    model.wavetable = np.array([(wave[:, None],)], dtype=[("wavelength", "<f4", (n_wave, 1))])
    for key, value in values.items():
        setattr(info, key, value)
    model.meta.bunit_data = model.meta.bunit_err = unit
    model.meta.photometry.pixelarea_steradians = pixel**2 * 2.3504e-11
    model.meta.photometry.pixelarea_arcsecsq = pixel**2
    model.meta.instrument.name = instrument
    if band is not None:
        model.meta.instrument.channel, model.meta.instrument.band = band
    model.meta.target.catalog_name = model.meta.target.proposer_name = "DEMO"
    if target is not None:
        model.meta.target.ra, model.meta.target.dec = target
    return save(model, folder / name, VERSION)


# ---- the twelve bands of MIRI MRS ----

#: Channel, band, first and last wavelength (micron), pixel (arcsec), as the pipeline has them.
MRS_BANDS = (
    ("1", "SHORT", 4.90, 5.74, 0.13), ("1", "MEDIUM", 5.66, 6.63, 0.13),
    ("1", "LONG", 6.53, 7.65, 0.13), ("2", "SHORT", 7.51, 8.77, 0.17),
    ("2", "MEDIUM", 8.67, 10.13, 0.17), ("2", "LONG", 10.01, 11.70, 0.17),
    ("3", "SHORT", 11.55, 13.47, 0.20), ("3", "MEDIUM", 13.34, 15.57, 0.20),
    ("3", "LONG", 15.41, 17.98, 0.20), ("4", "SHORT", 17.70, 20.95, 0.35),
    ("4", "MEDIUM", 20.69, 24.48, 0.35), ("4", "LONG", 24.40, 27.90, 0.35),
)  # fmt: skip
#: What each band is multiplied by.
MRS_FACTORS = (1.0, 1.03, 1.01, 0.98, 1.0, 1.02, 0.95, 0.97, 1.0, 1.1, 1.05, 1.08)


def source_flux(wavelength: np.ndarray) -> np.ndarray:
    """Jy of the source in the MRS cubes: a slope and two lines."""
    lines = sum(0.2 * np.exp(-0.5 * ((wavelength - at) / 0.02) ** 2) for at in (6.985, 12.81))
    return 0.05 * (wavelength / 10) ** 1.5 + lines


def source_sigma(wavelength: np.ndarray) -> np.ndarray:
    """Width (arcsec) of its Gaussian image, which grows with wavelength as MIRI's does."""
    return 0.033 * wavelength / 2.355 + 0.106 / 2.355


def gaussian_pixels(sigma: float, x: float, y: float, shape: tuple[int, int]) -> np.ndarray:
    """What each pixel holds of a Gaussian of flux 1; all in pixels."""
    from scipy.special import erf

    def part(center: float, n: int) -> np.ndarray:
        edges = (np.arange(n + 1) - 0.5 - center) / (sigma * np.sqrt(2))
        return np.diff(erf(edges)) / 2

    return np.outer(part(y, shape[0]), part(x, shape[1]))


def mrs_cubes(
    folder: Path, n_wave: int = 40, bands: Sequence[int] = tuple(range(12)), *,
    noise: float = 1e-3, offset: tuple[float, float] = (0.15, -0.1),
) -> list[Path]:  # fmt: skip
    """An s3d for each band of a source, ``offset`` arcsec (east, north) from the fields' middle."""
    rng = np.random.default_rng(17)
    paths = []
    for number in bands:
        channel, band, low, high, pixel = MRS_BANDS[number]
        wavelength = np.linspace(low, high, n_wave)
        n = 2 * int(2.2 / pixel) + 1
        x, y = (n - 1) / 2 - offset[0] / pixel, (n - 1) / 2 + offset[1] / pixel
        area = pixel**2 * 2.3504e-11
        flux = source_flux(wavelength) * MRS_FACTORS[number]
        images = [gaussian_pixels(s / pixel, x, y, (n, n)) for s in source_sigma(wavelength)]
        data = flux[:, None, None] * np.array(images) / area / 1e6  # MJy/sr
        sigma = noise * data.max(axis=(1, 2), keepdims=True)
        data = data + rng.normal(size=data.shape) * sigma
        arrays = CubeArrays(
            data.astype("f4"), np.broadcast_to(sigma, data.shape).astype("f4").copy(),
            np.zeros(data.shape, "u4"), np.ones(data.shape, "f4"), wavelength,
        )  # fmt: skip
        name = f"jw09997-o001_t001_miri_ch{channel}-{band.lower()}_s3d.fits"
        paths.append(cube(folder, arrays, name=name, band=(channel, band), pixel=pixel))
    return paths


# ---- what the pipeline extracts from a cube ----


def extracted(
    path: Path, folder: Path, source_type: str = "POINT", *, name: str | None = None,
    radius: tuple[float, float] = (0.3, 0.5), ring: tuple[float, float] | None = (0.6, 0.8),
    center: tuple[float, float] | None = None,
) -> Path:  # fmt: skip
    """The x1d of a cube, by the pipeline's own function.

    ``radius`` (arcsec) at the first and the last wavelength, between which it is linear; ``ring``
    grows in proportion. ``center`` in pixels from 0, in place of the target. For CTYPE3 = WAVE.
    """
    from asdf import AsdfFile
    from jwst.assign_wcs.pointing import create_fitswcs
    from jwst.extract_1d.ifu import ifu_extract1d

    with datamodels.open(path) as cube_model:
        cube_model.meta.wcs = create_fitswcs(cube_model)
        wcsinfo = cube_model.meta.wcsinfo
        ends = wcsinfo.crval3 + np.array([0, len(cube_model.data) - 1]) * wcsinfo.cdelt3
        growth = np.array(radius) / radius[0]
        inner, outer = ring or (0, 0)
        tree = {
            "meta": {
                "exposure_type": "MIR_MRS", "method": "exact", "subpixels": 10,
                "subtract_background": ring is not None, "telescope": "JWST",
                "instrument": {"name": "MIRI"}, "reftype": "extract1d",
                "model_type": "Extract1dIFUModel", "pedigree": "GROUND", "author": "test",
                "description": "test", "date": "2026-01-01T00:00:00",
                "useafter": "2020-01-01T00:00:00",
            },
            "data": {
                "wavelength": ends, "wavelength_units": "um", "radius": np.array(radius),
                "radius_units": "arcsec", "inner_bkg": inner * growth,
                "inner_bkg_units": "arcsec", "outer_bkg": outer * growth,
                "outer_bkg_units": "arcsec", "axis_ratio": np.ones(2),
                "axis_pa": np.zeros(2), "axis_pa_units": "degrees",
            },
        }  # fmt: skip
        reference = folder / "extract1d.asdf"
        AsdfFile(tree).write_to(reference, all_array_storage="inline")
        cube_model.meta.exposure.type = "MIR_MRS"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of astropy, about the NaN of samples without weight
            spectrum = ifu_extract1d(
                cube_model, str(reference), source_type, None, 3.0, center_xy=center
            )
    name = name or path.name.replace("s3d", "x1d")
    return save(spectrum, folder / name, VERSION)
