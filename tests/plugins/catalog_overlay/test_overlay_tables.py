"""Table viewers: ours where the overlay is drawn, jdaviz's tools in all others and when it is off.

Clicks are the messages that the browser sends; tests/browser has those of a mouse.
"""

from pathlib import Path

import glue_jupyter.table
import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable
from fresh_apps import new_app
from overlay_tools import demo, field, logged, overlay, plugin, reset, viewer

import jdaviz_stage3 as stage3
from jdaviz_stage3.jdaviz_compat import LentTable
from jdaviz_stage3.viewers.keys import keyboard

HIGHLIGHT = "jdaviz:table_highlight_selected"


@pytest.fixture(scope="module")
def app():
    """The demo's mosaic and catalog, each source of which is in a catalog of somebody's, too."""
    app = new_app()
    stage3.load(demo("i2d"), demo("cat"), app=app)
    sky = field(8)["sky_centroid"]
    loader = app.loaders["object"]
    loader.object = QTable({"ra": sky.ra, "dec": sky.dec, "flux": np.arange(8.0) * u.Jy})
    loader.format = "Catalog"
    loader.importer.viewer.create_new = "Table"
    loader.importer.data_label = "somebody's"
    loader.load()
    return app


def tables(app):
    """Table viewers by the label of what they show."""
    found = [v for v in app._app._viewer_store.values() if hasattr(v, "widget_table")]
    return {v.widget_table.data.label: v for v in found if v.widget_table.data is not None}


@pytest.fixture
def plg(app):
    plg = plugin(app)
    plg.catalog = next(label for label in plg.catalog.choices if label.endswith(" cat"))
    for view in tables(app).values():
        view.toolbar.restore_tools()
        view.widget_table.options = {**view.widget_table.options, "page": 1, "sortBy": []}
    reset(plg)
    return plg


@pytest.fixture
def foreign(app, plg):
    view = tables(app)["somebody's"]
    view.widget_table.checked = []
    return view


@pytest.fixture
def own(app, plg):
    plg.open_table()
    return tables(app)[plg.catalog.selected]


def send(view, event, data):
    """What the browser sends."""
    view.widget_table._handle_custom_msg({"event": event, "data": data}, [])


def check(view, row, on=True):
    send(view, "select", {"checked": on, "row": row})


def circles(plg):
    """Where jdaviz circles rows in the image viewer: x, rounded; none if it does not."""
    marks = [m for m in viewer(plg).figure.marks if type(m).__name__ == "TableSelectionMark"]
    return [round(float(x), 3) for m in marks if m.visible for x in np.atleast_1d(m.x)]


def template(view):
    found = view.widget_table.template
    return getattr(found, "template", found)


def clickable(view):
    return template(view) != template_of_glue()


def template_of_glue():
    return Path(glue_jupyter.table.__file__).with_name("table.vue").read_text()


def columns_of(rows):
    """x in the mosaic of sources of the demo's catalog."""
    catalog = QTable.read(demo("cat"))
    return [round(float(x), 3) for x in catalog["xcentroid"][rows].value]


# ---- tables of others ----


def test_the_table_of_a_catalog_that_is_not_drawn_is_left_alone(plg, own, foreign):
    table = foreign.widget_table
    assert not table.selection_enabled
    assert not clickable(foreign)
    assert own.widget_table.selection_enabled
    plg.select(5)
    assert table.checked == [] and not table.selection_enabled


def test_jdaviz_highlights_rows_of_other_tables_whatever_is_selected_here(plg, own, foreign):
    foreign.toolbar.tools[HIGHLIGHT].activate()
    foreign.widget_table.checked = [0, 3]
    circled = circles(plg)
    assert len(circled) == 2
    plg.select([5, 6])
    check(own, 9)
    plg.clear_selection()
    plg.visible = False
    plg.visible = True
    assert circles(plg) == circled
    assert foreign.widget_table.checked == [0, 3]
    assert plg.selected == []
    foreign.toolbar.restore_tools()
    assert circles(plg) == []
    assert not foreign.widget_table.selection_enabled
    assert own.widget_table.selection_enabled  # jdaviz has taken them away, in all tables


