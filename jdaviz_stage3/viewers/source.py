"""The viewer of one source at a time."""

from __future__ import annotations

from typing import Any

from glue_jupyter.bqplot.scatter import BqplotScatterView
from jdaviz.configs.default.plugins.viewers import JdavizViewerMixin
from jdaviz.core.registries import viewer_registry

from ..jdaviz_compat import show_figure_without_data
from .source_figures import SourceFigures

__all__ = ["SourceViewer"]


@viewer_registry("stage3-source-viewer", label="Source (JWST Stage 3)")
class SourceViewer(JdavizViewerMixin, BqplotScatterView):
    """Pictures and spectra of the source that *Inspect Sources* has come to.

    They are no data of the app, so that a thousand sources leave nothing behind. The class is that
    of a scatter viewer without data, which jdaviz knows how to treat; its figure is not shown.
    """

    tools_nested: list[list[str]] = []

    def __init__(self, session: Any, *args: Any, **kwargs: Any):
        self.figures = SourceFigures(lambda *event: self.dragged(*event))
        super().__init__(session, *args, **kwargs)
        show_figure_without_data(self)

    @property
    def figure_widget(self) -> SourceFigures:
        """What is shown."""
        return self.figures

    def dragged(self, event: str, start: float, now: float) -> None:
        """Do nothing; who shows sources puts in its place what a drag over a spectrum does."""
