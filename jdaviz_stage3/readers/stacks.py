"""Stacks of images: integrations (calints, crfints, psfsub, amilg), PSFs (psfstack, psfalign)."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from astropy.io import fits

from ..errors import Stage3Warning, UnreadableProductError
from ..origin import FileStamp, file_stamp
from ..products import identify
from .extensions import header_dict, native, open_product, require_extension
from .image_stack import ImageStack
from .quality import dq_value
from .stack_times import integration_times
from .stored_array import StoredArray
from .units import parse_unit

__all__ = ["FRINGE_FIT_IMAGES", "read_stack"]

#: The stacks of an amilg: interferograms, the model fitted to them, their difference; and each
#: divided by the peak of the interferogram.
FRINGE_FIT_IMAGES = ("CTRD", "FIT", "RESID", "N_CTRD", "N_FIT", "N_RESID")

_INTEGRATION = "integration"
_OF_PSFS = ("psfstack", "psfalign")
_FRINGE_FIT = "amilg"
_LOOKED_AT = 32  # images, of a stack whose first ones hold nothing


def read_stack(
    path: str | os.PathLike,
    *,
    dq_bits: str | int | Iterable[str] | None = "DO_NOT_USE",
    extension: str = "",
) -> ImageStack:
    """Open a stack of images; each is read when it is asked for.

    Parameters
    ----------
    path : path-like
        A calints, crfints, psfsub, psfstack, psfalign or amilg file.
    dq_bits : optional
        The data-quality flags that exclude a pixel: see `jdaviz_stage3.readers.quality.dq_value`;
        0 for none, which leaves DQ out.
    extension : str, optional
        Which images of an amilg: one of `FRINGE_FIT_IMAGES`, ``'CTRD'`` by default. Their unit is
        not in the file.

    Returns
    -------
    ImageStack
        An `~astropy.nddata.NDData` of shape (n, ny, nx) whose first axis is ``'integration'`` or
        ``'psf'``; of a psfalign of jwst before 1.16 (integration, psf, y, x).

    Raises
    ------
    UnreadableProductError
        If SCI is missing or no stack, has no image, or ERR or DQ has another shape.

    Warns
    -----
    Stage3Warning
        If there is no DQ, no unit, no finite pixel, or SCI is a single image; if times are missing,
        repeat or jump back: see `jdaviz_stage3.readers.stack_times.integration_times`.
    """
    kind = identify(path).suffix
    name = Path(path).name
    with open_product(path) as hdus:
        stamp = file_stamp(path)
        extension = _extension(extension, kind, name)
        science = require_extension(hdus, extension, path)
        axes, shape = _axes_of(science, kind, name)
        arrays: dict[str, StoredArray | None] = {"SCI": StoredArray(path, stamp, science, shape)}
        for companion in ("ERR", "DQ") if kind != _FRINGE_FIT else ():
            if companion != "DQ" or dq_value(dq_bits):
                arrays[companion] = _companion(hdus, companion, shape, path, stamp)
        arrays["WAVELENGTH"] = _wavelengths(hdus, shape, path, stamp)
        bunit = science.header.get("BUNIT")
        if bunit in (None, "") and kind != _FRINGE_FIT:
            _warn(f"{name}: {extension} has no BUNIT; the values have no unit")
        unit = parse_unit(bunit, f"{name}[{extension}]")
        times = None
        if axes == (_INTEGRATION, "y", "x") and kind != _FRINGE_FIT:
            times = integration_times(hdus, shape[0], path)
        stack = ImageStack(
            Path(path),
            stamp,
            arrays,
            axes,
            unit,
            science.header.copy(),
            header_dict(hdus[0].header, science.header),
            dq_bits,
            times,
        )
        if kind == _FRINGE_FIT:
            stack.coefficients = _coefficients(hdus, shape[0])
    _warn_if_blank(stack)
    return stack


def _extension(wanted: str, kind: str, name: str) -> str:
    """The extension that holds the images."""
    offered = FRINGE_FIT_IMAGES if kind == _FRINGE_FIT else ("SCI",)
    if (wanted or offered[0]) not in offered:
        raise UnreadableProductError(
            f"{name}: a {kind} has no images {wanted!r}, expected one of {', '.join(offered)}"
        )
    return wanted or offered[0]


def _coefficients(hdus: fits.HDUList, n_int: int) -> np.ndarray | None:
    """What the fringe model was multiplied with, shape (n_int, n): flux, cosines, sines, offset."""
    table = next((hdu for hdu in hdus if hdu.name == "SOLNS"), None)
    if not isinstance(table, fits.BinTableHDU) or not table.columns.names:
        return None
    found = native(table.data[table.columns.names[0]], float)
    return found if found.ndim == 2 and len(found) == n_int else None


def _axes_of(
    science: fits.ImageHDU, kind: str, name: str
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """What the axes of SCI are, and its shape as a stack."""
    shape = tuple(int(n) for n in getattr(science, "shape", ()))
    found = " × ".join(map(str, shape)) or "no array"
    first = "psf" if kind in _OF_PSFS else _INTEGRATION
    if len(shape) == 2:
        _warn(
            f"{name}: {science.name} is a single image ({found}), taken as a stack of one {first}"
        )
        shape = (1, *shape)
    axes: tuple[str, ...] = (first, "y", "x")
    if len(shape) == 4 and kind == "psfalign":
        axes = (_INTEGRATION, "psf", "y", "x")
    if len(shape) != len(axes):
        raise UnreadableProductError(
            f"{name}: {science.name} is no stack of images ({found}), expected "
            f"{' × '.join(axes)}; is it a {kind}?"
        )
    if 0 in shape:
        raise UnreadableProductError(
            f"{name}: {science.name} is empty ({found}), expected {' × '.join(axes)}; download it "
            "again"
        )
    return axes, shape


def _companion(
    hdus: fits.HDUList,
    name: str,
    shape: tuple[int, ...],
    path: str | os.PathLike,
    stamp: FileStamp,
) -> StoredArray | None:
    """ERR or DQ; None where there is none."""
    hdu = next((hdu for hdu in hdus if hdu.name == name), None)
    found = tuple(getattr(hdu, "shape", ()))
    if hdu is None or not found:
        if name == "DQ":
            _warn(
                f"{Path(path).name}: no DQ extension; only pixels that are not finite are left out"
            )
        return None
    if found != shape and (1, *found) != shape:
        sizes = [" × ".join(map(str, size)) for size in (found, shape)]
        way_out = (
            "dq_bits=0 leaves the flags out" if name == "DQ" else "was it written by the pipeline?"
        )
        raise UnreadableProductError(
            f"{Path(path).name}: {name} has the shape {sizes[0]}, expected that of SCI, "
            f"{sizes[1]}; {way_out}"
        )
    stored = StoredArray(path, stamp, hdu, shape)
    if name == "DQ" and stored.dtype.kind not in "iu":
        raise UnreadableProductError(
            f"{Path(path).name}: DQ holds {stored.dtype.name} where flags are expected, integers; "
            "dq_bits=0 leaves the flags out"
        )
    return stored


def _wavelengths(
    hdus: fits.HDUList, shape: tuple[int, ...], path: str | os.PathLike, stamp: FileStamp
) -> StoredArray | None:
    """Wavelengths of the pixels of a spectrum, of one integration or of each."""
    hdu = next((hdu for hdu in hdus if hdu.name == "WAVELENGTH"), None)
    found = tuple(getattr(hdu, "shape", ()))
    if hdu is None or not found:
        return None
    if found not in (shape, shape[-2:]):
        sizes = [" × ".join(map(str, size)) for size in (found, shape[-2:])]
        _warn(
            f"{Path(path).name}: WAVELENGTH has the shape {sizes[0]}, expected {sizes[1]}; left out"
        )
        return None
    return StoredArray(path, stamp, hdu)


def _warn_if_blank(stack: ImageStack) -> None:
    """Warn of a stack without a usable pixel, of which nothing is read that need not be.

    One usable row ends the search. Of a long stack of empty images some are looked at.
    """
    n = int(np.prod(stack.shape[:-2]))
    looked_at = np.unique(np.linspace(0, n - 1, min(n, _LOOKED_AT)).astype(int))
    for number in looked_at:
        place = np.unravel_index(number, stack.shape[:-2])
        for row in range(stack.shape[-2]):
            values = stack.science[(*place, row)]
            if not np.isfinite(values).any():
                continue
            flags = None if stack.dq is None else stack.dq[(*place, row)]
            if not stack.excludes(values, flags).all():
                return
    of_all = "" if len(looked_at) == n else f" in {len(looked_at)} of {n} images, over all of them"
    _warn(f"{stack.path.name}: the stack has no usable pixel{of_all}")


def _warn(text: str) -> None:
    warnings.warn(text, Stage3Warning, stacklevel=4)
