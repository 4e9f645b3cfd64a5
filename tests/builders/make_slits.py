"""Rectified 2-D spectra (s2d): one slit, many slits, dispersion along x and along y.

In the layout up to jwst 3.0.0 the axes are in the gwcs; the one after it adds FITS keywords,
wavelength × offset in arcsec, with the wavelengths in a table.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from astropy import coordinates as coord
from astropy import units as u
from astropy.io import fits
from astropy.modeling import models
from gwcs import WCS
from gwcs import coordinate_frames as cf
from make_spectra import save, save_tables, spectral_table
from make_tables import ROOT
from schemas_once import datamodels

SCALE = 0.1  # arcsec from one row to the next
RA, DEC = 53.16, -27.79


@dataclass
class Slit:
    """What a slit's file is to hold; arrays as (rows, wavelengths)."""

    n_rows: int = 12
    n_wave: int = 40
    name: str = "S1600A1"
    source_id: int | None = 4
    order: int | None = 1
    source_type: str = "POINT"
    unit: str | None = "MJy"
    row: float = 5.2  # of the source
    low: float = 1.0
    high: float = 1.9
    level: float = 1e-9
    wavelength: np.ndarray | None = None  # a column each, or an image
    with_wcs: bool = True
    with_wavelength: bool = False
    changes: dict = field(default_factory=dict)  # attributes of the model

    def wavelengths(self) -> np.ndarray:
        """Micron, one for each column, not quite linear."""
        if self.wavelength is not None:
            return self.wavelength
        return np.linspace(np.sqrt(self.low), np.sqrt(self.high), self.n_wave) ** 2

    def flux(self) -> np.ndarray:
        """A source whose profile along the slit is a Gaussian, on a background of its own."""
        profile = np.exp(-0.5 * ((np.arange(self.n_rows) - self.row) / 1.1) ** 2)
        spectrum = self.level * (1 + 0.3 * np.sin(np.arange(self.n_wave) / 5))
        return profile[:, None] * spectrum + self.level / 50

    def error(self) -> np.ndarray:
        """Standard deviations, none like another."""
        rng = np.random.default_rng(3)
        return self.level * rng.uniform(0.01, 0.02, (self.n_rows, self.n_wave))


def nirspec_wcs(slit: Slit) -> WCS:
    """What resample gives NIRSpec: detector -> slit_frame -> world, wavelengths in a table."""
    along = models.Linear1D(slope=-1 / slit.n_rows, intercept=0.5)
    table = models.Tabular1D(
        points=(np.arange(slit.n_wave),), lookup_table=slit.wavelengths(), bounds_error=False,
        fill_value=np.nan,
    )  # fmt: skip
    to_slit = models.Mapping((0, 1, 0)) | models.Const1D(0.0) & along & table
    to_slit.inverse = models.Mapping((2, 1)) | table.inverse & along.inverse
    height = slit.n_rows * SCALE / 3600
    to_sky = models.Mapping((0, 1)) | models.Scale(height) & models.Scale(height)
    to_sky |= models.Pix2Sky_Gnomonic() | models.RotateNative2Celestial(RA, DEC, 180)
    to_world = models.Mapping((0, 1, 2)) | to_sky & models.Identity(1)
    detector, world, spectral = _frames()
    place = cf.Frame2D(name="place", axes_order=(0, 1), unit=("", ""))
    slit_frame = cf.CompositeFrame([place, spectral], name="slit_frame")
    wcs = WCS([(detector, to_slit), (slit_frame, to_world), (world, None)])
    wcs.bounding_box = ((-0.5, slit.n_wave - 0.5), (-0.5, slit.n_rows - 0.5))
    return wcs


def lrs_wcs(slit: Slit) -> WCS:
    """What resample gives MIRI LRS: detector (slit along x, dispersion along y) -> world."""
    step = SCALE / 3600
    x = models.Linear1D(slope=step, intercept=-step * slit.row)
    y = models.Linear1D(slope=0.0, intercept=0.0)
    sky = x & y | models.Pix2Sky_Gnomonic() | models.RotateNative2Celestial(RA, DEC, 180)
    table = models.Tabular1D(points=(np.arange(slit.n_wave),), lookup_table=slit.wavelengths())
    forward = models.Mapping((0, 0, 1)) | sky & table
    to_plane = models.RotateCelestial2Native(RA, DEC, 180) | models.Sky2Pix_Gnomonic()
    forward.inverse = (
        to_plane & table.inverse
        | models.Mapping((0, 2), n_inputs=3)
        | (x.inverse & models.Identity(1))
    )
    detector, world, _ = _frames()
    wcs = WCS([(detector, forward), (world, None)])
    wcs.bounding_box = ((-0.5, slit.n_rows - 0.5), (-0.5, slit.n_wave - 0.5))
    return wcs


