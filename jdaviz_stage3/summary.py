"""What a file is, in one line: for ``jdaviz-stage3 info``. Headers only, no jdaviz, no arrays."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import Stage3Error, UnreadableProductError, reason_of
from .fits_extension import StoredExtension
from .fits_structure import read_primary_texts, read_structure
from .products import ProductType, identify
from .readers.association import read_association
from .readers.extensions import require_names
from .table_headers import table_header

__all__ = ["ProductSummary", "summarize"]

_SAID = ("INSTRUME", "TARGNAME", "TARGPROP", "CAL_VER")
_SPECTRAL = ("EXTRACT1D", "COMBINE1D")


@dataclass(frozen=True)
class ProductSummary:
    """One row of the table that ``jdaviz-stage3 info`` prints.

    Attributes
    ----------
    path : path
    type : str
        The product's suffix; empty where the file is no product.
    name : str
        The product type in words.
    instrument, target, pipeline_version : str
        INSTRUME, TARGNAME and CAL_VER, or what an ECSV file's metadata say; empty if not there.
    shape : str
        Size in the product's own terms: ``'314 × 332'``, ``'52 sources'``.
    action : str
        What `jdaviz_stage3.load` does with it.
    problem : str
        What is wrong with the file; empty where nothing is.
    """

    path: Path
    type: str = ""
    name: str = ""
    instrument: str = ""
    target: str = ""
    pipeline_version: str = ""
    shape: str = ""
    action: str = ""
    problem: str = ""


def summarize(path: str | os.PathLike) -> ProductSummary:
    """Describe a file from its headers.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    ProductSummary
        Nothing is raised: what is wrong stands in ``problem``.
    """
    path = Path(path)
    try:
        kind = identify(path)
    except Stage3Error as err:
        return ProductSummary(path, problem=str(err))
    facts = {"type": kind.suffix, "name": kind.name, "action": kind.action}
    try:
        if kind.container == "fits":
            facts |= _fits_facts(path, kind)
        elif kind.container == "ecsv":
            facts |= _table_facts(path, kind)
        else:
            facts |= _association_facts(path)
    except Stage3Error as err:
        facts["problem"] = str(err)
    except Exception as err:  # nothing that a file holds may end the list of the others
        facts["problem"] = f"{path.name}: cannot be read ({reason_of(err)}); download it again"
    return ProductSummary(path, **facts)


def _fits_facts(path: Path, kind: ProductType) -> dict[str, str]:
    said = read_primary_texts(path, _SAID)
    structure = read_structure(path)
    facts = {
        "instrument": said.get("INSTRUME", ""),
        "target": said.get("TARGNAME") or said.get("TARGPROP") or "",
        "pipeline_version": said.get("CAL_VER", ""),
    }
    extensions = structure.extensions[1:]
    facts["shape"] = _shape(extensions, kind, facts["instrument"])
    if not extensions:
        facts["problem"] = f"{path.name}: no extensions; the file is incomplete"
        return facts
    try:
        _check_tables(extensions, path)
    except UnreadableProductError as err:
        facts["problem"] = str(err)
    facts["problem"] = structure.truncated or facts.get("problem", "")
    return facts


def _association_facts(path: Path) -> dict[str, str]:
    group = read_association(path)
    here = sum(member.path is not None for member in group.members)
    count = len(group.products)
    return {
        "target": group.target,
        "shape": f"{count} product{'s' if count > 1 else ''}, {here} of {len(group.members)} "
        "members here",
    }


def _check_tables(extensions: Sequence[StoredExtension], path: Path) -> None:
    """Raise for what makes loading spectra fail and the header of a table tells."""
    tables = [one for one in extensions if one.name in _SPECTRAL]
    for one in tables[:1]:
        require_names(one.name, list(one.columns), ["WAVELENGTH", "FLUX"], path)
    if tables and not any(one.number("NAXIS2") for one in tables):
        raise UnreadableProductError(f"{path.name}: {tables[0].name} has no rows")


def _shape(extensions: Sequence[StoredExtension], kind: ProductType, instrument: str) -> str:
    tables = [one for one in extensions if one.name in _SPECTRAL]
    if tables:
        return _spectral_shape(tables, kind, instrument)
    image = next((one for one in extensions if one.name == "SCI"), None)
    if image is None:
        names = list(dict.fromkeys(one.name for one in extensions if one.name != "ASDF"))
        return ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
    return " × ".join(map(str, image.axes))


def _spectral_shape(tables: Sequence[StoredExtension], kind: ProductType, instrument: str) -> str:
    first = tables[0]
    rows = sum(one.number("NAXIS2") or 0 for one in tables)
    columns = first.columns
    vectors = "SOURCE_ID" in columns or "INT_NUM" in columns
    if not vectors:
        length, count = first.number("NAXIS2") or 0, len(tables)
    else:
        form = columns.get("WAVELENGTH", "")
        length, count = int(re.split(r"\D", form, maxsplit=1)[0] or 1), rows
    found = {one.number("SPORDER") for one in tables}
    orders = sorted(order for order in found if order is not None)
    if kind.suffix == "x1dints":
        traces = {(one.number("SPORDER"), one.text("DETECTOR")) for one in tables}
        count, what = count // len(traces), "integrations"
        if not vectors and instrument == "NIRSPEC":  # whose detectors no header tells apart
            count = len({one.number("INT_NUM") for one in tables} - {None, 0}) or count
    else:
        what = "spectra" if count != 1 else "spectrum"
    text = f"{count} {what} × {length} wavelengths"
    if len(orders) > 1:
        text += f", orders {', '.join(map(str, orders))}"
    return text


def _table_facts(path: Path, kind: ProductType) -> dict[str, str]:
    top = table_header(path)
    columns, rows = top.columns, top.rows
    if rows is None:
        with open(path, "rb") as stream:
            rows = sum(1 for line in stream if line.strip() and not line.startswith(b"#")) - 1
    what = "sources" if kind.suffix == "cat" else "integrations"
    facts = {"shape": f"{rows} {what}, {len({name.split('.')[0] for name in columns})} columns"}
    for key, names in {
        "instrument": ("instrument",),
        "target": ("target_name", "target"),
        "pipeline_version": ("jwst version", "jwst", "calibration_software_version"),
    }.items():
        for name in names:
            found = re.search(rf"[\s{{,]{name}: ['\"]?([^,}}'\"\n]+)", top.text)
            if found:
                facts[key] = found.group(1).strip()
                break
    if rows == 0:
        facts["problem"] = f"{path.name}: no rows"
    positions = {"sky_centroid.ra", "icrs_centroid.ra", "xcentroid", "x_centroid"}
    if kind.suffix == "cat" and not positions & set(columns):
        facts["problem"] = f"{path.name}: no source positions"
    return facts
