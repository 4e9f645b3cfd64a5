"""How a product was made: versions, reference files, steps, exposures. From its headers."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Stage3Error, UnsupportedProductError
from ..fits_structure import read_primary_texts
from ..products import identify
from .ecsv_meta import ecsv_meta
from .header_table import header_table
from .keywords import reference_types, step_names

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["Provenance", "compare_provenance", "provenance"]

#: What the pipeline writes where a step had no use for a type of reference file.
_NOT_APPLICABLE = "N/A"
#: Where keywords begin like those of steps and are none: S_REGION is the footprint on the sky.
_NO_STEPS = {"S_REGION"}

#: Field of Provenance -> keywords, the first that is there counts.
_KEYWORDS = {
    "pipeline_version": ("CAL_VER",),
    "pipeline_revision": ("CAL_VCS",),
    "crds_context": ("CRDS_CTX",),
    "crds_version": ("CRDS_VER",),
    "archive_version": ("SDP_VER",),
    "created": ("DATE",),
    "observed": ("DATE-OBS",),
    "program": ("PROGRAM",),
    "title": ("TITLE",),
    "pi": ("PI_NAME",),
    "target": ("TARGNAME", "TARGPROP"),
    "instrument": ("INSTRUME",),
    "exposure_type": ("EXP_TYPE",),
    "association": ("ASNTABLE",),
    "pool": ("ASNPOOL",),
}
#: Columns of HDRTAB, beside those of steps and reference files, and what they are called.
_MIXED = {"CAL_VER": "pipeline_version", "CRDS_CTX": "crds_context"}
_WANTED = {keyword for keywords in _KEYWORDS.values() for keyword in keywords}
#: The same for the meta of ECSV tables: catalogs of jwst 0.13 to 3, light curves.
_META_KEYS = {
    "pipeline_version": ("version.jwst", "calibration_software_version", "jwst version"),
    "crds_context": ("CRDS_context", "crds_context"),
    "created": ("date",),
    "observed": ("observation_date", "date_obs"),
    "target": ("target_name", "target"),
    "instrument": ("instrument",),
    "exposure_type": ("exp_type",),
}


@dataclass(frozen=True)
class Provenance:
    """How a product was made, as far as its file says. What it does not say is empty.

    Attributes
    ----------
    path : path
    suffix : str
        Of its product type.
    pipeline_version, pipeline_revision : str
        CAL_VER and CAL_VCS.
    crds_context, crds_version : str
        CRDS_CTX, which reference files there were to choose from, and CRDS_VER.
    archive_version : str
        SDP_VER, of the software of the archive.
    created, observed : str
        DATE, when the file was written, and DATE-OBS, when the (first) exposure began; UTC.
    program, title, pi, target, instrument, exposure_type : str
        PROGRAM, TITLE, PI_NAME, TARGNAME (or TARGPROP), INSTRUME, EXP_TYPE.
    association, pool : str
        ASNTABLE and ASNPOOL.
    steps : dict of str to str
        State of each step that the header names: COMPLETE, SKIPPED, FAILED, as it is written.
    references : dict of str to str
        Reference files by type. Those that are ``N/A`` are in ``not_applicable``.
    not_applicable : tuple of str
        Types of reference files that were asked for, and that do not apply.
    exposures : tuple of str
        The files that went in, by the FILENAME column of HDRTAB; empty where there is none.
    mixed : dict of str to tuple of str
        Versions, contexts, reference files and states of steps that are not the same for all
        exposures, by HDRTAB: the values that there are.
    software : dict of str to str
        Versions of packages, of which catalogs have a list.
    """

    path: Path
    suffix: str
    pipeline_version: str = ""
    pipeline_revision: str = ""
    crds_context: str = ""
    crds_version: str = ""
    archive_version: str = ""
    created: str = ""
    observed: str = ""
    program: str = ""
    title: str = ""
    pi: str = ""
    target: str = ""
    instrument: str = ""
    exposure_type: str = ""
    association: str = ""
    pool: str = ""
    steps: dict[str, str] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    not_applicable: tuple[str, ...] = ()
    exposures: tuple[str, ...] = ()
    mixed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    software: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values, for JSON.

        Returns
        -------
        dict
        """
        return dataclasses.asdict(self) | {"path": str(self.path)}

    def to_json(self, path: str | os.PathLike | None = None) -> str:
        """Return all fields as JSON, and write it if a path is given.

        Parameters
        ----------
        path : path-like, optional
            A file that is not there yet.

        Returns
        -------
        str

        Raises
        ------
        Stage3Error
            If the file is there, or cannot be written.
        """
        text = json.dumps(self.as_dict(), indent=2, ensure_ascii=False)
        if path is not None:
            try:
                with open(path, "x", encoding="utf-8") as stream:
                    stream.write(text + "\n")
            except OSError as err:
                raise Stage3Error(f"{path}: cannot be written ({err.strerror or err})") from err
        return text

    def rows(self) -> list[tuple[str, str, str]]:
        """Return what is known, one thing a row.

        Returns
        -------
        list of (str, str, str)
            Section (``'product'``, ``'step'``, ``'reference file'``, ``'software'``,
            ``'exposure'``), name and value.
        """
        rows = [("product", "suffix", self.suffix)]
        rows += [("product", name, getattr(self, name)) for name in _KEYWORDS]
        rows += [("step", name, state) for name, state in self.steps.items()]
        rows += [("reference file", name, file) for name, file in self.references.items()]
        rows += [("reference file", name, _NOT_APPLICABLE) for name in self.not_applicable]
        rows += [("software", name, version) for name, version in self.software.items()]
        rows += [("mixed", name, " | ".join(values)) for name, values in self.mixed.items()]
        rows += [("exposure", name, "went in") for name in dict.fromkeys(self.exposures)]
        return [row for row in rows if row[2]]


