"""Taking smoothed spectra out of the app: as files, and the settings as Python."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from astropy import units as u
from astropy.io import fits
from specutils import Spectrum

from ...saving import save_files
from ..panel import SavingControls

__all__ = ["SmoothingExport", "write_spectrum"]

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
    """Write a spectrum as a FITS table that specutils reads, as one of `save_files`' writers.

    Parameters
    ----------
    spectrum : specutils.Spectrum
    path : pathlib.Path
        Replaced if it is there.
    """
    note = spectrum.meta.get("smoothing", {})
    header = fits.Header()
    for name, keyword in _KEYWORDS.items():
        if name in note:
            # FITS headers are ASCII, and labels what their user likes
            text = str(note[name]).encode("ascii", "replace").decode()
            header[keyword] = "".join(c if c.isprintable() else "?" for c in text)
    header["COMMENT"] = "Smoothed: neighbouring samples are correlated."
    unit = spectrum.flux.unit
    if not unit.is_equivalent(u.Jy, u.spectral_density(1 * u.um)):
        # specutils finds flux densities by their unit, and must be told of all else
        mapping = {"wavelength": ("spectral_axis", str(spectrum.spectral_axis.unit))}
        mapping["flux"] = ("flux", str(unit))
        if spectrum.uncertainty is not None:
            mapping["uncertainty"] = ("uncertainty", str(unit))
        header["COMMENT"] = "Spectrum.read(path, format='tabular-fits', column_mapping={"
        for name, column in mapping.items():  # a line each, for FITS cuts lines at 72 characters
            header["COMMENT"] = f"{name!r}: {column!r},"
        header["COMMENT"] = "})"
    plain = Spectrum(
        flux=spectrum.flux,
        spectral_axis=spectrum.spectral_axis,
        uncertainty=spectrum.uncertainty,
        mask=spectrum.mask,
        meta={"header": header},
    )
    plain.write(path, format="tabular-fits", overwrite=True)


class SmoothingExport(SavingControls):
    """Saving the results, and the fields for it."""

    def export(self, path: str | os.PathLike, overwrite: bool = False) -> Path:
        """Write the smoothed spectrum to a FITS table.

        `specutils.Spectrum.read` reads it back with ``format='tabular-fits'``; where the flux is
        no flux density (surface brightness), with the ``column_mapping`` that stands in the
        file's header.

        Parameters
        ----------
        path : path-like
            Of the file; with several spectra chosen, a number is put before its suffix.
        overwrite : bool, optional
            Whether a file that is there may be replaced.

        Returns
        -------
        pathlib.Path
            Of the (first) file.

        Raises
        ------
        Stage3Error
            If the settings do not fit, the file is there already, or cannot be written.
        """
        results = self.smooth(add_data=False)
        results = results if isinstance(results, list) else [results]
        return save_files(path, [partial(write_spectrum, each) for each in results], overwrite)[0]

    def to_python(self) -> str:
        """Return Python code that smooths in the same way.

        Returns
        -------
        str
        """
        lines = [
            "import jdaviz",
            "",
            "plg = jdaviz.gca().plugins['Median Smooth']",
            f"plg.dataset = {self._labels()!r}",
            f"plg.method = {self.method_selected!r}",
            f"plg.width_unit = {self.width_unit_selected!r}",
            f"plg.width = {float(self.width or 0):g}",
            f"plg.edge = {self.edge_selected!r}",
            f"plg.dq_bits = {list(self.dq_bits_selected)!r}",
        ]
        if self.method_selected == "Savitzky-Golay":
            lines.append(f"plg.polyorder = {self.polyorder!r}")
        lines += [
            f"plg.fill = {self.fill!r}",
            f"plg.spectral_subset = {self.spectral_subset.selected!r}",
            f"plg.show_results = {self.show_results!r}",
        ]
        return "\n".join([*lines, "smoothed = plg.smooth()"]) + "\n"

    # ---- from the browser ----

    def vue_save_file(self, *_: Any) -> None:
        labels = self._labels()
        self.save_as_asked(self.export, self._result_label(labels[0]) if labels else "", ".fits")
