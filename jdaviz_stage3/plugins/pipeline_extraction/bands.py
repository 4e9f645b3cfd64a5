"""One aperture on the sky in all cubes of a target: their spectra, and how neighbours differ."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import QTable
from specutils import Spectrum

from ...analysis.cubes.aperture import aperture_spectra
from ...analysis.cubes.stitching import band_offsets, stitch
from ...errors import Stage3Error, Stage3Warning, reason_of
from ...jdaviz_compat import all_data, as_read
from ...origin import of_suffix
from .apertures import CubeAperture

__all__ = ["BandExtraction", "cubes_of_target", "offsets_as_rows"]


def cubes_of_target(app: Any, data: Any) -> list[Any]:
    """Return the cubes (glue data) of an app that are of the same target as one of them.

    Parameters
    ----------
    app : jdaviz application or plugin
    data : glue data
        One of them.

    Returns
    -------
    list of glue data
        As they were loaded: cubes that were made of others are not among them.
    """
    target = data.meta.get("TARGNAME")
    return [
        other
        for other in all_data(app)
        if other.ndim == 3
        and of_suffix(other, "s3d")
        and as_read(other) is not None
        and other.meta.get("TARGNAME") == target
    ]


class BandExtraction:
    """The aperture, the cubes, and their spectra.

    Parameters
    ----------
    cubes : list of glue data
        Of one target.
    center : SkyCoord
    radius : Quantity
    reference : Quantity or None
        See `jdaviz_stage3.analysis.aperture_spectrum`.

    Attributes
    ----------
    spectra : list of specutils.Spectrum
        By wavelength; ``meta["cube"]`` is the label of the cube.
    offsets : QTable or None
        Of neighbouring bands; None of one cube.
    notes : list of str
        What is to be known of them.
    """

    def __init__(
        self, cubes: list[Any], center: SkyCoord, radius: u.Quantity, reference: u.Quantity | None
    ):
        self.center, self.radius, self.reference = center, radius, reference
        self.spectra: list[Spectrum] = []
        self.notes: list[str] = []
        for cube in cubes:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", Stage3Warning)
                try:
                    [spectrum] = aperture_spectra(
                        [as_read(cube)], center, radius, reference=reference
                    )
                except Stage3Error as err:
                    self.notes.append(f"{err}; left out")
                    continue
            name = spectrum.meta["band_name"] or cube.label
            self.notes += [f"{name}: {w.message}" for w in caught if w.category is Stage3Warning]
            spectrum.meta["cube"] = cube.label
            self.spectra.append(spectrum)
        if not self.spectra:
            raise Stage3Error("; ".join(self.notes) or "there is no cube to sum")
        self.spectra.sort(key=lambda spectrum: spectrum.spectral_axis.min())
        several = len(self.spectra) > 1
        self.offsets: QTable | None = band_offsets(self.spectra) if several else None

    def label(self, spectrum: Spectrum) -> str:
        """What one of the spectra is called in the app."""
        return f"{spectrum.meta['cube']} ({self.words})"

    @property
    def words(self) -> str:
        """The radius: ``'r = 0.5"'``."""
        text = f'r = {self.radius.to_value(u.arcsec):g}"'
        if self.reference is not None:
            text += f" at {self.reference.to_value(u.um):g} um"
        return text

    def stitched(self, scale: bool) -> Spectrum:
        """Return all of them as one spectrum."""
        return stitch(self.spectra, scale=scale)


def position(text: str, data: Any, extraction: Any) -> SkyCoord:
    """Return the centre of an aperture.

    Parameters
    ----------
    text : str
        A position in degrees or in hours and degrees; where it is empty, that of the pipeline's
        circle, of the target, or of the middle of the field.
    data : glue data
        The chosen cube.
    extraction : ShownExtraction or None
        What the pipeline has extracted from it.

    Returns
    -------
    SkyCoord

    Raises
    ------
    Stage3Error
        If the text is no position, or there is no position to take.
    """
    if text.strip():
        try:
            hours = ":" in text or "h" in text
            return SkyCoord(text, unit=(u.hourangle, u.deg) if hours else u.deg)
        except (ValueError, TypeError) as err:
            raise Stage3Error(
                f"{text!r} is no position ({reason_of(err)}); give RA and Dec, such as "
                "'16:02:00.1 -20:06:00' or '240.5 -20.1'"
            ) from err
    if isinstance(extraction, CubeAperture) and extraction.aperture.radius is not None:
        if extraction.aperture.center is not None:
            return extraction.aperture.center
    ra, dec = (data.meta.get(key) for key in ("TARG_RA", "TARG_DEC"))
    if all(isinstance(value, (int, float)) and np.isfinite(value) for value in (ra, dec)):
        return SkyCoord(ra, dec, unit="deg")
    cube = as_read(data)
    if not cube.wcs.has_celestial:
        raise Stage3Error(f"{data.label}: has no celestial coordinates")
    _, ny, nx = cube.shape
    return cube.wcs.celestial.pixel_to_world((nx - 1) / 2, (ny - 1) / 2)


def offsets_as_rows(offsets: QTable | None) -> list[dict[str, str]]:
    """Return a table of offsets as texts, for the panel.

    Parameters
    ----------
    offsets : QTable or None
        Of `jdaviz_stage3.analysis.band_offsets`.

    Returns
    -------
    list of dict
        Of each pair of bands: ``bands``, ``overlap``, ``ratio``.
    """
    rows = []
    for row in () if offsets is None else offsets:
        known = np.isfinite(row["ratio"])
        low, high = row["low"].to_value(u.um), row["high"].to_value(u.um)
        rows.append(
            {
                "bands": f"{row['band_2']} / {row['band_1']}",
                "overlap": f"{low:.3f}–{high:.3f}" if row["n_1"] or row["n_2"] else "none",
                "ratio": f"{row['ratio']:.4f} ± {row['ratio_err']:.4f}" if known else "",
            }
        )
    return rows
