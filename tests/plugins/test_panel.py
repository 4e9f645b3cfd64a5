"""What the panels have in common."""

from importlib.metadata import version
from pathlib import Path

import pytest
from fresh_apps import new_app

from jdaviz_stage3.errors import Stage3Error
from jdaviz_stage3.plugins import names_for
from jdaviz_stage3.plugins.controls import DeclaredControls
from jdaviz_stage3.plugins.panel import at_work
from jdaviz_stage3.viewers.slice_keys import SLICE_KEYS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.forked
def test_each_panel_says_what_it_is_for_and_leads_to_its_page():
    app = new_app()
    items = {item["name"]: item for item in app._app.state.tray_items}
    for name in names_for("deconfigged"):
        panel = app._app.get_tray_item_from_name(name)
        assert panel.docs_description.endswith(".")
        assert items[name]["tray_item_description"] == panel.docs_description
        folder, page = panel.docs_link.rsplit("/", 1)
        assert folder.startswith("https://jdaviz-stage3.")
        assert (DOCS / page.replace(".html", ".rst")).exists()


@pytest.mark.forked
def test_keys_are_in_the_panel_and_in_the_docs():
    app = new_app()
    page = " ".join((DOCS / "keyboard.rst").read_text().split())
    for name in names_for("deconfigged"):
        panel = app._app.get_tray_item_from_name(name)
        assert panel.key_lines == [key.line for key in panel.viewer_keys]
        for key in panel.viewer_keys:
            assert key.meaning in page
    for key in SLICE_KEYS:
        assert key.meaning in page


def test_a_button_spins_while_it_is_worked_at_and_no_longer_where_that_fails():
    class Panel(DeclaredControls):
        @at_work
        def vue_add(self, error):
            seen.append(self.busy)
            if error:
                raise Stage3Error("no")

    seen, panel = [], Panel()
    panel.vue_add(False)
    with pytest.raises(Stage3Error):
        panel.vue_add(True)
    assert seen == [True, True] and not panel.busy


@pytest.mark.forked
def test_our_version_stands_beside_that_of_jdaviz():
    app = new_app()
    [package] = app._app.state.downstream_packages
    assert package["name"] == "jdaviz_stage3"
    assert package["version"] == version("jdaviz_stage3")
    assert package["version"].startswith(package["abbreviation"].removeprefix("stage3 "))
