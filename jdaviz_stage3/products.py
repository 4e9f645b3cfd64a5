"""How a file is recognised as a JWST Stage 3 product of one of the types in the table.

Nothing here imports anything heavier than `astropy.io.fits`, so that identifying a file is cheap.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from .errors import UnknownProductError, UnreadableProductError
from .fits_structure import read_first_extension, read_primary_texts, read_structure
from .origin import FileStamp, file_stamp
from .product_types import PRODUCT_TYPES, ProductType, product_type
from .table_headers import PARQUET, ecsv_header, table_header

__all__ = [
    "LARGEST_ASSOCIATION",
    "PRODUCT_TYPES",
    "ProductType",
    "ecsv_header",
    "has_suffix",
    "identify",
    "is_written_curve",
    "may_be_product",
    "named_suffix",
    "product_root",
    "product_type",
]


#: Bytes; the association of a whole program is far smaller.
LARGEST_ASSOCIATION = 50_000_000

# DATAMODL values that no other observatory's files carry: enough where TELESCOP is missing.
_JWST_ONLY_MODELS = {"AmiLgModel", "AmiLgFitModel", "AmiOIModel", "QuadModel"}

_TELLING = ("TELESCOP", "DATAMODL", "FILENAME")  # the keywords that say what a file is

# Longest first, so that 'psf-ami-oi' is not taken for 'ami-oi'. What may follow the suffix is
# what people append ('_cat_v4', '_c1d (1)'), which never contains another underscored suffix.
_SUFFIX_PATTERN = re.compile(
    r"[_-]("
    + "|".join(sorted((re.escape(row.suffix) for row in PRODUCT_TYPES), key=len, reverse=True))
    + r")(?![a-z0-9]|-[a-z])",
    re.IGNORECASE,
)

# What browsers, desktops and wget add to the name of a copy: at its end, where '-2' says nothing
# else behind a suffix, or within its file types.
_COPY = r"(?: *\(\d+\)|[ _-]*copy(?: *\(?\d+\)?)?| *\((?:another |\d+\w\w )?copy\)|[-.]\d+)+"
_COPY_OF = re.compile(r"^(?:another )?copy (?:\(?\d+\)? )?of ", re.IGNORECASE)
_COPY_AFTER = re.compile(_COPY + "$", re.IGNORECASE)

_COMPRESSION_AND_TYPE = re.compile(
    rf"(\.(fits|fit|ecsv|json|parquet|parq)({_COPY})?)?(\.gz({_COPY})?)?$", re.IGNORECASE
)

# Column names of a catalog that photutils' own tables and other surveys' catalogs do not have.
_CATALOG_COLUMNS = (
    {"aper_total_flux"}, {"aper_bkg_flux"}, {"isophotal_abmag"}, {"source_sum", "abmag"},
    {"source_sum", "orientation_sky"},
)  # fmt: skip


def product_root(path: str | os.PathLike) -> str:
    """Return the file's name without its suffix and file type.

    Parameters
    ----------
    path : path-like
        For example ``'jw02783-o002_t001_miri_p750l-slitlessprism_x1dints.fits.gz'``.

    Returns
    -------
    str
        For example ``'jw02783-o002_t001_miri_p750l-slitlessprism'``: what the products of one
        observation have in common. What was added to the name of a copy (``' (1)'``, ``' copy'``,
        ``'-2'``, ``'Copy of '``) is not part of it.
    """
    stem = _COPY_OF.sub("", _COMPRESSION_AND_TYPE.sub("", Path(path).name, count=1))
    found = list(_SUFFIX_PATTERN.finditer(stem))
    if not found:
        return stem
    return stem[: found[-1].start()] + _COPY_AFTER.sub("", stem[found[-1].end() :])


def has_suffix(name: str) -> bool:
    """Whether a file name holds the suffix of a product type.

    Parameters
    ----------
    name : str

    Returns
    -------
    bool
    """
    return bool(_suffixes_in(name))


def may_be_product(name: str) -> bool:
    """Whether the name of a file is that of a product, or of its kind.

    Parameters
    ----------
    name : str

    Returns
    -------
    bool
    """
    name = name.lower()
    return has_suffix(name) or any(ending in name for ending in (".fit", ".ecsv", ".json", ".parq"))


def named_suffix(name: str) -> str:
    """Return the suffix of a product type that a file name ends in.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
        Empty where there is none. What the file holds, `identify` says.
    """
    return next(iter(_suffixes_in(name)), "")


def identify(path: str | os.PathLike) -> ProductType:
    """Recognise a JWST Stage 3 product.

    The content decides (``TELESCOP``, ``DATAMODL``, the names of a table's columns); the suffix of
    the file name, or of the name in the ``FILENAME`` keyword, tells apart the products that share
    a data model.

    Parameters
    ----------
    path : path-like
        A file. Gzip compression is recognised under any name.

    Returns
    -------
    ProductType

    Raises
    ------
    UnknownProductError
        If the file is not a product of the table.
    UnreadableProductError
        If the file is missing, is a directory, is empty, or cannot be opened.
    """
    path = Path(path)
    try:
        stamp = file_stamp(path)
    except OSError as err:
        raise UnreadableProductError(f"{path}: {err.strerror or err}; is the path right?") from err
    if path.is_dir():
        raise UnreadableProductError(
            f"{path} is a directory, expected a file; jdaviz_stage3.load opens a whole directory"
        )
    if stamp.size == 0:
        raise UnreadableProductError(f"{path.name}: the file is empty; download it again")
    return _identify(str(path), stamp)


@lru_cache(maxsize=10_000)  # folders and loaders ask several times about one file
def _identify(path: str, stamp: FileStamp) -> ProductType:
    try:
        with open(path, "rb") as stream:
            start = stream.read(64)
    except OSError as err:
        raise UnreadableProductError(f"{path}: cannot be read ({err.strerror or err})") from err
    if start.startswith(b"\x1f\x8b"):
        start = _decompressed_start(path)
        if not start.startswith(b"SIMPLE") and ".fit" not in Path(path).name.lower():
            raise UnknownProductError(f"{Path(path).name}: compressed, but not a FITS file")
        return _identify_fits(Path(path))
    if start.startswith(b"SIMPLE"):
        return _identify_fits(Path(path))
    if start.startswith(b"# %ECSV"):
        return _identify_ecsv(Path(path))
    if start.startswith(PARQUET):
        return _identify_parquet(Path(path))
    if start.lstrip()[:1] == b"{":
        return _identify_json(Path(path))
    if Path(path).name.lower().endswith((".fits", ".fits.gz", ".fit")):
        raise UnreadableProductError(
            f"{Path(path).name}: the name says FITS but the content is not; download it again"
        )
    raise UnknownProductError(
        f"{Path(path).name}: not a JWST Stage 3 product (neither FITS, ECSV nor an association)"
    )


def _decompressed_start(path: str) -> bytes:
    try:
        with gzip.open(path) as stream:
            return stream.read(8)
    except (OSError, EOFError, zlib.error):
        return b""  # reading its header says what is wrong


def _identify_fits(path: Path) -> ProductType:
    said = read_primary_texts(path, _TELLING)
    telescope, model = said.get("TELESCOP", ""), said.get("DATAMODL", "")
    if telescope != "JWST" and not (not telescope and model in _JWST_ONLY_MODELS):
        found = f"TELESCOP = {telescope!r}" if telescope else "no TELESCOP keyword"
        if not telescope and _holds_catalog(path):
            return product_type("cat")
        raise UnknownProductError(f"{path.name}: not a JWST product ({found})")

    candidates = [row for row in PRODUCT_TYPES if row.container == "fits"]
    if model:
        candidates = [row for row in candidates if model in row.datamodels]
    for name in (path.name, said.get("FILENAME", "")):
        for suffix in _suffixes_in(name):
            for row in candidates:
                if row.suffix == suffix:
                    return row
    if len(candidates) == 1 and candidates[0].suffix != "crf":  # a Stage 2 cal has its model too
        return candidates[0]
    told_apart = _identify_by_extensions(path, candidates)
    if told_apart is not None:
        return told_apart
    if not model and _holds_catalog(path):
        return product_type("cat")
    raise UnknownProductError(
        f"{path.name}: a JWST file, but not a known Stage 3 product (DATAMODL = {model!r}, and no "
        "known suffix such as _i2d or _x1d in its name); rename it as the pipeline named it"
    )


def _suffixes_in(name: str) -> list[str]:
    """Return the product suffixes in a file name, the last one first."""
    stem = _COMPRESSION_AND_TYPE.sub("", name)
    return [match.group(1).lower() for match in _SUFFIX_PATTERN.finditer(stem)][::-1]


def _identify_by_extensions(path: Path, candidates: list[ProductType]) -> ProductType | None:
    """Tell renamed products that share a data model apart by the extensions they hold."""
    suffixes = {row.suffix for row in candidates}
    names = [extension.name for extension in read_structure(path).extensions[1:]]
    if "i2d" in suffixes and {"SCI", "CON"} <= set(names[:5]):  # the tell-tale ones come first
        return product_type("i2d")
    if {"x1d", "x1dints"} <= suffixes and {"EXTRACT1D", "INT_TIMES"} & set(names[:3]):
        return product_type("x1dints" if "INT_TIMES" in names else "x1d")
    return None


def is_written_curve(columns: list[str], header: str) -> bool:
    """Whether an ECSV table is a light curve of ours.

    Parameters
    ----------
    columns : list of str
        As they are stored.
    header : str
        The YAML above them.

    Returns
    -------
    bool
    """
    return {"time.jd1", "flux"} <= set(columns) and "package: jdaviz_stage3" in header


def _identify_ecsv(path: Path) -> ProductType:
    columns, header = ecsv_header(path)
    names = set(columns)
    if any(name.startswith("whitelight_flux") for name in names):
        return product_type("whtlt")
    if is_written_curve(columns, header):
        return product_type("whtlt")
    if {"MJD", "aperture_sum"} <= names or {"BJD_TDB", "aperture_sum"} <= names:
        return product_type("phot")
    if _is_catalog(path, names):
        return product_type("cat")
    raise UnknownProductError(
        f"{path.name}: an ECSV table, but not a JWST cat, whtlt or phot product "
        f"(columns: {_first_of(columns)})"
    )


def _identify_parquet(path: Path) -> ProductType:
    columns = table_header(path).columns
    if _is_catalog(path, set(columns)):
        return product_type("cat")
    raise UnknownProductError(
        f"{path.name}: a Parquet table, but not a JWST source catalog (columns: "
        f"{_first_of(columns)}; none that only catalogs have, such as aper_total_flux)"
    )


def _is_catalog(path: Path, names: set[str]) -> bool:
    """Whether a table with these columns is a source catalog."""
    named = "cat" in _suffixes_in(path.name) and {"source_sum", "sky_centroid.ra"} <= names
    return named or any(telltale <= names for telltale in _CATALOG_COLUMNS)


def _holds_catalog(path: Path) -> bool:
    """Whether a FITS file that says of itself nothing else begins with a catalog as a table."""
    try:
        first = read_first_extension(path)
    except UnreadableProductError:  # somebody else's file, of which we know nothing
        return False
    return first is not None and first.is_table and _is_catalog(path, set(first.columns))


def _first_of(columns: Sequence[str]) -> str:
    return f"{', '.join(columns[:6])}{', …' if len(columns) > 6 else ''}"


def _identify_json(path: Path) -> ProductType:
    size = path.stat().st_size
    if size > LARGEST_ASSOCIATION:
        raise UnknownProductError(
            f"{path.name}: not a JWST association: {size / 1e6:.0f} MB, expected less than "
            f"{LARGEST_ASSOCIATION / 1e6:.0f} MB"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError):  # the last for what is nested too deep
        content = None
    if isinstance(content, dict) and isinstance(content.get("products"), list):
        return product_type("asn")
    raise UnknownProductError(f"{path.name}: not a JWST association (no list of products in it)")
