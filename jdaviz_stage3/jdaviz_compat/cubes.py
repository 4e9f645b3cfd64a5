"""Spectral cubes in apps."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from specutils import Spectrum

from .application import application, show_message
from .data import as_read, data_of

__all__ = [
    "cube_viewers_showing",
    "follow_extracted_cube",
    "is_cube_viewer",
    "link_spectra_by_wavelength",
    "mend_gaussian_smooth",
    "mend_moment_maps",
    "settle_units",
    "spectral_axis_at",
    "show_slice",
    "step_slice",
    "show_spectra_of_pixels",
]


def spectral_axis_at(axis: int) -> dict[str, int]:
    """Return the meta entry by which jdaviz knows which axis wavelength is along.

    Reason: a key of specutils' translator, which no document names. jdaviz 5.1: the same.
    """
    return {"spectral_axis_index": axis}


def is_cube_viewer(viewer: Any) -> bool:
    """Whether a (glue) viewer is one of jdaviz's for cubes.

    Reason: jdaviz itself goes by the class. jdaviz 5.1: the same.
    """
    return type(viewer).__name__ == "CubevizImageView"


def cube_viewers_showing(app: Any, label: str) -> list:
    """Return the (glue) cube viewers in which data are a visible layer.

    Reason: the public viewers do not give figure, scales and slices. jdaviz 5.1: the same.
    """
    return [
        viewer
        for viewer in application(app)._viewer_store.values()
        if is_cube_viewer(viewer)
        and any(layer.layer.label == label and layer.visible for layer in viewer.state.layers)
    ]


def settle_units(app: Any) -> None:
    """Choose the units of an app that has none yet: Jy, sr, micron.

    Reason: jdaviz takes them from the first data, and reads all of a cube to see its unit.
    It then shows spectra in MJy, as no product has them. The plugin's selections are public, what
    they offer is not. jdaviz 5.1: to check.
    """
    from jdaviz.core.unit_conversion_utils import (
        create_equivalent_angle_units_list,
        create_equivalent_flux_units_list,
    )

    plugin = application(app).get_tray_item_from_name("g-unit-conversion")
    if not plugin.spectral_unit_selected:
        plugin.spectral_unit.selected = "um"
    if not plugin.flux_unit_selected:
        plugin.flux_unit.choices = create_equivalent_flux_units_list(u.Jy)
        plugin.flux_unit.selected = "Jy"
    if not plugin.angle_unit_selected:
        plugin.angle_unit.choices = create_equivalent_angle_units_list(u.sr)
        plugin.angle_unit.selected = "sr"
    if not plugin.spectral_y_type_selected:
        plugin.spectral_y_type.choices = ["Surface Brightness", "Flux"]
        plugin.spectral_y_type.selected = "Flux"


class CubeErrors:
    """The uncertainties of a cube of ours, as jdaviz's extraction asks for them.

    They are no entry of the data collection: nobody looks at them, and each entry there is linked.

    Parameters
    ----------
    cube : StoredCube
    label : str
        Of the cube's data.
    """

    def __init__(self, cube: Any, label: str):
        self._cube = cube
        self.label = f"{label} [ERR]"

    def get_object(self, cls: Any = None, **_: Any) -> StdDevUncertainty:
        """Return all of them."""
        return StdDevUncertainty(self._cube.errors(), unit=self._cube.unit)

    def get_subset_object(self, subset_id: Any = None, cls: Any = None, **_: Any) -> Any:
        """Return all of them: jdaviz masks what is not in the subset itself."""
        return self.get_object()


def follow_extracted_cube(app: Any) -> None:
    """Let jdaviz's extraction take the uncertainties of the cube that it is set to.

    Reason: it looks for one cube and its uncertainties under private names of the app's helper,
    which has one pair only. jdaviz 5.1: to check.

    Parameters
    ----------
    app : jdaviz helper, inner application, or importer
        After each cube; more often is harmless.
    """
    inner = application(app)
    plugin = inner.get_tray_item_from_name("spectral-extraction-3d")

    def follow(*_: Any) -> None:
        data = data_of(inner, plugin.dataset_selected)
        cube = None if data is None else as_read(data)
        if cube is not None and data.ndim == 3:
            errors = CubeErrors(cube, data.label) if cube.has_errors else None
            helper = inner._jdaviz_helper
            helper._loaded_flux_cube, helper._loaded_uncert_cube = data, errors

    if not hasattr(plugin, "_stage3_follows"):
        plugin._stage3_follows = follow
        plugin.observe(follow, names=["dataset_selected"])
    plugin._stage3_follows()


def link_spectra_by_wavelength(app: Any) -> None:
    """Keep jdaviz from linking the pixels of 1-D spectra with each other, in an app with cubes.

    Reason: jdaviz links wavelengths of a spectrum to those of the first data that have any, and
    its pixels to those of the first spectrum. Where the first data are a cube, glue finds the way
    over the pixels to be the shorter one, and draws a spectrum at the wavelengths of another.
    What is linked is decided in a private method. jdaviz 5.1: to check.

    Parameters
    ----------
    app : jdaviz helper, inner application, or importer
        Before the first cube is added; more often is harmless.
    """
    inner = application(app)
    if "_link_new_data_by_component_type" in vars(inner):
        return
    stock = inner._link_new_data_by_component_type

    def link(label: str) -> None:
        data = inner.data_collection[label]
        pixels = data.pixel_component_ids if data.ndim == 1 else []
        kinds = [getattr(pixel, "_component_type", None) for pixel in pixels]
        for pixel in pixels:
            pixel._component_type = None
        try:
            stock(label)
        finally:
            for pixel, kind in zip(pixels, kinds, strict=True):
                pixel._component_type = kind

    inner._link_new_data_by_component_type = link


def mend_moment_maps(app: Any) -> None:
    """Let Moment Maps convert moments of order 0 of our cubes rightly.

    Reason: where the app's flux unit is not that of the cube, jdaviz 5.0.5 multiplies by the
    frequency of 1 micron, twice: 1 MJy um / sr becomes 9e34 Jy um / sr. From one flux density per
    frequency to another it is a number; to one per wavelength it is none, and is refused.
    jdaviz 5.1: to check.

    Parameters
    ----------
    app : jdaviz helper, inner application, or importer
        Once for each app is enough, more is harmless.
    """
    from jdaviz.configs.cubeviz.plugins.moment_maps import moment_maps

    inner = application(app)
    plugin = inner.get_tray_item_from_name("cubeviz-moment-maps")
    if "calculate_moment" in vars(plugin):
        return
    stock = plugin.calculate_moment

    @functools.wraps(stock)
    def calculate_moment(*args: Any, **options: Any) -> Any:
        data = data_of(inner, plugin.dataset_selected)
        if data is None or as_read(data) is None or int(plugin.n_moment) != 0:
            return stock(*args, **options)
        own, shown = u.Unit(data.get_component("flux").units), inner._get_display_unit("sb")
        if not own.is_equivalent(u.Unit(shown)):
            text = (
                f"Moment Maps: an integral of {own} over wavelength is not one of {shown}; choose "
                "another flux unit in Unit Conversion, such as MJy"
            )
            show_message(inner, text)
            raise ValueError(text)
        conversion = moment_maps.convert_integrated_sb_unit
        moment_maps.convert_integrated_sb_unit = lambda moment, *_: moment
        try:
            return stock(*args, **options)
        finally:
            moment_maps.convert_integrated_sb_unit = conversion

    plugin.calculate_moment = calculate_moment


def mend_gaussian_smooth() -> None:
    """Let Gaussian Smooth take cubes that have uncertainties; what it gives has none.

    Reason: specutils 2.4 widens the kernel to three axes, to an array, and then asks it for the
    array of a kernel: AttributeError. Cubes that jdaviz itself has loaded are without
    uncertainties. jdaviz 5.1: the same; to be mended in specutils.
    """
    from jdaviz.configs.default.plugins.gaussian_smooth import gaussian_smooth as plugin

    stock = plugin.gaussian_smooth

    @functools.wraps(stock)
    def smooth(spectrum: Any, *args: Any, **options: Any) -> Any:
        if spectrum.flux.ndim > 1 and spectrum.uncertainty is not None:
            spectrum = Spectrum(
                flux=spectrum.flux, wcs=spectrum.wcs, meta=spectrum.meta,
                spectral_axis_index=spectrum.spectral_axis_index,
            )  # fmt: skip
        return stock(spectrum, *args, **options)

    plugin.gaussian_smooth = smooth


def show_spectra_of_pixels() -> None:
    """Let the tool for the spectrum under the cursor read that spectrum only, of our cubes.

    Reason: jdaviz 5.0.5 copies the whole cube at each move of the mouse, and draws MJy on an axis
    in Jy. What the tool does to the viewers is its own. jdaviz 5.1: to check.
    """
    from glue.config import viewer_tool
    from jdaviz.configs.cubeviz.plugins.tools import SpectrumPerSpaxel

    class SpectrumOfPixel(SpectrumPerSpaxel):
        """The tool of jdaviz, quicker for cubes that are read from their file."""

        def _mouse_move_worker(self, x: int, y: int) -> None:
            data = self.viewer.active_image_layer and self.viewer.active_image_layer.layer
            cube = None if data is None else as_read(data)
            if cube is None or getattr(data, "ndim", 0) != 3:
                super()._mouse_move_worker(x, y)
                return
            ny, nx = cube.shape[1:]
            values = self._values(cube, x, y) if 0 <= x < nx and 0 <= y < ny else np.array([np.nan])
            if not np.isfinite(values).any():
                self._mark.visible = False
                self._reset_profile_viewer_bounds()
                return
            state = self._profile_viewer.state
            axis = u.Quantity(cube.spectral_axis)
            flux = values * cube.unit
            unit = u.Unit(state.y_display_unit)
            if not unit.is_equivalent(cube.unit, u.spectral_density(axis)):
                flux = flux * cube.pixel_area
            shown = flux.to_value(unit, u.spectral_density(axis))
            self._mark.update_xy(axis.to_value(state.x_display_unit, u.spectral()), shown)
            self._mark.visible = True
            low, high = np.nanmin(shown), np.nanmax(shown)
            margin = 0.1 * (high - low) or 0.1 * abs(high)
            self._profile_viewer.set_limits(y_min=low - margin, y_max=high + margin)

        def _values(self, cube: Any, x: int, y: int) -> np.ndarray:
            """The spectrum of a pixel; those of its row are kept for the next move."""
            row = getattr(self, "_row", None)
            if row is None or row[:2] != (cube, y):
                row = self._row = (cube, y, cube.values((slice(None), y)))
            return row[2][:, x].astype(float)

    viewer_tool.members[SpectrumPerSpaxel.tool_id] = SpectrumOfPixel


def step_slice(app: Any, by: int) -> None:
    """Show the slice of the cubes that is some further on, up to the last one.

    Reason: the plugin's value is public, which values there are is not. jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper or inner application
    by : int
    """
    plugin = application(app).get_tray_item_from_name("cube-slice")
    values = np.asarray(plugin.valid_values_sorted)
    if values.size:
        place = int(np.argmin(np.abs(values - plugin.value))) + by
        plugin.value = float(values[np.clip(place, 0, values.size - 1)])


def show_slice(app: Any, wavelength: u.Quantity) -> None:
    """Show the slices of cubes that are nearest to a wavelength.

    Reason: the plugin's value is public, its unit is not. jdaviz 5.1: the same.
    """
    plugin = application(app).get_tray_item_from_name("cube-slice")
    unit = plugin.value_unit or "um"
    plugin.value = float(wavelength.to_value(unit, u.spectral()))
