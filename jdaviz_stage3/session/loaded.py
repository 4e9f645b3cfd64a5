"""The part of a script that loads files, and makes again what plugins have made of them."""

from __future__ import annotations

from collections.abc import Container, Iterable

from ..errors import Stage3Error
from ..loaders.dropped_files import was_dropped
from ..loaders.journal import Loading, Made
from ..origin import file_stamp
from .draft import Draft
from .labels import aside, is_made_of, is_numbered, label_of_file, renamed_with, without_number
from .plugin_settings import PluginValues

__all__ = ["DataLines", "note_lost_data"]


def note_lost_data(draft: Draft) -> None:
    """Note the data that the script cannot restore."""
    for label in sorted(draft.lost_data):
        draft.lost.append(
            f"{label}: neither loaded from a Stage 3 product nor made of such by a plugin of "
            "jdaviz_stage3"
        )


class DataLines:
    """Writes what makes the data, in the order in which it was done.

    Parameters
    ----------
    draft : Draft
    values : PluginValues

    Attributes
    ----------
    names : dict of str to str
        The labels that the data have where the script is now, by glue's identifier of each.
    """

    def __init__(self, draft: Draft, values: PluginValues):
        self._draft, self._values = draft, values
        self._made = [one for one in draft.journal.made if draft.needed & one.labels.keys()]
        self.names: dict[str, str] = {}
        self._inputs = {uuid for made in self._made for uuid in made.inputs.values()}

    def loading(self) -> list[str]:
        """Write the lines that load the files."""
        draft, lines = self._draft, []
        for loading in draft.journal.loadings:
            if draft.needed & loading.labels.keys():
                _note_changes(draft, loading)
                came = list(loading.labels.values())
                lines += self._freed(came)
                options = dict(loading.options)
                start = label_of_file(loading.path, options)
                # else they would come as the first of a label, when that is not loaded or missing
                if any(is_numbered(label) or not is_made_of(label, start) for label in came):
                    options["labels"] = came
                lines += draft.call("load", draft.path(loading.path), **options)
                self.names |= loading.labels
        # what was made before is called after the names then
        return lines if self._made else lines + self._renamed(draft.there)

    def _renamed(self, names: dict[str, str]) -> list[str]:
        lines: list[str] = []
        for uuid, label in names.items():
            if self.names.get(uuid, label) == label:
                continue
            for other in [one for one, name in self.names.items() if name == label]:
                lines += self._put_aside(other, {label})
            before = self.names[uuid]
            if before == label:  # along with that
                continue
            lines += self._draft.call("rename", before, label)
            for other, name in self.names.items():
                self.names[other] = renamed_with(name, before, label)
            self.names[uuid] = label
        return lines

    def _freed(self, labels: Iterable[str], kept: Container[str] = ()) -> list[str]:
        """Rename or remove what has the labels with which data are about to come."""
        lines: list[str] = []
        for label in labels:
            for uuid in list(self.names):
                name = self.names.get(uuid, "")
                # jdaviz numbers an X where there is an X (1), too
                is_held = name == label or without_number(name) == label
                if is_held and uuid not in kept:
                    lines += self._put_aside(uuid, set(labels))
        return lines

    def _put_aside(self, uuid: str, wanted: set[str]) -> list[str]:
        """Give data the label that they have in the end, or another for the time being."""
        name, last = self.names[uuid], self._draft.there.get(uuid)
        if last is None and uuid not in self._inputs:
            del self.names[uuid]
            return self._draft.call("remove", name)
        taken = {*self.names.values(), *wanted}
        if last is None or last in taken or without_number(last) in wanted:
            last = aside(name, taken)
        return self._renamed({uuid: last})

    def making(self) -> list[str]:
        """Write the lines that make data again with plugins of ours, as they were set then."""
        lines: list[str] = []
        for made in self._made:
            lines += self._renamed({uuid: label for label, uuid in made.inputs.items()})
            try:
                body = self._body(made)
            except Stage3Error as err:
                labels = ", ".join(self._draft.there.get(*item) for item in made.labels.items())
                self._draft.lost.append(f"{labels}: made by {made.plugin} ({err})")
                continue
            came = list(made.labels.values())
            lines += self._freed(came, set(made.inputs.values()))
            options = {"labels": came} if any(map(is_numbered, came)) else {}
            opening = "\n".join(self._draft.call("plugin", made.plugin, **options))
            lines += f"with {opening} as plg:".split("\n")
            lines += [f"    {line}" for line in body]
            self.names |= made.labels
        return lines + self._removed() + self._renamed(self._draft.there)

    def _body(self, made: Made) -> list[str]:
        call = self._draft.code.call(f"plg.{made.method}", *made.args, **made.kwargs)
        lines = self._values.lines(made.plugin, made.settings, whole=True)
        return [*lines, *call.split("\n")]

    def _removed(self) -> list[str]:
        """The line that removes what came with others, or was needed to make others."""
        gone = [label for uuid, label in self.names.items() if uuid not in self._draft.there]
        return self._draft.call("remove", *gone) if gone else []


def _note_changes(draft: Draft, loading: Loading) -> None:
    if was_dropped(loading.path):
        draft.lost.append(
            f"{loading.path.name}: was dropped into the browser, and is kept only as long as the "
            "app runs; load it by its path"
        )
        return
    try:
        changed = file_stamp(loading.path) != loading.stamp
    except OSError:
        draft.lost.append(f"{loading.path.name}: the file is not there any more")
        return
    if changed:
        draft.lost.append(f"{loading.path.name}: the file was written anew since it was loaded")
