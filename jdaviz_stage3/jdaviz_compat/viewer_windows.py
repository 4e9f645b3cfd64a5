"""The windows of viewers, of which each look at the viewers of an app would make new ones."""

from __future__ import annotations

from typing import Any

from ipywidgets.widgets import widget

__all__ = ["keep_viewer_windows"]

_WINDOW = "_stage3_window"  # on the viewer, so that both go together


def keep_viewer_windows() -> None:
    """Let an app's ``viewers`` and ``default_viewer`` give the same window of a viewer each time.

    Reason: jdaviz makes a widget with five others within for each viewer whenever somebody looks,
    itself at each load: they are sent to the page, stay subscribed to the app, and never go.
    jdaviz 5.1: the same; proposed in ``docs/upstream.rst``.
    """
    from jdaviz.core.helpers import ConfigHelper, ImageConfigHelper

    def viewers(self: Any) -> dict[str, Any]:
        inner = self._app
        found = list(inner._viewer_store.values())
        return {viewer._ref_or_id: _window(viewer, inner).user_api for viewer in found}

    def default_viewer(self: Any) -> Any:
        return _window(self._default_viewer, self._app).user_api

    ConfigHelper.viewers = property(viewers, doc=ConfigHelper.viewers.__doc__)
    ImageConfigHelper.default_viewer = property(
        default_viewer, doc=ImageConfigHelper.default_viewer.__doc__
    )


def _window(viewer: Any, inner: Any) -> Any:
    """Return a viewer's window: the one that there is, unless a new one would be another."""
    from jdaviz.configs.default.plugins.viewers import JdavizViewerWindow

    known = vars(viewer).get(_WINDOW)
    if known is not None and _is_current(known, viewer, inner):
        return known
    window = JdavizViewerWindow(viewer, app=inner)
    if not _are_unseen():
        setattr(viewer, _WINDOW, window)
    return window


def _is_current(window: Any, viewer: Any, inner: Any) -> bool:
    """Whether a window is open, and is of this viewer with the name and tools it has now."""
    tools = f"IPY_MODEL_{viewer.toolbar.model_id}" if viewer.toolbar else ""
    return (
        window.comm is not None
        and window.glue_viewer is viewer  # not of one that this is a copy of
        and window._app is inner
        and window.id == viewer._reference_id
        and window.toolbar_widget == tools
    )


def _are_unseen() -> bool:
    """Whether widgets that are made now are none for the page: see ``suppress_widget_comms``."""
    return "<locals>" in getattr(widget.comm.create_comm, "__qualname__", "")
