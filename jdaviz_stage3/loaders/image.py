"""Importer of mosaics (i2d), segmentation maps (segm) and exposures (crf)."""

from __future__ import annotations

from itertools import count

import numpy as np
from glue.core import Component, Data
from jdaviz.core.loaders.importers.image.image import ImageImporter as JdavizImageImporter
from jdaviz.core.registries import loader_importer_registry
from jdaviz.core.template_mixin import SelectFileExtensionComponent
from jdaviz.core.user_api import ImporterUserApi
from jdaviz.utils import cmap_samples
from matplotlib.colors import to_hex
from photutils.utils import make_random_cmap

from ..errors import Stage3Error
from ..fits_structure import read_primary_header
from ..jdaviz_compat import (
    data_labels,
    decode_whole_image,
    drawn_once,
    forget_removed_children,
    given_without_copy,
    hide_layer,
    histogram_of_sample,
    image_meta,
    keep_fitted,
    keep_units_of_images,
    offer_colors,
    offer_flag_colors,
    show_message,
    shown_in,
    viewer_labels,
)
from ..origin import ORIGIN
from ..readers.exposures import read_exposure_planes
from ..readers.image import image_extensions, open_image, read_segmentation
from ..readers.large_image import LargeImage
from ..readers.slit_exposures import SlitExposures, has_slits, list_slit_exposures
from .chosen_spectra import chosen_by, unique_labels
from .importing import ProductImporterMixin, importing
from .large_image_data import LargeImageData

