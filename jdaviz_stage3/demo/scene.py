"""An invented deep field: JWST's point spread function, stars, galaxies and cosmic rays."""

from dataclasses import dataclass

import numpy as np
from astropy.modeling.models import Sersic2D
from scipy.signal import fftconvolve

FINE = 4
"""Scene pixels to a detector pixel, along each axis."""

MARGIN = 24
"""Detector pixels drawn beyond each edge, so that light from outside falls in."""

_SEGMENT = 1.32  # m, between opposite sides of a mirror segment
_PITCH = 1.327  # m, between the centres of neighbouring segments
_STRUTS = (90, 240, 300)  # deg
_STRUT_WIDTH = 0.12  # m


@dataclass(frozen=True)
class Source:
    """
    A star or one component of a galaxy.

    Attributes
    ----------
    x, y : float
        Pixels from the centre of the field.
    flux : float
        Jy.
    radius : float
        Half-light radius in pixels; 0 for a star.
    sersic : float
        Sersic index.
    axis_ratio : float
        Minor over major axis.
    angle : float
        Position angle of the major axis, radians from +x.
    arms : float
        Contrast of two spiral arms, 0 for none.
    """

    x: float
    y: float
    flux: float
    radius: float = 0.0
    sersic: float = 1.0
    axis_ratio: float = 1.0
    angle: float = 0.0
    arms: float = 0.0


def magnitude_to_jansky(magnitude: float) -> float:
    """
    Convert an AB magnitude to a flux density.

    Parameters
    ----------
    magnitude : float
        AB magnitude.

    Returns
    -------
    float
        Jy.
    """
    return 3631 * 10 ** (-0.4 * magnitude)


def mirror(size: int = 320, width: float = 6.8) -> np.ndarray:
    """
    Draw JWST's primary mirror: 18 hexagons behind three struts.

    Parameters
    ----------
    size : int
        Pixels along each side.
    width : float
        Metres along each side.

    Returns
    -------
    ndarray
        1 where light passes, 0 elsewhere.
    """
    axis = (np.arange(size) - (size - 1) / 2) * width / size
    x, y = np.meshgrid(axis, axis)
    light = np.zeros((size, size))
    for cx, cy in _segment_centres():
        light[_in_hexagon(x - cx, y - cy)] = 1
    for angle in np.deg2rad(_STRUTS):
        along = x * np.cos(angle) + y * np.sin(angle)
        across = y * np.cos(angle) - x * np.sin(angle)
        light[(along > 0) & (np.abs(across) < _STRUT_WIDTH / 2)] = 0
    return light


def _segment_centres() -> list[tuple[float, float]]:
    """Return the centres of the two rings of segments, in metres."""
    steps = [(i, j) for i in range(-2, 3) for j in range(-2, 3) if abs(i + j) <= 2]
    rings = [step for step in steps if step != (0, 0)]
    return [(_PITCH * i * np.sqrt(0.75), _PITCH * (j + i / 2)) for i, j in rings]


