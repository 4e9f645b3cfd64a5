"""Viewers of spectra, and their units."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from astropy import units as u

from ..errors import reason_of
from ..origin import origin_of, same_file
from .application import application, show_message

__all__ = [
    "in_display_units",
    "is_spectrum_viewer",
    "mend_cross_dispersion",
    "mend_line_analysis",
    "reset_spectral_limits",
    "show_flux_in",
    "shows_other_target_only",
    "shows_target",
    "spectral_display_unit",
    "spectral_flux_unit",
    "spectral_region",
    "spectral_world_axis",
    "spectrum_viewers_of_file",
    "spectrum_viewers_showing",
    "use_steradian",
]


def is_spectrum_viewer(viewer: Any) -> bool:
    """Whether a (glue) viewer shows 1-D spectra.

    Reason: jdaviz's predicate is private. jdaviz 5.1: the same.
    """
    from jdaviz.core.registries import viewer_registry

    return isinstance(viewer, viewer_registry.members["spectrum-1d-viewer"]["cls"])


def reset_spectral_limits(app: Any, labels: list[str]) -> None:
    """Show the whole of what spectrum viewers hold.

    Reason: a viewer keeps the limits of its first spectrum, and the next one may lie outside.
    jdaviz 5.1: the same.
    """
    for label, viewer in application(app)._viewer_store.items():
        if label in labels and is_spectrum_viewer(viewer):
            viewer.state.reset_limits()


def shows_target(viewer: Any, target: str | None) -> bool:
    """Whether a (glue) viewer is empty or shows data of that target (TARGNAME).

    Reason: filters of jdaviz's viewer selections get the glue viewer. jdaviz 5.1: the same.
    """
    metas = [layer.layer.meta for layer in viewer.layers if hasattr(layer.layer, "meta")]
    return not metas or any((meta.get("TARGNAME") or "") == (target or "") for meta in metas)


def spectral_display_unit(app: Any) -> Any | None:
    """Return the unit in which an app shows wavelengths, None before it shows any.

    Reason: the public plugin that sets it is not there in each configuration.
    jdaviz 5.1: the same.
    """
    from astropy import units as u

    unit = application(app)._get_display_unit("spectral")
    return u.Unit(unit) if unit else None


def spectral_flux_unit(app: Any) -> str | None:
    """Return the unit of the flux axes of the spectra that are shown, None if none is.

    Reason: jdaviz has one flux unit for all spectrum viewers, and the public plugin that sets it
    has one before there are spectra, too. jdaviz 5.1: the same.
    """
    for viewer in application(app)._viewer_store.values():
        if is_spectrum_viewer(viewer) and viewer.layers:
            return str(viewer.state.y_display_unit)
    return None


def show_flux_in(app: Any, unit: str) -> None:
    """Show the spectra of an app in this unit, and their viewers at limits that fit.

    Reason: an image that is loaded first makes MJy the unit of all spectra, with the axis limits
    still in the spectrum's own. The plugin's API is public; that limits need a reset is not
    documented. jdaviz 5.1: to check.
    """
    inner = application(app)
    plugin = inner._jdaviz_helper.plugins.get("Unit Conversion")
    if plugin is None or not hasattr(plugin, "flux_unit"):
        return
    if plugin.flux_unit.selected == unit or unit not in plugin.flux_unit.choices:
        return
    plugin.flux_unit.selected = unit
    for viewer in inner._viewer_store.values():
        if is_spectrum_viewer(viewer):
            viewer.set_plot_axes()
            viewer.state._reset_y_limits()


def use_steradian(app: Any) -> None:
    """Make sr the unit of solid angle of an app that has none to go by.

    Reason: where the first data have no solid angle in their unit (spectra in Jy, segmentation
    maps), jdaviz 5.0.5 settles on square pixels for good. A mosaic in MJy/sr that comes later then
    has no unit that it converts to: changing the flux unit and adding a 2-D spectrum fail. Data in
    square pixels are left with what they need. jdaviz 5.1: to check.
    """
    inner = application(app)
    try:
        plugin = inner.get_tray_item_from_name("g-unit-conversion")
    except KeyError:
        return  # not in Imviz
    if plugin.angle_unit_selected != "pix^2" or any(map(_per_pixel, inner.data_collection)):
        return
    plugin.angle_unit.choices = ["sr"]
    plugin.angle_unit.selected = "sr"


def _per_pixel(data: Any) -> bool:
    """Whether data have something per pixel."""
    from astropy import units as u

    return any(
        base == u.pix and power < 0
        for component in data.main_components
        for unit in [u.Unit(data.get_component(component).units or "", parse_strict="silent")]
        for base, power in zip(unit.bases, unit.powers, strict=True)
    )


def shows_other_target_only(viewer: Any, target: str | None) -> bool:
    """Whether all that a (glue) viewer shows is known to be of other targets (TARGNAME).

    Reason: filters of jdaviz's viewer selections get the glue viewer. jdaviz 5.1: the same.
    """
    metas = [layer.layer.meta for layer in viewer.layers if hasattr(layer.layer, "meta")]
    targets = {meta.get("TARGNAME") for meta in metas}
    return bool(target) and bool(targets) and not targets & {target, None, ""}


def spectrum_viewers_showing(app: Any, label: str) -> list:
    """Return the (glue) viewers of 1-D spectra in which data are a visible layer.

    Reason: the public viewers do not give marks and scales. jdaviz 5.1: the same.
    """
    viewers = application(app)._viewer_store.values()
    return [
        viewer
        for viewer in viewers
        if is_spectrum_viewer(viewer)
        and any(layer.layer.label == label and layer.visible for layer in viewer.state.layers)
    ]


def in_display_units(viewer: Any, spectrum: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return spectral axis and flux of a spectrum in the units of a viewer's axes.

    Reason: the units are kept on the viewer's state; jdaviz's own conversion goes over the whole
    app, and between flux and surface brightness by a solid angle of 1 sr. jdaviz 5.1: the same.

    Raises
    ------
    astropy.units.UnitConversionError
        If the units do not convert.
    """
    from astropy import units as u

    axis = u.Quantity(spectrum.spectral_axis)
    x = axis.to_value(viewer.state.x_display_unit, u.spectral())
    y = spectrum.flux.to_value(viewer.state.y_display_unit, u.spectral_density(axis))
    return x, y


