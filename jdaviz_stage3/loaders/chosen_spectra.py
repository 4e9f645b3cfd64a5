"""What importers of files with many spectra have in common: which of them are loaded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from traitlets import HasTraits, observe

from ..jdaviz_compat import all_data, show_message
from ..origin import origin_of
from ..readers.addressed_sequence import AddressedSequence

__all__ = ["ChosenSpectra", "chosen_by", "unique_labels"]

#: With more spectra than this in a file, only the first source's are loaded unless asked for.
MOST_BY_DEFAULT = 8


def chosen_by(name: str) -> property:
    """Make a setting of an importer by which parts of a file are chosen.

    Parameters
    ----------
    name : str
        What ``_choose`` of the importer takes, and ``_chosen`` keeps.

    Returns
    -------
    property
    """
    return property(
        lambda self: self._chosen[name], lambda self, value: self._choose(**{name: value})
    )


class ChosenSpectra(HasTraits):
    """Mixed into an importer that declares the choice ``spectra``.

    Attributes
    ----------
    addresses : tuple of str
        The settings by which spectra are chosen.
    """

    addresses = ("source_id", "order", "exposure", "slit")
    _labels: list[str] = []  # where the file cannot be read

    def offer_spectra(self, sequence: AddressedSequence, what: str) -> None:
        """Offer the spectra of a file, and choose those that are loaded if nothing is asked for.

        Parameters
        ----------
        sequence : AddressedSequence
        what : str
            What they are, in the plural.
        """
        self._sequence = sequence
        self._what = what
        self._labels = unique_labels(sequence)
        self._chosen = dict.fromkeys(self.addresses)
        hint = f"{len(self._labels)} {what} in the file; choose those to load."
        self.offer("spectra", self._labels, hint)
        self._select_default()

    def reset_and_check_existing_data_in_dc(self, change: Any = None) -> None:
        """Say which of the spectra are loaded already: see jdaviz, which asks for all hashes.

        Of the thousands in a slitless file only those are made that some data may have.
        """
        origins = [origin_of(data) for data in all_data(self)]
        parts = {one.part for one in origins if one and one.stamp == self.product.stamp}
        there = [label for label in self._labels if label in parts] if parts else []
        self.data_hashes = [self.product.data_hash(label) for label in there]
        self.hash_map_to_label = dict(zip(self.data_hashes, there, strict=True))
        super().reset_and_check_existing_data_in_dc(change)

    def _select_default(self) -> None:
        entries = self._sequence.entries
        if len(entries) <= MOST_BY_DEFAULT:
            chosen: Iterable[str] = self._labels
        else:
            first = entries[0].source_id
            same = [
                label
                for label, entry in zip(self._labels, entries, strict=True)
                if first is not None and entry.source_id == first
            ]
            chosen = (same or self._labels)[:MOST_BY_DEFAULT]
        self.spectra.selected = list(chosen)

    def _choose(self, **values) -> None:
        """Select the spectra that agree with every value given so far."""
        if self._problem is not None:
            raise self._problem
        self._chosen.update(values)
        wanted = self._sequence.select(**self._chosen).entries
        # what is wanted are the same objects
        places = {id(entry): place for place, entry in enumerate(self._sequence.entries)}
        self.spectra.selected = [self._labels[places[id(entry)]] for entry in wanted]

    source_id, order = chosen_by("source_id"), chosen_by("order")
    exposure, slit = chosen_by("exposure"), chosen_by("slit")

    @observe("spectra_selected")
    def _on_spectra_selected(self, change=None):
        self.import_disabled_msg = "" if self.spectra_selected else "Choose at least one spectrum."

    def say_what_is_left(self) -> None:
        """Show how many were not loaded, where nobody has asked for some of them."""
        left = len(self._labels) - len(self.spectra_selected)
        if left and all(value is None for value in self._chosen.values()):
            show_message(
                self,
                f"{self.product.path.name}: {len(self.spectra_selected)} of {len(self._labels)} "
                f"{self._what} loaded; choose others in the loader or with load(…, source_id=…)",
                color="warning",  # jdaviz shows no less
            )


def unique_labels(sequence: AddressedSequence) -> list[str]:
    """Name the spectra of a file, numbered where the names are not distinct.

    Parameters
    ----------
    sequence : AddressedSequence

    Returns
    -------
    list of str
    """
    labels = [sequence.label(index) or "spectrum" for index in range(len(sequence))]
    if len(set(labels)) < len(labels):
        labels = [f"{label} ({index + 1})" for index, label in enumerate(labels)]
    return labels
