"""Coronagraphic products: subtracted frames and a mosaic of a star behind a mask."""

from pathlib import Path

import numpy as np
from astropy.io import fits
from make_exposures import CRVAL
from make_stacks import stack

#: Frames, rows and columns; the star is in the middle pixel of WCS and frame.
SHAPE = (5, 61, 63)
#: x and y of the star, and of a companion in the frames.
STAR, COMPANION = (31.0, 30.0), (46.3, 25.2)
#: Side of a pixel in arcsec, and its solid angle in steradian.
SCALE = 0.063
AREA = (SCALE / 206264.806247) ** 2
FWHM = 0.145 / SCALE


def point_source(x: float, y: float, height: float, shape: tuple[int, int] = SHAPE[1:]):
    """A Gaussian of the FWHM at the diffraction limit of F444W."""
    rows, columns = np.indices(shape)
    return height * np.exp(-4 * np.log(2) * ((columns - x) ** 2 + (rows - y) ** 2) / FWHM**2)


def frames(seed: int = 8, height: float = 40.0) -> np.ndarray:
    """Noise that is larger near the star, and a companion."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(SHAPE[1:])
    radius = np.hypot(columns - STAR[0], rows - STAR[1])
    scatter = 1 + 6 * np.exp(-((radius / 8) ** 2))
    return (rng.normal(0, 1, SHAPE) * scatter + point_source(*COMPANION, height)).astype("f4")


def subtracted(
    folder: Path, suffix: str = "psfsub", *, data: np.ndarray | None = None,
    name: str | None = None, mask: str = "MASKA335R", wcs: bool = True, first: int = 1,
    **keywords: object,
) -> Path:  # fmt: skip
    """A stack of frames around a star."""
    data = frames() if data is None else data
    dq = np.zeros(data.shape, "u4")
    dq[0, 5, 7] = 1  # DO_NOT_USE, with a value that must not count
    data = data.copy()
    data[0, 5, 7] = 1e6
    arrays = {"data": data, "err": np.ones_like(data), "dq": dq}
    path = stack(folder, suffix, arrays=arrays, name=name, wcs=wcs, first=first, shape=data.shape)
    _mark(path, mask, wcs, keywords)
    return path


def combined(folder: Path, name: str = "jw09997-o001_t001_nircam_f444w-maskrnd_i2d.fits") -> Path:
    """A mosaic of the same star, on the same pixels."""
    from make_products import mosaic

    image = frames(seed=9).mean(0)
    path = mosaic(folder, {"data": image, "err": np.ones_like(image)}, name=name)
    _mark(path, "MASKA335R", True, {"FILTER": "F444W", "PUPIL": "MASKRND"})
    return path


def _mark(path: Path, mask: str, wcs: bool, keywords: dict) -> None:
    with fits.open(path, mode="update") as hdus:
        primary, header = hdus[0].header, hdus["SCI"].header
        primary.update(CORONMSK=mask, EXP_TYPE="NRC_CORON", TARG_RA=CRVAL[0], TARG_DEC=CRVAL[1])
        header["PIXAR_SR"] = AREA
        if wcs:
            header.update(
                CRPIX1=STAR[0] + 1, CRPIX2=STAR[1] + 1, CRVAL1=CRVAL[0], CRVAL2=CRVAL[1],
                CDELT1=SCALE / 3600, CDELT2=SCALE / 3600,
            )  # fmt: skip
            header.update(PC1_1=-1.0, PC1_2=0.0, PC2_1=0.0, PC2_2=1.0)
        primary.update(keywords)
