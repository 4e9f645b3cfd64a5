"""Finding the rectified 2-D spectra (s2d) of a file: one slit, many slits, sources."""

from __future__ import annotations

import os
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from specutils import Spectrum

from ..errors import Stage3Warning, UnreadableProductError
from ..fits_structure import read_structure
from ..origin import FileStamp, check_unchanged, file_stamp
from .addressed_sequence import AddressedSequence, check_quantity
from .extensions import (
    extension_names,
    extensions_of_each,
    header_float,
    header_int,
    native,
    open_product,
    require_extension,
)
from .spectral_image import SpectralImage, SpectralImageEntry
from .stored_gwcs import StoredGwcs
from .stored_image import StoredImage

__all__ = ["SpectralImageSequence", "read_spectral_images"]

# What belongs to a SCI, in the order in which it is named.
_PLANES = ("SCI", "ERR", "WAVELENGTH", "WHT", "CON", "VAR_POISSON", "VAR_RNOISE", "VAR_FLAT", "DQ")

#: From this many slits on, the tree with their gwcs is read as a whole.
_MANY = 25


class SpectralImageSequence(AddressedSequence):
    """The 2-D spectra of an s2d file; each is read from the file when it is asked for.

    Parameters
    ----------
    path : path-like
    images : sequence of SpectralImage
    stamp : FileStamp
        Of the file when they were listed.
    exposures : sequence of str, optional
        See `AddressedSequence`.
    quantity : {'auto', 'flux', 'surface brightness'}, optional
        What to read: see `read_spectral_images`.

    Examples
    --------
    >>> slits = read_spectral_images("jw…_s2d.fits")          # doctest: +SKIP
    >>> slits.table                                           # doctest: +SKIP
    >>> slits.select(source_id=7)[0]                          # doctest: +SKIP
    >>> slits.image(0).array("WHT")                           # doctest: +SKIP
    """

    noun = "2-D spectrum"
    fields = (*AddressedSequence.fields, "n_wavelengths", "n_rows")

    def __init__(
        self,
        path: str | os.PathLike,
        images: Sequence[SpectralImage],
        *,
        stamp: FileStamp,
        exposures: Sequence[str] | None = None,
        quantity: str = "auto",
    ):
        entries = [image.entry for image in images]
        super().__init__(path, entries, stamp=stamp, exposures=exposures)
        self._images = {image.entry: image for image in images}
        self.quantity = quantity

    def __repr__(self) -> str:
        return f"<SpectralImageSequence {self.path.name}: {len(self)} 2-D spectra>"

    def image(self, index: int) -> SpectralImage:
        """Return one of them as it is in the file, with its other arrays; nothing is read.

        Parameters
        ----------
        index : int

        Returns
        -------
        SpectralImage
        """
        return self._images[self.entries[index]]

    def _with_entries(self, entries: Sequence[SpectralImageEntry]) -> SpectralImageSequence:
        images = [self._images[entry] for entry in entries]
        return SpectralImageSequence(
            self.path,
            images,
            stamp=self.stamp,
            exposures=self.exposures,
            quantity=self.quantity,
        )

    def _read(self, entries: Sequence[SpectralImageEntry]) -> list[Spectrum]:
        images = [self._images[entry] for entry in entries]
        if len(images) > _MANY:
            images[0].prepare_all()
        return [image.spectrum(self.quantity) for image in images]


