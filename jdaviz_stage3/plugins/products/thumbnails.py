"""Small pictures of products: enough to see what is in a file."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from PIL import Image, ImageDraw

from ...errors import Stage3Error, Stage3Warning, reason_of
from ...groups import ListedProduct
from ...product_types import product_type
from ...readers import read
from ...readers.extensions import open_product

__all__ = ["line_picture", "image_picture", "picture_url"]

_SIZE = (360, 200)  # pixels, as wide as the panel
_INK, _AXIS, _PAPER = (199, 81, 9), (150, 150, 150), (255, 255, 255)
_IMAGES = ("SCI", "FIT", "PRIMARY")
_MOST_PLANES = 15  # of a cube, whose median is shown
_MARGIN = 6


def picture_url(entry: ListedProduct) -> tuple[str, str]:
    """Draw a product.

    Parameters
    ----------
    entry : ListedProduct

    Returns
    -------
    url : str
        A PNG as ``data:`` URL.
    text : str
        What is drawn, in words.

    Raises
    ------
    Stage3Error
        If the product has nothing that can be drawn, or is broken.
    """
    return _picture_url(entry.path, entry.suffix, entry.size, entry.mtime_ns)


@lru_cache(maxsize=64)
def _picture_url(path: Path, suffix: str, size: int, mtime_ns: int) -> tuple[str, str]:
    if not suffix or suffix == "asn":
        raise Stage3Error(f"{path.name}: no picture; a list of files")
    try:
        with warnings.catch_warnings():  # said when it is loaded
            warnings.simplefilter("ignore", Stage3Warning)
            picture, text = _DRAWN.get(product_type(suffix).importer, _of_image)(path)
    except Stage3Error:
        raise
    except (ValueError, TypeError, KeyError, IndexError, OSError, AttributeError) as err:
        # a broken file, whose loading would say what is wrong
        raise Stage3Error(f"{path.name}: no picture ({reason_of(err)})") from err
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}", text


def _of_spectra(path: Path) -> tuple[Image.Image, str]:
    spectrum = next(iter(read(path)))
    x, flux = spectrum.spectral_axis, spectrum.flux
    return line_picture(x.value, flux.value), f"first spectrum: flux ({flux.unit}) over {x.unit}"


def _of_time_series(path: Path) -> tuple[Image.Image, str]:
    trace = next(iter(read(path).values()))
    flux = _thinned(getattr(trace.flux, "value", trace.flux))
    seen = np.isfinite(flux).any(axis=0)
    level = np.full(flux.shape[1], np.nan)
    level[seen] = np.nanmedian(flux[:, seen], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):  # where the median is nothing
        relative = flux / level
    text = "integrations (up) over wavelength, each wavelength divided by its median"
    return image_picture(relative, stretch=False), text


def _of_light_curve(path: Path) -> tuple[Image.Image, str]:
    series = read(path)
    series = next(iter(series.values())) if isinstance(series, dict) else series
    kinds = {name: getattr(series[name], "dtype", None) for name in series.colnames}
    name = next(name for name, dtype in kinds.items() if dtype is not None and dtype.kind == "f")
    values = np.asarray(getattr(series[name], "value", series[name]), float)
    return line_picture(series.time.mjd, values, dots=True), f"{name} over time"


def _of_catalog(path: Path) -> tuple[Image.Image, str]:
    table = read(path)
    sky = next((table[n] for n in table.colnames if isinstance(table[n], SkyCoord)), None)
    if sky is None or not len(table):
        raise Stage3Error(f"{path.name}: no picture; no positions on the sky")
    x = -sky.ra.wrap_at(np.nanmedian(sky.ra) + 180 * u.deg).deg
    text = f"{len(table)} sources on the sky, east to the left"
    return line_picture(x, sky.dec.deg, dots=True), text


def _of_observables(path: Path) -> tuple[Image.Image, str]:
    table = read(path).vis2
    x, y = (np.asarray(getattr(table[n], "value", table[n]), float) for n in ("baseline", "value"))
    x, y = (values.ravel() for values in np.broadcast_arrays(x.reshape(len(table), -1), y))
    if not np.isfinite(x).any():  # jwst before 1.14 does not write them
        return line_picture(np.arange(y.size, dtype=float), y, dots=True), "squared visibilities"
    return line_picture(x, y, dots=True), "squared visibility over baseline (m)"


def _of_image(path: Path) -> tuple[Image.Image, str]:
    with open_product(path) as hdus:
        for hdu in hdus:
            if hdu.name in _IMAGES and hdu.is_image and hdu.header["NAXIS"] >= 2:
                image, text = _plane(hdu.data)
                return image_picture(image), text
    raise Stage3Error(f"{path.name}: no picture; it has no image")


_DRAWN: dict[str, Callable[[Path], tuple[Image.Image, str]]] = {
    "JWST spectra": _of_spectra,
    "JWST spectral time series": _of_time_series,
    "JWST light curve": _of_light_curve,
    "JWST source catalog": _of_catalog,
    "JWST interferometry": _of_observables,
}


def _plane(data: Any) -> tuple[np.ndarray, str]:
    while data.ndim > 3:
        data = data[0]
    rows, columns = (max(1, -(-n // (2 * max(_SIZE)))) for n in data.shape[-2:])
    data = data[..., ::rows, ::columns]
    if data.ndim == 2:
        return np.asarray(data, float), "the image"
    step = max(1, -(-len(data) // _MOST_PLANES))
    planes = np.asarray(data[::step], float)
    with np.errstate(all="ignore"):
        finite = np.isfinite(planes).any(axis=0)
        middle = np.full(planes.shape[1:], np.nan)
        middle[finite] = np.nanmedian(planes[:, finite], axis=0)
    return middle, f"median of {len(planes)} of {len(data)} planes"


def _thinned(values: np.ndarray) -> np.ndarray:
    steps = tuple(
        max(1, -(-n // (2 * most))) for n, most in zip(values.shape, _SIZE[::-1], strict=True)
    )
    return np.array(values[:: steps[0], :: steps[1]], float)


def image_picture(image: np.ndarray, *, stretch: bool = True) -> Image.Image:
    """Draw an image, its first row at the bottom.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        What is not finite is drawn in grey.
    stretch : bool
        Whether by asinh, for images of the sky.

    Returns
    -------
    PIL.Image.Image

    Raises
    ------
    Stage3Error
        If no pixel is finite.
    """
    finite = np.isfinite(image)
    if not finite.any():
        raise Stage3Error("no picture; no value is finite")
    low, high = np.percentile(image[finite], [2, 99.5] if stretch else [5, 95])
    scaled = np.clip((image - low) / ((high - low) or 1.0), 0, 1)
    if stretch:
        scaled = np.arcsinh(scaled / 0.1) / np.arcsinh(1 / 0.1)
    gray = np.where(finite, 255 * scaled, 110)
    picture = Image.fromarray(np.nan_to_num(gray).astype(np.uint8)[::-1], "L")
    picture.thumbnail((_SIZE[0], 2 * _SIZE[1]))
    if picture.width < _SIZE[0] // 2 and picture.height < _SIZE[1] // 2:
        factor = min(_SIZE[0] // picture.width, _SIZE[1] // picture.height)
        picture = picture.resize((picture.width * factor, picture.height * factor), Image.NEAREST)
    if picture.height < 40:  # a spectrum of few rows
        picture = picture.resize((picture.width, 40), Image.NEAREST)
    return picture


def line_picture(x: np.ndarray, y: np.ndarray, *, dots: bool = False) -> Image.Image:
    """Draw values as a line, or as dots.

    Parameters
    ----------
    x, y : ndarray of float, shape (n,)
    dots : bool

    Returns
    -------
    PIL.Image.Image

    Raises
    ------
    Stage3Error
        If no value is finite.
    """
    picture = Image.new("RGB", _SIZE, _PAPER)
    draw = ImageDraw.Draw(picture)
    good = np.isfinite(x) & np.isfinite(y)
    if not good.any():
        raise Stage3Error("no picture; no value is finite")
    low, high = np.percentile(y[good], [0.5, 99.5])
    pad = 0.1 * ((high - low) or 1.0)
    width, height = _SIZE[0] - 2 * _MARGIN, _SIZE[1] - 2 * _MARGIN
    left, right = np.min(x[good]), np.max(x[good])
    across = _MARGIN + width * (x - left) / ((right - left) or 1.0)
    up = np.clip((y - low + pad) / (high - low + 2 * pad), 0, 1)
    down = _MARGIN + height * (1 - up)
    draw.rectangle([0, 0, _SIZE[0] - 1, _SIZE[1] - 1], outline=_AXIS)
    if dots:
        for a, b in _spread(across[good], down[good]):
            draw.ellipse([a - 1, b - 1, a + 1, b + 1], fill=_INK)
        return picture
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(int)))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        points = list(zip(across[start:stop], down[start:stop], strict=True))
        draw.line(points, fill=_INK) if len(points) > 1 else draw.point(points, fill=_INK)
    return picture


def _spread(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Places on the picture, each pixel once."""
    return np.unique(np.round(np.column_stack([x, y])), axis=0)
