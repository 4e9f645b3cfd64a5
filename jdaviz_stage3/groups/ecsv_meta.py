"""The meta of an ECSV table, without its rows and without making objects of what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ..errors import UnreadableProductError, reason_of
from ..products import ecsv_header

__all__ = ["ecsv_meta"]


class _PlainLoader(yaml.SafeLoader):
    """Plain values only: of arrays, units and classes there is nothing."""


def _nothing(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> None:
    return None


_PlainLoader.add_multi_constructor("", _nothing)


def ecsv_meta(path: Path) -> dict[str, Any]:
    """Read the meta of an ECSV table.

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
    _, text = ecsv_header(path)
    try:
        header = yaml.load(text.partition("---")[2], Loader=_PlainLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as err:
        raise UnreadableProductError(
            f"{path.name}: its header cannot be read ({reason_of(err)}); download it again"
        ) from err
    meta = header.get("meta") if isinstance(header, dict) else None
    if isinstance(meta, list):  # an ordered mapping, as pairs
        return {str(pair[0]): pair[1] for pair in meta if isinstance(pair, tuple)}
    return {str(key): value for key, value in meta.items()} if isinstance(meta, dict) else {}
