"""Importer of extracted (x1d) and combined (c1d) spectra."""

from __future__ import annotations

import numpy as np
from astropy import units as u
from jdaviz.core.loaders.importers import BaseImporterToDataCollection
from jdaviz.core.registries import loader_importer_registry
from specutils import Spectrum
from traitlets import Unicode

from ..fits_structure import read_primary_header
from ..jdaviz_compat import (
    adding_data,
    configuration,
    glue_viewer,
    mend_line_analysis,
    show_flux_in,
    show_message,
    shows_other_target_only,
    spare_repetitions,
    spectral_component_type,
    spectral_flux_unit,
    viewers_of_kind,
)
from ..origin import ORIGIN, Origin
from ..readers.quality import dq_value
from ..readers.spectra import SpectrumEntry, SpectrumSequence, read_spectra
from .asked_options import chosen_options
from .chosen_spectra import ChosenSpectra
from .flux_axis import check_flux_axis
from .flux_levels import (
    MOST_APART,
    brightest,
    flux_level,
    level_in,
    of_like_flux,
    times_brighter,
)
from .importing import Choice, ProductImporterMixin, importing

__all__ = ["SpectrumImporter", "blank_excluded"]

#: With as many viewers of spectra as this, further targets share one.
MOST_VIEWERS = 6

_KIND = "spectrum-1d-viewer"

# EXP_TYPE of integral field units
_IFU = ("MIR_MRS", "NRS_IFU")


@loader_importer_registry("JWST spectra")
class SpectrumImporter(ChosenSpectra, ProductImporterMixin, BaseImporterToDataCollection):
    """Imports the chosen spectra of an x1d or c1d file, each as a data entry of its own.

    By default all of them; of a file with more than eight, those of its first source.

    Attributes
    ----------
    spectra
        Which spectra, by their labels: ``ldr.importer.spectra.choices`` lists them.
    source_id, order, exposure, slit : value or list of values
        Choose the spectra that agree with every given value: ``load(path, source_id=[3, 7])``.
    quantity : {'auto', 'flux', 'surface brightness'}
        ``'auto'`` goes by the file, whatever the app shows: flux density for slitless spectra and
        where point and extended sources are chosen, else as
        `jdaviz_stage3.readers.spectra.read_spectra` does.
    dq_bits
        Names of the data-quality flags that exclude a sample; ``'DO_NOT_USE'`` by default.
    """

    choices = (Choice("spectra", "Spectra", several=True),)
    settings = (*ChosenSpectra.addresses, "quantity", "dq_bits")

    label_hint = Unicode(
        "Start of the labels of the new data entries; each goes on with its order and source."
    ).tag(sync=True)
    viewer_hint = Unicode("Viewer to show the new data entries in.").tag(sync=True)

    def prepare(self):
        self.quantity = "auto"
        self.dq_bits = "DO_NOT_USE"
        self.offer_spectra(read_spectra(self.product.path), "spectra")
        target = self.target_name
        # on one axis, all but the brightest target would be flat lines; Specviz has but one viewer
        n_viewers = len(viewers_of_kind(self, _KIND))
        if configuration(self) != "specviz" and n_viewers < MOST_VIEWERS:

            def not_of_others(viewer: object) -> bool:
                return not shows_other_target_only(viewer, target)

            self.viewer.add_filter(not_of_others)
            self.viewer.select_default()
            self.viewer.remove_filter(not_of_others)  # whoever wants to may choose one

    @staticmethod
    def _get_supported_viewers():
        return [{"label": "1D Spectrum", "reference": _KIND}]

    def build(self) -> list[Spectrum]:
        entries = dict(zip(self._labels, self._sequence.entries, strict=True))
        chosen = {label: entries[label] for label in self.spectra_selected}
        spectra = self._read(chosen, self._quantity_for(list(chosen.values())))
        if len({spectrum.meta["column"] for spectrum in spectra}) > 1:
            spectra = self._read(chosen, "flux")  # where only some have the column, or values in it
        return spectra

    def _read(self, chosen: dict[str, SpectrumEntry], quantity: str) -> list[Spectrum]:
        sequence = SpectrumSequence(
            self.product.path,
            self._sequence.name,
            list(chosen.values()),
            quantity=quantity,
            dq_bits=self.dq_bits,
            stamp=self._sequence.stamp,
        )
        dq_bits = dq_value(self.dq_bits)
        spectra = []
        for label, spectrum in zip(chosen, sequence.read_all(), strict=True):
            column = spectrum.meta["column"]
            origin = self.product.origin(label, column=column, dq_bits=dq_bits, source=spectrum)
            spectra.append(blank_excluded(spectrum, origin))
        return spectra

    @property
    def _of_ifu(self) -> bool:
        return read_primary_header(self.product.path).get("EXP_TYPE") in _IFU

    def _quantity_for(self, chosen: list[SpectrumEntry]) -> str:
        """Decide between flux and surface brightness by the file, whatever the app shows.

        The two cannot share jdaviz's flux axis, so that all spectra of a file are of one kind.
        """
        if self.quantity != "auto":
            return self.quantity
        if self._of_ifu:
            return "flux"  # of all that the aperture holds, as the sum over the cube is
        extended = {entry.source_type == "EXTENDED" for entry in chosen}
        # A slitless field holds point and extended sources: all of them in flux density.
        return "flux" if _slitless(chosen) or len(extended) > 1 else "auto"

    def _what_is_shown(self, spectra: list[Spectrum]) -> str:
        """Say which column is shown, and why, where that is not simply FLUX; else nothing."""
        [column] = {spectrum.meta["column"] for spectrum in spectra}
        extended = sum(spectrum.meta["source_type"] == "EXTENDED" for spectrum in spectra)
        asked_for_other = self.quantity == "surface brightness" and column == "FLUX"
        if column == "FLUX" and not extended and not asked_for_other:
            return ""
        if asked_for_other:
            why = "not all of the spectra have SURF_BRIGHT"
        elif self.quantity != "auto":
            why = f"quantity={self.quantity!r}"
        elif column != "FLUX":
            why = "the source type is EXTENDED" if extended else "FLUX holds no values"
        elif self._of_ifu:
            why = "of integral field units it is the sum over the aperture"
        elif _slitless(self._sequence.entries):
            why = "slitless spectra are of point and extended sources"
        elif extended < len(spectra):
            why = "there are point sources among them"
        else:
            why = "SURF_BRIGHT holds no values"
        return f"{column} is shown ({why})"

    def _keep_apart(self, level: u.Quantity | None) -> None:
        """Show what is much brighter or fainter than a target's other spectra apart from these.

        Only where there are not too many viewers: see `prepare`. ``level`` is that of the spectra.
        """
        chosen = list(self.viewer.selected)
        n_viewers = len(viewers_of_kind(self, _KIND))
        apart = {
            label: times_brighter(level, level_in(glue_viewer(self, label), level.unit))
            for label in (self.viewer.choices if level is not None else ())
        }
        far = [label for label in chosen if apart.get(label, 1) > MOST_APART]
        if len(far) < len(chosen):
            self.viewer.selected = [label for label in chosen if label not in far]
            return
        near = [label for label, times in apart.items() if times <= MOST_APART]
        if near:
            self.viewer.selected = near[:1]
        elif n_viewers < MOST_VIEWERS:
            self.show_in_new_viewer(_KIND, "1D Spectrum")
        else:
            return
        shown = level_in(glue_viewer(self, far[0]), level.unit)
        than = f"{apart[far[0]]:.3g} times {'brighter' if level > shown else 'fainter'}"
        show_message(
            self,
            f"{self.product.path.name}: {than} than what {far[0]!r} shows, where one of the two "
            f"would be a flat line; so it is in {self.viewer.selected[0]!r}. "
            f"viewer={far[0]!r} puts it there all the same.",
            color="info",
        )

    def assign_component_type(self, comp_id, comp, units, physical_type):
        return spectral_component_type(comp_id, comp, units, physical_type)

    @importing
    def __call__(self):
        only = len(self._labels) == 1
        spectra = self.output
        viewers = chosen_options(self).get("viewer")
        by_default = "viewer" not in self.asked_for and viewers == self._by_default.get("viewer")
        if self.viewer.create_new.selected and self.viewer_label_auto:
            self.show_in_new_viewer(_KIND, "1D Spectrum")
        what = self._what_is_shown(spectra)
        for spectrum in spectra:
            check_flux_axis(self, spectrum.flux.unit, self.product.path.name, what)
        first = spectral_flux_unit(self) is None
        labels, shown_in = list(self.spectra_selected), list(self.viewer.selected)
        may_part = by_default and bool(shown_in) and configuration(self) != "specviz"
        levels = [flux_level(spectrum.flux) for spectrum in spectra] if may_part else []
        groups = of_like_flux(levels) if may_part else [range(len(spectra))]
        with adding_data(self):
            for rows in groups:
                if may_part:
                    self.viewer.selected = shown_in
                    self._keep_apart(brightest(levels[row] for row in rows))
                for row in rows:
                    parts = [self._sequence.label(0) if only else labels[row]]
                    if spectra[row].meta["column"] != "FLUX":
                        parts.append("surface brightness")
                    data_hash = self.product.data_hash(labels[row])
                    label = self.unique_label(*parts)
                    self.add_to_data_collection(spectra[row], label, data_hash=data_hash)
        if what:
            show_message(self, f"{self.product.path.name}: {what}", color="info")
        if first:
            show_flux_in(self, str(spectra[0].flux.unit))
        self.say_what_is_left()


