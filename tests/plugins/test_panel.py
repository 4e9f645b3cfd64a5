"""What the panels have in common."""

import warnings
from importlib.metadata import version
from pathlib import Path

import pytest
from fresh_apps import new_app

from jdaviz_stage3.errors import Stage3Error, Stage3Warning
from jdaviz_stage3.loaders import shown_warnings
from jdaviz_stage3.plugins import names_for, panel
from jdaviz_stage3.plugins.controls import DeclaredControls
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


def test_a_button_spins_while_it_is_worked_at_and_what_cannot_be_done_is_said(monkeypatch):
    def add(fails):
        seen.append(plugin.busy)
        warnings.warn("by the way", Stage3Warning, stacklevel=1)
        if fails:
            with shown_warnings.warnings_shown(plugin):  # within, once all the same
                warnings.warn("and", Stage3Warning, stacklevel=1)
            raise Stage3Error("no")

    seen, said, plugin = [], [], DeclaredControls()
    for module in (panel, shown_warnings):
        monkeypatch.setattr(module, "show_message", lambda _, text, **more: said.append(text))
    with pytest.warns(Stage3Warning, match="by the way"):
        assert panel.do_as_asked(plugin, lambda: add(False)) == ""
    assert said == ["by the way"] and seen == [True] and not plugin.busy
    with pytest.warns(Stage3Warning, match="by the way|and"):
        assert panel.do_as_asked(plugin, lambda: add(True)) == "no"
    assert said[1:] == ["and", "by the way", "no"] and seen == [True, True] and not plugin.busy


@pytest.mark.forked
def test_our_version_stands_beside_that_of_jdaviz():
    app = new_app()
    [package] = app._app.state.downstream_packages
    assert package["name"] == "jdaviz_stage3"
    assert package["version"] == version("jdaviz_stage3")
    assert package["version"].startswith(package["abbreviation"].removeprefix("stage3 "))
