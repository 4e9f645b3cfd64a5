"""What the panel offers for all cubes of a target: one aperture, offsets, a stitched spectrum."""

from __future__ import annotations

from typing import Any

from astropy import units as u
from specutils import Spectrum
from traitlets import HasTraits, Int, List, Unicode

from ...errors import Stage3Error
from ...jdaviz_compat import (
    all_data,
    as_read,
    cube_viewers_showing,
    data_of,
    glue_viewer,
    hide_layer,
    is_cube_viewer,
    is_spectrum_viewer,
    links_at_once,
    plugin_label,
    replace_spectrum,
    show_alone,
    show_slice,
    viewer_labels,
)
from ...loaders.journal import adding_to_app
from ...origin import of_suffix, origin_of
from .bands import BandExtraction, cubes_of_target, offsets_as_rows, position
from .shown_extraction import ShownExtraction

__all__ = ["BandControls"]


class BandControls(HasTraits):
    """Mixed into the plugin, whose controls and updates it uses."""

    n_cubes = Int().tag(sync=True)
    bands_text = Unicode().tag(sync=True)
    offsets = List().tag(sync=True)

    def count_cubes(self) -> None:
        """Look how many cubes there are of the chosen one's target; without any it is hidden."""
        data = data_of(self, self.dataset_selected)
        is_cube = data is not None and data.ndim == 3
        self.n_cubes = len(cubes_of_target(self, data)) if is_cube else 0

    def _bands(self) -> BandExtraction:
        data = data_of(self, self.dataset_selected)
        if data is None or data.ndim != 3:
            raise Stage3Error("Pipeline Extraction: no cube is chosen")
        try:
            extraction: ShownExtraction | None = self._chosen()
        except Stage3Error:
            extraction = None  # without an x1d there is the target's position
        center = position(self.position, data, extraction)
        radius = _length(self.radius, "radius") * u.arcsec
        empty = self.reference in ("", None)
        reference = None if empty else _length(self.reference, "reference") * u.um
        found = BandExtraction(cubes_of_target(self, data), center, radius, reference)
        place = center.to_string("hmsdms", precision=2, sep=":")
        self.bands_text = "; ".join(
            [f"{len(found.spectra)} cubes, {found.words}, about {place}", *found.notes]
        )
        self.offsets = offsets_as_rows(found.offsets)
        return found

    @adding_to_app
    def extract_bands(self, add_data: bool = True) -> list[Spectrum]:
        """Sum all cubes of the target over one aperture on the sky.

        Parameters
        ----------
        add_data : bool, optional
            Whether to add the spectra to the app, in place of the sums over whole fields.

        Returns
        -------
        list of specutils.Spectrum
            By wavelength. How neighbours differ is in the panel; as a table it is what
            `jdaviz_stage3.analysis.band_offsets` gives of them.

        Raises
        ------
        Stage3Error
            If no cube is chosen, or the position or radius cannot be.
        """
        found = self._bands()
        if add_data:
            self._add({found.label(spectrum): spectrum for spectrum in found.spectra})
        return found.spectra

    @adding_to_app
    def stitch_bands(self, add_data: bool = True) -> Spectrum:
        """Join the spectra of all cubes within one aperture.

        Parameters
        ----------
        add_data : bool, optional
            Whether to add it to the app.

        Returns
        -------
        specutils.Spectrum
            As `jdaviz_stage3.analysis.stitch` makes it.

        Raises
        ------
        Stage3Error
            As `extract_bands` does; or if bands are to be scaled that do not overlap.
        """
        found = self._bands()
        whole = found.stitched(self.scale_bands)
        if add_data:
            scaled = ", scaled" if self.scale_bands else ""
            self._add({f"{len(found.spectra)} bands, {found.words}{scaled}": whole})
        return whole

    def _add(self, spectra: dict[str, Spectrum]) -> None:
        """Add spectra where others are shown, and hide the sums over whole fields there."""
        viewers = [glue_viewer(self, label) for label in viewer_labels(self)]
        viewers = [viewer for viewer in viewers if is_spectrum_viewer(viewer)]
        with self._updates.paused(), links_at_once(self):
            for label, spectrum in spectra.items():
                spectrum.meta["plugin"] = plugin_label(self)
                replace_spectrum(self, label, spectrum, [viewer.reference for viewer in viewers])
        for viewer in viewers:
            for data in all_data(self):
                origin = origin_of(data)
                if data.ndim == 1 and of_suffix(data, "s3d") and origin.part.startswith("sum"):
                    hide_layer(viewer, data.label)

    def show_cube(self) -> None:
        """Show the chosen cube in the cube viewer, in place of the one that it shows.

        Raises
        ------
        Stage3Error
            If no cube is chosen.
        """
        data = data_of(self, self.dataset_selected)
        if data is None or data.ndim != 3:
            raise Stage3Error("Pipeline Extraction: no cube is chosen")
        if cube_viewers_showing(self, data.label):
            return
        viewers = [
            label for label in viewer_labels(self) if is_cube_viewer(glue_viewer(self, label))
        ]
        target = viewers[0] if viewers else "3D Spectrum"
        show_alone(self, data.label, "cubeviz-image-viewer", target)
        show_slice(self, as_read(data).spectral_axis[data.shape[0] // 2])

    def vue_show_cube(self, *_: Any) -> None:
        self._do_as_asked(self.show_cube)

    def vue_extract_bands(self, *_: Any) -> None:
        self._do_as_asked(self.extract_bands)

    def vue_stitch_bands(self, *_: Any) -> None:
        self._do_as_asked(self.stitch_bands)


def _length(value: Any, name: str) -> float:
    if not isinstance(value, (int, float)) or not 0 < value < float("inf"):
        raise Stage3Error(f"{name} is {value!r}, expected a number above 0")
    return float(value)