def test_selecting_rows_of_others_in_an_image_selects_no_source(app, plg, own, foreign):
    foreign.toolbar.tools[HIGHLIGHT].activate()
    x, y = (float(stage3.read(demo("cat"))[f"{axis}centroid"].value[7]) for axis in "xy")
    for callback in [view._mouse for view in plg._obj._canvases.values()]:
        callback({"event": "click", "domain": {"x": x, "y": y}})
    assert plg.selected == []
    foreign.toolbar.restore_tools()
    for callback in [view._mouse for view in plg._obj._canvases.values()]:
        callback({"event": "click", "domain": {"x": x, "y": y}})
    assert plg.selected == [8]


def test_a_catalog_of_others_that_is_drawn_has_its_table_until_it_is_switched_off(plg, foreign):
    plg.catalog = "somebody's"
    plg.visible = True
    try:
        assert foreign.widget_table.selection_enabled
        check(foreign, 3)
        assert len(plg.selected) == 1
    finally:
        plg.visible = False
        plg.clear_selection()
    assert not foreign.widget_table.selection_enabled


# ---- our own ----


def test_boxes_are_checked_one_by_one(plg, own):
    for row in (2, 40, 7):
        check(own, row)
    assert plg.selected == [3, 41, 8]
    check(own, 40, on=False)
    assert plg.selected == [3, 8]
    assert own.widget_table.checked == [2, 7]
    for row in (2, 7):
        check(own, row, on=False)
    assert plg.selected == []


def test_a_click_on_a_row_selects_it_alone_each_time(plg, own):
    check(own, 2)
    check(own, 7)
    send(own, "on_row_clicked", 2)  # which is highlighted already
    assert plg.selected == [3]
    assert own.widget_table.checked == [2]


def test_the_browser_tells_clicks_on_cells_from_those_on_boxes(own):
    text = template(own)
    [cell] = [line for line in text.splitlines() if "selectCell(props" in line]
    assert "on_row_clicked(props.item.__row__)" in cell
    [box] = [line for line in text.splitlines() if "<td" in line and "selection_enabled" in line]
    assert "@click.stop" in box


def test_a_template_that_is_another_leaves_rows_to_jdaviz(app, plg, foreign):
    table, before = foreign.widget_table, foreign.widget_table.template
    table.template = "<div>{{ checked }}</div>"
    found = []
    lent = LentTable(foreign, lambda data, rows: found.append(rows.tolist()))
    try:
        table.highlighted = 4
        send(foreign, "on_row_clicked", 5)
        assert found == []
        table.checked = [1]
        assert found == [[1]]
    finally:
        lent.give_back()
        assert table.template == "<div>{{ checked }}</div>"
        table.template = before


def test_whoever_checks_a_box_stays_on_the_page(plg, own):
    table = own.widget_table
    check(own, 2)
    table.options = {**table.options, "page": 3}
    check(own, 25)
    assert table.options["page"] == 3
    plg.select(3)
    assert table.options["page"] == 1


# ---- given back ----


def test_switched_off_the_table_is_jdaviz_s_again(plg, own):
    plg.select([3, 8])
    plg.visible = False
    assert not own.widget_table.selection_enabled
    assert not clickable(own)
    own.toolbar.tools[HIGHLIGHT].activate()
    assert own.widget_table.selection_enabled
    own.widget_table.checked = [4]
    assert circles(plg) == columns_of([4])
    assert plg.selected == [3, 8]  # which is not drawn, and goes its own way
    own.toolbar.restore_tools()
    assert circles(plg) == []
    assert not own.widget_table.selection_enabled
    plg.visible = True
    assert own.widget_table.selection_enabled and clickable(own)
    assert own.widget_table.checked == [2, 7]