def spectral_region(select: Any) -> Any | None:
    """Return the region of the spectral subset that a plugin's selection names, None if none.

    Reason: the selection gives an object of jdaviz's, whose regions come from the inner
    application. jdaviz 5.1: the same.
    """
    return application(select.plugin).get_subsets(select.selected, simplify_spectral=True)


def spectral_world_axis(viewer: Any, data: Any) -> tuple[Any, Any]:
    """Return the component (glue) of wavelengths that subsets are made on, and its unit.

    Reason: jdaviz takes ranges on two-dimensional data for pixels, whatever the component; on that
    of a 1-D spectrum they are wavelengths for all that is linked to it. jdaviz 5.1: to check.

    Parameters
    ----------
    viewer : glue viewer
        In whose app a 1-D spectrum is looked for, of the file of the data first.
    data : glue data
        Of two dimensions; its own component is the last resort.
    """
    spectra = [
        other
        for other in viewer.jdaviz_app.data_collection
        if other.ndim == 1 and other.coords is not None and other.world_component_ids
    ]
    spectra.sort(key=lambda other: not same_file(other, data))
    for other in spectra:
        unit = u.Unit(other.coords.world_axis_units[0] or "")
        if unit.is_equivalent(u.m, u.spectral()):
            return other.world_component_ids[0], unit
    return data.world_component_ids[1], u.Unit(data.coords.world_axis_units[0])


def spectrum_viewers_of_file(app: Any, data: Any) -> list:
    """Return the (glue) viewers of 1-D spectra that show one of the file that data came from.

    Reason: the public viewers do not give marks and scales. jdaviz 5.1: the same.
    """
    return [
        viewer
        for viewer in application(app)._viewer_store.values()
        if is_spectrum_viewer(viewer)
        and any(
            layer.visible and same_file(layer.layer.data, data) for layer in viewer.state.layers
        )
    ]


