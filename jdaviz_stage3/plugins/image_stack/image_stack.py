"""The tray plugin that goes through the images of a stack."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.table import QTable
from astropy.timeseries import TimeSeries
from glue.core.exceptions import IncompatibleAttribute
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
from traitlets import Bool, Int, List, Unicode, observe, validate

from ...errors import Stage3Error
from ...jdaviz_compat import (
    data_of,
    drawn_once,
    image_viewers,
    images_in,
    layer_of,
)
from ...loaders.journal import adding_to_app
from ...loaders.stack_data import StackData
from ...viewers.flagged_pixels import count_text
from ...viewers.image_frames import to_frame, to_image
from ...viewers.keys import keyboard
from ...viewers.picture_title import show_picture_title
from ..panel import ShownPython, describe, do_as_asked
from ..updates import Updates
from .frame_keys import FRAME_KEYS, FrameKeys
from .in_time import SeriesInApp
from .limits import StackLimits
from .marks import StackMarks
from .pictures import Pictures, Wanted
from .settings import StackPanel

__all__ = ["ImageStackPlugin"]


@tray_registry("stage3-image-stack", label="Image Stack", category="data:analysis")
class ImageStackPlugin(ShownPython, StackPanel, PluginTemplateMixin):
    """Go through the images of a stack: integrations, or PSFs.

    While the plugin is open, the arrow keys over the image go to the frame before and after.

    Only the following attributes and methods are available through the public plugin API:

    {controls}
    * ``n_frames``: how many frames the stack has (read only)
    * ``keep_active``: mark flags and listen to keys also while the plugin is closed
    * :meth:`pixel_series`: the series of a pixel
    * :meth:`region_series`: the sum or mean over a region in each frame
    * :meth:`drift`: the centroid of a source and the background in each frame
    * :meth:`to_python`: the same as Python code
    * ``problem``: why a picture cannot be shown, empty if it can (read only)
    """

    template_file = __file__, "image_stack.vue"
    viewer_keys = FRAME_KEYS
    uses_active_status = Bool(True).tag(sync=True)

    n_frames = Int(0).tag(sync=True)
    n_psfs = Int(0).tag(sync=True)
    frame_axis = Unicode("Frame").tag(sync=True)
    answered = Int(0).tag(sync=True)
    title_text = Unicode().tag(sync=True)
    problem = Unicode().tag(sync=True)
    flagged_text = Unicode().tag(sync=True)
    clicked = List().tag(sync=True)
    percent_done = Int(100).tag(sync=True)

    def __init__(self, *args, **kwargs):
        self._ready = False
        self._pictures = Pictures(self._tell_progress)
        self._limits = StackLimits(self._pictures)
        self._marks: dict[Any, StackMarks] = {}
        self._series = SeriesInApp(self)
        self._keys = FrameKeys(self)
        self._updates = Updates(self._show)
        super().__init__(*args, **kwargs)
        describe(self, "The images of a stack, one after the other and together.", "image_stack")
        self.make_selections()
        for message in (
            AddDataMessage, RemoveDataMessage, DataCollectionDeleteMessage, ViewerRemovedMessage,
            LinkUpdatedMessage, ChangeRefDataMessage,
        ):  # fmt: skip
            self.hub.subscribe(self, message, handler=lambda _: self._update())
        self.observe_traitlets_for_relevancy(
            traitlets_to_observe=["stack_items"],
            irrelevant_msg_callback=lambda _: (
                "" if self.stack_items else "No stack of images (calints, psfsub, …) is loaded."
            ),
        )
        self._ready = True
        self._choose_stack()

    @property
    def user_api(self) -> PluginUserApi:
        return PluginUserApi(
            self,
            expose=(
                *self.control_names(),
                "keep_active",
                "pixel_series",
                "region_series",
                "drift",
                "to_python",
            ),
            readonly=("n_frames", "problem"),
        )

    # ---- which frame ----

    def data(self) -> StackData | None:
        """Return the data (glue) of the stack that is chosen, None without one."""
        return data_of(self, self.stack_selected) if self.stack_selected else None

    @observe("stack_selected")
    def _choose_stack(self, *_: Any) -> None:
        """Take over which frame the stack shows."""
        if not self._ready:
            return
        data = self.data()
        self.clicked = []  # of another stack that is another place
        with self._updates.paused():
            if data is None:
                self.n_frames = self.n_psfs = 0
                self.playing = False
            else:
                stack = data.stack
                self.n_frames = len(stack)
                self.n_psfs = stack.shape[1] if len(stack.shape) == 4 else 0
                self.frame_axis = "PSF" if stack.axes[0] == "psf" else stack.axes[0].capitalize()
                self.frame = data.index[0] + 1
                self.psf = data.index[1] + 1 if self.n_psfs else 1
        self._update()

    @validate("frame", "psf")
    def _check_number(self, proposal: Any) -> int:
        count = {"frame": self.n_frames, "psf": self.n_psfs}[proposal.trait.name]
        if count and not 1 <= proposal.value <= count:
            raise Stage3Error(
                f"Image Stack: {proposal.trait.name} = {proposal.value}, expected 1 to {count}"
            )
        return proposal.value

    @property
    def _index(self) -> tuple[int, ...]:
        first = self.frame - 1
        return (first, self.psf - 1) if self.n_psfs else (first,)

    # ---- what is shown ----

    @observe(
        "frame", "psf", "picture_selected", "reference_from", "reference_to", "clip_sigma",
        "limits_selected", "show_flagged", "marked_flags_selected", "is_active",
    )  # fmt: skip
    def _update(self, *_: Any) -> None:
        """Have everything brought up to date."""
        if self._ready:
            self._updates.ask()

    def _show(self) -> None:
        data = self.data()
        for viewer in image_viewers(self):
            if any(isinstance(image, StackData) for image in images_in(viewer)):
                show_picture_title(viewer)
        try:
            if data is not None:
                self._show_picture(data)
            self._mark_flagged(data)
        finally:
            self.answered += 1

    def _show_picture(self, data: StackData) -> None:
        """Show what is chosen of the stack, if it is not what is shown."""
        self.problem = ""
        wanted = self._wanted()
        try:
            title = self._pictures.title(data.stack, wanted)
            with drawn_once(self):
                if data.title != title or data.index != wanted.index:
                    values, unit = self._pictures.take(data.stack, wanted)
                    data.show(values, title, index=wanted.index, unit=unit)
                for viewer in self._viewers(data):
                    layer = layer_of(viewer, data)
                    self._limits.apply(layer, data, wanted, self.limits_selected)
        except Stage3Error as err:
            self.problem = str(err)
            self.playing = False
            self.percent_done = 100  # of what ends in the middle
        self.title_text = data.title

    def _tell_progress(self, done: float) -> None:
        """Show how much of a picture of many frames is computed."""
        self.percent_done = int(100 * done)

    def _wanted(self) -> Wanted:
        first, last = self.reference_from, self.reference_to
        return Wanted(
            self.picture_selected,
            self._index,
            1 if first == "" else first,  # an empty field
            None if last == "" else last,
            self.clip_sigma,
            tuple(self.marked_flags_selected),
        )

    # ---- the viewers ----

    def _viewers(self, data: StackData | None) -> list[Any]:
        """The image viewers that show the stack."""
        if data is None:
            return []
        return [viewer for viewer in image_viewers(self) if data in images_in(viewer)]

    def _mark_flagged(self, data: StackData | None) -> None:
        viewers = self._viewers(data) if self.is_active else []
        keyboard(self).listen(self._keys, self.viewer_keys, viewers)
        for gone in [viewer for viewer in self._marks if viewer not in viewers]:
            self._marks.pop(gone).close()
        for viewer in viewers:
            if viewer not in self._marks:
                self._follow(viewer)
            self._draw_flagged(viewer)
            place = to_frame(viewer, data, *self.clicked) if self.clicked else None
            self._marks[viewer].draw_place(place)
        if not viewers:
            self.flagged_text = ""

    def _draw_flagged(self, viewer: Any) -> None:
        data, marks = self.data(), self._marks.get(viewer)
        if data is None or marks is None:  # it was closed as the view moved
            return
        flags = tuple(self.marked_flags_selected) if self.show_flagged else ()
        self.flagged_text = count_text(marks.draw_flagged(data, flags))
        if flags and data.stack.dq is None:
            self.flagged_text = "The file has no flags."

    def _follow(self, viewer: Any) -> None:
        """Draw in a viewer from now on, and listen to what is done in it."""
        self._marks[viewer] = StackMarks(
            viewer,
            on_click=lambda x, y: self._click(viewer, x, y),
            on_move=lambda: self._draw_flagged(viewer),
        )

    def mark_pixel(self, pixel: list[int]) -> None:
        """Mark a pixel, column and row; none where the list is empty."""
        self.clicked = pixel
        self._update()

    # ---- through the frames ----

    def _click(self, viewer: Any, x: float, y: float) -> None:
        """Show the series of the pixel that was clicked."""
        data = self.data()
        if data is None or not self.series_of_clicked:
            return
        column, row = to_image(viewer, data, x, y)
        do_as_asked(self, lambda: self.pixel_series(column, row))

    @adding_to_app
    def pixel_series(self, x: float, y: float) -> TimeSeries | QTable:
        """Add the series of a pixel, in place of that of the pixel before, and show it.

        Parameters
        ----------
        x, y : int or float
            Column and row, from 0; of a place between the middles of pixels the pixel it lies in.

        Returns
        -------
        astropy.timeseries.TimeSeries or astropy.table.QTable
            See `jdaviz_stage3.analysis.pixel_series`.

        Raises
        ------
        Stage3Error
            If no stack is loaded, or it has no such pixel.
        """
        series = self._series.of_pixel(self._loaded(), x, y)
        self.mark_pixel(list(series.meta["pixel"]))
        return series

    @adding_to_app
    def region_series(self) -> TimeSeries | QTable:
        """Add the sum or mean over the region that is chosen, in each frame, and show it.

        Returns
        -------
        astropy.timeseries.TimeSeries or astropy.table.QTable
            See `jdaviz_stage3.analysis.region_series`; a sum of surface brightness is in Jy.

        Raises
        ------
        Stage3Error
            If no stack is loaded, or no region is chosen.
        """
        data = self._loaded()
        region, background = self._mask_of("region"), self._mask_of("background")
        if region is None:
            raise Stage3Error("Image Stack: no region is chosen; draw one with the Subset Tools")
        return self._series.of_region(
            data, region, background, name=self.region_selected,
            statistic=self.statistic_selected, missing=self.missing_selected,
        )  # fmt: skip

    @adding_to_app(
        as_if=lambda self, x=None, y=None: (x, y) if y is not None else tuple(self.clicked)
    )
    def drift(self, x: float | None = None, y: float | None = None) -> dict[str, Any]:
        """Add the centroid of a source and the background in each frame, and show them.

        Parameters
        ----------
        x, y : float, optional
            About where the source is, from 0; by default the pixel that was clicked last.

        Returns
        -------
        dict of str to TimeSeries or QTable
            ``'x'``, ``'y'`` and ``'background'``: see `jdaviz_stage3.analysis.centroid_series` and
            `jdaviz_stage3.analysis.background_series`.

        Raises
        ------
        Stage3Error
            If no stack is loaded, or it is not known where the source is.
        """
        data = self._loaded()
        if x is None or y is None:
            if not self.clicked:
                raise Stage3Error("Image Stack: click on the source first, or give x and y")
            x, y = self.clicked
        return self._series.of_source(data, x, y, self.box)

    def _loaded(self) -> StackData:
        data = self.data()
        if data is None:
            raise Stage3Error("Image Stack: no stack is loaded")
        return data

    def _mask_of(self, name: str) -> np.ndarray | None:
        """Which pixels are in the subset that a control names; None without one."""
        data, chosen = self.data(), getattr(self, name)
        if data is None or chosen.selected in ("", chosen.default_text):
            return None
        try:
            return data.get_mask(chosen.selected_subset_state)
        except IncompatibleAttribute:
            raise Stage3Error(
                f"Image Stack: {chosen.selected} is no region of {data.label}; draw it in its image"
            ) from None

    def vue_region_series(self, *_: Any) -> None:
        """Add the series of the region, from the panel."""
        do_as_asked(self, self.region_series)

    def vue_drift(self, *_: Any) -> None:
        """Add centroid and background, from the panel."""
        do_as_asked(self, lambda: self.drift(*self.clicked))

    # ---- Python ----

    def to_python(self) -> str:
        """Return the settings as Python code.

        Returns
        -------
        str
        """
        lines = ["import jdaviz", "", 'plg = jdaviz.gca().plugins["Image Stack"]']
        for control in self.declared:
            lines.append(f"plg.{control.name} = {getattr(self, control.value_trait)!r}")
        return "\n".join(lines)
