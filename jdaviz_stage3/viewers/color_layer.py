"""The layer that a colour bar is of, and its stretch."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from echo import delay_callback
from glue.config import colormaps
from glue.core import Data
from glue.core.units import UnitConverter
from matplotlib.colors import LinearSegmentedColormap

from ..errors import Stage3Error
from ..origin import of_suffix, origin_of
from .color_scale import ColorScale

__all__ = ["ColorLayer", "top_color_layer"]

_BY_COLOR = "One color per layer"  # glue's name of the mode of composites
_PRESETS = {100: "Min/Max", 99.5: "99.5 %", 99: "99 %", 95: "95 %", 90: "90 %"}
_WITHOUT_ORDER = ("Random", "Segments")  # colour maps of labels
_AROUND_ONE = 0.01  # of a value that is all there is, on each side of it
_ROWS = 512  # of a segmentation map that are looked at at a time


class ColorLayer:
    """What is to be said of the colours of a viewer.

    Parameters
    ----------
    layer : glue image layer state, or None
        Whose colours have an order; None where there are segments only.
    segments : glue Data, or None
        A segmentation map that is shown.
    by_color : bool, optional
        Whether the layer is drawn in its one colour on black.
    """

    def __init__(self, layer: Any, segments: Any = None, by_color: bool = False):
        self._layer = layer
        self._segments = segments
        self._by_color = by_color

    @property
    def words(self) -> str:
        """On segments: their colours are names, and have no order."""
        if self._segments is None:
            return ""
        count = _count_segments(self._segments)
        return f"{count} segment{'' if count == 1 else 's'}"

    @property
    def meaning(self) -> str:
        """What the values are: their unit, or by what they are divided."""
        divided = getattr(self._layer, "divided_by", "")
        if divided:
            return f"flux / {divided}"
        layer = self._layer
        # as in the read-out, which keeps to the file whatever unit the app shows
        return str(layer.layer.get_component(layer.attribute).units or "").replace(" / ", "/")

    @property
    def limits(self) -> tuple[float, float]:
        """The values with the first and the last colour, in the unit of the file."""
        layer = self._layer
        found = np.array([layer.v_min, layer.v_max], dtype=float)
        if self._in_other_unit:
            unit = layer.attribute_display_unit
            found = UnitConverter().to_native(layer.layer, layer.attribute, found, unit)
        return float(found[0]), float(found[1])

    @property
    def _in_other_unit(self) -> bool:
        layer = self._layer
        own = layer.layer.get_component(layer.attribute).units
        return bool(own and layer.attribute_display_unit not in (None, "", own))

    def part_limits(self) -> None:
        """Put the limits apart where they are one value, as of a constant image.

        With equal limits there is nothing that a colour stands for; with the value in the middle of
        a small range, the image has the middle colour, and the limits can be set as of any other.
        """
        layer = self._layer
        if layer is None or layer.v_min is None or layer.v_min != layer.v_max:
            return
        value = float(layer.v_min)
        if np.isfinite(value):
            half = _AROUND_ONE * abs(value) or 1.0
            with delay_callback(layer, "v_min", "v_max"):
                layer.v_min, layer.v_max = value - half, value + half

    def scale(self) -> ColorScale | None:
        """Return the bar, None where there is none."""
        layer = self._layer
        if layer is None or layer.v_min is None or layer.v_max is None:
            return None
        cmap = layer.cmap
        if self._by_color:
            cmap = LinearSegmentedColormap.from_list("one", ["#000000", layer.color])
        return ColorScale.of(self.limits, layer.stretch_object, cmap, layer.contrast, layer.bias)

    def choices(self) -> dict[str, list]:
        """Return what can be chosen, each as value and text."""
        layer = self._layer
        show = type(layer).stretch.get_display_func(layer) or str
        stretches = [name for name in type(layer).stretch.get_choices(layer) if name != "lookup"]
        names = [name for name, _ in colormaps.members if name not in _WITHOUT_ORDER]
        return {
            "stretch": [[name, show(name)] for name in stretches],
            "percentile": [[value, text] for value, text in _PRESETS.items()],
            "colormap": [[name, name] for name in names],
        }

    def chosen(self) -> dict[str, Any]:
        """Return what is chosen."""
        layer = self._layer
        names = {cmap.name: name for name, cmap in colormaps.members}
        return {
            "stretch": layer.stretch,
            "percentile": getattr(layer, "share_of_values", layer.percentile),
            "colormap": names.get(layer.cmap.name, layer.cmap.name),
            "low": self.limits[0],
            "high": self.limits[1],
        }

    def choose(self, name: str, value: Any) -> None:
        """Change the layer.

        Parameters
        ----------
        name : {'stretch', 'percentile', 'colormap', 'low', 'high', 'limits'}
        value : object

        Raises
        ------
        Stage3Error
            If the layer cannot have this value; it stays as it was.
        """
        layer = self._layer
        if name in ("low", "high", "limits"):
            self._set_limits(name, value)
            return
        choices = self.choices().get(name, ())
        if value not in [choice for choice, _ in choices]:
            there = ", ".join(str(choice) for choice, _ in choices)
            raise Stage3Error(f"color bar: {name} = {value!r}; there is {there}")
        if name == "stretch":
            layer.stretch = value
        elif name == "colormap":
            layer.cmap = _by_name().get(value, layer.cmap)
        elif hasattr(layer, "stretch_to"):
            layer.stretch_to(float(value))
        else:
            layer.percentile = value

    def _set_limits(self, name: str, value: Any) -> None:
        layer = self._layer
        now = self.limits
        given = {"low": (value, now[1]), "high": (now[0], value), "limits": value}[name]
        try:
            low, high = (float(end) for end in given)
        except (TypeError, ValueError):
            raise Stage3Error(f"color bar: {name} = {value!r} is no number") from None
        if not (np.isfinite(low) and np.isfinite(high)) or low == high:
            raise Stage3Error(
                f"color bar: limits {low:g} and {high:g}; two different numbers are needed"
            )
        if self._in_other_unit:
            both, unit = np.array([low, high]), layer.attribute_display_unit
            both = UnitConverter().to_unit(layer.layer, layer.attribute, both, unit)
            low, high = map(float, both)
        with delay_callback(layer, "v_min", "v_max"):
            layer.v_min, layer.v_max = low, high


def _by_name() -> dict[str, Any]:
    return dict(colormaps.members)


def top_color_layer(viewer: Any) -> ColorLayer | None:
    """Find the layer whose colours are seen in a viewer.

    Flags and segments lie over an image; their colours have no order, and the bar is that of what
    is under them.

    Parameters
    ----------
    viewer : glue viewer

    Returns
    -------
    ColorLayer or None
        None where a viewer shows no image, or on top one that is not ours, or several images in
        one colour each, whose colours are mixed.
    """
    shown = [layer for layer in getattr(viewer.state, "layers", ()) if _drawn(layer)]
    shown.sort(key=lambda layer: layer.zorder, reverse=True)
    segments = [layer.layer for layer in shown if of_suffix(layer.layer, "segm")]
    images = [layer for layer in shown if not _of_names(layer.layer)]
    by_color = getattr(viewer.state, "color_mode", "") == _BY_COLOR
    top = images[0] if images else None
    if top is not None and (origin_of(top.layer) is None or (by_color and len(images) > 1)):
        return None
    if top is None and not segments:
        return None
    return ColorLayer(top, segments[0] if segments else None, by_color)


def _drawn(layer: Any) -> bool:
    return (
        isinstance(layer.layer, Data)
        and layer.layer.ndim >= 2
        and hasattr(layer, "stretch_object")
        and layer.visible
        and layer.bitmap_visible
        and layer.alpha > 0
        and not layer.layer.meta.get("_WCS_ONLY", False)
    )


def _of_names(data: Any) -> bool:
    """Whether the values of an image are labels or flags, which have no order."""
    origin = origin_of(data)
    return origin is not None and (origin.suffix == "segm" or origin.part.startswith("DQ"))


_counts: WeakKeyDictionary[Any, int] = WeakKeyDictionary()


def _count_segments(data: Any) -> int:
    """Number of labels of a segmentation map but 0, which is the background."""
    if data not in _counts:
        labels = data[data.main_components[0]]
        top = int(np.nanmax(labels, initial=0))
        seen = np.zeros(top + 1, dtype=bool)
        for start in range(0, len(labels), _ROWS):  # a whole mosaic would be copied
            part = labels[start : start + _ROWS]
            seen[part[part > 0].astype(np.int64)] = True
        _counts[data] = int(np.count_nonzero(seen))
    return _counts[data]
