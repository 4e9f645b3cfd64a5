"""One file of a folder, as far as its first header tells."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import UnreadableProductError
from ..fits_structure import read_primary_texts
from ..products import identify, named_suffix, product_root
from ..table_headers import table_header

__all__ = ["ListedProduct", "list_product"]

#: What a product's facts are read from, where it is a FITS file: the first keyword that is there.
_KEYWORDS = {
    "program": ("PROGRAM",),
    "observation": ("OBSERVTN",),
    "target": ("TARGNAME", "TARGPROP"),  # the catalogs' name, then the observer's
    "instrument": ("INSTRUME",),
    "detector": ("DETECTOR",),
    "filter": ("FILTER",),
    "pupil": ("PUPIL",),
    "grating": ("GRATING",),
    "exposure_type": ("EXP_TYPE",),
    "pipeline_version": ("CAL_VER",),
    "crds_context": ("CRDS_CTX",),
    "association": ("ASNTABLE",),
    "created": ("DATE",),
}
_WANTED = {keyword for keywords in _KEYWORDS.values() for keyword in keywords}
_NOTHING = ("", "N/A", "NONE", "None", "UNKNOWN")
#: And in the meta of a table; `jdaviz_stage3.groups.ecsv_meta` reads all of it, ten times slower.
_META = {
    "program": ("program",),
    "target": ("target_name", "target"),
    "instrument": ("instrument",),
    "detector": ("detector",),
    "filter": ("filter",),
    "pupil": ("pupil",),
    "pipeline_version": ("jwst version", "jwst", "calibration_software_version"),
    "crds_context": ("crds_context",),
    "created": ("date",),
}
_PROGRAM = re.compile(r"jw(\d{5})(?:-([oc]\d+)|(\d{3})\d{3}_)", re.IGNORECASE)


@dataclass(frozen=True)
class ListedProduct:
    """A file that is a product, or should be one.

    Attributes
    ----------
    path : path
    size : int
        Bytes.
    mtime_ns : int
        When it was written, in nanoseconds.
    suffix : str
        Its type; of a broken one as its name says, and empty where that says nothing.
    program, observation, target, instrument, detector, filter, pupil, grating, exposure_type : str
        As the file has them, or its name; empty where neither says. ``observation`` is ``'001'``,
        or for several of them ``'c1001'``.
    pipeline_version, crds_context, created : str
    association : str
        Name of the association that it was made by.
    problem : str
        Why it cannot be read; empty if that is not known.
    """

    path: Path
    size: int = 0
    mtime_ns: int = 0
    suffix: str = ""
    program: str = ""
    observation: str = ""
    target: str = ""
    instrument: str = ""
    detector: str = ""
    filter: str = ""
    pupil: str = ""
    grating: str = ""
    exposure_type: str = ""
    pipeline_version: str = ""
    crds_context: str = ""
    created: str = ""
    association: str = ""
    problem: str = ""

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    @property
    def root(self) -> str:
        """What the products of one name have in common."""
        return product_root(self.path)


def list_product(path: str | os.PathLike) -> ListedProduct:
    """Say what a file is, from as few bytes as tell.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    ListedProduct
        What is broken is one too, with the ``problem``.

    Raises
    ------
    UnknownProductError
        If it is no product.
    UnreadableProductError
        If it is not there.
    """
    path = Path(path)
    try:
        status = path.stat()
    except OSError as err:
        raise UnreadableProductError(f"{path}: {err.strerror or err}") from err
    try:
        kind = identify(path)
        facts = _FACTS[kind.container](path)
    except UnreadableProductError as err:
        facts = {"suffix": named_suffix(path.name), "problem": str(err)}
    else:
        facts = {name: text for name, text in facts.items() if text} | {"suffix": kind.suffix}
    told = _of_name(path.name) | facts
    return ListedProduct(path, status.st_size, status.st_mtime_ns, **told)


def _of_name(name: str) -> dict[str, str]:
    """What the pipeline's names say."""
    found = _PROGRAM.match(name)
    if found is None:
        return {}
    return {"program": found[1], "observation": (found[2] or found[3]).lower().removeprefix("o")}


def _of_header(path: Path) -> dict[str, str]:
    said = read_primary_texts(path, _WANTED)
    return {
        name: next((said[key] for key in keywords if said.get(key, "N/A") not in _NOTHING), "")
        for name, keywords in _KEYWORDS.items()
    }


def _of_table(path: Path) -> dict[str, str]:
    header = table_header(path).text
    found = {}
    for name, keys in _META.items():
        for key in keys:
            match = re.search(rf"[\s{{,]{key}: ['\"]?([^,}}'\"\n]+)", header)
            if match:
                found[name] = match[1].strip()
                break
    return found


def _of_json(path: Path) -> dict[str, str]:
    return {"association": path.name}


_FACTS = {"fits": _of_header, "ecsv": _of_table, "json": _of_json}
