"""Where the viewers of an app are on the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .application import application

__all__ = ["arrange_viewers", "in_place_at_once", "layout_cells", "layout_rows", "show_as_tab"]


def arrange_viewers(app: Any, layout: dict) -> None:
    """Lay out the viewers of an app in rows and columns.

    Reason: new viewers go below each other, and there is no public way to place them.
    jdaviz 5.1: the same.

    Parameters
    ----------
    app : jdaviz helper
    layout : dict
        ``{'col': [...]}`` of viewer labels, tuples of labels (tabs), ``{'row': [...]}`` and
        further such dicts. Viewers that it does not name go below; names of viewers that there
        are not are left out.
    """
    inner = application(app)
    # viewers that were closed stay among the items
    items = {i["reference"]: i for i in inner.state.viewer_items if i["id"] in inner._viewer_store}

    def stack(*labels):
        found = [items.pop(label) for label in labels if label in items]
        return found and inner._create_stack_item(container="gl-stack", viewers=found)

    def build(part):
        if isinstance(part, (str, tuple)):
            return stack(*([part] if isinstance(part, str) else part))
        [(direction, parts)] = part.items()
        children = [child for child in map(build, parts) if child]
        return children and inner._create_stack_item(container=f"gl-{direction}", children=children)

    [column] = layout.values()
    children = [part for part in map(build, column) if part]
    children += [stack(label) for label in list(items)]
    inner.state.stack_items = [inner._create_stack_item(container="gl-col", children=children)]


def show_as_tab(app: Any, label: str, beside: str) -> None:
    """Put a viewer into the cell of another one, as the tab in front.

    All other cells stay as they are: the browser makes the figures anew in those that are given
    to it anew.

    Reason: new viewers go below all others, and there is no public way to place them.
    jdaviz 5.1: the same.
    """
    inner = application(app)
    stacks = list(_stacks(inner.state.stack_items))
    target = next((s for s in stacks if beside in _labels(s)), None)
    source = next((s for s in stacks if label in _labels(s)), None)
    if target is None or source is None:
        return
    with in_place_at_once(app):
        item = next(item for item in source["viewers"] if item["reference"] == label)
        source["viewers"].remove(item)
        target["viewers"].insert(0, item)
        _drop_empty(inner.state.stack_items)


@contextmanager
def in_place_at_once(app: Any) -> Iterator[None]:
    """Tell the browser where viewers are when it is decided.

    Reason: the app tells it at each step: that there is a viewer, that it lies below all others,
    that it lies elsewhere. It lays out the page each time. jdaviz 5.1: the same.
    """
    with application(app).hold_sync():
        yield


def _stacks(items: list) -> Iterator[dict]:
    """The cells with viewers, in the order of the page."""
    for item in items:
        if item["viewers"]:
            yield item
        yield from _stacks(item["children"])


def _labels(stack: dict) -> list[str]:
    return [viewer["reference"] for viewer in stack["viewers"]]


def _drop_empty(items: list) -> None:
    for item in list(items):
        _drop_empty(item["children"])
        if not item["viewers"] and not item["children"]:
            items.remove(item)


def layout_rows(app: Any) -> int:
    """Return the number of rows that the viewers of an app are laid out in.

    Reason: as for `show_as_tab`. jdaviz 5.1: the same.
    """
    return len(layout_cells(app))


def layout_cells(app: Any) -> list:
    """Return how the viewers of an app are laid out, as a column of `arrange_viewers`.

    Reason: as for `show_as_tab`. jdaviz 5.1: the same.
    """

    def described(item: Any) -> Any:
        if not item["children"]:
            return tuple(_labels(item))
        return {item["container"].removeprefix("gl-"): [described(i) for i in item["children"]]}

    def rows(items: list) -> list:
        """A column in a column is rows of the same one."""
        inner = [item.get("col") if isinstance(item, dict) else None for item in items]
        parts = zip(items, inner, strict=True)
        return [row for item, col in parts for row in ([item] if col is None else rows(col))]

    return rows([described(item) for item in application(app).state.stack_items])