def _in_hexagon(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Tell which points lie in a hexagon with two sides along x."""
    normals = np.deg2rad((30, 90, 150))
    return np.all([np.abs(x * np.cos(a) + y * np.sin(a)) < _SEGMENT / 2 for a in normals], axis=0)


def point_spread(pixel: float, wavelengths: np.ndarray, size: int = 1025) -> np.ndarray:
    """
    Compute the point spread function by Fourier optics.

    Parameters
    ----------
    pixel : float
        Pixel of the result, arcsec.
    wavelengths : ndarray
        Wavelengths to average over, micron.
    size : int
        Pixels along each side.

    Returns
    -------
    ndarray
        The light on each pixel, 1 in all.
    """
    width = 6.8
    pupil = mirror(width=width)
    at = (np.arange(len(pupil)) - (len(pupil) - 1) / 2) * width / len(pupil)
    sky = np.deg2rad((np.arange(size) - size // 2) * pixel / 3600)
    total = np.zeros((size, size))
    for wavelength in wavelengths:
        wave = np.exp(-2j * np.pi * np.outer(sky, at) / (wavelength * 1e-6))
        total += np.abs(wave @ pupil @ wave.T) ** 2
    return total / total.sum()


def star_field(rng: np.random.Generator, half: float) -> list[Source]:
    """
    Scatter stars: two bright ones at chosen places, the others at random.

    Parameters
    ----------
    rng : Generator
        The source of chance.
    half : float
        Half the width of the field, pixels.

    Returns
    -------
    list of Source
        The stars.
    """
    bright = [Source(-0.52 * half, 0.60 * half, magnitude_to_jansky(18.6))]
    bright.append(Source(0.66 * half, -0.40 * half, magnitude_to_jansky(20.3)))
    places = rng.uniform(-half, half, (16, 2))
    magnitudes = rng.uniform(21.5, 26.5, 16)
    faint = [
        Source(x, y, magnitude_to_jansky(m)) for (x, y), m in zip(places, magnitudes, strict=True)
    ]
    return bright + faint


def showpieces(half: float) -> list[Source]:
    """
    Return the large galaxies, each of a disc with arms, a bulge or both.

    Parameters
    ----------
    half : float
        Half the width of the field, pixels.

    Returns
    -------
    list of Source
        The components.
    """
    # x, y (of half), magnitude, radius, bulge's share, axis ratio, angle, arms
    table = [
        (0.20, 0.30, 19.9, 19.0, 0.12, 0.78, 0.6, 0.75),
        (-0.45, -0.42, 20.6, 13.0, 0.20, 0.52, 2.4, 0.65),
        (0.62, 0.72, 21.2, 11.0, 0.15, 0.18, 1.1, 0.0),
        (-0.72, 0.10, 20.4, 7.5, 1.00, 0.80, 0.2, 0.0),
        (0.30, -0.68, 21.4, 8.0, 0.25, 0.70, 1.9, 0.6),
        (0.40, -0.60, 22.3, 5.0, 0.60, 0.55, 0.4, 0.0),
        (-0.12, -0.80, 21.9, 9.0, 0.05, 0.35, 2.9, 0.5),
        (0.80, 0.14, 21.8, 4.5, 1.00, 0.65, 2.2, 0.0),
    ]
    parts = []
    for x, y, magnitude, radius, bulge, ratio, angle, arms in table:
        flux = magnitude_to_jansky(magnitude)
        place = (x * half, y * half)
        if bulge < 1:
            parts.append(Source(*place, flux * (1 - bulge), radius, 1.0, ratio, angle, arms))
        size = radius if bulge == 1 else radius / 6
        rounder = ratio if bulge == 1 else ratio**0.4
        parts.append(Source(*place, flux * bulge, size, 3.5, rounder, angle))
    return parts


def faint_galaxies(rng: np.random.Generator, half: float, count: int = 290) -> list[Source]:
    """
    Scatter small galaxies, more of them the fainter they are.

    Parameters
    ----------
    rng : Generator
        The source of chance.
    half : float
        Half the width of the field, pixels.
    count : int
        How many.

    Returns
    -------
    list of Source
        The galaxies.
    """
    brightest, faintest, slope = 22.0, 29.0, 0.26
    share = rng.uniform(0, 1, count)
    low, high = 10 ** (slope * brightest), 10 ** (slope * faintest)
    magnitudes = np.log10(low + share * (high - low)) / slope
    galaxies = []
    for magnitude in magnitudes:
        radius = 4.2 * 10 ** (-0.09 * (magnitude - 23)) * rng.lognormal(0, 0.35)
        galaxies.append(
            Source(
                *rng.uniform(-half, half, 2),
                magnitude_to_jansky(magnitude),
                radius,
                rng.choice([0.8, 1.0, 1.3, 2.5, 4.0]),
                rng.uniform(0.25, 1.0),
                rng.uniform(0, np.pi),
            )
        )
    return galaxies


def draw(
    sources: list[Source], spread: np.ndarray, shift: tuple[float, float], size: int
) -> np.ndarray:
    """
    Draw sources as a detector sees them.

    Parameters
    ----------
    sources : list of Source
        What to draw.
    spread : ndarray
        The point spread function, `FINE` times finer than the detector.
    shift : tuple of float
        Where the centre of the field falls, (x, y) pixels from the detector's centre.
    size : int
        Detector pixels along each side.

    Returns
    -------
    ndarray
        Jy on each pixel.
    """
    side = (size + 2 * MARGIN) * FINE
    fine = np.zeros((side, side))
    for source in sources:
        x = (source.x + shift[0]) * FINE + (side - 1) / 2
        y = (source.y + shift[1]) * FINE + (side - 1) / 2
        (_add_galaxy if source.radius else _add_star)(fine, source, x, y)
    fine = fftconvolve(fine, spread, mode="same")
    coarse = fine.reshape(side // FINE, FINE, side // FINE, FINE).sum(axis=(1, 3))
    return coarse[MARGIN:-MARGIN, MARGIN:-MARGIN]


def _add_star(image: np.ndarray, source: Source, x: float, y: float) -> None:
    """Share a star's light over the four scene pixels around it."""
    left, bottom = int(np.floor(x)), int(np.floor(y))
    if not (0 <= left < image.shape[1] - 1 and 0 <= bottom < image.shape[0] - 1):
        return
    across, up = x - left, y - bottom
    share = np.outer((1 - up, up), (1 - across, across))
    image[bottom : bottom + 2, left : left + 2] += source.flux * share


def _add_galaxy(image: np.ndarray, source: Source, x: float, y: float) -> None:
    """Add a Sersic profile, cut off where it has faded."""
    radius = source.radius * FINE
    reach = int(8 * radius) + 8
    left, bottom = max(int(x) - reach, 0), max(int(y) - reach, 0)
    rows = np.arange(bottom, min(int(y) + reach, image.shape[0]))
    columns = np.arange(left, min(int(x) + reach, image.shape[1]))
    if not len(rows) or not len(columns):
        return
    grid_x, grid_y = np.meshgrid(columns - x, rows - y)
    light = Sersic2D(
        1, radius, source.sersic, 0, 0, ellip=1 - source.axis_ratio, theta=source.angle
    )(grid_x, grid_y)
    if source.arms:
        light *= _spiral(grid_x, grid_y, source, radius)
    light *= source.flux / light.sum()
    image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] += light


