"""Labels of data: jdaviz numbers those that come while there are others of a label."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import Stage3Error
from ..jdaviz_compat import all_data, rename_only, renamed_along
from ..products import named_suffix, product_root

__all__ = [
    "aside",
    "give_labels",
    "is_made_of",
    "is_numbered",
    "label_of_file",
    "renamed_with",
    "without_number",
]

_NUMBER = re.compile(r" \(\d+\)")


def is_numbered(label: str) -> bool:
    """Whether a label may have been given a number, as ``X (1)`` for a second ``X``."""
    return bool(_NUMBER.search(label))


def without_number(label: str) -> str:
    """Return the label that data have where there are no others of it."""
    return _NUMBER.sub("", label)


def is_made_of(label: str, start: str) -> bool:
    """Whether a label is another one, or begins with it: that of a part, or of what was made."""
    return label == start or (label.startswith(start) and label[len(start)] in " [(")


def label_of_file(path: Path, options: Mapping[str, Any]) -> str:
    """Return what the labels of a file's data begin with, as far as its name and options tell."""
    if "data_label" in options:
        return options["data_label"]
    if "format" in options:  # of jdaviz
        return path.stem
    return f"{product_root(path)} {named_suffix(path.name)}".strip()


def aside(label: str, taken: Sequence[str]) -> str:
    """Return a label for data that have to make room for others for a while."""
    found = f"before: {label}"  # at the start, for jdaviz takes what is behind for a part
    while found in taken:
        found = f"before: {found}"
    return found


def renamed_with(label: str, old: str, new: str) -> str:
    """Return what data are called after a session has renamed others: parts go along with these.

    Parameters
    ----------
    label : str
        Before.
    old, new : str
        The labels of the others.
    """
    if _NUMBER.match(label, len(old)):  # another one of that label, which jdaviz would rename, too
        return label
    return renamed_along(label, old, new)


def give_labels(app: Any, new: Sequence[Any], labels: Sequence[str]) -> None:
    """Give data the labels that they have in a script.

    Parameters
    ----------
    app : jdaviz app
    new : sequence of glue data
        That have just come.
    labels : sequence of str
        In the same order.

    Raises
    ------
    Stage3Error
        If these are other data: the labels differ by more than a number, or are those of data that
        are there. Some may have been renamed then.
    """
    came = [data.label for data in new]
    if list(map(without_number, came)) != list(map(without_number, labels)):
        raise Stage3Error(f"came as {_listed(came)}, and not as {_listed(labels)}")
    for data, label in zip(new, labels, strict=True):
        if data.label == label:
            continue
        holder = next((one for one in all_data(app) if one.label == label), None)
        if holder is not None:
            if not any(one is holder for one in new):
                raise Stage3Error(f"there are data {label!r} already")
            rename_only(app, label, aside(label, [one.label for one in all_data(app)]))
        rename_only(app, data.label, label)
    if [data.label for data in new] != list(labels):
        raise Stage3Error(f"could not be given the labels {_listed(labels)}")


def _listed(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""
    return ", ".join(map(repr, labels[:3])) + more
