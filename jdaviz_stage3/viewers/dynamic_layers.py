"""Layers of dynamic spectra, drawn on true axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from echo import delay_callback
from glue.viewers.image.state import ImageSubsetLayerState
from glue_jupyter.bqplot.image.layer_artist import (
    BqplotImageLayerArtist,
    BqplotImageSubsetLayerArtist,
)
from glue_jupyter.bqplot.image.state import BqplotImageLayerState

from ..errors import UnreadableProductError
from .series_samples import some_integrations

__all__ = ["DynamicImageLayerArtist", "DynamicSubsetLayerArtist"]

_ENOUGH = 300_000  # samples, for percentiles good to a tenth of a per cent


def _pixels(bounds: tuple) -> list[np.ndarray]:
    """Positions of the screen's rows and columns on the axes."""
    return [np.linspace(*bound) for bound in bounds]


class DynamicImageLayerState(BqplotImageLayerState):
    """Flux of a dynamic spectrum, taken from the cell that each pixel of the screen lies in."""

    _stretched: tuple = ()  # the share that was asked for, and the limits that it gave

    def get_sliced_data(self, view: Any = None, bounds: Any = None) -> np.ndarray:
        """Return what is drawn, shape (screen rows, screen columns); NaN in gaps.

        Parameters
        ----------
        view : optional
            Of the samples, for jdaviz's statistics.
        bounds : sequence of (start, stop, number), optional
            Along time and wavelength, in the units of the axes.
        """
        if bounds is None:
            return self.layer.get_data(self.attribute, view=None if view is None else tuple(view))
        y, x = _pixels(bounds)
        row = self.viewer_state.time_axis_of(self.layer).cells.at(y)
        channel = self.viewer_state.wavelength_axis_of(self.layer).cells.at(x)
        try:
            image = self.layer.get_data(self.attribute, view=np.ix_(row, channel)).astype(float)
            divisor = self.viewer_state.divisor_of(self.layer, self.attribute)
        except UnreadableProductError as err:  # of a series that is read as it is drawn
            self.viewer_state.say(str(err))
            return np.full((len(row), len(channel)), np.nan)
        if divisor is not None:
            image /= divisor[channel]
        image[row < 0] = np.nan
        image[:, channel < 0] = np.nan
        return image

    @property
    def divided_by(self) -> str:
        """What the values that are drawn are divided by, in a word; empty for nothing."""
        return self.viewer_state.divisor_in_words(self.layer, self.attribute)

    @property
    def share_of_values(self) -> float | str:
        """The share of the values that are drawn between the limits, as it was asked for."""
        share, *limits = self._stretched or (None,)
        return share if limits == [self.v_min, self.v_max] else "Custom"

    def stretch_to(self, percentile: float) -> None:
        """Let the grey scale span this share of the values that are drawn, in per cent."""
        count = max(_ENOUGH // self.layer.shape[1], 1)
        try:
            values = some_integrations(self.layer, self.attribute, count)
        except UnreadableProductError as err:
            self.viewer_state.say(str(err))
            return
        divisor = self.viewer_state.divisor_of(self.layer, self.attribute)
        if divisor is not None:
            values = values / divisor
        finite = values[np.isfinite(values)]
        if not finite.size:
            return
        tail = (100 - percentile) / 2
        low, high = np.percentile(finite, [tail, 100 - tail])
        self._stretched = percentile, float(low), float(high)
        with delay_callback(self, "v_min", "v_max"):
            self.v_min, self.v_max = float(low), float(high)


class DynamicSubsetLayerState(ImageSubsetLayerState):
    """The part of a dynamic spectrum that a subset covers."""

    def get_sliced_data(self, view: Any = None, bounds: Any = None) -> np.ndarray:
        """Return where the subset is, bool, shape (screen rows, screen columns)."""
        if bounds is None:
            mask = self.layer.to_mask()
            return mask if view is None else mask[tuple(view)]
        y, x = _pixels(bounds)
        row = self.viewer_state.time_axis_of(self.layer.data).cells.at(y)
        channel = self.viewer_state.wavelength_axis_of(self.layer.data).cells.at(x)
        # of the samples that are drawn alone: of all of them, glue makes arrays of coordinates
        places = tuple(np.broadcast_arrays(*np.ix_(row, channel)))
        mask = self.layer.to_mask(places)
        mask[row < 0] = False
        mask[:, channel < 0] = False
        return mask


class DynamicImageLayerArtist(BqplotImageLayerArtist):
    """Draws the flux; contours, which would lie on pixels, are not drawn."""

    _layer_state_cls = DynamicImageLayerState

    def _update_contour_lines(self):
        self.contour_artist.contour_lines = []


class DynamicSubsetLayerArtist(BqplotImageSubsetLayerArtist):
    """Draws a subset."""

    _layer_state_cls = DynamicSubsetLayerState
