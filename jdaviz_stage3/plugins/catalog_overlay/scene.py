"""What is drawn of a catalog in a view: symbols where few sources are in it, else their density."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...analysis import projected_ellipses, source_density, sources_within
from .positions import SourcePositions
from .settings import OverlaySettings
from .sources import Sources

__all__ = [
    "CAP",
    "ELLIPSE",
    "LOST",
    "MEASURED",
    "PADDING",
    "Scale",
    "Scene",
    "Symbols",
    "View",
    "compose",
    "depth_within",
    "marker_radii",
    "shapes_of",
    "symbols_of",
]

#: Sources in the view and its margin up to which each is drawn; with more of them panning falls
#: below four fifths of the frame rate of the image alone (tests/benchmarks/bench_overlay.py).
CAP = 1500
#: Drawn beyond each edge of the view, in units of its size, so that panning shows what is there.
PADDING = 0.5

ELLIPSE = "ellipse"
LOST = "cross-small"  # in place of a shape whose axes are missing or not positive
#: Shapes that say where fluxes were measured, of point-like sources as well.
MEASURED = ("Aperture", "Circle")
_BIN = 4  # screen pixels of a cell of the density


@dataclass(frozen=True)
class View:
    """What part of the frame a viewer shows, and how large.

    Attributes
    ----------
    x, y : tuple of float
        Limits, pixels of the reference frame.
    width, height : float
        Screen pixels.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    width: float
    height: float

    @property
    def pixel(self) -> tuple[float, float]:
        """Size of a screen pixel in the reference frame, along x and y."""
        return (self.x[1] - self.x[0]) / self.width, (self.y[1] - self.y[0]) / self.height

    def padded(self, padding: float = PADDING) -> View:
        """Return the view with a margin of ``padding`` times its size on each side."""
        (x0, x1), (y0, y1) = self.x, self.y
        dx, dy = padding * (x1 - x0), padding * (y1 - y0)
        grow = 1 + 2 * padding
        return View((x0 - dx, x1 + dx), (y0 - dy, y1 + dy), self.width * grow, self.height * grow)

    def covers(self, other: View) -> bool:
        """Whether another view lies within this one at the same zoom (to 3 per cent)."""
        inside = (
            self.x[0] <= other.x[0]
            and other.x[1] <= self.x[1]
            and self.y[0] <= other.y[0]
            and other.y[1] <= self.y[1]
        )
        ratio = np.divide(self.pixel, other.pixel)
        return bool(inside and np.all(np.abs(ratio - 1) < 0.03))


@dataclass(frozen=True)
class Scale:
    """How a column becomes a colour or a size: limits, and which sources have no value.

    Attributes
    ----------
    low, high : float
        Values at the ends.
    level : ndarray, shape (n,)
        0 … 1, clipped at the ends; NaN where there is no value.
    """

    low: float
    high: float
    level: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, low: float | None = None, high: float | None = None) -> Scale:
        """Scale values between limits, by default their 1st and 99th percentile."""
        values = np.asarray(values, dtype=float)
        finite = values[np.isfinite(values)]
        if len(finite):
            ends = np.percentile(finite, (1, 99))
        else:
            ends = (0.0, 1.0)
        low = float(ends[0]) if low is None else low
        high = float(ends[1]) if high is None else high
        width = high - low
        with np.errstate(invalid="ignore"):
            if width:
                level = np.clip((values - low) / width, 0, 1)
            else:
                level = 0.5 + 0.5 * np.sign(values - low)
        return cls(low, high, np.where(np.isfinite(values), level, np.nan))


@dataclass(frozen=True)
class Symbols:
    """Symbols of one kind and colour.

    Attributes
    ----------
    marker : str
        ``'ellipse'``, or one of the markers of `~.picture`.
    rows : ndarray of int, shape (m,)
        The sources.
    x, y : ndarray, shape (m,)
        Where they are, pixels of the viewer's frame.
    rx, ry : ndarray, shape (m,)
        Half width and half height before the rotation, screen pixels.
    angle : ndarray, shape (m,)
        Rotation in degrees, clockwise on the screen (where y grows downwards).
    color : str
    filled : bool
    """

    marker: str
    rows: np.ndarray
    x: np.ndarray
    y: np.ndarray
    rx: np.ndarray
    ry: np.ndarray
    angle: np.ndarray
    color: str
    filled: bool = False


