"""The part of a script that loads files, and makes again what plugins have made of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..errors import Stage3Error
from ..jdaviz_compat import all_data
from ..loaders.journal import Loading, Made
from ..origin import file_stamp
from .draft import Draft
from .plugin_settings import PluginValues

__all__ = ["loading_lines", "made_lines", "note_lost_data"]


def note_lost_data(draft: Draft) -> None:
    """Note the data that the script cannot restore."""
    for label in sorted(draft.lost_data):
        draft.lost.append(
            f"{label}: data that were neither loaded from a Stage 3 product nor added by a plugin "
            "of jdaviz_stage3"
        )


def loading_lines(draft: Draft) -> list[str]:
    """Write the lines that load the files."""
    there = {data.uuid: data.label for data in all_data(draft.app)}
    lines: list[str] = []
    after: list[str] = []
    for loading in draft.journal.loadings:
        if not there.keys() & loading.labels.keys():
            continue
        _note_changes(draft, loading)
        lines += draft.call("load", draft.path(loading.path), **loading.options)
        after += _removed_and_renamed(draft, loading.labels, there)
    return lines + after


def _note_changes(draft: Draft, loading: Loading) -> None:
    try:
        changed = file_stamp(loading.path) != loading.stamp
    except OSError:
        draft.lost.append(f"{loading.path.name}: the file is not there any more")
        return
    if changed:
        draft.lost.append(f"{loading.path.name}: the file was written anew since it was loaded")


def _removed_and_renamed(draft: Draft, came: dict[str, str], there: dict[str, str]) -> list[str]:
    gone = [label for uuid, label in came.items() if uuid not in there]
    lines = draft.call("remove", *gone) if gone else []
    for uuid, label in came.items():
        if uuid in there and there[uuid] != label:
            lines += draft.call("rename", label, there[uuid])
    return lines


def made_lines(draft: Draft, values: PluginValues) -> list[str]:
    """Write the lines that make data again with plugins of ours, as they were set then."""
    there = {data.uuid: data.label for data in all_data(draft.app)}
    lines: list[str] = []
    for made in draft.journal.made:
        if not there.keys() & made.labels.keys():
            continue
        try:
            body = [*values.lines(made.plugin, made.settings, whole=True), _method(draft, made)]
        except Stage3Error as err:
            draft.lost.append(f"{_names(made, there)}: made by {made.plugin} ({err})")
            continue
        lines += _block(draft, made.plugin, body)
        lines += _removed_and_renamed(draft, made.labels, there)
    return lines


def _method(draft: Draft, made: Made) -> str:
    return draft.code.call(f"plg.{made.method}", *made.args, **made.kwargs)


def _names(made: Made, there: dict[str, Any]) -> str:
    return ", ".join(there[uuid] for uuid in made.labels if uuid in there)


def _block(draft: Draft, plugin: str, body: Iterable[str]) -> list[str]:
    head = f"with session.plugin({draft.code.of(plugin)}) as plg:"
    return [head, *(f"    {part}" for line in body for part in line.split("\n"))]
