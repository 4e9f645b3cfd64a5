"""The limits of the colours of a stack, the same for all of its frames."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ...loaders.stack_data import StackData
from ...readers.image_stack import ImageStack
from .pictures import OF_ONE_FRAME, Pictures, Wanted

__all__ = ["StackLimits"]

_FRAMES = 12  # that a sample is taken from
_PIXELS = 40_000  # of each
_PERCENTILE = 95.0  # of the values between the limits, as jdaviz has it for images


class StackLimits:
    """Sets the limits of the colours of layers.

    Parameters
    ----------
    pictures : Pictures
        Who makes the pictures.
    """

    def __init__(self, pictures: Pictures):
        self._pictures = pictures
        self._kept: dict[tuple, tuple[float, float] | None] = {}
        self._percentiles: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
        self._set: WeakKeyDictionary[Any, tuple[float, float]] = WeakKeyDictionary()

    def apply(self, layer: Any, data: StackData, wanted: Wanted, rule: str) -> None:
        """Set the limits of a layer.

        Parameters
        ----------
        layer : glue image layer state
        data : StackData
        wanted : Wanted
            What it shows.
        rule : str
            One of `jdaviz_stage3.plugins.image_stack.settings.LIMITS`.
        """
        if isinstance(layer.percentile, (int, float)):  # until limits are set
            self._percentiles[layer] = float(layer.percentile)
        if rule == "as they are":
            self._set.pop(layer, None)
            return
        percentile = self._percentiles.get(layer, _PERCENTILE)
        if rule == "whole stack":
            limits = self._of_stack(data.stack, wanted, percentile)
            if self._set.get(layer) == limits:
                return  # and if others are set by now, somebody wants those
        else:
            limits = _limits_of(self._sample(data.stack, wanted), percentile)
        if limits is not None:
            self._set[layer] = limits
            if limits != (layer.v_min, layer.v_max):
                layer.v_min, layer.v_max = limits

    def _of_stack(
        self, stack: ImageStack, wanted: Wanted, percentile: float
    ) -> tuple[float, float] | None:
        """Limits from a sample of frames all over the stack."""
        many = wanted.picture in OF_ONE_FRAME
        key = (
            stack.stamp, wanted.picture, wanted.first, wanted.last, wanted.sigma, wanted.flags,
            wanted.index[:-1], percentile,
        )  # fmt: skip
        if key not in self._kept:
            places = np.unique(np.linspace(0, stack.shape[-3] - 1, _FRAMES).astype(int))
            samples = []
            for place in places if many else wanted.index[-1:]:
                part = replace(wanted, index=(*wanted.index[:-1], int(place)))
                samples.append(self._sample(stack, part))
            self._kept[key] = _limits_of(np.concatenate(samples), percentile)
        return self._kept[key]

    def _sample(self, stack: ImageStack, wanted: Wanted) -> np.ndarray:
        """Values of a picture, without those of flagged pixels."""
        if wanted.picture == "frame":
            values = stack.frame(wanted.index, blank=True).ravel()
        else:
            values = self._pictures.take(stack, wanted)[0].ravel()
        return values[:: max(1, len(values) // _PIXELS)]


def _limits_of(values: np.ndarray, percentile: float) -> tuple[float, float] | None:
    values = values[np.isfinite(values)]
    if not values.size:
        return None
    outside = (100 - percentile) / 2
    low, high = np.percentile(values, [outside, 100 - outside])
    return (float(low), float(high)) if low < high else None
