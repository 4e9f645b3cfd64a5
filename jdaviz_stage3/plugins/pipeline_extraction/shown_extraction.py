"""What the plugin needs of a kind of data: its window or aperture in words, in figures, summed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

from specutils import Spectrum

from ...errors import Stage3Error
from ...jdaviz_compat import as_read
from ...origin import origin_of
from ...readers.spectra import read_spectra

__all__ = ["ShownExtraction"]


class ShownExtraction(ABC):
    """Data in the app, and the spectrum that the pipeline has extracted from them.

    Parameters
    ----------
    data : glue data
        A 2-D spectrum or a cube.
    spectrum : glue data
        The pipeline's spectrum.

    Raises
    ------
    Stage3Error
        If it is not known what was extracted.
    """

    #: Whether it is drawn anew with each slice of a cube.
    follows_slice = False
    #: What its sum is called in the app, behind the label of the data.
    sum_name = "sum"

    def __init__(self, data: Any, spectrum: Any):
        self.data = data
        self.spectrum = spectrum

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What was extracted, in pixels and arcsec."""

    @abstractmethod
    def draw(self, marks: Any, viewers: list[Any], color: str) -> None:
        """Draw it over the data.

        Parameters
        ----------
        marks : FigureMarks
        viewers : list of glue viewers
            In which the data are shown.
        color : str
        """

    @abstractmethod
    def summed(self) -> Spectrum:
        """Return the sum over it, in the unit of the pipeline's spectrum."""

    @property
    def pipeline_spectrum(self) -> Spectrum:
        """The pipeline's spectrum as it was read."""
        spectrum = as_read(self.spectrum)
        if not isinstance(spectrum, Spectrum):
            raise Stage3Error(f"{self.spectrum.label}: is not as it was loaded any more")
        return spectrum

    def column(self, name: str) -> Any | None:
        """Read another column of the pipeline's spectrum from its file.

        Parameters
        ----------
        name : str

        Returns
        -------
        Quantity or None
            None where it has no such column.
        """
        meta = self.pipeline_spectrum.meta
        for index, entry in enumerate(self._sequence.entries):
            if entry.extension == meta.get("extension") and entry.row == meta.get("row"):
                return self._sequence.column(index, name)
        return None

    @cached_property
    def _sequence(self) -> Any:
        return read_spectra(origin_of(self.spectrum).path)
