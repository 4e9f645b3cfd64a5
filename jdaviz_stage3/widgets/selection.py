"""Which source is selected, in all widgets of one catalog."""

from __future__ import annotations

import os
from typing import Any
from weakref import WeakValueDictionary

from astropy.table import Table
from traitlets import Any as AnyTrait
from traitlets import HasTraits

from ..origin import file_stamp

__all__ = ["SourceSelection", "selection_of"]


class SourceSelection(HasTraits):
    """The source that is selected.

    Attributes
    ----------
    label : object
        As the catalog has it; None for none.
    """

    label = AnyTrait(None, allow_none=True)

    def __init__(self, catalog: Any) -> None:
        super().__init__()
        self._catalog = catalog  # so that no other table gets its id


_SELECTIONS: WeakValueDictionary[Any, SourceSelection] = WeakValueDictionary()


def selection_of(given: str | os.PathLike | Table) -> SourceSelection:
    """Return the selection that all widgets of a catalog share.

    Parameters
    ----------
    given : path-like or Table
        The same file, or the same object, gives the same selection.

    Returns
    -------
    SourceSelection
    """
    key = id(given) if isinstance(given, Table) else file_stamp(os.path.expanduser(given))
    found = _SELECTIONS.get(key)
    if found is None:
        found = _SELECTIONS[key] = SourceSelection(given)
    return found
