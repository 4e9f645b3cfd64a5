"""What the keywords of calibration steps and reference files are called in words."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

__all__ = ["reference_types", "step_names"]

_SCHEMA = Path("jwst", "datamodels", "schemas", "core.schema.yaml")


def step_names() -> dict[str, str]:
    """Return the names of the calibration steps by the keyword of their state.

    Returns
    -------
    dict of str to str
        ``{'S_OUTLIR': 'outlier_detection', …}``, by the schema ``core`` of stdatamodels, whose
        ``meta.cal_step`` lists them. It is read, not imported.
    """
    return _names()[0]


def reference_types() -> dict[str, str]:
    """Return the types of reference files by the keyword of their name.

    Returns
    -------
    dict of str to str
        ``{'R_FLAT': 'flat', …}``, by ``meta.ref_file`` of the same schema.
    """
    return _names()[1]


@lru_cache(maxsize=1)
def _names() -> tuple[dict[str, str], dict[str, str]]:
    package = find_spec("stdatamodels")
    if package is None or package.origin is None:
        return {}, {}  # then the keywords themselves are shown
    text = (Path(package.origin).parent / _SCHEMA).read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    meta = yaml.load(text, Loader=loader)["properties"]["meta"]["properties"]
    steps = _by_keyword(meta["cal_step"], "S_")
    references = _by_keyword(meta["ref_file"], "R_")
    return steps, references


def _by_keyword(schema: dict[str, Any], start: str) -> dict[str, str]:
    """The names of properties, or of those that have a ``name``, by their FITS keywords."""
    found = {}
    for name, entry in schema.get("properties", {}).items():
        inner = entry.get("properties", {}).get("name", {})
        keyword = entry.get("fits_keyword") or inner.get("fits_keyword", "")
        if keyword.startswith(start):
            found[keyword] = name
    return found
