"""Readers: a file in, the ecosystem's own data object out. No jdaviz, no glue, no widgets."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from inspect import Parameter, signature
from typing import Any

from ..errors import Stage3Error, UnsupportedProductError
from ..products import identify

__all__ = ["Interferometry", "join_integrations", "read", "read_interferometry"]

# Imported when first asked for: they bring in astropy.nddata or astropy.coordinates.
_LAZY = {
    "Interferometry": "interferometry",
    "join_integrations": "joined_stacks",
    "read_interferometry": "interferometry",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LAZY[name]}", __name__), name)


def read(path: str | os.PathLike, **options: Any) -> Any:
    """Read a Stage 3 product into the object that astronomers use for its kind of data.

    Parameters
    ----------
    path : path-like
        The file; gzip-compressed files are read under any name.
    **options
        Passed to the product type's reader: see `jdaviz_stage3.readers.image.read_image`,
        `~jdaviz_stage3.readers.exposures.read_exposure`,
        `~jdaviz_stage3.readers.cubes.read_cube`,
        `~jdaviz_stage3.readers.catalog.read_catalog`,
        `~jdaviz_stage3.readers.spectra.read_spectra`,
        `~jdaviz_stage3.readers.spectral_images.read_spectral_images`,
        `~jdaviz_stage3.readers.time_series.read_spectral_time_series`,
        `~jdaviz_stage3.readers.light_curve.read_white_light`,
        `~jdaviz_stage3.readers.photometry.read_photometry`,
        `~jdaviz_stage3.readers.stacks.read_stack`,
        `~jdaviz_stage3.readers.interferometry.read_interferometry` and
        `~jdaviz_stage3.readers.association.read_association`.

    Returns
    -------
    object
        i2d, segm, crf: `~astropy.nddata.CCDData`; cat: `~astropy.table.QTable`; s2d:
        `~jdaviz_stage3.readers.spectral_images.SpectralImageSequence`; s3d:
        `~jdaviz_stage3.readers.cube_spectrum.CubeSpectrum`; x1d, c1d:
        `~jdaviz_stage3.readers.spectra.SpectrumSequence`; x1dints:
        `~jdaviz_stage3.readers.time_series.SpectralTimeSeries`; whtlt, phot:
        `~astropy.timeseries.TimeSeries`; calints, crfints, psfstack, psfalign, psfsub, amilg:
        `~jdaviz_stage3.readers.image_stack.ImageStack`; ami-oi and the others of ami3:
        `~jdaviz_stage3.readers.interferometry.Interferometry`; asn:
        `~jdaviz_stage3.readers.product_group.ProductGroup`.

    Raises
    ------
    UnknownProductError
        If the file is not a Stage 3 product.
    UnsupportedProductError
        If the product type has no reader yet.
    UnreadableProductError
        If the file is broken or lacks what its product type must have.
    Stage3Error
        If the product type's reader takes no such option.
    """
    kind = identify(path)
    if not kind.reader:
        raise UnsupportedProductError(
            f"{os.path.basename(path)}: a Stage 3 {kind.suffix} product ({kind.name}), which "
            "jdaviz_stage3 cannot read yet"
        )
    module, function = kind.reader.split(":")
    reader = getattr(import_module(f".{module}", __name__), function)
    _check_options(path, kind.suffix, reader, options)
    return reader(path, **options)


def _check_options(
    path: str | os.PathLike, suffix: str, reader: Callable[..., Any], options: dict[str, Any]
) -> None:
    """Say which options a reader takes, where it takes one of those given not."""
    _, *taken = signature(reader).parameters.values()
    if any(option.kind is Parameter.VAR_KEYWORD for option in taken):
        return  # it says so itself
    names = [option.name for option in taken]
    wrong = [name for name in options if name not in names]
    if wrong:
        raise Stage3Error(
            f"{os.path.basename(path)}: {', '.join(wrong)} is no option of reading {suffix} "
            f"products, which takes {', '.join(names) or 'none'}"
        )