def _spiral(x: np.ndarray, y: np.ndarray, source: Source, radius: float) -> np.ndarray:
    """Return the pattern of two trailing arms with knots of young stars along them."""
    along = x * np.cos(source.angle) + y * np.sin(source.angle)
    across = (y * np.cos(source.angle) - x * np.sin(source.angle)) / source.axis_ratio
    distance = np.hypot(along, across) / radius
    turn = np.arctan2(across, along)
    wind = 3.2 * np.log(distance + 0.08)
    arms = np.cos(2 * (turn - wind))
    knots = np.cos(17 * turn + 9 * wind) * np.cos(13 * np.log(distance + 0.2))
    fade = np.clip(distance / 0.5, 0, 1)
    bright = np.clip(arms, 0, None)
    return np.clip(1 + source.arms * fade * (arms + 0.9 * knots * bright**2), 0.05, None)


def cosmic_rays(rng: np.random.Generator, size: int, count: int = 40) -> np.ndarray:
    """
    Draw short bright tracks.

    Parameters
    ----------
    rng : Generator
        The source of chance.
    size : int
        Pixels along each side.
    count : int
        How many tracks.

    Returns
    -------
    ndarray
        What to add to the exposure, in MJy/sr.
    """
    image = np.zeros((size, size))
    for x, y in rng.integers(4, size - 4, (count, 2)):
        direction = rng.uniform(0, np.pi)
        steps = np.arange(rng.integers(1, 5))
        rows = y + np.round(steps * np.sin(direction)).astype(int)
        columns = x + np.round(steps * np.cos(direction)).astype(int)
        image[rows.clip(0, size - 1), columns.clip(0, size - 1)] += rng.lognormal(0.5, 1)
    return image
