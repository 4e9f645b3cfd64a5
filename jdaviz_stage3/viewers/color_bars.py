"""A colour bar in each viewer that shows an image of ours, with the stretch at hand."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary, ref

from ipyvuetify import VuetifyTemplate
from jdaviz.core.events import AddDataMessage, RemoveDataMessage
from traitlets import Bool, Dict, Float, Int, List, Unicode

from ..errors import Stage3Error
from ..jdaviz_compat import (
    change_saved_pictures,
    figure_width,
    glue_viewer,
    lay_over_figure,
    viewer_labels,
)
from .app_follower import AppFollower
from .bar_picture import with_color_bar
from .color_layer import ColorLayer, top_color_layer
from .color_scale import ColorScale

__all__ = ["ColorBar", "ColorBars", "color_bar"]


class ColorBar(VuetifyTemplate):
    """The colours of the topmost image of a viewer, and the values that they stand for.

    Parameters
    ----------
    viewer : glue image viewer

    Attributes
    ----------
    visible : bool
        Whether there is a bar at all.
    folded : bool
        Whether it is no more than a button.
    stretch, colormap : str
        Of the layer that the bar is of.
    percentile : float or str
        The share of its values that lie between the limits, in per cent, or ``'Custom'``.
    limits : tuple of float
        The values with the first and the last colour.
    title : str
        What the values are, with their unit.
    """

    template_file = __file__, "color_bars.vue"

    menu = Unicode().tag(sync=True)  # jdaviz's own list of layers, which stays where it was
    visible = Bool(True).tag(sync=True)
    folded = Bool(False).tag(sync=True)
    title = Unicode().tag(sync=True)
    colors = List(Unicode()).tag(sync=True)  # none where there is nothing to draw a bar of
    ticks = List().tag(sync=True)  # of few to many, each [place, text]
    words = Unicode().tag(sync=True)  # on segments, which have no order
    chosen = Dict().tag(sync=True)  # stretch, percentile, colormap, low, high as they are
    choices = Dict().tag(sync=True)
    inset = List(Float(), [0.0, 0.0, 0.0]).tag(
        sync=True
    )  # free beside the plot: top, bottom, right
    error = Unicode().tag(sync=True)
    room = Int(0)  # screen pixels that the bar asks for beside a plot

    def __init__(self, viewer: Any):
        super().__init__()
        self._viewer = ref(viewer)  # which it is kept for
        self._layer: ColorLayer | None = None
        viewer.state.add_callback("layers", self.update)
        viewer.state.add_callback("color_mode", self.update)
        self.observe(self._make_room, names=["folded", "visible", "colors", "ticks"])
        change_saved_pictures(viewer.figure, self.painted_into)
        self.update()

    def update(self, *_: Any) -> None:
        """Draw the bar of what is shown now."""
        viewer = self._viewer()
        if viewer is None:
            return
        self._layer = layer = top_color_layer(viewer)
        if layer is not None:
            layer.part_limits()
        scale = layer and layer.scale()
        with self.hold_sync():
            self.words = layer.words if layer else ""
            self.colors = list(scale.colors) if scale else []
            self.ticks = [[list(tick) for tick in ticks] for ticks in scale.ticks] if scale else []
            self.title = _titled(layer.meaning, scale) if scale else ""
            self.choices = layer.choices() if scale else {}
            self.chosen = layer.chosen() if scale else {}
            self.error = ""

    # ---- for Python ----

    def _of_layer(self, name: str) -> Any:
        if not self.chosen:
            raise Stage3Error("color bar: the viewer shows no image of a Stage 3 product")
        return self.chosen[name]

    stretch = property(lambda self: self._of_layer("stretch"))
    colormap = property(lambda self: self._of_layer("colormap"))
    percentile = property(lambda self: self._of_layer("percentile"))
    limits = property(lambda self: (self._of_layer("low"), self._of_layer("high")))

    @stretch.setter
    def stretch(self, value: str) -> None:
        self._choose("stretch", value)

    @colormap.setter
    def colormap(self, value: str) -> None:
        self._choose("colormap", value)

    @percentile.setter
    def percentile(self, value: float) -> None:
        self._choose("percentile", value)

    @limits.setter
    def limits(self, values: tuple[float, float]) -> None:
        self._choose("limits", values)

    def _choose(self, name: str, value: Any) -> None:
        self._of_layer("stretch")
        self._layer.choose(name, value)
        self.update()

    # ---- from the browser ----

    def vue_choose(self, asked: dict) -> None:
        """Change what the menu of the bar was used for."""
        try:
            self._choose(str(asked.get("name")), asked.get("value"))
        except Stage3Error as err:
            self.error = str(err)

    # ---- in saved pictures ----

    def painted_into(self, png: bytes) -> bytes:
        """Return a picture of the figure (PNG) with the bar, as jdaviz's *Export* saves it.

        Parameters
        ----------
        png : bytes

        Returns
        -------
        bytes
            The same where the bar is hidden or folded away, or no browser has drawn the figure.
        """
        viewer = self._viewer()
        width = None if viewer is None else figure_width(viewer)
        if width is None or not self.visible or self.folded or not self.colors:
            return png
        return with_color_bar(png, width, self.colors, self.ticks, self.title, tuple(self.inset))

    # ---- where it is ----

    def _make_room(self, *_: Any) -> None:
        """Ask a viewer of ours for room beside its plot, so that nothing lies under the bar."""
        viewer = self._viewer()
        texts = [text for ticks in self.ticks for _, text in ticks]
        drawn = self.visible and not self.folded and self.colors
        # strip, numbers, and the column that jdaviz's icons are in
        self.room = round(24 + 6.5 * max(map(len, texts), default=0) + 30) if drawn else 0
        if viewer is not None and hasattr(viewer, "make_room"):
            self.inset = list(viewer.make_room(self.room))


def _titled(meaning: str, scale: ColorScale) -> str:
    """What the numbers along the bar are, with the power of ten that they leave out."""
    if not scale.exponent:
        return meaning
    raised = str(scale.exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{raised} {meaning}".strip()


class ColorBars(AppFollower):
    """Gives each viewer of an app that shows images of ours its colour bar.

    Parameters
    ----------
    app : jdaviz application
    """

    def __init__(self, app: Any):
        self._app = ref(app)  # which it is kept for
        self._bars: WeakKeyDictionary[Any, ColorBar] = WeakKeyDictionary()
        for message in (AddDataMessage, RemoveDataMessage):
            app.hub.subscribe(self, message, handler=self._on_shown)

    def of(self, viewer: Any) -> ColorBar | None:
        """Return the bar of a (glue) viewer, None if it has none."""
        return self._bars.get(viewer)

    def update(self) -> None:
        """Take up the viewers that are there."""
        app = self._app()
        for label in viewer_labels(app) if app is not None else ():
            viewer = glue_viewer(app, label)
            if viewer is not None:  # Specviz keeps its first viewer under another name
                self._take_up(viewer)

    def _on_shown(self, message: Any) -> None:
        if message.viewer is not None:
            self._take_up(message.viewer)

    def _take_up(self, viewer: Any) -> None:
        if viewer in self._bars:
            self._bars[viewer].update()
        elif top_color_layer(viewer) is not None:
            bar = ColorBar(viewer)
            if lay_over_figure(viewer, bar):
                self._bars[viewer] = bar
            else:
                bar.close()


def color_bar(viewer: str, app: Any = None) -> ColorBar:
    """Return the colour bar of a viewer, to hide it or to change what it shows.

    Parameters
    ----------
    viewer : str
        The viewer's label, as ``'Image'``.
    app : jdaviz app, optional
        By default ``jdaviz.gca()``.

    Returns
    -------
    ColorBar
        With ``visible``, ``folded``, ``stretch``, ``percentile``, ``limits`` and ``colormap``.

    Raises
    ------
    Stage3Error
        If there is no such viewer, or it has shown no image of a Stage 3 product.

    Examples
    --------
    >>> stage3.color_bar("Image").stretch = "log"      # doctest: +SKIP
    >>> stage3.color_bar("Image").visible = False      # doctest: +SKIP
    """
    if app is None:
        import jdaviz

        app = jdaviz.gca()
    there = viewer_labels(app)
    if viewer not in there:
        raise Stage3Error(f"color_bar: no viewer {viewer!r}; there is {', '.join(there) or 'none'}")
    found = ColorBars.of_app(app).of(glue_viewer(app, viewer))
    if found is None:
        raise Stage3Error(f"color_bar: {viewer!r} has shown no image of a Stage 3 product")
    return found