def read_spectral_images(
    path: str | os.PathLike,
    *,
    source_id: int | Iterable[int] | None = None,
    order: int | Iterable[int] | None = None,
    exposure: str | int | Iterable[str | int] | None = None,
    slit: str | Iterable[str] | None = None,
    quantity: str = "auto",
) -> SpectralImageSequence:
    """List the rectified 2-D spectra of an s2d file; none is read yet.

    Parameters
    ----------
    path : path-like
    source_id, order, exposure, slit : optional
        Restrict the sequence: see `AddressedSequence.select`.
    quantity : {'auto', 'flux', 'surface brightness'}, optional
        ``'auto'`` takes the values as they are. ``'flux'`` multiplies surface brightnesses with the
        solid angle of a pixel (PIXAR_SR), to flux densities of pixels, whose sum along the slit
        can be compared with FLUX of the x1d; ``'surface brightness'`` does the reverse.

    Returns
    -------
    SpectralImageSequence
        Its spectra have ``flux`` (n_rows, n_wavelengths) in the file's unit (MJy for NIRSpec's
        point sources, else MJy/sr), with the wavelength along x also where the file has it along y
        (MIRI LRS); ``spectral_axis`` in micron, in the direction of the file; ``uncertainty`` a
        standard deviation; ``mask`` True where the value is not finite, no exposure contributed
        (WHT or CON is zero) or the column has no wavelength of its own. No column is taken away:
        pixels are those of the file.

    Raises
    ------
    UnreadableProductError
        If there is no SCI extension, or none with two axes and pixels.
    Stage3Error
        If no spectrum agrees with the restriction.
    """
    check_quantity(quantity)
    path = Path(path)
    read_structure(path)  # raises if it is no file, or none that can be read
    stamp = file_stamp(path)
    images, note = _listed(path, stamp)
    if note:
        warnings.warn(f"{path.name}: {note}", Stage3Warning, stacklevel=3)
    sequence = SpectralImageSequence(path, images, stamp=stamp, quantity=quantity)
    if source_id is order is exposure is slit is None:
        return sequence
    return sequence.select(source_id=source_id, order=order, exposure=exposure, slit=slit)


@lru_cache(maxsize=2)
def _listed(path: Path, stamp: FileStamp) -> tuple[tuple[SpectralImage, ...], str]:
    """The slits of a file, kept: of many, one is loaded after the other."""
    with open_product(path) as hdus:
        check_unchanged(path, stamp)
        return _list_images(hdus, path, stamp)


def _list_images(
    hdus: fits.HDUList, path: Path, stamp: FileStamp
) -> tuple[tuple[SpectralImage, ...], str]:
    """The slits of an open file, and what should be known of them."""
    primary = hdus[0].header
    groups: dict[str, list[tuple[int, Any]]] = defaultdict(list)
    names = extension_names(hdus, path)
    for position, (hdu, name) in enumerate(zip(hdus, names, strict=True)):
        groups[name].append((position, hdu))
    require_extension(hdus, "SCI", path)
    science = [(position, hdu) for position, hdu in groups["SCI"] if _is_image(hdu)]
    gwcs = StoredGwcs(path, _tree_of(groups["ASDF"], path, stamp))
    table = partial(_column, path, stamp)
    versions = [hdu.ver for _, hdu in groups["SCI"]]
    distinct = len(set(versions)) == len(versions)
    several = len(versions) > 1 or str(primary.get("DATAMODL", "")).startswith("Multi")
    belonging = extensions_of_each(hdus, _PLANES, _is_plane, names)
    found: list[tuple[dict[str, Any], Any]] = []
    empty = 0
    for number, (position, hdu) in enumerate(groups["SCI"]):
        if not _is_image(hdu):
            shape = " × ".join(map(str, getattr(hdu, "shape", ()))) or "none"
            raise UnreadableProductError(
                f"{path.name}: SCI (extension {position}) is not a 2-D image (shape {shape})"
            )
        own = StoredImage(hdu, position)
        if 0 in own.shape:
            empty += 1
            continue
        planes = {
            name: own if name == "SCI" else StoredImage(hdus[place], place)
            for name, place in belonging[number].items()
        }
        slit = (hdu.ver - 1 if distinct else number) if several else None
        found.append((
            _described(hdu, position, primary, own.shape),
            (planes, (primary, hdu.header), gwcs, slit, table),
        ))  # fmt: skip
    if not found:
        size = "no pixels" if science else "no 2-D image"
        raise UnreadableProductError(f"{path.name}: SCI has {size}; nothing to show")
    note = f"{empty} of {len(versions)} slits have no pixels; they are left out" if empty else ""
    _number_alike([entry for entry, _ in found])
    images = (
        SpectralImage(path, stamp, SpectralImageEntry(**entry), *rest) for entry, rest in found
    )
    return tuple(images), note


