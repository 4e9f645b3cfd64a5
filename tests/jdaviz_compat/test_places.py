"""Where viewers are on the page, and how often the page is told."""

import pytest
from fresh_apps import new_app

from jdaviz_stage3.jdaviz_compat import create_viewer, in_place_at_once, layout_cells, show_as_tab

KIND = "stage3-light-curve-viewer"


class Page:
    """Takes what the app tells the page, and keeps the layouts."""

    kernel, comm_id = "some", "of the app"

    def __init__(self, app):
        self.app, self.layouts = app, []

    def send(self, data=None, **more):
        if "state" in data.get("state", {}):
            self.layouts.append(layout_cells(self.app))

    def on_msg(self, handler):
        """Nobody sends anything."""

    def close(self, *args, **more):
        """It stays."""


def ids(items):
    for item in items:
        yield item["id"]
        yield from ids(item["children"])


@pytest.mark.forked
def test_a_new_viewer_comes_at_once_to_its_place_and_moves_no_other():
    app = new_app()
    for label in ("one", "two", "three"):
        create_viewer(app, KIND, label)
    before = list(ids(app._app.state.stack_items))
    app._app.comm = page = Page(app)
    layouts = page.layouts
    create_viewer(app, KIND, "four")
    assert layouts == [[("one",), ("two",), ("three",), ("four",)]]
    with in_place_at_once(app):
        create_viewer(app, KIND, "five")
        show_as_tab(app, "five", "two")
    assert layouts[1:] == [[("one",), ("five", "two"), ("three",), ("four",)]]
    after = list(ids(app._app.state.stack_items))
    assert after[: len(before)] == before and len(after) == len(before) + 1
    show_as_tab(app, "three", "one")  # one that was there: its cell goes
    assert layout_cells(app) == [("three", "one"), ("five", "two"), ("four",)]
    show_as_tab(app, "three", "none of them")
    show_as_tab(app, "none of them", "one")
    assert layout_cells(app) == [("three", "one"), ("five", "two"), ("four",)]