@dataclass(frozen=True)
class Scene:
    """What is drawn of one catalog.

    Attributes
    ----------
    view : View
        The view with its margin.
    rows : ndarray of int
        The sources in it; none where their density is drawn.
    symbols : list of Symbols
    density : ndarray of float, shape (ny, nx), or None
        Sources per cell, the first row at the lowest y.
    labelled : ndarray of int
        The sources whose labels are drawn.
    in_view, without_shape : int
        Number of sources in the view without the margin; of those that are drawn as crosses since
        their axes are missing or not positive.
    """

    view: View
    rows: np.ndarray
    symbols: list[Symbols] = field(default_factory=list)
    density: np.ndarray | None = None
    labelled: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))
    in_view: int = 0
    without_shape: int = 0


def compose(
    sources: Sources,
    positions: SourcePositions,
    passing: np.ndarray,
    settings: OverlaySettings,
    view: View,
    *,
    color_scale: Scale | None = None,
    size_scale: Scale | None = None,
    palette: Sequence[str] = (),
    cap: int = CAP,
) -> Scene:
    """Return what is drawn of a catalog in a view.

    Parameters
    ----------
    sources : Sources
    positions : SourcePositions
    passing : ndarray of bool, shape (n,)
        The sources that meet the conditions.
    settings : OverlaySettings
    view : View
    color_scale, size_scale : Scale, optional
        Of the columns that give colour and size.
    palette : sequence of str, optional
        Colours of the scale, from its low end to its high end.
    cap : int, optional
        Above that many sources in the view and its margin their density is drawn.

    Returns
    -------
    Scene
    """
    wide = view.padded()
    in_view = sources_within(positions.x, positions.y, view.x, view.y, passing)
    rows = sources_within(positions.x, positions.y, wide.x, wide.y, passing)
    if len(rows) > cap:
        shape = int(max(1, wide.height // _BIN)), int(max(1, wide.width // _BIN))
        counts = source_density(positions.x[rows], positions.y[rows], wide.x, wide.y, shape)
        return Scene(wide, rows[:0], density=counts, in_view=len(in_view))
    symbols = []
    for color, filled, group in _colored(sources, rows, settings, color_scale, palette):
        hollow = np.zeros(len(group), dtype=bool)
        if size_scale is not None:
            hollow = ~np.isfinite(size_scale.level[group])
            filled = filled or color_scale is None
        for part, fill in ((group[~hollow], filled), (group[hollow], False)):
            symbols += symbols_of(part, sources, positions, settings, view, size_scale, color, fill)
    # with those of the margin, so that panning brings labels along
    few = settings.labels and len(in_view) <= settings.label_cap
    lost = [group.rows for group in symbols if group.marker == LOST]
    crosses = len(np.intersect1d(np.concatenate([rows[:0], *lost]), in_view))
    return Scene(wide, rows, symbols, None, rows if few else rows[:0], len(in_view), crosses)


def _colored(sources, rows, settings, color_scale, palette):
    """Rows that are drawn in one colour: (colour, filled, rows)."""
    if color_scale is not None:
        level = color_scale.level[rows]
        number = np.minimum(np.nan_to_num(level * len(palette)), len(palette) - 1).astype(int)
        missing = ~np.isfinite(level)
        for index in np.unique(number[~missing]):
            yield palette[index], True, rows[(number == index) & ~missing]
        yield settings.color, False, rows[missing]
        return
    point = _point_like(sources, settings)[rows]
    yield settings.color, False, rows[~point]
    yield settings.point_color, False, rows[point]


def _point_like(sources: Sources, settings: OverlaySettings) -> np.ndarray:
    if not settings.by_type or sources.point_like is None:
        return np.zeros(len(sources), dtype=bool)
    return sources.point_like


def symbols_of(
    rows: np.ndarray,
    sources: Sources,
    positions: SourcePositions,
    settings: OverlaySettings,
    view: View,
    size_scale: Scale | None = None,
    color: str = "",
    filled: bool = False,
) -> list[Symbols]:
    """Return the symbols of sources that are drawn in one colour.

    Parameters
    ----------
    rows : ndarray of int
    sources : Sources
    positions : SourcePositions
    settings : OverlaySettings
    view : View
        For the size of a screen pixel.
    size_scale : Scale, optional
        Of the column that gives the markers' sizes.
    color : str, optional
    filled : bool, optional

    Returns
    -------
    list of Symbols
        Without those that have no position.
    """
    rows = rows[np.isfinite(positions.x[rows] + positions.y[rows])]
    point = _point_like(sources, settings)[rows]
    found: list[Symbols] = []

    def markers(kind: str, which: np.ndarray, filled: bool = filled) -> None:
        chosen = rows[which]
        radius = marker_radii(chosen, settings, size_scale)
        place = positions.x[chosen], positions.y[chosen]
        angle = np.zeros(len(chosen))
        found.append(Symbols(kind, chosen, *place, radius, radius, angle, color, filled))

    with_marker = point & (settings.shape not in MEASURED)
    if settings.shape == "Marker" or positions.jacobian is None:
        with_marker = point
        markers(settings.marker, ~point)
    else:
        dx, dy = view.pixel
        # catalog pixels to screen pixels, whose y axis points down
        to_screen = np.array([[1 / dx, 0], [0, -1 / dy]]) @ positions.jacobian
        body = rows[~with_marker]
        rx, ry, angle = projected_ellipses(
            *(values[body] for values in shapes_of(sources, settings)), to_screen
        )
        good = np.isfinite(rx)
        place = positions.x[body][good], positions.y[body][good]
        turn = np.degrees(angle[good])
        found.append(Symbols(ELLIPSE, body[good], *place, rx[good], ry[good], turn, color, filled))
        lost = ~with_marker
        lost[lost] = ~good
        markers(LOST, lost, filled=False)
    markers(settings.point_marker, with_marker)
    return [symbols for symbols in found if len(symbols.rows)]


def marker_radii(
    rows: np.ndarray, settings: OverlaySettings, size_scale: Scale | None = None
) -> np.ndarray:
    """Return half the size that sources' markers are drawn with.

    Parameters
    ----------
    rows : ndarray of int, shape (m,)
    settings : OverlaySettings
    size_scale : Scale, optional
        Of the column that gives the markers' sizes.

    Returns
    -------
    ndarray, shape (m,)
        Screen pixels.
    """
    radius = np.full(len(rows), settings.marker_size / 2)
    if size_scale is not None:
        growth = (settings.size_max - settings.marker_size) / 2
        radius += growth * np.nan_to_num(size_scale.level[rows])
    return radius


def depth_within(
    x: float,
    y: float,
    rows: np.ndarray,
    sources: Sources,
    positions: SourcePositions,
    settings: OverlaySettings,
) -> np.ndarray:
    """Return how far out in each source's drawn shape a position is.

    Parameters
    ----------
    x, y : float
        Pixels of the viewer's frame.
    rows : ndarray of int, shape (m,)
    sources : Sources
    positions : SourcePositions
    settings : OverlaySettings

    Returns
    -------
    ndarray, shape (m,)
        0 at the centre, 1 on the outline; infinite for sources that are drawn as markers.
    """
    out = np.full(len(rows), np.inf)
    if settings.shape == "Marker" or positions.jacobian is None:
        return out
    major, minor, angle = (values[rows] for values in shapes_of(sources, settings))
    with np.errstate(invalid="ignore"):
        usable = (minor > 0) & (major > 0)
    if settings.shape not in MEASURED:
        usable &= ~_point_like(sources, settings)[rows]
    offset = np.array([x - positions.x[rows], y - positions.y[rows]])
    dx, dy = np.linalg.solve(positions.jacobian, offset)
    along = (dx * np.cos(angle) + dy * np.sin(angle))[usable] / major[usable]
    across = (dy * np.cos(angle) - dx * np.sin(angle))[usable] / minor[usable]
    out[usable] = np.nan_to_num(np.hypot(along, across), nan=np.inf)
    return out


def shapes_of(
    sources: Sources, settings: OverlaySettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Semi-axes (catalog pixels) and orientation (radians) of what the settings ask for."""
    if settings.shape == "Ellipse" and sources.axes is not None:
        major, minor, angle = sources.axes
        return major * settings.sigma, minor * settings.sigma, angle
    if settings.shape == "Aperture":
        radius = sources.aperture_radii.get(settings.aperture, np.nan)
    else:
        radius = settings.radius
    circle = np.full(len(sources), float(radius))
    return circle, circle, np.zeros(len(sources))
