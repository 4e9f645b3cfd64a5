"""Light curves that plugins have made: their tables in the data of an app, and in its viewers."""

from __future__ import annotations

from typing import Any

from astropy.table import QTable

from ..analysis.light_curves.table import LightCurveColumns
from ..jdaviz_compat import (
    add_table,
    add_to_viewer,
    create_viewer,
    data_labels,
    data_of,
    glue_viewer,
    in_place_at_once,
    remove_data,
    show_as_tab,
    viewers_of_kind,
)

__all__ = ["add_curve", "show_curve"]

_VIEWER = "Light curves"
_KIND = "stage3-light-curve-viewer"


def add_curve(app: Any, name: str, table: QTable) -> None:
    """Add a table to the data of an app, in place of what has its label."""
    if name in data_labels(app):
        remove_data(app, [name])
    add_table(app, name, table)


def show_curve(
    app: Any, name: str, table: QTable, beside: str = "", *, with_loaded: bool = False,
    viewer_label: str = _VIEWER,
) -> None:  # fmt: skip
    """Show an added light curve with those that were added before, if it is like them.

    Parameters
    ----------
    app : jdaviz helper, inner application or plugin
    name : str
        Its label.
    table : QTable
    beside : str
        The viewer whose place a new one takes; empty for none.
    with_loaded : bool, optional
        Whether it goes to curves like it that were loaded, too, where none were added before.
    viewer_label : str, optional
        What the viewer is called, for curves that others would dwarf.
    """
    columns = LightCurveColumns.of(table.meta)
    kind = (str(table[columns.flux].unit), columns.date or columns.time)
    label = viewer_label
    viewer = glue_viewer(app, label)
    if viewer is not None and viewer.state.layers and kind != _kind_in(viewer):
        label = f"{viewer_label} ({', '.join(filter(None, kind))})"
        viewer = glue_viewer(app, label)
    if viewer is None and with_loaded:
        for other in viewers_of_kind(app, _KIND):
            if other.state.layers and kind == _kind_in(other):
                label, viewer = other.reference, other
                break
    if viewer is None:
        with in_place_at_once(app):
            label = create_viewer(app, _KIND, label)
            if beside:
                show_as_tab(app, label, beside)
    add_to_viewer(app, label, data_of(app, name))


def _kind_in(viewer: Any) -> tuple[str, str]:
    """Flux unit and time system of the first light curve in a (glue) viewer."""
    data = viewer.state.layers[0].layer.data
    curve = viewer.light_curve(data) or LightCurveColumns()
    unit = data.get_component(data.id[curve.flux]).units or ""
    return str(unit), curve.date or curve.time
