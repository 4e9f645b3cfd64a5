"""A lazy sequence of spectra that are found by source, order, exposure and slit."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from astropy import units as u
from astropy.table import QTable
from specutils import Spectrum

from ..errors import Stage3Error
from ..origin import FileStamp, file_stamp

__all__ = ["AddressedSequence", "check_quantity"]

_QUANTITIES = ("auto", "flux", "surface brightness")


class AddressedSequence(Sequence):
    """The spectra of a file, 1-D or 2-D; each is read from the file when it is asked for.

    Parameters
    ----------
    path : path-like
    entries : sequence of SpectrumEntry or SpectralImageEntry
        Each has ``source_id``, ``order``, ``exposure``, ``slit``, ``detector``, ``ra`` and ``dec``.
    stamp : FileStamp, optional
        Of the file when its spectra were listed; as it is now by default. From a file that was
        written anew since, no spectrum is read.
    exposures : sequence of str, optional
        Names of the exposures of the file, in its order, by which a selection counts them; those of
        the entries by default.
    """

    #: What one of them is, for messages.
    noun = "spectrum"
    #: The attributes of entries that are columns of the table.
    fields: tuple[str, ...] = ("source_id", "order", "exposure", "slit", "detector", "source_type")

    def __init__(
        self,
        path: str | os.PathLike,
        entries: Sequence[Any],
        *,
        stamp: FileStamp | None = None,
        exposures: Sequence[str] | None = None,
    ):
        self.path = Path(path)
        self.stamp = file_stamp(path) if stamp is None else stamp
        self.entries = list(entries)
        if exposures is None:
            exposures = list(dict.fromkeys(entry.exposure for entry in self.entries))
        self.exposures = list(exposures)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return self._with_entries(self.entries[index])
        return self._read([self.entries[index]])[0]

    def __iter__(self) -> Iterator[Spectrum]:
        # through the list of entries, so that iteration opens the file once
        return iter(self.read_all())

    @abstractmethod
    def _with_entries(self, entries: Sequence[Any]) -> Self:
        """Return the same with a part of the entries."""

    @abstractmethod
    def _read(self, entries: Sequence[Any]) -> list[Spectrum]:
        """Read these entries, opening the file once."""

    def read_all(self) -> list[Spectrum]:
        """Read every spectrum of the sequence, opening the file once.

        Returns
        -------
        list of specutils.Spectrum
        """
        return self._read(self.entries)

    @property
    def table(self) -> QTable:
        """What is in the sequence: one row a spectrum, the fields of its entries."""
        table = QTable()
        table["index"] = np.arange(len(self))
        for field in self.fields:
            values: Any = [getattr(entry, field) for entry in self.entries]
            if any(value is None for value in values):
                if all(value is None for value in values):
                    continue
                values = np.ma.masked_invalid(
                    [np.nan if value is None else float(value) for value in values]
                )
            table[field] = values
        table["ra"] = [entry.ra for entry in self.entries] * u.deg
        table["dec"] = [entry.dec for entry in self.entries] * u.deg
        return table

    def select(
        self,
        *,
        source_id: int | Iterable[int] | None = None,
        order: int | Iterable[int] | None = None,
        exposure: str | int | Iterable[str | int] | None = None,
        slit: str | Iterable[str] | None = None,
    ) -> Self:
        """Return the spectra that agree with every given value.

        Parameters
        ----------
        source_id, order, exposure, slit : value or iterable of values, optional
            Exposures may be given by name or by their number in the file, from 1.

        Returns
        -------
        AddressedSequence
            Of the same class, in the order of the file.

        Raises
        ------
        Stage3Error
            If nothing agrees; the message lists what there is.
        """
        entries = self.entries
        for field, wanted in (
            ("source_id", source_id), ("order", order), ("exposure", exposure), ("slit", slit),
        ):  # fmt: skip
            if wanted is None:
                continue
            values: list[Any] = [wanted] if np.isscalar(wanted) else list(wanted)
            if field == "exposure":
                values = [self._exposure_name(value) for value in values]
            absent = [v for v in values if all(getattr(e, field) != v for e in self.entries)]
            if absent:
                have = list(dict.fromkeys(getattr(e, field) for e in self.entries))
                have = [value for value in have if value not in (None, "")] or ["none"]
                raise Stage3Error(
                    f"{self.path.name}: no {self.noun} with {field} = "
                    f"{', '.join(map(str, absent))}; the file has {_shortened(have)}"
                )
            entries = [entry for entry in entries if getattr(entry, field) in values]
        if not entries:
            raise Stage3Error(f"{self.path.name}: no {self.noun} has all of the values asked for")
        return self._with_entries(entries)

    def _exposure_name(self, value: str | int) -> str:
        names = self.exposures
        named = not all(name.isdigit() for name in names)
        if isinstance(value, (int, np.integer)) and named and 1 <= value <= len(names):
            return names[value - 1]
        return str(value)

    def label(self, index: int) -> str:
        """Say in words which spectrum of the file it is, as short as is unambiguous.

        Parameters
        ----------
        index : int

        Returns
        -------
        str
            For example ``'order 1 source 7'``; empty where the file holds one spectrum only.
        """
        entry = self.entries[index]
        parts = []
        if entry.order is not None:
            parts.append(f"order {entry.order}")
        if entry.source_id is not None:
            parts.append(f"source {entry.source_id}")
        if entry.slit and (entry.source_id is None or self._shared["slit"]):
            parts.append(entry.slit)
        if entry.detector and self._shared["detector"]:
            parts.append(entry.detector)
        if entry.exposure:
            parts.append(f"exposure {entry.exposure}")
        return " ".join(parts)

    @cached_property
    def _shared(self) -> dict[str, bool]:
        """Whether sources have several slits, and the sequence several detectors."""
        sources = {entry.source_id for entry in self.entries}
        return {
            "slit": len({(e.source_id, e.slit) for e in self.entries}) > len(sources),
            "detector": len({e.detector for e in self.entries}) > 1,
        }


def _shortened(values: list, most: int = 12) -> str:
    text = ", ".join(str(value) for value in values[:most])
    return text + (f", … ({len(values)} in all)" if len(values) > most else "")


def check_quantity(quantity: str) -> None:
    """Raise unless it is one of those that spectra can be read as.

    Parameters
    ----------
    quantity : str

    Raises
    ------
    Stage3Error
    """
    if quantity not in _QUANTITIES:
        raise Stage3Error(
            f"quantity = {quantity!r}, expected 'auto', 'flux' or 'surface brightness'"
        )
