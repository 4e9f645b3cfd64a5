"""The pipeline's windows in rectified 2-D spectra."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from bqplot import Lines
from specutils import Spectrum

from ...analysis.extraction.weighted_sum import weighted_sum
from ...analysis.extraction.window import ExtractionWindow, extraction_window
from ...errors import Stage3Error
from ...jdaviz_compat import as_read
from ...readers.spectral_image import SpectralImage
from .shown_extraction import ShownExtraction

__all__ = ["SlitWindow"]


class SlitWindow(ShownExtraction):
    """The window of a rectified 2-D spectrum."""

    def __init__(self, data: Any, spectrum: Any):
        super().__init__(data, spectrum)
        image = as_read(data)
        if not isinstance(image, SpectralImage):
            raise Stage3Error(f"{data.label}: is not as it was loaded any more")
        self.image = image
        if str(spectrum.meta.get("S_RESAMP", "COMPLETE")) != "COMPLETE":
            raise Stage3Error(
                f"{spectrum.label}: was extracted before resampling (S_RESAMP = "
                f"{spectrum.meta['S_RESAMP']}), so its window is one of other pixels"
            )
        n_rows, n_columns = data.shape
        try:
            self.window: ExtractionWindow = extraction_window(
                spectrum.meta, image.entry.dispersion_axis, n_rows, n_columns
            )
        except Stage3Error as err:
            raise Stage3Error(f"{spectrum.label}: {err}") from err

    @property
    def sentence(self) -> str:
        window, axes = self.window, self.image.axes
        low, high = window.lower + 0.5, window.upper - 0.5
        across = "x" if self.image.entry.dispersion_axis == 2 else "y"
        text = (
            f"The pipeline summed {window.width:.4g} pixels along the slit, y = {low:.4g} to "
            f"{high:.4g} (both inside; in the file {across} = {low + 1:.4g} to {high + 1:.4g}, "
            "counted from 1)"
        )
        offsets = axes.offsets(np.array([window.lower, window.upper, window.center]))
        if offsets is None:
            return f"{text}."
        return (
            f'{text}: {offsets[1] - offsets[0]:.3g}" wide, from {offsets[0]:+.3g}" to '
            f'{offsets[1]:+.3g}", its middle {abs(offsets[2]):.2g}" '
            f"{'above' if offsets[2] >= 0 else 'below'} the {axes.origin}."
        )

    def draw(self, marks: Any, viewers: list[Any], color: str) -> None:
        window = self.window
        left, right = window.first - 0.5, window.last + 0.5
        outline = {
            "x": np.array([left, right, right, left, left]),
            "y": np.array([window.lower, window.lower, window.upper, window.upper, window.lower]),
        }
        style = {"colors": [color], "stroke_width": 2, "fill": "none"}
        source = self.image.axes.origin_row
        for viewer in viewers:
            marks.put(viewer, (viewer, self.data.label, "window"), Lines, outline, style)
            if source is not None and self.image.axes.origin.startswith("planned"):
                line = {"x": np.array([left, right]), "y": np.array([source, source])}
                dashed = style | {"stroke_width": 1, "line_style": "dashed"}
                marks.put(viewer, (viewer, self.data.label, "source"), Lines, line, dashed)

    def summed(self) -> Spectrum:
        spectrum, pipeline = self.image.spectrum(), self.pipeline_spectrum
        weights = self.window.weights(*spectrum.flux.shape)
        error = None if spectrum.uncertainty is None else spectrum.uncertainty.array
        total = weighted_sum(spectrum.flux.value, weights, error, spectrum.mask)
        factor = self._factor(spectrum.flux.unit, pipeline, total.n_pixels)
        flux = total.flux * factor
        uncertainty = None
        if total.uncertainty is not None:
            uncertainty = StdDevUncertainty(total.uncertainty * factor)
        return Spectrum(
            flux=flux,
            spectral_axis=u.Quantity(spectrum.spectral_axis),
            uncertainty=uncertainty,
            mask=~np.isfinite(flux.value),
            meta={"n_missing": total.n_missing},
        )

    def _factor(self, unit: u.UnitBase, pipeline: Spectrum, n_pixels: np.ndarray) -> u.Quantity:
        """What sums are multiplied with to be in the unit of the pipeline's spectrum."""
        wanted = pipeline.flux.unit
        if pipeline.meta.get("column") == "SURF_BRIGHT":
            with np.errstate(divide="ignore"):
                return np.where(n_pixels > 0, 1 / n_pixels, np.nan) * _convert(unit, wanted)
        if unit.is_equivalent(u.MJy / u.sr) and wanted.is_equivalent(u.Jy):
            area = self.image.header.get("PIXAR_SR")
            if not isinstance(area, (int, float)) or not area > 0:
                raise Stage3Error(
                    f"{self.data.label}: has no PIXAR_SR, the solid angle of a pixel, so a sum "
                    f"cannot be given in {wanted}"
                )
            return area * _convert(unit * u.sr, wanted)
        return _convert(unit, wanted)


def _convert(unit: u.UnitBase, wanted: u.UnitBase) -> u.Quantity:
    try:
        return unit.to(wanted) * wanted
    except u.UnitConversionError as err:
        raise Stage3Error(
            f"a sum in {unit} cannot be compared with the pipeline's spectrum in {wanted}"
        ) from err
