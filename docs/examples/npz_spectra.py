"""A format and a plugin of one's own in jdaviz: spectra in files of numpy.

The smallest whole: a parser that knows the file, an importer that adds what is in it, a plugin in
the tray. Import this module, and ``jdaviz.load("star.npz")`` shows the spectrum, and the tray
has "Peak".
"""

from functools import cached_property
from pathlib import Path

import jdaviz
import numpy as np
from astropy import units as u
from jdaviz.core.loaders import importers
from jdaviz.core.loaders.importers import BaseImporterToDataCollection
from jdaviz.core.loaders.parsers import BaseParser
from jdaviz.core.registries import loader_importer_registry, loader_parser_registry, tray_registry
from jdaviz.core.template_mixin import DatasetSelectMixin, PluginTemplateMixin
from jdaviz.core.user_api import PluginUserApi
from specutils import Spectrum
from traitlets import Unicode


class NpzFile:
    """What the parser makes of a file: a class of our own, which no other importer takes."""

    def __init__(self, path: Path):
        self.path = path

    def read(self) -> Spectrum:
        with np.load(self.path) as arrays:
            wavelength, flux = arrays["wavelength"] * u.um, arrays["flux"] * u.Jy
        return Spectrum(spectral_axis=wavelength, flux=flux)


@loader_parser_registry("Numpy file")
class NpzParser(BaseParser):
    """Looks at what a file is called; jdaviz asks every parser about every file."""

    def _check_is_valid(self) -> str:  # what jdaviz 5.1 asks: a reason, or nothing
        named = isinstance(self.input, (str, Path)) and str(self.input).endswith(".npz")
        return "" if named else "not an .npz file"

    @property
    def is_valid(self) -> bool:  # what jdaviz 5.0 asks
        return not self._check_is_valid()

    @cached_property
    def output(self) -> NpzFile:
        return NpzFile(Path(self.input))


@loader_importer_registry("Numpy spectrum")
class SpectrumImporter(BaseImporterToDataCollection):
    """Adds the spectrum. Its class name is what jdaviz knows spectra by."""

    # the form of jdaviz itself: label, viewer, button
    template_file = importers.__file__, "to_dc_with_label.vue"

    def __init__(self, app, resolver, parser, input, **kwargs):
        if not isinstance(input, NpzFile):
            raise TypeError("not an .npz file")  # before any widget is made
        super().__init__(app, resolver, parser, input, **kwargs)
        self.data_label.default = input.path.stem
        self.data_hashes = [str(input.path.resolve())]  # or jdaviz reads `output` to hash it

    def _check_is_valid(self) -> str:
        return ""

    @property
    def is_valid(self) -> bool:
        return True

    @staticmethod
    def _get_supported_viewers() -> list[dict]:
        return [{"label": "1D Spectrum", "reference": "spectrum-1d-viewer"}]

    def __call__(self) -> None:
        self.add_to_data_collection(self.input.read(), data_hash=self.data_hashes[0])


@tray_registry("npz-peak", label="Peak", category="data:analysis")
class Peak(PluginTemplateMixin, DatasetSelectMixin):
    """Says where a spectrum is brightest."""

    template_file = __file__, "npz_spectra.vue"
    peak_text = Unicode("").tag(sync=True)

    @property
    def user_api(self) -> PluginUserApi:
        return PluginUserApi(self, expose=("dataset", "find"))

    def find(self) -> u.Quantity:
        """Return the wavelength of the highest flux."""
        spectrum = self.dataset.get_selected_spectrum()
        peak = spectrum.spectral_axis[int(np.nanargmax(spectrum.flux))]
        self.peak_text = f"Brightest at {peak:.4g}"
        return peak

    def vue_find(self, *_) -> None:
        self.find()


def _attach(app) -> None:
    """Show what was registered in apps that exist, and in those that will."""
    app._app.update_tray_items_from_registry()
    app._app.update_loaders_from_registry()


jdaviz._register_new_app_hook(_attach)
