"""Slits on detector pixels: of one exposure (MultiSlit), or all exposures of a source."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astropy.io import fits
from astropy.nddata import CCDData

from ..errors import Stage3Warning, UnreadableProductError
from ..origin import FileStamp, check_unchanged, file_stamp
from .addressed_sequence import AddressedSequence
from .exposure_image import Exposure, exposure_of, plane_of, warn_without_flags
from .extensions import (
    extensions_named,
    extensions_of_each,
    header_float,
    header_int,
    open_product,
)

__all__ = ["SlitExposureEntry", "SlitExposures", "has_slits", "list_slit_exposures"]

_MODELS = {"MultiSlitModel": "slits", "MultiExposureModel": "exposures"}
# What the jwst package has written by slit; SIMUL and CONTAM are of WFSS, after jwst 3.0.
_PLANES = (
    "SCI", "DQ", "ERR", "WAVELENGTH", "AREA", "SIMUL", "CONTAM", "BARSHADOW", "VAR_POISSON",
    "VAR_RNOISE", "VAR_FLAT", "FLATFIELD_POINT", "FLATFIELD_UNIFORM", "PATHLOSS_POINT",
    "PATHLOSS_UNIFORM",
)  # fmt: skip


@dataclass(frozen=True)
class SlitExposureEntry:
    """One slit in one exposure.

    Attributes
    ----------
    number : int
        Its place in the file, from 0.
    planes : tuple of (str, int)
        Its extensions by name, and their positions among the HDUs of the file.
    shape : tuple of int
        (ny, nx).
    source_id, order : int or None
    exposure : str
        What tells its exposure apart from the others of the same slit and source; empty if there
        is only one.
    slit, detector, source_type : str
    ra, dec : float
        Position of the source in degrees (ICRS); NaN where unknown.
    """

    number: int
    planes: tuple[tuple[str, int], ...]
    shape: tuple[int, int]
    source_id: int | None
    order: int | None
    exposure: str
    slit: str
    detector: str
    source_type: str
    ra: float
    dec: float


class SlitExposures(AddressedSequence):
    """The slits of a crf or cal file; each is read from the file when it is asked for.

    Parameters
    ----------
    path : path-like
    entries : sequence of SlitExposureEntry
    tree : str
        Where their gwcs are in the file's ASDF tree: ``'slits'`` or ``'exposures'``.
    stamp : FileStamp
        Of the file when they were listed.
    exposures : sequence of str, optional
        See `AddressedSequence`.
    dq_bits : optional
        The data-quality flags that exclude a pixel.

    Examples
    --------
    >>> slits = read("jw…_s000000001_…_cal.fits")             # doctest: +SKIP
    >>> slits.table                                           # doctest: +SKIP
    >>> slits.select(exposure=2)[0].flagged("JUMP_DET")       # doctest: +SKIP
    """

    noun = "slit"
    fields = (*AddressedSequence.fields, "shape")

    def __init__(
        self,
        path: str | os.PathLike,
        entries: Sequence[SlitExposureEntry],
        *,
        tree: str,
        stamp: FileStamp,
        exposures: Sequence[str] | None = None,
        dq_bits: str | int | Iterable[str] | None = "DO_NOT_USE",
    ):
        super().__init__(path, entries, stamp=stamp, exposures=exposures)
        self.tree = tree
        self.dq_bits = dq_bits

    def __repr__(self) -> str:
        return f"<SlitExposures {self.path.name}: {len(self)} slits>"

    def planes(self, index: int) -> list[str]:
        """Return the names of the extensions that a slit has.

        Parameters
        ----------
        index : int

        Returns
        -------
        list of str
            SCI first.
        """
        return [name for name, _ in self.entries[index].planes]

    def plane(self, index: int, name: str) -> CCDData:
        """Read one extension of a slit as it is in the file.

        Parameters
        ----------
        index : int
        name : str
            See `planes`: ``'WAVELENGTH'``, say.

        Returns
        -------
        astropy.nddata.CCDData
            Without a mask.
        """
        planes = dict(self.entries[index].planes)
        position = planes[name]
        if name == "SCI" and "DQ" not in planes:
            warn_without_flags(self.path)
        with open_product(self.path) as hdus:
            check_unchanged(self.path, self.stamp)
            return plane_of(hdus, position, self.entries[index].shape, self.path)

    def _with_entries(self, entries: Sequence[SlitExposureEntry]) -> SlitExposures:
        return SlitExposures(
            self.path, entries, tree=self.tree, stamp=self.stamp, exposures=self.exposures,
            dq_bits=self.dq_bits,
        )  # fmt: skip

    def _read(self, entries: Sequence[SlitExposureEntry]) -> list[Exposure]:
        with open_product(self.path) as hdus:
            check_unchanged(self.path, self.stamp)
            return [
                exposure_of(
                    hdus,
                    dict(entry.planes),
                    self.path,
                    self.stamp,
                    dq_bits=self.dq_bits,
                    tree=(self.tree, entry.number),
                )
                for entry in entries
            ]


def has_slits(header: fits.Header) -> bool:
    """Whether a file holds slits, by its primary header.

    Parameters
    ----------
    header : astropy.io.fits.Header

    Returns
    -------
    bool
    """
    return header.get("DATAMODL") in _MODELS


def list_slit_exposures(
    path: str | os.PathLike, *, dq_bits: str | int | Iterable[str] | None = "DO_NOT_USE"
) -> SlitExposures:
    """List the slits of a crf or cal file; none is read yet.

    Parameters
    ----------
    path : path-like
    dq_bits : optional
        The data-quality flags that exclude a pixel.

    Returns
    -------
    SlitExposures

    Raises
    ------
    UnreadableProductError
        If there is no SCI, none of two axes, or none with pixels.

    Warns
    -----
    Stage3Warning
        If slits without pixels are left out.
    """
    path = Path(path)
    with open_product(path) as hdus:
        stamp = file_stamp(path)
        extensions_named(hdus, "SCI", path)  # raises if there is none
        tree = _MODELS[hdus[0].header["DATAMODL"]]
        found = [
            _described(number, planes, hdus, path)
            for number, planes in enumerate(extensions_of_each(hdus, _PLANES))
        ]
    with_pixels = [facts for facts in found if 0 not in facts["shape"]]
    if not with_pixels:
        raise UnreadableProductError(f"{path.name}: none of its slits has pixels; nothing to show")
    if len(with_pixels) < len(found):
        warnings.warn(
            f"{path.name}: {len(found) - len(with_pixels)} of {len(found)} slits have no pixels; "
            "they are left out",
            Stage3Warning,
            stacklevel=3,
        )
    _name_exposures(with_pixels)
    entries = [SlitExposureEntry(**facts) for facts in with_pixels]
    return SlitExposures(path, entries, tree=tree, stamp=stamp, dq_bits=dq_bits)


def _described(
    number: int, planes: dict[str, int], hdus: fits.HDUList, path: Path
) -> dict[str, Any]:
    header = hdus[planes["SCI"]].header
    shape = tuple(header.get(f"NAXIS{i}", 0) for i in range(header.get("NAXIS", 0), 0, -1))
    if len(shape) != 2:
        found = " × ".join(map(str, shape)) or "none"
        raise UnreadableProductError(
            f"{path.name}: SCI (extension {planes['SCI']}) is not a 2-D image (shape {found})"
        )
    primary = hdus[0].header
    return {
        "number": number,
        "planes": tuple(planes.items()),
        "shape": shape,
        "source_id": header_int(header.get("SOURCEID")),
        "order": header_int(header.get("SPORDER", primary.get("SPORDER"))),
        "exposure": str(header.get("EXPGRPID") or ""),
        "slit": str(header.get("SLTNAME") or ""),
        "detector": str(header.get("DETECTOR") or ""),
        "source_type": str(header.get("SRCTYPE") or ""),
        "ra": header_float(header.get("SRCRA")),
        "dec": header_float(header.get("SRCDEC")),
    }


def _name_exposures(slits: list[dict[str, Any]]) -> None:
    """Keep what tells exposures apart, where there is something to tell; else number them."""
    alike: dict[tuple, list[dict[str, Any]]] = {}
    for slit in slits:
        key = slit["source_id"], slit["order"], slit["slit"], slit["detector"]
        alike.setdefault(key, []).append(slit)
    for group in alike.values():
        names = {slit["exposure"] for slit in group}
        named = len(names) == len(group) and "" not in names
        for number, slit in enumerate(group, 1):
            if len(group) == 1:
                slit["exposure"] = ""
            elif not named:
                slit["exposure"] = str(number)
