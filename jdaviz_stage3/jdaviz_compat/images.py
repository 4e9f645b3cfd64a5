"""Viewers of images, and catalogs in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from astropy.nddata import CCDData
from astropy.wcs import WCS
from glue.core import Data
from matplotlib.colors import ListedColormap, is_color_like, to_hex

from .application import application, renew_colormaps
from .data import images_in
from .viewers import is_image_viewer, layer_of

__all__ = [
    "aligned_by_wcs",
    "decode_whole_image",
    "draw_as_circles",
    "drawn_once",
    "given_without_copy",
    "image_viewers",
    "mend_reference",
    "offer_colors",
    "histogram_of_sample",
    "offer_options_that_act",
    "offer_flag_colors",
    "set_missing_color",
    "show_native_markers",
    "tie_layer_color",
]


def aligned_by_wcs(viewer: Any) -> bool:
    """Whether the images of an app are laid over each other by their WCS, not by pixels.

    Reason: the Orientation plugin's API gives it for Imviz and the generalised app under different
    conditions; the application always has it. jdaviz 5.1: the same.
    """
    return viewer.jdaviz_app._align_by == "wcs"


def image_viewers(app: Any) -> list:
    """Return the (glue) viewers of an app that show images.

    Reason: the public viewers do not give marks and scales. jdaviz 5.1: the same.
    """
    viewers = application(app)._viewer_store.values()
    return [viewer for viewer in viewers if is_image_viewer(viewer)]


def set_missing_color(viewer: Any, color: tuple[float, float, float, float]) -> None:
    """Draw NaN in an image viewer in this colour instead of that of the lowest value.

    Reason: glue-jupyter keeps the composite that has the setting under a private name.
    jdaviz 5.1: the same.
    """
    viewer._composite.cmap_bad = color


def draw_as_circles(viewer: Any, data_label: str, size: float = 7) -> None:
    """Draw the sources of a catalog as open circles that can be seen.

    Reason: the points' own style, 3 pixels and filled, has an API in Plot Options only, which
    works on what is selected there. jdaviz 5.1: the same.
    """
    for layer in viewer.state.layers:
        if layer.layer.label == data_label:
            layer.size, layer.fill = size, False


def show_native_markers(viewer: Any, data: Any, shown: bool) -> bool:
    """Draw jdaviz's own markers of a catalog, or leave them to an overlay.

    Reason: the layer stays, with its switch in the viewer's data menu; that it draws no markers is
    a state of glue's layer. jdaviz 5.1: the same.

    Returns
    -------
    bool
        Whether it was otherwise before.
    """
    layer = layer_of(viewer, data)
    if layer is None or getattr(layer, "markers_visible", shown) == shown:
        return False
    layer.markers_visible = shown
    return True


#: The attribute of a layer's state that keeps the function which is told its colour. A dictionary
#: of weak keys would keep the function, and with it the layer and its app, for ever.
_TOLD_COLOR = "_stage3_told_color"


def tie_layer_color(viewer: Any, data: Any, color: str, changed: Callable[[str], None]) -> None:
    """Give the layer of a catalog this colour, and tell when others give it another one.

    Reason: the icons of layers and *Plot Options* have the colour of glue's layer.
    jdaviz 5.1: the same.

    Parameters
    ----------
    viewer : glue image viewer
    data : glue Data
    color : str
        ``'#rrggbb'``.
    changed : callable
        Called with the new colour, ``'#rrggbb'``.
    """
    layer = layer_of(viewer, data)
    if layer is None or not hasattr(layer, "markers_visible"):
        return
    if _TOLD_COLOR not in vars(layer):

        def tell(value: Any) -> None:
            if is_color_like(value):
                changed(to_hex(value))

        vars(layer)[_TOLD_COLOR] = tell
        layer.add_callback("color", tell)
    if to_hex(layer.color) != color.lower():
        layer.color = color


# of markers that an overlay draws in their place: these do nothing
_MARKER_OPTIONS = (
    "marker_fill", "marker_opacity", "marker_size_mode", "marker_size", "marker_size_scale",
    "marker_size_col", "marker_size_vmin", "marker_size_vmax", "marker_color_mode",
    "marker_color_col", "marker_colormap", "marker_colormap_vmin", "marker_colormap_vmax",
)  # fmt: skip


def offer_options_that_act(app: Any) -> None:
    """Let *Plot Options* offer only what acts for catalogs whose markers an overlay draws.

    Reason: which options a layer has is decided by private filters. jdaviz 5.1: to check.

    Parameters
    ----------
    app : jdaviz helper, inner application or plugin
        Once for each app, more is harmless; after each change of what `show_native_markers` did.
    """
    options = application(app).get_tray_item_from_name("g-plot-options")
    for name in _MARKER_OPTIONS:
        option = getattr(options, name)
        stock = option._state_filter
        if not getattr(stock, "of_overlays", False):
            option._state_filter = _act_with(stock)
        option._on_viewer_layer_changed()


def _act_with(stock: Callable[[Any], bool]) -> Callable[[Any], bool]:
    def acts(state: Any) -> bool:
        drawn_by_overlay = _TOLD_COLOR in vars(state) and not state.markers_visible
        return stock(state) and not drawn_by_overlay

    acts.of_overlays = True
    return acts


@contextmanager
def drawn_once(app: Any) -> Iterator[None]:
    """Draw the image viewers of an app once, after all that is done inside, and not at each step.

    Reason: each layer that comes, each link and each change of a colour draws all layers anew:
    ninety times where an exposure is laid over a mosaic, fifteen seconds in a browser. The picture
    of all layers is under a private name. jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper, inner application, importer or plugin
    """
    pictures = [viewer._composite_image for viewer in image_viewers(app)]
    pictures = [picture for picture in pictures if "update" not in vars(picture)]  # not within
    asked = []
    for picture in pictures:
        picture.update = lambda *args, picture=picture, **kwargs: asked.append(picture)
    try:
        yield
    finally:
        for picture in pictures:
            del picture.update
        for picture in pictures:
            if any(picture is other for other in asked):
                picture.update(force=True)


def mend_reference(viewer: Any) -> None:
    """Let a viewer that is aligned by pixels refer to an image, where it refers to an orientation.

    Reason: jdaviz 5.0.5 leaves the orientation of 10 x 10 pixels as the reference where images were
    aligned by WCS before and data are removed, so that positions in it mean nothing.
    jdaviz 5.1: to check.
    """
    reference, images = viewer.state.reference_data, images_in(viewer)
    wrong = reference is not None and reference.meta.get("_WCS_ONLY", False)
    if wrong and images and not aligned_by_wcs(viewer):
        viewer.state.reference_data = images[0]


def offer_colors(app: Any, colors: Any) -> None:
    """Let an app's menus offer a colour map, which glue's list has from then on.

    Reason: *Plot Options* takes the list once, with the first image. jdaviz 5.1: to check.

    Parameters
    ----------
    app : jdaviz helper, inner application or plugin
    colors : matplotlib.colors.Colormap
    """
    from glue.config import colormaps
    from ipywidgets import widget_serialization

    if all(known is not colors for _, known in colormaps.members):
        colormaps.add(colors.name, colors)
    choice = {"text": colors.name, "value": colors.name}
    for item in application(app).state.tray_items:
        tray_item = widget_serialization["from_json"](item["widget"], None)
        state = getattr(tray_item, "image_colormap", None)
        choices = state.sync.get("choices") if state is not None else None
        if choices and choice not in choices:
            state.sync = {**state.sync, "choices": [*choices, choice]}


def decode_whole_image(viewer: Any, data_label: str) -> None:
    """Let *Data Quality* find the flags in the whole of a DQ image of ours.

    Reason: jdaviz 5.0.5 looks for them in the image as it is sampled by the viewer's reference,
    which is ten pixels wide where images are aligned by WCS: it finds hardly any, and then draws
    and decodes hardly any. What is drawn is sampled as before: glue has kept that function.
    jdaviz 5.1: to check.

    Parameters
    ----------
    viewer : glue image viewer
    data_label : str
        Of the DQ.
    """
    plugin = application(viewer.jdaviz_app).get_tray_item_from_name("g-data-quality")
    for artist in viewer.layers:
        data = artist.layer
        if not isinstance(data, Data) or data.label != data_label:
            continue
        flags = data[data.main_components[0]]
        artist.get_image_data = lambda *args, flags=flags, **kwargs: flags
        # it colours the flags anew before it makes as many colours as there are flags
        count = len(np.unique(flags[np.isfinite(flags)]))
        artist.state.cmap = ListedColormap(["black"] * max(count, 1))
        if plugin.dq_layer_selected == data_label:
            plugin.init_decoding()


def offer_flag_colors(app: Any) -> None:
    """Let the menus of an app show a layer that *Data Quality* has coloured.

    Reason: jdaviz 5.0.5 knows its colours by the name that matplotlib gave to colour maps without
    one, ``from_list``; with matplotlib 3.11 that is another, and the browser raises at each layer
    icon. jdaviz 5.1: to check.

    Parameters
    ----------
    app : jdaviz helper, inner application or importer
    """
    from jdaviz.utils import cmap_samples

    name = ListedColormap(["black"]).name
    if name not in cmap_samples:
        cmap_samples[name] = cmap_samples["rainbow"]
    renew_colormaps(app)


#: As many values as *Plot Options* takes for its histogram.
_HISTOGRAM_VALUES = 10_000


def histogram_of_sample(app: Any) -> None:
    """Let the histogram of *Plot Options* be made of a sample, where data stay in their file.

    Reason: jdaviz 5.0.5 copies all values into the data of the histogram, and then draws ten
    thousand of them. jdaviz 5.1: to check; described in ``docs/upstream.rst``.

    Parameters
    ----------
    app : jdaviz helper, inner application or importer
        Once for each app, more is harmless.
    """
    plot = application(app).get_tray_item_from_name("g-plot-options").stretch_histogram
    stock = plot._update_data
    if getattr(stock, "of_sample", False):
        return

    def update(label: str, *args: Any, **components: Any) -> None:
        values = components.get("x")
        if hasattr(values, "sample"):
            components["x"] = values.sample(_HISTOGRAM_VALUES)
        stock(label, *args, **components)

    update.of_sample = True
    plot._update_data = update


@contextmanager
def given_without_copy(data: Any) -> Iterator[None]:
    """Give an image (glue data) as an object that shares its memory, while it is added to an app.

    Reason: Unit Conversion asks for an image as an object, looks at its unit and drops it; for that
    glue-astronomy copies the image, which for a large one is what all the rest costs. Afterwards
    everybody gets a copy, as before. jdaviz 5.1: the same; proposed in ``docs/upstream.rst``.
    """
    get_object = data.get_object

    def shared(*args: Any, cls: Any = None, **kwargs: Any) -> Any:
        if cls is not CCDData or args or kwargs or len(data.main_components) != 1:
            return get_object(*args, cls=cls, **kwargs)
        component = data.get_component(data.main_components[0])
        wcs = data.coords if isinstance(data.coords, WCS) else None
        return CCDData(component.data, unit=component.units or "", wcs=wcs, meta=data.meta)

    data.get_object = shared
    try:
        yield
    finally:
        del data.get_object
