"""Importer of spectral cubes (s3d)."""

from __future__ import annotations

from jdaviz.core.loaders.importers import BaseImporterToDataCollection
from jdaviz.core.registries import loader_importer_registry
from jdaviz.core.template_mixin import ViewerSelectCreateNew
from specutils import Spectrum
from traitlets import Any, Bool, List, Unicode

from ..analysis.cubes.total import mean_of_sum, summed_spectrum
from ..jdaviz_compat import (
    follow_extracted_cube,
    glue_viewer,
    histogram_of_sample,
    is_cube_viewer,
    is_spectrum_viewer,
    keep_fitted,
    keep_units_of_images,
    link_spectra_by_wavelength,
    mend_gaussian_smooth,
    mend_moment_maps,
    settle_units,
    show_message,
    show_spectra_of_pixels,
    shown_in,
    shows_target,
    spatial_component_type,
    spectral_component_type,
    viewer_labels,
)
from ..origin import ORIGIN
from ..readers.cubes import open_cube
from ..readers.stored_cube import CUBE_DQ_BITS, StoredCube
from .cube_data import CubeData
from .flux_axis import fits_flux_axis
from .importing import ProductImporterMixin, importing

__all__ = ["Spectrum3DImporter"]

_CUBE = {"label": "3D Spectrum", "reference": "cubeviz-image-viewer"}
_SPECTRUM = {"label": "1D Spectrum", "reference": "spectrum-1d-viewer"}
_VIEWER_TRAITS = (
    "items", "selected", "create_new_items", "create_new_selected", "label_value",
    "label_default", "label_auto", "label_invalid_msg",
)  # fmt: skip
#: A cube with more bytes than this in SCI is not read for a sum that nobody asked for.
_MOST_SUMMED = 400_000_000
_HALF_WINDOW = 2  # pixels; the spectrum of 5 × 5 is shown in its place


