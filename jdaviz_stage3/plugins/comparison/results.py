"""What a comparison adds to the app, and as Python."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.table import QTable
from specutils import Spectrum

from ...analysis.comparison.catalogs import CatalogComparison
from ...analysis.comparison.cubes import CubeComparison
from ...analysis.comparison.images import ImageComparison
from ...analysis.comparison.light_curves import LightCurveComparison
from ...analysis.comparison.tables import Part
from ...analysis.light_curves.table import light_curve_table
from ...errors import Stage3Error
from ...jdaviz_compat import (
    add_table,
    add_to_viewer,
    aligned_by_wcs,
    as_read,
    create_viewer,
    data_labels,
    data_of,
    drawn_once,
    glue_viewer,
    images_in,
    keep_fitted,
    layer_of,
    plugin_label,
    remove_data,
    replace_image,
    replace_spectrum,
    reset_spectral_limits,
    shown_in,
    viewer_kind,
)
from ...origin import ORIGIN, origin_of
from ..curves_in_app import add_curve, show_curve

__all__ = ["add_to_app", "blink", "python_code"]

_VIEWER = "Difference"
#: Robust standard deviations that the colours of a difference image reach.
_REACH = 5.0


def add_to_app(plugin: Any, part: Part, first: Any, second: Any) -> list[str]:
    """Add what a comparison has given to the data of the app, and show it where that can be.

    Parameters
    ----------
    plugin : CompareReductions
    part : ImageComparison or another comparison
    first, second : glue.core.Data
        What was compared.

    Returns
    -------
    list of str
        Labels of the data.
    """
    label = f"{first.label} − {second.label}"
    meta = {key: value for key, value in first.meta.items() if not key.startswith("_")}
    meta |= {"plugin": plugin_label(plugin), ORIGIN: origin_of(first)}
    if isinstance(part, ImageComparison) and origin_of(first).suffix == "s2d":
        spectrum = Spectrum(
            flux=part.differences.difference,
            spectral_axis=as_read(first).spectrum().spectral_axis,
            spectral_axis_index=1,
            meta=meta,
        )
        replace_spectrum(plugin, label, spectrum, [])
        return [label]
    if isinstance(part, ImageComparison):
        return _add_images(plugin, part, label, f"{first.label} ÷ {second.label}", meta, first)
    if isinstance(part, LightCurveComparison):
        _add_residuals(plugin, part, label, first)
    elif isinstance(part, CatalogComparison):
        if label in data_labels(plugin):
            remove_data(plugin, [label])
        add_table(plugin, label, _plain(part.matched))
    else:
        spectrum = _median_spectrum(part) if isinstance(part, CubeComparison) else part.spectrum()
        spectrum.meta.update(meta)
        viewers = [viewer.reference for viewer in shown_in(plugin, first.label)]
        if isinstance(part, CubeComparison):
            viewers = []  # the cube's, in which there is no spectrum
        replace_spectrum(plugin, label, spectrum, viewers)
        reset_spectral_limits(plugin, viewers)  # a difference lies far from what is subtracted
    return [label]


def _add_images(
    plugin: Any, part: ImageComparison, difference: str, ratio: str, meta: dict, first: Any
) -> list[str]:
    """Difference, in a viewer of its own, and ratio, beside it and hidden."""
    images = part.images()
    for image in images.values():
        image.data = np.asarray(image.data, np.float32)
        image.meta = dict(meta)
        image.mask = image.uncertainty = None  # jdaviz would show these as the image
    shown = shown_in(plugin, first.label)
    with drawn_once(plugin):
        viewer = next(iter(shown_in(plugin, difference)), None) or glue_viewer(plugin, _VIEWER)
        name = viewer.reference if viewer is not None else ""
        if not name and shown:
            name = create_viewer(plugin, viewer_kind(shown[0]), _VIEWER)
            keep_fitted(glue_viewer(plugin, name))
        places = [name] if name else []
        replace_image(plugin, ratio, images["ratio"], [])
        replace_image(plugin, difference, images["difference"], places)
        of = part.differences
        reach = _REACH * float(of.sigma.value) or float(of.largest.value)
        data = data_of(plugin, difference)
        for viewer in shown_in(plugin, difference):
            layer = layer_of(viewer, data)
            if layer is not None and np.isfinite(reach) and reach > 0:
                layer.stretch = "linear"
                layer.v_min = float(of.median.value) - reach
                layer.v_max = float(of.median.value) + reach
    return [difference, ratio]


def _median_spectrum(part: CubeComparison) -> Spectrum:
    medians = part.channels["median"]
    return Spectrum(
        flux=medians,
        spectral_axis=part.channels["wavelength"],
        mask=~np.isfinite(medians.value),
    )


def _add_residuals(plugin: Any, part: LightCurveComparison, label: str, first: Any) -> None:
    series = part.time_series()
    series.meta["time_system"] = "BJD_TDB" if part.time.scale == "tdb" else "MJD_UTC"
    error = "flux_err" if "flux_err" in series.colnames else None
    words = "First − second" + (", each over its median" if part.normalized else "")
    table = light_curve_table(series, "flux", words, flux_err=error)
    add_curve(plugin, label, table)
    beside = next((viewer.reference for viewer in shown_in(plugin, first.label)), "")
    show_curve(plugin, label, table, beside, viewer_label="Differences of light curves")


def _plain(table: QTable) -> QTable:
    """A table whose positions are two columns, as the app takes it."""
    plain = QTable(meta=dict(table.meta))
    for name in table.colnames:
        column = table[name]
        if isinstance(column, SkyCoord):
            plain["RA"], plain["DEC"] = column.ra.to("deg"), column.dec.to("deg")
        else:
            plain[name] = column
    return plain


def blink(plugin: Any, part: ImageComparison | None, first: Any, second: Any) -> str:
    """Show two images in one viewer, alike in colours, the one that was hidden on top.

    Parameters
    ----------
    plugin : CompareReductions
    part : ImageComparison or None
        How they were compared, if they were.
    first, second : glue.core.Data

    Returns
    -------
    str
        What is shown now.

    Raises
    ------
    Stage3Error
        If they are no images, or the first is shown nowhere.
    """
    viewer = next((v for v in shown_in(plugin, first.label) if first in images_in(v)), None)
    if viewer is None:
        raise Stage3Error(f"Compare Reductions: {first.label} is shown in no image viewer")
    with drawn_once(plugin):
        if second not in images_in(viewer):
            add_to_viewer(plugin, viewer.reference, second)
        layers = [layer_of(viewer, data) for data in (first, second)]
        for name in ("stretch", "cmap", "percentile", "v_min", "v_max"):
            if getattr(layers[1], name) != getattr(layers[0], name):
                setattr(layers[1], name, getattr(layers[0], name))
        first_is_on_top = layers[0].visible and not layers[1].visible
        layers[0].visible, layers[1].visible = not first_is_on_top, first_is_on_top
    text = f"{(second if first_is_on_top else first).label} is shown."
    moved = part is not None and part.shift != (0, 0)
    if moved and not aligned_by_wcs(viewer):
        text += " Their pixels differ: align by WCS (Orientation) to see them on each other."
    return text


def python_code(first: Any, second: Any, radius: float, column: str) -> str:
    """Return Python code that compares the files without the app.

    Parameters
    ----------
    first, second : glue.core.Data
    radius : float
        In arcsec.
    column : str

    Returns
    -------
    str

    Raises
    ------
    Stage3Error
        If both are of one file.
    """
    origins = origin_of(first), origin_of(second)
    if origins[0] is None or origins[1] is None:
        raise Stage3Error("Compare Reductions: only products as they were loaded are compared")
    if origins[0].stamp == origins[1].stamp:
        raise Stage3Error(
            "Compare Reductions: both are of one file; read it with stage3.read, and compare its "
            "parts with stage3.analysis.compare_spectra or compare_light_curves"
        )
    lines = ["import jdaviz_stage3 as stage3"]
    options = ""
    if origins[0].suffix == "cat":
        lines.append("from astropy import units as u")
        options = f", radius={radius!r} * u.arcsec"
        options += f", column={column!r}" if column else ""
    paths = [repr(str(origin.path)) for origin in origins]
    lines += ["", f"made = stage3.compare({paths[0]}, {paths[1]}{options})"]
    lines += ["print(made.headers)", "print(made.table)"]
    return "\n".join(lines) + "\n"
