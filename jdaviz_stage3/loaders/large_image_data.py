"""A large image in the data collection, whose pixels stay in its file."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.nddata import CCDData

from ..readers.large_image import LargeImage
from .stored_data import StoredComponent, StoredData

__all__ = ["LargeImageData"]


class _WholeImage(CCDData):
    """The image as an object whose pixels are read when they are asked for."""

    _values: LargeImage | None = None

    @classmethod
    def of(cls, values: LargeImage, unit: str, wcs: Any, meta: dict[str, Any]) -> _WholeImage:
        nothing = np.broadcast_to(values.dtype.type(0), values.shape)
        image = cls(nothing, unit=unit, wcs=wcs, meta=dict(meta))
        image._values = values
        return image

    @property
    def shape(self) -> tuple[int, ...]:
        return self._data.shape

    @property
    def data(self) -> np.ndarray:
        if self._values is not None:
            self._data, self._values = self._values[...], None
        return self._data

    @data.setter
    def data(self, value: np.ndarray) -> None:
        CCDData.data.fset(self, value)
        self._values = None


class LargeImageData(StoredData):
    """Data of an image of which no more is in memory than a viewer shows.

    Parameters
    ----------
    values : LargeImage
    unit : str
    wcs : astropy.wcs.WCS or None
    name : str
        Of the component.
    """

    def __init__(self, values: LargeImage, unit: str, wcs: Any, name: str):
        super().__init__(coords=wcs)
        self.add_component(StoredComponent(values, unit), name)

    def get_object(self, cls=None, **options):
        """Return the image as `~astropy.nddata.CCDData` that reads its pixels when asked for.

        jdaviz asks for it to see its unit.
        """
        component = self.get_component(self.main_components[0])
        if cls is not CCDData or options or not isinstance(component, StoredComponent):
            return super().get_object(cls, **options)
        return _WholeImage.of(component.data, component.units, self.coords, self.meta)