class _WithoutGaps:
    """A menu of data whose spectrum is that of the data without samples that are not finite."""

    def __init__(self, menu: Any):
        self._menu = menu

    def __getattr__(self, name: str) -> Any:
        return getattr(self._menu, name)

    def get_selected_spectrum(self, use_display_units: bool = True) -> Any:
        from specutils import Spectrum

        whole = self._menu.get_selected_spectrum(use_display_units=use_display_units)
        if whole is None or whole.flux.ndim != 1:
            return whole
        finite = np.isfinite(whole.flux.value)
        if finite.all() or finite.sum() < 2:
            return whole
        return Spectrum(
            flux=whole.flux[finite],
            spectral_axis=whole.spectral_axis[finite],
            uncertainty=None if whole.uncertainty is None else whole.uncertainty[finite],
            mask=None if whole.mask is None else whole.mask[finite],
            meta=whole.meta,
        )


def mend_line_analysis() -> None:
    """Let Line Analysis leave out samples of our spectra that are excluded.

    They are NaN, as gaps are drawn. The continuum of the whole spectrum goes through its first and
    its last sample, and at the ends of a detector these are flagged: no result at all. Likewise
    where the continuum beside a subset holds one such sample. Where a subset of its own is chosen
    for the continuum, and for data that are not ours, it stays with what jdaviz does.

    Reason: the continuum is found in a private method. jdaviz 5.1: to check.
    """
    from jdaviz.core.template_mixin import SpectralContinuumMixin

    stock = SpectralContinuumMixin._get_continuum

    @functools.wraps(stock)
    def _get_continuum(
        self: Any, dataset: Any, spectral_subset: Any, update_marks: bool = False,
        per_pixel: bool = False,
    ) -> Any:  # fmt: skip
        simple = not per_pixel and self.continuum_subset_selected in ("Surrounding", "None")
        if simple and dataset.selected and origin_of(dataset.selected_dc_item) is not None:
            dataset = _WithoutGaps(dataset)
        return stock(self, dataset, spectral_subset, update_marks, per_pixel)

    SpectralContinuumMixin._get_continuum = _get_continuum


def mend_cross_dispersion() -> None:
    """Let data be added and removed of which Cross Dispersion Profile cannot make a profile.

    Where the values are in another unit than the app's fluxes (``DN/s``, or none), or none is
    finite, the plugin shows no profile; with its panel open a message says why.

    What is no flux at all stays in its own unit for the plugins that ask for that of the app.

    Reason: it makes one, open or not, whenever its data change, and raises in the middle of an
    addition or a removal. So does 2D Spectral Extraction where values cannot be converted.
    jdaviz 5.1: to check.
    """
    from jdaviz.configs.specviz2d.plugins import CrossDispersionProfile
    from jdaviz.core.helpers import ConfigHelper

    convert = ConfigHelper._handle_display_units

    @functools.wraps(convert)
    def _handle_display_units(self: Any, data: Any, use_display_units: bool = True) -> Any:
        try:
            return convert(self, data, use_display_units)
        except u.UnitConversionError:
            flux = getattr(data, "flux", None)
            if flux is None or _is_flux(flux.unit):
                raise
            return convert(self, data, False)

    ConfigHelper._handle_display_units = _handle_display_units

    stock = CrossDispersionProfile.measure_cross_dispersion_profile

    @functools.wraps(stock)
    def measure_cross_dispersion_profile(self: Any, update_plot: bool = True) -> Any:
        try:
            return stock(self, update_plot)
        except ValueError as err:  # of specreduce, and of units that do not fit
            self._profile, self.plot_available = None, False
            if update_plot:
                text = f"{self.dataset_selected}: no cross-dispersion profile ({reason_of(err)})"
                show_message(self, text)
            return None

    CrossDispersionProfile.measure_cross_dispersion_profile = measure_cross_dispersion_profile


def _is_flux(unit: u.UnitBase) -> bool:
    kinds = (u.Jy, u.Jy / u.sr, u.Jy / u.pix**2)
    return any(unit.is_equivalent(kind, u.spectral_density(1 * u.um)) for kind in kinds)
