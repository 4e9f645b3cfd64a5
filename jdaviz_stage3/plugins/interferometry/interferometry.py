"""The tray plugin for interferometric observables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from glue.core.message import DataCollectionDeleteMessage
from jdaviz.core.events import (
    AddDataMessage,
    RemoveDataMessage,
    ViewerAddedMessage,
    ViewerRemovedMessage,
)
from jdaviz.core.registries import tray_registry
from jdaviz.core.template_mixin import PluginTemplateMixin
from jdaviz.core.user_api import PluginUserApi
from traitlets import Bool, List, Unicode, observe

from ...analysis.interferometry.calibration import calibrate
from ...analysis.interferometry.export import write_observables, write_oifits
from ...errors import Stage3Error
from ...loaders.journal import adding_to_app
from ...readers.interferometry import Interferometry
from ..panel import SavingControls, describe, do_as_asked
from ..updates import Updates
from .drawing import ObservablesDrawing
from .in_python import python_code
from .products import InterferometryInApp, products_in
from .recipes import Calibrated
from .search import CompanionControls
from .series import IntegrationControls
from .settings import InterferometryPanel

__all__ = ["InterferometryPlugin"]

_NONE = "none"
# Methods that buttons call.
_ACTIONS = ("calibrate", "series", "average", "search", "detection_limits", "use_fit")


@tray_registry("stage3-interferometry", label="Interferometry", category="data:analysis")
class InterferometryPlugin(
    CompanionControls,
    IntegrationControls,
    ObservablesDrawing,
    SavingControls,
    InterferometryPanel,
    PluginTemplateMixin,
):
    """Look at interferometric observables together, calibrate them, search for a companion.

    While the plugin is open, a click on a point marks its baseline or triangle in all plots (the
    arrow keys go to the next one, Escape takes the marks away), and a model is drawn over the data
    of the chosen product.

    Only the following attributes and methods are available through the public plugin API:

    {controls}
    * ``keep_active``: draw and follow clicks also while the plugin is closed
    * ``marked``: the stations of what is marked, ``'A1-A2'``; empty for nothing (read only)
    * :meth:`mark`: mark a baseline or triangle in all plots
    * :meth:`observables`: the observables of the chosen product
    * :meth:`calibrate`: normalise them with those of the reference, as a product of its own
    * :meth:`series`: a baseline or triangle in each integration
    * :meth:`average`: the average of a product by integration, as a product of its own
    * :meth:`search`: search for a companion
    * :meth:`detection_limits`: how faint a companion would be detected
    * :meth:`use_fit`: draw the companion that was found over the data
    * :meth:`export`: write the chosen product to an OIFITS file
    * :meth:`export_table`: write one of its tables to an ECSV file
    * :meth:`export_companion`: write the best fit to an ECSV file
    * :meth:`to_python`: the same as Python code
    * ``problem``: why the model cannot be drawn, empty if it can (read only)
    """

    template_file = __file__, "interferometry.vue"
    uses_active_status = Bool(True).tag(sync=True)

    notes = List().tag(sync=True)
    about_text = Unicode().tag(sync=True)
    has_integrations = Bool(False).tag(sync=True)
    is_normalised = Bool(False).tag(sync=True)

    def __init__(self, *args, **kwargs):
        self._ready = False
        self._products: dict[str, InterferometryInApp] = {}
        self._proposed: dict[str, str] = {}  # by control, what was chosen for the person
        self._updates = Updates(self._follow)
        super().__init__(*args, **kwargs)
        describe(self, "Squared visibilities, closure phases, and companions.", "interferometry")
        self.make_selections()
        for message in (
            AddDataMessage, RemoveDataMessage, DataCollectionDeleteMessage, ViewerAddedMessage,
            ViewerRemovedMessage,
        ):  # fmt: skip
            self.hub.subscribe(self, message, handler=lambda _: self._update())
        self.observe_traitlets_for_relevancy(
            traitlets_to_observe=["dataset_items"],
            irrelevant_msg_callback=lambda _: (
                ""
                if self.dataset_items
                else "No interferometric product (ami-oi, aminorm-oi, …) is loaded."
            ),
        )
        self._ready = True
        self._update()

    @property
    def user_api(self) -> PluginUserApi:
        return PluginUserApi(
            self,
            expose=(
                *self.control_names(), "keep_active", "mark", "observables", "calibrate", "series",
                "average", "search", "detection_limits", "use_fit", "export", "export_table",
                "export_companion", "to_python",
            ),
            readonly=("marked", "problem"),
        )  # fmt: skip

    @observe(
        "dataset_selected", "x_axis_selected", "vis2_errors_selected", "model_selected", "east",
        "north", "flux_ratio", "diameter", "marked", "is_active",
    )  # fmt: skip
    def _update(self, *_: Any) -> None:
        """Have everything brought up to date."""
        if self._ready:
            self._updates.ask()

    @observe(
        "dataset_selected", "reference_selected", "vis2_errors_selected", "model_selected", "east",
        "north", "flux_ratio", "diameter",
    )  # fmt: skip
    def _forget_python(self, *_: Any) -> None:
        self.python_code = ""

    # ---- the products ----

    def _follow(self) -> None:
        """Take over what products and viewers there are, and draw."""
        self._products = products_in(self)
        self._offer()
        self.follow_plots()
        for product in self._products.values():
            product.set_vis2_errors(self.errors_of_amplitudes)
        product = self._products.get(self.dataset_selected)
        self._tell(product)
        self.draw(product)

    def _offer(self) -> None:
        """Fill the lists of products, each with what can be chosen there."""
        products = self._products
        averaged = [name for name, one in products.items() if one.as_they_are.n_integrations == 1]
        several = [name for name in products if name not in averaged]
        self.has_integrations = bool(several)
        kinds = {name: name.rpartition(" ")[2] for name in averaged}
        # what a companion is searched for in, and what it is calibrated with, if they are there
        for control, names, wanted in (
            ("dataset", list(products), "aminorm-oi"),
            ("reference", [_NONE, *averaged], "psf-ami-oi"),
            ("by_integration", several, ""),
        ):
            select = getattr(self, control)
            if list(select.choices) != names:
                select.choices = names
            proposed = next((name for name in averaged if wanted == kinds[name]), "")
            of_ours = select.selected in ("", _NONE, self._proposed.get(control))
            if select.selected not in names or (of_ours and proposed):
                select.selected = proposed or (names[0] if names else "")
            if of_ours:
                self._proposed[control] = select.selected

    def _tell(self, product: InterferometryInApp | None) -> None:
        self.is_normalised = product is not None and product.is_normalised
        if product is None:
            self.about_text, self.notes = "", []
            return
        found = product.as_they_are
        facts = [str(found.meta.get("FILTER") or "")]
        waves = [] if found.wavelength is None else found.wavelength.to_value("um")
        facts.append(f"{waves[0]:.3f} μm" if len(waves) == 1 else "")
        facts.append(f"{len(waves)} wavelengths" if len(waves) > 1 else "")
        facts.append(f"{found.n_stations} holes" if found.n_stations else "")
        if found.n_integrations > 1:
            facts.append(f"{found.n_integrations} integrations")
        words = ", ".join(filter(None, facts))
        self.about_text = f"{found.target or 'No name of the target'}: {words}."
        self.notes = [
            note for note in found.notes if not note.startswith("each integration has no error")
        ]

    def product(self, name: str) -> InterferometryInApp:
        """Return a product by its name.

        Raises
        ------
        Stage3Error
            If there is none.
        """
        found = products_in(self).get(name)
        if found is None:
            raise Stage3Error(
                f"Interferometry: no product {name!r} is loaded"
                if name and name != _NONE
                else "Interferometry: no product is chosen"
            )
        return found

    @property
    def errors_of_amplitudes(self) -> bool:
        """Whether errors of V² are those that follow from the amplitudes."""
        return self.vis2_errors_selected == "from amplitudes"

    def observables(self) -> Interferometry:
        """Return the observables of the chosen product, with the chosen errors of V².

        Returns
        -------
        Interferometry

        Raises
        ------
        Stage3Error
            If none is chosen.
        """
        return self.product(self.dataset_selected).observables(self.errors_of_amplitudes)

    @adding_to_app
    def calibrate(self) -> Interferometry:
        """Normalise the chosen product with the reference, and add what it gives as a product.

        Returns
        -------
        Interferometry
            As `jdaviz_stage3.analysis.calibrate` gives it.

        Raises
        ------
        Stage3Error
            If no two products are chosen, or they do not go together.
        """
        if self.dataset_selected == self.reference_selected:
            raise Stage3Error(
                "Interferometry: the reference is the product itself; choose another one"
            )
        target, reference = (
            self.product(name) for name in (self.dataset_selected, self.reference_selected)
        )
        if target.is_normalised:
            raise Stage3Error(f"{target.name}: is normalised already; choose the product before")
        mended = self.errors_of_amplitudes
        found = calibrate(target.observables(mended), reference.observables(mended))
        recipe = Calibrated(target.recipe(mended), reference.recipe(mended))
        name = f"{target.name} calibrated with {reference.name}"
        self.add_made(name, found, recipe, target, "calibrated")
        return found

    # ---- files and Python ----

    def export(self, path: str | os.PathLike, overwrite: bool = False) -> Path:
        """Write the chosen product to an OIFITS file.

        Parameters
        ----------
        path : path-like
        overwrite : bool, optional
            Whether a file that is there may be replaced.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        Stage3Error
            If none is chosen, its wavelength is not known, or the file cannot be written.
        """
        return write_oifits(self.observables(), path, overwrite=overwrite)

    def export_table(
        self, path: str | os.PathLike, table: str = "closure_phase", overwrite: bool = False
    ) -> Path:
        """Write a table of the chosen product to an ECSV file.

        Parameters
        ----------
        path : path-like
        table : {'vis2', 'visibility', 'closure_phase', 'quad'}, optional
        overwrite : bool, optional
            Whether a file that is there may be replaced.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        Stage3Error
            If there is no such table, or the file cannot be written.
        """
        return write_observables(self.observables(), path, table, overwrite=overwrite)

    def to_python(self) -> str:
        """Return Python code that does the same without the app.

        Returns
        -------
        str

        Raises
        ------
        Stage3Error
            If no product is chosen, or a field holds no number.
        """
        product = self.product(self.dataset_selected)
        observables = product.as_they_are
        search = limits = None
        if observables.n_integrations == 1:
            search, limits = self.search_options(), self.limits_options()
        recipe = product.recipe(self.errors_of_amplitudes)
        return python_code(recipe, search, limits, self.sky_model())

    # ---- from the browser ----

    def vue_act(self, what: str) -> None:
        """Do what a button says."""
        if what in _ACTIONS:
            do_as_asked(self, getattr(self, what))

    def vue_save_file(self, what: str) -> None:
        """Save what a button says."""
        name = self.dataset_selected
        if what == "oifits":
            self.save_as_asked(self.export, name, ".fits")
        elif what == "companion":
            self.save_as_asked(self.export_companion, f"{name} companion", ".ecsv")
        elif what in ("vis2", "closure_phase"):

            def save(path: str, overwrite: bool) -> Path:
                return self.export_table(path, what, overwrite)

            self.save_as_asked(save, f"{name} {what}", ".ecsv")