def test_while_a_tool_of_jdaviz_is_on_the_table_works_as_without_us(plg, own):
    plg.select([3, 8])
    assert circles(plg) == []  # the overlay shows them itself
    own.toolbar.tools[HIGHLIGHT].activate()
    assert circles(plg) == columns_of([2, 7])
    check(own, 11)
    assert circles(plg) == columns_of([2, 7, 11])
    assert plg.selected == [3, 8, 12]
    plg.visible = False  # the boxes stay until the tool ends
    assert own.widget_table.selection_enabled
    assert circles(plg) == columns_of([2, 7, 11])
    plg.visible = True
    own.toolbar.restore_tools()
    assert circles(plg) == []
    assert own.widget_table.selection_enabled
    check(own, 12)
    assert circles(plg) == []


def test_a_subset_made_of_checked_rows_leaves_the_boxes(app, plg, own):
    own.toolbar.tools["jdaviz:table_subset"].activate()
    own.widget_table.checked = [1, 2]
    own.toolbar.tools["jdaviz:table_apply_subset"].activate()
    [group] = app._app.data_collection.subset_groups
    try:
        [subset] = [s for s in group.subsets if s.data is own.widget_table.data]
        assert np.flatnonzero(subset.to_mask()).tolist() == [1, 2]
        assert own.widget_table.selection_enabled
        assert plg.selected == [2, 3]
    finally:
        app._app.data_collection.remove_subset_group(group)


def test_rows_that_were_checked_before_are_selected(plg, own):
    plg.visible = False
    own.toolbar.tools[HIGHLIGHT].activate()
    own.widget_table.checked = [5, 6]
    plg.visible = True
    assert plg.selected == [6, 7]
    assert own.widget_table.checked == [5, 6]


@pytest.mark.forked
def test_removed_the_table_is_jdaviz_s_again():
    app = new_app()
    stage3.load(demo("i2d"), demo("cat"), app=app)
    plg = plugin(app)
    label = plg.open_table()
    view = app._app._viewer_store[label]
    plg.select(3)
    app._app.data_item_remove(overlay(plg).sources.data.label)
    assert view.widget_table.data is None
    assert view.widget_table.checked == [] and not view.widget_table.selection_enabled
    assert not clickable(view)
    assert logged(app) == []


def test_keys_go_through_the_sources_as_the_table_is_sorted(app, plg, own):
    press, image = keyboard(app).press, viewer(plg).reference
    flux = QTable.read(demo("cat"))["aper_total_flux"].value
    labels = np.array(QTable.read(demo("cat"))["label"])
    own.widget_table.options = {**own.widget_table.options, "sortBy": ["aper_total_flux"]}
    plg.add_filter("aper_total_flux > 1e-7 Jy")
    wanted = labels[np.argsort(flux)][np.sort(flux) > 1e-7].tolist()
    for where, key in ((image, "ArrowRight"), (own.reference, "ArrowDown")):
        press(key, where)
        assert plg.selected == [wanted.pop(0)]
    assert press("ArrowLeft", image) and plg.selected != [wanted[0]]
    assert press("Escape", image) and plg.selected == []
    assert not press("Escape", image), "nothing is selected: the key is another's"
    press("ArrowLeft", image)
    assert plg.selected == [wanted[-1]], "from none, back to the last"
    assert not press("ArrowRight", "no such viewer") and not press("b", image)


def test_a_key_moves_the_view_to_its_source_without_zooming(app, plg):
    state = viewer(plg).state
    before = [getattr(state, name) for name in ("x_min", "x_max", "y_min", "y_max")]
    try:
        state.x_min, state.x_max = before[0], before[0] + 20
        width = state.x_max - state.x_min
        plg.clear_selection()
        keyboard(app).press("ArrowRight", viewer(plg).reference)
        x = float(QTable.read(demo("cat"))["xcentroid"][0])
        assert state.x_min < x < state.x_max
        assert state.x_max - state.x_min == pytest.approx(width)
    finally:
        state.x_min, state.x_max, state.y_min, state.y_max = before


def test_no_key_acts_while_the_overlay_is_off(app, plg):
    assert viewer(plg).reference in keyboard(app).bound
    plg.visible = False
    assert viewer(plg).reference not in keyboard(app).bound
