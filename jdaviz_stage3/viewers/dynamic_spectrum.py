"""Flux against wavelength and time, for spectral time series."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.time import Time
from glue.core.roi import RangeROI
from glue.core.subset import RangeSubsetState
from glue_jupyter.bqplot.image import BqplotImageView
from jdaviz.configs.default.plugins.viewers import JdavizViewerMixin
from jdaviz.configs.imviz.plugins.coords_info.coords_info import CoordsInfo
from jdaviz.core.registries import viewer_registry
from specutils import Spectrum

from ..errors import UnreadableProductError
from ..jdaviz_compat import (
    NoLayerPanel,
    follow_layers,
    offer_only,
    set_missing_color,
    show_message,
    spectral_world_axis,
)
from ..readers.time_systems import time_system_of
from .dynamic_axes import TIME_AXES, series_axes
from .dynamic_layers import DynamicImageLayerArtist, DynamicSubsetLayerArtist
from .dynamic_state import NORMALIZATIONS, DynamicSpectrumViewerState

__all__ = ["MISSING_COLOR", "DynamicSpectrumViewer"]

_PERCENTILE = 99.0  # of the values that the grey scale spans at first
MISSING_COLOR = (0.76, 0.87, 0.95, 1.0)  # pale blue, which is on no grey scale


@viewer_registry("stage3-dynamic-spectrum-viewer", label="Dynamic spectrum (JWST Stage 3)")
class DynamicSpectrumViewer(JdavizViewerMixin, BqplotImageView):
    """A spectral time series as an image, wavelength along x and time along y.

    Both axes are linear in what they say: uneven wavelength grids are drawn uneven, descending
    ones turned round, and what was not observed is left empty. Not a `Spectrum2DViewer` by class,
    whose axes are pixels, and whose data jdaviz offers to extract spectra from.
    """

    default_class = Spectrum
    tools_nested = [
        ["jdaviz:homezoom"],
        ["jdaviz:boxzoom", "jdaviz:xrangezoom", "jdaviz:yrangezoom"],
        ["jdaviz:panzoom", "jdaviz:panzoom_x", "jdaviz:panzoom_y"],
        ["bqplot:xrange"],
        ["jdaviz:viewer_clone", "jdaviz:sidebar_plot", "jdaviz:sidebar_export"],
    ]
    _state_cls = DynamicSpectrumViewerState
    _layer_style_widget_cls = NoLayerPanel

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._room = 0
        self._said = ""
        self.state.say = self._say
        self._normalized_by: tuple = (self.state.normalize, None, _PERCENTILE)
        follow_layers(self)
        self.state.aspect = "auto"
        set_missing_color(self, MISSING_COLOR)
        offer_only(self, "is_2d_spectrum_or_trace")
        for name in ("time_axis", "time_reference", "reference_data"):
            self.state.add_callback(name, self._label_axes)

    def _say(self, text: str) -> None:
        """Show a message, once for all the times that are drawn."""
        if text != self._said:
            self._said = text
            show_message(self.jdaviz_app, text)

    def get_data_layer_artist(self, layer=None, layer_state=None):
        return self.get_layer_artist(DynamicImageLayerArtist, layer=layer, layer_state=layer_state)

    def add_data(self, data, color=None, alpha=None, **layer_state):
        """Add data, its grey scale over what is drawn: glue takes the values in the file."""
        added = super().add_data(data, color, alpha, **layer_state)
        for layer in self.state.layers:
            if layer.layer is data and hasattr(layer, "stretch_to"):
                layer.stretch_to(self._normalized_by[2])
        return added

    def get_subset_layer_artist(self, layer=None, layer_state=None):
        return self.get_layer_artist(DynamicSubsetLayerArtist, layer=layer, layer_state=layer_state)

    def set_plot_axes(self):
        """Label the axes and give them room; jdaviz calls it when data come."""
        self._set_margins()
        for axis, offset in zip(self.figure.axes[:2], ("40", "-70"), strict=True):
            axis.num_ticks = None  # bqplot's own choice: round values
            axis.tick_format = ".6~g"
            axis.label_offset = offset
            axis.tick_style = {"font-size": 13}
            axis.axis_label_style = {"font-size": "14px"}
        self._label_axes()

    def make_room(self, width: int) -> tuple[float, float, float]:
        """Keep a part of the figure beside the picture free.

        Parameters
        ----------
        width : int
            Screen pixels at the right.

        Returns
        -------
        top, bottom, right : float
            Between the edges of the figure and the picture, screen pixels.
        """
        self._room = width
        self._set_margins()
        return tuple(float(self.figure.fig_margin[side]) for side in ("top", "bottom", "right"))

    def _set_margins(self) -> None:
        right = max(self._room, 18)
        self.figure.fig_margin = {"left": 95, "bottom": 60, "top": 12, "right": right}

    def _label_axes(self, *_: Any) -> None:
        data = self.state.reference_data
        if data is not None and data.ndim == 2:
            x_axis, y_axis = self.figure.axes[:2]
            x_axis.label = self.state.wavelength_axis_of(data).label
            y_axis.label = self.state.time_axis_of(data).label

    def reset_limits(self) -> None:
        """Show the whole of what is shown."""
        self.state.reset_limits()

    def show_time_as(self, time_axis: str, reference: Time | None = None) -> None:
        """Choose what the time axis says.

        Parameters
        ----------
        time_axis : {'date', 'hours', 'integration'}
            Days from the whole day before the first integration; hours from ``reference``; or
            the number of the integration.
        reference : Time, optional
            Zero of the hours, for example mid-transit; by default the first integration.
        """
        if time_axis not in TIME_AXES:
            raise ValueError(f"time axis {time_axis!r}: there is {', '.join(TIME_AXES)}")
        if (time_axis, reference) == (self.state.time_axis, self.state.time_reference):
            return
        self.state.time_axis, self.state.time_reference = time_axis, reference
        self.state.reset_limits()
        self._redraw_layers()

    def normalize_by(
        self, normalize: str, integrations: np.ndarray | None = None, percentile: float = 99.0
    ) -> None:
        """Divide each channel by what it is on average, or not.

        Parameters
        ----------
        normalize : {'none', 'median', 'baseline'}
            By its median over time, or its mean over some integrations.
        integrations : ndarray of bool, shape (n_int,), optional
            The integrations for ``'baseline'``.
        percentile : float, optional
            The share of the values, in percent, that the grey scale spans about their median.
        """
        if normalize not in NORMALIZATIONS:
            raise ValueError(f"normalize {normalize!r}: there is {', '.join(NORMALIZATIONS)}")
        asked = (normalize, None if integrations is None else integrations.tobytes(), percentile)
        if asked == self._normalized_by:
            return
        self._normalized_by = asked
        self.state.set_normalization(normalize, integrations)
        for layer in self.state.layers:
            if hasattr(layer, "stretch_to"):
                layer.stretch_to(percentile)
        self._redraw_layers()

    def _redraw_layers(self) -> None:
        for layer in self.layers:
            layer.update()

    def data(self, cls=None, statistic=None):
        """Return the data of the layers as spectra; jdaviz asks for them."""
        return [
            state.layer.get_object(statistic=statistic, cls=cls or self.default_class)
            for state in self.state.layers
            if hasattr(state.layer, "get_object")
        ]

    def _roi_to_subset_state(self, roi):
        # A range of wavelengths, which all spectra understand, not one of this viewer's pixels.
        data = self.state.reference_data
        if isinstance(roi, RangeROI) and roi.ori == "x":
            component, unit = spectral_world_axis(self, data)
            own = self.state.wavelength_axis_of(data).unit
            edges = ([roi.min, roi.max] * u.Unit(own)).to_value(unit, u.spectral())
            return RangeSubsetState(min(edges), max(edges), component)
        return None


def read_out_sample(
    coords_info: CoordsInfo,
    viewer: DynamicSpectrumViewer,
    x: float,
    y: float,
    mouseevent: bool = True,
) -> None:
    """Show wavelength, time and flux under the cursor, in jdaviz's read-out.

    Parameters
    ----------
    coords_info : CoordsInfo
    viewer : DynamicSpectrumViewer
    x, y : float
        Position of the cursor in the units of the axes.
    mouseevent : bool, optional
        False where jdaviz asks because a layer has changed: then x and y are where the cursor was
        last, in whatever viewer.
    """
    coords_info.reset_coords_display()
    if not mouseevent:
        return
    layer = next(
        (s for s in viewer.state.layers[::-1] if s.visible and hasattr(s, "stretch_to")), None
    )
    if layer is None:
        return
    data = layer.layer
    wavelength, time = viewer.state.wavelength_axis_of(data), viewer.state.time_axis_of(data)
    channel, row = int(wavelength.cells.at(x)), int(time.cells.at(y))
    coords_info.icon = coords_info.app.state.layer_icons.get(data.label, "")
    coords_info.row1a_title = "Wavelength"
    place = wavelength.values[channel] if channel >= 0 else x
    coords_info.row1a_text = f"{place:.6g} {wavelength.unit}".strip()
    if row < 0:
        coords_info.row2_title, coords_info.row2_text = (
            "Time",
            "\N{NO-BREAK SPACE}no integration here",
        )
        return
    numbers = series_axes(data).int_num
    coords_info.row2_title = "Integration"
    coords_info.row2_text = f"\N{NO-BREAK SPACE}{int(numbers[row])}{_date(data, row)}"
    if channel < 0:
        return
    try:
        value = data.get_data(layer.attribute, view=(row, channel))
    except UnreadableProductError:  # which is said where it is drawn
        value = np.nan
    unit = data.get_component(layer.attribute).units
    text = "excluded or missing" if not np.isfinite(value) else f"{value:.6g} {unit}".strip()
    coords_info.row1b_title, coords_info.row1b_text = "Flux", text
    divisor = viewer.state.divisor_of(data, layer.attribute)
    if divisor is not None and np.isfinite(value):
        coords_info.row3_title = "Normalised"
        coords_info.row3_text = f"\N{NO-BREAK SPACE}{value / divisor[channel]:.6g}"


def _date(data: Any, row: int) -> str:
    time = series_axes(data).time
    if time is None or len(time) != data.shape[0] or np.ma.is_masked(time[row].jd1):
        return ""
    return f"  {time_system_of(time).date} {time[row].jd:.6f}"


CoordsInfo.register_viewer_class(DynamicSpectrumViewer)
CoordsInfo.register_viewer_update_handler(DynamicSpectrumViewer, read_out_sample)
