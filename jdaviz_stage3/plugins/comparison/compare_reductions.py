"""The tray plugin that compares two reductions of one product."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import Table
from glue.core.message import DataCollectionDeleteMessage
from jdaviz.core.events import AddDataMessage, RemoveDataMessage
from jdaviz.core.registries import tray_registry
from jdaviz.core.template_mixin import PluginTemplateMixin
from jdaviz.core.user_api import PluginUserApi
from traitlets import List, Unicode, observe

from ...analysis.comparison.catalogs import CatalogComparison
from ...analysis.comparison.images import ImageComparison
from ...analysis.comparison.tables import Part, numbers_of, write_comparison
from ...errors import Stage3Error
from ...groups.comparison import header_differences
from ...groups.listing import in_words
from ...jdaviz_compat import data_of, show_message
from ...loaders.journal import adding_to_app
from ...loaders.shown_warnings import warnings_shown
from ...origin import origin_of
from ..panel import SavingControls, describe, do_as_asked
from .difference_plot import DifferencePlot, drawn_of
from .loaded_parts import compare_loaded
from .results import add_to_app, blink, python_code
from .settings import ComparisonPanel

__all__ = ["CompareReductions"]

_MOST_ROWS = 200  # of headers, in the panel


@tray_registry("stage3-comparison", label="Compare Reductions", category="data:analysis")
class CompareReductions(SavingControls, ComparisonPanel, PluginTemplateMixin):
    """Compare two reductions of one product: headers, and numbers sample by sample.

    Only the following attributes and methods are available through the public plugin API:

    {controls}
    * :meth:`compare`: take the differences, and draw them in the panel
    * :meth:`headers`: what the headers of the two files say differently
    * :meth:`add_results`: add difference (and ratio) to the app
    * :meth:`blink`: show one of two images in place of the other, with the same colours
    * :meth:`export`: write what was compared to an ECSV file
    * :meth:`to_python`: the same as Python code
    * ``numbers_text``: how the two differ, in a sentence (read only)
    * ``problem``: why nothing can be compared, empty if it can (read only)
    """

    template_file = __file__, "compare_reductions.vue"

    kind = Unicode().tag(sync=True)
    problem = Unicode().tag(sync=True)
    numbers_text = Unicode().tag(sync=True)
    notes = List().tag(sync=True)
    header_rows = List().tag(sync=True)
    headers_text = Unicode().tag(sync=True)
    plot_widget = Unicode().tag(sync=True)
    plot_text = Unicode().tag(sync=True)
    blink_text = Unicode().tag(sync=True)

    def __init__(self, *args, **kwargs):
        self._ready = False
        self._plot = DifferencePlot()
        self._part: Part | None = None
        self._compared: tuple[Any, ...] = ()  # what it is of, and how
        super().__init__(*args, **kwargs)
        describe(self, "Two reductions of one product, less each other.", "comparison")
        self.make_selections()
        for message in (AddDataMessage, RemoveDataMessage, DataCollectionDeleteMessage):
            self.hub.subscribe(self, message, handler=lambda _: self._choose())
        self.observe_traitlets_for_relevancy(
            traitlets_to_observe=["first_items"],
            irrelevant_msg_callback=lambda _: (
                ""
                if len(self.first_items) > 1
                else "Load two reductions of one product to compare them."
            ),
        )
        self._ready = True
        self._choose()

    @property
    def user_api(self) -> PluginUserApi:
        return PluginUserApi(
            self,
            expose=(
                *self.control_names(), "compare", "headers", "add_results", "blink", "export",
                "to_python",
            ),
            readonly=("numbers_text", "problem"),
        )  # fmt: skip

    # ---- what is chosen ----

    @observe("first_selected", "second_selected", "radius", "column")
    def _choose(self, change: Any = None) -> None:
        """Say whether the two can be compared, and take away what others have given."""
        if not self._ready:
            return
        first, second = self._chosen()
        self.kind = "" if first is None else origin_of(first).suffix
        fits = second is not None and second is not first and origin_of(second).suffix == self.kind
        by_hand = change is not None and change["name"] == "second_selected"
        if first is not None and not fits and not by_hand and self._choose_another(first):
            return  # which has come here again
        chosen = (first, second, self.radius, self.column)
        if chosen != self._compared:
            self._compared = chosen
            self._forget()
        if first is None or second is None or first is second:
            self.problem = "Load two reductions of one product to compare them."
        elif not fits:
            self.problem = (
                f"The first is of type {self.kind}, the second of type "
                f"{origin_of(second).suffix}; only products of one type are compared."
            )
        else:
            self.problem = ""

    def _forget(self) -> None:
        self._part = None
        self.numbers_text = self.plot_widget = self.plot_text = self.blink_text = ""
        self.headers_text = self.python_code = ""
        self.header_rows, self.notes = [], []

    def _choose_another(self, first: Any) -> bool:
        """Choose as the second what is like the first, and not it; whether there is one."""
        for label in self.second.choices:
            other = data_of(self, label)
            if other is not None and other is not first and origin_of(other).suffix == self.kind:
                self.second.selected = label
                return True
        return False

    def _chosen(self) -> tuple[Any, Any]:
        """The two data (glue), None where there is none."""
        labels = (self.first_selected, self.second_selected)
        return tuple(data_of(self, label) if label else None for label in labels)

    def _two(self) -> tuple[Any, Any]:
        """The two data (glue).

        Raises
        ------
        Stage3Error
            If they cannot be compared.
        """
        if self.problem:
            raise Stage3Error(f"Compare Reductions: {self.problem}")
        return self._chosen()

    # ---- comparing ----

    def compare(self) -> Part:
        """Take the differences of the two, and draw them in the panel.

        Returns
        -------
        ImageComparison or another comparison
            Of `jdaviz_stage3.analysis`: first less second.

        Raises
        ------
        Stage3Error
            If they cannot be compared: of different types, in units that do not convert, with
            nothing in common; or a file was written anew since it was loaded.
        """
        first, second = self._two()
        with warnings_shown(self):
            part = compare_loaded(first, second, self.radius * u.arcsec, self.column.strip())
            headers = self.headers()
        self._part = part
        self.header_rows = [
            [str(section), in_words(str(name)), str(one), str(other)]
            for section, name, one, other in headers[:_MOST_ROWS]
        ]
        more = len(headers) - _MOST_ROWS
        self.headers_text = (
            "The headers do not differ."
            if not len(headers)
            else f"{len(headers)} differences" + (f", the first {_MOST_ROWS}" if more > 0 else "")
        )
        self.numbers_text = _in_words(part)
        self.notes = [f"{note[0].upper()}{note[1:]}." for note in part.notes]
        self._draw()
        return part

    @observe("plotted_selected")
    def _draw(self, *_: Any) -> None:
        """Draw what was compared in the panel, if anything was."""
        if not self._ready or self._part is None:
            return
        drawn = drawn_of(self._part, self.plotted_selected)
        if drawn is not None:
            out = self._plot.draw(drawn)
            self.plot_widget = self._plot.widget
            self.plot_text = drawn.words + (f" Outside of the plot: {out}." if out else "")

    def headers(self) -> Table:
        """List what the headers of the two files say differently.

        Returns
        -------
        astropy.table.Table
            ``section``, ``name``, ``first``, ``second``.

        Raises
        ------
        Stage3Error
            If two are not chosen, or a file is not there any more.
        """
        return header_differences(*(origin_of(data).path for data in self._two()))

    @adding_to_app
    def add_results(self) -> list[str]:
        """Add what differs to the data of the app.

        Difference and ratio of images, the first in a viewer of its own; the difference of spectra
        and light curves, beside them; the sources of both catalogs as a table; the median
        difference of each channel of cubes as a spectrum.

        Returns
        -------
        list of str
            Labels of the data.

        Raises
        ------
        Stage3Error
            If the two cannot be compared.
        """
        part = self._part or self.compare()
        first, second = self._two()
        return add_to_app(self, part, first, second)

    def blink(self) -> str:
        """Show the two images in one viewer with the same colours, one after the other.

        Returns
        -------
        str
            Which of them is shown now.

        Raises
        ------
        Stage3Error
            If they are no images, or the first is shown nowhere.
        """
        part = self._part if isinstance(self._part, ImageComparison) else None
        self.blink_text = blink(self, part, *self._two())
        return self.blink_text

    def export(self, path: str | os.PathLike, overwrite: bool = False) -> Path:
        """Write what was compared to an ECSV file: see `jdaviz_stage3.analysis.comparison_table`.

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
            If the two cannot be compared, the file is there already, or cannot be written.
        """
        part = self._part or self.compare()
        origins = [origin_of(data) for data in self._two()]
        names = {which: str(o.path) for which, o in zip(("first", "second"), origins, strict=True)}
        return write_comparison(part, path, overwrite, **names)

    def to_python(self) -> str:
        """Return Python code that compares the two files without the app.

        Returns
        -------
        str

        Raises
        ------
        Stage3Error
            If the two cannot be compared, or are of one file.
        """
        return python_code(*self._two(), self.radius, self.column.strip())

    # ---- from the browser ----

    def vue_compare(self, *_: Any) -> None:
        do_as_asked(self, self.compare)

    def vue_add_results(self, *_: Any) -> None:
        """Add what differs, and say so: not all of it is shown in a viewer."""

        def add() -> None:
            show_message(self, f"Added to the data: {', '.join(self.add_results())}", color="info")

        do_as_asked(self, add)

    def vue_blink(self, *_: Any) -> None:
        do_as_asked(self, self.blink)

    def vue_save_file(self, *_: Any) -> None:
        """Save what :meth:`export` writes."""
        self.save_as_asked(self.export, f"{self.first_selected} difference", ".ecsv")


def _in_words(part: Part) -> str:
    """How two differ, in a sentence."""
    found = numbers_of(part)
    unit = f" {found['unit']}" if found["unit"] else ""
    said = [f"{found['n']} in both"]
    if np.isfinite(found["median"]):
        said.append(f"median difference {found['median']:.4g}{unit}")
    if np.isfinite(found["sigma"]):
        said.append(f"robust σ {found['sigma']:.4g}{unit}")
    if np.isfinite(found["sigma_in_errors"]):
        said.append(f"{found['sigma_in_errors']:.3g} of the combined errors")
    if np.isfinite(found["median_ratio"]):
        said.append(f"median ratio {found['median_ratio']:.5g}")
    if isinstance(part, CatalogComparison):
        if len(part.matched):
            moved = [np.median(part.matched[name].to_value("mas")) for name in ("d_ra", "d_dec")]
            said.append(f"moved by {moved[0]:.3g}, {moved[1]:.3g} mas (Δα cos δ, Δδ)")
        said.append(f"{len(part.only_first)} in the first only")
        said.append(f"{len(part.only_second)} in the second only")
    return f"{'; '.join(said)}."
