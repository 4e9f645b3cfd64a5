"""The target beside the label of each viewer of ours, in its tab.

A label is what scripts call the viewer by (``app.viewers["1D Spectrum"]``), and jdaviz gives the
first of a kind no more than that. So it stays, and the tab says more.
"""

from __future__ import annotations

from typing import Any
from weakref import ref

from ipyvuetify import VuetifyTemplate
from jdaviz.core.events import AddDataMessage, RemoveDataMessage, ViewerRemovedMessage
from traitlets import Dict

from ..jdaviz_compat import (
    draw_unseen,
    glue_viewer,
    layers_of,
    viewer_labels,
)
from ..origin import origin_of, root_of
from .app_follower import AppFollower

__all__ = ["TabTitles", "TargetNames", "target_in"]

_LONGEST = 28  # characters of a name; it is shortened in the middle


class TabTitles(VuetifyTemplate):
    """What tabs say beside the labels of their viewers: see `TargetNames`.

    Attributes
    ----------
    texts : dict of str to str
        By the label of the viewer.
    """

    template_file = __file__, "tab_titles.vue"

    texts = Dict().tag(sync=True)


class TargetNames(AppFollower):
    """Has the tabs of an app name the targets of what they show.

    Attributes
    ----------
    titles : TabTitles
    """

    def __init__(self, app: Any):
        self._app = ref(app)  # which it is kept for
        self.titles = TabTitles()
        draw_unseen(app, self.titles)
        for message in (AddDataMessage, RemoveDataMessage, ViewerRemovedMessage):
            app.hub.subscribe(self, message, handler=lambda _: self.update())

    def update(self) -> None:
        """Say what the viewers show now."""
        app = self._app()
        texts = {}
        for label in viewer_labels(app) if app is not None else ():
            viewer = glue_viewer(app, label)
            target = target_in(viewer) if viewer is not None else ""
            if target and target.lower() not in label.lower():
                texts[label] = _short(target)
        if texts != self.titles.texts:
            self.titles.texts = texts


def target_in(viewer: Any) -> str:
    """Return the target of all products that a (glue) viewer shows.

    Parameters
    ----------
    viewer : glue viewer

    Returns
    -------
    str
        TARGNAME, or TARGPROP; where no header names it the root of the files' names; empty where
        there are several, or nothing of ours is shown.
    """
    ours = [layer.layer for layer in layers_of(viewer) if hasattr(layer.layer, "meta")]
    ours = [data for data in ours if origin_of(data) is not None]
    targets = {_target(data) for data in ours} - {""}
    if not targets:  # catalogs and light curves name none
        targets = {root_of(data) or "" for data in ours} - {""}
    return targets.pop() if len(targets) == 1 else ""


def _target(data: Any) -> str:
    for name in ("TARGNAME", "TARGPROP"):
        value = str(data.meta.get(name) or "").strip()
        if value:
            return value
    return ""


def _short(name: str) -> str:
    if len(name) <= _LONGEST:
        return name
    half = (_LONGEST - 1) // 2
    return f"{name[:half]}…{name[-half:]}"
