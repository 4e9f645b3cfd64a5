"""The tray plugin for images around a star behind a mask."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import QTable
from glue.core.message import DataCollectionDeleteMessage
from jdaviz.core.events import (
    AddDataMessage,
    ChangeRefDataMessage,
    LinkUpdatedMessage,
    RemoveDataMessage,
    ViewerRemovedMessage,
)
from jdaviz.core.registries import tray_registry
from jdaviz.core.template_mixin import PluginTemplateMixin
from jdaviz.core.user_api import PluginUserApi
from traitlets import Bool, List, Unicode, observe

from ...analysis import SignalToNoise, align_offsets, compare_contrast_curves, write_contrast_curve
from ...errors import Stage3Error
from ...jdaviz_compat import data_of, drawn_once
from ...loaders.journal import adding_to_app
from ...loaders.shown_warnings import warnings_shown
from ...origin import of_suffix
from ..panel import SavingControls, describe, do_as_asked
from ..updates import Updates
from .contrast_plot import CURVE_COLORS, ContrastPlot
from .drawing import StarDrawing
from .measurements import Measurement
from .results import add_image, python_code
from .settings import COLUMNS, CoronagraphyPanel
from .shown_image import ShownImage

__all__ = ["Coronagraphy"]


@tray_registry("stage3-coronagraphy", label="Coronagraphy", category="data:analysis")
class Coronagraphy(StarDrawing, SavingControls, CoronagraphyPanel, PluginTemplateMixin):
    """Measure what surrounds a star behind a mask.

    While the plugin is open, the star, the inner working angle, north and east are drawn over the
    image.

    Only the following attributes and methods are available through the public plugin API:

    {controls}
    * ``keep_active``: draw and follow clicks also while the plugin is closed
    * :meth:`contrast_curve`: the curve of the chosen image, drawn in the panel
    * :meth:`comparison`: that of a second one beside it, and their ratio
    * :meth:`snr_map`: signal to noise at each pixel, added to the app
    * :meth:`inject`: put a companion into the image, and measure it
    * :meth:`center_on_target`: show all images with the star in the middle, at one scale
    * :meth:`align_offsets`: the shifts between psfstack and psfalign
    * :meth:`export`: write the contrast curve to an ECSV file
    * :meth:`to_python`: the same as Python code
    * ``position_text``: where the star is, and how that was found (read only)
    * ``curve_text``: what the curve assumes (read only)
    * ``injected_text``: what :meth:`inject` has measured (read only)
    * ``problem``: why there is nothing to measure, empty if there is (read only)
    """

    template_file = __file__, "coronagraphy.vue"
    uses_active_status = Bool(True).tag(sync=True)

    alignment_text = Unicode().tag(sync=True)
    curve_text = Unicode().tag(sync=True)
    snr_text = Unicode().tag(sync=True)
    injected_text = Unicode().tag(sync=True)
    curve_names = List().tag(sync=True)
    plot_widget = Unicode().tag(sync=True)

    def __init__(self, *args, **kwargs):
        self._ready = False
        self._plot = ContrastPlot()
        self._drawn: tuple[list[QTable], list[str], u.Quantity | None] = ([], [], None)
        self._updates = Updates(self._draw)
        super().__init__(*args, **kwargs)
        describe(self, "The star behind a mask, and how faint a companion is seen.", "coronagraphy")
        self.make_selections()
        for message in (
            AddDataMessage, RemoveDataMessage, DataCollectionDeleteMessage, ViewerRemovedMessage,
            LinkUpdatedMessage, ChangeRefDataMessage,
        ):  # fmt: skip
            self.hub.subscribe(self, message, handler=lambda _: self._update())
        self.observe_traitlets_for_relevancy(
            traitlets_to_observe=["dataset_items"],
            irrelevant_msg_callback=lambda _: (
                "" if self.dataset_items else "No image behind a coronagraph's mask is loaded."
            ),
        )
        self._ready = True
        self._update()

    @property
    def user_api(self) -> PluginUserApi:
        return PluginUserApi(
            self,
            expose=(
                *self.control_names(), "keep_active", "contrast_curve", "comparison", "snr_map",
                "inject", "center_on_target", "align_offsets", "export", "to_python",
            ),
            readonly=("position_text", "curve_text", "injected_text", "problem"),
        )  # fmt: skip

    @observe(
        "dataset_selected", "combine_selected", "center", "fwhm", "show_marks", "circles_selected",
        "companions", "is_active",
    )  # fmt: skip
    def _update(self, *_: Any) -> None:
        if self._ready:
            self._updates.ask()

    @observe(
        "dataset_selected", "combine_selected", "center", "fwhm", "sigma", "noise_selected",
        "star_flux", "star_unit_selected", "psf_selected", "throughput", "companions",
        "second_selected",
    )  # fmt: skip
    def _forget_results(self, *_: Any) -> None:
        """Take away what other settings have given: a curve that is none of these would mislead."""
        self.curve_text = self.snr_text = self.injected_text = self.python_code = ""
        self.alignment_text = self.plot_widget = ""

    # ---- what is chosen ----

    def _measurement(self, label: str = "") -> Measurement:
        """The image with the settings of the panel; by default that which is chosen.

        Raises
        ------
        Stage3Error
        """
        shown = self._image(label) if label else self.chosen_image()
        if shown is None:
            raise Stage3Error("Coronagraphy: no image behind a coronagraph's mask is chosen")
        return Measurement(shown, self, own=label in ("", self.dataset_selected))

    # ---- results ----

    def contrast_curve(self) -> QTable:
        """Take the contrast curve of the chosen image, and draw it in the panel.

        Returns
        -------
        QTable
            As `jdaviz_stage3.analysis.contrast_curve` gives it.

        Raises
        ------
        Stage3Error
            If nothing is chosen, or the settings do not fit.
        """
        with warnings_shown(self):
            measurement = self._measurement()
            curves = [measurement.contrast_curve()]
            names = [measurement.shown.label]
            if self.second_selected in self.second.choices and data_of(self, self.second_selected):
                second = self._measurement(self.second_selected)
                curves.append(second.contrast_curve())
                names.append(second.shown.label)
        self._drawn = curves, names, measurement.shown.occulter.inner_angle
        self._draw_curves()
        return curves[0]

    def _draw_curves(self) -> None:
        """Draw the curves that were taken, and say what they are."""
        curves, names, inner_angle = self._drawn
        column = self.column_selected
        told = []
        if column != "flux" and not np.isfinite(curves[0]["contrast"]).any():
            column = "flux"
            told.append("Without the star's flux the plot shows flux density.")
        unit = curves[0]["flux"].unit
        label = COLUMNS[column] + (f" ({unit})" if column == "flux" and str(unit) else "")
        self._plot.draw(curves, column, label, inner_angle)
        self.curve_names = [
            {"name": name, "color": color} for name, color in zip(names, CURVE_COLORS, strict=False)
        ]
        self.plot_widget = self._plot.widget
        meta = curves[0].meta
        told += [f"Of the frames: {meta['frames']}."] if "frames" in meta else []
        self.curve_text = " ".join(
            [*told, f"{meta['title'].capitalize()}: {'; '.join(meta['assumptions'])}."]
            + [f"{note[0].upper()}{note[1:]}." for note in meta["notes"]]
        )

    @observe("column_selected")
    def _change_column(self, *_: Any) -> None:
        if self._ready and self.plot_widget:
            do_as_asked(self, self._draw_curves)

    def comparison(self) -> QTable:
        """Compare the contrast curve with that of the second image, with the same settings.

        Returns
        -------
        QTable
            As `jdaviz_stage3.analysis.compare_contrast_curves` gives it.

        Raises
        ------
        Stage3Error
            If there is no second image, or the settings do not fit.
        """
        if data_of(self, self.second_selected) is None:
            raise Stage3Error("Coronagraphy: there is no second image to compare with")
        first, second = (
            self._measurement(label).contrast_curve() for label in ("", self.second_selected)
        )
        column = "flux" if np.isnan(first["contrast"]).all() else "contrast"
        return compare_contrast_curves(first, second, column=column)

    @adding_to_app
    def snr_map(self, add_data: bool = True) -> SignalToNoise:
        """Take the signal to noise of a point source at each pixel.

        Parameters
        ----------
        add_data : bool, optional
            Whether to add the significance to the app as an image, in Gaussian standard deviations.

        Returns
        -------
        SignalToNoise

        Raises
        ------
        Stage3Error
            If nothing is chosen, or the settings do not fit.
        """
        measurement = self._measurement()
        found = measurement.snr_map()
        self.snr_text = measurement.brightest(found)
        if add_data:
            label = f"{measurement.shown.label} significance"
            self._add(label, found.significance * u.one, measurement.shown, is_star=False)
        return found

    @adding_to_app
    def inject(
        self, position: Any = None, contrast: float | None = None, add_data: bool = True
    ) -> dict[str, float]:
        """Put a companion into the image, and measure it.

        Parameters
        ----------
        position : str or (x, y) or SkyCoord, optional
            Pixels counted from 0, or a place on the sky; by default ``position``.
        contrast : float, optional
            By default ``contrast``.
        add_data : bool, optional
            Whether to add the image with it to the app.

        Returns
        -------
        dict
            ``x``, ``y``, ``separation`` (arcsec, or pixels without a WCS), ``snr`` and
            ``significance`` of it.

        Raises
        ------
        Stage3Error
            If the flux of the star is not known, or the place is not in the image.
        """
        measurement = self._measurement()
        ratio = self.contrast if contrast is None else contrast
        place = measurement.place(self.position if position is None else position)
        image, found = measurement.with_companion(place, ratio)
        self.injected_text = measurement.in_words(found, ratio)
        self._injected[measurement.shown.label] = [place]
        if add_data:
            label = f"{measurement.shown.label} + companion"
            self._add(label, image, measurement.shown)
            self._injected[label] = [place]
        self._update()
        return found

    def _add(self, label: str, image: u.Quantity, shown: ShownImage, is_star: bool = True) -> None:
        """Add an image in place of one of its label, and whether it is one of the star."""
        with self._updates.paused(), drawn_once(self):
            add_image(self, label, image, shown, is_star)
        self._update()

    def align_offsets(self) -> QTable:
        """Measure by how much the pipeline has shifted its reference frames.

        Returns
        -------
        QTable
            Of the frames of ``unaligned`` against those of the chosen psfalign, as
            `jdaviz_stage3.analysis.align_offsets` gives it.

        Raises
        ------
        Stage3Error
            If the chosen stack is no psfalign, or no psfstack is loaded.
        """
        aligned, before = self.chosen_image(), self._image(self.unaligned_selected)
        if aligned is None or not of_suffix(aligned.data, "psfalign"):
            raise Stage3Error("Coronagraphy: choose a psfalign, whose frames were shifted")
        if before is None or before.stack is None:
            raise Stage3Error("Coronagraphy: load the psfstack, whose frames were not shifted yet")
        table = align_offsets(before.frames(), aligned.frames())
        ends = [
            f"{axis} {np.min(table[axis].value):+.3f} to {np.max(table[axis].value):+.3f}"
            for axis in ("dx", "dy")
        ]
        self.alignment_text = f"{len(table)} frames were shifted by {', '.join(ends)} pixels."
        return table

    def export(self, path: str | os.PathLike, overwrite: bool = False) -> Path:
        """Write the contrast curve to an ECSV file, with what was assumed.

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
            If the settings do not fit, the file is there already, or cannot be written.
        """
        return write_contrast_curve(self._measurement().contrast_curve(), path, overwrite)

    def to_python(self) -> str:
        """Return Python code that takes the same contrast curve without the app.

        Returns
        -------
        str

        Raises
        ------
        Stage3Error
            If nothing is chosen, or the settings do not fit.
        """
        return python_code(self._measurement())

    # ---- from the browser ----

    def vue_contrast_curve(self, *_: Any) -> None:
        do_as_asked(self, self.contrast_curve)

    def vue_snr_map(self, *_: Any) -> None:
        do_as_asked(self, self.snr_map)

    def vue_inject(self, *_: Any) -> None:
        do_as_asked(self, self.inject)

    def vue_align_offsets(self, *_: Any) -> None:
        do_as_asked(self, self.align_offsets)

    def vue_center_on_target(self, *_: Any) -> None:
        do_as_asked(self, self.center_on_target)

    def vue_save_file(self, *_: Any) -> None:
        """Save what :meth:`export` writes."""
        self.save_as_asked(self.export, f"{self.dataset_selected} contrast", ".ecsv")
