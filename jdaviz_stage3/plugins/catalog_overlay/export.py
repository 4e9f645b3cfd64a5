"""Taking what is shown out of the app: tables, DS9 regions, the settings as Python."""

from __future__ import annotations

import os
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from regions import (
    CirclePixelRegion,
    EllipsePixelRegion,
    PixCoord,
    PointPixelRegion,
    PointSkyRegion,
    Region,
    Regions,
    RegionVisual,
)

from ...errors import Stage3Error
from ...jdaviz_compat import image_viewers, show_message
from ...saving import save_files
from ...viewers.image_frames import unbounded
from ..panel import SavingControls
from .overlay import Overlay
from .positions import image_of
from .scene import LOST, MEASURED, marker_radii, shapes_of
from .settings import OverlaySettings
from .sources import Sources

__all__ = ["OverlayExport", "overlay_lines", "regions_of", "settings_as_python"]

#: Decimals that give back the doubles that positions are.
_DECIMALS = 17
#: Markers by the names that DS9 has for its points; it has no triangles and stars.
_DS9_POINTS = {
    "circle": "circle", "square": "box", "diamond": "diamond", "triangle": "arrow",
    "star": "boxcircle", "plus": "cross", "cross": "x", LOST: "x",
}  # fmt: skip


def regions_of(overlay: Overlay, image: Any | None) -> list[Region]:
    """Return the shown sources as regions, with the shapes that are drawn.

    Parameters
    ----------
    overlay : Overlay
    image : glue.core.Data or None
        The catalog's own mosaic; without it shapes, which are in its pixels, cannot be put on the
        sky, and points are returned.

    Returns
    -------
    list of regions.Region
        Sky regions (ICRS) where the catalog has sky positions, else pixel regions; ``meta`` holds
        each source's label, ``visual`` its colour, and the marker of points. Sources without a
        position are left out.
    """
    sources, settings = overlay.sources, overlay.settings
    point = sources.point_like if settings.by_type else None
    shaped = image is not None and sources.pixels is not None and settings.shape != "Marker"
    major, minor, angle = shapes_of(sources, settings) if shaped else (None, None, None)
    on_sky = sources.sky is not None and (image is None or image.coords is not None)
    radii = marker_radii(np.arange(len(sources)), settings, overlay.size_scale)
    found: list[Region] = []
    # one object a source is what the regions package writes
    for row in np.flatnonzero(overlay.passing):
        is_point = point is not None and bool(point[row])
        with_marker = is_point and settings.shape not in MEASURED
        color = overlay.color_of(row, is_point)
        visual = RegionVisual(edgecolor=color, facecolor=color, color=color)
        region = None
        if shaped and not with_marker:
            region = _shape(*(v[row] for v in (*sources.pixels, major, minor, angle)))
        if region is None:
            region = _point(sources, row, on_sky)
            kind = settings.point_marker if is_point else settings.marker
            kind = LOST if shaped and not with_marker else kind
            visual |= _point_visual(kind, radii[row])
        elif on_sky:
            region = region.to_sky(unbounded(image))
        if region is None:
            continue
        region.meta.update({"text": str(sources.labels[row])})
        region.visual = visual
        found.append(region)
    return found


def _shape(x: float, y: float, major: float, minor: float, angle: float) -> Region | None:
    """An ellipse or circle in the mosaic's pixels, None where anything of it is missing."""
    if not (np.isfinite(x + y + angle) and major > 0 and minor > 0):
        return None
    center = PixCoord(x, y)
    if major == minor:
        return CirclePixelRegion(center, float(major))
    return EllipsePixelRegion(center, float(2 * major), float(2 * minor), float(angle) * u.rad)


def _point(sources: Sources, row: int, on_sky: bool) -> Region | None:
    """A source's position alone, None if it has none."""
    place = sources.sky if on_sky else sources.pixels
    if place is None or not np.isfinite(place[0][row] + place[1][row]):
        return None
    x, y = place[0][row], place[1][row]
    return (
        PointSkyRegion(SkyCoord(x, y, unit="deg")) if on_sky else PointPixelRegion(PixCoord(x, y))
    )


def _point_visual(kind: str, radius: float) -> dict[str, Any]:
    """How a point is shown by DS9: the marker, and its size in whole screen pixels."""
    size = radius if kind == LOST else 2 * radius  # half as large as the others
    return {"marker": _regions_marker(_DS9_POINTS[kind]), "markersize": max(1, round(size))}


@cache
def _regions_marker(name: str) -> Any:
    """What the regions package has for a point of DS9; it tells by reading only."""
    [region] = Regions.parse(f"image\npoint(1,1) # point={name}", format="ds9")
    return region.visual["marker"]


