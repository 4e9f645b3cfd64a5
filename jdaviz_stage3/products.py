"""The table of JWST Stage 3 product types, and how a file is recognised as one of them.

Everything that differs from product type to product type and that more than one layer needs to
know stands in one row of `PRODUCT_TYPES`. Nothing here imports another module of this package but
`errors`, and nothing heavier than `astropy.io.fits`, so that identifying a file is cheap.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from astropy.io import fits

from .errors import UnknownProductError, UnreadableProductError
from .fits_structure import read_primary_header, read_structure
from .origin import FileStamp, file_stamp

__all__ = [
    "PRODUCT_TYPES",
    "ProductType",
    "ecsv_header",
    "has_suffix",
    "identify",
    "product_root",
    "product_type",
]


@dataclass(frozen=True)
class ProductType:
    """One row of the table of product types.

    Attributes
    ----------
    suffix : str
        The end of the file name that the pipeline gives the product, for example ``'x1dints'``.
    name : str
        What astronomers call it.
    description : str
        One line on what is in it.
    pipelines : tuple of str
        The Stage 3 pipelines that write it, without the ``calwebb_`` prefix.
    container : {'fits', 'ecsv', 'json'}
        The kind of file.
    datamodels : tuple of str
        Values of the ``DATAMODL`` keyword that the product has had. Empty where there is none.
    reader : str
        ``'module:function'`` below ``jdaviz_stage3.readers``; empty where there is no reader yet.
    importer : str
        The format that jdaviz's loaders and file picker show; empty where it cannot be shown yet.
    viewer : str
        What it opens in, in words.
    configurations : tuple of str
        The jdaviz configurations that can show it: ``'deconfigged'`` is the generalised app.
    """

    suffix: str
    name: str
    description: str
    pipelines: tuple[str, ...]
    container: str = "fits"
    datamodels: tuple[str, ...] = ()
    reader: str = ""
    importer: str = ""
    viewer: str = ""
    configurations: tuple[str, ...] = ()

    @property
    def docs(self) -> str:
        """Anchor of the product's row on the documentation's page of products."""
        return f"products.html#{self.suffix}"

    @property
    def can_load(self) -> bool:
        """Whether `jdaviz_stage3.load` can show it."""
        return bool(self.importer)

    @property
    def action(self) -> str:
        """What `jdaviz_stage3.load` does with it, in words."""
        if self.can_load:
            return f"opens in {self.viewer}"
        return "cannot be shown yet"


_APP = "deconfigged"

# Row order is load order: images come before the catalogs and spectra of the sources on them.
PRODUCT_TYPES: tuple[ProductType, ...] = (
    ProductType(
        "i2d", "mosaic", "Resampled and combined image, with error and weight maps",
        ("image3", "coron3"), datamodels=("ImageModel", "DrizProductModel"),
        reader="image:read_image", importer="JWST image",
        viewer="an image viewer", configurations=(_APP, "imviz"),
    ),
    ProductType(
        "segm", "segmentation map", "For each pixel the catalog label of its source, 0 for none",
        ("image3",), datamodels=("SegmentationMapModel",),
        reader="image:read_segmentation", importer="JWST image",
        viewer="an image viewer", configurations=(_APP, "imviz"),
    ),
    ProductType(
        "crf", "outlier-flagged exposure", "One calibrated exposure with cosmic rays flagged",
        ("image3", "spec3"), datamodels=("ImageModel", "IFUImageModel", "MultiSlitModel"),
    ),
    ProductType(
        "cat", "source catalog", "Positions, photometry and shapes of the sources of a mosaic",
        ("image3",), container="ecsv",
        reader="catalog:read_catalog", importer="JWST source catalog",
        viewer="the image viewers (or a table)", configurations=(_APP, "imviz"),
    ),
    ProductType(
        "s2d", "rectified 2-D spectrum", "Resampled and combined 2-D spectrum",
        ("spec3",), datamodels=("SlitModel", "MultiSlitModel"),
    ),
    ProductType(
        "s3d", "spectral cube", "Resampled and combined cube of an integral field unit",
        ("spec3",), datamodels=("IFUCubeModel",),
    ),
    ProductType(
        "x1d", "extracted spectra", "1-D spectra, one for each source, slit, order or exposure",
        ("spec3",),
        datamodels=("MultiSpecModel", "MRSMultiSpecModel", "WFSSMultiSpecModel", "SpecModel"),
        reader="spectra:read_spectra", importer="JWST spectra",
        viewer="a spectrum viewer", configurations=(_APP, "specviz"),
    ),
    ProductType(
        "c1d", "combined spectra", "1-D spectra combined over exposures, one a source or order",
        ("spec3",),
        datamodels=("CombinedSpecModel", "MultiCombinedSpecModel", "WFSSMultiCombinedSpecModel"),
        reader="spectra:read_spectra", importer="JWST spectra",
        viewer="a spectrum viewer", configurations=(_APP, "specviz"),
    ),
    ProductType(
        "x1dints", "spectral time series", "One 1-D spectrum for each integration",
        ("tso3",), datamodels=("TSOMultiSpecModel", "MultiSpecModel"),
        reader="time_series:read_spectral_time_series", importer="JWST spectral time series",
        viewer="a dynamic spectrum and a spectrum viewer", configurations=(_APP, "specviz"),
    ),
    ProductType(
        "whtlt", "white light curve", "Flux summed over wavelength for each integration",
        ("tso3",), container="ecsv",
        reader="light_curve:read_white_light", importer="JWST light curve",
        viewer="a light-curve viewer", configurations=(_APP,),
    ),
    ProductType(
        "phot", "aperture photometry", "Aperture photometry for each integration",
        ("tso3",), container="ecsv",
        reader="photometry:read_photometry", importer="JWST light curve",
        viewer="a light-curve viewer", configurations=(_APP,),
    ),
    ProductType(
        "calints", "calibrated integrations", "Calibrated image of each integration",
        ("tso3", "coron3"), datamodels=("CubeModel", "SlitModel"),
    ),
    ProductType(
        "crfints", "outlier-flagged integrations",
        "Calibrated image of each integration with cosmic rays flagged",
        ("tso3", "coron3"), datamodels=("CubeModel", "SlitModel"),
    ),
    ProductType(
        "psfstack", "stacked PSF images", "The reference PSF images of a coronagraphic observation",
        ("coron3",), datamodels=("CubeModel",),
    ),
    ProductType(
        "psfalign", "aligned PSF images", "The reference PSF images aligned to the science target",
        ("coron3",), datamodels=("CubeModel", "QuadModel"),
    ),
    ProductType(
        "psfsub", "PSF-subtracted images", "Each science integration with its PSF subtracted",
        ("coron3",), datamodels=("CubeModel",),
    ),
    ProductType(
        "ami-oi", "interferometric observables",
        "Squared visibilities and closure phases of one exposure, averaged over integrations",
        ("ami3",), datamodels=("AmiOIModel",),
    ),
    ProductType(
        "psf-ami-oi", "interferometric observables of the reference star",
        "Squared visibilities and closure phases of a reference star's exposure",
        ("ami3",), datamodels=("AmiOIModel",),
    ),
    ProductType(
        "aminorm-oi", "normalised interferometric observables",
        "Squared visibilities and closure phases, calibrated with those of the reference star",
        ("ami3",), datamodels=("AmiOIModel",),
    ),
    ProductType(
        "amimulti-oi", "interferometric observables by integration",
        "Squared visibilities and closure phases of each integration",
        ("ami3",), datamodels=("AmiOIModel",),
    ),
    ProductType(
        "ami", "fringe parameters", "Fringe parameters and closure phases (jwst before 1.14)",
        ("ami3",), datamodels=("AmiLgModel",),
    ),
    ProductType(
        "amiavg", "averaged fringe parameters",
        "Fringe parameters averaged over exposures (jwst before 1.14)",
        ("ami3",), datamodels=("AmiLgModel",),
    ),
    ProductType(
        "psf-amiavg", "averaged fringe parameters of the reference star",
        "The reference star's fringe parameters averaged over exposures (jwst before 1.14)",
        ("ami3",), datamodels=("AmiLgModel",),
    ),
    ProductType(
        "aminorm", "normalised fringe parameters",
        "Fringe parameters calibrated with those of the reference star (jwst before 1.14)",
        ("ami3",), datamodels=("AmiLgModel",),
    ),
    ProductType(
        "amilg", "fringe fit", "Interferograms, the fringe model fitted to them, and residuals",
        ("ami3",), datamodels=("AmiLgFitModel",),
    ),
    ProductType(
        "asn", "association", "The list of files that a Stage 3 product was made from",
        ("image3", "spec3", "tso3", "coron3", "ami3"), container="json",
    ),
)  # fmt: skip

_BY_SUFFIX = {row.suffix: row for row in PRODUCT_TYPES}

# DATAMODL values that no other observatory's files carry: enough where TELESCOP is missing.
_JWST_ONLY_MODELS = {"AmiLgModel", "AmiLgFitModel", "AmiOIModel", "QuadModel"}

# Longest first, so that 'psf-ami-oi' is not taken for 'ami-oi'. What may follow the suffix is
# what people append ('_cat_v4', '_c1d (1)'), which never contains another underscored suffix.
_SUFFIX_PATTERN = re.compile(
    r"[_-]("
    + "|".join(sorted(map(re.escape, _BY_SUFFIX), key=len, reverse=True))
    + r")(?![a-z0-9]|-[a-z])",
    re.IGNORECASE,
)

# What browsers, desktops and wget add to the name of a copy: at its end, where '-2' says nothing
# else behind a suffix, or within its file types.
_COPY = r"(?: *\(\d+\)|[ _-]*copy(?: *\(?\d+\)?)?| *\((?:another |\d+\w\w )?copy\)|[-.]\d+)+"
_COPY_OF = re.compile(r"^(?:another )?copy (?:\(?\d+\)? )?of ", re.IGNORECASE)
_COPY_AFTER = re.compile(_COPY + "$", re.IGNORECASE)

_COMPRESSION_AND_TYPE = re.compile(
    rf"(\.(fits|fit|ecsv|json)({_COPY})?)?(\.gz({_COPY})?)?$", re.IGNORECASE
)

# Column names of a catalog that photutils' own tables and other surveys' catalogs do not have.
_CATALOG_COLUMNS = (
    {"aper_total_flux"}, {"aper_bkg_flux"}, {"isophotal_abmag"}, {"source_sum", "abmag"},
    {"source_sum", "orientation_sky"},
)  # fmt: skip


def product_type(suffix: str) -> ProductType:
    """Look up a row of the table.

    Parameters
    ----------
    suffix : str
        For example ``'i2d'``.

    Returns
    -------
    ProductType

    Raises
    ------
    UnknownProductError
        If no product type has that suffix.
    """
    try:
        return _BY_SUFFIX[suffix]
    except KeyError:
        known = ", ".join(_BY_SUFFIX)
        raise UnknownProductError(
            f"{suffix!r} is no Stage 3 product type; known: {known}"
        ) from None


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
    header = read_primary_header(path)
    telescope = _card(header, "TELESCOP", path)
    model = _card(header, "DATAMODL", path)
    if telescope != "JWST" and not (not telescope and model in _JWST_ONLY_MODELS):
        found = f"TELESCOP = {telescope!r}" if telescope else "no TELESCOP keyword"
        raise UnknownProductError(f"{path.name}: not a JWST product ({found})")

    candidates = [row for row in PRODUCT_TYPES if row.container == "fits"]
    if model:
        candidates = [row for row in candidates if model in row.datamodels]
    for name in (path.name, _card(header, "FILENAME", path)):
        for suffix in _suffixes_in(name):
            for row in candidates:
                if row.suffix == suffix:
                    return row
    if len(candidates) == 1 and candidates[0].suffix != "crf":  # a Stage 2 cal has its model too
        return candidates[0]
    told_apart = _identify_by_extensions(path, candidates)
    if told_apart is not None:
        return told_apart
    raise UnknownProductError(
        f"{path.name}: a JWST file, but not a known Stage 3 product (DATAMODL = {model!r}, and no "
        "known suffix such as _i2d or _x1d in its name); rename it as the pipeline named it"
    )


def _card(header: fits.Header, keyword: str, path: Path) -> str:
    """Return a keyword's value as text; empty where there is none."""
    try:
        value = header.get(keyword)
    except fits.VerifyError as err:
        raise UnreadableProductError(
            f"{path.name}: the value of {keyword} cannot be read; download it again"
        ) from err
    return "" if value is None or isinstance(value, fits.card.Undefined) else str(value)


