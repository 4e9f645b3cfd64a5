"""Arrow keys over cubes of ours: the slice before and after."""

from __future__ import annotations

from typing import Any
from weakref import ref

from glue.core import HubListener
from jdaviz.core.events import AddDataMessage, RemoveDataMessage, ViewerRemovedMessage

from ..jdaviz_compat import (
    application,
    glue_viewer,
    is_cube_viewer,
    one_for_each_app,
    step_slice,
    viewer_labels,
)
from ..origin import origin_of
from .keys import BACKWARD, FORWARD, Key, keyboard

__all__ = ["SLICE_KEYS", "SliceKeys", "slice_keys"]

SLICE_KEYS = (
    Key(FORWARD, "next slice", "next"),
    Key(BACKWARD, "slice before", "previous"),
)


class SliceKeys(HubListener):
    """Steps through the slices in the viewers of an app that show cubes of ours.

    Parameters
    ----------
    app : jdaviz application
    """

    def __init__(self, app: Any):
        inner = application(app)
        self._app = ref(inner)  # which it is kept for
        for message in (AddDataMessage, RemoveDataMessage, ViewerRemovedMessage):
            inner.hub.subscribe(self, message, handler=lambda _: self.update())

    def update(self) -> None:
        """Listen in the viewers that there are now."""
        app = self._app()
        if app is None:
            return
        viewers = filter(is_cube_viewer, (glue_viewer(app, name) for name in viewer_labels(app)))
        ours = [v for v in viewers if any(origin_of(s.layer) is not None for s in v.state.layers)]
        keyboard(app).listen(self, SLICE_KEYS, ours)

    def next(self, viewer: str) -> None:
        """Show the slice after."""
        self._step(1)

    def previous(self, viewer: str) -> None:
        """Show the slice before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        app = self._app()
        if app is not None:
            step_slice(app, by)


#: The stepper of an app (helper, inner application or importer): there is one.
slice_keys = one_for_each_app(SliceKeys)
