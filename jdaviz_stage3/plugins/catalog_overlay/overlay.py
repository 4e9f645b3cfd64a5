"""The overlay of one catalog: its settings, the sources that pass its filters, its selection."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
from glue.core import Data
from matplotlib.colors import to_hex

from ...analysis import SegmentEdges, SourceIndex, segment_edges, select_sources
from ...errors import Stage3Error
from ...jdaviz_compat import aligned_by_wcs, images_in, layer_of
from .positions import SourcePositions, source_positions
from .scene import Scale, shapes_of
from .settings import OverlaySettings
from .sources import Sources

__all__ = ["N_COLORS", "Overlay"]

#: Colours of a colour map that are told apart; each is a path of its own in the browser.
N_COLORS = 12
#: Where colour maps begin: their first colours are hardly seen on a dark sky.
_DARKEST = 0.15


class Overlay:
    """A catalog as it is laid over images.

    Parameters
    ----------
    data : glue.core.Data
        The catalog.
    settings : OverlaySettings
        How it is drawn, changed in place by the plugin.

    Attributes
    ----------
    colors : tuple of str
        Of extended and of point-like sources, where nothing else is set.
    viewers : list of glue image viewers
        Where it is drawn.
    passing : ndarray of bool, shape (n,)
        The sources that meet the conditions.
    selection : ndarray of int
        Rows of the selected sources.
    """

    def __init__(self, data: Data, settings: OverlaySettings):
        self.sources = Sources(data)
        self.settings = settings
        self.colors = settings.color, settings.point_color
        self._unsuited: set[Any] = set()  # viewers in which jdaviz has switched it off
        self.offered = False  # it has been switched on once without being asked for
        self.segments_offered = False  # the observation's own map has been outlined once
        self.shape_before = ""  # which sizes by a column have replaced by markers
        self.viewers: list[Any] = []
        self.passing = np.ones(len(self.sources), dtype=bool)
        self.selection = np.empty(0, dtype=int)
        self._positions: dict[Any, tuple[tuple, SourcePositions | str]] = {}
        self._indices: dict[Any, tuple[SourcePositions, SourceIndex]] = {}
        self._edges: tuple[Data, SegmentEdges] | None = None
        self.color_scale: Scale | None = None
        self.size_scale: Scale | None = None
        self.palette: list[str] = []

    # ---- what is drawn ----

    def filter_by(self, conditions: list[str]) -> None:
        """Keep the sources that meet all of some conditions.

        Parameters
        ----------
        conditions : list of str
            See `~jdaviz_stage3.analysis.select_sources`.

        Raises
        ------
        ConditionError
            If one of them cannot be read or applied; the conditions stay as they were.
        """
        self.passing = select_sources(self.sources, *conditions)
        self.settings.filters = list(conditions)

    def rescale(self) -> None:
        """Work out colours and sizes anew, after the columns or limits they come from changed."""
        settings = self.settings
        self.color_scale = self.size_scale = None
        if settings.color_by:
            values = self.color_values()
            low, high = settings.color_min, settings.color_max
            if self.color_is_log:
                low, high = (np.log10(v) if v is not None and v > 0 else None for v in (low, high))
            self.color_scale = Scale.of(values, low, high)
            colormap = matplotlib.colormaps[settings.colormap]
            self.palette = [to_hex(color) for color in colormap(np.linspace(_DARKEST, 1, N_COLORS))]
        if settings.size_by:
            self.size_scale = Scale.of(self._brightness(settings.size_by))

    @property
    def outlined(self) -> bool:
        """Whether symbols that have a value are not filled, for what is under them to be seen."""
        has_scale = self.color_scale is not None or self.size_scale is not None
        return has_scale and not self.settings.fill

    @property
    def color_is_log(self) -> bool:
        """Whether colours go with the logarithm of the column."""
        if self.settings.color_stretch == "Auto":
            return _is_flux(self.settings.color_by)
        return self.settings.color_stretch == "Log"

    def color_values(self) -> np.ndarray:
        """Values that give the colours, shape (n,): the column or its decimal logarithm."""
        values = np.asarray(self.sources.array(self.settings.color_by), dtype=float)
        return _log(values) if self.color_is_log else values

    def _brightness(self, column: str) -> np.ndarray:
        """Values that grow with brightness: minus the magnitude, the logarithm of a flux."""
        values = np.asarray(self.sources.array(column), dtype=float)
        if _is_magnitude(column):
            return -values
        return _log(values) if _is_flux(column) else values

    def reach(self, rows: np.ndarray) -> float:
        """Return how far the largest of some sources' shapes reaches, catalog pixels; 0 if none."""
        if self.settings.shape == "Marker":
            return 0.0
        major = shapes_of(self.sources, self.settings)[0][rows]
        return float(np.max(major, initial=0.0, where=np.isfinite(major)))

    @property
    def size_meaning(self) -> str:
        """What a larger marker says."""
        column = self.settings.size_by
        brightness = _is_flux(column) or _is_magnitude(column)
        return f"brighter in {column}" if brightness else f"greater {column}"

    def by_type(self, rows: np.ndarray) -> list[tuple[np.ndarray, str]]:
        """Split rows into extended and point-like sources, each with the colour of its type."""
        point = self.sources.point_like if self.settings.by_type else None
        if point is None:
            return [(rows, self.settings.color)]
        return [
            (rows[~point[rows]], self.settings.color),
            (rows[point[rows]], self.settings.point_color),
        ]

    def color_of(self, row: int, point_like: bool) -> str:
        """Return the colour that a source is drawn in."""
        settings = self.settings
        if self.color_scale is None:
            return settings.point_color if point_like else settings.color
        level = self.color_scale.level[row]
        if not np.isfinite(level):
            return settings.color
        return self.palette[min(int(level * N_COLORS), N_COLORS - 1)]

    @property
    def without_value(self) -> int:
        """Number of passing sources without a value for their colour or their size."""
        missing = np.zeros(len(self.sources), dtype=bool)
        for scale in (self.color_scale, self.size_scale):
            if scale is not None:
                missing |= ~np.isfinite(scale.level)
        return int(np.count_nonzero(missing & self.passing))

    # ---- where ----

    def positions_in(self, viewer: Any) -> SourcePositions:
        """Return where the sources lie in a viewer, worked out once for each alignment.

        Parameters
        ----------
        viewer : glue image viewer

        Returns
        -------
        SourcePositions

        Raises
        ------
        Stage3Error
            If they cannot be placed on what the viewer shows.
        """
        reference = viewer.state.reference_data
        key = (
            None if reference is None else reference.uuid,
            aligned_by_wcs(viewer),
            tuple(image.uuid for image in images_in(viewer)),
            self.settings.positions,
        )
        if viewer not in self._positions or self._positions[viewer][0] != key:
            try:
                found = source_positions(self.sources, viewer, self.settings.positions)
            except Stage3Error as err:
                found = str(
                    err
                )  # an exception that is raised again keeps all frames it went through
            self._positions[viewer] = key, found
        found = self._positions[viewer][1]
        if isinstance(found, str):
            raise Stage3Error(found)
        return found

    def index_in(self, viewer: Any) -> SourceIndex:
        """Return the spatial index of the sources in a viewer, made when it is first asked for."""
        positions = self.positions_in(viewer)
        if viewer not in self._indices or self._indices[viewer][0] is not positions:
            self._indices[viewer] = positions, SourceIndex(positions.x, positions.y)
        return self._indices[viewer][1]

    def edges_of(self, segments: Data) -> SegmentEdges:
        """Return the borders of a segmentation map, worked out once for all viewers."""
        if self._edges is None or self._edges[0] is not segments:
            self._edges = segments, segment_edges(segments[segments.main_components[0]])
        return self._edges[1]

    def forget(self, viewer: Any) -> None:
        """Drop what is kept of a viewer that has gone."""
        self.viewers = [other for other in self.viewers if other is not viewer]
        self._positions.pop(viewer, None)
        self._indices.pop(viewer, None)
        self._unsuited.discard(viewer)

    def shown_in(self, viewer: Any) -> bool:
        """Whether the overlay is on in a viewer.

        Where jdaviz has a layer for the catalog as well, that layer's switch in the viewer's data
        menu hides the overlay, too.
        """
        if not self.settings.visible or viewer not in self.viewers:
            return False
        layer = layer_of(viewer, self.sources.data)
        return layer is None or layer.visible or not self._suits(viewer)

    @property
    def is_on(self) -> bool:
        """Whether the overlay is on in any viewer."""
        return any(self.shown_in(viewer) for viewer in self.viewers)

    def _suits(self, viewer: Any) -> bool:
        """Whether jdaviz can place the catalog where images are aligned as they are in a viewer.

        Where it cannot, it switches the catalog's layer off; what we can place is shown all the
        same, and what not is said.
        """
        positions = self.sources.sky if aligned_by_wcs(viewer) else self.sources.pixels
        return positions is not None

    def reopen(self, viewer: Any) -> None:
        """Switch the catalog's layer on again that jdaviz has switched off meanwhile."""
        layer = layer_of(viewer, self.sources.data)
        if layer is None:
            return
        if not self._suits(viewer):
            self._unsuited.add(viewer)
        elif viewer in self._unsuited:
            self._unsuited.discard(viewer)
            layer.visible = self.settings.visible


def _is_flux(column: str) -> bool:
    """Whether a column holds fluxes, by the pipeline's names: not their errors."""
    return column.endswith("_flux") or column == "source_sum"


def _is_magnitude(column: str) -> bool:
    return column.endswith("mag")


def _log(values: np.ndarray) -> np.ndarray:
    """Decimal logarithm, NaN where it has none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, np.log10(values), np.nan)