@loader_importer_registry("JWST spectral cube")
class Spectrum3DImporter(ProductImporterMixin, BaseImporterToDataCollection):
    """Imports a cube, read by parts from its file, and the sum of its pixels as a spectrum.

    Attributes
    ----------
    dq_bits
        Names of the data-quality flags that exclude a sample; ``'DO_NOT_USE'`` and
        ``'NON_SCIENCE'`` by default.
    auto_extract : bool
        Whether to make a spectrum of the cube, too.
    viewer
        Where the cube goes; by default into a new viewer, or, where a viewer shows a cube of the
        same target already, into none.
    ext_viewer
        Where its spectrum goes; by default into the spectrum viewers that there are, or a new one.
    """

    settings = ("dq_bits", "auto_extract", "ext_viewer")

    ext_viewer_items = List([]).tag(sync=True)
    ext_viewer_selected = Any([]).tag(sync=True)
    ext_viewer_multiselect = Bool(True).tag(sync=True)
    ext_viewer_create_new_items = List([]).tag(sync=True)
    ext_viewer_create_new_selected = Unicode().tag(sync=True)
    ext_viewer_label_value = Unicode().tag(sync=True)
    ext_viewer_label_default = Unicode().tag(sync=True)
    ext_viewer_label_auto = Bool(True).tag(sync=True)
    ext_viewer_label_invalid_msg = Unicode().tag(sync=True)

    def prepare(self):
        self.dq_bits = CUBE_DQ_BITS
        self.auto_extract = True
        self.ext_viewer = ViewerSelectCreateNew(
            self,
            *(f"ext_viewer_{name}" for name in _VIEWER_TRAITS),
            multiselect="ext_viewer_multiselect",
            default_mode="empty",
        )
        self.ext_viewer_create_new_items = [dict(_SPECTRUM)]
        self.ext_viewer.add_filter(is_spectrum_viewer)
        self.ext_viewer.select_default()
        self._choose_viewer()
        self.data_hashes = [self.product.data_hash()]
        self.hash_map_to_label = {self.data_hashes[0]: ""}

    def _choose_viewer(self) -> None:
        """Choose an empty cube viewer, or a new one, or none where one shows the same target.

        Twelve bands need no twelve viewers.
        """
        target = self.target_name
        viewers = {label: glue_viewer(self, label) for label in viewer_labels(self)}
        cubes = {label: viewer for label, viewer in viewers.items() if is_cube_viewer(viewer)}
        same = any(viewer.layers and shows_target(viewer, target) for viewer in cubes.values())
        empty = [label for label, viewer in cubes.items() if not viewer.layers]
        self.viewer.create_new.selected = "" if same or empty else _CUBE["label"]
        self.viewer.selected = [] if same else empty[:1]

    @staticmethod
    def _get_supported_viewers():
        return [dict(_CUBE)]

    def build(self) -> CubeData:
        cube = open_cube(self.product.path, dq_bits=self.dq_bits)
        data = CubeData(cube)
        data.meta[ORIGIN] = self.product.origin(source=cube)
        return data

    def assign_component_type(self, comp_id, comp, units, physical_type):
        if comp_id.startswith("Pixel Axis"):
            return None  # cubes of several bands have other pixels: not linked to each other's
        kind = spatial_component_type(comp_id, comp, units, physical_type)
        return spectral_component_type(comp_id, comp, units, kind)

    @importing
    def __call__(self):
        data = self.output
        cube = data.meta[ORIGIN].source
        label = self.unique_label()
        settle_units(self)
        keep_units_of_images(self)
        histogram_of_sample(self)
        mend_moment_maps(self)
        link_spectra_by_wavelength(self)
        self.add_to_data_collection(data, label, data_hash=self.product.data_hash(), cls=Spectrum)
        follow_extracted_cube(self)
        for viewer in shown_in(self, label):
            keep_fitted(viewer)
        if self.auto_extract:
            self._add_spectrum(cube)

    def _add_spectrum(self, cube: StoredCube) -> None:
        """Add the sum of the pixels, or of some in the middle where that would read too much."""
        what, rows, columns = "sum", slice(None), slice(None)
        if cube.science.size * cube.science.dtype.itemsize > _MOST_SUMMED:
            rows, columns = middle_of(cube)
            what = f"sum of {rows.stop - rows.start} × {columns.stop - columns.start} pixels"
            show_message(
                self,
                f"{self.product.path.name}: the spectrum is the {what} at the target, for the sum "
                "of all would read the whole cube; 3D Spectral Extraction makes that",
                color="info",
            )
        spectrum = summed_spectrum(cube, rows, columns)
        if not fits_flux_axis(self, spectrum.flux.unit):
            spectrum, what = mean_of_sum(spectrum, cube), what.replace("sum", "mean")
        spectrum.meta[ORIGIN] = self.product.origin(what)
        if not fits_flux_axis(self, spectrum.flux.unit):
            self.ext_viewer.selected, self.ext_viewer.create_new.selected = [], ""
        self.add_to_data_collection(
            spectrum, self.unique_label(f"({what})"), data_hash=self.product.data_hash(what),
            viewer_select=self.ext_viewer,
        )  # fmt: skip


def middle_of(cube: StoredCube) -> tuple[slice, slice]:
    """Return a window of 5 × 5 pixels at the target of a cube, or in the middle of its field.

    Parameters
    ----------
    cube : StoredCube

    Returns
    -------
    rows, columns : slice
    """
    _, ny, nx = cube.shape
    x, y = (nx - 1) / 2, (ny - 1) / 2
    ra, dec = (cube.meta.get(key) for key in ("TARG_RA", "TARG_DEC"))
    if cube.wcs.has_celestial and None not in (ra, dec):
        found = cube.wcs.celestial.world_to_pixel_values(ra, dec)
        if 0 <= found[0] < nx and 0 <= found[1] < ny:
            x, y = found
    first = [max(0, round(float(place)) - _HALF_WINDOW) for place in (y, x)]
    return tuple(slice(start, start + 2 * _HALF_WINDOW + 1) for start in first)


# on import, for a viewer takes its tools when it is made
show_spectra_of_pixels()
mend_gaussian_smooth()
