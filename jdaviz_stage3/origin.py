"""Where data came from: the file and its stamp, which part of it, and that part as it was read.

The importers put one `Origin` into the meta of what they load. Viewers and plugins find in it what
belongs together, and what the data collection does not keep: uncertainties, flags, the names of
columns. Who makes something of loaded data hands its meta on; ``jdaviz_compat.as_read`` tells the
two apart.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .confinement import check_place
from .errors import UnreadableProductError

if TYPE_CHECKING:
    from astropy import units as u
    from astropy.time import Time

__all__ = [
    "ORIGIN",
    "FileStamp",
    "Origin",
    "SeriesAxes",
    "check_unchanged",
    "file_stamp",
    "of_suffix",
    "origin_of",
    "root_of",
    "same_file",
]

#: The key in meta. jdaviz shows no keys that begin like this.
ORIGIN = "_stage3_origin"


@dataclass(frozen=True)
class FileStamp:
    """What tells a file from another, and from itself after it was written anew.

    Attributes
    ----------
    path : str
        Without links.
    size : int
        Bytes.
    mtime_ns : int
        When it was written, in nanoseconds.
    """

    path: str
    size: int
    mtime_ns: int


def file_stamp(path: str | os.PathLike) -> FileStamp:
    """Return the stamp of a file as it is now.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    FileStamp

    Raises
    ------
    OSError
        If it is not there, or may not be opened (see `jdaviz_stage3.confinement`): each file of
        ours is stamped before it is read.
    """
    check_place(path)
    status = os.stat(path)
    return FileStamp(os.path.realpath(path), status.st_size, status.st_mtime_ns)


def check_unchanged(path: str | os.PathLike, stamp: FileStamp) -> None:
    """Refuse a file that has been written since it was opened.

    Arrays are read when they are asked for, from where they were: in another file, that is
    anything.

    Parameters
    ----------
    path : path-like
    stamp : FileStamp

    Raises
    ------
    UnreadableProductError
    """
    if file_stamp(path) != stamp:
        raise UnreadableProductError(f"{path}: was written anew since it was opened; load it again")


@dataclass(frozen=True, eq=False)
class SeriesAxes:
    """What the rows and columns of a dynamic spectrum are.

    Attributes
    ----------
    int_num : ndarray of int, shape (n_int,)
        Numbers of its integrations.
    time : Time, shape (n_int,), or None
        Their mid-times.
    wavelength : Quantity, shape (n_wave,), or None
    """

    int_num: Any
    time: Time | None = None
    wavelength: u.Quantity | None = None


@dataclass(frozen=True, eq=False)
class Origin:
    """Where one data entry came from.

    Attributes
    ----------
    path : pathlib.Path
        The file, as it was given.
    suffix : str
        Of its product type: ``'i2d'``.
    root : str
        What its name shares with the other products of the observation.
    stamp : FileStamp
        Of the file when it was loaded.
    part : str
        Which extension, spectrum or trace of the file; empty where it is all of it.
    column : str
        Which column of the file the flux is of; empty where that goes without saying.
    dq_bits : int or None
        The data-quality flags that loading excluded, where the flags are known.
    axes : SeriesAxes or None
        Of a dynamic spectrum.
    source : object or None
        What the reader gave, or None where nothing more is to be had from it. Where a file is
        large this reads its arrays when they are asked for, from a file of this stamp only.
    """

    path: Path
    suffix: str
    root: str
    stamp: FileStamp
    part: str = ""
    column: str = ""
    dq_bits: int | None = None
    axes: SeriesAxes | None = field(default=None, repr=False)
    source: Any = field(default=None, repr=False)

    @cached_property
    def data_hash(self) -> str:
        """Hash of file, stamp and part, by which jdaviz recognises what is loaded already."""
        stamp = self.stamp
        identity = f"{stamp.path}|{stamp.size}|{stamp.mtime_ns}|{self.part}"
        return hashlib.blake2b(identity.encode(), digest_size=16).hexdigest()

    def __deepcopy__(self, memo: dict) -> Origin:
        # specutils copies meta with each slice; nothing here is changed by anyone
        return self


def origin_of(data: Any) -> Origin | None:
    """Return where data came from, or what they were made of; None if not from a file of ours.

    Parameters
    ----------
    data : object with ``meta``
        glue data, a spectrum, a table.

    Returns
    -------
    Origin or None
    """
    found = getattr(data, "meta", {}).get(ORIGIN)
    return found if isinstance(found, Origin) else None  # a table that was saved has it as a dict


def of_suffix(data: Any, suffix: str) -> bool:
    """Whether data came from a product of this type.

    Parameters
    ----------
    data : object with ``meta``
        glue data, a spectrum, a table.
    suffix : str

    Returns
    -------
    bool
    """
    origin = origin_of(data)
    return origin is not None and origin.suffix == suffix


def root_of(data: Any) -> str | None:
    """Return what the products of the observation share in their names.

    Parameters
    ----------
    data : object with ``meta``
        glue data, a spectrum, a table.

    Returns
    -------
    str or None
        None if it is not known.
    """
    origin = origin_of(data)
    return None if origin is None else origin.root


def same_file(first: Any, second: Any) -> bool:
    """Whether two data came from one file, as far as is known.

    Parameters
    ----------
    first, second : object with ``meta``

    Returns
    -------
    bool
    """
    one, other = origin_of(first), origin_of(second)
    return one is not None and other is not None and one.path == other.path