# Before apps are made, for the menus of an app keep the methods that they have then.
spare_repetitions()
mend_line_analysis()


def _slitless(entries: list[SpectrumEntry]) -> bool:
    return any(entry.row is not None for entry in entries)


def blank_excluded(spectrum: Spectrum, origin: Origin) -> Spectrum:
    """Set excluded samples to NaN, so that they are drawn as gaps.

    Viewers draw a spectrum's flux whatever its mask says, and a flagged sample drawn like a good
    one is a wrong number.

    Parameters
    ----------
    spectrum : specutils.Spectrum
        1-D or 2-D, with a mask, True where excluded.
    origin : Origin
        Has the spectrum as it is, for plugins that exclude other samples.

    Returns
    -------
    specutils.Spectrum
        A copy with flux and uncertainty NaN where masked; the mask stays.
    """
    meta = {name: value for name, value in spectrum.meta.items() if name != "dq"}
    meta[ORIGIN] = origin
    flux, uncertainty = spectrum.flux, spectrum.uncertainty
    if spectrum.mask is not None and np.any(spectrum.mask):
        flux = flux.copy()
        flux[spectrum.mask] = np.nan * flux.unit
        if uncertainty is not None:
            values = u.Quantity(uncertainty.array, uncertainty.unit, copy=True)
            values[spectrum.mask] = np.nan
            uncertainty = type(uncertainty)(values)
    return Spectrum(
        flux=flux,
        spectral_axis=spectrum.spectral_axis,
        spectral_axis_index=spectrum.spectral_axis_index,
        uncertainty=uncertainty,
        mask=spectrum.mask,
        meta=meta,
    )
