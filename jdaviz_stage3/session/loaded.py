"""The part of a script that loads files, and makes again what plugins have made of them."""

from __future__ import annotations

from ..errors import Stage3Error
from ..jdaviz_compat import renamed_along
from ..loaders.journal import Loading, Made
from ..origin import file_stamp
from .draft import Draft
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

    def loading(self) -> list[str]:
        """Write the lines that load the files."""
        draft, lines = self._draft, []
        for loading in draft.journal.loadings:
            if draft.needed & loading.labels.keys():
                _note_changes(draft, loading)
                lines += draft.call("load", draft.path(loading.path), **loading.options)
                self.names |= loading.labels
        # what was made before is called after the names then
        return lines if self._made else lines + self._renamed(draft.there)

    def _renamed(self, names: dict[str, str]) -> list[str]:
        lines: list[str] = []
        for uuid, label in names.items():
            before = self.names.get(uuid, label)
            if before != label:
                lines += self._draft.call("rename", before, label)
                for other, name in self.names.items():
                    self.names[other] = renamed_along(name, before, label)
                self.names[uuid] = label
        return lines

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
            lines.append(f"with session.plugin({self._draft.code.of(made.plugin)}) as plg:")
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
    try:
        changed = file_stamp(loading.path) != loading.stamp
    except OSError:
        draft.lost.append(f"{loading.path.name}: the file is not there any more")
        return
    if changed:
        draft.lost.append(f"{loading.path.name}: the file was written anew since it was loaded")