def provenance(path: str | os.PathLike) -> Provenance:
    """Say how a Stage 3 product was made: versions, reference files, steps, exposures.

    Parameters
    ----------
    path : path-like
        Of a FITS file the primary header is read, and HDRTAB where there is one; of an ECSV table
        its meta.

    Returns
    -------
    Provenance

    Raises
    ------
    UnknownProductError, UnreadableProductError
        If the file is no product, or broken.
    UnsupportedProductError
        For an association, which is read by `jdaviz_stage3.read`.

    Examples
    --------
    >>> import jdaviz_stage3 as stage3
    >>> made = stage3.provenance("jw…_i2d.fits")    # doctest: +SKIP
    >>> made.pipeline_version, made.crds_context    # doctest: +SKIP
    """
    path = Path(path)
    kind = identify(path)
    if kind.container == "ecsv":
        return _of_meta(path, kind.suffix)
    if kind.container != "fits":
        raise UnsupportedProductError(
            f"{path.name}: an association, which does not say how its products were made; ask "
            "for that of a product; jdaviz_stage3.read(path) says what belongs to it"
        )
    said = read_primary_texts(path, _WANTED, ("S_", "R_"))
    states = {}
    files: dict[str, str] = {}
    for keyword, value in said.items():
        if keyword.startswith("S_") and keyword not in _NO_STEPS:
            states[step_names().get(keyword, keyword)] = value.strip()
        elif keyword.startswith("R_"):
            files[reference_types().get(keyword, keyword)] = value.strip()
    exposures, mixed = _inputs(path)
    facts: dict[str, Any] = {
        name: next((text for key in keys if (text := said.get(key, "").strip())), "")
        for name, keys in _KEYWORDS.items()
    }
    return Provenance(
        path,
        kind.suffix,
        steps={name: state for name, state in states.items() if state},
        references={name: file for name, file in files.items() if file not in ("", "N/A")},
        not_applicable=tuple(name for name, file in files.items() if file == _NOT_APPLICABLE),
        exposures=exposures,
        mixed=mixed,
        **facts,
    )


def _inputs(path: Path) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """The exposures in HDRTAB, and what differs between them."""
    said = header_table(path, {"FILENAME", *_MIXED}, ("S_", "R_"))
    exposures = tuple(said.pop("FILENAME", ()))
    known = _MIXED | step_names() | reference_types()
    mixed = {}
    for name, values in said.items():
        found = sorted(set(values))
        if len(found) > 1 and name not in _NO_STEPS:
            mixed[known.get(name, name)] = tuple(value or "(not said)" for value in found)
    return exposures, mixed


def _of_meta(path: Path, suffix: str) -> Provenance:
    meta = ecsv_meta(path)
    versions = meta.get("version")
    software = {}
    if isinstance(versions, dict):
        software = {str(name): str(version) for name, version in versions.items()}
        meta |= {f"version.{name}": version for name, version in software.items()}
    facts: dict[str, Any] = {
        name: next((str(meta[key]).strip() for key in keys if meta.get(key) is not None), "")
        for name, keys in _META_KEYS.items()
    }
    return Provenance(path, suffix, software=software, **facts)


def compare_provenance(paths: Sequence[str | os.PathLike]) -> Table:
    """Compare how products were made, the differences first.

    Parameters
    ----------
    paths : sequence of path-like
        Two products or more.

    Returns
    -------
    astropy.table.Table
        A row for each thing that one of the files says: ``section``, ``name``, ``differs``, and a
        column for each file, by its name; empty where a file does not say it. First what files say
        differently, then what only some say, both with ``differs``, then what is the same. When a
        file was written differs always, and is no reason to worry.

    Raises
    ------
    Stage3Error
        If there are less than two, or one cannot be read.
    """
    from astropy.table import Table  # not for `info`, which answers at once

    if isinstance(paths, str | os.PathLike):
        raise Stage3Error("compare_provenance: give a list of two or more files")
    made = [provenance(path) for path in paths]
    if len(made) < 2:
        raise Stage3Error(f"compare_provenance: {len(made)} file, expected two or more")
    said = [{row[:2]: row[2] for row in one.rows()} for one in made]
    for product, values in zip(made, said, strict=True):
        if product.exposures:  # then it does say of the others that they are not among its own
            others = {("exposure", name) for other in made for name in other.exposures}
            values |= dict.fromkeys(others - set(values), "not in it")
    keys = list(dict.fromkeys(key for one in said for key in one))
    order = {section: number for number, section in enumerate(_SECTIONS)}
    keys.sort(key=lambda key: order[key[0]])  # stable: the order of the header within
    values_of = {key: {one.get(key, "") for one in said} for key in keys}
    differs = {key: len(values) > 1 for key, values in values_of.items()}
    keys.sort(key=lambda key: (not differs[key], len(values_of[key] - {""}) < 2))
    table = Table()
    table["section"] = [section for section, _ in keys]
    table["name"] = [name for _, name in keys]
    table["differs"] = [differs[key] for key in keys]
    for label, one in zip(_labels([one.path for one in made]), said, strict=True):
        table[label] = [one.get(key, "") for key in keys]
    return table


_SECTIONS = ("product", "step", "reference file", "software", "mixed", "exposure")


def _labels(paths: Sequence[Path]) -> list[str]:
    """The names of files; where two have one name, their paths; where that is one, numbered."""
    names = [path.name for path in paths]
    labels = [str(p) if names.count(p.name) > 1 else p.name for p in paths]
    return [
        f"{label} ({labels[:number].count(label) + 1})" if labels.count(label) > 1 else label
        for number, label in enumerate(labels)
    ]
