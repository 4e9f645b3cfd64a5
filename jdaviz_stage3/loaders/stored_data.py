"""Data in the data collection whose values are read from their file when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from astropy import units as u
from glue.core import Data
from glue.core.component import Component
from glue.utils import compute_statistic

from ..errors import UnreadableProductError
from ..jdaviz_compat import show_error_of

__all__ = ["StoredComponent", "StoredData"]


class StoredComponent(Component):
    """Values that are read when they are asked for, excluded ones NaN.

    Parameters
    ----------
    stored : object
        That reads what it is indexed with; with ``shape``, ``ndim``, ``size`` and ``dtype``, and
        ``sample(count)``, which reads about so many of its values.
    unit : Unit or str
    """

    def __init__(self, stored: Any, unit: u.UnitBase | str):
        super().__init__(stored, units=str(unit))

    @property
    def numeric(self) -> bool:
        """They are, which glue would read one of them for."""
        return True


class StoredData(Data):
    """Data of which some components are a `StoredComponent`."""

    _unread = False
    _said = ""  # of a file that cannot be read any more

    @contextmanager
    def unread(self) -> Iterator[None]:
        """Give who asks for all values what stands for them, for jdaviz's read-out takes one."""
        before, self._unread = self._unread, True
        try:
            yield
        finally:
            self._unread = before

    def get_data(self, cid, view=None):
        """Return values as an array, also where all of them are asked for."""
        component = self._components.get(cid)
        stored = isinstance(component, StoredComponent)
        if stored and view is None and self._unread:
            return component.data
        return super().get_data(cid, (Ellipsis,) if stored and view is None else view)

    def compute_fixed_resolution_buffer(self, bounds, *args, **options):
        """Return what a viewer draws; nothing, which is said once, where the file was changed.

        Viewers draw whenever anything is loaded or removed: an error would be the end of that.
        """
        try:
            return super().compute_fixed_resolution_buffer(bounds, *args, **options)
        except UnreadableProductError as err:
            if str(err) != self._said:
                self._said = str(err)
                show_error_of(self, self._said)
            shape = [bound[2] for bound in bounds if isinstance(bound, tuple)]
            return np.full(shape, False if options.get("subset_state") is not None else np.nan)

    def compute_statistic(self, statistic, cid, *args, **options):
        """Compute a statistic, of a sample without reading all the rest."""
        count = options.get("random_subset")
        component = self._components.get(cid)
        parts = ("subset_state", "axis", "view")
        of_all = not args and all(options.get(key) is None for key in parts)
        if not (count and of_all and isinstance(component, StoredComponent)):
            return super().compute_statistic(statistic, cid, *args, **options)
        kept = ("finite", "positive", "percentile")
        keywords = {key: options[key] for key in kept if key in options}
        return compute_statistic(statistic, component.data.sample(count), **keywords)
