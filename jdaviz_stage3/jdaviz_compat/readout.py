"""The read-out of what is under the cursor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from astropy import units as u

from ..errors import UnreadableProductError
from ..origin import Origin, origin_of
from ..readers.quality import dq_names
from .application import application
from .cubes import is_cube_viewer
from .data import as_read, find_links_of_images
from .viewers import is_image_viewer, viewer_kind

__all__ = ["keep_units_of_images"]


def keep_units_of_images(app: Any) -> None:
    """Read out images and 2-D spectra of ours in the unit of their file, whatever the app shows.

    Reason: jdaviz 5.0.5 has one flux unit for an app and takes it for images, too. Beside spectra
    in Jy a mosaic in MJy/sr is read out in Jy/sr; if the spectra came first, in Jy/pix2, which
    raises at each move of the mouse, and, as the read-out is renewed when layers change, whenever
    something is loaded. Images that are not ours stay with what jdaviz does.
    jdaviz 5.1: to check; not needed if images have a display unit of their own.

    jdaviz takes the value under the cursor out of all values of an image; those of an image that
    stays in its file are not read for that.

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
            read_out(viewer, x, y, mouseevent)
        except UnreadableProductError:  # of a changed file, said where it is drawn
            readout.reset_coords_display()

    def read_out(viewer: Any, x: float, y: float, mouseevent: bool) -> None:
        try:
            with _unread(viewer):
                stock(viewer, x, y, mouseevent=mouseevent)
        except (u.UnitConversionError, IndexError):  # of units; of flags that are not shown here
            if not _show_own_unit(inner, readout, viewer):
                raise
        else:
            if "value" in readout._dict:
                _show_own_unit(inner, readout, viewer)

    readout._image_viewer_update = update


@contextmanager
def _unread(viewer: Any) -> Iterator[None]:
    """Do not read all values of images that stay in their files, see `loaders.stored_data`."""
    with ExitStack() as within:
        for layer in viewer.state.layers:
            if hasattr(layer.layer, "unread"):
                within.enter_context(layer.layer.unread())
        yield


def _show_own_unit(inner: Any, readout: Any, viewer: Any) -> bool:
    """Write the value of an image of ours as it is in the file; False if it is not ours."""
    label = readout._dict.get("data_label")
    layer = next((layer for layer in viewer.state.layers if layer.layer.label == label), None)
    on_pixels = is_image_viewer(viewer) or viewer_kind(viewer) == "spectrum-2d-viewer"
    if layer is None or not (on_pixels or is_cube_viewer(viewer)):
        return False
    data = layer.layer.data
    if origin_of(data) is None or (data.ndim == 3 and as_read(data) is None):
        return False
    if is_cube_viewer(viewer) and data.ndim != 3:
        return False  # an image made of a cube, which has a unit of its own
    column, row = round(readout._dict["pixel_x"]), round(readout._dict["pixel_y"])
    place = (row, column) if data.ndim == 2 else (int(viewer.slice), row, column)
    value = float(layer.layer.get_data(layer.attribute, view=place))
    unit = str(u.Unit(layer.layer.get_component(layer.attribute).units))
    more = _flags_at(inner, origin_of(data), row, column) if data.ndim == 2 else ""
    if hasattr(data, "pixel_text"):
        more = data.pixel_text(row, column)
    readout.row1b_title = "Value"
    readout.row1b_text = f"{value:+10.5e} {unit}".rstrip() + more
    readout._dict["value"], readout._dict["value:unit"] = value, unit
    readout._dict["value:unreliable"] = readout._dict["pixel:unreliable"]
    _show_offset(readout, layer.layer.data.meta)
    return True


def _show_offset(readout: Any, meta: Mapping[str, Any]) -> None:
    """Write the offset along the slit on the third line, which is empty for 2-D spectra."""
    scale, row = meta.get("pixel_scale"), meta.get("origin_row")
    if scale is None or row is None:
        return
    offset = (readout._dict["pixel_y"] - row) * scale
    readout.row3_title = "Offset"
    readout.row3_text = f'{offset:+.3f}" from the {meta["offsets_from"]}'
    readout._dict["offset"], readout._dict["offset:unit"] = offset, "arcsec"


def _flags_at(inner: Any, origin: Origin, row: int, column: int) -> str:
    """Name the data-quality flags of a pixel, where the DQ of the same image is loaded.

    jdaviz 5.0.5 gives a number, and that of the image which is chosen in *Data Quality*, whichever
    is under the cursor.
    """
    part = origin.part.replace("SCI", "DQ")
    if part == origin.part:
        return ""  # of a product without flags
    for data in inner.data_collection:
        found = origin_of(data)
        if found is not None and (found.stamp, found.part) == (origin.stamp, part):
            value = data[data.main_components[0]][row, column]
            return "" if value != value else f" ({', '.join(dq_names(int(value)))})"
    return ""
