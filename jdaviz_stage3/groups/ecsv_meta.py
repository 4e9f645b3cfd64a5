"""The meta of a table file, without its rows and without making objects of what is in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from ..errors import UnreadableProductError, reason_of
from ..table_headers import table_header

__all__ = ["ecsv_meta"]


# The meta begins at one key and ends at the next; what it says of the objects that columns are is
# most of it, and nothing that is asked for.
_META = re.compile(r"^meta:.*(?:\n(?![A-Za-z]).*)*", re.MULTILINE)
_OF_COLUMNS = re.compile(
    r"^- \{?__serialized_columns__:.*(?:\n(?!- |[A-Za-z]).*)*\n?", re.MULTILINE
)


class _PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain values only: of arrays, units and classes there is nothing."""


def _nothing(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> None:
    return None


_PlainLoader.add_multi_constructor("", _nothing)


def ecsv_meta(path: Path) -> dict[str, Any]:
    """Read the meta of a table file: what ECSV, or astropy in Parquet, has in YAML.

    Parameters
    ----------
    path : path

    Returns
    -------
    dict
        Numbers, texts, lists and dictionaries; None for what is an object of some class.

    Raises
    ------
    UnreadableProductError
        If the header is no YAML.
    """
    text = table_header(path).text
    try:
        header = _loaded(text.partition("---")[2] or text)
    except (yaml.YAMLError, ValueError, RecursionError) as err:
        raise UnreadableProductError(
            f"{path.name}: its header cannot be read ({reason_of(err)}); download it again"
        ) from err
    meta = header.get("meta") if isinstance(header, dict) else None
    if isinstance(meta, list):  # an ordered mapping, as pairs
        return {str(pair[0]): pair[1] for pair in meta if isinstance(pair, tuple)}
    return {str(key): value for key, value in meta.items()} if isinstance(meta, dict) else {}


def _loaded(text: str) -> Any:
    """What the header says; without its columns where that can be."""
    meta = _META.search(text)
    if meta is not None:
        try:
            return yaml.load(_OF_COLUMNS.sub("", meta[0]), Loader=_PlainLoader)
        except yaml.YAMLError:  # refers to something in what was left out, perhaps
            pass
    return yaml.load(text, Loader=_PlainLoader)
