"""Importers of mosaics (i2d) and segmentation maps (segm)."""

from __future__ import annotations

import numpy as np
from astropy.nddata import CCDData
from glue.core import Component, Data
from jdaviz.core.loaders.importers.image.image import ImageImporter as JdavizImageImporter
from jdaviz.core.registries import loader_importer_registry
from jdaviz.core.template_mixin import SelectFileExtensionComponent
from jdaviz.core.user_api import ImporterUserApi

from ..readers.image import image_extensions, read_image, read_segmentation
from .importing import ProductImporterMixin, importing

__all__ = ["ImageImporter", "image_data"]


@loader_importer_registry("JWST image")
class ImageImporter(ProductImporterMixin, JdavizImageImporter):
    """Imports a mosaic (SCI, and any other plane that is asked for) or a segmentation map.

    jdaviz's own importer does the menus, links and parents; this one reads only the chosen
    extensions and takes the FITS WCS, which for a resampled image says the same as its gwcs and
    is many times faster.

    Attributes
    ----------
    extension
        ``'SCI'`` (default), ``'ERR'``, ``'WHT'``, ``'CON'``, ``'VAR_POISSON'``, ….
    align_by : {'Pixels', 'WCS'}
        How images are laid over each other.
    """

    options = ("extension", "align_by", "parent", "data_label_as_prefix")

    def prepare(self):
        names = image_extensions(self.product.path)
        self.input_has_extensions = True
        self.extension = SelectFileExtensionComponent(
            self,
            items="extension_items",
            selected="extension_selected",
            multiselect="extension_multiselect",
            manual_options=[
                {
                    "label": name,
                    "name": name,
                    "ver": None,
                    "name_ver": name,
                    "index": index,
                    "data_hash": self.product.data_hash(name),
                    "obj": None,
                }
                for index, name in enumerate(names)
            ],
            filters=[],
        )
        self.extension.selected = names[:1]
        self.data_hashes = [self.product.data_hash(name) for name in names]
        self.hash_map_to_label = dict(zip(self.data_hashes, names, strict=True))

    @property
    def user_api(self) -> ImporterUserApi:
        return ImporterUserApi(self, expose=list(self.options))

    @property
    def default_data_label_from_resolver(self) -> str:
        return self.product.label

    def _get_label_with_extension(self, prefix, ext=None, ver=None):
        # Called by jdaviz for single and multiple extensions alike; SCI is the mosaic itself.
        return f"{prefix}[{ext}]" if ext not in (None, "SCI") else prefix

    def build(self) -> list[Data]:
        return [self._data(name) for name in self.extension.selected_name]

    def _data(self, extension: str) -> Data:
        if self.product.kind.suffix == "segm":
            return _segmentation_data(read_segmentation(self.product.path))
        image = read_image(self.product.path, extension=extension, uncertainty=False)
        return image_data(image.data, str(image.unit), image.wcs, image.meta, extension)

    @importing
    def __call__(self):
        return super().__call__()


def image_data(values: np.ndarray, unit: str, wcs, meta: dict, extension: str) -> Data:
    """Make glue data of an image.

    Parameters
    ----------
    values : ndarray, shape (ny, nx)
    unit : str
    wcs : astropy.wcs.WCS or None
    meta : dict
    extension : str
        Name of its extension.

    Returns
    -------
    glue.core.Data
        With one component, ``'data'`` as jdaviz names that of SCI.
    """
    data = Data(coords=wcs)
    data.meta.update(meta)
    data.meta["_extname"] = extension
    name = "data" if extension == "SCI" else extension.lower()
    data.add_component(Component(values, units=unit), name)
    return data


def _segmentation_data(segmentation: CCDData) -> Data:
    """Make glue data of a segmentation map: labels as floats, the background transparent."""
    # NaN is drawn transparent. float32 holds every label up to 2^24 exactly.
    kind = np.float32 if segmentation.data.max(initial=0) < 2**24 else np.float64
    labels = segmentation.data.astype(kind)
    labels[segmentation.data == 0] = np.nan
    return image_data(labels, "", segmentation.wcs, segmentation.meta, "SCI")