def _frames() -> tuple[cf.Frame2D, cf.CompositeFrame, cf.SpectralFrame]:
    detector = cf.Frame2D(name="detector", axes_order=(0, 1))
    sky = cf.CelestialFrame(name="sky", axes_order=(0, 1), reference_frame=coord.ICRS())
    spectral = cf.SpectralFrame(name="wavelength", axes_order=(2,), unit=(u.um,))
    return detector, cf.CompositeFrame([sky, spectral], name="world"), spectral


def slit_model(slit: Slit, *, dispersion_axis: int = 1) -> datamodels.SlitModel:
    """One slit as a data model: what no exposure covered is NaN, and its weight 0."""
    model = datamodels.SlitModel()
    data, error = slit.flux(), slit.error()
    weight = np.full(data.shape, 7.0)
    if data.size:
        weight[0, :3] = 0
    data[weight == 0] = error[weight == 0] = np.nan
    arrays = {
        "data": data, "err": error, "wht": weight,
        "var_poisson": error**2 * 0.7, "var_rnoise": error**2 * 0.3, "var_flat": error * 0,
    }  # fmt: skip
    if slit.with_wavelength:
        arrays["wavelength"] = np.broadcast_to(slit.wavelengths(), data.shape)
    for name, array in arrays.items():
        array = array.T if dispersion_axis == 2 else array
        setattr(model, name, np.ascontiguousarray(array, dtype="f4"))
    context = (weight > 0).astype("i4")
    model.con = np.ascontiguousarray(context.T if dispersion_axis == 2 else context)[None]
    model.meta.wcsinfo.dispersion_direction = dispersion_axis
    model.meta.wcsinfo.spectral_order = slit.order
    model.meta.photometry.pixelarea_steradians = (SCALE * 0.2 * u.arcsec**2).to_value(u.sr)
    model.name, model.source_id, model.source_type = slit.name, slit.source_id, slit.source_type
    if slit.unit is not None:
        model.meta.bunit_data = model.meta.bunit_err = slit.unit
    for name, value in slit.changes.items():
        setattr(model, name, value)
    if not slit.with_wcs:
        return model
    if dispersion_axis == 1:
        model.source_xpos, model.source_ypos = 0.0, 0.5 - slit.row / slit.n_rows
        model.meta.wcs = nirspec_wcs(slit)
    else:
        model.meta.dither.dithered_ra, model.meta.dither.dithered_dec = RA, DEC
        model.meta.wcs = lrs_wcs(slit)
    return model


def single_slit(folder: Path, slit: Slit | None = None, *, name: str = f"{ROOT}_s2d.fits") -> Path:
    """An s2d of one NIRSpec slit: a point source, in MJy."""
    model = slit_model(slit or Slit())
    model.meta.exposure.type = "NRS_FIXEDSLIT"
    model.meta.instrument.name = "NIRSPEC"
    model.meta.cal_step.photom = "COMPLETE"
    return save(model, folder / name)


def lrs_slit(folder: Path, slit: Slit | None = None, *, name: str = f"{ROOT}_s2d.fits") -> Path:
    """An s2d of MIRI LRS: dispersion along y, wavelengths descending, in MJy/sr."""
    slit = slit or Slit(
        name="", source_id=None, order=None, unit="MJy/sr", low=13.9, high=4.0, level=20.0,
        with_wavelength=True,
    )  # fmt: skip
    model = slit_model(slit, dispersion_axis=2)
    model.meta.exposure.type = "MIR_LRS-FIXEDSLIT"
    model.meta.instrument.name = "MIRI"
    model.meta.cal_step.photom = "COMPLETE"
    return save(model, folder / name)


def slits_of_sizes(n: int = 3) -> list[Slit]:
    """Slits of different sizes and sources, with the wavelengths as images as well."""
    return [
        Slit(n_rows=8 + k, n_wave=30 + 5 * k, name=f"S{k + 1}", source_id=10 + k, row=3.5 + k / 3,
             source_type="EXTENDED" if k % 2 else "POINT", unit="MJy/sr", level=1.0 + k,
             with_wavelength=True)
        for k in range(n)
    ]  # fmt: skip


def many_slits(
    folder: Path, slits: Sequence[Slit] | None = None, *, name: str = f"{ROOT}_s2d.fits",
    mode: tuple[str, str] = ("NIRSPEC", "NRS_MSASPEC"), dispersion_axis: int = 1,
) -> Path:  # fmt: skip
    """An s2d with a SCI extension for each slit (fixed slits, MOS, WFSS)."""
    product = datamodels.MultiSlitModel()
    for slit in slits or slits_of_sizes():
        product.slits.append(slit_model(slit, dispersion_axis=dispersion_axis))
    product.meta.instrument.name, product.meta.exposure.type = mode
    product.meta.cal_step.photom = "COMPLETE"
    return save(product, folder / name)


