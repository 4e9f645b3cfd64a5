"""Importer of stacks of images: calints, crfints, psfstack, psfalign, psfsub, amilg."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from glue.core import Data
from jdaviz.core.loaders.importers.image.image import ImageImporter as JdavizImageImporter
from jdaviz.core.registries import loader_importer_registry
from jdaviz.core.template_mixin import SelectFileExtensionComponent
from jdaviz.core.user_api import ImporterUserApi
from traitlets import observe

from ..jdaviz_compat import (
    drawn_once,
    glue_viewer,
    image_meta,
    imports_images,
    is_image_viewer,
    keep_fitted,
    keep_units_of_images,
    shown_in,
    viewer_labels,
)
from ..layout import STACK
from ..origin import ORIGIN
from ..readers.joined_stacks import join_integrations
from ..readers.stacks import FRINGE_FIT_IMAGES, read_stack
from .importing import Choice, ProductImporterMixin, importing
from .stack_data import StackData

__all__ = ["StackImporter", "segments_of", "viewer_label"]

_VIEWER = "imviz-image-viewer"
_SEGMENT = re.compile(r"-seg\d+(?=[_ ])")


def segments_of(path: Path) -> list[Path]:
    """Return the files of all segments of an exposure that are in the same folder.

    Parameters
    ----------
    path : path
        Of one of them.

    Returns
    -------
    list of path
        In the order of their names; that of one file where there are no segments.
    """
    found = _SEGMENT.search(path.name)
    if found is None:
        return [path]
    start, end = path.name[: found.start()], path.name[found.end() :]
    pattern = re.compile(re.escape(start) + r"-seg\d+" + re.escape(end))
    return sorted(other for other in path.parent.iterdir() if pattern.fullmatch(other.name))


def viewer_label(suffix: str) -> str:
    """Return what the viewer of a stack is called, but for a number.

    Parameters
    ----------
    suffix : str
        Of its product type.

    Returns
    -------
    str
        ``'psfsub stack'``, ``'psfstack'``.
    """
    return suffix if suffix.endswith(STACK) else f"{suffix} {STACK}"


@loader_importer_registry("JWST image stack")
@imports_images
class StackImporter(ProductImporterMixin, JdavizImageImporter):
    """Imports a stack as one image, whose pixels are those of the frame that is chosen.

    Attributes
    ----------
    align_by : {'Pixels', 'WCS'}
        How images are laid over each other.
    dq_bits
        Names of the data-quality flags that exclude a pixel from what is computed of the stack;
        ``'DO_NOT_USE'`` by default.
    segments : {'this', 'all'}
        Whether the other segments of the exposure, which are files in the same folder, are joined
        with this one.
    images : {'CTRD', 'FIT', 'RESID', 'N_CTRD', 'N_FIT', 'N_RESID'}
        Which images of an amilg: interferograms, the fringe model, their difference; ``N_``
        divided by the peak.
    """

    choices = (
        Choice(
            "images",
            "Images",
            "CTRD: interferograms; FIT: the model; RESID: their difference; N_: over the peak.",
        ),
        Choice("segments", "Segments", "The exposure has several, a file each; all are one stack."),
    )
    settings = ("align_by", "parent", "data_label_as_prefix", "dq_bits")

    def prepare(self):
        self.dq_bits = "DO_NOT_USE"
        self.input_has_extensions = True
        item = {
            "label": "SCI", "name": "SCI", "ver": None, "name_ver": "SCI", "index": 0,
            "data_hash": self.product.data_hash(), "obj": None,
        }  # fmt: skip
        self.extension = SelectFileExtensionComponent(
            self,
            items="extension_items",
            selected="extension_selected",
            multiselect="extension_multiselect",
            manual_options=[item],
            filters=[],
        )
        self.extension.selected = ["SCI"]
        self.hash_map_to_label = {self.data_hashes[0]: ""}
        self._files = segments_of(self.product.path)
        fringe_fit = self.product.kind.suffix == "amilg"
        self.offer("images", list(FRINGE_FIT_IMAGES) if fringe_fit else ["SCI"])
        self.offer("segments", ["this", "all"] if len(self._files) > 1 else ["this"])
        self._choose_viewer()

    def _choose_viewer(self) -> None:
        """Choose a viewer without images, or a new one: stacks are seen side by side."""
        viewers = {label: glue_viewer(self, label) for label in viewer_labels(self)}
        labels = [label for label, viewer in viewers.items() if is_image_viewer(viewer)]
        empty = [label for label in labels if not viewers[label].layers]
        if labels and not empty:
            self.viewer.create_new.selected = "Image"
            self.viewer.selected = []
        elif empty:
            self.viewer.selected = empty[:1]

    @property
    def user_api(self) -> ImporterUserApi:
        return ImporterUserApi(self, expose=list(self.options))

    @property
    def _joined(self) -> bool:
        return getattr(self, "segments_selected", "") == "all"

    @property
    def default_data_label_from_resolver(self) -> str:
        label = self.product.label
        if self._images not in ("", FRINGE_FIT_IMAGES[0]):
            label = f"{label}[{self._images}]"
        return _SEGMENT.sub("", label) if self._joined else label

    @property
    def _images(self) -> str:
        """Which images of a fringe fit; empty for other stacks."""
        chosen = getattr(self, "images_selected", "")
        return "" if chosen == "SCI" else chosen

    @observe("segments_selected", "images_selected")
    def _name_anew(self, *_: Any) -> None:
        self.data_label.default = self.default_data_label_from_resolver

    def _get_label_with_extension(self, prefix, ext=None, ver=None):
        return prefix

    @property
    def _part(self) -> str:
        return "all segments" if self._joined else self._images

    def add_to_data_collection(self, data, data_label=None, *, data_hash=None, **options) -> None:
        # jdaviz passes on that of the extension, which knows nothing of segments
        own = self.product.data_hash(self._part)
        super().add_to_data_collection(data, data_label, data_hash=own, **options)

    def build(self) -> list[Data]:
        if self._joined:
            stack = join_integrations(self._files, dq_bits=self.dq_bits)
        else:
            stack = read_stack(self.product.path, dq_bits=self.dq_bits, extension=self._images)
        data = StackData(stack)
        data.meta.update(stack.meta)
        data.meta.update(image_meta("SCI"))
        data.meta[ORIGIN] = self.product.origin(self._part, source=stack)
        return [data]

    @importing
    def __call__(self):
        drawn_before = viewer_labels(self)
        if self.viewer.create_new.selected and self.viewer_label_auto:
            self.show_in_new_viewer(_VIEWER, viewer_label(self.product.kind.suffix))
        label = self.data_label_value.strip()
        keep_units_of_images(self)
        with drawn_once(self):
            super().__call__()
        for viewer in shown_in(self, label):
            if viewer.reference not in drawn_before or len(viewer.layers) == 1:
                keep_fitted(viewer)