def settings_as_python(overlay: Overlay, default: OverlaySettings) -> str:
    """Return Python code that draws a catalog as it is drawn now.

    Parameters
    ----------
    overlay : Overlay
    default : OverlaySettings
        What the catalog would be drawn with; only what differs is written.

    Returns
    -------
    str
    """
    lines = [
        "import jdaviz",
        "",
        "plg = jdaviz.gca().plugins['Catalog Overlay']",
        f"plg.catalog = {overlay.sources.name!r}",
        f"plg.viewer = {[viewer.reference for viewer in overlay.viewers]!r}",
        f"plg.visible = {overlay.settings.visible!r}",
        *_changed_lines(overlay, default),
    ]
    return "\n".join(lines) + "\n"


def _changed_lines(
    overlay: Overlay, default: OverlaySettings, outlined: str | None = None
) -> list[str]:
    """The lines that set what is not as it would be, but for whether it is drawn."""
    changed = overlay.settings.differences(default)
    changed.pop("visible", None)
    if "size_by" in changed:  # sets the shape, which may have been changed after it
        changed = {"size_by": changed.pop("size_by"), "shape": overlay.settings.shape} | changed
    changed.pop("segmentation", None)
    if overlay.settings.segmentation != (outlined or ""):
        changed["segmentation"] = overlay.settings.segmentation or "None"
    if overlay.segments_offered and outlined is None:  # its own are, wherever they are loaded
        changed["segmentation"] = overlay.settings.segmentation or "None"
    return [f"plg.{name} = {_plain(value)!r}" for name, value in changed.items()]


def _plain(value: Any) -> Any:
    """A value without types of numpy, which would have to be imported where its code is run."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain, value))
    return value.item() if isinstance(value, np.generic) else value


def overlay_lines(
    overlay: Overlay, default: OverlaySettings, viewers: list, outlined: str
) -> list[str]:
    """Return the lines that draw a catalog as it is, beyond what loading it gives.

    Parameters
    ----------
    overlay : Overlay
        Of the catalog that the plugin's controls show.
    default : OverlaySettings
        What it is drawn with at first.
    viewers : list of glue viewers
        Where it is drawn at first, if anywhere.
    outlined : str
        The segmentation map that is outlined at first.

    Returns
    -------
    list of str
        None where it is drawn as at first.
    """
    lines = []
    if overlay.viewers != viewers:
        lines.append(f"plg.viewer = {[viewer.reference for viewer in overlay.viewers]!r}")
    if overlay.settings.visible != bool(viewers):
        lines.append(f"plg.visible = {overlay.settings.visible!r}")
    lines += _changed_lines(overlay, default, outlined)
    if len(overlay.selection):
        lines.append(f"plg.select({overlay.sources.labels[overlay.selection].tolist()!r})")
    return lines


class OverlayExport(SavingControls):
    """Saving what is shown, and the fields for it."""

    def export_catalog(self, path: str | os.PathLike, overwrite: bool = False) -> Path:
        """Write the sources that pass the filters to an ECSV table.

        Parameters
        ----------
        path : path-like
            Of the file, ``.ecsv`` by custom.
        overwrite : bool, optional
            Whether a file that is there may be replaced.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        Stage3Error
            If the file is there already, or cannot be written.
        """
        table = self.table()
        return save_files(path, [partial(table.write, format="ascii.ecsv")], overwrite)[0]

    def export_regions(self, path: str | os.PathLike, overwrite: bool = False) -> Path:
        """Write the sources that pass the filters as DS9 regions, with the shapes that are drawn.

        Parameters
        ----------
        path : path-like
            Of the file, ``.reg`` by custom.
        overwrite : bool, optional
            Whether a file that is there may be replaced.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        Stage3Error
            If the file is there already, or cannot be written.
        """
        overlay = self._required()
        viewers = overlay.viewers or image_viewers(self)
        image = image_of(overlay.sources, viewers[0], anywhere=True) if viewers else None
        regions = Regions(regions_of(overlay, image))
        return save_files(
            path, [partial(regions.write, format="ds9", precision=_DECIMALS)], overwrite
        )[0]

    def to_python(self) -> str:
        """Return Python code that draws the catalog as it is drawn now.

        Returns
        -------
        str
        """
        overlay = self._required()
        code = settings_as_python(overlay, self.default_settings(overlay))
        return code + "".join(f"{line}\n" for line in self.legend_lines())

    def legend_lines(self) -> list[str]:
        """Where the legends are, as Python; overridden by the plugin."""
        return []

    def _required(self) -> Overlay:
        overlay = self.current()
        if overlay is None:
            raise Stage3Error("Catalog Overlay: no catalog is loaded")
        return overlay

    # ---- from the browser ----

    def vue_save_file(self, kind: str) -> None:
        """Write the file that the fields name."""
        write, suffix = self.export_catalog, ".ecsv"
        if kind == "regions":
            write, suffix = self.export_regions, ".reg"
        overlay = self.current()
        name = f"{overlay.sources.name} shown" if overlay else "catalog"
        if self.save_as_asked(write, name, suffix):
            show_message(self, self.export_done, color="success")
