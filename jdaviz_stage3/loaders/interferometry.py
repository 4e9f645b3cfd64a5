"""Importer of interferometric observables: ami-oi, psf-ami-oi, aminorm-oi, amimulti-oi, ami, …."""

from __future__ import annotations

from astropy.table import QTable
from jdaviz.core.loaders.importers import BaseImporterToDataCollection
from jdaviz.core.registries import loader_importer_registry

from ..analysis.interferometry.drawn_tables import DRAWN, drawn_tables
from ..errors import Stage3Error
from ..jdaviz_compat import viewers_of_kind
from ..origin import ORIGIN
from ..readers import read
from .importing import Choice, ProductImporterMixin, importing

__all__ = ["InterferometryImporter"]

_VIEWER = "stage3-observables-viewer"


@loader_importer_registry("JWST interferometry")
class InterferometryImporter(ProductImporterMixin, BaseImporterToDataCollection):
    """Imports interferometric observables, each kind into one viewer for all products.

    Attributes
    ----------
    observables : list of str
        What is drawn: ``'Squared visibility'`` and ``'Closure phase'`` by default, also
        ``'Visibility phase'`` and ``'u–v coverage'``.
    """

    choices = (
        Choice("observables", "Observables", "Each has a viewer, for all files.", several=True),
    )

    def prepare(self):
        self.offer("observables", list(DRAWN))
        self.observables.selected = list(DRAWN)[:2]
        self.viewer.create_new.selected = "Interferometry"

    @staticmethod
    def _get_supported_viewers():
        return [{"label": "Interferometry", "reference": _VIEWER}]

    def assign_component_type(self, comp_id, comp, units, physical_type):
        return None  # nothing of one product is the same as anything of another

    def build(self) -> dict[str, QTable]:
        observables = read(self.product.path)
        tables = drawn_tables(observables, self.observables_selected)
        if not tables:
            wanted = " and no ".join(self.observables_selected).lower() or "observables chosen"
            raise Stage3Error(
                f"{self.product.path.name}: no {wanted}; jdaviz_stage3.read gives what is in it"
            )
        for title, table in tables.items():
            table.meta["product"] = self.product.kind.suffix
            table.meta[ORIGIN] = self.product.origin(title, source=observables)
        return tables

    @importing
    def __call__(self):
        own_viewers = bool(self.viewer.create_new.selected)
        for title, table in self.output.items():
            label = self.unique_label(f"[{title.lower()}]")
            if own_viewers:
                there = [viewer.reference for viewer in viewers_of_kind(self, _VIEWER)]
                if title in there:
                    self.viewer.create_new.selected = ""
                    self.viewer.selected = [title]
                else:
                    self.show_in_new_viewer(_VIEWER, title)
            self.add_to_data_collection(
                table, label, data_hash=self.product.data_hash(title), cls=QTable
            )
