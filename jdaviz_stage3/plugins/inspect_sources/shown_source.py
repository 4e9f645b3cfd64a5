"""The viewer that shows the source, and the lines over it that are dragged."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from astropy import units as u

from ...identity import IndexedSource
from ...jdaviz_compat import create_viewer, glue_viewer, viewer_labels
from ...viewers.source import SourceViewer
from ...viewers.source_figures import SourceFigures
from ...viewers.spectral_lines import RestLines

__all__ = ["ShownSource"]


class ShownSource:
    """One viewer, which is made when it is needed, and again where somebody has closed it.

    Parameters
    ----------
    plugin : jdaviz plugin
    shift : callable
        Called with a redshift to which the lines are dragged, and whether the drag is over.
    made : callable
        Called when the viewer has been made.
    """

    def __init__(
        self, plugin: Any, shift: Callable[[float, bool], None], made: Callable[[], None]
    ) -> None:
        self._plugin = plugin
        self._shift = shift
        self._made = made
        self._label = ""
        self._lines: RestLines | None = None
        self._redshift = math.nan
        self._at_start = math.nan
        self._moved = math.nan

    @property
    def viewers(self) -> list[SourceViewer]:
        """The viewer, if it is there."""
        there = self._label in viewer_labels(self._plugin)
        return [glue_viewer(self._plugin, self._label)] if there else []

    @property
    def figures(self) -> SourceFigures:
        """What the viewer shows."""
        if not self.viewers:
            self._label = create_viewer(self._plugin, "stage3-source-viewer", "Source")
            self.viewers[0].dragged = self.drag
            self._made()
        return self.viewers[0].figures

    def show(self, source: IndexedSource, size: float, exposures: bool) -> None:
        """Show a source.

        Parameters
        ----------
        source : IndexedSource
        size : float
            Side of the pictures, arcsec.
        exposures : bool
            Whether single exposures are shown, too.
        """
        self.figures.show(source, size * u.arcsec, exposures=exposures)
        self._moved = math.nan

    def show_lines(self, lines: RestLines | None, redshift: float) -> None:
        """Draw lines over the spectra.

        Parameters
        ----------
        lines : RestLines or None
        redshift : float
            NaN for none.
        """
        self._lines, self._redshift = lines, redshift
        self.figures.show_lines(lines, redshift)

    def drag(self, event: str, start: float, now: float) -> None:
        """Move the lines with the pointer: the one that was under it stays there.

        Parameters
        ----------
        event : {'dragstart', 'dragmove', 'dragend'}
        start, now : float
            Wavelengths at which the drag began, and is.
        """
        if event == "dragstart":
            self._at_start, self._moved = self._redshift, math.nan
        # without lines, or a redshift at which they are, nothing can be seen to move
        if self._lines is None or not math.isfinite(self._at_start):
            return
        if event == "dragmove" or (event == "dragend" and math.isfinite(self._moved)):
            self._moved = round((1 + self._at_start) * now / start - 1, 5)
            self._shift(self._moved, event == "dragend")
