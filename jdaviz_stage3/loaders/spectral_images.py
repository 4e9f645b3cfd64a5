"""Importer of rectified 2-D spectra (s2d)."""

from __future__ import annotations

from jdaviz.core.loaders.importers import BaseImporterToDataCollection
from jdaviz.core.registries import loader_importer_registry
from specutils import Spectrum
from traitlets import Unicode

from ..jdaviz_compat import (
    keep_units_of_images,
    mend_cross_dispersion,
    spatial_component_type,
    spectral_component_type,
)
from ..readers.spectral_images import read_spectral_images
from .chosen_spectra import ChosenSpectra
from .importing import Choice, ProductImporterMixin, importing
from .spectra import blank_excluded

__all__ = ["Spectrum2DImporter"]

_VIEWER = {"label": "2D Spectrum", "reference": "spectrum-2d-viewer"}
_DISPERSION = "Pixel Axis 1 [x]"


@loader_importer_registry("JWST 2-D spectrum")
class Spectrum2DImporter(ChosenSpectra, ProductImporterMixin, BaseImporterToDataCollection):
    """Imports the chosen slits or sources of an s2d file, each into a viewer of its own.

    By default all of them; of a file with more than eight, those of its first source.

    Attributes
    ----------
    spectra
        Which slits, by their labels: ``ldr.importer.spectra.choices`` lists them.
    source_id, order, exposure, slit : value or list of values
        Choose the slits that agree with every given value: ``load(path, source_id=[3, 7])``.
    quantity : {'auto', 'flux', 'surface brightness'}
        ``'auto'`` takes the values as they are, see
        `jdaviz_stage3.readers.spectral_images.read_spectral_images`. With ``'flux'`` what jdaviz
        extracts from MJy/sr is a flux density, which can be shown with the pipeline's.
    """

    choices = (Choice("spectra", "Slits", several=True),)
    settings = (*ChosenSpectra.addresses, "quantity")

    label_hint = Unicode(
        "Start of the labels of the new data entries; each goes on with its order and source."
    ).tag(sync=True)
    viewer_hint = Unicode("Viewer to show the new data entries in.").tag(sync=True)

    def prepare(self):
        self.quantity = "auto"
        self.viewer_create_new_items = [dict(_VIEWER)]
        self.offer_spectra(read_spectral_images(self.product.path), "2-D spectra")
        self.viewer.create_new.selected = _VIEWER["label"]  # each slit in a viewer of its own

    @staticmethod
    def _get_supported_viewers():
        return [dict(_VIEWER)]

    def build(self) -> list[Spectrum]:
        indices = [self._labels.index(label) for label in self.spectra_selected]
        spectra = []
        for index, label in zip(indices, self.spectra_selected, strict=True):
            image = self._sequence.image(index)
            origin = self.product.origin(label, column="SCI", source=image)
            spectra.append(blank_excluded(image.spectrum(self.quantity), origin))
        return spectra

    def assign_component_type(self, comp_id, comp, units, physical_type):
        if comp_id.startswith("Pixel Axis") and comp_id != _DISPERSION:
            return spatial_component_type(comp_id, comp, units, physical_type)
        return spectral_component_type(comp_id, comp, units, physical_type)

    @importing
    def __call__(self):
        keep_units_of_images(self)
        only = len(self._labels) == 1
        own_viewers = bool(self.viewer.create_new.selected)
        for spectrum, label in zip(self.output, list(self.spectra_selected), strict=True):
            part = self._sequence.label(0) if only else label
            name = self.unique_label(part)
            if own_viewers:
                self.show_in_new_viewer(_VIEWER["reference"], f"2-D spectrum {part}".strip())
            self.add_to_data_collection(spectrum, name, data_hash=self.product.data_hash(label))
        self.say_what_is_left()


mend_cross_dispersion()
