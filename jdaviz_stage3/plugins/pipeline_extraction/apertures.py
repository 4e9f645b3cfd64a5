"""The pipeline's apertures in spectral cubes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from bqplot import Lines
from specutils import Spectrum

from ...analysis.cubes.aperture import aperture_spectrum
from ...analysis.cubes.pipeline_aperture import PipelineAperture, pipeline_aperture
from ...analysis.cubes.total import summed_spectrum
from ...errors import Stage3Error, Stage3Warning
from ...jdaviz_compat import as_read
from ...readers.stored_cube import StoredCube
from .shown_extraction import ShownExtraction

__all__ = ["CubeAperture"]

_AT = 0.005  # arcsec; nearer than that is no distance to speak of
_ANGLES = np.linspace(0, 2 * np.pi, 97)


class CubeAperture(ShownExtraction):
    """The circle that the pipeline has summed in each plane of a cube, or the whole field."""

    follows_slice = True
    sum_name = "pipeline's aperture"  # the sum over all pixels is loaded with the cube

    def __init__(self, data: Any, spectrum: Any):
        super().__init__(data, spectrum)
        cube = as_read(data)
        if not isinstance(cube, StoredCube):
            raise Stage3Error(f"{data.label}: is not as it was loaded any more")
        self.cube = cube
        wavelength, n_pixels = self.column("WAVELENGTH"), self.column("NPIXELS")
        if wavelength is None:
            raise Stage3Error(f"{spectrum.label}: has no column WAVELENGTH")
        try:
            self.aperture: PipelineAperture = pipeline_aperture(
                cube, spectrum.meta, wavelength.to(u.um),
                None if n_pixels is None else n_pixels.value,
            )  # fmt: skip
        except Stage3Error as err:
            raise Stage3Error(f"{spectrum.label}: {err}") from err

    @property
    def sentence(self) -> str:
        aperture = self.aperture
        if aperture.radius is None:
            low, high = np.nanmin(aperture.n_pixels), np.nanmax(aperture.n_pixels)
            count = f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"
            return (
                f"The pipeline summed the whole field, {count} pixels, for it took the source to "
                "be extended (SRCTYPE)."
            )
        text = f"The pipeline summed a circle of {self._radii()}"
        if aperture.center is not None:
            place = aperture.center.to_string("hmsdms", precision=2, sep=":").split()
            text += f" about RA {place[0]}, Dec {place[1]}"
        text += f" (x = {aperture.x:.2f}, y = {aperture.y:.2f}, counted from 0)"
        if aperture.center is not None and aperture.target is not None:
            apart = aperture.center.separation(aperture.target).to_value(u.arcsec)
            where = f'{apart:.2g}" from' if apart > _AT else "at"
            text += f", {where} the target (TARG_RA, TARG_DEC)"
        if aperture.coverage < 1:
            text += f"; down to {aperture.coverage:.0%} of it holds samples"
        return f"{text}."

    def _radii(self) -> str:
        radius = self.aperture.radius
        assert radius is not None
        low, high = np.nanmin(radius), np.nanmax(radius)
        if not np.isfinite(self.aperture.arcsec):
            return f"radius {low:.3g} to {high:.3g} pixels"
        scale = self.aperture.arcsec
        if high - low < 0.005 * high:
            return f'radius {np.nanmean(radius) * scale:.3g}" ({np.nanmean(radius):.3g} pixels)'
        ends = self.aperture.wavelength[[np.nanargmin(radius), np.nanargmax(radius)]].value
        return (
            f'radius {low * scale:.3g}" at {ends[0]:.4g} um to {high * scale:.3g}" at '
            f"{ends[1]:.4g} um"
        )

    def draw(self, marks: Any, viewers: list[Any], color: str) -> None:
        style = {"colors": [color], "stroke_width": 2, "fill": "none"}
        for viewer in viewers:
            plane = min(int(viewer.slice), self.cube.shape[0] - 1)
            marks.put(
                viewer, (viewer, self.data.label, "window"), Lines, self._outline(plane), style
            )

    def _outline(self, plane: int) -> dict[str, np.ndarray]:
        """The circle in one plane, or the border of the field."""
        aperture = self.aperture
        if aperture.radius is None:
            _, ny, nx = self.cube.shape
            return {
                "x": np.array([-0.5, nx - 0.5, nx - 0.5, -0.5, -0.5]),
                "y": np.array([-0.5, -0.5, ny - 0.5, ny - 0.5, -0.5]),
            }
        radius = aperture.radius_at(self.cube.spectral_axis[plane])
        return {
            "x": aperture.x + radius * np.cos(_ANGLES),
            "y": aperture.y + radius * np.sin(_ANGLES),
        }

    def summed(self) -> Spectrum:
        aperture = self.aperture
        if aperture.radius is None:
            total = summed_spectrum(self.cube)
        else:
            total = self._in_circle(aperture)
        pipeline = self.pipeline_spectrum
        factor: Any = 1.0
        if pipeline.meta.get("column") == "SURF_BRIGHT":
            n_pixels = np.asarray(total.meta["n_pixels"], float)
            with np.errstate(divide="ignore"):
                factor = 1 / (n_pixels * self.cube.pixel_area)
        try:
            flux = (total.flux * factor).to(pipeline.flux.unit)
        except u.UnitConversionError as err:
            raise Stage3Error(
                f"a sum in {total.flux.unit} cannot be compared with the pipeline's spectrum in "
                f"{pipeline.flux.unit}"
            ) from err
        uncertainty = None
        if total.uncertainty is not None:
            error = total.uncertainty.quantity * factor
            uncertainty = StdDevUncertainty(error.to(pipeline.flux.unit))
        return Spectrum(
            flux=flux,
            spectral_axis=u.Quantity(total.spectral_axis),
            uncertainty=uncertainty,
            mask=total.mask,
            meta={"n_missing": 0, "subtracted": total.meta.get("subtracted", False)},
        )

    def _in_circle(self, aperture: PipelineAperture) -> Spectrum:
        """The sum over the circle, less the background that the pipeline has subtracted."""
        if aperture.center is None:
            raise Stage3Error(
                f"{self.data.label}: has no celestial coordinates, so there is no sum over a circle"
            )
        axis = self.cube.spectral_axis
        order = np.argsort(aperture.wavelength.value)
        known = order[np.isfinite(aperture.radius[order])]
        radius = np.interp(axis.value, aperture.wavelength.value[known], aperture.radius[known])
        with warnings.catch_warnings():
            # what is missing of the circle, which the sentence says and the pipeline left out, too
            warnings.simplefilter("ignore", Stage3Warning)
            total = aperture_spectrum(
                self.cube, aperture.center, radius * aperture.arcsec * u.arcsec
            )
        background = self.column("BACKGROUND")
        if background is None or not np.any(np.nan_to_num(background.value)):
            return total
        level = np.interp(
            axis.value, aperture.wavelength.value[order], background.value[order]
        ) * background.unit  # fmt: skip
        held = np.asarray(total.meta["n_pixels"], float) * self.cube.pixel_area
        return Spectrum(
            flux=total.flux - (level * held).to(total.flux.unit),
            spectral_axis=total.spectral_axis,
            uncertainty=total.uncertainty,
            mask=total.mask,
            meta=dict(total.meta) | {"subtracted": True},
        )
