"""Writing smoothed spectra."""

from __future__ import annotations

from pathlib import Path

from astropy.io import fits
from specutils import Spectrum

from ...errors import Stage3Error

__all__ = ["write_spectrum"]

# FITS keywords of the note on what was done; each at most eight letters.
_KEYWORDS = {
    "method": "SMMETHOD",
    "width": "SMWIDTH",
    "edge": "SMEDGE",
    "polyorder": "SMORDER",
    "excluded": "SMEXCL",
    "input": "SMINPUT",
    "package": "SMPACKAG",
}


def write_spectrum(spectrum: Spectrum, path: Path) -> None:
    """Write a spectrum as a FITS table that specutils reads.

    Parameters
    ----------
    spectrum : specutils.Spectrum
    path : pathlib.Path
        Replaced if it is there.

    Raises
    ------
    Stage3Error
        If it cannot be written.
    """
    note = spectrum.meta.get("smoothing", {})
    header = fits.Header()
    for name, keyword in _KEYWORDS.items():
        if name in note:
            # FITS headers are ASCII, and labels what their user likes
            text = str(note[name]).encode("ascii", "replace").decode()
            header[keyword] = "".join(c if c.isprintable() else "?" for c in text)
    header["COMMENT"] = "Smoothed: neighbouring samples are correlated."
    plain = Spectrum(
        flux=spectrum.flux,
        spectral_axis=spectrum.spectral_axis,
        uncertainty=spectrum.uncertainty,
        mask=spectrum.mask,
        meta={"header": header},
    )
    try:
        plain.write(path, format="tabular-fits", overwrite=True)
    except (OSError, ValueError) as err:
        reason = getattr(err, "strerror", None) or err
        raise Stage3Error(f"{path}: cannot be written ({reason})") from err
