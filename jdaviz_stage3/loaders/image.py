"""Importer of mosaics (i2d), segmentation maps (segm) and exposures (crf)."""

from __future__ import annotations

import numpy as np
from glue.core import Component, Data
from jdaviz.core.loaders.importers.image.image import ImageImporter as JdavizImageImporter
from jdaviz.core.registries import loader_importer_registry
from jdaviz.core.template_mixin import SelectFileExtensionComponent
from jdaviz.core.user_api import ImporterUserApi
from jdaviz.utils import cmap_samples
from matplotlib.colors import to_hex
from photutils.utils import make_random_cmap

from ..jdaviz_compat import (
    decode_whole_image,
    drawn_once,
    fit_when_drawn,
    hide_layer,
    image_meta,
    keep_units_of_images,
    offer_colors,
    show_message,
    shown_in,
    viewer_labels,
)
from ..origin import ORIGIN
from ..readers.exposures import read_exposure_planes
from ..readers.image import image_extensions, read_image, read_segmentation
from .importing import ProductImporterMixin, importing

_N_COLORS = 10_000  # labels above it share the last colour

__all__ = ["ImageImporter", "draw_as_segments", "image_data"]


@loader_importer_registry("JWST image")
class ImageImporter(ProductImporterMixin, JdavizImageImporter):
    """Imports a mosaic, an exposure (SCI and DQ), or a segmentation map, and other planes.

    jdaviz's own importer does the menus, links and parents; this one reads only the chosen
    extensions and takes the FITS WCS, which for a resampled image says the same as its gwcs and
    is many times faster.

    Attributes
    ----------
    extension
        ``'SCI'`` (default; with ``'DQ'`` for exposures), ``'ERR'``, ``'WHT'``, ``'CON'``, ….
    align_by : {'Pixels', 'WCS'}
        How images are laid over each other.
    """

    template_file = JdavizImageImporter.template_file
    settings = ("extension", "align_by", "parent", "data_label_as_prefix")

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
        shown = ("SCI", "DQ") if self.product.kind.by_name else names[:1]
        self.extension.selected = [name for name in names if name in shown]
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
        names = self.extension.selected_name
        if self.product.kind.suffix == "segm":
            image = read_segmentation(self.product.path)
            return [self._data(image.data, "", image.wcs, image.meta, names[0])]
        if self.product.kind.by_name:
            planes = read_exposure_planes(self.product.path, names)
        else:
            planes = (
                (name, read_image(self.product.path, extension=name, uncertainty=False))
                for name in names
            )
        return [
            self._data(image.data, str(image.unit), image.wcs, image.meta, name)
            for name, image in planes
        ]

    def _data(self, values: np.ndarray, unit: str, wcs, meta: dict, extension: str) -> Data:
        if extension == "DQ":
            # As jdaviz has it: nothing where no flag is set. In 64 bits, for 32 hold the flags of
            # the high bits without those of the low ones.
            values = np.where(values == 0, np.nan, values.astype(np.float64))
        meta = meta | {ORIGIN: self.product.origin(extension)}
        return image_data(values, unit, wcs, meta, extension)

    @importing
    def __call__(self):
        with drawn_once(self):
            self._import()

    def _import(self) -> None:
        label = self.data_label_value.strip()
        drawn_before = viewer_labels(self)
        # jdaviz makes SCI the parent of the other planes, which must then be there before them
        self.extension.selected = sorted(self.extension.selected, key=lambda name: name != "SCI")
        keep_units_of_images(self)
        if self.product.kind.suffix == "segm":
            # with the first one, so that nobody who loads none finds them in the menus
            offer_colors(self, _SEGMENT_COLORS)
        super().__call__()
        for viewer in shown_in(self, label):
            if viewer.reference not in drawn_before or len(viewer.layers) == 1:
                fit_when_drawn(viewer)
        if self.product.kind.suffix == "segm":
            for viewer in shown_in(self, label):
                self._draw_segments(viewer, label)

        if self.product.kind.by_name:
            for label in [label for label in self._added if label.endswith("[DQ]")]:
                for viewer in shown_in(self, label):
                    decode_whole_image(viewer, label)

    def _draw_segments(self, viewer, label: str) -> None:
        """Colour the segments, and hide them where they lie over a mosaic.

        jdaviz reads out the topmost image: with the segments shown, the cursor would give a
        source's label where one looks for its flux.
        """
        for layer in viewer.state.layers:
            if layer.layer.label == label:
                draw_as_segments(layer)
        if sum(layer.layer.ndim == 2 for layer in viewer.state.layers) > 1:
            hide_layer(viewer, label)
            show_message(
                self,
                f"{self.product.path.name} lies over the image, hidden; its switch is in the "
                "viewer's list of layers. While it is shown, the cursor reads labels, not fluxes.",
                color="info",
            )


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
    data.meta.update(image_meta(extension))
    name = "data" if extension == "SCI" else extension.lower()
    data.add_component(Component(values, units=unit), name)
    return data


def draw_as_segments(state) -> None:
    """Draw an image layer as a segmentation map: each label its colour, the background clear.

    Parameters
    ----------
    state : glue image layer state
    """
    state.cmap = _SEGMENT_COLORS
    state.stretch = "linear"
    state.v_min, state.v_max = 0, _N_COLORS - 1
    state.alpha = 0.35


def _make_segment_colors():
    """The colour map of segmentation maps, and how jdaviz's menus show it."""
    colors = make_random_cmap(n_colors=_N_COLORS, seed=1)
    colors.colors[0] = (0, 0, 0, 0)  # label 0: transparent
    colors.name = "Segments"
    sampled = colors.resampled(50)
    cmap_samples[colors.name] = [to_hex(sampled(index)) for index in range(50)]
    return colors


# On import, for an app takes the samples for its menus when it is made.
_SEGMENT_COLORS = _make_segment_colors()
