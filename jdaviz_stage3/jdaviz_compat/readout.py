"""The read-out of what is under the cursor."""

from __future__ import annotations

import re
from typing import Any

from astropy import units as u

from ..origin import origin_of
from .application import application
from .data import find_links_of_images
from .viewers import is_image_viewer

__all__ = ["keep_units_of_images"]


def keep_units_of_images(app: Any) -> None:
    """Read out images of ours in the unit of their file, whatever spectra the app shows.

    Reason: jdaviz 5.0.5 has one flux unit for an app and takes it for images, too. Beside spectra
    in Jy a mosaic in MJy/sr is read out in Jy/sr; if the spectra came first, in Jy/pix2, which
    raises at each move of the mouse, and, as the read-out is renewed when layers change, whenever
    something is loaded. Images that are not ours stay with what jdaviz does.
    jdaviz 5.1: to check; not needed if images have a display unit of their own.

    The coordinates of an image are found whatever was loaded before it: see
    `find_links_of_images`.

    Parameters
    ----------
    app : jdaviz helper, inner application, or importer
        Once for each app is enough, more is harmless.
    """
    inner = application(app)
    readout = inner.session.application._tools.get("g-coords-info")
    if readout is None or "_image_viewer_update" in vars(readout):
        return
    stock = readout._image_viewer_update

    def update(viewer: Any, x: float, y: float, mouseevent: bool = True) -> None:
        find_links_of_images(inner)
        try:
            stock(viewer, x, y, mouseevent=mouseevent)
        except u.UnitConversionError:
            if not _show_own_unit(readout, viewer):
                raise
        else:
            if "value" in readout._dict:
                _show_own_unit(readout, viewer)

    readout._image_viewer_update = update


def _show_own_unit(readout: Any, viewer: Any) -> bool:
    """Write the value of an image of ours as it is in the file; False if it is not ours."""
    label = readout._dict.get("data_label")
    layer = next((layer for layer in viewer.state.layers if layer.layer.label == label), None)
    if layer is None or not is_image_viewer(viewer) or origin_of(layer.layer.data) is None:
        return False
    column, row = round(readout._dict["pixel_x"]), round(readout._dict["pixel_y"])
    value = float(layer.layer.get_data(layer.attribute)[row, column])
    unit = str(u.Unit(layer.layer.get_component(layer.attribute).units))
    flags = re.search(r" \(DQ: .*\)$", readout.row1b_text)
    readout.row1b_title = "Value"
    readout.row1b_text = f"{value:+10.5e} {unit}".rstrip() + (flags[0] if flags else "")
    readout._dict["value"], readout._dict["value:unit"] = value, unit
    readout._dict["value:unreliable"] = readout._dict["pixel:unreliable"]
    return True
