"""How one catalog is drawn: what the controls of the plugin hold for it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

__all__ = ["COLORS", "COLOR_STRETCHES", "POSITIONS", "SHAPES", "OverlaySettings"]

SHAPES = ("Ellipse", "Aperture", "Circle", "Marker")
COLOR_STRETCHES = ("Auto", "Linear", "Log")
POSITIONS = ("Auto", "Sky", "Pixels")

#: Colours of the catalogs in the order in which they are shown, extended and point-like sources;
#: bright on dark sky, and told apart with any of the common kinds of colour blindness.
COLORS = (
    ("#00e5ff", "#ffb300"),
    ("#76ff03", "#ff80ab"),
    ("#ea80fc", "#ffff00"),
    ("#ff6e40", "#80d8ff"),
)


@dataclass
class OverlaySettings:
    """What is drawn of one catalog, and how.

    Attributes
    ----------
    visible : bool
        Whether the overlay is on.
    shape : {'Ellipse', 'Aperture', 'Circle', 'Marker'}
        Ellipses of the sources' moments at ``sigma`` times their standard deviations, circles of
        an aperture of the catalog, circles of ``radius``, or markers of a fixed size on the
        screen.
    sigma : float
        Semi-axes of the ellipses in standard deviations.
    aperture : str
        Encircled energy of the aperture that is drawn, as the catalog names it (``'70'``).
    radius : float
        Radius of the circles, pixels of the catalog's image.
    marker, point_marker : str
        ``'circle'``, ``'square'``, ``'diamond'``, ``'triangle'``, ``'star'``, ``'plus'`` or
        ``'cross'``; ``point_marker`` for point-like sources.
    marker_size : float
        Diameter of markers, screen pixels.
    by_type : bool
        Whether point-like sources have a symbol and a colour of their own.
    color, point_color : str
        ``'#rrggbb'``.
    line_width : float
        Screen pixels.
    size_by, color_by : str
        Column that gives the markers' sizes, or the symbols' colours; empty for none.
    size_max : float
        Diameter of the brightest source's marker, screen pixels; ``marker_size`` is that of the
        faintest.
    colormap : str
        Name of a matplotlib colour map.
    color_stretch : {'Auto', 'Linear', 'Log'}
        'Auto' is logarithmic for fluxes.
    color_min, color_max : float or None
        Values at the ends of the colour map; None for the 1st and 99th percentile.
    labels : bool
        Whether the sources' labels stand beside them.
    label_cap : int
        Labels are left out where more sources than that are in view.
    filters : list of str
        Conditions, all of which a source must meet: see
        `~jdaviz_stage3.analysis.select_sources`.
    segmentation : str
        Label of the segmentation map whose outlines are drawn; empty for none.
    positions : {'Auto', 'Sky', 'Pixels'}
        Which positions of the catalog are used.
    """

    visible: bool = False
    shape: str = "Ellipse"
    sigma: float = 3.0
    aperture: str = ""
    radius: float = 5.0
    marker: str = "circle"
    point_marker: str = "diamond"
    marker_size: float = 12.0
    by_type: bool = True
    color: str = COLORS[0][0]
    point_color: str = COLORS[0][1]
    line_width: float = 1.5
    size_by: str = ""
    size_max: float = 32.0
    color_by: str = ""
    colormap: str = "viridis"
    color_stretch: str = "Auto"
    color_min: float | None = None
    color_max: float | None = None
    labels: bool = True
    label_cap: int = 40
    filters: list[str] = field(default_factory=list)
    segmentation: str = ""
    positions: str = "Auto"

    def differences(self, other: OverlaySettings) -> dict[str, object]:
        """Return the settings in which this differs from others.

        Parameters
        ----------
        other : OverlaySettings

        Returns
        -------
        dict
            Name and value here, in the order of the class.
        """
        names = [entry.name for entry in dataclasses.fields(self)]
        return {n: getattr(self, n) for n in names if getattr(self, n) != getattr(other, n)}
