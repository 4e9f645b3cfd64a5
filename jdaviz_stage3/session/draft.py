"""What the parts of a script have in common while it is written."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import Stage3Error
from ..jdaviz_compat import all_data, data_labels, subset_groups, tray_plugins
from ..loaders.journal import Journal, journal_of
from ..loaders.observed import OF_VIEWERS, observed
from .code import Code

__all__ = ["Draft"]


@dataclass
class Draft:
    """A script on its way.

    Attributes
    ----------
    app : jdaviz app
    folder : pathlib.Path
        What paths are relative to.
    journal : Journal
    now : dict
        What the app is like, see `jdaviz_stage3.loaders.observed.observed`.
    changed : set
        What of it is not as loading has left it.
    there : dict of str to str
        The labels of the data that are there, by glue's identifier of each.
    needed : set of str
        The identifiers of the data that the script makes, those that it removes again too.
    lost_data : set of str
        The labels of the data that the script cannot restore.
    code : Code
    lost : list of str
        What cannot be restored.
    """

    app: Any
    folder: Path
    journal: Journal
    now: dict[tuple, Any]
    changed: set[tuple]
    there: dict[str, str]
    needed: set[str]
    lost_data: set[str]
    code: Code = field(default_factory=Code)
    lost: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, app: Any, folder: Path) -> Draft:
        """Begin the script of an app."""
        journal = journal_of(app)
        there = {data.uuid: data.label for data in all_data(app)}
        needed, lost_ids = _needed(journal, set(there))
        lost = {there[uuid] for uuid in there.keys() & lost_ids}
        lost -= {f"Spectrum ({group.label}, sum)" for group in subset_groups(app)}  # of cubes
        now = _without(observed(app), lost) if journal.loadings else {}
        plugins = tray_plugins(app).values()
        passing = [p for p in plugins if not getattr(p, "in_sessions", True)]
        gone = {label for plugin in passing for label in getattr(plugin, "own_viewers", ())}
        now = _without_viewers(now, gone)
        changed = journal.changed_in(now) if journal.loadings else set()
        return cls(app, folder, journal, now, changed, there, needed, lost)

    def call(self, name: str, *args: Any, **kwargs: Any) -> list[str]:
        """Write a call of the session, as lines; none, and a loss, where a value has no code."""
        try:
            return self.code.call(f"session.{name}", *args, **kwargs).split("\n")
        except Stage3Error as err:
            what = args[0] if args else name
            self.lost.append(f"{what}: {err}")
            return []

    def path(self, path: Path) -> str:
        """Write a path as the script has it, relative to its folder where that can be."""
        if path.is_relative_to(self.folder):
            return path.relative_to(self.folder).as_posix()
        # the system goes up from where links lead to
        real = os.path.join(os.path.realpath(path.parent), path.name)
        try:
            return Path(os.path.relpath(real, os.path.realpath(self.folder))).as_posix()
        except ValueError:  # on another drive
            return path.as_posix()

    def labels(self) -> list[str]:
        """The labels of the data of the app."""
        return data_labels(self.app)

    def is_straight(self) -> bool:
        """Whether nobody has filled or closed the viewers that loading and making have opened.

        Then loading and making again gives the same viewers and colours.
        """
        chosen = (loading.options.get("viewer") for loading in self.journal.loadings)
        if any(isinstance(viewers, list) and viewers for viewers in chosen):
            return False  # they may be of somebody's own, which are not there yet
        known = self.journal.after_loading
        return not any(
            key[0] == "viewer" and (key in known or key in self.journal.touched)
            for key in self.changed
        )


def _needed(journal: Journal, there: set[str]) -> tuple[set[str], set[str]]:
    """Return the identifiers of data that the script makes, and of those that it cannot make."""
    needed = set(there)
    for made in reversed(journal.made):
        if made.labels.keys() & needed:
            needed |= set(made.inputs.values())
    known = {uuid for loading in journal.loadings for uuid in loading.labels}
    for made in journal.made:
        if set(made.inputs.values()) <= known:  # else of what cannot be made
            known |= made.labels.keys()
    return needed & known, needed - known


def _without(found: dict[tuple, Any], lost: set[str]) -> dict[tuple, Any]:
    """Leave out data that are not restored, and the viewers that show nothing else."""
    if not lost:
        return found
    shown = {key[1]: set(value[1]) for key, value in found.items() if key[0] == "viewer"}
    gone = {label for label, labels in shown.items() if labels and labels <= lost}
    kept = {}
    for key, value in found.items():
        if key[0] in OF_VIEWERS and key[1] in gone:
            continue
        if key[0] == "layer" and key[2] in lost:
            continue
        if key[0] == "viewer":
            value = (value[0], tuple(label for label in value[1] if label not in lost))
        if key[0] == "order":
            value = tuple(label for label in value if label not in lost)
        kept[key] = value
    return kept


def _without_viewers(found: dict[tuple, Any], gone: set[str]) -> dict[tuple, Any]:
    """Leave out viewers that plugins open to draw in, where a session has no part of these."""
    if not gone:
        return found
    kept = {
        key: value for key, value in found.items() if key[0] not in OF_VIEWERS or key[1] not in gone
    }
    if ("layout",) in kept:
        kept["layout",] = [part for part in map(_pruner(gone), kept["layout",]) if part]
    return kept


def _pruner(gone: set[str]) -> Callable[[Any], Any]:
    def prune(part: Any) -> Any:
        """A part of a layout without these viewers, empty where nothing is left of it."""
        if isinstance(part, tuple):
            return tuple(label for label in part if label not in gone)
        [(direction, parts)] = part.items()
        left = [one for one in map(prune, parts) if one]
        return {direction: left} if left else ()

    return prune
