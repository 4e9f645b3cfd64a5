"""The tray plugin that goes from a place in a mosaic to the exposures that cover it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.table import QTable
from glue.core.message import DataCollectionDeleteMessage
from jdaviz.core.events import (
    AddDataMessage,
    ChangeRefDataMessage,
    LinkUpdatedMessage,
    RemoveDataMessage,
    ViewerRemovedMessage,
    ViewerVisibleLayersChangedMessage,
)
from jdaviz.core.registries import tray_registry
from jdaviz.core.template_mixin import PluginTemplateMixin
from jdaviz.core.user_api import PluginUserApi
from traitlets import Bool, List, Unicode, observe

from ...errors import Stage3Error
from ...jdaviz_compat import (
    data_of,
    drawn_once,
    image_viewers,
    images_in,
    images_of,
    load_into,
    show_message,
)
from ...loaders.product import Product
from ...loaders.shown_warnings import warnings_shown
from ...origin import FileStamp, origin_of
from ...readers.mosaic_inputs import exposure_name
from ...viewers.flagged_pixels import count_text
from ...viewers.image_frames import unbounded
from ...viewers.keys import Key, keyboard
from ..panel import ShownPython, describe, do_as_asked
from ..updates import Updates
from .exposure_list import ExposureList
from .marks import ExposureMarks, frame_of
from .settings import ExposuresPanel

__all__ = ["MosaicExposures"]


@tray_registry("stage3-exposures", label="Exposures", category="data:analysis")
class MosaicExposures(ShownPython, ExposuresPanel, PluginTemplateMixin):
    """From a place in a mosaic to the exposures that it was made from.

    While the plugin is open, a click in an image that shows the mosaic lists the exposures that
    cover the place, with the value and the flags that each has there.

    Only the following attributes and methods are available through the public plugin API:

    {controls}
    * ``keep_active``: follow clicks and draw also while the plugin is closed
    * :meth:`at`: choose a place, and return what the exposures have there
    * ``position``: the place that is chosen (read only)
    * ``ticked``: names of the exposures that are ticked
    * :meth:`load`: load exposures, those that are ticked by default
    * :meth:`to_python`: the same as Python code
    * ``problem``: why the exposures are not known; empty if they are, or nobody has asked, as the
      plugin is closed and not kept active (read only)
    """

    template_file = __file__, "mosaic_exposures.vue"
    viewer_keys = (Key(("Escape",), "choose no place", "forget_place"),)
    uses_active_status = Bool(True).tag(sync=True)

    problem = Unicode().tag(sync=True)
    summary_text = Unicode().tag(sync=True)
    place_text = Unicode().tag(sync=True)
    flagged_text = Unicode().tag(sync=True)
    rows = List().tag(sync=True)
    ticked = List(Unicode()).tag(sync=True)
    loading = Bool(False).tag(sync=True)

    def __init__(self, *args, **kwargs):
        self._ready = False
        self._lists: dict[FileStamp, ExposureList] = {}
        self._marks: dict[Any, ExposureMarks] = {}
        self._table: QTable | None = None
        self.position: SkyCoord | None = None
        self._updates = Updates(self._draw)
        super().__init__(*args, **kwargs)
        describe(self, "The exposures that cover a place in a mosaic.", "exposures")
        self.make_selections()
        for message in (
            AddDataMessage, RemoveDataMessage, DataCollectionDeleteMessage, ViewerRemovedMessage,
            LinkUpdatedMessage, ChangeRefDataMessage, ViewerVisibleLayersChangedMessage,
        ):  # fmt: skip
            self.hub.subscribe(self, message, handler=lambda _: self._update())
        self.observe_traitlets_for_relevancy(
            traitlets_to_observe=["mosaic_items"],
            irrelevant_msg_callback=lambda _: "" if self.mosaic_items else "No mosaic is loaded.",
        )
        self._ready = True
        self._update()

    @property
    def user_api(self) -> PluginUserApi:
        return PluginUserApi(
            self,
            expose=(*self.control_names(), "keep_active", "ticked", "at", "load", "to_python"),
            readonly=("position", "problem"),
        )

    # ---- the list ----

    def _exposures(self) -> ExposureList | None:
        """The exposures of the mosaic that is chosen; None, with the reason told, if unknown."""
        self.problem = ""
        data = data_of(self, self.mosaic_selected)
        if data is None:
            return None
        origin = origin_of(data)
        try:
            if origin.stamp not in self._lists:
                self._lists[origin.stamp] = ExposureList(Path(origin.path))
        except Stage3Error as err:
            self.problem = str(err)
            return None
        return self._lists[origin.stamp]

    @observe("mosaic_selected")
    def _change_mosaic(self, *_: Any) -> None:
        if self._ready:
            self._forget_place()
            self._update()

    def forget_place(self, viewer: str = "") -> bool:
        """Choose no place, by a key."""
        was_chosen = self.position is not None
        self._forget_place()
        self._update()
        return was_chosen

    def _forget_place(self) -> None:
        self.position, self._table = None, None
        self.rows, self.ticked, self.place_text, self.python_code = [], [], "", ""

    def at(self, position: SkyCoord) -> QTable:
        """Choose a place, and return what the exposures that cover it have there.

        Parameters
        ----------
        position : astropy.coordinates.SkyCoord
            One place on the sky.

        Returns
        -------
        astropy.table.QTable
            One row an exposure: ``name``, ``detector``, ``filter``, ``start`` (UTC), ``x``, ``y``
            (0-based pixels of the exposure), ``value``, ``error``, ``flags``, ``file``. Without
            values, and with an empty ``file``, where the file is not beside the mosaic.

        Raises
        ------
        Stage3Error
            If it is no single place, or the exposures of the mosaic are not known.
        """
        if not isinstance(position, SkyCoord) or not position.isscalar:
            raise Stage3Error(f"Exposures: {position!r} is no place; give one SkyCoord")
        exposures = self._exposures()
        if exposures is None:
            raise Stage3Error(self.problem or "Exposures: no mosaic is loaded")
        with warnings_shown(self):
            self._table = exposures.at(position.icrs)
        self.position = position.icrs
        self.ticked = [str(row["name"]) for row in self._table if row["file"]]
        self._update()
        return self._table.copy()

    def _tell_place(self) -> None:
        """Write the rows of the panel."""
        if self._table is None:
            return
        count = len(self._table)
        exposures = "1 exposure covers" if count == 1 else f"{count or 'No'} exposures cover"
        where = self.position.to_string("hmsdms", precision=2, sep=":")
        self.place_text = f"{exposures} {where} (ICRS)"
        loaded = self._loaded_files()
        self.rows = [
            {
                "name": str(row["name"]),
                "title": exposure_name(row["name"]),
                "value": _quantity_text(row) if row["file"] else "file not found",
                "flags": str(row["flags"]),
                "file": bool(row["file"]),
                "loaded": str(row["file"]) in loaded,
            }
            for row in self._table
        ]

    def _loaded_files(self) -> set[str]:
        origins = [origin_of(image) for image in images_of(self)]
        return {str(Path(origin.path).absolute()) for origin in origins if origin is not None}

    # ---- loading ----

    def load(self, names: Iterable[str] | None = None) -> list[str]:
        """Load exposures over the mosaic, aligned by WCS.

        Parameters
        ----------
        names : iterable of str, optional
            As :meth:`at` lists them; those that are ticked by default. What is loaded already is
            left as it is.

        Returns
        -------
        list of str
            The labels of the data that have come.

        Raises
        ------
        Stage3Error
            If one of them is not listed, or its file is not there; then none is loaded.
        """
        exposures = self._exposures()
        if exposures is None:
            raise Stage3Error(self.problem or "Exposures: no mosaic is loaded")
        exposures.look_for_files()
        names = [names] if isinstance(names, str) else names
        paths = _files_of(exposures, self.ticked if names is None else names)
        loaded = self._loaded_files()
        viewers = [viewer.reference for viewer in self._viewers()]
        self.loading = True
        try:
            with self._updates.paused(), drawn_once(self):
                return [
                    label
                    for path in paths
                    if str(path) not in loaded
                    for label in load_into(self, Product(path), align_by="WCS", viewer=viewers[:1])
                ]
        finally:
            self.loading = False
            self._update()

    def vue_load_ticked(self, *_: Any) -> None:
        """Load what is ticked, from the panel."""
        do_as_asked(self, self.load)

    def to_python(self) -> str:
        """Return the settings and the place as Python code.

        Returns
        -------
        str
        """
        lines = ['plg = jdaviz.gca().plugins["Exposures"]']
        for control in self.declared:
            value = getattr(self, control.value_trait)
            lines.append(f"plg.{control.name} = {value!r}")
        if self.position is not None:
            ra, dec = self.position.ra.deg, self.position.dec.deg
            lines.append(f'table = plg.at(SkyCoord({ra:.7f}, {dec:.7f}, unit="deg"))')
        return "\n".join(["import jdaviz", "from astropy.coordinates import SkyCoord", "", *lines])

    # ---- the viewers ----

    def _viewers(self) -> list[Any]:
        """The image viewers that show the mosaic."""
        data = data_of(self, self.mosaic_selected)
        if data is None:
            return []
        return [viewer for viewer in image_viewers(self) if data in images_in(viewer)]

    @observe("show_footprints", "show_flagged", "marked_flags_selected", "is_active")
    def _update(self, *_: Any) -> None:
        """Have everything brought up to date."""
        if self._ready:
            self._updates.ask()

    def _draw(self) -> None:
        # the table of the inputs is read when somebody looks, not with every mosaic
        exposures = self._exposures() if self.is_active else None
        self.summary_text = "" if exposures is None else _summary(exposures)
        if self.mosaic_selected == "" and self.position is not None:
            self._forget_place()
        self._tell_place()
        viewers = self._viewers() if exposures is not None else []
        keyboard(self).listen(self, self.viewer_keys, viewers)
        for gone in [viewer for viewer in self._marks if viewer not in viewers]:
            self._marks.pop(gone).close()
        for viewer in viewers:
            if viewer not in self._marks:
                self._follow(viewer)
            self._draw_in(viewer, exposures)

    def _draw_in(self, viewer: Any, exposures: ExposureList) -> None:
        mosaic = data_of(self, self.mosaic_selected)
        frame = frame_of(viewer, mosaic)
        if frame is None:
            self.problem = f"{mosaic.label}: has no WCS; its exposures cannot be placed"
            return
        here = set() if self._table is None else {str(name) for name in self._table["name"]}
        marks = self._marks[viewer]
        marks.draw_footprints(frame, exposures.footprints, here, self.show_footprints)
        marks.draw_place(frame, self.position)
        self._draw_flagged(viewer)

    def _draw_flagged(self, viewer: Any) -> None:
        marks = self._marks.get(viewer)
        if marks is None:  # the plugin was closed as the view moved
            return
        flags = list(self.marked_flags_selected) if self.show_flagged else []
        self.flagged_text = count_text(marks.draw_flagged(flags))

    def _follow(self, viewer: Any) -> None:
        """Draw in a viewer from now on, and listen to what is done in it."""
        self._marks[viewer] = ExposureMarks(
            viewer,
            on_click=lambda x, y: self._click(viewer, x, y),
            on_move=lambda: self._draw_flagged(viewer),
        )

    def _click(self, viewer: Any, x: float, y: float) -> None:
        """Choose the place that was clicked."""
        mosaic = data_of(self, self.mosaic_selected)
        frame = None if mosaic is None else frame_of(viewer, mosaic)
        if frame is None:
            return
        try:
            self.at(unbounded(frame).pixel_to_world(x, y))
        except Stage3Error as err:
            show_message(self, str(err))


def _files_of(exposures: ExposureList, names: Iterable[str]) -> list[Path]:
    """The files of exposures, all of which must be there."""
    paths = []
    for name in names:
        if name not in exposures.files:
            raise Stage3Error(f"{name}: is none of the exposures of {exposures.path.name}")
        path = exposures.files[name]
        if path is None:
            raise Stage3Error(f"{name}: not found beside {exposures.path.name}")
        paths.append(path)
    if not paths:
        raise Stage3Error("Exposures: none is ticked; choose a place, or give names")
    return paths


def _quantity_text(row: Any) -> str:
    if not np.isfinite(row["value"].value):
        return "no value (NaN)"
    return f"{row['value'].value:.4g} ± {row['error'].value:.2g} {row['value'].unit}"


def _summary(exposures: ExposureList) -> str:
    count, files = len(exposures.inputs), exposures.n_files
    text = f"{count} exposure{'' if count == 1 else 's'}, "
    if files == count:
        text += "whose files are beside it." if count > 1 else "whose file is beside it."
    else:
        text += f"{files or 'none'} of whose files {'is' if files == 1 else 'are'} beside it."
    if exposures.unplaced:
        text += f" {exposures.unplaced} without a footprint cannot be placed."
    return text