def slitless_sources() -> list[Slit]:
    """Sources of a slitless field in two orders, none of one size; what the pipeline calls a slit
    is the number of the source. Its gwcs is that of the exposure, not of what was cut out."""
    return [
        Slit(n_rows=n_rows, n_wave=24 + number + 20 * order, name=str(number), source_id=number,
             order=order, row=4.0 + number / 10, low=1.3 / order,
             high=1.7 / order, level=number + 100.0 * order, unit="MJy/sr", with_wcs=False,
             with_wavelength=True, source_type="EXTENDED" if number == 5 else "POINT")
        for order in (1, 2)
        for number, n_rows in ((2, 11), (5, 14), (9, 70))
    ]  # fmt: skip


def with_fits_wcs(path: Path, slits: Sequence[Slit], *, axis: int = 1, table: bool = True) -> Path:
    """The same with the FITS keywords that the pipeline writes after 3.0.0, and without a gwcs."""
    with fits.open(path) as hdus:
        columns = []
        science = [hdu for hdu in hdus if hdu.name == "SCI"]
        for hdu, slit in zip(science, slits, strict=True):
            column = f"wave_slit_{slit.name}" if slit.name else "wavelength"
            hdu.header.update({
                "WCSAXES": 2, f"CTYPE{axis}": "WAVE-TAB", f"PS{axis}_0": "WCS-TABLE",
                f"PS{axis}_1": column, f"CRVAL{axis}": 1.0, f"CRPIX{axis}": 1.0,
                f"CUNIT{axis}": "um", f"CTYPE{3 - axis}": "SPATIAL", f"CRVAL{3 - axis}": 0.0,
                f"CDELT{3 - axis}": SCALE, f"CUNIT{3 - axis}": "arcsec",
                f"CRPIX{3 - axis}": slit.row + 1,
            })  # fmt: skip
            values = slit.wavelengths().astype("f4").reshape(1, -1, 1)
            columns.append(fits.Column(column, f"{values.size}E", dim=f"(1,{values.size})",
                                       array=values))  # fmt: skip
        kept = [hdu for hdu in hdus if hdu.name != "ASDF"]
        if table:
            kept.append(fits.BinTableHDU.from_columns(columns, name="WCS-TABLE"))
        fits.HDUList(kept).writeto(path, overwrite=True)
    return path


def window_of(slit: Slit, width: float = 5.0) -> tuple[float, float]:
    """Limits along the slit of a window around the source, as the pipeline writes them: from 1."""
    return slit.row - (width - 1) / 2 + 1, slit.row + (width - 1) / 2 + 1


def extracted_slits(
    folder: Path, slits: Sequence[Slit], *, width: float = 5.0, dispersion_axis: int = 1,
    name: str = f"{ROOT}_x1d.fits", factor: float = 1.0,
) -> Path:  # fmt: skip
    """The x1d of slits: plain sums in windows around the sources, times a factor."""
    tables = []
    for slit in slits:
        start, stop = window_of(slit, width)
        flux = slit.flux()
        flux[0, :3] = np.nan
        low, high = start - 1 - 0.5, stop - 1 + 0.5  # edges of the window, from 0
        rows = np.arange(slit.n_rows)
        weight = np.clip(np.minimum(rows + 0.5, high) - np.maximum(rows - 0.5, low), 0, 1)
        total = np.nansum(flux * weight[:, None], axis=0)
        area = (SCALE * 0.2 * u.arcsec**2).to_value(u.sr)
        jansky = total * (1e6 if slit.unit == "MJy" else 1e6 * area) * factor
        columns = {"WAVELENGTH": slit.wavelengths(), "FLUX": jansky, "FLUX_ERROR": jansky / 30,
                   "SURF_BRIGHT": total / weight.sum(), "SB_ERROR": total / 100, "DQ": 0,
                   "NPIXELS": weight.sum()}  # fmt: skip
        spatial, spectral = ("y", "x") if dispersion_axis == 1 else ("x", "y")
        header = {
            "name": slit.name, "source_id": slit.source_id, "spectral_order": slit.order,
            "source_type": slit.source_type, "dispersion_direction": dispersion_axis,
            f"extraction_{spatial}start": start, f"extraction_{spatial}stop": stop,
            f"extraction_{spectral}start": 1, f"extraction_{spectral}stop": slit.n_wave,
        }  # fmt: skip
        header = {key: value for key, value in header.items() if value not in (None, "")}
        tables.append((spectral_table("SpecModel", slit.n_wave, columns), header))
    return save_tables(folder / name, "MultiSpecModel", tables)
