"""The app as a script."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import Stage3Error
from ..jdaviz_compat import application, configuration, subset_groups
from ..saving import save_files
from ..version import VERSION
from .draft import Draft
from .loaded import DataLines, note_lost_data
from .plugin_settings import PluginValues, plugin_lines
from .subset_states import SubsetStep, steps_of, subset_color
from .views import look_lines, viewer_lines

__all__ = ["save", "to_python"]

_HERE = "Path(__file__).parent"


def to_python(app: Any = None, folder: str | os.PathLike | None = None) -> str:
    """Write a script that makes an app again from the files.

    It loads the products that were loaded, and says what is not as loading leaves it: names,
    subsets, results of our plugins, their settings, viewers and what they show, styles, limits,
    and the layout. What cannot be restored stands at its top.

    Parameters
    ----------
    app : jdaviz app, optional
        The generalised app; by default ``jdaviz.gca()``.
    folder : path-like, optional
        What the paths in the script are relative to; by default the folder that holds all files.

    Returns
    -------
    str
        Python code, to be saved, pasted into a notebook, or opened with ``jdaviz-stage3 open``.

    Raises
    ------
    Stage3Error
        If the app is no generalised app.
    """
    return _script(app, folder, None)


def save(app: Any = None, path: str | os.PathLike = "session.py", overwrite: bool = False) -> Path:
    """Write the script of an app into a file, its paths relative to where that lies.

    Parameters
    ----------
    app : jdaviz app, optional
        The generalised app; by default ``jdaviz.gca()``.
    path : path-like, optional
        Of the script.
    overwrite : bool, optional
        Whether a file that is there may be replaced.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    Stage3Error
        If the app is no generalised app, the file is there already, or cannot be written.
    """
    folder = Path(path).expanduser().absolute().parent
    text = _script(app, folder, _HERE)
    [saved] = save_files(path, [lambda draft: draft.write_text(text, "utf-8")], overwrite)
    return saved


def _script(app: Any, folder: str | os.PathLike | None, written_as: str | None) -> str:
    if app is None:
        import jdaviz

        app = jdaviz.gca()
    if configuration(app) != "deconfigged":
        raise Stage3Error(
            f"session: only of the generalised app (jdaviz.gca()), not of {configuration(app)}"
        )
    draft = Draft.of(application(app), Path())
    draft.folder = _common_folder(draft) if folder is None else Path(folder).expanduser().absolute()
    body = _body(draft)
    return "\n".join([*_head(draft, written_as), *(f"        {line}".rstrip() for line in body),
                      *_tail()]) + "\n"  # fmt: skip


def _common_folder(draft: Draft) -> Path:
    parents = [loading.path.parent for loading in draft.journal.loadings]
    try:
        return Path(os.path.commonpath(parents)) if parents else Path.cwd()
    except ValueError:  # on several drives
        return Path.cwd()


def _body(draft: Draft) -> list[str]:
    note_lost_data(draft)
    values = PluginValues(draft)
    data = DataLines(draft, values)
    loaded = data.loading()
    first = plugin_lines(draft, values, first=True)
    subsets, on_made = _subset_lines(draft, dict(data.names))
    sections = {
        "the products": loaded,
        "alignment and units": first,
        "subsets": subsets,
        "what plugins have made, and other changes of the data": data.making(),
        "subsets on these": on_made,
        "viewers": viewer_lines(draft),
        "plugins": plugin_lines(draft, values, first=False),
        "styles, limits and layout": look_lines(draft),
    }
    lines: list[str] = []
    for title, part in sections.items():
        if part:
            lines += ["", f"# {title}", *part] if lines else [f"# {title}", *part]
    return lines or ["pass  # nothing was loaded"]


def _subset_lines(draft: Draft, names: dict[str, str]) -> tuple[list[str], list[str]]:
    """Write the subsets: those on what was loaded, and those on what was made of it.

    Of the former the labels are those that the data have before anything is made.
    """
    before = {draft.there[uuid]: label for uuid, label in names.items() if uuid in draft.there}
    found: dict[bool, list] = {True: [], False: []}
    for group in subset_groups(draft.app):
        try:
            steps = steps_of(group.subset_state)
            early = {step.on for step in steps} <= {None, *before}
            calls = [_subset_call(step, before if early else {}) for step in steps]
            # all steps or none: with some of them it would be another subset under this name
            for args, more in calls:
                draft.code.call("subset", group.label, *args, **more)
        except (Stage3Error, ValueError, NotImplementedError, AttributeError) as err:
            draft.lost.append(f"{group.label}: a subset ({err})")
            continue
        if lost := {step.on for step in steps} & draft.lost_data:
            draft.lost.append(f"{group.label}: a subset on {', '.join(sorted(lost))}")
            continue
        found[early].append((group, calls))
    lines: dict[bool, list[str]] = {True: [], False: []}
    in_order = [(early, *entry) for early in (True, False) for entry in found[early]]
    for number, (early, group, calls) in enumerate(in_order):
        # glue gives colours in the order in which they come, which is another one with both kinds
        if all(found.values()) or group.style.color.lower() != subset_color(number):
            calls[0][1]["color"] = group.style.color
        for args, more in calls:
            lines[early] += draft.call("subset", group.label, *args, **more)
    return lines[True], lines[False]


def _subset_call(step: SubsetStep, names: dict[str, str]) -> tuple[tuple, dict[str, Any]]:
    """What `Restoring.subset` is called with for a step, on data that have these names then."""
    mode = None if step.mode == "new" else step.mode
    on = names.get(step.on, step.on) if step.on else step.on
    more = {"on": on, "axes": step.axes, "unit": step.unit or None, "mode": mode}
    return (step.region,), {name: value for name, value in more.items() if value is not None}


def _head(draft: Draft, written_as: str | None) -> list[str]:
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    lines = [f"# A session of jdaviz, written by jdaviz_stage3 {VERSION} on {when}."]
    if draft.lost:
        lines += ["#", "# Not restored:"]
        for text in dict.fromkeys(draft.lost):
            # one line, whatever is in a label
            lines.append("# - " + "".join(c if c.isprintable() else " " for c in text))
    lines += ["", "from pathlib import Path", ""]
    lines += ["import jdaviz", "import jdaviz_stage3 as stage3", *draft.code.imports(), ""]
    if written_as is None:
        lines.append(f"# where the files are; {_HERE} is the folder of this script")
        written_as = f"Path({draft.code.of(draft.folder)})"
    lines.append(f"FOLDER = {written_as}")
    return [
        *lines, "", "", "def restore(app):",
        '    """Make the session again in an app of jdaviz."""',
        "    with stage3.session.restoring(app, FOLDER) as session:",
    ]  # fmt: skip


def _tail() -> list[str]:
    return [
        "", "",
        'if __name__ == "__main__":  # not with jdaviz-stage3 open, which brings its own app',
        "    restore(jdaviz.new_app())",
        "    stage3.show()",
    ]  # fmt: skip