_ADDRESS = ("source_id", "slit", "exposure")
_BY_DEFAULT = ("SCI", "DQ")  # of exposures
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
    source_id, slit, exposure : value or list of values
        Of a file with slits: choose SCI and DQ of those that agree with every given value; by
        default of the first.
    """

    template_file = JdavizImageImporter.template_file
    settings = ("extension", "align_by", "parent", "data_label_as_prefix", *_ADDRESS)

    def prepare(self):
        self._slits: SlitExposures | None = None
        self._slit_labels: list[str] = []
        self._distinct_prefix = ""
        path = self.product.path
        if self.product.kind.by_name and has_slits(read_primary_header(path)):
            self._slits = list_slit_exposures(path)
            self._slit_labels = unique_labels(self._slits)
            parts = [(name, i) for i in range(len(self._slits)) for name in self._slits.planes(i)]
        else:
            parts = [(name, None) for name in image_extensions(path)]
        items = [self._item(place, name, slit) for place, (name, slit) in enumerate(parts)]
        self.input_has_extensions = True
        self.extension = SelectFileExtensionComponent(
            self,
            items="extension_items",
            selected="extension_selected",
            multiselect="extension_multiselect",
            manual_options=items,
            filters=[],
        )
        self._chosen = dict.fromkeys(_ADDRESS)
        shown = items[:1]
        if self.product.kind.by_name:
            shown = [i for i in items if i["name"] in _BY_DEFAULT and i["ver"] == items[0]["ver"]]
        self.extension.selected = list(dict.fromkeys(item["label"] for item in shown))
        self.data_hashes = [item["data_hash"] for item in items]
        labels = [item["label"] for item in items]
        self.hash_map_to_label = dict(zip(self.data_hashes, labels, strict=True))

    def _item(self, place: int, name: str, slit: int | None) -> dict:
        """What jdaviz's menu of extensions knows of one; ``ver`` is which slit it is of."""
        part = None if slit is None else self._slit_labels[slit]
        label = name if part is None else f"{part}: {name}"
        return {
            "label": label, "name": name, "ver": part, "name_ver": label, "index": place,
            "data_hash": self.product.data_hash(label if part else name), "obj": None,
        }  # fmt: skip

    def _choose(self, **values) -> None:
        """Select SCI and DQ of the slits that agree with every value given so far."""
        if self._problem is not None:
            raise self._problem
        self._chosen.update(values)
        if all(value is None for value in self._chosen.values()):
            return
        if self._slits is None:
            raise Stage3Error(
                f"{self.product.path.name}: has no slits to choose by "
                f"{', '.join(name for name, value in values.items() if value is not None)}"
            )
        places = dict(zip(self._slits.entries, self._slit_labels, strict=True))
        wanted = {places[entry] for entry in self._slits.select(**self._chosen).entries}
        self.extension.selected = [
            item["label"]
            for item in self.extension.items
            if item["ver"] in wanted and item["name"] in _BY_DEFAULT
        ]

    source_id, slit = chosen_by("source_id"), chosen_by("slit")
    exposure = chosen_by("exposure")

    @property
    def user_api(self) -> ImporterUserApi:
        return ImporterUserApi(self, expose=list(self.options))

    @property
    def default_data_label_from_resolver(self) -> str:
        return self.product.label

    def _get_label_with_extension(self, prefix, ext=None, ver=None):
        # Called by jdaviz for single and multiple extensions alike; SCI is the mosaic itself.
        if self._slits is not None and ver is None and ext is not None:
            [item] = self.extension.selected_item_list  # of a single one it does not tell
            ver = item["ver"]
        if ver:
            prefix = f"{self._distinct_prefix or prefix} {ver}"
        return f"{prefix}[{ext}]" if ext not in (None, "SCI") else prefix

    def _make_labels_distinct(self) -> None:
        """Find a start of the labels with which none is that of other data.

        jdaviz looks whether there are data of the start itself, and replaces data of equal labels.
        """
        self._distinct_prefix = ""
        if self._slits is None or not self.data_label_auto:
            return
        taken = set(data_labels(self))
        parts = [(item["name"], item["ver"]) for item in self.extension.selected_item_list]
        for number in count():
            self._distinct_prefix = self.product.label + (f" ({number})" if number else "")
            labels = {self._get_label_with_extension("", *part) for part in parts}
            if not labels & taken:
                return

    def build(self) -> list[Data]:
        if self._slits is not None:
            return [self._slit_data(item) for item in self.extension.selected_item_list]
        names = self.extension.selected_name
        if self.product.kind.suffix == "segm":
            image = read_segmentation(self.product.path)
            return [self._data(image.data, "", image.wcs, image.meta, names[0])]
        if self.product.kind.by_name:
            return [
                self._data(image.data, str(image.unit), image.wcs, image.meta, name)
                for name, image in read_exposure_planes(self.product.path, names)
            ]
        planes = [(name, open_image(self.product.path, extension=name)) for name in names]
        return [
            self._data(plane.values, str(plane.unit), plane.wcs, plane.meta, name)
            for name, plane in planes
        ]

    def _slit_data(self, item: dict) -> Data:
        slit = self._slit_labels.index(item["ver"])
        image = self._slits.plane(slit, item["name"])
        part = f"{item['name']} {item['ver']}"
        return self._data(image.data, str(image.unit), None, image.meta, item["name"], part)

    def _data(
        self,
        values: np.ndarray | LargeImage,
        unit: str,
        wcs,
        meta: dict,
        extension: str,
        part: str = "",
    ) -> Data:
        if extension == "DQ":
            # As jdaviz has it: nothing where no flag is set. In 64 bits, for 32 hold the flags of
            # the high bits without those of the low ones.
            flags = np.asarray(values)  # of a large image all are read
            values = np.where(flags == 0, np.nan, flags.astype(np.float64))
        meta = meta | {ORIGIN: self.product.origin(part or extension)}
        return image_data(values, unit, wcs, meta, extension)

    def add_to_data_collection(self, data, *args, **kwargs) -> None:
        if isinstance(data, LargeImageData):  # which gives itself so
            histogram_of_sample(self)
            super().add_to_data_collection(data, *args, **kwargs)
            return
        with given_without_copy(data):
            super().add_to_data_collection(data, *args, **kwargs)

    @importing
    def __call__(self):
        with drawn_once(self):
            self._import()

    def _import(self) -> None:
        label = self.data_label_value.strip()
        drawn_before = viewer_labels(self)
        # jdaviz makes SCI the parent of the other planes, which must then be there before them
        self.extension.selected = sorted(
            self.extension.selected, key=lambda name: not name.endswith("SCI")
        )
        forget_removed_children(self)
        self._make_labels_distinct()
        keep_units_of_images(self)
        if "DQ" in self.extension.selected_name:
            offer_flag_colors(self)
        if self.product.kind.suffix == "segm":
            # with the first one, so that nobody who loads none finds them in the menus
            offer_colors(self, _SEGMENT_COLORS)
        super().__call__()
        for viewer in shown_in(self, label):
            if viewer.reference not in drawn_before or len(viewer.layers) == 1:
                keep_fitted(viewer)
        if self.product.kind.suffix == "segm":
            for viewer in shown_in(self, label):
                self._draw_segments(viewer, label)

        if self._slits is not None:
            self._say_what_is_left()
        if self.product.kind.by_name:
            for label in [label for label in self._added if label.endswith("[DQ]")]:
                for viewer in shown_in(self, label):
                    decode_whole_image(viewer, label)

    def _say_what_is_left(self) -> None:
        """Show how many slits were not loaded, where nobody has asked for some of them."""
        shown = {item["ver"] for item in self.extension.selected_item_list}
        if len(shown) < len(self._slits) and all(v is None for v in self._chosen.values()):
            show_message(
                self,
                f"{self.product.path.name}: {len(shown)} of {len(self._slits)} slits loaded; "
                "choose others in the loader or with load(…, exposure=…, slit=…, source_id=…)",
                color="info",
            )

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


def image_data(values: np.ndarray | LargeImage, unit: str, wcs, meta: dict, extension: str) -> Data:
    """Make glue data of an image.

    Parameters
    ----------
    values : ndarray or LargeImage, shape (ny, nx)
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
    name = "data" if extension == "SCI" else extension.lower()
    if isinstance(values, LargeImage):
        data: Data = LargeImageData(values, unit, wcs, name)
    else:
        data = Data(coords=wcs)
        data.add_component(Component(values, units=unit), name)
    data.meta.update(meta)
    data.meta.update(image_meta(extension))
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