def _is_image(hdu: Any) -> bool:
    if not isinstance(hdu, (fits.ImageHDU, fits.CompImageHDU)):
        return False
    return len(hdu.shape) >= 2 and all(size == 1 for size in hdu.shape[:-2])


def _tree_of(
    extensions: list[tuple[int, Any]], path: Path, stamp: FileStamp
) -> Callable[[], bytes] | None:
    """What reads the tree: a table of one row, whose one column holds bytes."""
    if len(extensions) != 1:
        return None
    [(position, hdu)] = extensions
    if not isinstance(hdu, fits.BinTableHDU) or hdu.header.get("NAXIS2") != 1:
        return None
    stored = StoredImage(hdu, position)
    return lambda: stored.read(path, stamp).tobytes()


def _is_plane(hdu: Any) -> bool:
    return isinstance(hdu, (fits.ImageHDU, fits.CompImageHDU)) and len(hdu.shape) >= 2


def _described(
    hdu: Any, position: int, primary: fits.Header, shape: tuple[int, int]
) -> dict[str, Any]:
    header = hdu.header
    axis = _dispersion_axis(header, primary, shape)
    n_rows, n_waves = shape if axis == 1 else shape[::-1]
    return {
        "extension": position,
        "source_id": header_int(header.get("SOURCEID")),
        "order": header_int(header.get("SPORDER", primary.get("SPORDER"))),
        "exposure": "",
        "slit": str(header.get("SLTNAME") or ""),
        "detector": str(header.get("DETECTOR") or ""),
        "source_type": str(header.get("SRCTYPE") or primary.get("SRCTYPE") or ""),
        "n_wavelengths": n_waves,
        "n_rows": n_rows,
        "dispersion_axis": axis,
        "ra": header_float(header.get("SRCRA")),
        "dec": header_float(header.get("SRCDEC")),
    }


def _dispersion_axis(header: fits.Header, primary: fits.Header, shape: tuple[int, int]) -> int:
    """DISPAXIS; without it, by the mode of the instrument, or the longer one."""
    axis = header.get("DISPAXIS", primary.get("DISPAXIS"))
    if axis in (1, 2):
        return int(axis)
    for candidate in (1, 2):
        if str(header.get(f"CTYPE{candidate}", "")).upper().startswith("WAVE"):
            return candidate
    if str(primary.get("EXP_TYPE", "")).startswith("MIR_LRS"):
        return 2
    return 1 if shape[1] >= shape[0] else 2


def _number_alike(entries: list[dict[str, Any]]) -> None:
    """Number what nothing else tells apart, in the place of an exposure."""
    alike: dict[tuple, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        alike[entry["source_id"], entry["order"], entry["slit"], entry["detector"]].append(entry)
    if all(len(group) == 1 for group in alike.values()):
        return
    for group in alike.values():
        for number, entry in enumerate(group, 1):
            entry["exposure"] = str(number)


def _column(path: Path, stamp: FileStamp, extension: str, column: str) -> np.ndarray | None:
    """Read a column of one row of a table, flat; None where there is none."""
    with open_product(path) as hdus:
        check_unchanged(path, stamp)
        for hdu in hdus:
            if hdu.name == extension and isinstance(hdu, fits.BinTableHDU):
                names = {name.lower(): name for name in hdu.columns.names}
                if column.lower() in names:
                    return native(hdu.data[names[column.lower()]]).reshape(-1).astype(float)
    return None