def _suffixes_in(name: str) -> list[str]:
    """Return the product suffixes in a file name, the last one first."""
    stem = _COMPRESSION_AND_TYPE.sub("", name)
    return [match.group(1).lower() for match in _SUFFIX_PATTERN.finditer(stem)][::-1]


def _identify_by_extensions(path: Path, candidates: list[ProductType]) -> ProductType | None:
    """Tell renamed products that share a data model apart by the extensions they hold."""
    suffixes = {row.suffix for row in candidates}
    names = [extension.name for extension in read_structure(path).extensions[1:]]
    if "i2d" in suffixes and {"SCI", "CON"} <= set(names[:5]):  # the tell-tale ones come first
        return _BY_SUFFIX["i2d"]
    if {"x1d", "x1dints"} <= suffixes and {"EXTRACT1D", "INT_TIMES"} & set(names[:3]):
        return _BY_SUFFIX["x1dints" if "INT_TIMES" in names else "x1d"]
    return None


def ecsv_header(path: str | os.PathLike, limit: int = 1_000_000) -> tuple[list[str], str]:
    """Read the top of an ECSV file without its rows.

    Parameters
    ----------
    path : path-like
    limit : int, optional
        Bytes after which a header is taken to be broken.

    Returns
    -------
    columns : list of str
        The names of the columns as stored: ``'sky_centroid.ra'`` is a part of ``sky_centroid``.
    yaml : str
        The header lines without the leading ``#``.

    Raises
    ------
    UnreadableProductError
        If no line with column names follows the header.
    """
    lines: list[str] = []
    size = 0
    with open(path, encoding="utf-8", errors="replace") as stream:
        while line := stream.readline(limit):
            size += len(line)
            if not line.startswith("#"):
                delimiter = "," if "delimiter: ','" in "".join(lines) else None
                names = [name.strip().strip('"') for name in line.strip().split(delimiter)]
                return names, "".join(lines)
            if size > limit:
                break
            lines.append(line[1:].removeprefix(" "))
    raise UnreadableProductError(
        f"{Path(path).name}: the ECSV header is not followed by column names; download it again"
    )


def _identify_ecsv(path: Path) -> ProductType:
    columns, _ = ecsv_header(path)
    names = set(columns)
    if any(name.startswith("whitelight_flux") for name in names):
        return _BY_SUFFIX["whtlt"]
    if {"MJD", "aperture_sum"} <= names or {"BJD_TDB", "aperture_sum"} <= names:
        return _BY_SUFFIX["phot"]
    named = "cat" in _suffixes_in(path.name) and {"source_sum", "sky_centroid.ra"} <= names
    if named or any(telltale <= names for telltale in _CATALOG_COLUMNS):
        return _BY_SUFFIX["cat"]
    raise UnknownProductError(
        f"{path.name}: an ECSV table, but not a JWST cat, whtlt or phot product "
        f"(columns: {', '.join(columns[:6])}{', …' if len(columns) > 6 else ''})"
    )


def _identify_json(path: Path) -> ProductType:
    if path.stat().st_size < 50_000_000:  # an association of a whole program is far smaller
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, OSError, RecursionError):  # the last for what is nested too deep
            content = None
        if isinstance(content, dict) and isinstance(content.get("products"), list):
            return _BY_SUFFIX["asn"]
    raise UnknownProductError(f"{path.name}: not a JWST association (no list of products in it)")
